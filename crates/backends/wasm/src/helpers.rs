//! Functions that many programs need, written in WebAssembly once per module.
//!
//! Loads may reach past a value by less than 16 bytes: after a batch, constants and scratch memory there are more readable bytes than that.

use quintet_runtime::FEW_KEYS;
use wasm_encoder::ValType::{self, F64, I32, I64};

use crate::body::{Body, Code, at};
use crate::module::{COMMON, Signature, Target};
use crate::places::{LIMIT, PEAK, TOP};

/// A helper function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Helper {
    /// `(a, b, len)`: whether two runs of bytes are the same.
    Same,
    /// `(a, a_len, b, b_len)`: the order of two runs of bytes as -1, 0 or 1.
    Order,
    /// `(block, first, len, stride, key, key_len)`: the address of the slot under a key of a map, or 0.
    Find,
    /// `(index, len)`: the place that a bound of a slice means.
    Place,
    /// `(ranges, low, high, value)`: whether one of the ranges, which are in order and apart, holds the value. The first that begins after it is
    /// one of those from `low` up to `high`, or follows them.
    InRanges,
    /// `(bytes, len, needle)`: whether a needle of 1 to 32 bytes occurs, which stands behind its number and its length; for programs with many.
    Search,
    /// `(items, used, bytes)`: a copy of the used bytes with room for more, in scratch memory; 0 where there is no room.
    Grow,
    /// `(x, table)`: the logarithm to the base 2.
    Log2,
}

impl Helper {
    /// The name in the module.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Helper::Same => "same",
            Helper::Order => "order",
            Helper::Find => "find_key",
            Helper::Place => "place",
            Helper::InRanges => "in_ranges",
            Helper::Search => "search",
            Helper::Grow => "grow",
            Helper::Log2 => "log2",
        }
    }

    /// Parameters and results.
    pub(crate) fn signature(self) -> Signature {
        let params: &'static [ValType] = match self {
            Helper::Same | Helper::Grow | Helper::Search | Helper::Order => return COMMON,
            Helper::Find => &[I32; 6],
            Helper::Place => &[I64, I32],
            Helper::InRanges => &[I32, I32, I32, I64],
            Helper::Log2 => &[F64, I32],
        };
        Signature::of(params, if self == Helper::Log2 { &[F64] } else { &[I32] })
    }

    /// Calls it, with its own arguments on the stack; its result is as it says and not as [`COMMON`] does.
    pub(crate) fn call(self, body: &mut Body) {
        match self {
            Helper::Same | Helper::Grow | Helper::Search => body.call_common(Target::Helper(self), 3, true),
            Helper::Order => body.call_common(Target::Helper(self), 4, true),
            Helper::Find | Helper::Place | Helper::InRanges | Helper::Log2 => body.call(Target::Helper(self)),
        }
    }

    /// The body.
    pub(crate) fn code(self) -> Code {
        let mut body = Body::new(self.signature().params.len());
        match self {
            Helper::Same => same(&mut body),
            Helper::Order => order(&mut body),
            Helper::Find => find(&mut body),
            Helper::Place => place(&mut body),
            Helper::InRanges => in_ranges(&mut body),
            Helper::Search => crate::search::helper(&mut body),
            Helper::Grow => grow(&mut body),
            Helper::Log2 => crate::log2::helper(&mut body),
        }
        body.finish()
    }
}

fn same(body: &mut Body) {
    let [a, b, len] = [0, 1, 2];
    let differ = body.block();
    let tail = body.block();
    let head = body.loop_();
    body.i().local_get(len).i32_const(8).i32_lt_u();
    body.br_if(tail);
    body.i().local_get(a).i64_load(at(0)).local_get(b).i64_load(at(0)).i64_ne();
    body.br_if(differ);
    for cursor in [a, b] {
        body.i().local_get(cursor).i32_const(8).i32_add().local_set(cursor);
    }
    body.i().local_get(len).i32_const(8).i32_sub().local_set(len);
    body.br(head);
    body.end();
    body.end();
    // The bytes that are left are the low ones of a word: whatever differs above them is shifted out.
    body.i().local_get(a).i64_load(at(0)).local_get(b).i64_load(at(0)).i64_xor();
    body.i().i64_const(64).local_get(len).i64_extend_i32_u().i64_const(3).i64_shl().i64_sub().i64_shl();
    // Shifting by 64 shifts by 0, so a length of 0 is asked apart.
    body.i().i64_eqz().local_get(len).i32_eqz().i32_or().i64_extend_i32_u().return_();
    body.end();
    body.i().i64_const(0);
}

fn order(body: &mut Body) {
    let [a, a_len, b, b_len] = [0, 1, 2, 3];
    let (left, differ, byte) = (body.local(I32), body.local(I64), body.local(I32));
    body.i().local_get(a_len).local_get(b_len).local_get(a_len).local_get(b_len).i32_lt_u().select().local_set(left);
    let equal = body.block();
    let found = body.block();
    let head = body.loop_();
    body.i().local_get(left).i32_eqz();
    body.br_if(equal);
    body.i().local_get(a).i64_load(at(0)).local_get(b).i64_load(at(0)).i64_xor().local_tee(differ).i64_eqz().i32_eqz();
    body.br_if(found);
    body.i().local_get(left).i32_const(8).i32_le_u();
    body.br_if(equal);
    for cursor in [a, b] {
        body.i().local_get(cursor).i32_const(8).i32_add().local_set(cursor);
    }
    body.i().local_get(left).i32_const(8).i32_sub().local_set(left);
    body.br(head);
    body.end();
    body.end();
    // The first byte that differs, if it is one of those left.
    body.i().local_get(differ).i64_ctz().i64_const(3).i64_shr_u().i32_wrap_i64().local_tee(byte).local_get(left).i32_ge_u();
    body.br_if(equal);
    body.i().i32_const(1).i32_const(-1);
    for cursor in [a, b] {
        body.i().local_get(cursor).local_get(byte).i32_add().i32_load8_u(at(0));
    }
    body.i().i32_gt_u().select().i64_extend_i32_s().return_();
    body.end();
    body.i().local_get(a_len).local_get(b_len).i32_gt_u().local_get(a_len).local_get(b_len).i32_lt_u().i32_sub().i64_extend_i32_s();
}

