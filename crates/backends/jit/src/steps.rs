//! Counting steps. The word with those that are left is in the instance's state; see [`Scratch::METER`](quintet_runtime::Scratch::METER).
//!
//! Loops within loops and around searches lower it and look at it for each element. What is looked at or searched counts by itself and goes
//! on without a look: once the budget is used up the word stays negative, and the end of the rule looks at it again. Rules that count only
//! so leave the start and the end to the instance.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value};
use cranelift_frontend::Variable;
use quintet_lang::LOOKED_AT;
use quintet_lang::ast::{Const, Expr, ExprKind};
use quintet_native::Env;
use quintet_runtime::Trap;

use crate::generator::Generator;
use crate::symbols::Helper;

/// The length of bytes as far as it is known when code is generated.
pub(crate) fn length(expr: &Expr) -> usize {
    match &expr.kind {
        ExprKind::Const(Const::Bytes(bytes)) => bytes.len(),
        _ => usize::MAX,
    }
}

impl Generator<'_, '_> {
    /// Starts to count for a record.
    pub(crate) fn begin_steps(&mut self) {
        let start = self.b.ins().load(I64, MemFlagsData::trusted(), self.state, Env::METER_START as i32);
        self.b.ins().store(MemFlagsData::trusted(), start, self.state, Env::METER as i32);
    }

    /// Counts one step, and traps where the budget has none.
    pub(crate) fn step(&mut self) {
        if let Some(meter) = self.meter {
            if self.linked.counts_turns() {
                self.step_in(meter);
            }
            return;
        }
        let left = self.b.ins().load(I32, MemFlagsData::trusted(), self.state, Env::METER as i32);
        let left = self.b.ins().iadd_imm_s(left, -1);
        self.b.ins().store(MemFlagsData::trusted(), left, self.state, Env::METER as i32);
        let ended = self.b.ins().icmp_imm_s(IntCC::SignedLessThan, left, 0);
        let (go_on, rare) = (self.block(), self.cold_block());
        self.branch(ended, rare, go_on);
        self.b.switch_to_block(rare);
        self.call(Helper::Settle, &[self.state]);
        self.trap_if_exhausted();
        self.jump(go_on);
        self.b.switch_to_block(go_on);
    }

    /// Counts what looking at `len` bytes takes, of which there are no more than `known`.
    pub(crate) fn look(&mut self, len: Value, known: usize) {
        if known < LOOKED_AT {
            return;
        }
        let (go_on, long) = (self.block(), self.cold_block());
        let is_long = self.b.ins().icmp_imm_u(IntCC::UnsignedGreaterThanOrEqual, len, LOOKED_AT as i64);
        self.branch(is_long, long, go_on);
        self.b.switch_to_block(long);
        self.call(Helper::Look, &[self.state, len]);
        self.jump(go_on);
        self.b.switch_to_block(go_on);
    }

    /// Counts what a loop over so many elements takes whose body counts nothing.
    pub(crate) fn look_at_elements(&mut self, len: Value) {
        let (go_on, long) = (self.block(), self.cold_block());
        let is_long = self.b.ins().icmp_imm_u(IntCC::UnsignedGreaterThanOrEqual, len, LOOKED_AT as i64 / 16);
        self.branch(is_long, long, go_on);
        self.b.switch_to_block(long);
        let bytes = self.b.ins().ishl_imm_u(len, 4);
        self.call(Helper::Look, &[self.state, bytes]);
        self.jump(go_on);
        self.b.switch_to_block(go_on);
    }

    /// As [`Generator::step`], with the count in a variable.
    fn step_in(&mut self, meter: Variable) {
        let left = self.b.use_var(meter);
        let left = self.b.ins().iadd_imm_s(left, -1);
        self.b.def_var(meter, left);
        let ended = self.b.ins().icmp_imm_s(IntCC::SignedLessThan, left, 0);
        let (go_on, rare) = (self.block(), self.cold_block());
        self.branch(ended, rare, go_on);
        self.b.switch_to_block(rare);
        self.call(Helper::Settle, &[self.state]);
        let left = self.b.use_var(meter);
        let exhausted = self.b.ins().icmp_imm_s(IntCC::SignedLessThan, left, 0);
        let trap = self.trap_to(Trap::Budget);
        self.branch(exhausted, trap, go_on);
        self.b.switch_to_block(go_on);
    }

    /// Counts as many turns of a loop as the slice has steps for, and no more than one more than `others`, and answers how many these are: at
    /// least one. Where there is no step left, the next slice is taken.
    pub(crate) fn reserve(&mut self, meter: Variable, others: Value) -> Value {
        if !self.linked.counts_turns() {
            return self.b.ins().iadd_imm_s(others, 1);
        }
        let [none, taken, some] = [self.cold_block(), self.cold_block(), self.block()];
        let left = self.b.use_var(meter);
        self.branch(left, some, none);
        self.b.switch_to_block(none);
        let one = self.b.ins().iconst(I32, -1);
        self.b.def_var(meter, one);
        self.call(Helper::Settle, &[self.state]);
        let left = self.b.use_var(meter);
        let exhausted = self.b.ins().icmp_imm_s(IntCC::SignedLessThan, left, 0);
        let trap = self.trap_to(Trap::Budget);
        self.branch(exhausted, trap, taken);
        self.b.switch_to_block(taken);
        // The step is among those that are counted below.
        let left = self.b.ins().iadd_imm_s(left, 1);
        self.b.def_var(meter, left);
        self.jump(some);
        self.b.switch_to_block(some);
        let left = self.b.use_var(meter);
        let most = self.b.ins().iadd_imm_s(left, -1);
        let most = self.b.ins().uextend(I64, most);
        let others = self.b.ins().umin(others, most);
        let narrow = self.b.ins().ireduce(I32, others);
        let rest = self.b.ins().isub(left, narrow);
        let rest = self.b.ins().iadd_imm_s(rest, -1);
        self.b.def_var(meter, rest);
        self.b.ins().iadd_imm_s(others, 1)
    }

    /// Puts the steps that are left where others look for them, for code that keeps them in a variable. Where a trap ends the function that
    /// is not needed: a count below 0 is never kept from them.
    pub(crate) fn put_meter(&mut self) {
        if let Some(meter) = self.meter {
            let left = self.b.use_var(meter);
            self.b.ins().store(MemFlagsData::trusted(), left, self.state, Env::METER as i32);
        }
    }

    /// Takes them from there.
    pub(crate) fn take_meter(&mut self) {
        if let Some(meter) = self.meter {
            let left = self.b.ins().load(I32, MemFlagsData::trusted(), self.state, Env::METER as i32);
            self.b.def_var(meter, left);
        }
    }

    /// Whether the budget has not been passed.
    pub(crate) fn within_budget(&mut self) -> Value {
        let left = match self.meter {
            Some(meter) => self.b.use_var(meter),
            None => self.b.ins().load(I32, MemFlagsData::trusted(), self.state, Env::METER as i32),
        };
        self.b.ins().icmp_imm_s(IntCC::SignedGreaterThanOrEqual, left, 0)
    }
}
