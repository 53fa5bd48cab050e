//! The command as users and scripts see it: what it prints and how it exits.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn quintet(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quintet")).args(args).output().expect("the command runs")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn data(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench-suite/workloads").join(name).display().to_string()
}

/// A folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&path).expect("a folder");
    path
}

#[test]
fn run_prints_numbers_counts_and_json_on_every_backend() {
    let traffic = data("data/traffic.pcapng");
    let mut first: Option<(String, String, String)> = None;
    for backend in ["interp", "closures", "jit", "jit-fast", "jit-stencil", "wasm", "wasm-winch", "lua", "lua-nojit", "adaptive"] {
        let run = |output: &str| {
            let result = quintet(&["run", "tcp.flags.syn == true", "--input", &traffic, "--backend", backend, "--output", output]);
            assert!(result.status.success(), "{backend}: {}", err(&result));
            out(&result)
        };
        let found = (run("numbers"), run("count"), run("json"));
        assert_eq!(found.0.lines().count().to_string(), found.1.trim(), "{backend}");
        assert_eq!(found.2.lines().count(), found.0.lines().count(), "{backend}");
        assert_eq!(&found, first.get_or_insert_with(|| found.clone()), "{backend}");
    }
}

#[test]
fn several_rules_are_named_in_the_output() {
    let rules = data("one-comparison.rules");
    let counts = quintet(&["run", &rules, "--input", &data("data/traffic.pcapng"), "--output", "count"]);
    assert!(out(&counts).lines().any(|l| l.starts_with("https\t")), "{}", out(&counts));
    let numbers = quintet(&["run", &rules, "--input", &data("data/traffic.pcapng")]);
    let https = out(&numbers).lines().filter(|l| l.starts_with("https\t")).count();
    assert!(out(&counts).contains(&format!("https\t{https}\n")));
}

#[test]
fn traps_are_reported_and_do_not_match() {
    let result = quintet(&["run", "1 / (frame.number - 3) >= 0", "--input", &data("data/traffic.pcapng"), "--output", "json"]);
    assert!(
        out(&result)
            .contains("{\"record\":3,\"rules\":[],\"trap_places\":{\"\":{\"column\":1,\"line\":1}},\"traps\":{\"\":\"division by zero\"}}"),
        "{}",
        &out(&result)[..300]
    );
    assert!(err(&result).contains("1 rule-record pairs trapped"), "{}", err(&result));
}

#[test]
fn a_wrong_rule_is_explained_with_its_line() {
    let result = quintet(&["check", "tcp.prt == 443", "--format", "pcap"]);
    assert_eq!(result.status.code(), Some(1));
    let text = err(&result);
    assert!(text.contains("tcp.prt == 443") && text.contains("tcp.port"), "{text}");
    assert!(!text.contains('\u{1b}'), "no colour where nobody looks");
}

#[test]
fn what_cannot_be_used_is_status_2() {
    for args in [
        vec!["run", "tcp", "--input", "no-such-file.pcap"],
        vec!["run", "tcp", "--input", "no-such-file.pcap", "--backend", "jitt"],
        vec!["check", "missing.rules"],
        vec!["compare", "--workload", "no-such-workload"],
        vec!["explain", "tcp", "--emit", "asm"],
        vec!["explain", "tcp", "--emit", "clif", "--backend", "lua"],
        vec!["fields"],
        vec!["conform", "no-such-file.jsonl"],
        vec!["run", "tcp", "--input", &data("one-comparison.rules"), "--format", "pcap"],
    ] {
        let result = quintet(&args);
        assert_eq!(result.status.code(), Some(2), "{args:?}: {}{}", out(&result), err(&result));
        assert!(err(&result).starts_with("quintet: "), "{args:?}: {}", err(&result));
    }
}

