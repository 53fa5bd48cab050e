//! One thread's way to run rules.

use quintet::{Batch, Instance, Matches, Session, SessionError};
use quintet_arrow::Evaluator;
use quintet_arrow::schema::SchemaRef;

use crate::batch::quintet_batch;
use crate::error::quintet_error;
use crate::guard::{Handle, free, given, given_mut, guarded, hand_out};
use crate::matches::{Kept, quintet_matches};
use crate::rules::quintet_rules;
use crate::status::quintet_status;

/// What one thread at a time needs to run rules. That of rules which keep state or have outputs is a stream of records: it has tables of its own,
/// and batches are run in the order of their records.
#[allow(non_camel_case_types)]
pub struct quintet_instance {
    pub(crate) state: Handle<State>,
}

pub(crate) struct State {
    pub runner: Runner,
    pub matches: Matches,
    pub scheme: quintet::Scheme,
    /// What ran the rules on the columns that came last.
    pub evaluator: Option<(SchemaRef, Evaluator)>,
}

/// What runs rules.
pub(crate) enum Runner {
    /// Rules that look at a record alone.
    Instance(Box<dyn Instance>),
    /// Rules that keep state or have outputs.
    Session(Box<Session>),
}

impl Runner {
    fn of(rules: &quintet_rules) -> Result<Runner, quintet_error> {
        let resource = |e: &dyn std::fmt::Display| quintet_error::new(quintet_status::Resource, e);
        if rules.rules.is_stateful() {
            return Ok(Runner::Session(Box::new(rules.rules.session().map_err(|e| resource(&e))?)));
        }
        Ok(Runner::Instance(rules.rules.instance().map_err(|e| resource(&e))?))
    }

    pub fn run_batch(&mut self, batch: &Batch, matches: &mut Matches) -> Result<(), SessionError> {
        match self {
            Runner::Instance(instance) => Ok(instance.run_batch(batch, matches)?),
            Runner::Session(session) => session.run_batch(batch, matches),
        }
    }
}

/// An instance of rules.
///
/// # Safety
/// `rules` are such, `out` can be written to, and `error` too unless it is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_instance_new(
    rules: *const quintet_rules,
    out: *mut *mut quintet_instance,
    error: *mut *mut quintet_error,
) -> quintet_status {
    // SAFETY: as the caller warrants.
    unsafe {
        guarded(error, || {
            let rules = given(rules, "rules")?;
            let state = State { runner: Runner::of(rules)?, matches: Matches::new(), scheme: rules.scheme.clone(), evaluator: None };
            hand_out(out, quintet_instance { state: Handle::new(state) })
        })
    }
}

/// Runs the rules on all records of a batch, which is of the scheme that they were compiled against.
///
/// # Safety
/// `instance` and `matches` are such that no other call uses, `batch` is a batch that none changes, and `error` can be written to unless it is
/// NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_instance_run(
    instance: *mut quintet_instance,
    batch: *const quintet_batch,
    matches: *mut quintet_matches,
    error: *mut *mut quintet_error,
) -> quintet_status {
    // SAFETY: as the caller warrants.
    unsafe {
        guarded(error, || {
            let batch = given(batch, "a batch")?.batch.get().as_ref();
            let batch = batch.ok_or_else(|| quintet_error::new(quintet_status::Poisoned, "an earlier call panicked on the batch"))?;
            changing(instance, matches, |state, kept| {
                state.runner.run_batch(batch, &mut state.matches).map_err(|e| ended(&e))?;
                kept.records = state.matches.records();
                kept.words = (0..state.matches.rules()).map(|rule| state.matches.row(rule).to_vec()).collect();
                kept.traps = state.matches.traps().to_vec();
                Ok(())
            })
        })
    }
}

/// An error of what ended without answers.
pub(crate) fn ended(e: &dyn std::fmt::Display) -> quintet_error {
    quintet_error::new(quintet_status::Run, e)
}

