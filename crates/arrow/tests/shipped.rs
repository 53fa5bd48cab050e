//! On all traffic that ships with the project, as columns, all backends answer as on the records.

mod common;

use common::{Ways, rows, same_records};
use quintet::Matches;
use quintet_arrow::Evaluator;
use quintet_bench::{Loaded, names, scripts, shipped};

#[test]
fn shipped_traffic_as_columns_has_the_answers_of_its_records() {
    let mut bits = 0;
    for (seed, name) in [names(), scripts()].concat().into_iter().enumerate() {
        let loaded = Loaded::new(shipped(&name).unwrap()).unwrap();
        let scheme = loaded.linked.scheme().clone();
        let mut ways = Ways::new(seed as u64 + 1);
        for batch in &loaded.batches {
            let rows = rows(&scheme, batch, &mut ways);
            let (filled, unfit) = quintet_arrow::Filler::new(&scheme, &rows.schema()).unwrap().fill(&rows, None).unwrap();
            assert!(unfit.is_empty(), "{name}: {:?}", unfit);
            same_records(batch, &filled);
            for backend in quintet::backends() {
                let compiled = backend.compile(&loaded.linked).unwrap();
                let instance = || compiled.instantiate(loaded.engine.limits()).unwrap();
                let mut expected = Matches::new();
                instance().run_batch(batch, &mut expected).unwrap();
                let answers = Evaluator::new(&scheme, &rows.schema()).unwrap().evaluate(&mut *instance(), &rows).unwrap();
                assert_eq!(answers.rules(), expected.rules());
                for rule in 0..answers.rules() {
                    assert_eq!(answers.words(rule), expected.row(rule), "{name} by {}, rule {rule}", backend.id());
                    let mask = answers.mask(rule).unwrap();
                    assert_eq!((mask.len(), mask.true_count()), (batch.len(), expected.count(rule)));
                    bits += expected.count(rule);
                }
                assert_eq!(answers.traps, expected.traps(), "{name} by {}", backend.id());
            }
        }
    }
    assert!(bits > 1000, "{bits}");
}
