//! Loops.

use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{Block, BlockArg, InstBuilder, Value};
use quintet_lang::Type;
use quintet_lang::ast::{Clause, Each, Expr, LocalId, Quantifier};
use quintet_runtime::is_leaf;

use crate::generator::{Generator, Made, Malformed};
use crate::symbols::Helper;
use crate::value::{Items, Val, stride};

/// What a loop walks: an array's elements or a map's values.
#[derive(Clone, Copy)]
struct Source<'p> {
    items: Items<'p>,
    /// Bytes from one item to the next.
    step: i64,
    /// Bytes from an item to its slot: what a map's key takes.
    skip: i32,
}

impl<'f, 'p> Generator<'f, 'p> {
    /// Goes where `any` or `all` says.
    pub(crate) fn quantifier(&mut self, quantifier: Quantifier, each: &'p Each, yes: Block, no: Block) -> Made<()> {
        match quantifier {
            Quantifier::Any => self.each(each, no, &mut |g, next| g.test(&each.body, yes, next)),
            Quantifier::All => self.each(each, yes, &mut |g, next| g.test(&each.body, next, no)),
        }
    }

    /// The array of a loop's values.
    pub(crate) fn collect(&mut self, each: &'p Each, ty: &'p Type, nil: Block) -> Made<Val<'p>> {
        let Type::Array(element) = ty else {
            return Err(Malformed);
        };
        let name = self.symbols.constant("type", &raw const **element);
        let element_address = self.address(name);
        self.call(Helper::CollectBegin, &[self.state, element_address]);
        let slot = self.take_cells(1);
        let done = self.block();
        self.each(each, done, &mut |g, next| {
            let value = g.value(&each.body, next)?;
            if !value.fits(element) {
                return Err(Malformed);
            }
            g.store_cell(slot, 0, value)?;
            let cell = g.cell_address(slot, 0);
            let status = g.ask(Helper::CollectPush, &[g.state, cell])?;
            g.check_status(status, None);
            g.jump(next);
            Ok(())
        })?;
        self.b.switch_to_block(done);
        let cell = self.cell_address(slot, 0);
        let status = self.ask(Helper::CollectEnd, &[self.state, cell])?;
        self.check_status(status, Some(nil));
        let value = self.load_cell(slot, 0, ty)?;
        self.give_cells(1, slot);
        Ok(value)
    }

    /// Runs `body` for each binding of the clauses' locals and goes to `done` after the last. The body must end the block that it is
    /// generated into, with the block that it is given for going on. Ends the current block.
    fn each(&mut self, each: &'p Each, done: Block, body: &mut dyn FnMut(&mut Self, Block) -> Made<()>) -> Made<()> {
        let leaf = is_leaf(self.linked, each);
        self.clauses(&each.clauses, leaf, done, body)
    }

    fn clauses(&mut self, clauses: &'p [Clause], leaf: bool, done: Block, body: &mut dyn FnMut(&mut Self, Block) -> Made<()>) -> Made<()> {
        match clauses {
            [] => body(self, done),
            [Clause::Let(local, value), inner @ ..] => {
                let value = self.value(value, done)?;
                self.bind(*local, Some(value))?;
                self.clauses(inner, leaf, done, body)?;
                self.bind(*local, None)
            }
            [Clause::For(sources), inner @ ..] => self.lockstep(sources, inner, leaf, done, body),
        }
    }

    /// Sets what a local stands for; nothing outside its loop, where its value does not exist.
    fn bind(&mut self, local: LocalId, value: Option<Val<'p>>) -> Made<()> {
        *self.locals.get_mut(local.index()).ok_or(Malformed)? = value;
        Ok(())
    }

    fn lockstep(
        &mut self,
        sources: &'p [(LocalId, Expr)],
        inner: &'p [Clause],
        leaf: bool,
        done: Block,
        body: &mut dyn FnMut(&mut Self, Block) -> Made<()>,
    ) -> Made<()> {
        let (last, before) = sources.split_last().ok_or(Malformed)?;
        let mut walked = before.iter().map(|(_, source)| self.source_or_empty(source)).collect::<Made<Vec<_>>>()?;
        // There is nothing left to compute that could trap.
        walked.push(self.source(&last.1, done)?);
        let lens = walked.iter().map(|s| s.items.len).collect::<Vec<_>>().into_iter();
        let len = lens.reduce(|a, b| self.b.ins().umin(a, b)).ok_or(Malformed)?;
        if leaf {
            self.look_at_elements(len);
        }
        let starts: Vec<Value> = walked.iter().map(|s| self.b.ins().iadd(s.items.block, s.items.offset)).collect();

        // The elements that are left, at least one, then where each source is.
        let [turn, next] = std::array::from_fn(|_| self.block());
        let left = self.b.append_block_param(turn, I64);
        let places: Vec<Value> = walked.iter().map(|_| self.b.append_block_param(turn, I64)).collect();
        self.turn_or(len, turn, std::iter::once(len).chain(starts), done);

        self.b.switch_to_block(turn);
        if !leaf {
            self.step();
        }
        for (((local, _), source), place) in sources.iter().zip(&walked).zip(&places) {
            let value = self.element(source.items, *place, source.skip)?;
            self.bind(*local, Some(value))?;
        }
        self.clauses(inner, leaf, next, body)?;
        for (local, _) in sources {
            self.bind(*local, None)?;
        }

        self.b.switch_to_block(next);
        let fewer = self.b.ins().iadd_imm_s(left, -1);
        let following: Vec<Value> = walked.iter().zip(&places).map(|(s, place)| self.b.ins().iadd_imm_s(*place, s.step)).collect();
        self.turn_or(fewer, turn, std::iter::once(fewer).chain(following), done);
        Ok(())
    }

    /// Goes to a loop's turn with its arguments where any element is left.
    fn turn_or(&mut self, left: Value, turn: Block, args: impl Iterator<Item = Value>, done: Block) {
        let args: Vec<BlockArg> = args.map(BlockArg::from).collect();
        self.b.ins().brif(left, turn, &args, done, &[]);
    }

    /// What a loop walks; goes to `nil` where that is nil.
    fn source(&mut self, expr: &'p Expr, nil: Block) -> Made<Source<'p>> {
        let (items, skip) = match self.value(expr, nil)? {
            Val::Array(items) => (items, 0),
            Val::Map(items) => (items, 8),
            _ => return Err(Malformed),
        };
        Ok(Source { items, step: stride(items.element) + i64::from(skip), skip })
    }

    /// What a loop walks; nil is empty.
    fn source_or_empty(&mut self, expr: &'p Expr) -> Made<Source<'p>> {
        let nil = self.cold_block();
        let source = self.source(expr, nil)?;
        let items = source.items;
        let join = self.block();
        let [block, offset, len] = std::array::from_fn(|_| self.b.append_block_param(join, I64));
        self.jump_with(join, &[items.block, items.offset, items.len]);
        self.b.switch_to_block(nil);
        let zero = self.int(0);
        self.jump_with(join, &[self.arena, zero, zero]);
        self.b.switch_to_block(join);
        Ok(Source { items: Items { block, offset, len, ..items }, ..source })
    }
}
