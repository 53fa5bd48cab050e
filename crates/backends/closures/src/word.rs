//! Values that fit in a word, and the shapes of operands that are read without a closure of their own.

use quintet_lang::Type;
use quintet_lang::ast::{ArithOp, Const, Expr, ExprKind, LocalId, Place, TableId};
use quintet_runtime::Trap;

use crate::context::Ctx;
use crate::frame::Home;
use crate::generator::Generator;
use crate::kind::{Bool, Float, Int, Primitive, U32, ValFn, val};
use crate::operand::{Computing, Source};

/// A kind whose values fit in a word.
pub(crate) trait Scalar: Primitive {
    /// From a word.
    fn of_word<'a>(cx: &Ctx<'a>, word: u64) -> Self::Out<'a>;

    /// As a word.
    fn word(out: Self::Out<'_>) -> u64;
}

macro_rules! scalar {
    ($kind:ident, $out:ty, $of:expr, $word:expr) => {
        impl Scalar for $kind {
            #[inline(always)]
            fn of_word<'a>(_: &Ctx<'a>, word: u64) -> $out {
                $of(word)
            }

            #[inline(always)]
            fn word(out: $out) -> u64 {
                $word(out)
            }
        }
    };
}

scalar!(Bool, bool, |word: u64| word != 0, u64::from);
scalar!(Int, i64, |word: u64| word as i64, |i: i64| i as u64);
scalar!(U32, u32, |word: u64| word as u32, u64::from);
scalar!(Float, f64, f64::from_bits, f64::to_bits);

/// Computes a word; `None` for nil, or after a trap.
pub(crate) type WordFn = Box<dyn Fn(&Ctx<'_>) -> Option<u64> + Send + Sync>;

/// A local that is never nil.
#[derive(Clone, Copy)]
pub(crate) struct Local(pub(crate) usize);

/// An element of an array of words at a place that a local says.
#[derive(Clone, Copy)]
pub(crate) struct ElementAt {
    array: usize,
    index: usize,
    /// What is added to the local.
    by: i64,
}

impl<K: Scalar> Source<K> for Local {
    #[inline(always)]
    fn get<'a>(&self, cx: &Ctx<'a>) -> Option<K::Out<'a>> {
        cx.local(self.0).map(|word| K::of_word(cx, word))
    }
}

impl<K: Scalar> Source<K> for ElementAt {
    #[inline(always)]
    fn get<'a>(&self, cx: &Ctx<'a>) -> Option<K::Out<'a>> {
        let index = cx.local(self.index)? as i64;
        element(cx, self.array, index.wrapping_add(self.by)).map(|word| K::of_word(cx, word))
    }
}

/// The place that an index names, or one that no array has, also where addresses have fewer bits than indices.
#[inline(always)]
pub(crate) fn place(index: i64) -> usize {
    if cfg!(target_pointer_width = "64") { index as usize } else { usize::try_from(index).unwrap_or(usize::MAX) }
}

/// The element of an array of words.
#[inline(always)]
pub(crate) fn element(cx: &Ctx<'_>, array: usize, index: i64) -> Option<u64> {
    let list = cx.list(array)?.try_borrow().ok()?;
    match list.items.get(place(index)) {
        Some(word) => Some(*word),
        None => outside(cx),
    }
}

#[cold]
pub(crate) fn outside<T>(cx: &Ctx<'_>) -> Option<T> {
    cx.trap(Trap::Index)
}

/// The shape of an operand.
pub(crate) enum Arg<K: Scalar> {
    Local(Local),
    Element(ElementAt),
    Computing(Computing<K>),
}

/// The same expression for each shape.
macro_rules! by_arg {
    ($arg:expr, $source:ident => $body:expr) => {
        match $arg {
            $crate::word::Arg::Local($source) => $body,
            $crate::word::Arg::Element($source) => $body,
            $crate::word::Arg::Computing($source) => $body,
        }
    };
}
pub(crate) use by_arg;

