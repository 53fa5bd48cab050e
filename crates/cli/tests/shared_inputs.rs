//! Small inputs whose right answer is known, and others of their kinds.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn quintet(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quintet")).args(args).output().expect("the command runs")
}

/// The command with a file's bytes coming through a pipe to its standard input, whether it reads that or not.
fn piped(args: &[&str], path: &str) -> Output {
    let mut cat = Command::new("cat").arg(path).stdout(Stdio::piped()).spawn().expect("cat runs");
    let from = cat.stdout.take().expect("a pipe");
    let ran = Command::new(env!("CARGO_BIN_EXE_quintet")).args(args).stdin(from).output().expect("the command runs");
    cat.wait().expect("it ends");
    ran
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The folder of inputs that is no part of the repository, where there is one.
fn shared() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/inputs");
    if !folder.is_dir() {
        eprintln!("skipped: there is no {}", folder.display());
        return None;
    }
    Some(folder)
}

/// A folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&path).expect("a folder");
    path
}

const BACKENDS: [&str; 10] = ["interp", "closures", "jit", "jit-fast", "jit-stencil", "wasm", "wasm-winch", "lua", "lua-nojit", "adaptive"];

/// Each row of the table of inputs: a file, a rule, and the records that match.
#[test]
fn the_rows_of_the_table() {
    let Some(folder) = shared() else { return };
    let table = std::fs::read_to_string(folder.join("README.md")).expect("a table");
    let table = table.split("## hostile").next().unwrap_or(&table);
    let scheme = folder.join("scheme.toml").display().to_string();
    let (mut rows, mut wrong) = (0, Vec::new());
    for row in table.lines().filter(|l| l.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let (file, rule, records) = (cells[1].trim_matches('`'), cells[2].trim_matches('`'), cells[3]);
        let path = folder.join(file).display().to_string();
        rows += 1;
        if file.ends_with(".rules") {
            let checked = quintet(&["check", &path, "--scheme", &scheme]);
            assert!(checked.status.success(), "{file}: {}", err(&checked));
            continue;
        }
        for backend in BACKENDS {
            for input in [path.as_str(), "-"] {
                let mut args = vec!["run", rule, "--input", input, "--backend", backend];
                if file.contains(".jsonl") {
                    args.extend(["--scheme", &scheme]);
                }
                let ran = piped(&args, &path);
                let found = out(&ran).split_whitespace().collect::<Vec<_>>().join(" ");
                if !ran.status.success() || found != records {
                    wrong.push(format!("{file} as {input}, {rule}, {backend}: {found}, not {records} {}", err(&ran)));
                }
            }
        }
    }
    assert!(rows >= 9, "{rows} rows");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Runs a rule over lines, and answers the numbers of the records that match and what is said on standard error.
fn lines(name: &str, bytes: &[u8], rule: &str) -> (String, String) {
    let folder = folder("inputs");
    let scheme = folder.join(format!("{name}.toml"));
    std::fs::write(&scheme, "[fields]\ni = { type = \"Int\", optional = true }\nf = { type = \"Float\", optional = true }\ns = { type = \"Bytes\", optional = true }\n")
        .expect("a file");
    let path = folder.join(name);
    std::fs::write(&path, bytes).expect("a file");
    let ran = quintet(&["run", rule, "--quiet", "--input", &path.display().to_string(), "--scheme", &scheme.display().to_string()]);
    assert!(ran.status.success(), "{}", err(&ran));
    (out(&ran).split_whitespace().collect::<Vec<_>>().join(" "), err(&ran))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

#[test]
fn another_term_or_rule_loses_no_match() {
    let text = b"{\"i\":1,\"s\":7}\n{\"i\":1,\"s\":\"zzz\"}\n{\"i\":1,\"s\":\"\\ud800\"}\n{\"i\":1,\"s\":\"\xff\"}\n{\"i\":1,\"f\":1e999}\n{\"s\":1,\"s\":\"a\",\"i\":1}\n";
    assert_eq!(lines("terms.jsonl", text, "i == 1").0, "1 2 3 4 5 6");
    let (found, said) = lines("terms.jsonl", text, "i == 1 or s == \"zzz\" or f == 1.0");
    assert_eq!(found, "1 2 3 4 5 6");
    assert!(said.contains("3 values that no `s` can be") && said.contains("1 value that no `f` can be"), "{said}");
    assert!(said.contains("number 1: `s` is not of type Bytes: 7"), "{said}");
}

/// What is written of a capture is to tshark what the capture was.
#[test]
fn all_captures_are_written_as_they_were() {
    /// Larger ones take long, and have no other kinds of blocks.
    const LARGEST: u64 = 1 << 20;
    /// How many are compared at most: tshark takes its time to begin.
    const COMPARED: usize = 12;
    let fields = ["frame.time_epoch", "frame.len", "frame.cap_len", "frame.encap_type", "frame.protocols"].map(|f| ["-e", f]).concat();
    let tshark = |path: &Path| {
        let output = Command::new("tshark").arg("-r").arg(path).args(["-T", "fields"]).args(&fields).output().ok()?;
        Some(output.stdout)
    };
    let Some(inputs) = shared() else { return };
    let captures = inputs.join("../captures");
    let folders: Vec<PathBuf> = std::fs::read_dir(&captures).into_iter().flatten().flatten().map(|e| e.path()).collect();
    let to = Path::new(env!("CARGO_TARGET_TMPDIR")).join("written.pcapng");
    // Those with blocks of their own first.
    let captures = folders.iter().filter_map(|f| std::fs::read_dir(f).ok()).flatten().flatten().map(|e| e.path());
    let mut captures: Vec<PathBuf> = captures.filter(|p| p.metadata().is_ok_and(|m| m.len() <= LARGEST)).collect();
    captures.retain(|p| p.extension().is_some_and(|e| e == "pcap" || e == "pcapng" || e == "cap"));
    captures.sort_by_key(|p| (p.extension().is_none_or(|e| e != "pcapng"), p.clone()));
    let mut compared = 0;
    for path in captures.into_iter().take(COMPARED) {
        let Some(before) = tshark(&path) else {
            eprintln!("skipped: there is no tshark");
            return;
        };
        let ran = quintet(&["run", "frame.len >= 0", "--input", &path.display().to_string(), "--write", &to.display().to_string()]);
        assert!(ran.status.success(), "{}", err(&ran));
        assert!(tshark(&to).is_some_and(|after| after == before), "{}", path.display());
        compared += 1;
    }
    assert!(compared > 0);
}

#[test]
fn compressed_inputs_that_are_not_all_in_order() {
    let text = b"{\"i\":1}\n{\"i\":2}\n{\"i\":3}\n";
    for (name, bytes, records, said) in [
        ("zeros.jsonl.gz", [gzip(text), vec![0; 1000]].concat(), "1 2 3", "zero bytes after the end"),
        ("junk.jsonl.gz", [gzip(text), b"junk".to_vec()].concat(), "1 2 3", "not gzip"),
        ("two.jsonl.gz", [gzip(text), gzip(text)].concat(), "1 2 3 4 5 6", ""),
        ("mark.jsonl.gz", gzip(&[b"\xef\xbb\xbf", &text[..]].concat()), "1 2 3", ""),
        (
            "cut.jsonl.gz",
            {
                let mut b = gzip(text);
                b.truncate(b.len() - 4);
                b
            },
            "1 2 3",
            "ends early",
        ),
    ] {
        let (found, errors) = lines(name, &bytes, "i > 0");
        assert_eq!(found, records, "{name}: {errors}");
        assert!(if said.is_empty() { errors.is_empty() } else { errors.contains(said) }, "{name}: {errors}");
    }
}

#[test]
fn byte_order_marks_are_read_past() {
    let folder = folder("marks");
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, format!("\u{feff}{text}")).expect("a file");
        path.display().to_string()
    };
    let scheme = write("mark.toml", "[fields]\nid = \"Int\"\n");
    let rules = write("mark.rules", "rule a = id in $mine\n");
    let list = write("mine.txt", "7\n8\n");
    let input = write("mark.jsonl", "{\"id\":7}\n");
    let ran = quintet(&["run", &rules, "--quiet", "--input", &input, "--scheme", &scheme, "--list", &format!("mine={list}")]);
    assert_eq!((out(&ran).trim(), err(&ran).as_str()), ("1", ""), "{}", err(&ran));
    let requests = write("requests", "{\"method\":\"GET\",\"uri\":\"/\"}\n");
    assert_eq!(out(&quintet(&["run", "http.request.method == \"GET\"", "--input", &requests])).trim(), "1");
    let exprs = write("exprs.jsonl", "{\"expr\":\"http.host == \\\"a\\\"\",\"origin\":\"o\"}\n");
    let checked = quintet(&["check", "--format", "http", "--expressions", &exprs]);
    assert!(out(&checked).contains("1 check, 0 fail"), "{}{}", out(&checked), err(&checked));
    // A place in rules is still the place in the file.
    let wrong = write("wrong.rules", "rule a = no.such == 7\n");
    assert!(err(&quintet(&["check", &wrong])).contains("wrong.rules:1:"), "{}", err(&quintet(&["check", &wrong])));
}

