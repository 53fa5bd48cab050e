//! Limits on all literals of a program together, where it is linked.

use quintet_lang::{Limits, Scheme, Type, compile};
use quintet_runtime::{Library, Linked, Lists};

fn scheme() -> Scheme {
    Scheme::builder().mandatory("h", Type::Bytes).functions(Library::standard().signatures()).build().expect("a scheme")
}

/// Links rules that no limit but those of linking concerns.
fn link(source: &str, limits: &Limits) -> Result<(), String> {
    let loose = Limits { wildcard_stars: usize::MAX, rules: usize::MAX, ..Limits::default() };
    let program = compile(source, &scheme(), &loose).unwrap_or_else(|e| panic!("{e}"));
    Linked::new(program, &Library::standard(), &Lists::new(), limits).map(drop).map_err(|e| format!("{} at {}", e, e.span().start))
}

fn rules(count: usize, rule: impl Fn(usize) -> String) -> String {
    (0..count).map(|i| format!("rule r{i} = {}\n", rule(i))).collect()
}

#[test]
fn regular_expressions_together() {
    let limits = Limits { regexes_bytes: 1 << 20, ..Limits::default() };
    // Each takes about 0.3 MB.
    let one = |i: usize| format!("h matches \"(?:a{{5{i:02}}}){{10}}\"");
    assert_eq!(link(&rules(2, one), &limits), Ok(()));
    let error = link(&rules(50, one), &limits).expect_err("too large together");
    assert!(error.contains("limit of 1048576 bytes") && error.contains("regexes_bytes"), "{error}");
    // Equal ones are compiled once.
    assert_eq!(link(&rules(50, |_| one(0)), &limits), Ok(()));
    // Those of functions count as well, and are within the limit on one.
    let replace = |i: usize| format!("regex_replace(h, \"(?:a{{5{i:02}}}){{10}}\", \"\") == h");
    let error = link(&rules(50, replace), &limits).expect_err("too large together");
    assert!(error.contains("regexes_bytes"), "{error}");
    let single = Limits { regex_bytes: 10_000, ..Limits::default() };
    for rule in [one(0), replace(0)] {
        let error = link(&rule, &single).expect_err("too large");
        assert!(error.contains("limit of 10000 bytes") && !error.contains("regexes_bytes"), "{error}");
    }
}

#[test]
fn wildcard_patterns() {
    let limits = Limits { wildcard_stars: 2, ..Limits::default() };
    for form in ["h wildcard \"P\"", "h strict wildcard \"P\"", "wildcard(h, \"P\")", "wildcard_replace(h, \"P\", \"\") == h"] {
        assert_eq!(link(&form.replace('P', "a*b*c"), &limits), Ok(()), "{form}");
        let error = link(&form.replace('P', "a*b*c*"), &limits).expect_err("too many stars");
        assert!(error.contains("3 `*`; at most 2"), "{form}: {error}");
    }
}

#[test]
fn rules_of_one_program() {
    let limits = Limits { rules: 3, ..Limits::default() };
    assert_eq!(link(&rules(3, |_| "h == \"\"".into()), &limits), Ok(()));
    assert!(link(&rules(4, |_| "h == \"\"".into()), &limits).expect_err("one too many").starts_with("the program has 4 rules; at most 3"));
}
