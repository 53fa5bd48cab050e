//! A program with everything it needs: what all backends share is prepared here, once.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use foldhash::fast::RandomState;
use quintet_lang::ast::{Expr, FnId, ListId, ListRef, NeedleId, Program, Regex, RegexId, Set, SetId, Site, SiteId, Span, Stmt, WildcardId};
use quintet_lang::validate::validate;
use quintet_lang::{Checked, Limits, Marked, Scheme};
use regex_automata::nfa::thompson::WhichCaptures;

use crate::cost::{Counting, makes};
use crate::functions::{BoundFunction, Library, caught};
use crate::layout::Layout;
use crate::lists::{Lists, Slot};
use crate::matchers::{RegexMatcher, Searcher, SetMatcher, WildcardMatcher};
use crate::places::Places;
use crate::plan::{self, Plan, RulePlan};
use crate::prefilter::{self, Index, PREFILTER_PAYS};
use crate::room::Room;
use crate::state::{StatePlan, lower};
use crate::thresholds::{Crossings, Threshold, Thresholds};
use crate::trap::{Fault, Trap};
use crate::value::Value;

/// A checked program together with its prepared literals, bound functions and lists. Shared by all backends that compile it; its parts
/// never move or change while it lives, so generated code may hold their addresses along with an `Arc` of it.
pub struct Linked {
    program: Program,
    layout: Arc<Layout>,
    limits: Limits,
    thresholds: Settings,
    crossings: Crossings,
    counts_turns: bool,
    sets: Vec<SetMatcher>,
    searchers: Vec<Searcher>,
    /// Each pattern once.
    regexes: Vec<RegexMatcher>,
    /// Where in `regexes` each of the program's stands.
    regex_places: Vec<u32>,
    wildcards: Vec<WildcardMatcher>,
    functions: Vec<BoundFunction>,
    lists: Vec<Arc<Slot>>,
    places: Places,
    plan: Plan,
    /// By call: the function's name, where it is a simple one of the standard library.
    simple: Vec<Option<&'static str>>,
    prefilter: Option<Box<Index>>,
    /// What [`Linked::countings`] answers for the budget that it was asked about first.
    countings: OnceLock<(u64, Box<[Counting]>)>,
    /// What [`Linked::makes`] answers.
    makes: OnceLock<Box<[bool]>>,
    /// What is done around the rules of a program that keeps state.
    state: Option<Box<StatePlan>>,
}

/// What the thresholds are set to: for the usual settings nothing is kept.
enum Settings {
    /// The default ones.
    Default,
    /// The default ones, with that of the prefilter at what pays.
    Prefilter,
    /// Others.
    Own(Box<Thresholds>),
}

impl Settings {
    /// The default ones, with that of the prefilter at what pays where it is on.
    fn new(prefilter: bool) -> Settings {
        if prefilter { Settings::Prefilter } else { Settings::Default }
    }

    /// What one is set to.
    fn get(&self, threshold: Threshold) -> usize {
        match self {
            Settings::Own(thresholds) => thresholds.get(threshold),
            Settings::Prefilter if threshold == Threshold::PrefilterRules => PREFILTER_PAYS,
            Settings::Prefilter | Settings::Default => threshold.default(),
        }
    }
}

/// Why a program cannot be linked.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct LinkError {
    message: String,
    span: Span,
}

/// A rule or function is too large to make code of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} has {count} expressions, and code is made of at most {limit}; split it, put long lists of values into sets, raise the limit \
     `code_expressions`, or use a backend that makes no code: interp or closures",
    match (function, name.as_str()) {
        (false, "") => "the rule".to_owned(),
        (false, name) => format!("rule `{name}`"),
        (true, name) => format!("function `{name}`"),
    }
)]
pub struct TooLarge {
    name: String,
    /// Whether it is a function, and not a rule or the body of one.
    function: bool,
    count: usize,
    limit: usize,
}

/// Whether there are no more rules than allowed.
fn few_enough(program: &Program, limits: &Limits) -> Result<(), LinkError> {
    let Some(rule) = program.rules.get(limits.rules) else { return Ok(()) };
    let message = format!("the program has {} rules; at most {} are allowed", program.rules.len(), limits.rules);
    Err(LinkError { message, span: rule.span })
}

