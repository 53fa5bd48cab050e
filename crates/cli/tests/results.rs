//! `quintet diff` and `quintet choose` as users and scripts see them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

fn quintet(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quintet")).args(args).output().expect("the command runs")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A file of this test's own.
fn file(name: &str, text: &str) -> String {
    let path: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("results-{name}"));
    std::fs::write(&path, text).expect("a file");
    path.display().to_string()
}

/// Eleven samples around `ns`, each row's a little different.
fn samples(ns: f64, salt: usize) -> Value {
    json!({ "ns": [(0..11).map(|i| ns * (1.0 + 0.01 * (((i * 7 + salt * 5) % 11) as f64 / 11.0 - 0.5))).collect::<Vec<f64>>()] })
}

/// A row with its setup and its ns per record.
fn row(id: &str, salt: usize, compile: f64, each: f64, traits: Value) -> Value {
    let mut row = json!({
        "id": id, "kind": "backend", "engine": id, "configuration": "", "passes": true, "traits": traits,
        "phases": {
            "compile": samples(compile, salt), "instantiate": samples(100.0, salt), "first_call": samples(each * 3.0, salt),
            "single": samples(each * 2.0, salt), "batch": samples(each, salt),
        },
        "memory": { "code_bytes": compile as usize / 100, "data_bytes": 0, "heap_bytes": 2000, "instance_bytes": 0 },
    });
    if traits.is_null() {
        row.as_object_mut().expect("an object").remove("traits");
    }
    row
}

/// A result file of one workload. The tree walk costs nothing to set up and 100 ns per record, closures 10 us and 30 ns, the JIT 1 ms and 10 ns.
fn results() -> Value {
    let safe = json!({ "executable_memory": false, "isolation": "safe_rust" });
    let sandbox = json!({ "executable_memory": true, "isolation": "sandbox" });
    let unguarded = json!({ "executable_memory": true, "isolation": "none" });
    let none = json!({ "ns": [[1.0]] });
    json!({
        "format": "quintet-results", "version": 3, "command": "quintet compare", "started_at": 1, "finished_at": 2,
        "machine": { "os": "linux", "arch": "x86_64", "cpu": "A", "cores": 2 }, "versions": { "quintet": "0.1.0" },
        "options": { "quick": false, "sample_ns": 1, "processes": 1, "min_rounds": 11, "max_rounds": 11, "precision": 0.02, "time_limit_s": 1.0 },
        "workloads": [{
            "name": "edge", "about": "", "rules": 2, "records": 10, "record_bytes": 100, "matches": [["a", 3], ["b", 4]], "traps": 0,
            "verified_pairs": 20, "rounds": 11, "processes": 1,
            "front_end": { "parse": none, "check": none, "passes": none, "link": none, "read": none },
            "rows": [
                row("interp", 0, 1.0, 100.0, safe.clone()),
                row("closures", 1, 10_000.0, 30.0, safe),
                row("wasm", 2, 2_000_000.0, 11.0, sandbox),
                row("jit", 3, 1_000_000.0, 10.0, unguarded.clone()),
                row("mystery", 4, 1_000_000.0, 20.0, Value::Null),
                row("jit/no-passes", 5, 1.0, 1.0, unguarded),
            ],
            "no_op": none, "again": { "id": "interp", "batch": samples(100.0, 3) },
        }],
    })
}

fn write(name: &str, results: &Value) -> String {
    file(name, &results.to_string())
}

