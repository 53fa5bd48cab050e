//! Arrays of scripts: where they are, and reading and writing their elements.
//!
//! A fixed array is the address of its elements. A growing one has an [`ArrayHead`] on the stack of the function that made it, and its
//! start, length and room stand in variables as well wherever no other name of the function can mean the same array. The head and the
//! variables say the same wherever others look at the head: at calls that it is passed to, where it grows, and where the function ends.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, StackSlotData, StackSlotKind, Value};
use cranelift_frontend::Variable;
use quintet_lang::Type;
use quintet_lang::ast::{Frame, LocalId, Place};
use quintet_native::scripts::{ArrayHead, Entered};
use quintet_runtime::{element_bytes, fixed_bytes};

use crate::frame::Slot;
use crate::generator::{Generator, Made, Malformed};
use crate::symbols::Helper;
use crate::value::Val;

/// An array of the script.
#[derive(Clone, Copy)]
pub(crate) enum Array {
    /// The address of its elements and their number.
    Fixed(Value, u32),
    /// The address of its head, and the variables that say the same.
    Growing(Value, Option<Cached>),
}

/// What a head says.
#[derive(Clone, Copy)]
pub(crate) struct Cached {
    start: Variable,
    len: Variable,
    room: Variable,
}

/// An array as it is at the moment.
#[derive(Clone, Copy)]
pub(crate) struct Elements<'p> {
    pub(crate) start: Value,
    pub(crate) len: Value,
    pub(crate) element: &'p Type,
    /// How many elements there are, where that is known.
    pub(crate) fixed: Option<u32>,
}

/// Places of a head's words.
const START: i32 = std::mem::offset_of!(ArrayHead, start) as i32;
const LEN: i32 = std::mem::offset_of!(ArrayHead, len) as i32;
const ROOM: i32 = std::mem::offset_of!(ArrayHead, room) as i32;
const PLACE: i32 = std::mem::offset_of!(ArrayHead, place) as i32;

/// Bytes of an element.
pub(crate) fn size(element: &Type) -> i64 {
    element_bytes(element) as i64
}

/// The element type of a growing array.
pub(crate) fn growing(ty: &Type) -> Option<&Type> {
    match ty {
        Type::List(element, None) => Some(element),
        _ => None,
    }
}

