//! Programs and records that are made up, on every configuration of every backend.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use quintet::Passes;
use quintet_testing::{Case, case, value_case};

use super::answers::{agree, agree_on_values, lineup, passes_change_nothing};
use super::{Target, outcome};
use crate::finding::Fault;
use crate::mutate::Form;

pub const TARGET: Target = Target {
    name: "differential",
    about: "a made-up program or expression answers and traps alike on all configurations, one by one and as a batch, before and after passes",
    form: Form::Seed,
    corpus: || vec![vec![0; 8]],
    run,
};

/// Steps of a program that has no smaller limit of its own.
const STEPS: u64 = 100_000;

fn run(input: &[u8]) -> Result<u64, Fault> {
    let mut seed = [0; 32];
    seed.iter_mut().zip(input).for_each(|(place, byte)| *place = *byte);
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    // A quarter are expressions of any type.
    let values = input.first().is_some_and(|byte| byte % 4 == 3);
    let check = if values { check_values } else { check_rules };
    let made = if values { value_case().new_tree(&mut runner) } else { case().new_tree(&mut runner) };
    let Ok(mut tree) = made else { return Ok(0) };
    let mut fault = match check(tree.current()) {
        Ok(outcome) => return Ok(outcome),
        Err(fault) => fault,
    };
    // The smallest case that fails in the same way.
    let (mut tries, mut more) = (0, tree.simplify());
    while more && tries < 5_000 {
        tries += 1;
        more = match check(tree.current()) {
            Err(smaller) if smaller.class == fault.class => {
                fault = smaller;
                tree.simplify()
            }
            _ => tree.complicate(),
        };
    }
    Err(fault)
}

fn check_rules(mut case: Case) -> Result<u64, Fault> {
    case.steps = Some(case.steps.unwrap_or(STEPS).min(STEPS));
    let Ok(linked) = case.link(&Passes::none()) else { return Ok(1) };
    let limits = case.limits();
    let answers = agree(&linked, &limits, &case.records, case.wide, lineup()).map_err(|fault| told(fault, &case))?;
    passes_change_nothing(linked.program(), case.world(), &limits, &case.records).map_err(|fault| told(fault, &case))?;
    Ok(outcome::of(&answers))
}

fn check_values(mut case: Case) -> Result<u64, Fault> {
    case.steps = Some(case.steps.unwrap_or(STEPS).min(STEPS));
    let Ok(linked) = case.link_value(&Passes::none()) else { return Ok(2) };
    let values = agree_on_values(&linked, &case.limits(), &case.records, lineup()).map_err(|fault| told(fault, &case))?;
    Ok(outcome::of(&values))
}

/// A fault together with the case that it is of.
fn told(fault: Fault, case: &Case) -> Fault {
    let scheme = &case.world().scheme;
    let records: Vec<String> = case.records.iter().map(|r| quintet_cases::record_to_json(scheme, r).to_string()).collect();
    let detail = format!(
        "{}\n  nil != x: {}, wide: {}, memory: {:?}, steps: {:?}\n  {}\n  records: {}",
        fault.detail,
        case.nil_not_equal,
        case.wide,
        case.memory_bytes,
        case.steps,
        case.source(),
        records.join("\n  ")
    );
    Fault::new(fault.class, detail)
}
