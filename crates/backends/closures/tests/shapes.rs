//! Every shape that has a closure of its own, against the interpreter, on values around the edges.

use std::net::IpAddr;
use std::sync::Arc;

use quintet_closures::Closures;
use quintet_interp::Interp;
use quintet_lang::{Limits, Scheme, Type, compile};
use quintet_runtime::{ArenaKind, Backend, Batch, BatchBuilder, Emit, Library, Linked, Lists, Matches, RecordId, RuleId, RuleSet};

/// Ints at the edges of what the sources below name.
const INTS: &[i64] = &[
    i64::MIN,
    i64::MIN + 1,
    -65,
    -64,
    -1,
    0,
    1,
    2,
    3,
    5,
    9,
    10,
    11,
    19,
    20,
    21,
    62,
    63,
    64,
    65,
    99,
    100,
    101,
    127,
    128,
    1000,
    65535,
    65536,
    70000,
    i64::MAX - 1,
    i64::MAX,
];

const IPS: &[&str] = &[
    "0.0.0.0",
    "9.255.255.255",
    "10.0.0.0",
    "10.1.2.3",
    "10.255.255.255",
    "11.0.0.0",
    "255.255.255.255",
    "::",
    "::a00:1",
    "2001:db8::1",
    "2001:db9::",
];

/// Byte strings of all lengths around a word, with equal beginnings, and with bytes that are padding elsewhere.
fn texts() -> Vec<Vec<u8>> {
    let mut texts: Vec<Vec<u8>> = (0..=20).map(|n| b"abcdefghijklmnopqrstuvwxyz"[..n].to_vec()).collect();
    texts.extend([
        b"\0".to_vec(),
        b"a\0".to_vec(),
        b"abc\0".to_vec(),
        b"abcdefgh\0".to_vec(),
        b"ABC".to_vec(),
        b"abd".to_vec(),
        b"xabcx".to_vec(),
    ]);
    texts.extend([16, 31, 32, 33, 63, 64, 65, 200].map(|n| [vec![b'a'; n], b"b".to_vec()].concat()));
    texts.extend((0..40).map(|n| [vec![b'.'; n], b"needle".to_vec(), vec![b'.'; 7 * n % 23]].concat()));
    texts.extend((0..40).map(|n| [vec![b'n'; n], b"needl".to_vec()].concat()));
    texts
}

fn scheme() -> Scheme {
    let builder = Scheme::builder().mandatory("i", Type::Int).mandatory("b", Type::Bytes).mandatory("p", Type::Ip);
    let builder = builder.optional("oi", Type::Int).optional("ob", Type::Bytes).optional("op", Type::Ip);
    builder.mandatory("bs", Type::array(Type::Bytes)).mandatory("is", Type::array(Type::Int)).build().expect("a scheme")
}

/// One record per text, so that each in turn is the last value of a batch; a search may read past it.
fn batches(scheme: &Scheme) -> Vec<Batch> {
    let texts = texts();
    let field = |name| scheme.field_id(name).expect("a field");
    let fill = |builder: &mut BatchBuilder, index: usize| {
        let text = &texts[index % texts.len()];
        let ip: IpAddr = IPS[index % IPS.len()].parse().expect("an address");
        let int = INTS[index % INTS.len()];
        let mut record = builder.record();
        record.int(field("i"), int);
        record.ip(field("p"), ip);
        record.ints(field("is"), &INTS[index % INTS.len()..]);
        record.bytes_array(field("bs"), &[text.as_slice(), b"abc", b""][index % 3..]);
        if !index.is_multiple_of(3) {
            record.int(field("oi"), int);
            record.ip(field("op"), ip);
            record.bytes(field("ob"), text);
        }
        record.bytes(field("b"), text);
        record.finish().expect("a record");
    };
    let ends = (0..texts.len()).map(|index| vec![index]);
    std::iter::once((0..texts.len() * 2).collect())
        .chain(ends)
        .map(|indices| {
            let mut builder = BatchBuilder::new(scheme, indices.len(), ArenaKind::Plain).expect("a batch");
            indices.iter().for_each(|index| fill(&mut builder, *index));
            builder.build()
        })
        .collect()
}

