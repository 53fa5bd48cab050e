//! Rules that keep state, and records, that are made up, on every configuration of every backend.

use std::sync::Arc;

use quintet::Passes;
use quintet_testing::{Stateful, Way};

use super::answers::lineup;
use super::{Target, outcome};
use crate::finding::Fault;
use crate::mutate::Form;

pub const TARGET: Target = Target {
    name: "stateful",
    about: "made-up rules that keep state come to the same on all configurations, record by record, in batches and on threads",
    form: Form::Seed,
    corpus: || vec![vec![0; 8]],
    run,
};

fn run(input: &[u8]) -> Result<u64, Fault> {
    let mut seed = [0; 32];
    seed.iter_mut().zip(input).for_each(|(place, byte)| *place = *byte);
    let made = Stateful::of_seed(&seed);
    // The fewest first records that show the fault.
    match check(&made) {
        Ok(outcome) => Ok(outcome),
        Err(fault) => Err((1..made.records()).find_map(|records| check(&made.first(records)).err()).unwrap_or(fault)),
    }
}

fn check(made: &Stateful) -> Result<u64, Fault> {
    let told = |class: &str, what: String| Fault::new(class, format!("{what}\n{}\n{made:?}", made.source()));
    let linked = made.link(&Passes::none()).map_err(|e| told("it is refused", e))?;
    let rewritten = made.link(&Passes::default()).map_err(|e| told("it is refused after passes", e))?;
    let mut wanted = None;
    for backend in lineup() {
        let id = backend.id();
        for (linked, size, threads) in [(&linked, 1, 1), (&rewritten, 64, 1), (&linked, 33, 4)] {
            let mut found = made.outcome(linked, &**backend, Way { size, threads }).map_err(|e| told(&format!("{id} fails"), e))?;
            let wanted = wanted.get_or_insert_with(|| found.clone());
            if Arc::ptr_eq(linked, &rewritten) {
                found = found.counted_as(wanted);
            }
            if *wanted != found {
                let what = format!("{id}, batches of {size}, {threads} threads: {found:#?}\nwanted: {wanted:#?}");
                return Err(told(&format!("{id} differs"), what));
            }
        }
    }
    Ok(wanted.map_or(0, |wanted| outcome::of(&format!("{:?}{:?}", wanted.traps, wanted.lines))))
}
