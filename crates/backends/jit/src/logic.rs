//! Tests: Bool expressions compiled to branches.

use cranelift_codegen::ir::{Block, InstBuilder, Value};
use quintet_lang::ast::{Const, Expr, ExprKind, LogicOp, Needle};

use crate::generator::{Generator, Made, Malformed};
use crate::symbols::Helper;

impl<'p> Generator<'_, 'p> {
    /// Goes to `yes` where a Bool expression holds, to `no` where it does not or is nil. Ends the current block.
    pub(crate) fn test(&mut self, expr: &'p Expr, yes: Block, no: Block) -> Made<()> {
        self.standing_at(expr.span, |g| g.test_here(expr, yes, no))
    }

    fn test_here(&mut self, expr: &'p Expr, yes: Block, no: Block) -> Made<()> {
        if self.lean && self.is_flat(expr) {
            let bit = self.flat(expr, no)?;
            self.branch(bit, yes, no);
            return Ok(());
        }
        match &expr.kind {
            ExprKind::Const(Const::Bool(b)) => self.jump(if *b { yes } else { no }),
            ExprKind::Not(operand) => self.test(operand, no, yes)?,
            ExprKind::Logic { op, items } => self.logic(*op, items, yes, no)?,
            ExprKind::Compare { op, lhs, rhs, on_nil } => self.compare(*op, lhs, rhs, if *on_nil { yes } else { no }, yes, no)?,
            ExprKind::In { value, set } => {
                let value = self.value(value, no)?;
                self.in_set(*set, value, yes, no)?;
            }
            ExprKind::InList { value, list } => {
                let value = self.value(value, no)?;
                if !self.linked.program().lists.get(list.index()).is_some_and(|l| value.fits(&l.ty)) {
                    return Err(Malformed);
                }
                let slot = self.take_cells(1);
                self.store_cell(slot, 0, value)?;
                let (list, cell) = (self.number(list.0), self.cell_address(slot, 0));
                self.ask_test(Helper::InList, &[self.state, list, cell], yes, no)?;
                self.give_cells(1, slot);
            }
            ExprKind::Contains { value, needle: Needle::Const(id) } if !self.lean => {
                let run = self.value(value, no)?.bytes()?;
                self.search(run, *id, yes, no)?;
            }
            ExprKind::Wildcard { value, pattern } if !self.lean => {
                let run = self.value(value, no)?.bytes()?;
                self.wildcard(run, *pattern, yes, no)?;
            }
            ExprKind::Contains { .. } | ExprKind::Matches { .. } | ExprKind::Wildcard { .. } => {
                let answer = self.asked(expr, no)?.ok_or(Malformed)?;
                self.branch(answer, yes, no);
            }
            ExprKind::Present(value) => {
                self.value(value, no)?;
                self.jump(yes);
            }
            ExprKind::Quantifier { quantifier, each } => self.quantifier(*quantifier, each, yes, no)?,
            ExprKind::Element { .. }
            | ExprKind::Count(_)
            | ExprKind::Packed(_)
            | ExprKind::Intrinsic { .. }
            | ExprKind::Otherwise { .. }
            | ExprKind::Const(_)
            | ExprKind::Field(_)
            | ExprKind::Local(_)
            | ExprKind::Index { .. }
            | ExprKind::Key { .. }
            | ExprKind::Slice { .. }
            | ExprKind::Call { .. }
            | ExprKind::Neg(_)
            | ExprKind::Arith { .. }
            | ExprKind::Collect(_) => {
                let value = self.value(expr, no)?.bool()?;
                self.branch(value, yes, no);
            }
        }
        Ok(())
    }

    fn logic(&mut self, op: LogicOp, items: &'p [Expr], yes: Block, no: Block) -> Made<()> {
        let (last, before) = items.split_last().ok_or(Malformed)?;
        let Some(decisive) = op.decisive() else {
            let mut odd = self.int(0);
            for item in items {
                let bit = self.truth(item)?;
                odd = self.b.ins().bxor(odd, bit);
            }
            self.branch(odd, yes, no);
            return Ok(());
        };
        // Most of what a conjunction tests is false early, and mostly in the same test: a branch that is guessed right takes less than the
        // tests behind it.
        if decisive || !self.lean {
            for item in before {
                let next = self.block();
                let (yes, no) = if decisive { (yes, next) } else { (next, no) };
                self.test(item, yes, no)?;
                self.b.switch_to_block(next);
            }
            return self.test(last, yes, no);
        }
        let known = self.known.len();
        let there = self.need(items);
        let pending = self.all_of(there, before, no)?;
        if pending.is_some() && self.is_flat(last) {
            let bit = self.flat(last, no)?;
            let bit = self.and(pending, bit);
            self.branch(bit, yes, no);
        } else {
            self.settle_pending(pending, no);
            self.test(last, yes, no)?;
        }
        self.unlearn(known);
        Ok(())
    }

    /// The answer of a test that a helper is called for, 0 or 1 in 32 bits; none where it is no such test.
    pub(crate) fn asked(&mut self, expr: &'p Expr, no: Block) -> Made<Option<Value>> {
        let answer = match &expr.kind {
            ExprKind::Contains { value, needle } => {
                let run = self.value(value, no)?.bytes()?;
                match needle {
                    Needle::Const(id) => {
                        let searcher = self.linked.searcher(*id);
                        if searcher.needle().is_empty() {
                            return Ok(Some(self.number(1)));
                        }
                        let name = self.symbols.part("needle", id.index(), searcher);
                        let searcher = self.address(name);
                        self.ask(Helper::Search, &[self.state, searcher, run.start, run.len])?
                    }
                    Needle::Dynamic(needle) => {
                        let needle = self.value(needle, no)?.bytes()?;
                        self.ask(Helper::Find, &[self.state, run.start, run.len, needle.start, needle.len])?
                    }
                }
            }
            ExprKind::Matches { value, regex } => {
                let run = self.value(value, no)?.bytes()?;
                self.at_least(run, self.linked.regex(*regex).least(), no);
                let name = self.symbols.part("regex", regex.index(), self.linked.regex(*regex));
                let regex = self.address(name);
                self.ask(Helper::Regex, &[self.state, regex, run.start, run.len])?
            }
            ExprKind::Wildcard { value, pattern } => {
                let run = self.value(value, no)?.bytes()?;
                let name = self.symbols.part("wildcard", pattern.index(), self.linked.wildcard(*pattern));
                let pattern = self.address(name);
                self.ask(Helper::Wildcard, &[self.state, pattern, run.start, run.len])?
            }
            _ => return Ok(None),
        };
        Ok(Some(answer))
    }
}
