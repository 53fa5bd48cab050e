//! Wildcard patterns.

use memchr::memmem::Finder;
use quintet_lang::ast::Wildcard;

use super::folded::Folded;
use crate::scratch::looked_at;

/// A prepared wildcard pattern; it must match the whole value. Stars are lazy, which decides nothing here: the first place where each
/// part fits leaves the most room for the parts after it.
#[derive(Clone, Debug)]
pub struct WildcardMatcher {
    /// What the value must begin with.
    prefix: Vec<u8>,
    /// What must follow in this order; empty parts are left out.
    middle: Vec<Part>,
    /// What the value must end with, or `None` where the pattern has no star.
    suffix: Option<Vec<u8>>,
    strict: bool,
    /// Bytes of the pattern without its stars.
    literal: usize,
}

#[derive(Clone, Debug)]
enum Part {
    Strict(Box<Finder<'static>>),
    Folded(Folded),
}

impl WildcardMatcher {
    /// Prepares a pattern.
    pub fn new(pattern: &Wildcard) -> WildcardMatcher {
        let strict = pattern.strict;
        let literal = pattern.literal_len();
        let fold = |part: &Vec<u8>| {
            if strict { part.clone() } else { part.to_ascii_lowercase() }
        };
        let mut parts: Vec<Vec<u8>> = pattern.parts.iter().map(fold).collect();
        let suffix = if parts.len() > 1 { parts.pop() } else { None };
        let mut parts = parts.into_iter();
        let prefix = parts.next().unwrap_or_default();
        let middle = parts
            .filter(|p| !p.is_empty())
            .map(|p| if strict { Part::Strict(Box::new(Finder::new(&p).into_owned())) } else { Part::Folded(Folded::new(p)) })
            .collect();
        WildcardMatcher { prefix, middle, suffix, strict, literal }
    }

    /// Bytes of the pattern without its stars: no value with fewer matches.
    pub fn literal_len(&self) -> usize {
        self.literal
    }

    /// Whether the pattern matches all of `value`.
    pub fn is_match(&self, value: &[u8]) -> bool {
        let Some(suffix) = &self.suffix else {
            return self.same(value, &self.prefix);
        };
        if value.len() < self.prefix.len() + suffix.len() {
            return false;
        }
        let (head, rest) = value.split_at(self.prefix.len());
        let (mut rest, tail) = rest.split_at(rest.len() - suffix.len());
        if !self.same(head, &self.prefix) || !self.same(tail, suffix) {
            return false;
        }
        for part in &self.middle {
            match part.find(rest) {
                Some(end) => rest = &rest[end..],
                None => return false,
            }
        }
        true
    }

    /// Steps that a match of a value of this length takes. Without a star in the middle no more is looked at than what the pattern says.
    #[inline]
    pub fn steps(&self, len: usize) -> u64 {
        match (&self.suffix, self.middle.is_empty()) {
            (None, _) if len != self.literal => 0,
            _ if len < self.literal => 0,
            (None, _) | (_, true) => looked_at(self.literal),
            _ => looked_at(len),
        }
    }

    fn same(&self, value: &[u8], part: &[u8]) -> bool {
        if self.strict { value == part } else { value.eq_ignore_ascii_case(part) }
    }
}

impl Part {
    /// One past the end of the part's first occurrence.
    fn find(&self, value: &[u8]) -> Option<usize> {
        match self {
            Part::Strict(finder) => finder.find(value).map(|at| at + finder.needle().len()),
            Part::Folded(part) => part.find(value),
        }
    }
}
