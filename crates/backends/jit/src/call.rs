//! Calls: of library functions, and of functions of the script.

use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{self, Block, ExtFuncData, InstBuilder, MemFlagsData, StackSlotData, StackSlotKind, Value};
use quintet_lang::Type;
use quintet_lang::ast::{Expr, ExprKind, FnId, LocalId, SiteId};
use quintet_lang::signature::NilRule;
use quintet_runtime::Trap;

use crate::array::Array;
use crate::generator::{Generator, Made, Malformed};
use crate::script::{answer_words, has_area, parameters, signature, words};
use crate::symbols::Helper;
use crate::value::{CELL, Val};

impl<'p> Generator<'_, 'p> {
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

    /// Calls a function of the program.
    pub(crate) fn script_call(&mut self, results: &[LocalId], id: FnId, args: &'p [Expr]) -> Made<()> {
        let linked = self.linked;
        let function = linked.program().functions.get(id.index()).ok_or(Malformed)?;
        let calls = self.calls.ok_or(Malformed)?;
        let (ended, done) = (self.block(), self.block());
        let mut passed = Vec::new();
        let mut values = Vec::new();
        for (arg, param) in args.iter().zip(&function.frame.locals) {
            match (&arg.kind, &param.ty) {
                (ExprKind::Local(local), Type::List(..)) => match self.local_array(*local)? {
                    Array::Fixed(start, _) => values.push(start),
                    array @ Array::Growing(head, _) => {
                        passed.push(array);
                        values.push(head);
                    }
                },
                (_, ty) if param.nullable => {
                    let (present, parts) = self.optional(arg)?;
                    if arg.ty != *ty {
                        return Err(Malformed);
                    }
                    values.push(present);
                    values.extend(parts);
                }
                (_, ty) => {
                    let value = self.value(arg, ended)?;
                    if !value.fits(ty) {
                        return Err(Malformed);
                    }
                    values.extend(value.parts());
                }
            }
        }
        self.step();
        let too_many = self.b.ins().icmp_imm_s(ir::condcodes::IntCC::Equal, calls, 0);
        self.trap_if(too_many, Trap::Calls);
        let inside = self.b.ins().iadd_imm_s(calls, -1);
        for array in &passed {
            self.put_head(*array);
        }
        self.put_meter();
        let mut all = vec![self.state, self.arena, self.record, inside];
        let area = has_area(function).then(|| {
            let bytes = answer_words(function) as u32 * 8;
            let slot = *self
                .areas
                .entry(bytes)
                .or_insert_with(|| self.b.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, bytes, 3)));
            self.b.ins().stack_addr(I64, slot, 0)
        });
        all.extend(area);
        all.extend(values);
        let callee = match self.functions.get(&id) {
            Some(callee) => *callee,
            None => {
                let signature = self.b.import_signature(signature(function, self.isa));
                let name = self.symbols.function(id);
                let callee = self.b.import_function(ExtFuncData { name, signature, colocated: true, patchable: false });
                self.functions.insert(id, callee);
                callee
            }
        };
        if parameters(function).len() != all.len() {
            return Err(Malformed);
        }
        let call = self.b.ins().call(callee, &all);
        let answers = self.b.inst_results(call).to_vec();
        let (status, word) = answers.split_first().ok_or(Malformed)?;
        let (go_on, trapped) = (self.block(), self.cold_block());
        self.branch(*status, trapped, go_on);
        self.b.switch_to_block(trapped);
        self.trap_in_call(*status);
        self.b.switch_to_block(go_on);
        self.take_meter();
        for array in passed {
            self.take_head(array);
        }
        let mut at = 0;
        for (local, answer) in results.iter().zip(&function.results) {
            let found: Vec<Value> = words(answer)
                .map(|ty| match area {
                    Some(area) => {
                        at += 8;
                        Ok(self.b.ins().load(ty, MemFlagsData::trusted(), area, at - 8))
                    }
                    None => word.first().copied().ok_or(Malformed),
                })
                .collect::<Made<_>>()?;
            let (present, found) = match found.split_first() {
                Some((present, found)) if answer.nullable => (Some(*present), found),
                _ => (None, &found[..]),
            };
            self.assign_parts(*local, present, found)?;
        }
        self.jump(done);
        self.b.switch_to_block(ended);
        for local in results {
            self.assign_nil(*local)?;
        }
        self.jump(done);
        self.b.switch_to_block(done);
        Ok(())
    }
}
