//! Hand-written Lua on LuaJIT, as one would write it for Suricata or nginx: each record is a table made beforehand, with the fields' names
//! as keys (`_` for `.`), and a script answers which of the workload's rules the table matches.
//!
//! In a table, Ints are numbers, Bytes strings, arrays sequences, maps tables by key; an IPv4 address is a number, an IPv6 address a string
//! of its 16 bytes; a missing field is absent. The scripts use what comes with LuaJIT, `bit` and `ffi` among it, as one does who cares.

use std::net::IpAddr;

use mlua::{Function, Lua, LuaOptions, StdLib, Table, Value as LuaValue};
use quintet_runtime::{Batch, RuleSet, Value, WriteRuleSet};

use crate::native::unchanged;
use crate::seam::{Peer, Prepared, Task};

pub(crate) struct LuaScript;

/// A script: a chunk that answers a function from a record to the numbers of the matching rules, as bits.
struct Written {
    workload: &'static str,
    fingerprint: u64,
    source: &'static str,
}

const WRITTEN: &[Written] = &[
    Written { workload: "edge-filter", fingerprint: 0xcb2e_f959_8ec4_e870, source: include_str!("scripts/edge-filter.lua") },
    Written { workload: "header-logic", fingerprint: 0x59f2_e3c4_4ee5_d347, source: include_str!("scripts/header-logic.lua") },
    Written { workload: "one-comparison", fingerprint: 0xcb6f_533a_33b1_0471, source: include_str!("scripts/one-comparison.lua") },
    Written { workload: "payload-search", fingerprint: 0x2384_904a_9e77_811f, source: include_str!("scripts/payload-search.lua") },
    Written { workload: "small-sets", fingerprint: 0x5068_2350_5bca_7970, source: include_str!("scripts/small-sets.lua") },
    Written { workload: "wirefilter-bench", fingerprint: 0x95a2_8977_5363_5739, source: include_str!("scripts/wirefilter-bench.lua") },
    Written { workload: "calls", fingerprint: 0x7e26_c0ff_6423_d127, source: include_str!("scripts/calls.lua") },
    Written { workload: "checksum8", fingerprint: 0x0728_2a0e_39a3_c63e, source: include_str!("scripts/checksum8.lua") },
    Written { workload: "entropy", fingerprint: 0xa7a5_0e23_46c5_553c, source: include_str!("scripts/entropy.lua") },
    Written { workload: "sha256", fingerprint: 0x5e52_96e6_0b52_7936, source: include_str!("scripts/sha256.lua") },
];

/// Walks all records and counts the matches.
const WALK: &str = include_str!("scripts/walk.lua");

struct Ready {
    lua: Lua,
    source: &'static str,
    rules: usize,
    matches: Function,
    walk: Function,
    records: Vec<Table>,
    all: Table,
}

impl Peer for LuaScript {
    fn id(&self) -> &'static str {
        "lua-script"
    }

    fn prepare<'t>(&self, task: Task<'t>) -> Result<Box<dyn Prepared + 't>, String> {
        let written = WRITTEN.iter().find(|w| w.workload == task.workload).ok_or("nobody wrote a script for it")?;
        unchanged(task.program, written.fingerprint)?;
        Ok(Box::new(Ready::new(task, written.source).map_err(|e| e.to_string())?))
    }
}

impl Ready {
    fn new(task: Task<'_>, source: &'static str) -> mlua::Result<Ready> {
        let lua = state();
        let matches: Function = lua.load(source).set_name("=script").eval()?;
        let walk: Function = lua.load(WALK).set_name("=walk").eval()?;
        let names: Vec<String> = task.program.scheme.fields().iter().map(|f| f.name.replace('.', "_")).collect();
        let mut records = Vec::new();
        for record in task.batches.iter().flat_map(Batch::iter) {
            let table = lua.create_table()?;
            for (id, name) in names.iter().enumerate() {
                let value = record.value(quintet_lang::FieldId(id as u32));
                if !value.is_nil() {
                    table.raw_set(name.as_str(), converted(&lua, value)?)?;
                }
            }
            records.push(table);
        }
        let all = lua.create_sequence_from(records.iter().cloned())?;
        Ok(Ready { lua, source, rules: task.program.rules.len(), matches, walk, records, all })
    }
}

/// A Lua state with `ffi`.
#[allow(unsafe_code)]
fn state() -> Lua {
    // SAFETY: `ffi` can reach any memory, but only the scripts of this crate run here, and they stay within their arrays and strings.
    unsafe { Lua::unsafe_new_with(StdLib::ALL_SAFE | StdLib::FFI, LuaOptions::new()) }
}

/// A value as scripts see it.
fn converted(lua: &Lua, value: Value<'_>) -> mlua::Result<LuaValue> {
    Ok(match value {
        Value::Nil => LuaValue::Nil,
        Value::Bool(b) => LuaValue::Boolean(b),
        Value::Int(i) if i.unsigned_abs() > 1 << 53 => {
            return Err(mlua::Error::RuntimeError(format!("a record holds the Int {i}, which is no number of Lua")));
        }
        Value::Int(i) => LuaValue::Number(i as f64),
        Value::U32(u) => LuaValue::Number(f64::from(u)),
        Value::Float(f) => LuaValue::Number(f),
        Value::Bytes(bytes) => LuaValue::String(lua.create_string(bytes)?),
        Value::Ip(IpAddr::V4(ip)) => LuaValue::Number(f64::from(ip.to_bits())),
        Value::Ip(IpAddr::V6(ip)) => LuaValue::String(lua.create_string(ip.octets())?),
        Value::Array(array) => {
            let table = lua.create_table_with_capacity(array.len(), 0)?;
            for element in array.iter() {
                table.raw_push(converted(lua, element)?)?;
            }
            LuaValue::Table(table)
        }
        Value::Map(map) => {
            let table = lua.create_table_with_capacity(0, map.len())?;
            for (key, element) in map.iter() {
                table.raw_set(lua.create_string(key)?, converted(lua, element)?)?;
            }
            LuaValue::Table(table)
        }
    })
}

impl Prepared for Ready {
    fn compile(&self) -> Option<Result<(), String>> {
        Some(self.lua.load(self.source).set_name("=script").into_function().map(drop).map_err(|e| e.to_string()))
    }

    fn run(&mut self, record: usize, hits: &mut RuleSet) -> Result<(), String> {
        hits.reset(self.rules);
        let mut rest: u32 = self.matches.call(&self.records[record]).map_err(|e| e.to_string())?;
        while rest != 0 {
            hits.insert(rest.trailing_zeros() as usize);
            rest &= rest - 1;
        }
        Ok(())
    }

    fn run_all(&mut self) -> Result<u64, String> {
        self.walk.call((&self.matches, &self.all)).map_err(|e| e.to_string())
    }
}
