//! From syntax tree to typed program.
//!
//! Names are resolved, words become literals of the type that is wanted, and element-wise expressions become loops. What an
//! expression comes to while it is checked is an [`Operand`]: an ordinary value, or a loop that is still open (see
//! [`element`]). A comparison of a loop's elements is again a loop, of Bools; `any` and `all` close it.

mod array;
mod call;
pub(crate) mod compact;
mod compare;
mod element;
mod hint;
mod logic;
mod name;
mod nil;
mod output;
mod pattern;
mod refer;
mod script;
mod set;
mod state;
mod statement;
mod subscript;

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::ast::{self, Block, Clause, Const, Expr, ExprKind, Frame, Local, LocalId, Program, Rule, Span};
use crate::diagnostic::{Diagnostic, Diagnostics, Findings};
use crate::limits::Limits;
use crate::scheme::Scheme;
use crate::syntax;
use crate::types::Type;
use crate::unused::unused;
use crate::validate::{HARD_DEPTH, depth};

pub(crate) use element::{Loop, Operand};
pub(crate) use script::ends;

/// A diagnostic was pushed; there is no typed expression.
#[derive(Debug)]
pub(crate) struct Failed;

pub(crate) type Checked<T> = Result<T, Failed>;

/// What checks a rule, and adds it to the program where nothing is wrong with it.
type Check<'a> = fn(&mut Checker<'a>, &'a syntax::Rule<'a>) -> Checked<()>;

/// What is expected of an expression by its place.
#[derive(Clone, Copy, Default)]
struct Want<'t> {
    /// The type that a literal should have.
    ty: Option<&'t Type>,
    /// Whether a word that starts with a digit is a literal even if a field has that name.
    literal: bool,
    /// Whether a multi-valued field stands for each of its elements here.
    multi: bool,
}

/// What a text gives names to. Most texts name nothing, so all such maps have one seed: an empty one costs nothing then.
type Names<'a, T> = HashMap<&'a str, T, RandomState>;

/// How much deeper passes may make a rule, which is to be read again from its JSON: they write some tests as several.
const DEEPENED: usize = 4;

struct Checker<'a> {
    scheme: &'a Scheme,
    limits: &'a Limits,
    source: &'a str,
    diagnostics: Findings,
    /// What does not reject the text. It is kept apart, so that no number of warnings leaves an error out.
    warnings: Findings,
    program: Program,
    /// The locals of the current rule or function.
    locals: Vec<Local>,
    /// The statements so far of the block that is checked, or those that a rule's expression needs before it.
    out: Block,
    /// What the text defines beside rules.
    script: script::Script<'a>,
    /// The rules and tables of the text.
    known: refer::Known<'a>,
    lists: HashMap<(String, Type), ast::ListId, RandomState>,
    /// How many `any` and `all` stand around the current expression.
    quantifiers: usize,
    /// The types of what was checked, where they are asked for.
    types: Option<Vec<Typed>>,
    /// The expressions that were met, of the current rule and of those before it.
    met: Met,
}

/// The type of a stretch of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    /// An expression, or the name of a local where it is declared.
    pub span: Span,
    /// Its type; for an expression with `[*]` that of each value.
    pub ty: Type,
    /// Whether it may be nil.
    pub nullable: bool,
}

/// How many expressions were met.
struct Met {
    rule: usize,
    before: usize,
    /// How many the current rule may have: what is left of its own limit and of the text's.
    most: usize,
    /// Whether it was said that a rule, or the text, has too many.
    said: bool,
}

impl Met {
    /// The start of a rule that so many stand before.
    fn new(limits: &Limits, before: usize) -> Met {
        Met { rule: 0, before, most: limits.rule_expressions.min(limits.expressions.saturating_sub(before)), said: false }
    }
}

/// Checks a parsed text against a scheme.
///
/// # Errors
/// Everything that is wrong with it: at least one finding for each rule that does not fit the scheme.
pub fn check(file: &syntax::File, scheme: &Scheme, limits: &Limits) -> Result<Program, Diagnostics> {
    check_all(file, scheme, limits, Findings::default())
}

