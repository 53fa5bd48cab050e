//! What statements do with arrays, as far as code depends on it.

use quintet_lang::Type;
use quintet_lang::ast::{Expr, ExprKind, Filling, LocalId, Over, Place, Stmt, StmtKind};

/// Calls `visit` on each statement of a block and of the blocks in it.
fn each<'b>(block: &'b [Stmt], visit: &mut dyn FnMut(&'b Stmt)) {
    for stmt in block {
        visit(stmt);
        match &stmt.kind {
            StmtKind::If { arms, otherwise } => {
                arms.iter().for_each(|(_, body)| each(body, visit));
                each(otherwise, visit);
            }
            StmtKind::While { before, body, .. } => {
                each(before, visit);
                each(body, visit);
            }
            StmtKind::For { body, .. } => each(body, visit),
            StmtKind::Set { .. }
            | StmtKind::Fill { .. }
            | StmtKind::Store { .. }
            | StmtKind::Push { .. }
            | StmtKind::Pop { .. }
            | StmtKind::Call { .. }
            | StmtKind::Break
            | StmtKind::Continue
            | StmtKind::Return(_) => {}
        }
    }
}

/// Which of so many locals are arrays that a function gets.
pub(crate) fn passed(block: &[Stmt], locals: usize) -> Vec<bool> {
    let mut passed = vec![false; locals];
    each(block, &mut |stmt| {
        let StmtKind::Call { args, .. } = &stmt.kind else { return };
        for arg in args {
            if let (Type::List(..), ExprKind::Local(local)) = (&arg.ty, &arg.kind) {
                passed[local.index()] = true;
            }
        }
    });
    passed
}

/// Which of so many locals are arrays that are filled before anything else is done with them, so that what they begin with does not
/// matter.
pub(crate) fn filled_first(block: &[Stmt], locals: usize) -> Vec<bool> {
    let (mut filled, mut seen) = (vec![false; locals], vec![false; locals]);
    for stmt in block {
        let whole = match &stmt.kind {
            StmtKind::Fill { array, with: with @ (Filling::Items(_) | Filling::Repeat(..) | Filling::Copy(_)) } => {
                let copied = matches!(with, Filling::Copy(Place::Local(from)) if from == array);
                (!seen[array.index()] && !copied && !reads(stmt, *array)).then_some(*array)
            }
            _ => None,
        };
        if let Some(array) = whole {
            filled[array.index()] = true;
        }
        mentions(stmt, &mut |local| seen[local.index()] = true);
    }
    filled
}

/// Calls `visit` on the arrays that a statement, or one in its blocks, has to do with.
fn mentions(stmt: &Stmt, visit: &mut dyn FnMut(LocalId)) {
    each(std::slice::from_ref(stmt), &mut |stmt| match &stmt.kind {
        StmtKind::Fill { array, with } => {
            visit(*array);
            if let Filling::Copy(Place::Local(from)) = with {
                visit(*from);
            }
        }
        StmtKind::Store { array, .. } | StmtKind::Push { array, .. } | StmtKind::Pop { array, .. } => visit(*array),
        StmtKind::For { over: Over::Array(Place::Local(local)), .. } => visit(*local),
        StmtKind::Set { .. }
        | StmtKind::Call { .. }
        | StmtKind::If { .. }
        | StmtKind::While { .. }
        | StmtKind::For { .. }
        | StmtKind::Break
        | StmtKind::Continue
        | StmtKind::Return(_) => {}
    });
    stmt.exprs(&mut |root| root.walk(&mut |e| in_expr(e, visit)));
}

/// Whether an expression of the statement looks at an array.
pub(crate) fn reads(stmt: &Stmt, array: LocalId) -> bool {
    let mut found = false;
    stmt.exprs(&mut |root| found |= looks_at(root, array));
    found
}

/// Whether an expression looks at an array.
pub(crate) fn looks_at(expr: &Expr, array: LocalId) -> bool {
    let mut found = false;
    expr.walk(&mut |e| in_expr(e, &mut |local| found |= local == array));
    found
}

fn in_expr(e: &Expr, visit: &mut dyn FnMut(LocalId)) {
    match &e.kind {
        ExprKind::Element { array: Place::Local(local), .. }
        | ExprKind::Count(Place::Local(local))
        | ExprKind::Packed(Place::Local(local)) => visit(*local),
        ExprKind::Local(local) if matches!(e.ty, Type::List(..)) => visit(*local),
        _ => {}
    }
}
