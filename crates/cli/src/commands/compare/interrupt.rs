//! What becomes of the workloads that are finished when a run is interrupted.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use quintet_results::{Results, WorkloadResult};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::file;
use crate::failure::{Failure, UNUSABLE};

/// What a shell adds to a signal's number for the exit status of who was ended by it.
const BY_SIGNAL: i32 = 128;

/// The results so far. Whoever holds the lock decides what becomes of them.
#[derive(Clone)]
pub struct Finished(Arc<Mutex<Results>>);

/// Watches for Ctrl-C and SIGTERM. What comes writes the finished ones of so many workloads to the folder and ends the process.
///
/// # Errors
/// The signals cannot be caught.
pub fn watch(begun: Results, folder: &Path, planned: usize) -> Result<Finished, Failure> {
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(|e| Failure::unusable(format!("cannot catch signals: {e}")))?;
    let finished = Finished(Arc::new(Mutex::new(begun)));
    let (watched, folder) = (finished.clone(), folder.to_owned());
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            let results = watched.lock();
            match written(results.clone(), &folder, planned) {
                Ok(said) => {
                    eprintln!("\nquintet: interrupted: {said}");
                    std::process::exit(BY_SIGNAL + signal);
                }
                Err(failure) => {
                    failure.report();
                    std::process::exit(UNUSABLE.into());
                }
            }
        }
    });
    Ok(finished)
}

/// Writes what is finished and says what that is.
fn written(results: Results, folder: &Path, planned: usize) -> Result<String, Failure> {
    let names: Vec<String> = results.workloads.iter().map(|w| w.name.clone()).collect();
    if names.is_empty() {
        return Ok("no workload was finished, so nothing is written".into());
    }
    let path: PathBuf = file::write(results, folder)?;
    Ok(format!("{} of {planned} workloads are finished ({}), written to {}", names.len(), names.join(", "), path.display()))
}

impl Finished {
    fn lock(&self) -> MutexGuard<'_, Results> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another workload is finished.
    pub fn add(&self, workload: WorkloadResult) {
        self.lock().workloads.push(workload);
    }

    /// A part of the workload that was finished last is finished too.
    pub fn add_part(&self, part: WorkloadResult) {
        if let Some(whole) = self.lock().workloads.last_mut() {
            whole.parts.push(part);
        }
    }

    /// Does with all of them what is to be done in the end; an interrupt waits for it.
    pub fn end<T>(&self, with: impl FnOnce(Results) -> T) -> T {
        let results = self.lock();
        with(results.clone())
    }
}
