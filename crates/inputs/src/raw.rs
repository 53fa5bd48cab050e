//! JSON texts taken apart without being judged.
//!
//! What a text means for one field must not decide whether the record exists or what its other fields hold. So a line is only cut into
//! its members here, by JSON's grammar, and each member is read by itself, for the field that it is. A number beyond all bounds, half a
//! surrogate pair, or bytes that are not UTF-8 are then the fault of the member that they stand in.

use std::borrow::Cow;
use std::fmt;

use bumpalo::Bump;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::scan::{self, Paired};

/// A value as it stands in a text that is JSON.
#[derive(Clone, Copy)]
pub(crate) struct Raw<'a> {
    pub text: &'a str,
    /// Whether there may be a backslash in it.
    pub escaped: bool,
}

/// A line as text. Each byte that is not UTF-8 becomes half a surrogate pair, which JSON's grammar lets stand in a string though the
/// string then is no text; everywhere else it is no JSON, as the byte was none.
pub(crate) fn text_of(line: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(line) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(escaped(line)),
    }
}

#[cold]
fn escaped(line: &[u8]) -> String {
    let mut text = String::with_capacity(line.len() + 64);
    for chunk in line.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let backslashes = text.bytes().rev().take_while(|b| *b == b'\\').count();
            // After a backslash that escapes it the byte makes no JSON, and a control character does not either.
            text.push_str(&if backslashes % 2 == 0 { format!("\\udc{byte:02x}") } else { "\u{1}".into() });
        }
    }
    text
}

/// Whether a value is `null`, which is the same as no value.
pub(crate) fn is_null(value: Raw<'_>) -> bool {
    value.text == "null"
}

/// Whether a value is an object.
pub(crate) fn is_object(value: Raw<'_>) -> bool {
    value.text.starts_with('{')
}

/// Whether a value is an array.
pub(crate) fn is_array(value: Raw<'_>) -> bool {
    value.text.starts_with('[')
}

/// The bytes that a string stands for; none of what is no string, or is no text.
pub(crate) fn string<'a>(value: Raw<'a>, bump: &'a Bump) -> Option<&'a str> {
    let inside = value.text.strip_prefix('"')?.strip_suffix('"')?;
    if !value.escaped || memchr::memchr(b'\\', inside.as_bytes()).is_none() {
        return Some(inside);
    }
    serde_json::from_str::<Cow<'_, str>>(value.text).ok().map(|text| &*bump.alloc_str(&text))
}

/// The Int that a number stands for: digits, perhaps after a minus. `1.0` and `1e3` are numbers of another kind.
pub(crate) fn int(value: Raw<'_>) -> Option<i64> {
    value.text.parse().ok()
}

/// The Float that is nearest to a number; none of what is no number, or is beyond the largest.
pub(crate) fn float(value: Raw<'_>) -> Option<f64> {
    let digits = value.text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
    digits.then(|| value.text.parse().ok()).flatten().filter(|f: &f64| f.is_finite())
}

/// The Bool that a value is.
pub(crate) fn boolean(value: Raw<'_>) -> Option<bool> {
    match value.text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// The bytes that hexadecimal digits stand for.
pub(crate) fn unhex<'a>(text: &str, bump: &'a Bump) -> Option<&'a [u8]> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    let digit = |b: u8| char::from(b).to_digit(16);
    let bytes = bump.alloc_slice_fill_copy(pairs.len(), 0);
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = (digit(*high)? * 16 + digit(*low)?) as u8;
    }
    Some(bytes)
}

/// Shows each member of an object, in order: its name and its value. A name that is no text is shown as bytes that are not UTF-8.
///
/// # Errors
/// When the text is no JSON, or no object.
pub(crate) fn members<'a>(text: &'a str, bump: &'a Bump, each: impl FnMut(&'a [u8], Raw<'a>)) -> serde_json::Result<()> {
    members_and_pairs(text, bump, None, each)
}

/// The same, with the pairs of one member.
///
/// # Errors
/// As [`members`].
pub(crate) fn members_and_pairs<'a>(
    text: &'a str,
    bump: &'a Bump,
    mut paired: Option<&mut Paired<'a>>,
    mut each: impl FnMut(&'a [u8], Raw<'a>),
) -> serde_json::Result<()> {
    let mut shown = 0;
    let sure = scan::members(text, paired.as_deref_mut(), |name, value| {
        shown += 1;
        each(name, value);
    });
    if sure {
        return Ok(());
    }
    if let Some(paired) = paired {
        paired.pairs = None;
    }
    members_exactly(text, bump, shown, each)
}

