//! Tokens.
//!
//! Which literal a stretch of text is depends on where it stands (the right side of `matches` quotes differently, a set holds
//! ranges and networks), so the parser asks for tokens one at a time and calls the special scanners itself. Peeking is cheap
//! and cannot fail: strings are only announced ([`Token::Quote`]) and read by [`Lexer::string`] or [`Lexer::regex`].

use std::borrow::Cow;

use crate::ast::Span;
use crate::diagnostic::Diagnostic;
use crate::literal;
use crate::symbol::Symbol;
use crate::syntax::{Name, Pattern};

/// A token. The text of words and symbols is that of its span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'s> {
    /// Segments of letters, digits and `_` joined by dots; or a number with a signed exponent; or an IPv6 address.
    Word(&'s str),
    /// A quoted or raw string starts here.
    Quote,
    /// An operator or punctuation.
    Symbol(Symbol),
    /// A character that starts nothing.
    Other(char),
    /// The end of the text.
    End,
}

/// Letters, digits and `_`.
static WORD: [bool; 256] = {
    let mut word = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        word[byte] = (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'_';
        byte += 1;
    }
    word
};

/// What ends a member of a set that is no string.
static MEMBER_ENDS: [bool; 256] = {
    let mut ends = [false; 256];
    let all = b" \t\r\n,\"{}#";
    let mut at = 0;
    while at < all.len() {
        ends[all[at] as usize] = true;
        at += 1;
    }
    ends
};

/// A place in a text.
#[derive(Clone, Debug)]
pub(crate) struct Lexer<'s> {
    pub(crate) source: &'s str,
    /// The next byte.
    pub(crate) pos: usize,
    /// Where the text ends, white space at its end apart.
    end: usize,
    /// The token that was read last, and its span.
    read: (Token<'s>, Span),
}

pub(crate) fn is_word(byte: u8) -> bool {
    WORD[byte as usize]
}

impl<'s> Lexer<'s> {
    pub(crate) fn new(source: &'s str) -> Lexer<'s> {
        // As in wirefilter, white space of any kind may surround the text; inside it only blanks, tabs and line ends count. Editors that
        // write a byte order mark do so before all.
        let (pos, end) = match source.as_bytes() {
            [b'!'..=b'~', .., b'!'..=b'~'] => (0, source.len()),
            _ => {
                let text = source.strip_prefix('\u{feff}').unwrap_or(source);
                let end = source.trim_end().len();
                (end.min(source.len() - text.trim_start().len()), end)
            }
        };
        let mut lexer = Lexer { source, pos, end, read: (Token::End, Span::default()) };
        lexer.read();
        lexer
    }

    fn bytes(&self) -> &'s [u8] {
        &self.source.as_bytes()[..self.end]
    }

    /// The byte `ahead` of the next.
    pub(crate) fn byte(&self, ahead: usize) -> Option<u8> {
        self.bytes().get(self.pos + ahead).copied()
    }

