//! The command line.

use std::path::PathBuf;

use clap::Parser;

/// Runs damaged and made-up inputs through every reader, parser and backend, and checks what must hold for each.
///
/// Inputs are made from the project's own data, and from ../shared where there is such a folder. What leads to an answer that no input led
/// to before is kept and damaged further. A finding is printed with its target and seed, its smallest input is written to target/fuzz, and
/// the command that runs it again is printed. Exit code 1: there was a finding. 2: it could not be run.
///
/// Should an input take the process down, it is in target/fuzz/running-TARGET-THREAD and can be given to --replay.
#[derive(Debug, Parser)]
#[command(name = "quintet-fuzz", version, after_help = EXAMPLES)]
pub struct Args {
    /// A target of --list, or `all` of them one after another.
    #[arg(value_name = "TARGET|all")]
    pub target: Option<String>,

    /// Seconds in all, shared evenly by the targets.
    #[arg(long, value_name = "N", default_value_t = 60.0, value_parser = positive)]
    pub seconds: f64,

    /// Threads. With one, the same seed makes the same inputs in the same order.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub threads: usize,

    /// Decides which inputs are made.
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,

    /// Seconds that one input may take.
    #[arg(long, value_name = "N", default_value_t = 10.0, value_parser = positive)]
    pub limit_seconds: f64,

    /// MiB of heap that one input may take at its peak. With several threads, that many times as much in all.
    #[arg(long, value_name = "N", default_value_t = 512)]
    pub limit_mib: usize,

    /// Runs one file as an input. The target is the first part of its name, unless it is given.
    #[arg(long, value_name = "FILE")]
    pub replay: Option<PathBuf>,

    /// Lists the targets and what must hold for each.
    #[arg(long)]
    pub list: bool,
}

const EXAMPLES: &str = "\
Examples:
  quintet-fuzz all --seconds 65
  quintet-fuzz pcapng --seconds 3600 --threads 2 --seed 7
  quintet-fuzz --replay target/fuzz/rules-0123456789abcdef";

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number < 1e9 => Ok(number),
        _ => Err("a number of seconds is wanted, above 0 and below 1,000,000,000".into()),
    }
}
