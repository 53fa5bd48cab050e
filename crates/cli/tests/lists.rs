//! `--list` as users see it.

use std::path::Path;
use std::process::{Command, Output};

fn quintet(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quintet")).args(args).output().expect("the command runs")
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn file(name: &str, text: &str) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lists");
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a file");
    path.display().to_string()
}

fn data(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench-suite/workloads/data").join(name).display().to_string()
}

#[test]
fn rules_run_with_lists_of_files() {
    let traffic = data("traffic.pcapng");
    let count = |rules: &str, list: Option<&str>, backend: &str| {
        let mut args = vec!["run", rules, "--input", &traffic, "--output", "count", "--backend", backend];
        args.extend(list.into_iter().flat_map(|l| ["--list", l]));
        let result = quintet(&args);
        assert!(result.status.success(), "{args:?}: {}", err(&result));
        String::from_utf8_lossy(&result.stdout).into_owned()
    };
    let ports = format!("web.ports={}", file("ports.txt", "# web\n443\n8000..8999 # others\n"));
    let nets = format!("nets:ip={}", file("nets.csv", "10.0.0.0/8,private\n2001:db8::/32,\n"));
    for backend in ["interp", "closures", "jit", "jit-fast", "jit-stencil", "wasm", "wasm-winch", "lua", "lua-nojit", "adaptive"] {
        for (listed, list, written) in [
            ("tcp.dstport in $web.ports", &ports, "tcp.dstport in {443 8000..8999}"),
            ("ip.src in $nets", &nets, "ip.src in {10.0.0.0/8 2001:db8::/32}"),
        ] {
            let found = count(listed, Some(list), backend);
            assert_eq!(found, count(written, None, backend), "{listed} on {backend}");
        }
    }
}

#[test]
fn unknown_lists_and_wrong_files_are_explained() {
    let ports = format!("ports={}", file("p.txt", "443\n"));
    let names = format!("ports={}", file("n.txt", "443\n\nexample.org\n"));
    let hosts = format!("ports={}", file("h.csv", "a,b,c\n"));
    for (args, status, says) in [
        (
            vec!["check", "tcp.dstport in $prots", "--list", &ports],
            1,
            vec!["there is no list `$prots`", "did you mean `$ports`?", "no rule tests"],
        ),
        (vec!["check", "tcp.dstport in $ports"], 1, vec!["there is no list `$ports`", "--list ports=FILE"]),
        (vec!["explain", "tcp.dstport in $ports", "--emit", "ast"], 1, vec!["there is no list `$ports`"]),
        (vec!["check", "tcp.dstport in $ports", "--list", &names], 2, vec!["list `ports` of Int: ", "n.txt:3: `example.org`: "]),
        (vec!["check", "http.host in $ports", "--list", &hosts], 2, vec!["h.csv:1: 3 columns"]),
        (vec!["check", "tcp", "--list", "ports"], 2, vec!["NAME=FILE"]),
        (vec!["check", "tcp", "--list", "ports=no/such/file"], 2, vec!["no/such/file: "]),
        (vec!["check", "tcp", "--list", &ports, "--list", &ports], 2, vec!["given twice"]),
        (vec!["check", "tcp.dstport in $ports", "--list", &ports], 0, vec![]),
        (vec!["explain", "tcp.dstport in $ports", "--list", &ports, "--emit", "lua", "--backend", "lua"], 0, vec![]),
    ] {
        let result = quintet(&args);
        let message = err(&result);
        assert_eq!(result.status.code(), Some(status), "{args:?}: {message}");
        for says in says {
            assert!(message.contains(says), "{args:?} should say {says}: {message}");
        }
    }
}

#[test]
fn workloads_have_lists() {
    file("w.rules", "rule web = tcp.dstport in $web\n");
    file("web.txt", "443\n80\n");
    let traffic = data("traffic.pcapng");
    let toml = |lists: &str| format!("name = \"w\"\nabout = \"A list.\"\nrules = \"w.rules\"\ninput = {traffic:?}\n[lists]\n{lists}\n");
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lists").display().to_string();
    let run = |name: &str, lists: &str| {
        quintet(&[
            "compare",
            "--quick",
            "--out",
            &out,
            "--backend",
            "closures",
            "--backend",
            "interp",
            "--workload",
            &file(name, &toml(lists)),
        ])
    };
    let result = run("w.toml", "web = \"web.txt\"");
    assert!(result.status.success(), "{}", err(&result));
    let result = run("unused.toml", "web = \"web.txt\"\nother = \"web.txt\"");
    assert!(result.status.code() == Some(2) && err(&result).contains("list `other`"), "{}", err(&result));
    let result = run("none.toml", "");
    assert!(result.status.code() == Some(2) && err(&result).contains("there is no list `$web`"), "{}", err(&result));
}
