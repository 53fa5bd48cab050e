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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus;

    #[test]
    fn a_seed_makes_the_same_inputs() {
        for form in [Form::Capture, Form::Gzip, Form::Text, Form::Json, Form::Seed] {
            let corpus = [b"rule a = n == 1 # x".to_vec(), b"{\"a\": [1, \"b\"]}".to_vec()];
            let inputs = |seed| {
                let mut random = Random::new(seed);
                (0..50).map(|_| mutate(form, &corpus, &mut random)).collect::<Vec<_>>()
            };
            assert_eq!(inputs(1), inputs(1), "{form:?}");
            assert_ne!(inputs(1), inputs(2), "{form:?}");
        }
    }

    #[test]
    fn most_damaged_captures_and_json_stay_in_form() {
        let captures = corpus::captures(corpus::is_pcapng);
        let lines = [b"{\"a\": [1, \"b\"], \"c\": {\"d\": null}}".to_vec()];
        let mut random = Random::new(3);
        let whole = |capture: &[u8]| beginning(capture, usize::MAX).len() == capture.len();
        let captures = (0..200).filter(|_| whole(&mutate(Form::Capture, &captures, &mut random))).count();
        let parses = |line: &[u8]| serde_json::from_slice::<serde_json::Value>(line).is_ok();
        let lines = (0..200).filter(|_| parses(&mutate(Form::Json, &lines, &mut random))).count();
        assert!(captures > 80 && lines > 100, "{captures} captures and {lines} lines of 200");
    }
}
