//! The configuration `jit-stencil` answers as the interpreter does: each kind of test by itself with the constants that encodings differ
//! for, and random trees of them.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use std::net::IpAddr;
use std::sync::Arc;

use quintet_interp::Interp;
use quintet_jit::Jit;
use quintet_lang::{Limits, Scheme, Type};
use quintet_runtime::{ArenaKind, Backend, Batch, BatchBuilder, Instance, Library, Linked, Lists, Matches, RuleSet};

fn scheme() -> Scheme {
    Scheme::builder()
        .mandatory("a", Type::Int)
        .optional("b", Type::Int)
        .mandatory("flag", Type::Bool)
        .optional("other", Type::Bool)
        .mandatory("text", Type::Bytes)
        .optional("name", Type::Bytes)
        .mandatory("ip", Type::Ip)
        .optional("from", Type::Ip)
        .optional("tags", Type::array(Type::Bytes))
        .optional("ips", Type::array(Type::Ip))
        .optional("nested", Type::array(Type::array(Type::Bytes)))
        .optional("head", Type::map(Type::Bytes))
        .functions(Library::standard().signatures())
        .build()
        .expect("a scheme")
}

const INTS: [i64; 19] = [
    0,
    1,
    -1,
    2,
    63,
    64,
    100,
    -100,
    443,
    i32::MAX as i64,
    i32::MIN as i64,
    i32::MAX as i64 + 1,
    i32::MIN as i64 - 1,
    u32::MAX as i64,
    1 << 40,
    -(1 << 40),
    i64::MAX,
    i64::MIN + 1,
    i64::MIN,
];

const TEXTS: [&str; 14] = [
    "",
    "a",
    "ab",
    "abc",
    "abcd",
    "abcde",
    "GET",
    "POST",
    "example.com",
    "www.example.com",
    "sixteen bytes ok",
    "a text of thirty-two bytes, yes.",
    "a text that is longer than thirty-two bytes and ends in example",
    "\u{e9}\u{e8} example",
];

const IPS: [&str; 12] = [
    "0.0.0.0",
    "10.0.0.1",
    "10.255.255.255",
    "11.0.0.0",
    "127.0.0.1",
    "192.168.1.1",
    "255.255.255.255",
    "::",
    "::a00:1",
    "2001:db8::1",
    "2001:db8:ffff::",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
];

/// Numbers that follow from one another.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % end
    }

    fn of<T: Copy>(&mut self, some: &[T]) -> T {
        some[self.below(some.len())]
    }
}

/// Records with values of all kinds, more than a block of them.
fn batch(scheme: &Scheme, len: usize) -> Batch {
    let mut dice = Dice(7);
    let mut builder = BatchBuilder::new(scheme, len, ArenaKind::Plain).expect("a batch");
    let id = |name: &str| scheme.field_id(name).expect("the field");
    for i in 0..len {
        let mut record = builder.record();
        record.int(id("a"), INTS[i % INTS.len()]);
        record.bool(id("flag"), dice.below(2) == 0);
        record.bytes(id("text"), dice.of(&TEXTS).as_bytes());
        record.ip(id("ip"), dice.of(&IPS).parse::<IpAddr>().expect("an address"));
        if dice.below(4) > 0 {
            record.int(id("b"), dice.of(&INTS));
        }
        if dice.below(4) > 0 {
            record.bool(id("other"), dice.below(2) == 0);
        }
        if dice.below(4) > 0 {
            record.bytes(id("name"), dice.of(&TEXTS).as_bytes());
        }
        if dice.below(4) > 0 {
            record.ip(id("from"), dice.of(&IPS).parse::<IpAddr>().expect("an address"));
        }
        if dice.below(4) > 0 {
            record.bytes_array(id("tags"), &[dice.of(&TEXTS).as_bytes(), dice.of(&TEXTS).as_bytes()]);
        }
        if dice.below(4) > 0 {
            let ips: Vec<IpAddr> = (0..dice.below(4)).map(|_| dice.of(&IPS).parse().expect("an address")).collect();
            record.ips(id("ips"), &ips);
        }
        record.finish().expect("a record");
    }
    builder.build()
}

/// Links rules as they are written.
fn link(source: &str, scheme: &Scheme) -> Arc<Linked> {
    let program = quintet_lang::compile(source, scheme, &Limits::default()).unwrap_or_else(|e| panic!("{source}: {e:?}"));
    Linked::new(program, &Library::standard(), &Lists::new(), &Limits::default()).unwrap_or_else(|e| panic!("{source}: {e}"))
}

fn instance(backend: &dyn Backend, program: &Arc<Linked>) -> Box<dyn Instance> {
    backend.compile(program).expect("code").instantiate(&Limits::default()).expect("an instance")
}

