//! `quintet diff`.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args as ClapArgs, ValueEnum};
use quintet_reports::DiffPage;
use quintet_results::{Comparison, Diff, DiffOptions, Phase, Verdict};

use crate::failure::{FOUND, Failure, output};
use crate::replace::replace;
use crate::results_file::load;
use crate::table::{digits, nanoseconds};

/// Say what got slower or faster between two result files.
///
/// A row differs when chance does not explain it, with all comparisons of the two files taken together, and when its whole interval is
/// beyond both the threshold and the noise that the files themselves show. docs/method.md has the rule, and how far two runs of the same
/// thing are apart.
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  quintet diff before/results.json after/results.json
  quintet diff old.json new.json --phase batch --workload waf-pack --threshold 5%
  quintet diff old.json new.json --output json --fail-on any
  quintet diff old.json new.json --html diff.html --fail-on never      a page to filter and to pass on

Exit status: 0 no slowdown (or whatever --fail-on allows); 1 a row is slower; 2 a file cannot be used, or nothing can be compared.")]
pub struct DiffArgs {
    /// The result file from before.
    pub old: PathBuf,
    /// The result file from after.
    pub new: PathBuf,
    /// A phase: compile, instantiate, first_call, single, batch, batch_copied; repeat for several [default: all].
    #[arg(long = "phase", value_name = "PHASE", value_parser = phase)]
    pub phases: Vec<Phase>,
    /// A workload; repeat for several [default: all].
    #[arg(long = "workload", value_name = "NAME")]
    pub workloads: Vec<String>,
    /// A change by no more than this is no difference [default: how far two processes that run the same thing may be apart: 10% for
    /// single and batch, 100% for compile, instantiate and first_call, 150% for batch_copied].
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub threshold: Option<f64>,
    /// What is printed.
    #[arg(long, value_enum, default_value_t = OutputArg::Text)]
    pub output: OutputArg,
    /// Also write the comparison as a page: one HTML file, which needs no network, with filters that its address keeps.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// What ends with exit status 1.
    #[arg(long, value_enum, default_value_t = FailOn::Slower)]
    pub fail_on: FailOn,
}

/// How an answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OutputArg {
    /// Sentences.
    Text,
    /// One JSON object.
    Json,
}

/// What ends with exit status 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// A row that is slower.
    Slower,
    /// A row that is slower or faster.
    Any,
    /// Nothing.
    Never,
}

fn phase(text: &str) -> Result<Phase, String> {
    let names: Vec<&str> = Phase::ALL.iter().map(|p| p.name()).collect();
    Phase::ALL.into_iter().find(|p| p.name() == text).ok_or_else(|| format!("no such phase; there are: {}", names.join(", ")))
}

fn percent(text: &str) -> Result<f64, String> {
    let number: Result<f64, _> = text.trim_end_matches('%').trim().parse();
    number.ok().filter(|n| (0.0..=1000.0).contains(n)).map(|n| n / 100.0).ok_or_else(|| "not a percentage such as 2% or 0.5%".into())
}

pub fn run(args: &DiffArgs) -> Result<ExitCode, Failure> {
    let (old, new) = (load(&args.old)?, load(&args.new)?);
    let options = DiffOptions { phases: args.phases.clone(), workloads: args.workloads.clone(), threshold: args.threshold };
    let diff = Diff::new(&old, &new, &options);
    let text = match args.output {
        OutputArg::Text => text(&diff),
        OutputArg::Json => serde_json::to_string_pretty(&diff).map_err(Failure::unusable)? + "\n",
    };
    write!(std::io::stdout().lock(), "{text}").map_err(output)?;
    if diff.comparisons.is_empty() {
        return Err(Failure::unusable(format!("{} and {} have nothing in common to compare", args.old.display(), args.new.display())));
    }
    if let Some(path) = &args.html {
        let named = |path: &PathBuf| path.display().to_string();
        let (before, after, command) = (named(&args.old), named(&args.new), std::env::args().collect::<Vec<_>>().join(" "));
        let page = DiffPage { diff: &diff, old: (&before, &old), new: (&after, &new), command: &command };
        let page = page.render().map_err(Failure::unusable)?;
        replace(path, &page).map_err(|e| Failure::unusable(format!("{}: {e}", path.display())))?;
        eprintln!("written to {}", path.display());
    }
    let fails = match args.fail_on {
        FailOn::Slower => diff.any_slower(),
        FailOn::Any => diff.any_changed(),
        FailOn::Never => false,
    };
    Ok(if fails { ExitCode::from(FOUND) } else { ExitCode::SUCCESS })
}

fn text(diff: &Diff) -> String {
    let mut text = String::new();
    for warning in &diff.warnings {
        text += &format!("warning: {warning}\n");
    }
    for not in &diff.not_compared {
        text += &format!("not compared: {}: {}\n", not.what, not.reason);
    }
    for (which, names) in [("old", &diff.only_old), ("new", &diff.only_new)] {
        if !names.is_empty() {
            text += &format!("only in the {which} file: {}\n", names.join(", "));
        }
    }
    for verdict in [Verdict::Slower, Verdict::Faster] {
        for comparison in diff.comparisons.iter().filter(|c| c.verdict == verdict) {
            text += &format!("{}\n", sentence(comparison));
        }
    }
    let same: Vec<&Comparison> = diff.comparisons.iter().filter(|c| c.verdict == Verdict::NoDifference).collect();
    if !same.is_empty() {
        let ends = |of: fn(&Comparison) -> f64| {
            let (low, high) = same.iter().map(|c| of(c)).fold((f64::INFINITY, 0.0f64), |(low, high), v| (low.min(v), high.max(v)));
            [low, high].map(|v| digits(v * 100.0))
        };
        let ([low, high], [_, noise]) = (ends(|c| c.threshold), ends(|c| c.noise));
        let threshold = if low == high { format!("{low} %") } else { format!("{low} % to {high} % by phase") };
        text += &format!(
            "no difference in {} of {} comparisons (threshold {threshold}, noise of the files up to {noise} %)\n",
            same.len(),
            diff.comparisons.len(),
        );
    }
    text
}

fn sentence(c: &Comparison) -> String {
    // How many times as fast is the reciprocal of how many times as long.
    let (low, high, how) = if c.verdict == Verdict::Faster {
        (1.0 / c.ratio.high, 1.0 / c.ratio.low, "faster")
    } else {
        (c.ratio.low, c.ratio.high, "slower")
    };
    let times = if digits(low) == digits(high) { format!("{}x", digits(low)) } else { format!("{}x to {}x", digits(low), digits(high)) };
    let (phase, per) = (c.phase.name(), c.phase.per());
    format!("{} {phase} on {} is {times} {how} ({} -> {} per {per})", c.row, c.workload, nanoseconds(c.old_ns), nanoseconds(c.new_ns))
}
