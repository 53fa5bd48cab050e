//! Quintet: a filter engine with one rule language, one typed AST and five interchangeable backends.
//!
//! # Embedding
//! Declare the fields, compile rules with the backend of your choice, fill records, ask which rules match:
//!
//! ```
//! use quintet::{ArenaKind, BatchBuilder, Engine, Matches, Scheme, Type};
//!
//! let engine = Engine::new();
//! let scheme = Scheme::builder()
//!     .mandatory("tcp.port", Type::Int)
//!     .optional("http.host", Type::Bytes)
//!     .functions(engine.library().signatures())
//!     .build()?;
//! let source = "
//!     rule tls     = tcp.port in {443 8443}
//!     rule example = lower(http.host) contains \"example\"
//!     rule odds    = 1000 / (tcp.port - 80) > 1   # traps on port 80
//! ";
//! let rules = engine.compile(source, &scheme, "closures")?;
//!
//! let mut builder = BatchBuilder::new(&scheme, 1024, ArenaKind::Shared)?;
//! let (port, host) = (scheme.field_id("tcp.port").unwrap(), scheme.field_id("http.host").unwrap());
//! for (p, h) in [(443, Some("www.Example.org")), (80, None)] {
//!     let mut record = builder.record();
//!     record.int(port, p);
//!     if let Some(h) = h {
//!         record.bytes(host, h.as_bytes());
//!     }
//!     record.finish()?;
//! }
//! let batch = builder.build();
//!
//! let mut instance = rules.instance()?; // one per thread
//! let mut matches = Matches::new();
//! instance.run_batch(&batch, &mut matches)?;
//! assert!(matches.get(0, 0) && matches.get(1, 0) && !matches.get(0, 1) && !matches.get(1, 1));
//! let trap = matches.traps()[0];
//! assert_eq!((trap.rule, trap.record, trap.trap.to_string()), (2, 1, "division by zero".to_string()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A single record goes through [`Instance::run`]. [`Rules`] are `Send + Sync` and cheap to clone; an [`Instance`] is one thread's.
//!
//! # Values
//! An expression of any type is compiled and evaluated to a value, on every backend alike. `None` is nil, the missing value:
//!
//! ```
//! use quintet::{ArenaKind, BatchBuilder, Engine, EvaluateError, OwnedValue, Scheme, Trap, Type};
//!
//! let engine = Engine::new();
//! let scheme = Scheme::builder()
//!     .optional("http.host", Type::Bytes)
//!     .mandatory("ports", Type::array(Type::Int))
//!     .functions(engine.library().signatures())
//!     .build()?;
//! let label = engine.compile_value(r#"concat("host:", lower(http.host))"#, &scheme, "jit")?;
//! let site = engine.compile_value(r#"regex_replace(http.host, r"^www\.", "")"#, &scheme, "wasm")?;
//! let ratio = engine.compile_value("1000 / ports[0]", &scheme, "closures")?;
//! assert_eq!(label.ty(), &Type::Bytes);
//!
//! let mut builder = BatchBuilder::new(&scheme, 2, ArenaKind::Plain)?;
//! let mut record = builder.record();
//! record.bytes(scheme.field_id("http.host").unwrap(), b"www.Example.org");
//! record.ints(scheme.field_id("ports").unwrap(), &[0, 80]);
//! record.finish()?;
//! let mut record = builder.record();
//! record.ints(scheme.field_id("ports").unwrap(), &[]);
//! record.finish()?;
//! let batch = builder.build();
//!
//! let text = |text: &str| Some(OwnedValue::Bytes(text.into()));
//! let mut label = label.instance()?; // one per thread
//! assert_eq!(label.evaluate(batch.record(0))?, text("host:www.example.org"));
//! assert_eq!(label.evaluate(batch.record(1))?, text("host:"));
//! let mut site = site.instance()?;
//! assert_eq!(site.evaluate(batch.record(0))?, text("Example.org"));
//! assert_eq!(site.evaluate(batch.record(1))?, None);
//! let mut ratio = ratio.instance()?;
//! assert!(matches!(ratio.evaluate(batch.record(0)), Err(EvaluateError::Trap(Trap::DivisionByZero))));
//! assert_eq!(ratio.evaluate(batch.record(1))?, None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Choosing a backend
//! [`backends`] lists what this build has; every backend answers alike, so the choice is one of cost. `quintet compare` measures it on
//! your own rules and traffic. Without that: `closures` where rules change often or run seldom, `jit` where they run for millions of
//! records, `wasm` where generated code must stay in a sandbox, `lua` where LuaJIT is in the product already, `interp` as the reference.
#![forbid(unsafe_code)]

mod engine;
mod expression;
mod lists;
mod registry;

pub use engine::{Engine, Error, Rules};
pub use expression::Expression;
pub use lists::{ListText, ListTextError};
pub use registry::{UnknownBackend, backend, backends, configurations};

pub use quintet_lang as lang;
pub use quintet_lang::{Field, FieldId, Limits, Passes, Presence, Program, Scheme, SchemeBuilder, SchemeError, Type};
pub use quintet_runtime::{
    Arena, ArenaKind, Artifact, Backend, BackendId, Batch, BatchBuilder, Bind, Compiled, Emit, EvaluateError, Function, Instance,
    Isolation, Library, Linked, List, Lists, Matches, OwnedValue, RecordBuilder, RecordError, RecordRef, RuleSet, Scratch, SetMatcher,
    Traits, Trap, TrapAt, Value, ValueInstance,
};
