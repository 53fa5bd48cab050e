//! The one place that knows which backends there are and which of them this build has.

use std::sync::{Arc, LazyLock};

use quintet_runtime::Backend;

/// All backends and the feature that each needs (`adaptive` needs `closures` and `jit`), whether this build has them or not.
const KNOWN: [&str; 6] = ["interp", "closures", "jit", "wasm", "lua", "adaptive"];

/// There is no backend with this id in this build.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no backend `{id}`{hint}; there are: {}", available.join(", "))]
pub struct UnknownBackend {
    id: String,
    hint: String,
    available: Vec<String>,
}

/// The backends of this build, each in its default configuration, interpreter first.
pub fn backends() -> Vec<Arc<dyn Backend>> {
    configurations().into_iter().filter(|b| b.id().config.is_empty()).collect()
}

/// The backends of this build in all their configurations.
pub fn configurations() -> Vec<Arc<dyn Backend>> {
    CONFIGURATIONS.clone()
}

/// They are made once: some of them look at the host's processor.
static CONFIGURATIONS: LazyLock<Vec<Arc<dyn Backend>>> = LazyLock::new(|| {
    #[allow(unused_mut)] // a build may have no backend at all
    let mut all: Vec<Arc<dyn Backend>> = Vec::new();
    #[cfg(feature = "interp")]
    all.extend(quintet_interp::configurations());
    #[cfg(feature = "closures")]
    all.extend(quintet_closures::configurations());
    #[cfg(feature = "jit")]
    all.extend(quintet_jit::configurations());
    #[cfg(feature = "wasm")]
    all.extend(quintet_wasm::configurations());
    #[cfg(feature = "lua")]
    all.extend(quintet_lua::configurations());
    #[cfg(all(feature = "closures", feature = "jit"))]
    all.push(Arc::new(crate::Adaptive::new()));
    all
});

/// The backend with this id, such as `jit` or `wasm-winch`.
///
/// # Errors
/// When this build has none; the message lists what it has.
pub fn backend(id: &str) -> Result<Arc<dyn Backend>, UnknownBackend> {
    find(id).cloned()
}

/// The same for as long as the program runs.
pub(crate) fn find(id: &str) -> Result<&'static Arc<dyn Backend>, UnknownBackend> {
    let all = &*CONFIGURATIONS;
    if let Some(found) = all.iter().find(|b| b.id().is(id)) {
        return Ok(found);
    }
    let name = id.split('-').next().unwrap_or(id);
    let missing = KNOWN.contains(&name) && all.iter().all(|b| b.id().name != name);
    let needs = if name == "adaptive" { "features `closures` and `jit`".to_owned() } else { format!("feature `{name}`") };
    let hint = if missing { format!(" in this build (it needs the cargo {needs})") } else { String::new() };
    Err(UnknownBackend { id: id.into(), hint, available: all.iter().map(|b| b.id().to_string()).collect() })
}
