//! Places in a text as Python counts: in characters.

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// The character in the text, from 0.
    pub character: usize,
}

impl Place {
    /// The place of a byte; past the end, or inside a character, of the one before.
    pub fn new(source: &str, byte: u32) -> Place {
        let mut end = (byte as usize).min(source.len());
        while !source.is_char_boundary(end) {
            end -= 1;
        }
        let before = &source[..end];
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        Place { line: before.matches('\n').count() + 1, column: before[start..].chars().count() + 1, character: before.chars().count() }
    }
}
