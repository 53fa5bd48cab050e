//! The fields that are printed of a record.

use quintet::lang::diagnostic::nearest;
use quintet::{FieldId, OwnedValue, RecordRef, Scheme};
use serde_json::{Map, Value as Json};

use crate::failure::Failure;

/// A field that is printed.
pub struct Column {
    pub name: String,
    id: FieldId,
    /// Whether one value of it is printed as itself.
    multi: bool,
}

/// The columns of these fields in records of a scheme.
///
/// # Errors
/// The scheme has no such field.
pub fn columns(scheme: &Scheme, names: &[String]) -> Result<Vec<Column>, Failure> {
    let column = |name: &String| match scheme.field_id(name) {
        Some(id) => Ok(Column { name: name.clone(), id, multi: scheme.field(id).multi }),
        None => Err(match nearest(name, scheme.fields().iter().map(|f| f.name.as_str())) {
            Some(near) => Failure::unusable(format!("there is no field `{name}`; did you mean `{near}`?")),
            None => Failure::unusable(format!("there is no field `{name}`; `quintet fields` lists them")),
        }),
    };
    names.iter().map(column).collect()
}

impl Column {
    /// The value in a cell of a table: empty for nil.
    pub fn cell(&self, record: RecordRef<'_>) -> String {
        OwnedValue::of(&record.value(self.id)).map_or_else(String::new, |value| cell(value, self.multi))
    }
}

/// The values of columns as an object.
pub fn object(columns: &[Column], record: RecordRef<'_>) -> Json {
    let json = |c: &Column| OwnedValue::of(&record.value(c.id)).as_ref().map_or(Json::Null, OwnedValue::to_json);
    columns.iter().map(|c| (c.name.clone(), json(c))).collect::<Map<_, _>>().into()
}

fn cell(value: OwnedValue, multi: bool) -> String {
    match value {
        OwnedValue::Bytes(bytes) => String::from_utf8(bytes).unwrap_or_else(|e| OwnedValue::Bytes(e.into_bytes()).to_json().to_string()),
        OwnedValue::Float(number) => format!("{number:?}"),
        OwnedValue::Ip(ip) => ip.to_string(),
        OwnedValue::Array(mut items) if multi && items.len() == 1 => items.pop().map_or_else(String::new, |value| cell(value, false)),
        other @ (OwnedValue::Bool(_) | OwnedValue::Int(_) | OwnedValue::Array(_) | OwnedValue::Map(_)) => other.to_json().to_string(),
    }
}

/// A cell between tabs: what would end it, or be taken for the sign of that, is written out.
pub fn escaped(cell: &str) -> String {
    let mut text = String::with_capacity(cell.len());
    for c in cell.chars() {
        if c.is_control() || c == '\\' { text.extend(c.escape_default()) } else { text.push(c) }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_say_what_values_are() {
        let bytes = |b: &[u8]| OwnedValue::Bytes(b.to_vec());
        let many = || vec![OwnedValue::Int(1), OwnedValue::Int(2)];
        for (value, multi, expected) in [
            (bytes(b"a,\"b\"\n"), false, "a,\"b\"\n"),
            (bytes(b"\xff\0"), false, "{\"hex\":\"ff00\"}"),
            (OwnedValue::Float(1.0), false, "1.0"),
            (OwnedValue::Bool(true), false, "true"),
            (OwnedValue::Array(many()), true, "[1,2]"),
            (OwnedValue::Array(vec![bytes(b"one")]), true, "one"),
            (OwnedValue::Array(vec![bytes(b"one")]), false, "[\"one\"]"),
            (OwnedValue::Map([(b"k".to_vec(), OwnedValue::Array(many()))].into()), false, "{\"k\":[1,2]}"),
        ] {
            assert_eq!(cell(value, multi), expected);
        }
        assert_eq!(escaped("a\tb\nc\\d\u{1b}\u{e9}"), "a\\tb\\nc\\\\d\\u{1b}\u{e9}");
    }
}
