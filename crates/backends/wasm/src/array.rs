//! Arrays of scripts: where they are, and their elements. Those of fixed length, and the words that describe a growing one that is passed
//! on, lie in the function's frame on the stack of arrays; the elements of growing ones in blocks of scratch memory (see `heap.rs`).

use quintet_lang::Type;
use quintet_lang::ast::{Const, Expr, Place};
use quintet_runtime::{Trap, element_bytes, grown, ip_words};
use wasm_encoder::ValType::I32;

use crate::body::{Label, at};
use crate::generator::{Generator, Words};
use crate::import::Import;

/// Bytes of the words that describe a growing array in memory: the address of its elements, how many there are, for how many there is room.
pub(crate) const DESCRIPTOR: u32 = 16;
const ADDRESS: u32 = 0;
const LEN: u32 = 4;
const ROOM: u32 = 8;

/// Where an array is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum List {
    /// So many elements, so many bytes after the address in a local.
    Fixed { base: u32, offset: u32, len: u32 },
    /// A growing array that only one function knows, described in locals.
    Own { address: u32, len: u32, room: u32 },
    /// A growing array that is described in memory, so many bytes after the address in a local.
    Shared { base: u32, offset: u32 },
    /// A constant at this address.
    Table { address: u32, len: u32 },
}

/// Bytes from one element to the next. Arrays hold values of primitive types alone.
pub(crate) fn stride(element: &Type) -> u32 {
    match element {
        Type::Bool => 1,
        Type::U32 => 4,
        Type::Int | Type::Float | Type::Bytes | Type::Array(_) | Type::Map(_) | Type::List(..) => 8,
        Type::Ip => 24,
    }
}

/// The number by which [`Import::Grow`] and its like know the elements of an array: the bytes that one is charged with, then those that it
/// takes.
fn kind(element: &Type) -> u32 {
    (element_bytes(element) as u32) << 8 | stride(element)
}

/// The charge and the bytes of an element of this kind.
pub(crate) fn of_kind(kind: u32) -> (usize, usize) {
    ((kind >> 8) as usize, (kind & 0xff) as usize)
}

impl<'p> Generator<'p> {
    /// Where an array is, and the type of its elements.
    pub(crate) fn list(&mut self, place: Place) -> (List, &'p Type) {
        match place {
            Place::Local(local) => {
                let (list, element) = self.script.arrays[local.index()];
                (list, element)
            }
            Place::Table(id) => {
                let table = &self.linked.program().tables[id.index()];
                let bytes = self.table(&table.items);
                let address = self.builder.constant(&bytes);
                (List::Table { address, len: table.items.len() as u32 }, &table.element)
            }
        }
    }

    /// The elements of a constant array as they lie in memory.
    pub(crate) fn table(&mut self, items: &[Const]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(items.len() * 8);
        for item in items {
            match item {
                Const::Bool(b) => bytes.push(u8::from(*b)),
                Const::Int(int) => bytes.extend(int.to_le_bytes()),
                Const::U32(u) => bytes.extend(u.to_le_bytes()),
                Const::Float(float) => bytes.extend(float.to_le_bytes()),
                Const::Bytes(text) => {
                    let address = self.builder.constant(text);
                    bytes.extend(address.to_le_bytes());
                    bytes.extend((text.len() as u32).to_le_bytes());
                }
                Const::Ip(ip) => ip_words(*ip).iter().for_each(|word| bytes.extend(word.to_le_bytes())),
            }
        }
        bytes
    }

    /// Pushes how many elements there are.
    pub(crate) fn count(&mut self, place: Place) {
        let (list, _) = self.list(place);
        self.push_len(list);
    }

    pub(crate) fn push_len(&mut self, list: List) {
        match list {
            List::Fixed { len, .. } | List::Table { len, .. } => self.body.i().i32_const(len as i32),
            List::Own { len, .. } => self.body.i().local_get(len),
            List::Shared { base, offset } => self.body.i().local_get(base).i32_load(at(offset + LEN)),
        };
    }

    /// Sets how many elements there are to the number in a local.
    pub(crate) fn set_len(&mut self, list: List, from: u32) {
        match list {
            List::Fixed { .. } | List::Table { .. } => {}
            List::Own { len, .. } => {
                self.body.i().local_get(from).local_set(len);
            }
            List::Shared { base, offset } => {
                self.body.i().local_get(base).local_get(from).i32_store(at(offset + LEN));
            }
        }
    }

    /// Pushes for how many elements there is room in a growing array.
    pub(crate) fn push_room(&mut self, list: List) {
        match list {
            List::Fixed { len, .. } | List::Table { len, .. } => self.body.i().i32_const(len as i32),
            List::Own { room, .. } => self.body.i().local_get(room),
            List::Shared { base, offset } => self.body.i().local_get(base).i32_load(at(offset + ROOM)),
        };
    }

