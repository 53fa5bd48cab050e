//! What each rule costs, measured from outside of what backends generate: alike on all of them, and at no cost where it is not used.

use std::time::Instant;

use crate::backend::{Instance, RunError};
use crate::batch::Batch;
use crate::matches::{Matches, RecordId, RuleId, WriteMatches};

/// Checks of a rule of which one at most is timed alone.
pub const ALONE: usize = 1024;

/// The share of the rules' time that calls alone may take; where one check in [`ALONE`] takes more, fewer are made.
const ALONE_SHARE: f64 = 0.01;

/// Records that means of records alone are of at least.
const FEW: u64 = 3;

/// Runs rules as [`Instance::run_batch`] does and keeps what each of them costs.
///
/// Each rule runs on the whole batch, with a look at the clock before and after, which gives its time. To tell matching records from others,
/// one check in [`ALONE`] is then made again, of one record alone: twice, of which the quicker counts, and by chance of a record that the
/// rule matches or of one that it does not. A call alone costs more than a check in a batch; what it costs more is known from the batches'
/// mean and taken off. Where such calls would take more than 1 % of the rules' time, there are fewer of them. Every rule is run on every
/// record, also where [`Instance::run_batch`] asks first which may match and takes less.
///
/// ```
/// # fn serve(mut instance: Box<dyn quintet_runtime::Instance>, batches: Vec<quintet_runtime::Batch>, rules: usize)
/// # -> Result<(), quintet_runtime::RunError> {
/// use quintet_runtime::{Matches, Profile};
///
/// let (mut profile, mut matches) = (Profile::new(rules), Matches::new());
/// for batch in &batches {
///     profile.run_batch(&mut *instance, batch, &mut matches)?; // in place of instance.run_batch(batch, &mut matches)
/// }
/// for (number, cost) in profile.take().iter().enumerate() {
///     println!("rule {number}: {} checks, {} matches, {:.1} ns each", cost.checks, cost.matches, cost.mean_ns());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Profile {
    costs: Vec<RuleCost>,
    /// By rule: checks until one is timed alone.
    until: Vec<usize>,
    spent: Spent,
    /// What two looks at the clock find between them where nothing is, ns.
    clock_ns: f64,
    random: u64,
    /// The mean check of the batch in which it was least, which nothing interrupted; infinite before the first. With the two below it
    /// decides how many records are checked alone.
    check_ns: f64,
    /// Records that were checked alone, what was taken counting the less the longer ago it was: a backend may have been warming up then.
    calls: f64,
    /// What they took, counted in the same way.
    calls_ns: f64,
    answers: Matches,
    alone: Matches,
}

/// What one rule cost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RuleCost {
    /// Records that the rule was run on.
    pub checks: u64,
    /// Records that it matched.
    pub matches: u64,
    /// Records that it trapped on.
    pub traps: u64,
    /// The time of all checks, ns, without the clock's own.
    pub ns: f64,
    /// Checks of matching records that were timed alone.
    pub matching: Alone,
    /// Checks of records that neither matched nor trapped and were timed alone.
    pub others: Alone,
}

/// Checks that were timed alone.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Alone {
    /// How many.
    pub calls: u64,
    /// Their time, ns, without the clock's own.
    pub ns: f64,
    /// The longest of them, ns.
    pub max_ns: f64,
}

/// Where the time of profiled batches went.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spent {
    /// All of it, ns.
    pub elapsed_ns: f64,
    /// In rules, ns: the sum of [`RuleCost::ns`].
    pub rules_ns: f64,
    /// In reading the clock around rules, ns.
    pub clock_ns: f64,
    /// In calls for one record alone, ns.
    pub alone_ns: f64,
}

impl Spent {
    /// What profiling itself took, as a share of what the rules took: the clock, calls alone, and keeping count.
    pub fn own_share(&self) -> f64 {
        share(self.elapsed_ns - self.rules_ns, self.rules_ns)
    }

    /// What reading the clock took, as a share of what the rules took.
    pub fn clock_share(&self) -> f64 {
        share(self.clock_ns, self.rules_ns)
    }

    /// What calls for one record alone took, as a share of what the rules took.
    pub fn alone_share(&self) -> f64 {
        share(self.alone_ns, self.rules_ns)
    }

    /// Adds what another profile of the same rules spent.
    pub fn add(&mut self, other: &Spent) {
        self.elapsed_ns += other.elapsed_ns;
        self.rules_ns += other.rules_ns;
        self.clock_ns += other.clock_ns;
        self.alone_ns += other.alone_ns;
    }
}

fn share(of: f64, whole: f64) -> f64 {
    if whole > 0.0 { of.max(0.0) / whole } else { 0.0 }
}

impl Alone {
    fn mean_ns(&self) -> Option<f64> {
        (self.calls > 0).then(|| self.ns / self.calls as f64)
    }

    /// The mean, where it is one of more than a few.
    fn mean_of_some_ns(&self) -> Option<f64> {
        self.mean_ns().filter(|_| self.calls >= FEW)
    }

    fn note(&mut self, ns: f64) {
        self.calls += 1;
        self.ns += ns;
        self.max_ns = self.max_ns.max(ns);
    }

