//! Arrays of scripts: where they are, and their elements. Those of fixed length, and the words that describe a growing one that is passed
//! on, lie in the function's frame on the stack of arrays; the elements of growing ones in blocks of scratch memory (see `heap.rs`).

use quintet_lang::Type;
use quintet_lang::ast::{Const, Expr, ExprKind, Place};
use quintet_runtime::{Trap, grown, ip_words};
use wasm_encoder::ValType::{I32, I64};

use crate::body::{Label, at};
use crate::expr::{Emitter, Words};
use crate::heap::kind;
use crate::host::Import;

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

impl<'p> Emitter<'p> {
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
    fn push_base(&mut self, list: List) {
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

    /// Pushes the value of an element; nil for a nil index.
    pub(crate) fn element(&mut self, array: Place, index: &Expr, nil: Label) {
        let mark = self.body.mark();
        let (list, element) = self.list(array);
        let offset = if let Some(known) = known_index(list, index) {
            self.push_base(list);
            known * stride(element)
        } else {
            self.value(index, nil);
            let inside = self.is_inside(list, index);
            let index = self.body.pop(I64);
            self.checked_address(list, element, index, inside);
            0
        };
        self.load_element(element, offset + start(list));
        self.body.release(mark);
    }

    /// Pushes an address from which the element whose index is in a local is [`start`] bytes away. An index outside is a trap;
    /// there is none where it is known to be inside.
    fn checked_address(&mut self, list: List, element: &Type, index: u32, inside: bool) {
        if inside {
            self.push_base(list);
            self.body.i().local_get(index).i32_wrap_i64();
            self.scale(element);
            self.body.i().i32_add();
            return;
        }
        self.body.i().local_get(index);
        if let List::Fixed { len, .. } | List::Table { len, .. } = list {
            self.body.i().i64_const(len.into());
        } else {
            self.push_len(list);
            self.body.i().i64_extend_i32_u();
        }
        self.body.i().i64_ge_u();
        self.trap_if(Trap::Index);
        self.push_base(list);
        self.body.i().local_get(index).i32_wrap_i64();
        self.scale(element);
        self.body.i().i32_add();
    }

    /// Pushes an address from which the element, which there is, is [`start`] bytes away; its index is an i32 in a local.
    pub(crate) fn element_address(&mut self, list: List, element: &Type, index: u32) {
        self.push_base(list);
        self.body.i().local_get(index);
        self.scale(element);
        self.body.i().i32_add();
    }

    /// Makes the number of elements on the stack one of bytes.
    pub(crate) fn scale(&mut self, element: &Type) {
        match stride(element) {
            1 => {}
            stride if stride.is_power_of_two() => {
                self.body.i().i32_const(stride.trailing_zeros() as i32).i32_shl();
            }
            stride => {
                self.body.i().i32_const(stride as i32).i32_mul();
            }
        }
    }

    /// Pushes the element so many bytes after the popped address.
    pub(crate) fn load_element(&mut self, element: &Type, offset: u32) {
        match element {
            Type::Bool => {
                self.body.i().i32_load8_u(at(offset));
            }
            Type::U32 => {
                self.body.i().i32_load(at(offset));
            }
            Type::Int => {
                self.body.i().i64_load(at(offset));
            }
            Type::Float => {
                self.body.i().f64_load(at(offset));
            }
            Type::Bytes => {
                let mark = self.body.mark();
                let address = self.body.tee(I32);
                self.body.i().i32_load(at(offset)).local_get(address).i32_load(at(offset + 4));
                self.body.release(mark);
            }
            Type::Ip => {
                let mark = self.body.mark();
                let address = self.body.tee(I32);
                self.body.i().i64_load(at(offset)).local_get(address).i64_load(at(offset + 8));
                self.body.i().local_get(address).i64_load(at(offset + 16));
                self.body.release(mark);
            }
            Type::Array(_) | Type::Map(_) | Type::List(..) => {
                self.body.i().drop();
            }
        }
    }

    /// Stores the value in locals so many bytes after the popped address.
    pub(crate) fn store_element(&mut self, element: &Type, value: Words, offset: u32) {
        let [a, b, c] = value;
        match element {
            Type::Bool => {
                self.body.i().local_get(a).i32_store8(at(offset));
            }
            Type::U32 => {
                self.body.i().local_get(a).i32_store(at(offset));
            }
            Type::Int => {
                self.body.i().local_get(a).i64_store(at(offset));
            }
            Type::Float => {
                self.body.i().local_get(a).f64_store(at(offset));
            }
            Type::Bytes | Type::Ip => {
                let mark = self.body.mark();
                let address = self.body.pop(I32);
                let mut i = self.body.i();
                i.local_get(address);
                if *element == Type::Bytes {
                    i.local_get(a).i32_store(at(offset)).local_get(address).local_get(b).i32_store(at(offset + 4));
                } else {
                    i.local_get(a).i64_store(at(offset)).local_get(address).local_get(b).i64_store(at(offset + 8));
                    i.local_get(address).local_get(c).i64_store(at(offset + 16));
                }
                self.body.release(mark);
            }
            Type::Array(_) | Type::Map(_) | Type::List(..) => {
                self.body.i().drop();
            }
        }
    }

    /// Pops a value into new locals, where nil is a trap.
    pub(crate) fn needed(&mut self, expr: &Expr) -> Words {
        let nil = self.script.label(Trap::Nil);
        self.value(expr, nil);
        self.pop(&expr.ty)
    }

    pub(crate) fn store_at(&mut self, array: Place, index: &Expr, value: &Expr) {
        let (list, element) = self.list(array);
        if let Some(known) = known_index(list, index) {
            let value = self.needed(value);
            self.push_base(list);
            return self.store_element(element, value, known * stride(element) + start(list));
        }
        let inside = self.is_inside(list, index);
        let [place, ..] = self.needed(index);
        let value = self.needed(value);
        self.checked_address(list, element, place, inside);
        self.store_element(element, value, start(list));
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

/// Bytes from what [`Emitter::push_base`] pushes to the first element.
pub(crate) fn start(list: List) -> u32 {
    match list {
        List::Fixed { offset, .. } => offset,
        List::Own { .. } | List::Shared { .. } => 0,
        List::Table { address, .. } => address,
    }
}

/// The index of an element that there is, where it is known.
fn known_index(list: List, index: &Expr) -> Option<u32> {
    let (List::Fixed { len, .. } | List::Table { len, .. }, ExprKind::Const(Const::Int(index))) = (list, &index.kind) else { return None };
    u32::try_from(*index).ok().filter(|index| *index < len)
}
