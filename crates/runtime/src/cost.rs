//! What is known of an evaluation's steps before it runs.

use quintet_lang::Type;
use quintet_lang::ast::{Clause, CompareOp, Const, Each, Expr, ExprKind, Filling, Frame, Needle, Program, Rule, Stmt, StmtKind};
use quintet_lang::effects::{self, Steps, steps};

use crate::linked::Linked;
use crate::matchers::Searcher;
use crate::scratch::looked_at;

/// Whether evaluating an expression may count steps. What may not needs no budget.
pub fn counts_steps(linked: &Linked, expr: &Expr) -> bool {
    steps(linked.program(), expr) > Steps::Never
}

/// Whether evaluating the values of a statement, not those of what stands in it, may use up the budget. Whoever counts without a look asks
/// once at its end, before it is left, so that the trap is at its place. Conditions are asked for on their own.
pub fn statement_counts_steps(linked: &Linked, stmt: &Stmt) -> bool {
    if stmt.is_conditional() {
        return false;
    }
    // What is filled is looked at.
    let fills = match &stmt.kind {
        StmtKind::Fill { with: Filling::Items(items), .. } => looked_at(items.len().saturating_mul(24)) > 0,
        StmtKind::Fill { .. } => true,
        _ => false,
    };
    fills || own_exprs_count(linked, stmt)
}

/// Whether evaluating the expressions of a statement, not those of what stands in it, may count steps.
fn own_exprs_count(linked: &Linked, stmt: &Stmt) -> bool {
    let mut counts = false;
    stmt.own_exprs(&mut |expr| counts = counts || counts_steps(linked, expr));
    counts
}

/// Whether a loop over a sequence, with this body, takes as many steps as it has turns, and has as many turns as it seems: nothing in it counts
/// or leaves it. So they can be counted before it begins, as far as the slice has them. (After a trap nobody wants to know what is left.)
pub fn is_quiet(linked: &Linked, body: &[Stmt]) -> bool {
    body.iter().all(|stmt| {
        let quiet = match &stmt.kind {
            StmtKind::Set { .. } | StmtKind::Store { .. } | StmtKind::Push { .. } | StmtKind::Pop { .. } | StmtKind::Continue => true,
            StmtKind::If { arms, otherwise } => arms.iter().all(|(_, body)| is_quiet(linked, body)) && is_quiet(linked, otherwise),
            StmtKind::Fill { .. }
            | StmtKind::Call { .. }
            | StmtKind::While { .. }
            | StmtKind::For { .. }
            | StmtKind::Break
            | StmtKind::Return(_) => false,
        };
        quiet && !own_exprs_count(linked, stmt)
    })
}

/// Whether a loop's body is so small that going round takes as long as what it does, so that code for several turns in a row pays.
pub fn is_small(body: &[Stmt]) -> bool {
    let mut nodes = 0;
    for stmt in body {
        stmt.exprs(&mut |expr| expr.walk(&mut |_| nodes += 1));
    }
    body.len() <= 2 && nodes <= 8
}

/// Whether a loop counts [`looked_at`] 16 times its elements before it begins, instead of one step for each element.
pub fn is_leaf(linked: &Linked, each: &Each) -> bool {
    effects::is_leaf(linked.program(), each)
}

/// The most bytes that the values of a record may take so that evaluating all of `exprs` takes at most `steps`, as far as powers of two go.
pub fn longest_within<'e>(linked: &Linked, exprs: impl Iterator<Item = &'e Expr> + Clone, steps: u64) -> usize {
    let most = |bytes: usize| exprs.clone().map(|expr| steps_at_most(linked, expr, bytes)).fold(0, u64::saturating_add);
    let all = most(1 << LONGEST);
    // Steps mostly grow as the record does.
    let guess = LONGEST.saturating_sub((all / steps.max(1)).max(1).ilog2() + 1);
    longest_power(all <= steps, guess, |bytes| most(bytes) <= steps)
}

/// The exponent of the longest record whose steps and memory are looked at.
pub(crate) const LONGEST: u32 = 31;

