//! Inputs that arrive while they are read.

use std::io::{self, ErrorKind, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::gzip::{Source, decompress};

/// Bytes that are read at a time.
const CHUNK: usize = 64 << 10;

/// Chunks that may wait.
const WAITING: usize = 8;

/// Until when a read may wait; for ever where it is none. A read that ends by it fails with [`ErrorKind::TimedOut`] and loses nothing.
#[derive(Clone, Default)]
pub(crate) struct Deadline(Arc<Mutex<Option<Instant>>>);

impl Deadline {
    pub(crate) fn set(&self, until: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }

    pub(crate) fn is_set(&self) -> bool {
        self.get().is_some()
    }

    fn get(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a thread reads, decompressed.
struct Live {
    chunks: Receiver<io::Result<Vec<u8>>>,
    chunk: Vec<u8>,
    at: usize,
    deadline: Deadline,
}

/// A stream, decompressed, of which reads may end by a deadline. A thread of its own reads ahead; where the stream is dropped before its
/// end the thread ends at its next read.
pub(crate) fn live(source: Source) -> io::Result<(Source, Deadline)> {
    let (sender, chunks) = sync_channel(WAITING);
    std::thread::Builder::new().name("quintet-input".into()).spawn(move || {
        if let Err(e) = forward(source, &sender) {
            // Whoever no longer listens does not miss it.
            let _ = sender.send(Err(e));
        }
    })?;
    let deadline = Deadline::default();
    Ok((Box::new(Live { chunks, chunk: Vec::new(), at: 0, deadline: deadline.clone() }), deadline))
}

/// Sends what is read until the end, or until nobody listens.
fn forward(source: Source, sender: &SyncSender<io::Result<Vec<u8>>>) -> io::Result<()> {
    let mut source = decompress(source)?;
    let mut buffer = vec![0; CHUNK];
    loop {
        match source.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(n) => {
                if sender.send(Ok(buffer[..n].to_vec())).is_err() {
                    return Ok(());
                }
            }
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

impl Read for Live {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.chunk.len() {
            let next = match self.deadline.get() {
                None => self.chunks.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(until) => self.chunks.recv_timeout(until.saturating_duration_since(Instant::now())),
            };
            match next {
                Ok(chunk) => (self.chunk, self.at) = (chunk?, 0),
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
                Err(RecvTimeoutError::Timeout) => return Err(ErrorKind::TimedOut.into()),
            }
        }
        let rest = &self.chunk[self.at..];
        let n = rest.len().min(buffer.len());
        buffer[..n].copy_from_slice(&rest[..n]);
        self.at += n;
        Ok(n)
    }
}
