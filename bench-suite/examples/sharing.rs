//! What it saves that rules share calls and look-ups: the same rules as they are written, and as `quintet run` runs them, in turns over the
//! shipped requests.
//!
//! ```text
//! cargo run --release --example sharing            # all backends
//! cargo run --release --example sharing jit lua    # these
//! ```

use std::error::Error;
use std::io::Cursor;
use std::time::{Duration, Instant};

use quintet::{ArenaKind, Batch, Engine, Matches, Scheme, backend, configurations};
use quintet_bench::shipped;
use quintet_inputs::{Format, Reader, ReaderOptions, schemes};
use quintet_results::median;

/// Rules of each pack.
const RULES: usize = 64;
const ROUNDS: usize = 15;

/// A pack: its name, and its rule of a number.
type Pack = (&'static str, fn(usize) -> String);

const PACKS: [Pack; 4] = [
    ("a text in what is decoded", |n| format!("url_decode(http.request.uri) contains \"attack{n}\"")),
    ("folded and compared", |n| format!("lower(http.request.uri.path) < \"/{:02x}\"", n * 4)),
    ("the length of a header", |n| format!("len(http.request.headers[\"cookie\"][0]) == {}", n + 8)),
    ("no value of a header", |n| format!("not any(http.request.headers[\"accept\"][*] contains \"type{n}\")")),
];

fn main() -> Result<(), Box<dyn Error>> {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let ids = match wanted.as_slice() {
        [] => configurations().iter().map(|backend| backend.id().to_string()).collect(),
        _ => wanted,
    };
    let engine = Engine::new();
    let scheme = schemes::of(Format::Http, engine.library().signatures()).ok_or("requests have a scheme")?;
    let input = shipped("waf-pack")?.input;
    for (name, rule) in PACKS {
        let source: String = (0..RULES).map(|n| format!("rule r{n} = {}\n", rule(n))).collect();
        println!("\n## {name}: {RULES} rules, such as `{}`\n", rule(7));
        print!("{}", engine.lifts(&*engine.link(engine.check(&source, &scheme)?)?));
        println!("\n| backend | as written, ns a record | shared, ns a record | times as quick |\n|---|---:|---:|---:|");
        for id in &ids {
            row(&engine, &source, &scheme, id, &input)?;
        }
    }
    Ok(())
}

/// Prints what one backend takes both ways, the median of its rounds.
fn row(engine: &Engine, source: &str, scheme: &Scheme, id: &str, input: &[u8]) -> Result<(), Box<dyn Error>> {
    backend(id)?;
    let lifted = engine.compile_lifted(source, scheme, id)?.ok_or("nothing is shared")?;
    let (mut written, mut shared) = (engine.compile(source, lifted.scheme(), id)?.instance()?, lifted.instance()?);
    let options = ReaderOptions::default().arena(ArenaKind::Shared);
    let read = || -> Result<Vec<Batch>, Box<dyn Error>> {
        let mut reader = Reader::new(Cursor::new(input.to_vec()), Format::Http, lifted.scheme(), &options)?;
        let mut batches = Vec::new();
        while let Some(batch) = reader.next_batch(None)? {
            batches.push(batch);
        }
        Ok(batches)
    };
    let records: usize = read()?.iter().map(Batch::len).sum();
    let (mut times, mut expected, mut found) = ([Vec::new(), Vec::new()], Matches::new(), Matches::new());
    for _ in 0..ROUNDS {
        // What is shared is put into a batch once, so each round has batches of its own, both ways.
        let fresh = read()?;
        let begun = Instant::now();
        for batch in &fresh {
            written.run_batch(batch, &mut expected)?;
        }
        times[0].push(begun.elapsed());
        let mut fresh = read()?;
        let begun = Instant::now();
        for batch in &mut fresh {
            shared.run_batch(batch, &mut found)?;
        }
        times[1].push(begun.elapsed());
        if expected != found {
            return Err(format!("{id} answers otherwise where calls are shared").into());
        }
    }
    let [written, shared] = times.map(|times| {
        let each: Vec<f64> = times.iter().map(Duration::as_secs_f64).collect();
        median(&each) * 1e9 / records as f64
    });
    println!("| {id} | {written:.0} | {shared:.0} | {:.1} |", written / shared);
    Ok(())
}
