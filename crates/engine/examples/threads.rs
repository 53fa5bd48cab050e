//! One set of compiled rules on many threads: each has an evaluator, all count together, and the numbers are exported.
//!
//! ```text
//! cargo run --release --example threads
//! ```

use std::error::Error;
use std::sync::Arc;
use std::thread;

use quintet::{Engine, Metrics, Record};

#[derive(Record)]
struct Reading {
    sensor: u32,
    celsius: f64,
}

/// Evaluates on four threads.
pub fn main() -> Result<(), Box<dyn Error>> {
    let engine = Engine::new();
    let source = "
        rule hot  = celsius > 90.0
        rule even = sensor % 2 == 0
    ";
    let rules = engine.compile(source, &engine.scheme_of::<Reading>()?, "jit")?;
    let metrics = Arc::new(Metrics::new(&rules));
    thread::scope(|scope| {
        let workers: Vec<_> = (0..4u32)
            .map(|worker| {
                let (rules, metrics) = (&rules, metrics.clone());
                scope.spawn(move || {
                    let mut evaluator = rules.evaluator().map_err(|e| e.to_string())?.with_metrics(metrics);
                    for i in 0..1000u32 {
                        let reading = Reading { sensor: i * 4 + worker, celsius: f64::from(i % 100) };
                        evaluator.evaluate(&reading).map_err(|e| e.to_string())?;
                    }
                    Ok::<(), String>(())
                })
            })
            .collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| "a worker panicked".to_owned())?)
    })?;
    println!("records_total {}", metrics.records());
    for rule in metrics.rules() {
        let mean = rule.timed_ns as f64 / rule.timed.max(1) as f64;
        println!("rule_matches_total{{rule=\"{}\"}} {}", rule.name, rule.matches);
        println!("rule_traps_total{{rule=\"{}\"}} {}", rule.name, rule.traps);
        println!("rule_mean_ns{{rule=\"{}\"}} {mean:.0}", rule.name);
    }
    let counts: Vec<_> = metrics.rules().map(|rule| rule.matches).collect();
    assert_eq!((metrics.records(), counts), (4000, vec![360, 2000]));
    Ok(())
}
