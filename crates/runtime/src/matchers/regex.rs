//! Regular expressions over bytes.

use quintet_lang::Limits;
use regex_automata::meta::{BuildError, Config, Regex};
use regex_automata::nfa::thompson::WhichCaptures;
use regex_automata::util::syntax;
use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::pattern::syntax;
use super::required::Required;

/// Compiles a pattern with these captures; answers its states too. Unicode and UTF-8 modes are off and nothing is anchored, as in wirefilter.
pub(crate) fn compile(pattern: &str, captures: WhichCaptures, bytes: usize, cache: usize) -> Result<CompiledRegex, Box<BuildError>> {
    let config = Config::new()
        .utf8_empty(false)
        .which_captures(captures)
        .nfa_size_limit(Some(bytes))
        .onepass(false)
        .dfa(false)
        .hybrid_cache_capacity(cache);
    let syntax = syntax();
    let mut builder = Regex::builder();
    builder.configure(config).syntax(syntax);
    // What is malformed is left to the builder to say.
    let (hir, regex) = match syntax::parse_with(pattern, &syntax) {
        Ok(hir) => {
            let regex = builder.build_from_hir(&hir);
            (hir, regex)
        }
        Err(_) => (Hir::empty(), builder.build(pattern)),
    };
    Ok(CompiledRegex { regex: regex.map_err(Box::new)?, states: states(&hir), hir })
}

/// What compiling a pattern makes.
pub(crate) struct CompiledRegex {
    pub(crate) regex: Regex,
    pub(crate) states: u64,
    /// What the pattern says.
    pub(crate) hir: Hir,
}

/// A compiled regular expression.
#[derive(Clone, Debug)]
pub struct RegexMatcher {
    kind: Kind,
    states: u64,
    /// No value of fewer bytes matches.
    least: usize,
    required: Option<Box<Required>>,
}

#[derive(Clone, Debug)]
enum Kind {
    /// Any expression.
    Regex(Regex),
    /// So many bytes of a class and nothing else: `^[a-z0-9-]+$`.
    Run(Run),
    /// So many bytes of a class or more, anywhere: `[a-z2-7]{40,}`.
    Span(Span),
}

/// An expression without the groups around it.
fn bare(mut hir: &Hir) -> &Hir {
    while let HirKind::Capture(capture) = hir.kind() {
        hir = &capture.sub;
    }
    hir
}

/// Bytes of which any text, of so many of them, is matched by an expression.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) may_be: Box<[bool; 256]>,
    pub(crate) least: usize,
    pub(crate) most: usize,
    /// Whether no other text is.
    pub(crate) only: bool,
}

impl Run {
    /// What the expression is, where it is one: `^[a-z]{1,63}$`, or `^([a-z]|%[0-9a-f]{2})*$`, which matches other texts, too.
    pub(crate) fn of(hir: &Hir) -> Option<Run> {
        let HirKind::Concat(parts) = hir.kind() else { return None };
        let [start, middle, end] = parts.as_slice() else { return None };
        if !matches!((start.kind(), end.kind()), (HirKind::Look(Look::Start), HirKind::Look(Look::End))) {
            return None;
        }
        let middle = bare(middle);
        let (each, least, most) = match middle.kind() {
            HirKind::Repetition(it) => (bare(&it.sub), it.min as usize, it.max.map_or(usize::MAX, |most| most as usize)),
            _ => (middle, 1, 1),
        };
        let each = match each.kind() {
            HirKind::Alternation(branches) => branches.as_slice(),
            _ => std::slice::from_ref(each),
        };
        let mut run = Run { may_be: Box::new([false; 256]), least, most, only: true };
        for branch in each.iter().map(bare) {
            match branch.kind() {
                HirKind::Class(class) => fill(&mut run.may_be, class)?,
                HirKind::Literal(literal) if literal.0.len() == 1 => run.may_be[usize::from(literal.0[0])] = true,
                HirKind::Literal(_)
                | HirKind::Empty
                | HirKind::Look(_)
                | HirKind::Repetition(_)
                | HirKind::Capture(_)
                | HirKind::Concat(_)
                | HirKind::Alternation(_) => run.only = false,
            }
        }
        run.may_be.contains(&true).then_some(run)
    }

    #[inline]
    fn is_match(&self, bytes: &[u8]) -> bool {
        // To leave off at each byte would take longer than to look at eight.
        let all = |bytes: &[u8]| bytes.iter().fold(true, |all, byte| all & self.may_be[*byte as usize]);
        let (eights, rest) = bytes.as_chunks::<8>();
        bytes.len() >= self.least && bytes.len() <= self.most && eights.iter().all(|eight| all(eight)) && all(rest)
    }
}

