//! From a line to a record.

use bumpalo::Bump;
use quintet_lang::FieldId;
use quintet_runtime::RecordBuilder;

use super::fields::F;
use super::line::Line;
use super::uri::{self, Target};

/// Names and their values.
type Pairs<'a> = [(&'a [u8], &'a [u8])];

/// A record under construction, and the places of its fields.
struct Fields<'r, 'b> {
    ids: &'r [Option<FieldId>],
    record: &'r mut RecordBuilder<'b>,
}

impl Fields<'_, '_> {
    fn id(&self, field: F) -> Option<FieldId> {
        self.ids[field as usize]
    }

    fn wants(&self, fields: &[F]) -> bool {
        fields.iter().any(|f| self.id(*f).is_some())
    }

    fn text(&mut self, field: F, value: impl AsRef<[u8]>) {
        if let Some(id) = self.id(field) {
            self.record.bytes(id, value.as_ref());
        }
    }

    fn list<'v>(&mut self, field: F, values: impl ExactSizeIterator<Item = &'v [u8]>) {
        if let Some(id) = self.id(field) {
            self.record.bytes_of(id, values);
        }
    }

    /// Sets a map of arrays: the values under each name, in order.
    fn map<'v>(&mut self, field: F, pairs: impl Iterator<Item = (&'v [u8], &'v [u8])>) {
        if let Some(id) = self.id(field) {
            self.record.grouped(id, pairs);
        }
    }

    /// Sets a map, and the names and values in it.
    fn table(&mut self, fields: [F; 3], pairs: &Pairs<'_>) {
        self.map(fields[0], pairs.iter().copied());
        self.list(fields[1], pairs.iter().map(|p| p.0));
        self.list(fields[2], pairs.iter().map(|p| p.1));
    }
}

/// Fills a record from a line.
pub(super) fn write(line: &Line<'_>, ids: &[Option<FieldId>], bump: &Bump, record: &mut RecordBuilder<'_>) {
    let mut fields = Fields { ids, record };
    let target = Target::new(line.uri);
    let headers = &line.headers;
    let header = |name: &str| headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| *v);

    fields.text(F::Method, line.method);
    if let Some(version) = line.version {
        fields.text(F::Version, version);
    }
    if let (Some(ip), Some(id)) = (line.ip, fields.id(F::IpSrc)) {
        fields.record.ip(id, ip);
    }
    let ssl = line.ssl.unwrap_or_else(|| target.authority.is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("https")));
    if let Some(id) = fields.id(F::Ssl) {
        fields.record.bool(id, ssl);
    }
    uri_fields(&mut fields, &target, header("host"), ssl);

    for (field, name) in [
        (F::Cookie, "cookie"),
        (F::Host, "host"),
        (F::UserAgent, "user-agent"),
        (F::Referer, "referer"),
        (F::XForwardedFor, "x-forwarded-for"),
    ] {
        if fields.id(field).is_some() {
            fields.text(field, header(name).unwrap_or(""));
        }
    }
    fields.map(F::Headers, headers.iter().map(|(name, value)| (lower(name, bump), value.as_bytes())));
    fields.list(F::HeadersNames, headers.iter().map(|h| h.0.as_bytes()));
    fields.list(F::HeadersValues, headers.iter().map(|h| h.1.as_bytes()));
    let cookies = headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case("cookie"));
    fields.map(F::Cookies, cookies.flat_map(|(_, v)| uri::cookies(v.as_bytes(), bump)));
    if fields.wants(&[F::AcceptedLanguages]) {
        let languages = uri::languages(header("accept-language").unwrap_or(""));
        fields.list(F::AcceptedLanguages, languages.into_iter().map(str::as_bytes));
    }
    body_fields(&mut fields, line.body, header("content-type"));
}

/// A name in lower case.
fn lower<'a>(name: &'a str, bump: &'a Bump) -> &'a [u8] {
    if !name.bytes().any(|b| b.is_ascii_uppercase()) {
        return name.as_bytes();
    }
    let name = bump.alloc_slice_copy(name.as_bytes());
    name.make_ascii_lowercase();
    name
}

fn uri_fields(fields: &mut Fields<'_, '_>, target: &Target<'_>, host: Option<&str>, ssl: bool) {
    for [uri, path, query] in [[F::Uri, F::UriPath, F::UriQuery], [F::RawUri, F::RawUriPath, F::RawUriQuery]] {
        fields.text(uri, target.uri);
        fields.text(path, target.path);
        fields.text(query, target.query);
    }
    if fields.wants(&[F::UriPathExtension, F::RawUriPathExtension]) {
        let extension = target.extension();
        fields.text(F::UriPathExtension, &extension);
        fields.text(F::RawUriPathExtension, &extension);
    }
    if fields.wants(&[F::FullUri, F::RawFullUri]) {
        let (scheme, host) = target.authority.unwrap_or((if ssl { "https" } else { "http" }, host.unwrap_or("")));
        let full = format!("{scheme}://{host}{}", target.uri);
        fields.text(F::FullUri, &full);
        fields.text(F::RawFullUri, &full);
    }
    let args = [[F::UriArgs, F::UriArgsNames, F::UriArgsValues], [F::RawUriArgs, F::RawUriArgsNames, F::RawUriArgsValues]];
    if fields.wants(args.as_flattened()) {
        let pairs = uri::pairs(target.query.as_bytes());
        for table in args {
            fields.table(table, &pairs);
        }
    }
}

fn body_fields(fields: &mut Fields<'_, '_>, body: &[u8], content_type: Option<&str>) {
    const FORM: [F; 3] = [F::BodyForm, F::BodyFormNames, F::BodyFormValues];
    if !fields.wants(&[F::BodyRaw, F::BodySize, F::BodyTruncated, F::BodyMime, FORM[0], FORM[1], FORM[2]]) {
        return;
    }
    fields.text(F::BodyRaw, body);
    let mime = content_type.and_then(|t| t.split(';').next()).unwrap_or("").trim();
    if fields.wants(&[F::BodyMime]) {
        fields.text(F::BodyMime, mime.to_ascii_lowercase());
    }
    if let Some(id) = fields.id(F::BodySize) {
        fields.record.int(id, body.len() as i64);
    }
    if let Some(id) = fields.id(F::BodyTruncated) {
        fields.record.bool(id, false);
    }
    if mime.eq_ignore_ascii_case("application/x-www-form-urlencoded") && fields.wants(&FORM) {
        fields.table(FORM, &uri::pairs(body));
    }
}
