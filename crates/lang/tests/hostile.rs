//! No text makes the crate panic, overflow the stack or take long.

mod common;

use std::time::{Duration, Instant};

use proptest::prelude::*;
use quintet_lang::{Field, HARD_NESTING, Limits, Presence, Program, Scheme, Type, compile, dump::dump, stdlib};

fn scheme() -> Scheme {
    Scheme::builder()
        .mandatory("x", Type::Int)
        .mandatory("ssl", Type::Bool)
        .mandatory("h", Type::Bytes)
        .mandatory("a", Type::array(Type::Int))
        .mandatory("aa", Type::array(Type::array(Type::Int)))
        .mandatory("names", Type::array(Type::Bytes))
        .functions(stdlib::signatures())
        .build()
        .expect("a scheme")
}

/// Compiles, prints and dumps on a thread with the stack that threads usually have, against the clock.
fn swiftly(text: String, accepted: bool) {
    swiftly_within(text, accepted, Limits::default());
}

fn swiftly_within(text: String, accepted: bool, limits: Limits) {
    let start = Instant::now();
    let shown: String = text.chars().take(60).collect();
    println!("{shown}");
    let run = move || {
        let program = compile(&text, &scheme(), &limits);
        assert_eq!(program.is_ok(), accepted, "{:?}", program.map_err(|e| e.iter().next().map(|d| d.message.clone())).err());
        match program {
            Ok(program) => {
                let again = compile(&program.to_string(), &scheme(), &limits).expect("what was printed");
                assert!(dump(&again) == dump(&program));
            }
            Err(e) => drop(e.to_string()),
        }
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(run).expect("a thread").join().unwrap_or_else(|_| panic!("{shown}"));
    let most = Duration::from_secs(if cfg!(debug_assertions) { 60 } else { 5 });
    assert!(start.elapsed() < most, "{shown} took {:?}", start.elapsed());
}

#[test]
fn deep_nesting_is_an_error() {
    for (open, core, close) in [
        ("(", "ssl", ")"),
        ("not ", "ssl", ""),
        ("!", "ssl", ""),
        ("-", "x == 1", ""),
        ("- ", "x == 1", ""),
        ("lower(", "h", ") == h"),
        ("any(", "a[*] == 1", ")"),
        ("a[", "0", "] == 1"),
        ("h[", "0:1", "] == h"),
        ("x == (", "x", ")"),
        ("10-20 == (", "x", ")"),
        ("(", "", ""),
        ("x+(", "", ""),
        ("((ssl and x == 1-", "1", "))"),
    ] {
        swiftly(format!("{}{core}{}", open.repeat(10_000), close.repeat(10_000)), false);
    }
}

#[test]
fn long_chains() {
    for op in ["and", "or", "xor", "&&"] {
        swiftly(vec!["ssl"; 50_000].join(&format!(" {op} ")), true);
    }
    swiftly(vec!["ssl and x == 1 or"; 25_000].join(" ") + " ssl", true);
    swiftly(format!("any({})", vec!["a[*] == 1"; 20_000].join(" or ")), true);
    swiftly(format!("any({})", vec!["aa[*][*] == 1"; 20_000].join(" or ")), true);
    swiftly(format!("any({})", vec!["aa[*][*] == 1 and a[*] == 1"; 10_000].join(" or ")), true);
    let distinct: Vec<String> = (0..20_000).map(|i| format!("aa[{i}][*] == 1")).collect();
    swiftly(format!("any({})", distinct.join(" or ")), true);
    swiftly(format!("x{} == 1", " + 1".repeat(100)), true);
    swiftly(format!("x{} == 1", " + 1".repeat(50_000)), false);
    swiftly(format!("h{} == \"\"", "[1:]".repeat(50_000)), false);
    swiftly(format!("x in {{{}}}", (0..150_000).map(|i| i.to_string()).collect::<Vec<_>>().join(" ")), true);
    swiftly(format!("h == \"{}\"", "é".repeat(500_000)), true);
    swiftly((0..20_000).map(|i| format!("rule r{i} = x == {i}\n")).collect(), true);
    swiftly((0..20_000).map(|i| format!("rule r{i} = y == {i} and (\n")).collect(), false);
    swiftly("rule a = (\n".repeat(50_000), false);
    swiftly("10-20-".repeat(100_000), false);
    swiftly("h == 10:20:".repeat(50_000), false);
    swiftly("\"".repeat(1_000_000), false);
    swiftly("a".repeat(1_000_000), false);
    swiftly(" ".repeat(1_000_000), false);
    swiftly("5 MB ".repeat(1_000_000), false);
}

#[test]
fn the_deepest_that_is_allowed_fits_the_stack() {
    let limits = Limits { nesting: usize::MAX, ..Limits::default() };
    // Without optimisation frames are several times as large.
    let deep = if cfg!(debug_assertions) { 100 } else { HARD_NESTING - 1 };
    for (open, core, close, levels, accepted) in [
        ("(ssl and ", "ssl", " or ssl)", 2, true),
        ("not ", "ssl", "", 1, true),
        ("lower(", "h", ")", 1, false),
        ("starts_with(lower(", "h", "), h)", 2, false),
        ("(1 + x * ", "x", ")", 1, false),
        ("(ssl xor not (ssl or ssl and ", "x + 1 == 1", "))", 4, true),
    ] {
        let deep = deep / levels;
        swiftly_within(format!("{}{core}{}", open.repeat(deep), close.repeat(deep)), accepted, limits.clone());
    }
    let calls = format!("{}h{} == h", "lower(".repeat(deep), ")".repeat(deep));
    swiftly_within(calls, true, limits.clone());
    if !cfg!(debug_assertions) {
        let (open, close) = ("(".repeat(HARD_NESTING + 1), ")".repeat(HARD_NESTING + 1));
        swiftly_within(format!("{open}ssl{close}"), false, limits);
    }
}

/// What a nullable source stands in is evaluated once and stands in the program once, however it is nested.
#[test]
fn nested_sources_are_bound_and_not_copied() {
    for (open, core, close) in [
        ("all(starts_with(concat(names, split(to_string(", "ssl", "), \",\", 2))[*], \"t\"))"),
        ("all(starts_with(split(to_string(", "seen", "), \",\", 2)[*], \"t\"))"),
        ("any(split(to_string(", "seen", "), \",\", 2)[*] == \"t\")"),
        ("(bits != to_string(", "seen", "))"),
        ("all(starts_with(lower(split(to_string(", "seen", "), \",\", 2)[*])[*], \"t\"))"),
    ] {
        let mut size = 0;
        for levels in [1, 10, 19] {
            let text = format!("{}{core}{}", open.repeat(levels), close.repeat(levels));
            let start = Instant::now();
            let scheme = Scheme::builder()
                .mandatory("names", Type::array(Type::Bytes))
                .mandatory("ssl", Type::Bool)
                .optional("seen", Type::Bool)
                .field(Field {
                    name: "bits".into(),
                    ty: Type::array(Type::Bytes),
                    presence: Presence::Optional,
                    multi: true,
                    doc: String::new(),
                })
                .functions(stdlib::signatures())
                .build()
                .expect("a scheme");
            let program = compile(&text, &scheme, &Limits::default()).unwrap_or_else(|e| panic!("{text}: {e}"));
            let mut count = 0;
            program.rules[0].expr.walk(&mut |_| count += 1);
            if levels == 1 {
                size = count;
            }
            assert!(count <= size * levels, "{text}: {count} expressions");
            let json = program.to_json();
            let again = Program::from_json(&json, &scheme).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(again.rules, program.rules);
            let printed = compile(&program.to_string(), &scheme, &Limits::default()).unwrap_or_else(|e| panic!("{program}: {e}"));
            assert_eq!(dump(&printed), dump(&program));
            assert!(start.elapsed() < Duration::from_secs(2), "{text} took {:?}", start.elapsed());
        }
    }
}

#[test]
fn expressions_and_rules_are_limited() {
    let said = |text: &str, limits: &Limits| {
        let errors = compile(text, &scheme(), limits).expect_err("over the limit");
        let all: Vec<(&str, u32)> = errors.iter().map(|d| (d.code, d.span.start)).collect();
        assert_eq!(all.len(), 1, "{errors}");
        all[0]
    };
    let limits = Limits { rule_expressions: 10, expressions: 25, rules: 4, ..Limits::default() };
    // A comparison and its two operands are three expressions.
    let compares = |count: usize| vec!["x == 1"; count].join(" or ");
    assert!(compile(&compares(3), &scheme(), &limits).is_ok());
    assert_eq!(said(&compares(4), &limits), ("too-many-expressions", 30));
    let rules = |count: usize, each: usize| (0..count).map(|i| format!("rule r{i} = {}\n", compares(each))).collect::<String>();
    assert!(compile(&rules(4, 1), &scheme(), &limits).is_ok());
    assert_eq!(said(&rules(5, 1), &limits).0, "too-many-rules");
    assert_eq!(said(&rules(3, 3), &limits).0, "too-many-expressions");
    // What is over the default limit is said at once.
    swiftly(vec!["ssl"; 600_000].join(" or "), false);
    swiftly((0..300_000).map(|i| format!("rule r{i}=ssl\n")).collect::<String>(), false);
}

fn never_panics(text: &str) {
    if let Err(errors) = compile(text, &scheme(), &Limits::default()) {
        assert!(!errors.is_empty());
        for d in &errors {
            assert!(d.span.start <= d.span.end && d.span.end as usize <= text.len(), "{d:?}");
            let at = errors.position(d.span.start);
            assert!(at.line >= 1 && at.column >= 1);
        }
        drop(errors.to_string());
    }
}

/// Pieces of the language, from which most nonsense is nearly a rule.
const PIECES: &[&str] = &[
    "x",
    "ssl",
    "h",
    "a",
    "aa",
    "names",
    "a[*]",
    "names[*]",
    "any(",
    "all(",
    "(",
    ")",
    "[",
    "]",
    "[*]",
    "{",
    "}",
    "\"",
    "\"a\"",
    "'",
    "r#\"",
    "==",
    "!=",
    "=",
    "<",
    "<<",
    "&",
    "&&",
    "|",
    "^",
    "~",
    "!",
    "not",
    "not ",
    "in",
    "in {",
    "$",
    "$l",
    "and",
    "or",
    "xor",
    "contains ",
    "matches \"",
    "wildcard \"*\"",
    "strict ",
    "true",
    "1",
    "0x",
    "-",
    "-1",
    "1.5",
    "1e",
    "2e-3",
    "10:20",
    "10-20",
    "::1",
    "1.2.3.4",
    "..",
    ".",
    ",",
    ":",
    "[1:",
    "[:2]",
    "+",
    "*",
    "/",
    "%",
    "#",
    "\n",
    "\t",
    " ",
    " ",
    " ",
    "rule ",
    "rule b = ",
    "é",
    "\\",
    "lower(",
    "concat(",
    "len(",
    "substring(",
    "present(",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text(text in any::<String>()) {
        never_panics(&text);
    }

    #[test]
    fn any_pieces(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..24)) {
        never_panics(&pieces.concat());
        never_panics(&pieces.join(" "));
    }
}

