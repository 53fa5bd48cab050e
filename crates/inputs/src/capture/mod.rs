//! Captures: files of frames.
//!
//! Where a block or frame begins and ends is found here, so that a malformed one is skipped and its offset known; what is in a block of
//! pcapng is read by pcap-parser.

pub(crate) mod block;
mod pcap;
mod pcapng;

use crate::error::InputError;
use crate::format::Format;
use crate::stats::Stats;
use crate::window::Window;

/// The longest frame or block that is believed. A longer one is taken for damage.
const LONGEST: usize = 16 << 20;

/// One captured frame.
pub(crate) struct Frame<'a> {
    /// Seconds since 1970, UTC.
    pub time: f64,
    /// The link type, as the registry of link types numbers it; none where the capture does not say.
    pub link: Option<u32>,
    /// Bytes on the wire, as the capture says.
    pub len: usize,
    /// The bytes captured.
    pub data: &'a [u8],
}

/// Where a frame lies in the window, and what is known of it.
struct Found {
    time: f64,
    link: Option<u32>,
    len: usize,
    start: usize,
    captured: usize,
    /// Bytes of the window up to the next frame or block.
    size: usize,
}

/// A capture.
pub(crate) struct Capture {
    window: Window,
    kind: CaptureKind,
    /// Bytes of the window that the last frame takes.
    taken: usize,
    done: bool,
    /// What was defined since the last frame that was appended somewhere, as blocks of pcapng; none unless frames are kept.
    definitions: Option<Vec<u8>>,
}

enum CaptureKind {
    Pcap(pcap::Pcap),
    PcapNg(pcapng::PcapNg),
}

/// Whether this is the start of a capture.
pub(crate) fn is_capture(first: &[u8]) -> bool {
    pcap::is_pcap(first) || pcapng::is_pcapng(first)
}

impl Capture {
    pub(crate) fn new(mut window: Window) -> Result<Capture, InputError> {
        let not_this = |why: &str| InputError::NotThis { format: Format::Packets, why: why.into() };
        window.fill(4)?;
        let kind = if pcapng::is_pcapng(window.data()) {
            if !window.fill(12)? {
                return Err(not_this("the file ends within its first block"));
            }
            CaptureKind::PcapNg(pcapng::PcapNg::default())
        } else if pcap::is_pcap(window.data()) {
            window.fill(24)?;
            CaptureKind::Pcap(pcap::Pcap::new(&mut window).ok_or_else(|| not_this("the file ends within its header"))?)
        } else {
            return Err(not_this(window.broken().unwrap_or("the first bytes are those of neither pcap nor pcapng")));
        };
        Ok(Capture { window, kind, taken: 0, done: false, definitions: None })
    }

    pub(crate) fn window(&self) -> &Window {
        &self.window
    }

    /// Has [`Capture::original`] answer; to be called before the first frame.
    pub(crate) fn keep(&mut self) {
        let mut definitions = Vec::new();
        if let CaptureKind::Pcap(pcap) = &self.kind {
            pcap.define(&mut definitions);
        }
        self.definitions = Some(definitions);
    }

    /// Appends what was defined since the last frame that was appended, and the frame at hand, as blocks of pcapng. Answers where the
    /// frame begins.
    pub(crate) fn original(&mut self, to: &mut Vec<u8>) -> usize {
        if let Some(definitions) = &mut self.definitions {
            to.append(definitions);
        }
        let start = to.len();
        let frame = self.window.data().get(..self.taken).unwrap_or_default();
        match &self.kind {
            CaptureKind::Pcap(pcap) => pcap.block(frame, to),
            CaptureKind::PcapNg(_) => to.extend_from_slice(frame),
        }
        start
    }

    /// The next frame. `number` is the one that it will have.
    pub(crate) fn next(&mut self, number: u64, stats: &mut Stats) -> Result<Option<Frame<'_>>, InputError> {
        if self.done {
            return Ok(None);
        }
        self.window.consume(std::mem::take(&mut self.taken));
        let found = match &mut self.kind {
            CaptureKind::Pcap(pcap) => pcap.next(&mut self.window)?,
            CaptureKind::PcapNg(pcapng) => pcapng.next(&mut self.window, number, stats, &mut self.definitions)?,
        };
        match found {
            Ok(found) => {
                self.taken = found.size;
                let data = &self.window.data()[found.start..found.start + found.captured];
                Ok(Some(Frame { time: found.time, link: found.link, len: found.len, data }))
            }
            Err(End::Whole) => {
                self.done = true;
                Ok(None)
            }
            Err(End::Damaged(why)) => {
                self.done = true;
                stats.truncated(self.window.offset(), self.window.broken().unwrap_or(why));
                Ok(None)
            }
        }
    }
}

/// How a capture ends.
enum End {
    Whole,
    Damaged(&'static str),
}

/// The end of a capture whose rest is shorter than what must follow.
fn end(window: &Window) -> End {
    if window.data().is_empty() && window.broken().is_none() { End::Whole } else { End::Damaged("the file is cut off") }
}