#[test]
fn files_whose_numbers_must_not_be_used_are_refused_by_name() {
    let good = write("good.json", &results());
    let text = results().to_string();
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut value = results();
        change(&mut value);
        value.to_string()
    };
    let cases = [
        ("truncated.json", text[..text.len() / 2].to_string(), "truncated"),
        ("nothing.json", String::new(), "truncated"),
        ("version.json", changed(&|v| v["version"] = json!(1)), "version 1; this program reads version 3"),
        ("format.json", changed(&|v| v["format"] = json!("criterion")), "`format` is `criterion`"),
        ("other.json", "[1, 2]".into(), "`format` is `missing`"),
        ("empty.json", changed(&|v| v["workloads"] = json!([])), "no workload"),
        ("differed.json", changed(&|v| v["workloads"][0]["difference"] = json!("record 3, rule a: jit says yes")), "record 3, rule a"),
        ("unverified.json", changed(&|v| v["workloads"][0]["verified_pairs"] = json!(19)), "not verified on every record"),
        (
            "negative.json",
            changed(&|v| v["workloads"][0]["rows"][0]["phases"]["batch"]["ns"][0][0] = json!(-1.0)),
            "a sample is not a number of nanoseconds",
        ),
        ("unknown.json", changed(&|v| v["workloads"][0]["surprise"] = json!(1)), "surprise"),
    ];
    for (name, text, why) in cases {
        let bad = file(name, &text);
        for args in [vec!["choose", &bad], vec!["diff", &good, &bad], vec!["diff", &bad, &good]] {
            let result = quintet(&args);
            assert_eq!(result.status.code(), Some(2), "{args:?}: {}", err(&result));
            assert!(err(&result).contains(name) && err(&result).contains(why), "{args:?}: {}", err(&result));
            assert!(out(&result).is_empty(), "{}", out(&result));
        }
    }
    let missing = quintet(&["choose", "no-such-file.json"]);
    assert!(missing.status.code() == Some(2) && err(&missing).contains("no-such-file.json"), "{}", err(&missing));
}

#[test]
fn diff_says_what_changed_and_exits_accordingly() {
    let old = write("old.json", &results());
    let same = quintet(&["diff", &old, &old]);
    assert_eq!(same.status.code(), Some(0));
    assert!(out(&same).starts_with("no difference in 30 of 30 comparisons"), "{}", out(&same));

    let mut changed = results();
    changed["workloads"][0]["rows"][3]["phases"]["batch"] = samples(13.5, 3);
    changed["workloads"][0]["rows"][1]["phases"]["single"] = samples(30.0, 1);
    changed["versions"]["quintet"] = json!("0.2.0");
    changed["machine"]["cpu"] = json!("B");
    changed["workloads"][0]["rows"].as_array_mut().expect("rows").remove(4);
    let new = write("new.json", &changed);
    let diff = quintet(&["diff", &old, &new]);
    let text = out(&diff);
    assert_eq!(diff.status.code(), Some(1), "{text}");
    assert!(text.contains("jit batch on edge is 1.35x slower (10.00 ns -> 13.5 ns per record)"), "{text}");
    assert!(text.contains("closures single on edge is 1.99x to 2.01x faster"), "{text}");
    assert!(text.contains("warning: the files are from different machines: old A"), "{text}");
    assert!(text.contains("warning: quintet differs: old 0.1.0; new 0.2.0"), "{text}");
    assert!(text.contains("only in the old file: mystery on edge"), "{text}");
    assert!(text.contains("no difference in 23 of 25"), "{text}");

    let status = |extra: &[&str]| quintet(&[&["diff", &old, &new], extra].concat()).status.code();
    assert_eq!(status(&["--fail-on", "never"]), Some(0));
    assert_eq!(status(&["--phase", "single"]), Some(0));
    assert_eq!(status(&["--phase", "single", "--fail-on", "any"]), Some(1));
    assert_eq!(status(&["--threshold", "40%"]), Some(0));
    assert_eq!(status(&["--threshold", "a lot"]), Some(2));
    assert_eq!(status(&["--phase", "lunch"]), Some(2));
    assert_eq!(status(&["--workload", "elsewhere"]), Some(2));

    let json: Value = serde_json::from_slice(&quintet(&["diff", &old, &new, "--phase", "batch", "--output", "json"]).stdout).expect("JSON");
    let jit = json["comparisons"].as_array().expect("a list").iter().find(|c| c["row"] == "jit").expect("jit");
    assert_eq!((jit["verdict"].as_str(), jit["phase"].as_str()), (Some("slower"), Some("batch")));

    let page = file("diff.html", "");
    let written = quintet(&["diff", &old, &new, "--html", &page]);
    assert_eq!(written.status.code(), Some(1), "the page changes nothing of the exit status");
    assert_eq!(out(&written), text, "nor of what is printed");
    assert!(err(&written).contains(&format!("written to {page}")), "{}", err(&written));
    let html = std::fs::read_to_string(&page).expect("the page").replace("&#x2f;", "/");
    assert!(html.contains("Of 25 comparisons 1 got slower, by 1.35×, and 1 got faster, by 2.00×"), "no summary");
    assert!(html.contains(&format!("diff {old} {new} --html {page}")), "no command to reproduce");
    let nowhere = quintet(&["diff", &old, &new, "--html", "/no/such/folder/diff.html"]);
    assert!(nowhere.status.code() == Some(2) && err(&nowhere).contains("/no/such/folder/diff.html"), "{}", err(&nowhere));
}

