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

/// Turns bytes into places and back. Both take about as long in texts of long lines as in others.
#[derive(Clone, Debug)]
pub struct Positions<'t> {
    text: &'t str,
    /// Where each line starts.
    lines: Vec<Mark>,
    /// Places that are not far from each other.
    marks: Vec<Mark>,
}

/// A place of which the line is not known.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    byte: usize,
    utf16: usize,
}

/// Bytes between two marks, about.
const APART: usize = 256;

impl<'t> Positions<'t> {
    /// Of a text. Lines end at line feeds, and at carriage returns that no line feed follows.
    pub fn new(text: &'t str) -> Positions<'t> {
        let (mut lines, mut marks) = (vec![Mark::default()], vec![Mark::default()]);
        let (mut utf16, mut last) = (0, 0);
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            if at >= last + APART {
                marks.push(Mark { byte: at, utf16 });
                last = at;
            }
            utf16 += c.len_utf16();
            let ends = c == '\n' || c == '\r' && chars.peek().is_none_or(|(_, next)| *next != '\n');
            if ends {
                lines.push(Mark { byte: at + c.len_utf8(), utf16 });
            }
        }
        Positions { text, lines, marks }
    }

    /// The place of a byte; of one inside a character or past the end, the place before.
    pub fn place(&self, byte: usize) -> Place {
        let mut byte = byte.min(self.text.len());
        while !self.text.is_char_boundary(byte) {
            byte -= 1;
        }
        let mark = self.marks[self.marks.partition_point(|mark| mark.byte <= byte).saturating_sub(1)];
        let utf16 = mark.utf16 + self.text[mark.byte..byte].chars().map(char::len_utf16).sum::<usize>();
        let line = self.lines.partition_point(|line| line.byte <= byte).saturating_sub(1);
        Place { byte, utf16, line, character: utf16 - self.lines[line].utf16 }
    }

    /// A stretch of bytes.
    pub fn stretch(&self, range: Range<usize>) -> Stretch {
        Stretch { start: self.place(range.start), end: self.place(range.end) }
    }

    /// The byte after so many UTF-16 code units of the text.
    pub fn byte_of_utf16(&self, utf16: usize) -> usize {
        let mark = self.marks[self.marks.partition_point(|mark| mark.utf16 <= utf16).saturating_sub(1)];
        let mut left = utf16 - mark.utf16;
        for (at, c) in self.text[mark.byte..].char_indices() {
            if left < c.len_utf16() {
                return mark.byte + at;
            }
            left -= c.len_utf16();
        }
        self.text.len()
    }

    /// The byte after so many UTF-16 code units of a line; what is past its end is its end.
    pub fn byte_of(&self, line: usize, character: usize) -> usize {
        let Some(start) = self.lines.get(line) else { return self.text.len() };
        let end = self.lines.get(line + 1).map_or(self.text.len(), |next| next.byte);
        let end = start.byte + self.text[start.byte..end].trim_end_matches(['\r', '\n']).len();
        self.byte_of_utf16(start.utf16.saturating_add(character)).min(end)
    }
}
