//! Damaging inputs so that much of them stays in form.

mod bytes;
mod capture;
mod json;
mod text;

pub use bytes::pack;
pub use capture::beginning;

use crate::random::Random;

/// What an input is made of, and so how it is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A capture: the lengths of its blocks and records are kept right most of the time.
    Capture,
    /// A compressed capture or compressed lines: damaged before they are compressed, and now and then after.
    Gzip,
    /// Words, numbers, strings and signs.
    Text,
    /// JSON, one value a line: values and keys are exchanged.
    Json,
    /// The seed of a generator.
    Seed,
}

/// An input made of one of the corpus, perhaps with parts of others.
pub fn mutate(form: Form, corpus: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut input = random.pick(corpus).cloned().unwrap_or_default();
    let other = random.pick(corpus).cloned().unwrap_or_default();
    let most = if random.one_in(4) { 16 } else { 3 };
    let times = 1 + random.below(most);
    match form {
        Form::Seed => input = random.next().to_le_bytes().to_vec(),
        Form::Gzip => input = bytes::gzip(&input, &other, times, random),
        Form::Capture => capture::mutate(&mut input, &other, times, random),
        Form::Text => text::mutate(&mut input, &other, times, random),
        Form::Json => json::mutate(&mut input, &other, times, random),
    }
    input.truncate(LONGEST);
    input
}

/// Bytes of an input at most.
const LONGEST: usize = 256 << 10;
