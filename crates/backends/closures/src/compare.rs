//! Comparisons.

use std::cmp::Ordering;

use quintet_lang::Type;
use quintet_lang::ast::{ArithOp, CompareOp, Const, Expr, ExprKind};
use quintet_lang::intrinsic::Intrinsic;
use quintet_runtime::plan::Text;
use quintet_runtime::{StoredBytes, compare_steps, ip_words, looked_at, slice};

use crate::context::{BoolFn, Ctx, test};
use crate::generator::Generator;
use crate::kind::{Bool, Bytes, Float, Int, Ip, Kind, Primitive, U32};
use crate::operand::{Operand, Source, by_side, leaf, leaf_bytes, leaf_with};
use crate::search::bound;

/// Which orders of two values an operator accepts, as a table of bits.
#[derive(Clone, Copy)]
struct Accepts(u8);

impl Accepts {
    fn new(op: CompareOp) -> Accepts {
        let orders = [Some(Ordering::Less), Some(Ordering::Equal), Some(Ordering::Greater), None];
        Accepts(orders.into_iter().enumerate().map(|(i, order)| (op.holds(order) as u8) << i).sum())
    }

    #[inline(always)]
    fn holds(self, order: Option<Ordering>) -> bool {
        self.0 >> order.map_or(3, |o| o as i8 + 1) & 1 != 0
    }
}

