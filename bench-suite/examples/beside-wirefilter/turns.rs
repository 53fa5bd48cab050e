//! Work that takes turns with a native call through a function pointer, and the workload's filters one by one.

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use quintet_bench::{Loaded, pointer_call, shipped};
use quintet_lang::parse;
use quintet_results::median;

/// Rounds of which the median is taken.
const ROUNDS: usize = 31;

/// How long one measurement repeats its work.
const SAMPLE: Duration = Duration::from_micros(100);

/// Something to be timed, which is done so many times. The loop is inside, so that the work is not called through a pointer.
pub type Work<'w> = Box<dyn FnMut(u32) + 'w>;

/// How long each of these takes, in pointer calls; and a pointer call, ns.
pub fn take_turns(works: &mut [Work<'_>]) -> (Vec<f64>, f64) {
    let repeats: Vec<u32> = works.iter_mut().map(repeats).collect();
    let mut units = vec![Vec::new(); works.len()];
    let mut pointer_calls = Vec::new();
    for round in 0..ROUNDS {
        let unit = pointer_call();
        pointer_calls.push(unit);
        for i in 0..works.len() {
            // Another one is first in each round.
            let i = (i + round) % works.len();
            units[i].push(lap(&mut works[i], repeats[i]) / unit);
        }
    }
    (units.iter().map(|u| median(u)).collect(), median(&pointer_calls))
}

/// ns of one call.
fn lap(work: &mut Work<'_>, repeats: u32) -> f64 {
    // Caches and branch predictors hold nothing of what ran before.
    work(repeats.div_ceil(4));
    let start = Instant::now();
    work(repeats);
    start.elapsed().as_nanos() as f64 / f64::from(repeats)
}

/// Calls that fill a sample, after some that warm up.
fn repeats(work: &mut Work<'_>) -> u32 {
    let (mut calls, mut took) = (1, Duration::ZERO);
    while took < SAMPLE / 2 {
        calls *= 2;
        let start = Instant::now();
        work(calls);
        took = start.elapsed();
    }
    // Of the order of a sample: laps are divided by their calls.
    calls
}

/// Work whose result nobody wants.
pub fn work<'w, T>(mut work: impl FnMut() -> T + 'w) -> Work<'w> {
    Box::new(move |times| {
        for _ in 0..times {
            black_box(work());
        }
    })
}

/// The workload, and each of its rules' names and expressions.
pub fn filters() -> Result<(Loaded, Vec<(String, String)>), Box<dyn Error>> {
    let loaded = Loaded::new(shipped("wirefilter-bench")?)?;
    let text = &loaded.workload.rules;
    let file = parse(text, loaded.engine.limits())?;
    let expression = |rule: &quintet_lang::syntax::Rule| {
        let rule_text = text.get(rule.span.start as usize..rule.span.end as usize)?;
        Some((rule.name.text.to_string(), rule_text.split_once('=')?.1.trim().to_owned()))
    };
    let filters = file.rules().map(expression).collect::<Option<_>>().ok_or("the workload's rules are expressions")?;
    Ok((loaded, filters))
}

/// The geometric mean and the three greatest of what has these names.
pub fn summary(ratios: &[(String, f64)]) -> String {
    let mean = quintet_results::geometric_mean(ratios.iter().map(|r| r.1));
    let mut sorted: Vec<_> = ratios.iter().collect();
    sorted.sort_by(|a, b| b.1.total_cmp(&a.1));
    let worst: Vec<String> = sorted.iter().take(3).map(|(name, ratio)| format!("{ratio:.2} {name}")).collect();
    format!("geometric mean {mean:.2}, worst {}", worst.join(", "))
}
