//! `quintet report`: what it writes, and what it refuses.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../reports/tests/data/results.json");

/// A fresh folder.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("report-{name}"));
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("the folder of the last run can be removed");
    }
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn report(results: &[&Path], out: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quintet")).arg("report").args(results).arg("--out").arg(out).output().expect("quintet runs")
}

#[test]
fn it_prints_the_paths_that_it_writes() {
    let out = folder("good").join("report");
    let output = report(&[Path::new(FIXTURE)], &out);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("paths are text");
    let mut printed: Vec<&Path> = text.lines().map(Path::new).collect();
    assert_eq!(printed[..2], [out.join("index.html"), out.join("report.md")]);
    let mut written: Vec<PathBuf> = std::fs::read_dir(&out).expect("it is there").flatten().map(|e| e.path()).collect();
    printed.sort();
    written.sort();
    assert_eq!(printed, written);
}

#[test]
fn what_cannot_be_used_is_named_and_nothing_is_written() {
    let good = std::fs::read_to_string(FIXTURE).expect("the fixture");
    let bad = [
        ("truncated", good[..good.len() / 2].to_owned(), "truncated"),
        ("version", good.replacen("\"version\":3", "\"version\":1", 1), "version 1"),
        ("format", good.replacen("quintet-results", "something-else", 1), "`something-else`"),
        ("differed", good.replacen("\"traps\":0", "\"traps\":0,\"difference\":\"record 7: jit says true\"", 1), "record 7: jit says true"),
        ("large", good.replacen("\"compile\":{\"ns\":[[", "\"compile\":{\"ns\":[[1e300,", 1), "a sample is not a number of nanoseconds"),
        ("larger", good.replacen("\"compile\":{\"ns\":[[", "\"compile\":{\"ns\":[[1e999,", 1), "number out of range"),
        ("not-a-number", good.replacen("\"compile\":{\"ns\":[[", "\"compile\":{\"ns\":[[NaN,", 1), "expected value"),
        ("twice", good.clone(), "edge-filter"),
    ];
    for (name, text, cause) in bad {
        let folder = folder(name);
        let (file, out) = (folder.join("bad.json"), folder.join("out"));
        std::fs::write(&file, text).expect("the file can be written");
        let output = report(&[Path::new(FIXTURE), &file], &out);
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{name}: {message}");
        assert!(message.contains("bad.json") && message.contains(cause), "{name}: {message}");
        assert!(!out.exists(), "{name}: something was written");
    }
}
