//! HTTP requests, one JSON object per line, under Cloudflare's field names.
//!
//! Members of an object: `method` and `uri` (texts, needed), `version`, `headers` (an object, whose values may be arrays, or an array of
//! pairs), `body` or `body_hex`, `ip`, `host`, `user_agent`, `referer`, `ssl`. `host`, `user_agent` and `referer` that are not among the
//! headers count as headers, unless they are empty. Other members are ignored. Of two members with one name the last one counts; but
//! `headers` is a list in either form, and of two headers with one name both count.
//!
//! A line is malformed, and no record, if it is no JSON object, lacks `method` or `uri`, or would take more than
//! [`record_bytes`](crate::ReaderLimits::record_bytes) with all fields. Any other member, and any single header, that does not fit is as
//! if it were not there, and is counted in [`Stats::unfit`](crate::Stats::unfit), whatever fields are read.
//!
//! The request target is taken as it stands: nothing is normalised, so that `raw.http.*` and `http.*` are the same, and nothing is
//! percent-decoded but the names of cookies.

mod fields;
mod line;
mod request;
mod size;
mod uri;

use bumpalo::Bump;
use quintet_lang::{FieldId, Scheme};
use quintet_runtime::{ArenaError, BatchBuilder, RecordError};

use crate::error::InputError;
use crate::format::Format;
use crate::lines::Lines;
use crate::next::Next;
use crate::raw;
use crate::reader::ReaderOptions;
use crate::stats::Stats;
use crate::table;
use line::{Line, NoRequest};
use request::Wanted;

pub(crate) use fields::FIELDS;

/// Memory that is kept from line to line; what a long line took beyond it is given back.
const KEPT: usize = 1 << 20;

/// Makes records of lines that are requests.
pub(crate) struct HttpLines {
    wanted: Wanted,
    record_bytes: usize,
    bump: Bump,
}

impl HttpLines {
    pub(crate) fn new(scheme: &Scheme, options: &ReaderOptions) -> Result<HttpLines, InputError> {
        let ids = table::bind(Format::Http, FIELDS, scheme)?;
        let keys_of = |id: FieldId| options.keys.iter().find(|(of, _)| *of == id).map(|(_, keys)| keys.clone());
        let keys = ids.iter().map(|id| id.and_then(keys_of)).collect();
        Ok(HttpLines { wanted: Wanted { ids, keys }, record_bytes: options.limits.record_bytes, bump: Bump::new() })
    }

    /// Adds a record for the next line that is a request.
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
            let line = match Line::new(&text, &self.bump, number, stats) {
                Ok(line) => line,
                Err(NoRequest::Json(e)) => {
                    stats.malformed(number, "not JSON", || e.to_string());
                    continue;
                }
                Err(NoRequest::Other(detail)) => {
                    stats.malformed(number, "not a request", || detail);
                    continue;
                }
            };
            if let Err(bytes) = size::fits(&line, text.len(), self.record_bytes) {
                stats.malformed(number, TOO_LARGE, || {
                    format!("the request may take {bytes} bytes of a batch, more than {}", self.record_bytes)
                });
                continue;
            }
            let mut record = builder.record();
            request::write(&line, &self.wanted, &self.bump, &mut record);
            match record.finish() {
                Ok(()) => return Ok(Next::Record(number)),
                Err(RecordError::Arena(ArenaError::Full)) if !builder.is_empty() => {
                    lines.put_back();
                    return Ok(Next::Full);
                }
                Err(RecordError::Arena(ArenaError::Full)) => {
                    stats.malformed(number, TOO_LARGE, || "the request takes more than a batch holds".into());
                }
                Err(RecordError::Arena(e)) => return Err(e.into()),
                Err(source) => return Err(InputError::Record { number, source }),
            }
        }
    }
}

const TOO_LARGE: &str = "record too large";
