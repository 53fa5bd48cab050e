//! What is printed does not depend on how many threads read and match.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const COUNTS: [&str; 4] = ["1", "2", "4", "7"];

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench-suite/workloads").join(name)
}

/// A folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&path).expect("a folder");
    path
}

/// A file of the same lines or packets again and again, so that it is cut into many pieces.
fn long(name: &str, times: usize, folder: &Path) -> PathBuf {
    let bytes = std::fs::read(data(name)).expect("a file");
    let path = folder.join(Path::new(name).file_name().expect("a name"));
    std::fs::write(&path, bytes.repeat(times)).expect("a file");
    path
}

fn command(args: &[&str], threads: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quintet"));
    command.args(args).args(["--threads", threads]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What is said but for how long it took.
fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    text.lines().map(|line| line.split(" matching, ").next().unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

/// Holds that a command prints, says and exits with the same for each number of threads. Answers what it prints.
fn hold(args: &[&str], run: impl Fn(Command) -> Output) -> Vec<u8> {
    let mut outputs = COUNTS.map(|threads| run(command(args, threads))).into_iter();
    let first = outputs.next().expect("one");
    for (output, threads) in outputs.zip(&COUNTS[1..]) {
        assert_eq!(output.status, first.status, "{args:?} {threads}: {}", said(&output));
        assert_eq!(said(&output), said(&first), "{args:?} {threads}");
        assert!(output.stdout == first.stdout, "{args:?} with {threads} threads prints something else");
    }
    first.stdout
}

fn plain(mut command: Command) -> Output {
    command.output().expect("it runs")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a name")
}

#[test]
fn every_output_of_packets_and_requests() {
    let folder = folder("threads-outputs");
    let (traffic, requests) = (long("data/traffic.pcapng", 5, &folder), long("data/requests.jsonl", 9, &folder));
    let (header_logic, pack) = (data("header-logic.rules"), data("waf-pack.rules"));
    for backend in ["closures", "jit", "jit-stencil", "lua", "wasm", "interp", "adaptive"] {
        for (rules, input, field) in [(&header_logic, &traffic, "ip.src"), (&pack, &requests, "http.request.uri")] {
            let base = ["run", text(rules), "--input", text(input), "--backend", backend];
            assert!(!hold(&[&base[..], &["--output", "count"]].concat(), plain).is_empty());
            if backend == "closures" {
                for output in
                    [&["--output", "numbers"][..], &["--output", "json", "--field", field], &["--output", "csv", "--field", field]]
                {
                    assert!(hold(&[&base[..], output].concat(), plain).len() > 1000);
                }
                let name = if input == &traffic { "found.pcapng" } else { "found.jsonl" };
                let found = folder.join(name);
                let written = COUNTS.map(|threads| {
                    assert!(plain(command(&[&base[..], &["--write", text(&found)]].concat(), threads)).status.success());
                    std::fs::read(&found).expect("a file")
                });
                assert!(written[0].len() > 1000 && written.iter().all(|w| w == &written[0]), "{name}");
            }
        }
    }
}

#[test]
fn traps_and_faults() {
    let folder = folder("threads-faults");
    // Lines of every kind: requests, blank ones, what is no JSON and no request, values that do not fit, and one that is too long.
    let mut lines = Vec::new();
    for i in 0..20_000 {
        match i % 1009 {
            3 => lines.extend(b"\r\n"),
            5 => lines.extend(format!("{{\"method\": {i}\n").bytes()),
            7 => lines.extend(format!("{{\"uri\": \"/{i}\"}}\n").bytes()),
            11 => lines.extend(format!("{{\"method\":\"GET\",\"uri\":\"/\",\"ip\":\"{i}\",\"headers\":[[\"a\",{i}]]}}\n").bytes()),
            13 => lines.extend(b"{\"method\":\"GET\",\"uri\":\"/\xff\"}\n"),
            _ => lines.extend(format!("{{\"method\":\"GET\",\"uri\":\"/?n={i}\",\"version\":\"HTTP/1.{}\",\"x\":1}}\n", i % 2).bytes()),
        }
        if i == 10_000 {
            lines.extend(std::iter::repeat_n(b'x', (16 << 20) + 2));
            lines.push(b'\n');
        }
    }
    lines.extend(b"{\"method\":\"GET\",\"uri\":\"/end\"}");
    let path = folder.join("lines.jsonl");
    std::fs::write(&path, &lines).expect("a file");
    let rule = "1 / (len(http.request.uri) - 7) > 0 or http.request.uri.query == \"n=19999\"";
    for output in ["numbers", "count", "json"] {
        hold(&["run", rule, "--input", text(&path), "--format", "http", "--output", output, "--strict"], plain);
    }
    let first = hold(&["run", rule, "--input", text(&path), "--format", "http", "--output", "json"], plain);
    assert!(String::from_utf8_lossy(&first).contains("trap_places"));
    for output in ["text", "json"] {
        let expression = "1 / (len(http.request.uri) - 7)";
        let values = hold(&["eval", expression, "--input", text(&path), "--format", "http", "--output", output, "--strict"], plain);
        assert!(values.len() > 30_000);
    }
    let zipped = folder.join("cut.jsonl.gz");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&lines).expect("memory");
    let bytes = gzip.finish().expect("memory");
    std::fs::write(&zipped, &bytes[..bytes.len() - 10]).expect("a file");
    hold(&["run", rule, "--input", text(&zipped), "--format", "http", "--output", "numbers"], plain);
    // Rules that cannot be used, and an input that is none, fail the same way.
    hold(&["run", "nonsense ==", "--input", text(&path), "--format", "http"], plain);
    hold(&["run", rule, "--input", text(&path), "--format", "pcap"], plain);
    // Several inputs, each with its name.
    hold(&["run", rule, "--input", text(&path), "--input", text(&data("data/requests.jsonl")), "--format", "http"], plain);
}

#[test]
fn pipes() {
    let folder = folder("threads-pipes");
    let requests = std::fs::read(long("data/requests.jsonl", 9, &folder)).expect("a file");
    let traffic = std::fs::read(long("data/traffic.pcapng", 3, &folder)).expect("a file");
    let (pack, logic) = (data("waf-pack.rules"), data("header-logic.rules"));
    let through = |bytes: &'static [u8]| {
        move |mut command: Command| {
            let mut child = command.stdin(Stdio::piped()).spawn().expect("it runs");
            let mut pipe = child.stdin.take().expect("a pipe");
            let writer = std::thread::spawn(move || bytes.chunks(70_001).try_for_each(|chunk| pipe.write_all(chunk)));
            let output = child.wait_with_output().expect("it ends");
            // A command that refuses its input reads no more of it.
            let _ = writer.join();
            output
        }
    };
    let (requests, traffic): (&'static [u8], &'static [u8]) = (requests.leak(), traffic.leak());
    assert!(hold(&["run", text(&pack), "--input", "-", "--output", "json"], through(requests)).len() > 10_000);
    assert!(hold(&["run", text(&logic), "--input", "-", "--output", "numbers"], through(traffic)).len() > 10_000);
    assert!(hold(&["eval", "len(http.request.uri)", "--input", "-"], through(requests)).len() > 10_000);
    // Whoever has seen enough ends it.
    for threads in COUNTS {
        let mut child = command(&["run", "tcp or not tcp", "--input", "-"], threads).stdin(Stdio::piped()).spawn().expect("it runs");
        let mut pipe = child.stdin.take().expect("a pipe");
        drop(child.stdout.take());
        // The pipe stays open: nothing ends the command but that nobody reads.
        pipe.write_all(&traffic[..traffic.len() / 2])
            .or_else(|e| (e.kind() == std::io::ErrorKind::BrokenPipe).then_some(()).ok_or(e))
            .expect("room");
        assert!(child.wait().expect("it ends").success(), "{threads}");
    }
}

#[test]
fn no_thread_is_refused() {
    let refused = plain(command(&["run", "tcp", "--input", text(&data("data/traffic.pcapng"))], "0"));
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
}
