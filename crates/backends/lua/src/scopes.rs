//! The loops that variables are declared in.
//!
//! LuaJIT carries what stands in a variable from one turn of a compiled loop to the next unless the variable is declared in the loop: each
//! takes a register, and where they are many the loop is not compiled at all. So the variables of a local are declared in the innermost
//! loop with all that is done with it. A script sets a local before it reads it, in each turn.

use std::collections::HashMap;

use quintet_lang::Type;
use quintet_lang::ast::{Expr, ExprKind, Frame, LocalId, Stmt, StmtKind};

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
        // What a turn leaves behind for the condition of the next one is read outside of the turns.
        stmt.own_exprs(&mut |expr| self.expr(expr));
        let turns = matches!(stmt.kind, StmtKind::While { .. } | StmtKind::For { .. });
        if turns {
            self.around.push(key(stmt));
        }
        stmt.sets(&mut |local| self.local(local));
        stmt.blocks().into_iter().for_each(|block| self.block(block));
        if turns {
            self.around.pop();
        }
    }
}