/// The largest power of two, up to that of [`LONGEST`], that passes a test; 0 where none does. Beyond one that fails all fail. `all` says whether
/// the largest passes; otherwise those near 2 to the `guess` are looked at first.
pub(crate) fn longest_power(all: bool, guess: u32, passes: impl Fn(usize) -> bool) -> usize {
    if all {
        return 1 << LONGEST;
    }
    let (mut low, mut high) = (0, LONGEST);
    for near in [guess, guess + 1] {
        if (low..high).contains(&near) {
            if passes(1 << near) { low = near + 1 } else { high = near }
        }
    }
    while low < high {
        let bits = (low + high) / 2;
        if passes(1 << bits) { low = bits + 1 } else { high = bits }
    }
    if low == 0 { 0 } else { 1 << (low - 1) }
}

/// Whether evaluating a rule may make values or arrays, itself or in the functions that it may call, so that something is left at its end.
pub fn makes(program: &Program, rule: &Rule) -> bool {
    let has_arrays = |frame: &Frame, params: usize| frame.locals.iter().skip(params).any(|local| matches!(local.ty, Type::List(..)));
    let in_block = |block: &[Stmt]| {
        let mut makes = false;
        block.iter().for_each(|stmt| stmt.exprs(&mut |e| makes = makes || e.makes_values()));
        makes
    };
    let in_functions = || program.functions.iter().any(|f| has_arrays(&f.frame, f.params as usize) || in_block(&f.body));
    has_arrays(&rule.frame, 0) || rule.expr.makes_values() || in_block(&rule.before) || (!rule.is_expression() && in_functions())
}

/// How the steps of a rule are counted, with so many in the budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counting {
    /// There are none.
    Never,
    /// One by one, so that each evaluation begins anew and looks at what is left at its end.
    Inline,
    /// Only of what is looked at: an evaluation on a record whose values take no more bytes than this stays within the budget and need not
    /// look at it.
    Within(usize),
}

impl Counting {
    /// How those of a rule are counted, by its place in the program.
    pub fn of(linked: &Linked, rule: usize, steps: u64) -> Counting {
        match linked.rule_plan(rule).steps {
            Steps::Never => Counting::Never,
            Steps::Inline => Counting::Inline,
            Steps::Looked => Counting::Within(longest_within(linked, std::iter::once(&linked.program().rules[rule].expr), steps)),
        }
    }
}

/// Steps that a comparison of two texts takes.
#[inline]
pub fn compare_steps(op: CompareOp, lhs: usize, rhs: usize) -> u64 {
    match op {
        CompareOp::Eq | CompareOp::Ne if lhs != rhs => 0,
        CompareOp::Eq | CompareOp::Ne | CompareOp::Lt | CompareOp::Le | CompareOp::Gt | CompareOp::Ge => looked_at(lhs.min(rhs)),
    }
}

/// The length of a text as far as it is known before it is there.
fn length(expr: &Expr) -> usize {
    match &expr.kind {
        ExprKind::Const(Const::Bytes(bytes)) => bytes.len(),
        _ => usize::MAX,
    }
}

/// The most steps of a comparison; 0 where the operands are no texts.
fn compared(lhs: &Expr, rhs: &Expr) -> u64 {
    if lhs.ty == Type::Bytes { looked_at(length(lhs).min(length(rhs))) } else { 0 }
}

/// The most steps that evaluating `expr` can take on a record whose values take `bytes` beside its slots (see
/// [`Batch::longest`](crate::Batch::longest)), for expressions that call none but simple functions of the standard library and collect no arrays;
/// `u64::MAX` for others.
pub fn steps_at_most(linked: &Linked, expr: &Expr, bytes: usize) -> u64 {
    let mut longest = bytes;
    expr.walk(&mut |e| {
        if let ExprKind::Const(Const::Bytes(constant)) = &e.kind {
            longest = longest.max(constant.len());
        }
    });
    evaluated(linked, expr, longest)
}