#[test]
fn mutated_corpus() {
    // Cheap, and the same on every run.
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) as usize % below.max(1)
    };
    for (_, expr, scheme, limits, _) in common::cases() {
        for _ in 0..8 {
            let mut chars: Vec<char> = expr.chars().take(400).collect();
            for _ in 0..=random(3) {
                let at = random(chars.len());
                match random(4) {
                    0 if !chars.is_empty() => drop(chars.remove(at)),
                    1 => chars.truncate(at),
                    2 => {
                        let piece = PIECES[random(PIECES.len())];
                        chars.splice(at..at, piece.chars());
                    }
                    _ => {
                        let to = (at + random(12)).min(chars.len());
                        let copy: Vec<char> = chars[at.min(to)..to].to_vec();
                        chars.splice(at.min(to)..at.min(to), copy);
                    }
                }
            }
            let text: String = chars.into_iter().collect();
            if let Ok(program) = compile(&text, &scheme, &limits) {
                let printed = program.to_string();
                let roomy = Limits { nesting: 300, ..limits.clone() };
                let again = compile(&printed, &scheme, &roomy).unwrap_or_else(|e| panic!("{text}\n{printed}{e}"));
                assert!(dump(&again) == dump(&program), "{text}\n{printed}\n{}\n{}", dump(&program), dump(&again));
            }
        }
    }
}
