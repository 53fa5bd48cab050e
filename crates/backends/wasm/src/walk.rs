//! Loops among statements.

use quintet_lang::Type;
use quintet_lang::ast::{Block, Expr, LocalId, Over, Place};
use quintet_runtime::{counts_steps, is_quiet, is_small, sum_of_bytes};
use wasm_encoder::ValType::{I32, I64};

use crate::array::{List, start, stride};
use crate::body::{Label, at};
use crate::generator::Generator;
use crate::steps::Slices;

impl Generator<'_> {
    pub(crate) fn while_(&mut self, condition: &Expr, body: &Block) {
        let end = self.body.block();
        // Where looking again at what comes before the step changes nothing, that is what happens between slices.
        let pure = !counts_steps(self.linked, condition);
        let slices = pure.then(|| self.begin_slices());
        let head = self.body.loop_();
        if pure && is_small(body) && is_quiet(self.linked, body) {
            self.four_tested(condition, body, (head, end));
        }
        let mark = self.body.mark();
        self.unless(condition, end);
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
        self.after_condition(condition);
    }

    /// Up to four turns in a row, where the slice has so many steps, after which they are counted.
    fn four_tested(&mut self, condition: &Expr, body: &Block, (head, end): (Label, Label)) {
        let Some(left) = self.script.left else { return };
        let one = self.body.block();
        self.body.i().local_get(left).i32_const(4).i32_lt_s();
        self.body.br_if(one);
        let [third, second, first] = std::array::from_fn(|_| self.body.block());
        for ended in [end, first, second, third] {
            let mark = self.body.mark();
            self.unless(condition, ended);
            self.body.release(mark);
            let next = self.body.block();
            self.turn(end, next, body);
            self.body.end();
        }
        self.count_turns(left, 4);
        self.body.br(head);
        for turns in 1..4 {
            self.body.end();
            self.count_turns(left, turns);
            self.body.br(end);
        }
        self.body.end();
    }

    fn count_turns(&mut self, left: u32, turns: i32) {
        if self.linked.counts_turns() {
            self.body.i().local_get(left).i32_const(turns).i32_sub().local_set(left);
        }
    }

    /// The body of a loop.
    fn turn(&mut self, end: Label, next: Label, body: &Block) {
        self.script.loops.push((end, next));
        self.block(body);
        self.script.loops.pop();
    }

    pub(crate) fn for_(&mut self, local: LocalId, over: &Over, body: &Block) {
        let bounds = self.script.bounds.over(over);
        self.script.bounds.learn(local, bounds);
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
        let stop = is_quiet(self.linked, body).then(|| {
            self.body.i().local_get(last).local_get(now).i64_sub();
            self.reserve_turns(slices, inclusive);
            self.body.i().i64_extend_i32_u().local_get(now).i64_add();
            self.body.pop(I64)
        });
        let head = self.body.loop_();
        if stop.is_none() {
            self.step_in(slices);
        }
        let (to, present) = self.local(local);
        self.body.i().local_get(now).local_set(to[0]);
        self.set_present(present, true);
        let next = self.body.block();
        self.turn(end, next, body);
        self.body.end();
        if let Some(stop) = stop {
            self.body.i().local_get(now).i64_const(1).i64_add().local_tee(now).local_get(stop).i64_ne();
            self.body.br_if(head);
            self.body.end();
            self.body.i().local_get(now).local_get(last);
            if inclusive {
                self.body.i().i64_const(1).i64_add();
            }
            self.body.i().i64_ne();
            self.body.br_if(slices.next);
            self.body.br(end);
            return self.end_slices(slices);
        }
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
        if let Some(sum) = sum_of_bytes(local, body) {
            return self.add_bytes(sum, (now, len), end);
        }
        self.counted((now, len), body, end, &mut |this, further| {
            let (to, present) = this.local(local);
            this.body.i().local_get(now).i64_load8_u(at(further)).local_set(to[0]);
            this.set_present(present, true);
        });
    }

    /// A loop whose turns are known when it begins: one for each number from the one in `now` on, before the one in `stop`, and at least one. `set`
    /// sets the local of the loop to what belongs to a number so much further on.
    fn counted(&mut self, (now, last): (u32, u32), body: &Block, end: Label, set: &mut dyn FnMut(&mut Self, u32)) {
        let slices = self.begin_slices();
        let stop = is_quiet(self.linked, body).then(|| {
            self.body.i().local_get(last).local_get(now).i32_sub().i64_extend_i32_u();
            self.reserve_turns(slices, false);
            self.body.i().local_get(now).i32_add();
            self.body.pop(I32)
        });
        let last_turns = stop.filter(|_| is_small(body)).map(|stop| {
            let last_turns = self.body.block();
            self.four_turns((now, stop), body, last_turns, set);
            let done = self.body.block();
            self.body.i().local_get(now).local_get(stop).i32_eq();
            self.body.br_if(done);
            done
        });
        let head = self.body.loop_();
        if stop.is_none() {
            self.step_in(slices);
        }
        set(self, 0);
        let next = self.body.block();
        self.turn(end, next, body);
        self.body.end();
        self.body.i().local_get(now).i32_const(1).i32_add().local_tee(now).local_get(stop.unwrap_or(last)).i32_ne();
        self.body.br_if(head);
        if last_turns.is_some() {
            self.body.end();
            self.body.end();
        }
        if stop.is_some() {
            self.body.i().local_get(now).local_get(last).i32_ne();
            self.body.br_if(slices.next);
        }
        self.body.br(end);
        if last_turns.is_none() {
            self.body.end();
        }
        self.end_slices(slices);
    }

    /// Four turns of a loop at a time, as long as there are four; goes to `rest` then, the end of the block around.
    fn four_turns(&mut self, (now, stop): (u32, u32), body: &Block, rest: Label, set: &mut dyn FnMut(&mut Self, u32)) {
        let four = self.body.loop_();
        self.body.i().local_get(stop).local_get(now).i32_sub().i32_const(4).i32_lt_u();
        self.body.br_if(rest);
        for further in 0..4 {
            set(self, further);
            let next = self.body.block();
            self.turn(rest, next, body);
            self.body.end();
        }
        self.body.i().local_get(now).i32_const(4).i32_add().local_set(now);
        self.body.br(four);
        self.body.end();
        self.body.end();
    }

    /// Adds the bytes from the address in `now` on up to the one in `last` to a local, as a loop over them would. Eight at a time become four
    /// sums of two, and these one by a multiplication.
    fn add_bytes(&mut self, sum: LocalId, (now, last): (u32, u32), end: Label) {
        const LOW: i64 = 0x00ff_00ff_00ff_00ff;
        let ([sum, ..], _) = self.local(sum);
        let eight = self.body.local(I64);
        let slices = self.begin_slices();
        self.body.i().local_get(last).local_get(now).i32_sub().i64_extend_i32_u();
        self.reserve_turns(slices, false);
        self.body.i().local_get(now).i32_add();
        let stop = self.body.pop(I32);
        let rest = self.body.block();
        let words = self.body.loop_();
        self.body.i().local_get(stop).local_get(now).i32_sub().i32_const(8).i32_lt_u();
        self.body.br_if(rest);
        self.body.i().local_get(now).i64_load(at(0)).local_tee(eight).i64_const(LOW).i64_and();
        self.body.i().local_get(eight).i64_const(8).i64_shr_u().i64_const(LOW).i64_and().i64_add();
        self.body.i().i64_const(0x0001_0001_0001_0001).i64_mul().i64_const(48).i64_shr_u();
        self.body.i().local_get(sum).i64_add().local_set(sum);
        self.body.i().local_get(now).i32_const(8).i32_add().local_set(now);
        self.body.br(words);
        self.body.end();
        self.body.end();
        let after = self.body.block();
        let bytes = self.body.loop_();
        self.body.i().local_get(now).local_get(stop).i32_eq();
        self.body.br_if(after);
        self.body.i().local_get(now).i64_load8_u(at(0)).local_get(sum).i64_add().local_set(sum);
        self.body.i().local_get(now).i32_const(1).i32_add().local_set(now);
        self.body.br(bytes);
        self.body.end();
        self.body.end();
        self.body.i().local_get(now).local_get(last).i32_ne();
        self.body.br_if(slices.next);
        self.body.br(end);
        self.end_slices(slices);
    }

    /// Counts as many turns as the slice has steps for, and no more than the i64 on the stack (and one, if `inclusive`), and pushes how
    /// many these are. Where there is no step left, the next slice is taken.
    fn reserve_turns(&mut self, slices: Slices, inclusive: bool) {
        let mark = self.body.mark();
        let Some(left) = self.script.left else { return };
        let turns = self.body.pop(I64);
        self.body.i().local_get(left).i32_eqz();
        self.body.if_(None);
        self.body.i().i32_const(-1).local_set(left);
        self.body.br(slices.exhausted);
        self.body.end();
        self.body.i().local_get(turns).i32_wrap_i64();
        if inclusive {
            self.body.i().i32_const(1).i32_add();
        }
        self.body.i().local_get(left).local_get(turns).local_get(left).i64_extend_i32_u().i64_lt_u().select();
        let now = self.body.tee(I32);
        // Without the steps of turns the slice keeps what it has.
        if self.linked.counts_turns() {
            self.body.i().local_get(left).local_get(now).i32_sub().local_set(left);
        }
        self.body.release(mark);
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
        let mut set = |this: &mut Self, further: u32| {
            let (to, present) = this.local(local);
            this.element_address(list, element, now);
            this.load_element(element, start(list) + further * stride(element));
            this.pop_into(element, to);
            this.set_present(present, true);
        };
        if let List::Fixed { len, .. } | List::Table { len, .. } = list {
            if len > 0 {
                self.body.i().i32_const(len as i32);
                let last = self.body.pop(I32);
                self.counted((now, last), body, end, &mut set);
            }
            return;
        }
        let slices = self.begin_slices();
        let head = self.body.loop_();
        self.body.i().local_get(now);
        self.push_len(list);
        self.body.i().i32_ge_u();
        self.body.br_if(end);
        self.step_in(slices);
        set(self, 0);
        let next = self.body.block();
        self.turn(end, next, body);
        self.body.end();
        self.body.i().local_get(now).i32_const(1).i32_add().local_set(now);
        self.body.br(head);
        self.body.end();
        self.end_slices(slices);
    }
}
