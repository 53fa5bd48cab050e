//! A function of the host that panics: one trap of one rule on one record, the same on every configuration of every backend.

use quintet::lang::ast::Const;
use quintet::lang::signature::{Param, Signature};
use quintet::{ArenaKind, BatchBuilder, Engine, Library, Matches, RuleSet, Scheme, Trap, Type, Value, configurations};

const SOURCE: &str = "
    rule bare   = shaky(n) == 2
    rule any    = any(shaky(numbers[*])[*] > 0)
    rule nested = len(concat(text(n), \"x\")) == 2
    rule calm   = n != 2
    rule bomb   = bomb(n) == 1";

/// What a panic may carry: it panics again when it is dropped.
struct Bomb(&'static str);

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("{}", self.0);
    }
}

/// Functions that panic when they are given 2, in the middle of making something.
fn library() -> Library {
    let mut library = Library::standard();
    let int = || vec![Param::new("n", Type::Int)];
    library.function(Signature::new("shaky", int(), Type::Int), |args, scratch| {
        let Some(Value::Int(n)) = args.first() else { return Ok(Value::Nil) };
        scratch.buffer(100)?;
        assert!(*n != 2, "two");
        Ok(Value::Int(*n + 1))
    });
    library.function(Signature::new("text", int(), Type::Bytes), |args, scratch| match args {
        [Value::Int(2)] => panic!("two"),
        _ => Ok(Value::Bytes(scratch.bytes(b"t")?)),
    });
    library.function(Signature::new("bomb", int(), Type::Int), |args, _| match args {
        [Value::Int(2)] => std::panic::panic_any(Bomb("dropped")),
        _ => Ok(args[0]),
    });
    library
}

#[test]
fn a_panic_is_a_trap() {
    // The messages of these panics are expected; those of failed assertions come with the test's own.
    std::panic::set_hook(Box::new(|_| {}));
    let result = std::panic::catch_unwind(on_all_configurations);
    drop(std::panic::take_hook());
    if let Err(panic) = result {
        std::panic::resume_unwind(panic);
    }
}

fn on_all_configurations() {
    let engine = Engine::new().with_library(library());
    let scheme = Scheme::builder()
        .mandatory("n", Type::Int)
        .mandatory("numbers", Type::array(Type::Int))
        .functions(engine.library().signatures())
        .build()
        .expect("a scheme");
    let id = |name: &str| scheme.field_id(name).expect("a field");
    for kind in [ArenaKind::Plain, ArenaKind::Shared] {
        let mut builder = BatchBuilder::new(&scheme, 3, kind).expect("a builder");
        for n in [1, 2, 3] {
            let mut record = builder.record();
            record.int(id("n"), n);
            record.ints(id("numbers"), &[-n, n]);
            record.finish().expect("a record");
        }
        let batch = builder.build();
        for backend in configurations() {
            let name = backend.id();
            let rules = engine.compile(SOURCE, &scheme, &name.to_string()).expect("rules");
            let mut instance = rules.instance().expect("an instance");
            let mut matches = Matches::new();
            // More than once: the instance goes on as if nothing had been.
            for _ in 0..3 {
                instance.run_batch(&batch, &mut matches).expect("the instance lives");
                let found: Vec<Vec<usize>> = (0..5).map(|rule| matches.records_of(rule).collect()).collect();
                assert_eq!(found, [vec![0], vec![0, 2], vec![0, 2], vec![0, 2], vec![0]], "{name}");
                let traps: Vec<_> = matches.traps().iter().map(|at| (at.record, at.rule, at.trap)).collect();
                assert_eq!(traps, [0, 1, 2, 4].map(|rule| (1, rule, Trap::Panic)), "{name}");
                let mut hits = RuleSet::new();
                instance.run(batch.record(1), &mut hits).expect("the instance lives");
                let traps: Vec<_> = hits.traps().iter().map(|it| (it.rule, it.trap)).collect();
                assert_eq!(traps, [0, 1, 2, 4].map(|rule| (rule, Trap::Panic)), "{name}");
                assert_eq!(hits.iter().count(), 0, "{name}");
            }
        }
    }

    struct Refuses;
    impl quintet::Bind for Refuses {
        fn bind(&self, _: &quintet::lang::ast::Site) -> Result<std::sync::Arc<dyn quintet::Function>, String> {
            panic!("no constants, please")
        }
    }
    let mut library = Library::standard();
    library.bind(Signature::new("f", vec![Param::new("n", Type::Int).default(Const::Int(1))], Type::Int), Refuses);
    let engine = Engine::new().with_library(library);
    let scheme = Scheme::builder().functions(engine.library().signatures()).build().expect("a scheme");
    let error = engine.compile("f(2) == 1", &scheme, "interp").err().map(|e| e.to_string()).unwrap_or_default();
    assert!(error.starts_with("f: the function panicked"), "{error}");
}
