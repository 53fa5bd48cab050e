//! A window on a stream of bytes.

use std::io::{self, ErrorKind};

use crate::gzip::{Source, Trailing};

/// The bytes of a stream from some offset on, as many as are asked for. Nothing is copied but what is left over at a refill.
pub(crate) struct Window {
    source: Source,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Bytes of the stream before `start`.
    offset: u64,
    ended: bool,
    /// Why the stream ended, if its compression is at fault.
    broken: Option<String>,
    /// What follows after the end of the stream's compression.
    trailing: Option<Trailing>,
    /// Room that was given back.
    spare: Vec<Vec<u8>>,
}

/// What a window has room for at first, and reads at a time.
pub(crate) const ROOM: usize = 256 << 10;

/// How much room is kept to be used again, each of the size that windows have at first.
const KEPT: usize = 32;

impl Window {
    pub(crate) fn new(source: Source) -> Window {
        let (buffer, spare) = (vec![0; ROOM], Vec::new());
        Window { source, buffer, start: 0, end: 0, offset: 0, ended: false, broken: None, trailing: None, spare }
    }

    /// The bytes at hand.
    #[inline]
    pub(crate) fn data(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Bytes of the stream before the bytes at hand.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Why the stream ended where it did, if it was not its end.
    pub(crate) fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    /// What follows after the end of the stream's compression.
    pub(crate) fn trailing(&self) -> Option<Trailing> {
        self.trailing
    }

    /// Passes over bytes at hand.
    #[inline]
    pub(crate) fn consume(&mut self, bytes: usize) {
        let bytes = bytes.min(self.end - self.start);
        self.start += bytes;
        self.offset += bytes as u64;
    }

    /// Takes the first `len` bytes at hand away, with the room that they are in; the rest stays at hand. Answers also where they begin.
    pub(crate) fn take(&mut self, len: usize) -> (Vec<u8>, usize) {
        let len = len.min(self.end - self.start);
        let rest = self.start + len..self.end;
        let mut room = self.spare.pop().unwrap_or_default();
        room.resize(rest.len().max(ROOM), 0);
        room[..rest.len()].copy_from_slice(&self.buffer[rest.clone()]);
        let (taken, start) = (std::mem::replace(&mut self.buffer, room), self.start);
        (self.start, self.end) = (0, rest.len());
        self.offset += len as u64;
        (taken, start)
    }

    /// Gives back what [`Window::take`] took.
    pub(crate) fn give_back(&mut self, room: Vec<u8>) {
        if room.len() == ROOM && self.spare.len() < KEPT {
            self.spare.push(room);
        }
    }

    /// Reads on until `want` bytes are at hand; false when the stream ends before. After an error what is at hand is still there.
    #[inline]
    pub(crate) fn fill(&mut self, want: usize) -> io::Result<bool> {
        if self.end - self.start >= want {
            return Ok(true);
        }
        self.refill(want)
    }

    #[cold]
    fn refill(&mut self, want: usize) -> io::Result<bool> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        while self.end < want && !self.ended {
            if self.end == self.buffer.len() {
                // Doubling keeps the room in proportion to what has really arrived, whatever length the input claims.
                self.buffer.resize(self.buffer.len() * 2, 0);
            }
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.ended = true,
                Ok(n) => self.end += n,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if Trailing::of(&e).is_some() => {
                    self.ended = true;
                    self.trailing = Trailing::of(&e);
                }
                Err(e) if matches!(e.kind(), ErrorKind::UnexpectedEof | ErrorKind::InvalidData | ErrorKind::InvalidInput) => {
                    self.ended = true;
                    self.broken = Some(format!("the compressed data is damaged or cut off: {e}"));
                }
                Err(e) => return Err(e),
            }
        }
        Ok(self.end >= want)
    }
}