#[test]
fn strict_tells_whether_the_input_was_in_order() {
    let folder = folder("strict");
    let run = |name: &str, bytes: &[u8], rule: &str| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).expect("a file");
        let path = path.display().to_string();
        let code = |args: &[&str]| quintet(args).status.code();
        let codes = [
            code(&["run", rule, "--input", &path]),
            code(&["run", rule, "--input", &path, "--strict"]),
            code(&["eval", rule, "--input", &path]),
            code(&["eval", rule, "--input", &path, "--strict"]),
        ];
        codes.map(|c| c.unwrap_or(-1))
    };
    let capture =
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench-suite/workloads/data/traffic.pcapng")).expect("a capture");
    assert_eq!(run("whole.pcapng", &capture, "frame.len > 0"), [0, 0, 0, 0]);
    assert_eq!(run("cut.pcapng", &capture[..capture.len() - 5], "frame.len > 0"), [0, 3, 0, 3]);
    let line = "{\"method\":\"GET\",\"uri\":\"/\"}\n";
    assert_eq!(run("blank.jsonl", format!("{line}\n{line}").as_bytes(), "ssl"), [0, 0, 0, 0]);
    assert_eq!(run("bad.jsonl", format!("{line}x\n").as_bytes(), "ssl"), [0, 3, 0, 3]);
    assert_eq!(run("unfit.jsonl", b"{\"method\":\"GET\",\"uri\":\"/\",\"ip\":\"-\"}\n", "ssl"), [0, 3, 0, 3]);
}

