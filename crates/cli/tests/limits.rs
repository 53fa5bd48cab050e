//! `--limit NAME=VALUE` as users see it.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use quintet::Limits;

const TRAFFIC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../bench-suite/workloads/data/traffic.pcapng");

fn quintet(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quintet")).args(args).stdin(Stdio::null()).output().expect("the command runs")
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The limits by name, with their defaults.
fn defaults() -> Vec<(String, String)> {
    let json = serde_json::to_value(Limits::default()).expect("JSON");
    json.as_object().expect("an object").iter().map(|(name, value)| (name.clone(), value.to_string())).collect()
}

fn file(name: &str, text: &str) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("limits");
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a file");
    path.display().to_string()
}

#[test]
fn every_limit_can_be_set_and_holds() {
    let rules = file("two.rules", "rule a = tcp.port == 443\nrule b = tcp.port == 80\n");
    // The limit, a value that these rules are past, and what the message says.
    let past = [
        ("source_bytes", "10", rules.as_str(), "at most 10 are allowed"),
        ("rules", "1", &rules, "rule 2 of the text; at most 1"),
        ("rule_expressions", "2", "tcp.port == 443", "more expressions than the 2"),
        ("expressions", "3", &rules, "more expressions than the 3"),
        ("nesting", "3", "((((tcp))))", "more than 3 deep"),
        ("wildcard_stars", "1", "http.host wildcard \"*a*\"", "2 `*`; at most 1"),
        ("regex_bytes", "1_000", "http.host matches \"(a{100}){100}\"", "limit of 1000 bytes"),
        ("regexes_bytes", "1_000", "http.host matches \"(a{100}){100}\"", "limit of 1000 bytes"),
    ];
    for (name, value, rules, says) in past {
        let set = format!("{name}={value}");
        let refused = quintet(&["check", rules, "--limit", &set]);
        assert!(refused.status.code() == Some(1) && err(&refused).contains(says), "{set}: {}", err(&refused));
        assert!(quintet(&["check", rules]).status.success(), "{name}: it fits the default");
    }
    // Those of an evaluation, and of making code.
    for (name, value, says) in [("memory_bytes", "16", "memory"), ("steps", "2", "budget")] {
        let set = format!("{name}={value}");
        let expression = "len(concat(to_string(ip.src[0]), \"abcdefghijklmnopqrstuvwxyz\")) > 3";
        let trapped = quintet(&["run", expression, "--input", TRAFFIC, "--limit", &set, "--output", "json"]);
        let out = String::from_utf8_lossy(&trapped.stdout).into_owned();
        assert!(trapped.status.success() && out.contains(says), "{set}: {:.200} {}", out, err(&trapped));
    }
    let script = "fn f(n: Int) -> Int {\n    if n == 0 { return 0 }\n    return f(n - 1)\n}\nrule r = f(5) == 0";
    for (calls, says) in [("5", "calls"), ("6", "\"r\"")] {
        let set = format!("calls={calls}");
        let run = quintet(&["run", script, "--input", TRAFFIC, "--limit", &set, "--output", "json", "--backend", "interp"]);
        let out = String::from_utf8_lossy(&run.stdout).into_owned();
        assert!(run.status.success() && out.contains(says), "{set}: {:.200} {}", out, err(&run));
    }
    for (backend, status) in [("closures", 0), ("jit", 2), ("lua", 2)] {
        let args =
            ["run", "tcp.port == 443", "--input", TRAFFIC, "--backend", backend, "--limit", "code_expressions=1", "--output", "count"];
        let run = quintet(&args);
        assert_eq!(run.status.code(), Some(status), "{backend}: {}", err(&run));
        assert!(status == 0 || err(&run).contains("at most 1"), "{backend}: {}", err(&run));
    }
    let function = "fn f(n: Int) -> Int { return n * 2 + 1 }\nrule r = f(1) == 3";
    let run = quintet(&["run", function, "--input", TRAFFIC, "--backend", "jit", "--limit", "code_expressions=4"]);
    assert!(err(&run).contains("function `f` has 5 expressions"), "{}", err(&run));
    // All others may change how long it takes, and nothing else.
    let tried: Vec<&str> = past.iter().map(|(name, ..)| *name).chain(["memory_bytes", "steps", "calls", "code_expressions"]).collect();
    let rest: Vec<String> = defaults().into_iter().map(|(name, _)| name).filter(|n| !tried.contains(&n.as_str())).collect();
    assert_eq!(rest, ["regex_cache_bytes", "regex_caches_bytes"]);
    for name in rest {
        let set = format!("{name}=0");
        let count = |more: &[&str]| {
            let args = [&["run", "http.host matches \"[a-z]+[.]com\"", "--input", TRAFFIC, "--output", "count"][..], more].concat();
            let run = quintet(&args);
            assert!(run.status.success(), "{set}: {}", err(&run));
            run.stdout
        };
        assert_eq!(count(&["--limit", &set]), count(&[]), "{set}");
    }
}

