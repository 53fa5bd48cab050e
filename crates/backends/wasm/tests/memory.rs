//! What happens to batches, memory and code.

use std::sync::Arc;

use quintet_lang::{Limits, Scheme, Type, compile};
use quintet_runtime::{ArenaKind, Backend, Batch, BatchBuilder, Library, Linked, Lists, Matches, RecordId, RuleId, RuleSet};
use quintet_wasm::Wasm;

fn scheme() -> Scheme {
    let library = Library::standard();
    Scheme::builder()
        .mandatory("port", Type::Int)
        .optional("host", Type::Bytes)
        .optional("names", Type::array(Type::Bytes))
        .functions(library.signatures())
        .build()
        .unwrap()
}

fn link(scheme: &Scheme, source: &str) -> Arc<Linked> {
    let limits = Limits { code_expressions: usize::MAX, ..Limits::default() };
    let program = compile(source, scheme, &limits).unwrap_or_else(|e| panic!("{source}: {e:?}"));
    Linked::new(program, &Library::standard(), &Lists::new(), &limits).unwrap()
}

fn fill(mut builder: BatchBuilder, first: usize, count: usize) -> Batch {
    let scheme = builder.scheme().clone();
    let field = |name: &str| scheme.field_id(name).unwrap();
    for i in first..first + count {
        let mut record = builder.record();
        record.int(field("port"), i as i64);
        if i % 3 != 0 {
            record.bytes(field("host"), format!("host{i}.example.org").as_bytes());
        }
        record.finish().unwrap();
    }
    builder.build()
}

fn batch(scheme: &Scheme, kind: ArenaKind, first: usize, count: usize) -> Batch {
    fill(BatchBuilder::new(scheme, count, kind).unwrap(), first, count)
}

const KINDS: [ArenaKind; 2] = [ArenaKind::Plain, ArenaKind::Shared];

fn backends() -> [Wasm; 4] {
    [Wasm::new(), Wasm::winch(), Wasm::new().copying(), Wasm::winch().copying()]
}

/// What the rule `port >= 100 and host contains "5.ex"` answers.
fn wanted(first: usize, count: usize) -> Vec<usize> {
    (0..count).filter(|r| first + r >= 100 && !(first + r).is_multiple_of(3) && (first + r) % 10 == 5).collect()
}

