//! Statements.

use quintet_lang::Type;
use quintet_lang::ast::{Block, Expr, ExprKind, Stmt, StmtKind};
use quintet_runtime::{Trap, Value, counts_steps, statement_counts_steps};

use crate::bits::by_turn;
use crate::context::{BoolFn, Ctx};
use crate::frame::Home;
use crate::generator::Generator;
use crate::kind::{Any, Bool, Float, Int, Kind, U32, ValFn, val};
use crate::operand::Source;
use crate::word::{Scalar, by_arg};

/// Where to go on after a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// At the next one.
    On,
    /// Behind the innermost loop.
    Break,
    /// At the innermost loop's next turn.
    Continue,
    /// At the function's caller.
    Return,
    /// Nowhere: a trap was noted, or the budget is used up.
    Trap,
}

/// A statement, or several.
pub(crate) type StmtFn = Box<dyn for<'a> Fn(&Ctx<'a>) -> Flow + Send + Sync>;

/// Boxes a closure as a statement.
pub(crate) fn stmt(run: impl for<'a> Fn(&Ctx<'a>) -> Flow + Send + Sync + 'static) -> StmtFn {
    Box::new(run)
}

/// Ends the evaluation.
#[cold]
pub(crate) fn trap(cx: &Ctx<'_>, trap: Trap) -> Flow {
    let _: Option<()> = cx.trap(trap);
    Flow::Trap
}

/// Goes on after a value that was nil, unless that was a trap.
#[cold]
pub(crate) fn nil(cx: &Ctx<'_>) -> Flow {
    if cx.trapped() { Flow::Trap } else { Flow::On }
}

/// A condition.
pub(crate) struct Condition {
    test: BoolFn,
    /// Whether it may trap.
    checked: bool,
    /// Where.
    place: u32,
}

impl Condition {
    /// Whether it holds; nothing after a trap.
    #[inline(always)]
    pub(crate) fn holds(&self, cx: &Ctx<'_>) -> Option<bool> {
        let holds = self.test.test(cx);
        if self.checked && cx.trapped() {
            cx.at(self.place);
            return None;
        }
        Some(holds)
    }
}

/// Sets a local, or leaves a result.
pub(crate) fn set<K: Scalar>(home: Home, value: impl Source<K>) -> StmtFn {
    match home {
        Home::Word { at, nullable: false } => stmt(move |cx| match value.get(cx) {
            Some(value) => {
                cx.set_local(at, K::word(value));
                Flow::On
            }
            // Only a trap makes it nil.
            None => trap(cx, Trap::Nil),
        }),
        Home::Word { at, nullable: true } => stmt(move |cx| match value.get(cx) {
            Some(value) => {
                cx.set_local(at, K::word(value));
                cx.set_local(at + 1, 1);
                Flow::On
            }
            None => {
                cx.set_local(at + 1, 0);
                nil(cx)
            }
        }),
        Home::Value { at } => stmt(move |cx| {
            let value = value.get(cx).map(K::value);
            set_value(cx, at, value.unwrap_or(Value::Nil));
            if value.is_none() { nil(cx) } else { Flow::On }
        }),
    }
}

/// Sets a local that is a value.
#[inline]
pub(crate) fn set_value<'a>(cx: &Ctx<'a>, at: usize, value: Value<'a>) {
    if let Some(place) = cx.env.values.get().get(at) {
        place.set(value);
    }
}

/// Several statements, with the places where they trap.
fn run_all<'a>(stmts: &[(StmtFn, u32)], cx: &Ctx<'a>) -> Flow {
    for (stmt, place) in stmts {
        let flow = stmt(cx);
        if flow != Flow::On {
            if flow == Flow::Trap {
                cx.at(*place);
            }
            return flow;
        }
    }
    Flow::On
}

/// Statements one after the other, with the numbers of their places; 0 where what is around them has one.
fn in_order(stmts: Vec<(StmtFn, u32)>) -> StmtFn {
    let stmts = match <Vec<_> as TryInto<[(StmtFn, u32); 1]>>::try_into(stmts) {
        Ok([(only, 0)]) => return only,
        Ok([(only, place)]) => {
            return stmt(move |cx| {
                let flow = only(cx);
                if flow == Flow::Trap {
                    cx.at(place);
                }
                flow
            });
        }
        Err(stmts) => stmts,
    };
    // So many are called without a loop.
    let stmts = some_in_order::<2>(stmts).or_else(some_in_order::<3>).or_else(some_in_order::<4>).or_else(some_in_order::<5>);
    let stmts = stmts.or_else(some_in_order::<6>).or_else(some_in_order::<7>).or_else(some_in_order::<8>).or_else(some_in_order::<9>);
    stmts.unwrap_or_else(|stmts| {
        let stmts: Box<[(StmtFn, u32)]> = stmts.into();
        stmt(move |cx| run_all(&stmts, cx))
    })
}

