//! Modules as users see them: `quintet module`, `--module`, `--formatter` and `--cache`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const BACKENDS: [&str; 8] = ["interp", "closures", "jit", "jit-fast", "wasm", "wasm-winch", "lua", "lua-nojit"];

fn quintet(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quintet")).args(args).output().expect("the command runs")
}

/// What a command prints, which must end well.
fn out(args: &[&str]) -> String {
    let output = quintet(args);
    assert!(output.status.success(), "{args:?}: {}", err(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn root(path: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path).display().to_string()
}

fn example(name: &str) -> String {
    root(&format!("examples/modules/{name}.wasm"))
}

fn traffic() -> String {
    root("bench-suite/workloads/data/traffic.pcapng")
}

/// A fresh folder.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("modules").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

#[test]
fn functions_of_modules_in_three_languages_answer_on_every_backend() {
    let (rust, c, script, traffic) = (example("shannon"), example("checksum"), example("lines"), traffic());
    for (rule, twin) in [
        ("shannon(tcp.payload) > 6", "entropy(tcp.payload) > 6"),
        ("length(tcp.payload) > 100", "len(tcp.payload) > 100"),
        ("length(first_line(tcp.payload)) >= 0", "tcp.payload contains \"\\x0a\""),
        ("internet_checksum(\"\\x45\\x00\") == 47871 and tcp", "tcp"),
        (
            "line_ends(tcp.payload) == 0 and length(longest_line(tcp.payload)) > 9",
            "not tcp.payload contains \"\\x0a\" and len(tcp.payload) > 9",
        ),
    ] {
        let args = |rule, backend| vec!["run", rule, "--input", &traffic, "--output", "count", "--backend", backend, "--quiet"];
        let modules = ["--module", &rust, "--module", &c, "--module", &script];
        let expected = out(&args(twin, "closures"));
        for backend in BACKENDS {
            let found = out(&[args(rule, backend), modules.to_vec()].concat());
            assert_eq!(found, expected, "{rule} on {backend}");
        }
        assert_ne!(expected.trim(), "0", "{twin}");
    }
}

#[test]
fn parsers_run_on_what_they_are_for() {
    let folder = folder("parsers");
    let scheme = folder.join("scheme.toml").display().to_string();
    let fields = "[fields]\n\"tcp.payload\" = { type = \"Bytes\", optional = true }\n\
        \"tcp.port\" = { type = \"Array<Int>\", multi = true, optional = true }\n";
    fs::write(&scheme, fields).expect("a scheme");
    let connect = "101200044d5154540402003c000673656e736f72";
    let publish = "320e0008686f6d652f746d7000016f6e";
    let line = |hex: &str, port: u16| format!("{{\"tcp.payload\": {{\"hex\": \"{hex}\"}}, \"tcp.port\": [50000, {port}]}}\n");
    let records = [line(connect, 1883), line(publish, 1883), line(publish, 1884), line("ff", 1883)].concat();
    let input = folder.join("records.jsonl").display().to_string();
    fs::write(&input, records).expect("records");
    let module = example("mqtt");
    for backend in BACKENDS {
        let base = ["--module", &module, "--scheme", &scheme, "--input", &input, "--backend", backend, "--quiet"];
        let run = |rule: &str, more: &[&str]| out(&[&["run", rule][..], &base, more].concat());
        assert_eq!(run("mqtt.topic == \"home/tmp\" and mqtt.qos == 1", &[]), "2\n");
        assert_eq!(run("mqtt.client_id contains \"sens\"", &[]), "1\n");
        assert_eq!(run("mqtt.packet > 0", &["--parse-on", "mqtt=tcp.port == 1884"]), "3\n");
        let json = run("mqtt.packet > 0", &["--output", "json", "--field", "mqtt.topic", "--field", "mqtt.clean"]);
        assert_eq!(
            json,
            "{\"fields\":{\"mqtt.clean\":true,\"mqtt.topic\":null},\"record\":1,\"rules\":[\"\"]}\n\
             {\"fields\":{\"mqtt.clean\":null,\"mqtt.topic\":\"home/tmp\"},\"record\":2,\"rules\":[\"\"]}\n"
        );
    }
    let value = out(&["eval", "mqtt.topic", "--module", &module, "--scheme", &scheme, "--input", &input]);
    assert_eq!(value, "nil\n\"home/tmp\"\nnil\nnil\n");
    let fields = out(&["fields", "--scheme", &scheme, "--module", &module]);
    assert!(fields.contains("mqtt.client_id") && fields.contains("set by the parser `mqtt` of tcp.payload"), "{fields}");
    let wrong =
        quintet(&["run", "mqtt.qos > 0", "--module", &module, "--scheme", &scheme, "--input", &input, "--parse-on", "mqtt=nothing == 1"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(err(&wrong).contains("the condition of parser `mqtt`: "), "{}", err(&wrong));
    let none = quintet(&["run", "tcp", "--module", &module, "--input", &traffic(), "--parse-on", "mtt=true"]);
    assert!(err(&none).contains("no module has a parser `mtt`"), "{}", err(&none));
}

#[test]
fn the_certificates_of_the_shipped_traffic_are_read() {
    let (module, traffic) = (example("certificate"), traffic());
    // The same that the parser sets where it is built in, see the module's own test.
    let expected = fs::read_to_string(root("examples/modules/certificate/expected.jsonl")).expect("a file");
    let names = ["subject", "issuer", "names", "not_before", "not_after", "self_issued", "serial"].map(|name| format!("cert.{name}"));
    let fields = names.iter().flat_map(|name| ["--field", name.as_str()]).collect::<Vec<_>>();
    for backend in BACKENDS {
        let args = [
            "run",
            "cert.subject contains \"\"",
            "--module",
            &module,
            "--input",
            &traffic,
            "--output",
            "json",
            "--quiet",
            "--backend",
            backend,
        ];
        assert_eq!(out(&[&args[..], &fields].concat()), expected, "{backend}");
    }
}

#[test]
fn a_formatter_makes_a_line_of_each_match() {
    let (module, traffic) = (example("cef"), traffic());
    let rules = "rule post = http.request.method == \"POST\"\nrule web = tcp.dstport == 80 and http.request.method == \"POST\"";
    let folder = folder("formatter");
    let path = folder.join("r.rules").display().to_string();
    fs::write(&path, rules).expect("rules");
    let count = out(&["run", &path, "--input", &traffic, "--output", "count", "--quiet"]);
    let matches: usize = count.lines().map(|line| line.rsplit('\t').next().and_then(|n| n.parse::<usize>().ok()).unwrap_or(0)).sum();
    for threads in ["1", "4"] {
        let lines = out(&["run", &path, "--input", &traffic, "--module", &module, "--formatter", "cef", "--threads", threads, "--quiet"]);
        assert_eq!(lines.lines().count(), matches);
        assert!(
            matches > 0 && lines.lines().all(|line| line.starts_with("CEF:0|Quintet|quintet|1|") && line.contains("|5|src=")),
            "{lines}"
        );
    }
    let none = quintet(&["run", &path, "--input", &traffic, "--module", &module, "--formatter", "leef"]);
    assert_eq!((none.status.code(), err(&none).contains("no module has a formatter `leef`")), (Some(2), true));
}

#[test]
fn modules_are_built_shown_and_checked() {
    let folder = folder("build");
    let built = folder.join("lines.wasm").display().to_string();
    let said = out(&["module", "build", &example("lines"), "--out", &built]);
    assert!(said.contains("2 declared"), "{said}");
    let shown = out(&["module", "show", &built]);
    assert_eq!(
        shown,
        "quintet 1\n/// Line ends in a text.\nfn line_ends(s: Bytes) -> Int\n\
         /// The longest line of a text, without its end.\nfn longest_line(s: Bytes) -> Bytes\n"
    );
    // What is built is what it was built of.
    let again = folder.join("again.wasm").display().to_string();
    out(&["module", "build", &built, "--out", &again]);
    assert_eq!(fs::read(&built).expect("a file"), fs::read(&again).expect("a file"));
    let functions = out(&["functions", "longest_line", "--module", &built]);
    assert!(functions.contains("longest_line(s: Bytes) -> Bytes"), "{functions}");
    assert!(out(&["check", "line_ends(http.host) > 1", "--scheme", "http", "--module", &built]).contains("nothing wrong"));
    let wrong = quintet(&["check", "line_ends(5) > 1", "--scheme", "http", "--module", &built]);
    assert_eq!(wrong.status.code(), Some(1));
    let broken = folder.join("broken.wasm").display().to_string();
    fs::write(&broken, "no module").expect("a file");
    for args in
        [vec!["module", "build", &broken], vec!["module", "show", &broken], vec!["run", "tcp", "--input", &traffic(), "--module", &broken]]
    {
        let output = quintet(&args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(err(&output).contains("it is no WebAssembly module"), "{}", err(&output));
    }
    let twice = quintet(&["check", "http.host == \"a\"", "--scheme", "http", "--module", &built, "--module", &again]);
    assert!(err(&twice).contains("there is a function `line_ends` already"), "{}", err(&twice));
}

#[test]
fn machine_code_is_kept_and_what_is_of_no_use_is_made_anew() {
    let folder = folder("cache");
    let (cache, module, traffic) = (folder.join("cache").display().to_string(), example("shannon"), traffic());
    let compile = |what: &[&str]| out(&[what, &["--cache", &cache]].concat());
    assert!(compile(&["module", "compile", &module]).contains(": compiled in "));
    assert!(compile(&["module", "compile", &module]).contains(": it was there, loaded in "));
    let rules = "tcp.dstport == 443";
    assert!(compile(&["compile", rules, "--scheme", "packets"]).contains(": compiled in "));
    assert!(compile(&["compile", rules, "--scheme", "packets"]).contains(": it was there, loaded in "));
    let run = || {
        quintet(&[
            "run",
            rules,
            "--input",
            &traffic,
            "--backend",
            "wasm",
            "--output",
            "count",
            "--quiet",
            "--module",
            &module,
            "--cache",
            &cache,
        ])
    };
    let found = run();
    assert!(found.status.success() && found.stderr.is_empty(), "{}", err(&found));
    for entry in fs::read_dir(&cache).expect("a folder") {
        let path = entry.expect("an entry").path();
        let whole = fs::read(&path).expect("a file");
        fs::write(&path, &whole[..whole.len() / 2]).expect("a file");
    }
    let damaged = run();
    assert_eq!((damaged.status.success(), &damaged.stdout), (true, &found.stdout));
    assert_eq!(err(&damaged).matches("compiled anew, since what the cache has of it is of no use: it is cut off").count(), 2);
    assert!(run().stderr.is_empty());
    let jit = quintet(&["compile", rules, "--backend", "jit", "--cache", &cache]);
    assert_eq!(jit.status.code(), Some(2));
    assert!(err(&jit).contains("backend jit makes nothing that another process could use; wasm and wasm-winch do"), "{}", err(&jit));
}

#[test]
fn compare_measures_rules_that_call_modules() {
    let folder = folder("compare");
    let (module, traffic, results) = (example("shannon"), traffic(), folder.display().to_string());
    let args = ["compare", "--rules", "shannon(tcp.payload) > 7", "--input", &traffic, "--module", &module, "--out", &results];
    let more = ["--quick", "--time", "1", "--processes", "1", "--backend", "closures", "--backend", "jit"];
    let said = quintet(&[&args[..], &more].concat());
    assert!(said.status.success(), "{}", err(&said));
}
