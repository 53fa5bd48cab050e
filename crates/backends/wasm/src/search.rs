//! Searching for a constant, 16 places at a time.

use quintet_lang::LOOKED_AT;
use quintet_lang::ast::{ExprKind, Needle, NeedleId, Program, RegexId, WildcardId};
use quintet_runtime::Threshold;
use quintet_runtime::plan::{SearchPlan, WildcardPlan};
use wasm_encoder::ValType::{I32, V128};

use crate::body::{Body, Label, at};
use crate::generator::Generator;
use crate::helpers::Helper;
use crate::import::Import;

/// Searches for constants in a program.
pub(crate) fn count(program: &Program) -> usize {
    let mut count = 0;
    program.roots(&mut |root| {
        root.walk(&mut |e| count += usize::from(matches!(e.kind, ExprKind::Contains { needle: Needle::Const(_), .. })));
    });
    count
}

impl Generator<'_> {
    /// Goes to `missing` unless a needle occurs in the bytes.
    pub(crate) fn search(&mut self, bytes: u32, len: u32, id: NeedleId, missing: Label) {
        let (needle, plan) = (self.linked.searcher(id).needle(), self.linked.plan().needle(id));
        self.occurs((bytes, len), (needle, plan), missing, (Import::Search, id.0));
    }

    /// Goes to `missing` unless a regular expression matches in the bytes.
    pub(crate) fn matches(&mut self, bytes: u32, len: u32, id: RegexId, missing: Label) {
        self.unless_room((len, self.linked.regex(id).least()), missing);
        self.body.i().i32_const(id.0 as i32).local_get(bytes).local_get(len);
        self.host(Import::Regex);
        self.body.br_unless(missing);
    }

    /// Goes to `missing` unless a wildcard pattern matches the bytes.
    pub(crate) fn wildcard(&mut self, bytes: u32, len: u32, id: WildcardId, missing: Label) {
        let general = |g: &mut Self| g.ask((Import::Wildcard, id.0), (bytes, len), missing);
        match self.linked.plan().wildcard(id) {
            WildcardPlan::Equal(whole) => {
                self.body.i().local_get(len).i32_const(whole.bytes().len() as i32).i32_ne();
                self.body.br_if(missing);
                self.is_text(bytes, whole, missing, general);
            }
            WildcardPlan::Prefix(start) => {
                self.unless_room((len, start.bytes().len()), missing);
                self.is_text(bytes, start, missing, general);
            }
            WildcardPlan::Suffix(end) => {
                self.unless_room((len, end.bytes().len()), missing);
                let mark = self.body.mark();
                self.body.i().local_get(bytes).local_get(len).i32_add().i32_const(end.bytes().len() as i32).i32_sub();
                let at = self.body.pop(I32);
                self.is_text(at, end, missing, general);
                self.body.release(mark);
            }
            WildcardPlan::Contains(middle, plan) => self.occurs((bytes, len), (middle, *plan), missing, (Import::Wildcard, id.0)),
            WildcardPlan::General => {
                self.unless_room((len, self.linked.wildcard(id).literal_len()), missing);
                general(self);
            }
        }
    }

    /// Goes to `missing` where there are fewer bytes than these.
    fn unless_room(&mut self, (len, bytes): (u32, usize), missing: Label) {
        if bytes == 0 {
            return;
        }
        // No value has as many bytes as do not fit in 32 bits.
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.body.i().local_get(len).i32_const(bytes as i32).i32_lt_u();
        self.body.br_if(missing);
    }

    /// Goes to `missing` unless a test by the host, with the number of what it looks for, holds for the bytes.
    fn ask(&mut self, (import, id): (Import, u32), (bytes, len): (u32, u32), missing: Label) {
        self.body.i().i32_const(id as i32).local_get(bytes).local_get(len);
        self.host(import);
        self.body.br_unless(missing);
    }

    /// Goes to `missing` unless a needle occurs in the bytes; `test` is that of the host, whose search is linear in the worst case and counts what
    /// it looks at, which for long needles and long values is worth the call.
    ///
    /// Places where the needle's first and last byte stand are found with two vector compares, and looked at one by one. Loads reach past
    /// the bytes by less than 16 (see `helpers.rs`), and a place past the last possible one ends the search.
    fn occurs(&mut self, (bytes, len): (u32, u32), (needle, plan): (&[u8], SearchPlan), missing: Label, test: (Import, u32)) {
        let count = needle.len();
        let ([first, ..], [.., last]) = (needle, needle) else {
            return;
        };
        match plan {
            SearchPlan::Always => return,
            SearchPlan::Long => return self.ask(test, (bytes, len), missing),
            SearchPlan::Byte(_) | SearchPlan::Short => {}
        }
        // The code in place is a nanosecond faster, and takes half of the time in which a rule is compiled.
        let many = self.linked.exceeds(Threshold::WasmSearches, self.builder.searches);
        if many || self.builder.one_pass && self.builder.searches > 1 {
            let number = if test.0 == Import::Search { test.1 } else { !test.1 };
            let address = self.builder.constant(&[&number.to_le_bytes()[..], &(count as u32).to_le_bytes(), needle].concat());
            self.spill_steps();
            self.body.i().local_get(bytes).local_get(len).i32_const(address as i32);
            Helper::Search.call(&mut self.body);
            self.reload_steps();
            return self.body.br_unless(missing);
        }
        let found = self.body.block();
        let short = self.body.block();
        self.body.i().local_get(len).i32_const(LOOKED_AT as i32).i32_lt_u();
        self.body.br_if(short);
        self.ask(test, (bytes, len), missing);
        self.body.br(found);
        self.body.end();
        let mark = self.body.mark();
        let (place, end, mask, candidate) = (self.body.local(I32), self.body.local(I32), self.body.local(I32), self.body.local(I32));
        self.unless_room((len, count), missing);
        // The last place where the needle fits.
        self.body.i().local_get(bytes).local_tee(place).local_get(len).i32_add().i32_const(count as i32).i32_sub().local_set(end);
        let block = self.body.loop_();
        let splat = |byte: u8| i128::from_le_bytes([byte; 16]);
        self.body.i().local_get(place).v128_load(at(0)).v128_const(splat(*first)).i8x16_eq();
        if count > 1 {
            self.body.i().local_get(place).v128_load(at(count as u32 - 1)).v128_const(splat(*last)).i8x16_eq().v128_and();
        }
        self.body.i().i8x16_bitmask().local_set(mask);
        let none = self.body.block();
        let next = self.body.loop_();
        self.body.i().local_get(mask);
        self.body.br_unless(none);
        self.body.i().local_get(mask).i32_ctz().local_get(place).i32_add().local_tee(candidate).local_get(end).i32_gt_u();
        self.body.br_if(missing);
        self.verify(candidate, needle);
        self.body.br_if(found);
        self.body.i().local_get(mask).local_get(mask).i32_const(1).i32_sub().i32_and().local_set(mask);
        self.body.br(next);
        self.body.end();
        self.body.end();
        self.body.i().local_get(place).i32_const(16).i32_add().local_tee(place).local_get(end).i32_le_u();
        self.body.br_if(block);
        self.body.br(missing);
        self.body.end();
        self.body.end();
        self.body.release(mark);
    }

    /// Pushes whether the needle, whose first and last byte fit, stands at a place.
    fn verify(&mut self, place: u32, needle: &[u8]) {
        let count = needle.len();
        let word = |from: usize, to: usize| {
            let mut bytes = [0; 16];
            bytes[..to - from].copy_from_slice(&needle[from..to]);
            bytes
        };
        match count {
            0..=2 => {
                self.body.i().i32_const(1);
            }
            3..=8 => {
                let wanted = i128::from_le_bytes(word(0, count)) as i64;
                let mask = u64::MAX >> (64 - 8 * count);
                let mut i = self.body.i();
                i.local_get(place).i64_load(at(0));
                if count < 8 {
                    i.i64_const(mask as i64).i64_and();
                }
                i.i64_const(wanted).i64_eq();
            }
            9..=16 => {
                let wanted = i128::from_le_bytes(word(0, count));
                let mask = (1 << count) - 1;
                let mut i = self.body.i();
                i.local_get(place).v128_load(at(0)).v128_const(wanted).i8x16_eq().i8x16_bitmask();
                i.i32_const(mask).i32_and().i32_const(mask).i32_eq();
            }
            _ => {
                let (head, tail) = (i128::from_le_bytes(word(0, 16)), i128::from_le_bytes(word(count - 16, count)));
                let mut i = self.body.i();
                i.local_get(place).v128_load(at(0)).v128_const(head).i8x16_eq();
                i.local_get(place).v128_load(at(count as u32 - 16)).v128_const(tail).i8x16_eq();
                i.v128_and().i8x16_bitmask().i32_const(0xffff).i32_eq();
            }
        }
    }
}

