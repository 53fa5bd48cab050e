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
pub(crate) fn is_null(value: &RawValue) -> bool {
    value.get() == "null"
}

/// Whether a value is an object.
pub(crate) fn is_object(value: &RawValue) -> bool {
    value.get().starts_with('{')
}

/// Whether a value is an array.
pub(crate) fn is_array(value: &RawValue) -> bool {
    value.get().starts_with('[')
}

/// The bytes that a string stands for; none of what is no string, or is no text.
pub(crate) fn string<'a>(value: &'a RawValue, bump: &'a Bump) -> Option<&'a str> {
    let inside = value.get().strip_prefix('"')?.strip_suffix('"')?;
    if memchr::memchr(b'\\', inside.as_bytes()).is_none() {
        return Some(inside);
    }
    serde_json::from_str::<Cow<'_, str>>(value.get()).ok().map(|text| &*bump.alloc_str(&text))
}

/// The Int that a number stands for: digits, perhaps after a minus. `1.0` and `1e3` are numbers of another kind.
pub(crate) fn int(value: &RawValue) -> Option<i64> {
    value.get().parse().ok()
}

/// The Float that is nearest to a number; none of what is no number, or is beyond the largest.
pub(crate) fn float(value: &RawValue) -> Option<f64> {
    let digits = value.get().starts_with(|c: char| c == '-' || c.is_ascii_digit());
    digits.then(|| value.get().parse().ok()).flatten().filter(|f: &f64| f.is_finite())
}

/// The Bool that a value is.
pub(crate) fn boolean(value: &RawValue) -> Option<bool> {
    match value.get() {
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
pub(crate) fn members<'a>(text: &'a str, bump: &'a Bump, each: impl FnMut(&'a [u8], &'a RawValue)) -> serde_json::Result<()> {
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.deserialize_map(Members { bump, each })?;
    reader.end()
}

/// Shows each element of an array, in order, until `each` answers false.
///
/// # Errors
/// When the text is no JSON, or no array.
pub(crate) fn elements<'a>(text: &'a str, each: impl FnMut(&'a RawValue) -> bool) -> serde_json::Result<()> {
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.deserialize_seq(Elements(each))?;
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
pub(crate) fn count(value: &RawValue) -> usize {
    let mut count = 0;
    // What is no array has none.
    let _ = elements(value.get(), |_| {
        count += 1;
        true
    });
    count
}

/// The beginning of a value's text.
pub(crate) fn excerpt(value: &RawValue) -> String {
    const SHOWN: usize = 40;
    let text = value.get();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// One value of any kind, for what wants to look at a whole text.
pub(crate) fn whole(text: &str) -> serde_json::Result<&RawValue> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = <&RawValue>::deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
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

    #[test]
    fn nesting_takes_no_stack() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(1 << 20), "]".repeat(1 << 20));
        let (bump, mut seen) = (Bump::new(), 0);
        members(&deep, &bump, |_, _| seen += 1).expect("JSON");
        assert_eq!(seen, 1);
    }
}
