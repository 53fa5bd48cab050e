//! Streams that may be compressed with gzip.

use std::io::{self, BufRead, BufReader, Cursor, ErrorKind, Read};

use flate2::Crc;
use flate2::bufread::DeflateDecoder;

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
    /// Before a member's header.
    Before(R),
    In(Member<R>),
    Between {
        source: R,
        zeros: bool,
    },
    End,
}

/// The content of one member, up to where it is damaged if it is.
struct Member<R> {
    decoder: DeflateDecoder<R>,
    sum: Crc,
    /// What was decoded last, from `next` to `end` not yet read: more at a time than the decoder looks back, so that it keeps nothing.
    decoded: Box<[u8]>,
    next: usize,
    end: usize,
    /// What comes after that.
    fault: Option<io::Error>,
}

/// Bytes that are decoded at a time.
const DECODED: usize = 64 << 10;

impl<R: BufRead> Member<R> {
    /// The member whose header is next.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] where there is no such header.
    fn begin(mut source: R) -> io::Result<Member<R>> {
        let mut fixed = [0; 10];
        source.read_exact(&mut fixed)?;
        let [a, b, method, flags, ..] = fixed;
        if [a, b] != MAGIC || method != 8 || flags & 0xe0 != 0 {
            return Err(io::Error::new(ErrorKind::InvalidInput, "this is no gzip header"));
        }
        // RFC 1952 2.3: an extra field with its length, a name and a comment that end with a zero, a checksum of the header.
        if flags & 4 != 0 {
            let mut len = [0; 2];
            source.read_exact(&mut len)?;
            skip(&mut source, usize::from(u16::from_le_bytes(len)))?;
        }
        for bit in [8, 16] {
            let mut byte = [u8::from(flags & bit != 0)];
            while byte != [0] {
                source.read_exact(&mut byte)?;
            }
        }
        if flags & 2 != 0 {
            skip(&mut source, 2)?;
        }
        let decoded = vec![0; DECODED].into();
        Ok(Member { decoder: DeflateDecoder::new(source), sum: Crc::new(), decoded, next: 0, end: 0, fault: None })
    }

    /// As [`Read::read`]; `Ok(0)` where the deflated data ends.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.next == self.end {
            if let Some(fault) = self.fault.take() {
                return Err(fault);
            }
            let before = self.decoder.total_out();
            let read = self.decoder.read(&mut self.decoded);
            // What was decoded before a fault is good.
            let len = (self.decoder.total_out() - before) as usize;
            self.fault = read.err();
            (self.next, self.end) = (0, len.min(self.decoded.len()));
            self.sum.update(&self.decoded[..self.end]);
            if self.end == 0 {
                return self.fault.take().map_or(Ok(0), Err);
            }
        }
        let len = buffer.len().min(self.end - self.next);
        buffer[..len].copy_from_slice(&self.decoded[self.next..self.next + len]);
        self.next += len;
        Ok(len)
    }

    /// Reads what follows the deflated data, and answers the source behind it.
    fn end(self) -> io::Result<R> {
        let mut source = self.decoder.into_inner();
        let mut trailer = [0; 8];
        source.read_exact(&mut trailer)?;
        let [a, b, c, d, e, f, g, h] = trailer;
        let (sum, len) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
        if (sum, len) != (self.sum.sum(), self.sum.amount()) {
            return Err(io::Error::new(ErrorKind::InvalidData, "the checksum of the compressed data is wrong"));
        }
        Ok(source)
    }
}

/// Reads past bytes.
fn skip(source: &mut impl Read, bytes: usize) -> io::Result<()> {
    let mut rest = vec![0; bytes];
    source.read_exact(&mut rest)
}

impl<R: BufRead> Members<R> {
    fn new(source: R) -> Members<R> {
        Members { state: State::Before(source), whole: false }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            match &mut self.state {
                State::Before(_) => {
                    let State::Before(source) = std::mem::replace(&mut self.state, State::End) else { return Ok(0) };
                    match Member::begin(source) {
                        Ok(member) => self.state = State::In(member),
                        // What has not even a header is no member, unless it is the first, or the end cut it off.
                        Err(e) if self.whole && e.kind() == ErrorKind::InvalidInput => return Err(Trailing::Junk.error()),
                        Err(e) => return Err(e),
                    }
                }
                State::In(member) => match member.read(buffer) {
                    Ok(0) => {
                        self.whole = true;
                        let State::In(member) = std::mem::replace(&mut self.state, State::End) else { return Ok(0) };
                        self.state = State::Between { source: member.end()?, zeros: false };
                    }
                    Err(e) => {
                        self.state = State::End;
                        return Err(e);
                    }
                    read => return read,
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
                                self.state = State::Before(source);
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
        // Nothing of what stands before damaged data is lost, however it arrives.
        let text: String = (0..20_000).map(|i| format!("{}\n", i * 7919 % 10_007)).collect();
        let whole = gzip(text.as_bytes());
        for at in [whole.len() / 5, whole.len() / 2, whole.len() - 30] {
            let mut damaged = whole.clone();
            damaged[at..].iter_mut().take(20).for_each(|byte| *byte ^= 0x5a);
            let read_by = |most: usize| {
                let mut source = Members::new(BufReader::with_capacity(most, Cursor::new(damaged.clone())));
                let mut text = Vec::new();
                let end = source.read_to_end(&mut text).is_err();
                (text, end)
            };
            let (found, fails) = read_by(64 << 10);
            let good = found.iter().zip(text.as_bytes()).take_while(|(a, b)| a == b).count();
            assert!(fails && good * 10 > text.len() * at / whole.len() * 9, "{good} of {} at {at}", text.len());
            for most in [1, 7, 1000] {
                assert!(read_by(most) == (found.clone(), true), "{most} at a time");
            }
        }
        assert_eq!(read(gzip(b"")), (String::new(), Ok(())));
        assert_eq!(read(b"\x1f".to_vec()), ("\x1f".to_owned(), Ok(())));
    }
}
