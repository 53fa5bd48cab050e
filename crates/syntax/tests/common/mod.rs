//! Texts that tests read, and files that tests compare.
#![allow(dead_code, reason = "each test uses some")]

use std::path::{Path, PathBuf};

use serde_json::Value;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The expressions of a file of the corpus, which lies beside the workspace; none where it is absent.
pub fn corpus(name: &str) -> Vec<String> {
    let path = root().join("../shared/corpus").join(name);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: there is no {}", path.display());
        return Vec::new();
    };
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"));
    lines.filter_map(|case| case["expr"].as_str().map(str::to_owned)).collect()
}

/// The project's own texts: rule files, and the sources of the language's cases.
pub fn own() -> Vec<String> {
    let mut texts = Vec::new();
    for folder in ["bench-suite/workloads", "crates", "examples"] {
        collect(&root().join(folder), &mut texts);
    }
    let cases = std::fs::read_to_string(root().join("crates/lang/tests/cases.toml")).expect("cases.toml");
    let table: toml::Table = cases.parse().expect("TOML");
    let cases = table["case"].as_array().expect("[[case]]");
    texts.extend(cases.iter().map(|case| case["source"].as_str().expect("a source").to_owned()));
    texts
}

fn collect(folder: &Path, texts: &mut Vec<String>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() && !path.ends_with("target") {
            collect(&path, texts);
        } else if path.extension().is_some_and(|e| e == "rules") {
            texts.push(std::fs::read_to_string(&path).expect("a rule file"));
        }
    }
}

/// Compares `made` with the file of this crate at `path`, or writes it there where `QUINTET_BLESS` is set.
pub fn golden(path: &str, made: &str) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("QUINTET_BLESS").is_some() {
        std::fs::write(&file, made).expect("the file can be written");
        return;
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == made, "{path} differs from what the code makes; QUINTET_BLESS=1 rewrites it");
}