    fn add(&mut self, other: &Alone) {
        self.calls += other.calls;
        self.ns += other.ns;
        self.max_ns = self.max_ns.max(other.max_ns);
    }
}

impl RuleCost {
    /// The mean check, ns; 0 where there was none.
    pub fn mean_ns(&self) -> f64 {
        if self.checks > 0 { self.ns / self.checks as f64 } else { 0.0 }
    }

    /// The mean check of matching records, ns; `None` where fewer than three were timed alone.
    pub fn mean_match_ns(&self) -> Option<f64> {
        Some((self.matching.mean_of_some_ns()? - self.call_ns()?).max(0.0))
    }

    /// The mean check of records that do not match, ns; `None` where fewer than three were timed alone.
    pub fn mean_no_match_ns(&self) -> Option<f64> {
        Some((self.others.mean_of_some_ns()? - self.call_ns()?).max(0.0))
    }

    /// The longest check of those that were timed alone, ns; `None` where none was.
    pub fn max_ns(&self) -> Option<f64> {
        let longest = self.matching.max_ns.max(self.others.max_ns);
        Some((longest - self.call_ns()?).max(0.0))
    }

    /// What a call alone costs more than a check in a batch, ns: the calls' mean, weighted as matches are among the checks, less the
    /// batches' mean. `None` where none was timed alone.
    fn call_ns(&self) -> Option<f64> {
        let alone = match (self.matching.mean_ns(), self.others.mean_ns()) {
            (Some(matching), Some(others)) => {
                let share = self.matches as f64 / self.checks.max(1) as f64;
                share * matching + (1.0 - share) * others
            }
            (matching, others) => matching.or(others)?,
        };
        Some(alone - self.mean_ns())
    }

    /// Adds what the same rule cost elsewhere: on other batches or threads.
    pub fn add(&mut self, other: &RuleCost) {
        self.checks += other.checks;
        self.matches += other.matches;
        self.traps += other.traps;
        self.ns += other.ns;
        self.matching.add(&other.matching);
        self.others.add(&other.others);
    }
}

/// ns since `start`.
fn since(start: Instant) -> f64 {
    start.elapsed().as_nanos() as f64
}

impl Profile {
    /// An empty profile of a program of so many rules. Finds out what the clock costs, which takes some microseconds.
    pub fn new(rules: usize) -> Profile {
        let mut empty: Vec<f64> = (0..501).map(|_| since(Instant::now())).collect();
        empty.sort_by(f64::total_cmp);
        Profile {
            costs: vec![RuleCost::default(); rules],
            // Spread, so that small batches do not have the calls alone of all rules together.
            until: (0..rules).map(|rule| rule * 617 % ALONE + 1).collect(),
            spent: Spent::default(),
            clock_ns: empty.get(empty.len() / 2).copied().unwrap_or_default(),
            random: 0x9e37_79b9_7f4a_7c15,
            check_ns: f64::INFINITY,
            calls: 0.0,
            calls_ns: 0.0,
            answers: Matches::new(),
            alone: Matches::new(),
        }
    }

    /// What each rule cost, in order of the rules, since the profile was made or taken last.
    pub fn costs(&self) -> &[RuleCost] {
        &self.costs
    }

    /// Where the time went since the profile was made or taken last.
    pub fn spent(&self) -> Spent {
        self.spent
    }

    /// What each rule cost, in order of the rules; counting begins anew.
    pub fn take(&mut self) -> Vec<RuleCost> {
        self.spent = Spent::default();
        self.calls /= 2.0;
        self.calls_ns /= 2.0;
        let rules = self.costs.len();
        std::mem::replace(&mut self.costs, vec![RuleCost::default(); rules])
    }

    /// What two looks at the clock find between them where nothing is, ns. It is taken off every time.
    pub fn clock_ns(&self) -> f64 {
        self.clock_ns
    }

    /// Which rules match which records of `batch`, as [`Instance::run_batch`] answers; `out` is reset first. `instance` is of a program of
    /// as many rules as the profile.
    ///
    /// # Errors
    /// As [`Instance::run_batch`], and where the program has fewer rules. Rules that ran before are counted.
    pub fn run_batch(&mut self, instance: &mut dyn Instance, batch: &Batch, out: &mut Matches) -> Result<(), RunError> {
        let begun = Instant::now();
        let before = self.spent.rules_ns;
        let done = self.run_rules(instance, batch, out);
        self.spent.elapsed_ns += since(begun);
        // What a few records take is hardly more than what the clock does.
        if done.is_ok() && batch.len() >= 64 && !self.costs.is_empty() {
            let checks = batch.len() * self.costs.len();
            self.check_ns = self.check_ns.min((self.spent.rules_ns - before) / checks as f64);
        }
        done
    }