/// The closure of so many statements.
fn some_in_order<const N: usize>(stmts: Vec<(StmtFn, u32)>) -> Result<StmtFn, Vec<(StmtFn, u32)>> {
    let stmts: [(StmtFn, u32); N] = stmts.try_into()?;
    Ok(stmt(move |cx| run_all(&stmts, cx)))
}

/// Whether a value of a statement, not of those in it, has a test in it that a trap makes false. Conditions and loops look for themselves.
fn may_trap_in_a_test(it: &Stmt) -> bool {
    if it.is_conditional() || matches!(it.kind, StmtKind::For { .. }) {
        return false;
    }
    let mut found = false;
    it.own_exprs(&mut |e| found = found || has_test_that_traps(e));
    found
}

/// Whether an expression has a test in it that a trap makes false, so that it may have a value all the same.
pub(crate) fn has_test_that_traps(expr: &Expr) -> bool {
    let mut found = false;
    expr.walk(&mut |e| found |= e.ty == Type::Bool && e.can_trap());
    found
}

impl Generator<'_> {
    /// What a loop goes over, which is nil after a trap.
    pub(crate) fn sequence<K: Kind>(&mut self, expr: &Expr) -> ValFn<K> {
        let value = self.closure::<K>(expr);
        if !has_test_that_traps(expr) {
            return value;
        }
        val::<K>(move |cx| value(cx).filter(|_| !cx.trapped()))
    }

    /// The statements of a block.
    pub(crate) fn statements(&mut self, block: &Block) -> StmtFn {
        let mut stmts = Vec::with_capacity(block.len());
        let mut rest = block.as_slice();
        while let Some((first, behind)) = rest.split_first() {
            let moves: Vec<_> = rest.iter().map_while(|stmt| self.word_move(stmt)).collect();
            if moves.len() > 1 {
                rest = rest.get(moves.len()..).unwrap_or_default();
                let moves: Box<[(usize, usize)]> = moves.into();
                self.add_size(size_of_val(&*moves));
                stmts.push((
                    stmt(move |cx| {
                        let words = cx.env.words.get();
                        for (from, to) in &moves {
                            if let (Some(from), Some(to)) = (words.get(*from), words.get(*to)) {
                                to.set(from.get());
                            }
                        }
                        Flow::On
                    }),
                    0,
                ));
                continue;
            }
            let place = if self.can_trap(first) { self.linked.place(first.span) } else { 0 };
            stmts.push((self.statement(first), place));
            rest = behind;
        }
        let all = in_order(stmts);
        self.add_size(size_of_val(&*all));
        all
    }

    /// The words of two locals that are never nil, where a statement sets the second to the first.
    fn word_move(&self, it: &Stmt) -> Option<(usize, usize)> {
        match &it.kind {
            StmtKind::Set { local, value } => Some((self.word_local(value)?, self.word_of(*local)?)),
            _ => None,
        }
    }

    /// Whether a statement itself may trap, not those in it nor its conditions.
    fn can_trap(&self, it: &Stmt) -> bool {
        match &it.kind {
            StmtKind::Set { .. } | StmtKind::Return(_) => {
                let mut may = false;
                it.own_exprs(&mut |value| may = may || value.can_trap() || counts_steps(self.linked, value));
                may
            }
            StmtKind::If { .. } | StmtKind::Break | StmtKind::Continue | StmtKind::Pop { .. } => false,
            StmtKind::Fill { .. }
            | StmtKind::Store { .. }
            | StmtKind::Push { .. }
            | StmtKind::Call { .. }
            | StmtKind::While { .. }
            | StmtKind::For { .. } => true,
        }
    }

    fn statement(&mut self, it: &Stmt) -> StmtFn {
        let mut made = self.make_statement(it);
        if statement_counts_steps(self.linked, it) || may_trap_in_a_test(it) {
            // There is a value all the same, but nothing comes after the statement.
            let inner = made;
            made = stmt(move |cx| match inner(cx) {
                Flow::On | Flow::Return if cx.trapped() => Flow::Trap,
                flow => flow,
            });
        }
        self.add_size(size_of_val(&*made));
        made
    }

    fn make_statement(&mut self, it: &Stmt) -> StmtFn {
        match &it.kind {
            StmtKind::Set { local, value } => match self.home(*local) {
                Some(home) => self.set(home, value),
                None => stmt(|cx| trap(cx, Trap::Nil)),
            },
            StmtKind::Fill { array, with } => self.fill(*array, with),
            StmtKind::Store { array, index, value } => self.store(*array, index, value),
            StmtKind::Push { array, value } => self.push(*array, value),
            StmtKind::Pop { local, array } => self.pop(*local, *array),
            StmtKind::Call { results, function, args } => self.invoke(results, *function, args),
            StmtKind::If { arms, otherwise } => self.branch(arms, otherwise),
            StmtKind::While { condition, body } => self.while_loop(condition, body),
            StmtKind::For { local, over, body } => self.for_loop(*local, over, body),
            StmtKind::Break => stmt(|_| Flow::Break),
            StmtKind::Continue => stmt(|_| Flow::Continue),
            StmtKind::Return(values) => self.return_with(values),
        }
    }

    /// The closure that sets a local, or leaves a result.
    fn set(&mut self, home: Home, value: &Expr) -> StmtFn {
        match &value.ty {
            Type::U32 => {
                if let (Home::Word { at, nullable: false }, ExprKind::Arith { op, lhs, rhs }) = (home, &value.kind)
                    && self.mixture(*op, lhs, rhs).is_none()
                {
                    return self.u32_assignment(at, *op, lhs, rhs);
                }
                by_turn!(self.turn(value), value => set::<U32>(home, value))
            }
            Type::Int => {
                if let (Home::Word { at, nullable: false }, ExprKind::Arith { op, lhs, rhs }) = (home, &value.kind) {
                    return self.int_assignment(at, *op, lhs, rhs);
                }
                by_arg!(self.arg::<Int>(value), value => set::<Int>(home, value))
            }
            Type::Float => {
                if let (Home::Word { at, nullable: false }, ExprKind::Arith { op, lhs, rhs }) = (home, &value.kind) {
                    return self.float_assignment(at, *op, lhs, rhs);
                }
                by_arg!(self.arg::<Float>(value), value => set::<Float>(home, value))
            }
            Type::Bool => by_arg!(self.arg::<Bool>(value), value => set::<Bool>(home, value)),
            Type::Bytes | Type::Ip | Type::Array(_) | Type::Map(_) | Type::List(..) => {
                let value = self.closure::<Any>(value);
                match home {
                    Home::Value { at } => stmt(move |cx| {
                        let value = value(cx);
                        set_value(cx, at, value.unwrap_or(Value::Nil));
                        if value.is_none() { nil(cx) } else { Flow::On }
                    }),
                    Home::Word { .. } => stmt(|cx| trap(cx, Trap::Nil)),
                }
            }
        }
    }

    fn return_with(&mut self, values: &[Expr]) -> StmtFn {
        let homes = self.layout.results.clone();
        let mut sets: Vec<(StmtFn, u32)> = homes.into_iter().zip(values).map(|(home, value)| (self.set(home, value), 0)).collect();
        sets.push((stmt(|_| Flow::Return), 0));
        in_order(sets)
    }

    /// A condition.
    pub(crate) fn condition(&mut self, expr: &Expr) -> Condition {
        let (test, full) = self.noting_full(|builder| builder.test(expr));
        // Where a value that is not a test is nil because of a trap, the test is false, so that is looked at as well.
        Condition { test, checked: full || counts_steps(self.linked, expr), place: self.linked.place(expr.span) }
    }

    fn branch(&mut self, arms: &[(Expr, Block)], otherwise: &Block) -> StmtFn {
        let mut made: Vec<(Condition, StmtFn)> = Vec::with_capacity(arms.len());
        for (condition, body) in arms {
            made.push((self.condition(condition), self.statements(body)));
        }
        let last = (!otherwise.is_empty()).then(|| self.statements(otherwise));
        let made = match (<Vec<_> as TryInto<[(Condition, StmtFn); 1]>>::try_into(made), last) {
            (Ok([(condition, body)]), None) => {
                return stmt(move |cx| match condition.holds(cx) {
                    Some(true) => body(cx),
                    Some(false) => Flow::On,
                    None => Flow::Trap,
                });
            }
            (Ok([(condition, body)]), Some(otherwise)) => {
                return stmt(move |cx| match condition.holds(cx) {
                    Some(true) => body(cx),
                    Some(false) => otherwise(cx),
                    None => Flow::Trap,
                });
            }
            (Err(made), last) => (made, last),
        };
        let (arms, last) = made;
        stmt(move |cx| {
            for (condition, body) in &arms {
                match condition.holds(cx) {
                    Some(true) => return body(cx),
                    Some(false) => {}
                    None => return Flow::Trap,
                }
            }
            last.as_ref().map_or(Flow::On, |last| last(cx))
        })
    }
}
