//! The passes change no answer and no trap.

mod common;

use std::collections::BTreeMap;

use common::eval::{Value, answer};
use quintet_lang::ast::ExprKind;
use quintet_lang::visit::{Visitor, walk_expr};
use quintet_lang::{Limits, Passes, Program, Scheme, Type, compile, optimise, stdlib};

/// Cheap, and the same on every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % below
    }

    fn pick<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.roll(of.len())]
    }
}

fn scheme(nil_not_equal: bool) -> Scheme {
    Scheme::builder()
        .mandatory("x", Type::Int)
        .optional("ox", Type::Int)
        .mandatory("f", Type::Float)
        .mandatory("h", Type::Bytes)
        .optional("oh", Type::Bytes)
        .mandatory("ip", Type::Ip)
        .optional("oip", Type::Ip)
        .mandatory("b", Type::Bool)
        .optional("ob", Type::Bool)
        .mandatory("a", Type::array(Type::Int))
        .optional("oa", Type::array(Type::Int))
        .mandatory("t", Type::array(Type::Bytes))
        .functions(stdlib::signatures())
        .nil_not_equal(nil_not_equal)
        .build()
        .expect("a scheme")
}

fn record(dice: &mut Dice) -> BTreeMap<String, Value> {
    let mut record = BTreeMap::new();
    let ip = |dice: &mut Dice| {
        Value::Ip(dice.pick(&["0.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3", "255.255.255.255", "::", "::1", "::2"]).parse().unwrap())
    };
    let text = |dice: &mut Dice| Value::Bytes(dice.pick(&["", "a", "b", "ab", "ba"]).into());
    let int = |dice: &mut Dice| Value::Int([i64::MIN, -1, 0, 1, 2, 3, 4, 5, 6, 7, i64::MAX][dice.roll(11)]);
    let ints = |dice: &mut Dice| Value::Array((0..dice.roll(4)).map(|i| Value::Int(i as i64)).collect());
    record.insert("x".into(), int(dice));
    record.insert("f".into(), Value::Float([0.0, -0.0, 1.5, f64::NAN, f64::INFINITY][dice.roll(5)]));
    record.insert("h".into(), text(dice));
    record.insert("ip".into(), ip(dice));
    record.insert("b".into(), Value::Bool(dice.roll(2) == 0));
    record.insert("a".into(), ints(dice));
    record.insert("t".into(), Value::Array((0..dice.roll(4)).map(|_| text(dice)).collect()));
    for (name, value) in
        [("ox", int(dice)), ("oh", text(dice)), ("oip", ip(dice)), ("ob", Value::Bool(dice.roll(2) == 0)), ("oa", ints(dice))]
    {
        if dice.roll(3) > 0 {
            record.insert(name.into(), value);
        }
    }
    record
}

const OPS: &[&str] = &["==", "!=", "<", "<=", ">", ">="];

fn int(dice: &mut Dice, depth: usize) -> String {
    if depth == 0 || dice.roll(3) == 0 {
        return dice.pick(&["x", "x", "ox", "ox", "0", "1", "2", "3", "-1", "a[0]", "a[1]", "len(h)"]).into();
    }
    let op = dice.pick(&["+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>"]);
    format!("({} {op} {})", int(dice, depth - 1), int(dice, depth - 1))
}

