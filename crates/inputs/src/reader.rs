//! Reading an input batch by batch.

use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::{Duration, Instant};

use quintet_lang::Scheme;
use quintet_runtime::{ArenaKind, Batch, BatchBuilder};

use crate::error::InputError;
use crate::format::Format;
use crate::gzip::Trailing;
use crate::http::HttpLines;
use crate::input::Input;
use crate::json::TypedLines;
use crate::limits::ReaderLimits;
use crate::live::Deadline;
use crate::next::Next;
use crate::originals::Originals;
use crate::packets::Packets;
use crate::stats::{self, Stats};
use crate::window::Window;

/// The largest [`ReaderOptions::batch_bytes`] that counts: with any one record after it a batch still fits an arena.
const BATCH_BYTES: usize = 1 << 30;

/// How batches are made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReaderOptions {
    /// Records per batch at most.
    pub batch_records: usize,
    /// Bytes of a batch after which no further record is begun, so that memory stays bounded whatever records refer to; at most 1 GiB.
    pub batch_bytes: usize,
    /// The memory behind batches.
    pub arena: ArenaKind,
    /// The scheme before projection, which says what JSON lines are records and which of their keys are known
    /// [default: [`Scheme::whole`] of the scheme that is read].
    pub declared: Option<Scheme>,
    /// Whether records are kept as they stand in the input; see [`Reader::originals`].
    pub originals: bool,
    /// How long the first record of a batch waits for others, where the input is [live](Input::live).
    pub patience: Duration,
    /// What one record may take.
    pub limits: ReaderLimits,
}

