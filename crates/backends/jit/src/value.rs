//! Values in generated code.

use cranelift_codegen::ir::types::{F64, I64};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, StackSlot, Value};
use quintet_lang::Type;

use crate::generator::{Generator, Made, Malformed};

/// A value that is not nil, by the SSA values that stand for it.
#[derive(Clone, Copy)]
pub(crate) enum Val<'p> {
    /// 0 or 1, as 64 bits.
    Bool(Value),
    Int(Value),
    /// 32 bits.
    U32(Value),
    Float(Value),
    Bytes(Run),
    /// Family, high half, low half.
    Ip([Value; 3]),
    Array(Items<'p>),
    Map(Items<'p>),
}

/// Bytes in memory.
#[derive(Clone, Copy)]
pub(crate) struct Run {
    pub(crate) start: Value,
    pub(crate) len: Value,
    /// Whether at least [`PADDING`](quintet_runtime::PADDING) bytes may be read past the end: so it is in a batch's arena.
    pub(crate) padded: bool,
}

/// An array or a map in a block.
#[derive(Clone, Copy)]
pub(crate) struct Items<'p> {
    /// The block's address.
    pub(crate) block: Value,
    /// Bytes from there to the first item.
    pub(crate) offset: Value,
    /// How many items there are.
    pub(crate) len: Value,
    /// The type of the elements or of the map's values.
    pub(crate) element: &'p Type,
    /// As [`Run::padded`], of bytes inside.
    pub(crate) padded: bool,
}

/// Where a slot is.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// The block that the slot is in.
    pub(crate) block: Value,
    /// The slot's address is this and the offset.
    pub(crate) address: Value,
    pub(crate) offset: i32,
    /// As [`Run::padded`].
    pub(crate) padded: bool,
    /// What is known about reading it.
    pub(crate) flags: MemFlagsData,
}

/// Bytes of a [`Cell`](quintet_native::Cell).
pub(crate) const CELL: u32 = size_of::<quintet_native::Cell>() as u32;

/// Bytes that an element of this type takes in an array.
pub(crate) fn stride(ty: &Type) -> i64 {
    i64::from(ty.words()) * 8
}

/// Whether what a record holds of a value of this type is where to find it in the batch's arena.
pub(crate) fn in_arena(ty: &Type) -> bool {
    match ty {
        Type::Bytes | Type::Array(_) | Type::Map(_) => true,
        Type::Bool | Type::Int | Type::U32 | Type::Float | Type::Ip | Type::List(..) => false,
    }
}

/// Reads of words that exist whatever the program has tested so far and that nothing changes while a rule runs.
pub(crate) fn fixed() -> MemFlagsData {
    MemFlagsData::trusted().with_readonly().with_can_move()
}

/// Reads of bytes, which are not aligned.
pub(crate) fn unaligned() -> MemFlagsData {
    MemFlagsData::new().with_notrap()
}

impl<'p> Val<'p> {
    pub(crate) fn bool(self) -> Made<Value> {
        if let Val::Bool(v) = self { Ok(v) } else { Err(Malformed) }
    }

    pub(crate) fn int(self) -> Made<Value> {
        if let Val::Int(v) = self { Ok(v) } else { Err(Malformed) }
    }

    pub(crate) fn bytes(self) -> Made<Run> {
        if let Val::Bytes(run) = self { Ok(run) } else { Err(Malformed) }
    }

    pub(crate) fn array(self) -> Made<Items<'p>> {
        if let Val::Array(items) = self { Ok(items) } else { Err(Malformed) }
    }

    pub(crate) fn map(self) -> Made<Items<'p>> {
        if let Val::Map(items) = self { Ok(items) } else { Err(Malformed) }
    }

    /// Whether it is a value of this type.
    pub(crate) fn fits(&self, ty: &Type) -> bool {
        match (self, ty) {
            (Val::Bool(_), Type::Bool)
            | (Val::Int(_), Type::Int)
            | (Val::U32(_), Type::U32)
            | (Val::Float(_), Type::Float)
            | (Val::Bytes(_), Type::Bytes)
            | (Val::Ip(_), Type::Ip) => true,
            (Val::Array(items), Type::Array(t)) | (Val::Map(items), Type::Map(t)) => *items.element == **t,
            _ => false,
        }
    }
}

