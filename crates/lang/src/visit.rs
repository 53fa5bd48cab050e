//! Walking programs.
//!
//! A [`Visitor`] sees everything a rule is made of: its expressions and loops, and what they refer to in the tables of the program
//! (literal sets, lists, regular expressions, wildcard patterns, needles, call sites). Every method walks on by default, so a visitor
//! writes down only what it looks for. A [`VisitorMut`] changes expressions in place, and literals in their tables.
//!
//! ```
//! use quintet_lang::ast::{Program, Regex};
//! use quintet_lang::visit::Visitor;
//!
//! /// Counts the regular expressions that rules match against.
//! struct Count(usize);
//!
//! impl<'p> Visitor<'p> for Count {
//!     fn regex(&mut self, _: &'p Program, _: &'p Regex) {
//!         self.0 += 1;
//!     }
//! }
//!
//! # let scheme = quintet_lang::Scheme::builder().mandatory("h", quintet_lang::Type::Bytes).build().unwrap();
//! let program = quintet_lang::compile("h ~ \"a+\" or h ~ \"b+\"", &scheme, &Default::default()).unwrap();
//! let mut count = Count(0);
//! count.program(&program);
//! assert_eq!(count.0, 2);
//! ```

use crate::ast::{
    ArithOp, Block, Clause, CompareOp, Const, Each, Expr, ExprKind, Filling, Function, ListRef, LocalId, LogicOp, Needle, Over, Program,
    Quantifier, Regex, Rule, Set, Site, Stmt, StmtKind, Wildcard,
};
use crate::scheme::FieldId;

/// An operator of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// Unary minus.
    Neg,
    /// `not`.
    Not,
    /// Arithmetic and bits.
    Arith(ArithOp),
    /// A comparison.
    Compare(CompareOp),
    /// `in` with a literal set.
    In,
    /// `in` with a named list.
    InList,
    /// `contains`.
    Contains,
    /// `matches`.
    Matches,
    /// `wildcard` and `strict wildcard`.
    Wildcard,
    /// `and`, `or`, `xor`.
    Logic(LogicOp),
    /// `any`, `all`.
    Quantifier(Quantifier),
}

/// The direct children of an expression, shared or to be changed.
macro_rules! children {
    ($name:ident, $iter:ident $(, $mut:tt)?) => {
        /// Calls `visit` on each direct child, in order of evaluation.
        pub fn $name<'e>(&'e $($mut)? self, visit: &mut dyn FnMut(&'e $($mut)? Expr)) {
            match &$($mut)? self.kind {
                ExprKind::Const(_) | ExprKind::Field(_) | ExprKind::Local(_) | ExprKind::Count(_) | ExprKind::Packed(_) => {}
                ExprKind::Element { index, .. } => visit(index),
                ExprKind::Otherwise { value: base, default: other }
                | ExprKind::Index { base, index: other }
                | ExprKind::Key { base, key: other } => {
                    visit(base);
                    visit(other);
                }
                ExprKind::Slice { base, start, end } => {
                    visit(base);
                    for bound in [start, end].into_iter().flatten() {
                        visit(bound);
                    }
                }
                ExprKind::Call { args, .. } | ExprKind::Intrinsic { args, .. } => args.$iter().for_each(visit),
                ExprKind::Neg(e) | ExprKind::Not(e) | ExprKind::Present(e) => visit(e),
                ExprKind::Arith { lhs, rhs, .. } | ExprKind::Compare { lhs, rhs, .. } => {
                    visit(lhs);
                    visit(rhs);
                }
                ExprKind::In { value, .. }
                | ExprKind::InList { value, .. }
                | ExprKind::Matches { value, .. }
                | ExprKind::Wildcard { value, .. } => visit(value),
                ExprKind::Contains { value, needle } => {
                    visit(value);
                    if let Needle::Dynamic(n) = needle {
                        visit(n);
                    }
                }
                ExprKind::Logic { items, .. } => items.$iter().for_each(visit),
                ExprKind::Quantifier { each, .. } | ExprKind::Collect(each) => {
                    for clause in &$($mut)? each.clauses {
                        match clause {
                            Clause::For(sources) => sources.$iter().for_each(|(_, s)| visit(s)),
                            Clause::Let(_, value) => visit(value),
                        }
                    }
                    visit(&$($mut)? each.body);
                }
            }
        }
    };
}

