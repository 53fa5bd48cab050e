//! The instance that a rule is asked of.

use std::any::Any;

use quintet_runtime::{FilterError, Instance, RecordRef};

use crate::adaptive::Runner;

/// An instance, of which mostly one rule is asked. Where a test takes but a few nanoseconds, calling the instance through a table of functions
/// is much of it, so those of the backends with the shortest calls are called by their names.
pub(crate) enum Asked {
    #[cfg(feature = "closures")]
    Closures(quintet_closures::Alone),
    #[cfg(feature = "jit")]
    Jit(quintet_jit::Alone),
    Adaptive(Box<Runner>, usize),
    Other(Box<dyn Instance>, usize),
}

impl Asked {
    /// This rule of an instance.
    pub(crate) fn of(instance: Box<dyn Instance>, rule: usize) -> Asked {
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
        match named::<Runner>(instance) {
            Ok(runner) => Asked::Adaptive(runner.alone(rule), rule),
            Err(instance) => Asked::Other(instance, rule),
        }
    }

    /// What [`Instance::test`] answers for the rule; [`Asked::own_reason`] belongs to it.
    #[inline(always)]
    pub(crate) fn ask(&mut self, record: RecordRef<'_>, why: &mut Option<FilterError>) -> Option<bool> {
        // The shortest calls first: they notice what is asked before them.
        #[cfg(feature = "jit")]
        if let Asked::Jit(alone) = self {
            return alone.ask(record, why);
        }
        match self {
            Asked::Adaptive(runner, _) => runner.ask_alone(record, why),
            _ => self.ask_now(record, why),
        }
    }

    /// Says of why there is no answer whose it is.
    pub(crate) fn own_reason(&self, error: FilterError) -> FilterError {
        if let Asked::Adaptive(runner, _) = self { runner.own_reason(error) } else { error }
    }

    /// The same of what does not go from one to another itself.
    #[inline(always)]
    pub(crate) fn ask_now(&mut self, record: RecordRef<'_>, why: &mut Option<FilterError>) -> Option<bool> {
        match self {
            #[cfg(feature = "closures")]
            Asked::Closures(alone) => alone.ask(record, why),
            #[cfg(feature = "jit")]
            Asked::Jit(alone) => alone.ask(record, why),
            Asked::Adaptive(..) | Asked::Other(..) => self.by_call(record, why),
        }
    }

    /// The same of what answers through a call anyway. With this out of the way, telling the others apart is a comparison each and not a jump by a
    /// table, which takes about as long as their answer.
    #[cold]
    #[inline(never)]
    fn by_call(&mut self, record: RecordRef<'_>, why: &mut Option<FilterError>) -> Option<bool> {
        match self {
            #[cfg(feature = "closures")]
            Asked::Closures(alone) => alone.ask(record, why),
            #[cfg(feature = "jit")]
            Asked::Jit(alone) => alone.ask(record, why),
            Asked::Adaptive(runner, rule) => runner.test(*rule, record, why),
            Asked::Other(instance, rule) => instance.test(*rule, record, why),
        }
    }

    /// The instance.
    pub(crate) fn instance(&self) -> &dyn Instance {
        match self {
            #[cfg(feature = "closures")]
            Asked::Closures(alone) => alone.instance(),
            #[cfg(feature = "jit")]
            Asked::Jit(alone) => alone.instance(),
            Asked::Adaptive(runner, _) => &**runner,
            Asked::Other(instance, _) => &**instance,
        }
    }

    /// The instance.
    #[inline]
    pub(crate) fn instance_mut(&mut self) -> &mut dyn Instance {
        match self {
            #[cfg(feature = "closures")]
            Asked::Closures(alone) => alone.instance_mut(),
            #[cfg(feature = "jit")]
            Asked::Jit(alone) => alone.instance_mut(),
            Asked::Adaptive(runner, _) => &mut **runner,
            Asked::Other(instance, _) => &mut **instance,
        }
    }

    /// The instance.
    pub(crate) fn into_instance(self) -> Box<dyn Instance> {
        match self {
            #[cfg(feature = "closures")]
            Asked::Closures(alone) => alone.into_instance(),
            #[cfg(feature = "jit")]
            Asked::Jit(alone) => alone.into_instance(),
            Asked::Adaptive(runner, _) => runner,
            Asked::Other(instance, _) => instance,
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
