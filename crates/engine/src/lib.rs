//! Quintet: a filter engine with one rule language, one typed AST and five interchangeable backends.
//!
//! # Embedding
//! Derive [`Record`] for a struct, compile rules with the backend of your choice, ask which of them match:
//!
//! ```
//! use quintet::{Engine, Record};
//!
//! #[derive(Record)]
//! struct Request<'a> {
//!     port: u16,
//!     host: Option<&'a str>,
//!     #[record(grouped)]
//!     headers: Vec<(&'a str, &'a str)>,
//! }
//!
//! let engine = Engine::new();
//! let source = r#"
//!     rule tls   = port in {443 8443}
//!     rule proxy = headers["via"][0] contains "squid" and lower(host) == "example.org"
//! "#;
//! let rules = engine.compile(source, &engine.scheme_of::<Request>()?, "closures")?;
//! let mut evaluator = rules.evaluator()?; // one per thread
//! let headers = vec![("via", "squid/6.9"), ("accept", "*/*"), ("via", "haproxy")];
//! let request = Request { port: 443, host: Some("Example.org"), headers };
//! assert!(evaluator.evaluate(&request)?.names().eq(["tls", "proxy"]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Record`] says what fields may be. Without it, [`to_record`] takes whatever serde serialises, and [`declare_samples`] makes a scheme of it. [`Rules`] are `Send + Sync` and cheap to clone; an
//! [`Evaluator`] is one thread's, and of rules that [keep state](#state-and-outputs) a stream's. [`Reloadable`] exchanges rules while threads evaluate, [`context`] lends something of the host to its
//! functions, [`Metrics`] counts. What backends are made with is apart, in [`mod@backend`]. The examples in `crates/engine/examples` run with `cargo run --release --example NAME`:
//!
//! | example | shows |
//! |---|---|
//! | `http_middleware` | a middleware for tower that answers 403 where a rule blocks a request |
//! | `packet_filter` | nested structs: the headers of packets |
//! | `log_filter` | lines of JSON through serde, without a struct |
//! | `hot_reload` | rules exchanged while a thread evaluates, and a mistake that changes nothing |
//! | `host_functions` | functions of the host, one of which sees the context of the record |
//! | `threads` | four threads, one set of rules, metrics in a text form that monitoring reads |
//!
//! # Batches
//! Many records at once cost the least each. They are filled field by field here; a [`Filler`] fills them with structs:
//!
//! ```
//! use quintet::{ArenaKind, BatchBuilder, Engine, Matches, RecordId, Scheme, Type};
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
//! let [tls, example] = ["tls", "example"].map(|name| rules.rule(name).unwrap());
//! let [first, second] = [0, 1].map(RecordId);
//! assert!(matches.get(tls, first) && matches.get(example, first) && !matches.get(tls, second) && !matches.get(example, second));
//! let trap = matches.traps()[0];
//! assert_eq!((trap.rule, trap.record, trap.trap.to_string()), (2, 1, "division by zero".to_string()));
//! assert_eq!(&source[trap.span.start as usize..trap.span.end as usize], "1000 / (tcp.port - 80) > 1");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! An [`Instance`] is one thread's, as an evaluator is.
//!
//! # Values
//! An expression of any type is compiled and evaluated to a value, on every backend alike. `None` is nil, the missing value:
//!
//! ```
//! use quintet::{ArenaKind, BatchBuilder, Engine, EvaluateError, Fault, OwnedValue, Scheme, Trap, Type};
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
//! assert!(matches!(ratio.evaluate(batch.record(0)), Err(EvaluateError::Trap(Fault { trap: Trap::DivisionByZero, .. }))));
//! assert_eq!(ratio.evaluate(batch.record(1))?, None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # One rule, one record
//! Where records come one by one and one rule decides, [`Rules::filter`] is the least that a call can be: no set of answers is made, and a
//! trap is an error.
//!
//! ```
//! use quintet::{ArenaKind, BatchBuilder, Engine, EvaluateError, RuleId, Scheme, Trap, Type};
//!
//! let scheme = Scheme::builder().mandatory("port", Type::Int).build()?;
//! let mut builder = BatchBuilder::new(&scheme, 2, ArenaKind::Plain)?;
//! for port in [443, 0] {
//!     let mut record = builder.record();
//!     record.int(scheme.field_id("port").unwrap(), port);
//!     record.finish()?;
//! }
//! let batch = builder.build();
//!
//! let mut filter = Engine::new().compile("1000 / port == 2", &scheme, "jit")?.filter(RuleId(0))?;
//! assert!(filter.matches(batch.record(0))?);
//! let error = filter.matches(batch.record(1)).unwrap_err();
//! assert!(matches!(error.cause(), EvaluateError::Trap(fault) if fault.trap == Trap::DivisionByZero));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Calling functions of a script
//! What a script computes need not be a test: the host calls its functions with arguments, on a record, and gets their results. It is a call
//! as within the language, with the same limits and the same traps:
//!
//! ```
//! use quintet::{ArenaKind, BatchBuilder, CallError, Engine, OwnedValue, Scheme, Trap, Type, Value};
//!
//! let scheme = Scheme::builder().mandatory("payload", Type::Bytes).build()?;
//! let source = "
//!     fn checksum(from: Int, weight: Int) -> Int {
//!         let sum = 0
//!         for b in payload[from:] { sum += b * weight }
//!         return sum % weight
//!     }
//! ";
//! let rules = Engine::new().compile(source, &scheme, "jit")?;
//! let checksum = rules.function("checksum")?;
//! assert!(checksum.params().eq([("from", &Type::Int, false), ("weight", &Type::Int, false)]));
//!
//! let mut builder = BatchBuilder::new(&scheme, 1, ArenaKind::Plain)?;
//! let mut record = builder.record();
//! record.bytes(scheme.field_id("payload").unwrap(), b"abc");
//! record.finish()?;
//! let batch = builder.build();
//!
//! let mut instance = rules.instance()?;
//! let mut call = |args: &[Value]| checksum.call(&mut *instance, batch.record(0), args);
//! assert_eq!(call(&[Value::Int(1), Value::Int(7)])?, [Some(OwnedValue::Int(0))]);
//! // A call with nil for what is never nil is nil, and what is of another type is an error.
//! assert_eq!(call(&[Value::Nil, Value::Int(7)])?, [None]);
//! assert!(matches!(call(&[Value::Bool(true), Value::Int(7)]), Err(CallError::Arguments(_))));
//! // A trap has its place in the source, and the instance stays usable.
//! let Err(CallError::Trap(fault)) = call(&[Value::Int(0), Value::Int(0)]) else { panic!("a division by zero") };
//! assert_eq!(fault.trap, Trap::DivisionByZero);
//! assert_eq!(&source[fault.span.start as usize..fault.span.end as usize], "return sum % weight");
//! assert!(call(&[Value::Int(0), Value::Int(9)]).is_ok());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Host functions
//! A function of the host has a typed signature, against which calls are checked before anything runs. What a missing argument means and
//! whether an argument must be a literal are part of it ([`lang::signature`]):
//!
//! ```
//! use quintet::lang::signature::{Param, Signature};
//! use quintet::{Engine, Library, Scheme, Type, Value};
//!
//! let mut library = Library::standard();
//! let square = Signature::new("square", vec![Param::new("n", Type::Int)], Type::Int).doc("n times n.");
//! library.function(square, |args, _scratch| {
//!     let [Value::Int(n)] = args else { return Ok(Value::Nil) }; // cannot be: the signature says Int, and nil propagates
//!     Ok(Value::Int(n.wrapping_mul(*n)))
//! });
//! let engine = Engine::new().with_library(library);
//! let scheme = Scheme::builder().mandatory("n", Type::Int).functions(engine.library().signatures()).build()?;
//! assert!(engine.check("square(n) > 100", &scheme).is_ok());
//! let wrong = engine.check("square(\"n\") > 100", &scheme).unwrap_err();
//! assert_eq!(wrong.iter().next().unwrap().message, "argument 1 of `square` (n) should be Int, but is Bytes");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A [`Bind`] sees each call when the rules are compiled and is given its constant arguments, to prepare them once or to refuse them:
//!
//! ```
//! use std::sync::Arc;
//!
//! use quintet::lang::ast::{Const, Site};
//! use quintet::lang::signature::{Param, Signature};
//! use quintet::{ArenaKind, BatchBuilder, Bind, Engine, Function, Library, Scheme, Type, Value};
//!
//! /// `first_of(text, choices)`: the first of the choices, separated by commas, that occurs in the text.
//! struct FirstOf;
//!
//! impl Bind for FirstOf {
//!     fn bind(&self, site: &Site) -> Result<Arc<dyn Function>, String> {
//!         let Some(Const::Bytes(choices)) = &site.constants[1] else { return Err("the choices are a literal".into()) };
//!         let choices: Vec<Vec<u8>> = choices.split(|b| *b == b',').map(<[u8]>::to_vec).collect(); // once, not for each record
//!         if choices.iter().any(Vec::is_empty) {
//!             return Err("a choice is empty".into());
//!         }
//!         Ok(Arc::new(Prepared { choices }))
//!     }
//! }
//!
//! struct Prepared {
//!     choices: Vec<Vec<u8>>,
//! }
//!
//! impl Function for Prepared {
//!     fn call<'a>(&self, args: &[Value<'a>], scratch: &'a quintet::Scratch) -> Result<Value<'a>, quintet::Trap> {
//!         let Value::Bytes(text) = args[0] else { return Ok(Value::Nil) };
//!         let found = self.choices.iter().find(|c| text.windows(c.len()).any(|w| w == c.as_slice()));
//!         // What a function makes goes to scratch memory, where it counts against the limit.
//!         found.map_or(Ok(Value::Nil), |c| Ok(Value::Bytes(scratch.bytes(c)?)))
//!     }
//! }
//!
//! let params = vec![Param::new("text", Type::Bytes), Param::new("choices", Type::Bytes).literal()];
//! let signature = Signature { may_be_nil: true, ..Signature::new("first_of", params, Type::Bytes) };
//! let mut library = Library::standard();
//! library.bind(signature, FirstOf);
//! let engine = Engine::new().with_library(library);
//! let scheme = Scheme::builder().mandatory("agent", Type::Bytes).functions(engine.library().signatures()).build()?;
//!
//! let mut builder = BatchBuilder::new(&scheme, 1, ArenaKind::Plain)?;
//! let mut record = builder.record();
//! record.bytes(scheme.field_id("agent").unwrap(), b"curl/8.5");
//! record.finish()?;
//! let batch = builder.build();
//! let tool = engine.compile_value(r#"first_of(agent, "wget,curl")"#, &scheme, "lua")?;
//! assert_eq!(tool.instance()?.evaluate(batch.record(0))?.unwrap().to_string(), "\"curl\"");
//! let refused = engine.compile(r#"first_of(agent, "wget,") == "wget""#, &scheme, "lua").err().unwrap();
//! assert_eq!(refused.to_string(), "first_of: a choice is empty");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Named lists
//! `in $name` tests a list of Int, Ip or Bytes that the host declares and fills. Replacing it reaches rules that are compiled and
//! instantiated already, from the next record on; one that is declared and not filled yet has no members:
//!
//! ```
//! use quintet::{ArenaKind, BatchBuilder, Engine, IpSet, RuleSet, Scheme, SetMatcher, Type};
//!
//! let engine = Engine::new();
//! let scheme = Scheme::builder().mandatory("ip.src", Type::Ip).lists(Type::Ip).build()?;
//! engine.lists().declare("blocked", Type::Ip)?;
//! let rules = engine.compile("ip.src in $blocked", &scheme, "jit")?;
//!
//! let mut builder = BatchBuilder::new(&scheme, 1, ArenaKind::Plain)?;
//! let mut record = builder.record();
//! record.ip(scheme.field_id("ip.src").unwrap(), "10.0.0.7".parse()?);
//! record.finish()?;
//! let batch = builder.build();
//! let (mut instance, mut hits) = (rules.instance()?, RuleSet::new());
//! instance.run(batch.record(0), &mut hits)?;
//! assert!(hits.is_empty());
//!
//! let members = IpSet::new([("10.0.0.0".parse()?, "10.0.0.255".parse()?)]); // inclusive ranges
//! engine.lists().replace("blocked", SetMatcher::Ip(members))?;
//! instance.run(batch.record(0), &mut hits)?;
//! assert!(hits.contains(0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # State and outputs
//! Rules that keep tables from record to record, or have outputs, are run by a [`Session`], batch after batch, or by an [`Evaluator`], record by
//! record; `docs/state.md` is the reference.
//!
//! ```
//! use quintet::{ArenaKind, BatchBuilder, Engine, Matches, Scheme, Type, WriteSink};
//!
//! let scheme = Scheme::builder().mandatory("ts", Type::Float).mandatory("port", Type::Int).build()?;
//! let source = "
//!     time = ts
//!     state ports: distinct within 60s max 1000
//!     rule connection = port > 0
//!     on connection { ports += port }
//!     rule scan = connection and ports > 2
//!     output alerts on scan = json { ports: ports, last: port }
//! ";
//! let rules = Engine::new().compile(source, &scheme, "jit")?;
//! let mut builder = BatchBuilder::new(rules.scheme(), 4, ArenaKind::Shared)?;
//! let (ts, port) = (scheme.field_id("ts").unwrap(), scheme.field_id("port").unwrap());
//! for (second, number) in [(1.0, 22), (2.0, 23), (3.0, 22), (4.0, 25)] {
//!     let mut record = builder.record();
//!     record.float(ts, second);
//!     record.int(port, number);
//!     record.finish()?;
//! }
//! let batch = builder.build();
//!
//! let mut session = rules.session()?; // the tables of one stream of records
//! session.attach("alerts", Box::new(WriteSink(Vec::new())))?;
//! let mut matches = Matches::new();
//! session.run_batch(&batch, &mut matches)?;
//! assert_eq!(matches.records_of(1).collect::<Vec<_>>(), [3]);
//! assert_eq!(session.written().collect::<Vec<_>>(), [("alerts", 1, 22)]); // {"ports":3,"last":25}
//! assert_eq!(session.dump()[0].entries[0].value.to_string(), "3");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Choosing a backend
//! [`backends`] lists what this build has; every backend answers alike, so the choice is one of cost. `quintet compare` measures it on
//! your own rules and traffic. Without that: `closures` where rules change often or run seldom, `jit` where they run for millions of
//! records, `adaptive` where you cannot say which of the two it will be, `wasm` where generated code must stay in a sandbox, `lua` where LuaJIT is in the product already, `interp` as the reference.
#![forbid(unsafe_code)]

