//! The result file.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use quintet::configurations;
use quintet_bench::{Effort, machine, support, versions};
use quintet_results::{FORMAT, Options, Results, VERSION};

use crate::failure::Failure;
use crate::replace::{replace, writable};

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
            processes: effort.processes,
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

/// Whether the file can be written to this folder: better to know before measuring than after.
pub fn ensure_writable(folder: &Path) -> Result<(), Failure> {
    writable(folder).map_err(|e| Failure::unusable(format!("{}: {e}", folder.display())))
}

/// Writes the file, finished now, as `results.json` of the folder and answers its path.
pub fn write(mut results: Results, folder: &Path) -> Result<PathBuf, Failure> {
    results.finished_at = now();
    let path = folder.join("results.json");
    let text = results.to_json().map_err(Failure::unusable)?;
    let failed = |e: std::io::Error| Failure::unusable(format!("{}: {e}", path.display()));
    std::fs::create_dir_all(folder).map_err(failed)?;
    replace(&path, &text).map_err(failed)?;
    Ok(path)
}
