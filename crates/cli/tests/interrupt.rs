//! `quintet compare` that is interrupted, and that has rules without a match.
#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

const TRAFFIC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../bench-suite/workloads/data/traffic.pcapng");

/// A fresh folder.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("interrupt-{name}"));
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("the folder of the last run can be removed");
    }
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// A comparison whose second workload would take minutes.
fn start(out: &Path, workloads: &[&str], time: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quintet"));
    command.args(["compare", "--quick", "--backend", "closures", "--max-rounds", "100000", "--precision", "0.0001%", "--time", time]);
    command.args(workloads.iter().flat_map(|w| ["--workload", w])).arg("--out").arg(out);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command runs")
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success());
}

/// Whether the child catches SIGINT by now.
fn catches(child: &Child) -> bool {
    let text = std::fs::read_to_string(format!("/proc/{}/status", child.id())).expect("the kernel tells");
    let caught = text.lines().find_map(|l| l.strip_prefix("SigCgt:")).map(str::trim);
    caught.and_then(|mask| u64::from_str_radix(mask, 16).ok()).is_some_and(|mask| mask & 0b10 != 0)
}

/// Waits for the end, which comes within seconds, and answers what was said.
fn end(mut child: Child) -> (ExitStatus, String) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while child.try_wait().expect("a child").is_none() {
        assert!(Instant::now() < deadline, "the interrupt ends it");
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut said = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("text");
    (child.wait().expect("a child"), said)
}

/// The names of the workloads of a result file.
fn workloads(out: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(out.join("results.json")).expect("a result file");
    let results = quintet_results::Results::from_json(&text).expect("a whole one");
    results.workloads.into_iter().map(|w| w.name).collect()
}

#[test]
fn an_interrupt_writes_the_workloads_that_are_finished() {
    for (name, status) in [("INT", 130), ("TERM", 143)] {
        let out = folder(name);
        let mut child = start(&out, &["one-comparison", "small-sets"], "2");
        // The table of the first workload comes when it is finished.
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        assert!(lines.any(|l| l.expect("text").starts_with("harness:")), "the first table");
        signal(&child, name);
        let (ended, said) = end(child);
        assert_eq!(ended.code(), Some(status), "{said}");
        assert!(said.contains("interrupted: 1 of 2 workloads are finished (one-comparison), written to"), "{said}");
        assert_eq!(workloads(&out), ["one-comparison"]);
        assert_eq!(std::fs::read_dir(&out).expect("a folder").count(), 1, "nothing half written");
    }
}

#[test]
fn an_interrupt_before_anything_is_finished_writes_nothing() {
    let out = folder("early");
    std::fs::write(out.join("results.json"), "before").expect("a file");
    let child = start(&out, &["one-comparison"], "600");
    while !catches(&child) {
        std::thread::sleep(Duration::from_millis(5));
    }
    signal(&child, "INT");
    let (ended, said) = end(child);
    assert_eq!(ended.code(), Some(130), "{said}");
    assert!(said.contains("no workload was finished, so nothing is written"), "{said}");
    assert_eq!(std::fs::read_to_string(out.join("results.json")).expect("a file"), "before");
}

#[test]
fn rules_without_a_match_are_warned_of() {
    let folder = folder("unmatched");
    for (rules, warning) in [
        ("rule a = tcp\nrule b = frame.len == 1\n", Some("warning: w: 1 of 2 rules matches no record: b")),
        ("frame.len == 1", Some("warning: w: no record matches any rule")),
        ("tcp", None),
    ] {
        let (file, out) = (folder.join("w.rules"), folder.join("out"));
        std::fs::write(&file, rules).expect("a file");
        let output = Command::new(env!("CARGO_BIN_EXE_quintet"))
            .args(["compare", "--quick", "--backend", "closures", "--max-rounds", "2", "--time", "0.05", "--input", TRAFFIC])
            .args([Path::new("--rules"), &file, Path::new("--out"), &out])
            .output()
            .expect("the command runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        assert_eq!(said.contains("warning"), warning.is_some(), "{said}");
        assert!(warning.is_none_or(|w| said.contains(w)), "{said}");
    }
}
