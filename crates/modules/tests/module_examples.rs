//! The example modules: what WebAssembly answers and what the same source built in answers are the same, on every backend.

mod common;

use std::path::Path;

use common::{batch, scheme};
use quintet::modules::{Loader, Module, Parsers, builtin};
use quintet::{ArenaKind, Batch, Engine, EvaluateError, Scheme, backends};

/// A module that ships as it is built.
fn shipped(name: &str) -> Module {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/modules").join(format!("{name}.wasm"));
    let wasm = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    Loader::new().load(name, &wasm).unwrap()
}

/// An engine with what a module has, and one with the same built in.
fn twins(name: &str, items: &'static quintet_module::Module) -> [Engine; 2] {
    let (loaded, built_in) = (shipped(name), builtin(items).unwrap());
    assert_eq!(loaded.declaration(), built_in.declaration());
    [loaded, built_in].map(|module| Engine::new().with_modules(&[module]).unwrap())
}

/// What an expression is worth on each record.
fn values(engine: &Engine, expression: &str, scheme: &Scheme, batch: &Batch, backend: &str) -> Vec<String> {
    let mut instance = engine.compile_value(expression, scheme, backend).unwrap().instance().unwrap();
    let value = |record| match instance.evaluate(record) {
        Ok(value) => value.map_or_else(|| "nil".into(), |value| value.to_string()),
        Err(EvaluateError::Trap(fault)) => fault.trap.to_string(),
        Err(e) => panic!("{e}"),
    };
    batch.iter().map(value).collect()
}

/// Texts of many kinds.
fn texts() -> Vec<Vec<u8>> {
    let mut seed = 7u64;
    let mut random = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 40) as usize
    };
    let mut texts: Vec<Vec<u8>> =
        ["", ".", "www.example.org", "xkcdqwrtzp.biz", "\u{e9}", "..a"].map(|text| text.as_bytes().to_vec()).into();
    for _ in 0..200 {
        let len = random() % 100;
        texts.push((0..len).map(|_| random() as u8).collect());
    }
    texts.push(vec![b'a'; 70_000]);
    texts
}

#[test]
fn functions_answer_alike_in_webassembly_and_built_in() {
    let engines = twins("shannon", &shannon::MODULE);
    let texts = texts();
    for kind in [ArenaKind::Shared, ArenaKind::Plain] {
        let [expected, found] = engines.each_ref().map(|engine| {
            let scheme = scheme(engine);
            let batch = batch(&scheme, kind, texts.iter().map(|text| (text.as_slice(), 80)));
            let mut all = Vec::new();
            for backend in backends() {
                let id = backend.id().to_string();
                let of = |expression: &str| values(engine, expression, &scheme, &batch, &id);
                let here = [
                    of("shannon(payload)"),
                    of("consonants(payload)"),
                    of("first_label(payload)"),
                    of("length(lower(first_label(payload)))"),
                    of("shannon(\"constant\")"),
                ];
                if let Some(before) = all.last() {
                    assert_eq!(before, &here, "{id}, {kind:?}");
                }
                all.push(here);
            }
            all
        });
        assert_eq!(expected, found);
        let [shannon, consonants, labels, ..] = &found[0];
        assert_eq!((shannon[0].as_str(), consonants[3].as_str(), labels[2].as_str(), labels[1].as_str()), ("0.0", "10", "\"www\"", "nil"));
    }
}

/// A packet of MQTT that connects, and one that publishes.
fn mqtt() -> [Vec<u8>; 2] {
    let connect = [b"\x10\x12\0\x04MQTT\x04\x02\0\x3c\0\x06".as_slice(), b"sensor"].concat();
    let publish = [b"\x32\x0e\0\x08".as_slice(), b"home/tmp", b"\0\x01on"].concat();
    [connect, publish]
}

