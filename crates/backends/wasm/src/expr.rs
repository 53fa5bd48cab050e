//! Expressions that compute values.

use quintet_lang::Type;
use quintet_lang::ast::{Const, Expr, ExprKind, LocalId};
use quintet_runtime::{Slot, Trap, ip_words};
use wasm_encoder::ValType::{self, F64, I32, I64};

use crate::body::{Label, at};
use crate::generator::{Generator, Words};
use crate::helpers::Helper;
use crate::steps::length;

/// An address that is read only where it is needed.
#[derive(Clone, Copy)]
pub(crate) enum Ip {
    /// In a slot, so many bytes after the address in a local.
    Slot(u32, u32),
    Words(Words),
    Const([u64; 3]),
}

/// The words of a value on the stack: Bytes are address and length, an Ip is family, high and low half, arrays and maps are the address
/// of their block (to which the offsets inside refer), that of the first element, and their length. An array of a script is no value.
pub(crate) fn words(ty: &Type) -> &'static [ValType] {
    match ty {
        Type::Bool | Type::U32 => &[I32],
        Type::Int => &[I64],
        Type::Float => &[F64],
        Type::Bytes => &[I32; 2],
        Type::Ip => &[I64; 3],
        Type::Array(_) | Type::Map(_) => &[I32; 3],
        Type::List(..) => &[],
    }
}

