//! Calls of functions by the host: arguments go into linear memory, where they are more than numbers, and results are read from there.

use quintet_lang::Type;
use quintet_lang::ast::{FnId, Function};
use quintet_runtime::{OwnedValue, Trap, Value, hand_out};
use wasmtime::{Func, ValRaw, bail};

use crate::instance::Runner;
use crate::module::function_name;
use crate::places::CALLS;

/// Whether a call came to its end; else a trap's code.
pub(crate) type Outcome = Result<(), u32>;

impl Runner {
    /// The entry point of a function.
    fn entry(&mut self, id: FnId) -> wasmtime::Result<Func> {
        if let Some((_, entry)) = self.entries.iter().find(|(of, _)| *of == id) {
            return Ok(*entry);
        }
        let Some(entry) = self.instance.get_func(&mut self.store, &function_name(id.index())) else {
            bail!("the module exports no function {}", id.0)
        };
        self.entries.push((id, entry));
        Ok(entry)
    }

    /// Calls a function that takes these arguments on the record at an address, and copies its results.
    pub(crate) fn call_function(
        &mut self,
        (id, function): (FnId, &Function),
        (base, record): (u32, u32),
        args: &[Value<'_>],
        results: &mut Vec<Option<OwnedValue>>,
    ) -> wasmtime::Result<Outcome> {
        let entry = self.entry(id)?;
        let host = self.store.data_mut();
        host.begin_call()?;
        let int = |word: u32| ValRaw::i32(word as i32);
        // As `LEADING` says.
        let mut words = vec![int(base), int(record), int(host.word32(CALLS)), int(host.places.stack)];
        for (arg, param) in args.iter().zip(&function.frame.locals) {
            let Some([a, b, c]) = host.argument(&param.ty, *arg)? else { return Ok(Err(Trap::Memory.code())) };
            match param.ty {
                Type::Bool | Type::U32 => words.push(int(a as u32)),
                Type::Int => words.push(ValRaw::i64(a as i64)),
                Type::Float => words.push(ValRaw::f64(a)),
                Type::Bytes => words.extend([int(a as u32), int((a >> 32) as u32)]),
                Type::Ip => words.extend([a, b, c].map(|word| ValRaw::i64(word as i64))),
                Type::Array(_) | Type::Map(_) => {
                    let block = a as u32;
                    words.extend([int(block), int(block.wrapping_add((a >> 32) as u32)), int(b as u32)]);
                }
                Type::List(..) => bail!("an array of a script is no argument"),
            }
            words.extend(param.nullable.then(|| int(u32::from(!arg.is_nil()))));
        }
        // What there is the most of: parameters, or the trap's code and the results.
        let most = 1 + function.results.len() * 4;
        words.resize(words.len().max(most), ValRaw::i32(0));
        // SAFETY: the entry point is the function's, whose parameters these words are, in their order and of their types; there is room for
        // its results, which are at most three words and whether there is a value each. No reference is among either.
        unsafe { entry.call_unchecked(&mut self.store, &raw mut *words)? };
        let host = self.store.data_mut();
        host.end_call()?;
        let mut words = words.iter();
        let mut next = || words.next().copied().unwrap_or(ValRaw::i32(0));
        let code = next().get_u32();
        if code != 0 {
            host.note_budget(code)?;
            return Ok(Err(if host.scratch().is_exhausted() { Trap::Budget.instead_of(code) } else { code }));
        }
        let mut values = Vec::with_capacity(function.results.len());
        for answer in &function.results {
            let words = match answer.ty {
                Type::Bool | Type::U32 => [u64::from(next().get_u32()), 0, 0],
                Type::Int => [next().get_u64(), 0, 0],
                Type::Float => [next().get_f64(), 0, 0],
                Type::Bytes => {
                    let (at, len) = (next().get_u32(), next().get_u32());
                    [u64::from(at) | u64::from(len) << 32, 0, 0]
                }
                Type::Ip => [next().get_u64(), next().get_u64(), next().get_u64()],
                Type::Array(_) | Type::Map(_) => {
                    let (block, first, len) = (next().get_u32(), next().get_u32(), next().get_u32());
                    [u64::from(block) | u64::from(first.wrapping_sub(block)) << 32, u64::from(len), 0]
                }
                Type::List(..) => bail!("an array of a script is no result"),
            };
            let present = !answer.nullable || next().get_u32() != 0;
            values.push(if present { host.value(words, &answer.ty)? } else { Value::Nil });
        }
        Ok(hand_out(values.into_iter(), host.scratch(), results).map_err(Trap::code))
    }
}
