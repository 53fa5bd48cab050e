//! The members of a line.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

type Text<'a> = Cow<'a, str>;

/// What a line says of a request.
#[derive(Deserialize)]
pub(super) struct Line<'a> {
    #[serde(borrow)]
    pub method: Text<'a>,
    #[serde(borrow)]
    pub uri: Text<'a>,
    #[serde(borrow, default)]
    pub version: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub headers: Headers<'a>,
    #[serde(borrow, default)]
    pub body: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub body_hex: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub ip: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub host: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub user_agent: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub referer: Option<Text<'a>>,
    #[serde(default)]
    pub ssl: Option<bool>,
}

/// Headers in order.
#[derive(Default)]
pub(super) struct Headers<'a>(pub Vec<(Text<'a>, Text<'a>)>);

/// One value of a header, or several.
enum OneOrMany<'a> {
    One(Text<'a>),
    Many(Vec<Borrowed<'a>>),
}

/// A text borrowed from the line where it has no escapes. (serde borrows a bare `Cow` only as a field.)
#[derive(Deserialize)]
struct Borrowed<'a>(#[serde(borrow)] Text<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Headers<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Headed;
        impl<'de> Visitor<'de> for Headed {
            type Value = Headers<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("headers: an object or an array of pairs")
            }

            fn visit_unit<E: Error>(self) -> Result<Headers<'de>, E> {
                Ok(Headers::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Headers<'de>, A::Error> {
                let mut headers = Vec::new();
                while let Some((Borrowed(name), values)) = map.next_entry()? {
                    match values {
                        OneOrMany::One(value) => headers.push((name, value)),
                        OneOrMany::Many(values) => headers.extend(values.into_iter().map(|v| (name.clone(), v.0))),
                    }
                }
                Ok(Headers(headers))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Headers<'de>, A::Error> {
                let mut headers = Vec::new();
                while let Some((Borrowed(name), Borrowed(value))) = seq.next_element()? {
                    headers.push((name, value));
                }
                Ok(Headers(headers))
            }
        }
        deserializer.deserialize_any(Headed)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for OneOrMany<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Valued;
        impl<'de> Visitor<'de> for Valued {
            type Value = OneOrMany<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a header's value: a string or an array of strings")
            }

            fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<OneOrMany<'de>, E> {
                Ok(OneOrMany::One(Cow::Borrowed(value)))
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<OneOrMany<'de>, E> {
                Ok(OneOrMany::One(Cow::Owned(value.to_owned())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<OneOrMany<'de>, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = seq.next_element()? {
                    values.push(value);
                }
                Ok(OneOrMany::Many(values))
            }
        }
        deserializer.deserialize_any(Valued)
    }
}
