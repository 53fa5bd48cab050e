//! The pcap format.

use super::block;
use super::{Ahead, Found, LONGEST, Step};
use crate::error::InputError;
use crate::window::Window;

const HEADER: usize = 24;

#[derive(Clone, Copy)]
pub(super) struct Pcap {
    link: u32,
    /// Bytes of a frame that are captured at most, as the header says.
    snaplen: u32,
    form: Form,
    /// Units of the fraction of a second in a second.
    units: f64,
}

/// What the first word of a file says of the rest.
#[derive(Clone, Copy)]
struct Form {
    big_endian: bool,
    /// The fraction of a second is in units of ten to the minus this.
    digits: u8,
    /// Bytes before a frame's data.
    head: usize,
}

impl Form {
    fn of(first: &[u8]) -> Option<Form> {
        let magic = *first.first_chunk()?;
        [false, true].into_iter().find_map(|big_endian| {
            let (digits, head) = match word(magic, big_endian) {
                0xa1b2_c3d4 => (6, 16),
                0xa1b2_3c4d => (9, 16),
                // The form that Kuznetsov's libpcap wrote, with the interface and the protocol of each frame.
                0xa1b2_cd34 => (6, 24),
                _ => return None,
            };
            Some(Form { big_endian, digits, head })
        })
    }

    fn word(&self, data: &[u8], at: usize) -> Option<u32> {
        Some(word(*data.get(at..)?.first_chunk()?, self.big_endian))
    }
}

fn word(bytes: [u8; 4], big_endian: bool) -> u32 {
    if big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
}

pub(super) fn is_pcap(first: &[u8]) -> bool {
    Form::of(first).is_some()
}

impl Pcap {
    /// Reads the file's header.
    pub(super) fn new(window: &mut Window) -> Option<Pcap> {
        let form = Form::of(window.data())?;
        // The upper bits say how long the frames' check sequence is.
        let link = form.word(window.data(), 20)? & 0x03ff_ffff;
        let snaplen = form.word(window.data(), 16)?;
        window.consume(HEADER);
        Some(Pcap { link, snaplen, form, units: 10f64.powi(form.digits.into()) })
    }

    /// Appends a section with the interface of all frames.
    pub(super) fn define(&self, to: &mut Vec<u8>) {
        block::section(to);
        block::interface(to, self.link, self.snaplen, self.form.digits);
    }

    /// Appends a frame with its header as a block of that section.
    pub(super) fn block(&self, frame: &[u8], to: &mut Vec<u8>) {
        let word = |at| self.form.word(frame, at);
        let (Some(seconds), Some(fraction), Some(len), Some(data)) = (word(0), word(4), word(12), frame.get(self.form.head..)) else {
            return;
        };
        let ticks = u64::from(seconds) * 10u64.pow(self.form.digits.into()) + u64::from(fraction);
        block::packet(to, ticks, len, data);
    }

    #[inline]
    pub(super) fn next(&self, ahead: &mut Ahead<'_, '_>) -> Result<Step, InputError> {
        let head = self.form.head;
        if let Some(instead) = ahead.fill(head)? {
            return Ok(instead);
        }
        let word = |at| self.form.word(ahead.data(), at);
        let (Some(seconds), Some(fraction), Some(captured), Some(len)) = (word(0), word(4), word(8), word(12)) else {
            return Ok(Step::Damaged("the file is cut off"));
        };
        let captured = captured as usize;
        if captured > LONGEST {
            return Ok(Step::Damaged("the length of a frame cannot be true"));
        }
        if let Some(instead) = ahead.fill(head + captured)? {
            return Ok(instead);
        }
        let time = f64::from(seconds) + f64::from(fraction) / self.units;
        Ok(ahead.frame(Found { time, link: Some(self.link), len: len as usize, start: head, captured, size: head + captured }))
    }
}
