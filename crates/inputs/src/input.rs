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
    /// The file that it is, of which any part can be read.
    #[cfg(feature = "tables")]
    file: Option<File>,
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
        let input = if kind.is_file() { Input::new(file.try_clone()?)?.of(file) } else { Input::live(file)? };
        Ok(input.named(path))
    }

    /// Told that it is this file, of which any part can be read: what a table in it does not need then is not read.
    pub fn of(self, file: File) -> Input {
        #[cfg(feature = "tables")]
        let input = Input { file: Some(file), ..self };
        #[cfg(not(feature = "tables"))]
        let (input, _) = (self, file);
        input
    }

    /// What the table is that the input holds, of which the beginning is read.
    #[cfg(feature = "tables")]
    fn table(self) -> Result<crate::tables::Table, InputError> {
        let Input { window, name, file, .. } = self;
        crate::tables::Table::new(window, &name, file)
    }

    /// The scheme of the columns of a table, with these functions and lists of Int, Ip and Bytes. Columns of a Parquet file have types; those of
    /// CSV have the type that all cells of the first rows have: Int, Float, Bool or Ip, or else Bytes.
    ///
    /// # Errors
    /// When the input is no table or cannot be read.
    #[cfg(feature = "tables")]
    pub fn columns(
        &mut self,
        functions: impl IntoIterator<Item = quintet_lang::signature::Signature>,
    ) -> Result<quintet_arrow::Derived, InputError> {
        let schema = crate::tables::columns(&mut self.window, &self.name, self.file.as_ref())?;
        crate::tables::scheme(&schema, functions)
    }

    /// A stream that is at hand, or of which every part is worth waiting for.
    ///
    /// # Errors
    /// When its beginning cannot be read.
    pub fn new(source: impl Read + Send + 'static) -> io::Result<Input> {
        Ok(Input {
            window: Window::new(decompress(Box::new(source))?),
            name: PathBuf::new(),
            live: None,
            #[cfg(feature = "tables")]
            file: None,
        })
    }

    /// A stream that goes on while it is read. Records wait no longer than [`ReaderOptions::patience`] for a batch to be full. A thread
    /// reads the stream; it ends with the stream, or at the first read after the reader was dropped.
    ///
    /// # Errors
    /// When there can be no thread.
    pub fn live(source: impl Read + Send + 'static) -> io::Result<Input> {
        let (source, deadline) = live(Box::new(source))?;
        Ok(Input {
            window: Window::new(source),
            name: PathBuf::new(),
            live: Some(deadline),
            #[cfg(feature = "tables")]
            file: None,
        })
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
        Reader::of(self, format, scheme, options)
    }

    /// Cuts it into pieces, of which a [`Decoder`](crate::Decoder) for the same format and options makes records.
    ///
    /// # Errors
    /// When the content is not of the format.
    pub fn pieces(self, format: Format, options: &ReaderOptions) -> Result<Pieces, InputError> {
        #[cfg(feature = "tables")]
        if format == Format::Table {
            return Ok(Pieces::of_table(self.table()?.rows(options)?, options));
        }
        Pieces::new(self.window, self.live, format, options)
    }
}
