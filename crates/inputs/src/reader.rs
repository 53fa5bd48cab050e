//! Reading an input batch by batch.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use quintet_lang::{FieldId, Scheme};
use quintet_runtime::{ArenaKind, Batch};

use crate::decoder::Decoder;
use crate::error::InputError;
use crate::format::Format;
use crate::input::Input;
use crate::limits::ReaderLimits;
use crate::originals::Originals;
use crate::piece::{Piece, Pieces};
use crate::stats::Stats;

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
    /// The scheme that is read, so that of a table no other column is
    /// [default: all columns].
    pub projected: Option<Scheme>,
    /// Of fields that are maps, in the scheme that is read: the keys whose entries are read, so that requests have no others
    /// [default: all entries of all maps]. [`Program::looked_up`](quintet_lang::ast::Program::looked_up) has them of rules.
    pub keys: Vec<(FieldId, Vec<Box<[u8]>>)>,
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
            projected: None,
            keys: Vec::new(),
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

    /// With the scheme that is read; see [`ReaderOptions::projected`].
    pub fn projected(mut self, scheme: &Scheme) -> ReaderOptions {
        self.projected = Some(scheme.clone());
        self
    }

    /// With no other entries of these maps; see [`ReaderOptions::keys`].
    pub fn keys(mut self, keys: Vec<(FieldId, Vec<Box<[u8]>>)>) -> ReaderOptions {
        self.keys = keys;
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
    pieces: Pieces,
    decoder: Decoder,
    /// The piece at hand.
    piece: Option<Piece>,
    stats: Stats,
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

    pub(crate) fn of(input: Input, format: Format, scheme: &Scheme, options: &ReaderOptions) -> Result<Reader, InputError> {
        let options = &options.clone().projected(scheme);
        let decoder = Decoder::new(format, scheme, options)?;
        let pieces = input.pieces(format, options)?;
        Ok(Reader { pieces, decoder, piece: None, stats: Stats::default() })
    }

    /// The next records, or none at the end of the input. Give back a batch that is no longer needed, and its memory is used again.
    ///
    /// # Errors
    /// When reading fails, or there is no memory for a batch. Malformed input is no error; see [`Stats`].
    pub fn next_batch(&mut self, reuse: Option<Batch>) -> Result<Option<Batch>, InputError> {
        let mut builder = self.decoder.begin(reuse)?;
        loop {
            let mut piece = match self.piece.take() {
                Some(piece) => piece,
                // What of a live input has arrived waits no longer.
                None if self.is_live() && !builder.is_empty() => break,
                None => match self.pieces.next_piece()? {
                    Some(piece) => piece,
                    None => break,
                },
            };
            let all = self.decoder.fill(&mut piece, &mut builder)?;
            self.stats.add(self.decoder.seen(&mut piece));
            if !all {
                self.piece = Some(piece);
                break;
            }
            self.pieces.give_back(piece);
        }
        Ok(self.decoder.end(builder))
    }

    /// Whether the input may go on while it is read, so that what was found is worth showing at once.
    pub fn is_live(&self) -> bool {
        self.pieces.is_live()
    }

    /// The numbers, from 1, of the last batch's records in the input: of frames, or of lines.
    pub fn batch_numbers(&self) -> &[u64] {
        self.decoder.batch_numbers()
    }

    /// The last batch's records as they stand in the input, if [`ReaderOptions::originals`] asks for them.
    pub fn originals(&self) -> &Originals {
        self.decoder.originals()
    }

    /// What was seen so far.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// The scheme of the records.
    pub fn scheme(&self) -> &Scheme {
        self.decoder.scheme()
    }
}
