//! Lua states.

use mlua::{FromLuaMulti, Lua, LuaOptions, StdLib, Table};

use crate::config::Config;
use crate::crossing::Crossing;
use crate::natives;

/// What is run in each state before anything else; see there.
const PRELUDE: &str = include_str!("prelude.lua");

/// A Lua state with what generated code may use.
pub(crate) struct State {
    lua: Lua,
    /// The prelude's names.
    names: Table,
    /// The global table of generated code: empty.
    globals: Table,
}

// SAFETY: `Lua` is not `Send` because clones of it and handles into it share its reference count and its stack without locks. Here it
// and all handles into it (`names`, `globals`, and the functions beside a `State` in the same instance) stay together in one owner and are
// never given out, so they move between threads as one and only one thread at a time uses them. LuaJIT itself keeps everything in the state.
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
        let names = lua.load(PRELUDE).set_name("=prelude").call((ffi, bit, jit, math, natives, config.jit, config.eager))?;
        let globals = lua.create_table()?;
        Ok(State { lua, names, globals })
    }

    /// The bytecode of a source.
    pub(crate) fn compile(&self, source: &str) -> mlua::Result<Vec<u8>> {
        Ok(self.lua.load(source).set_name("=rules").set_mode(mlua::chunk::ChunkMode::Text).into_function()?.dump(true))
    }

    /// Runs a generated chunk, which answers the functions for a batch and for a record, those for a batch of each of several rules, and the
    /// one for some rules on some records; or a table of functions that the host calls.
    ///
    /// # Safety
    /// `bytecode` was made by [`State::compile`] of a generated chunk, and the addresses are what the chunk was generated for.
    pub(crate) unsafe fn load<R: FromLuaMulti>(&self, bytecode: &[u8], addresses: &[usize], scalars: [f64; 9]) -> mlua::Result<R> {
        let table = self.lua.create_table_with_capacity(addresses.len(), 0)?;
        for (i, address) in addresses.iter().enumerate() {
            table.raw_set(i + 1, *address as f64)?;
        }
        let chunk =
            self.lua.load(bytecode).set_name("=rules").set_mode(mlua::chunk::ChunkMode::Binary).set_environment(self.globals.clone());
        let [env, cells, constants, notes, meter, start, within, heap, calls] = scalars;
        chunk.call((&self.names, table, env, cells, constants, notes, meter, start, within, heap, calls))
    }

    /// A way to call a function of this state often.
    pub(crate) fn crossing(&self, function: mlua::Function) -> mlua::Result<Crossing> {
        Crossing::new(&self.lua, function)
    }

    /// Bytes that the state takes.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.lua.used_memory()
    }
}
