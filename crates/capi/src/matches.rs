//! Answers.

use quintet::TrapAt;

use crate::error::quintet_error;
use crate::guard::{Handle, free, guarded, hand_out};
use crate::status::quintet_status;

/// Which rules match which records, and where rules trapped.
#[allow(non_camel_case_types)]
pub struct quintet_matches {
    pub(crate) answers: Handle<Kept>,
}

/// The answers of the last run.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub records: usize,
    /// For each rule its words.
    pub words: Vec<Vec<u64>>,
    pub traps: Vec<TrapAt>,
}

/// A rule that trapped on a record, and does not match it therefore.
#[repr(C)]
#[allow(non_camel_case_types)]
pub struct quintet_trap {
    /// The rule, counted from 0.
    pub rule: usize,
    /// The record, counted from 0.
    pub record: usize,
    /// What happened: 1 a division by zero, 2 the limit on memory, 3 a panic in a function, 4 the limit on steps, 5 a result that is not of the
    /// type of its function, 6 an index outside of an array, 7 nil where a value is needed, 8 too many calls inside one another.
    pub what: u32,
    /// The first byte of the place in the rules' text.
    pub start: u32,
    /// The byte after the place.
    pub end: u32,
}

/// Room for answers, to be used for any number of runs.
///
/// # Safety
/// `out` can be written to, and `error` too unless it is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_matches_new(out: *mut *mut quintet_matches, error: *mut *mut quintet_error) -> quintet_status {
    // SAFETY: as the caller warrants.
    unsafe { guarded(error, || hand_out(out, quintet_matches { answers: Handle::new(Kept::default()) })) }
}

/// # Safety
/// `matches` is null or was handed out and not freed.
unsafe fn kept<'a>(matches: *const quintet_matches) -> Option<&'a Kept> {
    // SAFETY: as the caller warrants.
    unsafe { matches.as_ref() }.map(|matches| matches.answers.get())
}

/// How many records the last run was over.
///
/// # Safety
/// `matches` is NULL or such.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_matches_records(matches: *const quintet_matches) -> usize {
    // SAFETY: as the caller warrants.
    unsafe { kept(matches) }.map_or(0, |kept| kept.records)
}

/// How many rules the last run had.
///
/// # Safety
/// `matches` is NULL or such.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_matches_rules(matches: *const quintet_matches) -> usize {
    // SAFETY: as the caller warrants.
    unsafe { kept(matches) }.map_or(0, |kept| kept.words.len())
}

/// The records that a rule matches: bit `i % 64` of word `i / 64` is record `i`, and bits after the last record are 0. NULL where there is no
/// such rule. There are `(records + 63) / 64` words, until the next run.
///
/// # Safety
/// `matches` is NULL or such.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_matches_words(matches: *const quintet_matches, rule: usize) -> *const u64 {
    // SAFETY: as the caller warrants.
    unsafe { kept(matches) }.and_then(|kept| kept.words.get(rule)).map_or(std::ptr::null(), |words| words.as_ptr())
}

/// Whether a rule matches a record; false where there is no such rule or record.
///
/// # Safety
/// `matches` is NULL or such.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_matches_get(matches: *const quintet_matches, rule: usize, record: usize) -> bool {
    // SAFETY: as the caller warrants.
    let word = unsafe { kept(matches) }.and_then(|kept| kept.words.get(rule)?.get(record / 64));
    word.is_some_and(|word| word >> (record % 64) & 1 != 0)
}

/// How many traps there were.
///
/// # Safety
/// `matches` is NULL or such.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_matches_traps(matches: *const quintet_matches) -> usize {
    // SAFETY: as the caller warrants.
    unsafe { kept(matches) }.map_or(0, |kept| kept.traps.len())
}

/// Trap `index`, counted from 0, in order of the records; false where there is none.
///
/// # Safety
/// `matches` is NULL or such, and `out` can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_matches_trap(matches: *const quintet_matches, index: usize, out: *mut quintet_trap) -> bool {
    // SAFETY: as the caller warrants.
    let Some(trap) = (unsafe { kept(matches) }).and_then(|kept| kept.traps.get(index)) else { return false };
    if out.is_null() {
        return false;
    }
    let TrapAt { rule, record, trap, span } = *trap;
    // SAFETY: as the caller warrants.
    unsafe { out.write(quintet_trap { rule, record, what: trap.code(), start: span.start, end: span.end }) };
    true
}

/// Frees answers.
///
/// # Safety
/// `matches` is NULL or such that were not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_matches_free(matches: *mut quintet_matches) {
    // SAFETY: as the caller warrants.
    unsafe { free(matches) };
}
