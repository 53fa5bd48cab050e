//! Modules that mean harm: they are refused, or stopped where they do it; the host lives, and the rest of the batch is answered.

mod common;

use common::{batch, engine, load, module, or_nil, scheme, text};
use quintet::modules::{Loader, ModuleLimits};
use quintet::{ArenaKind, Matches, Trap, backends};

/// What comes of modules that do something, by declaration, what is done, what else is in the module, and the trap.
const STOPPED: &[(&str, &str, &str, &str, Trap)] = &[
    ("an endless loop", INT, "(loop $l (br $l))", "", Trap::Budget),
    ("endless recursion", INT, "(call $r)", "(func $r (call $r))", Trap::Panic),
    (
        "recursion that takes no frame",
        INT,
        "(drop (call $r (i32.const 0)))",
        "(func $r (param i32) (result i32) (i32.add (i32.const 1) (call $r (local.get 0))))",
        Trap::Panic,
    ),
    (
        "growing until it is refused, and giving up",
        INT,
        "(loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable",
        "",
        Trap::Panic,
    ),
    (
        "growing by more than there can be",
        INT,
        "(if (i32.eq (memory.grow (i32.const -1)) (i32.const -1)) (then unreachable))",
        "",
        Trap::Panic,
    ),
    ("a read beyond its memory", INT, "(drop (i32.load (i32.const 0x20000000)))", "", Trap::Panic),
    ("a write beyond its memory", INT, "(i32.store (i32.const 0x20000000) (i32.const 1))", "", Trap::Panic),
    ("a read past the batch", INT, "(drop (i64.load (i32.const 0xf0000000)))", "", Trap::Panic),
    ("a read at the last address", INT, "(drop (i64.load offset=0xffffffff (i32.const 0xffffffff)))", "", Trap::Panic),
    ("a copy from past the batch", INT, "(memory.copy (i32.const 0) (i32.const 0xf0000000) (i32.const 64))", "", Trap::Panic),
    ("a copy that wraps", INT, "(memory.copy (i32.const 0) (local.get $p) (i32.const 0xffffffff))", "", Trap::Panic),
    ("a copy to where it wraps", INT, "(memory.copy (i32.const 0xfffffff0) (i32.const 0) (i32.const 64))", "", Trap::Panic),
    (
        "a copy from between its memory and the host's",
        INT,
        "(memory.copy (i32.const 0) (i32.const 0x10000) (i32.const 64))",
        "",
        Trap::Panic,
    ),
    ("filling what is not there", INT, "(memory.fill (i32.const 0x20000000) (i32.const 1) (i32.const 64))", "", Trap::Panic),
    ("filling all there could be", INT, "(memory.fill (i32.const 0) (i32.const 1) (i32.const 0xffffffff))", "", Trap::Panic),
    ("an unreachable place", INT, "unreachable", "", Trap::Panic),
    ("a division by zero", INT, "(drop (i32.div_u (i32.const 1) (i32.const 0)))", "", Trap::Panic),
    ("a call of no function", INT, "(call_indirect (i32.const 3))", "(table 10 funcref)", Trap::Panic),
    ("giving up", INT, "(return (i32.const 2))", "", Trap::Panic),
    ("a status that there is not", INT, "(return (i32.const 77))", "", Trap::ResultType),
    ("nil where it is never nil", INT, "(return (i32.const 0))", "", Trap::ResultType),
    ("a Bool that is neither", BOOL, "(i64.store offset=8 (local.get $out) (i64.const 2)) (return (i32.const 1))", "", Trap::ResultType),
    ("an Ip of no family", IP, "(i64.store offset=8 (local.get $out) (i64.const 5)) (return (i32.const 1))", "", Trap::ResultType),
    (
        "an Ip of 4 that is too long",
        IP,
        "(i64.store offset=8 (local.get $out) (i64.const 4)) (i64.store offset=24 (local.get $out) (i64.const -1)) (return (i32.const 1))",
        "",
        Trap::ResultType,
    ),
    (
        "bytes beyond its memory",
        BYTES,
        "(i64.store offset=8 (local.get $out) (i64.const 0x3fffff0)) (i64.store offset=16 (local.get $out) (i64.const 32)) (return (i32.const 1))",
        "",
        Trap::ResultType,
    ),
    (
        "bytes of more than 32 bits",
        BYTES,
        "(i64.store offset=8 (local.get $out) (i64.const 0)) (i64.store offset=16 (local.get $out) (i64.const 0x100000001)) (return (i32.const 1))",
        "",
        Trap::ResultType,
    ),
    (
        "bytes at more than 32 bits",
        BYTES,
        "(i64.store offset=8 (local.get $out) (i64.const 0x100000000)) (i64.store offset=16 (local.get $out) (i64.const 1)) (return (i32.const 1))",
        "",
        Trap::ResultType,
    ),
    (
        "bytes that wrap",
        BYTES,
        "(i64.store offset=8 (local.get $out) (i64.const -16)) (i64.store offset=16 (local.get $out) (i64.const 32)) (return (i32.const 1))",
        "",
        Trap::ResultType,
    ),
    (
        "bytes of another record",
        BYTES,
        "(i64.store offset=8 (local.get $out) (i64.extend_i32_u (i32.sub (local.get $p) (i32.const 8)))) (i64.store offset=16 (local.get $out) (i64.const 9)) (return (i32.const 1))",
        "",
        Trap::ResultType,
    ),
    (
        "more bytes than an argument has",
        BYTES,
        "(i64.store offset=8 (local.get $out) (i64.extend_i32_u (local.get $p))) (i64.store offset=16 (local.get $out) (i64.extend_i32_u (i32.add (local.get $n) (i32.const 1)))) (return (i32.const 1))",
        "",
        Trap::ResultType,
    ),
    (
        "more bytes than a rule may take",
        BYTES,
        "(i64.store offset=8 (local.get $out) (i64.const 0)) (i64.store offset=16 (local.get $out) (i64.const 0x3000000)) (return (i32.const 1))",
        "",
        Trap::Memory,
    ),
    (
        "an array of more than there are",
        INTS,
        "(i64.store offset=8 (local.get $out) (i64.const 0)) (i64.store offset=16 (local.get $out) (i64.const -1)) (return (i32.const 1))",
        "",
        Trap::Memory,
    ),
    (
        "an array beyond its memory",
        INTS,
        "(i64.store offset=8 (local.get $out) (i64.const 0x3ffffff)) (i64.store offset=16 (local.get $out) (i64.const 0x100000008)) (return (i32.const 1))",
        "",
        Trap::ResultType,
    ),
    (
        "an array of bytes beyond its memory",
        TEXTS,
        "(i64.store (i32.const 64) (i64.const -1)) (i64.store offset=8 (local.get $out) (i64.const 0)) (i64.store offset=16 (local.get $out) (i64.const 0x100000040)) (return (i32.const 1))",
        "",
        Trap::ResultType,
    ),
];