/// The same, for any text, without the first members, which were shown.
#[cold]
fn members_exactly<'a>(text: &'a str, bump: &'a Bump, shown: usize, mut each: impl FnMut(&'a [u8], Raw<'a>)) -> serde_json::Result<()> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let mut seen = 0;
    let each = |name: &'a [u8], value: &'a RawValue| {
        seen += 1;
        if seen > shown {
            each(name, Raw { text: value.get(), escaped: true });
        }
    };
    reader.deserialize_map(Members { bump, each })?;
    reader.end()
}

/// Shows each element of an array, in order, until `each` answers false.
///
/// # Errors
/// When the text is no JSON, or no array.
pub(crate) fn elements<'a>(text: &'a str, mut each: impl FnMut(Raw<'a>) -> bool) -> serde_json::Result<()> {
    let (mut shown, mut goes_on) = (0, true);
    let sure = scan::elements(text, |value| {
        if goes_on {
            shown += 1;
            goes_on = each(value);
        }
    });
    if sure { Ok(()) } else { elements_exactly(text, (shown, goes_on), each) }
}

/// The same, for any text, without the first elements, which were shown; the last of them may have been the last to be.
#[cold]
fn elements_exactly<'a>(text: &'a str, (shown, goes_on): (usize, bool), mut each: impl FnMut(Raw<'a>) -> bool) -> serde_json::Result<()> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let mut seen = 0;
    reader.deserialize_seq(Elements(|value: &'a RawValue| {
        seen += 1;
        if seen > shown { each(Raw { text: value.get(), escaped: true }) } else { goes_on || seen < shown }
    }))?;
    reader.end()
}

struct Members<'a, F> {
    bump: &'a Bump,
    each: F,
}

impl<'de, F: FnMut(&'de [u8], &'de RawValue)> Visitor<'de> for Members<'de, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key_seed(Name(self.bump))? {
            (self.each)(name, map.next_value()?);
        }
        Ok(())
    }
}

/// Reads a member's name.
struct Name<'a>(&'a Bump);

impl<'de> DeserializeSeed<'de> for Name<'de> {
    type Value = &'de [u8];

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<&'de [u8], D::Error> {
        reader.deserialize_bytes(self)
    }
}

impl<'de> Visitor<'de> for Name<'de> {
    type Value = &'de [u8];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_bytes<E: Error>(self, name: &'de [u8]) -> Result<&'de [u8], E> {
        Ok(name)
    }

    fn visit_bytes<E: Error>(self, name: &[u8]) -> Result<&'de [u8], E> {
        Ok(self.0.alloc_slice_copy(name))
    }
}

struct Elements<F>(F);

impl<'de, F: FnMut(&'de RawValue) -> bool> Visitor<'de> for Elements<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON array")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<(), A::Error> {
        while let Some(element) = elements.next_element()? {
            if !(self.0)(element) {
                while elements.next_element::<IgnoredAny>()?.is_some() {}
            }
        }
        Ok(())
    }
}

/// The elements of an array.
pub(crate) fn count(value: Raw<'_>) -> usize {
    let mut count = 0;
    // What is no array has none.
    let _ = elements(value.text, |_| {
        count += 1;
        true
    });
    count
}

