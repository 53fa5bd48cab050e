//! Passes: from a program to an equal one that needs less work.
//!
//! No pass changes an answer, and none hides or adds a trap: what may trap keeps its place among what decides whether it is reached. Only
//! the count of steps and the memory that values take may become lower, so that an evaluation stays within limits that it would have passed.
//! All backends profit alike, and each pass has a switch so that a report can show what it brings.

mod caseless;
pub(crate) mod fold;
mod fuse;
mod literals;
mod logic;
pub(crate) mod ranges;
mod share;
mod walks;

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ast::{Const, Expr, ExprKind, Program, Span};
use crate::check::compact;
use crate::intrinsic::Intrinsic;
use crate::stdlib;
use crate::types::Type;

/// Which passes run; all do by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Passes {
    /// Computes what depends on constants alone. Division by zero is left to trap.
    pub fold: bool,
    /// Makes one `and` of `and` in `and`, and likewise of `or` and `xor`.
    pub flatten: bool,
    /// Removes double negation and turns `not (a == b)` into `a != b`.
    pub negate: bool,
    /// Makes one test of several that `and` joins on one value: `x >= 1 and x <= 9` becomes `x in {1..9}`.
    pub ranges: bool,
    /// Makes one test of several that `or` joins on one value: `x == 1 or x == 2` becomes `x in {1 2}`.
    pub sets: bool,
    /// Puts cheap operands of `and` and `or` before dear ones, where neither can trap and no search, loop or call comes to be made that was
    /// not made before.
    pub order: bool,
    /// Counts the bytes of a text, and the elements of an array of the record, in place instead of by a call of `len`; and makes one loop of
    /// loops that run in lockstep.
    pub inline: bool,
    /// Tests texts in either case where they are, instead of copies that `lower` and `upper` make of them.
    pub caseless: bool,
    /// Makes plain searches and comparisons of regular expressions that are plain texts.
    pub literals: bool,
    /// Prepares equal sets, patterns and needles once; and calls and looks up once a record what rules have in common, where a host has that done for
    /// whole batches.
    pub share: bool,
    /// Asks of many rules at once which of them may match a record, before they are run. It changes no rule; the runtime does it.
    pub prefilter: bool,
}

impl Default for Passes {
    fn default() -> Passes {
        Passes {
            fold: true,
            flatten: true,
            negate: true,
            ranges: true,
            sets: true,
            order: true,
            inline: true,
            caseless: true,
            literals: true,
            share: true,
            prefilter: true,
        }
    }
}

impl Passes {
    /// No pass at all.
    pub fn none() -> Passes {
        Passes {
            fold: false,
            flatten: false,
            negate: false,
            ranges: false,
            sets: false,
            order: false,
            inline: false,
            caseless: false,
            literals: false,
            share: false,
            prefilter: false,
        }
    }

    /// The names of all passes, in the order of the fields.
    pub const NAMES: [&str; 11] =
        ["fold", "flatten", "negate", "ranges", "sets", "order", "inline", "caseless", "literals", "share", "prefilter"];

    /// The switch of the pass with this name.
    fn switch(&mut self, name: &str) -> Option<&mut bool> {
        Some(match name {
            "fold" => &mut self.fold,
            "flatten" => &mut self.flatten,
            "negate" => &mut self.negate,
            "ranges" => &mut self.ranges,
            "sets" => &mut self.sets,
            "order" => &mut self.order,
            "inline" => &mut self.inline,
            "caseless" => &mut self.caseless,
            "literals" => &mut self.literals,
            "share" => &mut self.share,
            "prefilter" => &mut self.prefilter,
            _ => return None,
        })
    }
}

/// There is no pass with this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no pass `{0}`; write `on`, `off`, or names joined by commas: {names}", names = Passes::NAMES.join(", "))]
pub struct UnknownPass(String);

/// `on`, `off`, or the names of those that run, joined by commas.
///
/// ```
/// use quintet_lang::Passes;
/// assert_eq!("fold,share".parse(), Ok(Passes { fold: true, share: true, ..Passes::none() }));
/// assert_eq!("on".parse(), Ok(Passes::default()));
/// assert!("fast".parse::<Passes>().is_err());
/// ```
impl FromStr for Passes {
    type Err = UnknownPass;

    fn from_str(text: &str) -> Result<Passes, UnknownPass> {
        match text {
            "on" => return Ok(Passes::default()),
            "off" => return Ok(Passes::none()),
            _ => {}
        }
        let mut passes = Passes::none();
        for name in text.split(',').map(str::trim) {
            *passes.switch(name).ok_or_else(|| UnknownPass(name.into()))? = true;
        }
        Ok(passes)
    }
}

/// An equal program after these passes. With [`Passes::none`] it is the same program.
///
/// ```
/// use quintet_lang::{Passes, Scheme, Type, compile, optimise};
/// let scheme = Scheme::builder().mandatory("x", Type::Int).mandatory("h", Type::Bytes).build().unwrap();
/// let program = compile("h contains \"admin\" and x >= 1 and x <= 2 + 7", &scheme, &Default::default()).unwrap();
/// assert_eq!(optimise(&program, &Passes::default()).to_string(), "x in {1..9} and h contains \"admin\"\n");
/// ```
pub fn optimise(program: &Program, passes: &Passes) -> Program {
    let mut program = program.clone();
    rewrite(&mut program, passes);
    program
}

