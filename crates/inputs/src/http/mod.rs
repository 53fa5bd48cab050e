//! HTTP requests, one JSON object per line, under Cloudflare's field names.
//!
//! Members of an object: `method` and `uri` (needed), `version`, `headers` (an object, whose values may be arrays, or an array of pairs),
//! `body` or `body_hex`, `ip`, `host`, `user_agent`, `referer`, `ssl`. Of the last, those that are not among the headers count as
//! headers, unless they are empty. Other members are ignored.
//!
//! The request target is taken as it stands: nothing is normalised, so that `raw.http.*` and `http.*` are the same, and nothing is
//! percent-decoded but the names of cookies.

mod fields;
mod line;
mod request;
mod uri;

use quintet_lang::{FieldId, Scheme};
use quintet_runtime::{BatchBuilder, RecordError};

use crate::error::InputError;
use crate::format::Format;
use crate::lines::Lines;
use crate::stats::Stats;
use crate::table;
use crate::window::Window;

pub(crate) use fields::FIELDS;

/// The requests of an input.
pub(crate) struct HttpLines {
    lines: Lines,
    ids: Vec<Option<FieldId>>,
}

impl HttpLines {
    pub(crate) fn new(window: Window, scheme: &Scheme) -> Result<HttpLines, InputError> {
        Ok(HttpLines { lines: Lines::new(window), ids: table::bind(Format::Http, FIELDS, scheme)? })
    }

    /// Adds a record for the next line that is a request, and answers the line's number.
    pub(crate) fn next(&mut self, builder: &mut BatchBuilder, stats: &mut Stats) -> Result<Option<u64>, InputError> {
        while let Some((number, line)) = self.lines.next(stats)? {
            let line: line::Line<'_> = match serde_json::from_slice(line) {
                Ok(line) => line,
                Err(e) => {
                    let reason = if e.is_data() { "not a request" } else { "not JSON" };
                    stats.malformed(number, reason, || e.to_string());
                    continue;
                }
            };
            let mut record = builder.record();
            if let Err(detail) = request::write(&line, &self.ids, &mut record) {
                stats.malformed(number, "not a request", || detail);
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