#[test]
fn diff_does_not_compare_other_work() {
    let old = write("work.json", &results());
    for (place, value, why) in [
        ("/records", json!(11), "10 records in the old file, 11 in the new one"),
        ("/matches/0/1", json!(2), "rule `a` matched 3 records in the old file, 2 in the new one"),
        ("/matches/1/0", json!("c"), "rule `b` is not in the new file"),
    ] {
        let mut other = results();
        *other["workloads"][0].pointer_mut(place).expect("a place") = value;
        if place == "/records" {
            other["workloads"][0]["verified_pairs"] = json!(22);
        }
        let result = quintet(&["diff", &old, &write("other-work.json", &other)]);
        assert_eq!(result.status.code(), Some(2), "{}", out(&result));
        assert!(out(&result).contains(&format!("not compared: edge: {why}")), "{}", out(&result));
    }
}

fn choose(extra: &[&str]) -> (Option<i32>, Value) {
    let path = write(&format!("choose-{}.json", extra.join("").replace('/', "")), &results());
    let result = quintet(&[&["choose", &path, "--output", "json"], extra].concat());
    (result.status.code(), serde_json::from_slice(&result.stdout).unwrap_or(Value::Null))
}

#[test]
fn choose_follows_the_number_of_records() {
    for (records, best) in [("1", "interp"), ("1000", "closures"), ("100000", "jit"), ("1e12", "jit")] {
        let (status, choice) = choose(&["--evaluations", records]);
        assert_eq!((status, choice["ranked"][0]["id"].as_str()), (Some(0), Some(best)), "{records}");
    }
    // 1 change an hour and 10 records a second are 36,000 records a change.
    let (_, choice) = choose(&["--rule-changes-per-hour", "1", "--records-per-second", "10"]);
    assert_eq!(choice["wish"]["rates"], json!({ "changes_per_hour": 1.0, "records_per_second": 10.0 }));
    // Closures overtake the tree walk at 10 us / 70 ns = 143 records, less the first calls; the JIT overtakes them at 990 us / 20 ns = 49,500.
    let corners: Vec<f64> =
        choice["changes"].as_array().expect("a list").iter().map(|c| c["evaluations"]["value"].as_f64().expect("a number")).collect();
    assert!(corners.len() == 2 && (130.0..160.0).contains(&corners[0]) && (49_000.0..50_000.0).contains(&corners[1]), "{corners:?}");
    assert!(choice["ranked"].as_array().expect("a list").iter().all(|r| r["id"] != "jit/no-passes"), "{choice}");
}

