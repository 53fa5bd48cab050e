//! JSON objects, one per line, by the types of a scheme.
//!
//! A field `a.b` is the member `a.b` of the object, or the member `b` of its member `a`. By type: Bool, Int and Float are JSON's; a Float
//! may also be the string `"NaN"`, `"inf"` or `"-inf"`; Bytes is a string or `{"hex": "00ff"}`; Ip is a string; arrays and maps hold values
//! of their type. A member that is absent or null leaves the field unset. A line is malformed, and no record, if it is no object, if a
//! value is not of its field's type, or if a mandatory field is missing.

mod decode;
mod keys;

use bumpalo::Bump;
use quintet_lang::{FieldId, Presence, Scheme};
use quintet_runtime::{BatchBuilder, RecordError};
use serde_json::Value as Json;

use crate::error::InputError;
use crate::lines::Lines;
use crate::stats::Stats;
use crate::window::Window;

/// The lines of an input, decoded by a scheme.
pub(crate) struct TypedLines {
    lines: Lines,
    scheme: Scheme,
    keys: keys::Keys,
    bump: Bump,
}

impl TypedLines {
    pub(crate) fn new(window: Window, scheme: &Scheme, declared: &Scheme) -> TypedLines {
        TypedLines { lines: Lines::new(window), scheme: scheme.clone(), keys: keys::Keys::new(declared), bump: Bump::new() }
    }

    /// Adds a record for the next line that gives one, and answers the line's number.
    pub(crate) fn next(&mut self, builder: &mut BatchBuilder, stats: &mut Stats) -> Result<Option<u64>, InputError> {
        while let Some((number, line)) = self.lines.next(stats)? {
            let json = match serde_json::from_slice::<Json>(line) {
                Ok(json @ Json::Object(_)) => json,
                Ok(_) => {
                    stats.malformed(number, "not a JSON object", || "the line is not a JSON object".into());
                    continue;
                }
                Err(e) => {
                    stats.malformed(number, "not JSON", || e.to_string());
                    continue;
                }
            };
            self.keys.count_unknown(&json, stats);
            self.bump.reset();
            let mut record = builder.record();
            let mut wrong = None;
            for (i, field) in self.scheme.fields().iter().enumerate() {
                match keys::find(&json, &field.name) {
                    None | Some(Json::Null) => {
                        if field.presence == Presence::Mandatory {
                            wrong.get_or_insert(("missing mandatory field", format!("there is no `{}`", field.name)));
                        }
                    }
                    Some(value) => match decode::decode(value, &field.ty, &self.bump) {
                        Some(value) => record.set(FieldId(i as u32), value),
                        None => {
                            wrong
                                .get_or_insert(("wrong type", format!("`{}` is not of type {}: {}", field.name, field.ty, excerpt(value))));
                        }
                    },
                }
            }
            if let Some((reason, detail)) = wrong {
                stats.malformed(number, reason, || detail);
                continue;
            }
            return match record.finish() {
                Ok(()) => Ok(Some(number)),
                Err(RecordError::Arena(e)) => Err(e.into()),
                Err(source) => Err(InputError::Record { number, source }),
            };
        }
        Ok(None)
    }
}

/// The beginning of a value's text.
fn excerpt(json: &Json) -> String {
    const SHOWN: usize = 40;
    let text = json.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}
