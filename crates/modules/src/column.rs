//! A function of fields, answered for all records of a batch at once.

use std::ops::Range;
use std::sync::Arc;

use quintet_lang::{FieldId, Limits, Type};
use quintet_runtime::{Batch, Scratch, Trap, Value};

use crate::cells;
use crate::declaration::Shape;
use crate::instance::{Running, Stopped};
use crate::places::{CELL, COPIES};
use crate::runs::Runs;
use crate::wasm::Wasm;

/// Calls that are made at once.
const BLOCK: usize = 128;

/// A function of a module whose arguments are fields of records, for hosts that want its answers as a column. The module has a form of the
/// function for many calls at once, so that entering the sandbox costs next to nothing for each.
pub struct Column {
    wasm: Arc<Wasm>,
    /// Among the items.
    item: usize,
    result: Type,
    params: Vec<Type>,
    /// By parameter, the field and whether it must not be nil.
    fields: Vec<(FieldId, bool)>,
    scratch: Scratch,
}

impl Column {
    /// The column of a function, if it has a form for many calls, takes as many arguments, and answers Bool, Int, Float or Ip.
    pub(crate) fn new(wasm: &Arc<Wasm>, function: &str, fields: &[FieldId]) -> Option<Column> {
        let item = wasm.declaration.items().iter().position(|item| item.name == function)?;
        let Shape::Function { params, result, .. } = &wasm.declaration.items()[item].shape else { return None };
        let has_batch = wasm.with(|running| Ok(running.has_batch(item))).ok()?;
        let simple = matches!(result, Type::Bool | Type::Int | Type::Float | Type::Ip);
        (params.len() == fields.len() && has_batch && simple).then(|| Column {
            wasm: wasm.clone(),
            item,
            params: params.iter().map(|param| param.ty.clone()).collect(),
            result: result.clone(),
            fields: fields.iter().zip(params).map(|(field, param)| (*field, !param.nullable)).collect(),
            scratch: Scratch::new(&Limits::default()),
        })
    }

    /// Answers the records of a batch, in order: nil where the function does, or where an argument is nil that must not be.
    ///
    /// # Errors
    /// [`Trap::ResultType`] where a field is none of the batch's scheme, or of another type than its parameter.
    pub fn each(&mut self, batch: &Batch, mut answer: impl FnMut(usize, Result<Value<'_>, Trap>)) -> Result<(), Trap> {
        for ((field, _), param) in self.fields.iter().zip(&self.params) {
            if batch.scheme().fields().get(field.0 as usize).is_none_or(|it| it.ty != *param) {
                return Err(Trap::ResultType);
            }
        }
        let most = BLOCK.min((COPIES / 2 / CELL) as usize / self.fields.len().max(1));
        for start in (0..batch.len()).step_by(most) {
            let records = start..batch.len().min(start + most);
            self.scratch.reset();
            let mut block = Block { start, lacking: [false; BLOCK] };
            // Answers are handed on when all of the block are known to be there.
            match self.wasm.with(|running| self.enter(running, batch, records.clone(), &mut block)) {
                Ok(()) => self.answered(records, &block, &mut answer)?,
                // Something in there is not as it should be: what that is, is found out one by one.
                Err(_) => records.for_each(|record| answer(record, self.alone(batch, record))),
            }
        }
        Ok(())
    }

    /// Puts the arguments of records into cells, and has the module answer them.
    #[inline(always)]
    fn enter(&self, running: &mut Running, batch: &Batch, records: Range<usize>, block: &mut Block) -> Result<(), Stopped> {
        let linear = &mut running.linear;
        linear.begin();
        let (memory, layout, mut cell) = (batch.memory(), batch.layout(), linear.places.host);
        // Where the batch lies in the module's memory, if it does.
        let window = linear.place(memory.bytes(0, memory.words().len() * 8));
        let slots: Vec<_> =
            self.fields.iter().map(|(field, needed)| (layout.slot(*field), *needed, &batch.scheme().field(*field).ty)).collect();
        let mut calls = 0;
        for record in records {
            let at = batch.records_offset() + record * layout.stride();
            let first = cell;
            for (slot, needed, ty) in &slots {
                if memory.word(at + slot.presence_offset) >> slot.presence_bit & 1 == 0 {
                    linear.set_cell(cell, [0; 4]);
                    block.lacking[record - block.start] |= needed;
                } else if let (Type::Bytes, Some(window)) = (ty, window) {
                    let word = memory.word(at + slot.offset);
                    linear.set_cell(cell, [1, u64::from(window) + (word & u64::from(u32::MAX)), word >> 32, 0]);
                } else if let Type::Int | Type::Bool | Type::Float = ty {
                    linear.set_cell(cell, [1, memory.word(at + slot.offset), 0, 0]);
                } else {
                    cells::put(linear, cell, ty, &Value::load(memory, at + slot.offset, ty)).map_err(Stopped::Before)?;
                }
                cell += CELL;
            }
            if block.lacking[record - block.start] {
                // The next takes its place.
                cell = first;
            } else {
                calls += 1;
            }
        }
        running.enter_batch(self.item, calls, &self.scratch).map_err(Stopped::Ended)
    }

    /// Hands on the answers that are in cells.
    #[inline(always)]
    fn answered(&self, records: Range<usize>, block: &Block, answer: &mut impl FnMut(usize, Result<Value<'_>, Trap>)) -> Result<(), Trap> {
        self.wasm.with(|running| {
            let mut cell = running.out();
            for record in records {
                if block.lacking[record - block.start] {
                    answer(record, Ok(Value::Nil));
                    continue;
                }
                match (running.linear.cell(cell), &self.result) {
                    ([0, ..], _) => answer(record, Ok(Value::Nil)),
                    ([_, word, ..], Type::Int) => answer(record, Ok(Value::Int(word as i64))),
                    ([_, word, ..], Type::Float) => answer(record, Ok(Value::Float(cells::float(word)))),
                    (_, ty) => answer(record, cells::take(&running.linear, cell, ty, (&[], &[]), &self.scratch)),
                }
                cell += CELL;
            }
            Ok(())
        })
    }

    /// The answer of one record.
    fn alone<'a>(&'a self, batch: &'a Batch, record: usize) -> Result<Value<'a>, Trap> {
        let args: Vec<Value<'_>> = self.fields.iter().map(|(field, _)| batch.record(record).value(*field)).collect();
        if self.fields.iter().zip(&args).any(|((_, needed), arg)| *needed && arg.is_nil()) {
            return Ok(Value::Nil);
        }
        self.wasm.call(self.item, (&self.params, &args), &self.result, &self.scratch)
    }
}

/// Records that are answered at once.
struct Block {
    /// The first of them.
    start: usize,
    /// Which lack an argument that is needed.
    lacking: [bool; BLOCK],
}
