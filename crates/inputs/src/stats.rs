//! What a reader has seen.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// How many faults are kept with number and detail; all are counted.
const KEPT: usize = 10;

/// How many different names of unknown keys are kept, and how many kinds of what was passed over. Where there are more, the first ones by
/// name are, so that it does not matter in which order parts of an input are seen.
const KEYS: usize = 1000;

/// How many bytes of the name of an unknown key are kept.
const KEY_BYTES: usize = 100;

/// Kinds of what is passed over that are no loss, as no record could be made of them.
pub(crate) const BLANK_LINE: &str = "blank line";
pub(crate) const BLOCK_WITHOUT_PACKET: &str = "pcapng block without a packet";
pub(crate) const ZERO_PADDING: &str = "zero bytes after the end of the compressed data";

/// What a reader has seen so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stats {
    /// Records delivered.
    pub records: u64,
    /// Malformed packets, lines and blocks by reason. A malformed packet is a record all the same, with the fields before the fault; a
    /// malformed line is none, whatever fields are read. Of packets only what was parsed is judged: layers that no field needs are not
    /// looked at.
    pub malformed: BTreeMap<Cow<'static, str>, u64>,
    /// The first malformed packets and lines.
    pub faults: Vec<Fault>,
    /// Values that do not fit their field, by the field; it is nil then, or what it is where there is no such value, and the record has
    /// its other fields. Of JSON lines only the fields that are read are judged.
    pub unfit: BTreeMap<String, Unfit>,
    /// Packets of which the capture holds only the beginning.
    pub cut_short: u64,
    /// What was passed over without being wrong, by kind: frames of link types that are not dissected, blocks that are no packets,
    /// empty lines. Of link types and types of blocks, at most 1000 are told apart, the first by name.
    pub skipped: BTreeMap<Cow<'static, str>, u64>,
    /// Keys of JSON objects that no field of the scheme has, with the number of lines; at most 1000 different ones, the first by name.
    pub unknown_keys: BTreeMap<String, u64>,
    /// Where the input ended before its time.
    pub truncated: Option<Truncated>,
    /// What the input seems to be instead of what it is read as, and what can be done.
    pub hint: Option<&'static str>,
}

/// Values that do not fit a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// How many.
    pub count: u64,
    /// The first one.
    pub first: Fault,
}

/// One malformed packet or line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The number of the frame or line, from 1.
    pub number: u64,
    /// What is wrong with it.
    pub detail: String,
}

/// The end of an input that is not whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truncated {
    /// Bytes from the start (of the uncompressed content) to the first thing that was not delivered.
    pub offset: u64,
    /// What is wrong there.
    pub why: String,
}

impl Stats {
    /// Malformed packets, lines and blocks in all.
    pub fn malformed_total(&self) -> u64 {
        self.malformed.values().sum()
    }

    /// Whether something in the input is in no record: malformed, cut off, passed over, or a value that did not fit. Blank lines, padding
    /// and blocks that hold no packet are no loss.
    pub fn lossy(&self) -> bool {
        let harmless = [BLANK_LINE, BLOCK_WITHOUT_PACKET, ZERO_PADDING];
        self.malformed_total() > 0
            || !self.unfit.is_empty()
            || self.cut_short > 0
            || self.truncated.is_some()
            || self.skipped.keys().any(|kind| !harmless.contains(&kind.as_ref()))
    }

    pub(crate) fn unfit(&mut self, number: u64, field: &str, detail: impl FnOnce() -> String) {
        match self.unfit.get_mut(field) {
            Some(unfit) => unfit.count += 1,
            None => {
                self.unfit.insert(field.to_owned(), Unfit { count: 1, first: Fault { number, detail: detail() } });
            }
        }
    }

    pub(crate) fn malformed(&mut self, number: u64, reason: &'static str, detail: impl FnOnce() -> String) {
        count(&mut self.malformed, reason);
        if self.faults.len() < KEPT {
            self.faults.push(Fault { number, detail: detail() });
        }
    }

    pub(crate) fn skipped(&mut self, kind: &'static str) {
        count(&mut self.skipped, kind);
    }

    /// Of kinds that the input makes up, only so many are told apart.
    pub(crate) fn skipped_as(&mut self, kind: String) {
        self.skipped_times(Cow::Owned(kind), 1);
    }

    fn skipped_times(&mut self, kind: Cow<'static, str>, times: u64) {
        let made_up = |kind: &Cow<'static, str>| matches!(kind, Cow::Owned(_));
        let bounded = made_up(&kind);
        *self.skipped.entry(kind).or_default() += times;
        if bounded && self.skipped.len() > KEYS && self.skipped.keys().filter(|k| made_up(k)).count() > KEYS {
            let last = self.skipped.keys().rev().find(|k| made_up(k)).cloned();
            if let Some(times) = last.and_then(|last| self.skipped.remove(&last)) {
                self.skipped_times(Cow::Borrowed("of more kinds than are told apart"), times);
            }
        }
    }

