//! Functions on patterns: wildcards and regular expressions.

use std::iter::once;
use std::ops::Range;
use std::sync::Arc;

use memchr::memmem::Finder;
use quintet_lang::ast::{Site, Wildcard};
use quintet_lang::stdlib::REFERENCES_MOST;
use regex_automata::nfa::thompson::WhichCaptures;
use regex_automata::{Input, PatternID};

use super::Function;
use super::standard::{bytes, flags, prepared};
use super::text::glued;
use crate::matchers::{CompiledRegex, WildcardMatcher, regex_steps};
use crate::room::Room;
use crate::scratch::Scratch;
use crate::trap::Trap;
use crate::value::Value;

/// A part of a replacement.
enum Piece {
    /// This text.
    Text(Vec<u8>),
    /// What the group, or star, with this number matched.
    Group(usize),
}

/// The parts of a replacement: `${...}` is what `group` says of the text between the braces, `$$` a dollar sign.
fn pieces(replacement: &[u8], group: impl Fn(&str) -> Result<usize, String>) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut text = Vec::new();
    let mut references = 0;
    let mut rest = replacement;
    while let Some(at) = memchr::memchr(b'$', rest) {
        text.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(b"$") {
            text.push(b'$');
            rest = after;
            continue;
        }
        let name = rest.strip_prefix(b"{").and_then(|r| r.split(|b| *b == b'}').next().filter(|name| name.len() < r.len()));
        let Some(name) = name else {
            return Err("the replacement has a `$` that is no reference; a reference is written `${1}`, a dollar sign `$$`".into());
        };
        references += 1;
        if !text.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut text)));
        }
        pieces.push(Piece::Group(group(&String::from_utf8_lossy(name))?));
        rest = &rest[name.len() + 2..];
    }
    text.extend_from_slice(rest);
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    if references > REFERENCES_MOST {
        return Err(format!("the replacement has {references} references such as `${{1}}`; at most {REFERENCES_MOST} are allowed"));
    }
    Ok(pieces)
}

/// What stands before the match, the replacement, and what stands after it.
fn replaced<'a, 't>(
    text: &'t [u8],
    found: Range<usize>,
    pieces: &'t [Piece],
    group: impl Fn(usize) -> &'t [u8] + Clone,
    scratch: &'a Scratch,
) -> Result<Value<'a>, Trap> {
    let replacement = pieces.iter().map(move |piece| match piece {
        Piece::Text(text) => text,
        Piece::Group(n) => group(*n),
    });
    let parts = once(&text[..found.start]).chain(replacement).chain(once(&text[found.end..]));
    Ok(Value::Bytes(glued(parts, scratch)?))
}

/// How much the search for groups may take for one regular expression on one thread: bytes of the expression times groups.
const GROUPS_WEIGHT: usize = 64 << 20;

pub(super) fn regex_replace(site: &Site, room: &Room) -> Result<Arc<dyn Function>, String> {
    let pattern = std::str::from_utf8(bytes(site, 1)?)
        .map_err(|_| "the regular expression is not UTF-8; in a raw string r\"...\" it can say `\\xff` for any byte")?;
    let CompiledRegex { regex, states, .. } = room.regex(pattern, WhichCaptures::All)?;
    let groups = regex.captures_len();
    if regex.memory_usage().saturating_mul(groups) > GROUPS_WEIGHT {
        return Err(format!(
            "the regular expression is too large for its {} groups; write `(?:...)` for those that are not used",
            groups - 1
        ));
    }
    let pieces = pieces(bytes(site, 2)?, |name| match name.parse::<usize>() {
        Ok(n) if n < groups => Ok(n),
        Ok(n) => Err(format!("the replacement refers to group {n}, but the regular expression has {}", groups - 1)),
        Err(_) => regex
            .group_info()
            .to_index(PatternID::ZERO, name)
            .ok_or_else(|| format!("the replacement refers to a group `{name}`, but the regular expression has no group of that name")),
    })?;
    let highest = pieces.iter().map(|p| if let Piece::Group(n) = p { *n } else { 0 }).max().unwrap_or(0);
    let states = states.saturating_mul(groups as u64);
    prepared(move |args, scratch| {
        let Some(Value::Bytes(text)) = args.first() else { return Ok(Value::Nil) };
        scratch.steps(regex_steps(states, text.len()))?;
        let mut slots = vec![None; 2 * (highest + 1)];
        let _ = regex.search_slots(&Input::new(*text), &mut slots);
        let range = |n: usize| match (slots.get(2 * n), slots.get(2 * n + 1)) {
            (Some(Some(start)), Some(Some(end))) => Some(start.get()..end.get()),
            _ => None,
        };
        match range(0) {
            Some(found) => replaced(text, found, &pieces, |n| range(n).map_or(&[], |r| &text[r]), scratch),
            None => Ok(Value::Bytes(text)),
        }
    })
}

