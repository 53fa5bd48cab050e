//! How the cost of a record grows with the members of a set, the bytes of a text and the number of rules.
//!
//! ```text
//! cargo run --release --example scaling                        # all backends in their default configuration, and jit-stencil
//! cargo run --release --example scaling -- --backend jit --backend closures --axis rules
//! ```
//!
//! A figure is the least of all rounds, in the thread's own time. Sizes of an axis take turns in each round, so that ratios of one backend
//! are of the same minutes.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use cpu_time::ThreadTime;
use quintet::backend::Backend;
use quintet::{Batch, Engine, Instance, Limits, Matches, backend};
use quintet_bench::scaling::Axis;
use quintet_bench::usual;

/// Rounds of which the least counts.
const ROUNDS: usize = 15;

/// Batches that run before anything is measured: what compiles while it runs has seen what there is by then.
const WARM: u32 = 64;

/// How long one measurement repeats its batch, about.
const SAMPLE: Duration = Duration::from_millis(4);

/// The axes and their sizes.
const SIZES: [(Axis, &[usize]); 5] = [
    (Axis::IntMembers, &[10, 100, 1_000, 10_000, 100_000, 1_000_000]),
    (Axis::IpMembers, &[10, 100, 1_000, 10_000, 100_000, 1_000_000]),
    (Axis::BytesMembers, &[10, 100, 1_000, 10_000, 100_000, 1_000_000]),
    (Axis::BodyBytes, &[128, 1_024, 8_192, 65_536, 1 << 20]),
    (Axis::Rules, &[1, 10, 100, 1_000, 10_000]),
];

/// What a figure is of.
#[derive(Clone, Copy, PartialEq)]
enum Figure {
    /// Nanoseconds a record; after the last size, how many times as much as at the first.
    Record,
    /// Bytes searched in a nanosecond: GB/s.
    Bytes,
}

impl Figure {
    fn of(axis: Axis) -> Figure {
        if axis == Axis::BodyBytes { Figure::Bytes } else { Figure::Record }
    }
}

struct Options {
    axes: Vec<String>,
    backends: Vec<Arc<dyn Backend>>,
}

fn options() -> Result<Options, Box<dyn Error>> {
    let mut options = Options { axes: Vec::new(), backends: Vec::new() };
    let mut args = std::env::args().skip(1);
    while let Some(flag) = args.next() {
        let mut value = || args.next().ok_or(format!("{flag} needs a value"));
        match flag.as_str() {
            "--axis" => options.axes.push(value()?),
            "--backend" => options.backends.push(backend(&value()?)?),
            _ => return Err(format!("there is no flag `{flag}`; there are --axis and --backend").into()),
        }
    }
    if options.backends.is_empty() {
        options.backends = usual();
    }
    Ok(options)
}

fn main() -> ExitCode {
    let run = || -> Result<(), Box<dyn Error>> {
        let options = options()?;
        let wanted = |axis: Axis| options.axes.is_empty() || options.axes.iter().any(|name| name == axis.name());
        SIZES.iter().filter(|(axis, _)| wanted(*axis)).try_for_each(|(axis, sizes)| measure(*axis, sizes, &options.backends))
    };
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// An instance, its records, and its times.
struct Run<'b> {
    instance: Box<dyn Instance>,
    batch: &'b Batch,
    repeats: u32,
    least: Duration,
}

impl Run<'_> {
    fn lap(&mut self, matches: &mut Matches, repeats: u32) -> Result<Duration, Box<dyn Error>> {
        let start = ThreadTime::now();
        for _ in 0..repeats {
            self.instance.run_batch(self.batch, matches)?;
        }
        Ok(start.elapsed())
    }
}

fn measure(axis: Axis, sizes: &[usize], backends: &[Arc<dyn Backend>]) -> Result<(), Box<dyn Error>> {
    // Large sets and many rules are what is measured here.
    let limits = Limits { source_bytes: 64 << 20, rule_expressions: 4_000_000, expressions: 4_000_000, ..Limits::default() };
    let engine = Engine::new().with_limits(limits);
    let (mut batches, mut linked) = (Vec::new(), Vec::new());
    for size in sizes {
        let input = axis.input(*size)?;
        linked.push(engine.link(engine.check(&input.rules, &input.scheme).map_err(|e| format!("{axis:?} {size}: {e}"))?)?);
        batches.push(input.batch);
    }
    let figure = Figure::of(axis);
    let heads: Vec<String> = sizes.iter().map(|size| format!("{size}")).collect();
    let (unit, last) = match figure {
        Figure::Record => ("ns a record", "last to first |"),
        Figure::Bytes => ("GB/s", ""),
    };
    println!(
        "\n{}, {unit}\n\n| backend | {} | {last}\n|---|{}",
        axis.name(),
        heads.join(" | "),
        "---:|".repeat(sizes.len() + usize::from(!last.is_empty()))
    );
    for backend in backends {
        let mut matches = Matches::new();
        let mut runs = Vec::new();
        for (linked, batch) in linked.iter().zip(&batches) {
            let instance = engine.compile_linked(linked, &**backend)?.instance()?;
            let mut run = Run { instance, batch, repeats: 1, least: Duration::MAX };
            run.lap(&mut matches, WARM)?;
            while run.lap(&mut matches, run.repeats)? < SAMPLE / 2 {
                run.repeats *= 2;
            }
            runs.push(run);
        }
        for _ in 0..ROUNDS {
            for run in &mut runs {
                let took = run.lap(&mut matches, run.repeats)? / run.repeats;
                run.least = run.least.min(took);
            }
        }
        let records: Vec<f64> = runs.iter().map(|run| run.least.as_nanos() as f64 / run.batch.len() as f64).collect();
        let mut cells: Vec<String> = records
            .iter()
            .zip(sizes)
            .map(|(ns, size)| match figure {
                Figure::Record => format!("{ns:.1}"),
                Figure::Bytes => format!("{:.1}", *size as f64 / ns),
            })
            .collect();
        if let (Figure::Record, [first, .., last]) = (figure, records.as_slice()) {
            cells.push(format!("{:.1}", last / first));
        }
        println!("| {} | {} |", backend.id(), cells.join(" | "));
    }
    Ok(())
}