/// [`steps_at_most`] where no value is longer than `bytes`.
fn evaluated(linked: &Linked, expr: &Expr, bytes: usize) -> u64 {
    let below = |e: &Expr| evaluated(linked, e, bytes);
    let both = |a: &Expr, b: &Expr| below(a).saturating_add(below(b));
    let (own, operands) = match &expr.kind {
        // A step, one for every 16 bytes of texts, one for each element.
        ExprKind::Call { site, args } if linked.standard(*site).is_some() => {
            let looked_at = args.iter().map(|arg| if arg.ty == Type::Bytes { bytes as u64 / 16 } else { bytes as u64 / 8 });
            (1 + looked_at.sum::<u64>(), args.iter().map(below).fold(0, u64::saturating_add))
        }
        ExprKind::Call { .. } | ExprKind::Collect(_) | ExprKind::Packed(_) => return u64::MAX,
        ExprKind::Const(_) | ExprKind::Field(_) | ExprKind::Local(_) | ExprKind::Count(_) => (0, 0),
        ExprKind::Element { index, .. } => (0, below(index)),
        ExprKind::Intrinsic { args, .. } => (0, args.iter().map(below).fold(0, u64::saturating_add)),
        ExprKind::Otherwise { value, default } => (0, both(value, default)),
        ExprKind::Index { base, index } => (0, both(base, index)),
        ExprKind::Key { base, key } => (looked_at(length(key).min(bytes)), both(base, key)),
        ExprKind::Slice { base, start, end } => {
            let bounds = [start, end].into_iter().flatten().map(|e| below(e));
            (0, bounds.fold(below(base), u64::saturating_add))
        }
        ExprKind::Neg(e) | ExprKind::Not(e) | ExprKind::Present(e) => (0, below(e)),
        ExprKind::Arith { lhs, rhs, .. } => (0, both(lhs, rhs)),
        ExprKind::Compare { lhs, rhs, .. } => (compared(lhs, rhs).min(looked_at(bytes)), both(lhs, rhs)),
        ExprKind::In { value, .. } | ExprKind::InList { value, .. } => (looked_at(bytes), below(value)),
        ExprKind::Contains { value, needle: Needle::Const(id) } => {
            (Searcher::steps(linked.searcher(*id).needle().len(), bytes), below(value))
        }
        ExprKind::Contains { value, needle: Needle::Dynamic(needle) } => (looked_at(bytes), both(value, needle)),
        ExprKind::Matches { value, regex } => (linked.regex(*regex).steps(bytes), below(value)),
        ExprKind::Wildcard { value, .. } => (looked_at(bytes), below(value)),
        ExprKind::Logic { items, .. } => (0, items.iter().map(below).fold(0, u64::saturating_add)),
        ExprKind::Quantifier { each, .. } => (0, looped(linked, each, &each.clauses, bytes)),
    };
    own.saturating_add(operands)
}

/// The most steps of a loop's clauses and body.
fn looped(linked: &Linked, each: &Each, clauses: &[Clause], bytes: usize) -> u64 {
    let below = |e: &Expr| evaluated(linked, e, bytes);
    match clauses {
        [] => below(&each.body),
        [Clause::Let(_, value), inner @ ..] => below(value).saturating_add(looped(linked, each, inner, bytes)),
        [Clause::For(sources), inner @ ..] => {
            let sources = sources.iter().map(|(_, source)| below(source)).fold(0, u64::saturating_add);
            let element = looped(linked, each, inner, bytes).saturating_add(1);
            // A leaf's bound is that of one step for each element, which is more than it takes.
            sources.saturating_add(element.saturating_mul(bytes as u64 / 8))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_power_is_found_wherever_it_is_guessed() {
        for fails_from in 0..=LONGEST + 1 {
            let passes = |bytes: usize| bytes.ilog2() < fails_from;
            let wanted = if fails_from == 0 { 0 } else { 1 << (fails_from - 1) };
            for guess in 0..=LONGEST {
                assert_eq!(longest_power(passes(1 << LONGEST), guess, passes), wanted, "{fails_from} {guess}");
            }
        }
    }
}
