//! Formatting keeps what rules mean, and formatting twice is formatting once.

mod common;

use quintet_lang::{Limits, Scheme, compile, dump::dump, format, stdlib};

fn check(source: &str, scheme: &Scheme, limits: &Limits) {
    let Ok(once) = format(source, limits) else { return };
    let twice = format(&once, limits).unwrap_or_else(|e| panic!("{source}\nis\n{once}{e}"));
    assert_eq!(once, twice, "{source}");
    if let Ok(program) = compile(source, scheme, limits) {
        let again = compile(&once, scheme, limits).unwrap_or_else(|e| panic!("{source}\nis\n{once}{e}"));
        assert_eq!(dump(&program), dump(&again), "{source}\nis\n{once}");
        assert_eq!(program.fingerprint(), again.fingerprint());
    }
}

fn scheme() -> Scheme {
    let path = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests");
    let text = std::fs::read_to_string(path.join("scheme.toml")).expect("scheme.toml");
    Scheme::from_toml(&text, stdlib::signatures()).expect("a scheme")
}

#[test]
fn own_cases() {
    let path = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases.toml");
    let table: toml::Table = std::fs::read_to_string(path).expect("cases.toml").parse().expect("TOML");
    for case in table["case"].as_array().expect("[[case]]") {
        check(case["source"].as_str().expect("a source"), &scheme(), &Limits::default());
    }
}

#[test]
fn corpus() {
    for (_, source, scheme, limits, _) in common::cases() {
        check(&source, &scheme, &limits);
    }
    let limits = Limits::default();
    for case in common::corpus("wireshark_filters.jsonl").unwrap_or_default() {
        check(case["expr"].as_str().expect("a text"), &scheme(), &limits);
    }
    // Most of these check against their own scheme, so that their meaning is compared too.
    let path = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../inputs/src/cloudflare.toml");
    let cloudflare = Scheme::from_toml(&std::fs::read_to_string(path).expect("a file"), stdlib::signatures()).expect("a scheme");
    for case in common::corpus("real_expressions.jsonl").unwrap_or_default() {
        check(case["expr"].as_str().expect("a text"), &cloudflare, &limits);
    }
}

/// Spacing, spelling, redundant parentheses and comments change nothing.
#[test]
fn spelling() {
    let path = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases.toml");
    let table: toml::Table = std::fs::read_to_string(path).expect("cases.toml").parse().expect("TOML");
    let (scheme, limits) = (scheme(), Limits::default());
    let mut compared = 0;
    for case in table["case"].as_array().expect("[[case]]") {
        let source = case["source"].as_str().expect("a source");
        let Ok(once) = format(source, &limits) else { continue };
        if source.contains("rule ") {
            continue;
        }
        for other in [format!("({source}\n)"), format!("\n  {source}  # why\n"), format!("# first\n(({source}\n))")] {
            let again = format(&other, &limits).unwrap_or_else(|e| panic!("{other}\n{e}"));
            check(&other, &scheme, &limits);
            let plain: Vec<&str> = again.lines().filter(|l| !l.starts_with('#')).map(|l| l.trim_end_matches("  # why")).collect();
            assert_eq!(plain.join("\n"), once.trim_end(), "{other}");
            compared += 1;
        }
    }
    println!("{compared} spellings");
    assert!(compared > 100);
}

/// Where a comment can stand: between any two tokens, and so nowhere inside strings or words.
fn boundaries(source: &str, limits: &Limits) -> Vec<usize> {
    let plain = format(source, limits).ok();
    let commented = |at: usize| format!("{}#\n{}", &source[..at], &source[at..]);
    let same = |at: &usize| source.is_char_boundary(*at) && plain.is_some() && without(&commented(*at), limits) == plain;
    (0..=source.len()).filter(same).collect()
}

/// A text without its comments, formatted.
fn without(source: &str, limits: &Limits) -> Option<String> {
    let formatted = format(source, limits).ok()?;
    let kept: String =
        formatted.lines().filter(|l| l.trim() != "#").map(|l| l.strip_suffix("  #").unwrap_or(l)).collect::<Vec<_>>().join(" ");
    format(&kept, limits).ok()
}

