//! Filling arrays of scripts.

use quintet_lang::ast::{Const, Expr, ExprKind, Filling, LocalId, Place};
use quintet_lang::{LOOKED_AT, Type};
use quintet_runtime::{LIST_MOST, Trap, element_bytes, ip_words};
use wasm_encoder::ValType::{I32, I64};

use crate::array::{List, stride};
use crate::body::at;
use crate::generator::{Generator, Words};
use crate::uses::looks_at;

/// Items that are stored one by one although they are known.
const STORED: usize = 8;

/// Bytes that are set to zero or copied without a call.
const INLINE: u32 = 128;

impl Generator<'_> {
    pub(crate) fn fill(&mut self, array: LocalId, with: &Filling) {
        let (list, element) = self.list(Place::Local(array));
        match with {
            Filling::Items(items) => {
                let len = self.known_len(items.len() as u32);
                self.make_room(list, element, len);
                self.look_at_filling(list, element, (len, items.len()));
                self.store_items(array, list, items);
                self.set_len(list, len);
            }
            Filling::Repeat(value, count) => {
                let known = zero(value);
                let value = self.needed(value);
                let [count, ..] = self.needed(count);
                let len = self.clamped(count);
                self.make_room(list, element, len);
                self.look_at_filling(list, element, (len, usize::MAX));
                self.repeat(list, element, value, len, known);
                self.set_len(list, len);
            }
            Filling::Each(value) => {
                let known = zero(value);
                let value = self.needed(value);
                self.push_len(list);
                let len = self.body.pop(I32);
                self.look_at_filling(list, element, (len, usize::MAX));
                self.repeat(list, element, value, len, known);
            }
            Filling::Copy(place) => {
                let (from, _) = self.list(*place);
                self.push_len(from);
                let len = self.body.pop(I32);
                self.make_room(list, element, len);
                self.look_at_filling(list, element, (len, usize::MAX));
                self.push_address(list);
                self.push_address(from);
                self.body.i().local_get(len);
                self.scale(element);
                self.body.i().memory_copy(0, 0);
                self.set_len(list, len);
            }
        }
    }

    fn known_len(&mut self, len: u32) -> u32 {
        self.body.i().i32_const(len as i32);
        self.body.pop(I32)
    }

    /// The number of elements that an Int in a local means; more than there can be is a trap.
    fn clamped(&mut self, count: u32) -> u32 {
        self.body.i().local_get(count).i64_const(LIST_MOST as i64).i64_gt_s();
        self.trap_if(Trap::Memory);
        self.body.i().i32_const(0).local_get(count).i32_wrap_i64().local_get(count).i64_const(0).i64_lt_s().select();
        self.body.pop(I32)
    }

    /// Counts what writing as many elements as a local says takes, which are no more than so many.
    fn look_at_filling(&mut self, list: List, element: &Type, (len, most): (u32, usize)) {
        let most = if let List::Fixed { len, .. } = list { len as usize } else { most };
        let known = most.saturating_mul(element_bytes(element));
        if known < LOOKED_AT {
            return;
        }
        self.body.i().local_get(len).i32_const(element_bytes(element) as i32).i32_mul();
        let bytes = self.body.pop(I32);
        self.look(bytes, known);
    }

    fn store_items(&mut self, array: LocalId, list: List, items: &[Expr]) {
        let Some(first) = items.first() else { return };
        let element = &first.ty;
        let constants: Option<Vec<Const>> =
            items.iter().map(|item| if let ExprKind::Const(c) = &item.kind { Some(c.clone()) } else { None }).collect();
        if let Some(constants) = constants.filter(|constants| constants.len() > STORED) {
            let bytes = self.table(&constants);
            let address = self.builder.constant(&bytes);
            self.push_address(list);
            self.body.i().i32_const(address as i32).i32_const(bytes.len() as i32).memory_copy(0, 0);
            return;
        }
        self.push_address(list);
        let address = self.body.pop(I32);
        let store = |this: &mut Self, place: usize, value: Words| {
            this.body.i().local_get(address);
            this.store_element(element, value, place as u32 * stride(element));
        };
        if items.iter().any(|item| looks_at(item, array)) {
            // What the array holds is wanted until the last item is known.
            let values: Vec<Words> = items.iter().map(|item| self.needed(item)).collect();
            values.into_iter().enumerate().for_each(|(place, value)| store(self, place, value));
            return;
        }
        for (place, item) in items.iter().enumerate() {
            let mark = self.body.mark();
            let value = self.needed(item);
            store(self, place, value);
            self.body.release(mark);
        }
    }

    /// Writes a value to the first elements, as many as a local says. One that is known to be all zeros is.
    fn repeat(&mut self, list: List, element: &Type, value: Words, len: u32, zero: bool) {
        if zero {
            if let List::Fixed { base, offset, len } = list {
                return self.zero(base, offset, len * stride(element));
            }
            self.push_address(list);
            self.body.i().i32_const(0).local_get(len);
            self.scale(element);
            self.body.i().memory_fill(0);
            return;
        }
        self.push_address(list);
        let address = self.body.tee(I32);
        self.body.i().local_get(len);
        self.scale(element);
        self.body.i().i32_add();
        let end = self.body.pop(I32);
        self.repeat_from(address, end, element, value);
    }

    /// Writes a value to the elements from an address on up to another.
    fn repeat_from(&mut self, address: u32, end: u32, element: &Type, value: Words) {
        let done = self.body.block();
        let head = self.body.loop_();
        self.body.i().local_get(address).local_get(end).i32_ge_u();
        self.body.br_if(done);
        self.body.i().local_get(address);
        self.store_element(element, value, 0);
        self.body.i().local_get(address).i32_const(stride(element) as i32).i32_add().local_set(address);
        self.body.br(head);
        self.body.end();
        self.body.end();
    }

    /// Sets bytes to zero, and up to 15 behind them.
    pub(crate) fn zero(&mut self, base: u32, offset: u32, bytes: u32) {
        if bytes <= INLINE {
            for step in (0..bytes).step_by(8) {
                self.body.i().local_get(base).i64_const(0).i64_store(at(offset + step));
            }
            return;
        }
        self.body.i().local_get(base).i32_const(offset as i32).i32_add().i32_const(0).i32_const(bytes as i32).memory_fill(0);
    }

    /// Makes the elements of a fixed array what they begin with.
    pub(crate) fn begin_array(&mut self, base: u32, offset: u32, (element, len): (&Type, u32)) {
        if *element != Type::Ip {
            return self.zero(base, offset, len * stride(element));
        }
        let mark = self.body.mark();
        let mut value = Words::default();
        for (local, word) in value.iter_mut().zip(ip_words(std::net::Ipv4Addr::UNSPECIFIED.into())) {
            self.body.i().i64_const(word as i64);
            *local = self.body.pop(I64);
        }
        self.body.i().local_get(base).i32_const(offset as i32).i32_add();
        let address = self.body.tee(I32);
        self.body.i().i32_const((len * stride(element)) as i32).i32_add();
        let end = self.body.pop(I32);
        self.repeat_from(address, end, element, value);
        self.body.release(mark);
    }
}

/// Whether an element that holds the value is all zeros.
fn zero(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Const(Const::Bool(b)) => !b,
        ExprKind::Const(Const::Int(int)) => *int == 0,
        ExprKind::Const(Const::U32(u)) => *u == 0,
        ExprKind::Const(Const::Float(float)) => float.to_bits() == 0,
        _ => false,
    }
}
