//! Which locals and results of functions may be nil: found out once all statements are there, since a loop may set what stands before it.
//!
//! At first nothing is taken to be nil; what may be is added until nothing changes. Then expressions say so, and tests that may be nil are
//! made definite.

use crate::ast::{Block, Clause, CompareOp, Const, Expr, ExprKind, Frame, Function, Local, LocalId, Program, Rule, Stmt, StmtKind};
use crate::intrinsic::Row;
use crate::scheme::Presence;
use crate::signature::NilRule;
use crate::types::Type;

use super::element::{nothing, test};

/// Brings a program's statements in order about nil.
pub(super) fn settle(program: &mut Program) {
    if program.functions.is_empty() && program.rules.iter().all(Rule::is_expression) {
        return;
    }
    let mut functions = std::mem::take(&mut program.functions);
    let mut rules = std::mem::take(&mut program.rules);
    let takes = |f: &Function| f.frame.locals.iter().take(f.params as usize).map(|local| local.nullable).collect();
    let params: Vec<Vec<bool>> = functions.iter().map(takes).collect();
    let mut answers: Vec<Vec<bool>> = functions.iter().map(|f| vec![false; f.results.len()]).collect();
    loop {
        let mut changed = false;
        for (at, function) in functions.iter_mut().enumerate() {
            let (frame, own) = (&mut function.frame, Some(at));
            let mut walk = Walk { program, params: &params, answers: &mut answers, frame, own, changed: false };
            walk.block(&function.body);
            changed |= walk.changed;
        }
        for rule in rules.iter_mut().filter(|rule| !rule.is_expression()) {
            let frame = &mut rule.frame;
            let mut walk = Walk { program, params: &params, answers: &mut answers, frame, own: None, changed: false };
            walk.block(&rule.before);
            changed |= walk.changed;
        }
        if !changed {
            break;
        }
    }
    for (function, answers) in functions.iter_mut().zip(answers) {
        function.results.iter_mut().zip(answers).for_each(|(answer, nullable)| answer.nullable = nullable);
        Mend { program, frame: &mut function.frame }.block(&mut function.body);
    }
    for rule in rules.iter_mut().filter(|rule| !rule.is_expression()) {
        let mut mend = Mend { program, frame: &mut rule.frame };
        mend.block(&mut rule.before);
        mend.truth(&mut rule.expr);
    }
    program.functions = functions;
    program.rules = rules;
}

struct Walk<'p> {
    program: &'p Program,
    /// Of each function, which parameters take nil.
    params: &'p [Vec<bool>],
    /// Of each function, which results may be nil.
    answers: &'p mut [Vec<bool>],
    frame: &'p mut Frame,
    /// The function that is walked, if it is one.
    own: Option<usize>,
    changed: bool,
}

impl Walk<'_> {
    fn nil(&self, e: &Expr) -> bool {
        nullable(self.program, self.frame, e)
    }

    fn mark(&mut self, local: LocalId, nullable: bool) {
        if let Some(local) = self.frame.locals.get_mut(local.index()).filter(|local| nullable && !local.nullable) {
            local.nullable = true;
            self.changed = true;
        }
    }

    fn block(&mut self, block: &Block) {
        block.iter().for_each(|stmt| self.stmt(stmt));
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Set { local, value } => {
                let nullable = self.nil(value);
                self.mark(*local, nullable);
            }
            StmtKind::Pop { local, .. } => {
                if let Some(local) = local {
                    self.mark(*local, true);
                }
            }
            StmtKind::Call { results, function, args } => {
                let takes = self.params.get(function.index()).map_or(&[][..], Vec::as_slice);
                let skipped = args.iter().zip(takes).any(|(arg, takes_nil)| !takes_nil && self.nil(arg));
                for (place, result) in results.iter().enumerate() {
                    let answers = self.answers.get(function.index()).and_then(|all| all.get(place)).is_some_and(|nil| *nil);
                    self.mark(*result, skipped || answers);
                }
            }
            StmtKind::If { arms, otherwise } => {
                arms.iter().for_each(|(_, body)| self.block(body));
                self.block(otherwise);
            }
            StmtKind::While { body, .. } | StmtKind::For { body, .. } => self.block(body),
            StmtKind::Return(values) => {
                let Some(own) = self.own else { return };
                for (place, value) in values.iter().enumerate() {
                    let nullable = self.nil(value);
                    if let Some(answer) = self.answers[own].get_mut(place).filter(|answer| nullable && !**answer) {
                        *answer = true;
                        self.changed = true;
                    }
                }
            }
            StmtKind::Fill { .. } | StmtKind::Store { .. } | StmtKind::Push { .. } | StmtKind::Break | StmtKind::Continue => {}
        }
    }
}