impl Generator<'_> {
    /// The word of a local that is never nil.
    pub(crate) fn word_of(&self, local: LocalId) -> Option<usize> {
        match self.home(local) {
            Some(Home::Word { at, nullable: false }) => Some(at),
            _ => None,
        }
    }

    /// The word of a local that an expression is, if it is one that is never nil.
    pub(crate) fn word_local(&self, expr: &Expr) -> Option<usize> {
        match expr.kind {
            ExprKind::Local(local) => self.word_of(local),
            _ => None,
        }
    }

    /// The word of a local that an expression is, and what it adds to it.
    fn near_local(&self, expr: &Expr) -> Option<(usize, i64)> {
        match &expr.kind {
            ExprKind::Arith { op: op @ (ArithOp::Add | ArithOp::Sub), lhs, rhs } => match rhs.kind {
                ExprKind::Const(Const::Int(by)) => Some((self.word_local(lhs)?, if *op == ArithOp::Add { by } else { by.wrapping_neg() })),
                _ => None,
            },
            _ => Some((self.word_local(expr)?, 0)),
        }
    }

    /// The shape of an operand.
    pub(crate) fn arg<K: Scalar>(&mut self, expr: &Expr) -> Arg<K> {
        if let Some(at) = self.word_local(expr) {
            return Arg::Local(Local(at));
        }
        if let ExprKind::Element { array: Place::Local(array), index } = &expr.kind
            && let (Some(array), Some((index, by))) = (self.word_of(*array), self.near_local(index))
        {
            self.full = true;
            return Arg::Element(ElementAt { array, index, by });
        }
        Arg::Computing(Computing(self.closure::<K>(expr)))
    }

    /// The closure that reads a local, where it is one of a script that fits in a word.
    fn word_read<K: Scalar>(&self, local: LocalId) -> Option<ValFn<K>> {
        match self.home(local)? {
            Home::Word { at, nullable: false } => Some(val::<K>(move |cx| cx.local(at).map(|word| K::of_word(cx, word)))),
            Home::Word { at, nullable: true } => {
                Some(val::<K>(move |cx| if cx.local(at + 1)? == 0 { None } else { cx.local(at).map(|word| K::of_word(cx, word)) }))
            }
            Home::Value { .. } => None,
        }
    }

    /// What only scripts have that fits in a word, whatever its type.
    pub(crate) fn scalar<K: Scalar>(&mut self, expr: &Expr) -> Option<ValFn<K>> {
        match &expr.kind {
            ExprKind::Local(local) => self.word_read::<K>(*local),
            ExprKind::Element { array, index } => Some(self.element::<K>(*array, index)),
            _ => None,
        }
    }

    /// The words of a constant array.
    pub(crate) fn table(&self, table: TableId) -> Box<[u64]> {
        match self.linked.program().tables.get(table.index()) {
            Some(table) => table.items.iter().map(word_of_const).collect(),
            None => Box::default(),
        }
    }

    fn element<K: Scalar>(&mut self, array: Place, index: &Expr) -> ValFn<K> {
        self.full = true;
        match array {
            Place::Table(table) => {
                let words = self.table(table);
                by_arg!(self.arg::<Int>(index), index => {
                    val::<K>(move |cx| {
                        let index: i64 = Source::<Int>::get(&index, cx)?;
                        match words.get(place(index)) {
                            Some(word) => Some(K::of_word(cx, *word)),
                            None => outside(cx),
                        }
                    })
                })
            }
            Place::Local(local) => {
                let Some(array) = self.word_of(local) else { return val::<K>(|_| None) };
                if let Some((index, by)) = self.near_local(index) {
                    return val::<K>(move |cx| {
                        element(cx, array, (cx.local(index)? as i64).wrapping_add(by)).map(|word| K::of_word(cx, word))
                    });
                }
                if let ExprKind::Const(Const::Int(at)) = index.kind {
                    return val::<K>(move |cx| element(cx, array, at).map(|word| K::of_word(cx, word)));
                }
                by_arg!(self.arg::<Int>(index), index => {
                    val::<K>(move |cx| {
                        let index: i64 = Source::<Int>::get(&index, cx)?;
                        element(cx, array, index).map(|word| K::of_word(cx, word))
                    })
                })
            }
        }
    }

    /// The closure that computes the word of an expression whose type fits in one.
    pub(crate) fn words(&mut self, expr: &Expr) -> WordFn {
        fn word<K: Scalar>(value: ValFn<K>) -> WordFn {
            Box::new(move |cx| value(cx).map(K::word))
        }
        match expr.ty {
            Type::Bool => word::<Bool>(self.closure::<Bool>(expr)),
            Type::Int => word::<Int>(self.closure::<Int>(expr)),
            Type::U32 => word::<U32>(self.closure::<U32>(expr)),
            Type::Float => word::<Float>(self.closure::<Float>(expr)),
            Type::Bytes | Type::Ip | Type::Array(_) | Type::Map(_) | Type::List(..) => Box::new(|_| None),
        }
    }
}

/// The word of a constant; 0 of what fits in none.
pub(crate) fn word_of_const(constant: &Const) -> u64 {
    match constant {
        Const::Bool(b) => u64::from(*b),
        Const::Int(i) => *i as u64,
        Const::U32(u) => u64::from(*u),
        Const::Float(f) => f.to_bits(),
        Const::Bytes(_) | Const::Ip(_) => 0,
    }
}
