//! `quintet choose`.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args as ClapArgs, ValueEnum};
use quintet_results::{Change, Choice, Interval, Mode, Wish};

use crate::commands::diff::OutputArg;
use crate::failure::{Failure, output};
use crate::results_file::load;
use crate::table::{digits, nanoseconds, render};

/// Records between two changes of the rules, where nothing is said about them.
const EVALUATIONS: f64 = 1e6;

/// Say which backend to ship, from a result file and what the host allows.
///
/// The total cost of a backend is one compilation and first call, and then so many records until the rules change again. What satisfies
/// the constraints is ranked by the geometric mean of that over the workloads; what does not is named with its reasons.
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
    /// Records that a set of rules is evaluated on before it changes [default: 1000000].
    #[arg(long, value_name = "N", value_parser = positive, conflicts_with_all = ["rule_changes_per_hour", "records_per_second"])]
    pub evaluations: Option<f64>,
    /// How often the rules change; together with --records-per-second.
    #[arg(long, value_name = "X", value_parser = positive, requires = "records_per_second")]
    pub rule_changes_per_hour: Option<f64>,
    /// How many records arrive; together with --rule-changes-per-hour.
    #[arg(long, value_name = "Y", value_parser = positive, requires = "rule_changes_per_hour")]
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
    let rates = args.rule_changes_per_hour.zip(args.records_per_second);
    let evaluations = args.evaluations.or(rates.map(|(changes, records)| 3600.0 * records / changes));
    let wish = Wish {
        evaluations: evaluations.unwrap_or(EVALUATIONS),
        mode: if args.mode == Some(ModeArg::Single) { Mode::Single } else { Mode::Batch },
        workloads: args.workloads.clone(),
        untrusted_rules: args.untrusted_rules,
        no_executable_memory: args.no_executable_memory,
        max_memory_per_rule: args.max_memory_per_rule,
        max_first_call_ns: args.max_first_call,
    };
    let choice = Choice::new(&results, &wish).map_err(|e| Failure::unusable(format!("{}: {e}", args.results.display())))?;
    let text = match args.output {
        OutputArg::Text => text(&choice, args, rates),
        OutputArg::Json => serde_json::to_string_pretty(&choice).map_err(Failure::unusable)? + "\n",
    };
    write!(std::io::stdout().lock(), "{text}").map_err(output)?;
    if choice.ranked.is_empty() {
        return Err(Failure::found("nothing satisfies the constraints; see what each row is excluded for and loosen one"));
    }
    Ok(ExitCode::SUCCESS)
}

fn text(choice: &Choice, args: &ChooseArgs, rates: Option<(f64, f64)>) -> String {
    let mut text = question(choice, args, rates);
    if let Some(best) = choice.ranked.first() {
        text += &format!("\nrecommended: {}\n", best.id);
        text += &runner_up(choice);
        if let Some((changes, _)) = rates {
            let share = best.total_ns.value * changes / 3600.0 / 1e9;
            text += &format!("at these rates {} keeps {} % of one processor busy\n", best.id, significant(share * 100.0));
        }
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

/// What was asked, and what was assumed.
fn question(choice: &Choice, args: &ChooseArgs, rates: Option<(f64, f64)>) -> String {
    let assumed = |given: bool| if given { "" } else { " (assumed)" };
    let mode = if choice.wish.mode == Mode::Single { "single calls" } else { "batches" };
    format!(
        "{} records per change of the rules{}, in {mode}{}, over {} workloads: {}\n",
        count(choice.wish.evaluations),
        assumed(args.evaluations.is_some() || rates.is_some()),
        assumed(args.mode.is_some()),
        choice.workloads.len(),
        choice.workloads.join(", "),
    )
}

fn runner_up(choice: &Choice) -> String {
    let Some(second) = choice.ranked.get(1) else { return "runner-up: none; nothing else satisfies the constraints\n".into() };
    let close = if second.indistinguishable { ": indistinguishable, the samples do not say which is cheaper" } else { "" };
    format!("runner-up: {}, {} the cost{close}\n", second.id, times(second.ratio))
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
    render(&["backend", "total (geometric mean)", "to the cheapest", "may be as cheap"], rows, &[1, 2]) + "\n\n"
}

/// Where the answer would be another one.
fn changes(choice: &Choice) -> String {
    if choice.changes.is_empty() {
        return "the answer is the same for every number of records\n".into();
    }
    let line = |change: &Change| {
        let at = change.evaluations;
        let high = if at.high.is_finite() { count(at.high) } else { "any number".into() };
        let here = if choice.wish.evaluations < at.value { "below" } else { "above" };
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

/// The workloads on which another row is cheaper than the recommended one.
fn by_workload(choice: &Choice) -> String {
    let Some(best) = choice.ranked.first() else { return String::new() };
    let others: Vec<_> = choice.winners.iter().filter(|w| w.id != best.id).collect();
    if others.is_empty() {
        return format!("{} is the cheapest on each workload\n", best.id);
    }
    let line = |w: &&quintet_results::Winner| {
        format!("on {} {} is cheaper: {} costs {} as much\n", w.workload, w.id, best.id, times(w.recommended))
    };
    others.iter().map(line).collect()
}

fn times(ratio: Interval) -> String {
    if ratio.low == ratio.high {
        return format!("{}x", digits(ratio.value));
    }
    format!("{}x [{} {}]", digits(ratio.value), digits(ratio.low), digits(ratio.high))
}

/// Two significant digits at least, also of small shares.
fn significant(value: f64) -> String {
    if value < 0.01 { format!("{value:.1e}") } else { digits(value) }
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
