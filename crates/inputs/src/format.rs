//! The formats of inputs.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::str::FromStr;

use flate2::read::MultiGzDecoder;

/// A format of inputs. Any of them may be compressed with gzip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// A capture of packets: pcap or pcapng.
    Packets,
    /// HTTP requests, one JSON object per line.
    Http,
    /// JSON objects, one per line, with a scheme of one's own.
    JsonLines,
}

/// There is no format of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no input format `{0}`; there are pcap, http and jsonl")]
pub struct UnknownFormat(String);

const GZIP: [u8; 2] = [0x1f, 0x8b];

impl Format {
    /// All formats.
    pub const ALL: [Format; 3] = [Format::Packets, Format::Http, Format::JsonLines];

    /// The name, as [`FromStr`] reads it.
    pub fn name(self) -> &'static str {
        match self {
            Format::Packets => "pcap",
            Format::Http => "http",
            Format::JsonLines => "jsonl",
        }
    }

    /// The format of a file with this path that starts with these bytes: a capture by its first bytes, JSON lines by their first
    /// character or the path's extension. Lines are HTTP requests if the first one has the keys `method` and `uri`.
    pub fn detect(path: &Path, first: &[u8]) -> Option<Format> {
        let mut plain = Vec::new();
        let first = match first.starts_with(&GZIP) {
            true => {
                // The bytes are only the beginning, so that an error at their end is expected.
                let _ = MultiGzDecoder::new(first).take(1 << 16).read_to_end(&mut plain);
                &plain
            }
            false => first,
        };
        if crate::capture::is_capture(first) {
            return Some(Format::Packets);
        }
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("").to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        let named = [".jsonl", ".json", ".ndjson"].iter().any(|e| name.ends_with(e));
        let line = first.trim_ascii_start().split(|b| *b == b'\n').next().unwrap_or(&[]);
        if line.starts_with(b"{") {
            return Some(if is_request(line) { Format::Http } else { Format::JsonLines });
        }
        if named {
            return Some(Format::JsonLines);
        }
        [".pcap", ".pcapng", ".cap"].iter().any(|e| name.ends_with(e)).then_some(Format::Packets)
    }

    /// The format of a file; see [`Format::detect`].
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn of_file(path: impl AsRef<Path>) -> std::io::Result<Option<Format>> {
        let mut first = Vec::new();
        File::open(&path)?.take(1 << 16).read_to_end(&mut first)?;
        Ok(Format::detect(path.as_ref(), &first))
    }
}

/// Whether a line, of which perhaps only the beginning is known, describes a request.
fn is_request(line: &[u8]) -> bool {
    match serde_json::from_slice::<serde_json::Value>(line) {
        Ok(value) => value.get("method").is_some() && value.get("uri").is_some(),
        Err(_) => [&b"\"method\""[..], b"\"uri\""].iter().all(|key| memchr::memmem::find(line, key).is_some()),
    }
}

/// A stream without the compression that it starts with, if any.
pub(crate) fn decompress(mut source: Box<dyn Read + Send>) -> std::io::Result<Box<dyn Read + Send>> {
    let mut magic = Vec::with_capacity(2);
    source.by_ref().take(2).read_to_end(&mut magic)?;
    let gzip = magic == GZIP;
    let whole = std::io::Cursor::new(magic).chain(source);
    Ok(if gzip { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) })
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Format, UnknownFormat> {
        match name {
            "pcap" | "pcapng" | "packets" => Ok(Format::Packets),
            "http" => Ok(Format::Http),
            "jsonl" | "json" => Ok(Format::JsonLines),
            _ => Err(UnknownFormat(name.into())),
        }
    }
}