impl Generator<'_> {
    /// A comparison of two values of one primitive type.
    pub(crate) fn compare(&mut self, op: CompareOp, lhs: &Expr, rhs: &Expr, on_nil: bool) -> BoolFn {
        if let Some(test) = self.compare_words(op, lhs, rhs, on_nil) {
            return test;
        }
        match (&lhs.kind, &rhs.kind) {
            (_, ExprKind::Const(constant)) => self.compare_const(op, lhs, constant, on_nil),
            (ExprKind::Const(constant), _) => self.compare_const(op.mirrored(), rhs, constant, on_nil),
            _ => match &lhs.ty {
                Type::Int => self.compare_ints(op, lhs, rhs, on_nil),
                Type::Bool => self.compare_ordered::<Bool>(op, lhs, rhs, on_nil),
                Type::Float => self.compare_ordered::<Float>(op, lhs, rhs, on_nil),
                Type::Ip => self.compare_ordered::<Ip>(op, lhs, rhs, on_nil),
                Type::U32 => self.compare_ordered::<U32>(op, lhs, rhs, on_nil),
                // Arrays and maps are not compared.
                Type::Bytes | Type::List(..) | Type::Array(_) | Type::Map(_) => match op {
                    CompareOp::Eq => self.compare_texts(op, lhs, rhs, on_nil, |a, b| a == b),
                    CompareOp::Ne => self.compare_texts(op, lhs, rhs, on_nil, |a, b| a != b),
                    CompareOp::Lt | CompareOp::Le | CompareOp::Gt | CompareOp::Ge => {
                        let accepts = Accepts::new(op);
                        self.compare_texts(op, lhs, rhs, on_nil, move |a, b| accepts.holds(Some(a.cmp(b))))
                    }
                },
            },
        }
    }

    fn compare_with<K: Primitive>(
        &mut self,
        lhs: &Expr,
        rhs: &Expr,
        on_nil: bool,
        holds: impl for<'a> Fn(K::Out<'a>, K::Out<'a>) -> bool + Send + Sync + 'static,
    ) -> BoolFn {
        let (lhs, rhs) = (self.side::<K>(lhs), self.side::<K>(rhs));
        by_side!(lhs, lhs => by_side!(rhs, rhs => both::<K>(lhs, rhs, on_nil, move |_, a, b| holds(a, b))))
    }

    fn compare_texts(
        &mut self,
        op: CompareOp,
        lhs: &Expr,
        rhs: &Expr,
        on_nil: bool,
        holds: impl Fn(&[u8], &[u8]) -> bool + Send + Sync + 'static,
    ) -> BoolFn {
        let holds = move |cx: &Ctx<'_>, a: &[u8], b: &[u8]| cx.count(compare_steps(op, a.len(), b.len())) && holds(a, b);
        let (lhs, rhs) = (self.side::<Bytes>(lhs), self.side::<Bytes>(rhs));
        by_side!(lhs, lhs => by_side!(rhs, rhs => both::<Bytes>(lhs, rhs, on_nil, holds)))
    }

    fn compare_ordered<K: Primitive>(&mut self, op: CompareOp, lhs: &Expr, rhs: &Expr, on_nil: bool) -> BoolFn {
        let accepts = Accepts::new(op);
        self.compare_with::<K>(lhs, rhs, on_nil, move |a, b| accepts.holds(K::order(a, b)))
    }

    fn compare_ints(&mut self, op: CompareOp, lhs: &Expr, rhs: &Expr, on_nil: bool) -> BoolFn {
        match op {
            CompareOp::Eq => self.compare_with::<Int>(lhs, rhs, on_nil, |a, b| a == b),
            CompareOp::Ne => self.compare_with::<Int>(lhs, rhs, on_nil, |a, b| a != b),
            CompareOp::Lt => self.compare_with::<Int>(lhs, rhs, on_nil, |a, b| a < b),
            CompareOp::Le => self.compare_with::<Int>(lhs, rhs, on_nil, |a, b| a <= b),
            CompareOp::Gt => self.compare_with::<Int>(lhs, rhs, on_nil, |a, b| a > b),
            CompareOp::Ge => self.compare_with::<Int>(lhs, rhs, on_nil, |a, b| a >= b),
        }
    }

    fn compare_const(&mut self, op: CompareOp, value: &Expr, constant: &Const, on_nil: bool) -> BoolFn {
        match constant {
            Const::Bool(c) => {
                let accepts = Accepts::new(op);
                let (on_false, on_true) = (accepts.holds(Some(false.cmp(c))), accepts.holds(Some(true.cmp(c))));
                let operand = self.operand::<Bool>(value);
                leaf(operand, on_nil, move |b| if b { on_true } else { on_false })
            }
            Const::Int(c) => self.compare_int(op, value, *c, on_nil),
            Const::U32(c) => {
                let (accepts, c) = (Accepts::new(op), *c);
                let operand = self.operand::<U32>(value);
                leaf(operand, on_nil, move |u| accepts.holds(U32::order(u, c)))
            }
            Const::Float(c) => {
                let c = *c;
                let operand = self.operand::<Float>(value);
                match op {
                    CompareOp::Eq => leaf(operand, on_nil, move |f| f == c),
                    CompareOp::Ne => leaf(operand, on_nil, move |f| f != c),
                    CompareOp::Lt => leaf(operand, on_nil, move |f| f < c),
                    CompareOp::Le => leaf(operand, on_nil, move |f| f <= c),
                    CompareOp::Gt => leaf(operand, on_nil, move |f| f > c),
                    CompareOp::Ge => leaf(operand, on_nil, move |f| f >= c),
                }
            }
            Const::Bytes(c) => self.compare_bytes(op, value, c, on_nil),
            Const::Ip(c) => {
                let (accepts, c) = (Accepts::new(op), ip_words(*c));
                let operand = self.operand::<Ip>(value);
                match op {
                    CompareOp::Eq => leaf(operand, on_nil, move |ip| same_ip(ip, c)),
                    CompareOp::Ne => leaf(operand, on_nil, move |ip| !same_ip(ip, c)),
                    _ => leaf(operand, on_nil, move |ip| accepts.holds(Ip::order(ip, c))),
                }
            }
        }
    }

    fn compare_int(&mut self, op: CompareOp, value: &Expr, c: i64, on_nil: bool) -> BoolFn {
        let equality = matches!(op, CompareOp::Eq | CompareOp::Ne);
        if let ExprKind::Arith { op: ArithOp::And, lhs, rhs } = &value.kind
            && let ExprKind::Const(Const::Int(mask)) = rhs.kind
            && equality
        {
            let operand = self.operand::<Int>(lhs);
            return match op {
                CompareOp::Eq => leaf(operand, on_nil, move |i| i & mask == c),
                _ => leaf(operand, on_nil, move |i| i & mask != c),
            };
        }
        if let Some(text) = size_of(value)
            && (text.ty == Type::Bytes || self.is_fused(text) || self.is_place(text, &[]))
        {
            // Slots of arrays and maps have their sizes where those of texts have them.
            let (sizes, operand) = (Sizes::of(op, c), self.operand::<Bytes>(text));
            return leaf_bytes(operand, on_nil, move |_, b| sizes.hold(b.size()), move |_, b| sizes.hold(b.len()));
        }
        let operand = self.operand::<Int>(value);
        match op {
            CompareOp::Eq => leaf(operand, on_nil, move |i| i == c),
            CompareOp::Ne => leaf(operand, on_nil, move |i| i != c),
            CompareOp::Lt => leaf(operand, on_nil, move |i| i < c),
            CompareOp::Le => leaf(operand, on_nil, move |i| i <= c),
            CompareOp::Gt => leaf(operand, on_nil, move |i| i > c),
            CompareOp::Ge => leaf(operand, on_nil, move |i| i >= c),
        }
    }

    fn compare_bytes(&mut self, op: CompareOp, value: &Expr, c: &[u8], on_nil: bool) -> BoolFn {
        if looked_at(c.len()) > 0 {
            let (accepts, c): (_, Box<[u8]>) = (Accepts::new(op), c.into());
            let operand = self.operand::<Bytes>(value);
            let holds = move |cx: &Ctx<'_>, b: &[u8]| cx.count(compare_steps(op, b.len(), c.len())) && accepts.holds(Some(b.cmp(&*c)));
            return leaf_with::<Bytes>(operand, on_nil, holds);
        }
        if let ExprKind::Slice { base, start, end } = &value.kind
            && let (Ok(start), Ok(end)) = (bound(start.as_deref()), bound(end.as_deref()))
        {
            let (accepts, c): (_, Box<[u8]>) = (Accepts::new(op), c.into());
            let operand = self.operand::<Bytes>(base);
            return match op {
                CompareOp::Eq => leaf::<Bytes>(operand, on_nil, move |b| *slice(b, start, end) == *c),
                CompareOp::Ne => leaf::<Bytes>(operand, on_nil, move |b| *slice(b, start, end) != *c),
                _ => leaf::<Bytes>(operand, on_nil, move |b| accepts.holds(Some(slice(b, start, end).cmp(&c)))),
            };
        }
        let operand = self.operand::<Bytes>(value);
        match op {
            CompareOp::Eq => equal_bytes(operand, c, on_nil, true),
            CompareOp::Ne => equal_bytes(operand, c, on_nil, false),
            _ => {
                let (accepts, c): (_, Box<[u8]>) = (Accepts::new(op), c.into());
                leaf::<Bytes>(operand, on_nil, move |b| accepts.holds(Some(b.cmp(&c))))
            }
        }
    }
}

