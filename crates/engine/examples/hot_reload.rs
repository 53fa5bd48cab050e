//! Rules of a file, exchanged while a thread evaluates: what is wrong changes nothing.
//!
//! ```text
//! cargo run --release --example hot_reload
//! ```

use std::error::Error;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;

use quintet::{Engine, Record, Reloadable};

#[derive(Record)]
struct Connection {
    port: u16,
}

/// Reloads twice under load.
pub fn main() -> Result<(), Box<dyn Error>> {
    let engine = Engine::new();
    let scheme = engine.scheme_of::<Connection>()?;
    let rules = Reloadable::new(engine, scheme, "closures", "rule open = port in {80 443}")?;
    let (stop, evaluated) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let mut live = rules.evaluator().map_err(|e| e.to_string())?; // one per thread
            // At least one record with the newest rules.
            while !stop.load(Relaxed) || live.version() < rules.version() {
                live.evaluate(&Connection { port: 443 }).map_err(|e| e.to_string())?;
                evaluated.fetch_add(1, Relaxed);
            }
            Ok::<u64, String>(live.version())
        });
        // A mistake: the worker goes on with the rules that it has.
        let mistake = rules.reload("rule open = prt in {80}");
        let reloaded = rules.reload("rule open = port in {22 80}");
        stop.store(true, Relaxed);
        let version = worker.join().map_err(|_| "the worker panicked")??;
        println!("{}", mistake.err().ok_or("a mistake is taken")?);
        println!("version {version} after {} evaluations", evaluated.load(Relaxed));
        assert_eq!((version, reloaded?), (1, 1));
        Ok(())
    })
}