fn bool(dice: &mut Dice, depth: usize) -> String {
    if depth > 0 && dice.roll(3) > 0 {
        return match dice.roll(5) {
            0 => format!("not ({})", bool(dice, depth - 1)),
            1 => format!("not not ({})", bool(dice, depth - 1)),
            _ => {
                let op = dice.pick(&["and", "or", "and", "or", "xor"]);
                let items: Vec<String> = (0..2 + dice.roll(3)).map(|_| format!("({})", bool(dice, depth - 1))).collect();
                items.join(&format!(" {op} "))
            }
        };
    }
    let op = dice.pick(OPS);
    let number = dice.pick(&["0", "1", "2", "3", "5", "-9223372036854775808", "9223372036854775807"]);
    let small = dice.pick(&["x", "ox", "x", "ox", "a[1]"]);
    let ip = dice.pick(&["ip", "oip"]);
    let address = dice.pick(&["0.0.0.0", "10.0.0.1", "10.0.0.2", "255.255.255.255", "::", "::1"]);
    let text = dice.pick(&["h", "oh", "h", "h[0:1]"]);
    let word = dice.pick(&["\"a\"", "\"b\"", "\"ab\"", "\"\""]);
    let not = dice.pick(&["", "not "]);
    match dice.roll(24) {
        0 => dice.pick(&["true", "false", "b", "ob", "not b", "b == true", "b != true", "ob == false", "true == b"]).into(),
        1 => format!("{} {op} {}", int(dice, 2), int(dice, 2)),
        2..=4 => format!("{small} {op} {number}"),
        5 => format!("{number} {op} {small}"),
        6..=7 => format!("{small} {not}in {{{}}}", dice.pick(&["1 2", "1..3", "3 1 2", "", "1..2 3", "5", "-9223372036854775808..0"])),
        8..=9 => format!("{ip} {op} {address}"),
        10 => format!("{ip} {not}in {{{}}}", dice.pick(&["10.0.0.0/30", "::/0", "0.0.0.0/0", "10.0.0.1 ::1", ""])),
        11..=13 => format!("{text} {} {word}", dice.pick(&["==", "!=", "==", "<"])),
        14 => format!("{text} {not}in {{{}}}", dice.pick(&["\"a\" \"b\"", "\"ab\"", "", "\"b\" \"a\" \"a\""])),
        15 => format!("{text} contains {}", dice.pick(&["\"a\"", "\"\"", "oh", "\"b\""])),
        16 => format!("{text} matches {}", dice.pick(&["\"a+\"", "\"^b\""])),
        17 => format!("{text} {} {}", dice.pick(&["wildcard", "strict wildcard"]), dice.pick(&["\"a*\"", "\"*b\""])),
        18 => format!("f {op} {}", dice.pick(&["1.5", "0.0", "0.5 + 1.0", "f", "0.0 / 0.0", "-f"])),
        19 => {
            let array = dice.pick(&["a", "oa"]);
            let (a, b) = (dice.pick(&["== 1", "< 2", "!= 1", "/ 0 == 1", "in {1 2}"]), dice.pick(&["== 2", "> 0", "% 2 == 0"]));
            format!("{}({array}[*] {a} {} {array}[*] {b})", dice.pick(&["any", "all"]), dice.pick(&["and", "or"]))
        }
        // Walks in lockstep, of which some are collected first.
        20..=21 => {
            let walk = |dice: &mut Dice| {
                dice.pick(&[
                    "len(t[*])[*] > 1",
                    "len(t[*])[*] == len(t[*])[*]",
                    "lower(t[*])[*] == \"a\"",
                    "t[*] == \"a\"",
                    "t[*] contains \"b\"",
                    "a[*] >= 1",
                    "oa[*] in {0 2}",
                    "a[*] / oa[*] == 1",
                ])
            };
            let (first, second, third) = (walk(dice), walk(dice), walk(dice));
            format!(
                "{}({first} {} {second} {} {third})",
                dice.pick(&["any", "all"]),
                dice.pick(&["and", "or", "xor"]),
                dice.pick(&["and", "or"])
            )
        }
        22 => format!("1 / {} == 1", dice.pick(&["0", "x", "ox", "1"])),
        _ => format!(
            "{not}{}",
            dice.pick(&[
                "present(ox)",
                "present(h)",
                "starts_with(h, \"a\")",
                "lower(h) == \"a\"",
                "upper(oh) != \"AB\"",
                "upper(lower(oh)) == \"B\"",
                "lower(oh) contains \"b\"",
                "lower(oh) wildcard \"*A\"",
                "\"ab\" contains \"b\"",
                "1 in {1 2}",
                "2 > 1"
            ])
        ),
    }
}

fn only(set: impl Fn(&mut Passes)) -> Passes {
    let mut passes = Passes::none();
    set(&mut passes);
    passes
}

