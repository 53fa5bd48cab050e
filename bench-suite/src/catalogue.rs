//! The workloads that ship with the project; they are part of the program.

use std::path::Path;

use include_dir::{Dir, include_dir};

use crate::workload::{Files, Workload, WorkloadError};

static WORKLOADS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/workloads");

/// The folder of the workloads that are rule scripts.
const SCRIPTS: &str = "scripts";

/// The folder of the workloads of a thousand rules.
const SETS: &str = "sets";

/// The names of the shipped workloads, in alphabetical order, without those of [`scripts`] and [`sets`].
pub fn names() -> Vec<String> {
    of(&WORKLOADS)
}

/// The names of the shipped workloads that are rule scripts, in alphabetical order.
pub fn scripts() -> Vec<String> {
    WORKLOADS.get_dir(SCRIPTS).map(of).unwrap_or_default()
}

/// The names of the shipped workloads of a thousand rules, in alphabetical order.
pub fn sets() -> Vec<String> {
    WORKLOADS.get_dir(SETS).map(of).unwrap_or_default()
}

/// The names of the workloads of a folder.
fn of(folder: &Dir<'static>) -> Vec<String> {
    let toml = |path: &Path| path.extension().is_some_and(|e| e == "toml" && !path.to_string_lossy().ends_with(".scheme.toml"));
    let mut names: Vec<String> = folder
        .files()
        .filter(|f| toml(f.path()))
        .filter_map(|f| f.path().file_stem().and_then(|s| s.to_str()).map(str::to_owned))
        .collect();
    names.sort();
    names
}

/// The shipped workload of this name, whichever folder it is in; its file is `NAME.toml`.
///
/// # Errors
/// When there is none, or its files are wrong.
pub fn shipped(name: &str) -> Result<Workload, WorkloadError> {
    let file = format!("{name}.toml");
    let path = match () {
        () if names().iter().any(|n| n == name) => Path::new(&file).to_owned(),
        () if scripts().iter().any(|n| n == name) => Path::new(SCRIPTS).join(&file),
        () if sets().iter().any(|n| n == name) => Path::new(SETS).join(&file),
        () => return Err(WorkloadError::Unknown { name: name.into(), available: [names(), scripts(), sets()].concat() }),
    };
    Workload::load(Files::Embedded(&WORKLOADS), &path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_workload_of_its_name() {
        let names = names();
        assert!(names.len() >= 6, "{names:?}");
        assert!(scripts().len() >= 14 && scripts().iter().all(|script| !names.contains(script)), "{:?}", scripts());
        assert!(sets().len() >= 2 && sets().iter().all(|set| !names.contains(set)), "{:?}", sets());
        for name in [names, scripts(), sets()].concat() {
            assert_eq!(shipped(&name).unwrap().name, name);
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let message = shipped("nope").unwrap_err().to_string();
        assert!(message.contains("no workload `nope`; there are "), "{message}");
    }
}
