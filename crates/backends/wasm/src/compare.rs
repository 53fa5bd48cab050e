//! Comparisons.

use quintet_lang::Type;
use quintet_lang::ast::{CompareOp, Expr};
use quintet_runtime::Threshold;
use quintet_runtime::plan::Text;
use wasm_encoder::InstructionSink;
use wasm_encoder::ValType::I32;

use crate::body::{Label, at};
use crate::expr::Ip;
use crate::generator::Generator;
use crate::helpers::Helper;
use crate::steps::length;

impl Generator<'_> {
    /// Pushes whether a comparison holds.
    pub(crate) fn compare(&mut self, op: CompareOp, lhs: &Expr, rhs: &Expr, nil: Label) {
        match lhs.ty {
            Type::Bytes => return self.compare_bytes(op, lhs, rhs, nil),
            Type::Ip => return self.compare_ips(op, lhs, rhs, nil),
            _ => {}
        }
        self.value(lhs, nil);
        self.value(rhs, nil);
        let mut i = self.body.i();
        match lhs.ty {
            Type::Int => int_test(&mut i, op),
            Type::Float => match op {
                CompareOp::Eq => i.f64_eq(),
                CompareOp::Ne => i.f64_ne(),
                CompareOp::Lt => i.f64_lt(),
                CompareOp::Le => i.f64_le(),
                CompareOp::Gt => i.f64_gt(),
                CompareOp::Ge => i.f64_ge(),
            },
            Type::U32 => unsigned_test(&mut i, op),
            _ => order_test(&mut i, op),
        };
    }

    fn compare_bytes(&mut self, op: CompareOp, lhs: &Expr, rhs: &Expr, nil: Label) {
        let mark = self.body.mark();
        let known = length(lhs).min(length(rhs));
        let [a, a_len, _] = self.evaluate(lhs, nil);
        let [b, b_len, _] = self.evaluate(rhs, nil);
        if !matches!(op, CompareOp::Eq | CompareOp::Ne) {
            self.look_at_both(a_len, b_len, known);
            self.body.i().local_get(a).local_get(a_len).local_get(b).local_get(b_len);
            Helper::Order.call(&mut self.body);
            self.body.i().i32_const(0);
            order_test(&mut self.body.i(), op);
            self.body.release(mark);
            return;
        }
        self.body.i().local_get(a_len).local_get(b_len).i32_eq();
        self.body.if_(Some(I32));
        self.look(a_len, known);
        self.body.i().local_get(a).local_get(b).local_get(a_len);
        Helper::Same.call(&mut self.body);
        self.body.else_();
        self.body.i().i32_const(0);
        self.body.end();
        if op == CompareOp::Ne {
            self.body.i().i32_eqz();
        }
        self.body.release(mark);
    }

    /// Goes to `differ` unless the bytes are the wanted ones.
    pub(crate) fn same_as(&mut self, bytes: u32, len: u32, wanted: &[u8], differ: Label) {
        self.body.i().local_get(len).i32_const(wanted.len() as i32).i32_ne();
        self.body.br_if(differ);
        self.look(len, wanted.len());
        self.begins(bytes, wanted, differ);
    }

    /// Goes to `differ` unless the bytes, of which there are at least as many, begin with the wanted ones.
    pub(crate) fn begins(&mut self, bytes: u32, wanted: &[u8], differ: Label) {
        self.begins_so(bytes, (wanted, &[]), differ);
    }

    /// Goes to `differ` unless the bytes, of which there are at least as many, begin with a text; `ask` asks the host, where it is long.
    pub(crate) fn is_text(&mut self, bytes: u32, text: &Text, differ: Label, ask: impl FnOnce(&mut Self)) {
        if text.is_caseless() && self.linked.exceeds(Threshold::WasmEqualBytes, text.bytes().len()) {
            return ask(self);
        }
        self.begins_so(bytes, (text.bytes(), &text.small()), differ);
    }

    /// As [`Generator::begins`], with these bits set in the bytes before they are compared.
    fn begins_so(&mut self, bytes: u32, (wanted, set): (&[u8], &[u8]), differ: Label) {
        if self.linked.exceeds(Threshold::WasmEqualBytes, wanted.len()) {
            let address = self.builder.constant(wanted);
            self.body.i().local_get(bytes).i32_const(address as i32).i32_const(wanted.len() as i32);
            Helper::Same.call(&mut self.body);
            self.body.br_unless(differ);
            return;
        }
        let mut from = 0;
        while let Some(rest) = wanted.get(from..).filter(|rest| !rest.is_empty()) {
            // The last words overlap those before them where there are any.
            let size = match rest.len() {
                8.. => 8,
                1.. if wanted.len() >= 8 => 8,
                4.. => 4,
                1.. if wanted.len() >= 4 => 4,
                2.. => 2,
                _ => 1,
            };
            let start = from.min(wanted.len() - size);
            let word_of = |bytes: &[u8]| {
                let mut word = [0; 8];
                word[..size].copy_from_slice(&bytes[start..start + size]);
                u64::from_le_bytes(word)
            };
            let (word, set) = (word_of(wanted), if set.is_empty() { 0 } else { word_of(set) });
            let mut i = self.body.i();
            i.local_get(bytes);
            match size {
                8 => i.i64_load(at(start as u32)),
                4 => i.i32_load(at(start as u32)),
                2 => i.i32_load16_u(at(start as u32)),
                _ => i.i32_load8_u(at(start as u32)),
            };
            match (size, set) {
                (8, 0) => i.i64_const(word as i64).i64_ne(),
                (8, _) => i.i64_const(set as i64).i64_or().i64_const(word as i64).i64_ne(),
                (_, 0) => i.i32_const(word as u32 as i32).i32_ne(),
                _ => i.i32_const(set as u32 as i32).i32_or().i32_const(word as u32 as i32).i32_ne(),
            };
            self.body.br_if(differ);
            from = start + size;
        }
    }

    /// Pushes whether two addresses compare so. Of different families they are unequal, and in no order.
    fn compare_ips(&mut self, op: CompareOp, lhs: &Expr, rhs: &Expr, nil: Label) {
        let mark = self.body.mark();
        let a = self.ip(lhs, nil);
        let b = self.ip(rhs, nil);
        self.ip_word(a, 0);
        self.ip_word(b, 0);
        self.body.i().i64_eq();
        match op {
            CompareOp::Eq | CompareOp::Ne => {
                for word in [1, 2] {
                    self.ip_word(a, word);
                    self.ip_word(b, word);
                    self.body.i().i64_eq().i32_and();
                }
                if op == CompareOp::Ne {
                    self.body.i().i32_eqz();
                }
            }
            CompareOp::Lt => self.ip_less(a, b),
            CompareOp::Gt => self.ip_less(b, a),
            CompareOp::Le => {
                self.ip_less(b, a);
                self.body.i().i32_eqz();
            }
            CompareOp::Ge => {
                self.ip_less(a, b);
                self.body.i().i32_eqz();
            }
        }
        if !matches!(op, CompareOp::Eq | CompareOp::Ne) {
            self.body.i().i32_and();
        }
        self.body.release(mark);
    }

    /// Pushes whether the number of an address is less than that of another.
    pub(crate) fn ip_less(&mut self, a: Ip, b: Ip) {
        self.ip_word(a, 1);
        self.ip_word(b, 1);
        self.body.i().i64_lt_u();
        self.ip_word(a, 1);
        self.ip_word(b, 1);
        self.body.i().i64_eq();
        self.ip_word(a, 2);
        self.ip_word(b, 2);
        self.body.i().i64_lt_u().i32_and().i32_or();
    }
}