const INT: &str = "fn f(s: Bytes) -> Int";
const BOOL: &str = "fn f(s: Bytes) -> Bool";
const IP: &str = "fn f(s: Bytes) -> Ip";
const BYTES: &str = "fn f(s: Bytes) -> Bytes";
const INTS: &str = "fn f(s: Bytes) -> Array<Int>";
const TEXTS: &str = "fn f(s: Bytes) -> Array<Bytes>";

/// A rule that calls the function of a declaration.
fn rule(declaration: &str) -> &'static str {
    match declaration {
        BOOL => "f(payload) == true",
        IP => "f(payload) == 1.2.3.4",
        BYTES | INTS | TEXTS => "len(f(payload)) >= 0",
        _ => "f(payload) == len(payload)",
    }
}

/// Payloads of which the third, the tenth and the last are to be harmed.
fn payloads() -> Vec<&'static [u8]> {
    (0..100).map(|i| if [2, 9, 99].contains(&i) { &b"!bad"[..] } else { b"good" }).collect()
}

#[test]
fn what_a_module_does_ends_its_call_and_nothing_else() {
    let mut seen = 0;
    for (name, declaration, hostile, more, trap) in STOPPED {
        let answers = *declaration == INT;
        let wasm = if answers { module(INT, hostile, more) } else { or_nil(&format!("{declaration}?"), hostile, more) };
        let limits = ModuleLimits { fuel: 1_000_000, ..ModuleLimits::default() };
        for loader in [Loader::new(), Loader::new().copying()] {
            let module = loader.with_limits(limits.clone()).load("m", &wasm).unwrap_or_else(|e| panic!("{name}: {e}"));
            let in_place = module.reads_in_place();
            let engine = engine(&module);
            let scheme = scheme(&engine);
            for kind in [ArenaKind::Shared, ArenaKind::Plain] {
                let batch = batch(&scheme, kind, payloads().into_iter().map(|payload| (payload, 1)));
                let before = batch.memory().words().to_vec();
                for backend in backends() {
                    let id = backend.id();
                    let rules = engine.compile(rule(declaration), &scheme, &id.to_string()).unwrap();
                    let (mut instance, mut matches) = (rules.instance().unwrap(), Matches::new());
                    // Twice: the second time on instances that took the place of those that ended.
                    for _ in 0..2 {
                        instance.run_batch(&batch, &mut matches).unwrap();
                        let traps: Vec<_> = matches.traps().iter().map(|at| (at.record, at.trap)).collect();
                        assert_eq!(traps, [(2, *trap), (9, *trap), (99, *trap)], "{name}, {id}, {kind:?}, in place: {in_place}");
                        assert_eq!(matches.count(0), if answers { 97 } else { 0 }, "{name}, {id}");
                    }
                    seen += 1;
                }
                assert_eq!(batch.memory().words(), before, "{name}");
            }
        }
    }
    assert_eq!(seen, STOPPED.len() * 4 * backends().len());
}

