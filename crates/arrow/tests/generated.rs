//! Whatever arrays hold the values of records, they become the same records, on which every backend answers alike.

mod common;

use std::sync::atomic::{AtomicU64, Ordering};

use common::{Ways, rows, same_records};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use quintet::{ArenaKind, Matches, Passes};
use quintet_arrow::Filler;
use quintet_testing::{case, instance};

const CASES: u32 = 1000;

#[test]
fn arrays_become_the_records_that_a_record_builder_makes() {
    let (ran, seeds) = (AtomicU64::new(0), AtomicU64::new(1));
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let backends = quintet::backends();
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let result = TestRunner::new_with_rng(config, random).run(&case(), |case| {
        let fail = |e: String| TestCaseError::fail(e);
        let scheme = &case.world().scheme;
        let count = if case.wide { 70 } else { case.records.len() };
        let records = case.records.iter().cycle().take(count);
        let expected = quintet_cases::batch(scheme, records, ArenaKind::Shared).map_err(|e| fail(e.to_string()))?;
        let linked = case.link(&Passes::default()).map_err(fail)?;
        let mut ways = Ways::new(seeds.fetch_add(1, Ordering::Relaxed));
        let rows = rows(scheme, &expected, &mut ways);
        let arena = [ArenaKind::Plain, ArenaKind::Shared][ways.below(2)];
        let filler = Filler::new(scheme, &rows.schema()).map_err(|e| fail(e.to_string()))?.arena(arena);
        let (filled, unfit) = filler.fill(&rows, None).map_err(|e| fail(e.to_string()))?;
        if !unfit.is_empty() {
            return Err(fail(format!("{:?}", unfit)));
        }
        same_records(&expected, &filled);
        let backend = &backends[ways.below(backends.len())];
        let mut instance = instance(&**backend, &linked, &case.limits()).map_err(fail)?;
        let mut answers = [Matches::new(), Matches::new()];
        instance.run_batch(&expected, &mut answers[0]).map_err(|e| fail(e.to_string()))?;
        instance.run_batch(&filled, &mut answers[1]).map_err(|e| fail(e.to_string()))?;
        if answers[0] != answers[1] {
            return Err(fail(format!("{} answers otherwise on columns: {answers:?}", backend.id())));
        }
        ran.fetch_add(count as u64, Ordering::Relaxed);
        Ok(())
    });
    result.unwrap();
    assert!(ran.into_inner() > u64::from(CASES), "records were generated");
}