/// A class, of whose bytes so many are to stand together.
#[derive(Clone, Debug)]
struct Span {
    may_be: Box<[bool; 256]>,
    least: usize,
}

impl Span {
    /// What the expression is, where it is one.
    fn of(hir: &Hir) -> Option<Span> {
        let HirKind::Repetition(repetition) = bare(hir).kind() else { return None };
        let HirKind::Class(class) = bare(&repetition.sub).kind() else { return None };
        let mut may_be = Box::new([false; 256]);
        fill(&mut may_be, class)?;
        (repetition.min > 0).then_some(Span { may_be, least: repetition.min as usize })
    }

    /// Looks at the last byte of a place first: where it is none of the class, no place before it need be looked at. No byte is looked at twice.
    #[inline]
    fn is_match(&self, bytes: &[u8]) -> bool {
        // All bytes from a start to here are of the class.
        let (mut known, mut end) = (0, self.least);
        while let Some(unknown) = bytes.get(known..end) {
            match unknown.iter().rposition(|byte| !self.may_be[*byte as usize]) {
                None => return true,
                Some(other) => (known, end) = (end, known + other + 1 + self.least),
            }
        }
        false
    }
}

/// Adds the bytes of a class, if they are bytes.
fn fill(may_be: &mut [bool; 256], class: &Class) -> Option<()> {
    let class = match class {
        Class::Bytes(class) => class.clone(),
        Class::Unicode(class) => class.to_byte_class()?,
    };
    class.iter().for_each(|range| may_be[range.start() as usize..=range.end() as usize].fill(true));
    Some(())
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
        match RegexMatcher::simple(pattern) {
            Some(simple) => Ok(simple),
            None => compile(pattern, WhichCaptures::None, limits.regex_bytes, limits.regex_cache_bytes).map(RegexMatcher::of),
        }
    }

    /// What was compiled without captures, and its states.
    pub(crate) fn of(CompiledRegex { regex, states, hir }: CompiledRegex) -> RegexMatcher {
        let least = hir.properties().minimum_len().unwrap_or(0);
        RegexMatcher { kind: Kind::Regex(regex), states, least, required: Required::of(&hir).map(Box::new) }
    }

    /// A pattern for which no expression needs to be compiled.
    pub(crate) fn simple(pattern: &str) -> Option<RegexMatcher> {
        // Parsing the others takes time.
        let whole = pattern.starts_with('^') && pattern.ends_with('$');
        let begins_with_class = |pattern: &str| pattern.starts_with('[') || pattern.starts_with(r"\d") || pattern.starts_with(r"\w");
        let repeats_class = begins_with_class(pattern.strip_prefix("(?i)").unwrap_or(pattern)) && pattern.ends_with(['}', '+']);
        if !whole && !repeats_class {
            return None;
        }
        let hir = syntax::parse_with(pattern, &syntax()).ok()?;
        let (least, kind) = if whole {
            let run = Run::of(&hir).filter(|run| run.only)?;
            (run.least, Kind::Run(run))
        } else {
            let span = Span::of(&hir)?;
            (span.least, Kind::Span(span))
        };
        Some(RegexMatcher { states: states(&hir), least, kind, required: Required::of(&hir).map(Box::new) })
    }

    /// Steps that a search of so many bytes takes; none where they are too few to match.
    #[inline]
    pub fn steps(&self, bytes: usize) -> u64 {
        if bytes < self.least { 0 } else { regex_steps(self.states, bytes) }
    }

    /// The bytes of the shortest value that may match.
    pub fn least(&self) -> usize {
        self.least
    }

    /// Whether it matches somewhere in `bytes`.
    #[inline]
    pub fn is_match(&self, bytes: &[u8]) -> bool {
        match &self.kind {
            Kind::Regex(regex) => {
                bytes.len() >= self.least
                    && self.required.as_ref().is_none_or(|required| required.may_be_in(bytes))
                    && regex.is_match(bytes)
            }
            Kind::Run(run) => run.is_match(bytes),
            Kind::Span(span) => span.is_match(bytes),
        }
    }

    /// Texts of which a value holds at least one, both folded to lower case, whenever it matches.
    pub(crate) fn required(&self) -> Option<&[Vec<u8>]> {
        self.required.as_ref().map(|required| required.texts.as_slice())
    }

    /// Bytes of heap memory that it takes, without the caches of threads.
    pub fn bytes(&self) -> usize {
        let kind = match &self.kind {
            Kind::Regex(regex) => regex.memory_usage(),
            Kind::Run(Run { may_be, .. }) | Kind::Span(Span { may_be, .. }) => size_of_val(&**may_be),
        };
        kind + self.required.as_ref().map_or(0, |required| required.bytes())
    }
}
