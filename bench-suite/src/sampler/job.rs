//! What a child process is to measure, as it travels to it.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use quintet::{Limits, ListText, backend};
use quintet_peers::peers;
use serde::{Deserialize, Serialize};

use super::effort::Effort;
use super::{MeasureError, failed};
use crate::lineup::{Lineup, PassRows};
use crate::workload::{ModuleFiles, Workload};

/// A workload, who takes part, and how much is measured.
#[derive(Clone, Debug)]
pub struct Job {
    /// The workload.
    pub workload: Workload,
    /// The ids of the backends' configurations.
    pub backends: Vec<String>,
    /// Which of their rows there are.
    pub passes: PassRows,
    /// Whether other engines take part.
    pub peers: bool,
    /// How much is measured.
    pub effort: Effort,
    /// A row that this process makes out to be slower: for tests of what is said of such processes.
    pub slowed: Option<Slowed>,
}

/// A row whose samples are stretched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slowed {
    /// The row's id.
    pub row: String,
    /// How many times as long it takes.
    pub factor: f64,
}

/// A job but for the workload's input, which follows as bytes.
#[derive(Serialize, Deserialize)]
struct Head {
    name: String,
    about: String,
    rules: String,
    rules_path: PathBuf,
    input_bytes: u64,
    input_path: PathBuf,
    format: Option<String>,
    scheme: Option<String>,
    expected: BTreeMap<String, usize>,
    lists: Vec<(String, PathBuf, Vec<u8>)>,
    modules: ModuleFiles,
    limits: Limits,
    without: Vec<(String, String)>,
    backends: Vec<String>,
    passes: PassRows,
    peers: bool,
    effort: Effort,
    slowed: Option<Slowed>,
}

impl Job {
    /// Who takes part.
    ///
    /// # Errors
    /// When a backend is not part of this program.
    pub fn lineup(&self) -> Result<Lineup, MeasureError> {
        let backends = self.backends.iter().map(|id| backend(id).map_err(failed)).collect::<Result<_, _>>()?;
        Ok(Lineup { backends, passes: self.passes, peers: if self.peers { peers() } else { Vec::new() } })
    }

    /// Writes the job: the length of its head, the head as JSON, the input.
    pub(super) fn write(&self, to: &mut dyn Write) -> std::io::Result<()> {
        let w = &self.workload;
        let head = Head {
            name: w.name.clone(),
            about: w.about.clone(),
            rules: w.rules.clone(),
            rules_path: w.rules_path.clone(),
            input_bytes: w.input.len() as u64,
            input_path: w.input_path.clone(),
            format: w.format.clone(),
            scheme: w.scheme.clone(),
            expected: w.expected.clone(),
            lists: w.lists.iter().map(|l| (l.spec(), l.path().to_owned(), l.text().to_vec())).collect(),
            modules: w.modules.clone(),
            limits: w.limits.clone(),
            without: w.without.clone(),
            backends: self.backends.clone(),
            passes: self.passes,
            peers: self.peers,
            effort: self.effort,
            slowed: self.slowed.clone(),
        };
        let head = serde_json::to_vec(&head)?;
        to.write_all(&(head.len() as u64).to_le_bytes())?;
        to.write_all(&head)?;
        to.write_all(&w.input)?;
        to.flush()
    }

    /// Reads what [`Job::write`] wrote.
    pub(super) fn read(from: &mut dyn Read) -> Result<Job, MeasureError> {
        let mut bytes = [0; 8];
        from.read_exact(&mut bytes).map_err(failed)?;
        let head = exactly(from, u64::from_le_bytes(bytes))?;
        let head: Head = serde_json::from_slice(&head).map_err(failed)?;
        let list = |(spec, path, text): (String, PathBuf, Vec<u8>)| ListText::new(&spec, Path::new(&path), text).map_err(failed);
        let workload = Workload {
            name: head.name,
            about: head.about,
            rules: head.rules,
            rules_path: head.rules_path,
            input: exactly(from, head.input_bytes)?.into(),
            input_path: head.input_path,
            format: head.format,
            scheme: head.scheme,
            expected: head.expected,
            lists: head.lists.into_iter().map(list).collect::<Result<_, _>>()?,
            modules: head.modules,
            limits: head.limits,
            // What is cited takes no part in measuring.
            cited: Vec::new(),
            without: head.without,
        };
        Ok(Job { workload, backends: head.backends, passes: head.passes, peers: head.peers, effort: head.effort, slowed: head.slowed })
    }
}

/// So many bytes, taken as they come: a length that lies takes no memory.
fn exactly(from: &mut dyn Read, bytes: u64) -> Result<Vec<u8>, MeasureError> {
    let mut read = Vec::new();
    from.take(bytes).read_to_end(&mut read).map_err(failed)?;
    if read.len() as u64 == bytes { Ok(read) } else { Err(failed("the job is cut off")) }
}
