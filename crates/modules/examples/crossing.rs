//! What modules cost: a call of a function that does nothing, compiling and loading.
//!
//! `cargo run --release --example crossing`
//!
//! Rows take turns. The least of a row's rounds is what it takes where nothing else runs; the median shows how busy the machine is.

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use quintet_lang::{Scheme, Type};
use quintet_modules::{Cache, Loader, Looked, Module, builtin};
use quintet_runtime::{ArenaKind, Batch, BatchBuilder, Function, Scratch, Trap, Value};

const ROUNDS: usize = 41;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/modules");
    let wasm = std::fs::read(folder.join("shannon.wasm"))?;
    let in_place = Loader::new().load("shannon", &wasm)?;
    let copying = Loader::new().copying().load("shannon", &wasm)?;
    let twin = builtin(&shannon::MODULE)?;
    let (short, long) = (batch(1024, 64)?, batch(64, 64 << 10)?);
    let length = |module: &Module| module.functions().into_iter().find(|(signature, _)| signature.name == "length").map(|(_, f)| f);
    let (Some(native), Some(mapped), Some(copied)) = (length(&twin), length(&in_place), length(&copying)) else {
        return Err("the module has no function `length`".into());
    };
    let field = short.scheme().field_id("payload").ok_or("no field")?;
    let mut column = in_place.column("length", &[field]).ok_or("no form for many calls")?;
    let mut calls: Vec<Row<'_, '_>> = vec![
        ("function of the host, 64 B", Box::new(|| each(&short, &host))),
        ("built in, 64 B", Box::new(|| each(&short, &*native))),
        ("module, 64 B", Box::new(|| each(&short, &*mapped))),
        ("module, 64 kB", Box::new(|| each(&long, &*mapped))),
        ("module that copies, 64 B", Box::new(|| each(&short, &*copied))),
        ("module that copies, 64 kB", Box::new(|| each(&long, &*copied))),
        (
            "module, a column of 64 B, per value",
            Box::new(|| {
                let begun = Instant::now();
                for _ in 0..20 {
                    let mut sum = 0;
                    let answered = column.each(&short, |_, value| sum += if let Ok(Value::Int(i)) = value { i } else { 0 });
                    assert!(answered.is_ok() && sum == 64 * 1024);
                }
                begun.elapsed().as_secs_f64() * 1e9 / (20.0 * short.len() as f64)
            }),
        ),
    ];
    println!("a call of a function that answers the length of its argument, ns, least and median of the rounds:");
    for (name, least, median) in measured(&mut calls) {
        println!("{least:10.1}{median:10.1}  {name}");
    }
    drop(calls);

    println!("\ncompiling and loading, us a module (loading reads the file, finds it in the cache, and makes an instance):");
    let directory = std::env::temp_dir().join(format!("quintet-crossing-{}", std::process::id()));
    let cache = Cache::open(&directory)?;
    for name in ["shannon", "mqtt", "cef", "certificate", "checksum", "lines"] {
        let path = folder.join(format!("{name}.wasm"));
        let loader = Loader::new().with_cache(cache.clone());
        let load = |loader: &Loader| {
            let begun = Instant::now();
            let wasm = std::fs::read(&path)?;
            let (module, looked) = loader.load_looking(name, &wasm)?;
            let took = begun.elapsed().as_secs_f64() * 1e6;
            black_box(module);
            Ok::<_, Box<dyn std::error::Error>>((took, looked, wasm.len()))
        };
        let (compiled, looked, bytes) = load(&loader)?;
        assert_eq!(looked, Looked::New);
        let mut loads = Vec::new();
        for _ in 0..ROUNDS {
            let (took, looked, _) = load(&loader)?;
            assert_eq!(looked, Looked::Found);
            loads.push(took);
        }
        let median = median(&mut loads);
        println!("{compiled:20.0}  {name} compiled, once ({bytes} bytes)\n{:10.0}{median:10.0}  {name} loaded", loads[0]);
    }
    std::fs::remove_dir_all(directory)?;
    Ok(())
}

/// The same as a function that a host registers.
fn host<'a>(args: &[Value<'a>], _: &'a Scratch) -> Result<Value<'a>, Trap> {
    Ok(match args {
        [Value::Bytes(bytes)] => Value::Int(bytes.len() as i64),
        _ => Value::Nil,
    })
}

/// Nanoseconds of a call on each record's payload.
fn each(batch: &Batch, function: &dyn Function) -> f64 {
    let field = batch.scheme().fields().len() as u32 - 1;
    let values: Vec<Value<'_>> = batch.iter().map(|record| record.value(quintet_lang::FieldId(field))).collect();
    let mut scratch = Scratch::new(&quintet_lang::Limits::default());
    let rounds = 20_000 / values.len();
    let begun = Instant::now();
    for _ in 0..rounds {
        scratch.reset();
        for value in &values {
            assert!(function.call(std::slice::from_ref(value), &scratch).is_ok());
        }
    }
    begun.elapsed().as_secs_f64() * 1e9 / (rounds * values.len()) as f64
}

/// A row: its name, and what measures it once.
type Row<'n, 'r> = (&'n str, Box<dyn FnMut() -> f64 + 'r>);

fn measured<'n>(rows: &mut [Row<'n, '_>]) -> Vec<(&'n str, f64, f64)> {
    let mut all = vec![Vec::new(); rows.len()];
    for _ in 0..ROUNDS {
        for ((_, run), times) in rows.iter_mut().zip(&mut all) {
            times.push(run());
        }
    }
    let figures = |times: &mut Vec<f64>| (median(times), times.first().copied().unwrap_or_default());
    let row = |((name, _), times): (&Row<'n, '_>, &mut Vec<f64>)| {
        let (median, least) = figures(times);
        (*name, least, median)
    };
    rows.iter().zip(&mut all).map(row).collect()
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// So many records of so many bytes each.
fn batch(records: usize, bytes: usize) -> Result<Batch, Box<dyn std::error::Error>> {
    let scheme = Scheme::builder().mandatory("payload", Type::Bytes).build()?;
    let field = scheme.field_id("payload").ok_or("no field")?;
    let mut builder = BatchBuilder::new(&scheme, records, ArenaKind::Shared)?;
    for record in 0..records {
        let mut filled = builder.record();
        filled.bytes(field, &vec![record as u8; bytes]);
        filled.finish()?;
    }
    Ok(builder.build())
}
