//! Output that cannot be written, and written by two at once: nothing is lost without an exit status that says so, no command panics, and
//! no file is left half written.
#![cfg(target_os = "linux")]

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

const RESULTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../reports/tests/data/results.json");
const TRAFFIC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../bench-suite/workloads/data/traffic.pcapng");
/// The flags of the shortest measurement.
const SHORTEST: [&str; 7] = ["--quick", "--backend", "closures", "--max-rounds", "2", "--time", "0.05"];

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quintet"));
    command.args(args).stdin(Stdio::null());
    command
}

/// A fresh folder.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("hostile-output-{name}"));
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("the folder of the last run can be removed");
    }
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// A file of this text.
fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a file");
    path.display().to_string()
}

/// What is in a folder.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).expect("a folder").flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn full() -> File {
    File::options().write(true).open("/dev/full").expect("the kernel has it")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("it was not killed")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A command line, and whether it has something to say on standard error.
type Line<'a> = (Vec<&'a str>, bool);

#[test]
fn a_full_disk_is_told_by_every_verb() {
    let folder = folder("full");
    let case = r#"{"id":"a","scheme":{},"expr":"1 == 1","parse_ok":true,"runs":[{"ctx":{},"result":true}]}"#;
    let cases = file(&folder, "cases.jsonl", case);
    let expressions = file(&folder, "expressions.jsonl", "{\"expr\": \"ssl\"}\n");
    let requests = file(&folder, "requests.jsonl", "{\"method\":\"GET\",\"uri\":\"/\"}\nno JSON\n");
    let out = folder.join("out").display().to_string();
    let pages = folder.join("man").display().to_string();
    let compare = [&["compare", "--rules", "tcp", "--input", TRAFFIC, "--out", &out][..], &SHORTEST].concat();
    let lines: Vec<Line> = vec![
        (vec!["run", "tcp", "--input", TRAFFIC, "--quiet"], false),
        (vec!["run", "tcp", "--input", TRAFFIC, "--output", "count", "--quiet"], false),
        (vec!["run", "tcp", "--input", TRAFFIC, "--output", "csv"], true),
        (vec!["profile", "tcp", "--input", TRAFFIC, "--time", "0.1"], false),
        (vec!["run", "tcp", "--input", TRAFFIC, "--output", "json", "--quiet"], false),
        (vec!["run", "http.request.method == \"GET\"", "--input", &requests], true),
        (vec!["eval", "1 + 1"], false),
        (vec!["eval", "tcp.port", "--input", TRAFFIC], false),
        (vec!["check", "tcp"], false),
        (vec!["check", "tcp", "--output", "json"], false),
        (vec!["check", "--expressions", &expressions, "--scheme", "http"], false),
        (vec!["fields", "--scheme", "packets"], false),
        (vec!["fields", "--scheme", "packets", "--output", "json"], false),
        (vec!["functions"], false),
        (vec!["functions", "--output", "json"], false),
        (vec!["completions", "bash"], false),
        (vec!["man", "--out", &pages], false),
        (vec!["explain", "tcp", "--emit", "ast"], false),
        (vec!["explain", "tcp", "--emit", "asm", "--backend", "jit"], false),
        (vec!["conform", &cases], false),
        (vec!["fmt", "tcp && ssl"], false),
        (vec!["check", "tcp", "udp"], false),
        (vec!["choose", RESULTS], false),
        (vec!["choose", RESULTS, "--output", "json"], false),
        (vec!["diff", RESULTS, RESULTS], false),
        (vec!["diff", RESULTS, RESULTS, "--output", "json"], false),
        (vec!["report", RESULTS, "--out", &out], false),
        (compare, false),
        (vec!["--help"], false),
        (vec!["run", "--help"], false),
        (vec!["--version"], false),
    ];
    for (args, speaks) in &lines {
        let whole = command(args).output().expect("it runs");
        let said = text(&whole.stderr);
        assert!(whole.status.success() && !whole.stdout.is_empty(), "{args:?}: {said}");
        assert_eq!(!said.is_empty(), *speaks, "{args:?}: {said}");

        let lost = command(args).stdout(full()).output().expect("it runs");
        let said = text(&lost.stderr);
        assert!(code(&lost) == 2 && said.contains("quintet: cannot write: No space left on device"), "{args:?}: {said}");

        let mute = command(args).stderr(full()).output().expect("it runs");
        assert_eq!(code(&mute), if *speaks { 2 } else { 0 }, "{args:?}");
        assert!(!mute.stdout.is_empty(), "{args:?}: what could be written was not");

        let both = command(args).stdout(full()).stderr(full()).output().expect("it runs");
        assert_eq!(code(&both), 2, "{args:?}");
    }
    assert!(Path::new(&out).join("results.json").is_file(), "what was measured is written, whoever reads the tables");
}