fn settings() -> Vec<(&'static str, Passes)> {
    vec![
        ("all", Passes::default()),
        ("none", Passes::none()),
        ("fold", only(|p| p.fold = true)),
        ("flatten", only(|p| p.flatten = true)),
        ("negate", only(|p| p.negate = true)),
        ("ranges", only(|p| p.ranges = true)),
        ("sets", only(|p| p.sets = true)),
        ("order", only(|p| p.order = true)),
        ("inline", only(|p| p.inline = true)),
        ("caseless", only(|p| p.caseless = true)),
        ("literals", only(|p| p.literals = true)),
        ("share", only(|p| p.share = true)),
    ]
}

#[test]
fn no_answer_and_no_trap_changes() {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let limits = Limits::default();
    let (mut programs, mut traps, mut trues) = (0, 0, 0);
    for i in 0..2_000 {
        let scheme = scheme(i % 2 == 0);
        let source = bool(&mut dice, 3);
        let program = compile(&source, &scheme, &limits).unwrap_or_else(|e| panic!("{source}\n{e}"));
        programs += 1;
        let records: Vec<_> = (0..20).map(|_| record(&mut dice)).collect();
        let expected: Vec<_> = records.iter().map(|r| answer(&program, 0, r, &serde_json::Value::Null)).collect();
        traps += expected.iter().filter(|e| e.is_err()).count();
        trues += expected.iter().filter(|e| **e == Ok(true)).count();
        for (name, passes) in settings() {
            let optimised = optimise(&program, &passes);
            for (record, expected) in records.iter().zip(&expected) {
                let found = answer(&optimised, 0, record, &serde_json::Value::Null);
                assert_eq!(found, *expected, "{name}: {source}\n{record:?}\n{optimised}");
            }
            // What the passes make can be written down, and means the same.
            let text = optimised.to_string();
            let again = compile(&text, &scheme, &limits).unwrap_or_else(|e| panic!("{name}: {source}\n{text}{e}"));
            for (record, expected) in records.iter().zip(&expected) {
                assert_eq!(answer(&again, 0, record, &serde_json::Value::Null), *expected, "{name}: {source}\n{text}");
            }
        }
    }
    println!("{programs} programs, {traps} traps, {trues} times true");
    assert!(traps > 500 && trues > 5_000);
}

fn after(source: &str, passes: &Passes) -> String {
    let program = compile(source, &scheme(true), &Limits::default()).unwrap_or_else(|e| panic!("{source}\n{e}"));
    optimise(&program, passes).to_string().trim_end().to_owned()
}