/// The literal stretches between the stars of a wildcard pattern, escapes undone.
fn parts(pattern: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let (mut parts, mut part, mut star) = (Vec::new(), Vec::new(), false);
    let mut bytes = pattern.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'*' if star => return Err("`**` is no wildcard pattern; one `*` already stands for any text".into()),
            b'*' => parts.push(std::mem::take(&mut part)),
            b'\\' => match bytes.next() {
                Some(escaped @ (b'*' | b'\\')) => part.push(*escaped),
                _ => return Err("a backslash in a wildcard pattern stands before `*` or another backslash; double it".into()),
            },
            byte => part.push(*byte),
        }
        star = *byte == b'*';
    }
    parts.push(part);
    Ok(parts)
}

pub(super) fn wildcard(site: &Site, room: &Room) -> Result<Arc<dyn Function>, String> {
    let parts = parts(bytes(site, 1)?)?;
    room.stars(parts.len() - 1)?;
    let matcher = WildcardMatcher::new(&Wildcard { parts, strict: false, span: site.span });
    prepared(move |args, _| Ok(if let Some(Value::Bytes(text)) = args.first() { Value::Bool(matcher.is_match(text)) } else { Value::Nil }))
}

/// A wildcard pattern that says what each star matched. Stars are lazy: each takes the shortest stretch with which the rest fits.
struct Stars {
    prefix: Vec<u8>,
    /// The parts between two stars, which are never empty.
    middle: Vec<Finder<'static>>,
    /// What follows the last star; `None` where there is no star.
    suffix: Option<Vec<u8>>,
    /// Whether case counts; otherwise all parts are in lower case.
    strict: bool,
}

impl Stars {
    fn new(pattern: &[u8], strict: bool) -> Result<Stars, String> {
        let mut parts = parts(pattern)?;
        if !strict {
            parts.iter_mut().for_each(|p| p.make_ascii_lowercase());
        }
        let suffix = if parts.len() > 1 { parts.pop() } else { None };
        let mut parts = parts.into_iter();
        let prefix = parts.next().unwrap_or_default();
        Ok(Stars { prefix, middle: parts.map(|p| Finder::new(&p).into_owned()).collect(), suffix, strict })
    }

    fn count(&self) -> usize {
        self.suffix.as_ref().map_or(0, |_| self.middle.len() + 1)
    }

    /// What each star matches if the pattern matches all of `text`.
    fn find(&self, text: &[u8]) -> Option<Vec<Range<usize>>> {
        if self.strict { self.find_exact(text) } else { self.find_exact(&text.to_ascii_lowercase()) }
    }

    fn find_exact(&self, text: &[u8]) -> Option<Vec<Range<usize>>> {
        let Some(suffix) = &self.suffix else {
            return (text == self.prefix).then(Vec::new);
        };
        let mut rest = text.strip_prefix(self.prefix.as_slice())?.strip_suffix(suffix.as_slice())?;
        let mut at = self.prefix.len();
        let mut stars = Vec::with_capacity(self.count());
        for part in &self.middle {
            let len = part.find(rest)?;
            stars.push(at..at + len);
            let taken = len + part.needle().len();
            (at, rest) = (at + taken, &rest[taken..]);
        }
        stars.push(at..at + rest.len());
        Some(stars)
    }
}

pub(super) fn wildcard_replace(site: &Site, room: &Room) -> Result<Arc<dyn Function>, String> {
    let strict = flags(site, 3, &[(b's', "case counts")])?.contains(&b's');
    let stars = Stars::new(bytes(site, 1)?, strict)?;
    room.stars(stars.count())?;
    let pieces = pieces(bytes(site, 2)?, |name| match name.parse::<usize>() {
        Ok(n) if (1..=stars.count()).contains(&n) => Ok(n),
        _ => Err(match stars.count() {
            0 => format!("the replacement refers to `${{{name}}}`, but the pattern has no `*`"),
            count => format!("the replacement refers to `${{{name}}}`, but the pattern's `*` are numbered from 1 to {count}"),
        }),
    })?;
    prepared(move |args, scratch| {
        let Some(Value::Bytes(text)) = args.first() else { return Ok(Value::Nil) };
        match stars.find(text) {
            Some(found) => replaced(text, 0..text.len(), &pieces, |n| found.get(n - 1).map_or(&[], |r| &text[r.clone()]), scratch),
            None => Ok(Value::Bytes(text)),
        }
    })
}