#[test]
fn choose_leaves_out_what_breaks_a_constraint_and_says_why() {
    let reasons = |choice: &Value, id: &str| {
        choice["excluded"].as_array().expect("a list").iter().find(|e| e["id"] == id).map(|e| e["reasons"].to_string())
    };
    let (_, choice) = choose(&["--untrusted-rules"]);
    assert_eq!(choice["ranked"][0]["id"], "wasm");
    assert!(reasons(&choice, "jit").expect("excluded").contains("untrusted rules"));
    assert!(reasons(&choice, "mystery").expect("excluded").contains("does not say"));
    let (_, choice) = choose(&["--no-executable-memory"]);
    assert_eq!(choice["ranked"][0]["id"], "closures");
    let (_, choice) = choose(&["--max-memory-per-rule", "5KiB"]);
    assert!(reasons(&choice, "jit").expect("excluded").contains("6000 B on edge, above 5120 B"), "{choice}");
    let (_, choice) = choose(&["--max-first-call", "50ns"]);
    assert!(reasons(&choice, "closures").expect("excluded").contains("first call: 90 ns on edge, above 50 ns"), "{choice}");
    let (status, choice) = choose(&["--max-first-call", "1ns"]);
    assert_eq!(
        (status, choice["ranked"].as_array().map(Vec::len), choice["excluded"].as_array().map(Vec::len)),
        (Some(1), Some(0), Some(5))
    );
}

#[test]
fn choose_speaks_plainly() {
    let path = write("plain.json", &results());
    let result = quintet(&["choose", &path]);
    let text = out(&result);
    assert!(result.status.success(), "{}", err(&result));
    let ship =
        "Ship interp: at 10,000 records a second in batches and one change of the rules an hour it takes 0.100 % of a processor, 99 % of";
    assert!(text.starts_with(ship), "{text}");
    assert!(
        text.contains("Interp is enough: the cheapest, jit, saves 0.090 % of a processor, and interp is simpler: it is safe Rust"),
        "{text}"
    );
    assert!(
        text.contains("36.0 million records per change of the rules (assumed), 10.0 thousand records a second (assumed), in batches"),
        "{text}"
    );
    assert!(text.contains("the answer changes from closures to jit at 49."), "{text}");
    assert!(text.contains("on each workload jit is the cheapest"), "{text}");
    let text = out(&quintet(&["choose", &path, "--worth-share", "0%"]));
    assert!(
        text.starts_with("Ship jit: ") && text.contains("The runner-up, wasm, costs 1.10x [1.10 1.11] as much, outside the noise."),
        "{text}"
    );
    let text = out(&quintet(&["choose", &path, "--records-per-second", "1_000_000"]));
    assert!(text.starts_with("Ship jit: at 1,000,000 records") || text.starts_with("Ship wasm: "), "{text}");
    for (args, why) in [
        (["--max-first-call", "5"], "there is no unit; units are ns, us, ms, s, as in 5ms"),
        (["--max-memory-per-rule", "5 apples"], "unknown unit `apples`"),
        (["--evaluations", "0"], "above 0"),
        (["--worth-share", "some"], "not a percentage"),
        (["--workload", "none"], "no workload `none` in the file; it has: edge"),
    ] {
        let result = quintet(&[&["choose", &path], &args[..]].concat());
        assert!(result.status.code() == Some(2) && err(&result).contains(why), "{args:?}: {}", err(&result));
    }
}

#[test]
fn rows_that_cannot_be_told_apart_are_said_to_be() {
    let mut close = results();
    let jit = close["workloads"][0]["rows"][3].clone();
    let mut twin = jit.clone();
    twin["id"] = json!("jit-fast");
    for (i, sample) in twin["phases"]["batch"]["ns"][0].as_array_mut().expect("samples").iter_mut().enumerate() {
        *sample = json!(sample.as_f64().expect("a number") * if i % 2 == 0 { 1.01 } else { 0.99 });
    }
    close["workloads"][0]["rows"].as_array_mut().expect("rows").push(twin);
    let text = out(&quintet(&["choose", &write("close.json", &close), "--worth-share", "0"]));
    assert!(text.starts_with("Ship jit: ") && text.contains("inside the noise"), "{text}");
}
