//! The mistakes that people make, and what they are told: `diagnostics.toml` holds each with its rendering, and many with the text after
//! the mend that the hint shows.
//!
//! `QUINTET_BLESS=1 cargo test -p quintet-lang --test diagnostics` writes what is found into the file; read the difference before you keep it.

mod common;

use std::fmt::Write;
use std::path::PathBuf;

use quintet_lang::{Diagnostics, Limits, Scheme, compile, stdlib, warnings};

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

struct Mistake {
    about: String,
    source: String,
    shown: String,
    /// The source as the hints say to write it.
    mend: Option<String>,
}

fn mistakes() -> Vec<Mistake> {
    let text = std::fs::read_to_string(path("diagnostics.toml")).expect("diagnostics.toml");
    let table: toml::Table = text.parse().expect("TOML");
    let find = |case: &toml::Value, key: &str| case.get(key).and_then(|v| v.as_str()).map(str::to_owned);
    let get = |case: &toml::Value, key: &str| find(case, key).unwrap_or_default();
    let mistake =
        |m: &toml::Value| Mistake { about: get(m, "about"), source: get(m, "source"), shown: get(m, "shown"), mend: find(m, "mend") };
    table["mistake"].as_array().expect("[[mistake]]").iter().map(mistake).collect()
}

/// The errors of a text, or the warnings of one that has none.
fn found(source: &str, scheme: &Scheme, limits: &Limits) -> Diagnostics {
    compile(source, scheme, limits).err().unwrap_or_else(|| warnings(source, scheme, limits))
}

#[test]
fn every_mistake_has_a_hint() {
    let (scheme, limits) = (scheme(), Limits::default());
    let mut blessed = String::from("# See diagnostics.rs.\n");
    let mut wrong = String::new();
    for Mistake { about, source, shown, mend } in mistakes() {
        let errors = found(&source, &scheme, &limits);
        assert!(!errors.is_empty(), "{about}: {source} is accepted");
        let found = errors.to_string();
        if let Some(d) = errors.iter().find(|d| d.help.is_none()) {
            let _ = writeln!(wrong, "{about}: no hint in {d:?}");
        }
        if found != shown.trim_end() {
            let _ = writeln!(wrong, "{about}: {source}\n{found}\n");
        }
        let _ = write!(blessed, "\n[[mistake]]\nabout = {}\nsource = {}\n", quoted(&about), quoted(&source));
        if let Some(mend) = mend {
            let _ = writeln!(blessed, "mend = {}", quoted(&mend));
        }
        let _ = write!(blessed, "shown = '''\n{found}\n'''\n");
    }
    if std::env::var_os("QUINTET_BLESS").is_some() {
        std::fs::write(path("diagnostics.toml"), blessed).expect("diagnostics.toml");
    }
    assert!(wrong.is_empty() || std::env::var_os("QUINTET_BLESS").is_some_and(|_| !wrong.contains("no hint")), "{wrong}");
}

/// The mend checks, and is what the hints show: it has a piece of each hint's code more than the source has, or has it alone where something
/// had to go.
#[test]
fn mends_check() {
    let (scheme, limits) = (scheme(), Limits::default());
    let mut mended = 0;
    for Mistake { about, source, mend, .. } in mistakes() {
        let Some(mend) = mend else { continue };
        compile(&mend, &scheme, &limits).unwrap_or_else(|e| panic!("{about}: {mend}\n{e}"));
        let errors = found(&source, &scheme, &limits);
        if !errors.has_errors() {
            let left = warnings(&mend, &scheme, &limits);
            assert!(left.is_empty(), "{about}: {mend}\n{left}");
        }
        for help in errors.iter().map(|d| d.help.as_deref().unwrap_or_default()) {
            let mut code = help.split('`').skip(1).step_by(2);
            let shown = code.any(|c| mend.matches(c).count() > source.matches(c).count() || mend.contains(c) && mend.len() < source.len());
            assert!(shown, "{about}: {mend} is not what this says: {help}");
        }
        mended += 1;
    }
    println!("{mended} mends");
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
    "i32",
    "u64",
    "u16",
    "f64",
    "f32",
    "bool",
    "String",
    "&str",
    "&[",
    "Option",
    "Result<",
    "HashMap",
    "IpAddr",
    "Const(",
    "Token",
    "Span",
    "{ ",
];

fn in_own_words(source: &str, scheme: &Scheme, limits: &Limits) {
    for d in &found(source, scheme, limits) {
        for text in [&d.message, &d.label, d.help.as_ref().unwrap_or(&String::new())] {
            // What stands in backquotes is quoted from the rule or the scheme.
            let own: String = text.split('`').step_by(2).collect();
            for word in FOREIGN {
                assert!(!own.contains(word), "{source}: {text}");
            }
        }
    }
}

/// Expressions with a few characters changed, the same on every run.
fn mutated(expr: &str, random: &mut impl FnMut(usize) -> usize) -> String {
    const PIECES: [&str; 24] = [
        "=",
        "'",
        "\"",
        "[",
        "]",
        "{",
        "}",
        "(",
        ")",
        "[*]",
        " in ",
        " and ",
        "not ",
        "$l",
        "1",
        "1.5",
        "10.0.0.0/8",
        " & ",
        " - ",
        "é",
        "\\",
        " contains ",
        " == ",
        "any(",
    ];
    let mut chars: Vec<char> = expr.chars().take(300).collect();
    for _ in 0..=random(3) {
        let at = random(chars.len() + 1);
        match random(3) {
            0 if at < chars.len() => drop(chars.remove(at)),
            1 => chars.truncate(at),
            _ => drop(chars.splice(at..at, PIECES[random(PIECES.len())].chars()).collect::<Vec<_>>()),
        }
    }
    chars.into_iter().collect()
}

#[test]
fn no_message_about_mutated_expressions_names_a_type_of_the_implementation() {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) as usize % below.max(1)
    };
    let cloudflare = path("../../inputs/src/cloudflare.toml");
    let cloudflare = Scheme::from_toml(&std::fs::read_to_string(cloudflare).expect("a file"), stdlib::signatures()).expect("a scheme");
    let (own, limits) = (scheme(), Limits::default());
    let mut count = 0;
    let mut try_all = |source: &str, scheme: &Scheme, times: usize| {
        for _ in 0..times {
            in_own_words(&mutated(source, &mut random), scheme, &limits);
            count += 1;
        }
    };
    for Mistake { source, mend, .. } in mistakes() {
        try_all(&source, &own, 10);
        try_all(&mend.unwrap_or_default(), &own, 10);
    }
    for case in common::corpus("real_expressions.jsonl").unwrap_or_default() {
        try_all(case["expr"].as_str().expect("a text"), &cloudflare, 5);
    }
    println!("{count} texts");
    assert!(count > 2000);
}

#[test]
fn no_message_names_a_type_of_the_implementation() {
    let (scheme, limits) = (scheme(), Limits::default());
    for Mistake { source, .. } in mistakes() {
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
