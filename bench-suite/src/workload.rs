//! Workloads as data.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use include_dir::Dir;
use quintet::{Limits, ListText};
use quintet_results::Cited;
use serde::{Deserialize, Serialize};

/// A workload: what is run on what.
#[derive(Clone, Debug, Default)]
pub struct Workload {
    /// Its name, of letters, digits, `-` and `_`.
    pub name: String,
    /// What it stands for, in a sentence or two.
    pub about: String,
    /// The rules' source.
    pub rules: String,
    /// Where the rules' source is from, for messages.
    pub rules_path: PathBuf,
    /// What the records are read from.
    pub input: Arc<[u8]>,
    /// Where that is from, for messages.
    pub input_path: PathBuf,
    /// The form of the input: `pcap`, `http` or `jsonl`; found out where absent.
    pub format: Option<String>,
    /// A scheme's TOML text, for `jsonl`; in a workload's file, the path of one or the name of a ready-made scheme.
    pub scheme: Option<String>,
    /// How many records each rule matches, by rule name, as far as the workload says.
    pub expected: BTreeMap<String, usize>,
    /// The lists that the rules name.
    pub lists: Vec<ListText>,
    /// The modules whose functions and fields the rules use.
    pub modules: ModuleFiles,
    /// The limits that its rules are held to.
    pub limits: Limits,
    /// Figures of other engines on these rules and records that a run shows beside its own.
    pub cited: Vec<Cited>,
    /// The ids of other engines that take no part, and why.
    pub without: Vec<(String, String)>,
}

/// Modules, and what else is said of them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ModuleFiles {
    /// Their files and the bytes of these.
    pub files: Vec<(PathBuf, Vec<u8>)>,
    /// The records that parsers are for, by a rule; what a module says of the others holds.
    pub parse_on: Vec<(String, String)>,
}

/// Where a workload's files are.
#[derive(Clone, Copy, Debug)]
pub enum Files {
    /// In the file system.
    Disk,
    /// In a folder that is part of the program.
    Embedded(&'static Dir<'static>),
}

/// Why a workload cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkloadError {
    /// A file cannot be read.
    #[error("{path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The TOML is wrong.
    #[error("{path}: {message}")]
    Text {
        /// The file.
        path: PathBuf,
        /// The cause, with its place.
        message: String,
    },
    /// There is no shipped workload of this name.
    #[error("no workload `{name}`; there are {}; or give the path of a workload's TOML file", available.join(", "))]
    Unknown {
        /// The name.
        name: String,
        /// The names that there are.
        available: Vec<String>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    name: String,
    about: String,
    rules: PathBuf,
    input: PathBuf,
    format: Option<String>,
    scheme: Option<PathBuf>,
    #[serde(default)]
    expected: BTreeMap<String, usize>,
    #[serde(default)]
    lists: BTreeMap<String, PathBuf>,
    #[serde(default)]
    cited: Vec<PathBuf>,
}

impl Files {
    /// The bytes of a file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(self, path: &Path) -> Result<Vec<u8>, WorkloadError> {
        let failed = |source| WorkloadError::Read { path: path.to_owned(), source };
        match self {
            Files::Disk => std::fs::read(path).map_err(failed),
            Files::Embedded(dir) => match dir.get_file(path) {
                Some(file) => Ok(file.contents().to_vec()),
                None => Err(failed(std::io::ErrorKind::NotFound.into())),
            },
        }
    }

    fn read_text(self, path: &Path) -> Result<String, WorkloadError> {
        let bytes = self.read(path)?;
        let text =
            String::from_utf8(bytes).map_err(|e| WorkloadError::Text { path: path.to_owned(), message: format!("not UTF-8: {e}") })?;
        Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
    }
}

/// `path` without `.` and `folder/..`, so that it can be looked up where nothing resolves them.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(plain.components().next_back(), Some(Component::Normal(_))) => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

/// The text of the ready-made scheme of this name.
fn ready_made(name: &Path) -> Option<String> {
    let (builder, _) = quintet_inputs::schemes::named(name.to_str()?)?;
    Some(builder.functions(quintet_lang::stdlib::signatures()).build().ok()?.to_toml())
}

impl Workload {
    /// Loads the workload of a TOML file; the files that it names are relative to its folder.
    ///
    /// # Errors
    /// See [`WorkloadError`].
    pub fn load(files: Files, path: &Path) -> Result<Workload, WorkloadError> {
        let wrong = |message: String| WorkloadError::Text { path: path.to_owned(), message };
        let text: Text = toml::from_str(&files.read_text(path)?).map_err(|e| wrong(e.to_string()))?;
        let well_named = !text.name.is_empty() && text.name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if !well_named {
            return Err(wrong(format!("`name` is \"{}\"; it may hold letters, digits, `-` and `_`", text.name)));
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        let beside = |p: &Path| plain(&folder.join(p));
        let (rules_path, input_path) = (beside(&text.rules), beside(&text.input));
        let list = |(spec, path): (&String, &PathBuf)| {
            let path = beside(path);
            ListText::new(spec, &path, files.read(&path)?).map_err(|e| wrong(e.to_string()))
        };
        let lists = text.lists.iter().map(list).collect::<Result<_, _>>()?;
        let cited = |path: &PathBuf| {
            let path = beside(path);
            let figures: Cited =
                toml::from_str(&files.read_text(&path)?).map_err(|e| WorkloadError::Text { path: path.clone(), message: e.to_string() })?;
            Ok::<_, WorkloadError>(figures)
        };
        let cited = text.cited.iter().map(cited).collect::<Result<_, _>>()?;
        Ok(Workload {
            name: text.name,
            about: text.about,
            rules: files.read_text(&rules_path)?,
            rules_path,
            input: files.read(&input_path)?.into(),
            input_path,
            format: text.format,
            scheme: text.scheme.map(|p| ready_made(&p).map_or_else(|| files.read_text(&beside(&p)), Ok)).transpose()?,
            expected: text.expected,
            lists,
            modules: ModuleFiles::default(),
            limits: Limits::default(),
            cited,
            without: Vec::new(),
        })
    }
}