/// Whether the rules can be run by themselves, in any order.
fn stateless(program: &Program) -> Result<(), LinkError> {
    let Some(span) = program.state.states.first().map(|state| state.span).or(program.state.steps.first().map(|step| step.span)) else {
        return Ok(());
    };
    Err(LinkError {
        message: "these rules keep state or have outputs: only `quintet run`, or a session of the library, has their answers".into(),
        span,
    })
}

/// Whether the library has the functions that a program calls, as the program's scheme declares them.
fn known(program: &Program, library: &Library) -> Result<(), LinkError> {
    if program.sites.is_empty() {
        return Ok(());
    }
    let mut seen = BTreeSet::new();
    for site in program.sites.iter().filter(|site| seen.insert(site.function)) {
        let declared = program.scheme.function(site.function);
        let ours = library.signature(&declared.name).ok_or_else(|| unknown(&declared.name, site.span))?;
        if !ours.is_like(declared) {
            let message = format!(
                "function `{}` has another signature in the scheme than in the library; build the scheme with `Library::signatures`",
                declared.name
            );
            return Err(LinkError { message, span: site.span });
        }
    }
    Ok(())
}

fn unknown(name: &str, span: Span) -> LinkError {
    LinkError { message: format!("function `{name}` is declared by the scheme but the library has no such function"), span }
}

/// What is prepared of the entries of one of a program's tables, most of which are empty in most programs.
#[inline]
pub(crate) fn prepared<T, P, C: Default + FromIterator<P>>(table: &[T], prepare: impl FnMut(&T) -> P) -> C {
    if table.is_empty() { C::default() } else { table.iter().map(prepare).collect() }
}

/// How many expressions there are in one, itself included.
fn expressions(expr: &Expr) -> usize {
    let mut count = 1;
    expr.children(&mut |child| count += expressions(child));
    count
}

impl LinkError {
    /// The place in the source that is at fault.
    pub fn span(&self) -> Span {
        self.span
    }
}

/// What has a share of the room that a program's patterns have together.
#[derive(Default)]
struct Patterns {
    regexes: Vec<RegexMatcher>,
    regex_places: Vec<u32>,
    functions: Vec<BoundFunction>,
}

impl Patterns {
    /// Prepares the regular expressions and functions, and sees whether they and the wildcard patterns are within their limits.
    fn new(program: &Program, library: &Library, limits: &Limits) -> Result<Patterns, LinkError> {
        if program.regexes.is_empty() && program.wildcards.is_empty() && program.sites.is_empty() {
            return Ok(Patterns::default());
        }
        let mut places: HashMap<&str, u32, RandomState> = HashMap::default();
        let mut first = Vec::new();
        let mut regex_places = Vec::with_capacity(program.regexes.len());
        for regex in &program.regexes {
            regex_places.push(*places.entry(&regex.pattern).or_insert_with(|| {
                first.push(regex);
                first.len() as u32 - 1
            }));
        }
        let has_regex = |site: &&Site| library.get(&program.scheme.function(site.function).name).is_some_and(|b| b.has_regex());
        let room = Room::new(limits, first.len() + program.sites.iter().filter(has_regex).count());
        let compiled = |r: &Regex| {
            if let Some(simple) = RegexMatcher::simple(&r.pattern) {
                return Ok(simple);
            }
            let regex = room.regex(&r.pattern, WhichCaptures::None).map_err(|message| LinkError { message, span: r.span })?;
            Ok(RegexMatcher::of(regex))
        };
        let regexes = first.into_iter().map(compiled).collect::<Result<_, _>>()?;
        // A pattern of one text is no more than `contains`, of which passes make such ones.
        for wildcard in program.wildcards.iter().filter(|wildcard| wildcard.parts.iter().filter(|part| !part.is_empty()).count() > 1) {
            room.stars(wildcard.parts.len().saturating_sub(1)).map_err(|message| LinkError { message, span: wildcard.span })?;
        }
        let functions = program
            .sites
            .iter()
            .map(|site| {
                let name = &program.scheme.function(site.function).name;
                let bind = library.get(name).ok_or_else(|| unknown(name, site.span))?;
                let may_be_nil = program.scheme.function(site.function).may_be_nil;
                caught(|| bind.bind_within(site, &room))
                    .unwrap_or_else(|| Err("the function panicked when it was given its constant arguments".into()))
                    .map(|function| BoundFunction::new(function, site.result.clone(), may_be_nil))
                    .map_err(|message| LinkError { message: format!("{name}: {message}"), span: site.span })
            })
            .collect::<Result<_, _>>()?;
        Ok(Patterns { regexes, regex_places, functions })
    }
}

