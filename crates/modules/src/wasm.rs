//! WebAssembly that runs: what the items of one loaded module share.

use std::cell::RefCell;
use std::sync::Arc;

use quintet_lang::Type;
use quintet_runtime::{Argument, Many, Scratch, Trap, Value};
use thread_local::ThreadLocal;
use wasmtime::{Engine, InstancePre, StoreLimits};

use crate::cells;
use crate::column::Column;
use crate::declaration::{Declaration, Shape};
use crate::instance::{Ended, Running, Stopped};
use crate::limits::ModuleLimits;
use crate::places::Places;
use crate::runs::{Args, Runs};

/// A loaded module.
pub(crate) struct Wasm {
    pub(crate) declaration: Declaration,
    pub(crate) pre: InstancePre<StoreLimits>,
    pub(crate) engine: Engine,
    pub(crate) limits: ModuleLimits,
    pub(crate) places: Places,
    /// One instance for each thread that has called something.
    pub(crate) running: ThreadLocal<RefCell<Option<Running>>>,
}

impl Wasm {
    /// Runs something on this thread's instance, which is made where there is none, and made anew after what ended it.
    #[inline(always)]
    pub(crate) fn with<T>(&self, run: impl FnOnce(&mut Running) -> Result<T, Stopped>) -> Result<T, Trap> {
        // No module calls the host, so nothing borrows twice.
        let mut place = self.running.get_or_default().borrow_mut();
        let running = match &mut *place {
            Some(running) => running,
            none => none.insert(Running::new(self).map_err(|_| Trap::Memory)?),
        };
        run(running).map_err(|stopped| match stopped {
            Stopped::Before(trap) => trap,
            Stopped::Ended(Ended(trap)) => {
                *place = None;
                trap
            }
        })
    }
}

impl Runs for Wasm {
    fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    #[inline(always)]
    fn call<'a>(&self, item: usize, (params, args): Args<'_, 'a>, result: &Type, scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
        let mut place = self.running.get_or_default().borrow_mut();
        let running = match &mut *place {
            Some(running) => running,
            none => none.insert(Running::new(self).map_err(|_| Trap::Memory)?),
        };
        match running.call(item, (params, args), scratch) {
            Ok(false) => Ok(Value::Nil),
            // An answer is written where it is read: what is copied as a whole right after its parts were written makes the processor wait.
            Ok(true) => match (result, running.linear.cell(running.out())) {
                (Type::Int, [_, word, ..]) => Ok(Value::Int(word as i64)),
                (Type::Float, [_, word, ..]) => Ok(Value::Float(cells::float(word))),
                (Type::Bool, [_, word @ (0 | 1), ..]) => Ok(Value::Bool(word == 1)),
                _ => {
                    let taken = cells::take(&running.linear, running.out(), result, (args, &running.ranges), scratch);
                    if taken.is_err() {
                        *place = None;
                    }
                    taken
                }
            },
            Err(Stopped::Before(trap)) => Err(trap),
            Err(Stopped::Ended(Ended(trap))) => {
                *place = None;
                Err(trap)
            }
        }
    }

    fn many(this: &Arc<Wasm>, item: usize, args: &[Argument]) -> Option<Box<dyn Many>> {
        Column::new(this, item, args).map(|column| Box::new(column) as Box<dyn Many>)
    }

    fn parse<'a>(&self, item: usize, text: &'a [u8], scratch: &'a Scratch, set: &mut dyn FnMut(usize, Value<'a>)) -> Result<bool, Trap> {
        let Shape::Parser { fields, .. } = &self.declaration.items()[item].shape else { return Ok(false) };
        let mut values = Vec::with_capacity(fields.len());
        let parsed = self.with(|running| {
            if !running.parse(item, fields.len() as u32, text, scratch)? {
                return Ok(false);
            }
            for (n, field) in fields.iter().enumerate() {
                let cell = cells::nth(running.out(), n as u32);
                if running.linear.cell(cell)[0] != 0 {
                    let value = cells::take(&running.linear, cell, &field.ty, (&[Value::Bytes(text)], &running.ranges), scratch);
                    values.push((n, value.map_err(|trap| Stopped::Ended(Ended(trap)))?));
                }
            }
            Ok(true)
        })?;
        values.into_iter().for_each(|(n, value)| set(n, value));
        Ok(parsed)
    }
}
