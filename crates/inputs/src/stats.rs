//! What a reader has seen.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// How many faults are kept with number and detail; all are counted.
const KEPT: usize = 10;

/// How many different names of unknown keys are kept.
const KEYS: usize = 1000;

/// What a reader has seen so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stats {
    /// Records delivered.
    pub records: u64,
    /// Malformed packets, lines and blocks by reason. A malformed packet is a record all the same, with the fields before the fault; a
    /// malformed line is none. Only what was parsed is judged: layers that no field needs are not looked at.
    pub malformed: BTreeMap<Cow<'static, str>, u64>,
    /// The first malformed packets and lines.
    pub faults: Vec<Fault>,
    /// Packets of which the capture holds only the beginning.
    pub cut_short: u64,
    /// What was passed over without being wrong, by kind: frames of link types that are not dissected, blocks that are no packets,
    /// empty lines.
    pub skipped: BTreeMap<Cow<'static, str>, u64>,
    /// Keys of JSON objects that no field of the scheme has, with the number of lines; at most 1000 different ones.
    pub unknown_keys: BTreeMap<String, u64>,
    /// Where the input ended before its time.
    pub truncated: Option<Truncated>,
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

    pub(crate) fn malformed(&mut self, number: u64, reason: &'static str, detail: impl FnOnce() -> String) {
        count(&mut self.malformed, reason);
        if self.faults.len() < KEPT {
            self.faults.push(Fault { number, detail: detail() });
        }
    }

    pub(crate) fn skipped(&mut self, kind: &'static str) {
        count(&mut self.skipped, kind);
    }

    pub(crate) fn skipped_as(&mut self, kind: String) {
        *self.skipped.entry(Cow::Owned(kind)).or_default() += 1;
    }

    pub(crate) fn unknown_key(&mut self, key: &str) {
        if let Some(lines) = self.unknown_keys.get_mut(key) {
            *lines += 1;
        } else if self.unknown_keys.len() < KEYS {
            self.unknown_keys.insert(key.to_owned(), 1);
        }
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