#[test]
fn what_is_in_a_batch_cannot_be_written() {
    for hostile in [
        "(i32.store8 (local.get $p) (i32.const 65))",
        "(memory.fill (local.get $p) (i32.const 65) (i32.const 2))",
        "(memory.copy (local.get $p) (i32.const 0) (i32.const 2))",
        "(v128.store (local.get $p) (v128.const i64x2 1 1))",
    ] {
        let module = load(&module(INT, hostile, ""));
        if !module.reads_in_place() {
            return;
        }
        let engine = engine(&module);
        let scheme = scheme(&engine);
        let batch = batch(&scheme, ArenaKind::Shared, payloads().into_iter().map(|payload| (payload, 1)));
        let before = batch.memory().words().to_vec();
        for backend in backends() {
            let rules = engine.compile(rule(INT), &scheme, &backend.id().to_string()).unwrap();
            let mut matches = Matches::new();
            rules.instance().unwrap().run_batch(&batch, &mut matches).unwrap();
            assert_eq!((matches.count(0), matches.traps().len()), (97, 3), "{hostile} {}", backend.id());
            assert!(matches.traps().iter().all(|at| at.trap == Trap::Panic));
        }
        assert_eq!(batch.memory().words(), before);
    }
}

#[test]
fn memory_grows_to_its_bound_and_no_further() {
    let hostile = "(loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
        (i64.store offset=8 (local.get $out) (i64.extend_i32_u (memory.size)))
        (i32.store (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 4)) (i32.const 1))
        (i64.store (local.get $out) (i64.const 1)) (return (i32.const 1))";
    let limits = ModuleLimits { memory_bytes: 8 << 20, ..ModuleLimits::default() };
    for (memory, pages) in [("(memory 1)", 128), ("(memory 1 100)", 100), ("(memory 128)", 128)] {
        let wasm = text(&wat_of(hostile).replace("(memory 1)", memory));
        let module = Loader::new().with_limits(limits.clone()).load("m", &wasm).unwrap();
        let engine = engine(&module);
        let scheme = scheme(&engine);
        let batch = batch(&scheme, ArenaKind::Shared, [(&b"!"[..], 1)].into_iter());
        let grown = engine.compile_value("f(payload)", &scheme, "closures").unwrap().instance().unwrap().evaluate(batch.record(0)).unwrap();
        assert_eq!(grown.unwrap().to_string(), pages.to_string(), "{memory}");
    }
}

fn wat_of(hostile: &str) -> String {
    format!(
        r#"(module
            (@custom "quintet" "quintet 1\n{INT}\n")
            (memory 1)
            (func (export "f") (param $args i32) (param $out i32) (result i32) {hostile}))"#
    )
}

