//! The result file: JSON, versioned. `result.schema.json` beside this crate describes it for other programs.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::cited::Cited;
use crate::cost::Mode;
use crate::estimate::Sample;
use crate::profile::Profile;
use crate::sources::Sources;
use crate::stats::Interval;

/// What `format` says in every result file.
pub const FORMAT: &str = "quintet-results";

/// The version that this crate writes and reads. It changes when a reader of the old form would misread the new one.
pub const VERSION: u32 = 3;

/// One run of the measurements.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Results {
    /// What tells the file from other JSON: always `quintet-results`.
    #[schemars(extend("const" = FORMAT))]
    pub format: String,
    /// The version of the schema. A reader refuses every other version than its own.
    #[schemars(extend("const" = VERSION))]
    pub version: u32,
    /// The command line that made it.
    pub command: String,
    /// Seconds since 1970 when it began.
    pub started_at: u64,
    /// Seconds since 1970 when it ended.
    pub finished_at: u64,
    /// Where it ran.
    pub machine: Machine,
    /// Versions of what was measured, by name.
    pub versions: BTreeMap<String, String>,
    /// How it was measured.
    pub options: Options,
    /// One entry per workload, in the order they ran.
    pub workloads: Vec<WorkloadResult>,
    /// Which backend can run which construct of the language.
    #[serde(default)]
    pub support: Vec<Support>,
    /// What criterion measured, where its results were folded in.
    #[serde(default)]
    pub criterion: Vec<CriterionResult>,
}

/// The machine of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// Operating system.
    pub os: String,
    /// Instruction set.
    pub arch: String,
    /// The processor's own name.
    pub cpu: String,
    /// Logical processors.
    pub cores: usize,
}

/// How a run measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// Whether `--quick` was given.
    pub quick: bool,
    /// The time that each sample is stretched to by repeating what it measures, in nanoseconds.
    pub sample_ns: u64,
    /// Fresh processes that every workload is measured in.
    pub processes: usize,
    /// Rounds that every workload gets at least, in all processes together.
    pub min_rounds: usize,
    /// Rounds that no workload gets more of, in all processes together.
    pub max_rounds: usize,
    /// A workload's rounds end when the interval of every row's batch ratio to the fastest row is no wider than this share of it to
    /// either side.
    pub precision: f64,
    /// Seconds after which a workload's rounds end in any case.
    pub time_limit_s: f64,
}

/// What was measured on one workload.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkloadResult {
    /// Its name.
    pub name: String,
    /// What it stands for.
    pub about: String,
    /// Rules in it.
    pub rules: usize,
    /// Records in it.
    pub records: usize,
    /// Bytes of the batches that hold the records.
    pub record_bytes: usize,
    /// Matches of each rule, by name.
    pub matches: Vec<(String, usize)>,
    /// Rule-record pairs that trapped.
    pub traps: usize,
    /// Rule-record pairs on which every row answered alike before anything was timed.
    pub verified_pairs: usize,
    /// The first answer in which two rows differed. Then nothing was timed, and no reader accepts the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<String>,
    /// Rounds that were sampled, in all processes together.
    pub rounds: usize,
    /// Processes that took turns at the rounds.
    pub processes: usize,
    /// What comes before any backend.
    pub front_end: FrontEnd,
    /// One entry per backend and configuration, and per other engine.
    pub rows: Vec<Row>,
    /// What could not run this workload, and why.
    #[serde(default)]
    pub absent: Vec<Absent>,
    /// A loop over the records that evaluates nothing, ns per record: the harness's own cost.
    pub no_op: Measure,
    /// One row's batch run measured a second time in the same rounds: the noise.
    pub again: Option<Again>,
    /// The rules' text and what backends make of it, where the file holds them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sources: Option<Sources>,
    /// Figures of other engines that were not measured in this run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cited: Vec<Cited>,
    /// The same comparison over a part of the rules: those that other engines can run which cannot run all. Its rules count in no mean
    /// over workloads, as they are in this workload already.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<WorkloadResult>,
    /// What each rule costs, one entry per row that was profiled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<Profile>,
}