/// Compares the answers to rules, given one below the other.
fn check(jit: &Jit, sources: &[String], batch: &Batch, scheme: &Scheme) {
    let text: String = sources.iter().enumerate().map(|(i, source)| format!("rule r{i} = {source}\n")).collect();
    let program = link(&text, scheme);
    let (mut oracle, mut tested) = (instance(&Interp::new(), &program), instance(jit, &program));
    let (mut wanted, mut found) = (Matches::new(), Matches::new());
    oracle.run_batch(batch, &mut wanted).expect("answers");
    tested.run_batch(batch, &mut found).expect("answers");
    assert_eq!(format!("{:?}", wanted.traps()), format!("{:?}", found.traps()), "{text}");
    for (rule, source) in sources.iter().enumerate() {
        let [wanted, found] = [&wanted, &found].map(|m| m.records_of(rule).collect::<Vec<_>>());
        assert_eq!(wanted, found, "{source}");
    }
    let mut hits = RuleSet::new();
    for record in [0, batch.len() / 2, batch.len() - 1] {
        tested.run(batch.record(record), &mut hits).expect("an answer");
        for (rule, source) in sources.iter().enumerate() {
            assert_eq!(hits.contains(rule), wanted.records_of(rule).any(|r| r == record), "{source}, record {record} alone");
        }
    }
}

/// How an Int is written.
fn int(number: i64) -> String {
    if number == i64::MIN { "(-9223372036854775807 - 1)".into() } else { number.to_string() }
}

fn text(text: &str) -> String {
    format!("{text:?}")
}

const OPERATORS: [&str; 6] = ["==", "!=", "<", "<=", ">", ">="];

/// A random test.
fn test(dice: &mut Dice) -> String {
    let number = |dice: &mut Dice| dice.of(&["a", "b", "b", "a + b", "a - 7", "len(text)", "len(name)", "-b", "a & 255", "b * 3"]);
    let bytes = |dice: &mut Dice| dice.of(&["text", "name", "name[1:4]", "text[2:]", "text[:3]", "name[-3:]", "text[:-2]", "name[5:3]"]);
    let address = |dice: &mut Dice| dice.of(&["ip", "from"]);
    match dice.below(17) {
        0..=2 => format!("{} {} {}", number(dice), dice.of(&OPERATORS), int(dice.of(&INTS))),
        3 => format!("{} {} {}", int(dice.of(&INTS)), dice.of(&OPERATORS), number(dice)),
        4 => {
            let members: Vec<String> = (0..dice.below(6) + 1).map(|_| int(dice.of(&INTS[..INTS.len() - 1]))).collect();
            format!("{} in {{{}}}", number(dice), members.join(" "))
        }
        5 => format!("{} in {{-5..7 60..64 443 1000..100000 5000000000..6000000000}}", number(dice)),
        6 => format!("{} in {{1 3 5 7 9 11}}", number(dice)),
        7 => format!("{} {} {}", bytes(dice), dice.of(&["==", "!=", "<", ">="]), text(dice.of(&TEXTS))),
        8 => {
            let members: Vec<String> = (0..dice.below(6) + 1).map(|_| text(dice.of(&TEXTS))).collect();
            format!("{} in {{{}}}", bytes(dice), members.join(" "))
        }
        9 => format!("{} contains {}", bytes(dice), text(dice.of(&["", "a", "ex", "bcd", "example", "thirty-two bytes", ".com"]))),
        10 => format!("{} matches \"{}\"", bytes(dice), dice.of(&["^a", "ex.*com$", "[0-9]", "(?i)get|post"])),
        11 => format!("{} wildcard \"{}\"", bytes(dice), dice.of(&["*example*", "a*", "*"])),
        12 => format!("{} {} {}", address(dice), dice.of(&OPERATORS), dice.of(&IPS)),
        13 => {
            let sets = [
                "10.0.0.0/8",
                "10.0.0.1 11.0.0.0..127.0.0.1 2001:db8::/32",
                "::/64",
                "2001:db8::1..2001:db8:ffff::",
                "::1..ffff::",
                "0.0.0.0/0",
                "192.168.1.1 255.255.255.255 ::",
            ];
            format!("{} in {{{}}}", address(dice), dice.of(&sets))
        }
        14 => dice.of(&["flag", "other", "flag == false", "other != true", "b == a", "b < a", "a >= b"]).to_owned(),
        _ => dice
            .of(&["lower(name) == \"get\"", "starts_with(text, \"a\")", "any(tags[*] == \"a\")", "head[\"x\"] == \"a\"", "10 / a > 0"])
            .to_owned(),
    }
}

/// A random tree of tests.
fn tree(dice: &mut Dice, depth: usize) -> String {
    match if depth == 0 { 0 } else { dice.below(6) } {
        0 => test(dice),
        1 => format!("not ({})", tree(dice, depth - 1)),
        n => {
            let operator = [" and ", " or ", " and ", " xor "][n - 2];
            let items: Vec<String> = (0..dice.below(3) + 2).map(|_| format!("({})", tree(dice, depth - 1))).collect();
            items.join(operator)
        }
    }
}

