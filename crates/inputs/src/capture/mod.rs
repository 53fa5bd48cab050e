//! Captures: files of frames.
//!
//! Where a block or frame begins and ends is found here, so that a malformed one is skipped and its offset known; what is in a block of
//! pcapng is read by pcap-parser.

pub(crate) mod block;
mod pcap;
mod pcapng;

use std::collections::VecDeque;

use crate::error::InputError;
use crate::format::Format;
use crate::pace::Pace;
use crate::stats::Stats;
use crate::window::{ROOM, Window};

/// The longest frame or block that is believed. A longer one is taken for damage.
const LONGEST: usize = 16 << 20;

/// Frames that a piece usually has room for.
const FRAMES: usize = 1024;

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

/// Where a frame lies, and what is known of it.
struct Found {
    time: f64,
    link: Option<u32>,
    len: usize,
    /// Where its bytes begin in what [`Found::size`] counts.
    start: usize,
    captured: usize,
    /// Bytes up to the next frame or block.
    size: usize,
}

/// Frames that were cut off, and which of them comes next.
pub(crate) struct Frames {
    /// Each with the place of its header or block.
    found: Vec<(usize, Found)>,
    next: usize,
    /// The first frame's number, from 1.
    first: u64,
    /// When the capture's first frame was captured.
    pub start: f64,
    /// What was defined before a frame, in order of the frames, if frames are kept.
    definitions: VecDeque<(usize, Vec<u8>)>,
    /// How frames are made blocks of pcapng, if they are none.
    pcap: Option<pcap::Pcap>,
}

impl Frames {
    /// The next frame and its number; none after the last one.
    #[inline]
    pub(crate) fn next<'b>(&mut self, bytes: &'b [u8]) -> Option<(u64, Frame<'b>)> {
        let (at, found) = self.found.get(self.next)?;
        let number = self.first + self.next as u64;
        self.next += 1;
        let start = at + found.start;
        let data = bytes.get(start..start + found.captured)?;
        Some((number, Frame { time: found.time, link: found.link, len: found.len, data }))
    }

    /// Appends what was defined since the last frame that was appended, and the frame at hand, as blocks of pcapng. Answers where the
    /// frame begins.
    pub(crate) fn original(&mut self, bytes: &[u8], to: &mut Vec<u8>) -> usize {
        while let Some((_, blocks)) = self.definitions.pop_front_if(|(before, _)| *before < self.next) {
            to.extend_from_slice(&blocks);
        }
        let start = to.len();
        let frame = self.next.checked_sub(1).and_then(|at| self.found.get(at));
        let frame = frame.and_then(|(at, found)| bytes.get(*at..at + found.size)).unwrap_or_default();
        match &self.pcap {
            Some(pcap) => pcap.block(frame, to),
            None => to.extend_from_slice(frame),
        }
        start
    }
}

