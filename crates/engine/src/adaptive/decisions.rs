//! What the backend would do with a program, in words.

use std::fmt::Write;
use std::sync::Arc;

use quintet_runtime::Linked;

use super::{Ladder, MANY, Pays, QUICK, Schedule, TIERS, estimate};

/// A time in words.
fn time(nanoseconds: u64) -> String {
    let ns = nanoseconds as f64;
    match nanoseconds {
        0..1_000 => format!("{nanoseconds} ns"),
        1_000..1_000_000 => format!("{:.1} us", ns / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} ms", ns / 1e6),
        _ => format!("{:.1} s", ns / 1e9),
    }
}

/// A line for each tier.
pub(super) fn text(ladder: &Ladder, program: &Arc<Linked>) -> String {
    let Ladder { id, first, quick, best, schedule } = ladder;
    let mut text = format!("{id}:\n  begins with {}\n", first.id());
    if *schedule == Schedule::Turns {
        let _ = writeln!(text, "  compiles all of up to {TIERS} tiers at once and goes to another with each evaluation");
        return text;
    }
    let stencils = quick.is_some_and(|quick| super::make_stencils() && quick(program).is_some());
    if stencils {
        let (estimate, many, few) = (estimate::quick(program), Pays::quick(MANY), Pays::quick(1));
        let _ = writeln!(
            text,
            "  puts stencils together once evaluating took {} in batches or {} one by one: {many} and {few} times the {} that it takes; if this \
             process has made them by then",
            time(estimate * many),
            time(estimate * few),
            time(estimate)
        );
    } else if quick.is_some() {
        let _ = writeln!(text, "  puts no stencils together: not all of it has some, or this machine has none");
    }
    let best = best.id();
    let _ = match schedule {
        Schedule::After(nanoseconds) => {
            writeln!(text, "  compiles in the background with {best} once evaluating took {}", time(*nanoseconds))
        }
        Schedule::Estimated | Schedule::Turns => {
            let (estimate, pays) = (estimate::best(program), Pays::of(if stencils { QUICK } else { super::FIRST }, program));
            writeln!(
                text,
                "  compiles in the background with {best} once evaluating took {}: {pays} times the {} that it takes, about",
                time((estimate as f64 * pays) as u64),
                time(estimate)
            )
        }
    };
    text.push_str("  then tries what there is on the records that come, and keeps the quickest\n");
    text
}
