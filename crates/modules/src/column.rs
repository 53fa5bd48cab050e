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
        let params = self.wasm.declaration.items()[self.item].params();
        for ((field, _), param) in self.fields.iter().zip(params) {
            if batch.scheme().fields().get(field.0 as usize).is_none_or(|it| it.ty != param.ty) {
                return Err(Trap::ResultType);
            }
        }
        let step = BLOCK.min((COPIES / 2 / CELL) as usize / self.fields.len().max(1));
        for start in (0..batch.len()).step_by(step) {
            let records = start..batch.len().min(start + step);
            self.scratch.reset();
            // Answers are handed on when all of the block are known to be there.
            if self.wasm.with(|running| self.enter(running, batch, records.clone())).is_ok() {
                self.answered(batch, records, &mut answer);
            } else {
                // Something in there is not as it should be: what that is, is found out one by one.
                records.for_each(|record| answer(record, self.alone(batch, record)));
            }
        }
        Ok(())
    }

    /// Puts the arguments of records into cells, and has the module answer them. Of a record that lacks one that is needed, that cell is nil.
    #[inline(always)]
    fn enter(&self, running: &mut Running, batch: &Batch, records: Range<usize>) -> Result<(), Stopped> {
        running.linear.begin();
        let (count, host) = (records.len() as u32, running.linear.places.host);
        let mut calls = 0;
        for record in records {
            if self.lacks(batch, record) {
                continue;
            }
            for (n, (field, _)) in self.fields.iter().enumerate() {
                let cell = cells::nth(host, calls * self.fields.len() as u32 + n as u32);
                let ty = &batch.scheme().field(*field).ty;
                cells::put(&mut running.linear, cell, ty, &batch.record(record).value(*field)).map_err(Stopped::Before)?;
            }
            calls += 1;
        }
        debug_assert!(calls <= count);
        running.enter_batch(self.item, calls, &self.scratch).map_err(Stopped::Ended)
    }

    /// Hands on the answers that are in cells.
    fn answered(&self, batch: &Batch, records: Range<usize>, answer: &mut impl FnMut(usize, Result<Value<'_>, Trap>)) {
        let mut calls = 0;
        // What an answer refers to stays until the module is called again.
        let handed = self.wasm.with(|running| {
            for record in records.clone() {
                if self.lacks(batch, record) {
                    answer(record, Ok(Value::Nil));
                    continue;
                }
                let cell = cells::nth(running.out(), calls);
                calls += 1;
                if running.linear.cell(cell)[0] == 0 {
                    answer(record, Ok(Value::Nil));
                    continue;
                }
                answer(record, cells::take(&running.linear, cell, &self.result, (&[], &[]), &self.scratch));
            }
            Ok(())
        });
        debug_assert!(handed.is_ok());
    }

    /// Whether a record lacks an argument that is needed.
    #[inline(always)]
    fn lacks(&self, batch: &Batch, record: usize) -> bool {
        self.fields.iter().any(|(field, needed)| *needed && !batch.record(record).has(*field))
    }

    /// The answer of one record.
    fn alone<'a>(&'a self, batch: &'a Batch, record: usize) -> Result<Value<'a>, Trap> {
        if self.lacks(batch, record) {
            return Ok(Value::Nil);
        }
        let args: Vec<Value<'_>> = self.fields.iter().map(|(field, _)| batch.record(record).value(*field)).collect();
        self.wasm.call(self.item, &args, &self.result, &self.scratch)
    }
}