/// A row measured a second time in the same rounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Again {
    /// The row's id.
    pub id: String,
    /// Its batch run once more, ns per record.
    pub batch: Measure,
}

/// What parsing, checking, passes, linking and reading cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FrontEnd {
    /// Source to syntax tree, ns for all rules.
    pub parse: Measure,
    /// Syntax tree to program, ns for all rules.
    pub check: Measure,
    /// The optimising passes, ns for all rules.
    pub passes: Measure,
    /// Preparing regexes, sets, searches, functions, ns for all rules.
    pub link: Measure,
    /// Reading and dissecting the input into batches, ns per record.
    pub read: Measure,
}

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowKind {
    /// One of Quintet's backends.
    Backend,
    /// The workload's rules in idiomatic Rust by hand: a yardstick, and no limit, for generated code may be quicker.
    Native,
    /// Another engine.
    Peer,
}

/// What one backend, in one configuration, or another engine cost on one workload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// What tells it from the workload's other rows: the engine, its configuration, and `/no-passes` where passes were off.
    pub id: String,
    /// What it is.
    pub kind: RowKind,
    /// The engine: `jit`, `cel`.
    pub engine: String,
    /// Its configuration; empty for the default one.
    pub configuration: String,
    /// Whether the optimising passes ran before it.
    pub passes: bool,
    /// What it asks of its host, where it is a backend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traits: Option<Traits>,
    /// What was timed. A phase that an engine does not have is missing.
    #[schemars(schema_with = "phases")]
    pub phases: BTreeMap<Phase, Measure>,
    /// What it cost in all for numbers of records, from linked rules to the last answer; as far as so many were measured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub totals: Vec<Total>,
    /// How long a single call takes, each call timed by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
    /// What it holds in memory, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Memory>,
    /// What a reader must know beside its figures, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The schema of a map from phases, by which a phase's name and unit are part of it.
fn phases(generator: &mut SchemaGenerator) -> Schema {
    let (names, samples) = (generator.subschema_for::<Phase>(), generator.subschema_for::<Measure>());
    json_schema!({ "type": "object", "propertyNames": names, "additionalProperties": samples })
}

/// What a backend asks of its host, and what it guards against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Traits {
    /// Whether it must map memory that is executable.
    pub executable_memory: bool,
    /// What stands between a rule and the host's memory.
    pub isolation: Isolation,
}

/// What stands between a rule and the host's memory, should a backend have a bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Isolation {
    /// Nothing is generated: safe Rust walks the rule.
    SafeRust,
    /// Generated code runs in a sandbox with memory of its own.
    Sandbox,
    /// Generated code reads the host's memory; its generator is trusted.
    None,
}

/// Something that is timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Compiling all rules, ns.
    Compile,
    /// Making an instance, ns.
    Instantiate,
    /// The first call of a fresh instance on one record, ns.
    FirstCall,
    /// A call for one record and all rules, ns per record.
    Single,
    /// A call for a batch and all rules, ns per record.
    Batch,
    /// The same for a batch in memory that the backend must copy, ns per record.
    BatchCopied,
}

/// How long one call for one record takes, with the clock's own cost taken off: quantiles over all calls of a round, one sample per round.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Latency {
    /// The median call, ns.
    pub p50: Measure,
    /// The call that 99 of 100 are quicker than, ns.
    pub p99: Measure,
}

/// What compiling, instantiating and evaluating so many records took together, from linked rules on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Total {
    /// Records that were evaluated.
    pub records: usize,
    /// How they came.
    pub mode: Mode,
    /// The time of the thread that evaluates, ns; what others compile meanwhile is not in it.
    pub ns: Measure,
}

/// Bytes of memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// Generated code for all rules.
    pub code_bytes: usize,
    /// Data beside the code, as far as the backend knows.
    pub data_bytes: usize,
    /// What the compiled rules hold of the Rust heap, for all rules: what dropping them gives back.
    pub heap_bytes: usize,
    /// An instance, as far as the backend knows.
    pub instance_bytes: usize,
}