/// Comments between any two tokens stay, and formatting again changes nothing.
#[test]
fn comments_anywhere() {
    let path = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases.toml");
    let table: toml::Table = std::fs::read_to_string(path).expect("cases.toml").parse().expect("TOML");
    let (scheme, limits) = (scheme(), Limits::default());
    let mut texts: Vec<String> =
        table["case"].as_array().expect("[[case]]").iter().map(|c| c["source"].as_str().expect("a text").to_owned()).collect();
    texts.push(
        "(ssl and (notify or x == 1)) or not (x in {1 2 3} and any(names[*] == \"a\" or ssl and names[*][1:2] contains \"b\"))".into(),
    );
    texts.push("rule a = ssl\n\nrule b = (notify and x & 1 == 1) xor h matches r#\"a\"#\nrule c = not not ssl".into());
    texts.push(
        "time = f state n[ip, x]: count within 60s max 10 rule r [sid: 1, msg: \"a#b\"] = x > 3 on r { n += 1 } \
         output o on r limit 1 within 1m by ip = text \"# {x}\" { x: x }"
            .into(),
    );
    let mut dice = 1_u64;
    let mut roll = move |most: usize| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) as usize % most
    };
    let mut tried = 0;
    let mut wrong = Vec::new();
    for source in texts.iter().filter(|s| s.len() < 300) {
        let places = boundaries(source, &limits);
        if places.is_empty() {
            continue;
        }
        let mut choices: Vec<Vec<usize>> = places.iter().map(|p| vec![*p]).collect();
        choices.push(places.clone());
        choices.extend((0..30).map(|_| (0..2 + roll(3)).map(|_| places[roll(places.len())]).collect()));
        for mut chosen in choices {
            chosen.sort_unstable();
            chosen.dedup();
            for shape in 0..3 {
                let mut text = String::new();
                let mut from = 0;
                for (i, at) in chosen.iter().enumerate() {
                    text.push_str(&source[from..*at]);
                    let before = ["", " ", "\n"][if shape == 2 { roll(3) } else { shape }];
                    text.push_str(&format!("{before}# <{i}>\n"));
                    from = *at;
                }
                text.push_str(&source[from..]);
                tried += 1;
                let once = format(&text, &limits).unwrap_or_else(|e| panic!("{text}\n{e}"));
                let Ok(twice) = format(&once, &limits) else { panic!("{text}\nis\n{once}") };
                let all = (0..chosen.len()).all(|i| once.matches(&format!("# <{i}>")).count() == 1);
                if once != twice || !all {
                    wrong.push(format!("{text}\n--- is\n{once}--- and again\n{twice}"));
                }
            }
        }
    }
    println!("{tried} texts, {} wrong", wrong.len());
    wrong.sort_by_key(String::len);
    assert!(wrong.is_empty(), "{}", wrong[..wrong.len().min(8)].join("\n=====\n"));
    let _ = &scheme;
}

#[test]
fn style() {
    let long = "rule long = (http.host eq \"a\" or http.host eq \"b\" or http.host eq \"cccccccccccccccccccccccccccccccc\" or ip in {10.0.0.0/8, 192.168.0.0/16}) && x > 1 and not (ssl or notify or x == 100 or y == 1000000000000000000 or http.ua contains \"zzzzzzzzzzzzzzzz\")";
    for (source, expected) in [
        ("(ssl)", "ssl\n"),
        ("ssl&&!notify||x ge 1", "ssl and not notify or x >= 1\n"),
        ("((x == 1)) and (y == 2)", "x == 1 and y == 2\n"),
        ("(ssl and notify) or (x == 1)", "(ssl and notify) or x == 1\n"),
        ("x bitwise_and 1 == 0x1", "x & 1 == 0x1\n"),
        ("x in { 1,2 , 3..4 }", "x in {1 2 3..4}\n"),
        ("h ~ r#\"a\"b\"#", "h matches r#\"a\"b\"#\n"),
        ("lower( h )==\"\\x61\"", "lower(h) == \"\\x61\"\n"),
        ("x == - 010", "x == - 010\n"),
        (
            "  # one\n\n\n# two\nrule a=ssl#three\nrule b = # four\n ssl\n\n\n# five",
            "# one\n\n# two\nrule a = ssl  #three\n# four\nrule b = ssl\n\n# five\n",
        ),
        (
            "rule a = ssl and # first\n # second\n notify # third\n or x == 1",
            "rule a = ssl  # first\n    # second\n    and notify  # third\n    or x == 1\n",
        ),
        ("h == \"# no comment\" # comment", "h == \"# no comment\"  # comment\n"),
        (
            long,
            "rule long = (\n    http.host == \"a\"\n    or http.host == \"b\"\n    or http.host == \"cccccccccccccccccccccccccccccccc\"\n    or ip in {10.0.0.0/8 192.168.0.0/16}\n)\n    and x > 1\n    and not (\n        ssl or notify or x == 100 or y == 1000000000000000000 or http.ua contains \"zzzzzzzzzzzzzzzz\"\n    )\n",
        ),
    ] {
        let found = format(source, &Limits::default()).unwrap_or_else(|e| panic!("{source}\n{e}"));
        println!("{found}");
        check(source, &scheme(), &Limits::default());
        assert_eq!(found, expected, "{source}");
    }
}
