//! JSON values as values of a type.

use bumpalo::Bump;
use quintet_lang::Type;
use quintet_runtime::{ArrayRef, MapRef, Value};

use crate::raw::{self, Raw};

/// Why a value is not that of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// It is of another type.
    Type,
    /// It takes more of a batch than one record may.
    Size,
}

/// Decodes values that together take no more than `room` bytes of a batch.
pub(super) struct Decoder<'a> {
    pub bump: &'a Bump,
    pub room: usize,
}

impl<'a> Decoder<'a> {
    fn take(&mut self, bytes: usize) -> Result<(), Unfit> {
        self.room = self.room.checked_sub(bytes).ok_or(Unfit::Size)?;
        Ok(())
    }

    /// `json` as a value of type `ty`.
    ///
    /// # Errors
    /// Why it is no such value.
    pub fn value(&mut self, json: Raw<'a>, ty: &Type) -> Result<Value<'a>, Unfit> {
        self.take(ty.words() as usize * 8)?;
        let bump = self.bump;
        let value = match ty {
            Type::Bool => raw::boolean(json).map(Value::Bool),
            Type::Int => raw::int(json).map(Value::Int),
            // No field of a scheme has these types.
            Type::U32 | Type::List(..) => None,
            Type::Float => match json.text {
                "\"NaN\"" | "\"nan\"" => Some(Value::Float(f64::NAN)),
                "\"inf\"" | "\"Infinity\"" => Some(Value::Float(f64::INFINITY)),
                "\"-inf\"" | "\"-Infinity\"" => Some(Value::Float(f64::NEG_INFINITY)),
                _ => raw::float(json).map(Value::Float),
            },
            Type::Bytes => {
                let bytes = if raw::is_object(json) { hex(json, bump) } else { raw::string(json, bump).map(str::as_bytes) };
                let bytes = bytes.ok_or(Unfit::Type)?;
                self.take(bytes.len().next_multiple_of(8))?;
                Some(Value::Bytes(bytes))
            }
            Type::Ip => raw::string(json, bump).and_then(|s| s.parse().ok()).map(Value::Ip),
            Type::Array(element) => Some(Value::Array(ArrayRef::Built(self.array(json, element)?))),
            Type::Map(element) => Some(Value::Map(MapRef::Built(self.map(json, element)?))),
        };
        value.ok_or(Unfit::Type)
    }

    fn array(&mut self, json: Raw<'a>, element: &Type) -> Result<&'a [Value<'a>], Unfit> {
        if !raw::is_array(json) {
            return Err(Unfit::Type);
        }
        // Counted first, so that an array of millions takes the room that it needs once.
        let len = raw::count(json);
        if len.saturating_mul(element.words() as usize * 8) > self.room {
            return Err(Unfit::Size);
        }
        let values = self.bump.alloc_slice_fill_copy(len, Value::Nil);
        let mut places = values.iter_mut();
        let mut wrong = None;
        let read = raw::elements(json.text, |item| match (self.value(item, element), places.next()) {
            (Ok(value), Some(place)) => {
                *place = value;
                true
            }
            (Err(e), _) => {
                wrong = Some(e);
                false
            }
            (Ok(_), None) => false,
        });
        match wrong {
            Some(e) => Err(e),
            None => read.map(|()| &*values).map_err(|_| Unfit::Type),
        }
    }

    fn map(&mut self, json: Raw<'a>, element: &Type) -> Result<&'a [(&'a [u8], Value<'a>)], Unfit> {
        if !raw::is_object(json) {
            return Err(Unfit::Type);
        }
        let mut members = Vec::new();
        raw::members(json.text, self.bump, |name, value| members.push((name, value))).map_err(|_| Unfit::Type)?;
        // Of members with one name the last one counts: sorting keeps their order.
        members.sort_by_key(|(name, _)| *name);
        let mut entries: Vec<(&[u8], Value<'_>)> = Vec::with_capacity(members.len());
        for same in members.chunk_by(|a, b| a.0 == b.0) {
            let Some((name, value)) = same.last() else { continue };
            if std::str::from_utf8(name).is_err() {
                return Err(Unfit::Type);
            }
            self.take(8 + name.len().next_multiple_of(8))?;
            entries.push((name, self.value(*value, element)?));
        }
        Ok(self.bump.alloc_slice_copy(&entries))
    }
}

/// The bytes of `{"hex": "00ff"}`.
fn hex<'a>(json: Raw<'a>, bump: &'a Bump) -> Option<&'a [u8]> {
    let (mut digits, mut others) = (None, false);
    raw::members(json.text, bump, |name, value| match name {
        b"hex" => digits = Some(value),
        _ => others = true,
    })
    .ok()?;
    raw::unhex(raw::string(digits.filter(|_| !others)?, bump)?, bump)
}
