//! The command: what it lists, finds, runs again and says in the end.

use std::path::Path;
use std::process::{Command, Output};

fn fuzz(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quintet-fuzz")).args(args).output().expect("the command runs")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

#[test]
fn every_target_is_documented() {
    let listed = text(&fuzz(&["--list"]));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/fuzzing.md");
    let page = std::fs::read_to_string(path).expect("docs/fuzzing.md");
    let names: Vec<&str> = listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names.len(), 14, "{listed}");
    for name in names {
        assert!(page.contains(&format!("`{name}`")), "docs/fuzzing.md says nothing of {name}");
    }
}

#[test]
fn a_short_run_says_what_was_run() {
    let output = fuzz(&["scheme-toml", "--seconds", "0.3", "--seed", "1"]);
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("| scheme-toml |") && said.ends_with("1 passed, 0 failed\n"), "{said}");
}

#[test]
fn an_input_is_run_again() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rules-of-this-test");
    std::fs::write(&path, "rule a=n==1&&(m<2)").expect("a file");
    let path = path.to_str().expect("a path");
    let output = fuzz(&["--replay", path]);
    assert!(output.status.success() && text(&output).starts_with("rules: nothing wrong"), "{}", text(&output));
    // A bound that nothing keeps makes a finding of any input.
    let output = fuzz(&["--replay", path, "--limit-seconds", "0.000000001"]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("finding: rules") && said.contains("-- rules --replay"), "{said}");
}

#[test]
fn what_cannot_be_run_is_an_error() {
    for args in [&["nothing"][..], &["--replay", "no-such-file"], &["--replay", "Cargo.toml"], &["all", "--seconds", "0"]] {
        let output = fuzz(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", text(&output));
        assert!(!text(&output).is_empty());
    }
}
