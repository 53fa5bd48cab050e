//! Loops of statements. Each turn counts a step.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{Block, InstBuilder, Value};
use cranelift_frontend::Variable;
use quintet_lang::ast::{Expr, LocalId, Over, Place, Stmt};
use quintet_runtime::{Trap, counts_steps, is_quiet, is_small, sum_of_bytes};

use crate::generator::{Generator, Made, Malformed};
use crate::stmt::Loop;
use crate::value::{Items, Run, Val, stride, unaligned};

/// Turns that stand one after the other where they are small.
const FOUR: i64 = 4;

impl<'p> Generator<'_, 'p> {
    /// The innermost loop.
    pub(crate) fn innermost(&self) -> Made<Loop> {
        self.loops.last().copied().ok_or(Malformed)
    }

    /// Runs a body, after which the next turn comes.
    fn turn(&mut self, leave: Block, next: Block, body: &'p [Stmt]) -> Made<()> {
        self.loops.push(Loop { leave, next });
        let goes_on = self.stmts(body)?;
        self.loops.pop();
        if goes_on {
            self.jump(next);
        }
        Ok(())
    }

    pub(crate) fn while_(&mut self, condition: &'p Expr, body: &'p [Stmt]) -> Made<()> {
        let [head, inside, done] = std::array::from_fn(|_| self.block());
        self.jump(head);
        self.b.switch_to_block(head);
        if let Some(meter) = self.counted_before(body).filter(|_| is_small(body) && !counts_steps(self.linked, condition)) {
            self.four_turns(meter, condition, body, (head, done))?;
        }
        self.holds(condition, inside, done)?;
        self.b.switch_to_block(inside);
        self.step();
        self.turn(done, head, body)?;
        self.b.switch_to_block(done);
        Ok(())
    }

    /// Up to four turns in a row, where the slice has so many steps, after which they are counted; goes on in a new block where it has not.
    fn four_turns(&mut self, meter: Variable, condition: &'p Expr, body: &'p [Stmt], (head, done): (Block, Block)) -> Made<()> {
        let [four, one] = std::array::from_fn(|_| self.block());
        let left = self.b.use_var(meter);
        let many = self.b.ins().icmp_imm_s(IntCC::SignedGreaterThanOrEqual, left, FOUR);
        self.branch(many, four, one);
        self.b.switch_to_block(four);
        for turns in 0..FOUR {
            let [inside, ended, next] = std::array::from_fn(|_| self.block());
            self.holds(condition, inside, ended)?;
            self.b.switch_to_block(ended);
            self.count_turns(meter, turns);
            self.jump(done);
            self.b.switch_to_block(inside);
            self.turn(done, next, body)?;
            self.b.switch_to_block(next);
        }
        self.count_turns(meter, FOUR);
        self.jump(head);
        self.b.switch_to_block(one);
        Ok(())
    }

    fn count_turns(&mut self, meter: Variable, turns: i64) {
        if self.linked.counts_turns() {
            let left = self.b.use_var(meter);
            let left = self.b.ins().iadd_imm_s(left, -turns);
            self.b.def_var(meter, left);
        }
    }

    pub(crate) fn for_(&mut self, local: LocalId, over: &'p Over, body: &'p [Stmt]) -> Made<()> {
        let done = self.block();
        let bounds = self.bounds.over(over);
        self.bounds.learn(local, bounds);
        match over {
            Over::Range { start, end, inclusive } => {
                let start = self.value(start, done)?.int()?;
                let end = self.value(end, done)?.int()?;
                self.range(local, (start, end, *inclusive), done, body)?;
            }
            Over::Value(value) => match self.value(value, done)? {
                Val::Bytes(run) => self.bytes(local, run, done, body)?,
                Val::Array(items) => self.items(local, items, 0, done, body)?,
                Val::Map(items) => self.items(local, items, 8, done, body)?,
                _ => return Err(Malformed),
            },
            Over::Array(place) => self.elements(local, *place, done, body)?,
        }
        self.b.switch_to_block(done);
        Ok(())
    }

    /// The Ints from a first one on. Whether there is a next one is asked before it is computed, so that the largest Int can be the last.
    fn range(&mut self, local: LocalId, (start, end, inclusive): (Value, Value, bool), done: Block, body: &'p [Stmt]) -> Made<()> {
        let order = if inclusive { IntCC::SignedLessThanOrEqual } else { IntCC::SignedLessThan };
        let any = self.b.ins().icmp(order, start, end);
        if let Some(meter) = self.counted_before(body) {
            self.require(any, done);
            let last = if inclusive { end } else { self.b.ins().iadd_imm_s(end, -1) };
            return self.counted(meter, (start, last), done, |g, (at, stop)| {
                g.stretch((at, stop, 1), body, &mut |g, here| g.assign(local, Val::Int(here)))
            });
        }
        let [inside, next] = std::array::from_fn(|_| self.block());
        let at = self.b.declare_var(I64);
        self.b.def_var(at, start);
        self.branch(any, inside, done);
        self.b.switch_to_block(inside);
        self.step();
        let here = self.b.use_var(at);
        self.assign(local, Val::Int(here))?;
        self.turn(done, next, body)?;
        self.b.switch_to_block(next);
        let here = self.b.use_var(at);
        let following = self.b.ins().iadd_imm_s(here, 1);
        self.b.def_var(at, following);
        let more = if inclusive {
            self.b.ins().icmp(IntCC::NotEqual, here, end)
        } else {
            self.b.ins().icmp(IntCC::SignedLessThan, following, end)
        };
        self.branch(more, inside, done);
        Ok(())
    }

    /// The steps that are left, if those of all turns of a loop over a sequence can be counted before it begins.
    fn counted_before(&self, body: &[Stmt]) -> Option<Variable> {
        self.meter.filter(|_| is_quiet(self.linked, body))
    }

    /// A loop over the numbers from a first to a last one, at least one, whose steps are counted before: as many turns at a time as the slice has
    /// steps for. `stretch` makes the loop over those from a variable's on, which it leaves at the end that it is given.
    fn counted(
        &mut self,
        meter: Variable,
        (first, last): (Value, Value),
        done: Block,
        stretch: impl FnOnce(&mut Self, (Variable, Value)) -> Made<()>,
    ) -> Made<()> {
        let at = self.b.declare_var(I64);
        self.b.def_var(at, first);
        let slice = self.block();
        self.jump(slice);
        self.b.switch_to_block(slice);
        let here = self.b.use_var(at);
        let others = self.b.ins().isub(last, here);
        let turns = self.reserve(meter, others);
        let here = self.b.use_var(at);
        let stop = self.b.ins().iadd(here, turns);
        stretch(self, (at, stop))?;
        let end = self.b.ins().iadd_imm_s(last, 1);
        let ended = self.b.ins().icmp(IntCC::Equal, stop, end);
        self.branch(ended, done, slice);
        Ok(())
    }

    /// Turns for the numbers from a variable's on up to an end, at least one, so far apart. Nothing in the body leaves the loop.
    fn stretch(
        &mut self,
        (at, stop, stride): (Variable, Value, i64),
        body: &'p [Stmt],
        set: &mut dyn FnMut(&mut Self, Value) -> Made<()>,
    ) -> Made<()> {
        let [inside, next, after] = std::array::from_fn(|_| self.block());
        if is_small(body) {
            let [head, four, rest] = std::array::from_fn(|_| self.block());
            self.jump(head);
            self.b.switch_to_block(head);
            let here = self.b.use_var(at);
            let left = self.b.ins().isub(stop, here);
            let more = self.b.ins().icmp_imm_u(IntCC::UnsignedGreaterThanOrEqual, left, FOUR * stride);
            self.branch(more, four, rest);
            self.b.switch_to_block(four);
            for further in 0..FOUR {
                let place = self.b.ins().iadd_imm_s(here, further * stride);
                set(self, place)?;
                let next = self.block();
                self.turn(rest, next, body)?;
                self.b.switch_to_block(next);
            }
            let following = self.b.ins().iadd_imm_s(here, FOUR * stride);
            self.b.def_var(at, following);
            self.jump(head);
            self.b.switch_to_block(rest);
            let here = self.b.use_var(at);
            let more = self.b.ins().icmp(IntCC::NotEqual, here, stop);
            self.branch(more, inside, after);
        } else {
            self.jump(inside);
        }
        self.b.switch_to_block(inside);
        let here = self.b.use_var(at);
        set(self, here)?;
        self.turn(after, next, body)?;
        self.b.switch_to_block(next);
        let here = self.b.use_var(at);
        let following = self.b.ins().iadd_imm_s(here, stride);
        self.b.def_var(at, following);
        let more = self.b.ins().icmp(IntCC::NotEqual, following, stop);
        self.branch(more, inside, after);
        self.b.switch_to_block(after);
        Ok(())
    }

    /// The places from `start` up to `end`, `stride` bytes apart.
    fn places(
        &mut self,
        (start, end, stride): (Value, Value, i64),
        done: Block,
        body: &'p [Stmt],
        set: &mut dyn FnMut(&mut Self, Value) -> Made<()>,
    ) -> Made<()> {
        let [inside, next] = std::array::from_fn(|_| self.block());
        let at = self.b.declare_var(I64);
        self.b.def_var(at, start);
        let any = self.b.ins().icmp(IntCC::NotEqual, start, end);
        self.branch(any, inside, done);
        self.b.switch_to_block(inside);
        self.step();
        let here = self.b.use_var(at);
        set(self, here)?;
        self.turn(done, next, body)?;
        self.b.switch_to_block(next);
        let here = self.b.use_var(at);
        let following = self.b.ins().iadd_imm_s(here, stride);
        self.b.def_var(at, following);
        let more = self.b.ins().icmp(IntCC::NotEqual, following, end);
        self.branch(more, inside, done);
        Ok(())
    }

    fn bytes(&mut self, local: LocalId, run: Run, done: Block, body: &'p [Stmt]) -> Made<()> {
        let end = self.b.ins().iadd(run.start, run.len);
        if let Some(meter) = self.counted_before(body) {
            self.require(run.len, done);
            let last = self.b.ins().iadd_imm_s(end, -1);
            return self.counted(meter, (run.start, last), done, |g, (at, stop)| match sum_of_bytes(local, body) {
                Some(sum) => g.add_bytes(sum, (at, stop)),
                None => g.stretch((at, stop, 1), body, &mut |g, here| {
                    let byte = g.b.ins().uload8(I64, unaligned(), here, 0);
                    g.assign(local, Val::Int(byte))
                }),
            });
        }
        self.places((run.start, end, 1), done, body, &mut |g, here| {
            let byte = g.b.ins().uload8(I64, unaligned(), here, 0);
            g.assign(local, Val::Int(byte))
        })
    }

    /// Adds the bytes from an address on up to an end to a local. Eight at a time become four sums of two, and these one by a multiplication.
    fn add_bytes(&mut self, sum: LocalId, (at, stop): (Variable, Value)) -> Made<()> {
        let [words, word, rest, byte, after] = std::array::from_fn(|_| self.block());
        self.jump(words);
        self.b.switch_to_block(words);
        let here = self.b.use_var(at);
        let left = self.b.ins().isub(stop, here);
        let more = self.b.ins().icmp_imm_u(IntCC::UnsignedGreaterThanOrEqual, left, 8);
        self.branch(more, word, rest);
        self.b.switch_to_block(word);
        let eight = self.b.ins().load(I64, unaligned(), here, 0);
        let low = self.int(0x00ff_00ff_00ff_00ff);
        let even = self.b.ins().band(eight, low);
        let odd = self.b.ins().ushr_imm_u(eight, 8);
        let odd = self.b.ins().band(odd, low);
        let pairs = self.b.ins().iadd(even, odd);
        let ones = self.int(0x0001_0001_0001_0001);
        let all = self.b.ins().imul(pairs, ones);
        let all = self.b.ins().ushr_imm_u(all, 48);
        self.add_to(sum, all, (at, 8))?;
        self.jump(words);
        self.b.switch_to_block(rest);
        let here = self.b.use_var(at);
        let more = self.b.ins().icmp(IntCC::NotEqual, here, stop);
        self.branch(more, byte, after);
        self.b.switch_to_block(byte);
        let one = self.b.ins().uload8(I64, unaligned(), here, 0);
        self.add_to(sum, one, (at, 1))?;
        self.jump(rest);
        self.b.switch_to_block(after);
        Ok(())
    }

    fn add_to(&mut self, sum: LocalId, more: Value, (at, bytes): (Variable, i64)) -> Made<()> {
        let here = self.b.use_var(at);
        let following = self.b.ins().iadd_imm_s(here, bytes);
        self.b.def_var(at, following);
        // It is never nil.
        let nil = self.trap_to(Trap::Nil);
        let before = self.held(sum, nil)?.int()?;
        let after = self.b.ins().iadd(before, more);
        self.assign(sum, Val::Int(after))
    }

    /// The elements of an array of a record, or the values of a map, which lie `skip` bytes behind the start of an entry.
    fn items(&mut self, local: LocalId, items: Items<'p>, skip: i32, done: Block, body: &'p [Stmt]) -> Made<()> {
        let bytes = stride(items.element) + i64::from(skip);
        let start = self.b.ins().iadd(items.block, items.offset);
        let distance = self.b.ins().imul_imm_s(items.len, bytes);
        let end = self.b.ins().iadd(start, distance);
        self.places((start, end, bytes), done, body, &mut |g, here| {
            let value = g.element(items, here, skip)?;
            g.assign(local, value)
        })
    }

    /// The elements of an array of the script, which the body may make longer or shorter.
    fn elements(&mut self, local: LocalId, place: Place, done: Block, body: &'p [Stmt]) -> Made<()> {
        let zero = self.int(0);
        let elements = self.array(place)?;
        if let (Some(meter), Some(len)) = (self.counted_before(body), elements.fixed) {
            if len == 0 {
                self.jump(done);
                return Ok(());
            }
            let last = self.int(i64::from(len) - 1);
            return self.counted(meter, (zero, last), done, |g, (at, stop)| {
                g.stretch((at, stop, 1), body, &mut |g, here| {
                    let value = g.load_element(elements, here)?;
                    g.assign(local, value)
                })
            });
        }
        let [head, next] = std::array::from_fn(|_| self.block());
        let at = self.b.declare_var(I64);
        self.b.def_var(at, zero);
        self.jump(head);
        self.b.switch_to_block(head);
        let here = self.b.use_var(at);
        let elements = self.array(place)?;
        self.require_order(IntCC::UnsignedLessThan, here, elements.len, done);
        self.step();
        let value = self.load_element(elements, here)?;
        self.assign(local, value)?;
        self.turn(done, next, body)?;
        self.b.switch_to_block(next);
        let here = self.b.use_var(at);
        let following = self.b.ins().iadd_imm_s(here, 1);
        self.b.def_var(at, following);
        self.jump(head);
        Ok(())
    }
}
