//! Loops of statements. Each turn counts a step.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{Block, InstBuilder, Value};
use quintet_lang::ast::{Expr, LocalId, Over, Place, Stmt};

use crate::function::{Gen, Made, Malformed};
use crate::stmt::Loop;
use crate::value::{Items, Run, Val, stride, unaligned};

impl<'p> Gen<'_, 'p> {
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
        self.holds(condition, inside, done)?;
        self.b.switch_to_block(inside);
        self.step()?;
        self.turn(done, head, body)?;
        self.b.switch_to_block(done);
        Ok(())
    }

    pub(crate) fn for_(&mut self, local: LocalId, over: &'p Over, body: &'p [Stmt]) -> Made<()> {
        let done = self.block();
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
        let [inside, next] = std::array::from_fn(|_| self.block());
        let at = self.b.declare_var(I64);
        self.b.def_var(at, start);
        let order = if inclusive { IntCC::SignedLessThanOrEqual } else { IntCC::SignedLessThan };
        let any = self.b.ins().icmp(order, start, end);
        self.branch(any, inside, done);
        self.b.switch_to_block(inside);
        self.step()?;
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
        self.step()?;
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
        self.places((run.start, end, 1), done, body, &mut |g, here| {
            let byte = g.b.ins().uload8(I64, unaligned(), here, 0);
            g.assign(local, Val::Int(byte))
        })
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
        let [head, next] = std::array::from_fn(|_| self.block());
        let at = self.b.declare_var(I64);
        let zero = self.int(0);
        self.b.def_var(at, zero);
        self.jump(head);
        self.b.switch_to_block(head);
        let here = self.b.use_var(at);
        let elements = self.array(place)?;
        self.require_order(IntCC::UnsignedLessThan, here, elements.len, done);
        self.step()?;
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
