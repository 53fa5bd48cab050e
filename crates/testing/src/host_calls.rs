//! Functions of random scripts, called by the host with random arguments, on a backend and on the interpreter.

use bumpalo::Bump;
use proptest::test_runner::{TestCaseError, TestError};
use quintet_interp::Interp;
use quintet_lang::ast::FnId;
use quintet_lang::{Passes, Type};
use quintet_runtime::{ArrayRef, Backend, CallError, Fault, Instance, Linked, MapRef, OwnedValue, Trap, Value};

use crate::case::{Batches, instance};
use crate::dice::Dice;
use crate::differential::{caught, runner, setting};
use crate::scripts::{Script, link, script};
use crate::strategy::Random;

/// A script, and what its functions' arguments are drawn from.
#[derive(Clone, Debug)]
struct Called {
    script: Script,
    seed: u64,
}

/// Calls of each function on each record.
const CALLS: usize = 3;

/// Numbers that are drawn from a seed, the same for each backend.
struct Draw(u64);

impl Draw {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, n: usize) -> usize {
        (self.bits() % n as u64) as usize
    }

    fn int(&mut self) -> i64 {
        match self.below(6) {
            0 => i64::MIN,
            1 => i64::MAX,
            2 => self.bits() as i64,
            3 => (1 << 51) + self.below(5) as i64 - 2,
            _ => self.below(12) as i64 - 3,
        }
    }

    fn value<'b>(&mut self, ty: &Type, bump: &'b Bump) -> Value<'b> {
        match ty {
            Type::Bool => Value::Bool(self.below(2) == 0),
            Type::Int => Value::Int(self.int()),
            Type::U32 => Value::U32(self.int() as u32),
            Type::Float => Value::Float([0.0, -0.0, 1.5, -3.0, f64::NAN, f64::INFINITY, 1e300][self.below(7)]),
            Type::Bytes => {
                let len = [0, 1, 3, 7, 40][self.below(5)];
                Value::Bytes(bump.alloc_slice_fill_with(len, |_| b"abAB/.0\xff"[self.below(8)]))
            }
            Type::Ip if self.below(2) == 0 => Value::Ip(std::net::Ipv4Addr::from_bits(self.bits() as u32).into()),
            Type::Ip => Value::Ip(std::net::Ipv6Addr::from_bits(self.bits().into()).into()),
            Type::Array(element) => {
                let len = self.below(4);
                Value::Array(ArrayRef::Built(bump.alloc_slice_fill_with(len, |_| self.value(element, bump))))
            }
            Type::Map(element) => {
                let keys: [&[u8]; 3] = [b"", b"a", b"b"];
                let len = self.below(4);
                Value::Map(MapRef::Built(bump.alloc_slice_fill_with(len, |at| (keys[at], self.value(element, bump)))))
            }
            // No host has any; functions that take one are not called.
            Type::List(..) => Value::Nil,
        }
    }
}

type Found = Result<Vec<Option<OwnedValue>>, Fault>;

/// What all calls come to, in order.
fn all(instance: &mut dyn Instance, program: &Linked, batches: &Batches, seed: u64) -> Result<Vec<(String, Found)>, String> {
    let (mut draw, mut all, mut results) = (Draw(seed), Vec::new(), Vec::new());
    for record in batches.plain.iter().chain(batches.shared.iter()) {
        for (place, function) in program.program().functions.iter().enumerate().filter(|(_, function)| function.is_callable()) {
            for _ in 0..CALLS {
                let bump = Bump::new();
                let params = &function.frame.locals[..function.params as usize];
                let args: Vec<Value<'_>> = params
                    .iter()
                    .map(
                        |param| {
                            if draw.below(if param.nullable { 3 } else { 20 }) == 0 { Value::Nil } else { draw.value(&param.ty, &bump) }
                        },
                    )
                    .collect();
                let found = match instance.call(FnId(place as u32), record, &args, &mut results) {
                    Ok(()) => Ok(std::mem::take(&mut results)),
                    Err(CallError::Trap(fault)) => Err(fault),
                    Err(e) => return Err(format!("{}: {e}", function.name)),
                };
                let args: Vec<String> = args.iter().map(|arg| OwnedValue::of(arg).map_or("nil".into(), |arg| arg.to_string())).collect();
                all.push((format!("{}({})", function.name, args.join(", ")), found));
            }
        }
    }
    Ok(all)
}

