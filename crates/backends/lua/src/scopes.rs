//! The loops that variables are declared in.
//!
//! LuaJIT carries what stands in a variable from one turn of a compiled loop to the next unless the variable is declared in the loop: each
//! takes a register, and where they are many the loop is not compiled at all. So the variables of a local are declared in the innermost
//! loop with all that is done with it. A script sets a local before it reads it, in each turn.

use std::collections::HashMap;

use quintet_lang::Type;
use quintet_lang::ast::{Expr, ExprKind, Filling, Frame, LocalId, Over, Stmt, StmtKind};

/// The locals of each loop, by the address of its statement.
#[derive(Default)]
pub(crate) struct Scopes(HashMap<usize, Vec<LocalId>>);

/// A loop's statement as a key.
fn key(stmt: &Stmt) -> usize {
    std::ptr::from_ref(stmt).addr()
}

/// The loops around all that is done with each local so far, the outermost first; none for one that nothing was done with.
struct Found {
    around: Vec<usize>,
    shared: Vec<Option<Vec<usize>>>,
}

impl Scopes {
    /// The locals of loops in a block, beyond `params`.
    pub(crate) fn of(block: &[Stmt], expr: Option<&Expr>, frame: &Frame, params: usize) -> Scopes {
        let mut found = Found { around: Vec::new(), shared: vec![None; frame.locals.len()] };
        found.block(block);
        expr.into_iter().for_each(|expr| found.expr(expr));
        let mut scopes = Scopes::default();
        for (i, (local, loops)) in frame.locals.iter().zip(found.shared).enumerate().skip(params) {
            if let (false, Some(innermost)) = (matches!(local.ty, Type::List(..) | Type::Ip), loops.and_then(|loops| loops.last().copied()))
            {
                scopes.0.entry(innermost).or_default().push(LocalId(i as u32));
            }
        }
        scopes
    }

    /// Those of a loop.
    pub(crate) fn of_loop(&self, stmt: &Stmt) -> &[LocalId] {
        self.0.get(&key(stmt)).map_or(&[], Vec::as_slice)
    }

    /// All that are declared in loops.
    pub(crate) fn all(&self) -> impl Iterator<Item = LocalId> {
        self.0.values().flatten().copied()
    }
}

impl Found {
    fn local(&mut self, local: LocalId) {
        let Some(shared) = self.shared.get_mut(local.index()) else { return };
        match shared {
            None => *shared = Some(self.around.clone()),
            Some(loops) => {
                let same = loops.iter().zip(&self.around).take_while(|(a, b)| a == b).count();
                loops.truncate(same);
            }
        }
    }

    fn expr(&mut self, expr: &Expr) {
        expr.walk(&mut |e| {
            if let ExprKind::Local(local) = e.kind {
                self.local(local);
            }
        });
    }

    fn block(&mut self, block: &[Stmt]) {
        block.iter().for_each(|stmt| self.stmt(stmt));
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Set { local, value } => {
                self.expr(value);
                self.local(*local);
            }
            StmtKind::Fill { with, .. } => match with {
                Filling::Items(items) => items.iter().for_each(|item| self.expr(item)),
                Filling::Repeat(value, count) => {
                    self.expr(value);
                    self.expr(count);
                }
                Filling::Each(value) => self.expr(value),
                Filling::Copy(_) => {}
            },
            StmtKind::Store { index, value, .. } => {
                self.expr(index);
                self.expr(value);
            }
            StmtKind::Push { value, .. } => self.expr(value),
            StmtKind::Pop { local, .. } => local.iter().for_each(|local| self.local(*local)),
            StmtKind::Call { results, args, .. } => {
                args.iter().for_each(|arg| self.expr(arg));
                results.iter().for_each(|local| self.local(*local));
            }
            StmtKind::If { arms, otherwise } => {
                for (condition, body) in arms {
                    self.expr(condition);
                    self.block(body);
                }
                self.block(otherwise);
            }
            StmtKind::While { condition, body } => {
                // What a turn leaves behind is asked for before the next one.
                self.expr(condition);
                self.around.push(key(stmt));
                self.block(body);
                self.around.pop();
            }
            StmtKind::For { local, over, body } => {
                match over {
                    Over::Range { start, end, .. } => {
                        self.expr(start);
                        self.expr(end);
                    }
                    Over::Value(value) => self.expr(value),
                    Over::Array(_) => {}
                }
                self.around.push(key(stmt));
                self.local(*local);
                self.block(body);
                self.around.pop();
            }
            StmtKind::Return(values) => values.iter().for_each(|value| self.expr(value)),
            StmtKind::Break | StmtKind::Continue => {}
        }
    }
}
