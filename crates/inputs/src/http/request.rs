//! From a line to a record.

use bumpalo::Bump;
use quintet_lang::FieldId;
use quintet_runtime::RecordBuilder;

use super::fields::F;
use super::line::Line;
use super::uri::{self, Target};

/// Names and their values.
type Pairs<'a> = [(&'a [u8], &'a [u8])];

/// By place of a field among [`FIELDS`](super::FIELDS): what is wanted of it.
pub(super) struct Wanted {
    /// Which field of the records it is, if it is one.
    pub(super) ids: Vec<Option<FieldId>>,
    /// Of a map: the keys whose entries are wanted, where not all are.
    pub(super) keys: Vec<Option<Vec<Box<[u8]>>>>,
}

/// A record under construction, and the places of its fields.
struct Fields<'r, 'b> {
    wanted: &'r Wanted,
    record: &'r mut RecordBuilder<'b>,
}

impl Fields<'_, '_> {
    fn id(&self, field: F) -> Option<FieldId> {
        self.wanted.ids[field as usize]
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
        let Some(id) = self.id(field) else { return };
        match &self.wanted.keys[field as usize] {
            None => self.record.grouped(id, pairs),
            Some(keys) => self.record.grouped(id, pairs.filter(|(name, _)| keys.iter().any(|key| **key == **name))),
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
pub(super) fn write(line: &Line<'_>, wanted: &Wanted, bump: &Bump, record: &mut RecordBuilder<'_>) {
    let mut fields = Fields { wanted, record };
    let target = Target::new(line.uri);
    let headers = &line.headers;
    let names: &[&[u8]] = bump.alloc_slice_fill_iter(headers.iter().map(|(name, _)| lower(name, bump)));
    let lowered = || names.iter().zip(headers).map(|(name, (_, value))| (*name, *value));
    let known = Known::of(lowered());

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
    uri_fields(&mut fields, &target, known.host, ssl);

    for (field, value) in [
        (F::Cookie, known.cookie),
        (F::Host, known.host),
        (F::UserAgent, known.user_agent),
        (F::Referer, known.referer),
        (F::XForwardedFor, known.x_forwarded_for),
    ] {
        fields.text(field, value.unwrap_or(""));
    }
    fields.map(F::Headers, lowered().map(|(name, value)| (name, value.as_bytes())));
    fields.list(F::HeadersNames, headers.iter().map(|h| h.0.as_bytes()));
    fields.list(F::HeadersValues, headers.iter().map(|h| h.1.as_bytes()));
    let cookies = lowered().filter(|(name, _)| *name == b"cookie");
    fields.map(F::Cookies, cookies.flat_map(|(_, value)| uri::cookies(value.as_bytes(), bump)));
    if fields.wants(&[F::AcceptedLanguages]) {
        let languages = uri::languages(known.accept_language.unwrap_or(""));
        fields.list(F::AcceptedLanguages, languages.into_iter().map(str::as_bytes));
    }
    body_fields(&mut fields, line.body, known.content_type);
}

/// The headers that have fields of their own; of several with one name, the first.
#[derive(Default)]
struct Known<'a> {
    accept_language: Option<&'a str>,
    content_type: Option<&'a str>,
    cookie: Option<&'a str>,
    host: Option<&'a str>,
    referer: Option<&'a str>,
    user_agent: Option<&'a str>,
    x_forwarded_for: Option<&'a str>,
}

impl<'a> Known<'a> {
    /// Among headers whose names are in lower case.
    fn of<'n>(headers: impl Iterator<Item = (&'n [u8], &'a str)>) -> Known<'a> {
        let mut known = Known::default();
        for (name, value) in headers {
            let place = match name {
                b"accept-language" => &mut known.accept_language,
                b"content-type" => &mut known.content_type,
                b"cookie" => &mut known.cookie,
                b"host" => &mut known.host,
                b"referer" => &mut known.referer,
                b"user-agent" => &mut known.user_agent,
                b"x-forwarded-for" => &mut known.x_forwarded_for,
                _ => continue,
            };
            place.get_or_insert(value);
        }
        known
    }
}

/// A name in lower case.
fn lower<'a>(name: &str, bump: &'a Bump) -> &'a [u8] {
    let name = bump.alloc_slice_copy(name.as_bytes());
    let (blocks, _) = name.as_chunks_mut::<8>();
    blocks.iter_mut().for_each(|block| block.make_ascii_lowercase());
    // What is left too, in one register, with some of it a second time.
    match name.last_chunk_mut::<8>() {
        Some(last) => last.make_ascii_lowercase(),
        None => name.make_ascii_lowercase(),
    }
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
