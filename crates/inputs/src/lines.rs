//! Lines of an input, numbered.

use crate::error::InputError;
use crate::stats::Stats;
use crate::window::Window;

/// The longest line that is read, in bytes.
const LONGEST: usize = 16 << 20;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The lines of a stream.
pub(crate) struct Lines {
    window: Window,
    /// The number of the line at hand, from 1.
    number: u64,
    /// Bytes of the window that it takes.
    taken: usize,
}

impl Lines {
    pub(crate) fn new(window: Window) -> Lines {
        Lines { window, number: 0, taken: 0 }
    }

    /// The next line that is not blank, and its number.
    pub(crate) fn next(&mut self, stats: &mut Stats) -> Result<Option<(u64, &[u8])>, InputError> {
        loop {
            self.window.consume(std::mem::take(&mut self.taken));
            let Some((len, size)) = self.measure()? else {
                if let Some(why) = self.window.broken() {
                    stats.truncated(self.window.offset(), why);
                }
                return Ok(None);
            };
            self.number += 1;
            self.taken = size;
            let Some(len) = len else {
                stats.malformed(self.number, "line too long", || format!("the line has more than {LONGEST} bytes"));
                continue;
            };
            if self.number == 1 && self.window.data().starts_with(BYTE_ORDER_MARK) {
                self.window.consume(BYTE_ORDER_MARK.len());
                self.taken -= BYTE_ORDER_MARK.len();
                return Ok(Some((self.number, &self.window.data()[..len - BYTE_ORDER_MARK.len()])));
            }
            if self.window.data()[..len].trim_ascii().is_empty() {
                stats.skipped("blank line");
                continue;
            }
            return Ok(Some((self.number, &self.window.data()[..len])));
        }
    }

    /// Bytes of the line at the window's start, unless it is too long, and bytes up to the next one.
    fn measure(&mut self) -> Result<Option<(Option<usize>, usize)>, InputError> {
        let mut seen = 0;
        let mut long = false;
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.window.data()[seen..]) {
                let end = seen + end;
                return Ok(Some(((!long).then_some(end), end + 1)));
            }
            seen = self.window.data().len();
            if seen > LONGEST {
                long = true;
                self.window.consume(seen);
                seen = 0;
            }
            if !self.window.fill(seen + 1)? {
                let rest = self.window.data().len();
                // What the end of damaged data cut off is no line.
                let whole = (rest > 0 || long) && self.window.broken().is_none();
                return Ok(whole.then_some(((!long).then_some(rest), rest)));
            }
        }
    }
}