impl Generator<'_> {
    /// Pops a value into new locals.
    pub(crate) fn pop(&mut self, ty: &Type) -> Words {
        let mut locals = Words::default();
        for (i, word) in words(ty).iter().enumerate().rev() {
            locals[i] = self.body.pop(*word);
        }
        locals
    }

    /// Pops a value into locals.
    pub(crate) fn pop_into(&mut self, ty: &Type, locals: Words) {
        for (local, _) in locals.iter().zip(words(ty)).rev() {
            self.body.i().local_set(*local);
        }
    }

    /// Pushes the value in locals.
    pub(crate) fn push(&mut self, ty: &Type, locals: Words) {
        for local in &locals[..words(ty).len()] {
            self.body.i().local_get(*local);
        }
    }

    /// Evaluates into new locals.
    pub(crate) fn evaluate(&mut self, expr: &Expr, nil: Label) -> Words {
        if let ExprKind::Local(id) = expr.kind {
            self.leave_if_nil(id, nil);
            return self.bound[id.index()];
        }
        self.value(expr, nil);
        self.pop(&expr.ty)
    }

    /// Goes to a label where a local is nil.
    fn leave_if_nil(&mut self, local: LocalId, nil: Label) {
        if let Some(present) = self.present.get(local.index()).copied().flatten() {
            self.body.i().local_get(present);
            self.body.br_unless(nil);
        }
    }

    /// Pushes whether the record has a field.
    pub(crate) fn has(&mut self, slot: Slot) {
        let byte = slot.presence_offset as u32 + slot.presence_bit / 8;
        self.body.i().local_get(self.record).i32_load8_u(at(byte)).i32_const(1 << (slot.presence_bit % 8)).i32_and();
    }

    /// Pushes the value in a slot, `offset` bytes after the address in a local, of a block whose address another local holds.
    pub(crate) fn load(&mut self, ty: &Type, block: u32, address: u32, offset: u32) {
        let mut i = self.body.i();
        match ty {
            Type::Bool | Type::U32 => i.local_get(address).i32_load(at(offset)),
            Type::Int => i.local_get(address).i64_load(at(offset)),
            Type::Float => i.local_get(address).f64_load(at(offset)),
            Type::Bytes => i.local_get(address).i32_load(at(offset)).local_get(block).i32_add().local_get(address).i32_load(at(offset + 4)),
            Type::Ip => {
                i.local_get(address).i64_load(at(offset)).local_get(address).i64_load(at(offset + 8));
                i.local_get(address).i64_load(at(offset + 16))
            }
            Type::Array(_) | Type::Map(_) => {
                i.local_get(block).local_get(address).i32_load(at(offset)).local_get(block).i32_add();
                i.local_get(address).i32_load(at(offset + 4))
            }
            Type::List(..) => &mut i,
        };
    }

    /// Ends the evaluation with a trap.
    pub(crate) fn trap(&mut self, trap: Trap) {
        self.body.i().i32_const(trap.at(self.place) as i32).local_set(self.code);
        self.body.br(self.trapped);
    }

    /// Ends the evaluation with a trap if the popped i32 is not 0.
    pub(crate) fn trap_if(&mut self, trap: Trap) {
        if let Some(label) = self.script.trap(trap.at(self.place)) {
            return self.body.br_if(label);
        }
        self.body.if_(None);
        self.trap(trap);
        self.body.end();
    }

    /// Pushes the value of an expression.
    pub(crate) fn value(&mut self, expr: &Expr, nil: Label) {
        self.standing_at(expr.span, |this| this.value_here(expr, nil));
    }

    fn value_here(&mut self, expr: &Expr, nil: Label) {
        match &expr.kind {
            ExprKind::Const(constant) => self.constant(constant),
            ExprKind::Field(id) => {
                let slot = self.linked.layout().slot(*id);
                if expr.nullable && !self.known.contains(id) {
                    self.has(slot);
                    self.body.br_unless(nil);
                }
                self.load(&expr.ty, self.base, self.record, slot.offset as u32);
            }
            ExprKind::Local(id) => {
                self.leave_if_nil(*id, nil);
                self.push(&expr.ty, self.bound[id.index()]);
            }
            ExprKind::Index { base, index } => self.index(expr, base, index, nil),
            ExprKind::Key { base, key } => self.key(expr, base, key, nil),
            ExprKind::Slice { base, start, end } => self.slice(base, start.as_deref(), end.as_deref(), nil),
            ExprKind::Call { site, args } => self.call(*site, args, nil),
            ExprKind::Neg(operand) => match operand.ty {
                Type::Float => {
                    self.value(operand, nil);
                    self.body.i().f64_neg();
                }
                Type::U32 => {
                    self.body.i().i32_const(0);
                    self.value(operand, nil);
                    self.body.i().i32_sub();
                }
                _ => {
                    self.body.i().i64_const(0);
                    self.value(operand, nil);
                    self.body.i().i64_sub();
                }
            },
            ExprKind::Arith { op, lhs, rhs } => {
                self.value(lhs, nil);
                self.value(rhs, nil);
                self.arith(*op, rhs);
            }
            ExprKind::Collect(each) => self.collect(each, &expr.ty),
            ExprKind::Element { array, index } => self.element(*array, index, nil),
            ExprKind::Count(array) => {
                self.count(*array);
                self.body.i().i64_extend_i32_u();
            }
            ExprKind::Packed(array) => self.packed(*array),
            ExprKind::Intrinsic { op, args } => self.intrinsic(*op, args, nil),
            ExprKind::Otherwise { value, default } => self.otherwise(value, default, nil),
            ExprKind::Not(_)
            | ExprKind::Compare { .. }
            | ExprKind::In { .. }
            | ExprKind::InList { .. }
            | ExprKind::Contains { .. }
            | ExprKind::Matches { .. }
            | ExprKind::Wildcard { .. }
            | ExprKind::Logic { .. }
            | ExprKind::Present(_)
            | ExprKind::Quantifier { .. } => self.flag(expr),
        }
    }

    fn constant(&mut self, constant: &Const) {
        match constant {
            Const::Bool(b) => {
                self.body.i().i32_const((*b).into());
            }
            Const::U32(u) => {
                self.body.i().i32_const(*u as i32);
            }
            Const::Int(int) => {
                self.body.i().i64_const(*int);
            }
            Const::Float(float) => {
                self.body.i().f64_const((*float).into());
            }
            Const::Bytes(bytes) => {
                let address = self.builder.constant(bytes);
                self.body.i().i32_const(address as i32).i32_const(bytes.len() as i32);
            }
            Const::Ip(ip) => {
                for word in ip_words(*ip) {
                    self.body.i().i64_const(word as i64);
                }
            }
        }
    }

    /// The value, or the default where that is nil.
    fn otherwise(&mut self, value: &Expr, default: &Expr, nil: Label) {
        let mark = self.body.mark();
        let mut locals = Words::default();
        for (local, word) in locals.iter_mut().zip(words(&value.ty)) {
            *local = self.body.local(*word);
        }
        let done = self.body.block();
        let missing = self.body.block();
        self.value(value, missing);
        self.pop_into(&value.ty, locals);
        self.body.br(done);
        self.body.end();
        self.value(default, nil);
        self.pop_into(&value.ty, locals);
        self.body.end();
        self.push(&value.ty, locals);
        self.body.release(mark);
    }

    /// An address, of which no more is read yet than has to be.
    pub(crate) fn ip(&mut self, expr: &Expr, nil: Label) -> Ip {
        match &expr.kind {
            ExprKind::Field(id) => {
                let slot = self.linked.layout().slot(*id);
                if expr.nullable && !self.known.contains(id) {
                    self.has(slot);
                    self.body.br_unless(nil);
                }
                Ip::Slot(self.record, slot.offset as u32)
            }
            ExprKind::Const(Const::Ip(ip)) => Ip::Const(ip_words(*ip)),
            _ => Ip::Words(self.evaluate(expr, nil)),
        }
    }

    /// Pushes a word of an address: 0 the family, 1 the high and 2 the low half.
    pub(crate) fn ip_word(&mut self, ip: Ip, word: usize) {
        match ip {
            Ip::Slot(address, offset) => self.body.i().local_get(address).i64_load(at(offset + 8 * word as u32)),
            Ip::Words(words) => self.body.i().local_get(words[word]),
            Ip::Const(words) => self.body.i().i64_const(words[word] as i64),
        };
    }

    fn index(&mut self, expr: &Expr, base: &Expr, index: &Expr, nil: Label) {
        let mark = self.body.mark();
        let [block, first, len] = self.evaluate(base, nil);
        self.value(index, nil);
        let index = self.body.tee(I64);
        self.body.i().local_get(len).i64_extend_i32_u().i64_ge_u();
        self.body.br_if(nil);
        let size = expr.ty.words() as i32 * 8;
        self.body.i().local_get(index).i32_wrap_i64().i32_const(size).i32_mul().local_get(first).i32_add();
        let address = self.body.pop(I32);
        self.load(&expr.ty, block, address, 0);
        self.body.release(mark);
    }

    fn key(&mut self, expr: &Expr, base: &Expr, key: &Expr, nil: Label) {
        let mark = self.body.mark();
        let [block, first, len] = self.evaluate(base, nil);
        let known = length(key);
        let [key, key_len, _] = self.evaluate(key, nil);
        self.look(key_len, known);
        self.body.i().local_get(len);
        self.body.br_unless(nil);
        let stride = 8 + expr.ty.words() as i32 * 8;
        self.body.i().local_get(block).local_get(first).local_get(len).i32_const(stride).local_get(key).local_get(key_len);
        Helper::Find.call(&mut self.body);
        let address = self.body.tee(I32);
        self.body.br_unless(nil);
        self.load(&expr.ty, block, address, 0);
        self.body.release(mark);
    }

    fn slice(&mut self, base: &Expr, start: Option<&Expr>, end: Option<&Expr>, nil: Label) {
        let mark = self.body.mark();
        let [bytes, len, _] = self.evaluate(base, nil);
        let place = |this: &mut Self, bound: Option<&Expr>| {
            let bound = bound?;
            this.value(bound, nil);
            this.body.i().local_get(len);
            Helper::Place.call(&mut this.body);
            Some(this.body.pop(I32))
        };
        let (start, end) = (place(self, start), place(self, end));
        self.body.i().local_get(bytes);
        let Some(start) = start else {
            self.body.i().local_get(end.unwrap_or(len));
            return self.body.release(mark);
        };
        // A range that ends before it starts is empty.
        let end = end.unwrap_or(len);
        self.body.i().local_get(start).i32_add();
        self.body.i().local_get(end).local_get(start).i32_sub().i32_const(0).local_get(end).local_get(start).i32_gt_u().select();
        self.body.release(mark);
    }
}
