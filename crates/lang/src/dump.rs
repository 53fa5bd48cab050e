//! The AST as text: an indented tree with types, stable and without spans.

use std::fmt::{self, Write};

use crate::ast::{
    Clause, Const, Each, Expr, ExprKind, Filling, Function, LocalId, Needle, Over, Place, Program, Rule, Span, Stmt, StmtKind,
};
use crate::marked::Marked;
use crate::print::{members, quote, wildcard_text};
use crate::state::Action;

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
    dump_marked(program).text
}

/// The same, with the expression, statement, rule or function that each line stands for.
pub fn dump_marked(program: &Program) -> Marked {
    let mut text = Marked::default();
    // Writing to a String cannot fail.
    for rule in &program.rules {
        let _ = dump_rule(program, rule, &mut text);
    }
    for function in &program.functions {
        let _ = dump_function(program, function, &mut text);
    }
    for state in &program.state.states {
        let _ = writeln!(
            text,
            "state {:?} {} key body {} {:?} max {}",
            state.name,
            state.kind.word(),
            state.key.values.0,
            state.life,
            state.max
        );
    }
    for step in &program.state.steps {
        let rule = program.rules.get(step.rule as usize).map_or("?", |rule| rule.name.as_str());
        let _ = match &step.action {
            Action::On(updates) => {
                let _ = writeln!(text, "on {rule:?} after {} rules", step.after);
                updates.iter().try_for_each(|update| {
                    let name = program.state.states.get(update.state as usize).map_or("?", |state| state.name.as_str());
                    writeln!(text, "  {name} {:?}", update.change)
                })
            }
            Action::Output(output) => {
                writeln!(
                    text,
                    "output {:?} on {rule:?} after {} rules: {:?} of body {}",
                    output.name, step.after, output.format, output.values.0
                )
            }
        };
    }
    text.mark([]);
    text
}

fn dump_rule(program: &Program, rule: &Rule, out: &mut Marked) -> fmt::Result {
    writeln!(out, "rule {:?}", rule.name)?;
    out.mark([rule.span]);
    let mut dumper = Dumper { program, out, stmt: rule.span };
    dumper.block(&rule.before, 1)?;
    dumper.expr(&rule.expr, 1, "")
}

fn dump_function(program: &Program, function: &Function, out: &mut Marked) -> fmt::Result {
    write!(out, "{} {:?}", if function.rule { "body" } else { "fn" }, function.name)?;
    for (place, local) in function.frame.locals.iter().enumerate() {
        let word = if place < function.params as usize { "param" } else { "local" };
        write!(out, "\n  {word} l{place} {:?} : {}{}", local.name, local.ty, if local.nullable { "?" } else { "" })?;
    }
    for answer in &function.results {
        write!(out, "\n  result : {}{}", answer.ty, if answer.nullable { "?" } else { "" })?;
    }
    writeln!(out)?;
    out.mark([function.span]);
    Dumper { program, out, stmt: function.span }.block(&function.body, 1)
}

struct Dumper<'p, 'o> {
    program: &'p Program,
    out: &'o mut Marked,
    /// The statement that is written, or else the rule.
    stmt: Span,
}

impl Dumper<'_, '_> {
    fn local(&self, id: LocalId) -> String {
        format!("l{}", id.0)
    }

    fn line(&mut self, depth: usize, role: &str, what: &str, expr: &Expr) -> fmt::Result {
        let nil = if expr.nullable { "?" } else { "" };
        writeln!(self.out, "{:1$}{role}{what} : {2}{nil}", "", 2 * depth, expr.ty)?;
        self.out.mark([expr.span]);
        Ok(())
    }

    fn place(&self, place: Place) -> String {
        match place {
            Place::Local(local) => self.local(local),
            Place::Table(table) => self.program.tables.get(table.index()).map_or("?", |t| t.name.as_str()).to_owned(),
        }
    }

    fn block(&mut self, block: &[Stmt], depth: usize) -> fmt::Result {
        block.iter().try_for_each(|stmt| self.stmt(stmt, depth))
    }

    fn say(&mut self, depth: usize, text: &str) -> fmt::Result {
        writeln!(self.out, "{:1$}{text}", "", 2 * depth)?;
        self.out.mark([self.stmt]);
        Ok(())
    }

    fn stmt(&mut self, stmt: &Stmt, depth: usize) -> fmt::Result {
        let outer = std::mem::replace(&mut self.stmt, stmt.span);
        self.stmt_here(stmt, depth)?;
        self.stmt = outer;
        Ok(())
    }

