//! Rules that are exchanged while threads evaluate.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, Cache};
use quintet_lang::Scheme;

use crate::engine::{Engine, Error, Rules};
use crate::evaluator::{Answers, EvaluationError, Evaluator, EvaluatorError};
use crate::record::Record;

/// Rules that can be exchanged for others while threads evaluate them. Nobody waits: a thread goes on with what it has, and takes the new rules
/// with the next record. Where the new text is wrong, the old rules stay.
///
/// ```
/// use quintet::{Engine, Record, Reloadable};
///
/// #[derive(Record)]
/// struct Packet { port: u16 }
///
/// let engine = Engine::new();
/// let scheme = engine.scheme_of::<Packet>()?;
/// let rules = Reloadable::new(engine, scheme, "closures", "rule tls = port == 443")?;
/// let mut live = rules.evaluator()?; // one per thread
/// assert!(live.evaluate(&Packet { port: 443 })?.names().eq(["tls"]));
///
/// assert!(rules.reload("rule tls = port ==").is_err());
/// assert!(live.evaluate(&Packet { port: 443 })?.names().eq(["tls"]));
///
/// rules.reload("rule web = port in {80 443}")?;
/// assert!(live.evaluate(&Packet { port: 443 })?.names().eq(["web"]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Where rules keep state or have outputs, each thread's evaluator has tables and sinks of its own, as [`Evaluator`] says. With new rules it keeps
/// the tables that they declare in the same words, and the sinks of outputs that have the same names; other tables are empty, and other outputs
/// have no sink until one is attached to [`LiveEvaluator::current`]. [`Session::succeed`](crate::Session::succeed) says it in full. Rules in between that keep no
/// state forget all of it.
#[derive(Clone)]
pub struct Reloadable(Arc<Shared>);

struct Shared {
    engine: Engine,
    scheme: Scheme,
    backend: String,
    current: ArcSwap<Version>,
    /// Held by whoever exchanges the rules, never by a thread that evaluates.
    writer: Mutex<()>,
    failures: AtomicU64,
}

impl Shared {
    fn count_failure(&self) {
        self.failures.fetch_add(1, Relaxed);
    }
}

/// Rules, and how many there were before.
#[derive(Debug)]
struct Version {
    number: u64,
    rules: Rules,
}

/// Why rules were not exchanged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReloadError {
    /// They cannot be compiled.
    #[error(transparent)]
    Compile(#[from] Error),
    /// They cannot be instantiated.
    #[error(transparent)]
    Evaluator(#[from] EvaluatorError),
}

impl Reloadable {
    /// The first rules, and what all that follow are compiled with.
    ///
    /// # Errors
    /// See [`ReloadError`].
    pub fn new(engine: Engine, scheme: Scheme, backend_id: &str, source: &str) -> Result<Reloadable, ReloadError> {
        let rules = engine.compile(source, &scheme, backend_id)?;
        rules.evaluator()?;
        let current = ArcSwap::from_pointee(Version { number: 0, rules });
        let (writer, failures) = (Mutex::new(()), AtomicU64::new(0));
        Ok(Reloadable(Arc::new(Shared { engine, scheme, backend: backend_id.into(), current, writer, failures })))
    }

    /// Compiles other rules and puts them in place of those that are there. Answers how often that was done.
    ///
    /// # Errors
    /// See [`ReloadError`]; the rules that are there stay.
    pub fn reload(&self, source: &str) -> Result<u64, ReloadError> {
        let made = self.0.engine.compile(source, &self.0.scheme, &self.0.backend).map_err(ReloadError::from);
        // Made for the first time here, where a failure is told, and not on a thread that evaluates.
        let tried = made.and_then(|rules| Ok(rules.evaluator().map(|_| rules)?));
        let rules = tried.inspect_err(|_| self.0.count_failure())?;
        let _writer = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let number = self.version() + 1;
        self.0.current.store(Arc::new(Version { number, rules }));
        Ok(number)
    }

    /// The rules that new records are evaluated with.
    pub fn rules(&self) -> Rules {
        self.0.current.load().rules.clone()
    }

    /// How often rules were exchanged.
    pub fn version(&self) -> u64 {
        self.0.current.load().number
    }

    /// How often they were not, because they were wrong, or because a thread could not instantiate them.
    pub fn failures(&self) -> u64 {
        self.0.failures.load(Relaxed)
    }

    /// One thread's way to evaluate whatever the rules are.
    ///
    /// # Errors
    /// See [`EvaluatorError`].
    pub fn evaluator(&self) -> Result<LiveEvaluator, EvaluatorError> {
        let current = self.0.current.load_full();
        let evaluator = current.rules.evaluator()?;
        let shared = self.0.clone();
        Ok(LiveEvaluator { version: current.number, tried: current.number, cache: Cache::new(Source(shared.clone())), shared, evaluator })
    }
}

/// Where a thread looks for newer rules.
#[derive(Clone)]
struct Source(Arc<Shared>);

impl std::ops::Deref for Source {
    type Target = ArcSwap<Version>;

    fn deref(&self) -> &ArcSwap<Version> {
        &self.0.current
    }
}

/// One thread's way to evaluate rules that may be exchanged: see [`Reloadable`].
pub struct LiveEvaluator {
    shared: Arc<Shared>,
    cache: Cache<Source, Arc<Version>>,
    version: u64,
    /// The version that it tried last to take.
    tried: u64,
    evaluator: Evaluator,
}

impl LiveEvaluator {
    /// The evaluator of the newest rules; that of the ones before where this thread has no memory for an instance of them.
    pub fn current(&mut self) -> &mut Evaluator {
        let newest = self.cache.load();
        if newest.number != self.tried {
            self.tried = newest.number;
            match newest.rules.evaluator() {
                Ok(evaluator) => {
                    let before = std::mem::replace(&mut self.evaluator, evaluator);
                    self.evaluator.succeed(before);
                    self.version = newest.number;
                }
                Err(_) => self.shared.count_failure(),
            }
        }
        &mut self.evaluator
    }

    /// What the newest rules say of a struct.
    ///
    /// # Errors
    /// As [`Evaluator::evaluate`].
    pub fn evaluate<T: Record + ?Sized>(&mut self, value: &T) -> Result<Answers<'_>, EvaluationError> {
        self.current().evaluate(value)
    }

    /// The version of the rules that answered last.
    pub fn version(&self) -> u64 {
        self.version
    }
}

impl fmt::Debug for Reloadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reloadable").field("version", &self.version()).field("failures", &self.failures()).finish_non_exhaustive()
    }
}

impl fmt::Debug for LiveEvaluator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveEvaluator").field("version", &self.version).finish_non_exhaustive()
    }
}