/// The body of [`Helper::Search`]: as the code in place, with a needle that is read from memory. Before it stand its number among needles, or that
/// among wildcards with all bits changed, and its length.
pub(crate) fn helper(body: &mut Body) {
    let [place, len, needle] = [0, 1, 2];
    let short = body.block();
    body.i().local_get(len).i32_const(LOOKED_AT as i32).i32_lt_u();
    body.br_if(short);
    let wildcard = body.block();
    body.i().local_get(needle).i32_load(at(0)).i32_const(0).i32_lt_s();
    body.br_if(wildcard);
    body.i().local_get(needle).i32_load(at(0)).local_get(place).local_get(len);
    Import::Search.call(body);
    body.i().i64_extend_i32_u().return_();
    body.end();
    body.i().local_get(needle).i32_load(at(0)).i32_const(-1).i32_xor().local_get(place).local_get(len);
    Import::Wildcard.call(body);
    body.i().i64_extend_i32_u().return_();
    body.end();
    let count = body.local(I32);
    body.i().local_get(needle).i32_load(at(4)).local_set(count);
    body.i().local_get(needle).i32_const(8).i32_add().local_set(needle);
    let (end, mask, candidate) = (body.local(I32), body.local(I32), body.local(I32));
    // How far the last byte is from the first, how far the last 16 bytes are, and which of the first 16 are the needle's.
    let (reach, tail, wanted) = (body.local(I32), body.local(I32), body.local(I32));
    let (first, last, head_vector, tail_vector) = (body.local(V128), body.local(V128), body.local(V128), body.local(V128));
    let missing = body.block();
    body.i().local_get(len).local_get(count).i32_lt_u();
    body.br_if(missing);
    body.i().local_get(place).local_get(len).i32_add().local_get(count).i32_sub().local_set(end);
    body.i().local_get(count).i32_const(1).i32_sub().local_set(reach);
    body.i().local_get(needle).i32_load8_u(at(0)).i8x16_splat().local_set(first);
    body.i().local_get(needle).local_get(reach).i32_add().i32_load8_u(at(0)).i8x16_splat().local_set(last);
    body.i().local_get(count).i32_const(16).i32_sub().i32_const(0).local_get(count).i32_const(16).i32_gt_u().select().local_set(tail);
    body.i().i32_const(0xffff).i32_const(16).local_get(count).i32_sub().local_get(tail).i32_add().i32_shr_u().local_set(wanted);
    body.i().local_get(needle).v128_load(at(0)).local_set(head_vector);
    body.i().local_get(needle).local_get(tail).i32_add().v128_load(at(0)).local_set(tail_vector);
    let block = body.loop_();
    body.i().local_get(place).v128_load(at(0)).local_get(first).i8x16_eq();
    body.i().local_get(place).local_get(reach).i32_add().v128_load(at(0)).local_get(last).i8x16_eq();
    body.i().v128_and().i8x16_bitmask().local_set(mask);
    let none = body.block();
    let next = body.loop_();
    body.i().local_get(mask);
    body.br_unless(none);
    body.i().local_get(mask).i32_ctz().local_get(place).i32_add().local_tee(candidate).local_get(end).i32_gt_u();
    body.br_if(missing);
    body.i().local_get(candidate).v128_load(at(0)).local_get(head_vector).i8x16_eq();
    body.i().local_get(candidate).local_get(tail).i32_add().v128_load(at(0)).local_get(tail_vector).i8x16_eq();
    body.i().v128_and().i8x16_bitmask().local_get(wanted).i32_and().local_get(wanted).i32_eq();
    body.if_(None);
    body.i().i64_const(1).return_();
    body.end();
    body.i().local_get(mask).local_get(mask).i32_const(1).i32_sub().i32_and().local_set(mask);
    body.br(next);
    body.end();
    body.end();
    body.i().local_get(place).i32_const(16).i32_add().local_tee(place).local_get(end).i32_le_u();
    body.br_if(block);
    body.end();
    body.end();
    body.i().i64_const(0);
}