#[test]
fn an_array_of_records_gets_a_hint() {
    let (found, said) = lines("array.json", b"[\n{\"i\":1},\n{\"i\":2}\n]\n", "i > 0");
    assert!(said.contains("jq -c '.[]'"), "{found} {said}");
}

#[test]
fn expressions_may_begin_with_a_minus() {
    for (expression, value) in
        [("-7 / 2", "-3"), ("-(3)", "-3"), ("-len(\"abc\")", "-3"), ("--7", "7"), ("-hash_in_range(0, 1, \"a\")", "0")]
    {
        let ran = quintet(&["eval", expression]);
        assert_eq!(out(&ran).trim(), value, "{expression}: {}", err(&ran));
    }
    let ran = quintet(&["run", "-1 < frame.number", "--input", "/nowhere.pcap"]);
    assert!(err(&ran).contains("/nowhere.pcap"), "{}", err(&ran));
    assert!(quintet(&["check", "-1 < frame.number"]).status.success());
    assert!(quintet(&["explain", "-1 < frame.number", "--emit", "ast"]).status.success());
    let wrong = quintet(&["eval", "--outptu"]);
    assert!(err(&wrong).contains("no such flag"), "{}", err(&wrong));
    assert!(quintet(&["eval", "--help"]).status.success());
}

#[test]
fn files_that_are_not_there_and_those_near_them() {
    let folder = folder("near");
    for name in ["edge.rules", "edges.txt", "other.rules", "traffic.jsonl"] {
        std::fs::write(folder.join(name), "").expect("a file");
    }
    let run = |rules: &str, input: &str| {
        let ran = Command::new(env!("CARGO_BIN_EXE_quintet"))
            .current_dir(&folder)
            .args(["run", rules, "--input", input])
            .output()
            .expect("the command runs");
        assert!(!ran.status.success());
        err(&ran)
    };
    let requests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench-suite/workloads/data/requests.jsonl").display().to_string();
    for name in ["edge.rule", "./edge.rule", "egde.rules"] {
        let said = run(name, &requests);
        assert!(said.contains("no") && said.contains("file") && said.contains("edge.rules`"), "{said}");
    }
    let said = run("ssl", "trafic.jsonl");
    assert!(said.contains("trafic.jsonl") && said.contains("`traffic.jsonl`"), "{said}");
}

/// Lines that would expand to gigabytes are one malformed record each, within 1 GiB of address space; the run goes on after them.
#[test]
#[cfg(target_os = "linux")]
fn lines_that_expand_beyond_bounds_are_one_malformed_record_each() {
    let folder = folder("expansion");
    let (values, plain) = (vec!["\"\""; 30_000].join(","), "{\"method\":\"GET\",\"uri\":\"/\"}\n");
    let long = format!("{{\"method\":\"GET\",\"uri\":\"/\",\"headers\":{{\"{}\":[{values}]}}}}\n", "n".repeat(300_000));
    let pairs = format!("{{\"method\":\"GET\",\"uri\":\"/?{}\"}}\n", "a&".repeat(8_000_000));
    let path = folder.join("long.jsonl");
    std::fs::write(&path, [plain, &long, plain, &pairs, plain].concat()).expect("a file");
    let path = path.display().to_string();
    for rule in [
        "http.request.method == \"GET\"",
        "http.request.method == \"GET\" or any(http.request.headers.names[*] == \"x\") or any(raw.http.request.uri.args.values[*] == \"x\")",
    ] {
        let ran = Command::new("sh")
            .args(["-c", "ulimit -v 1048576; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_quintet"), "run", rule, "--input", &path])
            .output()
            .expect("the command runs");
        assert_eq!(out(&ran), "1\n3\n5\n", "{rule}: {}", err(&ran));
        assert!(err(&ran).contains("2 malformed: record too large"), "{}", err(&ran));
    }
}
