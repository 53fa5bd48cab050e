//! Inputs cut into pieces, so that records are made of several at once.

use crate::capture::{Capture, Frames};
use crate::error::InputError;
use crate::format::Format;
use crate::gzip::Trailing;
use crate::lines::{LineCutter, Lines};
use crate::live::Deadline;
use crate::pace::Pace;
use crate::reader::ReaderOptions;
use crate::stats::{self, Stats};
use crate::window::Window;

/// A part of an input, from the start of a line or frame to the end of one, with all that making records of it takes. A
/// [`Decoder`](crate::Decoder) makes the same records of it whichever other pieces it has seen.
pub struct Piece {
    pub(crate) bytes: Vec<u8>,
    pub(crate) content: Content,
    /// What cutting it off met.
    pub(crate) stats: Stats,
}

impl Piece {
    /// Whether no record can be made of it, as of what follows the last one.
    pub fn is_empty(&self) -> bool {
        matches!(self.content, Content::Nothing)
    }
}

/// What lies in a piece, and how much of it became records.
pub(crate) enum Content {
    Lines(Lines),
    Frames(Frames),
    /// What follows the last record of an input.
    Nothing,
}

/// The pieces of an input, in order. Cutting costs little: the records in a piece are made elsewhere.
pub struct Pieces {
    source: Source,
    options: ReaderOptions,
    live: Option<Deadline>,
    stats: Stats,
    done: bool,
}

enum Source {
    Capture(Box<Capture>),
    Lines(Box<LineCutter>),
}

impl Pieces {
    pub(crate) fn new(window: Window, live: Option<Deadline>, format: Format, options: &ReaderOptions) -> Result<Pieces, InputError> {
        let source = match format {
            Format::Packets => {
                let mut capture = Capture::new(window)?;
                if options.originals {
                    capture.keep();
                }
                Source::Capture(Box::new(capture))
            }
            Format::Http | Format::JsonLines => Source::Lines(Box::new(LineCutter::new(window, options.limits.line_bytes))),
        };
        Ok(Pieces { source, options: options.clone(), live, stats: Stats::default(), done: false })
    }

    /// Whether the input may go on while it is read, so that what was found is worth showing at once.
    pub fn is_live(&self) -> bool {
        self.live.is_some()
    }

    /// The next piece; none at the end of the input. Of a live input it is there when its first record has waited for as long as
    /// [`ReaderOptions::patience`] says.
    ///
    /// # Errors
    /// When reading fails.
    pub fn next_piece(&mut self) -> Result<Option<Piece>, InputError> {
        if self.done {
            return Ok(None);
        }
        let pace = Pace::new(self.live.as_ref(), &self.options);
        let cut = match &mut self.source {
            Source::Capture(capture) => capture.cut(&pace, &mut self.stats)?.map(|(bytes, frames)| (bytes, Content::Frames(frames))),
            Source::Lines(lines) => lines.cut(&pace, &mut self.stats)?.map(|(bytes, lines)| (bytes, Content::Lines(lines))),
        };
        let (bytes, content) = cut.unwrap_or_else(|| {
            self.done = true;
            match self.window().trailing() {
                Some(Trailing::Zeros) => self.stats.skipped(stats::ZERO_PADDING),
                Some(Trailing::Junk) => self.stats.skipped("bytes after the end of the compressed data that are not gzip"),
                None => {}
            }
            (Vec::new(), Content::Nothing)
        });
        Ok(Some(Piece { bytes, content, stats: std::mem::take(&mut self.stats) }))
    }

    /// Gives back a piece of which all records were made, so that its memory is used again.
    pub fn give_back(&mut self, piece: Piece) {
        self.window().give_back(piece.bytes);
    }

    fn window(&mut self) -> &mut Window {
        match &mut self.source {
            Source::Capture(capture) => capture.window(),
            Source::Lines(lines) => lines.window(),
        }
    }
}
