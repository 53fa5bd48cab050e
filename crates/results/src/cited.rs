//! Figures that a run did not measure and that belong beside those that it did.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Figures of another engine, measured once and elsewhere, in multiples of something that every machine can time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cited {
    /// The engine: `wirefilter`.
    pub engine: String,
    /// Which of its versions.
    pub version: String,
    /// What was measured, when and how, in sentences.
    pub about: String,
    /// What the figures are multiples of: `call through a function pointer`.
    pub unit: String,
    /// How long one such unit took in this run, ns; missing where it was not timed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_ns: Option<f64>,
    /// One figure per rule and record.
    pub figures: Vec<CitedFigure>,
}

/// How long the engine took for one rule on one record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CitedFigure {
    /// The workload's rule.
    pub rule: String,
    /// The record's number in the workload's input, from 1.
    pub record: usize,
    /// How many units one evaluation took.
    pub units: f64,
    /// How many times as long Quintet's rows took in the same process, then, by row.
    #[serde(default)]
    pub times: BTreeMap<String, f64>,
}
