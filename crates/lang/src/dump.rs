//! The AST as text: an indented tree with types, stable and without spans.

use std::collections::HashMap;
use std::fmt::{self, Write};

use crate::ast::{Clause, Const, Each, Expr, ExprKind, LocalId, Needle, Program, Rule};
use crate::print::{members, quote, wildcard_text};

/// The tree of a whole program. `?` after a type marks a value that may be nil.
///
/// ```text
/// rule ""
///   any
///     for l0 = field names : Array<Bytes>
///     compare ==
///       l0 : Bytes
///       const "a" : Bytes
/// ```
pub fn dump(program: &Program) -> String {
    let mut text = String::new();
    for rule in &program.rules {
        // Writing to a String cannot fail.
        let _ = dump_rule(program, rule, &mut text);
    }
    text
}

fn dump_rule(program: &Program, rule: &Rule, out: &mut String) -> fmt::Result {
    writeln!(out, "rule {:?}", rule.name)?;
    let mut dumper = Dumper { program, out, locals: None };
    dumper.expr(&rule.expr, 1, "")
}

/// What an expression computes, as a text that equal expressions share whatever their locals are called.
pub(crate) fn expr_key(program: &Program, expr: &Expr) -> String {
    let mut out = String::new();
    let _ = Dumper { program, out: &mut out, locals: Some(HashMap::new()) }.expr(expr, 0, "");
    out
}

/// The same for the clauses of a loop.
pub(crate) fn clauses_key(program: &Program, clauses: &[Clause]) -> String {
    let mut out = String::new();
    let _ = Dumper { program, out: &mut out, locals: Some(HashMap::new()) }.clauses(clauses, 0);
    out
}

struct Dumper<'p, 'o> {
    program: &'p Program,
    out: &'o mut String,
    /// Numbers of the locals that were met, where they are to be numbered by their order.
    locals: Option<HashMap<LocalId, usize>>,
}

impl Dumper<'_, '_> {
    fn bind(&mut self, id: LocalId) {
        if let Some(locals) = &mut self.locals {
            let number = locals.len();
            locals.insert(id, number);
        }
    }

    fn local(&self, id: LocalId) -> String {
        match self.locals.as_ref().map(|l| l.get(&id)) {
            None => format!("l{}", id.0),
            Some(Some(number)) => format!("l{number}"),
            Some(None) => format!("outer{}", id.0),
        }
    }

    fn line(&mut self, depth: usize, role: &str, what: &str, expr: &Expr) -> fmt::Result {
        let nil = if expr.nullable { "?" } else { "" };
        writeln!(self.out, "{:1$}{role}{what} : {2}{nil}", "", 2 * depth, expr.ty)
    }

