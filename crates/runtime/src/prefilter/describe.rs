//! A program's prefilter in words.

use std::fmt;

use super::condition::{Condition, Source, Test};
use super::index::{conditions, weights};
use super::{PAYS, PREFILTER_PAYS};
use crate::linked::Linked;
use crate::thresholds::Threshold;

/// Tests that are written out for a rule; further ones are counted.
const WRITTEN: usize = 4;

/// By what each rule of a program is filtered, and whether it is: printed, in a form that is the same for the same program and version.
pub struct PrefilterPlan<'l> {
    linked: &'l Linked,
    conditions: Vec<Option<Condition>>,
}

impl<'l> PrefilterPlan<'l> {
    /// The plan of a program.
    pub fn new(linked: &'l Linked) -> PrefilterPlan<'l> {
        PrefilterPlan { linked, conditions: conditions(linked) }
    }

    fn source(&self, source: &Source, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Source { field, key, open, len } = source;
        if *len {
            f.write_str("length of ")?;
        }
        f.write_str(&self.linked.scheme().field(*field).name)?;
        if let Some(key) = key {
            write!(f, "[\"{}\"]", key.escape_ascii())?;
        }
        (0..*open).try_for_each(|_| f.write_str("[*]"))
    }

    fn condition(&self, condition: &Condition, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = None;
        for (i, (source, test)) in condition.tests.iter().take(WRITTEN).enumerate() {
            if i > 0 {
                f.write_str(" or ")?;
            }
            if last != Some(source) {
                self.source(source, f)?;
                f.write_str(" ")?;
            }
            last = Some(source);
            match test {
                Test::Contains(text) => write!(f, "contains \"{}\"", text.escape_ascii())?,
                Test::Begins(text) => write!(f, "begins with \"{}\"", text.escape_ascii())?,
                Test::Ends(text) => write!(f, "ends with \"{}\"", text.escape_ascii())?,
                Test::Equals(text) => write!(f, "is \"{}\"", text.escape_ascii())?,
                Test::Int(first, last) if first == last => write!(f, "is {first}")?,
                Test::Int(i64::MIN, last) => write!(f, "is at most {last}")?,
                Test::Int(first, i64::MAX) => write!(f, "is at least {first}")?,
                Test::Int(first, last) => write!(f, "is in {first}..{last}")?,
                Test::Ip(first, last) if first == last => write!(f, "is {first}")?,
                Test::Ip(first, last) => write!(f, "is in {first}..{last}")?,
                Test::Beyond(class) => write!(f, "has a byte that is not of [{}]", ranges(class))?,
                Test::Missing => f.write_str("is missing")?,
            }
        }
        match condition.tests.len().saturating_sub(WRITTEN) {
            0 => {}
            more => write!(f, " or one of {more} more")?,
        }
        for other in &condition.others {
            f.write_str("; and ")?;
            self.condition(other, f)?;
        }
        f.write_str(if condition.whole { "; which is all of it" } else { "" })
    }
}

/// A class in words: its bytes, and the ranges of three of them and more.
fn ranges(class: &[bool; 256]) -> String {
    let bytes: Vec<u8> = (0..=255).filter(|byte| class[usize::from(*byte)]).collect();
    let runs = bytes.chunk_by(|a, b| a.checked_add(1) == Some(*b));
    let written = runs.map(|run| match run {
        [first, _, .., last] => format!("{}-{}", [*first].escape_ascii(), [*last].escape_ascii()),
        few => few.escape_ascii().to_string(),
    });
    written.collect()
}

impl fmt::Display for PrefilterPlan<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rules = &self.linked.program().rules;
        let with = self.conditions.iter().flatten().count();
        let weight: u32 = weights(&self.conditions).iter().sum();
        match self.linked.prefilter() {
            Some(index) => writeln!(
                f,
                "prefilter: on, {with} of {} rules; {} sources, {} bytes; paused where records leave less than {PAYS} to save",
                rules.len(),
                index.lookups.len(),
                index.memory_bytes()
            )?,
            None if self.linked.threshold(Threshold::PrefilterRules) == Threshold::PrefilterRules.default() => {
                return writeln!(f, "prefilter: off, the pass `prefilter` does not run");
            }
            None => writeln!(f, "prefilter: off, the rules weigh {weight} and it pays from {} on", PREFILTER_PAYS + 1)?,
        }
        for (place, (rule, condition)) in rules.iter().zip(&self.conditions).enumerate() {
            if rule.name.is_empty() {
                write!(f, "  rule {place}: ")?
            } else {
                write!(f, "  rule {}: ", rule.name)?
            }
            match condition {
                Some(condition) => self.condition(condition, f)?,
                None if !rule.is_expression() => f.write_str("none, it has statements")?,
                None => f.write_str("none, nothing that it requires saves more than asking for it costs")?,
            }
            f.write_str("\n")?;
        }
        Ok(())
    }
}
