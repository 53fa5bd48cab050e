//! What a rule requires of a record: tests of single values, of which at least one holds wherever the rule matches.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use quintet_lang::ast::{Clause, CompareOp, Const, Expr, ExprKind, LocalId, LogicOp, Needle, Quantifier, Rule, Set};
use quintet_lang::intrinsic::Intrinsic;
use quintet_lang::{FieldId, Presence, Type};

use super::bound::is_bounded;
use super::index::Asked;
use crate::linked::Linked;
use crate::matchers::pattern;
use crate::rarity;

/// The most tests of one condition; sets and alternations may have many.
const TESTS: usize = 4096;

/// What is asked at most of what a rule requires beside its first condition.
const OTHERS: usize = 7;

/// Conditions that leave more of the records than this are none.
const WORTH: f64 = 0.75;

/// Where values are that are looked at: a field, what stands under a key of it, or what is in there.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Source {
    pub(super) field: FieldId,
    /// The key, of a map.
    pub(super) key: Option<Vec<u8>>,
    /// How many arrays and maps, one inside the other, are opened: all that is in them is looked at.
    pub(super) open: u32,
    /// Whether it is the length of the value.
    pub(super) len: bool,
}

/// A test of a value. Texts are folded to lower case, and so is the value that is looked at for one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Test {
    Contains(Vec<u8>),
    Begins(Vec<u8>),
    Ends(Vec<u8>),
    Equals(Vec<u8>),
    Int(i64, i64),
    Ip(IpAddr, IpAddr),
    /// The value has a byte that is not of this class: by byte whether it is.
    Beyond(Box<[bool; 256]>),
    /// There is no value.
    Missing,
}

/// What a rule requires.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    /// At least one of these tests holds for a value of its source.
    pub(super) tests: Vec<(Source, Test)>,
    /// What these ask of sources, each once and in order.
    pub(super) kinds: Vec<(Source, Kind)>,
    /// The first operands of the rule's `and` that must stay within the limits where none holds, so that the rule answers false; all of the
    /// rule where it is no `and`.
    pub(super) operands: usize,
    /// About what leaving the rule out saves, in tests of numbers.
    pub(super) weight: u32,
    /// Whether it holds only where what it was taken from is true, too, as long as the values that are looked at have no upper case letters.
    pub(super) exact: bool,
    /// What else the rule requires, the rarest first; of that, once it was said what is asked, what is.
    pub(super) others: Vec<Condition>,
    /// Whether all of these together say that the rule matches, as far as they are [exact](Condition::exact).
    pub(super) whole: bool,
    /// The share of records that meet it, as far as one can say before there are any.
    share: f64,
}

impl Condition {
    /// The tests of everything that is required, each once.
    pub(super) fn all_tests(&self) -> impl Iterator<Item = &(Source, Test)> {
        self.tests.iter().chain(self.others.iter().flat_map(|other| &other.tests))
    }

    /// The share of records that is taken to meet it where it is weighed against others: numbers and addresses are seldom spread as evenly as
    /// [`rarity`] has them.
    pub(super) fn shown(&self) -> f64 {
        let of = |(_, kind): &(Source, Kind)| match kind {
            Kind::Int | Kind::Ip => 0.25,
            Kind::Contains | Kind::Begins | Kind::Ends | Kind::Equals | Kind::Beyond | Kind::Missing => 0.02,
        };
        self.kinds.iter().map(of).fold(self.share, f64::max).min(1.0)
    }

    /// Whether all its tests are asked.
    pub(super) fn is_of(&self, asked: &Asked) -> bool {
        self.kinds.iter().all(|kind| asked.contains(kind))
    }

    /// Leaves the other conditions to those that are asked, and to [`OTHERS`] of them.
    pub(super) fn ask_only(&mut self, asked: &Asked) {
        let before = self.others.len();
        self.others.retain(|other| other.is_of(asked));
        self.others.truncate(OTHERS);
        self.whole &= self.others.len() == before;
        self.operands = self.others.iter().map(|other| other.operands).fold(self.operands, usize::max);
    }
}

/// Where the value of an expression comes from.
#[derive(Clone)]
struct Origin {
    source: Source,
    /// Whether it is part of the source's value, and not all of it.
    part: bool,
    /// Whether the source's values are this one and no other, as long as they have no upper case letters.
    exact: bool,
}

