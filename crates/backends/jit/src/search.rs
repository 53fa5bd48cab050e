//! Searching for a constant: sixteen places at a time, in code made for the needle.
//!
//! Two of the needle's bytes are looked for at their distance; where both are, the rest is compared. Blocks are read past the end of the
//! value, but by no more than 15 bytes, which the padding of an arena allows. Values that are not in an arena are searched by a call, and
//! so are long ones, where a call costs little and the library's wider vectors pay. That call keeps all registers, so that it costs nothing
//! where it is not made.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I8X16, I32, I64};
use cranelift_codegen::ir::{Block, ConstantData, InstBuilder, MemFlagsData, Value};
use quintet_lang::ast::{NeedleId, WildcardId};
use quintet_native::Env;
use quintet_runtime::Threshold;
use quintet_runtime::plan::{SearchPlan, WildcardPlan};

use crate::generator::{Generator, Made};
use crate::symbols::Helper;
use crate::value::{Run, unaligned};

impl Generator<'_, '_> {
    /// Goes where the occurrence of a constant needle says.
    pub(crate) fn search(&mut self, run: Run, id: NeedleId, yes: Block, no: Block) -> Made<()> {
        let searcher = self.linked.searcher(id);
        self.occurs(run, (searcher.needle(), self.linked.plan().needle(id)), yes, no, |g, far| {
            let name = g.symbols.part("needle", id.index(), searcher);
            let searcher = g.address(name);
            let args = [g.state, searcher, run.start, run.len];
            if !far {
                return g.ask_test(Helper::Search, &args, yes, no);
            }
            g.call(Helper::SearchFar, &args);
            let answer = g.b.ins().load(I32, MemFlagsData::trusted(), g.state, Env::ANSWER as i32);
            g.branch(answer, yes, no);
            Ok(())
        })
    }

    /// Goes where the match of a wildcard pattern says.
    pub(crate) fn wildcard(&mut self, run: Run, id: WildcardId, yes: Block, no: Block) -> Made<()> {
        let general = |g: &mut Self| {
            let name = g.symbols.part("wildcard", id.index(), g.linked.wildcard(id));
            let pattern = g.address(name);
            g.ask_test(Helper::Wildcard, &[g.state, pattern, run.start, run.len], yes, no)
        };
        match self.linked.plan().wildcard(id) {
            WildcardPlan::Equal(whole) => {
                let same_len = self.compare_int(IntCC::Equal, run.len, whole.bytes().len() as i64);
                self.require(same_len, no);
                self.is_text(run.start, whole, (yes, no), general)
            }
            WildcardPlan::Prefix(start) => {
                self.room_for(run, start.bytes().len(), no);
                self.is_text(run.start, start, (yes, no), general)
            }
            WildcardPlan::Suffix(end) => {
                let room = self.room_for(run, end.bytes().len(), no);
                let at = self.b.ins().iadd(run.start, room);
                self.is_text(at, end, (yes, no), general)
            }
            WildcardPlan::Contains(middle, plan) => self.occurs(run, (middle, *plan), yes, no, |g, _| general(g)),
            WildcardPlan::General => {
                self.at_least(run, self.linked.wildcard(id).literal_len(), no);
                general(self)
            }
        }
    }

    /// Goes to `no` where a run has fewer bytes than these.
    pub(crate) fn at_least(&mut self, run: Run, bytes: usize, no: Block) {
        if bytes > 0 {
            self.room_for(run, bytes, no);
        }
    }

    /// How many bytes a run has beyond so many; goes to `no` where it has fewer.
    fn room_for(&mut self, run: Run, bytes: usize, no: Block) -> Value {
        let room = self.b.ins().iadd_imm_s(run.len, -(bytes as i64));
        let fits = self.compare_int(IntCC::SignedGreaterThanOrEqual, room, 0);
        self.require(fits, no);
        room
    }