/// The beginning of a value's text.
pub(crate) fn excerpt(value: Raw<'_>) -> String {
    const SHOWN: usize = 40;
    let text = value.text;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// One value of any kind, for what wants to look at a whole text.
pub(crate) fn whole(text: &str) -> serde_json::Result<Raw<'_>> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = <&RawValue>::deserialize(&mut reader)?;
    reader.end()?;
    Ok(Raw { text: value.get(), escaped: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_by_themselves() {
        let raw = |text| whole(text).expect("JSON");
        assert_eq!(
            ["0", "-0", "-7", "9223372036854775807", "9223372036854775808", "1.0", "1e3", "\"1\"", "true"].map(|t| int(raw(t))),
            [Some(0), Some(0), Some(-7), Some(i64::MAX), None, None, None, None, None]
        );
        assert_eq!(
            ["117.63331139400017", "1e999", "-1e999", "1e-999", "-0", "\"1\"", "null"].map(|t| float(raw(t)).map(f64::to_bits)),
            [Some(117.63331139400017f64.to_bits()), None, None, Some(0), Some((-0f64).to_bits()), None, None]
        );
        let bump = Bump::new();
        assert_eq!(
            [r#""""#, r#""a\"\u00e9""#, r#""\ud83d\ude00""#, r#""\ud83d""#, r#""\ude00\ud83d""#, "1", "{}"].map(|t| string(raw(t), &bump)),
            [Some(""), Some("a\"\u{e9}"), Some("\u{1f600}"), None, None, None, None]
        );
        assert_eq!(["", "00fF", "0", "0g", "+1"].map(|t| unhex(t, &bump)), [Some(&[][..]), Some(&[0, 255][..]), None, None, None]);
    }

    #[test]
    fn bytes_that_are_not_utf8_are_the_fault_of_their_string() {
        let bump = Bump::new();
        let names = |line: &[u8]| {
            let text = text_of(line).into_owned();
            let mut found = Vec::new();
            members(&text, &bump, |name, value| found.push((name.escape_ascii().to_string(), string(value, &bump).is_some())))
                .map(|()| found)
        };
        assert_eq!(names(b"{\"a\":\"\xff\",\"b\":\"x\"}").expect("JSON"), [("a".to_owned(), false), ("b".to_owned(), true)]);
        assert_eq!(names(b"{\"a\":\"\\\\\xff\"}").expect("JSON"), [("a".to_owned(), false)]);
        assert!(names(b"{\"a\":\"\\\xff\"}").is_err());
        assert!(names(b"{\"a\":\xff}").is_err());
        assert!(names(b"{\"a\":1}\xff").is_err());
        assert_eq!(names(b"{\"\xff\":\"\"}").expect("JSON").len(), 1);
    }

    /// What is shown of a text, and whether it is JSON, is the same by either way, also of texts that nearly are.
    #[test]
    fn the_quick_way_shows_what_the_exact_way_shows() {
        let bump = Bump::new();
        let pieces = [
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            " ",
            "\t",
            "\"a\"",
            "\"\"",
            "\"b\\n\"",
            "\"\\u00e9\"",
            "\"\\ud800\"",
            "\"\\x\"",
            "\"\u{1}\"",
            "\"\u{e9}\"",
            "\"",
            "0",
            "-0",
            "-",
            "01",
            "1.5",
            "1.",
            ".5",
            "1e3",
            "1E+",
            "12e-7",
            "true",
            "nul",
            "null",
            "false",
            "{\"a\":1}",
            "[1,2]",
            "{}",
            "[]",
            "\"key\":",
            "\"k\\u0041\":",
            "\u{b}",
        ];
        let mut state = 0x2545_f491_4f6c_dd1du64;
        let mut next = move |n: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % n
        };
        let mut sure = 0;
        for round in 0..200_000 {
            let object = round % 2 == 0;
            // Half of them are put together by the grammar, but for one place.
            let mut text = String::from(if object { "{" } else { "[" });
            for i in 0..next(5) {
                text.push_str(if i > 0 { "," } else { "" });
                text.push_str(if object { ["\"key\":", "\"k\" : ", "\"\u{e9}\":", "\"k\\n\":"][next(4)] } else { "" });
                text.push_str(pieces[next(pieces.len())]);
            }
            text.push_str(if object { "}" } else { "]" });
            if next(4) == 0 {
                let at = next(text.len() + 1);
                if text.is_char_boundary(at) {
                    text.insert_str(at, pieces[next(pieces.len())]);
                }
            }
            let (mut quick, mut exact) = (Vec::new(), Vec::new());
            let stop = next(6);
            let (read, again) = if object {
                (
                    members(&text, &bump, |name, value| quick.push((name.to_vec(), value.text.to_owned()))),
                    members_exactly(&text, &bump, 0, |name, value| exact.push((name.to_vec(), value.text.to_owned()))),
                )
            } else {
                let show = |found: &mut Vec<_>, value: Raw<'_>| {
                    found.push((Vec::new(), value.text.to_owned()));
                    found.len() != stop
                };
                (elements(&text, |value| show(&mut quick, value)), elements_exactly(&text, (0, true), |value| show(&mut exact, value)))
            };
            sure += usize::from(read.is_ok());
            assert_eq!(quick, exact, "{text}");
            assert_eq!(read.map_err(|e| e.to_string()), again.map_err(|e| e.to_string()), "{text}");
        }
        assert!((50_000..180_000).contains(&sure), "{sure} are JSON");
    }

    #[test]
    fn nesting_takes_no_stack() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(1 << 20), "]".repeat(1 << 20));
        let (bump, mut seen) = (Bump::new(), 0);
        members(&deep, &bump, |_, _| seen += 1).expect("JSON");
        assert_eq!(seen, 1);
    }
}
