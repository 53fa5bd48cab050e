//! Who takes part: backends with and without the optimising passes, and other engines.

use std::sync::Arc;

use quintet::backend::{Backend, Linked};
use quintet::configurations;
use quintet_peers::Peer;
use serde::{Deserialize, Serialize};

use crate::load::Loaded;

/// What is compared on every workload.
#[derive(Default)]
pub struct Lineup {
    /// The backends and configurations.
    pub backends: Vec<Arc<dyn Backend>>,
    /// Which of their rows there are.
    pub passes: PassRows,
    /// Other engines.
    pub peers: Vec<Box<dyn Peer>>,
}

/// Whether backends run what the optimising passes made, the rules as they were written, or either as a row of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PassRows {
    /// With passes: the row `jit`.
    #[default]
    On,
    /// Without: the row `jit/no-passes`.
    Off,
    /// Both rows.
    Both,
}

/// One row of a backend.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) passes: bool,
}

/// Who is measured where nothing is said: each backend in its default configuration, and `jit-stencil` where there is one, which stands where
/// no other does: it compiles as fast as closures are built and runs nearly as fast as `jit`.
pub fn usual() -> Vec<Arc<dyn Backend>> {
    configurations().into_iter().filter(|b| b.id().config.is_empty() || b.id().is("jit-stencil")).collect()
}

impl Lineup {
    /// These backends with passes, and no other engine.
    pub fn of(backends: &[Arc<dyn Backend>]) -> Lineup {
        Lineup { backends: backends.to_vec(), ..Lineup::default() }
    }

    /// The backends' rows.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let passes: &[bool] = match self.passes {
            PassRows::On => &[true],
            PassRows::Off => &[false],
            PassRows::Both => &[true, false],
        };
        self.backends.iter().flat_map(|b| passes.iter().map(|p| Entry { backend: b.clone(), passes: *p })).collect()
    }
}

impl Entry {
    /// The row's id in result files.
    pub(crate) fn id(&self) -> String {
        format!("{}{}", self.backend.id(), if self.passes { "" } else { "/no-passes" })
    }

    /// The program that it compiles.
    pub(crate) fn linked<'l>(&self, loaded: &'l Loaded) -> &'l Arc<Linked> {
        if self.passes { &loaded.linked } else { &loaded.unoptimised }
    }
}
