//! What came of an input, as a number that is the same for what is of the same kind.

use crate::random::Random;

/// The number of a text, whatever numbers, names in backticks and quoted texts stand in it.
pub fn of(text: &str) -> u64 {
    let mut plain = String::new();
    let mut quote = None;
    for c in text.chars().take(4000) {
        match quote {
            Some(end) if c == end => quote = None,
            Some(_) => {}
            None if c == '`' || c == '"' => quote = Some(c),
            None if c.is_ascii_digit() => {}
            None => plain.push(c),
        }
    }
    Random::of(0, plain.as_bytes()).next()
}

/// The order of magnitude of a number.
pub fn size(number: usize) -> u32 {
    usize::BITS - number.leading_zeros()
}
