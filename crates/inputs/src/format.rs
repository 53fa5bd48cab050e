//! The formats of inputs.

use std::fmt;
use std::io::Cursor;
use std::path::Path;
use std::str::FromStr;

use crate::gzip::decompress;
use crate::lines::BYTE_ORDER_MARK;
use crate::raw;
use crate::window::Window;

/// A format of inputs. Any of them may be compressed with gzip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// A capture of packets: pcap or pcapng.
    Packets,
    /// HTTP requests, one JSON object per line.
    Http,
    /// JSON objects, one per line, with a scheme of one's own.
    JsonLines,
    /// Rows of a table: Parquet, or CSV with a header.
    #[cfg(feature = "tables")]
    Table,
}

/// There is no format of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no input format `{0}`; there are {names}", names = Format::ALL.map(Format::name).join(", "))]
pub struct UnknownFormat(String);

/// How much of an input is looked at to find out its format.
const LOOKED_AT: usize = 64 << 10;

/// What the beginning of an input says of its format.
pub(crate) enum Start {
    /// All that it says.
    Is(Option<Format>),
    /// More of it may say more.
    Goes,
}

impl Format {
    /// All formats.
    #[cfg(not(feature = "tables"))]
    pub const ALL: [Format; 3] = [Format::Packets, Format::Http, Format::JsonLines];

    /// All formats.
    #[cfg(feature = "tables")]
    pub const ALL: [Format; 4] = [Format::Packets, Format::Http, Format::JsonLines, Format::Table];

    /// The name, as [`FromStr`] reads it.
    pub fn name(self) -> &'static str {
        match self {
            Format::Packets => "pcap",
            Format::Http => "http",
            Format::JsonLines => "jsonl",
            #[cfg(feature = "tables")]
            Format::Table => "table",
        }
    }

    /// The format of a file with this path that starts with these bytes: a capture by its first bytes, JSON lines by their first
    /// character or the path's extension. Lines are HTTP requests if the first one has the keys `method` and `uri`. A byte order mark
    /// before them is read past.
    pub fn detect(path: &Path, first: &[u8]) -> Option<Format> {
        // What cannot be decompressed to its end is only the beginning.
        let mut window = Window::new(decompress(Box::new(Cursor::new(first.to_vec()))).ok()?);
        let _ = window.fill(LOOKED_AT);
        match Format::start(path, window.data(), true) {
            Start::Is(format) => format,
            Start::Goes => None,
        }
    }

    /// The same for bytes that are not compressed, after which others may follow unless the input has `ended`.
    pub(crate) fn start(path: &Path, first: &[u8], ended: bool) -> Start {
        let ended = ended || first.len() >= LOOKED_AT;
        if !ended && first.len() < 4 {
            return Start::Goes;
        }
        if crate::capture::is_capture(first) {
            return Start::Is(Some(Format::Packets));
        }
        #[cfg(feature = "tables")]
        if first.starts_with(crate::tables::MAGIC) {
            return Start::Is(Some(Format::Table));
        }
        let text = first.strip_prefix(BYTE_ORDER_MARK).unwrap_or(first).trim_ascii_start();
        let end = memchr::memchr(b'\n', text);
        if !ended && (text.is_empty() || end.is_none() && matches!(text, [b'{' | b'[', ..])) {
            return Start::Goes;
        }
        let line = &text[..end.unwrap_or(text.len())];
        Start::Is(match line {
            [b'{', ..] if is_request(line) => Some(Format::Http),
            // Lines to be refused with a hint, if the array is the whole input.
            [b'[', ..] if text.len() > 1 && names_request(text) => Some(Format::Http),
            [b'{' | b'[', ..] => Some(Format::JsonLines),
            _ => {
                let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("").to_ascii_lowercase();
                let name = name.strip_suffix(".gz").unwrap_or(&name);
                let named = |extensions: &[&str]| extensions.iter().any(|e| name.ends_with(e));
                if named(&[".jsonl", ".json", ".ndjson"]) {
                    Some(Format::JsonLines)
                } else if cfg!(feature = "tables") && named(&[".csv", ".tsv"]) {
                    Format::ALL.into_iter().find(|format| format.name() == "table")
                } else {
                    named(&[".pcap", ".pcapng", ".cap"]).then_some(Format::Packets)
                }
            }
        })
    }
}

/// Whether a line, of which perhaps only the beginning is known, describes a request.
fn is_request(line: &[u8]) -> bool {
    let (text, bump) = (raw::text_of(line), bumpalo::Bump::new());
    let mut found = [false; 2];
    let read = raw::members(&text, &bump, |name, _| {
        found[0] |= name == b"method";
        found[1] |= name == b"uri";
    });
    if read.is_ok() { found == [true; 2] } else { names_request(line) }
}

fn names_request(text: &[u8]) -> bool {
    [&b"\"method\""[..], b"\"uri\""].iter().all(|key| memchr::memmem::find(text, key).is_some())
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
            #[cfg(feature = "tables")]
            "table" | "parquet" | "csv" => Ok(Format::Table),
            _ => Err(UnknownFormat(name.into())),
        }
    }
}