/// The expressions of a statement, shared or to be changed: `$name` with those of the statements in it, `$own` without.
macro_rules! exprs {
    ($name:ident, $own:ident, $each:ident, $iter:ident $(, $mut:tt)?) => {
        /// Calls `visit` on each expression of this statement and those in its blocks that is part of no other expression, in order.
        pub fn $name<'e>(&'e $($mut)? self, visit: &mut dyn FnMut(&'e $($mut)? Expr)) {
            self.$each(true, visit);
        }

        /// Calls `visit` on each expression of this statement, not of those in its blocks, that is part of no other expression, in order. Of
        /// `if` and `while` these are the conditions.
        pub fn $own<'e>(&'e $($mut)? self, visit: &mut dyn FnMut(&'e $($mut)? Expr)) {
            self.$each(false, visit);
        }

        fn $each<'e>(&'e $($mut)? self, within: bool, visit: &mut dyn FnMut(&'e $($mut)? Expr)) {
            match &$($mut)? self.kind {
                StmtKind::Pop { .. } | StmtKind::Break | StmtKind::Continue => {}
                StmtKind::Set { value, .. } | StmtKind::Push { value, .. } => visit(value),
                StmtKind::Fill { with, .. } => match with {
                    Filling::Items(items) => items.$iter().for_each(visit),
                    Filling::Repeat(value, count) => {
                        visit(value);
                        visit(count);
                    }
                    Filling::Each(value) => visit(value),
                    Filling::Copy(_) => {}
                },
                StmtKind::Store { index, value, .. } => {
                    visit(index);
                    visit(value);
                }
                StmtKind::Call { args, .. } => args.$iter().for_each(visit),
                StmtKind::If { arms, otherwise } => {
                    for (condition, body) in arms {
                        visit(condition);
                        if within {
                            body.$iter().for_each(|s| s.$each(true, visit));
                        }
                    }
                    if within {
                        otherwise.$iter().for_each(|s| s.$each(true, visit));
                    }
                }
                StmtKind::While { condition, body } => {
                    visit(condition);
                    if within {
                        body.$iter().for_each(|s| s.$each(true, visit));
                    }
                }
                StmtKind::For { over, body, .. } => {
                    match over {
                        Over::Range { start, end, .. } => {
                            visit(start);
                            visit(end);
                        }
                        Over::Value(value) => visit(value),
                        Over::Array(_) => {}
                    }
                    if within {
                        body.$iter().for_each(|s| s.$each(true, visit));
                    }
                }
                StmtKind::Return(values) => values.$iter().for_each(visit),
            }
        }
    };
}

/// The blocks of a statement, shared or to be changed.
macro_rules! blocks {
    ($name:ident, $iter:ident $(, $mut:tt)?) => {
        /// The blocks in this statement, in order.
        pub fn $name(&$($mut)? self) -> Vec<&$($mut)? Block> {
            match &$($mut)? self.kind {
                StmtKind::If { arms, otherwise } => arms.$iter().map(|(_, body)| body).chain([otherwise]).collect(),
                StmtKind::While { body, .. } | StmtKind::For { body, .. } => vec![body],
                StmtKind::Set { .. }
                | StmtKind::Fill { .. }
                | StmtKind::Store { .. }
                | StmtKind::Push { .. }
                | StmtKind::Pop { .. }
                | StmtKind::Call { .. }
                | StmtKind::Break
                | StmtKind::Continue
                | StmtKind::Return(_) => vec![],
            }
        }
    };
}

