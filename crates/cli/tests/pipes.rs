//! Inputs and rules that come through pipes: all of them, and while they come.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quintet"));
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn quintet(args: &[&str]) -> Output {
    command(args).stdin(Stdio::null()).output().expect("the command runs")
}

/// Runs with these bytes on standard input.
fn fed(args: &[&str], bytes: &[u8]) -> Output {
    let mut child = command(args).spawn().expect("the command runs");
    let mut input = child.stdin.take().expect("a pipe");
    let bytes = bytes.to_vec();
    // Whoever has seen enough closes the pipe.
    let writer = std::thread::spawn(move || drop(input.write_all(&bytes)));
    let output = child.wait_with_output().expect("the command ends");
    writer.join().expect("a writer");
    output
}

fn out(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench-suite/workloads/data").join(name)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// A named pipe of this test's own.
fn fifo(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    // One of an earlier run is in the way.
    let _ = std::fs::remove_file(&path);
    assert!(Command::new("mkfifo").arg(&path).status().expect("mkfifo runs").success());
    path
}

const INPUTS: [(&str, &str); 2] = [("requests.jsonl", "http.request.method != \"\""), ("traffic.pcapng", "frame.len > 0")];

#[test]
fn a_pipe_has_the_records_of_the_file() {
    for (file, rule) in INPUTS {
        let path = data(file);
        let bytes = std::fs::read(&path).expect("a file");
        let expected = out(&quintet(&["run", rule, "--input", &path.display().to_string()]));
        assert!(expected.lines().count() > 1000);
        for bytes in [&bytes, &gzip(&bytes)] {
            for input in ["-", "/dev/stdin"] {
                assert_eq!(out(&fed(&["run", rule, "--input", input], bytes)), expected, "{file} {input}");
            }
            let path = fifo("records");
            let writer = std::thread::spawn({
                let (path, bytes) = (path.clone(), bytes.clone());
                move || std::fs::write(path, bytes)
            });
            assert_eq!(out(&quintet(&["run", rule, "--input", &path.display().to_string()])), expected, "{file}");
            writer.join().expect("a writer").expect("the pipe takes all");
        }
        let values = out(&quintet(&["eval", rule, "--input", &path.display().to_string()]));
        assert_eq!(out(&fed(&["eval", rule, "--input", "-"], &bytes)), values, "{file}");
        let file = std::fs::File::open(&path).expect("a file");
        assert_eq!(out(&command(&["run", rule, "--input", "-"]).stdin(file).output().expect("the command runs")), expected);
    }
}

#[test]
fn rules_come_through_pipes() {
    let rules = b"rule a = tcp.port == 443\n";
    for name in ["-", "/dev/stdin"] {
        let checked = fed(&["check", name], rules);
        assert!(out(&checked).contains("1 rule over 1 field"), "{}", out(&checked));
    }
    let path = fifo("rules");
    let writer = std::thread::spawn({
        let path = path.clone();
        move || std::fs::write(path, rules)
    });
    let result =
        quintet(&["run", &path.display().to_string(), "--input", &data("traffic.pcapng").display().to_string(), "--output", "count"]);
    assert!(out(&result).trim().parse::<u32>().is_ok());
    writer.join().expect("a writer").expect("the pipe takes all");
    assert_eq!(out(&fed(&["eval", "-"], b"1 + 2")).trim(), "3");
    let both = fed(&["run", "-", "--input", "-"], b"");
    assert_eq!(both.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&both.stderr).contains("both come from standard input"));
}

#[test]
fn case_files_come_through_pipes() {
    let case = b"{\"id\":\"a\",\"scheme\":{},\"expr\":\"1 == 1\",\"parse_ok\":true,\"runs\":[{\"ctx\":{},\"result\":true}]}\n";
    for mark in [&b""[..], b"\xef\xbb\xbf"] {
        let result = fed(&["conform", "-"], &[mark, case].concat());
        assert!(out(&result).contains("1 passed, 0 failed"), "{}", out(&result));
    }
}

/// A command that runs while its input comes.
struct Session {
    child: Child,
    lines: Receiver<String>,
}

impl Session {
    fn new(args: &[&str]) -> Session {
        let mut child = command(args).spawn().expect("the command runs");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, lines) = channel();
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Session { child, lines }
    }

    fn write(&mut self, bytes: &[u8]) {
        let input = self.child.stdin.as_mut().expect("a pipe");
        input.write_all(bytes).and_then(|()| input.flush()).expect("the pipe takes it");
    }

    /// The next lines, while the input is open.
    fn expect(&self, lines: &[&str]) {
        for line in lines {
            assert_eq!(self.lines.recv_timeout(Duration::from_secs(20)).as_deref(), Ok(*line));
        }
    }

    /// No line comes now.
    fn expect_none(&self) {
        assert!(self.lines.recv_timeout(Duration::from_millis(600)).is_err());
    }

    fn end(mut self) {
        drop(self.child.stdin.take());
        let mut errors = String::new();
        self.child.stderr.take().expect("a pipe").read_to_string(&mut errors).expect("text");
        assert!(self.child.wait().expect("the command ends").success(), "{errors}");
        assert_eq!(self.lines.recv().ok(), None);
        assert_eq!(errors, "");
    }
}

