//! `scripts/fold-criterion.py`, on a small folder of criterion's files and on files that it is to refuse. Skipped, with a message, where
//! no Python 3 is installed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use quintet_results::{CriterionResult, Results};

fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn example() -> String {
    std::fs::read_to_string(at("tests/fixtures/example.json")).expect("the fixture is there")
}

/// A folder for one test, empty.
fn scratch(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    folder
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the folder can be made");
    for entry in std::fs::read_dir(from).expect("the fixture is there") {
        let entry = entry.expect("the fixture is there");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(from, to).expect("the file can be copied");
        }
    }
}

/// Runs the script; `None` where there is no Python.
fn fold(results: &Path, criterion: &Path, out: &Path) -> Option<Output> {
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("skipped: no python3 here");
        return None;
    }
    let mut command = Command::new("python3");
    command.arg(at("../../scripts/fold-criterion.py")).arg(results).arg("--criterion").arg(criterion).arg("--out").arg(out);
    Some(command.output().expect("python3 runs"))
}

/// What the script says when it refuses. It writes nothing then.
fn refusal(test: &str, results: &str, spoil: impl FnOnce(&Path)) -> Option<String> {
    let folder = scratch(test);
    let (file, criterion, out) = (folder.join("in.json"), folder.join("criterion"), folder.join("out.json"));
    std::fs::write(&file, results).expect("the file can be written");
    copy(&at("tests/fixtures/criterion"), &criterion);
    spoil(&criterion);
    let output = fold(&file, &criterion, &out)?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(!out.exists());
    assert!(!said.contains("Traceback"), "{said}");
    Some(said)
}

fn entry(group: &str, function: &str, parameter: Option<&str>, [ns, low, high]: [f64; 3], elements: Option<u64>) -> CriterionResult {
    CriterionResult { group: group.into(), function: function.into(), parameter: parameter.map(str::to_owned), ns, low, high, elements }
}

#[test]
fn folded_results_are_accepted() {
    let out = scratch("folded").join("out.json");
    let Some(output) = fold(&at("tests/fixtures/example.json"), &at("tests/fixtures/criterion"), &out) else { return };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).ends_with("6 benchmarks folded, 1 skipped\n"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("instantiate_edge-filter") && said.contains("interrupted"), "{said}");

    let results = Results::from_json(&std::fs::read_to_string(out).expect("it was written")).expect("the folded file is accepted");
    // The slope where there is one, else the mean; sizes in their order; elements where the throughput is in elements.
    let expected = [
        entry("call_overhead/empty-batch", "lua", None, [79.5, 79.0, 80.0], None),
        entry("read/body", "jit", None, [510.0, 506.0, 514.0], None),
        entry("run_batch/edge-filter", "jit", None, [5250.0, 5150.0, 5350.0], Some(1306)),
        entry("run_batch/edge-filter", "jit/no-passes", None, [6250.0, 6150.0, 6350.0], Some(1306)),
        entry("scaling/rules/compile", "wasm", Some("100"), [41e6, 40.5e6, 41.5e6], Some(100)),
        entry("scaling/rules/compile", "wasm", Some("1000"), [400e6, 398e6, 402e6], Some(1000)),
    ];
    assert_eq!(results.criterion, expected);
    let before = Results::from_json(&example()).expect("the example is valid");
    assert_eq!(Results { criterion: Vec::new(), ..results }, Results { criterion: Vec::new(), ..before }, "nothing else has changed");
}

#[test]
fn result_files_that_cannot_be_used_are_refused() {
    let cases = [
        ("truncated", example()[..2_000].to_owned(), "not JSON, or truncated"),
        ("not-a-number", example().replacen("\"time_limit_s\": 60.0", "\"time_limit_s\": NaN", 1), "NaN is no JSON"),
        ("foreign", "[1, 2]".to_owned(), "`format` is `missing`"),
        ("older", example().replacen("\"version\": 3", "\"version\": 1", 1), "of version 1; this script reads version 3"),
        ("differing", example().replacen("\"verified_pairs\"", "\"difference\": \"a\", \"verified_pairs\"", 1), "the answers differed"),
    ];
    for (test, text, expected) in cases {
        assert_ne!(text, example(), "{test}");
        let Some(said) = refusal(test, &text, |_| ()) else { return };
        assert!(said.contains("in.json") && said.contains(expected), "{test}: {said}");
    }
}

#[test]
fn files_of_criterion_that_cannot_be_used_are_refused() {
    let benchmark = "run_batch_edge-filter/jit/new/benchmark.json";
    let estimates = "run_batch_edge-filter/jit/new/estimates.json";
    // What stands for what; nothing stands for the rest of the file.
    let cases = [
        ("cut", estimates, "\n  \"median\"", None, "not JSON, or truncated"),
        ("unnamed", benchmark, "group_id", Some("id"), "`group_id` is missing"),
        ("unsure", estimates, "0.95", Some("0.99"), "not at 95 %"),
        ("nothing", estimates, "5250", Some("-5250"), "not a positive number"),
        ("twice", "run_batch_edge-filter/jit_no-passes/new/benchmark.json", "/no-passes\"", Some("\""), "is there twice"),
    ];
    for (test, file, from, to, expected) in cases {
        let spoil = |criterion: &Path| {
            let path = criterion.join(file);
            let text = std::fs::read_to_string(&path).expect("the fixture is there");
            let spoilt = match to {
                Some(to) => text.replace(from, to),
                None => text.split(from).next().unwrap_or_default().to_owned(),
            };
            assert_ne!(spoilt, text, "{test}");
            std::fs::write(&path, spoilt).expect("the file can be written");
        };
        let Some(said) = refusal(test, &example(), spoil) else { return };
        assert!(said.contains(expected), "{test}: {said}");
    }
}