impl<'p> Generator<'_, 'p> {
    /// The value of type `ty` in a slot.
    pub(crate) fn load(&mut self, place: Place, ty: &'p Type) -> Made<Val<'p>> {
        let Place { block, address, offset, padded, flags } = place;
        let ins = |g: &mut Self, t, at| g.b.ins().load(t, flags, address, offset + at);
        Ok(match ty {
            Type::Bool => Val::Bool(ins(self, I64, 0)),
            Type::Int => Val::Int(ins(self, I64, 0)),
            // Neither is in a record.
            Type::U32 | Type::List(..) => return Err(Malformed),
            Type::Float => Val::Float(ins(self, F64, 0)),
            Type::Ip => Val::Ip([0, 8, 16].map(|at| ins(self, I64, at))),
            Type::Bytes | Type::Array(_) | Type::Map(_) => {
                let from = self.b.ins().uload32(flags, address, offset);
                let len = self.b.ins().uload32(flags, address, offset + 4);
                match ty {
                    Type::Array(element) => Val::Array(Items { block, offset: from, len, element, padded }),
                    Type::Map(element) => Val::Map(Items { block, offset: from, len, element, padded }),
                    _ => Val::Bytes(Run { start: self.b.ins().iadd(block, from), len, padded }),
                }
            }
        })
    }

    /// The address of an item `bytes` long, by its index.
    pub(crate) fn item(&mut self, items: Items<'p>, index: Value, bytes: i64) -> Value {
        let start = self.b.ins().iadd(items.block, items.offset);
        let distance = self.b.ins().imul_imm_s(index, bytes);
        self.b.ins().iadd(start, distance)
    }

    /// The element of an array, or the value of a map's entry, whose slot is at an address.
    pub(crate) fn element(&mut self, items: Items<'p>, address: Value, offset: i32) -> Made<Val<'p>> {
        let place = Place { block: items.block, address, offset, padded: items.padded, flags: MemFlagsData::trusted() };
        self.load(place, items.element)
    }

    /// An array or map as one word, as slots and cells hold it.
    pub(crate) fn reference(&mut self, items: Items<'p>) -> Value {
        let len = self.b.ins().ishl_imm_u(items.len, 32);
        self.b.ins().bor(items.offset, len)
    }

    /// Writes a value into cell `index` of a stack slot.
    pub(crate) fn store_cell(&mut self, slot: StackSlot, index: u32, val: Val<'p>) -> Made<()> {
        let one = self.b.ins().iconst(I64, 1);
        let words: [Option<Value>; 3] = match val {
            Val::Bool(v) | Val::Int(v) | Val::Float(v) => [Some(v), None, None],
            // No function takes one.
            Val::U32(_) => return Err(Malformed),
            Val::Bytes(run) => [Some(run.start), Some(run.len), None],
            Val::Ip(words) => words.map(Some),
            Val::Array(items) | Val::Map(items) => [Some(items.block), Some(self.reference(items)), None],
        };
        let at = (index * CELL) as i32;
        self.b.ins().stack_store(I64, one, slot, at);
        for (i, word) in words.into_iter().enumerate() {
            if let Some(word) = word {
                self.b.ins().stack_store(I64, word, slot, at + 8 + i as i32 * 8);
            }
        }
        Ok(())
    }

    /// Reads a value of type `ty`, not nil, from cell `index` of a stack slot.
    pub(crate) fn load_cell(&mut self, slot: StackSlot, index: u32, ty: &'p Type) -> Made<Val<'p>> {
        let word = |g: &mut Self, t, n: i32| g.b.ins().stack_load(I64, t, slot, (index * CELL) as i32 + 8 + n * 8);
        Ok(match ty {
            Type::Bool => Val::Bool(word(self, I64, 0)),
            Type::Int => Val::Int(word(self, I64, 0)),
            // No function answers one.
            Type::U32 | Type::List(..) => return Err(Malformed),
            Type::Float => Val::Float(word(self, F64, 0)),
            Type::Ip => Val::Ip([0, 1, 2].map(|n| word(self, I64, n))),
            Type::Bytes => Val::Bytes(Run { start: word(self, I64, 0), len: word(self, I64, 1), padded: false }),
            Type::Array(element) | Type::Map(element) => {
                let (block, reference) = (word(self, I64, 0), word(self, I64, 1));
                let offset = self.b.ins().band_imm_u(reference, 0xffff_ffff);
                let len = self.b.ins().ushr_imm_u(reference, 32);
                let items = Items { block, offset, len, element, padded: false };
                if matches!(ty, Type::Map(_)) { Val::Map(items) } else { Val::Array(items) }
            }
        })
    }
}
