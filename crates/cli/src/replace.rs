//! Files that are written whole or not at all.

use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

/// A file that is written beside its place and moved there when it is whole, so that no reader ever sees half of it, two writers never mix,
/// and what could not be written leaves nothing behind. A file that is replaced keeps its permissions.
pub struct Replacement {
    file: NamedTempFile,
    path: PathBuf,
}

impl Replacement {
    /// Begins the file that will be at `path`.
    ///
    /// # Errors
    /// Its folder cannot be written.
    pub fn begin(path: &Path) -> std::io::Result<Replacement> {
        // Where the path is a link, what it leads to is replaced.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut beside = Builder::new();
        let permissions = std::fs::metadata(&path).map(|m| m.permissions());
        #[cfg(unix)]
        beside.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = beside.prefix(".quintet-").tempfile_in(folder)?;
        if let Ok(permissions) = permissions {
            file.as_file().set_permissions(permissions)?;
        }
        Ok(Replacement { file, path })
    }

    /// Moves the file to its place.
    ///
    /// # Errors
    /// It cannot be.
    pub fn finish(self) -> std::io::Result<()> {
        self.file.persist(&self.path).map(drop).map_err(|e| e.error)
    }
}

impl Write for Replacement {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// Writes a file as a [`Replacement`].
///
/// # Errors
/// The file, or its folder, cannot be written.
pub fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = Replacement::begin(path)?;
    file.write_all(text.as_bytes())?;
    file.finish()
}

/// Whether files can be written to a folder, which is made where it is not there.
///
/// # Errors
/// They cannot.
pub fn writable(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    Builder::new().prefix(".quintet-").tempfile_in(folder).map(drop)
}
