//! The flags of `quintet compare`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use quintet_bench::{Effort, PassRows, Slowed};

use crate::args::SchemeArgs;
use crate::limits::LimitArgs;
use crate::lists::ListArgs;
use crate::modules::ModuleArgs;

/// Measure the backends against each other on rules and records.
///
/// First every row evaluates every rule on every record of every workload; the first answer that differs is printed, nothing is timed,
/// and the result file says so. Then the rows take turns, round by round in several fresh processes, until each ratio is as precise as
/// asked for or the time is over. The tables show times and ratios with 95 % intervals; `results.json` holds every sample. The run ends
/// with what to ship.
#[derive(Args)]
#[command(after_help = "\
Examples:
  quintet compare                                            all shipped workloads but scripts and sets: backends and other engines
  quintet compare --quick                                    a first look, within a minute
  quintet compare --rules edge.rules --input traffic.pcapng  own rules on an own capture
  quintet compare --rules app.rules --input log.jsonl --scheme app.toml --out out/
  quintet compare --workload waf-pack --workload my/workload.toml --backend jit --backend jit-fast
  quintet compare --workload scripts --backend all           the rule scripts, beside Rust and Lua by hand
  quintet compare --workload sets --backend all --passes both  a thousand rules, with and without the passes
  quintet compare --backend all --passes both --precision 0.5% --time 120

Rows:
  jit, jit-fast           a backend in its default configuration and in another one; jit-stencil, wasm-winch and lua-nojit are others
  adaptive                begins with closures and goes on to jit as it pays; its row is that of rules that have run for a while
  jit/no-passes           the same without the optimising passes (--passes both or off)
  native                  the workload's rules, idiomatic Rust by hand
  wirefilter, cel, ...    other engines, where they can express the workload; why not, where they cannot, and then a second comparison
                          of the rules that they can express (--parts)
A no-op loop and one row measured twice (A/A) show what the harness costs and how noisy the machine is.

A workload file is TOML; the paths in it are relative to it:
  name = \"mine\"
  about = \"Our edge rules on an hour of traffic.\"
  rules = \"mine.rules\"
  input = \"traffic.pcapng\"      # pcap, pcapng, HTTP requests or any JSON lines (then also: scheme = \"mine.toml\")
  [expected]                      # optional: how many records each rule matches
  tls = 1234
  [lists]                         # optional: files of the lists that rules name
  blocked = \"blocked.csv\"         # or \"blocked:ip\", where the rules do not tell the type