    /// Goes where the occurrence of a needle says, which `ask` asks the library, and is told whether for long values alone.
    fn occurs(
        &mut self,
        run: Run,
        (needle, plan): (&[u8], SearchPlan),
        yes: Block,
        no: Block,
        ask: impl FnOnce(&mut Self, bool) -> Made<()>,
    ) -> Made<()> {
        if plan == SearchPlan::Always {
            self.jump(yes);
            return Ok(());
        }
        // How far the last place where the needle may begin is from the first; less than 0 where it does not fit.
        let room = self.b.ins().iadd_imm_s(run.len, -(needle.len() as i64));
        // Measured: on 24 bytes the code here takes a third of the call's time; between 256 and 500 bytes, by needle and text, the library's
        // search with its 32 lanes overtakes it, earlier where the code is not optimised.
        let most = self.linked.threshold(Threshold::JitSearchedBytes);
        let here = run.padded && plan != SearchPlan::Long && !self.linked.exceeds(Threshold::JitSearchedBytes, needle.len());
        if here {
            let is_short = self.b.ins().icmp_imm_u(IntCC::UnsignedLessThanOrEqual, room, (most - needle.len()) as i64);
            let [short, other] = [self.block(), self.cold_block()];
            self.branch(is_short, short, other);
            self.b.switch_to_block(short);
            self.search_here(run.start, room, needle, yes, no)?;
            self.b.switch_to_block(other);
        }
        let fits = self.compare_int(IntCC::SignedGreaterThanOrEqual, room, 0);
        self.require(fits, no);
        ask(self, here)
    }

    fn search_here(&mut self, start: Value, room: Value, needle: &[u8], yes: Block, no: Block) -> Made<()> {
        let (a, b) = rare_pair(needle);
        let last = self.b.ins().iadd(start, room);
        let [wanted_a, wanted_b] = [a, b].map(|i| {
            let constant = self.b.func.dfg.constants.insert(ConstantData::from([needle[i]; 16].as_slice()));
            self.b.ins().vconst(I8X16, constant)
        });
        let [head, next, hit, inside] = std::array::from_fn(|_| self.block());
        let place = self.b.append_block_param(head, I64);
        let hits = self.b.append_block_param(hit, I32);
        self.jump_with(head, &[start]);

        self.b.switch_to_block(head);
        let mut same = self.same_lanes(place, a, wanted_a);
        if a != b {
            let also = self.same_lanes(place, b, wanted_b);
            same = self.b.ins().band(same, also);
        }
        let lanes = self.b.ins().vhigh_bits(I32, same);
        self.b.ins().brif(lanes, hit, &[lanes.into()], next, &[]);

        self.b.switch_to_block(next);
        let following = self.b.ins().iadd_imm_s(place, 16);
        let more = self.b.ins().icmp(IntCC::UnsignedLessThanOrEqual, following, last);
        self.b.ins().brif(more, head, &[following.into()], no, &[]);

        // The first lane of those that are left. Beyond the last place there is none to be found.
        self.b.switch_to_block(hit);
        let lane = self.b.ins().ctz(hits);
        let lane = self.b.ins().uextend(I64, lane);
        let found = self.b.ins().iadd(place, lane);
        let is_inside = self.b.ins().icmp(IntCC::UnsignedLessThanOrEqual, found, last);
        self.branch(is_inside, inside, no);

        self.b.switch_to_block(inside);
        if needle.len() <= 2 {
            self.jump(yes);
            return Ok(());
        }
        let other = self.block();
        self.begins(found, needle, yes, other)?;
        self.b.switch_to_block(other);
        let less = self.b.ins().iadd_imm_s(hits, -1);
        let rest = self.b.ins().band(hits, less);
        self.b.ins().brif(rest, hit, &[rest.into()], next, &[]);
        Ok(())
    }

    /// All bits of the lanes whose byte, `offset` after their place, is the wanted one.
    fn same_lanes(&mut self, place: Value, offset: usize, wanted: Value) -> Value {
        let bytes = self.b.ins().load(I8X16, unaligned(), place, offset as i32);
        self.b.ins().icmp(IntCC::Equal, bytes, wanted)
    }
}

/// Where two bytes of the needle are that rarely stand in text; the same place twice if it has but one byte.
pub(crate) fn rare_pair(needle: &[u8]) -> (usize, usize) {
    let rarest = |except: Option<usize>| (0..needle.len()).filter(|i| Some(*i) != except).min_by_key(|i| commonness(needle[*i]));
    let a = rarest(None).unwrap_or(0);
    (a, rarest(Some(a)).unwrap_or(a))
}

/// A rough order of bytes by how often they stand in text and headers.
fn commonness(byte: u8) -> usize {
    const COMMON: &[u8] = b"zqjxkvbywgpfumhldcrn/-soia.t0 e";
    match byte {
        0 => 40,
        b'A'..=b'Z' => 2,
        b'1'..=b'9' => 12,
        _ => COMMON.iter().position(|b| *b == byte).map_or(1, |at| at + 3),
    }
}
