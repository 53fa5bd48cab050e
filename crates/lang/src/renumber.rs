//! Changing the ids of locals, wherever they stand.

use crate::ast::{Clause, Expr, ExprKind, Filling, LocalId, Over, Place, Stmt, StmtKind};

fn place(place: &mut Place, change: &mut dyn FnMut(&mut LocalId)) {
    match place {
        Place::Local(local) => change(local),
        Place::Table(_) => {}
    }
}

impl Expr {
    /// Calls `change` on each id of a local in this expression: where one is bound, and where it is used.
    pub fn locals_mut(&mut self, change: &mut dyn FnMut(&mut LocalId)) {
        match &mut self.kind {
            ExprKind::Local(local) => change(local),
            ExprKind::Element { array, .. } | ExprKind::Count(array) | ExprKind::Packed(array) => place(array, change),
            ExprKind::Quantifier { each, .. } | ExprKind::Collect(each) => {
                for clause in &mut each.clauses {
                    match clause {
                        Clause::For(sources) => sources.iter_mut().for_each(|(local, _)| change(local)),
                        Clause::Let(local, _) => change(local),
                    }
                }
            }
            ExprKind::Const(_)
            | ExprKind::Field(_)
            | ExprKind::Index { .. }
            | ExprKind::Key { .. }
            | ExprKind::Slice { .. }
            | ExprKind::Call { .. }
            | ExprKind::Intrinsic { .. }
            | ExprKind::Otherwise { .. }
            | ExprKind::Neg(_)
            | ExprKind::Not(_)
            | ExprKind::Arith { .. }
            | ExprKind::Compare { .. }
            | ExprKind::In { .. }
            | ExprKind::InList { .. }
            | ExprKind::Contains { .. }
            | ExprKind::Matches { .. }
            | ExprKind::Wildcard { .. }
            | ExprKind::Logic { .. }
            | ExprKind::Present(_) => {}
        }
        self.children_mut(&mut |child| child.locals_mut(change));
    }
}

impl Stmt {
    /// Calls `change` on each id of a local in this statement and those in its blocks.
    pub fn locals_mut(&mut self, change: &mut dyn FnMut(&mut LocalId)) {
        match &mut self.kind {
            StmtKind::Set { local, .. } => change(local),
            StmtKind::Fill { array, with } => {
                change(array);
                if let Filling::Copy(from) = with {
                    place(from, change);
                }
            }
            StmtKind::Store { array, .. } | StmtKind::Push { array, .. } => change(array),
            StmtKind::Pop { local, array } => {
                local.iter_mut().for_each(&mut *change);
                change(array);
            }
            StmtKind::Call { results, .. } => results.iter_mut().for_each(&mut *change),
            StmtKind::For { local, over, .. } => {
                change(local);
                if let Over::Array(from) = over {
                    place(from, change);
                }
            }
            StmtKind::If { .. } | StmtKind::While { .. } | StmtKind::Break | StmtKind::Continue | StmtKind::Return(_) => {}
        }
        self.own_exprs_mut(&mut |e| e.locals_mut(change));
        self.blocks_mut().into_iter().flatten().for_each(|stmt| stmt.locals_mut(change));
    }
}