impl Expr {
    /// The operator that this expression applies to those below it.
    pub fn operator(&self) -> Option<Operator> {
        Some(match &self.kind {
            ExprKind::Neg(_) => Operator::Neg,
            ExprKind::Not(_) => Operator::Not,
            ExprKind::Arith { op, .. } => Operator::Arith(*op),
            ExprKind::Compare { op, .. } => Operator::Compare(*op),
            ExprKind::In { .. } => Operator::In,
            ExprKind::InList { .. } => Operator::InList,
            ExprKind::Contains { .. } => Operator::Contains,
            ExprKind::Matches { .. } => Operator::Matches,
            ExprKind::Wildcard { .. } => Operator::Wildcard,
            ExprKind::Logic { op, .. } => Operator::Logic(*op),
            ExprKind::Quantifier { quantifier, .. } => Operator::Quantifier(*quantifier),
            _ => return None,
        })
    }

    children!(children, iter);
    children!(children_mut, iter_mut, mut);

    /// How often this expression reads a local; more than once where a loop inside does.
    pub fn reads(&self, local: LocalId) -> usize {
        let mut reads = usize::from(matches!(self.kind, ExprKind::Local(id) if id == local));
        let factor = if matches!(self.kind, ExprKind::Quantifier { .. } | ExprKind::Collect(_)) { 2 } else { 1 };
        self.children(&mut |child| reads += factor * child.reads(local));
        reads
    }

    /// Puts a value in the place of a local.
    pub fn put(&mut self, local: LocalId, value: &Expr) {
        match self.kind {
            ExprKind::Local(id) if id == local => *self = value.clone(),
            _ => self.children_mut(&mut |child| child.put(local, value)),
        }
    }
}

impl Stmt {
    exprs!(exprs, own_exprs, each_expr, iter);
    exprs!(exprs_mut, own_exprs_mut, each_expr_mut, iter_mut, mut);

    /// Whether its own expressions are conditions, each of which is a place of its own where a trap may happen.
    pub fn is_conditional(&self) -> bool {
        matches!(self.kind, StmtKind::If { .. } | StmtKind::While { .. })
    }

    /// Calls `visit` on each local that this statement itself sets, arrays aside.
    pub fn sets(&self, visit: &mut dyn FnMut(LocalId)) {
        match &self.kind {
            StmtKind::Set { local, .. } | StmtKind::Pop { local: Some(local), .. } | StmtKind::For { local, .. } => visit(*local),
            StmtKind::Call { results, .. } => results.iter().copied().for_each(visit),
            StmtKind::Fill { .. }
            | StmtKind::Store { .. }
            | StmtKind::Push { .. }
            | StmtKind::Pop { local: None, .. }
            | StmtKind::If { .. }
            | StmtKind::While { .. }
            | StmtKind::Break
            | StmtKind::Continue
            | StmtKind::Return(_) => {}
        }
    }

    blocks!(blocks, iter);
    blocks!(blocks_mut, iter_mut, mut);

    /// Calls `visit` on this statement and those in its blocks, in order.
    pub fn walk<'s>(&'s self, visit: &mut dyn FnMut(&'s Stmt)) {
        visit(self);
        self.blocks().into_iter().flatten().for_each(|stmt| stmt.walk(visit));
    }
}

