//! The builder, and what it makes of each kind of expression.

use quintet_lang::Type;
use quintet_lang::ast::{Const, Expr, ExprKind, Frame, LocalId, LogicOp, Rule};
use quintet_runtime::{Linked, Value, counts_steps, ip_words, looked_at};

use crate::code::{Filter, Pool, RuleCode};
use crate::context::{BoolFn, test};
use crate::frame::{Home, Layout, value_of};
use crate::kind::{Any, Bool, Bytes, Float, Int, Ip, Kind, Primitive, ValFn, val};
use crate::logic::{Not, all};
use crate::operand::{Fused, leaf};
use crate::place::{At, by_place};

/// Makes closures of expressions.
pub(crate) struct Builder<'p> {
    pub(crate) linked: &'p Linked,
    pool: Pool,
    /// By local of the rule: whether it stands for a slot of the batch.
    slots: Vec<bool>,
    /// The locals of the rule or function.
    pub(crate) frame: Option<&'p Frame>,
    /// Where the locals of the rule or function are that no loop of an expression binds.
    pub(crate) layout: Layout,
    /// Whether anything so far in this rule may trap or makes values.
    pub(crate) full: bool,
    /// Whether a local of this rule holds values.
    pub(crate) values: bool,
    /// A loop that the next test is the body of.
    pub(crate) fused: Option<Fused>,
}

impl<'p> Builder<'p> {
    /// A builder for the rules of a program.
    pub(crate) fn new(linked: &'p Linked) -> Builder<'p> {
        Builder {
            linked,
            pool: Pool::default(),
            slots: Vec::new(),
            frame: None,
            layout: Layout::default(),
            full: false,
            values: false,
            fused: None,
        }
    }

    /// What the closures refer to.
    pub(crate) fn finish(self) -> Pool {
        self.pool
    }

    /// Begins a rule or function.
    pub(crate) fn begin(&mut self, frame: &'p Frame) {
        self.frame = Some(frame);
        self.slots.clear();
        self.slots.resize(frame.locals.len(), false);
        (self.full, self.values) = (false, false);
    }

    /// The closures of a rule.
    pub(crate) fn rule(&mut self, rule: &'p Rule) -> RuleCode {
        self.begin(&rule.frame);
        if !rule.is_expression() {
            self.layout = Layout::new(&rule.frame, &[]);
            let body = self.statements(&rule.before);
            let test = self.test(&rule.expr);
            return RuleCode::Script { before: self.code(body, &rule.frame, 0), test };
        }
        self.layout = Layout::default();
        let items = match &rule.expr.kind {
            ExprKind::Logic { op: LogicOp::And, items } => items.as_slice(),
            _ => std::slice::from_ref(&rule.expr),
        };
        let (mut filter, mut rest, mut counts) = (Vec::with_capacity(items.len()), Vec::new(), false);
        for item in items {
            let test = self.test(item);
            if self.full {
                rest.push(test);
            } else {
                counts = counts || counts_steps(self.linked, item);
                filter.push(test);
            }
        }
        if rest.is_empty() {
            return if counts { RuleCode::Counting(all(filter)) } else { RuleCode::Plain(all(filter)) };
        }
        let counting = if counts { filter.len() } else { 0 };
        let filter = (!filter.is_empty()).then(|| Filter { test: all(filter), counting });
        RuleCode::Full { filter, test: all(rest), values: if self.values { self.slots.len() } else { 0 } }
    }

    /// Adds to the bytes of all closures.
    pub(crate) fn add_size(&mut self, bytes: usize) {
        self.pool.size += bytes;
    }

    /// Keeps bytes that values will borrow.
    fn keep_bytes(&mut self, bytes: &[u8]) -> usize {
        self.pool.bytes.push(bytes.into());
        self.pool.bytes.len() - 1
    }

    /// Keeps a type that values will borrow.
    fn keep_type(&mut self, ty: &Type) -> usize {
        self.pool.types.iter().position(|t| t == ty).unwrap_or_else(|| {
            self.pool.types.push(ty.clone());
            self.pool.types.len() - 1
        })
    }

    /// Makes a local stand for a slot of the batch.
    pub(crate) fn bind_slot(&mut self, local: LocalId) -> usize {
        if let Some(slot) = self.slots.get_mut(local.index()) {
            *slot = true;
        }
        self.not_a_word(local);
        local.index()
    }

    /// Makes a local hold values.
    pub(crate) fn bind_value(&mut self, local: LocalId) -> usize {
        (self.full, self.values) = (true, true);
        self.not_a_word(local);
        local.index()
    }

    /// Notes that a loop of an expression binds a local of a script.
    fn not_a_word(&mut self, local: LocalId) {
        if let Some(home) = self.layout.homes.get_mut(local.index()) {
            *home = Home::Value { at: local.index() };
        }
    }

    /// Whether a local stands for a slot of the batch.
    pub(crate) fn is_slot(&self, local: LocalId) -> bool {
        self.slots.get(local.index()).is_some_and(|slot| *slot)
    }

    /// Runs `make` and answers with what it made whether that may trap or makes values.
    pub(crate) fn noting_full<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> (T, bool) {
        let before = std::mem::take(&mut self.full);
        let made = make(self);
        let full = self.full;
        self.full |= before;
        (made, full)
    }

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
                val::<Bytes>(move |cx| cx.env.code.pool.bytes.get(place).map(|b| &**b))
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
                Some(Value::load(cx.memory, at * 8, cx.env.code.pool.types.get(ty)?))
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
