//! The command on hostile files: an answer, or a message and its exit status, within a second of processor time and in bounded memory.
//! Processor time of the children is what is bounded, because other programs may have the machine; this file therefore holds a single test.
#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Most seconds of processor time for one command.
const SECONDS: f64 = 1.0;
/// Most bytes of resident memory at its peak.
const BYTES: usize = 256 << 20;

/// Seconds of processor time that finished children have used.
fn children_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").expect("the kernel tells");
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |i: usize| fields.get(i).and_then(|n| n.parse::<f64>().ok()).expect("a number");
    (ticks(13) + ticks(14)) / 100.0
}

/// The peak of a living child's memory, as far as the kernel still tells.
fn peak(child: u32) -> Option<usize> {
    let text = std::fs::read_to_string(format!("/proc/{child}/status")).ok()?;
    let kilobytes = text.lines().find(|l| l.starts_with("VmHWM:"))?.split_whitespace().nth(1)?.parse::<usize>().ok()?;
    Some(kilobytes << 10)
}

/// Runs the command within its bounds.
fn quintet(args: &[&str]) -> Output {
    let before = children_seconds();
    let mut command = Command::new(env!("CARGO_BIN_EXE_quintet"));
    let mut child =
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command runs");
    let mut most = 0;
    let id = child.id();
    // The output of these commands fits into a pipe, so the child never waits for its reader.
    while child.try_wait().expect("a child").is_none() {
        most = most.max(peak(id).unwrap_or(0));
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    let output = child.wait_with_output().expect("output");
    let seconds = children_seconds() - before;
    println!("{seconds:.2} s, {} MB: {args:.60?}", most >> 20);
    assert!(seconds < SECONDS, "{args:?}: {seconds:.2} s of processor time");
    assert!(most < BYTES, "{args:?}: {most} bytes");
    output
}

#[test]
fn hostile_files_are_answered_within_a_second() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hostile");
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = |name: &str, bytes: &[u8]| -> String {
        let path: PathBuf = folder.join(name);
        std::fs::write(&path, bytes).expect("a file");
        path.display().to_string()
    };
    let scheme =
        file("s.toml", b"[fields]\nn = \"Int\"\nname = { type = \"Bytes\", optional = true }\nip = { type = \"Ip\", optional = true }\n");
    let input = file("in.jsonl", b"{\"n\": 3, \"name\": \"h30\", \"ip\": \"10.0.0.2\"}\n{\"n\": 1, \"name\": \"\xff\"}\n{\"n\": 6}\n");
    let joined = |count: usize, join: &str, unit: &dyn Fn(usize) -> String| (0..count).map(unit).collect::<Vec<_>>().join(join);
    let address = |i: usize| format!("10.{}.{}.{}", i >> 15, i >> 7 & 255, (i & 127) * 2);
    let rules = [
        ("deep.rules", format!("{}n == 1{}", "(".repeat(10_000), ")".repeat(10_000)), Err("nest")),
        ("wide.rules", joined(40_000, " or ", &|i| format!("name contains \"xyz{i}\"")), Ok("")),
        ("ints.rules", format!("n in {{{}}}", joined(100_000, " ", &|i| (i * 3).to_string())), Ok("1\n3\n")),
        ("texts.rules", format!("name in {{{}}}", joined(100_000, " ", &|i| format!("\"h{i}\""))), Ok("1\n")),
        ("ips.rules", format!("ip in {{{}}}", joined(100_000, " ", &address)), Ok("1\n")),
        // Each fits its own limit, in 4.5 KB; together they would take more than a gigabyte. Equal ones are one.
        ("bombs.rules", joined(100, "\n", &|i| format!("rule r{i} = name matches \"(?:a{{500}}){{600}}{i}\"")), Err("`regexes_bytes`")),
        ("equal-bombs.rules", joined(100, "\n", &|i| format!("rule r{i} = name matches \"(?:a{{500}}){{600}}\"")), Ok("")),
        ("bomb.rules", "name matches \"(a{1000}){1000}\"".into(), Err("limit of 10485760 bytes")),
    ];
    let backends = ["interp", "closures", "jit", "jit-fast", "jit-stencil", "wasm", "wasm-winch", "lua", "lua-nojit", "adaptive"];
    for (name, text, wanted) in &rules {
        let path = file(name, text.as_bytes());
        let check = quintet(&["check", &path, "--scheme", &scheme]);
        let message = String::from_utf8_lossy(&check.stderr).into_owned();
        match wanted {
            Ok(_) => assert!(check.status.success(), "{name}: {message:.300}"),
            Err(says) => assert!(check.status.code() == Some(1) && message.contains(says), "{name}: {message:.300}"),
        }
        for backend in backends {
            let run = quintet(&["run", &path, "--quiet", "--scheme", &scheme, "--input", &input, "--backend", backend]);
            let message = String::from_utf8_lossy(&run.stderr).into_owned();
            let code = !matches!(backend, "interp" | "closures" | "adaptive");
            match wanted {
                Ok(_) if code && *name == "wide.rules" => {
                    assert!(run.status.code() == Some(2) && message.contains("at most 5000"), "{name} {backend}: {message:.300}");
                }
                Ok(lines) => {
                    assert!(run.status.success(), "{name} {backend}: {message:.300}");
                    assert_eq!(String::from_utf8_lossy(&run.stdout), *lines, "{name} {backend}");
                    let said = message.is_empty() || message.contains("left out");
                    assert!(said, "a value that is not UTF-8 is counted where it is read: {message:.300}");
                }
                Err(says) => assert!(run.status.code() == Some(1) && message.contains(says), "{name} {backend}: {message:.300}"),
            }
        }
    }

    // Lists of 100,000 members.
    for (name, text, rule, lines) in [
        ("ints.txt", joined(100_000, "\n", &|i| (i * 3).to_string()), "n in $l", "1\n3\n"),
        ("texts.csv", joined(100_000, "\n", &|i| format!("h{i},{i}")), "name in $l", "1\n"),
        ("ips.txt", joined(100_000, "\n", &address), "ip in $l", "1\n"),
    ] {
        let list = format!("l={}", file(name, text.as_bytes()));
        for backend in backends {
            let run = quintet(&["run", rule, "--scheme", &scheme, "--input", &input, "--list", &list, "--backend", backend]);
            assert_eq!(String::from_utf8_lossy(&run.stdout), lines, "{name} {backend}: {}", String::from_utf8_lossy(&run.stderr));
        }
    }

    // Files that are not UTF-8.
    let rule = file("bytes.rules", b"name == \"\xff\"");
    let bad = file("bytes.toml", b"[fields]\n\"\xff\" = \"Int\"\n");
    let list = format!("l={}", file("bytes.txt", b"1\n\xff\n"));
    for (args, status, says) in [
        (vec!["check", &rule, "--scheme", &scheme], 2, "byte 9 is not UTF-8"),
        (vec!["run", &rule, "--scheme", &scheme, "--input", &input], 2, "byte 9 is not UTF-8"),
        (vec!["check", "n == 1", "--scheme", &bad], 2, "UTF-8"),
        (vec!["check", "n in $l", "--scheme", &scheme, "--list", &list], 2, "bytes.txt:2: `\\xff` is not UTF-8"),
        (vec!["check", "name in $l", "--scheme", &scheme, "--list", &list], 0, ""),
    ] {
        let result = quintet(&args);
        let message = String::from_utf8_lossy(&result.stderr).into_owned();
        assert!(result.status.code() == Some(status) && message.contains(says), "{args:?}: {message}");
    }
}