#[test]
fn each_pass_does_its_work() {
    for (source, expected) in [
        ("x == 1 + 2 * 3", "x == 7"),
        ("x == 1 / 0", "x == 1 / 0"),
        ("false and x == 1 / 0", "false"),
        ("x == 1 / 0 and false", "x == 1 / 0 and false"),
        ("b and false", "false"),
        ("b and true", "b"),
        ("b or true", "true"),
        ("b xor true", "not b"),
        ("b == false", "not b"),
        ("ob == false", "ob == false"),
        ("1 in {1 2}", "true"),
        ("x in {}", "false"),
        ("\"abc\" contains \"b\"", "true"),
        ("b and (b or x == 1 or (h == \"a\" or ob))", "b and (b or x == 1 or ob or h == \"a\")"),
        ("x >= 1 and x <= 9", "x in {1..9}"),
        ("x > 1 and b and x < 9", "b and x in {2..8}"),
        ("x >= 5 and x >= 7", "x >= 7"),
        ("x == 1 and x == 2", "false"),
        ("x < 5 or x >= 5", "true"),
        ("ox < 5 or ox >= 5", "present(ox)"),
        ("x != 1 and x != 2 and x != 4", "x not in {1..2 4}"),
        ("ox != 1 and ox != 2", "ox not in {1..2}"),
        ("ox != 1 and ox < 3", "ox in {-9223372036854775808..0 2}"),
        ("x == 1 or x == 2 or x in {7..9 3}", "x in {1..3 7..9}"),
        ("x == 1 or 1 / x == 0 or x == 2", "x == 1 or 1 / x == 0 or x == 2"),
        ("h == \"a\" or b or h == \"b\"", "b or h in {\"a\" \"b\"}"),
        ("h != \"a\" and h != \"b\"", "h not in {\"a\" \"b\"}"),
        ("ip == 10.0.0.1 or ip in {10.0.0.2/31} or ip == ::1", "ip in {10.0.0.1..10.0.0.3 ::1}"),
        ("ip >= 10.0.0.1 and ip <= 10.0.0.9", "ip in {10.0.0.1..10.0.0.9}"),
        ("any(a[*] >= 1 and a[*] <= 2)", "any(a[*] in {1..2})"),
        ("not not b", "b"),
        ("not x < 3", "x >= 3"),
        ("not ox == 3", "ox != 3"),
        ("not f < 1.5", "not f < 1.5"),
        ("not ip < 10.0.0.1", "not ip < 10.0.0.1"),
        ("h ~ \"a\" and h contains \"b\" and x == 1", "x == 1 and h contains \"a\" and h contains \"b\""),
        ("h ~ \"a\" and 1 / x == 1 and b", "h contains \"a\" and 1 / x == 1 and b"),
        ("lower(h) == \"a\" and b", "b and h wildcard \"a\""),
        ("lower(h) == \"A\" and b", "lower(h) == \"A\" and b"),
        ("\"A\" == upper(lower(h))", "h wildcard \"A\""),
        ("lower(h) contains \"a*\\\\\"", "h wildcard \"*a\\\\*\\\\\\\\*\""),
        ("lower(h) contains \"\"", "lower(h) contains \"\""),
        ("lower(h) strict wildcard \"a*b\" or upper(h) wildcard \"x\"", "h wildcard \"a*b\" or h wildcard \"x\""),
        ("lower(h) strict wildcard \"a*B\"", "lower(h) strict wildcard \"a*B\""),
        ("lower(h) != \"a\"", "not h wildcard \"a\""),
        ("not lower(h) == \"a\"", "not h wildcard \"a\""),
        ("lower(h) < \"a\"", "lower(h) < \"a\""),
        ("h ~ \"a\" or oh ~ \"^a\\.b\" or h ~ \"b$\"", "oh strict wildcard \"a.b*\" or h strict wildcard \"*b\" or h contains \"a\""),
        ("oh ~ \"(?i)^A*$\" or h ~ \"(?i)^Ab$\"", "h wildcard \"Ab\" or oh matches \"(?i)^A*$\""),
        ("lower(h) ~ \"ab\"", "h wildcard \"*ab*\""),
        ("len(oa) == 1 + 1", "len(oa) == 2"),
        ("any(lower(t[*])[*] == \"a\")", "any(t[*] wildcard \"a\")"),
        ("any(lower(concat(t[*], \"b\")[*])[*] == \"ab\")", "any(concat(t[*], \"b\")[*] wildcard \"ab\")"),
        ("any(a[*] == 1 and len(t[*])[*] > 1 + 1)", "any(len(t[*])[*] > 2 and a[*] == 1)"),
        ("starts_with(lower(h), \"a\" ) or all(oa[*] == 1 + 1)", "starts_with(lower(h), \"a\") or all(oa[*] == 2)"),
    ] {
        assert_eq!(after(source, &Passes::default()), expected, "{source}");
    }
    assert_eq!(after("h ~ \"a\" and x >= 1 + 1 and x <= 9", &Passes::none()), "h matches \"a\" and x >= 1 + 1 and x <= 9");
}

#[test]
fn walks_in_lockstep_are_one_loop() {
    let collects = |source: &str| {
        let program = compile(source, &scheme(true), &Limits::default()).unwrap_or_else(|e| panic!("{source}\n{e}"));
        let mut collects = 0;
        let optimised = optimise(&program, &Passes::default());
        optimised.rules[0].expr.walk(&mut |e| collects += usize::from(matches!(e.kind, ExprKind::Collect(_))));
        collects
    };
    assert_eq!(collects("any(a[*] == 1 and len(t[*])[*] > 2)"), 0);
    assert_eq!(collects("all(len(t[*])[*] > 2 or len(t[*])[*] == 0 or oa[*] == 1)"), 0);
    // What may trap, or may be nil and then left out, is collected.
    assert_eq!(collects("any(a[*] == 1 and lower(concat(t[*], \"b\")[*])[*] < \"b\")"), 1);
    assert_eq!(collects("any(t[*] == \"a\" and len(oa) / a[*] == 1)"), 0, "a walk of its own");
}

