//! Reading an input batch by batch.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use quintet_lang::Scheme;
use quintet_runtime::{ArenaKind, Batch, BatchBuilder};

use crate::error::InputError;
use crate::format::{Format, decompress};
use crate::http::HttpLines;
use crate::json::TypedLines;
use crate::packets::Packets;
use crate::stats::Stats;
use crate::window::Window;

/// How batches are made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReaderOptions {
    /// Records per batch at most.
    pub batch_records: usize,
    /// Bytes of a batch after which no further record is begun, so that memory stays bounded whatever records refer to.
    pub batch_bytes: usize,
    /// The memory behind batches.
    pub arena: ArenaKind,
    /// The scheme before projection, so that keys of JSON lines whose field was projected away do not count as unknown.
    pub declared: Option<Scheme>,
}

impl Default for ReaderOptions {
    fn default() -> ReaderOptions {
        ReaderOptions { batch_records: 1024, batch_bytes: 64 << 20, arena: ArenaKind::Plain, declared: None }
    }
}

impl ReaderOptions {
    /// With this many records per batch, at least one.
    pub fn batch_records(mut self, records: usize) -> ReaderOptions {
        self.batch_records = records.max(1);
        self
    }

    /// With this memory behind batches.
    pub fn arena(mut self, kind: ArenaKind) -> ReaderOptions {
        self.arena = kind;
        self
    }

    /// With the scheme before projection; see [`ReaderOptions::declared`].
    pub fn declared(mut self, scheme: &Scheme) -> ReaderOptions {
        self.declared = Some(scheme.clone());
        self
    }
}

/// Reads one input.
pub struct Reader {
    source: Source,
    scheme: Scheme,
    options: ReaderOptions,
    stats: Stats,
    numbers: Vec<u64>,
    done: bool,
}

enum Source {
    Packets(Box<Packets>),
    Http(Box<HttpLines>),
    Json(Box<TypedLines>),
}

impl Reader {
    /// Reads a file.
    ///
    /// # Errors
    /// When the file cannot be opened or is not of the format, or the scheme does not fit the format.
    pub fn open(path: impl AsRef<Path>, format: Format, scheme: &Scheme, options: &ReaderOptions) -> Result<Reader, InputError> {
        Reader::new(File::open(path)?, format, scheme, options)
    }

    /// Reads a stream.
    ///
    /// # Errors
    /// When the stream is not of the format, or the scheme does not fit the format.
    pub fn new(source: impl Read + Send + 'static, format: Format, scheme: &Scheme, options: &ReaderOptions) -> Result<Reader, InputError> {
        let window = Window::new(decompress(Box::new(source))?);
        let source = match format {
            Format::Packets => Source::Packets(Box::new(Packets::new(window, scheme)?)),
            Format::Http => Source::Http(Box::new(HttpLines::new(window, scheme)?)),
            Format::JsonLines => Source::Json(Box::new(TypedLines::new(window, scheme, options.declared.as_ref().unwrap_or(scheme)))),
        };
        Ok(Reader { source, scheme: scheme.clone(), options: options.clone(), stats: Stats::default(), numbers: Vec::new(), done: false })
    }

    /// The next records, or none at the end of the input. Give back a batch that is no longer needed, and its memory is used again.
    ///
    /// # Errors
    /// When reading fails, or there is no memory for a batch. Malformed input is no error; see [`Stats`].
    pub fn next_batch(&mut self, reuse: Option<Batch>) -> Result<Option<Batch>, InputError> {
        self.numbers.clear();
        if self.done {
            return Ok(None);
        }
        let mut builder = match reuse {
            Some(batch) if batch.scheme().same(&self.scheme) => BatchBuilder::reuse(batch)?,
            _ => BatchBuilder::new(&self.scheme, self.options.batch_records.max(1), self.options.arena)?,
        };
        while !builder.is_full() && (builder.is_empty() || builder.bytes() < self.options.batch_bytes) {
            let number = match &mut self.source {
                Source::Packets(packets) => packets.next(&mut builder, &mut self.stats)?,
                Source::Http(lines) => lines.next(&mut builder, &mut self.stats)?,
                Source::Json(lines) => lines.next(&mut builder, &mut self.stats)?,
            };
            match number {
                Some(number) => {
                    self.numbers.push(number);
                    self.stats.records += 1;
                }
                None => {
                    self.done = true;
                    break;
                }
            }
        }
        Ok((!builder.is_empty()).then(|| builder.build()))
    }

    /// The numbers, from 1, of the last batch's records in the input: of frames, or of lines.
    pub fn batch_numbers(&self) -> &[u64] {
        &self.numbers
    }

    /// What was seen so far.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// The scheme of the records.
    pub fn scheme(&self) -> &Scheme {
        &self.scheme
    }
}