/// Makes of a program the equal one after these passes.
pub fn rewrite(program: &mut Program, passes: &Passes) {
    if *passes == Passes::none() {
        return;
    }
    let mut rules = std::mem::take(&mut program.rules);
    let mut rewriter = Rewriter { program, passes };
    let mut functions = std::mem::take(&mut rewriter.program.functions);
    for rule in &mut rules {
        rule.before.iter_mut().for_each(|stmt| stmt.exprs_mut(&mut |e| rewriter.root(e)));
        rewriter.root(&mut rule.expr);
    }
    for function in &mut functions {
        function.body.iter_mut().for_each(|stmt| stmt.exprs_mut(&mut |e| rewriter.root(e)));
    }
    (program.rules, program.functions) = (rules, functions);
    if passes.share {
        share::share(program);
    }
    compact::compact(program);
}

struct Rewriter<'a> {
    /// The program without its rules.
    program: &'a mut Program,
    passes: &'a Passes,
}

impl Rewriter<'_> {
    /// Rewrites an expression from the leaves up.
    fn expr(&mut self, e: &mut Expr) {
        // There is nothing to be done about what every expression ends in.
        if !e.is_end() {
            self.below(e);
            self.top(e);
        }
    }

    /// Rewrites an expression that is part of no other. It stays where it is in the source, where a trap is looked for. An array that is
    /// passed is no value, and stays as it is.
    fn root(&mut self, e: &mut Expr) {
        if !matches!(e.ty, Type::List(..)) {
            let span = e.span;
            self.expr(e);
            e.span = span;
        }
    }

    /// Rewrites what an expression is made of.
    fn below(&mut self, e: &mut Expr) {
        match &mut e.kind {
            ExprKind::Call { args, .. } => args.iter_mut().for_each(|a| self.argument(a)),
            _ => e.children_mut(&mut |child| self.expr(child)),
        }
    }

    /// Rewrites an expression whose parts are rewritten.
    fn top(&mut self, e: &mut Expr) {
        if self.passes.literals {
            self.literal(e);
        }
        if self.passes.inline
            && let ExprKind::Quantifier { each, .. } | ExprKind::Collect(each) = &mut e.kind
        {
            self.walk_together(each);
        }
        match &mut e.kind {
            ExprKind::Compare { .. } | ExprKind::Contains { .. } | ExprKind::Wildcard { .. } if self.passes.caseless => self.caseless(e),
            ExprKind::Quantifier { each, .. } if self.passes.caseless => self.caseless_each(each),
            ExprKind::Logic { .. } => self.logic(e),
            ExprKind::Not(_) if self.passes.negate => self.not(e),
            ExprKind::Call { .. } if self.passes.inline => self.inline(e),
            _ => {}
        }
        if self.passes.fold {
            fold::fold(self.program, e);
        }
    }

    /// Makes of a call of the standard `len` on a text, or on an array of the record, the operation that all backends have code for.
    fn inline(&self, e: &mut Expr) {
        let ExprKind::Call { site, args } = &mut e.kind else { return };
        let Some(site) = self.program.sites.get(site.index()) else { return };
        let function = self.program.scheme.function(site.function);
        if function.name == "len"
            && *function == *stdlib::LEN
            && matches!(args.as_slice(), [of] if of.ty == Type::Bytes || matches!(of.ty, Type::Array(_)) && is_stored(of))
        {
            e.kind = ExprKind::Intrinsic { op: Intrinsic::Len, args: std::mem::take(args) };
        }
    }

    /// An argument of a call stays an expression if it was one: the function's site says which arguments are constants.
    fn argument(&mut self, arg: &mut Expr) {
        if matches!(arg.kind, ExprKind::Const(_)) {
            return;
        }
        self.below(arg);
        if self.passes.inline {
            self.inline(arg);
        }
        // What holds a call only becomes a constant where a constant decides before the call. So calls in calls are not copied again and again.
        let before = (!arg.can_trap() || is_decided(arg)).then(|| arg.clone());
        self.top(arg);
        if let Some(before) = before.filter(|_| matches!(arg.kind, ExprKind::Const(_))) {
            *arg = before;
        }
    }
}

/// Whether a value is in the record, or what a loop binds.
fn is_stored(e: &Expr) -> bool {
    match &e.kind {
        ExprKind::Field(_) | ExprKind::Local(_) => true,
        ExprKind::Index { base, .. } | ExprKind::Key { base, .. } => is_stored(base),
        _ => false,
    }
}

/// Whether a constant stands among the operands of `and`, `or` or `xor`.
fn is_decided(e: &Expr) -> bool {
    let ExprKind::Logic { items, .. } = &e.kind else { return false };
    items.iter().any(|item| matches!(item.kind, ExprKind::Const(_)) || is_decided(item))
}

/// A Bool that is never nil.
fn test(kind: ExprKind, span: Span) -> Expr {
    Expr { kind, ty: Type::Bool, nullable: false, span }
}

fn boolean(value: bool, span: Span) -> Expr {
    test(ExprKind::Const(Const::Bool(value)), span)
}

/// Takes an expression out of its place, which is to be filled again.
fn take(e: &mut Expr) -> Expr {
    let span = e.span;
    std::mem::replace(e, boolean(false, span))
}
