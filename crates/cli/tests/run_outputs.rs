//! What `quintet run` prints and writes of matching records, of one input and of several.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quintet"));
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn quintet(args: &[&str]) -> Output {
    command(args).output().expect("the command runs")
}

fn out(output: &Output) -> String {
    assert!(output.status.success(), "{}", err(output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What is said of a command line that cannot be used.
fn refused(args: &[&str]) -> String {
    let output = quintet(args);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {}", err(&output));
    assert!(output.stdout.is_empty());
    err(&output)
}

fn data(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench-suite/workloads/data").join(name).display().to_string()
}

/// A fresh folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("run-{name}-{}", std::process::id()));
    // One of an earlier run is in the way.
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).expect("a folder");
    path
}

fn file(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    std::fs::write(&path, bytes).expect("a file");
    path.display().to_string()
}

const SCHEME: &str = "[fields]\n\"n\" = \"Int\"\n\"name\" = { type = \"Bytes\", optional = true }\n\
    \"score\" = { type = \"Float\", optional = true }\n\"tags\" = { type = \"Array<Bytes>\", optional = true }\n\
    \"src\" = { type = \"Array<Ip>\", multi = true, optional = true }\n\"m\" = { type = \"Map<Int>\", optional = true }\n";

const RULES: &str = "# \u{fc}ber\nrule small = n < 3\nrule even = n % 2 == 0 # all of them\nrule ratio =\n  6 / (n - 4) > 0\n";

const LINES: [&str; 4] = [
    "{\"n\":1,\"name\":\"a,\\\"b\\\"\\n\",\"score\":1,\"src\":[\"10.0.0.1\"]}",
    "{ \"n\": 2, \"name\": {\"hex\":\"ff00\"}, \"tags\": [\"x\"], \"src\": [\"10.0.0.1\",\"::1\"], \"m\": {\"k\":1} }",
    "{\"n\":4}",
    "{\"n\":3,\"name\":\"a\\tb\\\\\"}",
];

/// Lines, the last one without an end, their scheme and rules.
struct Lines {
    folder: PathBuf,
    lines: String,
    scheme: String,
    rules: String,
}

impl Lines {
    fn new(name: &str) -> Lines {
        let folder = folder(name);
        let lines = file(&folder, "lines.jsonl", format!("{}\r\n{}\n\n{}\n{}", LINES[0], LINES[1], LINES[2], LINES[3]));
        let (scheme, rules) = (file(&folder, "scheme.toml", SCHEME), file(&folder, "some.rules", RULES));
        Lines { folder, lines, scheme, rules }
    }

    fn run(&self, more: &[&str]) -> Output {
        quintet(&[&["run", &self.rules, "--scheme", &self.scheme, "--input", &self.lines], more].concat())
    }
}

const FIELDS: [&str; 12] = ["--field", "name", "--field", "score", "--field", "tags", "--field", "src", "--field", "m", "--field", "n"];

#[test]
fn csv_has_a_header_and_quotes() {
    let lines = Lines::new("csv");
    let output = lines.run(&[&["--output", "csv"], &FIELDS[..]].concat());
    let expected = "record,rules,name,score,tags,src,m,n\n\
        1,small,\"a,\"\"b\"\"\n\",1.0,,10.0.0.1,,1\n\
        2,small even,\"{\"\"hex\"\":\"\"ff00\"\"}\",,\"[\"\"x\"\"]\",\"[\"\"10.0.0.1\"\",\"\"::1\"\"]\",\"{\"\"k\"\":1}\",2\n\
        4,even,,,,,,4\n";
    assert_eq!(out(&output), expected);
    let mut reader = csv::Reader::from_reader(&*output.stdout);
    assert_eq!(reader.records().map(|r| r.expect("a row").len()).collect::<Vec<_>>(), [8; 3]);
    // Record 4 traps, and is no match; the totals count records that any rule matches.
    assert!(err(&output).contains("1 rule-record pairs trapped"), "{}", err(&output));
    assert!(err(&output).contains("`ratio` on record 4, the first that traps: division by zero"), "{}", err(&output));
    assert!(err(&output).contains("quintet: 4 records, 3 matching, "), "{}", err(&output));
    let none = lines.run(&["--output", "csv", "--rule", "even"]);
    assert_eq!(out(&none), "record,rules\n2,even\n4,even\n");
}

#[test]
fn fields_stand_between_tabs() {
    let lines = Lines::new("fields");
    let chosen = ["--output", "fields", "--field", "n", "--field", "name"];
    let all = out(&lines.run(&chosen));
    assert_eq!(all, "small\t1\ta,\"b\"\\n\nsmall even\t2\t{\"hex\":\"ff00\"}\neven\t4\t\n");
    let one = quintet(&[&["run", "n == 3", "--scheme", &lines.scheme, "--input", &lines.lines], &chosen[..]].concat());
    assert_eq!(out(&one), "3\ta\\tb\\\\\n");
}

#[test]
fn json_has_fields_and_traps() {
    let lines = Lines::new("json");
    let output = lines.run(&["--output", "json", "--field", "name", "--field", "score", "--field", "m"]);
    let objects: Vec<serde_json::Value> = out(&output).lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    let expected = serde_json::json!([
        { "record": 1, "rules": ["small"], "fields": { "name": "a,\"b\"\n", "score": "1.0", "m": null } },
        { "record": 2, "rules": ["small", "even"], "fields": { "name": { "hex": "ff00" }, "score": null, "m": { "k": 1 } } },
        { "record": 4, "rules": ["even"], "fields": { "name": null, "score": null, "m": null }, "traps": { "ratio": "division by zero" },
          "trap_places": { "ratio": { "line": 5, "column": 3 } } },
    ]);
    assert_eq!(serde_json::Value::from(objects), expected);
}

#[test]
fn records_are_the_lines() {
    let lines = Lines::new("records");
    // The last line has no end, and gets one.
    let rule = |rule: &str| quintet(&["run", rule, "--scheme", &lines.scheme, "--input", &lines.lines, "--output", "records"]);
    assert_eq!(out(&rule("n != 4")), format!("{}\r\n{}\n{}\n", LINES[0], LINES[1], LINES[3]));
    assert_eq!(out(&rule("n == 9")), "");
    let message = refused(&["run", "tcp", "--input", &data("traffic.pcapng"), "--output", "records"]);
    assert!(message.contains("--write"), "{message}");
}

#[test]
fn lines_are_written_to_a_file() {
    let lines = Lines::new("write-lines");
    let expected = format!("{}\n{}\n", LINES[1], LINES[2]);
    let written = lines.folder.join("even.jsonl");
    let output = lines.run(&["--rule", "even", "--write", &written.display().to_string()]);
    assert_eq!(out(&output), "");
    assert_eq!(std::fs::read_to_string(&written).expect("a file"), expected);
    let compressed = lines.folder.join("even.jsonl.gz");
    // What is printed goes beside it.
    let output = lines.run(&["--rule", "even", "--write", &compressed.display().to_string(), "--output", "count"]);
    assert_eq!(out(&output), "2\n");
    let mut text = String::new();
    GzDecoder::new(std::fs::File::open(&compressed).expect("a file")).read_to_string(&mut text).expect("text");
    assert_eq!(text, expected);
    assert_eq!(out(&lines.run(&["--rule", "even", "--write", "-"])), expected);
    let onto_itself = lines.run(&["--write", &lines.lines]);
    assert_eq!(onto_itself.status.code(), Some(2));
    assert!(err(&onto_itself).contains("name another file"), "{}", err(&onto_itself));
    // What fails leaves nothing behind.
    let names = || std::fs::read_dir(&lines.folder).expect("a folder").count();
    let before = names();
    let to = lines.folder.join("no").display().to_string();
    let requests = data("requests.jsonl");
    let failed = quintet(&["run", "1 == 1", "--input", &requests, "--input", &data("traffic.pcapng"), "--write", &to]);
    assert_eq!((failed.status.code(), names()), (Some(2), before), "{}", err(&failed));
}

#[test]
fn rules_are_chosen_by_name() {
    let lines = Lines::new("rules");
    assert_eq!(out(&lines.run(&["--rule", "even"])), "2\n4\n");
    assert_eq!(out(&lines.run(&["--rule", "even", "--rule", "small"])), "small\t1\nsmall\t2\neven\t2\neven\t4\n");
    let wrong = lines.run(&["--rule", "evne"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(err(&wrong).contains("there is no rule `evne`; did you mean `even`?"), "{}", err(&wrong));
    assert!(err(&lines.run(&["--rule", "unlike"])).contains("there is `small`, `even`, `ratio`"));
    let bare = refused(&["run", "tcp", "--rule", "x", "--input", &data("traffic.pcapng")]);
    assert!(bare.contains("without a name"), "{bare}");
}

#[test]
fn flags_that_do_not_go_together_are_refused() {
    let traffic = data("traffic.pcapng");
    let run = |more: &[&str]| refused(&[&["run", "tcp", "--input", &traffic], more].concat());
    assert!(run(&["--field", "tcp.port"]).contains("--output json, csv or fields"));
    assert!(run(&["--output", "fields"]).contains("--field NAME"));
    assert!(run(&["--output", "csv", "--field", "tcp.prt"]).contains("did you mean `tcp.port`?"));
    assert!(run(&["--write", "-", "--output", "count"]).contains("standard output"));
    assert!(run(&["--write", "x.pcap"]).contains(".pcapng"));
    assert!(run(&["--input", &traffic, "--follow"]).contains("one input"));
    assert!(refused(&["run", "tcp", "--input", "-", "--follow"]).contains("pipe"));
    assert!(refused(&["run", "tcp", "--input", "-", "--input", "/dev/stdin"]).contains("only once"));
    assert!(refused(&["run", "tcp", "--input", "traffik.pcapng"]).contains("traffik.pcapng"));
}

#[test]
fn fields_that_no_rule_reads_are_read() {
    let rule = "frame.number < 30";
    let traffic = data("traffic.pcapng");
    let output = quintet(&["run", rule, "--input", &traffic, "--output", "fields", "--field", "frame.number", "--field", "tcp.srcport"]);
    let values = out(&quintet(&["eval", "tcp.srcport", "--input", &traffic]));
    let expected: String =
        values.lines().take(29).enumerate().map(|(i, v)| format!("{}\t{}\n", i + 1, if v == "nil" { "" } else { v })).collect();
    assert!(values.lines().take(29).any(|v| v != "nil"));
    assert_eq!(out(&output), expected);
}

#[test]
fn several_inputs_are_named() {
    let lines = Lines::new("several");
    let more = file(&lines.folder, "more.jsonl", "{\"n\":2}\n{\"n\":8}\n");
    let run = |output: &str, rule: &str| out(&lines.run(&["--input", &more, "--rule", rule, "--output", output]));
    let first = &lines.lines;
    assert_eq!(run("numbers", "even"), format!("{first}\t2\n{first}\t4\n{more}\t1\n{more}\t2\n"));
    assert_eq!(run("count", "small"), format!("{first}\t2\n{more}\t1\ntotal\t3\n"));
    assert_eq!(run("csv", "even").lines().collect::<Vec<_>>()[..2], ["input,record,rules".to_owned(), format!("{first},2,even")]);
    let last: serde_json::Value = serde_json::from_str(run("json", "even").lines().last().expect("a line")).expect("JSON");
    assert_eq!(last, serde_json::json!({ "input": more, "record": 2, "rules": ["even"] }));
    assert_eq!(run("records", "even").lines().count(), 4);
    let all = lines.run(&["--input", &more, "--output", "count"]);
    assert!(out(&all).contains(&format!("{more}\teven\t2\n")) && out(&all).contains("total\teven\t4\n"), "{}", out(&all));
    assert!(err(&all).contains("2 inputs, 6 records, 5 matching"), "{}", err(&all));
    // Nothing is answered where one is not there.
    let other = lines.run(&["--input", "no-such.jsonl"]);
    assert_eq!((other.status.code(), other.stdout.len()), (Some(2), 0));
    let mixed = quintet(&["run", "frame.len > 0", "--input", &data("traffic.pcapng"), "--input", &data("requests.jsonl")]);
    assert_eq!(mixed.status.code(), Some(2));
    assert!(err(&mixed).contains("run them apart"), "{}", err(&mixed));
}

#[test]
fn a_directory_takes_its_files_in_order() {
    let folder = folder("directory");
    let (first, second) = (pcap(&[60, 61]), pcap(&[62]));
    let (b, a) = (file(&folder, "b.pcap", second), file(&folder, "a.pcap", first));
    file(&folder, "notes.txt", "nothing");
    file(&folder, "z.jsonl", "{\"method\":\"GET\",\"uri\":\"/\"}\n");
    std::fs::create_dir(folder.join("inner")).expect("a folder");
    let run = |more: &[&str]| quintet(&[&["run", "frame.len > 60", "--input", &folder.display().to_string()], more].concat());
    let output = run(&[]);
    assert_eq!(out(&output), format!("{a}\t2\n{b}\t1\n"));
    let said = err(&output);
    for part in
        ["1 passed over of unknown format: notes.txt", "1 passed over that are no captures: z.jsonl", "1 passed over folders: inner"]
    {
        assert!(said.contains(part), "{said}");
    }
    assert!(said.contains("2 inputs, 3 records, 2 matching"), "{said}");
    assert_eq!(run(&["--strict"]).status.code(), Some(3));
    let empty = folder.join("inner").display().to_string();
    assert!(refused(&["run", "tcp", "--input", &empty]).contains("no file in this directory"));
}

/// A pcap of frames with these numbers of bytes, of which each holds but 20; in nanoseconds.
fn pcap(lens: &[u32]) -> Vec<u8> {
    let words = |w: &[u32]| w.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<_>>();
    let header = words(&[0xa1b2_3c4d, 0x0004_0002, 0, 0, 96, 1]);
    let frame = |(i, len): (usize, &u32)| [words(&[1_700_000_000 + i as u32, 123_456_789, 20, *len]), vec![i as u8; 20]].concat();
    [header, lens.iter().enumerate().flat_map(frame).collect()].concat()
}

/// A pcapng with two interfaces in one section and another section of the other byte order, whose lengths are said.
fn pcapng() -> Vec<u8> {
    let block = |big: bool, ty: u32, body: &[u8]| {
        let word = |w: u32| if big { w.to_be_bytes() } else { w.to_le_bytes() };
        let size = word(body.len() as u32 + 12);
        [&word(ty)[..], &size, body, &size].concat()
    };
    let words = |big: bool, w: &[u32]| w.iter().flat_map(|w| if big { w.to_be_bytes() } else { w.to_le_bytes() }).collect::<Vec<_>>();
    let interface = |big: bool, link: u16, digits: u8| {
        let half = |h: u16| if big { h.to_be_bytes() } else { h.to_le_bytes() };
        let body = [&half(link)[..], &[0, 0], &words(big, &[0]), &half(9), &half(1), &[digits, 0, 0, 0], &[0; 4]].concat();
        block(big, 1, &body)
    };
    let packet = |big: bool, interface: u32, low: u32, len: u32| {
        block(big, 6, &[words(big, &[interface, 0x0005_0000, low, 20, len]), vec![0x45; 20]].concat())
    };
    let section = |big: bool, rest: &[Vec<u8>]| {
        let rest = rest.concat();
        let length = if big { (rest.len() as u64).to_be_bytes() } else { (rest.len() as u64).to_le_bytes() };
        let magic = if big { 0x1a2b_3c4du32.to_be_bytes() } else { 0x1a2b_3c4du32.to_le_bytes() };
        let version = if big { [0, 1, 0, 0] } else { [1, 0, 0, 0] };
        [block(big, 0x0a0d_0d0a, &[&magic[..], &version, &length].concat()), rest].concat()
    };
    let little =
        [interface(false, 1, 6), packet(false, 0, 1, 60), interface(false, 101, 9), packet(false, 1, 2, 61), packet(false, 0, 3, 62)];
    let big = [interface(true, 101, 3), packet(true, 0, 4, 63), packet(true, 0, 5, 64)];
    [section(false, &little), section(true, &big)].concat()
}

const FRAME: [&str; 10] =
    ["--output", "fields", "--field", "frame.time_epoch", "--field", "frame.len", "--field", "frame.cap_len", "--field", "frame.protocols"];

/// What a rule matches in captures, as fields, and in what is written of them.
fn written(name: &str, rule: &str, inputs: &[&str]) -> (String, String, PathBuf) {
    let inputs: Vec<&str> = inputs.iter().flat_map(|i| ["--input", i]).collect();
    let path = folder(name).join("matching.pcapng");
    let to = path.display().to_string();
    let output = quintet(&[&["run", rule, "--write", &to], &inputs[..], &FRAME[..]].concat());
    // Of several inputs each answer begins with the input's name.
    let several = inputs.len() > 2;
    let strip = |l: &str| format!("{}\n", if several { l.split_once('\t').map_or(l, |(_, rest)| rest) } else { l });
    let matched = out(&output).lines().map(strip).collect();
    let again = out(&quintet(&[&["run", "frame.len >= 0", "--input", &to], &FRAME[..]].concat()));
    (matched, again, path)
}

#[test]
fn matching_packets_are_written_as_a_capture() {
    let folder = folder("captures");
    let (nanoseconds, sections) = (file(&folder, "n.pcap", pcap(&[60, 61, 62])), file(&folder, "s.pcapng", pcapng()));
    let traffic = data("traffic.pcapng");
    for (name, rule, inputs, count) in [
        ("pcap", "frame.len != 61", &[&*nanoseconds][..], 2),
        ("pcapng", "frame.len in {61 62 64}", &[&*sections], 3),
        ("both", "frame.len in {61 64}", &[&*sections, &*nanoseconds, &*sections], 5),
        ("none", "frame.len == 1", &[&*sections], 0),
        ("traffic", "tcp.port == 443", &[&*traffic], 0),
    ] {
        let (matched, again, path) = written(name, rule, inputs);
        assert_eq!(matched, again, "{name}");
        assert!(if name == "traffic" { matched.lines().count() > 10 } else { matched.lines().count() == count }, "{name}: {matched}");
        same_to_tshark(name, rule, inputs, &path);
    }
    // Of the time nothing is lost: it is there in whole nanoseconds.
    let (_, _, path) = written("ticks", "frame.len == 61", &[&nanoseconds]);
    let bytes = std::fs::read(path).expect("a file");
    let ticks = 1_700_000_001_123_456_789u64;
    let packet = bytes.windows(8).position(|w| w == [((ticks >> 32) as u32).to_le_bytes(), (ticks as u32).to_le_bytes()].concat());
    assert!(packet.is_some());
}

#[test]
fn an_empty_capture_and_a_pipe() {
    let folder = folder("empty");
    let (empty, one) = (file(&folder, "empty.pcap", pcap(&[])), file(&folder, "one.pcap", pcap(&[60])));
    let to = folder.join("none.pcapng").display().to_string();
    out(&quintet(&["run", "frame.len > 0", "--input", &empty, "--write", &to]));
    assert_eq!(out(&quintet(&["run", "frame.len > 0", "--input", &to, "--output", "count"])), "0\n");
    let piped = command(&["run", "frame.len == 60", "--input", &one, "--write", "-"]).output().expect("the command runs");
    assert_eq!(piped.stdout[..4], 0x0a0d_0d0au32.to_le_bytes());
}

/// What tshark says of the packets of a capture.
fn tshark(path: &str) -> Option<Vec<String>> {
    let fields = ["frame.time_epoch", "frame.len", "frame.cap_len", "frame.encap_type"];
    let args = fields.iter().flat_map(|f| ["-e", f]);
    let output = Command::new("tshark").args(["-r", path, "-T", "fields"]).args(args).output().ok()?;
    assert!(output.status.success(), "{path}: {}", err(&output));
    Some(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}

/// Holds what was written against the inputs as tshark reads both.
fn same_to_tshark(name: &str, rule: &str, inputs: &[&str], path: &Path) {
    let Some(found) = tshark(&path.display().to_string()) else {
        eprintln!("skipped: there is no tshark");
        return;
    };
    let mut expected = Vec::new();
    for input in inputs {
        let numbers = out(&quintet(&["run", rule, "--input", input]));
        let all = tshark(input).expect("tshark");
        expected.extend(numbers.lines().map(|n| all[n.parse::<usize>().expect("a number") - 1].clone()));
    }
    assert_eq!(found, expected, "{name}");
}

#[test]
fn whoever_has_seen_enough_ends_it_quietly() {
    let folder = folder("pipe");
    let many: String = (0..200_000).map(|n| format!("{{\"method\":\"GET\",\"uri\":\"/{n}\"}}\n")).collect();
    let input = file(&folder, "many.jsonl", many);
    let written = folder.join("all.jsonl");
    for output in
        [["csv", "http.request.uri"], ["fields", "http.request.uri"], ["json", "http.request.uri"], ["records", ""], ["numbers", ""]]
    {
        let field: &[&str] = if output[1].is_empty() { &[] } else { &["--field", output[1]] };
        let base = ["run", "http.request.method == \"GET\"", "--input", &input, "--output", output[0]];
        let mut child = command(&[&base[..], field].concat()).spawn().expect("the command runs");
        let mut first = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut first).expect("a line");
        let ended = child.wait_with_output().expect("the command ends");
        assert!(ended.status.success() && err(&ended).is_empty() && !first.is_empty(), "{output:?}: {}", err(&ended));
    }
    // A file that is written meanwhile is whole all the same.
    let to = written.display().to_string();
    let mut child =
        command(&["run", "http.host == \"\"", "--input", &input, "--output", "numbers", "--write", &to]).spawn().expect("it runs");
    drop(child.stdout.take());
    assert!(child.wait().expect("the command ends").success());
    assert_eq!(std::fs::read(&written).expect("a file"), std::fs::read(&input).expect("a file"));
}

#[test]
fn quiet_says_nothing() {
    let lines = Lines::new("quiet");
    let run = |more: &[&str]| err(&lines.run(&[&["--rule", "even"], more].concat()));
    assert_eq!(run(&["--quiet"]).lines().count(), 2, "what is odd about the input is said: {}", run(&["--quiet"]));
    assert!(run(&[]).contains(" records/s\n"));
}

/// A command that follows a file.
struct Followed {
    child: Child,
    lines: std::sync::mpsc::Receiver<String>,
}

impl Followed {
    fn new(args: &[&str]) -> Followed {
        let mut child = command(args).spawn().expect("the command runs");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, lines) = std::sync::mpsc::channel();
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Followed { child, lines }
    }

    fn expect(&self, line: &str) {
        assert_eq!(self.lines.recv_timeout(Duration::from_secs(20)).as_deref(), Ok(line));
    }

    /// Ends it as `kill` does, and answers what it says.
    fn end(mut self, signal: &str) -> String {
        assert!(Command::new("kill").args([signal, &self.child.id().to_string()]).status().expect("kill runs").success());
        let mut said = String::new();
        self.child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("text");
        assert!(self.child.wait().expect("the command ends").success(), "{said}");
        assert_eq!(self.lines.recv().ok(), None);
        said
    }
}

#[test]
fn a_file_of_lines_is_followed() {
    let folder = folder("follow-lines");
    let path = file(&folder, "log.jsonl", "{\"method\":\"GET\",\"uri\":\"/1\"}\n");
    let to = folder.join("matching.jsonl");
    let write = to.display().to_string();
    let args = ["run", "http.request.method == \"GET\"", "--input", &path, "--follow", "--output", "numbers", "--write", &write];
    let followed = Followed::new(&args);
    followed.expect("1");
    let mut log = std::fs::OpenOptions::new().append(true).open(&path).expect("a file");
    // The first one may wait for a busy machine; what is asked for is the usual case.
    let mut shortest = Duration::MAX;
    for n in 2..8 {
        log.write_all(b"{\"method\":\"GET\",").expect("a disk");
        std::thread::sleep(Duration::from_millis(70));
        log.write_all(b"\"uri\":\"/\"}\n").expect("a disk");
        let written = Instant::now();
        followed.expect(&n.to_string());
        shortest = shortest.min(written.elapsed());
    }
    assert!(shortest < Duration::from_millis(250), "{shortest:?}");
    assert!(!to.exists(), "a file is there when it is whole");
    let said = followed.end("-TERM");
    assert!(said.contains("7 records, 7 matching"), "{said}");
    assert_eq!(std::fs::read(&to).expect("a file"), std::fs::read(&path).expect("a file"));
}

#[test]
fn a_capture_is_followed() {
    let folder = folder("follow-capture");
    let bytes = pcap(&[60, 61, 62]);
    let path = file(&folder, "live.pcap", &bytes[..24]);
    let followed = Followed::new(&["run", "frame.len > 60", "--input", &path, "--format", "pcap", "--follow"]);
    let mut capture = std::fs::OpenOptions::new().append(true).open(&path).expect("a file");
    capture.write_all(&bytes[24..100]).expect("a disk");
    followed.expect("2");
    capture.write_all(&bytes[100..]).expect("a disk");
    followed.expect("3");
    let said = followed.end("-INT");
    assert!(said.contains("3 records, 2 matching"), "{said}");
}
