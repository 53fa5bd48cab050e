//! The matching records themselves, written as a capture or as lines.

use std::fs::OpenOptions;
use std::io::{BufWriter, Result, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use quintet_inputs::{Format, Originals};

use super::found::Found;
use super::printer::line;
use crate::failure::Failure;
use crate::replace::Replacement;

/// Where records are written to.
pub struct Matching {
    out: Out,
    packets: bool,
    empty: bool,
}

enum Out {
    Plain(BufWriter<Target>),
    Gzip(Box<GzEncoder<BufWriter<Target>>>),
}

enum Target {
    /// A file that is there when it is whole.
    Whole(Replacement),
    /// Standard output, a pipe or a device.
    Stream(Box<dyn Write>),
}

impl Matching {
    /// Writes records of a format to the file that `--write` names.
    ///
    /// # Errors
    /// The file cannot be written, or its name promises another format.
    pub fn new(path: &Path, format: Format) -> std::result::Result<Matching, Failure> {
        let packets = format == Format::Packets;
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        let (name, compressed) = name.strip_suffix(".gz").map_or((name.as_str(), false), |name| (name, true));
        if packets && (name.ends_with(".pcap") || name.ends_with(".cap")) {
            let why = "a capture is written as pcapng, which keeps several interfaces; name the file .pcapng";
            return Err(Failure::unusable(format!("{}: {why}", path.display())));
        }
        let target = Target::new(path).map_err(|e| Failure::unusable(format!("{}: {e}", path.display())))?;
        let out = BufWriter::new(target);
        let out = if compressed { Out::Gzip(Box::new(GzEncoder::new(out, Compression::default()))) } else { Out::Plain(out) };
        Ok(Matching { out, packets, empty: true })
    }

    pub fn batch(&mut self, found: &Found<'_>) -> Result<()> {
        for record in 0..found.batch.len() {
            let definitions = found.originals.definitions(record);
            self.empty &= definitions.is_empty();
            self.out.write_all(definitions)?;
            match (found.any(record), self.packets) {
                (true, true) => self.out.write_all(found.originals.record(record))?,
                (true, false) => line(&mut self.out, found.originals.record(record))?,
                (false, _) => {}
            }
        }
        Ok(())
    }

    pub fn flush(&mut self) -> Result<()> {
        self.out.flush()
    }

    /// Puts the file in its place.
    pub fn finish(mut self) -> Result<()> {
        if self.packets && self.empty {
            self.out.write_all(&Originals::empty_capture())?;
        }
        let out = match self.out {
            Out::Plain(out) => out,
            Out::Gzip(out) => out.finish()?,
        };
        match out.into_inner().map_err(std::io::IntoInnerError::into_error)? {
            Target::Whole(file) => file.finish(),
            Target::Stream(mut stream) => stream.flush(),
        }
    }
}

impl Target {
    fn new(path: &Path) -> Result<Target> {
        if path.as_os_str() == "-" {
            return Ok(Target::Stream(Box::new(std::io::stdout())));
        }
        if path.metadata().is_ok_and(|m| !m.is_file() && !m.is_dir()) {
            return Ok(Target::Stream(Box::new(OpenOptions::new().write(true).open(path)?)));
        }
        if path.is_dir() {
            return Err(std::io::ErrorKind::IsADirectory.into());
        }
        Replacement::begin(path).map(Target::Whole)
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        match self {
            Target::Whole(file) => file.write(bytes),
            Target::Stream(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> Result<()> {
        match self {
            Target::Whole(file) => file.flush(),
            Target::Stream(stream) => stream.flush(),
        }
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        match self {
            Out::Plain(out) => out.write(bytes),
            Out::Gzip(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> Result<()> {
        match self {
            Out::Plain(out) => out.flush(),
            Out::Gzip(out) => out.flush(),
        }
    }
}
