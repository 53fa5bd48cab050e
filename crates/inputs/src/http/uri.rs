//! The parts of request targets, queries, forms and cookies.

use bumpalo::Bump;

/// A request target taken apart. Nothing is decoded.
pub(super) struct Target<'a> {
    /// Scheme and host, of a target that has them.
    pub authority: Option<(&'a str, &'a str)>,
    /// Path and query.
    pub uri: &'a str,
    pub path: &'a str,
    pub query: &'a str,
}

impl<'a> Target<'a> {
    pub(super) fn new(target: &'a str) -> Target<'a> {
        let until = |text: &'a str, end: u8| memchr::memchr(end, text.as_bytes()).and_then(|at| text.split_at_checked(at));
        let target = until(target, b'#').map_or(target, |(before, _)| before);
        let mut authority = None;
        let mut uri = target;
        // No scheme begins with a slash, which most targets do.
        if !target.starts_with('/')
            && let Some((scheme, rest)) = target.split_once("://")
            && !scheme.is_empty()
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
        {
            let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
            authority = Some((scheme, host));
            uri = if path.is_empty() { "/" } else { path };
        }
        let (path, query) = until(uri, b'?').map_or((uri, ""), |(path, rest)| (path, rest.get(1..).unwrap_or("")));
        Target { authority, uri, path, query }
    }

    /// What follows the last dot of the last segment, if something does and something stands before the dot.
    pub(super) fn extension(&self) -> String {
        let segment = self.path.rsplit('/').next().unwrap_or("");
        match segment.rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() => extension.to_ascii_lowercase(),
            _ => String::new(),
        }
    }
}

/// Names and values of a query or an urlencoded form, as they stand. A name alone has the empty value; empty pairs are passed over.
pub(super) fn pairs(text: &[u8]) -> Vec<(&[u8], &[u8])> {
    text.split(|b| *b == b'&').filter(|p| !p.is_empty()).map(pair).collect()
}

/// Names and values of cookies; names are percent-decoded.
pub(super) fn cookies<'a>(header: &'a [u8], bump: &'a Bump) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
    header.split(|b| *b == b';').map(<[u8]>::trim_ascii).filter(|p| !p.is_empty()).map(|cookie| {
        let (name, value) = pair(cookie);
        (percent_decoded(name.trim_ascii(), bump), value.trim_ascii())
    })
}

fn pair(pair: &[u8]) -> (&[u8], &[u8]) {
    split_once(pair, b'=').unwrap_or((pair, &[]))
}

fn split_once(bytes: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(at, bytes)?;
    Some((&bytes[..at], &bytes[at + 1..]))
}

fn percent_decoded<'a>(bytes: &'a [u8], bump: &'a Bump) -> &'a [u8] {
    if !bytes.contains(&b'%') {
        return bytes;
    }
    let digit = |at: usize| bytes.get(at).and_then(|b| char::from(*b).to_digit(16));
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, _, _) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    bump.alloc_slice_copy(&decoded)
}

/// The languages of an Accept-Language header by weight, those of the same weight in order, without `*` and those of weight 0.
pub(super) fn languages(header: &str) -> Vec<&str> {
    let mut weighted: Vec<(f32, &str)> = header
        .split(',')
        .filter_map(|item| {
            let mut parts = item.split(';').map(str::trim);
            let tag = parts.next().filter(|t| !t.is_empty() && *t != "*")?;
            let weight = parts.find_map(|p| p.strip_prefix("q=")).map_or(Some(1.0), |q| q.trim().parse().ok())?;
            (weight > 0.0).then_some((weight, tag))
        })
        .collect();
    weighted.sort_by(|a, b| b.0.total_cmp(&a.0));
    weighted.into_iter().map(|(_, tag)| tag).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets() {
        for (target, authority, path, query, extension) in [
            ("/a/b.PNG?x=1#top", None, "/a/b.PNG", "x=1", "png"),
            ("/", None, "/", "", ""),
            ("/.mp3", None, "/.mp3", "", ""),
            ("/a.", None, "/a.", "", ""),
            ("/a.tar.gz?", None, "/a.tar.gz", "", "gz"),
            ("http://h:80/p?q", Some(("http", "h:80")), "/p", "q", ""),
            ("http://h", Some(("http", "h")), "/", "", ""),
            ("*", None, "*", "", ""),
            ("/?u=http://x/", None, "/", "u=http://x/", ""),
            ("", None, "", "", ""),
        ] {
            let t = Target::new(target);
            assert_eq!((t.authority, t.path, t.query), (authority, path, query), "{target}");
            assert_eq!(t.extension(), extension, "{target}");
        }
    }

    #[test]
    fn names_and_values() {
        let bump = Bump::new();
        let show = |pairs: Vec<(&[u8], &[u8])>| {
            pairs.iter().map(|(n, v)| format!("{}={}", String::from_utf8_lossy(n), String::from_utf8_lossy(v))).collect::<Vec<_>>()
        };
        assert_eq!(show(pairs(b"a=1&b&&a=%20=&=x")), ["a=1", "b=", "a=%20=", "=x"]);
        assert_eq!(show(cookies(b"a=1; %62%zz=%20 ;c; ", &bump).collect()), ["a=1", "b%zz=%20", "c="]);
    }

    #[test]
    fn languages_by_weight() {
        assert_eq!(languages("fr;q=0.5, *;q=0.1, en, de;q=0.7, it;q=0"), ["en", "de", "fr"]);
        assert!(languages("").is_empty());
    }
}
