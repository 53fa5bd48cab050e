//! Lines and headers of text protocols.

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
