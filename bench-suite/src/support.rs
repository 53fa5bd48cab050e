//! Which configuration runs which construct of the language: found out by running one expression for each.

use std::sync::Arc;

use quintet::backend::Backend;
use quintet::{ArenaKind, Batch, BatchBuilder, Engine, Field, Matches, Presence, Scheme, Type};
use quintet_results::Support;

/// A construct and an expression that needs it, over the fields of [`records`].
const CONSTRUCTS: &[(&str, &str)] = &[
    ("Bool field", "flag"),
    ("Bool constant", "flag == true"),
    ("Int comparison", "n < 5"),
    ("Float comparison", "f >= 0.5"),
    ("Bytes comparison", "s == \"abc\""),
    ("Bytes ordering", "s < \"abd\""),
    ("Ip comparison", "ip == 10.0.0.1"),
    ("comparison of two expressions", "s != t"),
    ("and", "flag and n == 1"),
    ("or", "flag or n == 1"),
    ("xor", "flag xor n == 1"),
    ("not", "not flag"),
    ("arithmetic on Int", "(n + 2) * 3 - n / 2 % 5 > 1"),
    ("bit operators", "n & 1 | n << 2 ^ n >> 1 == 3"),
    ("unary minus", "-n < 0"),
    ("arithmetic on Float", "f * 2.0 + 1.0 - f / 3.0 % 2.0 > 0.25"),
    ("Int set", "n in {1 5..9}"),
    ("large Int set", "n in {1 3 5 7 9 11 13 15 17 19 21 23 25 27 29 31 33 35 37 39}"),
    ("Ip set", "ip in {10.0.0.0/8 192.168.0.1..192.168.0.9 2001:db8::/32}"),
    ("Bytes set", "s in {\"abc\" \"x\"}"),
    ("not in", "n not in {1 2}"),
    ("named list", "n in $known"),
    ("contains", "s contains \"b\""),
    ("contains, dynamic", "s contains t"),
    ("matches", "s matches \"^a.c$\""),
    ("wildcard", "s wildcard \"A*\""),
    ("strict wildcard", "s strict wildcard \"a*c\""),
    ("array index", "ints[1] == 2"),
    ("map key", "map[\"k\"] == 7"),
    ("nested index", "rows[0][1] == 2"),
    ("byte slice", "s[1:3] == \"bc\" and s[-1:] == \"c\""),
    ("any", "any(ints[*] > 1)"),
    ("all", "all(ints[*] > 0)"),
    ("any over a map", "any(map[*] == 7)"),
    ("any over nested arrays", "any(rows[*][*] == 3)"),
    ("element-wise and/or/not", "any(ints[*] > 1 and not ints[*] == 3 or ints[*] == 9)"),
    ("lockstep over two arrays", "any(ints[*] == 1 and names[*] == \"a\")"),
    ("lockstep over nested arrays", "any(rows[*][*] == 1 and ints[*] == 1)"),
    ("function call", "lower(s) == \"abc\""),
    ("mapped function call", "any(len(names[*])[*] == 1)"),
    ("collected array", "len(concat(lower(names[*]), names)) == 4"),
    ("function over an array", "len(ints) == 3"),
    ("multi-valued field", "port == 443"),
    ("multi-valued field, !=", "port != 443"),
    ("multi-valued field, slice", "tag[0:1] == \"b\""),
    ("multi-valued field, later argument", "starts_with(s, tag)"),
    ("missing value", "gone == 1 or not gone > 0"),
    ("trap", "n / (n - 1) == 1"),
];

/// What probing found out about a construct.
#[derive(Clone, Debug)]
pub struct Probe {
    /// The construct, in the language's words.
    pub construct: &'static str,
    /// The expression that was run.
    pub example: &'static str,
    /// For each backend, in the order they were given: that it answers as the interpreter does, or why not.
    pub outcomes: Vec<Result<(), String>>,
}

