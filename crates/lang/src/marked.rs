//! Texts that are made of a program, line by line, with what each line stands for.

use std::fmt;

use crate::ast::Span;

/// A text, and for each of its lines the places of the source that it was made for.
///
/// ```
/// use std::fmt::Write;
/// use quintet_lang::Marked;
/// use quintet_lang::ast::Span;
/// let mut made = Marked::default();
/// write!(made, "one\ntwo\n")?;
/// made.mark([Span::new(0, 3)]);
/// writeln!(made, "end")?;
/// made.mark([]);
/// assert_eq!(made.lines, [vec![Span::new(0, 3)], vec![Span::new(0, 3)], vec![]]);
/// # Ok::<(), std::fmt::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marked {
    /// The text.
    pub text: String,
    /// The places, none where a line stands for no part of the source in particular.
    pub lines: Vec<Vec<Span>>,
    /// Bytes of the text up to the last line that is marked.
    known: usize,
}

impl Marked {
    /// A text whose lines stand for nothing in particular.
    pub fn of(text: String) -> Marked {
        let mut marked = Marked { text, ..Marked::default() };
        marked.mark([]);
        marked
    }

    /// Says of all lines that ended since the last time what they stand for. (A last line that has no end counts as ended.)
    pub fn mark(&mut self, spans: impl IntoIterator<Item = Span>) {
        let spans: Vec<Span> = spans.into_iter().collect();
        let new = self.text.get(self.known..).map_or(0, |rest| rest.lines().count());
        self.lines.extend(std::iter::repeat_n(spans, new));
        self.known = self.text.len();
    }

    /// Adds a text after this one.
    pub fn append(&mut self, other: Marked) {
        self.text.push_str(&other.text);
        self.lines.extend(other.lines);
        self.known = self.text.len();
    }
}

impl fmt::Write for Marked {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text.push_str(text);
        Ok(())
    }
}