/// What a backend answers otherwise than the interpreter, in words; and how many calls there were.
fn difference(backend: &dyn Backend, Called { script, seed }: &Called) -> (Option<String>, usize) {
    let prepared = || {
        let plain = link(script, &Passes::none()).ok()?;
        let batches = Batches::new(plain.scheme(), &script.records, false).ok()?;
        let mut oracle = instance(&Interp::new(), &plain, &script.limits()).ok()?;
        let wanted = all(&mut *oracle, &plain, &batches, *seed).ok()?;
        Some((wanted, batches))
    };
    let Some((wanted, batches)) = prepared() else { return (None, 0) };
    for passes in [Passes::none(), Passes::default()] {
        let Ok(program) = link(script, &passes) else { return (None, 0) };
        let mut instance = match caught(|| instance(backend, &program, &script.limits())) {
            Ok(instance) => instance,
            // A documented bound: frames of generated code are as large as their functions.
            Err(message) if message.contains("bytes of stack") => return (None, 0),
            Err(message) => return (Some(message), 0),
        };
        let found = match caught(|| all(&mut *instance, &program, &batches, *seed)) {
            Ok(found) => found,
            Err(message) => return (Some(message), 0),
        };
        for ((what, wanted), (_, found)) in wanted.iter().zip(&found) {
            // With passes, steps are counted otherwise: what is known beforehand takes none.
            let budget = |found: &Found| matches!(found, Err(Fault { trap: Trap::Budget, .. }));
            if wanted != found && !(passes != Passes::none() && (budget(wanted) || budget(found))) {
                let passes = if passes == Passes::none() { "" } else { ", with passes" };
                return (Some(format!("{what}{passes}: interp: {wanted:?}; {}: {found:?}", backend.id())), 0);
            }
        }
    }
    (None, wanted.len())
}

/// Calls the functions of so many random scripts with random arguments, on the backend and on the interpreter, with and without passes: results,
/// traps and their places are the same. `QUINTET_SEED` and `QUINTET_CASES` are as with [`differential`](crate::differential()).
///
/// # Panics
/// When a call comes to something else; the message has the smallest script that was found.
pub fn host_calls(backend: &dyn Backend, cases: u32) {
    let cases = setting("QUINTET_CASES").map_or(cases, |n| n as u32);
    let calls = std::cell::Cell::new(0);
    let strategy = Random {
        make: |dice: &mut Dice<'_>| Called { script: (script().make)(dice), seed: dice.bits() },
        shrinks: |called: &Called| {
            let smaller = (script().shrinks)(&called.script);
            smaller.into_iter().map(|script| Called { script, ..called.clone() }).collect()
        },
    };
    let result = runner(cases).run(&strategy, |called| {
        let (difference, made) = difference(backend, &called);
        calls.set(calls.get() + made);
        if difference.is_none() { Ok(()) } else { Err(TestCaseError::fail("the results differ")) }
    });
    match result {
        Ok(()) => {
            println!("{}: {} calls of functions of {cases} scripts", backend.id(), calls.get());
            assert!(calls.get() >= cases as usize, "only {} calls of functions of {cases} scripts", calls.get());
        }
        Err(TestError::Fail(_, called)) => {
            let what = difference(backend, &called).0.unwrap_or_else(|| "does not answer the same each time".into());
            let Called { script, seed } = called;
            panic!("{what}\nsteps {}, memory {}, seed {seed}\n{}", script.steps, script.memory_bytes, script.source());
        }
        Err(TestError::Abort(reason)) => panic!("the generator gave up: {reason}"),
    }
}
