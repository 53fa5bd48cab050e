//! Rules that keep state, from the command line: the packs of `examples/state` over the shipped traffic, where lines go, and what is said when
//! they cannot.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quintet"));
    command.args(args).current_dir(root()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
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

/// A fresh folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("state-{name}-{}", std::process::id()));
    // One of an earlier run is in the way.
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).expect("a folder");
    path
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a file")
}

const TRAFFIC: &str = "bench-suite/workloads/data/traffic.pcapng";

/// A pack's name, its input, and how many records each rule matches.
type Pack = (&'static str, &'static [&'static str], &'static [(&'static str, usize)]);

const PACKS: [Pack; 5] = [
    ("port-scan", &["--input", TRAFFIC], &[("syn", 328), ("scan", 38)]),
    ("first-seen", &["--input", TRAFFIC], &[("syn", 328), ("first", 243)]),
    ("new-certificate", &["--input", TRAFFIC], &[("shows", 9), ("new", 3)]),
    (
        "beacon",
        &["--input", "examples/state/calls.jsonl", "--scheme", "examples/state/calls.scheme.toml"],
        &[("call", 124), ("on_time", 27), ("off_time", 91), ("beacon", 13)],
    ),
    ("brute-force", &["--input", TRAFFIC], &[("refused", 32), ("brute_force", 7)]),
];

#[test]
fn packs_find_what_there_is_on_every_backend_and_any_number_of_threads() {
    let folder = folder("packs");
    for (pack, input, counts) in PACKS {
        let rules = format!("examples/state/{pack}.rules");
        let expected: String = counts.iter().map(|(rule, count)| format!("{rule}\t{count}\n")).collect();
        let mut first: Option<(String, String)> = None;
        for backend in ["interp", "closures", "jit", "jit-fast", "jit-stencil", "wasm", "wasm-winch", "lua", "adaptive"] {
            for threads in ["1", "4"] {
                let state = folder.join("state");
                let state_out = state.display().to_string();
                let common = ["run", &rules, "--backend", backend, "--threads", threads, "--quiet"];
                let counted = out(&quintet(&[&common[..], input, &["--output", "count", "--state-out", &state_out]].concat()));
                assert_eq!(counted, expected, "{pack}, {backend}, {threads} threads");
                let lines = out(&quintet(&[&common[..], input].concat()));
                let found = (lines, text(&state));
                assert_eq!(*first.get_or_insert_with(|| found.clone()), found, "{pack}, {backend}, {threads} threads");
            }
        }
        let (lines, state) = first.expect("a backend");
        assert!(!lines.is_empty() && !state.is_empty(), "{pack}");
        assert!(state.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{pack}");
    }
}

#[test]
fn packs_say_what_stands_in_the_readme() {
    let line = |pack: &str, input: &[&str]| {
        let rules = format!("examples/state/{pack}.rules");
        out(&quintet(&[&["run", &rules, "--quiet"], input].concat()))
    };
    assert_eq!(
        line("beacon", PACKS[3].1),
        "10.9.0.21 calls 203.0.113.9:443 every minute, 6 times in a row\n\
         10.9.0.34 calls 198.51.100.7:8443 every minute, 6 times in a row\n"
    );
    assert!(line("port-scan", PACKS[0].1).contains("{\"src\":\"127.66.6.6\",\"n\":10}\n"));
    let certificates = line("new-certificate", PACKS[2].1);
    let servers: Vec<String> = certificates
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["server"].as_str().expect("an address").to_owned())
        .collect();
    assert_eq!(servers, ["127.0.80.1", "127.0.80.2", "127.0.43.2"]);
    let brute = line("brute-force", PACKS[4].1);
    assert_eq!(brute.lines().filter(|line| line.starts_with("127.45.9.9,127.0.80.5,")).count(), 7, "{brute}");
    assert_eq!(line("first-seen", PACKS[1].1).lines().count(), 244);
}

#[test]
fn every_line_of_an_eve_output_is_an_event() {
    let folder = folder("eve");
    let rules = folder.join("all.rules");
    // Every packet is one, so that there are all protocols, and packets without addresses.
    let source = "rule packet [sid: 5, rev: 2, msg: \"a \\\"packet\\\"\", classtype: \"misc\", priority: 4] = frame.len > 0\n\
        output alerts on packet = eve { len: frame.len, host: http.host }\n\
        output lengths on packet = eve \"length\" { len: frame.len }\n";
    std::fs::write(&rules, source).expect("a file");
    let (alerts, lengths) = (folder.join("alerts.jsonl"), folder.join("lengths.jsonl"));
    let named = |name: &str, path: &Path| format!("{name}={}", path.display());
    let said = quintet(&[
        "run",
        &rules.display().to_string(),
        "--input",
        TRAFFIC,
        "--out",
        &named("alerts", &alerts),
        "--out",
        &named("lengths", &lengths),
    ]);
    assert!(out(&said).is_empty() && err(&said).contains("output `alerts`: 7446 lines"), "{}", err(&said));
    let mut protocols: BTreeMap<String, usize> = BTreeMap::new();
    let mut flows: BTreeMap<u64, [Value; 2]> = BTreeMap::new();
    for line in text(&alerts).lines() {
        let event: Value = serde_json::from_str(line).expect("JSON");
        let fields: Vec<&str> = event.as_object().expect("an object").keys().map(String::as_str).collect();
        let known = ["alert", "dest_ip", "dest_port", "event_type", "flow_id", "proto", "src_ip", "src_port", "timestamp"];
        assert!(fields.iter().all(|field| known.contains(field)), "{line}");
        let stamp = event["timestamp"].as_str().expect("a text");
        assert!(stamp.len() == 31 && stamp.ends_with("+0000") && stamp.as_bytes()[19] == b'.', "{stamp}");
        assert_eq!(event["event_type"], "alert");
        let alert = &event["alert"];
        assert_eq!((&alert["signature_id"], &alert["rev"], &alert["gid"]), (&5.into(), &2.into(), &1.into()));
        assert_eq!((&alert["signature"], &alert["category"]), (&"a \"packet\"".into(), &"misc".into()));
        assert_eq!((&alert["severity"], &alert["action"]), (&4.into(), &"allowed".into()));
        assert!(alert["len"].is_i64() && alert.get("host").is_some());
        *protocols.entry(event["proto"].as_str().expect("a protocol").to_owned()).or_default() += 1;
        let (src, dst) = (&event["src_ip"], &event["dest_ip"]);
        assert!(src.is_string() && dst.is_string(), "{line}");
        assert_eq!(event.get("src_port").is_some(), matches!(event["proto"].as_str(), Some("TCP" | "UDP")), "{line}");
        // A number is one conversation's.
        let id = event["flow_id"].as_u64().expect("a number");
        let mut ends = [format!("{src} {:?}", event.get("src_port")), format!("{dst} {:?}", event.get("dest_port"))];
        ends.sort();
        let ends = ends.map(Value::from);
        assert!(id < 1 << 51);
        assert_eq!(flows.entry(id).or_insert_with(|| ends.clone()), &ends, "{line}");
    }
    assert_eq!(protocols.values().sum::<usize>(), 7446);
    assert_eq!(protocols.keys().map(String::as_str).collect::<Vec<_>>(), ["ICMP", "IPv6-ICMP", "TCP", "UDP"]);
    let lengths = text(&lengths);
    assert_eq!(lengths.lines().count(), 7446);
    for line in lengths.lines() {
        let event: Value = serde_json::from_str(line).expect("JSON");
        assert!(event["event_type"] == "length" && event["length"]["len"].is_i64() && event.get("alert").is_none());
    }
}

#[test]
fn a_full_disk_and_a_closed_pipe_are_errors_that_say_what_was_written() {
    let said = quintet(&["run", "examples/state/first-seen.rules", "--input", TRAFFIC, "--out", "new=/dev/full"]);
    assert_eq!(said.status.code(), Some(2));
    assert!(err(&said).contains("output `new`: No space left on device"), "{}", err(&said));
    assert!(err(&said).contains("written before: 0 lines, 0 bytes"), "{}", err(&said));
    // A file that may not grow beyond 4 MiB ends with a whole line.
    let folder = folder("full");
    let (rules, file) = (folder.join("all.rules"), folder.join("events.jsonl"));
    std::fs::write(&rules, "rule r [sid: 1] = frame.len > 0\noutput o on r = eve").expect("a file");
    let limited = format!(
        "trap '' XFSZ; ulimit -f 4096; exec {} run {} {} --out o={}",
        env!("CARGO_BIN_EXE_quintet"),
        rules.display(),
        format!("--input {TRAFFIC} ").repeat(4),
        file.display()
    );
    let said = Command::new("bash").args(["-c", &limited]).current_dir(root()).output().expect("a shell");
    assert_eq!(said.status.code(), Some(2), "{}", err(&said));
    let written = text(&file);
    assert!(written.ends_with('\n') && written.len() <= 4 << 20 && written.len() > (4 << 20) - 1000, "{} bytes", written.len());
    let lines = written.lines().count();
    assert!(err(&said).contains(&format!("written before: {lines} lines, {} bytes", written.len())), "{}", err(&said));
    // Whoever reads standard output goes away after the first bytes.
    let mut child = command(&["run", &rules.display().to_string(), "--input", TRAFFIC]).spawn().expect("the command runs");
    let mut first = [0; 10];
    child.stdout.take().expect("a pipe").read_exact(&mut first).expect("an event");
    let said = child.wait_with_output().expect("it ends");
    assert_eq!(said.status.code(), Some(2));
    assert!(err(&said).contains("output `o`: Broken pipe") && err(&said).contains("written before: "), "{}", err(&said));
}

#[test]
fn lines_are_added_to_a_file_and_a_table_has_one_header() {
    let folder = folder("append");
    let file = folder.join("new.csv");
    let to = format!("new={}", file.display());
    let run =
        |more: &[&str]| out(&quintet(&[&["run", "examples/state/first-seen.rules", "--input", TRAFFIC, "--out", &to], more].concat()));
    run(&["--append"]);
    let once = text(&file);
    run(&["--append"]);
    let lines = once.split_once('\n').expect("a header").1;
    assert_eq!(text(&file), format!("{once}{lines}"));
    run(&[]);
    assert_eq!(text(&file), once);
}

#[test]
fn what_a_table_has_no_room_for_is_said_and_what_is_left_is_sorted() {
    let folder = folder("room");
    let rules = folder.join("small.rules");
    std::fs::write(
        &rules,
        "state n[ip.src]: count keep 1h max 20\nrule syn = tcp.flags.syn == true and tcp.flags.ack == false\non syn { n += 1 }\n",
    )
    .expect("a file");
    let state = folder.join("state.jsonl");
    let (rules, state_out) = (rules.display().to_string(), state.display().to_string());
    let said = quintet(&["run", &rules, "--input", TRAFFIC, "--state-out", &state_out, "--output", "count"]);
    assert_eq!(out(&said), "328\n");
    assert!(err(&said).contains("`n` was full: ") && err(&said).contains("entries went before their time"), "{}", err(&said));
    let keys: Vec<std::net::Ipv4Addr> = text(&state)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).expect("JSON")["key"][0].as_str().and_then(|ip| ip.parse().ok()))
        .collect();
    assert!(keys.is_sorted() && keys.len() >= 19, "{keys:?}");
    // Standard output by its name is written to, and stays what it is.
    let said = quintet(&["run", &rules, "--input", TRAFFIC, "--state-out", "/dev/stdout", "--output", "count", "--quiet"]);
    assert_eq!(out(&said), format!("328\n{}", text(&state)));
    assert!(Path::new("/dev/stdout").symlink_metadata().expect("it is there").is_symlink());
}

#[test]
fn threads_that_share_records_by_key_answer_as_one_does() {
    let folder = folder("threads");
    let (rules, scheme, input) = (folder.join("scan.rules"), folder.join("scheme.toml"), folder.join("calls.jsonl"));
    let fields = "[fields]\n\"ts\" = \"Float\"\n\"src\" = { type = \"Ip\", optional = true }\n\"port\" = \"Int\"\n";
    std::fs::write(&scheme, fields).expect("a scheme");
    // The second reads a table by another key, so that one thread goes through its records.
    let one = "time = ts\nstate tried[src]: distinct within 20s max 100_000\nstate last[src]: Int keep 5s\nrule call = port > 3\n\
        rule again = last == port\non call { tried += port\n last = port }\nrule scan = call and tried > 5\n\
        output alerts on scan limit 2 within 10s by src = json { src: src, n: tried, last: last }\n";
    let two = format!("{one}state all[port]: count within 10s max 100\non call {{ all += 1 }}\nrule busy = all % 7 == 3\n");
    let mut seed = 5u64;
    let mut lines = String::new();
    for i in 0..30_000 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let src = if seed >> 60 == 0 { String::new() } else { format!("\"src\": \"10.0.0.{}\", ", seed >> 56 & 31) };
        lines += &format!("{{\"ts\": {}.5, {src}\"port\": {}}}\n", i / 100, seed >> 40 & 15);
    }
    std::fs::write(&input, lines).expect("an input");
    for source in [one, two.as_str()] {
        std::fs::write(&rules, source).expect("rules");
        let mut first = None;
        for threads in ["1", "2", "5"] {
            let (alerts, state) = (folder.join("alerts"), folder.join("state"));
            let alerts_flag = format!("alerts={}", alerts.display());
            let [rules, scheme, input, state_flag] = [&rules, &scheme, &input, &state].map(|path| path.to_str().expect("text"));
            let flags = ["--input", input, "--scheme", scheme, "--threads", threads, "--output", "json", "--quiet"];
            let said = quintet(&[&["run", rules, "--out", &alerts_flag, "--state-out", state_flag][..], &flags].concat());
            let found = (out(&said), err(&said), text(&alerts), text(&state));
            assert!(found.2.lines().count() > 100 && found.3.lines().count() > 20);
            assert!(*first.get_or_insert_with(|| found.clone()) == found, "{threads} threads: {source}");
        }
    }
}

#[test]
fn flags_that_do_not_fit_the_rules_are_refused() {
    for (args, why) in [
        (&["examples/state/port-scan.rules", "--out", "alert=/dev/null"][..], "there is no output `alert`; did you mean `alerts`?"),
        (&["examples/state/port-scan.rules", "--out", "alerts"], "write NAME=FILE"),
        (&["examples/state/port-scan.rules", "--out", "alerts=-", "--out", "alerts=/dev/null"], "--out names `alerts` twice"),
        (&["examples/state/port-scan.rules", "--out", "alerts=target/x", "--out", "scans=./target/x"], "each output has a file of its own"),
        (&["examples/state/port-scan.rules", "--rule", "scan"], "--rule picks rules that stand alone"),
        (&["tcp.port == 80", "--state-out", "/dev/null"], "the rules keep no state"),
        (&["tcp.port == 80", "--out", "a=/dev/null"], "the rules keep no state"),
        (&["examples/state/port-scan.rules", "--append"], "--out"),
    ] {
        let said = quintet(&[&["run"], args, &["--input", TRAFFIC]].concat());
        assert_eq!(said.status.code(), Some(2), "{args:?}: {}", err(&said));
        assert!(err(&said).contains(why), "{args:?}: {}", err(&said));
    }
    let input = format!("alerts={TRAFFIC}");
    let said = quintet(&["run", "examples/state/port-scan.rules", "--input", TRAFFIC, "--out", &input]);
    assert!(err(&said).contains("what is read cannot be written at once"), "{}", err(&said));
    // What measures rules one by one says that it cannot.
    let said = quintet(&["profile", "examples/state/port-scan.rules", "--input", TRAFFIC]);
    assert!(!said.status.success() && err(&said).contains("keep state or have outputs"), "{}", err(&said));
}

#[test]
fn explain_shows_what_is_run_in_batches_and_what_is_left() {
    let plan = out(&quintet(&["explain", "examples/state/port-scan.rules", "--format", "pcap", "--emit", "plan"]));
    for part in [
        "false without: tcp.flags.ack, tcp.flags.syn\nfn \"rest of scan\"",
        "records of different keys are gone through on several threads\n",
        "state \"ports\": distinct, each for 150000000 us, at most 100000; key: as it stands in the record\n",
        "rule \"scan\", where its test holds: fn \"rest of scan\" of ports\n",
        "on \"syn\", after 1 rules\n  ports: add as it stands in the record\n",
        "output \"alerts\" on \"scan\", after 2 rules: as it stands in the record; at most 1 in 60000000 us for a key",
    ] {
        assert!(plan.contains(part), "{part}\n{plan}");
    }
    // What is computed is a function of the program, which every backend shows.
    let plan = out(&quintet(&["explain", "examples/state/new-certificate.rules", "--format", "pcap", "--emit", "plan"]));
    assert!(plan.contains("key: fn \"key of shown\"\n"), "{plan}");
    let lua = out(&quintet(&["explain", "examples/state/port-scan.rules", "--format", "pcap", "--emit", "lua"]));
    assert!(lua.contains("> 9"), "{lua}");
}