/// The text or array whose size an expression is.
pub(crate) fn size_of(value: &Expr) -> Option<&Expr> {
    match &value.kind {
        ExprKind::Intrinsic { op: Intrinsic::Len, args } => args.first(),
        _ => None,
    }
}

/// Sizes: those from one on to so many after it, or all others.
#[derive(Clone, Copy)]
struct Sizes {
    first: i64,
    more: u64,
    inside: bool,
}

impl Sizes {
    /// Those that compare to a number as an operator asks.
    fn of(op: CompareOp, c: i64) -> Sizes {
        let from = |first: i64, inside: bool| Sizes { first, more: i64::MAX.abs_diff(first), inside };
        match op {
            CompareOp::Eq => Sizes { first: c, more: 0, inside: true },
            CompareOp::Ne => Sizes { first: c, more: 0, inside: false },
            CompareOp::Ge => from(c, true),
            CompareOp::Lt => from(c, false),
            // Nothing is greater than the greatest number.
            CompareOp::Gt => c.checked_add(1).map_or(Sizes { first: -1, more: 0, inside: true }, |first| from(first, true)),
            CompareOp::Le => c.checked_add(1).map_or(Sizes { first: -1, more: 0, inside: false }, |first| from(first, false)),
        }
    }

    #[inline(always)]
    fn hold(self, size: usize) -> bool {
        ((size as i64).wrapping_sub(self.first) as u64 <= self.more) == self.inside
    }
}