fn sources() -> Vec<String> {
    let mut sources = Vec::new();
    for op in ["==", "!=", "<", "<=", ">", ">="] {
        for c in ["0", "64", "-9223372036854775808", "9223372036854775807"] {
            sources.push(format!("@i {op} {c}"));
            sources.push(format!("@i & 3 {op} {c}"));
            sources.push(format!("{c} {op} @i"));
        }
        for c in ["", "a", "abc", "abcdefg", "abcdefgh", "abcdefghi", "abcdefghijklmnop"] {
            sources.push(format!("@b {op} \"{c}\""));
            sources.push(format!("@b[1:4] {op} \"{c}\""));
            sources.push(format!("@b[-3:] {op} \"{c}\""));
        }
        sources.push(format!("@p {op} 10.1.2.3"));
        sources.push(format!("@p {op} 2001:db8::1"));
        sources.push(format!("i {op} @i"));
        sources.push(format!("b {op} @b"));
        sources.push(format!("p {op} @p"));
        sources.push(format!("i + 1 {op} @i * 2"));
    }
    let ints = [
        "1",
        "1..3",
        "1 3 5",
        "-64..-1 1",
        "0 63",
        "0 64",
        "1 100",
        "1 100 1000",
        "1 100 1000 65535",
        "1 3 5 9 100 1000",
        "1 3 5 9 11 20 62 64 100 127 1000 65535",
        "1 3 5 9 11 20 62 64 100 127 1000 70000",
        "0..9223372036854775807",
        "-9223372036854775808..-1 1",
    ];
    sources.extend(ints.map(|set| format!("@i in {{{set}}}")));
    let ips = [
        "10.0.0.0/8",
        "10.1.2.3",
        "10.1.2.3 9.255.255.255",
        "0.0.0.0/0",
        "2001:db8::/32",
        "::/0",
        "10.0.0.0/8 2001:db8::/32",
        "0.0.0.0 10.0.0.0 10.1.2.3 11.0.0.0",
        "0.0.0.0 2.0.0.0 3.0.0.0 4.0.0.0 5.0.0.0 6.0.0.0 7.0.0.0 8.0.0.0 10.1.2.3",
    ];
    sources.extend(ips.map(|set| format!("@p in {{{set}}}")));
    let many = (0..40).map(|n| format!("\"text{n}\"")).collect::<Vec<_>>().join(" ") + " \"abc\"";
    let bytes = [
        "\"abc\"",
        "\"\" \"a\"",
        "\"abc\" \"abd\" \"abcdefgh\"",
        "\"abcdefghi\" \"abcdefghijklmnop\" \"abc\"",
        "\"abc\" \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
        &many,
    ];
    sources.extend(bytes.map(|set| format!("@b in {{{set}}}")));
    for needle in ["", "a", "b", "ab", "needle", "needl", "aaaaaaaaaaaaaaaab", &*"a".repeat(48), &*"a".repeat(49)] {
        sources.push(format!("@b contains \"{needle}\""));
        sources.push(format!("@b[1:] contains \"{needle}\""));
    }
    sources.push("@b contains b".into());
    for pattern in ["", "abc", "abc*", "*b", "*needle*", "*", "a*b", "*a*e*", "ABC*"] {
        sources.push(format!("@b wildcard \"{pattern}\""));
        sources.push(format!("@b strict wildcard \"{pattern}\""));
    }
    sources.push("@b matches \"^a+b$\"".into());
    let mut all: Vec<String> = sources.iter().flat_map(|s| ["", "o"].map(|o| s.replace('@', o))).collect();
    // The same over elements, and with elements found by index.
    let elements = sources.iter().filter(|s| !s.contains("@p") && !s.contains("@b[") && !s.contains("@i &"));
    for source in elements {
        for (quantifier, negated) in [("any", ""), ("all", ""), ("any", "not "), ("all", "not ")] {
            all.push(format!("{quantifier}({negated}{})", source.replace("@i", "is[*]").replace("@b", "bs[*]")));
        }
        all.push(source.replace("@i", "is[1]").replace("@b", "bs[1]"));
    }
    all
}

