//! Bools as control flow: tests jump, and make a value only where one is wanted.

use std::collections::BTreeMap;

use quintet_lang::ast::{CompareOp, Const, Each, Expr, ExprKind, LogicOp, Needle};
use quintet_runtime::{Threshold, needed_fields};
use wasm_encoder::ValType::I32;

use crate::body::{Label, at};
use crate::expr::words;
use crate::generator::Generator;
use crate::import::{Import, TRAP};
use crate::module::Signature;

/// The type of such a function: of the batch's and the record's address, answering 0, 1 or a trap's code plus [`TRAP`].
const PART: Signature = Signature::of(&[I32; 2], &[I32]);

/// Whether a test answers for nil operands, and some operand may be nil.
fn nil_answer(expr: &Expr) -> Option<bool> {
    match &expr.kind {
        ExprKind::Compare { lhs, rhs, on_nil, .. } => (lhs.nullable || rhs.nullable).then_some(*on_nil),
        ExprKind::Contains { value, needle: Needle::Dynamic(needle) } => (value.nullable || needle.nullable).then_some(false),
        ExprKind::In { value, .. }
        | ExprKind::InList { value, .. }
        | ExprKind::Matches { value, .. }
        | ExprKind::Wildcard { value, .. }
        | ExprKind::Contains { value, .. } => value.nullable.then_some(false),
        ExprKind::Const(_)
        | ExprKind::Field(_)
        | ExprKind::Local(_)
        | ExprKind::Element { .. }
        | ExprKind::Count(_)
        | ExprKind::Packed(_)
        | ExprKind::Intrinsic { .. }
        | ExprKind::Otherwise { .. }
        | ExprKind::Index { .. }
        | ExprKind::Key { .. }
        | ExprKind::Slice { .. }
        | ExprKind::Call { .. }
        | ExprKind::Neg(_)
        | ExprKind::Arith { .. }
        | ExprKind::Collect(_)
        | ExprKind::Not(_)
        | ExprKind::Logic { .. }
        | ExprKind::Present(_)
        | ExprKind::Quantifier { .. } => expr.nullable.then_some(false),
    }
}

