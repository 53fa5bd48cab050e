//! Structs as records, evaluators, rules that are exchanged under load, contexts and metrics.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use quintet::lang::signature::{Param, Signature};
use quintet::{
    ArenaKind, BatchBuilder, Engine, EvaluationError, FillError, Filler, Library, Matches, Metrics, OwnedValue, Program, Record,
    RecordBuffer, RecordId, Reloadable, RuleId, SampleError, Scheme, SchemeBuilder, Sink, SinkFault, ToRecordError, Trap, Type, Value,
    WholeLines, backends, context, declare_samples, to_record,
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
    let mut filler = Filler::new();
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
        // Among others keys that are told from one another by what is behind their first 8 or 12 bytes, or by zeros at their ends.
        pairs in prop::collection::vec(
            ("[a-b\\x00]{0,3}|content-(type|length)|x-forwarded-(for|host|h)|x-forwarded\\x00{0,3}|\\PC{0,12}", "\\PC{0,20}"),
            0..80,
        ),
    ) {
        let scheme = Scheme::builder().mandatory("h", Type::map(Type::array(Type::Bytes))).build().unwrap();
        let field = scheme.field_id("h").unwrap();
        let mut buffer = RecordBuffer::in_arena(&scheme, ArenaKind::Plain).unwrap();
        // What is left of a record before does not count.
        buffer.fill(|record| record.grouped(field, [(&b"a"[..], &b"before"[..]); 3])).unwrap();
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

/// The fields that samples of JSON make, after those that are declared.
fn sampled(declared: SchemeBuilder, samples: &[&str]) -> Result<Vec<String>, SampleError> {
    let samples = samples.iter().map(|json| serde_json::from_str::<serde_json::Value>(json).unwrap());
    let scheme = declare_samples(declared, samples)?.build().unwrap();
    Ok(scheme.fields().iter().map(|field| format!("{}: {}", field.name, field.ty)).collect())
}

#[test]
fn samples_make_the_scheme_that_the_derive_makes_but_for_what_they_cannot_say() {
    // What a text, a list of bytes or of pairs stands for is said by a declaration; a flattened struct is a map for serde.
    let declared = ["bytes", "ip", "four", "headers"].into_iter().fold(Scheme::builder(), |builder, name| {
        let whole = Everything::scheme().unwrap();
        builder.field(whole.field(whole.field_id(name).unwrap()).clone())
    });
    let samples = [everything(), Everything { maybe: Some(1), ..everything() }];
    let scheme = declare_samples(declared, &samples).unwrap().build().unwrap();
    let derived = Everything::scheme().unwrap();
    assert_eq!(scheme.fields().len(), derived.fields().len());
    for field in derived.fields() {
        // `rename` and `prefix` are `Record`'s own.
        let name = match field.name.as_str() {
            "number.small" => "small",
            "other.end.port" => "end.port",
            name => name,
        };
        let sampled = scheme.field(scheme.field_id(name).unwrap_or_else(|| panic!("no field {name}")));
        assert_eq!(sampled.ty, field.ty, "{name}");
    }
    let mut buffer = RecordBuffer::new(&scheme).unwrap();
    buffer.fill(|record| to_record(&samples[1], record).unwrap()).unwrap();
}

#[test]
fn samples_say_together_what_fields_there_are() {
    let fields =
        sampled(Scheme::builder(), &[r#"{"a":1,"b":[],"c":null}"#, r#"{"b":[["x"],[]],"c":true,"d":{"k":[]}}"#, r#"{"d":{"l":[0.5]}}"#]);
    assert_eq!(fields.unwrap(), ["a: Int", "b: Array<Array<Bytes>>", "c: Bool", "d: Map<Array<Float>>"]);
    // A map is fields where one of them is declared, and a struct that is missing at times is none.
    let declared = || Scheme::builder().mandatory("from.ip", Type::Ip);
    let fields = sampled(declared(), &[r#"{"from":null}"#, r#"{"from":{"ip":"::1","port":1}}"#]);
    assert_eq!(fields.unwrap(), ["from.ip: Ip", "from.port: Int"]);
    let wrong = |samples: &[&str]| sampled(declared(), samples).unwrap_err();
    assert_eq!(wrong(&["[1]"]), ToRecordError::NoStruct.into());
    assert_eq!(wrong(&[r#"{"a":{"b":[[]]}}"#]), SampleError::Undetermined("a".into()));
    assert_eq!(wrong(&[r#"{"a":null}"#, r#"{"b":1}"#]), SampleError::Undetermined("a".into()));
    for several in
        [&[r#"{"a":[1,"b"]}"#][..], &[r#"{"a":{"b":1,"c":"d"}}"#], &[r#"{"a":1}"#, r#"{"a":0.5}"#], &[r#"{"a":[1]}"#, r#"{"a":{"b":1}}"#]]
    {
        assert_eq!(wrong(several), SampleError::Several("a".into()), "{several:?}");
    }
    assert_eq!(wrong(&[r#"{"from":1}"#]), SampleError::Several("from".into()));
    let expected = ToRecordError::WrongType { field: "from.ip".into(), expected: Type::Ip };
    assert_eq!(wrong(&[r#"{"from":{"ip":"1.2.3"}}"#]), expected.into());
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

/// The text of rules of which the last counts ports in a table.
fn counting(table: &str, more: &str) -> String {
    format!("time = port\nstate seen[port]: {table}\nrule all = port > 0\non all {{ seen += 1 }}\nrule often = all and seen > 1\n{more}")
}

/// A sink that others may look into.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Sink for Lines {
    fn write(&mut self, lines: &WholeLines<'_>) -> Result<(), SinkFault> {
        self.0.lock().unwrap().extend_from_slice(lines.bytes());
        Ok(())
    }
}

#[test]
fn rules_that_keep_state_answer_one_by_one_as_they_do_in_batches() {
    let engine = Engine::new();
    let scheme = engine.scheme_of::<Packet>().unwrap();
    let source = counting("count max 3", "rule odd = seen / (port - 3) > 0\noutput odds on often = json { port: port }");
    let ports = [1, 2, 3, 1, 1, 4, 5, 2, 2, 3, 3, 0, 1];
    for backend in backends() {
        let rules = engine.compile(&source, &scheme, backend.id().name).unwrap();
        assert!(rules.instance().err().unwrap().to_string().contains("`Rules::session`"));
        let (mut evaluator, mut session) = (rules.evaluator().unwrap(), rules.session().unwrap());
        let sinks = [Lines::default(), Lines::default()];
        session.attach("odds", Box::new(sinks[0].clone())).unwrap();
        evaluator.session().unwrap().attach("odds", Box::new(sinks[1].clone())).unwrap();
        let metrics = Arc::new(Metrics::new(&rules));
        let mut evaluator = evaluator.with_metrics(metrics.clone());
        let mut builder = BatchBuilder::new(&scheme, ports.len(), ArenaKind::Shared).unwrap();
        let mut filler = Filler::new();
        for port in ports {
            let mut record = builder.record();
            filler.fill(&Packet { port }, &mut record).unwrap();
            record.finish().unwrap();
        }
        let mut matches = Matches::new();
        session.run_batch(&builder.build(), &mut matches).unwrap();
        let mut traps = Vec::new();
        for (at, port) in ports.into_iter().enumerate() {
            let answers = evaluator.evaluate(&Packet { port }).unwrap();
            for rule in (0..rules.names().len()).map(RuleId) {
                assert_eq!(answers.has(rule), matches.get(rule, RecordId(at)), "{}: {rule:?} on record {at}", backend.id());
            }
            traps.extend(answers.traps().map(|(name, fault)| (name.to_owned(), at, fault)));
        }
        let names: Vec<&str> = rules.names().collect();
        let wanted: Vec<_> = matches.traps().iter().map(|it| (names[it.rule].to_owned(), it.record, it.fault())).collect();
        assert!(!wanted.is_empty() && traps == wanted, "{}: {traps:?}", backend.id());
        assert_eq!(evaluator.session().unwrap().counts(), session.counts());
        let [lines, one_by_one] = sinks.map(|sink| sink.0.lock().unwrap().clone());
        assert!(!lines.is_empty() && lines == one_by_one);
        assert_eq!((metrics.records(), metrics.rules().map(|rule| rule.timed).sum::<u64>()), (ports.len() as u64, 0));
    }
}

#[test]
fn tables_and_sinks_outlive_an_exchange_where_they_are_declared_as_before() {
    let engine = Engine::new();
    let scheme = engine.scheme_of::<Packet>().unwrap();
    let output = "output often on often limit 2 within 1h = json { port: port, n: seen }";
    let rules = Reloadable::new(engine, scheme, "closures", &counting("count max 1000", output)).unwrap();
    let (mut live, sink) = (rules.evaluator().unwrap(), Lines::default());
    live.current().session().unwrap().attach("often", Box::new(sink.clone())).unwrap();
    let mut names = |port: u16| live.evaluate(&Packet { port }).unwrap().names().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!((names(1), names(2), names(1)), (vec!["all".into()], vec!["all".into()], vec!["all".into(), "often".into()]));
    // The same table, among others and differently written; what is done more for each record does not make entries younger.
    let more = format!("state earlier[port]: seen max 1000\non all {{ add(earlier) }}\nrule again = earlier\n{output}");
    rules.reload(&counting("count  max 1_000", &more)).unwrap();
    assert_eq!(names(2), ["all", "often"]);
    assert_eq!(names(2), ["all", "often", "again"]);
    // Two lines were given out, whose limit goes on as well.
    let lines = |sink: &Lines| String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
    assert_eq!(lines(&sink), "{\"port\":1,\"n\":2}\n{\"port\":2,\"n\":2}\n");
    rules.reload(&counting("count max 1000", output)).unwrap();
    assert_eq!(names(2), ["all", "often"]);
    assert_eq!(lines(&sink).lines().count(), 2);
    // Another declaration is another table, and another limit another one, with the same sink.
    rules.reload(&counting("count max 5", &output.replace("limit 2", "limit 9"))).unwrap();
    assert_eq!((names(2), names(2)), (vec!["all".into()], vec!["all".into(), "often".into()]));
    assert_eq!(lines(&sink).lines().last(), Some("{\"port\":2,\"n\":2}"));
    assert_eq!(lines(&sink).lines().count(), 3);
    // Rules that keep nothing forget it.
    rules.reload("rule all = port > 0").unwrap();
    assert_eq!(names(2), ["all"]);
    rules.reload(&counting("count max 5", "")).unwrap();
    assert_eq!(names(2), ["all"]);
}

#[test]
fn a_rule_that_there_is_none_of_is_no_filter() {
    let engine = Engine::new();
    let rules = engine.compile("port == 1", &engine.scheme_of::<Packet>().unwrap(), "closures").unwrap();
    assert!(rules.filter(rules.rule("").unwrap()).is_ok());
    assert!(rules.filter(RuleId(1)).unwrap_err().to_string().contains("there is no rule 1; the program has 1, counted from 0"));
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
