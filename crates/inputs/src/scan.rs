//! JSON in its plainest form, quickly.
//!
//! This finds the members of objects and the elements of arrays in texts that are surely JSON, and says of all others that it is not sure:
//! those are read again by a parser that knows all of JSON and says what is wrong. So what is found here is what that parser finds.

use crate::raw::Raw;

/// How deep arrays and objects may lie in one another.
const DEPTH: u32 = 64;

/// A text being read. Methods answer none where they are not sure.
struct Scan<'a> {
    text: &'a str,
    at: usize,
}

/// A member that may be an array of pairs of strings: they are taken apart as the array is passed over.
pub(crate) struct Paired<'a> {
    pub name: &'static [u8],
    /// The pairs, where the last member of this name surely is such an array.
    pub pairs: Option<Vec<[Raw<'a>; 2]>>,
}

/// Shows each member of an object, in order: its name and its value. False where it is not sure that the text is an object; what was shown
/// until then are its first members all the same, if they are those of an object at all.
pub(crate) fn members<'a>(text: &'a str, mut paired: Option<&mut Paired<'a>>, mut each: impl FnMut(&'a [u8], Raw<'a>)) -> bool {
    let mut scan = Scan { text, at: 0 };
    let mut read = || {
        scan.skip_blanks();
        scan.expect(b'{')?;
        scan.skip_blanks();
        if scan.expect(b'}').is_none() {
            loop {
                scan.expect(b'"')?;
                let (name, escaped) = scan.string()?;
                if escaped {
                    return None;
                }
                scan.colon()?;
                let start = scan.at;
                let mut read = None;
                if let Some(paired) = paired.as_mut().filter(|paired| paired.name == name.as_bytes()) {
                    paired.pairs = scan.pairs();
                    read = paired.pairs.as_ref().and_then(|_| Some(Raw { text: text.get(start..scan.at)?, escaped: true }));
                }
                let value = match read {
                    Some(value) => value,
                    None => {
                        scan.at = start;
                        scan.value(DEPTH)?
                    }
                };
                each(name.as_bytes(), value);
                if scan.ends(b'}')? {
                    break;
                }
            }
        }
        scan.end()
    };
    read().is_some()
}

/// Shows each element of an array, in order. As [`members`].
pub(crate) fn elements<'a>(text: &'a str, mut each: impl FnMut(Raw<'a>)) -> bool {
    let mut scan = Scan { text, at: 0 };
    let mut read = || {
        scan.skip_blanks();
        scan.expect(b'[')?;
        scan.skip_blanks();
        if scan.expect(b']').is_none() {
            loop {
                each(scan.value(DEPTH)?);
                if scan.ends(b']')? {
                    break;
                }
            }
        }
        scan.end()
    };
    read().is_some()
}

impl<'a> Scan<'a> {
    /// An array of pairs of strings.
    fn pairs(&mut self) -> Option<Vec<[Raw<'a>; 2]>> {
        self.expect(b'[')?;
        self.skip_blanks();
        // Most have no more.
        let mut pairs = Vec::with_capacity(16);
        if self.expect(b']').is_some() {
            return Some(pairs);
        }
        loop {
            self.expect(b'[')?;
            self.skip_blanks();
            let first = self.quoted()?;
            if self.ends(b']')? {
                return None;
            }
            let second = self.quoted()?;
            if !self.ends(b']')? {
                return None;
            }
            pairs.push([first, second]);
            if self.ends(b']')? {
                return Some(pairs);
            }
        }
    }

    /// A string.
    #[inline]
    fn quoted(&mut self) -> Option<Raw<'a>> {
        let start = self.at;
        self.expect(b'"')?;
        let escaped = self.pass_string()?;
        Some(Raw { text: self.text.get(start..self.at)?, escaped })
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    #[inline]
    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// What stands between a name and its value.
    #[inline]
    fn colon(&mut self) -> Option<()> {
        self.skip_blanks();
        self.expect(b':')?;
        self.skip_blanks();
        Some(())
    }

    /// Whether an array or object ends here, rather than goes on with a comma.
    #[inline]
    fn ends(&mut self, with: u8) -> Option<bool> {
        self.skip_blanks();
        let byte = self.peek()?;
        self.at += 1;
        if byte == b',' {
            self.skip_blanks();
            return Some(false);
        }
        (byte == with).then_some(true)
    }

    /// The end of the text.
    fn end(&mut self) -> Option<()> {
        self.skip_blanks();
        self.peek().is_none().then_some(())
    }

