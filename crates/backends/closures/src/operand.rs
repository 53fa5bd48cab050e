//! Operands by shape, and the closures that test one.

use std::marker::PhantomData;

use quintet_lang::ast::{Expr, ExprKind};
use quintet_runtime::{StoredBytes, looked_at};

use crate::context::{Block, BoolFn, Ctx, Test, test};
use crate::generator::Generator;
use crate::kind::{Bytes, Form, Kind, Load, Primitive, Stored, ValFn};
use crate::place::{At, Elements, Field, Place, by_place};

/// The operand of a test.
pub(crate) enum Operand<K: Kind> {
    /// Read where it lies.
    Place(Place),
    /// Each of these elements; the test holds where it holds for any.
    Any(Elements),
    /// Each of these elements; the test holds where it holds for all.
    All(Elements),
    /// Computed.
    Value(ValFn<K>),
}

/// A loop that is waiting for the test in its body to become one closure with it.
pub(crate) struct Fused {
    pub(crate) local: usize,
    pub(crate) any: bool,
    pub(crate) elements: Elements,
}

impl Generator<'_> {
    /// Whether an expression stands for the elements of the loop that waits for a test.
    pub(crate) fn is_fused(&self, expr: &Expr) -> bool {
        matches!((&expr.kind, &self.fused), (ExprKind::Local(local), Some(fused)) if fused.local == local.index())
    }

    /// The operand that an expression is.
    pub(crate) fn operand<K: Kind>(&mut self, expr: &Expr) -> Operand<K> {
        if let ExprKind::Local(local) = expr.kind
            && let Some(fused) = self.fused.take_if(|fused| fused.local == local.index())
        {
            return if fused.any { Operand::Any(fused.elements) } else { Operand::All(fused.elements) };
        }
        match self.place(expr) {
            Some(place) => Operand::Place(place),
            None => Operand::Value(self.closure::<K>(expr)),
        }
    }
}

/// A test of what is stored. Neither it nor [`EachElement`] is a closure: that would be called for each record of a block, and find what it holds
/// each time.
struct AtPlace<P, L, H> {
    place: P,
    on_nil: bool,
    holds: H,
    loads: PhantomData<L>,
}

impl<P: At, L: Load, H: for<'a> Fn(&Ctx<'a>, L::Out<'a>) -> bool + Send + Sync> Test for AtPlace<P, L, H> {
    #[inline(always)]
    fn test(&self, cx: &Ctx<'_>) -> bool {
        match self.place.at(cx) {
            Some(at) => (self.holds)(cx, L::load(cx.memory, at)),
            None => self.on_nil,
        }
    }
}

/// Tests what is stored.
fn stored<L: Load>(place: Place, on_nil: bool, holds: impl for<'a> Fn(&Ctx<'a>, L::Out<'a>) -> bool + Send + Sync + 'static) -> BoolFn {
    by_place!(place, place => Box::new(AtPlace::<_, L, _> { place, on_nil, holds, loads: PhantomData }))
}

/// A test of elements, until one decides.
struct EachElement<L, H> {
    elements: Elements,
    any: bool,
    holds: H,
    loads: PhantomData<L>,
}

impl<L: Load, H: for<'a> Fn(&Ctx<'a>, L::Out<'a>) -> bool + Send + Sync> Test for EachElement<L, H> {
    #[inline(always)]
    fn test(&self, cx: &Ctx<'_>) -> bool {
        let run = self.elements.run(cx);
        let mut at = run.at;
        if self.elements.leaf {
            cx.count(looked_at(run.len * 16));
        }
        for _ in 0..run.len {
            if !self.elements.leaf && !cx.count(1) {
                return false;
            }
            if (self.holds)(cx, L::load(cx.memory, at)) == self.any {
                return self.any;
            }
            at += self.elements.step;
        }
        !self.any
    }

    fn block(&self, block: &Block<'_>, mask: u64) -> u64 {
        let (mut hits, mut rest) = (0, mask);
        while rest != 0 {
            let bit = rest.trailing_zeros();
            rest &= rest - 1;
            hits |= u64::from(self.test(&block.record(bit as usize))) << bit;
        }
        hits
    }
}

/// Tests elements until one decides.
fn elements<L: Load>(
    elements: Elements,
    any: bool,
    holds: impl for<'a> Fn(&Ctx<'a>, L::Out<'a>) -> bool + Send + Sync + 'static,
) -> BoolFn {
    Box::new(EachElement::<L, _> { elements, any, holds, loads: PhantomData })
}

