//! Runs very many random program-record pairs on all configurations and compares them with the interpreter:
//!
//! ```text
//! cargo run --release --example soak -- --pairs 100000000 --threads 2 --seed 1
//! ```
//!
//! Prints the count now and then and at the end. On a difference it prints the smallest program and record that were found, as a line for
//! `crates/testing/cases`, and ends with 1.

use std::process::ExitCode;
use std::time::Instant;

use quintet_testing::{Soak, soak};

fn options(mut args: impl Iterator<Item = String>) -> Result<Soak, String> {
    let mut options = Soak { pairs: 1_000_000, threads: 2, seed: 0 };
    while let Some(name) = args.next() {
        let value = args.next().and_then(|value| value.parse::<u64>().ok()).ok_or(format!("{name} takes a number"))?;
        match name.as_str() {
            "--pairs" => options.pairs = value,
            "--threads" => options.threads = usize::try_from(value).map_err(|e| e.to_string())?,
            "--seed" => options.seed = value,
            _ => return Err(format!("there is no {name}; there are --pairs N, --threads N and --seed N")),
        }
    }
    Ok(options)
}

fn main() -> ExitCode {
    let options = match options(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    let backends = quintet::configurations();
    let names: Vec<String> = backends.iter().map(|b| b.id().to_string()).collect();
    println!("{} configurations ({}), seed {}, {} threads", names.len(), names.join(", "), options.seed, options.threads);
    let start = Instant::now();
    let progress = |pairs: u64, programs: u64| println!("{pairs} pairs of {programs} programs, {:.0} s", start.elapsed().as_secs_f64());
    match soak(&backends, options, &progress) {
        Ok((pairs, programs)) => {
            let seconds = start.elapsed().as_secs_f64();
            println!(
                "{pairs} program-record pairs of {programs} programs, each on {} configurations, no difference, {seconds:.0} s",
                names.len()
            );
            ExitCode::SUCCESS
        }
        Err(difference) => {
            println!("{difference}");
            ExitCode::from(1)
        }
    }
}
