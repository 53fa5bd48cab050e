//! Statements: what they generate leaves the block open for the next one, unless nothing comes after them.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder, Value};
use quintet_lang::ast::{Expr, ExprKind, Filling, LocalId, Place, Span, Stmt, StmtKind};
use quintet_runtime::{counts_steps, statement_counts_steps};

use crate::array::{Array, Elements, size};
use crate::generator::{Generator, Made};
use crate::symbols::Helper;

/// Where the statements that leave a turn of a loop go.
#[derive(Clone, Copy)]
pub(crate) struct Loop {
    pub(crate) leave: Block,
    pub(crate) next: Block,
}

impl<'p> Generator<'_, 'p> {
    /// Statements one after the other. Answers whether what comes after them is reached.
    pub(crate) fn stmts(&mut self, block: &'p [Stmt]) -> Made<bool> {
        for stmt in block {
            if !self.stmt(stmt)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn stmt(&mut self, stmt: &'p Stmt) -> Made<bool> {
        self.at_place(stmt.span, |g| {
            let goes_on = g.standing_at(stmt.span, |g| g.stmt_here(stmt))?;
            if goes_on && statement_counts_steps(g.linked, stmt) {
                g.trap_if_exhausted();
            }
            Ok(goes_on)
        })
    }

    /// Generates the code of a statement or a condition, which is a place of its own.
    fn at_place<R>(&mut self, span: Span, generate: impl FnOnce(&mut Self) -> R) -> R {
        let outer = std::mem::replace(&mut self.place, self.linked.place(span));
        let generated = generate(self);
        self.place = outer;
        generated
    }

    /// Tests a condition of a statement.
    pub(crate) fn holds(&mut self, condition: &'p Expr, yes: Block, no: Block) -> Made<()> {
        self.at_place(condition.span, |g| {
            if !counts_steps(g.linked, condition) {
                return g.test(condition, yes, no);
            }
            let looks = [g.block(), g.block()];
            g.test(condition, looks[0], looks[1])?;
            for (look, to) in looks.into_iter().zip([yes, no]) {
                g.b.switch_to_block(look);
                g.trap_if_exhausted();
                g.jump(to);
            }
            Ok(())
        })
    }

    fn stmt_here(&mut self, stmt: &'p Stmt) -> Made<bool> {
        match &stmt.kind {
            StmtKind::Set { local, value } => {
                self.set(*local, value)?;
                let bounds = self.bounds.of(value);
                self.bounds.learn(*local, bounds);
            }
            StmtKind::Fill { array, with } => self.fill_with(*array, with)?,
            StmtKind::Store { array, index: at, value } => {
                let index = self.needed(at)?.int()?;
                let value = self.needed(value)?;
                let elements = self.array(Place::Local(*array))?;
                self.inside(elements, at, index);
                self.store_element(elements, index, value)?;
            }
            StmtKind::Push { array, value } => {
                let value = self.needed(value)?;
                self.push(*array, value)?;
            }
            StmtKind::Pop { local, array } => self.pop(*local, *array)?,
            StmtKind::Call { results, function, args } => self.script_call(results, *function, args)?,
            StmtKind::If { arms, otherwise } => return self.if_(arms, otherwise),
            StmtKind::While { condition, body } => self.while_(condition, body)?,
            StmtKind::For { local, over, body } => self.for_(*local, over, body)?,
            StmtKind::Break => {
                let to = self.innermost()?.leave;
                self.jump(to);
                return Ok(false);
            }
            StmtKind::Continue => {
                let to = self.innermost()?.next;
                self.jump(to);
                return Ok(false);
            }
            StmtKind::Return(values) => {
                self.return_(values)?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn set(&mut self, local: LocalId, value: &'p Expr) -> Made<()> {
        if !value.nullable {
            let value = self.needed(value)?;
            return self.assign(local, value);
        }
        let (nil, done) = (self.block(), self.block());
        let value = self.value(value, nil)?;
        self.assign(local, value)?;
        self.jump(done);
        self.b.switch_to_block(nil);
        self.assign_nil(local)?;
        self.jump(done);
        self.b.switch_to_block(done);
        Ok(())
    }

    fn if_(&mut self, arms: &'p [(Expr, Vec<Stmt>)], otherwise: &'p [Stmt]) -> Made<bool> {
        let join = self.block();
        let mut reached = false;
        for (condition, body) in arms {
            let (yes, next) = (self.block(), self.block());
            self.holds(condition, yes, next)?;
            self.b.switch_to_block(yes);
            if self.stmts(body)? {
                self.jump(join);
                reached = true;
            }
            self.b.switch_to_block(next);
        }
        if self.stmts(otherwise)? {
            self.jump(join);
            reached = true;
        }
        if reached {
            self.b.switch_to_block(join);
        }
        Ok(reached)
    }

    fn pop(&mut self, local: Option<LocalId>, array: LocalId) -> Made<()> {
        let elements = self.array(Place::Local(array))?;
        let [some, none, done] = std::array::from_fn(|_| self.block());
        self.branch(elements.len, some, none);
        self.b.switch_to_block(some);
        let last = self.b.ins().iadd_imm_s(elements.len, -1);
        if let Some(local) = local {
            let value = self.load_element(elements, last)?;
            self.assign(local, value)?;
        }
        self.set_len(array, last)?;
        self.jump(done);
        self.b.switch_to_block(none);
        if let Some(local) = local {
            self.assign_nil(local)?;
        }
        self.jump(done);
        self.b.switch_to_block(done);
        Ok(())
    }

    fn fill_with(&mut self, array: LocalId, with: &'p Filling) -> Made<()> {
        let place = Place::Local(array);
        let is_growing = matches!(self.local_array(array)?, Array::Growing(..));
        match with {
            Filling::Items(items) => {
                let len = self.int(items.len() as i64);
                if is_growing {
                    self.make_room(array, len)?;
                }
                let elements = self.array(place)?;
                self.look_at_filling(Elements { len, ..elements }, Some(items.len()));
                // An item that looks at an array may look at this one, which is as it was until all are known.
                let mut looks = false;
                items.iter().for_each(|item| {
                    item.walk(&mut |e| {
                        looks |= matches!(e.kind, ExprKind::Element { .. } | ExprKind::Count(_) | ExprKind::Packed(_));
                    });
                });
                if looks {
                    let values = items.iter().map(|item| self.needed(item)).collect::<Made<Vec<_>>>()?;
                    for (index, value) in values.into_iter().enumerate() {
                        let index = self.int(index as i64);
                        self.store_element(elements, index, value)?;
                    }
                } else {
                    for (index, item) in items.iter().enumerate() {
                        let value = self.needed(item)?;
                        let index = self.int(index as i64);
                        self.store_element(elements, index, value)?;
                    }
                }
                self.set_len(array, len)
            }
            Filling::Repeat(value, count) => {
                let value = self.needed(value)?;
                let count = self.needed(count)?.int()?;
                if !is_growing {
                    let elements = self.array(place)?;
                    self.look_at_filling(elements, None);
                    return self.fill(elements, value);
                }
                let none = self.int(0);
                let len = self.b.ins().smax(count, none);
                self.make_room(array, len)?;
                let elements = Elements { len, ..self.array(place)? };
                self.look_at_filling(elements, None);
                self.fill(elements, value)?;
                self.set_len(array, len)
            }
            Filling::Each(value) => {
                let value = self.needed(value)?;
                let elements = self.array(place)?;
                self.look_at_filling(elements, None);
                self.fill(elements, value)
            }
            Filling::Copy(from) => {
                let len = self.array(*from)?.len;
                if is_growing {
                    self.make_room(array, len)?;
                }
                let (to, from) = (self.array(place)?, self.array(*from)?);
                // Both have as many elements where the array is fixed.
                let len = if is_growing { len } else { self.b.ins().umin(to.len, len) };
                self.look_at_filling(Elements { len, ..to }, None);
                let bytes = self.b.ins().imul_imm_s(len, size(to.element));
                self.call(Helper::Copy, &[to.start, from.start, bytes]);
                self.set_len(array, len)
            }
        }
    }

    /// Counts what writing elements takes, of which there are `known`.
    fn look_at_filling(&mut self, elements: Elements<'p>, known: Option<usize>) {
        let bytes = self.b.ins().imul_imm_s(elements.len, size(elements.element));
        self.look(bytes, known.map_or(usize::MAX, |known| known.saturating_mul(size(elements.element) as usize)));
    }

    /// Goes on in a new block where an order holds, and to `no` where it does not.
    pub(crate) fn require_order(&mut self, order: IntCC, a: Value, b: Value, no: Block) {
        let holds = self.b.ins().icmp(order, a, b);
        self.require(holds, no);
    }
}
