//! What a value must hold for a regular expression to match it, looked for before the expression is.
//!
//! Most values match no rule, and that they lack a text shows sooner than that an expression does not match: 16 places are compared at once, by
//! the two bytes of the text that are the least likely, whatever their case.

use regex_syntax::hir::{Hir, Look};
use wide::u8x16;

use super::pattern;
use crate::rarity;

/// Places compared at once.
const LANES: usize = 16;

/// The most texts that are looked for, one after the other.
const FEW: usize = 2;

/// The share of values that may hold one of the texts for it to be worth looking.
const RARE: f64 = 0.1;

/// What an expression requires.
#[derive(Clone, Debug)]
pub(super) struct Required {
    /// Texts of which a value holds at least one, both folded to lower case, whenever the expression matches it.
    pub(super) texts: Vec<Vec<u8>>,
    /// Such texts again, with the bytes by which they are looked for; none where that is not worth its while.
    few: Vec<(Vec<u8>, [Probe; 2])>,
}

/// A byte of a text, in all places of a register.
#[derive(Clone, Copy, Debug)]
struct Probe {
    at: usize,
    /// In lower case.
    byte: u8x16,
    /// The bit by which the cases of a letter differ; none of another byte.
    case: u8x16,
}

impl Required {
    /// What an expression requires, if it requires texts.
    pub(super) fn of(hir: &Hir) -> Option<Required> {
        let pattern::Required { texts, few } = pattern::required(hir)?;
        // One that must begin where the value does is told by its first bytes.
        let anchored = hir.properties().look_set_prefix().contains(Look::Start);
        let worth = !anchored && few.len() <= FEW && few.iter().all(|text| text.len() > 1) && pattern::share(&few) < RARE;
        let few = if worth { few.into_iter().map(sought).collect() } else { Vec::new() };
        Some(Required { texts, few })
    }

    /// Whether the value may hold one of the texts; false where it surely holds none.
    #[inline]
    pub(super) fn may_be_in(&self, value: &[u8]) -> bool {
        self.few.is_empty() || self.few.iter().any(|(text, probes)| is_in(text, probes, value))
    }

    pub(super) fn bytes(&self) -> usize {
        let of = |text: &Vec<u8>| text.len() + size_of_val(text);
        let few = self.few.iter().map(|(text, probes)| of(text) + size_of_val(probes)).sum::<usize>();
        size_of::<Required>() + self.texts.iter().map(of).sum::<usize>() + few
    }
}

fn sought(text: Vec<u8>) -> (Vec<u8>, [Probe; 2]) {
    let probes = probes(&text);
    (text, probes)
}

fn probes(text: &[u8]) -> [Probe; 2] {
    let probe = |at: usize| {
        let case = if text[at].is_ascii_lowercase() { 0x20 } else { 0 };
        Probe { at, byte: u8x16::splat(text[at]), case: u8x16::splat(case) }
    };
    let (first, second) = rarity::rarest_two(text);
    [probe(first), probe(second)]
}

impl Probe {
    /// At which of 16 places the byte stands where it would in the text.
    #[inline(always)]
    fn places(&self, bytes: &[u8; LANES]) -> u8x16 {
        (u8x16::new(*bytes) | self.case).simd_eq(self.byte)
    }
}

/// Whether a value holds a text in either case. Texts are short ([`pattern`] bounds them), so that comparing them at each place takes no long time.
fn is_in(text: &[u8], [first, second]: &[Probe; 2], value: &[u8]) -> bool {
    let Some(last) = value.len().checked_sub(text.len()) else { return false };
    let begins = |place: usize| value[place..place + text.len()].eq_ignore_ascii_case(text);
    let (a, b) = (&value[first.at..=first.at + last], &value[second.at..=second.at + last]);
    let (Some(last_a), Some(last_b)) = (a.last_chunk(), b.last_chunk()) else { return (0..=last).any(begins) };
    let holds = |from: usize, a: &[u8; LANES], b: &[u8; LANES]| {
        let mut both = (first.places(a) & second.places(b)).to_bitmask();
        while both != 0 {
            if begins(from + both.trailing_zeros() as usize) {
                return true;
            }
            both &= both - 1;
        }
        false
    };
    let blocks = a.as_chunks().0.iter().zip(b.as_chunks().0);
    // The last block has some places of the one before.
    blocks.enumerate().any(|(block, (a, b))| holds(block * LANES, a, b)) || holds(a.len() - LANES, last_a, last_b)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_text_is_found_wherever_it_stands(
            text in "[a-c.\u{e9}]{2,9}",
            before in "[a-cA-C.]{0,70}",
            after in "[a-cA-C.]{0,70}",
            upper in any::<bool>(),
        ) {
            let found = |value: &[u8]| is_in(text.as_bytes(), &probes(text.as_bytes()), value);
            let held = if upper { text.to_ascii_uppercase() } else { text.clone() };
            let value = format!("{before}{held}{after}");
            prop_assert!(found(value.as_bytes()));
            let value = format!("{before}{after}");
            let folded = value.to_ascii_lowercase();
            prop_assert_eq!(found(value.as_bytes()), folded.contains(&text));
        }
    }

    #[test]
    fn only_rare_texts_anywhere_are_looked_for() {
        let required = |pattern: &str| Required::of(&regex_automata::util::syntax::parse_with(pattern, &pattern::syntax()).unwrap());
        let looks = |pattern: &str| required(pattern).is_some_and(|it| !it.few.is_empty());
        assert!(looks("(?i)union[^a-z]{1,12}select"));
        assert!(looks("(googlebot|facebook)"));
        assert!(!looks("^union"), "told by its beginning");
        assert!(!looks("[ab]+"), "any value may hold it");
        assert!(!looks("one|two|three|four|fifth"), "too many");
    }
}
