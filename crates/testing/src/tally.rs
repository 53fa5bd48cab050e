//! Which sizes at which a backend makes other code were reached by the programs that ran.

use quintet_runtime::{BackendId, Linked, Threshold};

use crate::case::Case;

/// The cases that stayed within each threshold of a backend, and those that went beyond.
pub(crate) struct Tally {
    id: BackendId,
    thresholds: Vec<(Threshold, [u32; 2])>,
    /// Sizes that are the width of a word, and so the same always: what they are of, the size, the cases within and beyond.
    words: Vec<(&'static str, usize, [u32; 2])>,
}

/// Whether a threshold is one of the backend's.
fn is_of(threshold: Threshold, id: BackendId) -> bool {
    match threshold.name().split_once('_') {
        Some(("prefilter", _)) => true,
        // What holds for all is decided when a program is linked, for whoever it may be.
        Some(("plan", _)) => true,
        Some(("native", _)) => ["jit", "lua"].contains(&id.name),
        // Where code is made quickly, a helper searches.
        Some(("jit", _)) if threshold == Threshold::JitSearchedBytes => id.name == "jit" && id.config != "fast",
        Some((name, _)) => name == id.name,
        None => false,
    }
}

impl Tally {
    pub(crate) fn new(id: BackendId) -> Tally {
        let thresholds = Threshold::ALL.into_iter().filter(|t| is_of(*t, id)).map(|t| (t, [0; 2])).collect();
        let words = [("rules of a word of Lua's", 32), ("rules of a word", 64), ("records of a block", 64)];
        Tally { id, thresholds, words: words.map(|(name, size)| (name, size, [0; 2])).to_vec() }
    }

    /// Adds what compiling and running a case has counted.
    pub(crate) fn add(&mut self, program: &Linked, case: &Case) {
        for (threshold, counts) in &mut self.thresholds {
            let crossings = program.crossings(*threshold);
            counts.iter_mut().zip(crossings).for_each(|(count, n)| *count += u32::from(n));
        }
        let rules = program.program().rules.len();
        let records = if case.wide { crate::case::WIDE.max(case.records.len()) } else { case.records.len() };
        for ((_, most, counts), size) in self.words.iter_mut().zip([rules, rules, records]) {
            counts[usize::from(size > *most)] += 1;
        }
    }

    /// Prints the counts, and fails where one of `cases` many cases is 0.
    pub(crate) fn check(&self, cases: u32) {
        let default = |threshold: Threshold| threshold.default();
        let settings = self.thresholds.iter().map(|(t, counts)| (t.name(), default(*t), *counts));
        let rows: Vec<(&str, usize, [u32; 2])> = settings.chain(self.words.iter().copied()).collect();
        println!("{}: sizes at which other code is made or run, with the cases of {cases} within and beyond", self.id);
        for (name, size, [within, beyond]) in &rows {
            println!("  {name:<26} {size:>8}: {within:>6} within, {beyond:>6} beyond");
        }
        if cases >= 1000 {
            let missed: Vec<&str> = rows.iter().filter(|(.., counts)| counts.contains(&0)).map(|row| row.0).collect();
            assert!(missed.is_empty(), "{}: no case was on one side of {missed:?}", self.id);
        }
    }
}
