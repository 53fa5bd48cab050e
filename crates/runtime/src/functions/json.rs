//! Values inside JSON texts.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use quintet_lang::ast::Site;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::Function;
use super::standard::{constant, prepared};
use crate::scratch::Scratch;
use crate::trap::Trap;
use crate::value::Value;

pub(super) fn lookup_string(site: &Site) -> Result<Arc<dyn Function>, String> {
    lookup(site, Wanted::Text)
}

pub(super) fn lookup_integer(site: &Site) -> Result<Arc<dyn Function>, String> {
    lookup(site, Wanted::Integer)
}

fn lookup(site: &Site, wanted: Wanted) -> Result<Arc<dyn Function>, String> {
    for (i, _) in site.constants.iter().enumerate().skip(1) {
        if let Some(Value::Int(index)) = constant(site, i)
            && index < 0
        {
            return Err(format!("argument {} is {index}, but the elements of an array are numbered from 0", i + 1));
        }
    }
    prepared(move |args, scratch| {
        let [Value::Bytes(json), path @ ..] = args else { return Ok(Value::Nil) };
        let mut reader = serde_json::Deserializer::from_slice(json);
        let found = Walk { path, wanted, scratch }.deserialize(&mut reader);
        match (found, reader.end()) {
            (Ok(found), Ok(())) => found,
            _ => Ok(Value::Nil),
        }
    })
}

/// The type that is looked for.
#[derive(Clone, Copy)]
enum Wanted {
    Text,
    Integer,
}

/// Reads one JSON value and answers what lies at the end of the path in it, or nil. What is off the path is skipped without recursion, so
/// the depth is that of the path.
#[derive(Clone, Copy)]
struct Walk<'p, 'a> {
    path: &'p [Value<'a>],
    wanted: Wanted,
    scratch: &'a Scratch,
}

type Found<'a> = Result<Value<'a>, Trap>;

impl<'a> DeserializeSeed<'a> for Walk<'_, 'a> {
    type Value = Found<'a>;

    fn deserialize<D: Deserializer<'a>>(self, reader: D) -> Result<Found<'a>, D::Error> {
        if self.path.is_empty() {
            return Ok(self.end(<&RawValue>::deserialize(reader)?));
        }
        reader.deserialize_any(self)
    }
}

impl<'a> Walk<'_, 'a> {
    /// What the value at the end of the path is. An integer is digits, perhaps after a minus; `1.0` and `1e3` are none.
    fn end(self, value: &'a RawValue) -> Found<'a> {
        let text = value.get();
        match self.wanted {
            Wanted::Integer => Ok(text.parse().map_or(Value::Nil, Value::Int)),
            Wanted::Text => match text.strip_prefix('"').and_then(|t| t.strip_suffix('"')) {
                None => Ok(Value::Nil),
                Some(plain) if !plain.contains('\\') => Ok(Value::Bytes(plain.as_bytes())),
                Some(_) => match serde_json::from_str::<Cow<'_, str>>(text) {
                    Ok(text) => self.scratch.bytes(text.as_bytes()).map(Value::Bytes),
                    Err(_) => Ok(Value::Nil),
                },
            },
        }
    }
}

/// What has neither elements nor entries has nothing on a path.
impl<'a> Visitor<'a> for Walk<'_, 'a> {
    type Value = Found<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Found<'a>, E> {
        Ok(Ok(Value::Nil))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Found<'a>, E> {
        Ok(Ok(Value::Nil))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Found<'a>, E> {
        Ok(Ok(Value::Nil))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Found<'a>, E> {
        Ok(Ok(Value::Nil))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Found<'a>, E> {
        Ok(Ok(Value::Nil))
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Found<'a>, E> {
        Ok(Ok(Value::Nil))
    }

    fn visit_seq<S: SeqAccess<'a>>(self, mut elements: S) -> Result<Found<'a>, S::Error> {
        let mut found = Ok(Value::Nil);
        if let [Value::Int(index), path @ ..] = self.path
            && let Ok(index) = u64::try_from(*index)
        {
            let mut at = 0;
            while at < index && elements.next_element::<IgnoredAny>()?.is_some() {
                at += 1;
            }
            if at == index {
                found = elements.next_element_seed(Walk { path, ..self })?.unwrap_or(found);
            }
        }
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(found)
    }

    fn visit_map<M: MapAccess<'a>>(self, mut entries: M) -> Result<Found<'a>, M::Error> {
        let mut found = Ok(Value::Nil);
        let (key, path) = match self.path {
            [Value::Bytes(key), path @ ..] => (Some(*key), path),
            _ => (None, self.path),
        };
        // Of entries with the same key the last one counts.
        while let Some(same) = entries.next_key_seed(Key(key))? {
            if same {
                found = entries.next_value_seed(Walk { path, ..self })?;
            } else {
                entries.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// Reads the key of an entry and answers whether it is this one.
struct Key<'k>(Option<&'k [u8]>);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<bool, D::Error> {
        // As bytes, so that a key that is no text is only another key.
        reader.deserialize_bytes(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_bytes<E: Error>(self, key: &[u8]) -> Result<bool, E> {
        Ok(self.0 == Some(key))
    }
}
