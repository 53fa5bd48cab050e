//! Lines and headers of text protocols.

use std::borrow::Cow;

/// The line at `at`, and where the next one begins. A line ends with CR LF, LF or CR, or with the bytes.
pub(super) fn line(bytes: &[u8], at: usize) -> (&[u8], usize) {
    let rest = bytes.get(at..).unwrap_or(&[]);
    match memchr::memchr2(b'\r', b'\n', rest) {
        Some(end) => {
            let ends_with_two = rest[end] == b'\r' && rest.get(end + 1) == Some(&b'\n');
            (&rest[..end], at + end + if ends_with_two { 2 } else { 1 })
        }
        None => (rest, bytes.len()),
    }
}

/// Where the first line that is not empty begins.
pub(super) fn after_empty_lines(bytes: &[u8]) -> usize {
    bytes.iter().position(|b| !b"\r\n".contains(b)).unwrap_or(bytes.len())
}

/// Whether a byte is white space within a line. Others that ASCII knows, such as the form feed, belong to the text.
fn is_blank(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Without white space at both ends.
pub(super) fn trim(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|b| !is_blank(b)).unwrap_or(text.len());
    let end = text.iter().rposition(|b| !is_blank(b)).map_or(start, |i| i + 1);
    &text[start..end]
}

/// Whether a line goes on with the one before it.
pub(super) fn is_folded(line: &[u8]) -> bool {
    line.first().is_some_and(is_blank)
}

/// The header line at `at`, the lines that go on with it, and where the next one begins.
pub(super) fn header_line(bytes: &[u8], at: usize) -> (&[u8], &[u8], usize) {
    let (line, mut next) = self::line(bytes, at);
    let start = at + line.len();
    while bytes.get(next).is_some_and(is_blank) {
        next = self::line(bytes, next).1;
    }
    (line, bytes.get(start..next).unwrap_or(&[]), next)
}

/// A header's value: its first line, and the lines that go on with it, each joined with one space.
pub(super) fn value<'b>(first: &'b [u8], more: &[u8]) -> Cow<'b, [u8]> {
    let first = trim(first);
    if !more.contains(&b' ') && !more.contains(&b'\t') {
        return Cow::Borrowed(first);
    }
    let mut value = first.to_vec();
    for line in more.split(|b| b"\r\n".contains(b)).map(trim).filter(|line| !line.is_empty()) {
        if !value.is_empty() {
            value.push(b' ');
        }
        value.extend_from_slice(line);
    }
    Cow::Owned(value)
}

/// The first word of a line, and what follows the spaces after it.
pub(super) fn word(line: &[u8]) -> (&[u8], &[u8]) {
    let end = memchr::memchr(b' ', line).unwrap_or(line.len());
    let (word, rest) = line.split_at(end);
    (word, rest.iter().position(|b| *b != b' ').map_or(&[], |i| &rest[i..]))
}

/// Whether a line begins with a token and a colon, as header lines do.
pub(super) fn is_header(line: &[u8]) -> bool {
    let token = |b: &u8| b.is_ascii_graphic() && !b"()<>@,;\\\"/[]?={}".contains(b);
    memchr::memchr(b':', line).is_some_and(|colon| line[..colon].iter().all(token))
}

/// The header's name in lower case, in a buffer; empty if it is longer than any that is looked for.
pub(super) fn lower<'b>(name: &[u8], buffer: &'b mut [u8; 24]) -> &'b [u8] {
    match buffer.get_mut(..name.len()) {
        Some(room) => {
            room.copy_from_slice(name);
            room.make_ascii_lowercase();
            room
        }
        None => &[],
    }
}

/// The number at the start of a text.
pub(super) fn number(text: &[u8]) -> Option<i64> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    std::str::from_utf8(&text[..digits]).ok()?.parse().ok()
}
