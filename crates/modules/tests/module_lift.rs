//! Calls that are made for whole batches: what rules answer is what they answer as they are written, on every configuration of every backend.

mod common;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use quintet::backend::{Argument, LiftedRules, Many, ManyAnswers};
use quintet::lang::signature::{Param, Signature};
use quintet::modules::Loader;
use quintet::{
    ArenaKind, Batch, BatchBuilder, Engine, FieldId, Function, Limits, Matches, Rules, Scheme, Scratch, Trap, Type, Value, configurations,
};

/// The rules, as they are written and with calls lifted.
fn rules(engine: &Engine, source: &str, scheme: &Scheme, id: &str) -> (Rules, LiftedRules) {
    let lifted = engine.compile_lifted(source, scheme, id).unwrap().unwrap_or_else(|| panic!("{source}"));
    (engine.compile(source, lifted.scheme(), id).unwrap(), lifted)
}

/// Runs rules both ways on every configuration, several times on the same batch.
fn agree(engine: &Engine, source: &str, scheme: &Scheme, fill: &dyn Fn(&Scheme, ArenaKind) -> Batch) -> Matches {
    let mut last = None;
    for backend in configurations() {
        let id = backend.id().to_string();
        let (written, lifted) = rules(engine, source, scheme, &id);
        for kind in [ArenaKind::Shared, ArenaKind::Plain] {
            let mut batch = fill(lifted.scheme(), kind);
            let (mut expected, mut found) = (Matches::new(), Matches::new());
            written.instance().unwrap().run_batch(&batch, &mut expected).unwrap();
            let mut instance = lifted.instance().unwrap();
            // After batches that were not tried too.
            for _ in 0..5 {
                instance.run_batch(&mut batch, &mut found).unwrap();
                assert_eq!(found, expected, "{id}, {kind:?}: {source}");
            }
            assert_eq!(*last.get_or_insert_with(|| expected.clone()), expected, "{id}");
        }
    }
    last.unwrap()
}

/// Records of which some lack each field.
fn records(scheme: &Scheme, kind: ArenaKind, count: usize) -> Batch {
    let mut builder = BatchBuilder::new(scheme, count, kind).unwrap();
    let (payload, port) = (scheme.field_id("payload").unwrap(), scheme.field_id("port").unwrap());
    let mut seed = 11u64;
    for i in 0..count {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut record = builder.record();
        if seed >> 60 != 0 {
            let text: Vec<u8> = (0..seed >> 57).map(|n| b"!aeioubcdfg.xyz"[(seed >> (n % 50)) as usize % 15]).collect();
            record.bytes(payload, &text);
        }
        if seed >> 40 & 7 != 0 {
            record.int(port, (i % 7) as i64);
        }
        record.finish().unwrap();
    }
    builder.build()
}

#[test]
fn rules_answer_the_same_where_calls_of_a_module_are_made_for_a_batch() {
    let wasm = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/modules/shannon.wasm")).unwrap();
    let engine = common::engine(&Loader::new().load("shannon", &wasm).unwrap());
    let scheme = common::scheme(&engine);
    let source = "rule random = shannon(payload) > 2.0 and port > 2\n\
        rule long = length(payload) >= 20 or consonants(payload) > 3\n\
        rule late = port == 3 and consonants(payload) < 2 and not (length(payload) in {3 5 7})\n\
        rule none = consonants(payload) * 3 > length(payload)\n\
        rule constant = length(\"abc\") == 3 and length(payload) != 4\n\
        rule default = (length(payload) ?? 7) == 7\n\
        rule inline = len(first_label(payload)) == length(payload)\n\
        rule traps = 100 / (port - 3) > length(payload)\n";
    let matches = agree(&engine, source, &scheme, &|scheme, kind| records(scheme, kind, 1000));
    assert!((0..matches.rules()).all(|rule| matches.count(rule) > 0), "{matches:?}");
    assert!(!matches.traps().is_empty());
    // A budget that the calls use up, and one that they may use up.
    for steps in [3, 30, 1000, 10_000] {
        let engine = engine.clone().with_limits(Limits { steps, ..Limits::default() });
        agree(&engine, source, &scheme, &|scheme, kind| records(scheme, kind, 300));
    }
}

