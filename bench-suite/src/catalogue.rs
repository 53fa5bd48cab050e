//! The workloads that ship with the project; they are part of the program.

use std::path::Path;

use include_dir::{Dir, include_dir};

use crate::workload::{Files, Workload, WorkloadError};

static WORKLOADS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/workloads");

/// The names of the shipped workloads, in alphabetical order.
pub fn names() -> Vec<String> {
    let toml = |path: &Path| path.extension().is_some_and(|e| e == "toml");
    let mut names: Vec<String> = WORKLOADS
        .files()
        .filter(|f| toml(f.path()))
        .filter_map(|f| f.path().file_stem().and_then(|s| s.to_str()).map(str::to_owned))
        .collect();
    names.sort();
    names
}

/// The shipped workload of this name; its file is `NAME.toml`.
///
/// # Errors
/// When there is none, or its files are wrong.
pub fn shipped(name: &str) -> Result<Workload, WorkloadError> {
    let available = names();
    if !available.iter().any(|n| n == name) {
        return Err(WorkloadError::Unknown { name: name.into(), available });
    }
    Workload::load(Files::Embedded(&WORKLOADS), Path::new(&format!("{name}.toml")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_workload_of_its_name() {
        let names = names();
        assert!(names.len() >= 6, "{names:?}");
        for name in names {
            assert_eq!(shipped(&name).unwrap().name, name);
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let message = shipped("nope").unwrap_err().to_string();
        assert!(message.contains("no workload `nope`; there are "), "{message}");
    }
}
