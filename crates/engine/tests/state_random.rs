//! Rules that keep state, made at random, on records that are: every configuration comes to what the interpreter does record by record, in batches of
//! any size and on any number of threads.

use std::sync::Arc;

use quintet::{Passes, backend, configurations};
use quintet_testing::{Outcome, Stateful, Way};

/// Texts and records that are tried.
const CASES: u64 = 200;

fn seed(case: u64) -> [u8; 32] {
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&case.to_le_bytes());
    seed
}

#[test]
fn every_configuration_comes_to_the_same() {
    let one_by_one = Way { size: 1, threads: 1 };
    let (interp, all) = (backend("interp").unwrap(), configurations());
    let mut seen = Outcome::default();
    for case in 0..CASES {
        let made = Stateful::of_seed(&seed(case));
        let linked = made.link(&Passes::none()).unwrap_or_else(|e| panic!("case {case}: {e}\n{}", made.source()));
        let rewritten = made.link(&Passes::default()).unwrap();
        let wanted = made.outcome(&linked, &*interp, one_by_one).unwrap();
        let size = 1 + case as usize % 64;
        // All of them at once would take long.
        for (at, backend) in all.iter().enumerate().filter(|(at, _)| (at + case as usize).is_multiple_of(3)) {
            for (linked, way) in [(&linked, Way { size, threads: 1 }), (&rewritten, Way { size: 70, threads: 1 + at % 4 })] {
                let mut found = made.outcome(linked, &**backend, way).unwrap();
                if Arc::ptr_eq(linked, &rewritten) {
                    found = found.counted_as(&wanted);
                }
                assert!(
                    found == wanted,
                    "case {case}, {}, {way:?}:\n{}\nfound {found:#?}\nwanted {wanted:#?}",
                    backend.id(),
                    made.source()
                );
            }
        }
        let several = made.outcome(&linked, &*interp, Way { size: 33, threads: 4 }).unwrap();
        assert_eq!(several, wanted, "case {case}: {}", made.source());
        seen.rules.extend(wanted.rules);
        seen.traps.extend(wanted.traps);
        seen.dump.extend(wanted.dump);
        seen.evicted.extend(wanted.evicted);
        seen.lines.extend(wanted.lines);
        seen.trapped += wanted.trapped;
    }
    // All that can happen has happened often.
    let evicted: u64 = seen.evicted.iter().map(|(_, count)| count).sum();
    let lines: usize = seen.lines.iter().map(|(_, lines)| lines.lines().count()).sum();
    let matching = seen.rules.iter().filter(|rules| !rules.is_empty()).count();
    let counts = [matching, seen.traps.len(), seen.dump.len(), evicted as usize, lines, seen.trapped as usize];
    assert!(counts.iter().all(|count| *count > 100), "{counts:?}");
}
