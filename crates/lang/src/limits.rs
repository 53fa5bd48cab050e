//! Every bound that Quintet puts on a rule, in one place.

use serde::{Deserialize, Serialize};

/// The largest [`Limits::memory_bytes`]: 256 MiB, which every backend has room for.
pub const HARD_MEMORY_BYTES: usize = 256 << 20;

/// The largest [`Limits::steps`]: 2^46, which no evaluation reaches within a day.
pub const HARD_STEPS: u64 = 1 << 46;

/// The largest [`Limits::calls`]: what the recursion of every backend can take in 1 MiB of stack, half of what threads usually have.
pub const HARD_CALLS: usize = 200;

/// Bytes of a text from which on looking at it counts as a step, and for each of which again; see
/// [`Limits::steps`].
pub const LOOKED_AT: usize = 256;

/// Bounds on texts, on what is prepared from them and on what an evaluation may use. They hold alike on all backends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Bytes of one source text (default 4 MiB).
    pub source_bytes: usize,
    /// Rules of one program (default 100,000).
    pub rules: usize,
    /// Expressions of one rule's text: each operand and each operator is one (default 500,000).
    pub rule_expressions: usize,
    /// Expressions of all rules of one text together (default 1,000,000).
    pub expressions: usize,
    /// Depth of nesting: parentheses, `not`, `any`/`all`, calls, unary operators (default 128, as wirefilter;
    /// more than [`HARD_NESTING`](crate::HARD_NESTING) counts as that).
    pub nesting: usize,
    /// `*` in one wildcard pattern (default unlimited, as wirefilter).
    pub wildcard_stars: usize,
    /// Bytes of one compiled regular expression (default 10 MiB, as wirefilter).
    pub regex_bytes: usize,
    /// Bytes of all compiled regular expressions of one program together, those of `regex_replace` too (default 128 MiB). Equal ones count
    /// once.
    pub regexes_bytes: usize,
    /// Bytes of one regular expression's lazy DFA cache (default 2 MiB, as wirefilter).
    pub regex_cache_bytes: usize,
    /// Bytes of the lazy DFA caches of all regular expressions of one program together, for each thread that evaluates it (default
    /// 128 MiB). Where there are so many expressions that [`regex_cache_bytes`](Limits::regex_cache_bytes) for each would be more, each
    /// gets an equal share: the search takes longer then, and answers the same.
    pub regex_caches_bytes: usize,
    /// Bytes that the function results and arrays of one rule on one record may take together (default 16 MiB; more than
    /// [`HARD_MEMORY_BYTES`] counts as that). More is the trap `memory`.
    pub memory_bytes: usize,
    /// Steps that one rule may take on one record: elements that loops visit, calls of functions, and in proportion bytes that are
    /// searched (default 33,554,432, which takes half a second or a second on most backends; more than [`HARD_STEPS`] counts as
    /// that). More is the trap `budget`.
    pub steps: u64,
    /// Calls of the script's functions that may go on inside one another (default 200, at most [`HARD_CALLS`]). More is the trap `calls`.
    pub calls: usize,
    /// Expressions of one rule or function, after the passes, that a backend may make code of (default 5,000: each operand and each operator is one).
    /// What code generators do with one function grows faster than the function. A larger rule is an error on `jit`, `wasm` and `lua`;
    /// `interp` and `closures` make no code and take any.
    pub code_expressions: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            source_bytes: 4 << 20,
            rules: 100_000,
            rule_expressions: 500_000,
            expressions: 1_000_000,
            nesting: 128,
            wildcard_stars: usize::MAX,
            regex_bytes: 10 << 20,
            regexes_bytes: 128 << 20,
            regex_cache_bytes: 2 << 20,
            regex_caches_bytes: 128 << 20,
            memory_bytes: 16 << 20,
            steps: 1 << 25,
            calls: 200,
            code_expressions: 5_000,
        }
    }
}
