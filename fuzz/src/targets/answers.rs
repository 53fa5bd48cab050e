//! Programs on all backends, and what records they run on.

use std::sync::{Arc, OnceLock};

use quintet::backend::{Backend, Linked};
use quintet::{Limits, OwnedValue, Program, Scheme, Trap, Type, configurations};
use quintet_cases::{Record, zero_record};
use quintet_testing::{Answer, Batches, Mode, World, answers, instance, values_of, world};
use serde_json::{Value as Json, json};

use crate::finding::{Fault, ensure};

/// Limits under which nothing runs for long.
pub fn limits() -> Limits {
    Limits { steps: 100_000, memory_bytes: 1 << 20, regex_bytes: 1 << 20, regex_cache_bytes: 1 << 18, ..Limits::default() }
}

/// Every configuration of every backend, the interpreter first.
pub fn lineup() -> &'static [Arc<dyn Backend>] {
    static LINEUP: OnceLock<Vec<Arc<dyn Backend>>> = OnceLock::new();
    LINEUP.get_or_init(configurations)
}

/// The backends that compile in no time, in all their configurations, the interpreter first.
pub fn simple() -> &'static [Arc<dyn Backend>] {
    static SIMPLE: OnceLock<Vec<Arc<dyn Backend>>> = OnceLock::new();
    SIMPLE.get_or_init(|| lineup().iter().filter(|b| ["interp", "closures"].contains(&b.id().name)).cloned().collect())
}

/// The settings that programs are checked in: the tests' own, and the ready-made schemes.
pub fn worlds() -> &'static [World] {
    static WORLDS: OnceLock<Vec<World>> = OnceLock::new();
    WORLDS.get_or_init(|| {
        let tests = world(true);
        let ready = [quintet_inputs::schemes::http(), quintet_inputs::schemes::cloudflare(), quintet_inputs::schemes::packets()];
        let ready = ready.into_iter().map(|builder| {
            let builder = [Type::Int, Type::Ip, Type::Bytes].into_iter().fold(builder, |b, ty| b.lists(ty));
            let scheme = builder.functions(tests.library.signatures()).build().expect("a ready-made scheme");
            World { scheme, library: tests.library.clone(), lists: tests.lists.clone() }
        });
        [tests.clone(), world(false).clone()].into_iter().chain(ready).collect()
    })
}

/// Two records: one as plain as can be, one with a value in every field.
pub fn records(scheme: &Scheme) -> Vec<Record> {
    let value = |ty: &Type| OwnedValue::from_json(ty, &sample(ty)).unwrap_or_else(|_| OwnedValue::zero(ty));
    vec![zero_record(scheme), scheme.fields().iter().map(|f| (f.name.clone(), value(&f.ty))).collect()]
}

fn sample(ty: &Type) -> Json {
    match ty {
        Type::Bool => json!(true),
        Type::Int => json!(80),
        Type::Float => json!(1.5),
        Type::Bytes => json!("foo.example/a?b=1"),
        Type::Ip => json!("10.0.0.7"),
        // No record has these.
        Type::U32 | Type::List(..) => json!(null),
        Type::Array(element) => json!([sample(element), sample(element)]),
        Type::Map(element) => json!({"a": sample(element), "host": sample(element)}),
    }
}

/// A program of a world, prepared for all backends.
pub fn link(program: Program, world: &World, limits: &Limits) -> Result<Arc<Linked>, String> {
    Linked::new(program, &world.library, &world.lists, limits).map_err(|e| e.to_string())
}