    /// What is left of the text, as bytes.
    pub(crate) fn left(&self) -> &'s [u8] {
        self.bytes().get(self.pos..).unwrap_or(&[])
    }

    /// What is left of the text.
    pub(crate) fn rest(&self) -> &'s str {
        &self.source[self.pos..self.end]
    }

    /// Skips white space and comments.
    pub(crate) fn skip(&mut self) {
        let bytes = self.bytes();
        loop {
            match bytes.get(self.pos) {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.pos += 1,
                Some(b'#') => {
                    while bytes.get(self.pos).is_some_and(|b| *b != b'\n') {
                        self.pos += 1;
                    }
                }
                _ => return,
            }
        }
    }

    /// The next token and its span, white space skipped; the lexer stays before the token.
    #[inline]
    pub(crate) fn peek(&mut self) -> (Token<'s>, Span) {
        // The parser peeks at a token several times before it takes it.
        if self.read.1.start as usize != self.pos {
            self.read();
        }
        self.read
    }

    /// Reads the next token.
    #[inline(never)]
    fn read(&mut self) {
        self.skip();
        let (token, len) = self.scan();
        self.read = (token, Span::new(self.pos, self.pos + len));
    }

    /// The token that starts here, and its length.
    fn scan(&self) -> (Token<'s>, usize) {
        let bytes = self.left();
        let Some(first) = bytes.first() else { return (Token::End, 0) };
        if *first == b'"' || *first == b'r' && raw_hashes(bytes).is_some() {
            return (Token::Quote, 1);
        }
        let mut len = if is_word(*first) { word(bytes) } else { 0 };
        // An address goes on with a colon after its first group, which is a word, or starts with one.
        if bytes.get(len) == Some(&b':') {
            len = self.address(bytes).unwrap_or(len);
        }
        if len > 0 {
            return (Token::Word(&self.source[self.pos..self.pos + len]), len);
        }
        match Symbol::at(bytes) {
            Some(symbol) => (Token::Symbol(symbol), symbol.text().len()),
            None => self.rest().chars().next().map_or((Token::End, 0), |c| (Token::Other(c), c.len_utf8())),
        }
    }

    /// The length of the IPv6 address that starts here.
    fn address(&self, bytes: &[u8]) -> Option<usize> {
        // Its first group has up to four digits, and a colon follows.
        let group = bytes.iter().take(4).take_while(|b| b.is_ascii_hexdigit()).count();
        if bytes.get(group) != Some(&b':') {
            return None;
        }
        // The longest address has 45 characters; looking further than that would only cost time.
        let run = bytes.iter().take(64).take_while(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.')).count();
        let text = self.source.get(self.pos..self.pos + run)?.trim_end_matches('.');
        (text.as_bytes().contains(&b':') && literal::ip(text).is_some()).then_some(text.len())
    }

    /// Reads the string that starts here, escapes undone.
    pub(crate) fn string(&mut self) -> Result<(Cow<'s, [u8]>, Span), Diagnostic> {
        if let Some(hashes) = raw_hashes(self.left()) {
            let (text, span) = self.raw(hashes)?;
            return Ok((Cow::Borrowed(text.as_bytes()), span));
        }
        let start = self.pos;
        let bytes = self.bytes();
        let plain = bytes[start + 1..].iter().take_while(|b| !matches!(b, b'"' | b'\\')).count();
        let mut at = start + 1 + plain;
        let before = &bytes[start + 1..at];
        if bytes.get(at) == Some(&b'"') {
            self.pos = at + 1;
            return Ok((Cow::Borrowed(before), Span::new(start, self.pos)));
        }
        let mut value = before.to_vec();
        loop {
            match bytes.get(at) {
                None => return Err(unclosed(start)),
                Some(b'"') => {
                    self.pos = at + 1;
                    return Ok((Cow::Owned(value), Span::new(start, self.pos)));
                }
                Some(b'\\') => {
                    let (byte, len) = self.escape(at)?;
                    value.push(byte);
                    at += len;
                }
                Some(byte) => {
                    value.push(*byte);
                    at += 1;
                }
            }
        }
    }

    /// Where the string ends that starts here, if one does.
    pub(crate) fn string_here(&mut self) -> Option<usize> {
        if self.peek().0 != Token::Quote {
            return None;
        }
        self.string().ok().map(|(_, span)| span.end as usize)
    }

    /// The byte that the escape at `at` stands for, and the escape's length.
    fn escape(&self, at: usize) -> Result<(u8, usize), Diagnostic> {
        let bytes = self.bytes();
        let digits = |from: usize, count: usize, radix: u32| -> Option<u8> {
            let text = self.source.get(from..from + count)?;
            if from + count > self.end || !text.chars().all(|c| c.is_digit(radix)) {
                return None;
            }
            u8::from_str_radix(text, radix).ok()
        };
        let found = match bytes.get(at + 1) {
            Some(b'"') => Some((b'"', 2)),
            Some(b'\\') => Some((b'\\', 2)),
            Some(b'x') => digits(at + 2, 2, 16).map(|b| (b, 4)),
            Some(b'0'..=b'7') => digits(at + 1, 3, 8).map(|b| (b, 4)),
            _ => None,
        };
        found.ok_or_else(|| {
            let len = self.source[at + 1..].chars().next().map_or(0, char::len_utf8);
            let d = Diagnostic::error("bad-escape", Span::new(at, at + 1 + len), "unknown escape in a string");
            d.help(match bytes.get(at + 1) {
                Some(b'n') => "a line feed is `\\x0a`",
                Some(b't') => "a tab is `\\x09`",
                Some(b'r') => "a carriage return is `\\x0d`",
                _ => "escapes are `\\\"`, `\\\\`, `\\xHH` and `\\OOO`; a raw string r\"...\" has none",
            })
        })
    }

    /// Reads the raw string that starts here with this many `#`.
    fn raw(&mut self, hashes: usize) -> Result<(&'s str, Span), Diagnostic> {
        let start = self.pos;
        if hashes > 255 {
            return Err(Diagnostic::error("bad-string", Span::new(start, start + 1 + hashes), "a raw string takes at most 255 `#`")
                .help("use fewer `#`"));
        }
        let from = start + 2 + hashes;
        let close = format!("\"{}", "#".repeat(hashes));
        let len = self.source[from..self.end].find(&close).ok_or_else(|| {
            unclosed(start).help(format!("a raw string that starts with `r{}\"` ends with `{close}`", "#".repeat(hashes)))
        })?;
        self.pos = from + len + close.len();
        Ok((&self.source[from..from + len], Span::new(start, self.pos)))
    }

    /// Reads the regular expression that starts here. Backslashes are the engine's, except that outside a class `\"` is a quote;
    /// inside a class a quote needs no backslash.
    pub(crate) fn regex(&mut self) -> Result<Pattern, Diagnostic> {
        let start = self.pos;
        if let Some(hashes) = raw_hashes(self.left()) {
            let (text, span) = self.raw(hashes)?;
            return Ok(Pattern { text: text.into(), span, start: (start + 2 + hashes) as u32, dropped: Vec::new() });
        }
        let mut pattern = Pattern { text: String::new(), span: Span::default(), start: start as u32 + 1, dropped: Vec::new() };
        let mut class = false;
        let mut chars = self.source[start + 1..self.end].char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' if !class => {
                    self.pos = start + 1 + at + 1;
                    pattern.span = Span::new(start, self.pos);
                    return Ok(pattern);
                }
                '\\' => {
                    let Some((_, escaped)) = chars.next() else { break };
                    if escaped == '"' && !class {
                        pattern.dropped.push(pattern.text.len() as u32);
                    } else {
                        pattern.text.push('\\');
                    }
                    pattern.text.push(escaped);
                    continue;
                }
                '[' => class = true,
                ']' => class = false,
                _ => {}
            }
            pattern.text.push(c);
        }
        Err(unclosed(start).maybe_help(class.then(|| "inside `[...]` a quote does not end the expression".into())))
    }

    /// Reads what may stand in a set until a blank, a comma, a quote or a brace; empty where none of it is here.
    pub(crate) fn member(&mut self) -> Name<'s> {
        let start = self.pos;
        // All that ends it is ASCII, so no character is cut.
        self.pos += self.bytes()[start..].iter().take_while(|b| !MEMBER_ENDS[usize::from(**b)]).count();
        Name { text: &self.source[start..self.pos], span: Span::new(start, self.pos) }
    }

    /// Reads the name of a rule; empty where there is none.
    pub(crate) fn rule_name(&mut self) -> Name<'s> {
        let start = self.pos;
        while self.byte(0).is_some_and(|b| is_word(b) || b == b'.' || b == b'-') {
            self.pos += 1;
        }
        Name { text: &self.source[start..self.pos], span: Span::new(start, self.pos) }
    }

    /// Reads a name of letters, digits and `_` that starts with no digit; empty where there is none.
    pub(crate) fn identifier(&mut self) -> Name<'s> {
        let start = self.pos;
        if self.byte(0).is_some_and(|b| is_word(b) && !b.is_ascii_digit()) {
            while self.byte(0).is_some_and(is_word) {
                self.pos += 1;
            }
        }
        Name { text: &self.source[start..self.pos], span: Span::new(start, self.pos) }
    }

    /// Reads the name of a list; empty where there is none.
    pub(crate) fn list_name(&mut self) -> Name<'s> {
        let start = self.pos;
        while self.byte(0).is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'.') {
            self.pos += 1;
        }
        Name { text: &self.source[start..self.pos], span: Span::new(start, self.pos) }
    }
}

