//! Locals that live no longer than one turn of a loop.
//!
//! LuaJIT takes every variable that a loop's body sets, and that is declared outside of the loop, for one that is carried from turn to
//! turn, and gives up a loop that carries too many. So what is set anew in each turn before it is looked at is declared in the body.

use std::collections::HashMap;

use quintet_lang::Type;
use quintet_lang::ast::{Expr, ExprKind, Frame, LocalId, Stmt, StmtKind};

/// The locals that each loop's body declares; a body is known by where it lies.
#[derive(Default)]
pub(crate) struct Turns {
    bodies: HashMap<usize, Vec<LocalId>>,
    within: Vec<bool>,
}

impl Turns {
    /// The locals of a frame, but for its parameters, that the loops of a body declare; `expr` is what comes after it.
    pub(crate) fn new(frame: &Frame, params: usize, body: &[Stmt], expr: Option<&Expr>) -> Turns {
        let mut all = uses(body, frame.locals.len());
        if let Some(expr) = expr {
            count(expr, &mut all);
        }
        let mut turns = Turns { bodies: HashMap::new(), within: vec![false; frame.locals.len()] };
        // Arrays, and addresses, have memory that is made where the function begins.
        let fixed = |i: usize| i < params || matches!(frame.locals[i].ty, Type::List(..) | Type::Ip);
        let free: Vec<usize> = (0..frame.locals.len()).filter(|i| !fixed(*i)).collect();
        turns.place(body, &free, &all);
        turns
    }

    /// Inner loops first.
    fn place(&mut self, block: &[Stmt], free: &[usize], all: &[usize]) {
        for stmt in block {
            stmt.blocks().into_iter().for_each(|block| self.place(block, free, all));
            let (body, bound) = match &stmt.kind {
                StmtKind::While { body, .. } if !body.is_empty() => (body, None),
                StmtKind::For { local, body, .. } if !body.is_empty() => (body, Some(local.index())),
                _ => continue,
            };
            let mut here = uses(body, all.len());
            if let Some(bound) = bound.and_then(|bound| here.get_mut(bound)) {
                *bound += 1;
            }
            for local in free.iter().copied() {
                let alone = here[local] > 0 && here[local] == all[local] && !self.within[local];
                if alone && (bound == Some(local) || sets_first(body, local)) {
                    self.within[local] = true;
                    self.bodies.entry(body.as_ptr() as usize).or_default().push(LocalId(local as u32));
                }
            }
        }
    }

    /// Whether some loop's body declares the local.
    pub(crate) fn declares(&self, local: usize) -> bool {
        self.within.get(local).is_some_and(|within| *within)
    }

    /// The locals that this loop's body declares.
    pub(crate) fn of(&self, body: &[Stmt]) -> &[LocalId] {
        self.bodies.get(&(body.as_ptr() as usize)).filter(|_| !body.is_empty()).map_or(&[], Vec::as_slice)
    }
}

fn count(expr: &Expr, counts: &mut [usize]) {
    expr.walk(&mut |e| {
        if let ExprKind::Local(id) = e.kind
            && let Some(count) = counts.get_mut(id.index())
        {
            *count += 1;
        }
    });
}

/// How often each local is looked at or set.
fn uses(block: &[Stmt], locals: usize) -> Vec<usize> {
    let mut counts = vec![0; locals];
    for stmt in block {
        stmt.exprs(&mut |e| count(e, &mut counts));
        stmt.walk(&mut |stmt| {
            let set: &[LocalId] = match &stmt.kind {
                StmtKind::Set { local, .. } | StmtKind::For { local, .. } | StmtKind::Pop { local: Some(local), .. } => {
                    std::slice::from_ref(local)
                }
                StmtKind::Call { results, .. } => results,
                _ => &[],
            };
            for id in set {
                if let Some(count) = counts.get_mut(id.index()) {
                    *count += 1;
                }
            }
        });
    }
    counts
}

fn used(block: &[Stmt], local: usize) -> bool {
    uses(block, local + 1)[local] > 0
}

fn looked_at(expr: &Expr, local: usize) -> bool {
    let mut counts = vec![0; local + 1];
    count(expr, &mut counts);
    counts[local] > 0
}

/// Whether a block, on every way through it, sets a local before it looks at it.
fn sets_first(block: &[Stmt], local: usize) -> bool {
    let Some(first) = block.iter().position(|stmt| used(std::slice::from_ref(stmt), local)) else { return true };
    match &block[first].kind {
        StmtKind::Set { local: set, value } => set.index() == local && !looked_at(value, local),
        StmtKind::Pop { .. } => true,
        StmtKind::Call { args, .. } => !args.iter().any(|arg| looked_at(arg, local)),
        StmtKind::If { arms, otherwise } => {
            arms.iter().all(|(condition, body)| !looked_at(condition, local) && sets_first(body, local))
                && sets_first(otherwise, local)
                && !used(&block[first + 1..], local)
        }
        _ => false,
    }
}