#[test]
fn parsers_set_the_same_fields_in_webassembly_and_built_in() {
    let engines = twins("mqtt", &mqtt::MODULE);
    let mut payloads: Vec<(Vec<u8>, i64)> = mqtt().into_iter().flat_map(|packet| [(packet.clone(), 1883), (packet, 80)]).collect();
    payloads.extend(texts().into_iter().map(|text| (text, 1883)));
    let fields = ["mqtt.packet", "mqtt.flags", "mqtt.client_id", "mqtt.clean", "mqtt.topic", "mqtt.qos"];
    for kind in [ArenaKind::Shared, ArenaKind::Plain] {
        let [expected, found] = engines.each_ref().map(|engine| {
            let parsers: Vec<_> = engine.parsers().all().iter().cloned().map(renamed).collect();
            let engine = engine.clone().with_parsers(Parsers::new(parsers));
            let base = Scheme::builder()
                .optional("tcp.payload", quintet::Type::Bytes)
                .optional("port", quintet::Type::Int)
                .functions(engine.library().signatures())
                .build()
                .unwrap();
            let scheme = engine.declare_parsed(&base).unwrap();
            let mut batch = mqtt_batch(&scheme, kind, &payloads);
            let parsed = engine.bind_parsers(&scheme).unwrap().apply(&mut batch, &mut Vec::new()).unwrap();
            assert_eq!((parsed.tried, parsed.trapped), (payloads.len() - 2, 0));
            // What is set lies in the payload: nothing was copied.
            let topic = scheme.field_id("mqtt.topic").unwrap();
            let (quintet::Value::Bytes(topic), quintet::Value::Bytes(payload)) =
                (batch.record(2).value(topic), batch.record(2).value(scheme.field_id("tcp.payload").unwrap()))
            else {
                panic!("no topic")
            };
            assert!(payload.as_ptr_range().contains(&topic.as_ptr()));
            let mut all = Vec::new();
            for backend in backends() {
                let id = backend.id().to_string();
                let here = fields.map(|field| values(&engine, field, &scheme, &batch, &id));
                if let Some(before) = all.last() {
                    assert_eq!(before, &here, "{id}, {kind:?}");
                }
                all.push(here);
            }
            all
        });
        assert_eq!(expected, found);
        let first = |record: usize| found[0].each_ref().map(|values| values[record].as_str());
        assert_eq!(first(0), ["1", "0", "\"sensor\"", "true", "nil", "nil"]);
        assert_eq!(first(1), ["nil"; 6]);
        assert_eq!(first(2), ["3", "2", "nil", "nil", "\"home/tmp\"", "1"]);
    }
}

/// The parser for records of another port field.
fn renamed(parser: quintet::modules::Parser) -> quintet::modules::Parser {
    assert_eq!((parser.input(), parser.condition()), ("tcp.payload", Some("tcp.port in {1883}")));
    parser.on("port == 1883")
}

fn mqtt_batch(scheme: &Scheme, kind: ArenaKind, payloads: &[(Vec<u8>, i64)]) -> Batch {
    let (payload, port) = (scheme.field_id("tcp.payload").unwrap(), scheme.field_id("port").unwrap());
    let mut builder = quintet::BatchBuilder::new(scheme, payloads.len(), kind).unwrap();
    for (bytes, number) in payloads {
        let mut record = builder.record();
        record.bytes(payload, bytes);
        record.int(port, *number);
        record.finish().unwrap();
    }
    builder.build()
}

#[test]
fn formatters_make_the_same_lines_in_webassembly_and_built_in() {
    let modules = [shipped("cef"), builtin(&cef::MODULE).unwrap()];
    let ips = [quintet::Value::Ip("10.0.0.1".parse().unwrap())];
    let hosts = [quintet::Value::Bytes(b"x=\\\n")];
    let values = [
        quintet::Value::Bytes(b"a|b"),
        quintet::Value::Array(quintet::ArrayRef::Built(&ips)),
        quintet::Value::Nil,
        quintet::Value::Int(5),
        quintet::Value::Nil,
        quintet::Value::Array(quintet::ArrayRef::Built(&hosts)),
        quintet::Value::Nil,
    ];
    for module in modules {
        let mut formatter = module.formatter("cef").unwrap();
        let mut out = b"before ".to_vec();
        assert_eq!(formatter.format(&values, &mut out), Ok(true));
        let line = r"before CEF:0|Quintet|quintet|1|a\|b|a\|b|5|src=10.0.0.1 spt=5 dhost=x\=\\\n";
        assert_eq!(String::from_utf8_lossy(&out), line);
        // What is missing and must not be.
        let mut none = values;
        none[0] = quintet::Value::Nil;
        assert_eq!(formatter.format(&none, &mut out), Ok(false));
        assert!(formatter.format(&values[..3], &mut out).is_err());
        assert!(module.formatter("cef_address").is_none());
    }
}

#[test]
fn arguments_that_lie_in_a_batch_are_read_where_they_are() {
    let wasm = common::text(
        r#"(module (@custom "quintet" "quintet 1\nfn at(s: Bytes) -> Int\n") (memory 1)
            (func (export "at") (param $args i32) (param $out i32) (result i32)
                (i64.store (local.get $out) (i64.const 1))
                (i64.store offset=8 (local.get $out) (i64.load offset=8 (local.get $args)))
                (i32.const 1)))"#,
    );
    let module = Loader::new().load("at", &wasm).unwrap();
    if !module.reads_in_place() {
        return;
    }
    let engine = Engine::new().with_modules(&[module]).unwrap();
    let scheme = scheme(&engine);
    for (kind, in_place) in [(ArenaKind::Shared, true), (ArenaKind::Plain, false)] {
        let long = vec![b'x'; 64 << 10];
        let batch = batch(&scheme, kind, [(&b"short"[..], 1), (&long, 1)].into_iter());
        for backend in backends() {
            let id = backend.id().to_string();
            let at: Vec<u64> = values(&engine, "at(payload)", &scheme, &batch, &id).iter().map(|at| at.parse().unwrap()).collect();
            // The batch is mapped from 1 GiB on, and the second payload follows the first there.
            let found = at.iter().all(|at| *at >= 1 << 30);
            // The sandbox of the WebAssembly backend has a copy of a batch in plain memory, which cannot be mapped.
            assert_eq!(found, in_place, "{id}, {kind:?}: {at:x?}");
            if in_place {
                assert_eq!(at[1] - at[0], 8);
            }
        }
    }
}

