//! JSON objects, one per line, by the types of a scheme.
//!
//! A field `a.b` is the member `a.b` of the object, or the member `b` of its member `a`; see [`keys`] for which one goes before which. By
//! type:
//! * Bool is `true` or `false`;
//! * Int is a number without fraction and exponent (`-0` is 0; `1.0` and `1e3` are no Ints, as for Cloudflare's `lookup_json_integer`);
//! * Float is any number, and becomes the nearest one; the strings `"NaN"`, `"inf"` and `"-inf"` are Floats too. `1e999` is none;
//! * Bytes is a string, or `{"hex": "00ff"}`. A string with half a surrogate pair, or with bytes that are not UTF-8, is no text;
//! * Ip is a string;
//! * arrays and maps hold values of their type.
//!
//! A member that is absent or null leaves the field unset. A value that is not of its field's type, or takes more than
//! [`record_bytes`](crate::ReaderLimits::record_bytes), leaves the field unset too and is counted in
//! [`Stats::unfit`](crate::Stats::unfit), if the field is read. A line is malformed, and no record, if it is no JSON object, or if a
//! mandatory field of the whole scheme is missing or has no value that fits, whether it is read or not. Of two members with one name
//! the last one counts.

mod decode;
mod keys;

use bumpalo::Bump;
use quintet_lang::{Field, FieldId, Presence, Scheme};
use quintet_runtime::{ArenaError, BatchBuilder, RecordError};

use crate::error::InputError;
use crate::limits::ReaderLimits;
use crate::lines::Lines;
use crate::next::Next;
use crate::raw::{self, Raw};
use crate::stats::Stats;
use decode::{Decoder, Unfit};

/// Memory that is kept from line to line; what a long line took beyond it is given back.
const KEPT: usize = 1 << 20;

/// Makes records of lines by a scheme.
pub(crate) struct TypedLines {
    keys: keys::Keys,
    /// The fields of the whole scheme, and the places of those that are read.
    fields: Vec<(Field, Option<FieldId>)>,
    record_bytes: usize,
    bump: Bump,
}

impl TypedLines {
    /// Reads the fields of `scheme`; those of `whole` exist.
    pub(crate) fn new(scheme: &Scheme, whole: &Scheme, limits: &ReaderLimits) -> TypedLines {
        TypedLines {
            keys: keys::Keys::new(whole),
            fields: whole.fields().iter().map(|f| (f.clone(), scheme.field_id(&f.name))).collect(),
            record_bytes: limits.record_bytes,
            bump: Bump::new(),
        }
    }

    /// Adds a record for the next line that gives one.
    pub(crate) fn next(
        &mut self,
        bytes: &[u8],
        lines: &mut Lines,
        builder: &mut BatchBuilder,
        stats: &mut Stats,
    ) -> Result<Next, InputError> {
        loop {
            let Some((number, line)) = lines.next(bytes, stats) else { return Ok(Next::End) };
            if self.bump.allocated_bytes() > KEPT {
                self.bump = Bump::new();
            }
            self.bump.reset();
            let text = raw::text_of(line);
            let found = self.bump.alloc_slice_fill_copy(self.fields.len(), None::<Raw<'_>>);
            if let Err(e) = self.keys.find(&text, &self.bump, found, stats) {
                match raw::whole(&text) {
                    Ok(_) => stats.malformed(number, "not a JSON object", || "the line is not a JSON object".into()),
                    Err(_) => stats.malformed(number, "not JSON", || e.to_string()),
                }
                continue;
            }
            let mut record = builder.record();
            let mut wrong = None;
            for ((field, place), json) in self.fields.iter().zip(&*found) {
                let mandatory = field.presence == Presence::Mandatory;
                let Some(json) = json.filter(|json| !raw::is_null(*json)) else {
                    if mandatory {
                        wrong.get_or_insert(("missing mandatory field", format!("there is no `{}`", field.name)));
                    }
                    continue;
                };
                if place.is_none() && !mandatory {
                    continue;
                }
                let value = Decoder { bump: &self.bump, room: self.record_bytes }.value(json, &field.ty);
                match (value, place) {
                    (Ok(value), Some(place)) => record.set(*place, value),
                    (Ok(_), None) => {}
                    (Err(why), _) if mandatory => {
                        wrong.get_or_insert_with(|| ("wrong type", unfit(field, why, json, self.record_bytes)));
                    }
                    (Err(why), _) => stats.unfit(number, &field.name, || unfit(field, why, json, self.record_bytes)),
                }
            }
            if let Some((reason, detail)) = wrong {
                stats.malformed(number, reason, || detail);
                continue;
            }
            match record.finish() {
                Ok(()) => return Ok(Next::Record(number)),
                Err(RecordError::Arena(ArenaError::Full)) if !builder.is_empty() => {
                    lines.put_back();
                    return Ok(Next::Full);
                }
                Err(RecordError::Arena(ArenaError::Full)) => {
                    stats.malformed(number, "record too large", || "the line takes more than a batch holds".into());
                }
                Err(RecordError::Arena(e)) => return Err(e.into()),
                Err(source) => return Err(InputError::Record { number, source }),
            }
        }
    }
}

/// Why a value is not that of a field, in words.
fn unfit(field: &Field, why: Unfit, json: Raw<'_>, record_bytes: usize) -> String {
    let Field { name, ty, .. } = field;
    match why {
        Unfit::Type => format!("`{name}` is not of type {ty}: {}", raw::excerpt(json)),
        Unfit::Size => format!("`{name}` takes more than {record_bytes} bytes: {}", raw::excerpt(json)),
    }
}
