//! Loops that add up bytes, which backends do several bytes at a time.

use quintet_lang::Type;
use quintet_lang::ast::{ArithOp, Expr, ExprKind, LocalId, Stmt, StmtKind};

/// The local that a loop over bytes adds each byte to, if that is all that its body does. `byte` is the local of the loop.
pub fn sum_of_bytes(byte: LocalId, body: &[Stmt]) -> Option<LocalId> {
    let [Stmt { kind: StmtKind::Set { local: sum, value }, .. }] = body else { return None };
    let ExprKind::Arith { op: ArithOp::Add, lhs, rhs } = &value.kind else { return None };
    let is = |expr: &Expr, local: LocalId| !expr.nullable && expr.ty == Type::Int && matches!(expr.kind, ExprKind::Local(l) if l == local);
    let adds = (is(lhs, *sum) && is(rhs, byte)) || (is(lhs, byte) && is(rhs, *sum));
    (adds && *sum != byte).then_some(*sum)
}