fn unclosed(start: usize) -> Diagnostic {
    Diagnostic::error("unclosed-string", Span::new(start, start + 1), "this string is never closed")
        .label("starts here")
        .help("close it with `\"`")
}

/// The number of `#` if a raw string starts here.
fn raw_hashes(bytes: &[u8]) -> Option<usize> {
    let rest = bytes.strip_prefix(b"r")?;
    let hashes = rest.iter().take_while(|b| **b == b'#').count();
    (rest.get(hashes) == Some(&b'"')).then_some(hashes)
}

/// The length of the word that starts here.
fn word(bytes: &[u8]) -> usize {
    let mut len = 1;
    loop {
        match bytes.get(len) {
            Some(byte) if is_word(*byte) => len += 1,
            Some(b'.') if bytes.get(len + 1).is_some_and(|b| is_word(*b)) => len += 2,
            Some(b'-' | b'+') => return with_exponent(bytes, len),
            _ => return len,
        }
    }
}

/// The length of a word that a sign follows: a float may go on after `e` with the exponent's sign.
fn with_exponent(bytes: &[u8], len: usize) -> usize {
    let mantissa = bytes[..len].strip_suffix(b"e").or(bytes[..len].strip_suffix(b"E"));
    let numeric = mantissa.is_some_and(|m| m.first().is_some_and(u8::is_ascii_digit) && m.iter().all(|b| b.is_ascii_digit() || *b == b'.'));
    if !numeric || !bytes.get(len + 1).is_some_and(u8::is_ascii_digit) {
        return len;
    }
    len + 1 + bytes[len + 1..].iter().take_while(|b| is_word(**b)).count()
}
