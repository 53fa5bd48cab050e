//! What is made of a text, with what each line stands for.

use quintet_lang::Marked;
use serde::Serialize;

use super::positions::Positions;

/// A text that was made of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listing {
    /// The text.
    pub text: String,
    /// For each of its lines, the stretches of the other text that it was made for: the first UTF-16 code unit and one past the last.
    pub lines: Vec<Vec<[usize; 2]>>,
}

impl Listing {
    /// What was made of `source`.
    ///
    /// ```
    /// use quintet_lang::{Scheme, compile, dump::dump_marked};
    /// use quintet_syntax::service::Listing;
    /// let source = "\"é\" == \"a\" or true";
    /// let program = compile(source, &Scheme::builder().build().unwrap(), &Default::default()).unwrap();
    /// let listing = Listing::new(source, dump_marked(&program));
    /// assert_eq!(listing.text.lines().nth(2), Some("    compare == : Bool"));
    /// assert_eq!(listing.lines[2], [[0, 10]]);
    /// ```
    pub fn new(source: &str, made: Marked) -> Listing {
        let positions = Positions::new(source);
        let utf16 = |byte: u32| positions.place(byte as usize).utf16;
        let lines = made.lines.iter().map(|spans| spans.iter().map(|span| [utf16(span.start), utf16(span.end)]).collect());
        Listing { lines: lines.collect(), text: made.text }
    }
}
