//! DNS messages.

use super::fields::F;
use super::packet::Packet;
use super::span::Span;

const A: u16 = 1;
const NS: u16 = 2;
const CNAME: u16 = 5;
const PTR: u16 = 12;
const MX: u16 = 15;
const TXT: u16 = 16;
const AAAA: u16 = 28;
const SRV: u16 = 33;
const OPT: u16 = 41;

/// The opcode of dynamic updates, whose counts are of other things.
const UPDATE: u16 = 5;

const HEADER: usize = 12;

/// The longest name that is read, as text. Longer ones come from pointers that lead in circles.
const LONGEST_NAME: usize = 1024;

/// Messages on TCP, each after its length.
pub(super) fn stream<'p>(p: &mut Packet<'_, 'p>, span: Span<'p>) {
    let mut rest = span;
    while let Some(length) = rest.u16(0) {
        message(p, rest.from(2).first(usize::from(length)));
        rest = rest.from(2 + usize::from(length));
    }
}

/// One message. A second one in the same packet adds to the multi-valued fields.
pub(super) fn message<'p>(p: &mut Packet<'_, 'p>, span: Span<'p>) {
    let (Some(id), Some(flags)) = (span.u16(0), span.u16(2)) else {
        return p.short(span, "DNS header cut off");
    };
    p.protocol(F::Dns, "dns");
    p.payload(F::DnsBytes, span.bytes);
    let response = flags & 0x8000 != 0;
    p.int(F::DnsId, id);
    p.int(F::DnsFlags, flags);
    p.bool(F::DnsResponse, response);
    let opcode = flags >> 11 & 15;
    p.int(F::DnsOpcode, opcode);
    p.bool(F::DnsTruncated, flags & 0x0200 != 0);
    p.bool(F::DnsRecdesired, flags & 0x0100 != 0);
    if response {
        p.bool(F::DnsAuthoritative, flags & 0x0400 != 0);
        p.bool(F::DnsRecavail, flags & 0x0080 != 0);
        p.int(F::DnsRcode, flags & 15);
    }
    let mut counts = [0; 4];
    for (i, field) in [F::DnsQueries, F::DnsAnswers, F::DnsAuthRr, F::DnsAddRr].into_iter().enumerate() {
        let Some(count) = span.u16(4 + i * 2) else {
            return p.short(span, "DNS header cut off");
        };
        counts[i] = u32::from(count);
        if opcode != UPDATE {
            p.int(field, count);
        }
    }
    let mut reader = Records { span, at: HEADER, name: Vec::with_capacity(64) };
    for _ in 0..counts[0] {
        if reader.question(p).is_none() {
            return p.short(span, "DNS question cut off or malformed");
        }
    }
    for _ in 0..counts[1] + counts[2] + counts[3] {
        if reader.record(p).is_none() {
            return p.short(span, "DNS record cut off or malformed");
        }
    }
}

/// A walk through a message. Each step answers none where the message ends too early.
struct Records<'p> {
    span: Span<'p>,
    at: usize,
    /// The last name that was read.
    name: Vec<u8>,
}

impl<'p> Records<'p> {
    fn question(&mut self, p: &mut Packet<'_, 'p>) -> Option<()> {
        self.at = self.read_name(self.at)?;
        let (ty, class) = (self.span.u16(self.at)?, self.span.u16(self.at + 2)?);
        p.bytes(F::DnsQryName, &self.name);
        p.int(F::DnsQryNameLen, self.name.len() as i64);
        p.int(F::DnsQryType, ty);
        p.int(F::DnsQryClass, class);
        self.at += 4;
        Some(())
    }

    /// A record. What its data should be and is not is left out; the next record begins where the length says.
    fn record(&mut self, p: &mut Packet<'_, 'p>) -> Option<()> {
        let at = self.read_name(self.at)?;
        let (ty, class, ttl) = (self.span.u16(at)?, self.span.u16(at + 2)?, self.span.u32(at + 4)?);
        let length = usize::from(self.span.u16(at + 8)?);
        let data = at + 10;
        self.at = data + length;
        if self.at > self.span.bytes.len() {
            return None;
        }
        p.bytes(F::DnsRespName, &self.name);
        p.int(F::DnsRespType, ty);
        if ty != OPT {
            // Of this pseudo-record the fields mean something else.
            p.int(F::DnsRespClass, class);
            p.int(F::DnsRespTtl, ttl);
        }
        if self.data(p, ty, data, length).is_none() {
            p.malformed("DNS record whose data is malformed");
        }
        Some(())
    }

    fn data(&mut self, p: &mut Packet<'_, 'p>, ty: u16, data: usize, length: usize) -> Option<()> {
        match ty {
            A if length == 4 => p.ip(F::DnsA, self.span.ipv4(data)?),
            AAAA if length == 16 => p.ip(F::DnsAaaa, self.span.ipv6(data)?),
            CNAME => self.name_in(p, F::DnsCname, data)?,
            NS => self.name_in(p, F::DnsNs, data)?,
            PTR => self.name_in(p, F::DnsPtr, data)?,
            MX => self.name_in(p, F::DnsMx, data + 2)?,
            SRV => self.name_in(p, F::DnsSrvTarget, data + 6)?,
            TXT => {
                let mut at = data;
                while at < data + length {
                    let length = usize::from(self.span.u8(at)?);
                    p.bytes(F::DnsTxt, self.span.slice(at + 1, length)?);
                    at += 1 + length;
                }
            }
            _ => {}
        }
        Some(())
    }

    fn name_in(&mut self, p: &mut Packet<'_, 'p>, field: F, at: usize) -> Option<()> {
        self.read_name(at)?;
        p.bytes(field, &self.name);
        Some(())
    }

    /// Reads the name at `at`, and answers where it ends.
    fn read_name(&mut self, mut at: usize) -> Option<usize> {
        self.name.clear();
        let mut end = None;
        let mut pointers = 0;
        loop {
            let length = usize::from(self.span.u8(at)?);
            match length >> 6 {
                0 if length == 0 => break,
                0 => {
                    if !self.name.is_empty() {
                        self.name.push(b'.');
                    }
                    self.name.extend_from_slice(self.span.slice(at + 1, length)?);
                    at += 1 + length;
                }
                3 => {
                    end.get_or_insert(at + 2);
                    at = usize::from(self.span.u16(at)? & 0x3fff);
                    pointers += 1;
                }
                _ => return None,
            }
            if self.name.len() > LONGEST_NAME || pointers > LONGEST_NAME / 2 {
                return None;
            }
        }
        if self.name.is_empty() {
            self.name.extend_from_slice(b"<Root>");
        }
        Some(end.unwrap_or(at + 1))
    }
}
