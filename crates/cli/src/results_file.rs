//! Result files as commands read them.

use std::path::Path;

use quintet_results::Results;

use crate::failure::Failure;
use crate::source;

/// Reads a result file and refuses one whose numbers must not be used; the message begins with the file's name.
pub fn load(path: &Path) -> Result<Results, Failure> {
    let named = |why: String| Failure::unusable(format!("{}: {why}", path.display()));
    let text = std::fs::read_to_string(source::file(path)).map_err(|e| named(e.to_string()))?;
    Results::from_json(text.strip_prefix('\u{feff}').unwrap_or(&text)).map_err(|e| named(e.to_string()))
}
