//! Places in a text, as editors count them.

use std::ops::Range;

use serde::Serialize;

/// A place in a text. All count from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Bytes before it.
    pub byte: usize,
    /// UTF-16 code units before it: what JavaScript counts.
    pub utf16: usize,
    /// Lines before the one that it is in.
    pub line: usize,
    /// UTF-16 code units before it in its line: what language servers count.
    pub character: usize,
}

/// A stretch of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stretch {
    /// The first place in it.
    pub start: Place,
    /// The place after it.
    pub end: Place,
}

/// Turns bytes into places and back.
#[derive(Clone, Debug)]
pub struct Positions<'t> {
    text: &'t str,
    /// Where each line starts.
    lines: Vec<Place>,
}

impl<'t> Positions<'t> {
    /// Of a text. Lines end at line feeds, and at carriage returns that no line feed follows.
    pub fn new(text: &'t str) -> Positions<'t> {
        let mut lines = vec![Place::default()];
        let mut utf16 = 0;
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            utf16 += c.len_utf16();
            let ends = c == '\n' || c == '\r' && chars.peek().is_none_or(|(_, next)| *next != '\n');
            if ends {
                lines.push(Place { byte: at + c.len_utf8(), utf16, line: lines.len(), character: 0 });
            }
        }
        Positions { text, lines }
    }

    /// The place of a byte; of one inside a character or past the end, the place before.
    pub fn place(&self, byte: usize) -> Place {
        let mut byte = byte.min(self.text.len());
        while !self.text.is_char_boundary(byte) {
            byte -= 1;
        }
        let line = self.lines.partition_point(|line| line.byte <= byte).saturating_sub(1);
        let start = self.lines[line];
        let character: usize = self.text[start.byte..byte].chars().map(char::len_utf16).sum();
        Place { byte, utf16: start.utf16 + character, line, character }
    }

    /// A stretch of bytes.
    pub fn stretch(&self, range: Range<usize>) -> Stretch {
        Stretch { start: self.place(range.start), end: self.place(range.end) }
    }

    /// The byte after so many UTF-16 code units of the text.
    pub fn byte_of_utf16(&self, utf16: usize) -> usize {
        let line = self.lines.partition_point(|line| line.utf16 <= utf16).saturating_sub(1);
        self.walk(self.lines[line], utf16 - self.lines[line].utf16, self.text.len())
    }

    /// The byte after so many UTF-16 code units of a line; what is past its end is its end.
    pub fn byte_of(&self, line: usize, character: usize) -> usize {
        let Some(start) = self.lines.get(line) else { return self.text.len() };
        let end = self.lines.get(line + 1).map_or(self.text.len(), |next| next.byte);
        let end = start.byte + self.text[start.byte..end].trim_end_matches(['\r', '\n']).len();
        self.walk(*start, character, end)
    }

    fn walk(&self, start: Place, units: usize, end: usize) -> usize {
        let mut left = units;
        for (at, c) in self.text[start.byte..end].char_indices() {
            if left < c.len_utf16() {
                return start.byte + at;
            }
            left -= c.len_utf16();
        }
        end
    }
}