/// Compiles and runs an expression for every construct with each of these backends, and compares the answers with the interpreter's.
pub fn probe(backends: &[Arc<dyn Backend>]) -> Vec<Probe> {
    let engine = Engine::new();
    engine.lists().declare("known", Type::Int).expect("the name of a list");
    let batch = records(&engine);
    let interpreter = quintet::backend("interp");
    let probe = |(construct, example): &(&'static str, &'static str)| {
        let run = |backend: &dyn Backend| -> Result<Matches, String> {
            let program = engine.check(example, batch.scheme()).map_err(|e| e.to_string())?;
            let linked = engine.link(program).map_err(|e| e.to_string())?;
            backend.supports(&linked).map_err(|e| e.to_string())?;
            let rules = engine.compile_linked(&linked, backend).map_err(|e| e.to_string())?;
            let (mut instance, mut answer) = (rules.instance().map_err(|e| e.to_string())?, Matches::new());
            instance.run_batch(&batch, &mut answer).map_err(|e| e.to_string())?;
            Ok(answer)
        };
        let expected = interpreter.as_ref().map_err(ToString::to_string).and_then(|i| run(&**i));
        let outcome = |backend: &Arc<dyn Backend>| {
            let same = run(&**backend)? == expected.clone()?;
            same.then_some(()).ok_or_else(|| "another answer than the interpreter's".to_owned())
        };
        Probe { construct, example, outcomes: backends.iter().map(outcome).collect() }
    };
    CONSTRUCTS.iter().map(probe).collect()
}

/// The same in the form of result files.
pub fn support(backends: &[Arc<dyn Backend>]) -> Vec<Support> {
    let ids: Vec<String> = backends.iter().map(|b| b.id().to_string()).collect();
    let by = |probe: &Probe| ids.iter().zip(&probe.outcomes).filter(|(_, o)| o.is_ok()).map(|(id, _)| id.clone()).collect();
    probe(backends).iter().map(|p| Support { construct: p.construct.into(), by: by(p) }).collect()
}

/// One record that has every type of field.
fn records(engine: &Engine) -> Batch {
    let multi = |name: &str, ty, doc: &str| Field {
        name: name.into(),
        ty: Type::array(ty),
        presence: Presence::Optional,
        multi: true,
        doc: doc.into(),
    };
    let scheme = Scheme::builder()
        .mandatory("flag", Type::Bool)
        .mandatory("n", Type::Int)
        .mandatory("f", Type::Float)
        .mandatory("s", Type::Bytes)
        .mandatory("t", Type::Bytes)
        .mandatory("ip", Type::Ip)
        .mandatory("ints", Type::array(Type::Int))
        .mandatory("names", Type::array(Type::Bytes))
        .optional("rows", Type::array(Type::array(Type::Int)))
        .optional("map", Type::map(Type::Int))
        .optional("gone", Type::Int)
        .field(multi("port", Type::Int, "source and destination"))
        .field(multi("tag", Type::Bytes, "names of the answers"))
        .lists(Type::Int)
        .functions(engine.library().signatures())
        .build()
        .expect("the scheme of the probes is sound");
    let id = |name: &str| scheme.field_id(name).expect("a field of the scheme");
    let mut builder = BatchBuilder::new(&scheme, 1, ArenaKind::Shared).expect("memory for one record");
    let mut record = builder.record();
    record.bool(id("flag"), true);
    record.int(id("n"), 1);
    record.float(id("f"), 0.5);
    record.bytes(id("s"), b"abc");
    record.bytes(id("t"), b"b");
    record.ip(id("ip"), "10.0.0.1".parse().unwrap());
    record.ints(id("ints"), &[1, 2, 3]);
    record.bytes_array(id("names"), &[b"a", b"B"]);
    record.ints(id("port"), &[443, 50000]);
    record.bytes_array(id("tag"), &[b"a", b"b"]);
    record.finish().expect("no mandatory field is missing");
    builder.build()
}
