//! Programs for who runs WebAssembly itself, such as a browser. The host's functions are lent to it: it calls [`LentInstance::answer`] where the
//! code calls the host, and exchanges the memory before and after that. So no memory is shared, and the code reaches nothing of the host.

use std::sync::Arc;

use quintet_lang::ast::SiteId;
use quintet_lang::intrinsic::Intrinsic;
use quintet_lang::{Limits, Type};
use quintet_runtime::{BackendId, Batch, Linked, RuleSet, WriteRuleSet};
use wasm_encoder::ValType;

use crate::host::{Broken, Host, counting, power};
use crate::import::Import;
use crate::places::{Extent, Places};
use crate::rules;

const ID: BackendId = BackendId::new("wasm");

/// A program as WebAssembly, and the host's functions for it.
///
/// What functions make and growing arrays hold for one rule on one record may take 1 MiB, and frames of fixed arrays 2 MiB, whatever
/// [`Limits::memory_bytes`] says.
pub struct Lent {
    program: Arc<Linked>,
    wasm: Vec<u8>,
    places: Places,
    packed: Arc<[Type]>,
}

/// One instance's state on the side of the host.
pub struct LentInstance {
    program: Arc<Linked>,
    host: Host,
    /// The memory as it was when it was copied last.
    memory: Vec<u64>,
    batch: Option<Batch>,
    calls: usize,
    /// The bytes of the longest record on which rules that count only what they look at stay within the budget.
    within: usize,
    /// The record that is at hand, and the rules that match it so far.
    record: u32,
    hits: RuleSet,
    /// The calls that it takes, and those that were begun.
    turns: (u32, u32),
}

/// A call of the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunArguments {
    /// The rule that is to run, by `test`; `None` where all are, by `run`.
    pub rule: Option<u32>,
    /// The arguments of either.
    pub arguments: [u32; 4],
}

impl Lent {
    /// The module of a program.
    ///
    /// # Errors
    /// When the program has more expressions than code is made of, or constants and answers that do not fit into the memory.
    pub fn new(program: &Arc<Linked>) -> Result<Lent, String> {
        program.fits_code().map_err(|e| e.to_string())?;
        let finished =
            rules::module(program, false, Extent::Small, false).ok_or("the constants and answers do not fit into the sandbox")?;
        Ok(Lent { program: program.clone(), wasm: finished.wasm, places: finished.places, packed: finished.packed.into() })
    }

    /// The module. It exports `memory`, and what [`LentInstance::next_call`] asks to be called, of four `i32`: `run`, and where there are rules `test`, which
    /// answers 0 or 1 as `i64`.
    pub fn wasm(&self) -> &[u8] {
        &self.wasm
    }

    /// The functions that a module may import from `quintet`: name, parameters and result, `i`, `l` and `d` for `i32`, `i64` and `f64`.
    pub fn imports() -> impl Iterator<Item = (&'static str, String, String)> {
        let letter = |ty: &ValType| match *ty {
            ValType::I64 => 'l',
            ValType::F64 => 'd',
            // The host takes and answers no others.
            ValType::I32 | ValType::F32 | ValType::V128 | ValType::Ref(_) => 'i',
        };
        Import::ALL.into_iter().map(move |import| {
            let signature = import.signature();
            (import.name(), signature.params.iter().map(letter).collect(), signature.results.iter().map(letter).collect())
        })
    }

    /// What one instance of the module needs of the host.
    pub fn instance(&self, limits: &Limits) -> LentInstance {
        let host = Host::new(self.program.clone(), self.packed.clone(), self.places, limits);
        let (_, within) = counting(&self.program, limits.steps);
        let (program, memory, batch, hits) = (self.program.clone(), Vec::new(), None, RuleSet::new());
        LentInstance { program, host, memory, batch, calls: limits.calls, within, record: 0, hits, turns: (0, 0) }
    }
}

impl LentInstance {
    /// The copy of the memory, which whoever runs the code exchanges with the instance's: before and after each call of the others, and around
    /// `run`. Once a batch is loaded it has that length, and the instance's memory must be at least as long.
    pub fn memory(&self) -> &[u64] {
        &self.memory
    }