/// Tests what is computed.
fn computed<K: Kind>(
    value: ValFn<K>,
    on_nil: bool,
    holds: impl for<'a> Fn(&Ctx<'a>, K::Out<'a>) -> bool + Send + Sync + 'static,
) -> BoolFn {
    test(move |cx| match value(cx) {
        Some(value) => holds(cx, value),
        None => on_nil,
    })
}

/// Tests an operand.
pub(crate) fn leaf<K: Primitive>(
    operand: Operand<K>,
    on_nil: bool,
    holds: impl for<'a> Fn(K::Out<'a>) -> bool + Send + Sync + 'static,
) -> BoolFn {
    leaf_with(operand, on_nil, move |_, value| holds(value))
}

/// Tests an operand with something that the context leads to.
pub(crate) fn leaf_with<K: Primitive>(
    operand: Operand<K>,
    on_nil: bool,
    holds: impl for<'a> Fn(&Ctx<'a>, K::Out<'a>) -> bool + Send + Sync + 'static,
) -> BoolFn {
    match operand {
        Operand::Place(place) => stored::<K>(place, on_nil, holds),
        Operand::Any(all) => elements::<K>(all, true, holds),
        Operand::All(all) => elements::<K>(all, false, holds),
        Operand::Value(value) => computed::<K>(value, on_nil, holds),
    }
}

/// Tests bytes, with a test of its own for those in the batch, which may be read a little past their end.
pub(crate) fn leaf_bytes(
    operand: Operand<Bytes>,
    on_nil: bool,
    in_batch: impl for<'a> Fn(&Ctx<'a>, StoredBytes<'a>) -> bool + Send + Sync + 'static,
    anywhere: impl for<'a> Fn(&Ctx<'a>, &'a [u8]) -> bool + Send + Sync + 'static,
) -> BoolFn {
    match operand {
        Operand::Place(place) => stored::<Stored>(place, on_nil, in_batch),
        Operand::Any(all) => elements::<Stored>(all, true, in_batch),
        Operand::All(all) => elements::<Stored>(all, false, in_batch),
        Operand::Value(value) => computed::<Bytes>(value, on_nil, anywhere),
    }
}

/// An operand of an operator that has two.
pub(crate) trait Source<K: Kind>: Send + Sync + 'static {
    /// The value; `None` for nil.
    fn get<'a>(&self, cx: &Ctx<'a>) -> Option<K::Out<'a>>;
}

/// A value that is computed.
pub(crate) struct Computing<K: Kind>(pub(crate) ValFn<K>);

/// A value that is always the same.
pub(crate) struct Fixed<T>(pub(crate) T);

impl<K: Kind + Load> Source<K> for Field {
    #[inline(always)]
    fn get<'a>(&self, cx: &Ctx<'a>) -> Option<K::Out<'a>> {
        self.at(cx).map(|at| K::load(cx.memory, at))
    }
}

impl<K: Kind> Source<K> for Computing<K> {
    #[inline(always)]
    fn get<'a>(&self, cx: &Ctx<'a>) -> Option<K::Out<'a>> {
        (self.0)(cx)
    }
}

impl<K: Kind, T: Copy + Send + Sync + 'static> Source<K> for Fixed<T>
where
    K: for<'a> Form<Out<'a> = T>,
{
    #[inline(always)]
    fn get<'a>(&self, _: &Ctx<'a>) -> Option<K::Out<'a>> {
        Some(self.0)
    }
}

/// The shape of one of two operands.
pub(crate) enum Side<K: Kind> {
    Field(Field),
    Computing(Computing<K>),
}

/// The same expression for each shape of a side.
macro_rules! by_side {
    ($side:expr, $source:ident => $body:expr) => {
        match $side {
            $crate::operand::Side::Field($source) => $body,
            $crate::operand::Side::Computing($source) => $body,
        }
    };
}
pub(crate) use by_side;

impl Generator<'_> {
    /// The side that an expression is.
    pub(crate) fn side<K: Kind + Load>(&mut self, expr: &Expr) -> Side<K> {
        match self.place(expr) {
            Some(place) => match place.field() {
                Some(field) => Side::Field(field),
                None => Side::Computing(Computing(place.read::<K>())),
            },
            None => Side::Computing(Computing(self.closure::<K>(expr))),
        }
    }
}
