//! Counting steps. The word with those that are left is a control word, which the host uses too while it is called.
//!
//! Loops within loops and around searches lower it and look at it for each element. What is looked at or searched is counted by the host, and goes
//! on without a look: once the budget is used up the word stays negative, and the end of the rule looks at it again. Rules that count only so do
//! not look at it at all: where the budget is not known to hold, the host runs them one by one and looks at it itself. Scripts keep the word in a
//! local and take slices of the budget without the host.

use quintet_lang::LOOKED_AT;
use quintet_lang::ast::{Const, Expr, ExprKind};
use quintet_runtime::{SLICE, Trap};
use wasm_encoder::ValType::{I32, I64};

use crate::body::{Label, at};
use crate::generator::Generator;
use crate::import::Import;
use crate::places::{INTERRUPTED, LOOKED, METER, METER_BEYOND};

/// The half of the control word with the number of slices that were taken.
const SLICES: u32 = METER + 4;

/// The length of bytes as far as it is known when code is generated.
pub(crate) fn length(expr: &Expr) -> usize {
    match &expr.kind {
        ExprKind::Const(Const::Bytes(bytes)) => bytes.len(),
        _ => usize::MAX,
    }
}

/// The loop around a loop that begins anew for each slice of steps, and the place where that is asked for.
#[derive(Clone, Copy)]
pub(crate) struct Slices {
    pub(crate) next: Label,
    pub(crate) exhausted: Label,
}

impl Generator<'_> {
    /// Starts to count, with the control word `start`.
    pub(crate) fn begin_steps(&mut self, start: u32) {
        self.body.i().i32_const(0).i32_const(0).i64_load(at(start)).i64_store(at(METER));
    }

    /// Counts what a loop over so many elements takes whose body counts nothing.
    pub(crate) fn look_at_elements(&mut self, len: u32) {
        self.looked_at(len, LOOKED_AT / 16);
    }

    /// Counts one step for every `each` of a local's value, a power of two.
    fn looked_at(&mut self, len: u32, each: usize) {
        let shift = each.trailing_zeros() as i32;
        if self.looks {
            self.body.i().i32_const(0).i32_const(0).i64_load(at(LOOKED));
            self.body.i().local_get(len).i32_const(shift).i32_shr_u().i64_extend_i32_u().i64_add().i64_store(at(LOOKED));
            return;
        }
        self.body.i().local_get(len).i32_const(each as i32).i32_ge_u();
        self.body.if_(None);
        self.body.i().local_get(len).i32_const(shift).i32_shr_u().i32_const(0);
        self.host(Import::Look);
        self.body.end();
    }

    /// Calls a function of the host. Scripts keep the steps that are left in a local, which the host does not see.
    pub(crate) fn host(&mut self, import: Import) {
        let counts = import.counts();
        if counts {
            self.spill_steps();
        }
        import.call(&mut self.body);
        if counts {
            self.reload_steps();
        }
    }

    /// Writes the steps that are left to the control word, where they are kept in a local.
    pub(crate) fn spill_steps(&mut self) {
        if let Some(left) = self.script.left {
            self.body.i().i32_const(0).local_get(left).i32_store(at(METER));
        }
    }

    /// Reads the steps that are left.
    pub(crate) fn reload_steps(&mut self) {
        if let Some(left) = self.script.left {
            self.body.i().i32_const(0).i32_load(at(METER)).local_set(left);
        }
    }

    /// Counts one step, and traps where the budget has none.
    pub(crate) fn step(&mut self) {
        if let Some(left) = self.script.left {
            if !self.linked.counts_turns() {
                return;
            }
            self.body.i().local_get(left).i32_const(1).i32_sub().local_tee(left).i32_const(0).i32_lt_s();
            self.body.if_(None);
            self.next_slice(left);
            self.body.i().local_get(left).i32_const(1).i32_sub().local_set(left);
            self.body.end();
            return;
        }
        self.body.i().i32_const(0).i32_const(0).i32_load(at(METER)).i32_const(1).i32_sub().i32_store(at(METER));
        self.exhausted();
        self.body.if_(None);
        self.host(Import::Settle);
        self.body.if_(None);
        self.trap(Trap::Budget);
        self.body.end();
        self.body.end();
    }

    /// Begins the loop around a loop that goes round once for each slice of steps. So the call that takes a slice stands outside of the inner
    /// loop, whose values then stay in registers.
    pub(crate) fn begin_slices(&mut self) -> Slices {
        let next = self.body.loop_();
        let exhausted = self.body.block();
        Slices { next, exhausted }
    }

    /// Takes the next slice of steps into `left`, which was lowered to -1 for a step that the slice does not have; that step is to be counted
    /// again. Where there is no slice, or somebody wants the run to end, that is the trap of the budget, and the host finds out which it was in
    /// [`Host::note_budget`](crate::host::Host::note_budget). No call of the host stands here, so what lives across loops stays in registers.
    fn next_slice(&mut self, left: u32) {
        let mark = self.body.mark();
        let rest = self.body.local(I64);
        let slice = i64::from(SLICE);
        self.body.i().i32_const(0).i64_load(at(METER_BEYOND));
        self.body.i().i32_const(0).i64_load32_u(at(SLICES)).i64_const(slice).i64_mul().i64_sub();
        self.body.i().local_tee(rest).i64_const(0).i64_le_s();
        self.body.i().i32_const(0).i32_load(at(INTERRUPTED)).i32_or();
        self.trap_if(Trap::Budget);
        self.body.i().i32_const(0).i32_const(0).i32_load(at(SLICES)).i32_const(1).i32_add().i32_store(at(SLICES));
        self.body.i().local_get(rest).i64_const(slice).local_get(rest).i64_const(slice).i64_lt_s().select();
        self.body.i().i32_wrap_i64().local_set(left);
        self.body.release(mark);
    }

    /// [`Generator::step`] in the inner loop; where the slice is used up, the loop begins anew with the next one, so what comes before the step
    /// must have no effect.
    pub(crate) fn step_in(&mut self, slices: Slices) {
        let Some(left) = self.script.left.filter(|_| self.linked.counts_turns()) else { return self.step() };
        self.body.i().local_get(left).i32_const(1).i32_sub().local_tee(left).i32_const(0).i32_lt_s();
        self.body.br_if(slices.exhausted);
    }

    /// Ends the loop around.
    pub(crate) fn end_slices(&mut self, slices: Slices) {
        self.body.end();
        if let Some(left) = self.script.left {
            // The step is counted again.
            self.next_slice(left);
        }
        self.body.br(slices.next);
        self.body.end();
    }

    /// Counts what looking at so many bytes takes, given by a local; there are no more than `known`.
    pub(crate) fn look(&mut self, len: u32, known: usize) {
        if known < LOOKED_AT {
            return;
        }
        self.looked_at(len, LOOKED_AT);
    }

    /// As [`Generator::look`] at the shorter of two texts.
    pub(crate) fn look_at_both(&mut self, a: u32, b: u32, known: usize) {
        let mark = self.body.mark();
        self.body.i().local_get(a).local_get(b).local_get(a).local_get(b).i32_lt_u().select();
        let len = self.body.pop(I32);
        self.look(len, known);
        self.body.release(mark);
    }

    /// Pushes whether the budget was passed.
    pub(crate) fn exhausted(&mut self) {
        self.body.i().i32_const(0).i32_load(at(METER)).i32_const(0).i32_lt_s();
    }

    /// Goes to a label where the budget was passed.
    pub(crate) fn leave_if_exhausted(&mut self, to: Label) {
        self.exhausted();
        self.body.br_if(to);
    }
}
