//! The result file.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use quintet::configurations;
use quintet_bench::{Effort, machine, support, versions};
use quintet_results::{FORMAT, Options, Results, VERSION};

use crate::failure::Failure;

/// A result file without workloads, begun now.
pub fn begin(quick: bool, effort: &Effort) -> Results {
    Results {
        format: FORMAT.into(),
        version: VERSION,
        command: std::env::args().collect::<Vec<_>>().join(" "),
        started_at: now(),
        finished_at: 0,
        machine: machine(),
        versions: versions(),
        options: Options {
            quick,
            sample_ns: u64::try_from(effort.sample.as_nanos()).unwrap_or(u64::MAX),
            min_rounds: effort.min_rounds,
            max_rounds: effort.max_rounds,
            precision: effort.precision,
            time_limit_s: effort.time.as_secs_f64(),
        },
        workloads: Vec::new(),
        support: support(&configurations()),
        criterion: Vec::new(),
    }
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

/// Writes the file, finished now, as `results.json` of the folder and answers its path.
pub fn write(mut results: Results, folder: &Path) -> Result<PathBuf, Failure> {
    results.finished_at = now();
    let path = folder.join("results.json");
    let text = results.to_json().map_err(Failure::unusable)?;
    let failed = |e: std::io::Error| Failure::unusable(format!("{}: {e}", path.display()));
    std::fs::create_dir_all(folder).map_err(failed)?;
    // Written beside and moved, so that no reader ever sees half a file.
    let beside = folder.join("results.json.part");
    std::fs::write(&beside, text).map_err(failed)?;
    std::fs::rename(&beside, &path).map_err(failed)?;
    Ok(path)
}