#[test]
fn shapes_answer_as_the_interpreter() {
    let (scheme, limits) = (scheme(), Limits::default());
    let batches = batches(&scheme);
    let mut compiled = 0;
    for source in sources() {
        let Ok(program) = compile(&source, &scheme, &limits) else {
            continue;
        };
        compiled += 1;
        let linked = Linked::new(program, &Library::standard(), &Lists::new(), &limits).expect("links");
        let backends: [&dyn Backend; 2] = [&Interp::new(), &Closures::new()];
        let mut instances = backends.map(|b| b.compile(&linked).expect("compiles").instantiate(&limits).expect("an instance"));
        for batch in &batches {
            let mut answers = [Matches::new(), Matches::new()];
            for (instance, matches) in instances.iter_mut().zip(&mut answers) {
                instance.run_batch(batch, matches).expect("runs");
            }
            assert_eq!(answers[0], answers[1], "{source}");
            let mut hits = RuleSet::new();
            for record in batch.iter() {
                instances[1].run(record, &mut hits).expect("runs");
                assert_eq!(hits.contains(0), answers[0].get(RuleId(0), RecordId(record.index())), "{source}, record {}", record.index());
            }
        }
    }
    assert!(compiled > 700, "only {compiled} sources compile");
}

#[test]
fn long_chains_and_deep_nesting() {
    let (scheme, limits) = (scheme(), Limits::default());
    let batch = &batches(&scheme)[0];
    let flat = |op: &str| (0..50_000).map(|n| format!("i != {}", n + 2_000)).collect::<Vec<_>>().join(op);
    let deep = format!("{}i == 1{}", "not (".repeat(60), ")".repeat(60));
    let many = format!("{}i == 1{}", "(i == 2 or ".repeat(120), ")".repeat(120));
    for source in [flat(" and "), flat(" or "), deep, many] {
        let program = compile(&source, &scheme, &limits).expect("a program");
        let linked = Linked::new(program, &Library::standard(), &Lists::new(), &limits).expect("links");
        let backends: [&dyn Backend; 2] = [&Interp::new(), &Closures::new()];
        let answers = backends.map(|b| {
            let mut matches = Matches::new();
            b.compile(&linked).expect("compiles").instantiate(&limits).expect("an instance").run_batch(batch, &mut matches).expect("runs");
            matches
        });
        assert_eq!(answers[0], answers[1]);
    }
}

#[test]
fn other_schemes_are_refused_and_nothing_is_shown() {
    let limits = Limits::default();
    let program = compile("i == 1", &scheme(), &limits).expect("a program");
    let linked: Arc<Linked> = Linked::new(program, &Library::standard(), &Lists::new(), &limits).expect("links");
    let compiled = Closures::new().compile(&linked).expect("compiles");
    assert!(compiled.artifact().data_bytes > 0);
    let mut instance = compiled.instantiate(&limits).expect("an instance");
    let other = Scheme::builder().optional("i", Type::Int).build().expect("a scheme");
    let mut builder = BatchBuilder::new(&other, 1, ArenaKind::Plain).expect("a batch");
    builder.record().finish().expect("a record");
    let batch = builder.build();
    assert!(instance.run_batch(&batch, &mut Matches::new()).is_err());
    assert!(instance.run(batch.record(0), &mut RuleSet::new()).is_err());
    assert!(Closures::new().emits().is_empty());
    assert!(Emit::ALL.iter().all(|form| Closures::new().emit(&linked, *form).is_err()));
}
