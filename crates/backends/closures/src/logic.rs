//! Tests, and the control flow of Bools: `and`, `or`, `xor`, `not`.

use quintet_lang::ast::{Const, Expr, ExprKind, LogicOp};

use crate::context::{Block, BoolFn, Ctx, Test, test};
use crate::generator::Generator;
use crate::kind::{Any, Bool};
use crate::operand::leaf;

/// The opposite.
pub(crate) struct Not(pub(crate) BoolFn);

/// All of these; `I` is an array for the usual numbers of items.
struct And<I>(I);

/// Any of these.
struct Or<I>(I);

/// An odd number of these.
struct Xor(Box<[BoolFn]>);

impl Test for Not {
    fn test(&self, cx: &Ctx<'_>) -> bool {
        !self.0.test(cx)
    }

    fn block(&self, block: &Block<'_>, mask: u64) -> u64 {
        mask & !self.0.block(block, mask)
    }
}

impl<I: AsRef<[BoolFn]> + Send + Sync> Test for And<I> {
    fn test(&self, cx: &Ctx<'_>) -> bool {
        self.0.as_ref().iter().all(|item| item.test(cx))
    }

    fn block(&self, block: &Block<'_>, mut mask: u64) -> u64 {
        for item in self.0.as_ref() {
            if mask == 0 {
                break;
            }
            mask = item.block(block, mask);
        }
        mask
    }
}

impl<I: AsRef<[BoolFn]> + Send + Sync> Test for Or<I> {
    fn test(&self, cx: &Ctx<'_>) -> bool {
        self.0.as_ref().iter().any(|item| item.test(cx))
    }

    fn block(&self, block: &Block<'_>, mask: u64) -> u64 {
        let mut rest = mask;
        for item in self.0.as_ref() {
            if rest == 0 {
                break;
            }
            rest &= !item.block(block, rest);
        }
        mask & !rest
    }
}

impl Test for Xor {
    fn test(&self, cx: &Ctx<'_>) -> bool {
        self.0.iter().fold(false, |odd, item| odd ^ item.test(cx))
    }

    fn block(&self, block: &Block<'_>, mask: u64) -> u64 {
        self.0.iter().fold(0, |odd, item| odd ^ item.block(block, mask))
    }
}

/// All of these tests.
pub(crate) fn all(mut items: Vec<BoolFn>) -> BoolFn {
    if items.len() == 1
        && let Some(item) = items.pop()
    {
        return item;
    }
    let items: Box<[BoolFn]> = items.into();
    let items = match <Box<[BoolFn; 2]>>::try_from(items) {
        Ok(two) => return Box::new(And(*two)),
        Err(items) => items,
    };
    let items = match <Box<[BoolFn; 3]>>::try_from(items) {
        Ok(three) => return Box::new(And(*three)),
        Err(items) => items,
    };
    match <Box<[BoolFn; 4]>>::try_from(items) {
        Ok(four) => Box::new(And(*four)),
        Err(items) => Box::new(And(items)),
    }
}

/// Boxes `$test` of what `$builder` makes of the items, as an array where there are two, three or four.
macro_rules! by_number {
    ($builder:expr, $items:expr, $test:ident) => {
        match $items {
            [one] => $builder.test(one),
            [a, b] => Box::new($test([a, b].map(|item| $builder.test(item)))),
            [a, b, c] => Box::new($test([a, b, c].map(|item| $builder.test(item)))),
            [a, b, c, d] => Box::new($test([a, b, c, d].map(|item| $builder.test(item)))),
            items => Box::new($test(items.iter().map(|item| $builder.test(item)).collect::<Box<[BoolFn]>>())),
        }
    };
}

impl Generator<'_> {
    /// The test that a Bool expression is, which is never nil.
    pub(crate) fn test(&mut self, expr: &Expr) -> BoolFn {
        let test = self.make_test(expr);
        self.pool.size += size_of_val(&*test);
        test
    }

    fn make_test(&mut self, expr: &Expr) -> BoolFn {
        match &expr.kind {
            ExprKind::Const(constant) => {
                let answer = *constant == Const::Bool(true);
                test(move |_| answer)
            }
            ExprKind::Not(inner) => Box::new(Not(self.test(inner))),
            ExprKind::Logic { op, items } => self.logic(*op, items),
            ExprKind::Compare { op, lhs, rhs, on_nil } => self.compare(*op, lhs, rhs, *on_nil),
            ExprKind::In { value, set } => self.in_set(value, *set),
            ExprKind::InList { value, list } => self.in_list(value, *list),
            ExprKind::Contains { value, needle } => self.contains(value, needle),
            ExprKind::Matches { value, regex } => self.matches(value, *regex),
            ExprKind::Wildcard { value, pattern } => self.wildcard(value, *pattern),
            ExprKind::Present(inner) => self.present(inner),
            ExprKind::Quantifier { quantifier, each } => self.quantifier(*quantifier, each),
            // Values of type Bool. The rest makes none.
            ExprKind::Field(_)
            | ExprKind::Local(_)
            | ExprKind::Element { .. }
            | ExprKind::Count(_)
            | ExprKind::Packed(_)
            | ExprKind::Intrinsic { .. }
            | ExprKind::Otherwise { .. }
            | ExprKind::Index { .. }
            | ExprKind::Key { .. }
            | ExprKind::Call { .. }
            | ExprKind::Slice { .. }
            | ExprKind::Neg(_)
            | ExprKind::Arith { .. }
            | ExprKind::Collect(_) => {
                let operand = self.operand::<Bool>(expr);
                leaf(operand, false, |b| b)
            }
        }
    }

    fn present(&mut self, expr: &Expr) -> BoolFn {
        if let Some(place) = self.place(expr) {
            return place.present();
        }
        let value = self.closure::<Any>(expr);
        test(move |cx| value(cx).is_some())
    }

    /// `and`, `or`, `xor`.
    pub(crate) fn logic(&mut self, op: LogicOp, items: &[Expr]) -> BoolFn {
        match op {
            LogicOp::And => by_number!(self, items, And),
            LogicOp::Or => by_number!(self, items, Or),
            LogicOp::Xor => Box::new(Xor(items.iter().map(|item| self.test(item)).collect())),
        }
    }
}
