//! Compiled WebAssembly that is kept in a directory, so that a start does not have to compile it again.
//!
//! Machine code is run without a look at what it does, so what is kept must be what this crate put there: the directory is the user's own and
//! nobody else's, and so is each file. A file says what it was made of and with, and what of that is not as it should be makes the file
//! worthless, not the run: the module is compiled again, and [`Looked`] says why.

use std::fs::{File, Metadata};
use std::hash::{BuildHasher, Hash};
use std::io::Write;
use std::path::{Path, PathBuf};

use foldhash::quality::FixedState;
use wasmtime::{Engine, Module};

/// What files begin with, since wasmtime's code does: so they can be mapped.
const ELF: &[u8; 4] = b"\x7fELF";

/// What the end of a file begins with; the last byte is the version of its form.
const MAGIC: &[u8; 8] = b"quintet\x03";

/// Bytes of the end, after code, note and source: the magic, what the module was compiled with, the lengths of the three, and the checksum of the
/// first two.
const END: usize = 8 + 8 + 8 + 8 + 8 + 4;

/// A directory of compiled modules.
#[derive(Clone, Debug)]
pub struct Cache {
    directory: PathBuf,
}

/// What came of looking for a module in a cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Looked {
    /// There is no cache.
    Nowhere,
    /// The module was there.
    Found,
    /// It was not there, was compiled and is kept now.
    New,
    /// What was there is of no use, for this reason. It was compiled and is kept now.
    Replaced(String),
    /// It was compiled, but cannot be kept, for this reason.
    NotKept(String),
}

/// Why a directory cannot be a cache.
#[derive(Debug, thiserror::Error)]
#[error("{}: {message}", directory.display())]
pub struct CacheError {
    directory: PathBuf,
    message: String,
}

/// What a module is compiled with, as a hash.
pub struct Settings {
    /// What it is, which is part of the file's name: what is of another kind is no mismatch.
    kind: &'static str,
    hash: u64,
}

/// What an engine compiles with, as a hash; it takes some microseconds to make.
#[derive(Clone, Copy, Debug)]
pub struct EngineHash(u64);

/// A hash that is the same in every run. Nobody gains by two things that have the same: what files are of is compared, and who can write one can do
/// worse.
fn hash(what: impl Hash) -> u64 {
    FixedState::default().hash_one(what)
}

impl EngineHash {
    /// The hash of an engine.
    pub fn of(engine: &Engine) -> EngineHash {
        EngineHash(hash((env!("CARGO_PKG_VERSION"), engine.precompile_compatibility_hash())))
    }
}

impl Settings {
    /// The settings of an engine, and what else makes a difference, for what is of a kind: letters that may be in a file's name.
    pub fn new(kind: &'static str, engine: EngineHash, more: &impl Hash) -> Settings {
        Settings { kind, hash: hash((engine.0, more)) }
    }
}

impl Cache {
    /// The cache in a directory, which is made where it is not there.
    ///
    /// # Errors
    /// It cannot be made, is none, is another user's, or is open to others.
    pub fn open(directory: &Path) -> Result<Cache, CacheError> {
        let error = |message: String| CacheError { directory: directory.into(), message };
        make(directory).map_err(|e| error(format!("the cache cannot be made: {e}")))?;
        let metadata = std::fs::symlink_metadata(directory).map_err(|e| error(e.to_string()))?;
        if !metadata.is_dir() {
            return Err(error("the cache is no directory".into()));
        }
        private(&metadata, 0o077).map_err(|what| error(format!("the cache {what}; machine code from there would be run")))?;
        Ok(Cache { directory: directory.into() })
    }

    /// The directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The file of a module. One whose source has the same hash takes its place.
    fn path(&self, source: &[u8], kind: &str) -> PathBuf {
        self.directory.join(format!("{:016x}.{kind}", hash(source)))
    }

    /// The module that was made of `source` with these settings before, and the note that was kept with it; or else what `make` makes, which is
    /// kept.
    ///
    /// # Errors
    /// Those of `make`.
    pub fn module<E>(
        &self,
        source: &[u8],
        settings: &Settings,
        engine: &Engine,
        make: impl FnOnce() -> Result<(Module, Vec<u8>), E>,
    ) -> Result<(Module, Vec<u8>, Looked), E> {
        let path = self.path(source, settings.kind);
        let looked = match open(&path) {
            Ok(file) => match read(file, source, settings, engine) {
                Ok((module, note)) => return Ok((module, note, Looked::Found)),
                Err(why) => Looked::Replaced(why),
            },
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Looked::New,
            Err(e) => Looked::Replaced(format!("it cannot be opened: {e}")),
        };
        let (module, note) = make()?;
        let looked = match self.keep(&path, &module, |code| pack(source, settings, &note, code)) {
            Ok(()) => looked,
            Err(why) => Looked::NotKept(why),
        };
        Ok((module, note, looked))
    }