/// A pcap of frames with these numbers of bytes: the file's header, and each frame.
fn pcap(lens: &[u32]) -> Vec<Vec<u8>> {
    let word = |v: u32| v.to_le_bytes();
    let header = [word(0xa1b2_c3d4), word(0x0004_0002), word(0), word(0), word(65535), word(1)].concat();
    let frame = |len: &u32| [&[word(1), word(0), word(*len), word(*len)].concat()[..], &vec![0x55; *len as usize]].concat();
    std::iter::once(header).chain(lens.iter().map(frame)).collect()
}

#[test]
fn answers_come_while_a_capture_goes_on() {
    let parts = pcap(&[60, 61, 62, 63]);
    let mut session = Session::new(&["run", "frame.len != 61", "--quiet", "--input", "-"]);
    session.write(&parts[0]);
    session.write(&parts[1]);
    session.write(&parts[2]);
    session.expect(&["1"]);
    // A part of a frame is no frame, however long the rest takes.
    session.write(&parts[3][..30]);
    session.expect_none();
    session.write(&parts[3][30..]);
    session.expect(&["3"]);
    session.write(&parts[4]);
    session.expect(&["4"]);
    session.end();
}

#[test]
fn answers_come_while_a_pcapng_goes_on() {
    let bytes = std::fs::read(data("traffic.pcapng")).expect("a capture");
    // Blocks of the capture, by their lengths.
    let mut blocks = Vec::new();
    let mut rest = &bytes[..];
    while blocks.len() < 12 {
        let len = u32::from_le_bytes([rest[4], rest[5], rest[6], rest[7]]) as usize;
        blocks.push(&rest[..len]);
        rest = &rest[len..];
    }
    let packets = |blocks: &[&[u8]]| blocks.iter().filter(|b| matches!(b[0], 3 | 6)).count();
    let mut session = Session::new(&["run", "frame.len > 0", "--quiet", "--input", "-"]);
    session.write(&blocks[..6].concat());
    let first: Vec<String> = (1..=packets(&blocks[..6])).map(|n| n.to_string()).collect();
    session.expect(&first.iter().map(String::as_str).collect::<Vec<_>>());
    session.write(&blocks[6][..10]);
    session.expect_none();
    session.write(&blocks[6][10..]);
    session.write(&blocks[7..].concat());
    let then: Vec<String> = (packets(&blocks[..6]) + 1..=packets(&blocks)).map(|n| n.to_string()).collect();
    assert!(!first.is_empty() && !then.is_empty());
    session.expect(&then.iter().map(String::as_str).collect::<Vec<_>>());
    session.end();
}

#[test]
fn answers_come_while_lines_go_on() {
    let line = |method: &str| format!("{{\"method\":\"{method}\",\"uri\":\"/\"}}\n").into_bytes();
    for command in [["run", "http.request.method == \"GET\""], ["eval", "http.request.method"]] {
        let mut session = Session::new(&[command[0], command[1], "--input", "-"]);
        let shown = |run: &'static str, eval: &'static str| if command[0] == "run" { run } else { eval };
        session.write(&line("GET"));
        session.expect(&[shown("1", "\"GET\"")]);
        session.write(&line("GET")[..15]);
        session.expect_none();
        session.write(&line("GET")[15..]);
        session.expect(&[shown("2", "\"GET\"")]);
        // Lines that come more often than the wait lasts do not hold up the first of them.
        for _ in 0..8 {
            session.write(&line("GET"));
            std::thread::sleep(Duration::from_millis(100));
        }
        session.expect(&[shown("3", "\"GET\"")]);
        drop(session.child.stdin.take());
        assert_eq!(session.lines.iter().count(), 7);
        assert!(session.child.wait().expect("the command ends").success());
    }
}

#[test]
fn answers_come_while_compressed_lines_go_on() {
    let mut session = Session::new(&["run", "http.request.method == \"GET\"", "--quiet", "--input", "-"]);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    for n in ["1", "2", "3"] {
        encoder.write_all(b"{\"method\":\"GET\",\"uri\":\"/\"}\n").and_then(|()| encoder.flush()).expect("memory");
        session.write(&std::mem::take(encoder.get_mut()));
        session.expect(&[n]);
    }
    session.write(&encoder.finish().expect("memory"));
    session.end();
}
