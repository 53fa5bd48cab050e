//! Where traps go.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I32;
use cranelift_codegen::ir::{Block, InstBuilder, Value};
use quintet_runtime::Trap;

use crate::function::Gen;

impl Gen<'_, '_> {
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

    /// A block that traps.
    pub(crate) fn trap_to(&mut self, trap: Trap) -> Block {
        if let Some((_, block)) = self.traps.iter().find(|(known, _)| *known == trap) {
            return *block;
        }
        let block = self.cold_block();
        self.traps.push((trap, block));
        block
    }

    /// Traps with a code.
    pub(crate) fn trap_with(&mut self, code: Value) {
        let trap = self.trap_block();
        self.jump_with(trap, &[code]);
    }

    /// Generates the blocks of [`Gen::trap_to`]. Answers where all traps go, if there are any.
    pub(crate) fn end_traps(&mut self) -> Option<Block> {
        for (trap, block) in std::mem::take(&mut self.traps) {
            self.b.switch_to_block(block);
            let code = self.number(trap.code());
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
        let (go_on, code) = (self.block(), self.b.ins().iconst(I32, i64::from(trap.code())));
        let trap = self.trap_block();
        self.b.ins().brif(condition, trap, &[code.into()], go_on, &[]);
        self.b.switch_to_block(go_on);
    }

    /// Goes on in a new block if a helper's status says that it has made a value, to `nil` if it made none, and traps else.
    pub(crate) fn check_status(&mut self, status: Value, nil: Option<Block>) {
        let (go_on, rare) = (self.block(), self.cold_block());
        self.branch(status, rare, go_on);
        self.b.switch_to_block(rare);
        let (trap, code) = (self.trap_block(), self.b.ins().iadd_imm_s(status, -i64::from(quintet_native::TRAP)));
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
