//! Making records of the pieces of an input.

use quintet_lang::Scheme;
use quintet_runtime::{Batch, BatchBuilder};

use crate::error::InputError;
use crate::format::Format;
use crate::http::HttpLines;
use crate::json::TypedLines;
use crate::next::Next;
use crate::originals::Originals;
use crate::packets::Packets;
use crate::piece::{Content, Piece};
use crate::reader::ReaderOptions;
use crate::stats::Stats;

/// The largest [`ReaderOptions::batch_bytes`] that counts: with any one record after it a batch still fits an arena.
const BATCH_BYTES: usize = 1 << 30;

/// Makes batches of the records in pieces. Several decoders may share the pieces of one input among them: what they have seen adds up, in
/// order of the pieces, to what one would have seen.
pub struct Decoder {
    kind: Kind,
    scheme: Scheme,
    options: ReaderOptions,
    stats: Stats,
    numbers: Vec<u64>,
    originals: Originals,
    /// A batch that no record came into.
    spare: Option<Batch>,
}

enum Kind {
    Packets(Box<Packets>),
    Http(Box<HttpLines>),
    Json(Box<TypedLines>),
    #[cfg(feature = "tables")]
    Table(Box<crate::tables::TableRows>),
}

impl Decoder {
    /// Makes records of a scheme, of pieces of an input of this format.
    ///
    /// # Errors
    /// When the scheme does not fit the format.
    pub fn new(format: Format, scheme: &Scheme, options: &ReaderOptions) -> Result<Decoder, InputError> {
        let whole = options.declared.as_ref().unwrap_or(scheme.whole());
        let kind = match format {
            Format::Packets => Kind::Packets(Box::new(Packets::new(scheme)?)),
            Format::Http => Kind::Http(Box::new(HttpLines::new(scheme, options)?)),
            #[cfg(feature = "tables")]
            Format::Table => Kind::Table(Box::new(crate::tables::TableRows::new(scheme))),
            Format::JsonLines => Kind::Json(Box::new(TypedLines::new(scheme, whole, &options.limits))),
        };
        let (stats, numbers, originals) = (Stats::default(), Vec::new(), Originals::default());
        Ok(Decoder { kind, scheme: scheme.clone(), options: options.clone(), stats, numbers, originals, spare: None })
    }

    /// The next records of a piece, or none where all were made. Give back a batch that is no longer needed, and its memory is used again.
    ///
    /// # Errors
    /// When there is no memory for a batch, or a record alone takes more than a batch can hold.
    pub fn next_batch(&mut self, piece: &mut Piece, reuse: Option<Batch>) -> Result<Option<Batch>, InputError> {
        let mut builder = self.begin(reuse)?;
        self.fill(piece, &mut builder)?;
        Ok(self.end(builder))
    }

    /// The numbers, from 1, of the last batch's records in the input: of frames, or of lines.
    pub fn batch_numbers(&self) -> &[u64] {
        &self.numbers
    }

    /// The last batch's records as they stand in the input, if [`ReaderOptions::originals`] asks for them.
    pub fn originals(&self) -> &Originals {
        &self.originals
    }

    /// Takes the last batch's [numbers](Decoder::batch_numbers) and [originals](Decoder::originals) away, to go with it.
    pub fn take(&mut self) -> (Vec<u64>, Originals) {
        (std::mem::take(&mut self.numbers), std::mem::take(&mut self.originals))
    }

    /// What was seen since this was asked for last, with what cutting the piece met.
    pub fn seen(&mut self, piece: &mut Piece) -> Stats {
        let mut seen = std::mem::take(&mut piece.stats);
        seen.add(std::mem::take(&mut self.stats));
        seen
    }

    /// The scheme of the records.
    pub fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// An empty batch.
    pub(crate) fn begin(&mut self, reuse: Option<Batch>) -> Result<BatchBuilder, InputError> {
        self.numbers.clear();
        self.originals.clear();
        Ok(match reuse.or_else(|| self.spare.take()) {
            Some(batch) if batch.scheme().same(&self.scheme) => BatchBuilder::reuse(batch)?,
            _ => BatchBuilder::new(&self.scheme, self.options.batch_records.max(1), self.options.arena)?,
        })
    }

    /// The batch, if a record came into it; otherwise its memory is kept for the next one.
    pub(crate) fn end(&mut self, builder: BatchBuilder) -> Option<Batch> {
        let batch = builder.build();
        if batch.is_empty() {
            self.spare = Some(batch);
            return None;
        }
        Some(batch)
    }

    /// Adds the piece's next records. False where the batch has no room for all of them.
    pub(crate) fn fill(&mut self, piece: &mut Piece, builder: &mut BatchBuilder) -> Result<bool, InputError> {
        let most = self.options.batch_bytes.min(BATCH_BYTES);
        let Piece { bytes, content, .. } = piece;
        #[cfg(feature = "tables")]
        if let (Kind::Table(table), Content::Rows(rows)) = (&mut self.kind, &mut *content) {
            return table.fill(rows, builder, (most, &mut self.numbers), &mut self.stats);
        }
        while !builder.is_full() && (builder.is_empty() || builder.bytes().max(self.originals.bytes()) < most) {
            let stats = &mut self.stats;
            let next = match (&mut self.kind, &mut *content) {
                (Kind::Packets(packets), Content::Frames(frames)) => packets.next(bytes, frames, builder, stats)?,
                (Kind::Http(http), Content::Lines(lines)) => http.next(bytes, lines, builder, stats)?,
                (Kind::Json(json), Content::Lines(lines)) => json.next(bytes, lines, builder, stats)?,
                #[cfg(feature = "tables")]
                (Kind::Table(_), _) | (_, Content::Rows(_)) => Next::End,
                (Kind::Packets(_), Content::Lines(_)) | (Kind::Http(_) | Kind::Json(_), Content::Frames(_)) | (_, Content::Nothing) => {
                    Next::End
                }
            };
            match next {
                Next::Record(number) => {
                    self.numbers.push(number);
                    if self.options.originals {
                        original(&mut self.originals, bytes, content);
                    }
                    self.stats.records += 1;
                }
                Next::Full => return Ok(false),
                Next::End => return Ok(true),
            }
        }
        Ok(false)
    }
}

/// Adds the last record as it stands in the input.
fn original(originals: &mut Originals, bytes: &[u8], content: &mut Content) {
    originals.push(|to| match content {
        Content::Frames(frames) => frames.original(bytes, to),
        Content::Lines(lines) => {
            let start = to.len();
            to.extend_from_slice(lines.original(bytes));
            start
        }
        Content::Nothing => to.len(),
        // Rows are not as they stand in the input.
        #[cfg(feature = "tables")]
        Content::Rows(_) => to.len(),
    });
}
