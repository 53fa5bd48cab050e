//! The backend and its only configuration.

use std::sync::Arc;

use quintet_runtime::{Backend, BackendId};

/// The closure backend.
#[derive(Clone, Copy, Debug, Default)]
pub struct Closures;

/// Its id.
pub(crate) const ID: BackendId = BackendId::new("closures");

impl Closures {
    /// The backend.
    pub fn new() -> Closures {
        Closures
    }
}

/// The backend in its only configuration.
pub fn configurations() -> Vec<Arc<dyn Backend>> {
    vec![Arc::new(Closures::new())]
}
