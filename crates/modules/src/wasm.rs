//! WebAssembly that runs: what the items of one loaded module share.

use std::cell::RefCell;

use quintet_lang::Type;
use quintet_runtime::{Scratch, Trap, Value};
use thread_local::ThreadLocal;
use wasmtime::{Engine, InstancePre, StoreLimits};

use crate::cells;
use crate::declaration::{Declaration, Shape};
use crate::instance::{Ended, Running, Stopped};
use crate::limits::ModuleLimits;
use crate::places::Places;
use crate::runs::Runs;

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

    #[inline]
    fn call<'a>(&self, item: usize, args: &[Value<'a>], result: &Type, scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
        self.with(|running| running.call(item, (self.declaration.items()[item].params(), args), result, scratch))
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