#[test]
fn what_is_wrong_keeps_its_status_where_nobody_can_read_it() {
    let missing = "no-such-file.json";
    for (args, status) in [
        (vec!["run", "tcq", "--input", TRAFFIC], 1),
        (vec!["run", "tcp", "--input", missing], 2),
        (vec!["check", "tcq"], 1),
        (vec!["eval", "1 +"], 1),
        (vec!["explain", "tcq", "--emit", "ast"], 1),
        (vec!["fmt", "tcp &&"], 1),
        (vec!["fields"], 2),
        (vec!["functions", "splt"], 2),
        (vec!["fmt", "--diff", "tcp && ssl"], 1),
        (vec!["conform", missing], 2),
        (vec!["choose", missing], 2),
        (vec!["diff", missing, missing], 2),
        (vec!["report", missing, "--out", "nowhere"], 2),
        (vec!["compare", "--workload", "no-such-workload"], 2),
        (vec!["frobnicate"], 2),
        (vec![], 2),
    ] {
        let heard = command(&args).output().expect("it runs");
        assert!(code(&heard) == status && !(heard.stderr.is_empty() && heard.stdout.is_empty()), "{args:?}: {}", text(&heard.stderr));
        let mute = command(&args).stderr(full()).output().expect("it runs");
        assert_eq!(code(&mute), status, "{args:?}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    for args in [vec!["fields", "--scheme", "packets"], vec!["run", "tcp", "--input", TRAFFIC], vec!["--help"]] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let closed = command(&args).stdout(writer).stderr(Stdio::piped()).output().expect("it runs");
        assert!(closed.status.success() && closed.stderr.is_empty(), "{args:?}: {}", text(&closed.stderr));
    }
}

#[test]
fn two_comparisons_may_write_to_one_folder() {
    let folder = folder("two");
    let out = folder.display().to_string();
    let start = |rule: &str| -> Child {
        let args = [&["compare", "--rules", rule, "--input", TRAFFIC, "--out", &out][..], &SHORTEST].concat();
        command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs")
    };
    for _ in 0..4 {
        let running = ["tcp", "udp or tcp or dns", "ip.src == 10.0.0.1"].map(start);
        // Whoever looks meanwhile sees a whole file or none.
        for child in running {
            if let Ok(found) = std::fs::read_to_string(folder.join("results.json")) {
                assert!(found.ends_with('}') && found.starts_with('{'), "half a file");
            }
            let output = child.wait_with_output().expect("it ends");
            assert!(output.status.success(), "{}", text(&output.stderr));
        }
        assert_eq!(names(&folder), ["results.json"]);
        let chosen = command(&["choose", &folder.join("results.json").display().to_string()]).output().expect("it runs");
        assert!(chosen.status.success(), "{}", text(&chosen.stderr));
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_refused_before_measuring() {
    let folder = folder("refused");
    let taken = file(&folder, "taken", "no folder");
    for out in [taken.as_str(), &format!("{taken}/below"), "/proc/nothing-here"] {
        // All shipped workloads would take minutes to measure, and their tables would be printed.
        let refused = command(&["compare", "--out", out]).output().expect("it runs");
        let said = text(&refused.stderr);
        assert!(code(&refused) == 2 && said.contains(out), "{out}: {said}");
        assert!(refused.stdout.is_empty(), "{out}: something was measured");
    }
    assert_eq!(names(&folder), ["taken"]);
}

#[test]
fn a_report_that_fails_leaves_nothing_half_written() {
    let folder = folder("report");
    // A folder stands where the second file of the report should.
    std::fs::create_dir_all(folder.join("report.md/kept")).expect("a folder");
    std::fs::write(folder.join("index.html"), "before").expect("a file");
    let failed = command(&["report", RESULTS, "--out", &folder.display().to_string()]).output().expect("it runs");
    let said = text(&failed.stderr);
    assert!(code(&failed) == 2 && said.contains("report.md"), "{said}");
    assert!(failed.stdout.is_empty(), "a report that failed names no file");
    assert_eq!(names(&folder), ["index.html", "report.md"]);
    let page = std::fs::read_to_string(folder.join("index.html")).expect("a page");
    assert!(page == "before" || page.trim_end().ends_with("</html>"), "half a page");
}
