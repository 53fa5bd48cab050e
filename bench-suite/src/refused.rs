//! What a result file says of a workload whose answers are wrong.

use quintet_results::{FrontEnd, Measure, WorkloadResult};

use crate::load::Loaded;
use crate::verify::VerifyError;

/// A workload's entry without a row or a sample, with what is wrong. A file that holds one is refused by every reader.
pub fn refused(loaded: &Loaded, error: &VerifyError) -> WorkloadResult {
    WorkloadResult {
        name: loaded.workload.name.clone(),
        about: loaded.workload.about.clone(),
        rules: loaded.linked.program().rules.len(),
        records: loaded.records(),
        record_bytes: loaded.batches.iter().map(|b| b.arena().len()).sum(),
        matches: Vec::new(),
        traps: 0,
        verified_pairs: 0,
        difference: Some(error.to_string()),
        rounds: 0,
        processes: 0,
        front_end: FrontEnd::default(),
        rows: Vec::new(),
        absent: Vec::new(),
        no_op: Measure::default(),
        again: None,
        sources: None,
        cited: Vec::new(),
        parts: Vec::new(),
        profiles: Vec::new(),
    }
}