/// An engine that could not run a workload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Absent {
    /// The row that it would have been.
    pub id: String,
    /// Why there is none.
    pub reason: String,
}

/// A construct of the language and the backends that run it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Support {
    /// The construct, in the language's words.
    pub construct: String,
    /// The ids of the configurations that run it.
    pub by: Vec<String>,
}

/// One benchmark of criterion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CriterionResult {
    /// Criterion's group: a phase and a workload (`run_batch/waf-pack`), or what was scaled (`scaling/set-members/int`).
    pub group: String,
    /// What was measured in it: a backend's id, mostly.
    pub function: String,
    /// The parameter, where the benchmark has one: the size of `scaling`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// One iteration, ns: criterion's slope where it fitted one, else its mean.
    pub ns: f64,
    /// The lower end of the estimate's interval at 95 %, ns.
    pub low: f64,
    /// The upper end of that interval, ns.
    pub high: f64,
    /// Elements that one iteration works on, where the benchmark says so: records, or rules where rules are parsed or compiled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elements: Option<u64>,
}

/// Samples of one quantity: one per round of each process that measured it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// Nanoseconds: one list per process, in order of its rounds. All quantities of a workload have the same processes and rounds.
    pub ns: Vec<Vec<f64>>,
}

impl Measure {
    /// As a sample that can be estimated and compared.
    pub fn sample(&self) -> Sample {
        Sample::new(self.ns.iter().map(|rounds| rounds.iter().copied()))
    }

    /// What the quantity is taken to be, ns (see [`Sample`]): the number that stands wherever a time is printed. NaN without samples.
    pub fn centre(&self) -> f64 {
        self.sample().mean().exp()
    }

    /// The centre with its interval at 95 %.
    pub fn interval(&self) -> Interval {
        self.sample().estimate().interval()
    }

    /// Its ratio to another quantity of the same workload, with its interval at 95 %: the one way in which two rows are compared.
    pub fn to(&self, other: &Measure) -> Interval {
        self.sample().to(&other.sample()).interval()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.ns.iter().all(Vec::is_empty)
    }

    /// All samples, process by process.
    pub fn samples(&self) -> impl Iterator<Item = f64> + Clone {
        self.ns.iter().flatten().copied()
    }

    /// Adds a round's sample to a process, counted from 0; there are as many processes afterwards as that needs.
    pub fn push(&mut self, process: usize, ns: f64) {
        if self.ns.len() <= process {
            self.ns.resize(process + 1, Vec::new());
        }
        self.ns[process].push(ns);
    }
}

impl Phase {
    /// All phases, in the order in which they happen.
    pub const ALL: [Phase; 6] = [Phase::Compile, Phase::Instantiate, Phase::FirstCall, Phase::Single, Phase::Batch, Phase::BatchCopied];

    /// The name in result files and on command lines.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Compile => "compile",
            Phase::Instantiate => "instantiate",
            Phase::FirstCall => "first_call",
            Phase::Single => "single",
            Phase::Batch => "batch",
            Phase::BatchCopied => "batch_copied",
        }
    }

    /// What its nanoseconds are for.
    pub fn per(self) -> &'static str {
        match self {
            Phase::Compile => "all rules",
            Phase::Instantiate => "instance",
            Phase::FirstCall => "call",
            Phase::Single | Phase::Batch | Phase::BatchCopied => "record",
        }
    }
}

impl Row {
    /// The samples of a phase; `None` where the row has none of it.
    pub fn measure(&self, phase: Phase) -> Option<&Measure> {
        self.phases.get(&phase).filter(|m| !m.is_empty())
    }

    /// What a phase is taken to cost in ns (see [`Measure::centre`]); NaN where the row has none of it.
    pub fn centre(&self, phase: Phase) -> f64 {
        self.measure(phase).map_or(f64::NAN, Measure::centre)
    }
}

impl WorkloadResult {
    /// The row with this id.
    pub fn row(&self, id: &str) -> Option<&Row> {
        self.rows.iter().find(|r| r.id == id)
    }
}
