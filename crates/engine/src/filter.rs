//! One rule, one record, one answer.

use std::any::Any;
use std::fmt;

use quintet_runtime::{FilterError, Instance, Interrupter, RecordRef};

use crate::adaptive::Runner;

/// One thread's way to ask one rule about records one by one: the least that a call can be.
pub struct Filter {
    asked: Asked,
    why: Option<FilterError>,
}

/// The instance that is asked. Where a test takes but a few nanoseconds, calling the instance through a table of functions is much of it, so
/// those of the backends with the shortest calls are called by their names.
enum Asked {
    #[cfg(feature = "closures")]
    Closures(quintet_closures::Alone),
    #[cfg(feature = "jit")]
    Jit(quintet_jit::Alone),
    Adaptive(Box<Runner>, usize),
    Other(Box<dyn Instance>, usize),
}

impl Asked {
    fn of(instance: Box<dyn Instance>, rule: usize) -> Asked {
        #[cfg(feature = "closures")]
        let instance = match named(instance) {
            Ok(runner) => return Asked::Closures(quintet_closures::Alone::new(runner, rule)),
            Err(instance) => instance,
        };
        #[cfg(feature = "jit")]
        let instance = match named(instance) {
            Ok(runner) => return Asked::Jit(quintet_jit::Alone::new(runner, rule)),
            Err(instance) => instance,
        };
        match named(instance) {
            Ok(runner) => Asked::Adaptive(runner, rule),
            Err(instance) => Asked::Other(instance, rule),
        }
    }

    fn instance(&self) -> &dyn Instance {
        match self {
            #[cfg(feature = "closures")]
            Asked::Closures(alone) => alone.instance(),
            #[cfg(feature = "jit")]
            Asked::Jit(alone) => alone.instance(),
            Asked::Adaptive(runner, _) => &**runner,
            Asked::Other(instance, _) => &**instance,
        }
    }
}

/// The instance as what it is, or else unchanged.
fn named<R: Instance>(instance: Box<dyn Instance>) -> Result<Box<R>, Box<dyn Instance>> {
    let any: &dyn Any = &*instance;
    if !any.is::<R>() {
        return Err(instance);
    }
    let any: Box<dyn Any> = instance;
    any.downcast().map_err(|_| unreachable!("it was looked at"))
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filter").finish_non_exhaustive()
    }
}

impl Filter {
    /// Asks this rule of an instance's program.
    pub fn new(instance: Box<dyn Instance>, rule: usize) -> Filter {
        Filter { asked: Asked::of(instance, rule), why: None }
    }

    /// Whether the record matches. A rule that traps does not match, and neither does one that negates it; here the trap is an error.
    ///
    /// # Errors
    /// See [`FilterError::cause`].
    // Code that is inlined hands over neither the record nor the answer in memory, which takes as long as a comparison.
    #[inline(always)]
    pub fn matches(&mut self, record: RecordRef<'_>) -> Result<bool, FilterError> {
        let why = &mut self.why;
        let answer = match &mut self.asked {
            #[cfg(feature = "closures")]
            Asked::Closures(alone) => alone.ask(record, why),
            #[cfg(feature = "jit")]
            Asked::Jit(alone) => alone.ask(record, why),
            Asked::Adaptive(runner, rule) => runner.test(*rule, record, why),
            Asked::Other(instance, rule) => instance.test(*rule, record, why),
        };
        answer.ok_or_else(|| self.why.take().unwrap_or_else(FilterError::unsaid))
    }

    /// What ends a call from another thread.
    pub fn interrupter(&self) -> Interrupter {
        self.asked.instance().interrupter()
    }

    /// Bytes of memory that the instance holds for itself, as far as the backend knows.
    pub fn memory_bytes(&self) -> usize {
        self.asked.instance().memory_bytes()
    }
}
