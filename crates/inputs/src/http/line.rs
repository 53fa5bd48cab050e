//! The members of a line.

use bumpalo::Bump;

use super::fields::{F, FIELDS};
use crate::raw::{self, Raw};
use crate::scan::Paired;
use crate::stats::Stats;

/// What a line says of a request.
pub(super) struct Line<'a> {
    pub method: &'a str,
    pub uri: &'a str,
    pub version: Option<&'a str>,
    /// In order, those that the line says apart among them.
    pub headers: Vec<(&'a str, &'a str)>,
    pub body: &'a [u8],
    pub ip: Option<std::net::IpAddr>,
    pub ssl: Option<bool>,
}

/// Why a line is no request.
pub(super) enum NoRequest {
    /// It is no JSON.
    Json(serde_json::Error),
    /// It lacks something, or is no object.
    Other(String),
}

/// The members as they stand. Of two with one name the last one counts.
#[derive(Default)]
struct Members<'a> {
    method: Option<Raw<'a>>,
    uri: Option<Raw<'a>>,
    version: Option<Raw<'a>>,
    headers: Option<Raw<'a>>,
    body: Option<Raw<'a>>,
    body_hex: Option<Raw<'a>>,
    ip: Option<Raw<'a>>,
    host: Option<Raw<'a>>,
    user_agent: Option<Raw<'a>>,
    referer: Option<Raw<'a>>,
    ssl: Option<Raw<'a>>,
}

impl<'a> Line<'a> {
    /// Reads a line. A member that does not fit is as if it were not there, and is counted.
    ///
    /// # Errors
    /// When the line is no request.
    pub(super) fn new(line: &'a str, bump: &'a Bump, number: u64, stats: &mut Stats) -> Result<Line<'a>, NoRequest> {
        let mut members = Members::default();
        let mut paired = Paired { name: b"headers", pairs: None };
        let read = raw::members_and_pairs(line, bump, Some(&mut paired), |name, value| {
            let place = match name {
                b"method" => &mut members.method,
                b"uri" => &mut members.uri,
                b"version" => &mut members.version,
                b"headers" => &mut members.headers,
                b"body" => &mut members.body,
                b"body_hex" => &mut members.body_hex,
                b"ip" => &mut members.ip,
                b"host" => &mut members.host,
                b"user_agent" => &mut members.user_agent,
                b"referer" => &mut members.referer,
                b"ssl" => &mut members.ssl,
                _ => return,
            };
            *place = Some(value).filter(|v| !raw::is_null(*v));
        });
        read.map_err(|e| match raw::whole(line) {
            Ok(_) => NoRequest::Other("the line is not a JSON object".into()),
            Err(_) => NoRequest::Json(e),
        })?;
        let needed = |name: &str, member: Option<Raw<'a>>| match member {
            None => Err(NoRequest::Other(format!("there is no `{name}`"))),
            Some(value) => {
                raw::string(value, bump).ok_or_else(|| NoRequest::Other(format!("`{name}` is no text: {}", raw::excerpt(value))))
            }
        };
        let (method, uri) = (needed("method", members.method)?, needed("uri", members.uri)?);
        let mut reading = Reading { bump, number, stats };
        let text = |value: Raw<'a>| raw::string(value, bump);
        let mut headers = members.headers.map_or_else(Vec::new, |value| reading.headers(value, paired.pairs));
        for (field, member, name, value) in [
            (F::Host, "host", "host", members.host),
            (F::UserAgent, "user_agent", "user-agent", members.user_agent),
            (F::Referer, "referer", "referer", members.referer),
        ] {
            if let Some(value) = reading.member(field, member, "text", value, text).filter(|v| !v.is_empty())
                && !headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name))
            {
                headers.push((name, value));
            }
        }
        let hex = |value: Raw<'a>| raw::unhex(text(value)?, bump);
        let body = reading.member(F::BodyRaw, "body_hex", "text of hexadecimal digits", members.body_hex, hex);
        let plain = reading.member(F::BodyRaw, "body", "text", members.body, text);
        Ok(Line {
            method,
            uri,
            version: reading.member(F::Version, "version", "text", members.version, text),
            headers,
            body: body.or(plain.map(str::as_bytes)).unwrap_or_default(),
            ip: reading.member(F::IpSrc, "ip", "address", members.ip, |value| text(value)?.parse().ok()),
            ssl: reading.member(F::Ssl, "ssl", "true or false", members.ssl, raw::boolean),
        })
    }
}

/// Headers that a line may say apart from the others.
const BESIDE: usize = 3;

/// A line being read.
struct Reading<'a, 's> {
    bump: &'a Bump,
    number: u64,
    stats: &'s mut Stats,
}

impl<'a> Reading<'a, '_> {
    fn unfit(&mut self, field: F, detail: impl FnOnce() -> String) {
        self.stats.unfit(self.number, FIELDS[field as usize].name, detail);
    }

    /// What a member holds, if it is there and `read` can make something of it.
    fn member<T>(
        &mut self,
        field: F,
        name: &str,
        wanted: &str,
        value: Option<Raw<'a>>,
        read: impl FnOnce(Raw<'a>) -> Option<T>,
    ) -> Option<T> {
        let value = value?;
        let read = read(value);
        if read.is_none() {
            self.unfit(field, || format!("`{name}` is no {wanted}: {}", raw::excerpt(value)));
        }
        read
    }

    /// The headers of an object, whose values may be arrays, or of an array of pairs, which are known where it is a plain one; all of them, also
    /// those with one name.
    fn headers(&mut self, value: Raw<'a>, pairs: Option<Vec<[Raw<'a>; 2]>>) -> Vec<(&'a str, &'a str)> {
        let bump = self.bump;
        let mut wrong = |value: Raw<'_>| self.unfit(F::Headers, || format!("`headers` has what is no header: {}", raw::excerpt(value)));
        if let Some(pairs) = pairs {
            let mut headers = Vec::with_capacity(pairs.len() + BESIDE);
            let text = |[name, value]: [Raw<'a>; 2]| Some((raw::string(name, bump)?, raw::string(value, bump)?));
            headers.extend(pairs.iter().map_while(|pair| text(*pair)));
            if headers.len() == pairs.len() {
                return headers;
            }
        }
        // Most requests have no more.
        let mut headers = Vec::with_capacity(16);
        let read = if raw::is_array(value) {
            raw::elements(value.text, |pair| {
                let mut parts = [None; 2];
                let mut len = 0;
                let read = raw::elements(pair.text, |part| {
                    if let Some(place) = parts.get_mut(len) {
                        *place = raw::string(part, bump);
                    }
                    len += 1;
                    true
                });
                match parts {
                    [Some(name), Some(value)] if read.is_ok() && len == 2 => headers.push((name, value)),
                    _ => wrong(pair),
                }
                true
            })
        } else {
            raw::members(value.text, bump, |name, value| {
                let Ok(name) = std::str::from_utf8(name) else { return wrong(value) };
                if raw::is_array(value) {
                    // The text is JSON already, and an array.
                    let _ = raw::elements(value.text, |value| {
                        match raw::string(value, bump) {
                            Some(value) => headers.push((name, value)),
                            None => wrong(value),
                        }
                        true
                    });
                } else if let Some(value) = raw::string(value, bump) {
                    headers.push((name, value));
                } else if !raw::is_null(value) {
                    wrong(value);
                }
            })
        };
        if read.is_err() {
            wrong(value);
        }
        headers
    }
}