    /// Pushes an address from which the elements are [`start`] bytes away.
    pub(crate) fn push_base(&mut self, list: List) {
        match list {
            List::Fixed { base, .. } => self.body.i().local_get(base),
            List::Own { address, .. } => self.body.i().local_get(address),
            List::Shared { base, offset } => self.body.i().local_get(base).i32_load(at(offset + ADDRESS)),
            List::Table { .. } => self.body.i().i32_const(0),
        };
    }

    /// Pushes the address of the first element.
    pub(crate) fn push_address(&mut self, list: List) {
        self.push_base(list);
        let start = start(list);
        if start > 0 {
            self.body.i().i32_const(start as i32).i32_add();
        }
    }

    pub(crate) fn push_element(&mut self, array: Place, value: &Expr) {
        let (list, element) = self.list(array);
        let value = self.needed(value);
        self.push_len(list);
        let len = self.body.pop(I32);
        self.body.i().local_get(len);
        self.push_room(list);
        self.body.i().i32_ge_u();
        self.body.if_(None);
        self.push_room(list);
        let room = self.body.pop(I32);
        // Twice the room, as `grown` says; more than there can be of elements is the host's to refuse.
        self.body.i().local_get(room).i32_const(1).i32_shl().i32_const(grown(0) as i32);
        self.body.i().local_get(room).i32_const(grown(0) as i32 / 2).i32_gt_u().select();
        let wanted = self.body.pop(I32);
        self.grow(list, element, wanted);
        self.body.end();
        self.element_address(list, element, len);
        self.store_element(element, value, start(list));
        self.body.i().local_get(len).i32_const(1).i32_add().local_set(len);
        self.set_len(list, len);
    }

    /// Makes room for as many elements as a local says, which is more than there is.
    fn grow(&mut self, list: List, element: &Type, wanted: u32) {
        self.push_base(list);
        self.push_len(list);
        self.scale(element);
        self.push_room(list);
        self.body.i().local_get(wanted).i32_const(kind(element) as i32);
        self.host(Import::Grow);
        let to = self.body.tee(I32);
        self.body.i().i32_eqz();
        self.trap_if(Trap::Memory);
        match list {
            List::Fixed { .. } | List::Table { .. } => {}
            List::Own { address, room, .. } => {
                self.body.i().local_get(to).local_set(address).local_get(wanted).local_set(room);
            }
            List::Shared { base, offset } => {
                self.body.i().local_get(base).local_get(to).i32_store(at(offset + ADDRESS));
                self.body.i().local_get(base).local_get(wanted).i32_store(at(offset + ROOM));
            }
        }
    }

    /// Sees to it that a growing array has room for as many elements as a local says.
    pub(crate) fn make_room(&mut self, list: List, element: &Type, wanted: u32) {
        if matches!(list, List::Fixed { .. } | List::Table { .. }) {
            return;
        }
        self.body.i().local_get(wanted);
        self.push_room(list);
        self.body.i().i32_gt_u();
        self.body.if_(None);
        self.grow(list, element, wanted);
        self.body.end();
    }

    /// Frees what a growing array of this function has.
    pub(crate) fn free(&mut self, list: List, element: &Type) {
        self.push_room(list);
        self.body.if_(None);
        self.push_base(list);
        self.push_room(list);
        self.body.i().i32_const(kind(element) as i32);
        self.host(Import::Free);
        self.body.end();
    }

    /// Takes the last element into new locals; goes to a label where there is none.
    pub(crate) fn pop_element(&mut self, array: Place, none: Label) -> Words {
        let (list, element) = self.list(array);
        self.push_len(list);
        let len = self.body.tee(I32);
        self.body.br_unless(none);
        self.body.i().local_get(len).i32_const(1).i32_sub().local_set(len);
        self.set_len(list, len);
        self.element_address(list, element, len);
        self.load_element(element, start(list));
        self.pop(element)
    }

    /// Pushes the low bytes of the elements, as Bytes.
    pub(crate) fn packed(&mut self, array: Place) {
        let mark = self.body.mark();
        let (list, element) = self.list(array);
        self.push_len(list);
        let len = self.body.pop(I32);
        self.push_address(list);
        self.body.i().local_get(len).i32_const(stride(element) as i32);
        self.host(Import::Packed);
        let address = self.body.tee(I32);
        self.body.i().i32_eqz();
        self.trap_if(Trap::Memory);
        self.body.i().local_get(address).local_get(len);
        self.body.release(mark);
    }
}

/// Bytes from what [`Generator::push_base`] pushes to the first element.
pub(crate) fn start(list: List) -> u32 {
    match list {
        List::Fixed { offset, .. } => offset,
        List::Own { .. } | List::Shared { .. } => 0,
        List::Table { address, .. } => address,
    }
}