/// A capture.
pub(crate) struct Capture {
    window: Window,
    kind: CaptureKind,
    done: bool,
    /// Frames so far.
    frames: u64,
    /// When the first one was captured.
    start: f64,
    /// What was defined since the last frame, as blocks of pcapng; none unless frames are kept.
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
        Ok(Capture { window, kind, done: false, frames: 0, start: 0.0, definitions: None })
    }

    pub(crate) fn window(&mut self) -> &mut Window {
        &mut self.window
    }

    /// Has [`Frames::original`] answer; to be called before the first frame.
    pub(crate) fn keep(&mut self) {
        let mut definitions = Vec::new();
        if let CaptureKind::Pcap(pcap) = &self.kind {
            pcap.define(&mut definitions);
        }
        self.definitions = Some(definitions);
    }

    /// The next frames, and the bytes that they lie in; none at the end.
    pub(crate) fn cut(&mut self, pace: &Pace<'_>, stats: &mut Stats) -> Result<Option<(Vec<u8>, Frames)>, InputError> {
        if self.done {
            return Ok(None);
        }
        let (first, mut definitions) = (self.frames + 1, VecDeque::new());
        // What the end of the stream cuts off is told of each frame.
        pace.fill(&mut self.window, 0)?;
        let mut ahead = Ahead { window: &mut self.window, pace, found: Vec::with_capacity(FRAMES), at: 0 };
        loop {
            let next = match &mut self.kind {
                CaptureKind::Pcap(pcap) => pcap.next(&mut ahead),
                CaptureKind::PcapNg(pcapng) => {
                    let number = first + ahead.found.len() as u64;
                    pcapng.next(&mut ahead, number, stats, &mut self.definitions)
                }
            };
            match next {
                Ok(Step::Frame) => {
                    if let Some(blocks) = self.definitions.as_mut().filter(|blocks| !blocks.is_empty()) {
                        definitions.push_back((ahead.found.len() - 1, std::mem::take(blocks)));
                    }
                    pace.begin();
                }
                Ok(Step::Wait) => break,
                Ok(Step::End) => {
                    self.done = true;
                    break;
                }
                Ok(Step::Damaged(why)) => {
                    self.done = true;
                    stats.truncated(ahead.window.offset() + ahead.at as u64, ahead.window.broken().unwrap_or(why));
                    break;
                }
                Err(InputError::Io(e)) if !ahead.found.is_empty() && pace.is_over(&e) => break,
                Err(e) => return Err(e),
            }
        }
        let Ahead { mut found, at, .. } = ahead;
        let Some((_, earliest)) = found.first() else { return Ok(None) };
        if self.frames == 0 {
            self.start = earliest.time;
        }
        self.frames += found.len() as u64;
        let (bytes, start) = self.window.take(at);
        found.iter_mut().for_each(|(at, _)| *at += start);
        let pcap = match &self.kind {
            CaptureKind::Pcap(pcap) => Some(*pcap),
            CaptureKind::PcapNg(_) => None,
        };
        Ok(Some((bytes, Frames { found, next: 0, first, start: self.start, definitions, pcap })))
    }
}

/// What comes next in a capture.
enum Step {
    /// A frame was found.
    Frame,
    /// It is not all at hand, and not to be waited for.
    Wait,
    End,
    Damaged(&'static str),
}

/// The bytes of a window after those that frames were found in.
struct Ahead<'w, 'p> {
    window: &'w mut Window,
    pace: &'w Pace<'p>,
    /// The frames so far, each with the place of its header or block.
    found: Vec<(usize, Found)>,
    at: usize,
}

impl Ahead<'_, '_> {
    /// Takes the frame that is next.
    #[inline]
    fn frame(&mut self, found: Found) -> Step {
        let at = self.at;
        self.at += found.size;
        self.found.push((at, found));
        Step::Frame
    }

    /// The bytes at hand.
    #[inline]
    fn data(&self) -> &[u8] {
        &self.window.data()[self.at..]
    }

    /// Sees to it that so many bytes are at hand; says otherwise what there is instead.
    #[inline]
    fn fill(&mut self, want: usize) -> Result<Option<Step>, InputError> {
        if self.data().len() >= want {
            return Ok(None);
        }
        self.wait(want)
    }

    /// The same where they are not, and more is read if it must be.
    #[cold]
    fn wait(&mut self, want: usize) -> Result<Option<Step>, InputError> {
        let waits = self.found.is_empty() || self.pace.goes_on(self.at, self.found.len());
        if !waits || self.at > ROOM {
            return Ok(Some(Step::Wait));
        }
        if self.window.fill(self.at + want)? {
            return Ok(None);
        }
        // The rest is shorter than what must follow.
        let whole = self.data().is_empty() && self.window.broken().is_none();
        Ok(Some(if whole { Step::End } else { Step::Damaged("the file is cut off") }))
    }

    /// Passes over bytes at hand.
    fn consume(&mut self, bytes: usize) {
        // Bytes before the first frame need not be kept.
        if self.found.is_empty() {
            self.window.consume(bytes);
        } else {
            self.at += bytes;
        }
    }
}
