//! Inputs, opened once.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use quintet_lang::Scheme;

use crate::error::InputError;
use crate::format::{Format, Start};
use crate::gzip::decompress;
use crate::live::{Deadline, live};
use crate::piece::Pieces;
use crate::reader::{Reader, ReaderOptions};
use crate::window::Window;

/// An input that is open: a file, a pipe, or any stream. What its format is found out from is read on with, so that nothing of a stream
/// that comes only once is lost.
pub struct Input {
    window: Window,
    /// What the name says of the format where the content does not.
    name: PathBuf,
    live: Option<Deadline>,
}

impl Input {
    /// Opens a file. What is no ordinary file, such as a named pipe, is [live](Input::live).
    ///
    /// # Errors
    /// When it cannot be opened or read.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Input> {
        let path = path.as_ref();
        Input::of_file(File::open(path)?, path)
    }

    /// Standard input, which is [live](Input::live) unless it is an ordinary file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn stdin() -> io::Result<Input> {
        #[cfg(unix)]
        {
            use std::os::fd::AsFd;
            let file = File::from(io::stdin().as_fd().try_clone_to_owned()?);
            Input::of_file(file, Path::new(""))
        }
        #[cfg(not(unix))]
        Input::live(io::stdin())
    }

    fn of_file(file: File, path: &Path) -> io::Result<Input> {
        let kind = file.metadata()?;
        if kind.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let input = if kind.is_file() { Input::new(file)? } else { Input::live(file)? };
        Ok(input.named(path))
    }

    /// A stream that is at hand, or of which every part is worth waiting for.
    ///
    /// # Errors
    /// When its beginning cannot be read.
    pub fn new(source: impl Read + Send + 'static) -> io::Result<Input> {
        Ok(Input { window: Window::new(decompress(Box::new(source))?), name: PathBuf::new(), live: None })
    }

    /// A stream that goes on while it is read. Records wait no longer than [`ReaderOptions::patience`] for a batch to be full. A thread
    /// reads the stream; it ends with the stream, or at the first read after the reader was dropped.
    ///
    /// # Errors
    /// When there can be no thread.
    pub fn live(source: impl Read + Send + 'static) -> io::Result<Input> {
        let (source, deadline) = live(Box::new(source))?;
        Ok(Input { window: Window::new(source), name: PathBuf::new(), live: Some(deadline) })
    }

    /// With a name, of which the extension says what the content does not.
    pub fn named(mut self, name: impl Into<PathBuf>) -> Input {
        self.name = name.into();
        self
    }

    /// Whether the input may go on while it is read.
    pub fn is_live(&self) -> bool {
        self.live.is_some()
    }

    /// The format, as [`Format::detect`] finds it out. Waits until enough has arrived to tell.
    ///
    /// # Errors
    /// When reading fails.
    pub fn format(&mut self) -> io::Result<Option<Format>> {
        let mut ended = false;
        loop {
            match Format::start(&self.name, self.window.data(), ended) {
                Start::Is(format) => return Ok(format),
                Start::Goes => ended = !self.window.fill(self.window.data().len() + 1)?,
            }
        }
    }

    /// Reads it.
    ///
    /// # Errors
    /// When the content is not of the format, or the scheme does not fit the format.
    pub fn reader(self, format: Format, scheme: &Scheme, options: &ReaderOptions) -> Result<Reader, InputError> {
        Reader::of(self.window, self.live, format, scheme, options)
    }

    /// Cuts it into pieces, of which a [`Decoder`](crate::Decoder) for the same format and options makes records.
    ///
    /// # Errors
    /// When the content is not of the format.
    pub fn pieces(self, format: Format, options: &ReaderOptions) -> Result<Pieces, InputError> {
        Pieces::new(self.window, self.live, format, options)
    }
}
