//! One packet on its way into a record.

use std::net::IpAddr;

use quintet_lang::FieldId;
use quintet_runtime::{RecordBuilder, Value};

use super::fields::{F, FIELDS, Layers};
use super::span::Span;
use crate::table::Kind;

/// How many headers may lie in one another before dissection stops.
const DEPTH: u32 = 16;

/// The most bytes of text that a multi-valued field of one packet holds: names of DNS may be many times as long as what they are
/// written with.
const MOST_TEXT: usize = 1 << 20;

/// What dissection keeps from packet to packet.
pub(super) struct Places {
    /// The fields' places in the scheme, by [`F`].
    ids: Vec<Option<FieldId>>,
    /// A bit for each field that has one.
    wanted: [u64; WORDS],
    /// The Bools that every record has.
    flags: Vec<(usize, FieldId)>,
    pub needs: Layers,
    /// The values of multi-valued fields, by [`FieldId`].
    many: Vec<Many>,
    /// Those whose values are written when the packet ends.
    late: Vec<FieldId>,
    /// The names of protocols.
    protocols: Vec<u8>,
}

/// The values of a multi-valued field that are written when the packet ends. Nearly every packet has numbers and addresses in one place only, so
/// what is found first is written at once, and taken back from the record where more is found.
#[derive(Default)]
pub(super) struct Many {
    ints: Vec<i64>,
    bools: Vec<bool>,
    ips: Vec<IpAddr>,
    /// Texts one after the other, and where each ends.
    text: Vec<u8>,
    ends: Vec<usize>,
}

/// A value of a field that may be multi-valued, other than Bytes.
pub(super) trait Scalar: Copy {
    /// The kind of multi-valued fields of such values.
    const MANY: Kind;

    fn found(many: &mut Many) -> &mut Vec<Self>;