/// The best condition of a rule, if there is one that is worth asking.
pub(super) fn of(linked: &Linked, rule: &Rule) -> Option<Condition> {
    if !rule.is_expression() {
        return None;
    }
    let operands = match &rule.expr.kind {
        ExprKind::Logic { op: LogicOp::And, items } => items.as_slice(),
        _ => std::slice::from_ref(&rule.expr),
    };
    // What stands before an operand is evaluated before it, and must not end in a trap either.
    let bounded = operands.iter().take_while(|operand| is_bounded(linked, operand));
    let mut finder = Finder { linked, locals: HashMap::new() };
    let mut conditions: Vec<Condition> = bounded
        .zip(1..)
        .filter_map(|(operand, operands)| {
            let condition = finder.required(operand)?;
            Some(Condition { operands, weight: weight(operand, &condition), ..condition })
        })
        .collect();
    let whole = conditions.len() == operands.len() && conditions.iter().all(|condition| condition.exact);
    conditions.sort_by(|a, b| a.share.total_cmp(&b.share));
    let mut conditions = conditions.into_iter();
    let mut first = conditions.next().filter(|condition| condition.share <= WORTH)?;
    first.others = conditions.collect();
    first.whole = whole;
    Some(first)
}

/// About what a search takes in calls and loops, what it takes otherwise, and what other tests of texts take.
const CALLED: u32 = 40;
const SEARCH: u32 = 10;
const TEXT: u32 = 2;

/// The most that any rule may weigh.
pub(super) const MOST: u32 = CALLED;

/// The most that a rule may weigh, whatever its condition is.
pub(super) fn most(rule: &Rule) -> u32 {
    let (mut searches, mut walks) = (false, false);
    rule.expr.walk(&mut |e| match e.kind {
        ExprKind::Call { .. } => (searches, walks) = (true, true),
        ExprKind::Quantifier { .. } => walks = true,
        // A text that is part of another may stand anywhere in it.
        ExprKind::Contains { .. } | ExprKind::Matches { .. } | ExprKind::Wildcard { .. } | ExprKind::Slice { .. } => searches = true,
        ExprKind::Const(_)
        | ExprKind::Field(_)
        | ExprKind::Local(_)
        | ExprKind::Index { .. }
        | ExprKind::Key { .. }
        | ExprKind::Element { .. }
        | ExprKind::Count(_)
        | ExprKind::Packed(_)
        | ExprKind::Intrinsic { .. }
        | ExprKind::Otherwise { .. }
        | ExprKind::Neg(_)
        | ExprKind::Not(_)
        | ExprKind::Arith { .. }
        | ExprKind::Compare { .. }
        | ExprKind::In { .. }
        | ExprKind::InList { .. }
        | ExprKind::Logic { .. }
        | ExprKind::Present(_)
        | ExprKind::Collect(_) => {}
    });
    match (searches, walks) {
        (true, true) => CALLED,
        (true, false) => SEARCH,
        (false, _) => TEXT,
    }
}

/// About what an operand takes that has a condition.
fn weight(operand: &Expr, condition: &Condition) -> u32 {
    let mut walks = false;
    operand.walk(&mut |e| walks |= matches!(e.kind, ExprKind::Call { .. } | ExprKind::Quantifier { .. }));
    let weight = |test: &Test| match test {
        Test::Contains(_) if walks => CALLED,
        Test::Contains(_) | Test::Beyond(_) => SEARCH,
        Test::Begins(_) | Test::Ends(_) | Test::Equals(_) => TEXT,
        Test::Int(..) | Test::Ip(..) | Test::Missing => 1,
    };
    condition.tests.iter().map(|(_, test)| weight(test)).max().unwrap_or(1)
}

/// How a test is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Contains,
    Begins,
    Ends,
    Equals,
    Int,
    Ip,
    Beyond,
    Missing,
}

impl Test {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Test::Contains(_) => Kind::Contains,
            Test::Begins(_) => Kind::Begins,
            Test::Ends(_) => Kind::Ends,
            Test::Equals(_) => Kind::Equals,
            Test::Int(..) => Kind::Int,
            Test::Ip(..) => Kind::Ip,
            Test::Beyond(_) => Kind::Beyond,
            Test::Missing => Kind::Missing,
        }
    }

    fn share(&self) -> f64 {
        match self {
            Test::Contains(text) => rarity::contains(text),
            Test::Begins(text) | Test::Ends(text) => rarity::anchored(text),
            Test::Equals(text) => rarity::equals(text),
            Test::Int(first, last) => rarity::numbers(*first, *last),
            Test::Ip(IpAddr::V4(first), IpAddr::V4(last)) => rarity::addresses(32 - (first.to_bits() ^ last.to_bits()).leading_zeros(), 32),
            Test::Ip(IpAddr::V6(first), IpAddr::V6(last)) => {
                rarity::addresses(128 - (first.to_bits() ^ last.to_bits()).leading_zeros(), 128)
            }
            // A range across families has no member.
            Test::Ip(..) => 0.0,
            Test::Beyond(_) | Test::Missing => 0.02,
        }
    }
}

