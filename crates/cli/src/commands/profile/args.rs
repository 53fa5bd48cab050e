//! The flags of `quintet profile`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use quintet_results::ProfileColumn;

use crate::args::{PassesArgs, SchemeArgs};
use crate::limits::LimitArgs;
use crate::lists::ListArgs;

/// Say what each rule costs: which of your rules takes the time.
///
/// Every rule is run on whole batches of records, with one look at the clock before and one after. The rules run as `run` runs them, and
/// nothing is added to the code that a backend makes of them, so that what is measured is what you would run. One check in 1,024 is made
/// again on a record alone, to tell matching records from others.
#[derive(Args)]
#[command(after_help = "\
How to read it:
  %         the rule's share of the time of all rules
  total     the time of all its checks; a check is one rule on one record
  matches   records that it matches; a column `traps` follows where a rule traps
  mean ns   total / checks. Rewriting pays where this and the share are large
  match     mean check of records that match, from checks of one record alone: on a busy rule much more than `no match`
  no match  mean check of records that do not match: most traffic, mostly, so this is what to bring down first
  max       the longest of the checks alone, which are few: the slowest of all may not be among them
`-` stands where fewer than three such records were checked alone; more --time has more of them. Below 20 ns such differences are the clock's.
The last line holds the sum over the rules against the same batches run unprofiled in the same rounds: they should be alike. Where they
are not, another process disturbed the run. What profiling itself costs is in the elapsed time and not in any rule's. Every rule is run on
every record here, without the pass `prefilter`: `run` asks first which of many rules may match, and takes less than they add up to.

--output csv has the columns of Suricata's rule_perf.log, in ns: Backend, Num, Rule, Ns, %, Checks, Matches, Traps, Max Ns, Avg Ns,
Avg Match, Avg No Match.

Examples:
  quintet profile edge.rules --input requests.jsonl
  quintet profile edge.rules --input requests.jsonl --sort match --top 10
  quintet profile edge.rules --input capture.pcapng --backend all --rule scanner
  quintet profile edge.rules --input requests.jsonl --output csv > rule_perf.csv

Exit status: 0 measured; 1 the rules have errors; 2 the input cannot be used or holds no record; 3 with --strict: measured, and the input
was not all in order.")]
pub struct ProfileArgs {
    /// A rule file, an expression, or `-` for standard input.
    #[arg(allow_hyphen_values = true, value_parser = crate::source::rules)]
    pub rules: String,
    /// The records: a capture, or JSON lines; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub input: PathBuf,
    /// Exit with status 3 if anything of the input was malformed, cut off, passed over, or did not fit its field.
    #[arg(long)]
    pub strict: bool,
    #[command(flatten)]
    pub scheme: SchemeArgs,
    #[command(flatten)]
    pub lists: ListArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
    /// The backend that runs the rules, or `all` of them in all configurations.
    #[arg(long, value_name = "ID|all", default_value = "closures")]
    pub backend: String,
    #[command(flatten)]
    pub passes: PassesArgs,
    /// Shows this rule only. All are measured, and shares are of the time of all. Repeat for several.
    #[arg(long = "rule", value_name = "NAME")]
    pub only: Vec<String>,
    /// What the rules are sorted by, the largest first.
    #[arg(long, value_enum, value_name = "COLUMN", default_value_t = SortArg::Total)]
    pub sort: SortArg,
    /// Shows so many rules at most.
    #[arg(long, value_name = "N")]
    pub top: Option<usize>,
    /// What is printed.
    #[arg(long, value_enum, default_value_t = ProfileOutput::Text)]
    pub output: ProfileOutput,
    /// Passes over every batch, of which the median counts; at least 1.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    pub rounds: u16,
    /// A short input, of up to 65,536 records and 64 MiB, is repeated for so long for each backend.
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0, value_parser = seconds)]
    pub time: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProfileOutput {
    /// A table for each backend.
    Text,
    /// One JSON array with an object for each backend.
    Json,
    /// One table with a line for each backend and rule.
    Csv,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SortArg {
    /// By name, from A to Z.
    Rule,
    /// Time of all checks, and so the share.
    Total,
    Checks,
    Matches,
    Traps,
    /// Mean check.
    Mean,
    /// Mean check of records that match.
    Match,
    /// Mean check of records that do not match.
    NoMatch,
    /// Longest check.
    Max,
}

impl SortArg {
    pub fn column(self) -> ProfileColumn {
        match self {
            SortArg::Rule => ProfileColumn::Rule,
            SortArg::Total => ProfileColumn::Total,
            SortArg::Checks => ProfileColumn::Checks,
            SortArg::Matches => ProfileColumn::Matches,
            SortArg::Traps => ProfileColumn::Traps,
            SortArg::Mean => ProfileColumn::Mean,
            SortArg::Match => ProfileColumn::Match,
            SortArg::NoMatch => ProfileColumn::NoMatch,
            SortArg::Max => ProfileColumn::Max,
        }
    }
}

/// Seconds that measuring may take.
fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "a number of seconds is expected")?;
    if (0.0..=3600.0).contains(&seconds) { Ok(seconds) } else { Err("from 0 to 3600 seconds".into()) }
}
