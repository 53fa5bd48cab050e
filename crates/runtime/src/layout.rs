//! Where a scheme's fields lie in a record.

use std::sync::Arc;

use quintet_lang::{FieldId, Presence, Scheme, Type};

/// The layout of a scheme's records. A record is [`stride`](Layout::stride) bytes: the presence bitmap, one bit per field in words of 64,
/// then the slots in order of the fields.
///
/// A slot holds, by type: Bool 0 or 1; Int; Float its bits; Bytes, Array and Map `offset | length << 32`, the offset from the start of
/// the arena; Ip three words, the family (4 or 6), the high and the low half of the address as a number. Array elements are slots one
/// after the other; a map is entries of a Bytes slot (the key) and the value's slot, in byte order of the keys. Everything is 8-aligned
/// but the bytes themselves.
#[derive(Debug)]
pub struct Layout {
    slots: Vec<Slot>,
    /// The presence words of a record that has just the mandatory fields.
    mandatory: Vec<u64>,
    stride: usize,
}

/// A field's place in the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Bytes from the record's start to the value.
    pub offset: usize,
    /// Bytes from the record's start to the word of the presence bitmap.
    pub presence_offset: usize,
    /// The field's bit in that word.
    pub presence_bit: u32,
    /// What it takes.
    pub(crate) form: Form,
}

/// What a slot takes, told from the field's type once, so that setting a value compares no types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Bool,
    Int,
    Float,
    Ip,
    Bytes,
    Bools,
    Ints,
    Ips,
    Texts,
    TextLists,
    /// What only [`RecordBuilder::set`](crate::RecordBuilder::set) takes.
    Other,
}

impl Form {
    fn of(ty: &Type) -> Form {
        match ty {
            Type::Bool => Form::Bool,
            Type::Int => Form::Int,
            Type::Float => Form::Float,
            Type::Ip => Form::Ip,
            Type::Bytes => Form::Bytes,
            Type::Array(element) => match **element {
                Type::Bool => Form::Bools,
                Type::Int => Form::Ints,
                Type::Ip => Form::Ips,
                Type::Bytes => Form::Texts,
                _ => Form::Other,
            },
            Type::Map(element) if **element == Type::array(Type::Bytes) => Form::TextLists,
            Type::Map(_) | Type::U32 | Type::List(..) => Form::Other,
        }
    }
}

impl Layout {
    /// The layout of `scheme`, which is kept with it.
    pub fn of(scheme: &Scheme) -> Arc<Layout> {
        scheme.derived(Layout::new).unwrap_or_else(|| Arc::new(Layout::new(scheme)))
    }

    /// The layout of `scheme`.
    fn new(scheme: &Scheme) -> Layout {
        let fields = scheme.fields();
        let mut offset = fields.len().div_ceil(64) * 8;
        let mut mandatory = vec![0u64; fields.len().div_ceil(64)];
        for (i, _) in fields.iter().enumerate().filter(|(_, f)| f.presence == Presence::Mandatory) {
            mandatory[i / 64] |= 1 << (i % 64);
        }
        let slots = fields
            .iter()
            .enumerate()
            .map(|(i, field)| {
                let slot = Slot { offset, presence_offset: i / 64 * 8, presence_bit: (i % 64) as u32, form: Form::of(&field.ty) };
                offset += field.ty.words() as usize * 8;
                slot
            })
            .collect();
        Layout { slots, mandatory, stride: offset.max(8) }
    }

    /// The place of a field, which must be of the scheme.
    ///
    /// # Panics
    /// When the scheme has no such field.
    #[inline]
    pub fn slot(&self, field: FieldId) -> Slot {
        self.slots[field.0 as usize]
    }

    /// The place of a field that takes values of this form.
    #[inline]
    pub(crate) fn slot_of(&self, field: FieldId, form: Form) -> Option<Slot> {
        self.slots.get(field.0 as usize).filter(|slot| slot.form == form).copied()
    }

    /// Bytes of one record, a multiple of 8.
    #[inline]
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// The presence words of a record that has just the mandatory fields.
    #[inline]
    pub fn mandatory(&self) -> &[u64] {
        &self.mandatory
    }

    /// Words of the presence bitmap.
    pub fn presence_words(&self) -> usize {
        self.slots.len().div_ceil(64)
    }
}