fn condition(tests: Vec<(Source, Test)>, exact: bool) -> Option<Condition> {
    if tests.is_empty() || tests.len() > TESTS {
        return None;
    }
    let share = tests.iter().map(|(_, test)| test.share()).sum();
    // Members of a set follow one another.
    let runs = tests.chunk_by(|a, b| a.0 == b.0 && a.1.kind() == b.1.kind()).filter_map(|run| run.first());
    let kinds: BTreeSet<(&Source, Kind)> = runs.map(|(source, test)| (source, test.kind())).collect();
    let kinds = kinds.into_iter().map(|(source, kind)| (source.clone(), kind)).collect();
    Some(Condition { tests, kinds, operands: 1, weight: 1, exact, others: Vec::new(), whole: false, share })
}

/// The condition that a value is in one of some ranges.
fn one_of((source, exact): (Source, bool), tests: impl Iterator<Item = Test>) -> Option<Condition> {
    condition(tests.take(TESTS + 1).map(|test| (source.clone(), test)).collect(), exact)
}

struct Finder<'l> {
    linked: &'l Linked,
    locals: HashMap<LocalId, Origin>,
}

impl<'l> Finder<'l> {
    /// What holds wherever an expression is true.
    fn required(&mut self, expr: &'l Expr) -> Option<Condition> {
        match &expr.kind {
            ExprKind::Logic { op: LogicOp::And, items } => {
                let conditions = items.iter().filter_map(|item| self.required(item));
                let rarest = conditions.min_by(|a, b| a.share.total_cmp(&b.share))?;
                Some(Condition { exact: false, ..rarest })
            }
            ExprKind::Logic { op: LogicOp::Or, items } => {
                let (mut tests, mut exact) = (Vec::new(), true);
                for item in items {
                    let of_item = self.required(item)?;
                    tests.extend(of_item.tests);
                    exact &= of_item.exact;
                }
                condition(tests, exact)
            }
            ExprKind::Quantifier { quantifier: Quantifier::Any, each } => {
                for clause in &each.clauses {
                    match clause {
                        Clause::For(sources) => {
                            for (local, value) in sources {
                                self.bind(*local, self.origin(value).map(opened));
                            }
                        }
                        Clause::Let(local, value) => {
                            self.bind(*local, self.origin(value));
                        }
                    }
                }
                let of_body = self.required(&each.body)?;
                // Of the elements of one array, and not of what is there for them all: there may be none.
                let exact = of_body.exact
                    && match each.clauses.as_slice() {
                        [Clause::For(sources)] if sources.len() == 1 => self.locals.get(&sources[0].0).is_some_and(|origin| {
                            of_body.tests.iter().all(|(source, _)| *source == Source { len: source.len, ..origin.source.clone() })
                        }),
                        _ => false,
                    };
                Some(Condition { exact, ..of_body })
            }
            ExprKind::Compare { op, lhs, rhs, on_nil: false } => match (&lhs.kind, &rhs.kind) {
                (_, ExprKind::Const(constant)) => self.compared(*op, lhs, constant),
                (ExprKind::Const(constant), _) => self.compared(turned(*op), rhs, constant),
                _ => None,
            },
            ExprKind::In { value, set } => self.in_set(value, &self.linked.program().sets[set.index()]),
            ExprKind::Contains { value, needle: Needle::Const(needle) } => {
                self.text(value, self.linked.searcher(*needle).needle(), Test::Contains)
            }
            ExprKind::Matches { value, regex } => {
                let source = self.origin(given(value))?.source;
                let texts = self.linked.regex(*regex).required()?;
                one_of((source, false), texts.iter().cloned().map(Test::Contains))
            }
            ExprKind::Not(of) => match &of.kind {
                ExprKind::Matches { value, regex } => self.unmatched(value, &self.linked.program().regexes[regex.index()].pattern),
                _ => None,
            },
            ExprKind::Wildcard { value, pattern } => match self.linked.program().wildcards[pattern.index()].parts.as_slice() {
                [text] => self.text(value, text, Test::Equals),
                [text, end] if end.is_empty() => self.text(value, text, Test::Begins),
                [start, text] if start.is_empty() => self.text(value, text, Test::Ends),
                [start, text, end] if start.is_empty() && end.is_empty() => self.text(value, text, Test::Contains),
                [first, inner @ .., last] => {
                    let inner = inner.iter().map(|text| self.text(value, text, Test::Contains)).collect::<Vec<_>>();
                    let ends = [self.text(value, first, Test::Begins), self.text(value, last, Test::Ends)];
                    let rarest = ends.into_iter().chain(inner).flatten().min_by(|a, b| a.share.total_cmp(&b.share))?;
                    Some(Condition { exact: false, ..rarest })
                }
                [] => None,
            },
            ExprKind::Call { site, args } => match (self.linked.standard(*site)?, args.as_slice()) {
                ("contains", [value, text]) => self.text(value, constant(text)?, Test::Contains),
                ("starts_with", [value, text]) => self.text(value, constant(text)?, Test::Begins),
                ("ends_with", [value, text]) => self.text(value, constant(text)?, Test::Ends),
                _ => None,
            },
            ExprKind::Const(_)
            | ExprKind::Field(_)
            | ExprKind::Local(_)
            | ExprKind::Index { .. }
            | ExprKind::Key { .. }
            | ExprKind::Slice { .. }
            | ExprKind::Element { .. }
            | ExprKind::Count(_)
            | ExprKind::Packed(_)
            | ExprKind::Intrinsic { .. }
            | ExprKind::Otherwise { .. }
            | ExprKind::Neg(_)
            | ExprKind::Arith { .. }
            | ExprKind::Compare { .. }
            | ExprKind::InList { .. }
            | ExprKind::Contains { .. }
            | ExprKind::Logic { .. }
            | ExprKind::Present(_)
            | ExprKind::Quantifier { .. }
            | ExprKind::Collect(_) => None,
        }
    }