#[test]
fn a_column_has_what_calls_answer() {
    let module = shipped("shannon");
    let engine = Engine::new().with_modules(std::slice::from_ref(&module)).unwrap();
    let scheme = scheme(&engine);
    let texts = texts();
    for kind in [ArenaKind::Shared, ArenaKind::Plain] {
        let mut builder = quintet::BatchBuilder::new(&scheme, 2 * texts.len(), kind).unwrap();
        let payload = scheme.field_id("payload").unwrap();
        for text in &texts {
            let mut record = builder.record();
            record.bytes(payload, text);
            record.finish().unwrap();
            // One that lacks it.
            builder.record().finish().unwrap();
        }
        let batch = builder.build();
        for function in ["shannon", "consonants", "length"] {
            let mut column = module.column(function, &[payload]).unwrap();
            let mut found = Vec::new();
            let answered = column.each(&batch, |record, value| {
                assert_eq!(record, found.len());
                found.push(quintet::OwnedValue::of(&value.unwrap()).map_or_else(|| "nil".into(), |value| value.to_string()));
            });
            assert_eq!(answered, Ok(()));
            assert_eq!(found, values(&engine, &format!("{function}(payload)"), &scheme, &batch, "interp"), "{function}, {kind:?}");
        }
    }
    // Of no Bytes, of other fields, of no function, and built in.
    let payload = scheme.field_id("payload").unwrap();
    assert!(module.column("first_label", &[payload]).is_none());
    assert!(module.column("length", &[]).is_none() && module.column("lenght", &[payload]).is_none());
    assert!(builtin(&shannon::MODULE).unwrap().column("length", &[payload]).is_none());
    let batch = batch(&scheme, ArenaKind::Shared, [(&b"a"[..], 1)].into_iter());
    let mut wrong = module.column("length", &[scheme.field_id("port").unwrap()]).unwrap();
    assert_eq!(wrong.each(&batch, |_, _| {}), Err(quintet::Trap::ResultType));
}

#[test]
fn a_column_goes_on_after_a_record_that_traps() {
    let wasm = common::text(
        r#"(module (@custom "quintet" "quintet 1\nfn first(s: Bytes) -> Int\n") (memory 1)
            (func $one (export "first") (param $args i32) (param $out i32) (result i32)
                (if (i64.eqz (i64.load offset=16 (local.get $args))) (then unreachable))
                (i64.store (local.get $out) (i64.const 1))
                (i64.store offset=8 (local.get $out) (i64.load8_u (i32.wrap_i64 (i64.load offset=8 (local.get $args)))))
                (i32.const 1))
            (func (export "first__column") (param $args i32) (param $values i32) (param $present i32) (param $count i32) (result i32)
                (local $at i32) (local $base i32)
                (local.set $base (i32.load (local.get $args)))
                (local.set $at (i32.add (local.get $base) (i32.load offset=4 (local.get $args))))
                (loop $next
                    (if (local.get $count) (then
                        (if (i32.eqz (i32.load offset=4 (local.get $at))) (then unreachable))
                        (i64.store (local.get $values) (i64.load8_u (i32.add (local.get $base) (i32.load (local.get $at)))))
                        (i32.store8 (local.get $present) (i32.const 1))
                        (local.set $at (i32.add (local.get $at) (i32.load offset=16 (local.get $args))))
                        (local.set $values (i32.add (local.get $values) (i32.const 8)))
                        (local.set $present (i32.add (local.get $present) (i32.const 1)))
                        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
                        (br $next))))
                (i32.const 1)))"#,
    );
    let module = Loader::new().load("first", &wasm).unwrap();
    let engine = Engine::new().with_modules(std::slice::from_ref(&module)).unwrap();
    let scheme = scheme(&engine);
    let payloads: Vec<&[u8]> = (0..500).map(|i| if i == 200 { &b""[..] } else { b"abc" }).collect();
    let batch = batch(&scheme, ArenaKind::Shared, payloads.iter().map(|payload| (*payload, 1)));
    let mut found = Vec::new();
    let mut column = module.column("first", &[scheme.field_id("payload").unwrap()]).unwrap();
    let answered = column.each(&batch, |_, value| {
        found.push(match value {
            Ok(quintet::Value::Int(byte)) => byte,
            Err(quintet::Trap::Panic) => -1,
            other => panic!("{other:?}"),
        });
    });
    assert_eq!((answered, found.len()), (Ok(()), 500));
    assert!(found.iter().enumerate().all(|(i, byte)| *byte == if i == 200 { -1 } else { 97 }));
}