/// Does what changes an instance and answers. After an error there are no answers.
///
/// # Safety
/// Both are null, or were handed out, not freed, and are used by no other call.
pub(crate) unsafe fn changing(
    instance: *mut quintet_instance,
    matches: *mut quintet_matches,
    change: impl FnOnce(&mut State, &mut Kept) -> Result<(), quintet_error>,
) -> Result<(), quintet_error> {
    // SAFETY: as the caller warrants.
    let (instance, matches) = unsafe { (given_mut(instance, "an instance")?, given_mut(matches, "matches")?) };
    let state = instance.state.begin()?;
    let kept = match matches.answers.begin() {
        Ok(kept) => kept,
        Err(e) => {
            instance.state.done();
            return Err(e);
        }
    };
    let changed = change(state, kept);
    if changed.is_err() {
        *kept = Kept::default();
    }
    instance.state.done();
    matches.answers.done();
    changed
}

/// Frees an instance.
///
/// # Safety
/// `instance` is NULL or an instance that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_instance_free(instance: *mut quintet_instance) {
    // SAFETY: as the caller warrants.
    unsafe { free(instance) };
}

#[cfg(test)]
mod tests {
    use std::ops::Range;
    use std::ptr::null_mut;

    use quintet::lang::ast::FnId;
    use quintet::{Batch, CallError, Engine, OwnedValue, RecordRef, RuleSet, RunError, Scheme, Type, Value};

    use super::*;
    use crate::batch::{quintet_batch_free, quintet_batch_new};
    use crate::matches::{quintet_matches_free, quintet_matches_new};
    use crate::scheme::quintet_scheme;

    /// An instance that panics instead of answering.
    struct Defect(Box<dyn Instance>);

    impl Instance for Defect {
        fn run(&mut self, _: RecordRef<'_>, _: &mut RuleSet) -> Result<(), RunError> {
            panic!("a defect")
        }
        fn run_batch(&mut self, _: &Batch, _: &mut Matches) -> Result<(), RunError> {
            panic!("a defect")
        }
        fn run_rule(&mut self, _: usize, _: &Batch, _: Range<usize>, _: &mut Matches) -> Result<(), RunError> {
            panic!("a defect")
        }
        fn test(&mut self, _: usize, _: RecordRef<'_>, _: &mut Option<quintet::FilterError>) -> Option<bool> {
            panic!("a defect")
        }
        fn call(&mut self, _: FnId, _: RecordRef<'_>, _: &[Value<'_>], _: &mut Vec<Option<OwnedValue>>) -> Result<(), CallError> {
            panic!("a defect")
        }
        fn memory_bytes(&self) -> usize {
            0
        }
        fn interrupter(&self) -> quintet::Interrupter {
            self.0.interrupter()
        }
    }

    #[test]
    fn a_panic_is_a_status_and_poisons_what_it_was_to_change() {
        let scheme = Scheme::builder().optional("n", Type::Int).build().unwrap();
        let rules = Engine::new().compile("n == 1", &scheme, "closures").unwrap();
        let defect = Box::new(Defect(rules.instance().unwrap()));
        let state = State { runner: Runner::Instance(defect), matches: Matches::new(), scheme: scheme.clone(), evaluator: None };
        let mut instance = quintet_instance { state: Handle::new(state) };
        let (mut batch, mut matches, mut error) = (null_mut(), null_mut(), null_mut());
        // SAFETY: all that is handed in is there, and is used by this thread alone.
        unsafe {
            assert_eq!(quintet_batch_new(&quintet_scheme { scheme }, &mut batch, null_mut()), quintet_status::Ok);
            assert_eq!(quintet_matches_new(&mut matches, null_mut()), quintet_status::Ok);
            assert_eq!(quintet_instance_run(&mut instance, batch, matches, &mut error), quintet_status::Panic);
            assert_eq!((*error).message, "a panic: a defect");
            free(error);
            assert_eq!(quintet_instance_run(&mut instance, batch, matches, null_mut()), quintet_status::Poisoned);
            // Another instance is not to write to what was left half changed.
            let mut other = null_mut();
            let rules = quintet_rules { rules, scheme: Scheme::builder().build().unwrap() };
            assert_eq!(quintet_instance_new(&rules, &mut other, null_mut()), quintet_status::Ok);
            assert_eq!(quintet_instance_run(other, batch, matches, null_mut()), quintet_status::Poisoned);
            let mut fresh = null_mut();
            assert_eq!(quintet_matches_new(&mut fresh, null_mut()), quintet_status::Ok);
            assert_eq!(quintet_instance_run(other, batch, fresh, null_mut()), quintet_status::Ok);
            quintet_matches_free(fresh);
            quintet_matches_free(matches);
            quintet_batch_free(batch);
            quintet_instance_free(other);
        }
    }
}
