//! `quintet choose`.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args as ClapArgs, ValueEnum};
use quintet_results::{Change, Choice, Interval, Mode, Rates, WORTH_SHARE, Wish, WorkloadResult, own_kinds};

use crate::commands::diff::OutputArg;
use crate::failure::{Failure, output};
use crate::results_file::load;
use crate::table::{digits, nanoseconds, render};

/// Say which backend to ship, from a result file and what the host allows.
///
/// The total cost of a backend is one compilation and first call, and then so many records until the rules change again. What satisfies
/// the constraints is ranked by the geometric mean of that over the workloads; what does not is named with its reasons. Recommended is the
/// cheapest, or the simplest (interp, closures, lua, wasm, jit) that the samples do not tell from it or that costs hardly more.
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  quintet choose target/quintet/results.json
  quintet choose results.json --rule-changes-per-hour 60 --records-per-second 20000 --untrusted-rules
  quintet choose results.json --evaluations 1000 --mode single --max-first-call 5ms --max-memory-per-rule 64KiB --output json

Exit status: 0 there is a recommendation; 1 nothing satisfies the constraints; 2 the file or an argument cannot be used.")]
pub struct ChooseArgs {
    /// A result file of `quintet compare`.
    pub results: PathBuf,
    /// Records that a set of rules is evaluated on before it changes, at 10,000 a second.
    #[arg(long, value_name = "N", value_parser = positive, conflicts_with_all = ["rule_changes_per_hour", "records_per_second"])]
    pub evaluations: Option<f64>,
    /// How often the rules change [default: 1].
    #[arg(long, value_name = "X", value_parser = positive)]
    pub rule_changes_per_hour: Option<f64>,
    /// How many records arrive [default: 10000].
    #[arg(long, value_name = "Y", value_parser = positive)]
    pub records_per_second: Option<f64>,
    /// How records reach the rules [default: batch].
    #[arg(long, value_enum)]
    pub mode: Option<ModeArg>,
    /// A workload to look at; repeat for several [default: all of the file].
    #[arg(long = "workload", value_name = "NAME")]
    pub workloads: Vec<String>,
    /// Rules come from people who are not trusted: leaves out generated code that reads the host's memory unguarded.
    #[arg(long)]
    pub untrusted_rules: bool,
    /// The host cannot map executable memory.
    #[arg(long)]
    pub no_executable_memory: bool,
    /// What a compiled rule may take in memory: 4096, 64KiB, 1MB.
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    pub max_memory_per_rule: Option<usize>,
    /// What the first call of a fresh instance may take: 200us, 5ms, 1s.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub max_first_call: Option<f64>,
    /// A share of one processor that is not worth a less simple backend: the simplest that costs no more than this beyond the cheapest is
    /// recommended. 0% recommends the cheapest, or the simplest that cannot be told from it [default: 0.5%].
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub worth_share: Option<f64>,
    /// What is printed.
    #[arg(long, value_enum, default_value_t = OutputArg::Text)]
    pub output: OutputArg,
}

/// How records reach the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ModeArg {
    /// One call per record.
    Single,
    /// One call per batch.
    Batch,
}

fn positive(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.replace('_', "").parse().ok();
    number.filter(|n| *n > 0.0 && *n <= 1e15).ok_or_else(|| "not a number above 0 and up to 1e15".into())
}

/// A percentage from 0 on, with or without its sign, as a share.
fn percent(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.trim_end_matches('%').trim().parse().ok();
    number.filter(|n| (0.0..=1e6).contains(n)).map(|n| n / 100.0).ok_or_else(|| "not a percentage such as 1% or 0.5%".into())
}

/// A number and its unit, by a list of units.
fn with_unit(text: &str, units: &[(&str, f64)], example: &str) -> Result<f64, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = (text[..digits].parse::<f64>(), text[digits..].trim());
    let factor = units.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).map(|(_, factor)| factor);
    match (number, factor) {
        (Ok(number), Some(factor)) => Ok(number * factor),
        (Err(_), _) => Err(format!("does not begin with a number; write it as {example}")),
        (_, None) => {
            let names: Vec<&str> = units.iter().map(|(name, _)| *name).filter(|n| !n.is_empty()).collect();
            let unit = if unit.is_empty() { "there is no unit".to_string() } else { format!("unknown unit `{unit}`") };
            Err(format!("{unit}; units are {}, as in {example}", names.join(", ")))
        }
    }
}

fn bytes(text: &str) -> Result<usize, String> {
    let units = [
        ("", 1.0),
        ("B", 1.0),
        ("KB", 1e3),
        ("MB", 1e6),
        ("GB", 1e9),
        ("KiB", 1024.0),
        ("MiB", 1024.0 * 1024.0),
        ("GiB", 1024.0 * 1024.0 * 1024.0),
    ];
    with_unit(text, &units, "64KiB").map(|b| b as usize)
}

fn duration(text: &str) -> Result<f64, String> {
    with_unit(text, &[("ns", 1.0), ("us", 1e3), ("ms", 1e6), ("s", 1e9)], "5ms")
}