#[test]
fn mapped_and_copied_batches_give_the_same_answers() {
    let scheme = scheme();
    let program = link(&scheme, r#"port >= 100 and host contains "5.ex""#);
    for backend in backends() {
        let mut instance = backend.compile(&program).unwrap().instantiate(&Limits::default()).unwrap();
        let (mut out, mut hits) = (Matches::new(), RuleSet::new());
        // Sizes around a block, and some that need more room than those before.
        for (i, count) in [1, 63, 64, 65, 200, 1000, 3, 20_000, 64, 1].into_iter().enumerate() {
            for kind in KINDS {
                let batch = batch(&scheme, kind, i * 50, count);
                instance.run_batch(&batch, &mut out).unwrap();
                assert_eq!(out.records_of(0).collect::<Vec<_>>(), wanted(i * 50, count), "{} {kind:?} {count}", backend.id());
                for record in batch.iter().take(100) {
                    instance.run(record, &mut hits).unwrap();
                    assert_eq!(hits.contains(0), out.get(RuleId(0), RecordId(record.index())));
                }
            }
        }
        let empty = batch(&scheme, ArenaKind::Shared, 0, 0);
        instance.run_batch(&empty, &mut out).unwrap();
        assert_eq!(out.records(), 0);
    }
}

#[test]
fn a_batch_that_is_filled_anew_is_seen_anew() {
    let scheme = scheme();
    let program = link(&scheme, r#"port >= 100 and host contains "5.ex""#);
    for backend in backends() {
        for kind in KINDS {
            let mut instance = backend.compile(&program).unwrap().instantiate(&Limits::default()).unwrap();
            let mut out = Matches::new();
            let mut kept = batch(&scheme, kind, 0, 500);
            for round in 1..6 {
                instance.run_batch(&kept, &mut out).unwrap();
                assert_eq!(out.records_of(0).collect::<Vec<_>>(), wanted((round - 1) * 77, kept.len()), "{} {kind:?}", backend.id());
                kept = fill(BatchBuilder::reuse(kept).unwrap(), round * 77, 500 - round);
            }
        }
    }
}

#[test]
fn many_batches_in_turn() {
    let scheme = scheme();
    let program = link(&scheme, r#"port >= 100 and host contains "5.ex""#);
    let batches: Vec<Batch> = (0..150).map(|i| batch(&scheme, KINDS[i % 2], i * 7, 300)).collect();
    for backend in backends() {
        let mut instance = backend.compile(&program).unwrap().instantiate(&Limits::default()).unwrap();
        let mut out = Matches::new();
        for round in 0..3 {
            for (i, batch) in batches.iter().enumerate().skip(round * 20) {
                instance.run_batch(batch, &mut out).unwrap();
                assert_eq!(out.records_of(0).collect::<Vec<_>>(), wanted(i * 7, 300));
            }
        }
    }
}

#[test]
fn large_programs_compile() {
    let scheme = scheme();
    // One rule of 50,001 operands, which is put into many functions. All of them but the last one hold.
    for (operator, wanted) in [("and", vec![70]), ("or", (0..128).collect()), ("xor", vec![70])] {
        let operands: Vec<String> = (0..50_000).map(|i| format!("port != {}", 128 + i)).collect();
        let source = format!("{} {operator} port == 70", operands.join(&format!(" {operator} ")));
        let program = link(&scheme, &source);
        for backend in [Wasm::new(), Wasm::winch()] {
            let mut instance = backend.compile(&program).unwrap().instantiate(&Limits::default()).unwrap();
            let mut out = Matches::new();
            instance.run_batch(&batch(&scheme, ArenaKind::Shared, 0, 128), &mut out).unwrap();
            assert_eq!(out.records_of(0).collect::<Vec<_>>(), wanted, "{} {operator}", backend.id());
        }
    }
    // 2,000 rules, called in groups, all of which trap on record 5.
    let source: String = (0..2000).map(|i| format!("rule r{i} = {} / (port - 5) >= 0 and port == {}\n", i % 3, i % 130)).collect();
    let program = link(&scheme, &source);
    for backend in [Wasm::new(), Wasm::winch()] {
        let mut instance = backend.compile(&program).unwrap().instantiate(&Limits::default()).unwrap();
        let (mut out, mut hits) = (Matches::new(), RuleSet::new());
        let records = batch(&scheme, ArenaKind::Shared, 0, 129);
        instance.run_batch(&records, &mut out).unwrap();
        assert_eq!(out.traps().len(), 2000);
        assert!(out.traps().iter().enumerate().all(|(i, t)| t.record == 5 && t.rule == i));
        for record in records.iter() {
            instance.run(record, &mut hits).unwrap();
            assert_eq!(hits.traps().len(), if record.index() == 5 { 2000 } else { 0 });
            for rule in 0..2000 {
                assert_eq!(out.get(RuleId(rule), RecordId(record.index())), hits.contains(rule));
                assert!(!hits.contains(rule) || rule % 130 == record.index());
            }
        }
    }
}

#[test]
fn records_of_another_scheme_are_refused() {
    let program = link(&scheme(), "port == 1");
    let other = Scheme::builder().optional("host", Type::Bytes).mandatory("port", Type::Int).build().unwrap();
    let stranger = batch(&other, ArenaKind::Plain, 0, 1);
    let mut instance = Wasm::new().compile(&program).unwrap().instantiate(&Limits::default()).unwrap();
    assert!(instance.run_batch(&stranger, &mut Matches::new()).is_err());
    assert!(instance.run(stranger.record(0), &mut RuleSet::new()).is_err());
}

#[test]
fn functions_may_make_much() {
    let scheme = scheme();
    let program = link(&scheme, "len(concat(lower(names[*]), upper(names[*]))) == 40");
    let mut builder = BatchBuilder::new(&scheme, 2, ArenaKind::Plain).unwrap();
    let names = vec![vec![b'n'; 1 << 20]; 20];
    let names: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
    for _ in 0..2 {
        let mut record = builder.record();
        record.int(scheme.field_id("port").unwrap(), 1);
        record.bytes_array(scheme.field_id("names").unwrap(), &names);
        record.finish().unwrap();
    }
    let batch = builder.build();
    for backend in [Wasm::new(), Wasm::winch()] {
        let limits = Limits { memory_bytes: 160 << 20, ..Limits::default() };
        let compiled = backend.compile(&program).unwrap();
        let mut out = Matches::new();
        for _ in 0..2 {
            compiled.instantiate(&limits).unwrap().run_batch(&batch, &mut out).unwrap();
            assert_eq!((out.count(0), out.traps().len()), (2, 0), "{}", backend.id());
        }
        compiled.instantiate(&Limits::default()).unwrap().run_batch(&batch, &mut out).unwrap();
        assert_eq!(out.traps().len(), 2);
    }
    // Where batches are copied there are 64 MiB, which is less than 20 + 20 MiB and the array of both.
    for backend in [Wasm::new().copying(), Wasm::winch().copying()] {
        let limits = Limits { memory_bytes: 160 << 20, ..Limits::default() };
        let mut out = Matches::new();
        backend.compile(&program).unwrap().instantiate(&limits).unwrap().run_batch(&batch, &mut out).unwrap();
        assert_eq!(out.traps().len(), 2);
    }
}
