//! The inputs that a command line names, one after the other.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use quintet_inputs::{Format, Input};

use super::args::RunArgs;
use super::follow::{Follow, Stop};
use super::progress::Progress;
use crate::args::SchemeArgs;
use crate::failure::Failure;
use crate::source;

/// Names of files that are shown of those that are passed over.
const SHOWN: usize = 5;

/// How long an answer waits for others while a file is followed: with the time between two looks at it, less than a quarter of a second.
pub const PATIENCE: Duration = Duration::from_millis(100);

/// An input that is open.
pub struct Opened {
    pub path: PathBuf,
    pub input: Input,
    pub format: Format,
}

/// The inputs, opened when their turn comes.
pub struct Feed<'a> {
    scheme: &'a SchemeArgs,
    /// The files to come, and the directory that each was found in.
    files: VecDeque<(PathBuf, Option<PathBuf>)>,
    /// The format of all inputs, and which one says so.
    format: Option<(Format, Option<PathBuf>)>,
    several: bool,
    stop: Option<Stop>,
    passed: BTreeMap<(PathBuf, &'static str), Vec<String>>,
}

impl<'a> Feed<'a> {
    /// Finds the files.
    ///
    /// # Errors
    /// One is not there, or the flags ask for what cannot be.
    pub fn new(args: &'a RunArgs) -> Result<Feed<'a>, Failure> {
        let mut feed = Feed {
            scheme: &args.scheme,
            files: VecDeque::new(),
            format: source::format(&args.scheme).map(|format| (format, None)),
            several: args.input.len() > 1,
            stop: None,
            passed: BTreeMap::new(),
        };
        let mut standard = 0;
        for path in &args.input {
            source::apart(&args.rules, path)?;
            standard += usize::from(source::file(path) == Path::new("/dev/stdin"));
            if path.is_dir() {
                feed.several = true;
                feed.directory(path)?;
            } else {
                // What is not there is said before anything is read.
                if path.symlink_metadata().is_err() && source::file(path) == *path {
                    source::input(path)?;
                }
                feed.files.push_back((path.clone(), None));
            }
        }
        if standard > 1 {
            return Err(Failure::unusable("standard input comes only once; name it once"));
        }
        if args.follow {
            feed.follow()?;
        }
        Ok(feed)
    }

    /// Adds the files of a directory, in order of their names.
    fn directory(&mut self, path: &Path) -> Result<(), Failure> {
        let unreadable = |e: std::io::Error| Failure::unusable(format!("{}: {e}", path.display()));
        let mut entries = std::fs::read_dir(path).map_err(unreadable)?.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        let before = self.files.len();
        for entry in entries {
            let kind = std::fs::metadata(entry.path());
            if kind.as_ref().is_ok_and(std::fs::Metadata::is_file) {
                self.files.push_back((entry.path(), Some(path.to_owned())));
            } else {
                let why = if kind.is_ok_and(|k| k.is_dir()) { "folders" } else { "of what are no regular files" };
                self.pass(path, why, &entry.path());
            }
        }
        if self.files.len() == before {
            return Err(Failure::unusable(format!("{}: there is no file in this directory", path.display())));
        }
        Ok(())
    }

    /// Has the one file be read as it grows.
    fn follow(&mut self) -> Result<(), Failure> {
        let [(path, None)] = &*self.files.make_contiguous() else {
            return Err(Failure::unusable("--follow takes one input, which is a file"));
        };
        if source::file(path) == Path::new("/dev/stdin") || path.metadata().is_ok_and(|m| !m.is_file()) {
            return Err(Failure::unusable("--follow is for files; a pipe is read as it goes on without it"));
        }
        self.stop = Some(Stop::on_signals().map_err(|e| Failure::unusable(format!("cannot wait for signals: {e}")))?);
        Ok(())
    }

    /// Whether answers must say which input they are of.
    pub fn several(&self) -> bool {
        self.several
    }

    /// The bytes of all files, if all of them are files that end.
    pub fn bytes(&self) -> Option<u64> {
        let size = |path: &Path| path.metadata().ok().filter(|m| m.is_file() && self.stop.is_none()).map(|m| m.len());
        self.files.iter().map(|(path, _)| size(path)).sum()
    }

    /// Whether a file is one of the inputs.
    pub fn has(&self, path: &Path) -> bool {
        let Ok(path) = path.canonicalize() else { return false };
        self.files.iter().any(|(file, _)| file.canonicalize().is_ok_and(|file| file == path))
    }

    /// Opens the next input of the format that all have.
    ///
    /// # Errors
    /// It cannot be opened or read, or its format is another or cannot be found out.
    pub fn next(&mut self, progress: &Progress) -> Result<Option<Opened>, Failure> {
        while let Some((path, directory)) = self.files.pop_front() {
            let mut input = self.open(&path, progress)?;
            let unreadable = |e: &dyn std::fmt::Display| Failure::unusable(format!("{}: {e}", source::shown(&path)));
            if let Some(directory) = directory {
                let found = input.format().map_err(|e| unreadable(&e))?;
                self.may_be_table(found, &path);
                match (found, &self.format) {
                    (None, _) => {
                        self.pass(&directory, "of unknown format", &path);
                        continue;
                    }
                    (Some(found), Some((format, _))) if !alike(found, *format) => {
                        self.pass(&directory, if *format == Format::Packets { "that are no captures" } else { "of another format" }, &path);
                        continue;
                    }
                    (Some(found), None) => self.format = Some((found, Some(path.clone()))),
                    (Some(_), Some(_)) => {}
                }
            } else {
                let found = source::format_of(self.scheme, &mut input, &path)?;
                self.may_be_table(Some(found), &path);
                if let Some((format, Some(first))) = &self.format
                    && !alike(found, *format)
                {
                    let why = format!("is of format {found}, and {} of format {format}; run them apart", first.display());
                    return Err(unreadable(&why));
                }
                self.format.get_or_insert((found, Some(path.clone())));
            }
            if let Some((format, _)) = self.format {
                return Ok(Some(Opened { path, input, format }));
            }
        }
        Ok(None)
    }

    /// Where a scheme alone says what the format is, a table is what it is all the same.
    fn may_be_table(&mut self, found: Option<Format>, path: &Path) {
        #[cfg(feature = "tables")]
        if let (Some(Format::Table), Some((_, None)), None) = (found, &self.format, self.scheme.format) {
            self.format = Some((Format::Table, Some(path.to_owned())));
        }
        let _ = (found, path);
    }

    fn open(&self, path: &Path, progress: &Progress) -> Result<Input, Failure> {
        if source::file(path) == Path::new("/dev/stdin") || !path.metadata().is_ok_and(|m| m.is_file()) {
            return source::input(path);
        }
        let opened = File::open(path).and_then(|file| match &self.stop {
            Some(stop) => Input::live(Follow::new(file, stop.clone())),
            None => file.try_clone().and_then(|copy| Ok(Input::new(progress.reading(file))?.of(copy))),
        });
        opened.map(|input| input.named(path)).map_err(|e| Failure::unusable(format!("{}: {e}", source::shown(path))))
    }

    fn pass(&mut self, directory: &Path, why: &'static str, path: &Path) {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        self.passed.entry((directory.to_owned(), why)).or_default().push(name);
    }

    /// Prints what of directories was passed over. Answers whether there was something.
    pub fn report(&self) -> bool {
        for ((directory, why), names) in &self.passed {
            let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
            let more = if names.len() > SHOWN { ", ..." } else { "" };
            eprintln!("quintet: {}: {} passed over {why}: {shown}{more}", directory.display(), names.len());
        }
        !self.passed.is_empty()
    }
}

/// Whether inputs of one format can be read as the other.
fn alike(a: Format, b: Format) -> bool {
    #[cfg(feature = "tables")]
    if (a == Format::Table) != (b == Format::Table) {
        return false;
    }
    (a == Format::Packets) == (b == Format::Packets)
}
