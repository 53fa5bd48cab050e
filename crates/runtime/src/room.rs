//! How much room the literals of one program have while it is linked.

use std::cell::Cell;

use quintet_lang::Limits;
use regex_automata::nfa::thompson::WhichCaptures;

use crate::matchers::{self, CompiledRegex};

/// The limits of a program that is being linked, and what is left of those on all of its literals together.
#[derive(Debug)]
pub struct Room {
    limits: Limits,
    /// Bytes that are left of [`Limits::regexes_bytes`].
    left: Cell<usize>,
    /// Bytes of each lazy DFA cache.
    cache: usize,
}

impl Room {
    /// The room of a program that has this many regular expressions.
    pub fn new(limits: &Limits, regexes: usize) -> Room {
        let cache = limits.regex_cache_bytes.min(limits.regex_caches_bytes / regexes.max(1));
        Room { limits: limits.clone(), left: Cell::new(limits.regexes_bytes), cache }
    }

    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Compiles a regular expression and counts its states: within [`Limits::regex_bytes`], and within what those before it have left of
    /// [`Limits::regexes_bytes`].
    ///
    /// # Errors
    /// In a sentence: the pattern is malformed or too large.
    pub(crate) fn regex(&self, pattern: &str, captures: WhichCaptures) -> Result<CompiledRegex, String> {
        let (one, left) = (self.limits.regex_bytes, self.left.get());
        let compiled =
            matchers::compile(pattern, captures, one.min(left), self.cache).map_err(|e| match (e.size_limit(), e.syntax_error()) {
                (Some(_), _) if left < one => self.full(),
                (Some(limit), _) => {
                    format!("this regular expression takes more than the limit of {limit} bytes; make its repetitions smaller")
                }
                (None, Some(error)) => format!("the regular expression is malformed: {error}"),
                (None, None) => format!("this is not a regular expression: {e}"),
            })?;
        let left = left.checked_sub(compiled.regex.memory_usage()).ok_or_else(|| self.full())?;
        self.left.set(left);
        Ok(compiled)
    }

    fn full(&self) -> String {
        format!(
            "the regular expressions up to this one together take more than the limit of {} bytes; make their repetitions smaller, or raise \
             the limit `regexes_bytes`",
            self.limits.regexes_bytes
        )
    }

    /// Whether a wildcard pattern has no more stars than [`Limits::wildcard_stars`].
    ///
    /// # Errors
    /// In a sentence: it has more.
    pub(crate) fn stars(&self, stars: usize) -> Result<(), String> {
        let most = self.limits.wildcard_stars;
        if stars > most {
            return Err(format!("this pattern has {stars} `*`; at most {most} are allowed"));
        }
        Ok(())
    }
}
