//! How likely texts are to occur, before any record was seen: what a rule is filtered by, and where in a literal one looks first.

/// Texts that most requests of browsers hold, folded, each on a line: what is part of them filters little.
const COMMON: &[u8] = b"\
mozilla/5.0 (windows nt 10.0; win64; x64) applewebkit/537.36 (khtml, like gecko) chrome/120.0.0.0 safari/537.36
mozilla/5.0 (macintosh; intel mac os x 10_15_7) gecko/20100101 firefox/121.0
text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8
gzip, deflate, br
https://www.
http://
keep-alive";

/// Bits of information in one byte of a request, about.
fn bits(byte: u8) -> f64 {
    match byte {
        b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' | b'/' => 3.5,
        b'j' | b'q' | b'x' | b'z' | b'k' | b'_' | b'&' | b':' | b'%' => 5.5,
        b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'=' | b' ' | b';' | b',' => 4.5,
        _ => 9.0,
    }
}

/// Whether a folded text is part of what most requests hold.
fn is_common(text: &[u8]) -> bool {
    memchr::memmem::find(COMMON, text).is_some()
}

/// The share of values that hold a folded text, about.
pub(crate) fn contains(text: &[u8]) -> f64 {
    if text.len() > 1 && is_common(text) {
        return 0.5;
    }
    // The first bytes say most; those after them are guessed from them half of the time.
    let known: f64 = text.iter().enumerate().map(|(i, byte)| if i < 2 { bits(*byte) } else { bits(*byte) / 2.0 }).sum();
    (64.0 * (-known).exp2()).clamp(1e-5, 0.6)
}

/// The share of values that are a folded text.
pub(crate) fn equals(text: &[u8]) -> f64 {
    // Short ones are words of a protocol: methods, versions, flags.
    if text.len() < 5 { 0.3 } else { (-(text.len() as f64)).exp2().max(1e-4) }
}

/// The share of values that begin, or end, with a folded text.
pub(crate) fn anchored(text: &[u8]) -> f64 {
    (-1.5 * text.len() as f64).exp2().clamp(1e-4, 0.4)
}

/// The share of numbers in a range.
pub(crate) fn numbers(first: i64, last: i64) -> f64 {
    let width = last.saturating_sub(first).unsigned_abs();
    match width {
        _ if first == i64::MIN || last == i64::MAX => 0.5,
        0 => 0.03,
        _ => (0.03 + width as f64 / 65_536.0).min(0.5),
    }
}

/// The share of addresses in a range of so many bits out of so many.
pub(crate) fn addresses(free: u32, of: u32) -> f64 {
    (-(f64::from(of - free) * 16.0 / f64::from(of))).exp2().max(1e-4)
}

/// Where the byte of a folded text stands that is least likely to occur.
pub(crate) fn rarest_byte(text: &[u8]) -> usize {
    let weights = text.iter().map(|byte| bits(*byte)).enumerate();
    weights.reduce(|best, other| if other.1 > best.1 { other } else { best }).map_or(0, |(at, _)| at)
}

/// The same of two bytes, the rarer one first. Both are one where the text has no other.
pub(crate) fn rarest_two(text: &[u8]) -> (usize, usize) {
    let first = rarest_byte(text);
    let others = text.iter().enumerate().filter(|(at, byte)| *at != first && **byte != text[first]);
    let second = others.map(|(at, byte)| (at, bits(*byte))).reduce(|best, other| if other.1 > best.1 { other } else { best });
    (first, second.map_or(first, |(at, _)| at))
}

/// Where the part of three bytes of a folded text starts that is least likely to occur, of those that start at `first` or an even number of bytes
/// after it; `first` where there is none.
pub(crate) fn rarest(text: &[u8], first: usize) -> usize {
    let weight = |gram: &[u8]| gram.iter().map(|byte| bits(*byte)).sum::<f64>() - if is_common(gram) { 8.0 } else { 0.0 };
    let grams = text.windows(3).map(weight).enumerate().skip(first).step_by(2);
    grams.reduce(|best, other| if other.1 > best.1 { other } else { best }).map_or(first, |(at, _)| at)
}