mod adaptive;
mod asked;
pub mod backend;
mod callable;
mod engine;
mod evaluator;
mod expression;
mod filter;
mod lifted;
mod lists;
mod metrics;
#[cfg(feature = "builtin")]
mod modules_of;
pub mod record;
mod registry;
mod reload;
mod runs;

pub use adaptive::Adaptive;
pub use callable::{Callable, NotCallable};
pub use engine::{Engine, Error, Rules};
pub use evaluator::{Answers, EvaluationError, Evaluator, EvaluatorError};
pub use expression::Expression;
pub use filter::Filter;
pub use lists::{ListText, ListTextError};
pub use metrics::{Metrics, RuleMetrics};
#[cfg(feature = "builtin")]
pub use modules_of::{Bound, Taken};
pub use record::{FillError, Filler, Record, SampleError, ToRecordError, declare_samples, to_record};
pub use registry::{UnknownBackend, backend, backends, configurations};
pub use reload::{LiveEvaluator, ReloadError, Reloadable};

#[cfg(feature = "derive")]
pub use quintet_derive::Record;
pub use quintet_lang as lang;
pub use quintet_lang::{Field, FieldId, Limits, Passes, Presence, Program, Scheme, SchemeBuilder, SchemeError, Type};
#[cfg(feature = "builtin")]
pub use quintet_modules as modules;
#[cfg(feature = "wasm")]
pub use quintet_region::{HasSignals, has_signals, without_signal_handlers};
pub use quintet_runtime::{
    Alone, ArenaError, ArenaKind, ArrayRef, BackendId, Batch, BatchBuilder, Bind, Bits, BytesSet, CallError, Column, ColumnsBuilder,
    CompileError, DumpedEntry, DumpedState, EvaluateError, Fault, FileSink, FilterError, Floats, Function, Instance, InstantiateError,
    IntSet, Interrupter, Ints, IpSet, Library, LinkError, List, ListError, Lists, MapRef, Matches, Offsets, OwnedValue, Profile,
    RecordBuffer, RecordBuilder, RecordError, RecordId, RecordRef, RuleCost, RuleId, RuleSet, RuleTrap, RunError, Scratch, Session,
    SessionError, SetMatcher, Sink, SinkError, SinkFault, Spent, StateCount, Trap, TrapAt, Value, ValueInstance, WholeLines, WriteSink,
    context, with_context,
};
