//! The result file: JSON, versioned.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::stats::{median, quantile};

/// What `format` says in every result file.
pub const FORMAT: &str = "quintet-results";

/// The version that this crate writes and reads. It changes when a reader of the old form would misread the new one.
pub const VERSION: u32 = 1;

/// One run of the measurements.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// Always [`FORMAT`].
    pub format: String,
    /// Always [`VERSION`].
    pub version: u32,
    /// The command line that made it.
    pub command: String,
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
}

/// The machine of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Options {
    /// Whether `--quick` was given.
    pub quick: bool,
    /// Rounds that interleave the backends.
    pub rounds: usize,
    /// The time that each sample is stretched to, in nanoseconds.
    pub sample_ns: u64,
}

/// What was measured on one workload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// Rule-record pairs on which every backend answered alike before anything was timed. A result without that is not written.
    pub verified_pairs: usize,
    /// What comes before any backend.
    pub front_end: FrontEnd,
    /// One entry per backend and configuration.
    pub backends: Vec<BackendResult>,
    /// A loop over the records that evaluates nothing, ns per record: the harness's own cost.
    pub no_op: Measure,
    /// The first backend's batch run measured a second time in the same rounds, ns per record: the noise.
    pub again: Measure,
}

/// What parsing, checking, linking and reading cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FrontEnd {
    /// Source to syntax tree, ns for all rules.
    pub parse: Measure,
    /// Syntax tree to program, ns for all rules.
    pub check: Measure,
    /// Preparing regexes, sets, searches, functions, ns for all rules.
    pub link: Measure,
    /// Reading and dissecting the input into batches, ns per record.
    pub read: Measure,
}

/// What one backend cost on one workload.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BackendResult {
    /// The backend and its configuration.
    pub id: String,
    /// Compiling all rules, ns.
    pub compile: Measure,
    /// Making an instance, ns.
    pub instantiate: Measure,
    /// The first call of a fresh instance on one record, ns.
    pub first_call: Measure,
    /// A call for one record and all rules, ns per record.
    pub single: Measure,
    /// A call for a batch and all rules, ns per record.
    pub batch: Measure,
    /// The same for a batch in memory that the backend must copy or read elsewhere, ns per record; where that differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_copied: Option<Measure>,
    /// Bytes of generated code for all rules.
    pub code_bytes: usize,
    /// Bytes of data beside the code, as far as the backend knows.
    pub data_bytes: usize,
    /// Bytes that compiling took from the Rust heap and kept, for all rules.
    pub heap_bytes: usize,
    /// Bytes of an instance, as far as the backend knows.
    pub instance_bytes: usize,
}

/// Samples of one quantity, one per round.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// Nanoseconds, in order of the rounds.
    pub ns: Vec<f64>,
}

impl Measure {
    /// The middle sample.
    pub fn median(&self) -> f64 {
        median(&self.ns)
    }

    /// The sample that `q` of the samples are below.
    pub fn quantile(&self, q: f64) -> f64 {
        quantile(&self.ns, q)
    }
}

/// Why a result file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// Not JSON, truncated, or not of the schema.
    #[error("not a result file, or a truncated one: {0}")]
    Malformed(#[from] serde_json::Error),
    /// JSON of something else.
    #[error("not a result file: `format` is `{0}` instead of `{FORMAT}`")]
    Format(String),
    /// Written by another version.
    #[error("a result file of version {0}; this program reads version {VERSION}: run `quintet compare` again")]
    Version(u64),
    /// Nothing was measured, or not everything was verified.
    #[error("workload `{0}` was not verified; its numbers cannot be used")]
    Unverified(String),
}

impl Results {
    /// Reads a result file.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub fn from_json(text: &str) -> Result<Results, LoadError> {
        let value: serde_json::Value = serde_json::from_str(text)?;
        let format = value.get("format").and_then(|f| f.as_str()).unwrap_or("missing");
        if format != FORMAT {
            return Err(LoadError::Format(format.into()));
        }
        let version = value.get("version").and_then(|v| v.as_u64()).unwrap_or(0);
        if version != u64::from(VERSION) {
            return Err(LoadError::Version(version));
        }
        let results: Results = serde_json::from_value(value)?;
        match results.workloads.iter().find(|w| w.verified_pairs != w.rules * w.records) {
            Some(w) => Err(LoadError::Unverified(w.name.clone())),
            None => Ok(results),
        }
    }

    /// The file's text.
    ///
    /// # Errors
    /// When a sample is not a number.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }
}