/// Runs a program on backends; all must answer as the first does, each way of running records. The answer is the first's in words.
pub fn agree(
    linked: &Arc<Linked>,
    limits: &Limits,
    records: &[Record],
    wide: bool,
    backends: &[Arc<dyn Backend>],
) -> Result<String, Fault> {
    let Ok(batches) = Batches::new(linked.scheme(), records, wide) else { return Ok("no such records".into()) };
    let mut wanted: Option<Vec<quintet_testing::Answer>> = None;
    for backend in backends {
        let id = backend.id().to_string();
        let mut instance = match instance(&**backend, linked, limits) {
            Ok(instance) => instance,
            // A documented bound of backends that make code.
            Err(message) if message.contains("`code_expressions`") => continue,
            Err(message) => return Err(Fault::new(format!("{id} compiles"), message)),
        };
        for mode in Mode::ALL {
            let found = answers(&mut *instance, linked, &batches, mode).map_err(|e| Fault::new(format!("{id} runs"), e))?;
            let wanted = wanted.get_or_insert_with(|| found.clone());
            ensure(*wanted == found, &format!("{id} = interp"), || {
                let place = wanted.iter().zip(&found).position(|(a, b)| a != b).unwrap_or_default();
                let text = |answers: &[quintet_testing::Answer]| answers.get(place).map(|a| a.to_string()).unwrap_or_default();
                format!("{mode}, record {place}\n  interp: {}\n  {id}: {}\n  {}", text(wanted), text(&found), linked.program())
            })?;
        }
    }
    Ok(wanted.unwrap_or_default().iter().map(|a| format!("{a}; ")).collect())
}

/// As [`agree`] for the values of an expression.
pub fn agree_on_values(linked: &Arc<Linked>, limits: &Limits, records: &[Record], backends: &[Arc<dyn Backend>]) -> Result<String, Fault> {
    let Ok(batches) = Batches::new(linked.scheme(), records, false) else { return Ok("no such records".into()) };
    let mut wanted: Option<Vec<String>> = None;
    for backend in backends {
        let id = backend.id().to_string();
        let instance = match instance(&**backend, linked, limits) {
            Ok(instance) => instance,
            Err(message) if message.contains("`code_expressions`") => continue,
            Err(message) => return Err(Fault::new(format!("{id} compiles"), message)),
        };
        let found = values_of(instance, linked.program(), &batches).map_err(|e| Fault::new(format!("{id} evaluates"), e))?;
        let wanted = wanted.get_or_insert_with(|| found.clone());
        ensure(*wanted == found, &format!("values of {id} = interp"), || {
            format!("interp: {wanted:?}\n  {id}: {found:?}\n  {}", linked.program())
        })?;
    }
    Ok(wanted.unwrap_or_default().join("; "))
}

/// As [`agree`] on the interpreter for a program before and after the passes. Passes may lower the count of steps.
pub fn passes_change_nothing(program: &Program, world: &World, limits: &Limits, records: &[Record]) -> Result<(), Fault> {
    let optimised = quintet::lang::optimise(program, &quintet::Passes::default());
    quintet::lang::validate::validate(&optimised).map_err(|e| Fault::new("what passes make is valid", format!("{e}\n  {program}")))?;
    let run = |program: &Program| interpreted(program, world, limits, records);
    let (Ok(before), Ok(after)) = (run(program), run(&optimised)) else { return Ok(()) };
    for (before, after) in before.iter().zip(&after) {
        let lowered = before.traps_with(Trap::Budget);
        ensure(lowered || before == after, "passes change nothing", || {
            format!("without: {before}\n  with: {after}\n  {program}  {optimised}")
        })?;
    }
    Ok(())
}

/// What the interpreter makes of records.
fn interpreted(program: &Program, world: &World, limits: &Limits, records: &[Record]) -> Result<Vec<Answer>, String> {
    let linked = link(program.clone(), world, limits)?;
    let batches = Batches::new(linked.scheme(), records, false).map_err(|e| e.to_string())?;
    let mut instance = instance(&*lineup()[0], &linked, limits)?;
    answers(&mut *instance, &linked, &batches, Mode::ALL[0])
}

/// A program and what its printed text is read as answer alike, at other places of the text. Arrays that functions answer are filled
/// beforehand in the text, which takes more steps.
pub fn printed_means_the_same(program: &Program, read: &Program, world: &World, limits: &Limits, records: &[Record]) -> Result<(), Fault> {
    let run = |program: &Program| interpreted(program, world, limits, records);
    let (Ok(written), Ok(read)) = (run(program), run(read)) else { return Ok(()) };
    for (written, read) in written.iter().zip(&read) {
        let limited = |answer: &Answer| answer.traps_with(Trap::Budget) || answer.traps_with(Trap::Memory);
        let alike = written.without_places() == read.without_places();
        ensure(alike || limited(written) || limited(read), "what is printed means the same", || {
            format!("written: {written}\n  read: {read}\n  {program}")
        })?;
    }
    Ok(())
}
