//! What statements do with arrays, as far as code depends on it.

use quintet_lang::Type;
use quintet_lang::ast::{Expr, ExprKind, Filling, LocalId, Over, Place, Stmt, StmtKind};

/// Calls `visit` on each statement of a block and of the blocks in it.
fn each<'b>(block: &'b [Stmt], visit: &mut dyn FnMut(&'b Stmt)) {
    block.iter().for_each(|stmt| stmt.walk(visit));
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

/// Whether an array is filled before anything else is done with it, wherever it is used, so that what it begins with does not matter.
pub(crate) fn is_filled_first(block: &[Stmt], array: LocalId) -> bool {
    let mut users = block.iter().filter(|stmt| uses(stmt, array));
    let Some(first) = users.next() else { return true };
    let bodies: Vec<&[Stmt]> = match &first.kind {
        StmtKind::Fill { array: filled, with: Filling::Items(_) | Filling::Repeat(..) | Filling::Copy(_) } => {
            return *filled == array && !reads(first, array) && !is_copied(first, array);
        }
        StmtKind::If { arms, otherwise } if !arms.iter().any(|(condition, _)| looks_at(condition, array)) => {
            arms.iter().map(|(_, body)| body.as_slice()).chain([otherwise.as_slice()]).collect()
        }
        StmtKind::While { condition, body } if !looks_at(condition, array) => vec![body],
        StmtKind::For { over, body, .. } => {
            let walked = match over {
                Over::Range { start, end, .. } => looks_at(start, array) || looks_at(end, array),
                Over::Value(value) => looks_at(value, array),
                Over::Array(place) => *place == Place::Local(array),
            };
            if walked {
                return false;
            }
            vec![body]
        }
        _ => return false,
    };
    // Behind the blocks it may be that none of them ran.
    users.next().is_none() && bodies.iter().all(|body| is_filled_first(body, array))
}

/// Whether a statement, or one in its blocks, has to do with an array.
fn uses(stmt: &Stmt, array: LocalId) -> bool {
    let mut found = false;
    mentions(stmt, &mut |local| found |= local == array);
    found
}

fn is_copied(stmt: &Stmt, array: LocalId) -> bool {
    matches!(&stmt.kind, StmtKind::Fill { with: Filling::Copy(Place::Local(from)), .. } if *from == array)
}

/// Calls `visit` on the arrays that a statement, or one in its blocks, has to do with.
fn mentions(stmt: &Stmt, visit: &mut dyn FnMut(LocalId)) {
    stmt.walk(&mut |stmt| match &stmt.kind {
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
