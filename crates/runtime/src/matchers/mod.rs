//! Things prepared once per program and asked for each record: sets, searchers, regular expressions, wildcards.

mod bytes_set;
mod folded;
mod int_set;
mod ip_set;
pub(crate) mod pattern;
mod ranges;
mod regex;
mod required;
mod searcher;
mod short;
mod wildcard;

pub use bytes_set::BytesSet;
pub use int_set::IntSet;
pub use ip_set::{IpSet, ip_from_words, ip_words};
pub use regex::RegexMatcher;
pub(crate) use regex::{CompiledRegex, Run, compile, regex_steps};
pub use searcher::Searcher;
pub use short::{OneByte, ShortNeedle, StoredBytes};
pub use wildcard::WildcardMatcher;

use quintet_lang::Type;
use quintet_lang::ast::Set;

use crate::value::Value;

/// A prepared set.
#[derive(Clone, Debug)]
pub enum SetMatcher {
    /// Of Ints.
    Int(IntSet),
    /// Of addresses.
    Ip(IpSet),
    /// Of byte strings.
    Bytes(BytesSet),
}

impl SetMatcher {
    /// Prepares a literal set.
    pub fn new(set: &Set) -> SetMatcher {
        match set {
            Set::Int(ranges) => SetMatcher::Int(IntSet::new(ranges.iter().copied())),
            Set::Ip(ranges) => SetMatcher::Ip(IpSet::new(ranges.iter().copied())),
            Set::Bytes(members) => SetMatcher::Bytes(BytesSet::new(members.iter().map(Vec::as_slice))),
        }
    }

    /// The type of the members.
    pub fn ty(&self) -> Type {
        match self {
            SetMatcher::Int(_) => Type::Int,
            SetMatcher::Ip(_) => Type::Ip,
            SetMatcher::Bytes(_) => Type::Bytes,
        }
    }

    /// Steps that a look-up of a value takes.
    #[inline]
    pub fn steps(&self, value: &Value<'_>) -> u64 {
        match (self, value) {
            (SetMatcher::Bytes(set), Value::Bytes(b)) => set.steps(b.len()),
            _ => 0,
        }
    }

    /// Whether it holds a value; false for nil and for values of another type.
    #[inline]
    pub fn contains(&self, value: &Value<'_>) -> bool {
        match (self, value) {
            (SetMatcher::Int(set), Value::Int(i)) => set.contains(*i),
            (SetMatcher::Ip(set), Value::Ip(ip)) => set.contains(*ip),
            (SetMatcher::Bytes(set), Value::Bytes(b)) => set.contains(b),
            _ => false,
        }
    }
}
