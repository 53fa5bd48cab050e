//! What each rule costs on one backend.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the rules of a workload cost, one by one, on one row. Each rule was timed on whole batches, from outside of the code that runs it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The row's id.
    pub id: String,
    /// Records that each rule was run on.
    pub records: u64,
    /// Times that each of them was measured; every time that is stated is the median.
    pub rounds: usize,
    /// What all rules together take on all records without being profiled, measured in the same rounds, ns.
    pub unprofiled_ns: f64,
    /// What profiling itself takes, as a share of what the rules take: the clock, calls for one record alone, and keeping count.
    pub own_share: f64,
    /// The part of that which reading the clock takes.
    pub clock_share: f64,
    /// The part of that which calls for one record alone take.
    pub alone_share: f64,
    /// One entry per rule, in their order.
    pub rules: Vec<RuleProfile>,
}

/// What one rule costs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleProfile {
    /// Its name.
    pub rule: String,
    /// Records that it was run on.
    pub checks: u64,
    /// Records that it matches.
    pub matches: u64,
    /// Records that it traps on.
    pub traps: u64,
    /// All checks together, ns.
    pub ns: f64,
    /// The mean check of records that match, ns; missing where fewer than three were timed alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub match_ns: Option<f64>,
    /// The mean check of records that do not match, ns; missing where fewer than three were timed alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_match_ns: Option<f64>,
    /// The longest check of those that were timed alone, ns; missing where none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_ns: Option<f64>,
}

/// What rules are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileColumn {
    /// The rules' names, from A to Z; every other column has its largest number first.
    Rule,
    /// Time of all checks.
    Total,
    /// Records that it was run on.
    Checks,
    /// Records that match.
    Matches,
    /// Records that trap.
    Traps,
    /// Mean check.
    Mean,
    /// Mean check of records that match.
    Match,
    /// Mean check of records that do not match.
    NoMatch,
    /// Longest check.
    Max,
}

impl Profile {
    /// All rules together, ns.
    pub fn sum_ns(&self) -> f64 {
        self.rules.iter().map(|r| r.ns).sum()
    }

    /// How many times as long as the unprofiled batches all rules together take.
    pub fn ratio(&self) -> f64 {
        self.sum_ns() / self.unprofiled_ns
    }

    /// A rule's share of the time of all.
    pub fn share(&self, rule: &RuleProfile) -> f64 {
        let sum = self.sum_ns();
        if sum > 0.0 { rule.ns / sum } else { 0.0 }
    }

    /// The rules by this column, the largest first, and in their own order where it is the same.
    pub fn sorted(&self, by: ProfileColumn) -> Vec<&RuleProfile> {
        let mut rules: Vec<&RuleProfile> = self.rules.iter().collect();
        let descending = |value: fn(&RuleProfile) -> f64| move |a: &&RuleProfile, b: &&RuleProfile| value(b).total_cmp(&value(a));
        // What was not measured stands last.
        match by {
            ProfileColumn::Rule => rules.sort_by(|a, b| a.rule.cmp(&b.rule)),
            ProfileColumn::Total => rules.sort_by(descending(|r| r.ns)),
            ProfileColumn::Checks => rules.sort_by_key(|r| std::cmp::Reverse(r.checks)),
            ProfileColumn::Matches => rules.sort_by_key(|r| std::cmp::Reverse(r.matches)),
            ProfileColumn::Traps => rules.sort_by_key(|r| std::cmp::Reverse(r.traps)),
            ProfileColumn::Mean => rules.sort_by(descending(RuleProfile::mean_ns)),
            ProfileColumn::Match => rules.sort_by(descending(|r| r.match_ns.unwrap_or(-1.0))),
            ProfileColumn::NoMatch => rules.sort_by(descending(|r| r.no_match_ns.unwrap_or(-1.0))),
            ProfileColumn::Max => rules.sort_by(descending(|r| r.max_ns.unwrap_or(-1.0))),
        }
        rules
    }

    /// Whether its numbers are those of a measurement.
    pub(crate) fn is_sound(&self) -> bool {
        let number = |n: f64| (0.0..=1e18).contains(&n);
        let rule = |r: &RuleProfile| [Some(r.ns), r.match_ns, r.no_match_ns, r.max_ns].into_iter().flatten().all(number);
        self.unprofiled_ns > 0.0
            && [self.unprofiled_ns, self.own_share, self.clock_share, self.alone_share].into_iter().all(number)
            && self.rules.iter().all(rule)
    }
}

impl RuleProfile {
    /// The mean check, ns; 0 where there was none.
    pub fn mean_ns(&self) -> f64 {
        if self.checks > 0 { self.ns / self.checks as f64 } else { 0.0 }
    }
}
