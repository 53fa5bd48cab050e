//! `quintet eval` and the switch of the passes.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value as Json, json};

const BACKENDS: [&str; 10] = ["interp", "closures", "jit", "jit-fast", "jit-stencil", "wasm", "wasm-winch", "lua", "lua-nojit", "adaptive"];

fn quintet(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quintet")).args(args).output().expect("the command runs")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A folder of one test's own, with a scheme of all kinds of types and records, of which one is no JSON.
fn own_records(test: &str) -> (PathBuf, String, String) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    std::fs::create_dir_all(&folder).expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("written");
        path.display().to_string()
    };
    let scheme = "[fields]\nn = \"Int\"\ntext = { type = \"Bytes\", optional = true }\nwords = \"Array<Bytes>\"\nmap = \"Map<Float>\"\n";
    let records = r#"{"n": 5, "text": "Ab", "words": ["X", "y\""], "map": {"k": 1.5}}
{"n": 0, "words": [], "map": {}}
{"n":
{"n": -1, "text": "\u00ff\n", "words": ["Z"], "map": {"a": -0.0, "b": 1e300}}
"#;
    let (scheme, records) = (write("scheme.toml", scheme), write("records.jsonl", records));
    (folder, scheme, records)
}
/// A rule or a value that looks up one key does not hide the other entries from what prints the map.
#[test]
fn maps_are_printed_with_all_their_entries() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("keys-{}.jsonl", std::process::id()));
    let line = r#"{"method": "GET", "uri": "/?a=1&b=2", "headers": [["Host", "h"], ["X-A", "1"], ["X-B", "2"], ["x-a", "3"]]}"#;
    std::fs::write(&path, line).expect("a file");
    let input = path.display().to_string();
    let run = |rule: &str, more: &[&str]| out(&quintet(&[&["run", rule, "--input", &input, "--format", "http"], more].concat()));
    let rule = r#"http.request.headers["x-a"][1] == "3""#;
    assert_eq!(run(rule, &[]), "1\n");
    let all = r#"{"host":["h"],"x-a":["1","3"],"x-b":["2"]}"#;
    assert!(run(rule, &["--output", "json", "--field", "http.request.headers"]).contains(all));
    let eval = |text: &str| out(&quintet(&["eval", text, "--input", &input, "--format", "http", "--output", "json"]));
    assert!(eval("http.request.headers").contains(all), "{}", eval("http.request.headers"));
    assert!(eval(r#"http.request.headers["x-b"][0]"#).contains("\"2\""));
    assert!(eval("len(http.request.headers.names)").contains('4'));
}

#[test]
fn values_are_printed_alike_by_all_backends() {
    let (_, scheme, records) = own_records("eval");
    let eval = |expression: &str, backend: &str, more: &[&str]| {
        let args = ["eval", expression, "--input", &records, "--scheme", &scheme, "--backend", backend];
        quintet(&[args.as_slice(), more].concat())
    };
    for backend in BACKENDS {
        for (expression, lines) in [
            ("text", ["\"Ab\"", "nil", "\"\u{ff}\\x0a\""]),
            ("lower(words[*])", [r#"["x", "y\""]"#, "[]", r#"["z"]"#]),
            ("map", [r#"{"k": 1.5}"#, "{}", r#"{"a": -0.0, "b": 1e300}"#]),
            ("n * 2", ["10", "0", "-2"]),
            ("10 / n", ["2", "trap: division by zero", "-10"]),
            ("n > 0", ["true", "false", "false"]),
        ] {
            let result = eval(expression, backend, &[]);
            assert!(result.status.success(), "{backend}: {expression}: {}", err(&result));
            assert_eq!(out(&result).lines().collect::<Vec<_>>(), lines, "{backend}: {expression}");
        }
        let result = eval("concat(text, \"\\xff\")", backend, &["--output", "json"]);
        let lines: Vec<Json> = out(&result).lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
        assert_eq!(lines[0], json!({"record": 1, "value": {"hex": "4162ff"}}), "{backend}");
        let result = eval("10 / n", backend, &["--output", "json"]);
        let lines: Vec<Json> = out(&result).lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
        let (numbers, two): (Vec<&Json>, _) = (lines.iter().map(|l| &l["record"]).collect(), &lines[1]);
        assert_eq!(two["trap"], json!("division by zero"), "{backend}");
        assert_eq!(numbers, [&json!(1), &json!(2), &json!(4)], "{backend}");
    }
}

#[test]
fn traps_and_malformed_records_are_reported() {
    let (_, scheme, records) = own_records("eval-notes");
    let result = quintet(&["eval", "10 / n", "--input", &records, "--scheme", &scheme]);
    assert!(result.status.success());
    let text = err(&result);
    assert!(text.contains("1 of 3 records trapped and have no value; the first is number 2: division by zero"), "{text}");
    assert!(text.contains("1 malformed"), "{text}");
}

#[test]
fn the_sample_traffic_is_read() {
    let traffic = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench-suite/workloads/data/traffic.pcapng").display().to_string();
    let numbers = quintet(&["eval", "frame.number", "--input", &traffic]);
    let ports = quintet(&["eval", "tcp.port", "--input", &traffic, "--backend", "jit"]);
    assert!(numbers.status.success() && ports.status.success(), "{}{}", err(&numbers), err(&ports));
    assert_eq!(out(&numbers).lines().next(), Some("1"));
    assert_eq!(out(&numbers).lines().count(), out(&ports).lines().count());
    let line = |l: &str| l == "nil" || l.starts_with('[') && l.split(", ").count() == 2;
    assert!(out(&ports).lines().all(line) && out(&ports).contains("443"), "{}", out(&ports));
}

#[test]
fn without_records_constants_are_evaluated() {
    for backend in BACKENDS {
        for (expression, value) in [
            ("1 << 10", "1024"),
            ("1/2", "0"),
            ("lower(\"ABC\")", "\"abc\""),
            ("split(\"a,b\", \",\", 5)", "[\"a\", \"b\"]"),
            ("1.0 / 0.0", "inf"),
            ("10.0.0.1", "10.0.0.1"),
            ("1 / 0", "trap: division by zero"),
        ] {
            let result = quintet(&["eval", expression, "--backend", backend]);
            assert!(result.status.success(), "{}", err(&result));
            assert_eq!(out(&result).trim_end(), value, "{backend}: {expression}");
        }
    }
}

#[test]
fn what_is_wrong_is_said() {
    let (_, scheme, records) = own_records("eval-wrong");
    let (records, scheme) = (records.as_str(), scheme.as_str());
    for (args, status, part) in [
        (vec!["tcp.port"], 1, "--input FILE"),
        (vec!["lower(1)"], 1, "should be Bytes"),
        (vec!["rule a = 1"], 1, "leave out `rule a =`"),
        (vec!["nn", "--input", records, "--scheme", scheme], 1, "there is no field `nn`"),
        (vec!["n", "--input", records], 2, "--scheme NAME|FILE"),
        (vec!["n", "--input", "no-such-file", "--scheme", scheme], 2, "no-such-file"),
        (vec!["1", "--backend", "jitt"], 2, "no backend `jitt`"),
        (vec!["1", "--format", "pcap"], 2, "--input FILE"),
        (vec!["1", "--passes", "fast"], 2, "there is no pass `fast`"),
    ] {
        let result = quintet(&[&["eval"], args.as_slice()].concat());
        assert_eq!(result.status.code(), Some(status), "{args:?}: {}{}", out(&result), err(&result));
        assert!(err(&result).contains(part), "{args:?}: {}", err(&result));
    }
}

#[test]
fn passes_are_switched_and_change_no_answer() {
    let explain = |passes: &str| {
        let rule = "(tcp.dstport == 443 or tcp.dstport == 80) and tcp.window_size_value > 1 + 1";
        let result = quintet(&["explain", rule, "--emit", "ast", "--passes", passes]);
        assert!(result.status.success(), "{}", err(&result));
        out(&result)
    };
    let (on, off, sets) = (explain("on"), explain("off"), explain("sets"));
    assert!(on != off && sets != on && sets != off, "{on}\n{off}\n{sets}");
    assert!(off.contains("arith +") && sets.contains("arith +") && !on.contains("arith +"), "{off}\n{on}");
    let (_, scheme, records) = own_records("passes");
    for passes in ["on", "off", "fold,sets"] {
        let run =
            quintet(&["run", "n == 5 or n == 1 - 2", "--input", &records, "--scheme", &scheme, "--passes", passes, "--output", "count"]);
        assert_eq!(out(&run).trim(), "2", "{}", err(&run));
        let eval = quintet(&["eval", "n == 5 or n == 1 - 2", "--input", &records, "--scheme", &scheme, "--passes", passes]);
        assert_eq!(out(&eval).lines().collect::<Vec<_>>(), ["true", "false", "true"], "{}", err(&eval));
    }
}
