//! Calls of library functions.

use cranelift_codegen::ir::types::I32;
use cranelift_codegen::ir::{Block, InstBuilder, Value};
use quintet_lang::ast::{Expr, SiteId};
use quintet_lang::signature::NilRule;

use crate::function::{Gen, Made, Malformed};
use crate::symbols::Helper;
use crate::value::{CELL, Val};

impl<'p> Gen<'_, 'p> {
    /// A number that a helper takes.
    pub(crate) fn number(&mut self, number: u32) -> Value {
        self.b.ins().iconst(I32, i64::from(number))
    }

    /// The result of a call. Arguments go into cells on the stack, each as soon as it is known; one more cell takes the result.
    pub(crate) fn call_function(&mut self, id: SiteId, args: &'p [Expr], nil: Block) -> Made<Val<'p>> {
        let linked = self.linked;
        let site = linked.program().sites.get(id.index()).ok_or(Malformed)?;
        let stops_at_nil = linked.scheme().function(site.function).nil == NilRule::Propagates;
        if site.args.len() != args.len() {
            return Err(Malformed);
        }
        let count = args.len() as u32;
        let slot = self.take_cells(count + 1);
        for ((i, arg), ty) in (0..count).zip(args).zip(&site.args) {
            let (missing, go_on) = if stops_at_nil { (nil, None) } else { (self.cold_block(), Some(self.block())) };
            let value = self.value(arg, missing)?;
            if !value.fits(ty) {
                return Err(Malformed);
            }
            self.store_cell(slot, i, value)?;
            if let Some(go_on) = go_on {
                self.jump(go_on);
                self.b.switch_to_block(missing);
                let zero = self.int(0);
                self.b.ins().stack_store(cranelift_codegen::ir::types::I64, zero, slot, (i * CELL) as i32);
                self.jump(go_on);
                self.b.switch_to_block(go_on);
            }
        }
        let (site_number, cells, out) = (self.number(id.0), self.cell_address(slot, 0), self.cell_address(slot, count));
        let status = self.ask(Helper::Call, &[self.state, site_number, cells, out])?;
        self.check_status(status, Some(nil));
        let value = self.load_cell(slot, count, &site.result)?;
        self.give_cells(count + 1, slot);
        Ok(value)
    }
}
