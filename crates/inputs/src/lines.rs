//! Lines of an input, numbered.

use crate::error::InputError;
use crate::stats::{self, Stats};
use crate::window::Window;

pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The lines of a stream.
pub(crate) struct Lines {
    window: Window,
    /// The longest line that is read, in bytes without its line end.
    longest: usize,
    /// The number of the line at hand, from 1.
    number: u64,
    /// Bytes of the window that it takes.
    taken: usize,
    /// Whether the beginning of a line that is too long was passed over.
    long: bool,
    begun: bool,
}

/// What is at the window's start.
enum Found {
    /// A line of so many bytes without its end, and with it.
    Line(usize, usize),
    /// The rest of a line that is too long, with its end.
    Long(usize),
    End,
}

impl Lines {
    pub(crate) fn new(window: Window, longest: usize) -> Lines {
        Lines { window, longest, number: 0, taken: 0, long: false, begun: false }
    }

    pub(crate) fn window(&self) -> &Window {
        &self.window
    }

    /// The next line that is not blank, and its number. After an error the same line can be asked for again.
    pub(crate) fn next(&mut self, stats: &mut Stats) -> Result<Option<(u64, &[u8])>, InputError> {
        if !self.begun {
            self.window.fill(BYTE_ORDER_MARK.len())?;
            if self.window.data().starts_with(BYTE_ORDER_MARK) {
                self.window.consume(BYTE_ORDER_MARK.len());
            }
            self.begun = true;
        }
        loop {
            self.window.consume(std::mem::take(&mut self.taken));
            let found = self.measure()?;
            match found {
                Found::Line(len, size) => {
                    self.number += 1;
                    self.taken = size;
                    let line = self.window.data()[..len].trim_ascii();
                    if self.number == 1 {
                        stats.hint = hint(line);
                    }
                    if line.is_empty() {
                        stats.skipped(stats::BLANK_LINE);
                        continue;
                    }
                    return Ok(Some((self.number, &self.window.data()[..len])));
                }
                Found::Long(size) => {
                    self.number += 1;
                    self.taken = size;
                    self.long = false;
                    let longest = self.longest;
                    stats.malformed(self.number, "line too long", || format!("the line has more than {longest} bytes"));
                }
                Found::End => {
                    if let Some(why) = self.window.broken() {
                        stats.truncated(self.window.offset(), why);
                    }
                    return Ok(None);
                }
            }
        }
    }

    /// The line at hand as it stands in the input, with its line end.
    pub(crate) fn original(&self) -> &[u8] {
        self.window.data().get(..self.taken).unwrap_or_default()
    }

    /// Makes the line at hand the next one.
    pub(crate) fn put_back(&mut self) {
        self.number -= 1;
        self.taken = 0;
    }

    fn measure(&mut self) -> Result<Found, InputError> {
        let mut seen = 0;
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.window.data()[seen..]) {
                let end = seen + end;
                return Ok(self.line(end, end + 1));
            }
            seen = self.window.data().len();
            // One byte more may be the first one of the line end.
            if self.long || seen > self.longest.saturating_add(1) {
                self.long = true;
                self.window.consume(seen);
                seen = 0;
            }
            if !self.window.fill(seen + 1)? {
                let rest = self.window.data().len();
                // What the end of damaged data cut off is no line.
                let whole = (rest > 0 || self.long) && self.window.broken().is_none();
                return Ok(if whole { self.line(rest, rest) } else { Found::End });
            }
        }
    }

    /// The line of `len` bytes before its line feed.
    fn line(&self, len: usize, size: usize) -> Found {
        let len = len - usize::from(self.window.data()[..len].ends_with(b"\r"));
        if self.long || len > self.longest { Found::Long(size) } else { Found::Line(len, size) }
    }
}

/// What a first line like this says of the whole input, if it is no record.
fn hint(line: &[u8]) -> Option<&'static str> {
    match line {
        [b'[', ..] => Some("the input begins like one JSON array; records are objects, one a line: jq -c '.[]' FILE makes them so"),
        b"{" => Some("the input begins like an object over several lines; records are objects, one a line: jq -c . FILE makes them so"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    /// Bytes that arrive in pieces of a size.
    struct Pieces(Vec<u8>, usize, usize);

    impl Read for Pieces {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let n = self.1.min(buffer.len()).min(self.0.len() - self.2);
            buffer[..n].copy_from_slice(&self.0[self.2..self.2 + n]);
            self.2 += n;
            Ok(n)
        }
    }

    /// The numbers and lengths of the lines, and of those that are too long.
    fn read(bytes: &[u8], piece: usize, longest: usize) -> (Vec<(u64, usize)>, Vec<u64>) {
        let mut lines = Lines::new(Window::new(Box::new(Pieces(bytes.to_vec(), piece, 0))), longest);
        let (mut stats, mut found) = (Stats::default(), Vec::new());
        while let Some((number, line)) = lines.next(&mut stats).expect("no error") {
            found.push((number, line.len()));
        }
        (found, stats.faults.iter().map(|f| f.number).collect())
    }

    #[test]
    fn the_limit_is_one_number_whichever_way_bytes_arrive() {
        for piece in [1, 2, 3, 9, 10, 11, 12, 13, 1000] {
            for end in ["\n", "\r\n", ""] {
                for mark in ["", "\u{feff}"] {
                    for len in [9, 10, 11, 12, 13, 30] {
                        let text = format!("{mark}{}{end}", "x".repeat(len));
                        let (lines, long) = read(text.as_bytes(), piece, 10);
                        let whole = len <= 10;
                        assert_eq!((lines.len(), long.len()), (usize::from(whole), usize::from(!whole)), "{piece} {end:?} {len}");
                        let text = format!("{mark}{}\r\n{}{end}", "x".repeat(len), "y".repeat(10));
                        let (lines, _) = read(text.as_bytes(), piece, 10);
                        assert_eq!(lines.last(), Some(&(2, 10)), "{piece} {end:?} {len}");
                    }
                }
            }
        }
    }
}
