//! What a result file says of a workload whose answers are wrong.

use quintet_results::WorkloadResult;

use crate::load::Loaded;
use crate::verify::VerifyError;

/// A workload's entry without a row or a sample, with what is wrong. A file that holds one is refused by every reader.
pub fn refused(loaded: &Loaded, error: &VerifyError) -> WorkloadResult {
    WorkloadResult { difference: Some(error.to_string()), ..loaded.result() }
}