fn find(body: &mut Body) {
    let [block, first, len, stride, key, key_len] = [0, 1, 2, 3, 4, 5];
    let (low, middle, entry, order) = (body.local(I32), body.local(I32), body.local(I32), body.local(I32));
    // A few keys are looked at one by one, first by their lengths.
    body.i().local_get(len).i32_const(FEW_KEYS as i32).i32_le_u();
    body.if_(None);
    body.i().local_get(first).local_set(entry).local_get(first).local_get(len).local_get(stride).i32_mul().i32_add().local_set(middle);
    let none = body.block();
    let head = body.loop_();
    body.i().local_get(entry).local_get(middle).i32_ge_u();
    body.br_if(none);
    body.i().local_get(entry).i32_load(at(4)).local_get(key_len).i32_eq();
    body.if_(None);
    body.i().local_get(entry).i32_load(at(0)).local_get(block).i32_add().local_get(key).local_get(key_len);
    Helper::Same.call(body);
    body.if_(None);
    body.i().local_get(entry).i32_const(8).i32_add().return_();
    body.end();
    body.end();
    body.i().local_get(entry).local_get(stride).i32_add().local_set(entry);
    body.br(head);
    body.end();
    body.end();
    body.i().i32_const(0).return_();
    body.end();
    // The entries from `low` up to `len` are left.
    body.i().i32_const(0).local_set(low);
    let none = body.block();
    let head = body.loop_();
    body.i().local_get(low).local_get(len).i32_ge_u();
    body.br_if(none);
    body.i().local_get(low).local_get(len).i32_add().i32_const(1).i32_shr_u().local_tee(middle);
    body.i().local_get(stride).i32_mul().local_get(first).i32_add().local_tee(entry);
    body.i().i32_load(at(0)).local_get(block).i32_add().local_get(entry).i32_load(at(4)).local_get(key).local_get(key_len);
    Helper::Order.call(body);
    body.i().local_tee(order).i32_eqz();
    body.if_(None);
    body.i().local_get(entry).i32_const(8).i32_add().return_();
    body.end();
    body.i().local_get(order).i32_const(0).i32_lt_s();
    body.if_(None);
    body.i().local_get(middle).i32_const(1).i32_add().local_set(low);
    body.else_();
    body.i().local_get(middle).local_set(len);
    body.end();
    body.br(head);
    body.end();
    body.end();
    body.i().i32_const(0);
}

fn place(body: &mut Body) {
    let [index, len] = [0, 1];
    let long = body.local(I64);
    body.i().local_get(len).i64_extend_i32_u().local_set(long);
    body.i().local_get(index).i64_const(0).i64_lt_s();
    body.if_(None);
    body.i().local_get(index).local_get(long).i64_add().local_set(index);
    body.i().local_get(index).i64_const(0).local_get(index).i64_const(0).i64_gt_s().select().local_set(index);
    body.end();
    body.i().local_get(index).local_get(long).local_get(index).local_get(long).i64_lt_s().select().i32_wrap_i64();
}

fn in_ranges(body: &mut Body) {
    let [ranges, low, high, value] = [0, 1, 2, 3];
    let middle = body.local(I32);
    let found = body.block();
    let head = body.loop_();
    body.i().local_get(low).local_get(high).i32_ge_u();
    body.br_if(found);
    body.i().local_get(low).local_get(high).i32_add().i32_const(1).i32_shr_u().local_tee(middle);
    body.i().i32_const(4).i32_shl().local_get(ranges).i32_add().i64_load(at(0)).local_get(value).i64_le_s();
    body.if_(None);
    body.i().local_get(middle).i32_const(1).i32_add().local_set(low);
    body.else_();
    body.i().local_get(middle).local_set(high);
    body.end();
    body.br(head);
    body.end();
    body.end();
    body.i().local_get(low).i32_eqz();
    body.if_(None);
    body.i().i32_const(0).return_();
    body.end();
    // The range before it ends 8 bytes before it begins.
    body.i().local_get(value).local_get(low).i32_const(4).i32_shl().local_get(ranges).i32_add().i32_const(8).i32_sub();
    body.i().i64_load(at(0)).i64_le_s();
}

fn grow(body: &mut Body) {
    let [items, used, bytes] = [0, 1, 2];
    let top = body.local(I32);
    let zero = |body: &mut Body| {
        body.i().i32_const(0);
    };
    zero(body);
    body.i().i32_load(at(TOP)).local_set(top);
    body.i().local_get(bytes);
    zero(body);
    body.i().i32_load(at(LIMIT)).local_get(top).i32_sub().i32_gt_u();
    body.if_(None);
    body.i().i64_const(0).return_();
    body.end();
    zero(body);
    body.i().local_get(top).local_get(bytes).i32_add().i32_store(at(TOP));
    // Who takes the most resets the peak.
    zero(body);
    body.i().i32_load(at(PEAK)).local_get(top).local_get(bytes).i32_add().i32_lt_u();
    body.if_(None);
    zero(body);
    body.i().local_get(top).local_get(bytes).i32_add().i32_store(at(PEAK));
    body.end();
    body.i().local_get(top).local_get(items).local_get(used).memory_copy(0, 0);
    body.i().local_get(top).i64_extend_i32_u();
}