#[test]
fn equal_literals_are_prepared_once() {
    let source = "rule a = x in {1 2} and h ~ \"a\" or h contains \"q\" or h wildcard \"z*\"\nrule b = ox in {2 1 1} and oh ~ \"a\" or oh contains \"q\" or oh wildcard \"z*\"";
    let program = compile(source, &scheme(true), &Limits::default()).expect("rules");
    let counts = |p: &Program| (p.sets.len(), p.regexes.len(), p.needles.len(), p.wildcards.len());
    assert_eq!(counts(&program), (2, 2, 2, 2));
    assert_eq!(counts(&optimise(&program, &only(|p| p.share = true))), (1, 1, 1, 1));
    assert_eq!(optimise(&program, &only(|p| p.share = true)).fingerprint(), program.fingerprint());
}

#[test]
fn fingerprints_ignore_spelling() {
    let of = |source: &str| compile(source, &scheme(true), &Limits::default()).unwrap_or_else(|e| panic!("{source}\n{e}")).fingerprint();
    for (a, b) in [
        ("x eq 1 and b", "# a comment\n x == 1   &&  (b)"),
        ("x in {3 1 2}", "x in {1..2, 3, 3}"),
        ("h in {\"a\" \"b\"}", "h in {\"b\" \"a\" r\"a\"}"),
        ("ip in {10.0.0.0/31}", "ip in {10.0.0.0 10.0.0.1}"),
        ("any(a[*] == 0x10)", "any(a[*] == 16)"),
        ("rule a = b\nrule c = b", "rule a =\n b rule c = b"),
    ] {
        assert_eq!(of(a), of(b), "{a} and {b}");
    }
    let different =
        ["b", "not b", "ob", "x == 1", "x != 1", "x == 2", "x in {1}", "rule b = b", "any(a[*] == 1)", "all(a[*] == 1)", "any(oa[*] == 1)"];
    let all: std::collections::BTreeSet<u64> = different.iter().map(|s| of(s)).collect();
    assert_eq!(all.len(), different.len());
    assert_eq!(of("b"), 7_521_447_609_736_317_865, "the same in every process");
}

#[test]
fn questions_about_programs() {
    let source = "any(a[*] == 1) and len(h) > 3";
    let program = compile(source, &scheme(true), &Limits::default()).expect("a rule");
    assert!(program.uses("a") && program.uses("h") && !program.uses("x") && !program.uses("nonsense"));
    assert!(program.uses_function("len") && !program.uses_function("lower") && !program.uses_list("l"));
    struct Depth(usize, usize);
    impl<'p> Visitor<'p> for Depth {
        fn expr(&mut self, program: &'p Program, expr: &'p quintet_lang::ast::Expr) {
            self.0 += 1;
            self.1 = self.1.max(self.0);
            walk_expr(self, program, expr);
            self.0 -= 1;
        }
    }
    let mut depth = Depth(0, 0);
    depth.program(&program);
    assert_eq!(depth.1, 4);
}

/// An argument that is made in place and comes to a constant stays an expression: the call's site says that it is none.
#[test]
fn arguments_made_in_place_stay_expressions() {
    let source = r#"substring(h, len("ab")) == "x" and substring(h, 0, len("")) == "" and len(lower("ab")) == 2"#;
    let program = compile(source, &scheme(true), &Limits::default()).expect("a rule");
    for (name, passes) in settings() {
        let optimised = optimise(&program, &passes);
        quintet_lang::validate::validate(&optimised).unwrap_or_else(|e| panic!("{name}: {e}\n{optimised}"));
    }
}