    fn run_rules(&mut self, instance: &mut dyn Instance, batch: &Batch, out: &mut Matches) -> Result<(), RunError> {
        out.reset(self.costs.len(), batch.len());
        let row = out.row_words();
        for rule in 0..self.costs.len() {
            let start = Instant::now();
            instance.run_rule(rule, batch, 0..batch.len(), &mut self.answers)?;
            let ns = (since(start) - self.clock_ns).max(0.0);
            self.spent.rules_ns += ns;
            self.spent.clock_ns += 2.0 * self.clock_ns;
            let (matches, traps) = (self.answers.count(0), self.answers.traps());
            let cost = &mut self.costs[rule];
            cost.checks += batch.len() as u64;
            cost.matches += matches as u64;
            cost.traps += traps.len() as u64;
            cost.ns += ns;
            out.words_mut()[rule * row..(rule + 1) * row].copy_from_slice(self.answers.words());
            traps.iter().for_each(|at| out.trap(rule, at.record, (at.trap, at.span)));
            let mut left = batch.len();
            while left >= self.until[rule] {
                left -= self.until[rule];
                // About so many, not just so many: rules that take turns together would otherwise go on to.
                let every = self.every();
                self.until[rule] = (every / 2 + self.random() % every).max(1);
                self.call_alone(instance, batch, rule, matches)?;
            }
            self.until[rule] -= left;
        }
        out.finish();
        Ok(())
    }

    /// Checks of a rule of which one is timed alone, so that all such calls take no more than their share of the time.
    fn every(&self) -> usize {
        let every = self.calls_ns / self.calls / (self.check_ns * ALONE_SHARE);
        // Before the first call, and where checks take no time that the clock tells, this is no number.
        if every.is_finite() { ALONE.max(every as usize) } else { ALONE }
    }

    /// Times the check of one record alone.
    fn call_alone(&mut self, instance: &mut dyn Instance, batch: &Batch, rule: usize, matches: usize) -> Result<(), RunError> {
        let others = batch.len() - matches - self.answers.traps().len();
        let matching = matches > 0 && (others == 0 || self.random().is_multiple_of(2));
        let Some(record) = self.choose(matching, matches) else { return Ok(()) };
        let mut call = || {
            let start = Instant::now();
            instance.run_rule(rule, batch, record..record + 1, &mut self.alone)?;
            let ns = since(start);
            self.spent.alone_ns += ns + self.clock_ns;
            self.calls_ns += ns + self.clock_ns;
            Ok((ns - self.clock_ns).max(0.0))
        };
        // The first may be interrupted, or be what makes a backend compile something.
        let ns = f64::min(call()?, call()?);
        self.calls += 1.0;
        let cost = &mut self.costs[rule];
        if matching { &mut cost.matching } else { &mut cost.others }.note(ns);
        Ok(())
    }

    /// The next of numbers that are the same in every run.
    fn random(&mut self) -> usize {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) as usize
    }

    /// A record of the last answers that matches, or that neither matches nor traps. Any of them, so that over many batches the calls are
    /// of all kinds of records.
    fn choose(&mut self, matching: bool, matches: usize) -> Option<usize> {
        let random = self.random();
        let answers = &self.answers;
        if matching {
            return answers.records_of(0).nth(random % matches.max(1));
        }
        let records = answers.records();
        let first = random % records.max(1);
        let trapped = |record: usize| answers.traps().binary_search_by_key(&record, |t| t.record).is_ok();
        (first..records).chain(0..first).find(|record| !answers.get(RuleId(0), RecordId(*record)) && !trapped(*record))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_call_alone_costs_more_is_taken_off_and_the_mean_of_the_batches_stays() {
        let alone = |calls: u64, mean: f64| Alone { calls, ns: mean * calls as f64, max_ns: mean };
        // 10 matches of 1,000 checks: 100 ns more for a match; every call alone takes 50 ns more.
        let mean = 20.0 + 0.01 * 100.0;
        let cost = RuleCost { checks: 1000, matches: 10, traps: 0, ns: 1000.0 * mean, matching: alone(4, 170.0), others: alone(7, 70.0) };
        assert!((cost.mean_match_ns().unwrap() - 120.0).abs() < 1e-9);
        assert!((cost.mean_no_match_ns().unwrap() - 20.0).abs() < 1e-9);
        assert!((cost.max_ns().unwrap() - 120.0).abs() < 1e-9);
        let never = RuleCost { matching: Alone::default(), ..cost };
        assert_eq!((never.mean_match_ns(), never.mean_no_match_ns()), (None, Some(mean)));
        assert_eq!(RuleCost::default().max_ns(), None);
        assert_eq!(RuleCost::default().mean_ns(), 0.0);
    }

    #[test]
    fn costs_of_threads_add_up() {
        let alone = Alone { calls: 1, ns: 30.0, max_ns: 30.0 };
        let one = RuleCost { checks: 10, matches: 2, traps: 1, ns: 100.0, matching: alone, others: Alone::default() };
        let mut sum = one;
        sum.add(&RuleCost { matching: Alone { calls: 1, ns: 90.0, max_ns: 90.0 }, ..one });
        assert_eq!((sum.checks, sum.matches, sum.traps, sum.ns), (20, 4, 2, 200.0));
        assert_eq!(sum.matching, Alone { calls: 2, ns: 120.0, max_ns: 90.0 });
    }
}