/// The comparison of two Ints on the stack.
fn int_test<'i, 's>(i: &'i mut InstructionSink<'s>, op: CompareOp) -> &'i mut InstructionSink<'s> {
    match op {
        CompareOp::Eq => i.i64_eq(),
        CompareOp::Ne => i.i64_ne(),
        CompareOp::Lt => i.i64_lt_s(),
        CompareOp::Le => i.i64_le_s(),
        CompareOp::Gt => i.i64_gt_s(),
        CompareOp::Ge => i.i64_ge_s(),
    }
}

/// The comparison of two U32s on the stack.
fn unsigned_test<'i, 's>(i: &'i mut InstructionSink<'s>, op: CompareOp) -> &'i mut InstructionSink<'s> {
    match op {
        CompareOp::Eq => i.i32_eq(),
        CompareOp::Ne => i.i32_ne(),
        CompareOp::Lt => i.i32_lt_u(),
        CompareOp::Le => i.i32_le_u(),
        CompareOp::Gt => i.i32_gt_u(),
        CompareOp::Ge => i.i32_ge_u(),
    }
}

/// The comparison of two Bools, or of an order and 0, on the stack.
fn order_test<'i, 's>(i: &'i mut InstructionSink<'s>, op: CompareOp) -> &'i mut InstructionSink<'s> {
    match op {
        CompareOp::Eq => i.i32_eq(),
        CompareOp::Ne => i.i32_ne(),
        CompareOp::Lt => i.i32_lt_s(),
        CompareOp::Le => i.i32_le_s(),
        CompareOp::Gt => i.i32_gt_s(),
        CompareOp::Ge => i.i32_ge_s(),
    }
}