impl Default for ReaderOptions {
    fn default() -> ReaderOptions {
        ReaderOptions {
            batch_records: 1024,
            batch_bytes: 64 << 20,
            arena: ArenaKind::Plain,
            declared: None,
            originals: false,
            patience: Duration::from_millis(250),
            limits: ReaderLimits::default(),
        }
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

    /// With records kept as they stand in the input.
    pub fn originals(mut self, keep: bool) -> ReaderOptions {
        self.originals = keep;
        self
    }

    /// With this patience.
    pub fn patience(mut self, patience: Duration) -> ReaderOptions {
        self.patience = patience;
        self
    }

    /// With these limits.
    pub fn limits(mut self, limits: ReaderLimits) -> ReaderOptions {
        self.limits = limits;
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
    originals: Originals,
    live: Option<Deadline>,
    done: bool,
}

enum Source {
    Packets(Box<Packets>),
    Http(Box<HttpLines>),
    Json(Box<TypedLines>),
}

impl Reader {
    /// Reads a file, as [`Input::open`] opens it.
    ///
    /// # Errors
    /// When the file cannot be opened or is not of the format, or the scheme does not fit the format.
    pub fn open(path: impl AsRef<Path>, format: Format, scheme: &Scheme, options: &ReaderOptions) -> Result<Reader, InputError> {
        Input::open(path)?.reader(format, scheme, options)
    }

    /// Reads a stream, as [`Input::new`] takes it.
    ///
    /// # Errors
    /// When the stream is not of the format, or the scheme does not fit the format.
    pub fn new(source: impl Read + Send + 'static, format: Format, scheme: &Scheme, options: &ReaderOptions) -> Result<Reader, InputError> {
        Input::new(source)?.reader(format, scheme, options)
    }

    pub(crate) fn of(
        window: Window,
        live: Option<Deadline>,
        format: Format,
        scheme: &Scheme,
        options: &ReaderOptions,
    ) -> Result<Reader, InputError> {
        let whole = options.declared.as_ref().unwrap_or(scheme.whole());
        let mut source = match format {
            Format::Packets => Source::Packets(Box::new(Packets::new(window, scheme)?)),
            Format::Http => Source::Http(Box::new(HttpLines::new(window, scheme, &options.limits)?)),
            Format::JsonLines => Source::Json(Box::new(TypedLines::new(window, scheme, whole, &options.limits))),
        };
        if options.originals {
            source.keep();
        }
        let (stats, numbers, originals) = (Stats::default(), Vec::new(), Originals::default());
        Ok(Reader { source, scheme: scheme.clone(), options: options.clone(), stats, numbers, originals, live, done: false })
    }

    /// The next records, or none at the end of the input. Give back a batch that is no longer needed, and its memory is used again.
    ///
    /// # Errors
    /// When reading fails, or there is no memory for a batch. Malformed input is no error; see [`Stats`].
    pub fn next_batch(&mut self, reuse: Option<Batch>) -> Result<Option<Batch>, InputError> {
        self.numbers.clear();
        self.originals.clear();
        if self.done {
            return Ok(None);
        }
        let mut builder = match reuse {
            Some(batch) if batch.scheme().same(&self.scheme) => BatchBuilder::reuse(batch)?,
            _ => BatchBuilder::new(&self.scheme, self.options.batch_records.max(1), self.options.arena)?,
        };
        let most = self.options.batch_bytes.min(BATCH_BYTES);
        while !builder.is_full() && (builder.is_empty() || builder.bytes().max(self.originals.bytes()) < most) {
            match self.source.next(&mut builder, &mut self.stats) {
                Ok(Next::Record(number)) => {
                    if let (Some(deadline), true) = (&self.live, self.numbers.is_empty()) {
                        deadline.set(Some(Instant::now() + self.options.patience));
                    }
                    self.numbers.push(number);
                    if self.options.originals {
                        self.source.original(&mut self.originals);
                    }
                    self.stats.records += 1;
                }
                Ok(Next::Full) => break,
                Ok(Next::End) => {
                    self.done = true;
                    match self.source.window().trailing() {
                        Some(Trailing::Zeros) => self.stats.skipped(stats::ZERO_PADDING),
                        Some(Trailing::Junk) => self.stats.skipped("bytes after the end of the compressed data that are not gzip"),
                        None => {}
                    }
                    break;
                }
                // The input pauses.
                Err(InputError::Io(e)) if self.live.is_some() && e.kind() == ErrorKind::TimedOut => break,
                Err(e) => return Err(e),
            }
        }
        if let Some(deadline) = &self.live {
            deadline.set(None);
        }
        Ok((!builder.is_empty()).then(|| builder.build()))
    }

    /// Whether the input may go on while it is read, so that what was found is worth showing at once.
    pub fn is_live(&self) -> bool {
        self.live.is_some()
    }

    /// The numbers, from 1, of the last batch's records in the input: of frames, or of lines.
    pub fn batch_numbers(&self) -> &[u64] {
        &self.numbers
    }

    /// The last batch's records as they stand in the input, if [`ReaderOptions::originals`] asks for them.
    pub fn originals(&self) -> &Originals {
        &self.originals
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

impl Source {
    fn next(&mut self, builder: &mut BatchBuilder, stats: &mut Stats) -> Result<Next, InputError> {
        match self {
            Source::Packets(packets) => Ok(packets.next(builder, stats)?.map_or(Next::End, Next::Record)),
            Source::Http(lines) => lines.next(builder, stats),
            Source::Json(lines) => lines.next(builder, stats),
        }
    }

    /// Has frames be kept; lines are at hand.
    fn keep(&mut self) {
        if let Source::Packets(packets) = self {
            packets.keep();
        }
    }

    /// Adds the last record as it stands in the input.
    fn original(&mut self, to: &mut Originals) {
        let line = |bytes: &mut Vec<u8>, line: &[u8]| {
            let start = bytes.len();
            bytes.extend_from_slice(line);
            start
        };
        match self {
            Source::Packets(packets) => to.push(|bytes| packets.original(bytes)),
            Source::Http(lines) => to.push(|bytes| line(bytes, lines.original())),
            Source::Json(lines) => to.push(|bytes| line(bytes, lines.original())),
        }
    }

    fn window(&self) -> &Window {
        match self {
            Source::Packets(packets) => packets.window(),
            Source::Http(lines) => lines.window(),
            Source::Json(lines) => lines.window(),
        }
    }
}