impl<'p> Generator<'_, 'p> {
    /// Makes the arrays of a frame, beyond its parameters, and charges them.
    pub(crate) fn make_arrays(&mut self, frame: &'p Frame, params: usize) -> Made<()> {
        let own = || frame.locals.iter().enumerate().skip(params);
        let fixed = || {
            own().filter_map(
                |(place, local)| if let Type::List(element, Some(len)) = &local.ty { Some((place, &**element, *len)) } else { None },
            )
        };
        let bytes = |element: &Type, len: u32| i64::from(len).saturating_mul(size(element)).saturating_add(7) & !7;
        let words = fixed().map(|(_, element, len)| bytes(element, len) / 8).fold(0, i64::saturating_add);
        let growing_ones = own().filter(|(_, local)| growing(&local.ty).is_some()).count();
        if fixed().next().is_none() && growing_ones == 0 {
            return Ok(());
        }
        let slot = self.b.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, size_of::<Entered>() as u32, 3));
        let out = self.b.ins().stack_addr(I64, slot, 0);
        let numbers = [fixed_bytes(frame, params) as i64, words, growing_ones as i64].map(|number| self.int(number));
        let status = self.ask(Helper::Enter, &[self.state, numbers[0], numbers[1], numbers[2], out])?;
        self.check_status(status, None);
        self.entered = true;
        let mut start = self.b.ins().load(I64, MemFlagsData::trusted(), out, std::mem::offset_of!(Entered, fixed) as i32);
        for (place, element, len) in fixed() {
            self.slots[place] = Some(Slot::Array(Array::Fixed(start, len)));
            if let Type::Ip = element {
                let (zero, len) = (self.zero(element)?, self.int(i64::from(len)));
                self.fill(Elements { start, len, element, fixed: None }, zero)?;
            }
            start = self.b.ins().iadd_imm_s(start, bytes(element, len));
        }
        let first = self.b.ins().load(I64, MemFlagsData::trusted(), out, std::mem::offset_of!(Entered, growing) as i32);
        for (number, (place, _)) in own().filter(|(_, local)| growing(&local.ty).is_some()).enumerate() {
            let slot = self.b.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, size_of::<ArrayHead>() as u32, 3));
            let head = self.b.ins().stack_addr(I64, slot, 0);
            let (zero, index) = (self.int(0), self.b.ins().iadd_imm_s(first, number as i64));
            for (at, word) in [(START, zero), (LEN, zero), (ROOM, zero), (PLACE, index)] {
                self.b.ins().store(MemFlagsData::trusted(), word, head, at);
            }
            self.slots[place] = Some(Slot::Array(self.growing_array(head, true)));
        }
        Ok(())
    }

    /// The growing array with a head, which no other name of the function means if it is `alone`.
    pub(crate) fn growing_array(&mut self, head: Value, alone: bool) -> Array {
        if !alone {
            return Array::Growing(head, None);
        }
        let [start, len, room] = std::array::from_fn(|_| self.b.declare_var(I64));
        let array = Array::Growing(head, Some(Cached { start, len, room }));
        self.take_head(array);
        array
    }

    /// What a local of an array type is.
    pub(crate) fn local_array(&self, local: LocalId) -> Made<Array> {
        match self.slots.get(local.index()) {
            Some(Some(Slot::Array(array))) => Ok(*array),
            _ => Err(Malformed),
        }
    }

    /// Takes from an array's head what it says, after others may have changed it.
    pub(crate) fn take_head(&mut self, array: Array) {
        if let Array::Growing(head, Some(cached)) = array {
            for (variable, at) in [(cached.start, START), (cached.len, LEN), (cached.room, ROOM)] {
                let word = self.b.ins().load(I64, MemFlagsData::trusted(), head, at);
                self.b.def_var(variable, word);
            }
        }
    }

    /// Sees to it that an array's head says what is so, before others look at it. Start and room only change there.
    pub(crate) fn put_head(&mut self, array: Array) {
        if let Array::Growing(head, Some(cached)) = array {
            let len = self.b.use_var(cached.len);
            self.b.ins().store(MemFlagsData::trusted(), len, head, LEN);
        }
    }

    fn head_word(&mut self, head: Value, cached: Option<Variable>, at: i32) -> Value {
        match cached {
            Some(variable) => self.b.use_var(variable),
            None => self.b.ins().load(I64, MemFlagsData::trusted(), head, at),
        }
    }

    /// An array as it is now.
    pub(crate) fn array(&mut self, place: Place) -> Made<Elements<'p>> {
        let linked = self.linked;
        match place {
            Place::Local(local) => {
                let Some(Type::List(element, _)) = self.frame.locals.get(local.index()).map(|local| &local.ty) else {
                    return Err(Malformed);
                };
                let (start, len, fixed) = match self.local_array(local)? {
                    Array::Fixed(start, len) => (start, self.int(i64::from(len)), Some(len)),
                    Array::Growing(head, cached) => {
                        (self.head_word(head, cached.map(|c| c.start), START), self.head_word(head, cached.map(|c| c.len), LEN), None)
                    }
                };
                Ok(Elements { start, len, element, fixed })
            }
            Place::Table(id) => {
                let table = linked.program().tables.get(id.index()).ok_or(Malformed)?;
                let (start, len) = (self.table(id), table.items.len());
                Ok(Elements { start, len: self.int(len as i64), element: &table.element, fixed: u32::try_from(len).ok() })
            }
        }
    }

    /// Sets how many elements a growing array has.
    pub(crate) fn set_len(&mut self, local: LocalId, len: Value) -> Made<()> {
        match self.local_array(local)? {
            Array::Growing(_, Some(cached)) => self.b.def_var(cached.len, len),
            Array::Growing(head, None) => {
                self.b.ins().store(MemFlagsData::trusted(), len, head, LEN);
            }
            Array::Fixed(..) => {}
        }
        Ok(())
    }

    /// Sees to it that a growing array has room for so many elements.
    pub(crate) fn make_room(&mut self, local: LocalId, wanted: Value) -> Made<()> {
        let array = self.local_array(local)?;
        let (Array::Growing(head, cached), element) = (array, self.array(Place::Local(local))?.element) else {
            return Ok(());
        };
        let room = self.head_word(head, cached.map(|c| c.room), ROOM);
        let (more, go_on) = (self.cold_block(), self.block());
        let fits = self.b.ins().icmp(IntCC::UnsignedLessThanOrEqual, wanted, room);
        self.branch(fits, go_on, more);
        self.b.switch_to_block(more);
        self.grow(array, wanted, element)?;
        self.jump(go_on);
        self.b.switch_to_block(go_on);
        Ok(())
    }

    fn grow(&mut self, array: Array, wanted: Value, element: &Type) -> Made<()> {
        let Array::Growing(head, _) = array else { return Err(Malformed) };
        self.put_head(array);
        let bytes = self.int(size(element));
        let status = self.ask(Helper::Grow, &[self.state, head, wanted, bytes])?;
        self.check_status(status, None);
        self.take_head(array);
        Ok(())
    }

    /// Adds an element.
    pub(crate) fn push(&mut self, local: LocalId, value: Val<'p>) -> Made<()> {
        let array = self.local_array(local)?;
        let Array::Growing(head, cached) = array else { return Err(Malformed) };
        let element = self.array(Place::Local(local))?.element;
        let (len, room) = (self.head_word(head, cached.map(|c| c.len), LEN), self.head_word(head, cached.map(|c| c.room), ROOM));
        let (full, go_on) = (self.cold_block(), self.block());
        let has_room = self.b.ins().icmp(IntCC::UnsignedLessThan, len, room);
        self.branch(has_room, go_on, full);
        self.b.switch_to_block(full);
        // As `grown` says; room is far below what would overflow.
        let (double, first) = (self.b.ins().ishl_imm_u(room, 1), self.int(quintet_runtime::grown(0) as i64));
        let wanted = self.b.ins().umax(double, first);
        self.grow(array, wanted, element)?;
        self.jump(go_on);
        self.b.switch_to_block(go_on);
        let now = self.array(Place::Local(local))?;
        self.store_element(now, len, value)?;
        let longer = self.b.ins().iadd_imm_s(len, 1);
        self.set_len(local, longer)
    }
}

/// The elements of a constant array as generated code reads them. Addresses are those of the constants' bytes, which must live as long.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn constants(table: &quintet_lang::ast::Table) -> Box<[u64]> {
    use quintet_lang::ast::Const;
    let mut words = Vec::new();
    let mut half = None;
    for item in &table.items {
        match item {
            Const::Bool(b) => words.push(u64::from(*b)),
            Const::Int(i) => words.push(*i as u64),
            Const::U32(u) => match half.take() {
                None => half = Some(u64::from(*u)),
                Some(low) => words.push(low | u64::from(*u) << 32),
            },
            Const::Float(f) => words.push(f.to_bits()),
            Const::Bytes(bytes) => words.extend([bytes.as_ptr() as u64, bytes.len() as u64]),
            Const::Ip(ip) => words.extend(quintet_runtime::ip_words(*ip)),
        }
    }
    words.extend(half);
    words.into()
}