    fn expr(&mut self, e: &Expr, depth: usize, role: &str) -> fmt::Result {
        let program = self.program;
        let next = depth + 1;
        match &e.kind {
            ExprKind::Const(c) => self.line(depth, role, &format!("const {}", show(c)), e),
            ExprKind::Field(id) => self.line(depth, role, &format!("field {}", program.scheme.field(*id).name), e),
            ExprKind::Local(id) => {
                let name = self.local(*id);
                self.line(depth, role, &name, e)
            }
            ExprKind::Index { base, index } => {
                self.line(depth, role, "index", e)?;
                self.expr(base, next, "")?;
                self.expr(index, next, "")
            }
            ExprKind::Key { base, key } => {
                self.line(depth, role, "key", e)?;
                self.expr(base, next, "")?;
                self.expr(key, next, "")
            }
            ExprKind::Slice { base, start, end } => {
                self.line(depth, role, "slice", e)?;
                self.expr(base, next, "")?;
                if let Some(start) = start {
                    self.expr(start, next, "from ")?;
                }
                if let Some(end) = end {
                    self.expr(end, next, "to ")?;
                }
                Ok(())
            }
            ExprKind::Call { site, args } => {
                let name = program.sites.get(site.index()).map_or("?", |s| program.scheme.function(s.function).name.as_str());
                self.line(depth, role, &format!("call {name}"), e)?;
                args.iter().try_for_each(|a| self.expr(a, next, ""))
            }
            ExprKind::Neg(inner) => {
                self.line(depth, role, "neg", e)?;
                self.expr(inner, next, "")
            }
            ExprKind::Not(inner) => {
                self.line(depth, role, "not", e)?;
                self.expr(inner, next, "")
            }
            ExprKind::Present(inner) => {
                self.line(depth, role, "present", e)?;
                self.expr(inner, next, "")
            }
            ExprKind::Arith { op, lhs, rhs } => {
                self.line(depth, role, &format!("arith {}", op.symbol()), e)?;
                self.expr(lhs, next, "")?;
                self.expr(rhs, next, "")
            }
            ExprKind::Compare { op, lhs, rhs, on_nil } => {
                let on_nil = if *on_nil { " (nil: true)" } else { "" };
                self.line(depth, role, &format!("compare {}{on_nil}", op.symbol()), e)?;
                self.expr(lhs, next, "")?;
                self.expr(rhs, next, "")
            }
            ExprKind::In { value, set } => {
                let set = program.sets.get(set.index()).map_or_else(String::new, members);
                self.line(depth, role, &format!("in {{{set}}}"), e)?;
                self.expr(value, next, "")
            }
            ExprKind::InList { value, list } => {
                let name = program.lists.get(list.index()).map_or("?", |l| l.name.as_str());
                self.line(depth, role, &format!("in ${name}"), e)?;
                self.expr(value, next, "")
            }
            ExprKind::Contains { value, needle } => match needle {
                Needle::Const(id) => {
                    let needle = program.needles.get(id.index()).map_or_else(String::new, |n| quote(n));
                    self.line(depth, role, &format!("contains {needle}"), e)?;
                    self.expr(value, next, "")
                }
                Needle::Dynamic(needle) => {
                    self.line(depth, role, "contains", e)?;
                    self.expr(value, next, "")?;
                    self.expr(needle, next, "")
                }
            },
            ExprKind::Matches { value, regex } => {
                let pattern = program.regexes.get(regex.index()).map_or("", |r| r.pattern.as_str());
                self.line(depth, role, &format!("matches {pattern:?}"), e)?;
                self.expr(value, next, "")
            }
            ExprKind::Wildcard { value, pattern } => {
                let pattern = program.wildcards.get(pattern.index());
                let strict = if pattern.is_some_and(|w| w.strict) { "strict " } else { "" };
                let pattern = pattern.map_or_else(String::new, |w| quote(&wildcard_text(w)));
                self.line(depth, role, &format!("{strict}wildcard {pattern}"), e)?;
                self.expr(value, next, "")
            }
            ExprKind::Logic { op, items } => {
                self.line(depth, role, &op.to_string(), e)?;
                items.iter().try_for_each(|i| self.expr(i, next, ""))
            }
            ExprKind::Quantifier { quantifier, each } => {
                self.line(depth, role, &quantifier.to_string(), e)?;
                self.each(each, next)
            }
            ExprKind::Collect(each) => {
                self.line(depth, role, "collect", e)?;
                self.each(each, next)
            }
        }
    }

    fn each(&mut self, each: &Each, depth: usize) -> fmt::Result {
        self.clauses(&each.clauses, depth)?;
        self.expr(&each.body, depth, "")
    }

    fn clauses(&mut self, clauses: &[Clause], depth: usize) -> fmt::Result {
        for clause in clauses {
            match clause {
                Clause::For(sources) => {
                    sources.iter().for_each(|(id, _)| self.bind(*id));
                    for (i, (id, source)) in sources.iter().enumerate() {
                        let word = if i == 0 { "for" } else { "and" };
                        let role = format!("{word} {} in ", self.local(*id));
                        self.expr(source, depth, &role)?;
                    }
                }
                Clause::Let(id, value) => {
                    self.bind(*id);
                    let role = format!("let {} = ", self.local(*id));
                    self.expr(value, depth, &role)?;
                }
            }
        }
        Ok(())
    }
}

fn show(c: &Const) -> String {
    match c {
        Const::Bool(b) => b.to_string(),
        Const::Int(i) => i.to_string(),
        Const::Float(f) => format!("{f:?}"),
        Const::Bytes(b) => quote(b),
        Const::Ip(ip) => ip.to_string(),
    }
}