    /// Notes where the value of a local comes from, which may have been another's.
    fn bind(&mut self, local: LocalId, origin: Option<Origin>) {
        match origin {
            Some(origin) => self.locals.insert(local, origin),
            None => self.locals.remove(&local),
        };
    }

    /// What holds wherever a comparison with a constant does.
    fn compared(&mut self, op: CompareOp, value: &'l Expr, constant: &'l Const) -> Option<Condition> {
        match (op, constant) {
            (CompareOp::Eq, Const::Bool(true)) => Some(Condition { exact: false, ..self.required(value)? }),
            (CompareOp::Eq, Const::Bytes(text)) => self.text(value, text, Test::Equals),
            (CompareOp::Eq, Const::Ip(ip)) => one_of(self.whole(value)?, [Test::Ip(*ip, *ip)].into_iter()),
            (_, Const::Int(int)) => {
                let range = match op {
                    CompareOp::Eq => (*int, *int),
                    CompareOp::Lt => (i64::MIN, int.checked_sub(1)?),
                    CompareOp::Le => (i64::MIN, *int),
                    CompareOp::Gt => (int.checked_add(1)?, i64::MAX),
                    CompareOp::Ge => (*int, i64::MAX),
                    CompareOp::Ne => return None,
                };
                one_of(self.number(value)?, [Test::Int(range.0, range.1)].into_iter())
            }
            (_, Const::Bool(_) | Const::U32(_) | Const::Float(_) | Const::Bytes(_) | Const::Ip(_)) => None,
        }
    }

    fn in_set(&mut self, value: &'l Expr, set: &'l Set) -> Option<Condition> {
        match set {
            Set::Int(ranges) => one_of(self.number(value)?, ranges.iter().map(|(first, last)| Test::Int(*first, *last))),
            Set::Ip(ranges) => one_of(self.whole(value)?, ranges.iter().map(|(first, last)| Test::Ip(*first, *last))),
            Set::Bytes(members) => {
                if members.len() > TESTS {
                    return None;
                }
                let conditions = members.iter().map(|member| self.text(value, member, Test::Equals));
                let conditions = conditions.collect::<Option<Vec<_>>>()?;
                let exact = conditions.iter().all(|it| it.exact);
                condition(conditions.into_iter().flat_map(|it| it.tests).collect(), exact)
            }
        }
    }

    /// What holds wherever a pattern does not match a value.
    fn unmatched(&self, value: &'l Expr, pattern: &str) -> Option<Condition> {
        // What stands in lower case may have other bytes than the source.
        let ExprKind::Field(field) = value.kind else { return None };
        let run = pattern::run(pattern)?;
        let source = Source { field, key: None, open: 0, len: false };
        let length = |first, last| (Source { len: true, ..source.clone() }, Test::Int(first, last));
        let mut tests = vec![(source.clone(), Test::Beyond(run.may_be))];
        if self.linked.scheme().field(field).presence == Presence::Optional {
            tests.push((source.clone(), Test::Missing));
        }
        tests.extend(run.least.checked_sub(1).map(|most| length(0, most as i64)));
        tests.extend(run.most.checked_add(1).and_then(|least| Some(length(i64::try_from(least).ok()?, i64::MAX))));
        condition(tests, run.only)
    }

