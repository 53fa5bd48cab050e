//! `arrays-and-maps`.

use memchr::memmem::Finder;
use quintet_runtime::RecordRef;
use regex_automata::meta::Regex;

use super::Rules;
use super::read::{Field, Fields, bit, regex};

pub(super) struct ArraysAndMaps {
    headers: Field,
    header_names: Field,
    header_values: Field,
    cookies: Field,
    args: Field,
    arg_names: Field,
    arg_values: Field,
    bearer: Finder<'static>,
    example: Finder<'static>,
    select: Regex,
    private: Regex,
}

impl ArraysAndMaps {
    pub(super) fn new(f: &Fields<'_>) -> Result<ArraysAndMaps, String> {
        Ok(ArraysAndMaps {
            headers: f.get("http.request.headers", "Map<Array<Bytes>>")?,
            header_names: f.get("http.request.headers.names", "Array<Bytes>")?,
            header_values: f.get("http.request.headers.values", "Array<Bytes>")?,
            cookies: f.get("http.request.cookies", "Map<Array<Bytes>>")?,
            args: f.get("http.request.uri.args", "Map<Array<Bytes>>")?,
            arg_names: f.get("http.request.uri.args.names", "Array<Bytes>")?,
            arg_values: f.get("http.request.uri.args.values", "Array<Bytes>")?,
            bearer: Finder::new("Bearer "),
            example: Finder::new("example"),
            select: regex("(?i)select")?,
            private: regex(r"(^|, )10\.")?,
        })
    }
}

impl Rules for ArraysAndMaps {
    #[inline]
    fn hits(&self, r: RecordRef<'_>) -> u64 {
        let word = |name: &[u8]| !name.is_empty() && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-');
        let digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
        let first = |name: &[u8]| self.headers.list(r, name).next();
        let (mut longest, mut args) = (0, false);
        for value in self.header_values.texts(r) {
            longest = longest.max(value.len());
        }
        for value in self.arg_values.texts(r) {
            args |= value.contains(&b'\'') || self.select.is_match(value);
        }
        let (origin, referer) = (first(b"origin"), first(b"referer"));
        bit(0, self.headers.list(r, b"authorization").any(|v| self.bearer.find(v).is_some()))
            | bit(1, first(b"content-type") == Some(b"application/json"))
            | bit(2, self.cookies.list(r, b"sid").next().is_some_and(|sid| sid.len() >= 8))
            | bit(
                3,
                self.cookies.list(r, b"theme").any(|theme| theme == b"dark")
                    && !self.cookies.list(r, b"lang").any(|lang| matches!(lang, b"en" | b"de")),
            )
            | bit(4, args)
            | bit(5, longest > 120)
            | bit(6, longest < 100)
            | bit(7, !self.header_names.texts(r).all(word))
            | bit(8, self.headers.lists(r).any(|values| values.len() > 1))
            | bit(9, self.headers.lists(r).flatten().any(|value| self.example.find(value).is_some()))
            | bit(10, self.headers.list(r, b"x-forwarded-for").any(|v| self.private.is_match(v)))
            | bit(11, self.arg_names.len(r) < 4 && self.args.list(r, b"id").any(digits))
            | bit(12, self.arg_names.texts(r).zip(self.arg_values.texts(r)).any(|(name, value)| name == b"q" && value.len() > 8))
            | bit(13, origin.is_none() || referer.is_none() || origin != referer)
    }
}