pub fn run(args: &ChooseArgs) -> Result<ExitCode, Failure> {
    let results = load(&args.results)?;
    let wish = Wish {
        rates: rates(args),
        worth_share: args.worth_share.unwrap_or(WORTH_SHARE),
        mode: if args.mode == Some(ModeArg::Single) { Mode::Single } else { Mode::Batch },
        workloads: args.workloads.clone(),
        untrusted_rules: args.untrusted_rules,
        no_executable_memory: args.no_executable_memory,
        max_memory_per_rule: args.max_memory_per_rule,
        max_first_call_ns: args.max_first_call,
    };
    let choice = Choice::new(&results, &wish).map_err(|e| Failure::unusable(format!("{}: {e}", args.results.display())))?;
    let text = match args.output {
        OutputArg::Text => {
            let looked_at = results.workloads.iter().filter(|w| choice.workloads.contains(&w.name));
            [text(&choice, args), notes(looked_at)].concat()
        }
        OutputArg::Json => serde_json::to_string_pretty(&choice).map_err(Failure::unusable)? + "\n",
    };
    write!(std::io::stdout().lock(), "{text}").map_err(output)?;
    if choice.ranked.is_empty() {
        return Err(Failure::found("nothing satisfies the constraints; see what each row is excluded for and loosen one"));
    }
    Ok(ExitCode::SUCCESS)
}

/// What arrives and how often the rules change, as far as the flags say.
fn rates(args: &ChooseArgs) -> Rates {
    let default = Rates::default();
    let records_per_second = args.records_per_second.unwrap_or(default.records_per_second);
    let changes = args.evaluations.map(|evaluations| 3600.0 * records_per_second / evaluations);
    Rates { records_per_second, changes_per_hour: changes.or(args.rule_changes_per_hour).unwrap_or(default.changes_per_hour) }
}

/// The verdict, then what it stands on.
fn text(choice: &Choice, args: &ChooseArgs) -> String {
    let mut text = String::new();
    if let Some(verdict) = &choice.verdict {
        text += &format!("{}\n\n", verdict.text);
    }
    text += &question(choice, args);
    if !choice.ranked.is_empty() {
        text += "\n";
        text += &ranking(choice);
        text += &changes(choice);
        text += &by_workload(choice);
    }
    for excluded in &choice.excluded {
        text += &format!("excluded: {}: {}\n", excluded.id, excluded.reasons.join("; "));
    }
    text
}

/// Processes that were of their own kind.
fn notes<'w>(workloads: impl Iterator<Item = &'w WorkloadResult>) -> String {
    let note = |w: &WorkloadResult| own_kinds(w).into_iter().map(|own| format!("note: on {}, {own}\n", w.name)).collect::<String>();
    workloads.map(note).collect()
}

/// What was asked, and what was assumed.
fn question(choice: &Choice, args: &ChooseArgs) -> String {
    let assumed = |given: bool| if given { "" } else { " (assumed)" };
    let mode = if choice.wish.mode == Mode::Single { "single calls" } else { "batches" };
    format!(
        "{} records per change of the rules{}, {} records a second{}, in {mode}{}, over {} workloads: {}\n",
        count(choice.wish.rates.evaluations()),
        assumed(args.evaluations.is_some() || args.rule_changes_per_hour.is_some()),
        count(choice.wish.rates.records_per_second),
        assumed(args.records_per_second.is_some()),
        assumed(args.mode.is_some()),
        choice.workloads.len(),
        choice.workloads.join(", "),
    )
}

fn ranking(choice: &Choice) -> String {
    let rows = choice.ranked.iter().map(|row| {
        let total = row.total_ns;
        vec![
            row.id.clone(),
            format!("{} [{} {}]", nanoseconds(total.value), nanoseconds(total.low), nanoseconds(total.high)),
            times(row.ratio),
            if row.indistinguishable { "yes".into() } else { String::new() },
        ]
    });
    let table = render(&["backend", "total (geometric mean)", "to the cheapest", "may be as cheap"], rows, &[1, 2]);
    format!("{table}\nnoise: ratios within {:.1} % of 1 are no difference\n\n", 100.0 * choice.floor)
}

/// Where the answer would be another one.
fn changes(choice: &Choice) -> String {
    if choice.changes.is_empty() {
        return "the answer is the same for every number of records\n".into();
    }
    let line = |change: &Change| {
        let at = change.evaluations;
        let high = if at.high.is_finite() { count(at.high) } else { "any number".into() };
        let here = if choice.wish.rates.evaluations() < at.value { "below" } else { "above" };
        format!(
            "the answer changes from {} to {} at {} records per change of the rules [{} to {high}]; you are {here} that\n",
            change.below,
            change.from,
            count(at.value),
            count(at.low),
        )
    };
    choice.changes.iter().map(line).collect()
}

/// The workloads on which another row is cheaper, beyond the noise, than the one that is the cheapest over all.
fn by_workload(choice: &Choice) -> String {
    let Some(best) = choice.ranked.first() else { return String::new() };
    let others: Vec<_> = choice.winners.iter().filter(|w| w.id != best.id && w.differs).collect();
    if others.is_empty() {
        return format!("on each workload {} is the cheapest, or not to be told from it\n", best.id);
    }
    let line =
        |w: &&quintet_results::Winner| format!("on {} {} is cheaper: {} costs {} as much\n", w.workload, w.id, best.id, times(w.ratio));
    others.iter().map(line).collect()
}

fn times(ratio: Interval) -> String {
    if ratio.low == ratio.high {
        return format!("{}x", digits(ratio.value));
    }
    format!("{}x [{} {}]", digits(ratio.value), digits(ratio.low), digits(ratio.high))
}

/// A count of records that people can read.
fn count(value: f64) -> String {
    match value {
        v if v < 1e4 => format!("{v:.0}"),
        v if v < 1e6 => format!("{} thousand", digits(v / 1e3)),
        v if v < 1e9 => format!("{} million", digits(v / 1e6)),
        v if v < 1e12 => format!("{} billion", digits(v / 1e9)),
        v => format!("{v:.1e}"),
    }
}