    /// That a value, or what it is part of, passes a test for a text.
    fn text(&self, value: &'l Expr, text: &[u8], test: impl Fn(Vec<u8>) -> Test) -> Option<Condition> {
        let Origin { source, part, exact } = self.origin(if text.is_empty() { value } else { given(value) })?;
        let exact = exact && !part && !text.iter().any(u8::is_ascii_uppercase);
        let text = text.to_ascii_lowercase();
        let test = if part { Test::Contains(text) } else { test(text) };
        match &test {
            // Every value holds, begins with and ends with nothing.
            Test::Contains(text) | Test::Begins(text) | Test::Ends(text) if text.is_empty() => None,
            _ => condition(vec![(source, test)], exact),
        }
    }

    /// The source of a value that is all of what the source has, and whether it is [exact](Origin::exact).
    fn whole(&self, value: &'l Expr) -> Option<(Source, bool)> {
        let Origin { source, part, exact } = self.origin(value)?;
        (!part).then_some((source, exact))
    }

    /// The source of a number: an Int, or the length of something.
    fn number(&self, value: &'l Expr) -> Option<(Source, bool)> {
        let length = |of| self.whole(of).map(|(source, exact)| (Source { len: true, ..source }, exact));
        match &value.kind {
            ExprKind::Call { site, args } => match (self.linked.standard(*site)?, args.as_slice()) {
                ("len", [of]) => length(of),
                _ => None,
            },
            ExprKind::Intrinsic { op: Intrinsic::Len, args } => match args.as_slice() {
                [of] => length(of),
                _ => None,
            },
            _ => self.whole(value),
        }
    }

    /// Where a value comes from, if from one place of the record alone and unchanged but for the case of its letters.
    fn origin(&self, value: &'l Expr) -> Option<Origin> {
        match &value.kind {
            ExprKind::Field(field) => {
                Some(Origin { source: Source { field: *field, key: None, open: 0, len: false }, part: false, exact: true })
            }
            ExprKind::Local(local) => self.locals.get(local).cloned(),
            ExprKind::Index { base, .. } => Some(inexact(opened(self.origin(base)?))),
            ExprKind::Key { base, key } => match (self.origin(base)?, &key.kind) {
                (Origin { source: Source { key: None, open: 0, field, len }, part, exact }, ExprKind::Const(Const::Bytes(key))) => {
                    Some(Origin { source: Source { field, key: Some(key.clone()), open: 0, len }, part, exact })
                }
                (origin, _) => Some(inexact(opened(origin))),
            },
            ExprKind::Slice { base, .. } => Some(Origin { part: true, ..self.origin(base)? }),
            ExprKind::Call { site, args } => match (self.linked.standard(*site)?, args.as_slice()) {
                ("lower", [text]) => self.origin(text),
                ("upper", [text]) => Some(inexact(self.origin(text)?)),
                ("substring", [text, ..]) => Some(Origin { part: true, ..self.origin(text)? }),
                _ => None,
            },
            _ => None,
        }
    }
}

fn opened(mut origin: Origin) -> Origin {
    origin.source.open += 1;
    origin
}

/// A value that is not the only one that its source has, or is another text where that has no upper case letters.
fn inexact(origin: Origin) -> Origin {
    Origin { exact: false, ..origin }
}

/// The value itself, where nothing takes the place of nil: an empty text passes no test for another one.
fn given(value: &Expr) -> &Expr {
    match &value.kind {
        ExprKind::Otherwise { value, default } if constant(default).is_some_and(<[u8]>::is_empty) => value,
        _ => value,
    }
}

/// The text that an expression is, if it is constant.
fn constant(expr: &Expr) -> Option<&[u8]> {
    match &expr.kind {
        ExprKind::Const(Const::Bytes(text)) if expr.ty == Type::Bytes => Some(text),
        _ => None,
    }
}

/// The operator for operands in the other order.
fn turned(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Lt => CompareOp::Gt,
        CompareOp::Le => CompareOp::Ge,
        CompareOp::Gt => CompareOp::Lt,
        CompareOp::Ge => CompareOp::Le,
        CompareOp::Eq => CompareOp::Eq,
        CompareOp::Ne => CompareOp::Ne,
    }
}