    /// Takes a copy of the memory of a new instance, constants and all, and puts a batch behind the instance's own part.
    ///
    /// # Errors
    /// A batch of another scheme than the program's, a memory that is too short.
    pub fn load(&mut self, memory: &[u8], batch: Batch) -> Result<(), String> {
        if !self.program.scheme().same(batch.scheme()) {
            return Err("the records are of another scheme than the rules".into());
        }
        let window = self.host.places.window as usize;
        let own = memory.get(..window).ok_or_else(|| format!("the memory has {} bytes instead of {window}", memory.len()))?;
        self.memory.clear();
        self.memory.extend(own.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word)));
        self.memory.extend_from_slice(batch.arena().memory().words());
        self.batch = Some(batch);
        // SAFETY: the vector has that length, and it is not changed without this being said anew.
        unsafe { self.host.set_memory(self.memory.as_mut_ptr().cast(), self.memory.len() * 8) };
        self.host.start(self.calls).map_err(|e| e.to_string())
    }

    /// Begins a record of the batch.
    ///
    /// # Errors
    /// Where there is no such record.
    pub fn begin(&mut self, record: usize) -> Result<(), String> {
        let batch = self.batch.as_ref().filter(|batch| record < batch.len()).ok_or_else(|| format!("there is no record {record}"))?;
        let (rules, within) = (self.program.program().rules.len(), batch.longest() <= self.within);
        self.record = self.host.places.window + batch.record(record).offset() as u32;
        self.hits.reset(rules);
        self.turns = (if within { 1 } else { rules as u32 }, 0);
        self.host.set_within(within).map_err(|e| e.to_string())
    }

    /// What is to be called next for the record, if anything: all rules at once, or one after the other where one might pass the budget.
    ///
    /// # Errors
    /// Where nothing was loaded.
    pub fn next_call(&mut self) -> Result<Option<RunArguments>, String> {
        let (turns, turn) = self.turns;
        if turn == turns {
            return Ok(None);
        }
        self.turns.1 += 1;
        let rule = (!self.is_within()).then_some(turn);
        if rule.is_some() {
            self.host.begin_rule().map_err(|e| e.to_string())?;
        }
        Ok(Some(RunArguments { rule, arguments: [turn, self.host.places.window, self.record, 1] }))
    }

    fn is_within(&self) -> bool {
        self.batch.as_ref().is_some_and(|batch| batch.longest() <= self.within)
    }

    /// Ends the call that was asked for last, with what it answered.
    ///
    /// # Errors
    /// Where nothing was loaded.
    pub fn end(&mut self, answer: u64) -> Result<(), String> {
        let rules = self.program.program().rules.len();
        if self.is_within() {
            let answers = self.host.bytes(self.host.places.answers, rules as u32 * 8).map_err(|e| e.to_string())?;
            let hits = answers.as_chunks::<8>().0.iter().enumerate().filter(|(_, word)| **word != [0; 8]);
            hits.for_each(|(rule, _)| self.hits.insert(rule));
            return Ok(());
        }
        let Some(rule) = self.turns.1.checked_sub(1).map(|rule| rule as usize).filter(|rule| *rule < rules) else { return Ok(()) };
        let counts = self.host.end_rule(rule, self.record).map_err(|e| e.to_string())?;
        if counts && answer != 0 {
            self.hits.insert(rule);
        }
        Ok(())
    }

    /// Ends a record: which rules match, and which trapped.
    ///
    /// # Errors
    /// An interrupt.
    pub fn finish(&mut self, hits: &mut RuleSet) -> Result<(), String> {
        std::mem::swap(hits, &mut self.hits);
        for (rule, _, code) in self.host.traps.drain(..) {
            if let Some(fault) = self.program.fault(rule as usize, code) {
                hits.trap(rule as usize, fault);
            }
        }
        self.host.scratch_mut().finish(ID).map_err(|e| e.to_string())
    }

    /// Answers a call of the host's function of this name; Floats are their bits. What has no result answers 0.
    ///
    /// # Errors
    /// A function that there is not, other arguments than it takes, and what ends the instance.
    pub fn answer(&mut self, name: &str, args: &[u64]) -> Result<u64, String> {
        let import =
            Import::ALL.into_iter().find(|import| import.name() == name).ok_or_else(|| format!("there is no function `{name}`"))?;
        if args.len() != import.signature().params.len() {
            return Err(format!("`{name}` takes {} arguments", import.signature().params.len()));
        }
        self.call(import, args).map_err(|e| e.to_string())
    }

    fn call(&mut self, import: Import, args: &[u64]) -> Result<u64, Broken> {
        let host = &mut self.host;
        let int = |place: usize| args[place] as u32;
        let float = |place: usize| f64::from_bits(args[place]);
        let unary = |op: Intrinsic| op.unary(float(0)).unwrap_or(f64::NAN).to_bits();
        let done = match import {
            Import::Trap => {
                host.trap(int(0), int(1), int(2))?;
                0
            }
            Import::Call => host.call(SiteId(int(0)), int(1))?,
            Import::Charge => host.charge(int(0))?,
            Import::ChargeValue => host.charge_value(int(0), int(1))?,
            Import::Settle => host.settle()?,
            Import::Look => {
                host.look(int(0), int(1))?;
                0
            }
            Import::Pack => host.pack(int(0), int(1), int(2), int(3))?,
            Import::Regex => host.regex(int(0), int(1), int(2))?,
            Import::Wildcard => host.wildcard(int(0), int(1), int(2))?,
            Import::InList => host.in_list(int(0), int(1))?,
            Import::InBytes => host.in_bytes(int(0), int(1), int(2))?,
            Import::InInts => host.in_ints(int(0), int(1), int(2)),
            Import::InIps => host.in_ips(int(0), args[1], args[2], args[3]),
            Import::Occurs => host.occurs(int(0), int(1), int(2), int(3))?,
            Import::Search => host.search(int(0), int(1), int(2))?,
            Import::Grow => host.grow(int(0), int(1), (int(2), int(3)), int(4))?,
            Import::Free => {
                host.free(int(0), int(1), int(2))?;
                0
            }
            Import::Packed => host.packed(int(0), int(1), int(2))?,
            Import::FloatRem => return Ok((float(0) % float(1)).to_bits()),
            Import::Log => return Ok(unary(Intrinsic::Log)),
            Import::Exp => return Ok(unary(Intrinsic::Exp)),
            Import::Pow => return Ok(power(float(0), float(1)).to_bits()),
        };
        Ok(u64::from(done))
    }
}
