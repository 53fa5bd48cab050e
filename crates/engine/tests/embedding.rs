//! Structs as records, evaluators, rules that are exchanged under load, contexts and metrics.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use proptest::prelude::*;
use quintet::lang::signature::{Param, Signature};
use quintet::{
    ArenaKind, BatchBuilder, Engine, EvaluationError, FillError, Library, Matches, Metrics, OwnedValue, Program, Record, RecordBuffer,
    RecordId, Reloadable, Scheme, ToRecordError, Trap, Type, Value, backends, context, to_record,
};
use serde::Serialize;

#[derive(Record, Serialize)]
struct Everything<'a> {
    /// A text.
    text: &'a str,
    owned: String,
    cow: Cow<'a, str>,
    bytes: Vec<u8>,
    #[record(rename = "number.small")]
    small: u8,
    big: u64,
    ratio: f64,
    yes: bool,
    ip: IpAddr,
    four: Ipv4Addr,
    maybe: Option<i32>,
    list: Vec<u16>,
    texts: Vec<&'a str>,
    map: BTreeMap<String, i64>,
    hashed: HashMap<String, bool>,
    pairs: Vec<(&'a str, u32)>,
    lists: Vec<Vec<i64>>,
    #[record(grouped)]
    headers: Vec<(&'a str, &'a str)>,
    inner: Inner,
    #[record(prefix = "other.end")]
    end: Option<Inner>,
    #[record(flatten)]
    #[serde(flatten)]
    flat: Flat,
    #[record(skip)]
    #[serde(skip)]
    unseen: std::time::Duration,
    #[record(multi)]
    ports: Vec<i64>,
}

#[derive(Record, Serialize)]
struct Inner {
    port: u16,
}

#[derive(Record, Serialize)]
struct Flat {
    level: i8,
}

fn everything() -> Everything<'static> {
    Everything {
        text: "text",
        owned: "owned".into(),
        cow: "cow".into(),
        bytes: vec![0, 255],
        small: 7,
        big: i64::MAX as u64,
        ratio: 0.5,
        yes: true,
        ip: "::1".parse().unwrap(),
        four: Ipv4Addr::LOCALHOST,
        maybe: None,
        list: vec![1, 2],
        texts: vec!["a", "b"],
        map: [("k".into(), -1)].into(),
        hashed: [("b".into(), true), ("a".into(), false)].into(),
        pairs: vec![("z", 1), ("a", 2), ("z", 3)],
        lists: vec![vec![1], vec![]],
        headers: vec![("x-b", "1"), ("accept", "2"), ("x-b", "3"), ("x-a", ""), ("", "4")],
        inner: Inner { port: 1 },
        end: Some(Inner { port: 2 }),
        flat: Flat { level: -3 },
        unseen: Default::default(),
        ports: vec![80, 443],
    }
}

#[test]
fn a_struct_of_all_types_is_a_record() {
    let engine = Engine::new();
    let scheme = engine.scheme_of::<Everything>().unwrap();
    assert_eq!(scheme.fields()[0].doc, "A text.");
    assert!(everything().unseen.is_zero() && scheme.field_id("unseen").is_none());
    let source = r#"
        rule r_text = text == "text" and owned == "owned" and cow == "cow" and bytes == "\x00\xff"
        rule r_int = number.small == 7 and big == 9223372036854775807 and level == -3 and inner.port == 1 and other.end.port == 2
        rule r_rest = ratio == 0.5 and yes and ip == ::1 and four == 127.0.0.1 and not (maybe == 1)
        rule r_list = list[1] == 2 and texts[0] == "a" and len(lists) == 2 and ports == 443
        rule r_map = map["k"] == -1 and not hashed["a"] and hashed["b"] and pairs["z"] == 3 and pairs["a"] == 2
        rule r_group = headers["x-b"][0] == "1" and headers["x-b"][1] == "3" and headers["accept"][0] == "2" and headers[""][0] == "4" and headers["x-a"][0] == ""
    "#;
    for backend in backends() {
        let rules = engine.compile(source, &scheme, backend.id().name).unwrap();
        let mut evaluator = rules.evaluator().unwrap();
        // Filled again and again, without anything that stays from before.
        for _ in 0..3 {
            assert!(evaluator.evaluate(&everything()).unwrap().names().eq(["r_text", "r_int", "r_rest", "r_list", "r_map", "r_group"]));
            assert!(
                evaluator
                    .evaluate(&Everything { end: None, yes: false, ..everything() })
                    .unwrap()
                    .names()
                    .eq(["r_text", "r_list", "r_map", "r_group"])
            );
        }
    }
}

