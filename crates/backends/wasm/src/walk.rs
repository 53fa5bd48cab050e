//! Loops among statements.

use quintet_lang::Type;
use quintet_lang::ast::{Block, Expr, LocalId, Over, Place};
use quintet_runtime::counts_steps;
use wasm_encoder::ValType::{I32, I64};

use crate::body::{Label, at};
use crate::expr::Emitter;
use crate::list::start;

impl Emitter<'_> {
    pub(crate) fn while_(&mut self, before: &Block, condition: &Expr, body: &Block) {
        let end = self.body.block();
        // Where looking again at what comes before the step changes nothing, that is what happens between slices.
        let pure = before.is_empty() && !counts_steps(self.linked, condition);
        let slices = pure.then(|| self.begin_slices());
        let head = self.body.loop_();
        self.block(before);
        let mark = self.body.mark();
        self.branch(condition, false, end);
        self.body.release(mark);
        match slices {
            Some(slices) => self.step_in(slices),
            None => self.step(),
        }
        self.turn(end, head, body);
        self.body.br(head);
        self.body.end();
        if let Some(slices) = slices {
            self.end_slices(slices);
        }
        self.body.end();
    }

    /// The body of a loop.
    fn turn(&mut self, end: Label, next: Label, body: &Block) {
        self.script.loops.push((end, next));
        self.block(body);
        self.script.loops.pop();
    }

    pub(crate) fn for_(&mut self, local: LocalId, over: &Over, body: &Block) {
        let bounds = self.over_bounds(over);
        self.learn(local, bounds);
        let end = self.body.block();
        match over {
            Over::Range { start, end: last, inclusive } => self.over_range(local, (start, last, *inclusive), body, end),
            Over::Value(value) if value.ty == Type::Bytes => self.over_bytes(local, value, body, end),
            Over::Value(value) => self.over_value(local, value, body, end),
            Over::Array(place) => self.over_array(local, *place, body, end),
        }
        self.body.end();
    }

    fn over_range(&mut self, local: LocalId, (first, last, inclusive): (&Expr, &Expr, bool), body: &Block, end: Label) {
        self.value(first, end);
        let now = self.body.pop(I64);
        self.value(last, end);
        let last = self.body.pop(I64);
        self.body.i().local_get(now).local_get(last);
        // Only the first turn of an inclusive range needs to ask this: the others follow one that was not the last.
        if inclusive {
            self.body.i().i64_gt_s();
            self.body.br_if(end);
        } else {
            self.body.i().i64_ge_s();
            self.body.br_if(end);
        }
        let slices = self.begin_slices();
        let head = self.body.loop_();
        self.step_in(slices);
        let (to, present) = self.local(local);
        self.body.i().local_get(now).local_set(to[0]);
        self.set_present(present, true);
        let next = self.body.block();
        self.turn(end, next, body);
        self.body.end();
        if inclusive {
            self.body.i().local_get(now).local_get(last).i64_eq();
            self.body.br_if(end);
            self.body.i().local_get(now).i64_const(1).i64_add().local_set(now);
            self.body.br(head);
        } else {
            self.body.i().local_get(now).i64_const(1).i64_add().local_tee(now).local_get(last).i64_lt_s();
            self.body.br_if(head);
        }
        self.body.br(end);
        self.body.end();
        self.end_slices(slices);
    }

    fn over_bytes(&mut self, local: LocalId, value: &Expr, body: &Block, end: Label) {
        self.value(value, end);
        let len = self.body.pop(I32);
        let now = self.body.pop(I32);
        self.body.i().local_get(len).i32_eqz();
        self.body.br_if(end);
        // From here on it is one past the last byte.
        self.body.i().local_get(now).local_get(len).i32_add().local_set(len);
        let slices = self.begin_slices();
        let head = self.body.loop_();
        self.step_in(slices);
        let (to, present) = self.local(local);
        self.body.i().local_get(now).i64_load8_u(at(0)).local_set(to[0]);
        self.set_present(present, true);
        let next = self.body.block();
        self.turn(end, next, body);
        self.body.end();
        self.body.i().local_get(now).i32_const(1).i32_add().local_tee(now).local_get(len).i32_ne();
        self.body.br_if(head);
        self.body.br(end);
        self.body.end();
        self.end_slices(slices);
    }

    /// Over the elements of an array, or the values of a map, of a record.
    fn over_value(&mut self, local: LocalId, value: &Expr, body: &Block, end: Label) {
        self.value(value, end);
        let (left, now, block) = (self.body.pop(I32), self.body.pop(I32), self.body.pop(I32));
        self.body.i().local_get(left).i32_eqz();
        self.body.br_if(end);
        let element = value.ty.element().unwrap_or(&value.ty);
        let skip = if matches!(value.ty, Type::Map(_)) { 8 } else { 0 };
        let slices = self.begin_slices();
        let head = self.body.loop_();
        self.step_in(slices);
        let (to, present) = self.local(local);
        self.load(element, block, now, skip);
        self.pop_into(element, to);
        self.set_present(present, true);
        let next = self.body.block();
        self.turn(end, next, body);
        self.body.end();
        self.body.i().local_get(now).i32_const((skip + element.words() * 8) as i32).i32_add().local_set(now);
        self.body.i().local_get(left).i32_const(1).i32_sub().local_tee(left);
        self.body.br_if(head);
        self.body.br(end);
        self.body.end();
        self.end_slices(slices);
    }

    /// Over an array, whose length is looked at before each turn.
    fn over_array(&mut self, local: LocalId, place: Place, body: &Block, end: Label) {
        let (list, element) = self.list(place);
        self.body.i().i32_const(0);
        let now = self.body.pop(I32);
        let slices = self.begin_slices();
        let head = self.body.loop_();
        self.body.i().local_get(now);
        self.push_len(list);
        self.body.i().i32_ge_u();
        self.body.br_if(end);
        self.step_in(slices);
        let (to, present) = self.local(local);
        self.element_address(list, element, now);
        self.load_element(element, start(list));
        self.pop_into(element, to);
        self.set_present(present, true);
        let next = self.body.block();
        self.turn(end, next, body);
        self.body.end();
        self.body.i().local_get(now).i32_const(1).i32_add().local_set(now);
        self.body.br(head);
        self.body.end();
        self.end_slices(slices);
    }
}
