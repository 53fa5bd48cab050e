//! Lines of an input, numbered.

use std::ops::Range;

use crate::error::InputError;
use crate::pace::Pace;
use crate::stats::{self, Stats};
use crate::window::Window;

pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Cuts a stream into pieces at the ends of lines.
pub(crate) struct LineCutter {
    window: Window,
    /// The longest line that is read, in bytes without its line end.
    longest: usize,
    /// The number of the next line, from 1.
    number: u64,
    /// Whether the beginning of a line that is too long was passed over.
    long: bool,
    begun: bool,
    done: bool,
}

/// Lines that were cut off, and which of them comes next.
pub(crate) struct Lines {
    longest: usize,
    /// Where the next line begins.
    at: usize,
    /// Where the last one ends.
    end: usize,
    /// The number of the line at hand.
    number: u64,
    /// The line at hand, with its line end.
    line: Range<usize>,
}

impl LineCutter {
    pub(crate) fn new(window: Window, longest: usize) -> LineCutter {
        LineCutter { window, longest, number: 1, long: false, begun: false, done: false }
    }

    pub(crate) fn window(&mut self) -> &mut Window {
        &mut self.window
    }

    /// The next lines, and the bytes that they lie in; none at the end. After an error they can be asked for again.
    pub(crate) fn cut(&mut self, pace: &Pace<'_>, stats: &mut Stats) -> Result<Option<(Vec<u8>, Lines)>, InputError> {
        if !self.begun {
            self.window.fill(BYTE_ORDER_MARK.len())?;
            if self.window.data().starts_with(BYTE_ORDER_MARK) {
                self.window.consume(BYTE_ORDER_MARK.len());
            }
            self.begun = true;
        }
        while !self.done {
            let (len, count) = self.measure(pace, stats)?;
            if len > 0 {
                let (bytes, at) = self.window.take(len);
                let number = self.number - 1;
                self.number += count;
                return Ok(Some((bytes, Lines { longest: self.longest, at, end: at + len, number, line: 0..0 })));
            }
        }
        Ok(None)
    }

    /// How many bytes of whole lines are at hand, and how many lines; none where a line that is too long was passed over, or at the end.
    fn measure(&mut self, pace: &Pace<'_>, stats: &mut Stats) -> Result<(usize, u64), InputError> {
        let (mut whole, mut count, mut seen) = (0, 0, 0);
        let mut more = pace.fill(&mut self.window, 0)?;
        loop {
            let new = &self.window.data()[seen..];
            if let Some(last) = memchr::memrchr(b'\n', new) {
                if self.long {
                    // What comes after the end of this line is measured for itself.
                    let end = memchr::memchr(b'\n', new).unwrap_or(last) + 1;
                    self.window.consume(seen + end);
                    self.too_long(stats);
                    return Ok((0, 0));
                }
                count += memchr::memchr_iter(b'\n', new).count() as u64;
                whole = seen + last + 1;
                pace.begin();
            }
            seen = self.window.data().len();
            if more && whole > 0 && !pace.goes_on(seen, count as usize) {
                return Ok((whole, count));
            }
            // One byte more may be the first one of the line end.
            if whole == 0 && (self.long || seen > self.longest.saturating_add(1)) {
                self.long = true;
                self.window.consume(seen);
                seen = 0;
            }
            if !more {
                self.done = true;
                if let Some(why) = self.window.broken() {
                    // What the end of damaged data cut off is no line.
                    stats.truncated(self.window.offset() + whole as u64, why);
                } else if self.long {
                    self.too_long(stats);
                } else if seen > whole {
                    (whole, count) = (seen, count + 1);
                }
                return Ok((whole, count));
            }
            match pace.fill(&mut self.window, seen) {
                Ok(goes_on) => more = goes_on,
                Err(e) if whole > 0 && pace.is_over(&e) => return Ok((whole, count)),
                Err(e) => return Err(e.into()),
            }
        }
    }

    /// Passes over the line with the next number.
    fn too_long(&mut self, stats: &mut Stats) {
        self.long = false;
        too_long(self.number, self.longest, stats);
        self.number += 1;
    }
}

fn too_long(number: u64, longest: usize, stats: &mut Stats) {
    stats.malformed(number, "line too long", || format!("the line has more than {longest} bytes"));
}

impl Lines {
    /// The next line that is not blank, without its line end, and its number; none after the last one.
    pub(crate) fn next<'b>(&mut self, bytes: &'b [u8], stats: &mut Stats) -> Option<(u64, &'b [u8])> {
        while self.at < self.end {
            let rest = &bytes[self.at..self.end];
            let (len, size) = memchr::memchr(b'\n', rest).map_or((rest.len(), rest.len()), |end| (end, end + 1));
            let line = rest[..len].strip_suffix(b"\r").unwrap_or(&rest[..len]);
            self.number += 1;
            self.line = self.at..self.at + size;
            self.at += size;
            if line.len() > self.longest {
                too_long(self.number, self.longest, stats);
                continue;
            }
            if self.number == 1 {
                stats.hint = hint(line.trim_ascii());
            }
            if line.trim_ascii_start().is_empty() {
                stats.skipped(stats::BLANK_LINE);
                continue;
            }
            return Some((self.number, line));
        }
        None
    }

    /// The line at hand as it stands in the input, with its line end.
    pub(crate) fn original<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        bytes.get(self.line.clone()).unwrap_or_default()
    }

    /// Makes the line at hand the next one.
    pub(crate) fn put_back(&mut self) {
        self.number -= 1;
        self.at = self.line.start;
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
    use crate::ReaderOptions;

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
        let mut cutter = LineCutter::new(Window::new(Box::new(Pieces(bytes.to_vec(), piece, 0))), longest);
        let (mut stats, mut found) = (Stats::default(), Vec::new());
        let options = ReaderOptions::default();
        while let Some((bytes, mut lines)) = cutter.cut(&Pace::new(None, &options), &mut stats).expect("no error") {
            while let Some((number, line)) = lines.next(&bytes, &mut stats) {
                found.push((number, line.len()));
            }
            cutter.window().give_back(bytes);
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