/// The types of all that can be checked of a text, wrong or not, children before what they are part of.
pub(crate) fn check_types(file: &syntax::File, scheme: &Scheme, limits: &Limits) -> Vec<Typed> {
    let scheme = &*refer::with_tables(file, scheme);
    let mut checker = Checker::new(file, scheme, limits, Findings::default());
    checker.types = Some(Vec::new());
    checker.all(file, Checker::rule);
    checker.types.unwrap_or_default()
}

/// The same for a text of which `diagnostics` are known already.
pub(crate) fn check_all(file: &syntax::File, scheme: &Scheme, limits: &Limits, diagnostics: Findings) -> Result<Program, Diagnostics> {
    let scheme = &*refer::with_tables(file, scheme);
    let mut checker = Checker::new(file, scheme, limits, diagnostics);
    if checker.accepts(file, Checker::rule) { Ok(checker.program) } else { Err(checker.errors()) }
}

/// What is suspicious about a text that has no errors: names that nothing uses and statements that are never reached. None where it has.
pub(crate) fn check_warnings(file: &syntax::File, scheme: &Scheme, limits: &Limits, diagnostics: Findings) -> Diagnostics {
    let scheme = &*refer::with_tables(file, scheme);
    let mut checker = Checker::new(file, scheme, limits, diagnostics);
    if checker.accepts(file, Checker::rule) { with_unused(file, checker.warnings) } else { Diagnostics::of(file.source, []) }
}

/// The errors of a text, or else what is suspicious about it.
pub(crate) fn check_findings(file: &syntax::File, scheme: &Scheme, limits: &Limits, diagnostics: Findings) -> Diagnostics {
    let scheme = &*refer::with_tables(file, scheme);
    let mut checker = Checker::new(file, scheme, limits, diagnostics);
    if checker.accepts(file, Checker::rule) { with_unused(file, checker.warnings) } else { checker.errors() }
}

fn with_unused(file: &syntax::File, mut warnings: Findings) -> Diagnostics {
    unused(file).into_iter().for_each(|warning| warnings.push(warning));
    warnings.on(file.source)
}

/// The same for an expression of any type whose value is wanted.
pub(crate) fn check_value(file: &syntax::File, scheme: &Scheme, limits: &Limits, diagnostics: Findings) -> Result<Program, Diagnostics> {
    let scheme = &*refer::with_tables(file, scheme);
    let mut checker = Checker::new(file, scheme, limits, diagnostics);
    if checker.accepts(file, Checker::value_rule) { Ok(checker.program) } else { Err(checker.errors()) }
}

