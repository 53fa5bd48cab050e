//! Traffic as records: packets of captures, HTTP requests, JSON lines.
//!
//! A [`Reader`] fills batches of a scheme's records. The scheme says what is parsed: give the reader the
//! [projection](quintet_lang::Scheme::project) onto the fields that the rules use, and little else is looked at. Which records exist, and
//! what their other fields hold, does not depend on it: a value that does not fit its field is nil and counted, and what makes an input no
//! record does so whatever is read. Reading streams with bounded memory (see [`ReaderLimits`]), and input that is wrong stops nothing: it
//! is counted in [`Stats`], with the numbers of the first faults. An [`Input`] is opened once, so that pipes are inputs as files are.
//!
//! ```
//! use quintet_inputs::{Format, Reader, ReaderOptions, schemes};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let scheme = schemes::http().build()?.project(|_, field| field.name == "http.request.uri.path");
//! let lines = &b"{\"method\": \"GET\", \"uri\": \"/index.html?a=1\"}\n"[..];
//! let mut reader = Reader::new(lines, Format::Http, &scheme, &ReaderOptions::default())?;
//! let batch = reader.next_batch(None)?.expect("there is one line");
//! assert_eq!(batch.len(), 1);
//! assert!(reader.next_batch(Some(batch))?.is_none());
//! # Ok(())
//! # }
//! ```
//!
//! # What the formats give
//! * [`Format::Packets`]: one record per frame, whatever the frame holds ([`schemes::packets`]). Fields have Wireshark's names.
//!   Dissection is stateless: each packet is read for itself, nothing is reassembled, and protocols above TCP and UDP are chosen by port.
//! * [`Format::Http`]: one record per JSON line that describes a request ([`schemes::http`]). Fields have Cloudflare's names.
//! * [`Format::JsonLines`]: one record per JSON object, decoded by the types of a scheme of your own.
#![forbid(unsafe_code)]

mod capture;
mod decoder;
mod error;
mod format;
mod gzip;
mod http;
mod input;
mod json;
mod limits;
mod lines;
mod live;
mod next;
mod originals;
mod pace;
mod packets;
mod piece;
mod raw;
mod reader;
mod scan;
pub mod schemes;
mod stats;
mod table;
mod window;

pub use decoder::Decoder;
pub use error::InputError;
pub use format::{Format, UnknownFormat};
pub use input::Input;
pub use limits::ReaderLimits;
pub use originals::Originals;
pub use piece::{Piece, Pieces};
pub use reader::{Reader, ReaderOptions};
pub use stats::{Fault, Stats, Truncated, Unfit};
