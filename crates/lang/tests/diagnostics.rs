//! The mistakes that people make, and what they are told: `diagnostics.toml` holds each with its rendering.
//!
//! `QUINTET_BLESS=1 cargo test -p quintet-lang --test diagnostics` writes what is found into the file; read the difference before you keep it.

mod common;

use std::fmt::Write;
use std::path::PathBuf;

use quintet_lang::{Limits, Scheme, compile, stdlib};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

fn scheme() -> Scheme {
    let text = std::fs::read_to_string(path("scheme.toml")).expect("scheme.toml");
    // Only a few functions, so that hints which list them stay as they are.
    let few = ["lower", "upper", "len", "starts_with", "ends_with", "concat", "substring"];
    let functions = stdlib::signatures().into_iter().filter(|f| few.contains(&f.name.as_str()));
    Scheme::from_toml(&text, functions.collect::<Vec<_>>()).expect("a scheme")
}

fn mistakes() -> Vec<(String, String, String)> {
    let text = std::fs::read_to_string(path("diagnostics.toml")).expect("diagnostics.toml");
    let table: toml::Table = text.parse().expect("TOML");
    let get = |case: &toml::Value, key: &str| case.get(key).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
    table["mistake"].as_array().expect("[[mistake]]").iter().map(|m| (get(m, "about"), get(m, "source"), get(m, "shown"))).collect()
}

#[test]
fn every_mistake_has_a_hint() {
    let (scheme, limits) = (scheme(), Limits::default());
    let mut blessed = String::from("# See diagnostics.rs.\n");
    let mut wrong = String::new();
    for (about, source, shown) in mistakes() {
        let Err(errors) = compile(&source, &scheme, &limits) else { panic!("{about}: {source} is accepted") };
        let found = errors.to_string();
        if let Some(d) = errors.iter().find(|d| d.help.is_none()) {
            let _ = writeln!(wrong, "{about}: no hint in {d:?}");
        }
        if found != shown.trim_end() {
            let _ = writeln!(wrong, "{about}: {source}\n{found}\n");
        }
        let _ = write!(blessed, "\n[[mistake]]\nabout = {}\nsource = {}\nshown = '''\n{found}\n'''\n", quoted(&about), quoted(&source));
    }
    if std::env::var_os("QUINTET_BLESS").is_some() {
        std::fs::write(path("diagnostics.toml"), blessed).expect("diagnostics.toml");
    }
    assert!(wrong.is_empty() || std::env::var_os("QUINTET_BLESS").is_some_and(|_| !wrong.contains("no hint")), "{wrong}");
}

fn quoted(text: &str) -> String {
    if text.contains(['\'', '\n']) { toml::Value::from(text).to_string() } else { format!("'{text}'") }
}

/// What must never be in a message: it is written for people who know rules, not for those who know the program.
const FOREIGN: &[&str] = &[
    "::",
    "CompoundType",
    "Vec<",
    "Some(",
    "None",
    "Ok(",
    "Err(",
    "Box<",
    "Operand",
    "ExprKind",
    "u8",
    "u32",
    "usize",
    "i64",
    "f64",
    "String",
];

fn in_own_words(source: &str, scheme: &Scheme, limits: &Limits) {
    let Err(errors) = compile(source, scheme, limits) else { return };
    for d in &errors {
        for text in [&d.message, &d.label, d.help.as_ref().unwrap_or(&String::new())] {
            // What stands in backquotes is quoted from the rule or the scheme.
            let own: String = text.split('`').step_by(2).collect();
            for word in FOREIGN {
                assert!(!own.contains(word), "{source}: {text}");
            }
        }
    }
}

#[test]
fn no_message_names_a_type_of_the_implementation() {
    let (scheme, limits) = (scheme(), Limits::default());
    for (_, source, _) in mistakes() {
        in_own_words(&source, &scheme, &limits);
    }
    for (_, source, scheme, limits, _) in common::cases() {
        in_own_words(&source, &scheme, &limits);
    }
    for name in ["real_expressions.jsonl", "wireshark_filters.jsonl"] {
        for case in common::corpus(name).unwrap_or_default() {
            in_own_words(case["expr"].as_str().expect("a text"), &scheme, &limits);
        }
    }
}