impl<'a> Checker<'a> {
    /// A checker of a text. It is large, and made where it stays.
    #[inline(always)]
    fn new(file: &'a syntax::File<'a>, scheme: &'a Scheme, limits: &'a Limits, diagnostics: Findings) -> Checker<'a> {
        let seed = RandomState::default();
        // What could panic comes before, so that nothing that is made besides is moved.
        let (rules, known) = (Vec::with_capacity(file.items.len()), refer::Known::new(file, &seed));
        Checker {
            scheme,
            limits,
            source: file.source,
            diagnostics,
            warnings: Findings::default(),
            program: Program {
                scheme: scheme.clone(),
                rules,
                sets: Vec::new(),
                lists: Vec::new(),
                regexes: Vec::new(),
                wildcards: Vec::new(),
                needles: Vec::new(),
                sites: Vec::new(),
                functions: Vec::new(),
                tables: Vec::new(),
                state: Default::default(),
            },
            locals: Vec::new(),
            out: Block::new(),
            script: script::Script::new(&seed),
            known,
            lists: HashMap::with_hasher(seed),
            quantifiers: 0,
            types: None,
            met: Met::new(limits, 0),
        }
    }

    /// Checks all that a text defines: whether there is nothing wrong with it. If so, its program is whole.
    fn accepts(&mut self, file: &'a syntax::File<'a>, check: Check<'a>) -> bool {
        self.all(file, check);
        if self.diagnostics.has_errors() {
            return false;
        }
        nil::settle(&mut self.program);
        compact::compact(&mut self.program);
        self.program.name_locals();
        true
    }

    /// What is wrong with a text, and what is suspicious about it.
    #[cold]
    fn errors(mut self) -> Diagnostics {
        self.diagnostics.extend(self.warnings);
        self.diagnostics.on(self.source)
    }

    fn all(&mut self, file: &'a syntax::File<'a>, check: Check<'a>) {
        if file.items.len() > self.limits.rules
            && let Some(rule) = file.rules().nth(self.limits.rules)
        {
            let message = format!("this is rule {} of the text; at most {} are allowed", self.limits.rules + 1, self.limits.rules);
            let d = Diagnostic::error("too-many-rules", rule.span, message);
            self.diagnostics.push(d.help("split the rules over several programs, or raise the limit `rules`"));
        }
        if file.items.iter().any(|item| !matches!(item, syntax::Item::Rule(_))) {
            self.declare(file);
            self.functions(file);
        }
        let mut left = self.limits.rules;
        for item in &file.items {
            match item {
                syntax::Item::Rule(rule) => {
                    if left == 0 {
                        break;
                    }
                    left -= 1;
                    let checked = check(self, rule).is_ok();
                    if !checked && !self.diagnostics.has_errors() {
                        // Nothing is left out without a word.
                        let d = Diagnostic::error("unchecked", rule.span, "this rule could not be checked");
                        self.diagnostics.push(d.help("write it in another way, and report this text"));
                    }
                    self.known.rule(rule.name.text, checked.then(|| self.program.rules.len().saturating_sub(1)));
                }
                syntax::Item::Time(time) => self.time(time),
                syntax::Item::State(state) => self.state(state),
                syntax::Item::On(on) => self.on(on),
                syntax::Item::Output(output) => self.output(output),
                syntax::Item::Constant(_) | syntax::Item::Function(_) => continue,
            }
            if self.all_met() {
                break;
            }
        }
        self.settle_time(file);
    }

    /// Checks the functions that a text defines.
    fn functions(&mut self, file: &'a syntax::File<'a>) {
        let functions = file.items.iter().filter_map(|item| match item {
            syntax::Item::Function(function) => Some(function),
            _ => None,
        });
        self.known.forbid(refer::Place::Function);
        for function in functions {
            self.function(function);
            if self.all_met() {
                break;
            }
        }
        self.known.allow();
    }

    /// Keeps a type that was found, where types are asked for.
    fn note(&mut self, span: Span, ty: &Type, nullable: bool) {
        if let Some(types) = &mut self.types {
            types.push(Typed { span, ty: ty.clone(), nullable });
        }
    }

    /// The same for a local's name.
    fn note_local(&mut self, span: Span, local: LocalId) {
        if self.types.is_some() {
            let Local { ty, nullable, .. } = self.locals[local.index()].clone();
            self.note(span, &ty, nullable);
        }
    }

    fn rule(&mut self, rule: &'a syntax::Rule<'a>) -> Checked<()> {
        self.quantifiers = 0;
        self.locals.clear();
        self.out.clear();
        let expr = match &rule.body {
            syntax::RuleBody::Expr(e) => {
                let expr = self.root(e)?;
                self.shallow(&expr, e.span)?;
                self.outlined(rule, expr)
            }
            syntax::RuleBody::Block(block) => self.script_rule(rule, block)?,
        };
        let frame = Frame { locals: std::mem::take(&mut self.locals) };
        let before = std::mem::take(&mut self.out);
        let meta = self.meta(&rule.meta)?;
        self.program.rules.push(Rule { name: rule.name.text.to_owned(), meta, frame, before, expr, span: rule.span });
        Ok(())
    }

    /// The expression of a text that is not to have rules. Elements come to an array of their values.
    fn value_rule(&mut self, rule: &'a syntax::Rule<'a>) -> Checked<()> {
        let e = match &rule.body {
            syntax::RuleBody::Expr(e) if rule.name.text.is_empty() => e,
            _ => {
                let d = Diagnostic::error("not-an-expression", rule.name.span, "an expression is wanted here, not rules");
                return self.fail(d.help(format!("leave out `rule {} =`", rule.name.text)));
            }
        };
        let expr = match self.expr(e, Want::default())? {
            Operand::Plain(expr) => expr,
            Operand::Mapped(each) | Operand::Each(each) => self.collect(each),
        };
        self.shallow(&expr, e.span)?;
        let frame = Frame { locals: std::mem::take(&mut self.locals) };
        self.program.push_value(frame, expr);
        Ok(())
    }

    /// Whether more expressions were met than a text may have. Otherwise the next rule begins to count anew.
    fn all_met(&mut self) -> bool {
        let met = self.met.before + self.met.rule;
        if met > self.limits.expressions {
            return true;
        }
        self.met = Met::new(self.limits, met);
        false
    }

    /// Refuses what is nested deeper than all that works on programs can take.
    fn shallow(&mut self, checked: &Expr, span: Span) -> Checked<()> {
        if depth(checked) <= HARD_DEPTH - DEEPENED {
            return Ok(());
        }
        let message = format!("more than {} tests and values stand inside one another", HARD_DEPTH - DEEPENED);
        self.fail(Diagnostic::error("nesting", span, message).help("split the rule"))
    }

    fn root(&mut self, e: &syntax::Expr) -> Checked<Expr> {
        let operand = self.expr(e, Want { multi: true, ..Want::default() })?;
        match self.truth(operand, e)? {
            logic::Truth::One(expr) => Ok(expr),
            logic::Truth::Each(_) => {
                let text = self.text(e.span);
                let d = Diagnostic::error("element-wise", e.span, "this is true or false for each element, not as a whole");
                self.fail(d.label("Array<Bool>").help(format!("write `any({text})` or `all({text})`")))
            }
        }
    }

    /// Counts an expression that is about to be checked.
    #[inline]
    fn meet(&mut self, span: Span) -> Checked<()> {
        self.met.rule += 1;
        if self.met.rule <= self.met.most { Ok(()) } else { self.too_many(span) }
    }

    #[cold]
    fn too_many(&mut self, span: Span) -> Checked<()> {
        let (rule, all) = (self.limits.rule_expressions, self.limits.expressions);
        let (whose, most, limit) = if self.met.rule > rule { ("rule", rule, "rule_expressions") } else { ("text", all, "expressions") };
        if std::mem::replace(&mut self.met.said, true) {
            return Err(Failed);
        }
        let message = format!("the {whose} has more expressions than the {most} that are allowed; they are used up here");
        let help = format!("split it, write long lists of values as sets (`x in {{1 2 3}}`), or raise the limit `{limit}`");
        self.fail(Diagnostic::error("too-many-expressions", span, message).help(help))
    }

    /// Checks an expression, and keeps its type where types are asked for. Each level of an expression takes the frames from here to here, so
    /// that this has none of its own, and what [`Checker::expr_of`] calls stays out of line.
    #[inline(always)]
    fn expr(&mut self, e: &syntax::Expr, want: Want<'_>) -> Checked<Operand> {
        if self.types.is_some() { self.expr_noted(e, want) } else { self.expr_of(e, want) }
    }

    #[inline(never)]
    fn expr_noted(&mut self, e: &syntax::Expr, want: Want<'_>) -> Checked<Operand> {
        let operand = self.expr_of(e, want)?;
        self.note_operand(e.span, &operand);
        Ok(operand)
    }

    #[inline(never)]
    fn note_operand(&mut self, span: Span, operand: &Operand) {
        let (ty, nullable) = match operand {
            Operand::Plain(expr) => (expr.ty.clone(), expr.nullable),
            Operand::Mapped(each) => (Type::array(each.elem.ty.clone()), false),
            Operand::Each(each) => (each.elem.ty.clone(), each.elem.nullable),
        };
        self.note(span, &ty, nullable);
    }

    #[inline(never)]
    fn expr_of(&mut self, e: &syntax::Expr, want: Want<'_>) -> Checked<Operand> {
        use syntax::ExprKind as K;
        self.meet(e.span)?;
        match &e.kind {
            K::Word(word) => self.word(word, e.span, want),
            K::Bool(b) => Ok(constant(Const::Bool(*b), e.span)),
            K::Bytes(bytes) => Ok(constant(Const::Bytes(bytes.to_vec()), e.span)),
            K::Sequence { bytes, other } => self.sequence(bytes, other.as_deref(), e.span, want),
            K::Paren(inner) => {
                let mut operand = self.expr(inner, want)?;
                if let Operand::Each(each) = &mut operand {
                    each.logical |= each.elem.ty == Type::Bool;
                }
                Ok(operand)
            }
            K::Call { name, args } => self.call(name, args, e.span, want.multi),
            K::Subscript { base, subscripts } => self.subscripts(base, subscripts, want.multi),
            K::Array(_) | K::Repeat { .. } => self.misplaced_array(e.span),
            K::Tuple(_) => self.misplaced_tuple(e.span),
            K::Otherwise { value, default } => self.otherwise(value, default, e.span, want),
            K::Flip(inner) => self.flip(inner, e.span, want),
            K::Neg(inner) => self.neg(inner, e.span, want),
            K::Not(inner) => self.not(inner, e.span),
            K::Arith { op, lhs, rhs } => self.arith(*op, lhs, rhs, e.span, want),
            K::Compare { op, sides } => self.compare(*op, &sides[0], &sides[1], e.span),
            K::In { value, negated, set } => self.contained(value, *negated, set, e.span),
            K::Contains { value, needle } => self.contains(value, needle, e.span),
            K::Matches { value, pattern } => self.matches(value, pattern, e.span),
            K::Wildcard { value, strict, pattern, pattern_span } => self.wildcard(value, *strict, pattern, *pattern_span, e.span),
            K::Logic { op, items } => self.logic(*op, items, e.span),
            K::Quantifier { quantifier, arg } => self.quantifier(*quantifier, arg, e.span),
        }
    }

    /// An ordinary value: a call over elements becomes the array of its results, a loop of truth values an `Array<Bool>`.
    fn value(&mut self, e: &syntax::Expr, want: Want<'_>) -> Checked<Expr> {
        match self.expr(e, want)? {
            Operand::Plain(expr) => Ok(expr),
            Operand::Mapped(each) => Ok(self.collect(each)),
            Operand::Each(each) if each.logical => Ok(self.collect(each)),
            Operand::Each(_) => self.misplaced_each(e.span),
        }
    }

    fn misplaced_each<T>(&mut self, span: Span) -> Checked<T> {
        self.fail(
            Diagnostic::error("element-wise", span, "an expression with `[*]` cannot stand here")
                .help("`[*]` belongs in `any(...)`, `all(...)` or the first argument of a function"),
        )
    }

    fn fail<T>(&mut self, diagnostic: Diagnostic) -> Checked<T> {
        self.diagnostics.push(diagnostic);
        Err(Failed)
    }

    fn text(&self, span: Span) -> &'a str {
        self.source.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    fn local(&mut self, ty: Type, span: Span) -> (LocalId, Expr) {
        let id = LocalId(self.locals.len() as u32);
        self.locals.push(Local::new(ty.clone()));
        (id, Expr { kind: ExprKind::Local(id), ty, nullable: false, span })
    }

    /// Adds a local that holds `value`, and is skipped where it is nil, to a loop.
    fn bind(&mut self, clauses: &mut Vec<Clause>, value: Expr) -> Expr {
        let (id, local) = self.local(value.ty.clone(), value.span);
        clauses.push(Clause::Let(id, value));
        local
    }

    /// Adds a local that walks the elements of `source`, an array or map, to a loop.
    fn walk(&mut self, clauses: &mut Vec<Clause>, source: Expr) -> Option<Expr> {
        let (id, local) = self.local(source.ty.element()?.clone(), source.span);
        clauses.push(Clause::For(vec![(id, source)]));
        Some(local)
    }
}

fn constant(value: Const, span: Span) -> Operand {
    Operand::Plain(Expr { ty: value.ty(), kind: ExprKind::Const(value), nullable: false, span })
}