    /// Writes a file whole or not at all, and never through a link.
    fn keep(&self, path: &Path, module: &Module, pack: impl FnOnce(&[u8]) -> Vec<u8>) -> Result<(), String> {
        let code = module.serialize().map_err(|e| format!("{e:#}"))?;
        let mut file = tempfile::Builder::new().prefix(".quintet-").tempfile_in(&self.directory).map_err(|e| e.to_string())?;
        file.write_all(&pack(&code)).map_err(|e| e.to_string())?;
        file.persist(path).map(drop).map_err(|e| e.to_string())
    }
}

fn pack(source: &[u8], settings: &Settings, note: &[u8], code: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(code.len() + note.len() + source.len() + END);
    bytes.extend_from_slice(code);
    bytes.extend_from_slice(note);
    let sum = crc32fast::hash(&bytes);
    bytes.extend_from_slice(source);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&settings.hash.to_le_bytes());
    for part in [code, note, source] {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
    }
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}

/// The module that is kept in a file, which is mapped and not copied, and its note; what is wrong with it is said in words.
fn read(file: File, source: &[u8], settings: &Settings, engine: &Engine) -> Result<(Module, Vec<u8>), String> {
    let metadata = file.metadata().map_err(|e| e.to_string())?;
    if !metadata.is_file() {
        return Err("it is no file".into());
    }
    private(&metadata, 0o022)?;
    if metadata.len() < END as u64 {
        return Err("it is cut off".into());
    }
    // SAFETY: the file is the user's own and nobody else's to write, in a directory that nobody else can write to, and this crate puts files into the place
    // of others and never writes to them.
    let bytes = unsafe { memmap2::MmapOptions::new().populate().map(&file) }.map_err(|e| e.to_string())?;
    if !bytes.starts_with(ELF) {
        return Err("it is none of ours".into());
    }
    let (kept, end) = bytes.split_at_checked(bytes.len() - END).filter(|(_, end)| end.starts_with(MAGIC)).ok_or("it is cut off")?;
    let word = |at: usize| end[at..at + 8].try_into().map_or(u64::MAX, u64::from_le_bytes);
    let [code, note, of] = [word(16), word(24), word(32)].map(|length| usize::try_from(length).unwrap_or(usize::MAX));
    if code.checked_add(note).and_then(|both| both.checked_add(of)) != Some(kept.len()) {
        return Err("it is cut off".into());
    }
    let (made, of) = kept.split_at(code + note);
    if of != source {
        return Err("it is of another module".into());
    }
    if word(8) != settings.hash {
        return Err("it was compiled by another version or with other settings".into());
    }
    if end[40..] != crc32fast::hash(made).to_le_bytes() {
        return Err("it is damaged".into());
    }
    let note = made[code..].to_vec();
    drop(bytes);
    // SAFETY: as above, and the file is whole and says that this crate, with this engine's settings, made it: it begins with what
    // `Module::serialize` gave, and what follows that is no part of what is read of it.
    let module = unsafe { Module::deserialize_open_file(engine, file) }.map_err(|e| format!("{e:#}"))?;
    Ok((module, note))
}

#[cfg(unix)]
fn make(directory: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

#[cfg(not(unix))]
fn make(directory: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(directory)
}

#[cfg(unix)]
fn open(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> std::io::Result<File> {
    File::open(path)
}

/// Whether something is the user's own, and nobody else has one of these permissions.
#[cfg(unix)]
fn private(metadata: &Metadata, permissions: u32) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt;
    // SAFETY: it only answers a number, and cannot fail.
    if metadata.uid() != unsafe { libc::geteuid() } {
        return Err("is another user's".into());
    }
    if metadata.mode() & permissions != 0 {
        return Err(format!("is open to others (its permissions are {:o})", metadata.mode() & 0o777));
    }
    Ok(())
}

#[cfg(not(unix))]
fn private(_: &Metadata, _: u32) -> Result<(), String> {
    Ok(())
}
