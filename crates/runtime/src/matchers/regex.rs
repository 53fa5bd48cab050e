//! Regular expressions over bytes.

use quintet_lang::Limits;
use regex_automata::meta::{BuildError, Config, Regex};
use regex_automata::util::syntax;

/// A compiled regular expression. Unicode and UTF-8 modes are off and nothing is anchored, as in wirefilter.
#[derive(Clone, Debug)]
pub struct RegexMatcher {
    regex: Regex,
}

impl RegexMatcher {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// When the pattern is malformed or larger than the limits allow.
    pub fn new(pattern: &str, limits: &Limits) -> Result<RegexMatcher, Box<BuildError>> {
        let config = Config::new()
            .utf8_empty(false)
            .which_captures(regex_automata::nfa::thompson::WhichCaptures::None)
            .nfa_size_limit(Some(limits.regex_bytes))
            .onepass(false)
            .dfa(false)
            .hybrid_cache_capacity(limits.regex_cache_bytes);
        Regex::builder()
            .configure(config)
            .syntax(syntax::Config::new().unicode(false).utf8(false))
            .build(pattern)
            .map(|regex| RegexMatcher { regex })
            .map_err(Box::new)
    }

    /// Whether it matches somewhere in `bytes`.
    #[inline]
    pub fn is_match(&self, bytes: &[u8]) -> bool {
        self.regex.is_match(bytes)
    }

    /// Bytes of heap memory that it takes, without the caches of threads.
    pub fn bytes(&self) -> usize {
        self.regex.memory_usage()
    }
}