impl Linked {
    /// Prepares `program`, with the default thresholds.
    ///
    /// # Errors
    /// More rules than allowed, a program that was put together by hand and is [not valid](validate), a regular expression or wildcard
    /// pattern over its limit or that of all together, a function that the library lacks, that it has with another signature or that
    /// refuses a constant argument, a list that is not declared.
    pub fn new(program: Program, library: &Library, lists: &Lists, limits: &Limits) -> Result<Arc<Linked>, LinkError> {
        Linked::with_thresholds(program, library, lists, limits, Thresholds::default())
    }

    /// Prepares a program that nobody can have altered since it was checked, with the default thresholds; where `prefilter` says so, with
    /// that of the prefilter at what pays.
    ///
    /// # Errors
    /// As [`Linked::new`].
    pub fn of_checked(
        program: Checked,
        library: &Library,
        lists: &Lists,
        limits: &Limits,
        prefilter: bool,
    ) -> Result<Arc<Linked>, LinkError> {
        debug_assert!(validate(&program).is_ok());
        few_enough(&program, limits)?;
        stateless(&program)?;
        Linked::prepare(program.into_program(), library, lists, limits, Settings::new(prefilter))
    }

    /// Prepares `program` for backends to compile with these thresholds. They change what rules cost, never what they answer.
    ///
    /// # Errors
    /// As [`Linked::new`].
    pub fn with_thresholds(
        program: Program,
        library: &Library,
        lists: &Lists,
        limits: &Limits,
        thresholds: Thresholds,
    ) -> Result<Arc<Linked>, LinkError> {
        few_enough(&program, limits)?;
        // Whoever holds a program can change it, and generated code trusts it.
        validate(&program)
            .map_err(|invalid| LinkError { message: format!("the program is not valid: {invalid}"), span: Span::default() })?;
        stateless(&program)?;
        Linked::prepare(program, library, lists, limits, Settings::Own(Box::new(thresholds)))
    }

    /// Prepares a program that may keep state. Where it does, instances of it answer only what [`Session`](crate::Session) makes answers of,
    /// and [`Linked::program`] is the part of it that they run. `prefilter` says what it says of [`Linked::of_checked`].
    ///
    /// # Errors
    /// As [`Linked::new`].
    pub fn stateful(
        program: Program,
        library: &Library,
        lists: &Lists,
        limits: &Limits,
        prefilter: bool,
    ) -> Result<Arc<Linked>, LinkError> {
        few_enough(&program, limits)?;
        validate(&program)
            .map_err(|invalid| LinkError { message: format!("the program is not valid: {invalid}"), span: Span::default() })?;
        if program.state.is_empty() {
            return Linked::prepare(program, library, lists, limits, Settings::new(prefilter));
        }
        let (program, state) = lower(program);
        debug_assert_eq!(validate(&program), Ok(()));
        let mut linked = Linked::prepare(program, library, lists, limits, Settings::new(prefilter))?;
        // Nobody else has it yet.
        if let Some(linked) = Arc::get_mut(&mut linked) {
            linked.state = Some(Box::new(state));
        }
        Ok(linked)
    }

    /// Prepares a valid program of no more rules than allowed.
    fn prepare(
        program: Program,
        library: &Library,
        lists: &Lists,
        limits: &Limits,
        thresholds: Settings,
    ) -> Result<Arc<Linked>, LinkError> {
        known(&program, library)?;
        let patterns = Patterns::new(&program, library, limits)?;
        let slot = |l: &ListRef| {
            lists.slot(&l.name, &l.ty).ok_or_else(|| LinkError {
                message: format!("there is no list `${}` of {}; declare it before rules that name it are linked", l.name, l.ty),
                span: l.span,
            })
        };
        let lists = if program.lists.is_empty() { Vec::new() } else { program.lists.iter().map(slot).collect::<Result<_, _>>()? };
        let sets: Vec<SetMatcher> = prepared(&program.sets, SetMatcher::new);
        let crossings = Crossings::default();
        let plan = Plan::new(&program, &sets, &|threshold, size| crossings.exceeds(threshold, size, thresholds.get(threshold)));
        let mut linked = Arc::new(Linked {
            layout: Layout::of(&program.scheme),
            limits: limits.clone(),
            thresholds,
            crossings,
            counts_turns: true,
            sets,
            searchers: prepared(&program.needles, |needle| Searcher::new(needle)),
            regexes: patterns.regexes,
            regex_places: patterns.regex_places,
            wildcards: prepared(&program.wildcards, WildcardMatcher::new),
            functions: patterns.functions,
            lists,
            places: Places::new(&program),
            plan,
            simple: prepared(&program.sites, |site| library.simple(&program.scheme.function(site.function).name)),
            prefilter: None,
            countings: OnceLock::new(),
            makes: OnceLock::new(),
            state: None,
            program,
        });
        // Nobody else has it yet.
        if let Some(linked) = Arc::get_mut(&mut linked) {
            linked.prefilter = prefilter::index(linked);
        }
        Ok(linked)
    }

