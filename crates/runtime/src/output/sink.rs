//! Where lines go.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Seek, SeekFrom, Write};
use std::path::Path;

/// Where the lines of an output go.
pub trait Sink: Send {
    /// Takes lines.
    ///
    /// # Errors
    /// They cannot be taken, or not all of them; see [`SinkFault`].
    fn write(&mut self, lines: &WholeLines<'_>) -> Result<(), SinkFault>;

    /// Whether nothing was ever written there: a table then begins with its header.
    fn is_new(&self) -> bool {
        true
    }
}

/// Lines, each whole and with its end.
#[derive(Clone, Copy, Debug)]
pub struct WholeLines<'l> {
    bytes: &'l [u8],
    /// Where each of them ends.
    ends: &'l [usize],
}

impl<'l> WholeLines<'l> {
    pub(super) fn new(bytes: &'l [u8], ends: &'l [usize]) -> WholeLines<'l> {
        WholeLines { bytes, ends }
    }

    /// All of them, one behind the other.
    pub fn bytes(&self) -> &'l [u8] {
        self.bytes
    }

    /// Each of them. A row of a table may have line ends in its cells.
    pub fn iter(&self) -> impl Iterator<Item = &'l [u8]> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        let bytes = self.bytes;
        begins.zip(self.ends).map(move |(begin, end)| bytes.get(begin..*end).unwrap_or(&[]))
    }

    /// How many whole lines the first bytes are, and how many bytes those have.
    pub fn whole(&self, written: usize) -> (usize, usize) {
        let lines = self.ends.partition_point(|end| *end <= written);
        (lines, lines.checked_sub(1).map_or(0, |last| self.ends[last]))
    }
}

/// Why a sink did not take lines, and how many bytes of them it has: those of whole lines, as far as it can tell.
#[derive(Debug)]
pub struct SinkFault {
    /// Bytes of the whole lines that were written.
    pub written: usize,
    /// What happened.
    pub error: Error,
}

/// An output cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("output `{output}`: {error}; written before: {lines} lines, {bytes} bytes")]
pub struct SinkError {
    output: String,
    lines: u64,
    bytes: u64,
    #[source]
    error: Error,
}

impl SinkError {
    pub(super) fn new(output: &str, (lines, bytes): (u64, u64), error: Error) -> SinkError {
        SinkError { output: output.to_owned(), lines, bytes, error }
    }

    /// The output.
    pub fn output(&self) -> &str {
        &self.output
    }

    /// The whole lines that its sink has.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Their bytes, with those of a header.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What happened.
    pub fn error(&self) -> &Error {
        &self.error
    }
}

/// Writes as much as can be; answers how much it was, and what ended it.
fn write_some(out: &mut impl Write, bytes: &[u8]) -> (usize, Option<Error>) {
    let mut written = 0;
    while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
        match out.write(rest) {
            Ok(0) => return (written, Some(ErrorKind::WriteZero.into())),
            Ok(n) => written += n,
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return (written, Some(e)),
        }
    }
    (written, None)
}

/// Lines go to anything that takes bytes, such as standard output or a pipe. What has gone into a pipe cannot be taken back: where it is
/// closed in the middle of a line, whoever reads has seen a part of that line.
pub struct WriteSink<W>(pub W);

impl<W: Write + Send> Sink for WriteSink<W> {
    fn write(&mut self, lines: &WholeLines<'_>) -> Result<(), SinkFault> {
        let (written, error) = write_some(&mut self.0, lines.bytes());
        match error.or_else(|| self.0.flush().err()) {
            None => Ok(()),
            Some(error) => Err(SinkFault { written: lines.whole(written).1, error }),
        }
    }
}

/// Lines go to a file, which never ends within a line: where there is no room for all of one, what there is of it is taken back.
pub struct FileSink {
    file: File,
    end: u64,
}

impl FileSink {
    /// A file that is empty at first.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn create(path: &Path) -> Result<FileSink, Error> {
        Ok(FileSink { file: File::create(path)?, end: 0 })
    }

    /// A file whose lines stay, with more behind them. Where it ends within a line, as after a crash, that line is ended.
    ///
    /// # Errors
    /// It cannot be opened or read.
    pub fn append(path: &Path) -> Result<FileSink, Error> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let mut end = file.seek(SeekFrom::End(0))?;
        if end > 0 {
            let mut last = [0];
            file.seek(SeekFrom::Start(end - 1))?;
            std::io::Read::read_exact(&mut file, &mut last)?;
            if last != *b"\n" {
                file.write_all(b"\n")?;
                end += 1;
            }
        }
        Ok(FileSink { file, end })
    }
}

impl Sink for FileSink {
    fn write(&mut self, lines: &WholeLines<'_>) -> Result<(), SinkFault> {
        let (written, error) = write_some(&mut self.file, lines.bytes());
        let Some(error) = error else {
            self.end += written as u64;
            return Ok(());
        };
        let (_, written) = lines.whole(written);
        self.end += written as u64;
        // Where even this fails, the file is beyond what can be done for it.
        let mended = self.file.set_len(self.end).and_then(|()| self.file.seek(SeekFrom::Start(self.end)));
        Err(SinkFault { written, error: mended.err().unwrap_or(error) })
    }

    fn is_new(&self) -> bool {
        self.end == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes so many bytes, and then no more.
    struct Full(Vec<u8>, usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
            let room = (self.1 - self.0.len()).min(bytes.len()).min(3);
            if room == 0 {
                return Err(ErrorKind::StorageFull.into());
            }
            self.0.extend_from_slice(&bytes[..room]);
            Ok(room)
        }

        fn flush(&mut self) -> Result<(), Error> {
            Ok(())
        }
    }

    #[test]
    fn what_was_written_is_told_in_whole_lines() {
        let mut sink = WriteSink(Full(Vec::new(), 10));
        assert!(sink.write(&WholeLines::new(b"one\n", &[4])).is_ok());
        let fault = sink.write(&WholeLines::new(b"two,\"\n\"\nfour\n", &[8, 13])).unwrap_err();
        // There was room for six bytes, which end within a cell.
        assert_eq!((fault.written, fault.error.kind()), (0, ErrorKind::StorageFull));
    }

    #[test]
    fn a_file_is_appended_to_line_by_line() {
        let path = std::env::temp_dir().join(format!("quintet-sink-{}", std::process::id()));
        std::fs::write(&path, "half").unwrap();
        let mut sink = FileSink::append(&path).unwrap();
        assert!(!sink.is_new());
        sink.write(&WholeLines::new(b"one\n", &[4])).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "half\none\n");
        let mut sink = FileSink::create(&path).unwrap();
        assert!(sink.is_new());
        sink.write(&WholeLines::new(b"two\n", &[4])).unwrap();
        assert!(!sink.is_new());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two\n");
        std::fs::remove_file(&path).unwrap();
    }
}
