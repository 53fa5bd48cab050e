//! What a request takes of a batch.

use super::line::Line;

/// A name or value in a list: its reference, and itself in whole words.
const CELL: usize = 8 + 7;

/// What a pair takes beside the bytes of its name and value, in a list of names, a list of values and a map: five references, and
/// each byte string in whole words.
const PAIR: usize = 2 * CELL + 16 + 2 * CELL;

/// Bytes of a line that make a pair at least: `a&`.
const SHORTEST: usize = 2;

/// What a byte of a line makes at most, header names apart: a query of the shortest pairs, which is there twice, as it stands and raw.
const FACTOR: usize = 2 * (PAIR / SHORTEST + 2) + 20;

/// Whether the request of a line of `len` bytes takes no more than `room` bytes of a batch with all of its fields.
///
/// # Errors
/// How many it may take, where that is more.
pub(super) fn fits(line: &Line<'_>, len: usize, room: usize) -> Result<(), usize> {
    // The name of a header is there once for each value, though the line has it once.
    let headers = line.headers.iter().fold(0usize, |sum, (name, value)| sum.saturating_add(PAIR + 2 * (name.len() + value.len())));
    // Most lines are short, and need no closer look.
    if len.saturating_mul(FACTOR).saturating_add(headers) <= room {
        return Ok(());
    }
    let pairs = |text: &[u8], separator: u8| (memchr::memchr_iter(separator, text).count() + 1) * PAIR + 2 * text.len();
    let query = if line.uri.contains('?') { 2 * pairs(line.uri.as_bytes(), b'&') } else { 0 };
    let fields = line.headers.iter().map(|(name, value)| {
        // A header of which a field is made may be there four times: by itself, and in both full addresses.
        4 * value.len()
            + match name {
                _ if name.eq_ignore_ascii_case("cookie") => pairs(value.as_bytes(), b';'),
                _ if name.eq_ignore_ascii_case("accept-language") => pairs(value.as_bytes(), b','),
                _ if name.eq_ignore_ascii_case("content-type") && value.to_ascii_lowercase().contains("urlencoded") => {
                    pairs(line.body, b'&')
                }
                _ => 0,
            }
    });
    let texts = 10 * line.uri.len() + line.method.len() + line.version.map_or(0, str::len) + line.body.len() + 50 * 8;
    let bytes = [headers, query, fields.sum(), texts].into_iter().fold(0, usize::saturating_add);
    if bytes <= room { Ok(()) } else { Err(bytes) }
}
