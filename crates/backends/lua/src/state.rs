//! Lua states.

use mlua::{FromLuaMulti, Function, Lua, LuaOptions, StdLib, Table};

use crate::chunk::GROUP;
use crate::config::Config;
use crate::crossing::Crossing;
use crate::loops::{Kind, all_bytecode, group_bytecode, some_bytecode};
use crate::natives;

/// What is run in each state before anything else; see there.
const PRELUDE: &str = include_str!("prelude.lua");

/// Bytes that a state has at most that waits for its next program.
const KEPT_BYTES: usize = 1 << 20;

/// A Lua state with what generated code may use.
pub(crate) struct State {
    lua: Lua,
    /// The prelude's names.
    names: Table,
    /// Forgets machine code; see the prelude.
    forget: Function,
    /// Bytes that the state took when nothing had run in it.
    fresh: usize,
}

/// What runs a loaded program on batches.
pub(crate) struct Loops {
    /// The loops of the rules, counted from 1: `(w, b, n, o)`.
    pub(crate) rules: Table,
    /// Runs all of them: `(w, b, n, o, row)`, where `row` is the 4-byte words from the answers of one rule to those of the next.
    pub(crate) all: Function,
    /// Runs some rules on some records, once it was asked for; see [`SOME`](crate::loops::SOME).
    some: Option<Function>,
}

impl Loops {
    /// Runs some rules on some records, for a program that was loaded with these scalars.
    pub(crate) fn some(&mut self, state: &State, scalars: [f64; 9]) -> mlua::Result<&Function> {
        Ok(match &mut self.some {
            Some(some) => some,
            none => none.insert(state.function(some_bytecode(state)?)?.call((&state.names, &self.rules, scalars[3]))?),
        })
    }
}

// SAFETY: `Lua` is not `Send` because clones of it and handles into it share its reference count and its stack without locks. Here it
// and all handles into it (`names`, `forget`, and the functions and tables beside a `State` in the same instance) stay together in one
// owner and are never given out, so they move between threads as one and only one thread at a time uses them. LuaJIT itself keeps everything in the state.
unsafe impl Send for State {}

impl State {
    /// A fresh state.
    pub(crate) fn new(config: Config) -> mlua::Result<State> {
        // SAFETY: FFI makes the state able to reach any memory; only the prelude and chunks that this crate generates run in it.
        let lua = unsafe { Lua::unsafe_new_with(StdLib::FFI | StdLib::BIT | StdLib::JIT | StdLib::MATH, LuaOptions::new()) };
        let natives = lua.create_table()?;
        for (name, address) in natives::table() {
            natives.raw_set(name, address as f64)?;
        }
        let global = lua.globals();
        let libraries: [Table; 4] = [global.get("ffi")?, global.get("bit")?, global.get("jit")?, global.get("math")?];
        let [ffi, bit, jit, math] = libraries;
        let (names, forget) = lua.load(PRELUDE).set_name("=prelude").call((ffi, bit, jit, math, natives, config.jit, config.eager))?;
        let fresh = lua.used_memory();
        Ok(State { lua, names, forget, fresh })
    }

    /// The bytecode of a source.
    pub(crate) fn compile(&self, source: &str) -> mlua::Result<Vec<u8>> {
        Ok(self.lua.load(source).set_name("=rules").set_mode(mlua::chunk::ChunkMode::Text).into_function()?.dump(true))
    }

    /// Runs a generated chunk, which answers the table of the tests of the rules, or one of functions that the host calls.
    ///
    /// # Safety
    /// `bytecode` was made by [`State::compile`] of a generated chunk, and the addresses are what the chunk was generated for.
    pub(crate) unsafe fn load<R: FromLuaMulti>(&self, bytecode: &[u8], addresses: &[usize], scalars: [f64; 9]) -> mlua::Result<R> {
        let table = self.lua.create_table_with_capacity(addresses.len(), 0)?;
        for (i, address) in addresses.iter().enumerate() {
            table.raw_set(i + 1, *address as f64)?;
        }
        let [env, cells, constants, notes, meter, start, within, heap, calls] = scalars;
        let chunk = self.function(bytecode)?;
        chunk.call((&self.names, table, env, cells, constants, notes, meter, start, within, heap, calls))
    }

    /// The function that runs all rules of a loaded program on one record.
    ///
    /// # Safety
    /// `bytecode` was made by [`State::compile`] of the program's [`record`](crate::chunk::record), and the scalars are those that the program was
    /// loaded with.
    pub(crate) unsafe fn record(&self, bytecode: &[u8], tests: &Table, scalars: [f64; 9]) -> mlua::Result<Function> {
        let [_, _, _, notes, meter, _, within, ..] = scalars;
        self.function(bytecode)?.call((&self.names, tests, notes, meter, within))
    }

    /// The loops of a loaded program's rules, of these kinds.
    ///
    /// # Safety
    /// The scalars are those that the program was loaded with.
    pub(crate) unsafe fn loops(
        &self,
        tests: &Table,
        kinds: impl ExactSizeIterator<Item = Kind>,
        stride: usize,
        scalars: [f64; 9],
    ) -> mlua::Result<Loops> {
        let [_, _, _, notes, meter, _, within, ..] = scalars;
        let count = kinds.len();
        let rules = self.lua.create_table_with_capacity(count, 0)?;
        for (rule, kind) in kinds.enumerate() {
            let make = self.function(kind.bytecode(self)?)?;
            let test: Function = tests.raw_get(rule + 1)?;
            let made: Function = make.call((&self.names, test, rule, stride, notes, meter, within))?;
            rules.raw_set(rule + 1, made)?;
        }
        let groups = self.lua.create_table()?;
        for first in (0..count).step_by(GROUP) {
            let made: Function = self.function(group_bytecode(self, GROUP.min(count - first))?)?.call((&rules, first))?;
            groups.raw_push(made)?;
        }
        let all = if count <= GROUP && count > 0 { groups.raw_get(1)? } else { self.function(all_bytecode(self)?)?.call(groups)? };
        Ok(Loops { rules, all, some: None })
    }

    /// A function of bytecode, without globals.
    fn function(&self, bytecode: &[u8]) -> mlua::Result<Function> {
        let chunk = self.lua.load(bytecode).set_name("=rules").set_mode(mlua::chunk::ChunkMode::Binary);
        chunk.set_environment(self.lua.create_table()?).into_function()
    }

    /// Forgets the machine code of what ran here, and what nobody has a handle into once that has become much. Answers whether the state may
    /// be kept.
    pub(crate) fn forget(&self) -> bool {
        let forgotten = self.forget.call::<()>(());
        if self.lua.used_memory() > self.fresh + KEPT_BYTES / 2 && self.lua.gc_collect().is_err() {
            return false;
        }
        forgotten.is_ok() && self.lua.used_memory() < self.fresh + KEPT_BYTES
    }

    /// A way to call a function of this state often.
    pub(crate) fn crossing(&self, function: Function) -> mlua::Result<Crossing> {
        Crossing::new(&self.lua, function)
    }

    /// Bytes that the state takes.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.lua.used_memory()
    }
}
