//! The elements of arrays of scripts: reading, writing and filling them.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value};
use quintet_lang::Type;
use quintet_lang::ast::{Expr, Place};
use quintet_runtime::Trap;

use crate::array::{Elements, size};
use crate::frame::parts;
use crate::generator::{Generator, Made, Malformed};
use crate::symbols::Helper;
use crate::value::{Run, Val};

impl<'p> Generator<'_, 'p> {
    /// Traps where an index, the value of an expression, is outside of an array.
    pub(crate) fn inside(&mut self, elements: Elements<'p>, at: &Expr, index: Value) {
        if elements.fixed.is_some_and(|len| self.bounds.is_inside(len, at)) {
            return;
        }
        // Unsigned, so that a negative index is outside.
        let inside = self.b.ins().icmp(IntCC::UnsignedLessThan, index, elements.len);
        let outside = self.trap_to(Trap::Index);
        self.require(inside, outside);
    }

    fn element_address(&mut self, elements: Elements<'p>, index: Value) -> Value {
        let distance = match size(elements.element) {
            4 => self.b.ins().ishl_imm_u(index, 2),
            8 => self.b.ins().ishl_imm_u(index, 3),
            16 => self.b.ins().ishl_imm_u(index, 4),
            bytes => self.b.ins().imul_imm_s(index, bytes),
        };
        self.b.ins().iadd(elements.start, distance)
    }

    /// Element `index`, which is inside.
    pub(crate) fn load_element(&mut self, elements: Elements<'p>, index: Value) -> Made<Val<'p>> {
        let address = self.element_address(elements, index);
        let flags = MemFlagsData::trusted();
        let words: Vec<Value> =
            parts(elements.element).iter().enumerate().map(|(i, part)| self.b.ins().load(*part, flags, address, i as i32 * 8)).collect();
        Val::of(elements.element, &words)
    }

    /// Sets element `index`, for which there is room.
    pub(crate) fn store_element(&mut self, elements: Elements<'p>, index: Value, value: Val<'p>) -> Made<()> {
        if !value.fits(elements.element) {
            return Err(Malformed);
        }
        let address = self.element_address(elements, index);
        for (i, part) in value.parts().into_iter().enumerate() {
            self.b.ins().store(MemFlagsData::trusted(), part, address, i as i32 * 8);
        }
        Ok(())
    }

    /// Sets all elements.
    pub(crate) fn fill(&mut self, elements: Elements<'p>, value: Val<'p>) -> Made<()> {
        match (size(elements.element), value) {
            (8, Val::Bool(word) | Val::Int(word)) => {
                self.call(Helper::FillWords, &[elements.start, elements.len, word]);
            }
            (8, Val::Float(float)) => {
                let word = self.b.ins().bitcast(I64, MemFlagsData::new(), float);
                self.call(Helper::FillWords, &[elements.start, elements.len, word]);
            }
            (4, Val::U32(half)) => {
                self.call(Helper::FillHalves, &[elements.start, elements.len, half]);
            }
            _ => {
                let [head, body, done] = std::array::from_fn(|_| self.block());
                let index = self.b.append_block_param(head, I64);
                let zero = self.int(0);
                self.jump_with(head, &[zero]);
                self.b.switch_to_block(head);
                let more = self.b.ins().icmp(IntCC::UnsignedLessThan, index, elements.len);
                self.branch(more, body, done);
                self.b.switch_to_block(body);
                self.store_element(elements, index, value)?;
                let next = self.b.ins().iadd_imm_s(index, 1);
                self.jump_with(head, &[next]);
                self.b.switch_to_block(done);
            }
        }
        Ok(())
    }

    /// The low bytes of an array's elements.
    pub(crate) fn packed(&mut self, place: Place) -> Made<Run> {
        let elements = self.array(place)?;
        if !matches!(elements.element, Type::Int | Type::U32) {
            return Err(Malformed);
        }
        self.look(elements.len, usize::MAX);
        let slot = self.take_cells(1);
        let (out, bytes) = (self.cell_address(slot, 0), self.int(size(elements.element)));
        let status = self.ask(Helper::Pack, &[self.state, elements.start, elements.len, bytes, out])?;
        self.check_status(status, None);
        let start = self.b.ins().load(I64, MemFlagsData::trusted(), out, 0);
        self.give_cells(1, slot);
        Ok(Run { start, len: elements.len, padded: false })
    }
}
