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
mod pattern;
mod script;
mod set;
mod statement;
mod subscript;

use std::collections::HashMap;

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
    lists: HashMap<(String, Type), ast::ListId>,
    /// How many `any` and `all` stand around the current expression.
    quantifiers: usize,
    /// The expressions that were met, of the current rule and of those before it.
    met: Met,
}

/// How many expressions were met.
#[derive(Default)]
struct Met {
    rule: usize,
    before: usize,
    /// Whether it was said that a rule, or the text, has too many.
    said: bool,
}

/// Checks a parsed text against a scheme.
///
/// # Errors
/// Everything that is wrong with it: at least one finding for each rule that does not fit the scheme.
pub fn check(file: &syntax::File, scheme: &Scheme, limits: &Limits) -> Result<Program, Diagnostics> {
    check_all(file, scheme, limits, Findings::default())
}

/// The same for a text of which `diagnostics` are known already.
pub(crate) fn check_all(file: &syntax::File, scheme: &Scheme, limits: &Limits, diagnostics: Findings) -> Result<Program, Diagnostics> {
    check_each(file, scheme, limits, diagnostics, Checker::rule).map(|(program, _)| program)
}

/// What is suspicious about a text that has no errors: names that nothing uses and statements that are never reached. None where it has.
pub(crate) fn check_warnings(file: &syntax::File, scheme: &Scheme, limits: &Limits, diagnostics: Findings) -> Diagnostics {
    let Ok((_, mut warnings)) = check_each(file, scheme, limits, diagnostics, Checker::rule) else {
        return Diagnostics::of(file.source, []);
    };
    unused(file).into_iter().for_each(|warning| warnings.push(warning));
    warnings.on(file.source)
}

/// The same for an expression of any type whose value is wanted.
pub(crate) fn check_value(file: &syntax::File, scheme: &Scheme, limits: &Limits, diagnostics: Findings) -> Result<Program, Diagnostics> {
    check_each(file, scheme, limits, diagnostics, Checker::value_rule).map(|(program, _)| program)
}

fn check_each<'a>(
    file: &'a syntax::File<'a>,
    scheme: &'a Scheme,
    limits: &'a Limits,
    diagnostics: Findings,
    check: fn(&mut Checker<'a>, &'a syntax::Rule<'a>),
) -> Result<(Program, Findings), Diagnostics> {
    let mut checker = Checker {
        scheme,
        limits,
        source: file.source,
        diagnostics,
        warnings: Findings::default(),
        program: Program {
            scheme: scheme.clone(),
            rules: Vec::with_capacity(file.items.len()),
            sets: Vec::new(),
            lists: Vec::new(),
            regexes: Vec::new(),
            wildcards: Vec::new(),
            needles: Vec::new(),
            sites: Vec::new(),
            functions: Vec::new(),
            tables: Vec::new(),
        },
        locals: Vec::new(),
        out: Block::new(),
        script: script::Script::default(),
        lists: HashMap::new(),
        quantifiers: 0,
        met: Met::default(),
    };
    if let Some(rule) = file.rules().nth(limits.rules) {
        let message = format!("this is rule {} of the text; at most {} are allowed", limits.rules + 1, limits.rules);
        let d = Diagnostic::error("too-many-rules", rule.span, message);
        checker.diagnostics.push(d.help("split the rules over several programs, or raise the limit `rules`"));
    }
    checker.declare(file);
    let functions = file.items.iter().filter_map(|item| match item {
        syntax::Item::Function(function) => Some(function),
        syntax::Item::Constant(_) | syntax::Item::Rule(_) => None,
    });
    for function in functions {
        checker.function(function);
        if checker.all_met() {
            break;
        }
    }
    for rule in file.rules().take(limits.rules) {
        let known = checker.program.rules.len();
        check(&mut checker, rule);
        if checker.program.rules.len() == known && !checker.diagnostics.has_errors() {
            // Nothing is left out without a word.
            let d = Diagnostic::error("unchecked", rule.span, "this rule could not be checked");
            checker.diagnostics.push(d.help("write it in another way, and report this text"));
        }
        if checker.all_met() {
            break;
        }
    }
    if checker.diagnostics.has_errors() {
        checker.diagnostics.extend(checker.warnings);
        return Err(checker.diagnostics.on(file.source));
    }
    nil::settle(&mut checker.program);
    let mut program = checker.program;
    compact::compact(&mut program);
    program.name_locals();
    Ok((program, checker.warnings))
}

impl<'a> Checker<'a> {
    fn rule(&mut self, rule: &'a syntax::Rule<'a>) {
        self.quantifiers = 0;
        self.locals.clear();
        self.out.clear();
        let expr = match &rule.body {
            syntax::RuleBody::Expr(e) => self.root(e).and_then(|expr| self.shallow(expr, e.span)).map(|expr| self.outlined(rule, expr)),
            syntax::RuleBody::Block(block) => self.script_rule(rule, block),
        };
        let Ok(expr) = expr else { return };
        let frame = Frame { locals: std::mem::take(&mut self.locals) };
        let before = std::mem::take(&mut self.out);
        self.program.rules.push(Rule { name: rule.name.text.to_owned(), frame, before, expr, span: rule.span });
    }

    /// The expression of a text that is not to have rules. Elements come to an array of their values.
    fn value_rule(&mut self, rule: &'a syntax::Rule<'a>) {
        let e = match &rule.body {
            syntax::RuleBody::Expr(e) if rule.name.text.is_empty() => e,
            _ => {
                let d = Diagnostic::error("not-an-expression", rule.name.span, "an expression is wanted here, not rules");
                self.diagnostics.push(d.help(format!("leave out `rule {} =`", rule.name.text)));
                return;
            }
        };
        let expr = match self.expr(e, Want::default()) {
            Ok(Operand::Plain(expr)) => expr,
            Ok(Operand::Mapped(each) | Operand::Each(each)) => self.collect(each),
            Err(Failed) => return,
        };
        let Ok(expr) = self.shallow(expr, e.span) else { return };
        let frame = Frame { locals: std::mem::take(&mut self.locals) };
        self.program.push_value(frame, expr);
    }

    /// Whether more expressions were met than a text may have. Otherwise the next rule begins to count anew.
    fn all_met(&mut self) -> bool {
        let met = self.met.before + self.met.rule;
        if met > self.limits.expressions {
            return true;
        }
        self.met = Met { rule: 0, before: met, said: false };
        false
    }

    /// Refuses what is nested deeper than all that works on programs can take.
    fn shallow(&mut self, checked: Expr, span: Span) -> Checked<Expr> {
        if depth(&checked) <= HARD_DEPTH - DEEPENED {
            return Ok(checked);
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
    fn meet(&mut self, span: Span) -> Checked<()> {
        self.met.rule += 1;
        let (rule, all) = (self.limits.rule_expressions, self.limits.expressions);
        let (whose, most, limit) = match () {
            _ if self.met.rule > rule => ("rule", rule, "rule_expressions"),
            _ if self.met.rule + self.met.before > all => ("text", all, "expressions"),
            _ => return Ok(()),
        };
        if std::mem::replace(&mut self.met.said, true) {
            return Err(Failed);
        }
        let message = format!("the {whose} has more expressions than the {most} that are allowed; they are used up here");
        let help = format!("split it, write long lists of values as sets (`x in {{1 2 3}}`), or raise the limit `{limit}`");
        self.fail(Diagnostic::error("too-many-expressions", span, message).help(help))
    }

    fn expr(&mut self, e: &syntax::Expr, want: Want<'_>) -> Checked<Operand> {
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