    /// The rest of a string after its first quote, up to its last one, and whether it has escapes.
    #[inline(always)]
    fn string(&mut self) -> Option<(&'a str, bool)> {
        let start = self.at;
        let escaped = self.pass_string()?;
        Some((self.text.get(start..self.at - 1)?, escaped))
    }

    /// Passes over the rest of a string after its first quote; answers whether it has escapes.
    #[inline(always)]
    fn pass_string(&mut self) -> Option<bool> {
        self.at = special(self.text.as_bytes(), self.at);
        let escaped = self.peek()? != b'"';
        if escaped {
            self.escapes()?;
        }
        self.at += 1;
        Some(escaped)
    }

    /// Goes on from a special byte that is no quote to a string's last quote.
    #[inline(never)]
    fn escapes(&mut self) -> Option<()> {
        while self.peek()? == b'\\' {
            self.escape()?;
            self.at = special(self.text.as_bytes(), self.at);
        }
        (self.peek()? == b'"').then_some(())
    }

    fn escape(&mut self) -> Option<()> {
        let rest = self.text.as_bytes().get(self.at + 1..)?;
        self.at += match rest.first()? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 2,
            b'u' if rest.get(1..5)?.iter().all(u8::is_ascii_hexdigit) => 6,
            _ => return None,
        };
        Some(())
    }

    #[inline]
    fn value(&mut self, depth: u32) -> Option<Raw<'a>> {
        let start = self.at;
        let mut escaped = false;
        match self.peek()? {
            b'"' => return self.quoted(),
            b'-' | b'0'..=b'9' => self.number()?,
            b't' => self.word("true")?,
            b'f' => self.word("false")?,
            b'n' => self.word("null")?,
            b'{' | b'[' => {
                escaped = true;
                self.container(depth.checked_sub(1)?)?;
            }
            _ => return None,
        }
        Some(Raw { text: self.text.get(start..self.at)?, escaped })
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.text.as_bytes().get(self.at..)?.starts_with(word.as_bytes()).then(|| self.at += word.len())
    }

    /// One digit or more.
    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn number(&mut self) -> Option<()> {
        if self.peek()? == b'-' {
            self.at += 1;
        }
        // Nothing stands after a leading zero.
        if self.expect(b'0').is_none() {
            self.digits()?;
        } else if self.peek().is_some_and(|b| b.is_ascii_digit()) {
            return None;
        }
        if self.expect(b'.').is_some() {
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    /// An array or an object, which is only passed over.
    fn container(&mut self, depth: u32) -> Option<()> {
        let object = self.peek()? == b'{';
        let last = if object { b'}' } else { b']' };
        self.at += 1;
        self.skip_blanks();
        if self.expect(last).is_some() {
            return Some(());
        }
        loop {
            if object {
                self.expect(b'"')?;
                self.pass_string()?;
                self.colon()?;
            }
            self.value(depth)?;
            if self.ends(last)? {
                return Some(());
            }
        }
    }
}

/// Where the first byte from `at` on is that is a quote, a backslash or a control character; the text's end where there is none.
#[inline]
fn special(text: &[u8], mut at: usize) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    while let Some(bytes) = text.get(at..).and_then(|rest| rest.first_chunk()) {
        let word = u64::from_le_bytes(*bytes);
        // The upper bit of a byte that is less than `n`; above the first of them borrows may set others.
        let less = |word: u64, n: u64| word.wrapping_sub(ONES * n) & !word;
        // With its second bit turned, a quote is the next number after those of control characters.
        let found = (less(word ^ (ONES * 2), u64::from(b'"' ^ 2) + 1) | less(word ^ (ONES * u64::from(b'\\')), 1)) & HIGH;
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | ..0x20);
    text.get(at..).and_then(|rest| rest.iter().position(special)).map_or(text.len(), |place| at + place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_special_byte_is_found_at_any_place() {
        for len in 0..40 {
            for special_byte in [b'"', b'\\', 0, 0x1f] {
                for place in 0..len {
                    for filler in [b' ', b'!', b'#', b'[', b']', 0x7f, 0x80, 0x9f, 0xa0, 0xa2, 0xdc, 0xff] {
                        let mut text = vec![filler; len];
                        assert_eq!(special(&text, 0), len);
                        text[place] = special_byte;
                        text[len - 1] = if place == len - 1 { special_byte } else { b'"' };
                        for from in 0..=place {
                            assert_eq!(special(&text, from), place, "{filler} {special_byte} {len}");
                        }
                    }
                }
            }
        }
    }
}