#[test]
fn every_verb_with_rules_takes_limits() {
    let cases = file(
        "cases.jsonl",
        "{\"id\":\"a\",\"scheme\":{\"t\":\"Bool\"},\"expr\":\"((t))\",\"parse_ok\":true,\"runs\":[{\"ctx\":{\"t\":true},\"result\":true}]}\n",
    );
    let rules = "((tcp))";
    let out = format!("{}/limits/compared", env!("CARGO_TARGET_TMPDIR"));
    let verbs: [&[&str]; 7] = [
        &["check", rules],
        &["run", rules, "--input", TRAFFIC],
        &["eval", rules, "--input", TRAFFIC],
        &["explain", rules, "--emit", "ast"],
        &["fmt", rules],
        &["conform", &cases],
        &[
            "compare",
            "--rules",
            rules,
            "--input",
            TRAFFIC,
            "--quick",
            "--backend",
            "closures",
            "--max-rounds",
            "2",
            "--time",
            "0.05",
            "--out",
            &out,
        ],
    ];
    for verb in verbs {
        let with = |limit: &str| quintet(&[verb, &["--limit", limit]].concat());
        let (low, high) = (with("nesting=1"), with("nesting=5"));
        assert!(high.status.success(), "{verb:?}: {}", err(&high));
        let said = err(&low) + &String::from_utf8_lossy(&low.stdout);
        assert!(!low.status.success() && said.contains("nested more than 1 deep"), "{verb:?}: {said}");
        // The last one holds, as with other flags.
        let twice = quintet(&[verb, &["--limit", "nesting=1", "--limit", "rules=7", "--limit", "nesting=5"]].concat());
        assert!(twice.status.success(), "{verb:?}: {}", err(&twice));
    }
}

#[test]
fn the_default_values_change_nothing_and_others_are_refused_with_the_list() {
    let all = defaults();
    let flags: Vec<String> = all.iter().map(|(name, value)| format!("--limit={name}={value}")).collect();
    let args: Vec<&str> = ["check", "tcp"].into_iter().chain(flags.iter().map(String::as_str)).collect();
    assert!(quintet(&args).status.success());

    let unknown = quintet(&["check", "tcp", "--limit", "nestin=3"]);
    let said = err(&unknown);
    assert!(unknown.status.code() == Some(2) && said.contains("there is no limit `nestin`"), "{said}");
    assert!(all.iter().all(|(name, _)| said.contains(name.as_str())), "{said}");
    for (wrong, says) in [
        ("nesting", "NAME=VALUE"),
        ("nesting=", "whole number"),
        ("nesting=x", "`x` is no whole number"),
        ("nesting=1.5", "whole number"),
        ("nesting=-1", "whole number"),
        ("nesting=18446744073709551616", "whole number"),
        ("=5", "there is no limit ``"),
    ] {
        let refused = quintet(&["check", "tcp", "--limit", wrong]);
        assert!(refused.status.code() == Some(2) && err(&refused).contains(says), "{wrong}: {}", err(&refused));
    }
}