#[test]
fn what_serde_serialises_is_the_same_record() {
    let scheme = Everything::scheme().unwrap();
    let value = everything();
    let mut derived = RecordBuffer::in_arena(&scheme, ArenaKind::Plain).unwrap();
    let mut filler = quintet::Filler::new();
    let derived = derived.fill(|record| filler.fill(&value, record).unwrap()).unwrap();
    // `rename` is `Record`'s own, so that serde calls some fields otherwise.
    let mut json = serde_json::to_value(&value).unwrap();
    let object = json.as_object_mut().unwrap();
    for (from, to) in [("small", "number.small"), ("end", "other.end")] {
        let taken = object.remove(from).unwrap();
        object.insert(to.into(), taken);
    }
    let mut serialised = RecordBuffer::new(&scheme).unwrap();
    let serialised = serialised.fill(|record| to_record(&json, record).unwrap()).unwrap();
    for (i, field) in scheme.fields().iter().enumerate() {
        let id = scheme.field_id(&field.name).unwrap();
        assert_eq!(id.0 as usize, i);
        assert_eq!(derived.value(id), serialised.value(id), "{}", field.name);
    }
}

#[test]
fn what_serde_serialises_and_no_record_can_hold_is_refused() {
    let scheme = Scheme::builder().optional("n", Type::Int).optional("m.ip", Type::Ip).build().unwrap();
    let mut buffer = RecordBuffer::new(&scheme).unwrap();
    let mut error = |json: &str| {
        let json: serde_json::Value = serde_json::from_str(json).unwrap();
        let mut done = Ok(());
        buffer.fill(|record| done = to_record(&json, record)).unwrap();
        done.unwrap_err()
    };
    assert_eq!(error("7"), ToRecordError::NoStruct);
    assert_eq!(error(r#"{"m":{"x":1}}"#), ToRecordError::NoField("m.x".into()));
    assert_eq!(error(r#"{"n":"1"}"#), ToRecordError::WrongType { field: "n".into(), expected: Type::Int });
    assert_eq!(error(r#"{"n":18446744073709551615}"#), ToRecordError::WrongType { field: "n".into(), expected: Type::Int });
    assert_eq!(error(r#"{"m":{"ip":"1.2.3"}}"#), ToRecordError::WrongType { field: "m.ip".into(), expected: Type::Ip });
}

#[test]
fn numbers_that_no_int_is_and_fields_that_the_scheme_lacks_are_errors() {
    let engine = Engine::new();
    let scheme = engine.scheme_of::<Everything>().unwrap();
    let rules = engine.compile("big > 1", &scheme, "closures").unwrap();
    let mut evaluator = rules.evaluator().unwrap();
    let error = evaluator.evaluate(&Everything { big: u64::MAX, ..everything() }).unwrap_err().to_string();
    assert_eq!(error, "the value 18446744073709551615 for field `big` is out of the range of Int, which has 64 bits and a sign");
    assert!(evaluator.evaluate(&everything()).is_ok());
    #[derive(Record)]
    struct Foreign {
        foreign: i64,
    }
    let error = evaluator.evaluate(&Foreign { foreign: 1 }).unwrap_err();
    assert!(matches!(error, EvaluationError::Fill(FillError::NoField(name)) if name == "foreign"));
    #[derive(Record)]
    struct Other {
        big: &'static str,
    }
    let error = evaluator.evaluate(&Other { big: "" }).unwrap_err().to_string();
    assert_eq!(error, "the value for field `big` is not of type Int");
    // Not after another struct either.
    assert!(evaluator.evaluate(&everything()).is_ok());
}

#[test]
fn a_projected_scheme_takes_the_fields_that_it_has() {
    let engine = Engine::new();
    let whole = engine.scheme_of::<Everything>().unwrap();
    let program = engine.check_projected("inner.port == 1 and level < 0", &whole).unwrap();
    let program = Program::from_json(&program.to_json(), &program.scheme).unwrap();
    let rules = engine.compile_program(program, "closures").unwrap();
    assert_eq!(rules.scheme().fields().len(), 2);
    assert_eq!(rules.evaluator().unwrap().evaluate(&everything()).unwrap().len(), 1);
}

#[test]
fn schemes_that_are_built_alike_are_the_same() {
    let build = |name: &str, ty: Type| Scheme::builder().mandatory("a", Type::Int).optional(name, ty).build().unwrap();
    let (one, two) = (build("b", Type::Ip), build("b", Type::Ip));
    assert!(one.same(&two) && !one.same(&build("c", Type::Ip)) && !one.same(&build("b", Type::Int)));
    let optional = Scheme::builder().optional("a", Type::Int).optional("b", Type::Ip).build().unwrap();
    assert!(!one.same(&optional));
    for backend in backends() {
        let rules = Engine::new().compile("a == 1", &one, backend.id().name).unwrap();
        let mut builder = BatchBuilder::new(&two, 1, ArenaKind::Shared).unwrap();
        let mut record = builder.record();
        record.int(two.field_id("a").unwrap(), 1);
        record.finish().unwrap();
        let mut matches = Matches::new();
        rules.instance().unwrap().run_batch(&builder.build(), &mut matches).unwrap();
        assert!(matches.get(rules.rule("").unwrap(), RecordId(0)));
    }
}

proptest! {
    #[test]
    fn pairs_in_any_order_are_grouped_as_a_map_of_lists_groups_them(
        pairs in prop::collection::vec(("[a-c]{0,2}|content-(type|length)|\\PC{0,12}", "\\PC{0,20}"), 0..80),
    ) {
        let scheme = Scheme::builder().mandatory("h", Type::map(Type::array(Type::Bytes))).build().unwrap();
        let field = scheme.field_id("h").unwrap();
        let mut buffer = RecordBuffer::in_arena(&scheme, ArenaKind::Plain).unwrap();
        let record = buffer.fill(|record| record.grouped(field, pairs.iter().map(|(k, v)| (k.as_bytes(), v.as_bytes())))).unwrap();
        let mut expected: BTreeMap<Vec<u8>, Vec<OwnedValue>> = BTreeMap::new();
        for (key, value) in &pairs {
            expected.entry(key.clone().into()).or_default().push(OwnedValue::Bytes(value.clone().into()));
        }
        let expected: BTreeMap<_, _> = expected.into_iter().map(|(key, values)| (key, OwnedValue::Array(values))).collect();
        let found = OwnedValue::of(&record.value(field)).unwrap();
        prop_assert_eq!(found.to_json(), OwnedValue::Map(expected).to_json());
    }
}

#[derive(Record)]
struct Packet {
    port: u16,
}

#[test]
fn rules_exchanged_under_load_lose_no_evaluation() {
    const SWAPS: u64 = 60;
    for id in ["closures", "jit"] {
        let engine = Engine::new();
        let scheme = engine.scheme_of::<Packet>().unwrap();
        // Each version says its number by which of its two rules has which name, and one of them always matches.
        let text = |version: u64| format!("rule even{version} = port % 2 == 0\nrule odd{version} = port % 2 == 1");
        let rules = Reloadable::new(engine, scheme, id, &text(0)).unwrap();
        let (stop, evaluations) = (AtomicBool::new(false), AtomicU64::new(0));
        let seen = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..3)
                .map(|_| {
                    scope.spawn(|| {
                        let mut live = rules.evaluator().unwrap();
                        let (mut port, mut last, mut changes) = (0u16, 0u64, 0u64);
                        while !stop.load(Relaxed) || last < SWAPS {
                            port = port.wrapping_add(1);
                            let answers = live.evaluate(&Packet { port }).unwrap();
                            let names: Vec<&str> = answers.names().collect();
                            let [name] = names[..] else { panic!("{names:?}") };
                            let (kind, number) = name.split_at(if port % 2 == 0 { 4 } else { 3 });
                            assert_eq!(kind, if port % 2 == 0 { "even" } else { "odd" });
                            let version: u64 = number.parse().unwrap();
                            assert!(version >= last, "rules go back from {last} to {version}");
                            changes += u64::from(version != last);
                            last = version;
                            evaluations.fetch_add(1, Relaxed);
                        }
                        changes
                    })
                })
                .collect();
            for version in 1..=SWAPS {
                assert!(rules.reload("rule broken = port ==").is_err());
                assert_eq!(rules.reload(&text(version)).unwrap(), version);
            }
            stop.store(true, Relaxed);
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        assert!(seen.iter().all(|changes| *changes >= 1), "{seen:?}");
        assert_eq!((rules.version(), rules.failures()), (SWAPS, SWAPS));
        assert!(evaluations.load(Relaxed) >= 3);
    }
}

#[test]
fn functions_of_the_host_see_the_context_of_their_record() {
    struct Tenant(i64);
    let mut library = Library::standard();
    let signature = Signature { may_be_nil: true, ..Signature::new("tenant", vec![Param::new("n", Type::Int)], Type::Int) };
    library.function(signature, |_, _| Ok(context::<Tenant>().map_or(Value::Nil, |tenant| Value::Int(tenant.0))));
    let engine = Engine::new().with_library(library);
    let scheme = engine.scheme_of::<Packet>().unwrap();
    for backend in backends() {
        let rules = engine.compile("rule mine = tenant(port) == 7\nrule constant = tenant(1) == 7", &scheme, backend.id().name).unwrap();
        let mut evaluator = rules.evaluator().unwrap();
        for tenant in [7, 8, 7] {
            let answers = evaluator.evaluate_in(&Packet { port: 1 }, Arc::new(Tenant(tenant))).unwrap();
            assert_eq!(answers.len(), if tenant == 7 { 2 } else { 0 }, "{}", backend.id());
        }
        assert!(evaluator.evaluate(&Packet { port: 1 }).unwrap().is_empty());
        fn sent<T: Send>(_: &T) {}
        sent(&evaluator);
    }
}

#[test]
fn metrics_count_matches_traps_and_times() {
    let engine = Engine::new();
    let scheme = engine.scheme_of::<Packet>().unwrap();
    let rules = engine.compile("rule a = port > 9\nrule b = 10 / port == 1", &scheme, "jit").unwrap();
    let metrics = Arc::new(Metrics::new(&rules));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut evaluator = rules.evaluator().unwrap().with_metrics(metrics.clone());
                for port in 0..1500 {
                    let answers = evaluator.evaluate(&Packet { port }).unwrap();
                    let traps: Vec<_> = answers.traps().map(|(name, fault)| (name, fault.trap)).collect();
                    assert_eq!(traps, if port == 0 { vec![("b", Trap::DivisionByZero)] } else { vec![] });
                }
            });
        }
    });
    assert_eq!((metrics.records(), metrics.timed().0), (3000, 4));
    let [a, b] = metrics.rules().collect::<Vec<_>>()[..] else { panic!("two rules") };
    assert_eq!((a.name, a.matches, a.traps, a.timed), ("a", 2980, 0, 4));
    assert_eq!((b.name, b.matches, b.traps, b.timed), ("b", 10, 2, 4));
    assert!(a.timed_ns > 0 && b.timed_ns > 0 && metrics.timed().1 > 0);
}
