//! Which of several tiers is the quickest, found out on the evaluations that come.

use super::{MANY, TIERS};

/// Timed evaluations of each tier, where they are of many records each, and where they are not.
const SAMPLES: usize = 9;
const SMALL_SAMPLES: usize = 65;

/// A tier that takes so many times as long as the quickest takes part no longer: after two evaluations of many records each, after six, and after
/// sixteen where they are of few.
const FAR: f64 = 1.8;
const BEHIND: f64 = 1.15;

/// The evaluations of a trial so far.
#[derive(Default)]
pub(super) struct Trial {
    /// The tiers that take part still.
    tiers: Vec<usize>,
    /// Evaluations since the last one was left out.
    turns: usize,
    /// By tier: nanoseconds a record of each of its evaluations.
    rates: [Vec<f64>; TIERS],
    evaluations: usize,
    records: usize,
}

impl Trial {
    pub(super) fn of(tiers: Vec<usize>) -> Trial {
        Trial { tiers, ..Trial::default() }
    }

    /// Whose turn it is. Each tier has as many of every other evaluation as the others, and as many of every third and every fourth: records
    /// come in patterns, too.
    pub(super) fn turn(&self) -> usize {
        let count = self.tiers.len();
        let place = match count {
            2 => (self.turns % 8).count_ones() as usize,
            _ => self.turns / (2 * count) + self.turns % count,
        };
        self.tiers[place % count]
    }

    /// Adds an evaluation; the quickest tier, once that is known.
    pub(super) fn add(&mut self, tier: usize, records: usize, nanoseconds: u64) -> Option<usize> {
        self.rates[tier].push(nanoseconds as f64 / records.max(1) as f64);
        self.turns += 1;
        self.evaluations += 1;
        self.records += records;
        let many = self.records >= self.evaluations * MANY;
        let each = self.rates[tier].len();
        if self.tiers.iter().all(|tier| self.rates[*tier].len() == each) && each.is_multiple_of(2) {
            self.leave_out(many, each);
        }
        let enough = self.tiers.len() == 1 || each >= if many { SAMPLES } else { SMALL_SAMPLES };
        enough.then(|| self.quickest().0)
    }

    /// Leaves out what is far behind after so many evaluations of each.
    fn leave_out(&mut self, many: bool, each: usize) {
        let factor = match (many, each) {
            (true, 2..6) | (false, 16..) => FAR,
            (true, 6..) => BEHIND,
            _ => return,
        };
        let (quickest, before) = (self.quickest().1, self.tiers.len());
        self.tiers = self.tiers.iter().copied().filter(|tier| self.rate(*tier) <= quickest * factor).collect();
        if self.tiers.len() < before {
            self.turns = 0;
        }
    }

    /// By the quarter of the evaluations that took least: what disturbs one makes it longer, never shorter.
    fn rate(&self, tier: usize) -> f64 {
        let mut rates = self.rates[tier].clone();
        rates.sort_unstable_by(f64::total_cmp);
        rates.get(rates.len().saturating_sub(1) / 4).copied().unwrap_or(f64::INFINITY)
    }

    fn quickest(&self) -> (usize, f64) {
        let rated = self.tiers.iter().map(|tier| (*tier, self.rate(*tier)));
        rated.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, f64::INFINITY))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quickest_stays_whatever_disturbs_some_evaluations_and_in_whatever_pattern_records_come() {
        for records in [1, 1024] {
            for period in 1..=4 {
                let mut trial = Trial::of(vec![0, 2]);
                let mut count = [0u32; TIERS];
                let found = (0..1000).find_map(|evaluation| {
                    let tier = trial.turn();
                    count[tier] += 1;
                    // Records of one kind take half as long again, and every seventh evaluation is interrupted.
                    let kind = if evaluation % period == 0 { 3 } else { 2 };
                    let disturbed = if evaluation % 7 == 3 { 200_000 } else { 0 };
                    trial.add(tier, records, records as u64 * kind * if tier == 0 { 110 } else { 100 } + disturbed)
                });
                assert_eq!(found, Some(2), "{records} records, period {period}: {:?}", trial.rates);
                assert!(count[0].abs_diff(count[2]) <= 1, "{count:?}");
            }
        }
    }

    #[test]
    fn what_is_far_behind_has_few_turns() {
        let mut trial = Trial::of(vec![0, 1, 2]);
        let mut count = [0u32; TIERS];
        let found = (0..1000).find_map(|_| {
            let tier = trial.turn();
            count[tier] += 1;
            trial.add(tier, 1024, [220, 100, 130][tier] * 1024)
        });
        assert_eq!((found, count), (Some(1), [2, 6, 6]));
    }

    #[test]
    fn all_have_as_many_turns_of_every_kind() {
        for tiers in [vec![0, 2], vec![0, 1, 2]] {
            for period in 1..=4 {
                let mut trial = Trial::of(tiers.clone());
                let mut count = [[0; TIERS]; 4];
                for evaluation in 0..144 {
                    let tier = trial.turn();
                    count[evaluation % period][tier] += 1;
                    trial.add(tier, 1, 1);
                }
                assert_eq!(trial.tiers, tiers, "none is behind");
                for count in &count[..period] {
                    assert!(tiers.iter().all(|tier| count[*tier] == 144 / period / tiers.len()), "{tiers:?}, {period}: {count:?}");
                }
            }
        }
    }
}
