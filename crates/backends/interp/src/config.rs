//! The backend's name; there is one configuration.

use std::sync::Arc;

use quintet_runtime::{Backend, BackendId};

use crate::compile::Interp;

/// The backend's name in flags and reports.
pub const ID: BackendId = BackendId::new("interp");

/// The backend in its only configuration.
pub fn configurations() -> Vec<Arc<dyn Backend>> {
    vec![Arc::new(Interp::new())]
}