/// Tests two values.
pub(crate) fn both<K: Kind>(
    lhs: impl Source<K>,
    rhs: impl Source<K>,
    on_nil: bool,
    holds: impl for<'a> Fn(&Ctx<'a>, K::Out<'a>, K::Out<'a>) -> bool + Send + Sync + 'static,
) -> BoolFn {
    test(move |cx: &Ctx<'_>| {
        let Some(lhs) = lhs.get(cx) else {
            return on_nil;
        };
        let Some(rhs) = rhs.get(cx) else {
            return on_nil;
        };
        holds(cx, lhs, rhs)
    })
}

/// Whether two addresses are equal, word by word: `==` of the arrays is a call into the C library.
#[inline(always)]
fn same_ip(a: [u64; 3], b: [u64; 3]) -> bool {
    (a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) == 0
}

/// The bits of the first `len` of 8 bytes.
pub(crate) fn head_mask(len: usize) -> u64 {
    if len >= 8 { u64::MAX } else { (1 << (len * 8)) - 1 }
}

/// Up to 8 bytes as a number, the first byte lowest.
pub(crate) fn head_of(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).rev().fold(0, |word, byte| word << 8 | *byte as u64)
}

/// The last 8 bytes of what has so many, as a number.
#[inline(always)]
fn last(bytes: StoredBytes<'_>) -> u64 {
    bytes.get().last_chunk().map_or(0, |last| u64::from_le_bytes(*last))
}

/// Whether bytes are this text, in letters of either case: up to 8 as one number, up to 16 by their first and their last 8, more by their first 8
/// and then all.
pub(crate) fn equal_caseless(operand: Operand<Bytes>, text: Text) -> BoolFn {
    let (len, mask) = (text.bytes().len(), head_mask(text.bytes().len()));
    let letters = text.small();
    let (head, small) = (head_of(text.bytes()), head_of(&letters));
    let same_head = move |b: &StoredBytes<'_>| b.size() == len && (b.head() | small) & mask == head;
    let whole = text.clone();
    if len <= 8 {
        return leaf_bytes(operand, false, move |_, b| same_head(&b), move |_, b| whole.is(b));
    }
    if len <= 16 {
        let (tail, small) = (head_of(&text.bytes()[len - 8..]), head_of(&letters[len - 8..]));
        return leaf_bytes(operand, false, move |_, b| same_head(&b) && last(b) | small == tail, move |_, b| whole.is(b));
    }
    leaf_bytes(operand, false, move |_, b| same_head(&b) && text.is(b.get()), move |_, b| whole.is(b))
}

/// Whether bytes are, or are not, these, which are fewer than it takes steps to look at: up to 8 as one number, up to 16 by their first
/// and their last 8, more by their first 8 and then the rest.
pub(crate) fn equal_bytes(operand: Operand<Bytes>, c: &[u8], on_nil: bool, equal: bool) -> BoolFn {
    let (len, head, mask) = (c.len(), head_of(c), head_mask(c.len()));
    let c: Box<[u8]> = c.into();
    if len <= 8 {
        let short = move |b: StoredBytes<'_>| b.size() == len && b.head() & mask == head;
        return match equal {
            true => leaf_bytes(operand, on_nil, move |_, b| short(b), move |_, b| *b == *c),
            false => leaf_bytes(operand, on_nil, move |_, b| !short(b), move |_, b| *b != *c),
        };
    }
    if len <= 16 {
        let tail = head_of(&c[len - 8..]);
        let short = move |b: StoredBytes<'_>| b.size() == len && b.head() == head && last(b) == tail;
        return match equal {
            true => leaf_bytes(operand, on_nil, move |_, b| short(b), move |_, b| *b == *c),
            false => leaf_bytes(operand, on_nil, move |_, b| !short(b), move |_, b| *b != *c),
        };
    }
    let long = c.clone();
    match equal {
        true => leaf_bytes(operand, on_nil, move |_, b| b.size() == len && b.head() == head && *b.get() == *long, move |_, b| *b == *c),
        false => leaf_bytes(operand, on_nil, move |_, b| b.size() != len || b.head() != head || *b.get() != *long, move |_, b| *b != *c),
    }
}