#[test]
fn what_cannot_be_loaded_is_refused_in_words() {
    let own = |more: &str, declaration: &str| {
        text(&format!(
            r#"(module (@custom "quintet" "{declaration}") {more} (func (export "f") (param i32 i32) (result i32) (i32.const 0)))"#
        ))
    };
    let int = r"quintet 1\nfn f(s: Bytes) -> Int\n";
    let exports: String = (0..10_000).map(|i| format!("(export \"e{i}\" (func 0))")).collect();
    let imports = "(module (import \"wasi_snapshot_preview1\" \"fd_write\" (func)) (import \"env\" \"abort\" (func)) (memory 1)
        (@custom \"quintet\" \"quintet 1\"))";
    let start = "(memory 1) (start $s) (func $s (loop $l (br $l)))";
    let table: Vec<(&str, Vec<u8>, &str)> = vec![
        ("no module", b"no module".to_vec(), "it is no WebAssembly module"),
        ("a module that is cut off", own("(memory 1)", int)[..40].to_vec(), "it is no WebAssembly module"),
        ("no declaration", text("(module (memory 1))"), "it declares nothing"),
        ("a declaration that is not UTF-8", own("(memory 1)", r"\ff\fe"), "its custom section `quintet` is not UTF-8"),
        ("a malformed declaration", own("(memory 1)", r"quintet 1\nfn f(s: Bytes -> Int"), "line 2 of the declaration"),
        ("another version", own("(memory 1)", "quintet 9"), "this loader knows version 1"),
        (
            "what it declares it has not",
            own("(memory 1)", r"quintet 1\nfn g(s: Bytes) -> Int"),
            "it declares `g`, and exports no function of that name",
        ),
        ("imports", text(imports), "it imports `wasi_snapshot_preview1.fd_write`, `env.abort`"),
        ("a start function that loops", own(start, int), "its start function did not end well: it used up its budget"),
        ("a start function that traps", own("(memory 1) (start $s) (func $s unreachable)", int), "its start function did not end well"),
        ("10,000 exports", own(&format!("(memory 1) {exports}"), int), "it exports 10001 things; at most 1000 are allowed"),
        (
            "an export of the loader's",
            own("(memory (export \"quintet:memory\") 1)", int),
            "names that begin with `quintet:` are the loader's",
        ),
        ("no memory", own("", int), "it has no memory"),
        ("too much memory", own("(memory 60000)", int), "it begins with 3932160000 bytes of memory"),
        ("two memories", own("(memory 1) (memory 1)", int), "it is no WebAssembly module of the kind that is taken"),
        ("a shared memory", own("(memory 1 1 shared)", int), "it is no WebAssembly module of the kind that is taken"),
        ("a memory of 64 bits", own("(memory i64 1)", int), "it is no WebAssembly module of the kind that is taken"),
        ("data beyond its memory", own("(memory 1) (data (i32.const 65535) \"ab\")", int), "its data ends at 65537"),
        ("data beyond all memory", own("(memory 1) (data (i32.const 0xffffffff) \"ab\")", int), "its data ends at 4294967297"),
        ("passive data", own("(memory 1) (data \"ab\")", int), "it has passive data, which is not allowed"),
        ("a table of millions", own("(memory 1) (table 9000000 funcref)", int), "it cannot be instantiated"),
        ("elements beyond its table", own("(memory 1) (table 1 funcref) (elem (i32.const 5) 0)", int), "it cannot be instantiated"),
        (
            "a function that is another",
            text(&format!("(module (@custom \"quintet\" \"{int}\") (memory 1) (func (export \"f\")))")),
            "exports no function of that name from two i32 to one",
        ),
    ];
    for (name, wasm, message) in table {
        let limits = ModuleLimits { fuel: 1_000_000, ..ModuleLimits::default() };
        let error = Loader::new().with_limits(limits).load("m", &wasm).err().unwrap_or_else(|| panic!("{name} was loaded"));
        assert!(error.to_string().contains(message), "{name}: {error}");
    }
    let long =
        Loader::new().with_limits(ModuleLimits { bytes: 10, ..ModuleLimits::default() }).load("m", &own("(memory 1)", int)).unwrap_err();
    assert!(long.to_string().contains("at most 10 are allowed"), "{long}");
}

#[test]
fn time_ends_what_fuel_does_not() {
    let limits = ModuleLimits { fuel: u64::MAX / 4, milliseconds: 200, ..ModuleLimits::default() };
    let module = Loader::new().with_limits(limits).load("m", &module(INT, "(loop $l (br $l))", "")).unwrap();
    let engine = engine(&module);
    let scheme = scheme(&engine);
    let batch = batch(&scheme, ArenaKind::Shared, [(&b"!"[..], 1), (b"good", 1)].into_iter());
    let mut matches = Matches::new();
    engine.compile(rule(INT), &scheme, "jit").unwrap().instance().unwrap().run_batch(&batch, &mut matches).unwrap();
    assert_eq!((matches.count(0), matches.traps()[0].trap), (1, Trap::Budget));
}

#[test]
fn any_bytes_are_loaded_or_refused() {
    let whole = module(INT, "(memory.copy (i32.const 0) (local.get $p) (i32.const 4))", "(data (i32.const 8) \"abc\") (table 1 funcref)");
    let mut seed = 1u64;
    let mut random = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize
    };
    let mut loaded = 0;
    for _ in 0..300 {
        let mut bytes = whole.clone();
        for _ in 0..1 + random() % 3 {
            let at = 8 + random() % (bytes.len() - 8);
            bytes[at] = random() as u8;
        }
        bytes.truncate(bytes.len() - if random().is_multiple_of(4) { random() % bytes.len() } else { 0 });
        loaded += usize::from(Loader::new().load("m", &bytes).is_ok());
    }
    assert!(loaded > 0, "some damage does no harm");
}
