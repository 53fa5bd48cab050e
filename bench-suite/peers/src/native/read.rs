//! Fields of records, their places looked up once.

use quintet_lang::Scheme;
use quintet_runtime::{Layout, RecordRef, Slot};
use regex_automata::meta::{Config, Regex};
use regex_automata::nfa::thompson::WhichCaptures;
use regex_automata::util::syntax;

/// Where the fields of the records are.
pub(super) struct Fields<'p> {
    pub scheme: &'p Scheme,
    pub layout: &'p Layout,
}

/// A field's place.
#[derive(Clone, Copy)]
pub(super) struct Field(Slot);

/// An address: its family (4 or 6), and the high and the low half of the address as a number.
pub(super) type Address = [u64; 3];

impl Fields<'_> {
    /// The field of this name, which must have this type.
    pub(super) fn get(&self, name: &str, ty: &str) -> Result<Field, String> {
        let id = self.scheme.field_id(name).ok_or_else(|| format!("the records have no field {name}"))?;
        match self.scheme.field(id).ty.to_string() {
            found if found == ty => Ok(Field(self.layout.slot(id))),
            found => Err(format!("the field {name} has type {found}, not {ty}")),
        }
    }
}

impl Field {
    #[inline(always)]
    fn word(self, record: RecordRef<'_>) -> Option<u64> {
        let (memory, at) = (record.memory(), record.offset());
        (memory.word(at + self.0.presence_offset) >> self.0.presence_bit & 1 != 0).then(|| memory.word(at + self.0.offset))
    }

    /// An Int.
    #[inline(always)]
    pub(super) fn int(self, record: RecordRef<'_>) -> Option<i64> {
        self.word(record).map(|w| w as i64)
    }

    /// Whether a Bool is there and has this value.
    #[inline(always)]
    pub(super) fn is(self, record: RecordRef<'_>, value: bool) -> bool {
        self.word(record) == Some(u64::from(value))
    }

    /// Bytes.
    #[inline(always)]
    pub(super) fn bytes(self, record: RecordRef<'_>) -> Option<&[u8]> {
        self.word(record).map(|w| bytes(record, w))
    }

    /// An Ip.
    #[inline(always)]
    pub(super) fn ip(self, record: RecordRef<'_>) -> Option<Address> {
        let at = record.offset() + self.0.offset;
        self.word(record).map(|family| [family, record.memory().word(at + 8), record.memory().word(at + 16)])
    }

    /// Bytes; none where they are missing.
    #[inline(always)]
    pub(super) fn text(self, record: RecordRef<'_>) -> &[u8] {
        self.bytes(record).unwrap_or_default()
    }

    #[inline(always)]
    fn span(self, record: RecordRef<'_>) -> (usize, usize) {
        span(self.word(record).unwrap_or_default())
    }

    /// Elements of an array; 0 where it is missing.
    #[inline(always)]
    pub(super) fn len(self, record: RecordRef<'_>) -> usize {
        self.span(record).1
    }

    /// An array of Int; empty where it is missing.
    #[inline(always)]
    pub(super) fn ints(self, record: RecordRef<'_>) -> impl Iterator<Item = i64> {
        let (offset, len) = self.span(record);
        (0..len).map(move |i| record.memory().word(offset + i * 8) as i64)
    }

    /// An array of Ip; empty where it is missing.
    #[inline(always)]
    pub(super) fn ips(self, record: RecordRef<'_>) -> impl Iterator<Item = Address> {
        let (offset, len) = self.span(record);
        (0..len).map(move |i| std::array::from_fn(|word| record.memory().word(offset + i * 24 + word * 8)))
    }

    /// An array of Bytes; empty where it is missing.
    #[inline(always)]
    pub(super) fn texts(self, record: RecordRef<'_>) -> Texts<'_> {
        texts(record, self.word(record).unwrap_or_default())
    }

    /// The value under a key of a map of Bytes.
    #[inline(always)]
    pub(super) fn entry<'r>(self, record: RecordRef<'r>, key: &[u8]) -> Option<&'r [u8]> {
        self.value(record, key).map(|word| bytes(record, word))
    }

    /// The array under a key of a map of arrays of Bytes; empty where there is none.
    #[inline(always)]
    pub(super) fn list<'r>(self, record: RecordRef<'r>, key: &[u8]) -> Texts<'r> {
        texts(record, self.value(record, key).unwrap_or_default())
    }

    /// The arrays of a map of arrays of Bytes.
    #[inline(always)]
    pub(super) fn lists<'r>(self, record: RecordRef<'r>) -> impl Iterator<Item = Texts<'r>> + use<'r> {
        let (offset, len) = self.span(record);
        (0..len).map(move |i| texts(record, record.memory().word(offset + i * 16 + 8)))
    }

    /// The word of a map's value under a key.
    #[inline(always)]
    fn value(self, record: RecordRef<'_>, key: &[u8]) -> Option<u64> {
        let (offset, len) = self.span(record);
        let at = (0..len).map(|i| offset + i * 16).find(|at| bytes(record, record.memory().word(*at)) == key)?;
        Some(record.memory().word(at + 8))
    }
}

/// The elements of an array of Bytes.
pub(super) struct Texts<'r> {
    record: RecordRef<'r>,
    offset: usize,
    len: usize,
}

impl<'r> Iterator for Texts<'r> {
    type Item = &'r [u8];

    #[inline(always)]
    fn next(&mut self) -> Option<&'r [u8]> {
        self.len = self.len.checked_sub(1)?;
        let text = bytes(self.record, self.record.memory().word(self.offset));
        self.offset += 8;
        Some(text)
    }

    #[inline(always)]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len, Some(self.len))
    }
}

impl ExactSizeIterator for Texts<'_> {}

#[inline(always)]
fn texts(record: RecordRef<'_>, word: u64) -> Texts<'_> {
    let (offset, len) = span(word);
    Texts { record, offset, len }
}

/// The offset and the length that a slot's word holds.
#[inline(always)]
fn span(word: u64) -> (usize, usize) {
    (word as u32 as usize, (word >> 32) as usize)
}

#[inline(always)]
fn bytes(record: RecordRef<'_>, word: u64) -> &[u8] {
    let (offset, len) = span(word);
    record.memory().bytes(offset, len)
}

/// Whether an address is IPv4 and in the network of this address and prefix.
#[inline(always)]
pub(super) fn in_v4(ip: Address, network: [u8; 4], prefix: u32) -> bool {
    ip[0] == 4 && (ip[2] as u32 ^ u32::from_be_bytes(network)) >> (32 - prefix) == 0
}

/// Whether an address is this one of IPv4.
#[inline(always)]
pub(super) fn is_v4(ip: Address, address: [u8; 4]) -> bool {
    ip == [4, 0, u64::from(u32::from_be_bytes(address))]
}

/// The bit of a rule's number, if it matches.
#[inline(always)]
pub(super) fn bit(rule: u32, matches: bool) -> u64 {
    u64::from(matches) << rule
}

/// A regular expression over bytes.
pub(super) fn regex(pattern: &str) -> Result<Regex, String> {
    Regex::builder()
        .configure(Config::new().utf8_empty(false).which_captures(WhichCaptures::None))
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .build(pattern)
        .map_err(|e| e.to_string())
}