    /// The program.
    #[inline]
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// How the steps of each rule are counted, with so many in the budget.
    pub fn countings(&self, steps: u64) -> Cow<'_, [Counting]> {
        let all = || -> Vec<Counting> { (0..self.program.rules.len()).map(|rule| Counting::of(self, rule, steps)).collect() };
        let (known, countings) = self.countings.get_or_init(|| (steps, all().into()));
        if *known == steps { Cow::Borrowed(countings) } else { Cow::Owned(all()) }
    }

    /// Of each rule whether evaluating it [may make values](makes) that are left at its end.
    pub fn makes(&self) -> &[bool] {
        self.makes.get_or_init(|| self.program.rules.iter().map(|rule| makes(&self.program, rule)).collect())
    }

    /// The scheme of the records that it runs on.
    pub fn scheme(&self) -> &Scheme {
        &self.program.scheme
    }

    /// The layout of those records.
    #[inline]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The limits that it was linked with.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The same for jit and wasm to leave out the steps of the turns and calls of scripts, so that what counting them costs can be measured;
    /// `None` where it has other owners. Nothing ends a loop without end then: for measuring alone.
    #[doc(hidden)]
    pub fn without_turns(linked: Arc<Linked>) -> Option<Arc<Linked>> {
        let linked = Arc::into_inner(linked)?;
        Some(Arc::new(Linked { counts_turns: false, ..linked }))
    }

    /// Whether turns and calls of scripts count steps: always but for measuring.
    #[doc(hidden)]
    pub fn counts_turns(&self) -> bool {
        self.counts_turns
    }

    /// What a threshold is set to.
    pub fn threshold(&self, threshold: Threshold) -> usize {
        self.thresholds.get(threshold)
    }

    /// Whether a size is beyond a threshold. Asked where code is made, and noted; see [`Linked::crossings`].
    pub fn exceeds(&self, threshold: Threshold, size: usize) -> bool {
        self.crossings.exceeds(threshold, size, self.threshold(threshold))
    }

    /// The members of a literal set of byte strings, in byte order; of another set none. They stand in the program, so that code may refer to where
    /// they are for as long as that lives.
    pub fn members(&self, id: SetId) -> Vec<&[u8]> {
        let mut members: Vec<&[u8]> = match self.program().sets.get(id.index()) {
            Some(Set::Bytes(members)) => members.iter().map(Vec::as_slice).collect(),
            Some(Set::Int(_) | Set::Ip(_)) | None => Vec::new(),
        };
        members.sort_unstable();
        members.dedup();
        members
    }

    /// Whether a size was within a threshold, and whether one was beyond, in all that has been compiled of this program so far. By this,
    /// tests see to it that each way has been taken.
    pub fn crossings(&self, threshold: Threshold) -> [bool; 2] {
        self.crossings.get(threshold)
    }

    /// Whether each rule and function is small enough to make code of.
    ///
    /// # Errors
    /// Names the first over [`Limits::code_expressions`].
    pub fn fits_code(&self) -> Result<(), TooLarge> {
        let limit = self.limits.code_expressions;
        let counted = |block: &[Stmt]| {
            let mut count = 0;
            block.iter().for_each(|stmt| stmt.exprs(&mut |e| count += expressions(e)));
            count
        };
        let rules = self.program.rules.iter().map(|rule| (&rule.name, false, counted(&rule.before) + expressions(&rule.expr)));
        let functions = self.program.functions.iter().map(|function| (&function.name, !function.rule, counted(&function.body)));
        match rules.chain(functions).find(|(_, _, count)| *count > limit) {
            None => Ok(()),
            Some((name, function, count)) => Err(TooLarge { name: name.clone(), function, count, limit }),
        }
    }

    /// The number of a place where a trap may happen, for [`Trap::at`](crate::Trap::at): that of a statement or a condition. 0 for all else,
    /// which is at the call or the expression that it belongs to.
    #[doc(hidden)]
    pub fn place(&self, span: Span) -> u32 {
        self.places.number(span)
    }

    /// The trap of a rule that generated code has answered as a number, and where in the source it happened.
    #[doc(hidden)]
    pub fn fault(&self, rule: usize, code: u32) -> Option<(Trap, Span)> {
        let own = || self.program.rules.get(rule).map_or_else(Span::default, |rule| rule.expr.span);
        Some((Trap::from_code(code)?, self.places.span(Trap::place_of(code)).unwrap_or_else(own)))
    }

    /// The same of a function of the program that a host has called. What happened before its first statement happened to all of it.
    #[doc(hidden)]
    pub fn call_fault(&self, function: FnId, code: u32) -> Option<Fault> {
        let own = || self.program.functions.get(function.index()).map_or_else(Span::default, |function| function.span);
        Some(Fault { trap: Trap::from_code(code)?, span: self.places.span(Trap::place_of(code)).unwrap_or_else(own) })
    }

    /// What every backend must know of the program beside its AST.
    #[inline]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What a rule may do and costs, a part of the plan that is made when it is first asked for.
    ///
    /// # Panics
    /// Where the program has no such rule, as an index into its rules would.
    #[inline]
    pub fn rule_plan(&self, index: usize) -> &RulePlan {
        self.plan.rule(&self.program, index)
    }

    /// What is done around the rules of a program that keeps state.
    pub(crate) fn state(&self) -> Option<&StatePlan> {
        self.state.as_deref()
    }

    /// Whether the program keeps state or has outputs, so that only a [`Session`](crate::Session) has its answers.
    pub fn is_stateful(&self) -> bool {
        self.state.is_some()
    }

    /// The plan as text: the same for the same program and version.
    pub fn plan_text(&self) -> String {
        self.plan_marked().text
    }

    /// The same, with what each line stands for.
    pub fn plan_marked(&self) -> Marked {
        plan::text(self)
    }

    /// All prepared sets, by the places of their ids.
    pub(crate) fn sets(&self) -> &[SetMatcher] {
        &self.sets
    }

    /// A prepared set.
    #[inline]
    pub fn set(&self, id: SetId) -> &SetMatcher {
        &self.sets[id.index()]
    }

    /// A prepared needle.
    #[inline]
    pub fn searcher(&self, id: NeedleId) -> &Searcher {
        &self.searchers[id.index()]
    }

    /// A prepared regular expression.
    #[inline]
    pub fn regex(&self, id: RegexId) -> &RegexMatcher {
        &self.regexes[self.regex_places[id.index()] as usize]
    }

    /// A prepared wildcard pattern.
    #[inline]
    pub fn wildcard(&self, id: WildcardId) -> &WildcardMatcher {
        &self.wildcards[id.index()]
    }

    /// The function that a call runs.
    #[inline]
    pub fn function(&self, id: SiteId) -> &BoundFunction {
        &self.functions[id.index()]
    }

    /// The name of the function that a call runs, where it is one of the standard library that cannot trap but for steps and memory, and
    /// takes no more of these than follows from the length of its arguments.
    #[inline]
    pub(crate) fn standard(&self, id: SiteId) -> Option<&'static str> {
        self.simple[id.index()]
    }

    /// Whether instances may ask which rules may match; see [`Candidates`](crate::Candidates).
    pub fn has_prefilter(&self) -> bool {
        self.prefilter.is_some()
    }

    /// The conditions of the rules, where they are asked for before the rules are run.
    pub(crate) fn prefilter(&self) -> Option<&Index> {
        self.prefilter.as_deref()
    }

    /// Whether a rule is run only on the records that have what it requires, because that is asked for before; its code then runs seldom.
    pub fn is_asked(&self, rule: usize) -> bool {
        self.prefilter.as_ref().is_some_and(|index| index.asks(rule))
    }

    /// Whether conditions that rules share are asked for before the rules are run, each on the records that it may match.
    pub fn is_prefiltered(&self) -> bool {
        self.prefilter.is_some()
    }

    /// Whether a named list holds a value; one that has not been filled holds none.
    #[inline]
    pub fn in_list(&self, id: ListId, value: &Value<'_>) -> bool {
        self.lists[id.index()].contains(value)
    }
}

impl std::fmt::Debug for Linked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Linked").field("rules", &self.program.rules.len()).finish_non_exhaustive()
    }
}