/// Looks at a program. An id without an entry in its table is passed over.
pub trait Visitor<'p> {
    /// The whole program: its rules, then its functions.
    fn program(&mut self, program: &'p Program) {
        for rule in &program.rules {
            self.rule(program, rule);
        }
        for function in &program.functions {
            self.function(program, function);
        }
    }

    /// A rule: what runs before its expression, and that.
    fn rule(&mut self, program: &'p Program, rule: &'p Rule) {
        rule.before.iter().for_each(|s| self.stmt(program, s));
        self.expr(program, &rule.expr);
    }

    /// A function: its statements.
    fn function(&mut self, program: &'p Program, function: &'p Function) {
        function.body.iter().for_each(|s| self.stmt(program, s));
    }

    /// A statement: its expressions, and those of the statements in it.
    fn stmt(&mut self, program: &'p Program, stmt: &'p Stmt) {
        stmt.exprs(&mut |e| self.expr(program, e));
    }

    /// An expression: [`walk_expr`].
    fn expr(&mut self, program: &'p Program, expr: &'p Expr) {
        walk_expr(self, program, expr);
    }

    /// A loop: its clauses and its body.
    fn each(&mut self, program: &'p Program, each: &'p Each) {
        for clause in &each.clauses {
            self.clause(program, clause);
        }
        self.expr(program, &each.body);
    }

    /// A clause of a loop: what it walks or binds.
    fn clause(&mut self, program: &'p Program, clause: &'p Clause) {
        match clause {
            Clause::For(sources) => sources.iter().for_each(|(_, s)| self.expr(program, s)),
            Clause::Let(_, value) => self.expr(program, value),
        }
    }

    /// An operator, before its operands.
    fn operator(&mut self, _program: &'p Program, _operator: Operator) {}
    /// A constant.
    fn constant(&mut self, _program: &'p Program, _constant: &'p Const) {}
    /// A use of a field.
    fn field(&mut self, _program: &'p Program, _field: FieldId) {}
    /// A use of a local.
    fn local(&mut self, _program: &'p Program, _local: LocalId) {}
    /// A use of a literal set.
    fn set(&mut self, _program: &'p Program, _set: &'p Set) {}
    /// A use of a named list.
    fn list(&mut self, _program: &'p Program, _list: &'p ListRef) {}
    /// A use of a regular expression.
    fn regex(&mut self, _program: &'p Program, _regex: &'p Regex) {}
    /// A use of a wildcard pattern.
    fn wildcard(&mut self, _program: &'p Program, _wildcard: &'p Wildcard) {}
    /// A use of a constant needle.
    fn needle(&mut self, _program: &'p Program, _needle: &'p [u8]) {}
    /// A call, before its arguments.
    fn site(&mut self, _program: &'p Program, _site: &'p Site) {}
}

/// Visits the parts of an expression: its operator, what it refers to, and its children in order of evaluation.
pub fn walk_expr<'p, V: Visitor<'p> + ?Sized>(visitor: &mut V, program: &'p Program, expr: &'p Expr) {
    if let Some(operator) = expr.operator() {
        visitor.operator(program, operator);
    }
    match &expr.kind {
        ExprKind::Const(c) => visitor.constant(program, c),
        ExprKind::Field(id) => visitor.field(program, *id),
        ExprKind::Local(id) => visitor.local(program, *id),
        ExprKind::Quantifier { each, .. } | ExprKind::Collect(each) => return visitor.each(program, each),
        ExprKind::Call { site, .. } => {
            if let Some(site) = program.sites.get(site.index()) {
                visitor.site(program, site);
            }
        }
        _ => {}
    }
    expr.children(&mut |child| visitor.expr(program, child));
    match &expr.kind {
        ExprKind::In { set, .. } => program.sets.get(set.index()).into_iter().for_each(|s| visitor.set(program, s)),
        ExprKind::InList { list, .. } => program.lists.get(list.index()).into_iter().for_each(|l| visitor.list(program, l)),
        ExprKind::Matches { regex, .. } => program.regexes.get(regex.index()).into_iter().for_each(|r| visitor.regex(program, r)),
        ExprKind::Wildcard { pattern, .. } => program.wildcards.get(pattern.index()).into_iter().for_each(|w| visitor.wildcard(program, w)),
        ExprKind::Contains { needle: Needle::Const(id), .. } => {
            program.needles.get(id.index()).into_iter().for_each(|n| visitor.needle(program, n));
        }
        _ => {}
    }
}

/// Changes a program in place. Literals in tables are visited after the rules, each once however many rules use it.
pub trait VisitorMut {
    /// The whole program: its rules, then its tables.
    fn program(&mut self, program: &mut Program) {
        program.rules.iter_mut().for_each(|r| self.rule(r));
        program.functions.iter_mut().for_each(|f| self.function(f));
        program.sets.iter_mut().for_each(|s| self.set(s));
        program.lists.iter_mut().for_each(|l| self.list(l));
        program.regexes.iter_mut().for_each(|r| self.regex(r));
        program.wildcards.iter_mut().for_each(|w| self.wildcard(w));
        program.needles.iter_mut().for_each(|n| self.needle(n));
        program.sites.iter_mut().for_each(|s| self.site(s));
    }

    /// A rule: what runs before its expression, and that.
    fn rule(&mut self, rule: &mut Rule) {
        rule.before.iter_mut().for_each(|s| self.stmt(s));
        self.expr(&mut rule.expr);
    }

    /// A function: its statements.
    fn function(&mut self, function: &mut Function) {
        function.body.iter_mut().for_each(|s| self.stmt(s));
    }

    /// A statement: its expressions, and those of the statements in it.
    fn stmt(&mut self, stmt: &mut Stmt) {
        stmt.exprs_mut(&mut |e| self.expr(e));
    }

    /// An expression: [`walk_expr_mut`].
    fn expr(&mut self, expr: &mut Expr) {
        walk_expr_mut(self, expr);
    }

    /// A loop: its clauses and its body.
    fn each(&mut self, each: &mut Each) {
        each.clauses.iter_mut().for_each(|c| self.clause(c));
        self.expr(&mut each.body);
    }

    /// A clause of a loop: what it walks or binds.
    fn clause(&mut self, clause: &mut Clause) {
        match clause {
            Clause::For(sources) => sources.iter_mut().for_each(|(_, s)| self.expr(s)),
            Clause::Let(_, value) => self.expr(value),
        }
    }

    /// A constant in an expression.
    fn constant(&mut self, _constant: &mut Const) {}
    /// A literal set.
    fn set(&mut self, _set: &mut Set) {}
    /// A named list.
    fn list(&mut self, _list: &mut ListRef) {}
    /// A regular expression.
    fn regex(&mut self, _regex: &mut Regex) {}
    /// A wildcard pattern.
    fn wildcard(&mut self, _wildcard: &mut Wildcard) {}
    /// A constant needle.
    fn needle(&mut self, _needle: &mut Vec<u8>) {}
    /// A call site.
    fn site(&mut self, _site: &mut Site) {}
}

/// Visits the parts of an expression.
pub fn walk_expr_mut<V: VisitorMut + ?Sized>(visitor: &mut V, expr: &mut Expr) {
    match &mut expr.kind {
        ExprKind::Const(c) => visitor.constant(c),
        ExprKind::Quantifier { each, .. } | ExprKind::Collect(each) => visitor.each(each),
        _ => expr.children_mut(&mut |child| visitor.expr(child)),
    }
}

/// Whether a visitor has found what it looks for.
struct Find<F>(F, bool);

impl<'p, F: FnMut(&'p Program, &'p Expr) -> bool> Visitor<'p> for Find<F> {
    fn expr(&mut self, program: &'p Program, expr: &'p Expr) {
        self.1 = self.1 || (self.0)(program, expr);
        if !self.1 {
            walk_expr(self, program, expr);
        }
    }
}

impl Program {
    fn any_expr<'p>(&'p self, test: impl FnMut(&'p Program, &'p Expr) -> bool) -> bool {
        let mut find = Find(test, false);
        find.program(self);
        find.1
    }

    /// Whether a rule uses the field with this name.
    pub fn uses(&self, field: &str) -> bool {
        let Some(id) = self.scheme.field_id(field) else { return false };
        self.any_expr(|_, e| matches!(e.kind, ExprKind::Field(used) if used == id))
    }

    /// Whether a rule calls the function with this name.
    pub fn uses_function(&self, function: &str) -> bool {
        let Some(id) = self.scheme.function_id(function) else { return false };
        self.any_expr(|p, e| matches!(&e.kind, ExprKind::Call { site, .. } if p.sites.get(site.index()).is_some_and(|s| s.function == id)))
    }

    /// Whether a rule tests against the named list.
    pub fn uses_list(&self, list: &str) -> bool {
        self.any_expr(
            |p, e| matches!(&e.kind, ExprKind::InList { list: id, .. } if p.lists.get(id.index()).is_some_and(|l| l.name == list)),
        )
    }
}