Exit status: 0 measured; 1 answers differ or expected counts do not hold (the result file then says which, and `report`, `diff` and
`choose` refuse it); 2 nothing could be measured: wrong flags, rules with errors, unreadable files; 130 interrupted by Ctrl-C: results.json
holds the workloads that were finished, if any.")]
pub struct CompareArgs {
    /// A shipped workload's name, `scripts` for all that are rule scripts, `sets` for those of a thousand rules, or a workload's TOML file;
    /// repeat for several [default: all that ship and are neither, or those of --rules].
    #[arg(long = "workload", value_name = "NAME|FILE")]
    pub workloads: Vec<String>,
    /// Rules of your own, as a workload named after their file: a rule file, or an expression.
    #[arg(long, value_name = "FILE|EXPRESSION", requires = "input", allow_hyphen_values = true, value_parser = crate::source::rules)]
    pub rules: Option<String>,
    /// The records for --rules: a capture, or JSON lines; `-` is standard input.
    #[arg(long, value_name = "FILE", requires = "rules")]
    pub input: Option<PathBuf>,
    #[command(flatten)]
    pub scheme: SchemeArgs,
    #[command(flatten)]
    pub lists: ListArgs,
    #[command(flatten)]
    pub modules: ModuleArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
    /// A backend, or a configuration such as `jit-fast`, or `all` configurations; repeat for several [default: each backend's default configuration,
    /// and `jit-stencil` where the machine has it].
    #[arg(long = "backend", value_name = "ID")]
    pub backends: Vec<String>,
    /// Whether backends run the rules after the optimising passes, as they were written, or either as a row of its own.
    #[arg(long, value_enum, default_value_t = PassesArg::On)]
    pub passes: PassesArg,
    /// Whether other engines and the rules written by hand take part [default: on, off with --quick].
    #[arg(long, value_enum)]
    pub peers: Option<Switch>,
    /// Whether rules that some other engine cannot run get a second comparison of the workload without them, in which it takes part
    /// [default: on, off with --quick].
    #[arg(long, value_enum)]
    pub parts: Option<Switch>,
    /// Rounds go on until the 95 % interval of each backend's batch and single ratio to the fastest reaches no further than this to
    /// either side [default: 1%, 3% with --quick].
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub precision: Option<f64>,
    /// Seconds after which a workload's rounds end in any case, but for the least number of rounds [default: 40, 3 with --quick].
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub time: Option<Duration>,
    /// Fresh processes that take turns at a workload's rounds: what differs between processes, where code and memory lie and what a trace
    /// compiler found first, is then within the intervals [default: 5, 3 with --quick].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    pub processes: Option<u32>,
    /// Rounds that no workload gets more of, in all processes together [default: 150, 60 with --quick].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..))]
    pub max_rounds: Option<u32>,
    /// Fewer and shorter rounds: all workloads of the default within a minute.
    #[arg(long)]
    pub quick: bool,
    /// Stretches the samples of a row in the first process, to see what is said of such a process: `lua:4`.
    #[arg(long, value_name = "ROW:FACTOR", value_parser = slowed, hide = true)]
    pub slowed: Option<Slowed>,
    /// A share of one processor that is not worth a less simple backend, in what is recommended at the end [default: 0.5%].
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub worth_share: Option<f64>,
    /// The folder that `results.json` is written to.
    #[arg(long, value_name = "DIR", default_value = "target/quintet")]
    pub out: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PassesArg {
    On,
    Both,
    Off,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    On,
    Off,
}

/// A percentage above 0, with or without its sign, as a share.
fn percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim();
    match number.parse::<f64>() {
        Ok(percent) if percent > 0.0 && percent <= 100.0 => Ok(percent / 100.0),
        _ => Err("a percentage above 0 and up to 100, such as 2%, is wanted".into()),
    }
}

/// A row and how many times as long it takes.
fn slowed(text: &str) -> Result<Slowed, String> {
    let parts = text.rsplit_once(':').and_then(|(row, factor)| Some((row, factor.parse().ok().filter(|f: &f64| *f > 0.0)?)));
    let (row, factor) = parts.ok_or("a row and a factor above 0 are wanted, such as lua:4")?;
    Ok(Slowed { row: row.into(), factor })
}

/// Seconds above 0.
fn seconds(text: &str) -> Result<Duration, String> {
    let wanted = "seconds above 0 are wanted, such as 30 or 0.5";
    let seconds = text.parse::<f64>().ok().filter(|s| *s > 0.0).ok_or(wanted)?;
    Duration::try_from_secs_f64(seconds).map_err(|_| wanted.into())
}

impl CompareArgs {
    /// How much to measure.
    pub fn effort(&self) -> Effort {
        let default = if self.quick { Effort::QUICK } else { Effort::FULL };
        let processes = self.processes.map_or(default.processes, |n| n as usize);
        let max_rounds = self.max_rounds.map_or(default.max_rounds, |n| n as usize);
        Effort {
            processes,
            precision: self.precision.unwrap_or(default.precision),
            time: self.time.unwrap_or(default.time),
            max_rounds,
            min_rounds: default.min_rounds.min(max_rounds),
            ..default
        }
    }

    /// Which rows of a backend there are.
    pub fn pass_rows(&self) -> PassRows {
        match self.passes {
            PassesArg::On => PassRows::On,
            PassesArg::Both => PassRows::Both,
            PassesArg::Off => PassRows::Off,
        }
    }

    /// Whether workloads that other engines cannot run as a whole are compared in part, too.
    pub fn parts(&self) -> bool {
        self.peers() && self.parts.map_or(!self.quick, |parts| parts == Switch::On)
    }

    /// Whether other engines take part.
    pub fn peers(&self) -> bool {
        self.peers.map_or(!self.quick, |peers| peers == Switch::On)
    }
}