    fn stmt_here(&mut self, stmt: &Stmt, depth: usize) -> fmt::Result {
        let next = depth + 1;
        match &stmt.kind {
            StmtKind::Set { local, value } => self.expr(value, depth, &format!("{} = ", self.local(*local))),
            StmtKind::Fill { array, with } => {
                let name = self.local(*array);
                match with {
                    Filling::Items(items) => {
                        self.say(depth, &format!("fill {name} with {} items", items.len()))?;
                        items.iter().try_for_each(|item| self.expr(item, next, ""))
                    }
                    Filling::Repeat(value, count) => {
                        self.say(depth, &format!("fill {name} with repeated"))?;
                        self.expr(value, next, "")?;
                        self.expr(count, next, "times ")
                    }
                    Filling::Each(value) => {
                        self.say(depth, &format!("fill each of {name}"))?;
                        self.expr(value, next, "")
                    }
                    Filling::Copy(place) => self.say(depth, &format!("fill {name} with a copy of {}", self.place(*place))),
                }
            }
            StmtKind::Store { array, index, value } => {
                self.say(depth, &format!("store {}", self.local(*array)))?;
                self.expr(index, next, "at ")?;
                self.expr(value, next, "")
            }
            StmtKind::Push { array, value } => {
                self.say(depth, &format!("push {}", self.local(*array)))?;
                self.expr(value, next, "")
            }
            StmtKind::Pop { local, array } => {
                let to = local.map_or_else(String::new, |local| format!("{} = ", self.local(local)));
                self.say(depth, &format!("{to}pop {}", self.local(*array)))
            }
            StmtKind::Call { results, function, args } => {
                let name = self.program.functions.get(function.index()).map_or("?", |f| f.name.as_str());
                let names: Vec<String> = results.iter().map(|local| self.local(*local)).collect();
                let to = if names.is_empty() { String::new() } else { format!("{} = ", names.join(", ")) };
                self.say(depth, &format!("{to}call {name:?}"))?;
                for arg in args {
                    match (&arg.ty, &arg.kind) {
                        (crate::types::Type::List(..), ExprKind::Local(local)) => {
                            let name = self.local(*local);
                            self.line(next, "", &format!("array {name}"), arg)?;
                        }
                        _ => self.expr(arg, next, "")?,
                    }
                }
                Ok(())
            }
            StmtKind::If { arms, otherwise } => {
                for (place, (condition, body)) in arms.iter().enumerate() {
                    self.expr(condition, depth, if place == 0 { "if " } else { "else if " })?;
                    self.block(body, next)?;
                }
                if otherwise.is_empty() {
                    return Ok(());
                }
                self.say(depth, "else")?;
                self.block(otherwise, next)
            }
            StmtKind::While { condition, body } => {
                self.say(depth, "while")?;
                self.expr(condition, next, "holds ")?;
                self.block(body, next)
            }
            StmtKind::For { local, over, body } => {
                let name = self.local(*local);
                match over {
                    Over::Range { start, end, inclusive } => {
                        self.say(depth, &format!("for {name}"))?;
                        self.expr(start, next, "from ")?;
                        self.expr(end, next, if *inclusive { "through " } else { "to " })?;
                    }
                    Over::Value(value) => self.expr(value, depth, &format!("for {name} in "))?,
                    Over::Array(place) => self.say(depth, &format!("for {name} in {}", self.place(*place)))?,
                }
                self.block(body, next)
            }
            StmtKind::Break => self.say(depth, "break"),
            StmtKind::Continue => self.say(depth, "continue"),
            StmtKind::Return(values) => {
                self.say(depth, "return")?;
                values.iter().try_for_each(|value| self.expr(value, next, ""))
            }
        }
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
            ExprKind::Element { array, index } => {
                self.line(depth, role, &format!("element of {}", self.place(*array)), e)?;
                self.expr(index, next, "")
            }
            ExprKind::Count(array) => self.line(depth, role, &format!("count of {}", self.place(*array)), e),
            ExprKind::Packed(array) => self.line(depth, role, &format!("bytes of {}", self.place(*array)), e),
            ExprKind::Intrinsic { op, args } => {
                self.line(depth, role, op.name(), e)?;
                args.iter().try_for_each(|a| self.expr(a, next, ""))
            }
            ExprKind::Otherwise { value, default } => {
                self.line(depth, role, "otherwise", e)?;
                self.expr(value, next, "")?;
                self.expr(default, next, "")
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
                    for (i, (id, source)) in sources.iter().enumerate() {
                        let word = if i == 0 { "for" } else { "and" };
                        let role = format!("{word} {} in ", self.local(*id));
                        self.expr(source, depth, &role)?;
                    }
                }
                Clause::Let(id, value) => {
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
        Const::U32(u) => u.to_string(),
        Const::Float(f) => format!("{f:?}"),
        Const::Bytes(b) => quote(b),
        Const::Ip(ip) => ip.to_string(),
    }
}