    /// The value that was set, if it is one of these.
    fn of(value: Value<'_>) -> Option<Self>;

    fn set(self, record: &mut RecordBuilder<'_>, id: FieldId);

    fn set_all(values: &[Self], record: &mut RecordBuilder<'_>, id: FieldId);
}

macro_rules! scalar {
    ($ty:ty, $value:ident, $kind:ident, $found:ident, $set:ident) => {
        impl Scalar for $ty {
            const MANY: Kind = Kind::$kind;

            #[inline]
            fn found(many: &mut Many) -> &mut Vec<$ty> {
                &mut many.$found
            }

            fn of(value: Value<'_>) -> Option<$ty> {
                if let Value::$value(value) = value { Some(value) } else { None }
            }

            #[inline]
            fn set(self, record: &mut RecordBuilder<'_>, id: FieldId) {
                record.$set(id, self);
            }

            #[inline(always)]
            fn set_all(values: &[$ty], record: &mut RecordBuilder<'_>, id: FieldId) {
                record.$found(id, values);
            }
        }
    };
}
scalar!(i64, Int, Ints, ints, int);
scalar!(bool, Bool, Bools, bools, bool);
scalar!(IpAddr, Ip, Ips, ips, ip);

const WORDS: usize = FIELDS.len().div_ceil(64);

/// One packet: what dissectors write to.
pub(super) struct Packet<'b, 'p> {
    places: &'b mut Places,
    pub record: RecordBuilder<'b>,
    /// A bit for each field that is to be set: here they are looked up in one step.
    wanted: [u64; WORDS],
    /// The fields set, flags among them.
    set: [u64; WORDS],
    /// Bytes of the packet that were copied into the batch, and where to.
    copied: Option<(&'p [u8], usize)>,
    pub needs: Layers,
    /// The first thing that was wrong.
    pub fault: Option<&'static str>,
    depth: u32,
}

impl Places {
    pub(super) fn new(ids: Vec<Option<FieldId>>, fields: usize) -> Places {
        let mut needs = Layers::default();
        let mut flags = Vec::new();
        let mut wanted = [0; WORDS];
        for (i, (spec, id)) in FIELDS.iter().zip(&ids).enumerate() {
            if let Some(id) = id {
                wanted[i / 64] |= 1 << (i % 64);
                needs.add(spec.layer);
                if spec.kind == Kind::Flag {
                    flags.push((i, *id));
                }
            }
        }
        let many = (0..fields).map(|_| Many::default()).collect();
        Places { ids, wanted, flags, needs, many, late: Vec::new(), protocols: Vec::new() }
    }
}

impl<'b, 'p> Packet<'b, 'p> {
    pub(super) fn new(places: &'b mut Places, record: RecordBuilder<'b>) -> Packet<'b, 'p> {
        let (needs, wanted) = (places.needs, places.wanted);
        Packet { places, record, wanted, set: [0; WORDS], copied: None, needs, fault: None, depth: 0 }
    }

    /// Notes that something is wrong, unless something was before.
    pub(super) fn malformed(&mut self, reason: &'static str) {
        self.fault.get_or_insert(reason);
    }

    /// Notes that bytes are missing, unless it is the capture that does not have them.
    pub(super) fn short(&mut self, span: Span<'_>, reason: &'static str) {
        if !span.is_cut() {
            self.malformed(reason);
        }
    }

    /// Whether one more header may be dissected inside this one.
    pub(super) fn deeper(&mut self) -> bool {
        self.depth += 1;
        if self.depth > DEPTH {
            self.malformed("more headers in one another than are dissected");
        }
        self.depth <= DEPTH
    }

    /// Whether a field is to be set: most are not, so that this is all that they cost.
    #[inline(always)]
    pub(super) fn wants(&self, field: F) -> bool {
        self.wanted[field as usize / 64] >> (field as usize % 64) & 1 != 0
    }

    /// Whether any of these fields is to be set: together they cost as much as one.
    #[inline(always)]
    pub(super) fn wants_any<const N: usize>(&self, fields: [F; N]) -> bool {
        fields.into_iter().fold(false, |any, field| any | self.wants(field))
    }

    /// The place of a field that is set for the first time.
    #[inline]
    fn first(&mut self, field: F) -> Option<FieldId> {
        let (id, first) = self.place(field)?;
        first.then_some(id)
    }

    /// The place of a field that is set, and whether that is so for the first time.
    #[inline]
    fn place(&mut self, field: F) -> Option<(FieldId, bool)> {
        let id = self.places.ids[field as usize]?;
        let (word, bit) = (field as usize / 64, 1 << (field as usize % 64));
        let first = self.set[word] & bit == 0;
        self.set[word] |= bit;
        Some((id, first))
    }

    /// Says that a flag is true.
    #[inline]
    pub(super) fn flag(&mut self, field: F) {
        self.set[field as usize / 64] |= 1 << (field as usize % 64);
    }

    /// Says that a protocol is there.
    #[inline(always)]
    pub(super) fn protocol(&mut self, flag: F, name: &str) {
        self.flag(flag);
        self.named(name);
    }

    /// Adds a name to the list of protocols.
    #[inline(always)]
    pub(super) fn named(&mut self, name: &str) {
        if self.wants(F::FrameProtocols) {
            self.add_name(name);
        }
    }

    #[inline(never)]
    fn add_name(&mut self, name: &str) {
        if !self.places.protocols.is_empty() {
            self.places.protocols.push(b':');
        }
        self.places.protocols.extend_from_slice(name.as_bytes());
    }

    /// Sets a field, or adds to it if it is multi-valued. A field with one value keeps the first.
    #[inline(always)]
    pub(super) fn int(&mut self, field: F, value: impl Into<i64>) {
        self.values(field, [value.into()]);
    }

    /// As [`Packet::int`].
    #[inline(always)]
    pub(super) fn bool(&mut self, field: F, value: bool) {
        self.values(field, [value]);
    }

    /// As [`Packet::int`].
    #[inline(always)]
    pub(super) fn ip(&mut self, field: F, value: impl Into<IpAddr>) {
        self.values(field, [value.into()]);
    }

    /// As [`Packet::int`], for values that are found together.
    #[inline(always)]
    pub(super) fn values<T: Scalar, const N: usize>(&mut self, field: F, values: [T; N]) {
        if !self.wants(field) {
            return;
        }
        if FIELDS[field as usize].kind == T::MANY {
            self.add(field, values);
        } else {
            values.into_iter().for_each(|value| self.set(field, value));
        }
    }

    #[inline(never)]
    fn set<T: Scalar>(&mut self, field: F, value: T) {
        if let Some(id) = self.first(field) {
            value.set(&mut self.record, id);
        }
    }

    #[inline(never)]
    fn add<T: Scalar, const N: usize>(&mut self, field: F, values: [T; N]) {
        match self.place(field) {
            Some((id, true)) => T::set_all(&values, &mut self.record, id),
            Some((id, false)) => self.add_more(id, &values),
            None => {}
        }
    }

    #[cold]
    fn add_more<T: Scalar>(&mut self, id: FieldId, values: &[T]) {
        let found = T::found(&mut self.places.many[id.0 as usize]);
        if found.is_empty() {
            self.places.late.push(id);
            if let Value::Array(first) = self.record.value(id) {
                found.extend(first.iter().filter_map(T::of));
            }
        }
        found.extend_from_slice(values);
    }

    /// As [`Packet::int`], for bytes of the packet or made from it.
    #[inline(always)]
    pub(super) fn bytes(&mut self, field: F, value: &[u8]) {
        if self.wants(field) {
            self.set_bytes(field, value);
        }
    }

    #[inline(never)]
    fn set_bytes(&mut self, field: F, value: &[u8]) {
        if FIELDS[field as usize].kind == Kind::Texts {
            let Some(id) = self.places.ids[field as usize] else { return };
            let many = &mut self.places.many[id.0 as usize];
            if value.len() > MOST_TEXT - many.text.len() {
                return self.malformed("more text in one field than is kept");
            }
            if many.ends.is_empty() {
                self.places.late.push(id);
            }
            many.text.extend_from_slice(value);
            many.ends.push(many.text.len());
        } else if let Some(id) = self.first(field) {
            match self.copied.and_then(|(whole, at)| Some(at + within(whole, value)?)) {
                Some(at) => self.record.bytes_at(id, at, value.len()),
                None => self.record.bytes(id, value),
            }
        }
    }

    /// As [`Packet::bytes`], for a long piece of the packet that later fields are likely to lie in.
    #[inline(always)]
    pub(super) fn payload(&mut self, field: F, value: &'p [u8]) {
        if self.wants(field) {
            self.set_payload(field, value);
        }
    }

    #[inline(never)]
    fn set_payload(&mut self, field: F, value: &'p [u8]) {
        if self.copied.is_none() {
            self.copied = Some((value, self.record.blob(value)));
        }
        self.set_bytes(field, value);
    }

    /// Sets a Float field.
    #[inline(always)]
    pub(super) fn float(&mut self, field: F, value: f64) {
        if let Some(id) = self.first(field) {
            self.record.float(id, value);
        }
    }

    /// Writes what was gathered to the record.
    pub(super) fn finish(&mut self) {
        for i in 0..self.places.flags.len() {
            let (field, id) = self.places.flags[i];
            self.record.bool(id, self.set[field / 64] >> (field % 64) & 1 != 0);
        }
        if let Some(id) = self.places.ids[F::FrameProtocols as usize] {
            self.record.bytes(id, &self.places.protocols);
            self.places.protocols.clear();
        }
        for id in self.places.late.drain(..) {
            self.places.many[id.0 as usize].write(&mut self.record, id);
        }
    }
}

impl Many {
    /// Writes the values to a field, and forgets them.
    fn write(&mut self, record: &mut RecordBuilder<'_>, id: FieldId) {
        if !self.ints.is_empty() {
            record.ints(id, &self.ints);
            self.ints.clear();
        } else if !self.ips.is_empty() {
            record.ips(id, &self.ips);
            self.ips.clear();
        } else if !self.bools.is_empty() {
            record.bools(id, &self.bools);
            self.bools.clear();
        } else {
            let start = |i: usize| if i == 0 { 0 } else { self.ends[i - 1] };
            record.bytes_of(id, self.ends.iter().enumerate().map(|(i, end)| &self.text[start(i)..*end]));
            self.text.clear();
            self.ends.clear();
        }
    }
}

/// Where `part` begins in `whole`, if it is a piece of it.
fn within(whole: &[u8], part: &[u8]) -> Option<usize> {
    let at = (part.as_ptr() as usize).checked_sub(whole.as_ptr() as usize)?;
    (at + part.len() <= whole.len()).then_some(at)
}
