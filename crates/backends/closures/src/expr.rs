//! What the generator makes of expressions, by the type of their value.

use quintet_lang::ast::{Const, Expr, ExprKind};
use quintet_runtime::{Value, ip_words, looked_at};

use crate::frame::{Home, value_of};
use crate::generator::Generator;
use crate::kind::{Any, Bool, Bytes, Float, Int, Ip, Kind, Primitive, ValFn, val};
use crate::place::{At, by_place};

impl Generator<'_> {
    /// The closure that computes an expression.
    pub(crate) fn closure<K: Kind>(&mut self, expr: &Expr) -> ValFn<K> {
        let closure = K::closure(self, expr);
        self.pool.size += size_of_val(&*closure);
        closure
    }

    /// Values that come about in the same way whatever their type.
    pub(crate) fn shared<K: Kind>(&mut self, expr: &Expr) -> ValFn<K> {
        match &expr.kind {
            ExprKind::Call { site, args } => self.call::<K>(*site, args),
            ExprKind::Local(local) => {
                if let Some(Home::Word { at, nullable }) = self.home(*local) {
                    let ty = expr.ty.clone();
                    return val::<K>(move |cx| if nullable && cx.local(at + 1)? == 0 { None } else { K::of(value_of(&ty, cx.local(at)?)) });
                }
                let local = local.index();
                val::<K>(move |cx| cx.env.values.get().get(local).and_then(|value| K::of(value.get())))
            }
            ExprKind::Element { array, index } => self.valued_element::<K>(*array, index),
            ExprKind::Otherwise { value, default } => {
                let (value, default) = (self.closure::<K>(value), self.closure::<K>(default));
                val::<K>(move |cx| match value(cx) {
                    None if cx.trapped() => None,
                    None => default(cx),
                    value => value,
                })
            }
            ExprKind::Index { base, index } => {
                let (base, index) = (self.closure::<Any>(base), self.closure::<Int>(index));
                val::<K>(move |cx| match base(cx)? {
                    Value::Array(array) => K::of(array.get(usize::try_from(index(cx)?).ok()?)),
                    _ => None,
                })
            }
            ExprKind::Key { base, key } => {
                let (base, key) = (self.closure::<Any>(base), self.closure::<Bytes>(key));
                val::<K>(move |cx| match base(cx)? {
                    Value::Map(map) => {
                        let key = key(cx)?;
                        if cx.count(looked_at(key.len())) { K::of(map.get(key)) } else { None }
                    }
                    _ => None,
                })
            }
            // The others are of one type, and handled there.
            _ => val::<K>(|_| None),
        }
    }

    /// A Bool that may be nil.
    pub(crate) fn bools(&mut self, expr: &Expr) -> ValFn<Bool> {
        if let Some(place) = self.place(expr) {
            return place.read::<Bool>();
        }
        if let Some(scalar) = self.scalar::<Bool>(expr) {
            return scalar;
        }
        match &expr.kind {
            ExprKind::Call { .. } | ExprKind::Local(_) | ExprKind::Index { .. } | ExprKind::Key { .. } | ExprKind::Otherwise { .. } => {
                self.shared::<Bool>(expr)
            }
            // No operation answers a Bool.
            ExprKind::Intrinsic { .. } => val::<Bool>(|_| None),
            _ => {
                let test = self.test(expr);
                val::<Bool>(move |cx| Some(test.test(cx)))
            }
        }
    }

    /// An Int.
    pub(crate) fn ints(&mut self, expr: &Expr) -> ValFn<Int> {
        if let Some(place) = self.place(expr) {
            return place.read::<Int>();
        }
        if let Some(scalar) = self.scalar::<Int>(expr) {
            return scalar;
        }
        match &expr.kind {
            ExprKind::Const(Const::Int(i)) => fixed::<Int, _>(*i),
            ExprKind::Neg(inner) => {
                let inner = self.closure::<Int>(inner);
                val::<Int>(move |cx| inner(cx).map(i64::wrapping_neg))
            }
            ExprKind::Arith { op, lhs, rhs } if self.is_script() => self.int_operator(*op, lhs, rhs),
            ExprKind::Arith { op, lhs, rhs } => self.int_arith(*op, lhs, rhs),
            ExprKind::Count(array) => self.count(*array),
            ExprKind::Intrinsic { op, args } => self.int_intrinsic(*op, args),
            _ => self.shared::<Int>(expr),
        }
    }

    /// A Float.
    pub(crate) fn floats(&mut self, expr: &Expr) -> ValFn<Float> {
        if let Some(place) = self.place(expr) {
            return place.read::<Float>();
        }
        if let Some(scalar) = self.scalar::<Float>(expr) {
            return scalar;
        }
        match &expr.kind {
            ExprKind::Const(Const::Float(f)) => fixed::<Float, _>(*f),
            ExprKind::Neg(inner) => {
                let inner = self.closure::<Float>(inner);
                val::<Float>(move |cx| inner(cx).map(|f| -f))
            }
            ExprKind::Arith { op, lhs, rhs } if self.is_script() => self.float_operator(*op, lhs, rhs),
            ExprKind::Arith { op, lhs, rhs } => self.float_arith(*op, lhs, rhs),
            ExprKind::Intrinsic { op, args } => self.float_intrinsic(*op, args),
            _ => self.shared::<Float>(expr),
        }
    }

    /// Bytes.
    pub(crate) fn bytes(&mut self, expr: &Expr) -> ValFn<Bytes> {
        if let Some(place) = self.place(expr) {
            return place.read::<Bytes>();
        }
        match &expr.kind {
            ExprKind::Const(Const::Bytes(bytes)) => {
                let place = self.keep_bytes(bytes);
                val::<Bytes>(move |cx| cx.env.kept.code.pool.bytes.get(place).map(|b| &**b))
            }
            ExprKind::Slice { base, start, end } => self.slice(base, start.as_deref(), end.as_deref()),
            ExprKind::Packed(array) => self.packed(*array),
            _ => self.shared::<Bytes>(expr),
        }
    }

    /// An address.
    pub(crate) fn ips(&mut self, expr: &Expr) -> ValFn<Ip> {
        if let Some(place) = self.place(expr) {
            return place.read::<Ip>();
        }
        match &expr.kind {
            ExprKind::Const(Const::Ip(ip)) => fixed::<Ip, _>(ip_words(*ip)),
            _ => self.shared::<Ip>(expr),
        }
    }

    /// An array or map.
    pub(crate) fn compound(&mut self, expr: &Expr) -> ValFn<Any> {
        if let Some(place) = self.place(expr) {
            let ty = self.keep_type(&expr.ty);
            return by_place!(place, place => val::<Any>(move |cx| {
                let at = place.at(cx)?;
                Some(Value::load(cx.memory, at * 8, cx.env.kept.code.pool.types.get(ty)?))
            }));
        }
        match &expr.kind {
            ExprKind::Collect(each) => self.collect(each),
            _ => self.shared::<Any>(expr),
        }
    }

    /// A primitive value, as a value of any type.
    pub(crate) fn widened<K: Primitive>(&mut self, expr: &Expr) -> ValFn<Any> {
        if let Some(place) = self.place(expr) {
            return by_place!(place, place => val::<Any>(move |cx| place.at(cx).map(|at| K::value(K::load(cx.memory, at)))));
        }
        match &expr.kind {
            ExprKind::Call { .. } | ExprKind::Local(_) => self.shared::<Any>(expr),
            _ => {
                let inner = self.closure::<K>(expr);
                val::<Any>(move |cx| inner(cx).map(K::value))
            }
        }
    }
}

/// A closure that always computes the same.
pub(crate) fn fixed<K, T: Copy + Send + Sync + 'static>(value: T) -> ValFn<K>
where
    K: Kind + for<'a> crate::kind::Form<Out<'a> = T>,
{
    val::<K>(move |_| Some(value))
}