#[test]
fn fields_are_listed_for_people_and_programs() {
    let table = quintet(&["fields", "--format", "http"]);
    assert!(out(&table).contains("http.request.uri.path"));
    let json = quintet(&["fields", "--format", "pcap", "--output", "json"]);
    let fields: serde_json::Value = serde_json::from_str(&out(&json)).expect("JSON");
    let port = fields.as_array().expect("an array").iter().find(|f| f["name"] == "tcp.port").expect("the field");
    assert_eq!((&port["type"], &port["multi"]), (&serde_json::json!("Array<Int>"), &serde_json::json!(true)));
}

#[test]
fn ready_made_schemes_are_chosen_by_name() {
    let json = quintet(&["fields", "--scheme", "cloudflare", "--output", "json"]);
    let fields: serde_json::Value = serde_json::from_str(&out(&json)).expect("JSON");
    assert_eq!(fields.as_array().map(Vec::len), Some(248));
    for (scheme, rule) in [("cloudflare", "cf.bot_management.score < 30"), ("http", "http.host == \"a\""), ("packets", "tcp.port == 80")] {
        let result = quintet(&["check", rule, "--scheme", scheme]);
        assert!(result.status.success() && out(&result).contains(scheme), "{}{}", out(&result), err(&result));
    }
    let traffic = data("data/traffic.pcapng");
    let counts = ["--scheme", "--format"].map(|flag| {
        let value = if flag == "--scheme" { "packets" } else { "pcap" };
        out(&quintet(&["run", "tcp.port == 443", "--input", &traffic, flag, value, "--output", "count"]))
    });
    assert!(counts[0] == counts[1] && counts[0].trim() != "0", "{counts:?}");
    let unknown = quintet(&["check", "ssl", "--scheme", "cloudfare"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(err(&unknown).contains("cloudflare, http, packets"), "{}", err(&unknown));
}

#[test]
fn json_lines_of_any_fields_fill_the_scheme_cloudflare() {
    let file = folder("cloudflare").join("records.jsonl");
    let lines = [
        r#"{"http.host": "a.example", "cf.bot_management.score": 3}"#,
        r#"{"http": {"host": "b.example"}, "ip.src": "192.0.2.7", "http.request.headers": {"x-a": ["1", "2"]}}"#,
        "{}",
    ];
    std::fs::write(&file, lines.join("\n")).expect("written");
    for (rule, numbers) in [
        ("http.host == \"b.example\" or cf.bot_management.score < 30", "1\n2\n"),
        ("http.host != \"b.example\"", "1\n"),
        ("not http.host == \"b.example\"", "1\n3\n"),
        ("any(http.request.headers[\"x-a\"][*] == \"2\") and ip.src in {192.0.2.0/24}", "2\n"),
    ] {
        let result = quintet(&["run", rule, "--scheme", "cloudflare", "--input", &file.display().to_string()]);
        assert_eq!(out(&result), numbers, "{rule}: {}", err(&result));
    }
}

#[test]
fn check_warns_and_the_rest_is_silent() {
    let folder = folder("check-warnings");
    let name = folder.join("unused.rules").display().to_string();
    let traffic = folder.join("one.jsonl").display().to_string();
    let scheme = folder.join("scheme.toml").display().to_string();
    std::fs::write(&scheme, "[fields]\n\"x\" = \"Int\"\n").expect("written");
    std::fs::write(&traffic, "{\"x\": 1}\n").expect("written");
    std::fs::write(&name, "const N: Int = 3\nrule r {\n    let y = 1\n    return x == 1\n    return false\n}\n").expect("written");
    let result = quintet(&["check", &name, "--scheme", &scheme]);
    assert_eq!((result.status.code(), out(&result)), (Some(0), format!("{name}: 1 rule over 1 field ({scheme}): 3 warnings\n")));
    for what in ["Warning: no rule uses the constant `N`", "Warning: `y` is never read", "Warning: this is never reached"] {
        assert!(err(&result).contains(what), "{}", err(&result));
    }
    let json = quintet(&["check", &name, "--scheme", &scheme, "--output", "json"]);
    let found: serde_json::Value = serde_json::from_str(&out(&json)).expect("one document");
    let codes: Vec<&str> = found["diagnostics"].as_array().expect("an array").iter().filter_map(|d| d["code"].as_str()).collect();
    assert_eq!((json.status.code(), codes), (Some(0), vec!["unused-constant", "unused-local", "unreachable"]));
    assert!(found["diagnostics"].as_array().expect("an array").iter().all(|d| d["severity"] == "warning"));
    let run = quintet(&["run", &name, "--scheme", &scheme, "--input", &traffic, "--output", "count", "--quiet"]);
    assert_eq!((run.status.code(), err(&run)), (Some(0), String::new()));
    // Errors are counted without the warnings beside them.
    std::fs::write(&name, "rule r {\n    return nope == 1\n    return false\n}\nrule s {\n    return x == 1\n    return false\n}\n")
        .expect("written");
    let wrong = quintet(&["check", &name, "--scheme", &scheme]);
    assert!(wrong.status.code() == Some(1) && err(&wrong).contains("quintet: 1 error\n"), "{}", err(&wrong));
}

#[test]
fn check_prints_json_for_editors() {
    let folder = folder("check-json");
    let file = folder.join("edge.rules");
    std::fs::write(&file, "rule a = http.host == \"é\" and http.hots == 1\nrule b = ssl\nrule c = ip.src == 10.0.0.0/8\n")
        .expect("written");
    let name = file.display().to_string();
    let result = quintet(&["check", &name, "--scheme", "http", "--output", "json"]);
    assert_eq!((result.status.code(), err(&result)), (Some(1), String::new()));
    let json: serde_json::Value = serde_json::from_str(&out(&result)).expect("one document");
    assert_eq!(json["file"], serde_json::json!(name));
    let found = json["diagnostics"].as_array().expect("an array");
    assert_eq!(found.len(), 2);
    assert_eq!(found[0]["start"], serde_json::json!({ "line": 1, "column": 31, "character": 30, "byte": 31 }));
    assert_eq!((&found[0]["code"], &found[0]["severity"]), (&"unknown-name".into(), &"error".into()));
    assert_eq!((&found[1]["start"]["line"], &found[1]["help"]), (&3.into(), &"write `ip.src in {10.0.0.0/8}`".into()));
    // A literal that cannot be prepared is found later, but shown alike.
    let late = quintet(&["check", "bit_slice(tcp, 3, 90) == 1", "--scheme", "cloudflare", "--output", "json"]);
    assert_eq!(late.status.code(), Some(1));
    assert!(out(&late).contains("from 4 to 35"), "{}", out(&late));
    let right = quintet(&["check", "ssl", "--scheme", "http", "--output", "json"]);
    assert_eq!((right.status.code(), out(&right)), (Some(0), "{\"diagnostics\":[],\"file\":\"expression\",\"left_out\":0}\n".into()));
}

#[test]
fn fmt_prints_checks_and_writes() {
    let folder = folder("fmt");
    let (wrong, right) = (folder.join("wrong.rules").display().to_string(), folder.join("right.rules").display().to_string());
    std::fs::write(&wrong, "# why\nrule a=(ssl)&&( x ne 1 ) # here\n").expect("written");
    let style = "# why\nrule a = ssl and x != 1  # here\n";
    std::fs::write(&right, style).expect("written");
    assert_eq!(out(&quintet(&["fmt", &wrong])), style);
    let check = quintet(&["fmt", "--check", &wrong, &right]);
    assert_eq!((check.status.code(), out(&check)), (Some(1), format!("{wrong}\n")));
    let write = quintet(&["fmt", "--write", &wrong, &right]);
    assert_eq!((write.status.code(), out(&write)), (Some(0), format!("{wrong}\n")));
    assert_eq!(std::fs::read_to_string(&wrong).expect("there"), style);
    assert_eq!(quintet(&["fmt", "--check", &wrong, &right]).status.code(), Some(0));
    assert_eq!(out(&quintet(&["fmt", "(ssl)"])), "ssl\n");
    assert_eq!(quintet(&["fmt", "ssl", "--check"]).status.code(), Some(0));
    assert_eq!(quintet(&["fmt", "x =="]).status.code(), Some(1));
    assert_eq!(quintet(&["fmt", "ssl", "--write"]).status.code(), Some(2));
    let mut child = Command::new(env!("CARGO_BIN_EXE_quintet"))
        .args(["fmt", "-"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("the command runs");
    std::io::Write::write_all(&mut child.stdin.take().expect("a pipe"), b"(ssl)").expect("written");
    assert_eq!(out(&child.wait_with_output().expect("it ends")), "ssl\n");
}

#[test]
fn check_counts_the_expressions_of_a_file() {
    let folder = folder("expressions");
    let (file, exceptions) = (folder.join("all.jsonl"), folder.join("known.toml"));
    let lines = [
        r#"{"expr": "ssl", "kind": "filter", "origin": "docs"}"#,
        r#"{"expr": "lower(http.host)", "kind": "value", "origin": "docs"}"#,
        r#"{"expr": "lower(http.host)", "kind": "filter", "origin": "docs"}"#,
        r#"{"expr": "http.host in $names", "origin": "rules"}"#,
        r#"{"expr": "nope", "origin": "rules"}"#,
        r#"{"expr": "${x}", "kind": "template", "origin": "rules"}"#,
    ];
    std::fs::write(&file, lines.join("\n")).expect("written");
    std::fs::write(&exceptions, "[[exception]]\nexpr = \"nope\"\nreason = \"no such field\"\n").expect("written");
    let (file, exceptions) = (file.display().to_string(), exceptions.display().to_string());
    let count = |more: &[&str]| {
        let result = quintet(&[&["check", "--scheme", "cloudflare", "--expressions", &file], more].concat());
        (result.status.code(), out(&result))
    };
    let (status, text) = count(&["--exceptions", &exceptions]);
    assert_eq!((status, text.lines().last()), (Some(1), Some("3 check, 1 fail, 1 listed")), "{text}");
    assert!(text.contains(":3: lower(http.host)") && text.contains("a Bool is needed here"), "{text}");
    assert!(text.contains("1 expressions of other"), "{text}");
    assert_eq!(count(&["--origin", "docs", "--kind", "value"]).0, Some(0));
    assert_eq!(count(&["--origin", "rules"]).1.lines().last(), Some("1 check, 1 fail, 0 listed"));
    // An exception that is none any more is a failure too.
    std::fs::write(&exceptions, "[[exception]]\nexpr = \"ssl\"\nreason = \"was wrong\"\n").expect("written");
    let (status, text) = count(&["--exceptions", &exceptions, "--origin", "docs", "--kind", "filter"]);
    assert!(status == Some(1) && text.contains("remove it there"), "{text}");
    assert_eq!(quintet(&["check", "--expressions", &file]).status.code(), Some(2));
}

#[test]
fn published_expressions_check_against_cloudflare() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let file = root.join("../shared/corpus/real_expressions.jsonl");
    if !file.exists() {
        println!("skipped: there is no {}", file.display());
        return;
    }
    let (file, exceptions) = (file.display().to_string(), root.join("conformance/real_expressions_exceptions.toml").display().to_string());
    let chosen = ["--origin", "docs", "--origin", "rules", "--kind", "filter", "--kind", "value"];
    let result =
        quintet(&[&["check", "--scheme", "cloudflare", "--expressions", &file, "--exceptions", &exceptions], &chosen[..]].concat());
    assert!(result.status.success(), "{}{}", out(&result), err(&result));
    assert!(out(&result).lines().last().is_some_and(|l| l.contains(", 0 fail, ")), "{}", out(&result));
}

#[test]
fn compare_verifies_measures_and_writes_results() {
    let folder = folder("compare");
    let result = quintet(&["compare", "--quick", "--workload", "one-comparison", "--out", &folder.display().to_string()]);
    assert!(result.status.success(), "{}", err(&result));
    let text = out(&result);
    for part in ["## one-comparison", "verified before anything was timed", "| interp", "| lua", "noise: ", "harness: ", "## Summary"] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    let json = std::fs::read_to_string(folder.join("results.json")).expect("results");
    let results = quintet_results::Results::from_json(&json).expect("of the schema");
    let ids: Vec<&str> = results.workloads[0].rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids, ["interp", "closures", "jit", "jit-stencil", "wasm", "lua", "adaptive"]);
    assert!(results.workloads[0].rows.iter().all(|r| r.traits.is_some() && r.latency.is_some()));
    // The bytecode of lua is on the Rust heap, whatever the compiling state's garbage collector does meanwhile.
    let lua = results.workloads[0].row("lua").and_then(|r| r.memory).expect("lua's memory");
    assert!(lua.heap_bytes > lua.code_bytes && lua.code_bytes > 0, "{lua:?}");
    assert!(results.support.len() > 40 && results.support.iter().all(|s| s.by.len() == 10), "{:?}", results.support);
    assert!(quintet_results::Results::from_json(&json[..json.len() / 2]).is_err());
    assert!(
        quintet_results::Results::from_json(&json.replacen(&format!("\"version\":{}", quintet_results::VERSION), "\"version\":99", 1))
            .is_err()
    );
}

#[test]
fn compare_takes_a_workload_of_ones_own_and_refuses_wrong_counts() {
    let folder = folder("own");
    std::fs::write(folder.join("mine.rules"), "rule tls = tcp.port == 443\n").expect("written");
    let write = |expected: &str| {
        let text = format!(
            "name = \"mine\"\nabout = \"Ours.\"\nrules = \"mine.rules\"\ninput = '{}'\n{expected}",
            Path::new(&data("data/traffic.pcapng")).canonicalize().expect("there").display()
        );
        std::fs::write(folder.join("mine.toml"), text).expect("written");
    };
    let file = folder.join("mine.toml").display().to_string();
    let run = || quintet(&["compare", "--quick", "--workload", &file, "--backend", "closures", "--out", &folder.display().to_string()]);
    write("[expected]\ntls = 885\n");
    let right = run();
    assert!(right.status.success(), "{}", err(&right));
    write("[expected]\ntls = 1\n");
    let wrong = run();
    assert_eq!(wrong.status.code(), Some(1));
    assert!(err(&wrong).contains("rule `tls` matches 885 records, but the workload expects 1"), "{}", err(&wrong));
}

#[test]
fn compare_of_counts_that_do_not_hold_times_nothing_and_leaves_a_file_that_is_refused() {
    let folder = folder("refused");
    std::fs::write(folder.join("mine.rules"), "rule tls = tcp.port == 443\n").expect("written");
    let text = format!(
        "name = \"mine\"\nabout = \"Ours.\"\nrules = \"mine.rules\"\ninput = '{}'\n[expected]\ntls = 1\n",
        Path::new(&data("data/traffic.pcapng")).canonicalize().expect("there").display()
    );
    std::fs::write(folder.join("mine.toml"), text).expect("written");
    let (file, out_folder) = (folder.join("mine.toml").display().to_string(), folder.display().to_string());
    // The workload that is wrong is the second one; the first is not timed either.
    let result = quintet(&["compare", "--quick", "--workload", "one-comparison", "--workload", &file, "--out", &out_folder]);
    assert_eq!((result.status.code(), out(&result).as_str()), (Some(1), ""), "{}", err(&result));
    let json = std::fs::read_to_string(folder.join("results.json")).expect("a file is left");
    let refusal = quintet_results::Results::from_json(&json).expect_err("it is refused").to_string();
    assert!(refusal.contains("the answers differed") && refusal.contains("matches 885 records"), "{refusal}");
}

#[test]
fn compare_takes_own_rules_and_an_own_capture_without_a_workload_file() {
    let folder = folder("own-rules");
    let rules = folder.join("our edge.rules");
    std::fs::write(&rules, "rule tls = tcp.port == 443\n").expect("written");
    let (rules, traffic, out_folder) = (rules.display().to_string(), data("data/traffic.pcapng"), folder.display().to_string());
    let brief = ["--quick", "--time", "0.1", "--processes", "2", "--max-rounds", "4", "--out", &out_folder];
    let own = ["compare", "--rules", &rules, "--input", &traffic, "--backend", "closures", "--backend", "jit-fast", "--passes", "both"];
    let result = quintet(&[&own[..], &brief].concat());
    assert!(result.status.success(), "{}", err(&result));
    let json = std::fs::read_to_string(folder.join("results.json")).expect("results");
    let results = quintet_results::Results::from_json(&json).expect("of the schema");
    let workload = &results.workloads[0];
    assert_eq!((workload.name.as_str(), &workload.matches[..]), ("our-edge", &[("tls".to_owned(), 885)][..]));
    let ids: Vec<&str> = workload.rows.iter().map(|r| r.id.as_str()).collect();
    assert_eq!(ids, ["closures", "closures/no-passes", "jit-fast", "jit-fast/no-passes"]);
    assert_eq!((workload.rounds, workload.processes, results.options.max_rounds, results.options.time_limit_s), (4, 2, 4, 0.1));

    // A process that is of its own kind makes the interval wide, and is named.
    let slowed = ["compare", "--workload", "one-comparison", "--backend", "closures", "--backend", "jit", "--backend", "interp"];
    let few = ["--quick", "--time", "0.1", "--processes", "4", "--max-rounds", "8", "--out", &out_folder, "--slowed", "closures:6"];
    let result = quintet(&[&slowed[..], &few].concat());
    assert!(
        out(&result).contains("note: closures: 1 of 4 processes was ") && out(&result).contains("x slower (batch)"),
        "{}",
        out(&result)
    );
    let json = std::fs::read_to_string(folder.join("results.json")).expect("results");
    let results = quintet_results::Results::from_json(&json).expect("of the schema");
    let batch = |id: &str| results.workloads[0].row(id).and_then(|r| r.measure(quintet_results::Phase::Batch)).expect("measured").clone();
    let ratio = batch("closures").to(&batch("interp"));
    assert!(ratio.high / ratio.low > 6.0, "{ratio:?}");

    let lines = folder.join("log.jsonl");
    std::fs::write(&lines, "{\"n\": 1}\n{\"n\": 2}\n").expect("written");
    let scheme = folder.join("log.toml");
    std::fs::write(&scheme, "[fields]\nn = \"Int\"\n").expect("written");
    let (lines, scheme) = (lines.display().to_string(), scheme.display().to_string());
    let own = ["compare", "--rules", "n == 2", "--input", &lines, "--scheme", &scheme, "--backend", "interp", "--passes", "off"];
    let result = quintet(&[&own[..], &brief].concat());
    assert!(result.status.success(), "{}", err(&result));
    assert!(out(&result).contains("## expression") && out(&result).contains("| interp/no-passes |"), "{}", out(&result));
}

#[test]
fn compare_refuses_flags_that_make_no_sense_together() {
    let (rules, traffic) = (data("one-comparison.rules"), data("data/traffic.pcapng"));
    for (args, part) in [
        (vec!["--rules", &rules], "--input <FILE>"),
        (vec!["--input", &traffic], "--rules <FILE|EXPRESSION>"),
        (vec!["--format", "pcap"], "describe the records of --input"),
        (vec!["--precision", "0"], "a percentage above 0"),
        (vec!["--time", "0"], "seconds above 0"),
        (vec!["--max-rounds", "1"], "1 is not in 2.."),
        (vec!["--workload", "one-comparison", "--rules", &rules, "--input", &traffic], "two workloads are named `one-comparison`"),
        (vec!["--workload", "sha256", "--workload", "scripts"], "two workloads are named `sha256`"),
        (vec!["--workload", "sha-256"], "waf-pack, wirefilter-bench, calls, checksum8"),
        (vec!["--rules", "tcp.prt == 1", "--input", &traffic, "--format", "pcap"], "tcp.port"),
    ] {
        let result = quintet(&[&["compare"], &args[..]].concat());
        assert_eq!(result.status.code(), Some(2), "{args:?}: {}{}", out(&result), err(&result));
        assert!(err(&result).contains(part), "{args:?}: {}", err(&result));
    }
}

#[test]
fn conform_prints_each_disagreement_and_counts() {
    let folder = folder("conform");
    let cases = folder.join("cases.jsonl");
    let lines = [
        r#"{"id":"a","scheme":{"n":"Int"},"expr":"n == 1","parse_ok":true,"runs":[{"ctx":{"n":1},"result":true}]}"#,
        r#"{"id":"b","scheme":{"n":"Int"},"expr":"n == 2","parse_ok":true,"runs":[{"ctx":{"n":1},"result":true}]}"#,
        r#"{"id":"c","scheme":{"n":"Int"},"expr":"n ==","parse_ok":false}"#,
        r#"{"id":"d","scheme":{"n":"Int"},"expr":"n not in {1}","parse_ok":false}"#,
    ];
    std::fs::write(&cases, lines.join("\n")).expect("written");
    let exceptions = folder.join("exceptions.toml");
    std::fs::write(&exceptions, "[[exception]]\nid = \"d\"\nreason = \"an extension\"\n").expect("written");
    let result = quintet(&["conform", &cases.display().to_string(), "--exceptions", &exceptions.display().to_string()]);
    let text = out(&result);
    assert_eq!(result.status.code(), Some(1), "{text}{}", err(&result));
    assert_eq!(text.lines().last(), Some("2 passed, 1 failed, 1 skipped"));
    for part in ["b: n == 2", "expected: true", "interp: false", "lua: false"] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
}

#[test]
fn the_corpus_of_wirefilter_is_answered_alike() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let corpus = root.join("../shared/corpus");
    if !corpus.exists() {
        println!("skipped: there is no {}", corpus.display());
        return;
    }
    let (cases, random) = (corpus.join("wirefilter_cases.jsonl"), corpus.join("wirefilter_random.jsonl"));
    let exceptions = root.join("conformance/wirefilter_exceptions.toml");
    let path = |p: &Path| p.display().to_string();
    let conform = |passes: &str| {
        let files = [path(&cases), path(&random), path(&exceptions)];
        let result = quintet(&["conform", &files[0], &files[1], "--backend", "all", "--exceptions", &files[2], "--passes", passes]);
        assert!(result.status.success(), "{}", out(&result));
        out(&result).lines().last().unwrap_or_default().to_owned()
    };
    let counts = conform("on");
    assert!(counts.contains(", 0 failed, "), "{counts}");
    assert_eq!(conform("off"), counts);
}

#[test]
fn an_error_in_a_long_line_shows_its_place_and_not_the_line() {
    let folder = folder("long-line");
    let path = folder.join("long.rules").display().to_string();
    std::fs::write(&path, format!("{} or prt == 1", vec!["tcp.port == 80"; 5000].join(" or "))).expect("written");
    let result = quintet(&["check", &path, "--scheme", "packets"]);
    assert_eq!(result.status.code(), Some(1));
    let told = err(&result);
    assert!(told.len() < 1000, "{} bytes", told.len());
    for part in ["there is no field `prt`", "long.rules:1:90001, in a line of 90008 bytes: prt == 1", "Help: "] {
        assert!(told.contains(part), "{part} is not in:\n{told}");
    }
}