#[test]
fn a_call_that_traps_traps_where_a_rule_makes_it() {
    // What begins with `!` traps, and the form for many calls with it.
    let column = r#"(func (export "f__column") (param $args i32) (param $values i32) (param $present i32) (param $count i32) (result i32)
        (local $at i32) (local $base i32) (local $there i32)
        (local.set $base (i32.load (local.get $args)))
        (local.set $at (i32.add (local.get $base) (i32.load offset=4 (local.get $args))))
        (local.set $there (i32.add (local.get $base) (i32.load offset=8 (local.get $args))))
        (loop $next (if (local.get $count) (then
            (if (i64.ne (i64.const 0) (i64.and (i64.const 1)
                    (i64.shr_u (i64.load (local.get $there)) (i64.load32_u offset=12 (local.get $args))))) (then
                (if (i32.load offset=4 (local.get $at)) (then
                    (if (i32.eq (i32.const 33) (i32.load8_u (i32.add (local.get $base) (i32.load (local.get $at))))) (then unreachable))))
                (i64.store (local.get $values) (i64.load32_u offset=4 (local.get $at)))
                (i32.store8 (local.get $present) (i32.const 1))))
            (local.set $at (i32.add (local.get $at) (i32.load offset=16 (local.get $args))))
            (local.set $there (i32.add (local.get $there) (i32.load offset=16 (local.get $args))))
            (local.set $values (i32.add (local.get $values) (i32.const 8)))
            (local.set $present (i32.add (local.get $present) (i32.const 1)))
            (local.set $count (i32.sub (local.get $count) (i32.const 1)))
            (br $next))))
        (i32.const 1))"#;
    let module = common::load(&common::module("fn f(s: Bytes) -> Int", "unreachable", column));
    let engine = common::engine(&module);
    let scheme = common::scheme(&engine);
    let source = "rule first = f(payload) > 20\nrule second = port > 3 and f(payload) < 10\nrule other = port == 1\n\
        rule sum = f(payload) + 1 > 5 and 8 / (port - 1) < 9\n";
    let fill = |scheme: &Scheme, kind: ArenaKind| {
        // Most blocks are answered as a whole.
        let mut builder = BatchBuilder::new(scheme, 4000, kind).unwrap();
        let (payload, port) = (scheme.field_id("payload").unwrap(), scheme.field_id("port").unwrap());
        for i in 0..4000 {
            let mut record = builder.record();
            if i % 11 != 0 {
                record.bytes(payload, if (600..760).contains(&i) && i % 13 == 0 { b"!" } else { &b"abcdefghijklmnopqrstuvwxyz"[..i % 26] });
            }
            record.int(port, (i % 7) as i64);
            record.finish().unwrap();
        }
        builder.build()
    };
    let matches = agree(&engine, source, &scheme, &fill);
    let trapped = |rule, trap| matches.traps().iter().filter(|it| it.rule == rule && it.trap == trap).count();
    assert!(trapped(0, Trap::Panic) > 8 && trapped(1, Trap::Panic) > 2 && trapped(2, Trap::Panic) == 0, "{:?}", matches.traps());
    assert!(trapped(0, Trap::Panic) > trapped(1, Trap::Panic) && trapped(3, Trap::DivisionByZero) > 10);
}

/// A function of the host that counts how often it is called, and how often for a batch.
#[derive(Default)]
struct Doubled {
    calls: AtomicUsize,
    batches: Arc<AtomicUsize>,
}

impl Function for Doubled {
    fn call<'a>(&self, args: &[Value<'a>], _: &'a Scratch) -> Result<Value<'a>, Trap> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        match args {
            [Value::Int(6)] => Err(Trap::Panic),
            [Value::Int(i)] => Ok(Value::Int(2 * i)),
            _ => Ok(Value::Nil),
        }
    }

    fn many(&self, args: &[Argument]) -> Option<Box<dyn Many>> {
        let [Argument::Field(field)] = args else { return None };
        Some(Box::new(DoubledField(*field, self.batches.clone())))
    }
}

struct DoubledField(FieldId, Arc<AtomicUsize>);

impl Many for DoubledField {
    fn answer(&mut self, batch: &Batch, answers: &mut ManyAnswers) {
        self.1.fetch_add(1, Ordering::Relaxed);
        for (i, record) in batch.iter().enumerate() {
            let value = match record.value(self.0) {
                Value::Int(6) => {
                    answers.left.push(i);
                    None
                }
                Value::Int(i) => Some(2 * i),
                _ => None,
            };
            answers.words.push(value.unwrap_or(0) as u64);
            answers.present.push(u8::from(value.is_some()));
        }
    }
}

#[test]
fn a_call_is_made_once_for_all_rules_where_one_of_them_makes_it_on_every_record() {
    let (function, engine) = (Arc::new(Doubled::default()), Engine::new());
    let signature = Signature::new("doubled", vec![Param::new("n", Type::Int)], Type::Int);
    let mut library = engine.library().clone();
    library.add([(signature, function.clone() as Arc<dyn Function>)]);
    let engine = engine.with_library(library);
    let scheme = common::scheme(&engine);
    let source = "rule a = doubled(port) > 4\nrule b = doubled(port) < 9 and port > 1\nrule c = port == 3 and doubled(port) == 6\n";
    let matches = agree(&engine, source, &scheme, &|scheme, kind| records(scheme, kind, 500));
    assert!((0..3).all(|rule| matches.count(rule) > 10));
    assert!(matches.traps().iter().any(|trap| trap.rule == 0) && matches.traps().iter().all(|trap| trap.rule < 2));

    let (_, lifted) = rules(&engine, source, &scheme, "interp");
    let mut batch = records(lifted.scheme(), ArenaKind::Shared, 500);
    let sixes = batch.iter().filter(|record| matches!(record.value(scheme.field_id("port").unwrap()), Value::Int(6))).count();
    let mut instance = lifted.instance().unwrap();
    let before = (function.calls.load(Ordering::Relaxed), function.batches.load(Ordering::Relaxed));
    instance.run_batch(&mut batch, &mut Matches::new()).unwrap();
    let after = (function.calls.load(Ordering::Relaxed), function.batches.load(Ordering::Relaxed));
    // Once for the batch; and by rules `a` and `b` where it traps.
    assert_eq!((after.0 - before.0, after.1 - before.1), (2 * sixes, 1));

    // What a rule does not ask on every record is not made for all of them, nor is what counts steps of its own.
    for source in ["port == 3 and doubled(port) == 6", "any(ips[*] == 10.0.0.1) and doubled(port) == 6", "doubled(doubled(port)) > 5"] {
        assert!(engine.compile_lifted(source, &scheme, "interp").unwrap().is_none(), "{source}");
    }
}
