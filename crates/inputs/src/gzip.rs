//! Streams that may be compressed with gzip.

use std::io::{self, BufRead, BufReader, Cursor, ErrorKind, Read};

use flate2::bufread::GzDecoder;

/// A stream that can be sent to another thread.
pub(crate) type Source = Box<dyn Read + Send>;

const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A stream without the compression that it starts with, if any.
pub(crate) fn decompress(mut source: Source) -> io::Result<Source> {
    let mut magic = Vec::with_capacity(MAGIC.len());
    source.by_ref().take(MAGIC.len() as u64).read_to_end(&mut magic)?;
    let compressed = magic == MAGIC;
    let whole = Cursor::new(magic).chain(source);
    Ok(if compressed { Box::new(Members::new(BufReader::with_capacity(64 << 10, whole))) } else { Box::new(whole) })
}

/// What follows the last member of compressed data. Reading ends with it as an error, after everything before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Trailing {
    #[error("zero bytes after the end of the compressed data")]
    Zeros,
    #[error("bytes after the end of the compressed data that are not gzip")]
    Junk,
}

impl Trailing {
    /// What the end of a stream is about, if it is this.
    pub(crate) fn of(error: &io::Error) -> Option<Trailing> {
        error.get_ref()?.downcast_ref().copied()
    }

    fn error(self) -> io::Error {
        io::Error::new(ErrorKind::InvalidData, self)
    }
}

/// The content of gzip members, one after the other. Zero bytes may stand between and after them.
struct Members<R> {
    state: State<R>,
    /// Whether a member came to its end.
    whole: bool,
}

enum State<R> {
    In(GzDecoder<R>),
    Between { source: R, zeros: bool },
    End,
}

impl<R: BufRead> Members<R> {
    fn new(source: R) -> Members<R> {
        Members { state: State::In(GzDecoder::new(source)), whole: false }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            match &mut self.state {
                State::In(member) => match member.read(buffer) {
                    Ok(0) => {
                        self.whole = true;
                        if let State::In(member) = std::mem::replace(&mut self.state, State::End) {
                            self.state = State::Between { source: member.into_inner(), zeros: false };
                        }
                    }
                    // What has not even a header is no member, unless it is the first, or the end cut it off.
                    Err(e) if self.whole && member.header().is_none() && e.kind() == ErrorKind::InvalidInput => {
                        self.state = State::End;
                        return Err(Trailing::Junk.error());
                    }
                    other => return other,
                },
                State::Between { source, zeros } => {
                    let bytes = source.fill_buf()?;
                    let padding = bytes.iter().take_while(|b| **b == 0).count();
                    let (ended, rest) = (bytes.is_empty(), bytes.get(padding).copied());
                    source.consume(padding);
                    *zeros |= padding > 0;
                    let zeros = *zeros;
                    match rest {
                        _ if ended => {
                            self.state = State::End;
                            return if zeros { Err(Trailing::Zeros.error()) } else { Ok(0) };
                        }
                        None => {}
                        Some(first) if first == MAGIC[0] => {
                            if let State::Between { source, .. } = std::mem::replace(&mut self.state, State::End) {
                                self.state = State::In(GzDecoder::new(source));
                            }
                        }
                        Some(_) => {
                            self.state = State::End;
                            return Err(Trailing::Junk.error());
                        }
                    }
                }
                State::End => return Ok(0),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).expect("memory");
        encoder.finish().expect("memory")
    }

    fn read(bytes: Vec<u8>) -> (String, Result<(), String>) {
        let mut text = Vec::new();
        let end = decompress(Box::new(Cursor::new(bytes))).and_then(|mut s| s.read_to_end(&mut text));
        (String::from_utf8(text).expect("text"), end.map(|_| ()).map_err(|e| e.to_string()))
    }

    #[test]
    fn members_and_what_follows_them() {
        let (one, two) = (gzip(b"one\n"), gzip(b"two\n"));
        let both = "one\ntwo\n".to_owned();
        let zeros = Err(Trailing::Zeros.to_string());
        let junk = Err(Trailing::Junk.to_string());
        assert_eq!(read([&one[..], &two].concat()), (both.clone(), Ok(())));
        assert_eq!(read([&one[..], &[0; 600], &two].concat()), (both.clone(), Ok(())));
        assert_eq!(read([&one[..], &two, &[0; 70_000]].concat()), (both.clone(), zeros));
        for end in [&b"junk"[..], b"\x1f", b"\x1fjunkjunkjunk", b"\0\0junk", b"\x1f\x8b\x07junkjunkjunk"] {
            let (text, how) = read([&one[..], &two, end].concat());
            assert_eq!(text, both, "{end:?}");
            if end != b"\x1f" {
                assert_eq!(how, junk, "{end:?}");
            }
        }
        // A member that is cut off is no junk.
        let (text, how) = read([&one[..], &two[..two.len() - 9]].concat());
        assert!(text.starts_with("one\n") && how.as_ref().is_err_and(|e| *e != Trailing::Junk.to_string()), "{text} {how:?}");
        assert_eq!(read(gzip(b"")), (String::new(), Ok(())));
        assert_eq!(read(b"\x1f".to_vec()), ("\x1f".to_owned(), Ok(())));
    }
}