impl Generator<'_> {
    /// Goes to `target` if the expression, a Bool that is not nil, is `when`, and on otherwise.
    pub(crate) fn branch(&mut self, expr: &Expr, when: bool, target: Label) {
        self.standing_at(expr.span, |this| this.branch_here(expr, when, target));
    }

    fn branch_here(&mut self, expr: &Expr, when: bool, target: Label) {
        match &expr.kind {
            ExprKind::Const(Const::Bool(b)) => {
                if *b == when {
                    self.body.br(target);
                }
            }
            ExprKind::Not(operand) => self.branch(operand, !when, target),
            ExprKind::Logic { op, items } => match op.decisive() {
                Some(decisive) => self.either(when == decisive, target, |this, decided| this.items(*op, decisive, items, decided)),
                None => {
                    self.flag(expr);
                    self.jump(when, target);
                }
            },
            ExprKind::Quantifier { quantifier, each } => {
                let decisive = quantifier.decisive();
                self.either(when == decisive, target, |this, decided| this.search_elements(each, decisive, decided));
            }
            ExprKind::Present(value) => self.either(!when, target, |this, nil| {
                if let ExprKind::Field(id) = value.kind {
                    if value.nullable && !this.known.contains(&id) {
                        this.has(this.linked.layout().slot(id));
                        this.body.br_unless(nil);
                    }
                    return;
                }
                this.value(value, nil);
                for _ in words(&value.ty) {
                    this.body.i().drop();
                }
            }),
            ExprKind::Const(_)
            | ExprKind::Field(_)
            | ExprKind::Local(_)
            | ExprKind::Element { .. }
            | ExprKind::Count(_)
            | ExprKind::Packed(_)
            | ExprKind::Intrinsic { .. }
            | ExprKind::Otherwise { .. }
            | ExprKind::Index { .. }
            | ExprKind::Key { .. }
            | ExprKind::Slice { .. }
            | ExprKind::Call { .. }
            | ExprKind::Neg(_)
            | ExprKind::Arith { .. }
            | ExprKind::Collect(_)
            | ExprKind::Compare { .. }
            | ExprKind::In { .. }
            | ExprKind::InList { .. }
            | ExprKind::Contains { .. }
            | ExprKind::Matches { .. }
            | ExprKind::Wildcard { .. } => match nil_answer(expr) {
                None => self.test(expr, self.never, when, target),
                Some(answer) if answer == when => self.test(expr, target, when, target),
                Some(_) => {
                    let skip = self.body.block();
                    self.test(expr, skip, when, target);
                    self.body.end();
                }
            },
        }
    }

    /// Runs code that goes to a label or falls through. Whoever goes to the label goes to `target` if `direct`, else on; who falls through the
    /// other way round.
    fn either(&mut self, direct: bool, target: Label, code: impl FnOnce(&mut Self, Label)) {
        if direct {
            return code(self, target);
        }
        let skip = self.body.block();
        code(self, skip);
        self.body.br(target);
        self.body.end();
    }

    /// Goes to `target` if the Bool on the stack is `when`.
    fn jump(&mut self, when: bool, target: Label) {
        if when { self.body.br_if(target) } else { self.body.br_unless(target) }
    }

    /// As [`Generator::branch`], with a label for operands that are nil.
    fn test(&mut self, expr: &Expr, nil: Label, when: bool, target: Label) {
        let mark = self.body.mark();
        match &expr.kind {
            ExprKind::Compare { op: op @ (CompareOp::Eq | CompareOp::Ne), lhs, rhs, .. }
                if let ExprKind::Const(Const::Bytes(wanted)) = &rhs.kind =>
            {
                let [bytes, len, _] = self.evaluate(lhs, nil);
                let direct = when == (*op == CompareOp::Ne);
                self.either(direct, target, |this, differ| this.same_as(bytes, len, wanted, differ));
            }
            ExprKind::Contains { value, needle: Needle::Const(id) } => {
                let [bytes, len, _] = self.evaluate(value, nil);
                self.either(!when, target, |this, missing| this.search(bytes, len, *id, missing));
            }
            ExprKind::Wildcard { value, pattern } => {
                let [bytes, len, _] = self.evaluate(value, nil);
                self.either(!when, target, |this, missing| this.wildcard(bytes, len, *pattern, missing));
            }
            ExprKind::Matches { value, regex } => {
                let [bytes, len, _] = self.evaluate(value, nil);
                self.either(!when, target, |this, missing| this.matches(bytes, len, *regex, missing));
            }
            _ => {
                self.push_test(expr, nil);
                self.jump(when, target);
            }
        }
        self.body.release(mark);
    }

    /// Pushes what an expression of type Bool answers.
    fn push_test(&mut self, expr: &Expr, nil: Label) {
        let mark = self.body.mark();
        match &expr.kind {
            ExprKind::Compare { op, lhs, rhs, .. } => self.compare(*op, lhs, rhs, nil),
            ExprKind::In { value, set } => self.in_set(value, *set, nil),
            ExprKind::InList { value, list } => {
                self.value(value, nil);
                let cell = self.cells;
                self.builder.cells(cell + 1);
                self.store_cell(cell, &value.ty);
                self.body.i().i32_const(list.0 as i32);
                self.cell(cell);
                self.host(Import::InList);
            }
            ExprKind::Contains { value, needle: Needle::Dynamic(needle) } => {
                self.value(value, nil);
                self.value(needle, nil);
                self.host(Import::Occurs);
            }
            ExprKind::Matches { value, regex } => {
                self.body.i().i32_const(regex.0 as i32);
                self.value(value, nil);
                self.host(Import::Regex);
            }
            ExprKind::Const(_)
            | ExprKind::Field(_)
            | ExprKind::Local(_)
            | ExprKind::Element { .. }
            | ExprKind::Count(_)
            | ExprKind::Packed(_)
            | ExprKind::Intrinsic { .. }
            | ExprKind::Otherwise { .. }
            | ExprKind::Index { .. }
            | ExprKind::Key { .. }
            | ExprKind::Slice { .. }
            | ExprKind::Call { .. }
            | ExprKind::Neg(_)
            | ExprKind::Arith { .. }
            | ExprKind::Collect(_)
            | ExprKind::Contains { .. }
            | ExprKind::Wildcard { .. }
            | ExprKind::Not(_)
            | ExprKind::Logic { .. }
            | ExprKind::Present(_)
            | ExprKind::Quantifier { .. } => self.value(expr, nil),
        }
        self.body.release(mark);
    }

    /// Pushes a Bool that is not nil and that is made by a test.
    pub(crate) fn flag(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Logic { op: LogicOp::Xor, items } => {
                self.body.i().i32_const(0);
                self.parity(items);
                return;
            }
            ExprKind::Compare { .. } | ExprKind::In { .. } | ExprKind::InList { .. } | ExprKind::Matches { .. }
                if nil_answer(expr).is_none() =>
            {
                return self.push_test(expr, self.never);
            }
            _ => {}
        }
        let mark = self.body.mark();
        let answer = self.body.local(I32);
        self.body.i().i32_const(0).local_set(answer);
        let no = self.body.block();
        self.branch(expr, false, no);
        self.body.i().i32_const(1).local_set(answer);
        self.body.end();
        self.body.i().local_get(answer);
        self.body.release(mark);
    }

    /// Goes to `decided` at the first operand that decides.
    fn items(&mut self, op: LogicOp, decisive: bool, items: &[Expr], decided: Label) {
        let known = self.known.len();
        // Who optimises has tests that are no slower one by one.
        if op == LogicOp::And && self.builder.one_pass {
            self.need(items, decided);
        }
        let mut rest = items;
        while let [item, after @ ..] = rest {
            if self.splits() {
                rest = self.part(op, rest);
                self.jump(decisive, decided);
            } else {
                self.branch_operand(item, decisive, decided);
                rest = after;
            }
        }
        self.known.truncate(known);
    }

    /// Goes to `missing` where several fields that a conjunction needs are not all there; until it ends they are known to be.
    fn need(&mut self, items: &[Expr], missing: Label) {
        let mut fields = needed_fields(self.linked, items);
        fields.retain(|field| !self.known.contains(field));
        if fields.len() < 2 {
            return;
        }
        let mut halves: BTreeMap<u32, u32> = BTreeMap::new();
        for field in &fields {
            let slot = self.linked.layout().slot(*field);
            *halves.entry(slot.presence_offset as u32 + slot.presence_bit / 32 * 4).or_default() |= 1 << (slot.presence_bit % 32);
        }
        for (offset, bits) in halves {
            let bits = bits as i32;
            self.body.i().local_get(self.record).i32_load(at(offset)).i32_const(bits).i32_and().i32_const(bits).i32_ne();
            self.body.br_if(missing);
        }
        self.known.extend(fields);
    }

    /// Adds the operands, modulo 2, to the number on the stack.
    fn parity(&mut self, items: &[Expr]) {
        let mut rest = items;
        while let [item, after @ ..] = rest {
            if self.splits() {
                rest = self.part(LogicOp::Xor, rest);
            } else {
                self.flag_operand(item);
                rest = after;
            }
            self.body.i().i32_xor();
        }
    }

    fn branch_operand(&mut self, item: &Expr, when: bool, target: Label) {
        let mark = self.body.mark();
        self.branch(item, when, target);
        self.body.release(mark);
    }

    /// Pushes any Bool that is not nil.
    fn flag_operand(&mut self, item: &Expr) {
        if item.nullable { self.flag(item) } else { self.value(item, self.never) }
    }

    /// Whether code belongs into a function of its own: there is much already, and it uses no locals of loops. Compilers take more than
    /// twice as long for a function of twice the size.
    fn splits(&self) -> bool {
        self.loops == 0 && self.linked.exceeds(Threshold::WasmFunctionBytes, self.body.len() - self.start)
    }

    /// Puts as many operands as are enough into a function of their own and pushes what they answer together. Answers the rest.
    fn part<'e>(&mut self, op: LogicOp, items: &'e [Expr]) -> &'e [Expr] {
        let (target, rest) = {
            let mut part = Generator::new(self.linked, self.builder, PART.params.len(), self.bound.len());
            // The caller may be in the middle of a call, whose arguments so far stand in its cells.
            part.cells = self.cells;
            part.known.clone_from(&self.known);
            let trapped = part.body.block();
            let decided = part.body.block();
            (part.trapped, part.never) = (trapped, decided);
            let decisive = op.decisive();
            let answer = part.body.local(I32);
            let mut rest = items;
            while let [item, after @ ..] = rest {
                match decisive {
                    Some(decisive) => part.branch_operand(item, decisive, decided),
                    None => {
                        part.flag_operand(item);
                        part.body.i().local_get(answer).i32_xor().local_set(answer);
                    }
                }
                rest = after;
                if part.splits() {
                    break;
                }
            }
            match decisive {
                Some(decisive) => part.body.i().i32_const((!decisive).into()).return_(),
                None => part.body.i().local_get(answer).return_(),
            };
            part.body.end();
            // Nothing goes here from an operand of `xor`.
            part.body.i().i32_const(decisive.unwrap_or(false).into()).return_();
            part.body.end();
            part.body.i().local_get(part.code).i32_const(TRAP as i32).i32_add();
            let code = part.body.finish();
            (self.builder.add("part", PART, code), rest)
        };
        self.body.i().local_get(self.base).local_get(self.record);
        self.body.call(target);
        self.status();
        rest
    }

    /// Goes to `decided` at the first element whose body is `decisive`.
    fn search_elements(&mut self, each: &Each, decisive: bool, decided: Label) {
        self.each(each, &mut |this| this.branch(&each.body, decisive, decided));
    }
}
