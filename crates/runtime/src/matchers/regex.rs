//! Regular expressions over bytes.

use quintet_lang::Limits;
use regex_automata::meta::{BuildError, Config, Regex};
use regex_automata::nfa::thompson::WhichCaptures;
use regex_automata::util::syntax;
use regex_syntax::hir::{Hir, HirKind};

/// Compiles a pattern with these captures; answers its states too. Unicode and UTF-8 modes are off and nothing is anchored, as in wirefilter.
pub(crate) fn compile(pattern: &str, captures: WhichCaptures, bytes: usize, cache: usize) -> Result<(Regex, u64), Box<BuildError>> {
    let config = Config::new()
        .utf8_empty(false)
        .which_captures(captures)
        .nfa_size_limit(Some(bytes))
        .onepass(false)
        .dfa(false)
        .hybrid_cache_capacity(cache);
    let syntax = syntax::Config::new().unicode(false).utf8(false);
    let mut builder = Regex::builder();
    builder.configure(config).syntax(syntax);
    // What is malformed is left to the builder to say.
    let (states, regex) = match syntax::parse_with(pattern, &syntax) {
        Ok(hir) => (states(&hir), builder.build_from_hir(&hir)),
        Err(_) => (0, builder.build(pattern)),
    };
    Ok((regex.map_err(Box::new)?, states))
}

/// A compiled regular expression.
#[derive(Clone, Debug)]
pub struct RegexMatcher {
    regex: Regex,
    states: u64,
}

/// States of an expression: its bytes, classes and assertions, with repetitions written out. What a search takes at worst is in
/// proportion to this and to the length of the value.
fn states(hir: &Hir) -> u64 {
    match hir.kind() {
        HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len() as u64,
        HirKind::Capture(capture) => states(&capture.sub),
        HirKind::Concat(parts) => parts.iter().fold(0, |sum, part| sum.saturating_add(states(part))),
        HirKind::Alternation(parts) => parts.iter().fold(1, |sum, part| sum.saturating_add(states(part))),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.map_or(u64::from(repetition.min) + 1, u64::from).max(1);
            states(&repetition.sub).saturating_add(1).saturating_mul(times)
        }
    }
}

/// Steps that a search of so many bytes for an expression of so many states takes.
#[inline]
pub(crate) fn regex_steps(states: u64, bytes: usize) -> u64 {
    states.saturating_mul(bytes as u64) / 16
}

impl RegexMatcher {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// When the pattern is malformed or larger than the limits allow.
    pub fn new(pattern: &str, limits: &Limits) -> Result<RegexMatcher, Box<BuildError>> {
        let (regex, states) = compile(pattern, WhichCaptures::None, limits.regex_bytes, limits.regex_cache_bytes)?;
        Ok(RegexMatcher { regex, states })
    }

    /// What was compiled without captures, and its states.
    pub(crate) fn of((regex, states): (Regex, u64)) -> RegexMatcher {
        RegexMatcher { regex, states }
    }

    /// Steps that a search of so many bytes takes.
    #[inline]
    pub fn steps(&self, bytes: usize) -> u64 {
        regex_steps(self.states, bytes)
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
