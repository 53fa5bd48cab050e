//! Many rules at once: which of them may match a record is asked before they are run.
//!
//! From each rule's expression a condition is taken that must hold wherever the rule matches: that a value holds one of some texts, begins
//! or ends with one or is one, that a number or an address is in one of some ranges, that a value has other bytes than those of a class. The
//! conditions of all rules stand in one index by source, which is asked once for each record; what it costs depends on the record and hardly on
//! the number of rules. What else rules require is asked, too, where that saves more than it costs. Backends run a rule only on the records
//! that meet all its conditions. All share this part: see [`Candidates`].
//!
//! # Why no answer changes
//! A rule is left out on a record only where running it would have answered false, without a trap:
//! * All that it would have evaluated until then cannot trap, but for steps and memory. That is asked of the operands of a rule's `and` up to
//!   the one that the condition is of, or of all of the rule.
//! * The steps and the memory of that are within the limits for the longest record of the batch. Else the rule is run.
//! * Rules with statements, and rules whose condition cannot be known, are run always. `not` (but of `matches` of a class), `xor`, `all`, `!=` and comparisons that nil passes give no condition, and neither do lists, whose members may change.
//! * Texts are compared without the case of ASCII letters, values of arrays and maps all together: a record may meet a condition without the
//!   rule matching, never the other way round.
//!
//! The step count begins anew for each rule and record, so leaving one out shows nowhere else.

mod anchored;
mod anywhere;
mod bits;
mod bound;
mod candidates;
mod classes;
mod condition;
mod describe;
mod index;
mod segments;
mod texts;

pub use candidates::{Candidates, bits_of, runs, set_bits};
pub use describe::PrefilterPlan;
pub(crate) use index::Index;

use crate::linked::Linked;
use crate::thresholds::Threshold;

/// What must be saved for each record so that asking pays, in tests of numbers (a search is ten): what the threshold
/// [`Threshold::PrefilterRules`](crate::Threshold::PrefilterRules) is set to where the pass `prefilter` runs.
pub const PREFILTER_PAYS: usize = 255;

/// The least that must be saved for each record, as it is seen while records are run.
const PAYS: usize = 96;

/// Records between two looks at what was saved.
const WINDOW: usize = 1024;

/// The index of a program whose rules are many enough.
pub(crate) fn index(linked: &Linked) -> Option<Box<Index>> {
    let pays = linked.threshold(Threshold::PrefilterRules);
    // Never, unless it was set.
    if pays == Threshold::PrefilterRules.default() {
        return None;
    }
    // Rules that cannot weigh as much, whatever they require, are not looked at closely; so few that none could weigh enough not at all.
    let rules = &linked.program().rules;
    let any = rules.len().saturating_mul(condition::MOST as usize);
    let most = if any <= pays { any } else { rules.iter().map(condition::most).sum::<u32>() as usize };
    if !linked.exceeds(Threshold::PrefilterRules, most) {
        return None;
    }
    let conditions = index::conditions(linked);
    let weight = index::weights(&conditions).iter().sum::<u32>() as usize;
    linked.exceeds(Threshold::PrefilterRules, weight).then(|| Box::new(Index::new(&conditions)))
}