/// Whether an expression may be nil, given which locals may.
pub(crate) fn nullable(program: &Program, frame: &Frame, e: &Expr) -> bool {
    let nil = |e: &Expr| nullable(program, frame, e);
    match &e.kind {
        ExprKind::Field(id) => program.scheme.fields().get(id.0 as usize).is_some_and(|f| f.presence == Presence::Optional),
        ExprKind::Local(id) => frame.locals.get(id.index()).is_some_and(|local| local.nullable),
        ExprKind::Index { .. } | ExprKind::Key { .. } => true,
        ExprKind::Slice { base, start, end } => nil(base) || [start, end].into_iter().flatten().any(|e| nil(e)),
        ExprKind::Call { site, args } => {
            let signature = program.sites.get(site.index()).map(|site| program.scheme.function(site.function));
            signature.is_none_or(|s| s.may_be_nil || s.nil == NilRule::Propagates && args.iter().any(nil))
        }
        ExprKind::Element { index, .. } => nil(index),
        ExprKind::Intrinsic { op, args } => {
            Row::of(*op, args.iter().map(|arg| &arg.ty)).is_none_or(|row| row.nullable) || args.iter().any(nil)
        }
        ExprKind::Otherwise { value, default } => nil(value) && nil(default),
        ExprKind::Neg(inner) => nil(inner),
        ExprKind::Arith { lhs, rhs, .. } => nil(lhs) || nil(rhs),
        ExprKind::Const(_)
        | ExprKind::Count(_)
        | ExprKind::Packed(_)
        | ExprKind::Not(_)
        | ExprKind::Compare { .. }
        | ExprKind::In { .. }
        | ExprKind::InList { .. }
        | ExprKind::Contains { .. }
        | ExprKind::Matches { .. }
        | ExprKind::Wildcard { .. }
        | ExprKind::Logic { .. }
        | ExprKind::Present(_)
        | ExprKind::Quantifier { .. }
        | ExprKind::Collect(_) => false,
    }
}

/// Writes down in expressions what may be nil.
struct Mend<'p> {
    program: &'p Program,
    frame: &'p mut Frame,
}

impl Mend<'_> {
    fn block(&mut self, block: &mut Block) {
        block.iter_mut().for_each(|stmt| self.stmt(stmt));
    }

    fn stmt(&mut self, stmt: &mut Stmt) {
        if stmt.is_conditional() {
            stmt.own_exprs_mut(&mut |condition| self.truth(condition));
        } else {
            stmt.own_exprs_mut(&mut |e| self.expr(e));
        }
        stmt.blocks_mut().into_iter().for_each(|block| self.block(block));
    }

    fn expr(&mut self, e: &mut Expr) {
        match &mut e.kind {
            ExprKind::Not(inner) => self.truth(inner),
            ExprKind::Logic { items, .. } => items.iter_mut().for_each(|item| self.truth(item)),
            ExprKind::Quantifier { each, .. } | ExprKind::Collect(each) => {
                for clause in &mut each.clauses {
                    match clause {
                        Clause::For(sources) => sources.iter_mut().for_each(|(_, source)| self.expr(source)),
                        Clause::Let(_, value) => self.expr(value),
                    }
                }
                self.expr(&mut each.body);
                if each.body.nullable && each.body.ty == Type::Bool {
                    definite(&mut each.body);
                } else if each.body.nullable {
                    let (ty, span) = (each.body.ty.clone(), each.body.span);
                    let local = LocalId(self.frame.locals.len() as u32);
                    self.frame.locals.push(Local::new(ty.clone()));
                    let kept = Expr { kind: ExprKind::Local(local), ty, nullable: false, span };
                    let value = std::mem::replace(&mut each.body, kept);
                    each.clauses.push(Clause::Let(local, value));
                }
            }
            _ => e.children_mut(&mut |child| self.expr(child)),
        }
        e.nullable = nullable(self.program, self.frame, e);
    }

    /// A Bool where only truth counts.
    fn truth(&mut self, e: &mut Expr) {
        self.expr(e);
        if e.nullable {
            definite(e);
        }
    }
}

/// Makes a Bool that may be nil one that is false then.
fn definite(e: &mut Expr) {
    let span = e.span;
    let value = std::mem::replace(e, nothing());
    let yes = Expr { kind: ExprKind::Const(Const::Bool(true)), ty: Type::Bool, nullable: false, span };
    *e = test(ExprKind::Compare { op: CompareOp::Eq, lhs: Box::new(value), rhs: Box::new(yes), on_nil: false }, span);
}
