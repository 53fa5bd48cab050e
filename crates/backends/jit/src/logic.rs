//! Tests: Bool expressions compiled to branches.

use cranelift_codegen::ir::{Block, InstBuilder};
use quintet_lang::ast::{Const, Expr, ExprKind, LogicOp, Needle};

use crate::generator::{Generator, Made, Malformed};
use crate::symbols::Helper;

impl<'p> Generator<'_, 'p> {
    /// Goes to `yes` where a Bool expression holds, to `no` where it does not or is nil. Ends the current block.
    pub(crate) fn test(&mut self, expr: &'p Expr, yes: Block, no: Block) -> Made<()> {
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
            ExprKind::Contains { value, needle } => {
                let run = self.value(value, no)?.bytes()?;
                match needle {
                    Needle::Const(id) => self.search(run, *id, yes, no)?,
                    Needle::Dynamic(needle) => {
                        let needle = self.value(needle, no)?.bytes()?;
                        self.ask_test(Helper::Find, &[self.state, run.start, run.len, needle.start, needle.len], yes, no)?;
                    }
                }
            }
            ExprKind::Matches { value, regex } => {
                let run = self.value(value, no)?.bytes()?;
                let name = self.symbols.part("regex", regex.index(), self.linked.regex(*regex));
                let regex = self.address(name);
                self.ask_test(Helper::Regex, &[self.state, regex, run.start, run.len], yes, no)?;
            }
            ExprKind::Wildcard { value, pattern } => {
                let run = self.value(value, no)?.bytes()?;
                self.wildcard(run, *pattern, yes, no)?;
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
        for item in before {
            let next = self.block();
            let (yes, no) = if decisive { (yes, next) } else { (next, no) };
            self.test(item, yes, no)?;
            self.b.switch_to_block(next);
        }
        self.test(last, yes, no)
    }
}