    /// Counts the member `name` of what stands under `path`, which ends in a dot if it is not empty.
    pub(crate) fn unknown_key(&mut self, path: &str, name: &[u8]) {
        let shown = &name[..name.len().min(KEY_BYTES)];
        let key = format!("{path}{}{}", String::from_utf8_lossy(shown), if shown.len() < name.len() { "..." } else { "" });
        self.unknown_times(key, 1);
    }

    fn unknown_times(&mut self, key: String, lines: u64) {
        *self.unknown_keys.entry(key).or_default() += lines;
        if self.unknown_keys.len() > KEYS {
            self.unknown_keys.pop_last();
        }
    }

    /// Adds what was seen of a part of the input that is not before any part seen so far.
    pub fn add(&mut self, other: Stats) {
        let Stats { records, malformed, faults, unfit, cut_short, skipped, unknown_keys, truncated, hint } = other;
        self.records += records;
        self.cut_short += cut_short;
        for (reason, times) in malformed {
            *self.malformed.entry(reason).or_default() += times;
        }
        if !faults.is_empty() {
            self.faults.extend(faults);
            // What cutting found of a part is added before what its records say.
            self.faults.sort_by_key(|fault| fault.number);
            self.faults.truncate(KEPT);
        }
        for (field, more) in unfit {
            match self.unfit.get_mut(&field) {
                Some(unfit) => unfit.count += more.count,
                None => {
                    self.unfit.insert(field, more);
                }
            }
        }
        skipped.into_iter().for_each(|(kind, times)| self.skipped_times(kind, times));
        unknown_keys.into_iter().for_each(|(key, lines)| self.unknown_times(key, lines));
        self.truncated = self.truncated.take().or(truncated);
        self.hint = self.hint.or(hint);
    }

    pub(crate) fn truncated(&mut self, offset: u64, why: impl Into<String>) {
        self.truncated.get_or_insert(Truncated { offset, why: why.into() });
    }
}

fn count(counts: &mut BTreeMap<Cow<'static, str>, u64>, key: &'static str) {
    match counts.get_mut(key) {
        Some(n) => *n += 1,
        None => {
            counts.insert(Cow::Borrowed(key), 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parts added in their order say what the whole says, wherever it is divided.
    #[test]
    fn parts_come_to_what_the_whole_comes_to() {
        let note = |stats: &mut Stats, i: u64| {
            let kind = i.wrapping_mul(0x9e37_79b9) % 2503;
            stats.records += 1;
            stats.skipped_as(format!("kind {kind}"));
            stats.unknown_key("a.", format!("key {kind}").as_bytes());
            if i % 7 == 0 {
                stats.skipped(BLANK_LINE);
                stats.malformed(i, "odd", || format!("number {i}"));
                stats.unfit(i, if i % 2 == 0 { "even" } else { "odd" }, || format!("number {i}"));
            }
            if i == 4000 {
                stats.truncated(i, "the end");
            }
        };
        let mut whole = Stats::default();
        (0..5000).for_each(|i| note(&mut whole, i));
        assert_eq!((whole.faults.len(), whole.unknown_keys.len(), whole.skipped.len()), (KEPT, KEYS, KEYS + 2));
        for len in [1, 13, 1000, 4999] {
            let mut parts = Stats::default();
            for start in (0..5000).step_by(len) {
                let mut part = Stats::default();
                (start..5000.min(start + len as u64)).for_each(|i| note(&mut part, i));
                parts.add(part);
            }
            assert_eq!(parts, whole, "{len}");
        }
    }

    /// Whether the end of a part was found before its records were made, the first faults are the first ones.
    #[test]
    fn faults_are_in_order_of_their_numbers() {
        let mut all = Stats::default();
        let mut part = Stats::default();
        (5..30).for_each(|i| part.malformed(i, "cut", || "cut".into()));
        all.add(std::mem::take(&mut part));
        (1..9).for_each(|i| part.malformed(i, "record", || "record".into()));
        all.add(part);
        let first: Vec<_> = all.faults.iter().map(|f| (f.number, f.detail.as_str())).collect();
        assert_eq!(first[..6], [(1, "record"), (2, "record"), (3, "record"), (4, "record"), (5, "cut"), (5, "record")]);
        assert_eq!((first.len(), all.malformed_total()), (KEPT, 33));
    }
}
