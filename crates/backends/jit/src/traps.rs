//! Where traps go.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I32;
use cranelift_codegen::ir::{Block, InstBuilder, Value};
use quintet_runtime::Trap;

use crate::generator::Generator;

impl Generator<'_, '_> {
    fn trap_block(&mut self) -> Block {
        match self.trap {
            Some(block) => block,
            None => {
                let block = self.cold_block();
                self.b.append_block_param(block, I32);
                self.trap = Some(block);
                block
            }
        }
    }

    /// A block that traps, at the place that code is being generated for.
    pub(crate) fn trap_to(&mut self, trap: Trap) -> Block {
        let code = trap.at(self.place);
        if let Some((_, block)) = self.traps.iter().find(|(known, _)| *known == code) {
            return *block;
        }
        let block = self.cold_block();
        self.traps.push((code, block));
        block
    }

    /// Traps with a code.
    pub(crate) fn trap_with(&mut self, code: Value) {
        let trap = self.trap_block();
        self.jump_with(trap, &[code]);
    }

    /// Goes on with the trap of a function that was called. What happened before its first statement happened at the call.
    pub(crate) fn trap_in_call(&mut self, code: Value) {
        let placed = self.b.ins().iadd_imm_s(code, i64::from(Trap::placed(self.place)));
        let first = i64::from(Trap::placed(1));
        let is_unplaced = self.b.ins().icmp_imm_u(IntCC::UnsignedLessThan, code, first);
        let code = self.b.ins().select(is_unplaced, placed, code);
        self.trap_with(code);
    }

    /// Traps where what was counted without a look has used up the budget.
    pub(crate) fn trap_if_exhausted(&mut self) {
        let within = self.within_budget();
        let (go_on, trap) = (self.block(), self.trap_to(Trap::Budget));
        self.branch(within, go_on, trap);
        self.b.switch_to_block(go_on);
    }

    /// Generates the blocks of [`Generator::trap_to`]. Answers where all traps go, if there are any.
    pub(crate) fn end_traps(&mut self) -> Option<Block> {
        for (code, block) in std::mem::take(&mut self.traps) {
            self.b.switch_to_block(block);
            let code = self.number(code);
            self.trap_with(code);
        }
        self.trap
    }

    /// Traps where the condition holds, and goes on in a new block.
    pub(crate) fn trap_if(&mut self, condition: Value, trap: Trap) {
        if self.meter.is_some() {
            let (go_on, trap) = (self.block(), self.trap_to(trap));
            self.branch(condition, trap, go_on);
            return self.b.switch_to_block(go_on);
        }
        let (go_on, code) = (self.block(), self.b.ins().iconst(I32, i64::from(trap.at(self.place))));
        let trap = self.trap_block();
        self.b.ins().brif(condition, trap, &[code.into()], go_on, &[]);
        self.b.switch_to_block(go_on);
    }

    /// Goes on in a new block if a helper's status says that it has made a value, to `nil` if it made none, and traps else.
    pub(crate) fn check_status(&mut self, status: Value, nil: Option<Block>) {
        let (go_on, rare) = (self.block(), self.cold_block());
        self.branch(status, rare, go_on);
        self.b.switch_to_block(rare);
        let placed = i64::from(Trap::placed(self.place)) - i64::from(quintet_native::TRAP);
        let (trap, code) = (self.trap_block(), self.b.ins().iadd_imm_s(status, placed));
        match nil {
            Some(nil) => {
                let is_nil = self.b.ins().icmp_imm_u(IntCC::Equal, status, i64::from(quintet_native::NIL));
                self.b.ins().brif(is_nil, nil, &[], trap, &[code.into()]);
            }
            None => {
                self.jump_with(trap, &[code]);
            }
        }
        self.b.switch_to_block(go_on);
    }
}
