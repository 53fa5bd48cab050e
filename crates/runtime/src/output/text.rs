//! Values as JSON, as cells of a table and in texts.

use serde_json::Value as Json;

use crate::owned::OwnedValue;

/// Appends what can be written as JSON.
pub(super) fn push_json(value: &impl serde::Serialize, out: &mut Vec<u8>) {
    // Writing to memory cannot fail, and all keys are strings.
    let _ = serde_json::to_writer(out, value);
}

/// A value as JSON: as everywhere, but that a Float is a number where JSON has one for it.
pub(super) fn json(value: &OwnedValue) -> Json {
    match value {
        OwnedValue::Float(number) => serde_json::Number::from_f64(*number).map_or_else(|| value.to_json(), Json::Number),
        OwnedValue::Array(items) => items.iter().map(json).collect(),
        _ => value.to_json(),
    }
}

/// A value in a cell: nil is empty, text is as it is.
pub(super) fn cell(value: Option<&OwnedValue>) -> Vec<u8> {
    match value {
        None => Vec::new(),
        Some(OwnedValue::Bytes(bytes)) if std::str::from_utf8(bytes).is_ok() => bytes.clone(),
        Some(OwnedValue::Ip(ip)) => ip.to_string().into_bytes(),
        Some(OwnedValue::Float(number)) => format!("{number:?}").into_bytes(),
        Some(other) => json(other).to_string().into_bytes(),
    }
}

/// Appends text, in which what would end the line or be taken for the sign of that is written out, and so are bytes that are no text.
pub(super) fn push_escaped(text: &[u8], out: &mut Vec<u8>) {
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() || c == '\\' {
                out.extend(c.escape_default().to_string().into_bytes());
            } else {
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        for byte in chunk.invalid() {
            out.extend(format!("\\x{byte:02x}").into_bytes());
        }
    }
}

/// Appends a value to a text.
pub(super) fn push_value(value: Option<&OwnedValue>, out: &mut Vec<u8>) {
    match value {
        None => out.push(b'-'),
        Some(OwnedValue::Bytes(bytes)) => push_escaped(bytes, out),
        other => push_escaped(&cell(other), out),
    }
}

/// Appends a row of a table, quoted where needed.
pub(super) fn push_row(cells: impl IntoIterator<Item = Vec<u8>>, out: &mut Vec<u8>) {
    let mut csv = csv::WriterBuilder::new().from_writer(out);
    // Writing to memory cannot fail.
    let _ = csv.write_record(cells);
    let _ = csv.flush();
}
