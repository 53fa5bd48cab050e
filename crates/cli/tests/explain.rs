//! `quintet explain` and `quintet functions` as users see them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn quintet(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quintet")).args(args).output().expect("the command runs")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&path).expect("a folder");
    path
}

#[test]
fn explain_shows_what_each_backend_makes() {
    // A form that one backend makes needs no flag that says which.
    for (backend, emit, part) in [("jit", "clif", "function"), ("wasm", "wat", "(module"), ("lua", "lua", "local")] {
        let implied = quintet(&["explain", "tcp.port == 443", "--emit", emit]);
        assert!(implied.status.success() && out(&implied).contains(part), "{emit}: {}", err(&implied));
        assert_eq!(out(&implied), out(&quintet(&["explain", "tcp.port == 443", "--emit", emit, "--backend", backend])));
    }
    let several = quintet(&["explain", "tcp.port == 443", "--emit", "asm"]);
    assert!(err(&several).contains("use --backend jit or jit-fast or jit-stencil or wasm or wasm-winch"), "{}", err(&several));
    for (backend, emit, part) in [
        ("wasm", "asm", "; rule_0: "),
        ("wasm-winch", "asm", "; rule_0: "),
        ("jit", "clif", "function"),
        ("jit", "asm", "ret"),
        ("wasm", "wat", "(module"),
        ("lua", "lua", "local"),
        ("interp", "ast", "Field"),
    ] {
        let result = quintet(&["explain", "tcp.port == 443", "--backend", backend, "--emit", emit]);
        assert!(result.status.success(), "{emit}: {}", err(&result));
        assert!(out(&result).to_lowercase().contains(&part.to_lowercase()), "{emit}: {}", out(&result));
    }
}

#[test]
fn functions_are_listed_for_people_and_programs() {
    let text = out(&quintet(&["functions"]));
    assert!(
        text.contains("split(text: Bytes, separator: literal Bytes, limit: literal Int) -> Array<Bytes>\n    The pieces between"),
        "{text}"
    );
    assert!(text.lines().all(|l| l.chars().count() <= 80), "{text}");
    let json: serde_json::Value = serde_json::from_str(&out(&quintet(&["functions", "--output", "json"]))).expect("JSON");
    let functions = json.as_array().expect("an array");
    for function in functions {
        let (name, summary) = (function["name"].as_str().expect("a name"), function["summary"].as_str().expect("a line"));
        assert!(!summary.is_empty() && text.contains(&format!("{name}(")), "{name}");
    }
    // A function with all that is said of it.
    let one = out(&quintet(&["functions", "split"]));
    assert!(one.contains("empty ones are kept") && !text.contains("empty ones are kept"), "{one}");
    let unknown = quintet(&["functions", "splt"]);
    assert!(unknown.status.code() == Some(2) && err(&unknown).contains("did you mean `split`?"), "{}", err(&unknown));
}

#[test]
fn explain_names_rules_and_picks_them() {
    let folder = folder("explain");
    let rules = folder.join("three.rules").display().to_string();
    std::fs::write(
        &rules,
        "# Three.\nrule web = tcp.port == 443\nrule big = frame.len > 1000\nrule odd =\n  http.host contains \"needle\"  # the last\n",
    )
    .expect("written");
    let forms = [
        ("ast", None),
        ("clif", None),
        ("wat", None),
        ("lua", None),
        ("asm", Some("jit")),
        ("asm", Some("wasm")),
        ("asm", Some("wasm-winch")),
    ];
    for (emit, backend) in forms {
        let explain = |picked: &[&str]| {
            let mut args = vec!["explain", &rules, "--emit", emit];
            args.extend(backend.into_iter().flat_map(|b| ["--backend", b]));
            args.extend(picked.iter().flat_map(|p| ["--rule", p]));
            let result = quintet(&args);
            assert!(result.status.success(), "{args:?}: {}", err(&result));
            out(&result)
        };
        let (all, two) = (explain(&[]), explain(&["odd", "web"]));
        assert!(two.len() < all.len(), "{emit}");
        // Functions are of many rules each.
        if emit == "asm" && backend != Some("jit") {
            continue;
        }
        let place = |text: &str, name: &str| text.lines().position(|l| l.contains(name) && (l.contains("rule") || emit == "wat"));
        assert!(place(&all, "web") < place(&all, "big") && place(&all, "big") < place(&all, "odd"), "{emit}: {all}");
        assert!(place(&two, "web").is_some() && place(&two, "web") < place(&two, "odd"), "{emit}: {two}");
        assert_eq!(place(&two, "big"), None, "{emit}: {two}");
    }
    let unknown = quintet(&["explain", &rules, "--rule", "wbe", "--emit", "ast"]);
    assert!(unknown.status.code() == Some(2) && err(&unknown).contains("no rule `wbe`; did you mean `web`?"), "{}", err(&unknown));
    let unnamed = quintet(&["explain", "tcp", "--rule", "web", "--emit", "ast"]);
    assert!(unnamed.status.code() == Some(2) && err(&unnamed).contains("one expression without a name"), "{}", err(&unnamed));
}

#[test]
fn explain_of_a_rule_does_not_miss_the_lists_of_others() {
    let folder = folder("explain-lists");
    let file = |name: &str, text: &str| {
        std::fs::write(folder.join(name), text).expect("written");
        folder.join(name).display().to_string()
    };
    let rules = file("l.rules", "rule a = tcp.port in $ports\nrule b = ip.src in $nets\n");
    let (ports, nets) = (format!("ports={}", file("ports", "443\n")), format!("nets={}", file("nets", "10.0.0.0/8\n")));
    let one = quintet(&["explain", &rules, "--rule", "a", "--emit", "ast", "--list", &ports, "--list", &nets]);
    assert!(one.status.success() && one.stderr.is_empty(), "{}", err(&one));
    assert!(out(&one).contains("in $ports") && !out(&one).contains("$nets"), "{}", out(&one));
}

#[test]
fn explain_shows_what_adaptive_would_do_behind_the_plan() {
    let plan = quintet(&["explain", "tcp.port == 443", "--emit", "plan"]);
    let adaptive = quintet(&["explain", "tcp.port == 443", "--emit", "plan", "--backend", "adaptive"]);
    assert!(adaptive.status.success(), "{}", err(&adaptive));
    let text = out(&adaptive);
    let decisions = text.strip_prefix(&out(&plan)).expect("the plan comes first");
    assert!(decisions.starts_with("\nadaptive:\n  begins with closures\n"), "{decisions}");
    // Others decide nothing by themselves.
    assert_eq!(out(&quintet(&["explain", "tcp.port == 443", "--emit", "plan", "--backend", "jit"])), out(&plan));
}
