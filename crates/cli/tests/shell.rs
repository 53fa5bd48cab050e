//! `quintet completions` and `quintet man`, the totals of `check`, and `fmt --diff`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const VERBS: [&str; 15] = [
    "compare",
    "choose",
    "diff",
    "profile",
    "run",
    "check",
    "fields",
    "functions",
    "explain",
    "eval",
    "conform",
    "report",
    "fmt",
    "lsp",
    "completions",
];

fn quintet(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quintet")).args(args).output().expect("the command runs")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A fresh folder.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("shell-{name}"));
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("the folder of the last run can be removed");
    }
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a file");
    path.display().to_string()
}

#[test]
fn shells_get_their_completions() {
    let folder = folder("completions");
    for shell in ["bash", "zsh", "fish"] {
        let result = quintet(&["completions", shell]);
        assert!(result.status.success(), "{}", err(&result));
        let script = out(&result);
        for word in VERBS.iter().chain(&["max-rounds", "jsonl", "wat"]) {
            assert!(script.contains(word), "{shell}: {word}");
        }
        // Where the shell is there, it can read the script.
        let path = file(&folder, shell, &script);
        match Command::new(shell).args(["-n", &path]).stderr(Stdio::piped()).output() {
            Ok(read) => assert!(read.status.success(), "{shell}: {}", err(&read)),
            Err(_) => println!("{shell} is not here to read its script"),
        }
    }
    // What bash offers once it has read the script.
    let offered = "source \"$0\"; COMP_WORDS=(quintet che); COMP_CWORD=1; _quintet quintet che quintet; echo \"${COMPREPLY[@]}\"";
    match Command::new("bash").args(["-c", offered, &folder.join("bash").display().to_string()]).output() {
        Ok(offers) => assert_eq!(out(&offers).trim(), "check", "{}", err(&offers)),
        Err(_) => println!("bash is not here to complete"),
    }
    assert_eq!(quintet(&["completions", "ash"]).status.code(), Some(2));
}

#[test]
fn every_verb_has_a_manual_page() {
    let folder = folder("man").join("man1");
    let result = quintet(&["man", "--out", &folder.display().to_string()]);
    assert!(result.status.success(), "{}", err(&result));
    let pages: Vec<PathBuf> = out(&result).lines().map(PathBuf::from).collect();
    let names = VERBS.iter().map(|verb| format!("quintet-{verb}.1")).chain(["quintet.1".to_owned()]);
    assert_eq!(names.filter(|name| !pages.contains(&folder.join(name))).collect::<Vec<_>>(), Vec::<String>::new());
    assert_eq!(std::fs::read_dir(&folder).expect("a folder").count(), VERBS.len() + 1, "nothing else");
    for page in pages {
        let text = std::fs::read_to_string(&page).expect("a page");
        assert!(text.contains(".TH quintet") && text.contains(".SH NAME") && text.contains(".SH OPTIONS"), "{}", page.display());
        assert_eq!(text.matches("\n.nf\n").count(), text.matches("\n.fi\n").count(), "{}", page.display());
    }
    let compare = std::fs::read_to_string(folder.join("quintet-compare.1")).expect("a page");
    assert!(compare.contains(".nf\n  quintet compare"), "examples keep their lines: {compare}");
    let taken = file(folder.parent().expect("a folder"), "taken", "");
    assert_eq!(quintet(&["man", "--out", &taken]).status.code(), Some(2));
}

#[test]
fn check_ends_with_a_total() {
    let folder = folder("check");
    let right = file(&folder, "right.rules", "rule a = tcp\nrule b = udp\n");
    let wrong = file(&folder, "wrong.rules", "rule a = tcq\nrule b = tcp.port == \"x\"\n");
    let many: String = (0..300).map(|i| format!("rule r{i} = nope{i} == 1\n")).collect();
    let many = file(&folder, "many.rules", &many);

    let one = quintet(&["check", &right]);
    assert_eq!((one.status.code(), out(&one).lines().count()), (Some(0), 1), "{}", out(&one));
    let two = quintet(&["check", &right, "tcp"]);
    assert_eq!(out(&two).lines().last(), Some("2 files checked: 3 rules without errors"), "{}", out(&two));
    let wrongs = quintet(&["check", &wrong]);
    assert_eq!((wrongs.status.code(), err(&wrongs).lines().last()), (Some(1), Some("quintet: 2 errors")), "{}", err(&wrongs));
    let all = quintet(&["check", &wrong, &right, &many]);
    assert_eq!(all.status.code(), Some(1));
    let total = "quintet: 3 files checked: 2 rules without errors, 302 errors in 2 files";
    assert_eq!(err(&all).lines().last(), Some(total), "{}", err(&all));
    assert!(err(&all).contains("many.rules: 100 more findings are not shown"), "{}", err(&all));
    assert!(out(&all).contains("right.rules: 2 rules"), "{}", out(&all));
    // For programs, a line for each file and no total.
    let json = quintet(&["check", &wrong, &right, &many, "--output", "json"]);
    assert_eq!((json.status.code(), err(&json)), (Some(1), String::new()));
    let found: Vec<(u64, u64)> = out(&json)
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"))
        .map(|file| (file["diagnostics"].as_array().map_or(0, |d| d.len() as u64), file["left_out"].as_u64().expect("a number")))
        .collect();
    assert_eq!(found, [(2, 0), (0, 0), (200, 100)]);
}

#[test]
fn fmt_shows_what_would_change() {
    let folder = folder("fmt");
    let wrong = file(&folder, "wrong.rules", "# why\nrule a=(ssl)&&( x ne 1 ) # here\nrule b = ssl\n");
    let right = file(&folder, "right.rules", "rule b = ssl\n");
    let shown = quintet(&["fmt", "--diff", &right, &wrong]);
    let diff = format!(
        "--- {wrong}\n+++ {wrong}\n@@ -1,3 +1,3 @@\n # why\n-rule a=(ssl)&&( x ne 1 ) # here\n+rule a = ssl and x != 1  # here\n rule b = ssl\n"
    );
    assert_eq!((shown.status.code(), out(&shown), err(&shown)), (Some(1), diff, String::new()));
    assert!(std::fs::read_to_string(&wrong).expect("a file").contains("&&"), "nothing is written");
    let same = quintet(&["fmt", "--diff", &right, "ssl"]);
    assert_eq!((same.status.code(), out(&same)), (Some(0), String::new()));
    let expression = quintet(&["fmt", "--diff", "(ssl)"]);
    assert_eq!(out(&expression), "--- expression\n+++ expression\n@@ -1 +1 @@\n-(ssl)\n+ssl\n");
    for other in ["--check", "--write"] {
        assert_eq!(quintet(&["fmt", "--diff", other, &wrong]).status.code(), Some(2), "{other}");
    }
    assert_eq!(quintet(&["fmt", "--diff", "x =="]).status.code(), Some(1));
}