#[test]
fn ints_and_constants() {
    let (scheme, jit) = (scheme(), Jit::stencil());
    let batch = batch(&scheme, 200);
    for constant in INTS {
        let constant = int(constant);
        let both = |operator: &str| {
            ["a", "b", "b + 1", "a - b"]
                .iter()
                .flat_map(move |l| [format!("{l} {operator} C"), format!("C {operator} {l}")])
                .collect::<Vec<_>>()
        };
        let sources: Vec<String> = OPERATORS.iter().flat_map(|o| both(o)).map(|s| s.replace('C', &constant)).collect();
        check(&jit, &sources, &batch, &scheme);
    }
}

#[test]
fn ranges_of_ints() {
    let (scheme, jit) = (scheme(), Jit::stencil());
    let batch = batch(&scheme, 200);
    let all = &INTS[..INTS.len() - 1];
    let mut sources = Vec::new();
    for low in all {
        for high in all.iter().filter(|high| *high >= low) {
            sources.push(format!("a in {{{low}..{high}}}"));
            sources.push(format!("b in {{{low}..{high} 77}}"));
        }
    }
    check(&jit, &sources, &batch, &scheme);
}

#[test]
fn texts_addresses_and_flags() {
    let (scheme, jit) = (scheme(), Jit::stencil());
    let batch = batch(&scheme, 300);
    let mut sources = Vec::new();
    for constant in TEXTS {
        for field in ["text", "name", "name[1:]", "text[:-1]"] {
            sources.extend(["==", "!="].map(|o| format!("{field} {o} {}", text(constant))));
            sources.push(format!("{field} contains {}", text(constant)));
            sources.push(format!("{field} in {{{} \"abc\" \"abd\"}}", text(constant)));
        }
    }
    for constant in IPS {
        for field in ["ip", "from"] {
            sources.extend(OPERATORS.map(|o| format!("{field} {o} {constant}")));
            sources.push(format!("{field} in {{{constant}}}"));
        }
    }
    for field in ["flag", "other"] {
        sources.push(field.to_owned());
        sources.push(format!("not {field}"));
        sources.extend(["true", "false"].iter().flat_map(|c| OPERATORS.map(|o| format!("{field} {o} {c}"))));
    }
    check(&jit, &sources, &batch, &scheme);
}

/// Arrays that a loop makes, walked beside others and handed to functions, and tests whose answers are values.
#[test]
fn arrays_that_are_made_and_tests_as_values() {
    let (scheme, jit) = (scheme(), Jit::stencil());
    let batch = batch(&scheme, 300);
    let sources: Vec<String> = [
        r#"any(tags[*] == "abc" and len(tags[*])[*] > 2)"#,
        r#"all(tags[*] == "abc" or len(tags[*])[*] != 3)"#,
        r#"any(ips[*] == 10.0.0.1 and len(tags[*])[*] > 0)"#,
        r#"any(lower(tags[*])[*] == "get" and lower(tags[*])[*] contains "e")"#,
        r#"join(lower(tags[*]), ",") contains "get,""#,
        r#"join(lower(tags[*]), name) == "abcget""#,
        r#"has_value(len(tags[*]), 3)"#,
        r#"has_value(lower(tags[*]), "post") and a > 5"#,
        r#"flag == (a > 5)"#,
        r#"other != (name contains "a")"#,
        r#"(b in {1 2 63}) == (not flag)"#,
        r#"(a > 5 and b < 3) == (text matches "^a" or other)"#,
    ]
    .map(str::to_owned)
    .into();
    check(&jit, &sources, &batch, &scheme);
    for source in sources {
        // All of it has stencils.
        let text = jit.emit(&link(&source, &scheme), quintet_runtime::Emit::Asm).expect("a text");
        assert!(!text.contains("block0:"), "{source}:\n{text}");
    }
}

#[test]
fn random_trees() {
    let (scheme, jit) = (scheme(), Jit::stencil());
    let batch = batch(&scheme, 130);
    let mut dice = Dice(1);
    for _ in 0..400 {
        let sources: Vec<String> = (0..25).map(|_| tree(&mut dice, 3)).collect();
        check(&jit, &sources, &batch, &scheme);
    }
}

#[test]
fn code_is_shown() {
    let scheme = scheme();
    let text = |source| Jit::stencil().emit(&link(source, &scheme), quintet_runtime::Emit::Asm).expect("a text");
    let both = [(); 2].map(|()| text("a == 443 and name contains \"ab\" and 10 / a > 0"));
    assert_eq!(both[0], both[1], "nothing of this process is in it");
    for part in ["cmpq", "$0x1bb", "; search", "; part 0", "; a test of rule 0"] {
        assert!(both[0].contains(part), "{part} in {}", both[0]);
    }
}

#[test]
fn differential() {
    quintet_testing::regressions(&Jit::stencil().verified());
    quintet_testing::differential(&Jit::stencil().verified(), 3_000);
}

#[test]
fn scripts() {
    quintet_testing::scripts(&Jit::stencil().verified(), 1_000);
}
