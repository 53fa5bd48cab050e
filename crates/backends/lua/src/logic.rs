//! Tests, and the control flow of Bools.

use std::collections::BTreeMap;

use quintet_lang::ast::{Expr, ExprKind, LogicOp};
use quintet_runtime::needed_fields;

use crate::code::Exit;
use crate::generator::Generator;
use crate::operand::{Operand, Place};
use crate::partition::can_trap;

impl Generator<'_> {
    /// Leaves to `exit` where `expr`, a Bool that is never nil, is `want`.
    pub(crate) fn branch(&mut self, expr: &Expr, want: bool, exit: Exit) {
        if self.cuts.holds(expr) {
            return self.branch_on_part(expr, want, exit);
        }
        self.standing_at(expr.span, |e| e.branch_here(expr, want, exit));
    }

    fn branch_here(&mut self, expr: &Expr, want: bool, exit: Exit) {
        match &expr.kind {
            ExprKind::Not(operand) => self.branch(operand, !want, exit),
            ExprKind::Logic { op, items } => {
                let Some(decisive) = op.decisive() else { return self.xor(items, want, exit) };
                let known = self.known.len();
                if want == decisive {
                    self.need(*op, items, exit);
                    items.iter().for_each(|item| self.block(|e| e.branch(item, want, exit)));
                } else {
                    let Some((last, rest)) = items.split_last() else { return };
                    self.scoped(|e, out| {
                        e.need(*op, items, out);
                        rest.iter().for_each(|item| e.block(|e| e.branch(item, decisive, out)));
                        e.branch(last, want, exit);
                    });
                }
                self.known.truncate(known);
            }
            ExprKind::Compare { op, lhs, rhs, on_nil } => self.deciding(*on_nil, want, exit, |e, nil| {
                let a = e.value(lhs, nil);
                let b = e.value(rhs, nil);
                let condition = e.compare(*op, a, b);
                e.decide(&condition, want, exit);
            }),
            ExprKind::In { value, set } => self.deciding(false, want, exit, |e, nil| {
                let value = e.value(value, nil);
                let condition = e.in_set(value, *set);
                e.decide(&condition, want, exit);
            }),
            ExprKind::InList { value, list } => self.deciding(false, want, exit, |e, nil| {
                let cell = e.data.cells(1);
                let ty = &value.ty;
                let value = e.value(value, nil);
                e.code.line(format!("I64[{}] = 1", Place::frame(cell).word(0)));
                e.store(ty, value, cell);
                let condition = format!("in_list(E, {}, {}) ~= 0", list.0, Place::frame(cell).address());
                e.decide(&condition, want, exit);
            }),
            ExprKind::Contains { value, needle } => self.contains(value, needle, want, exit),
            ExprKind::Matches { value, regex } => self.matches(value, *regex, want, exit),
            ExprKind::Wildcard { value, pattern } => self.wildcard(value, *pattern, want, exit),
            ExprKind::Present(value) => self.deciding(false, want, exit, |e, nil| {
                e.value(value, nil);
                if want {
                    e.code.go(exit);
                }
            }),
            ExprKind::Quantifier { quantifier, each } => self.quantifier(*quantifier, each, want, exit),
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
            | ExprKind::Collect(_) => self.deciding(false, want, exit, |e, nil| {
                if let Operand::Bool(text) = e.value_here(expr, nil) {
                    e.decide(&text, want, exit);
                }
            }),
        }
    }

    /// Leaves to `exit` where several fields that a conjunction needs are not all there; until it ends they are known to be.
    fn need(&mut self, op: LogicOp, items: &[Expr], exit: Exit) {
        if op != LogicOp::And {
            return;
        }
        let mut fields = needed_fields(self.linked, items);
        fields.retain(|field| !self.known.contains(field));
        if fields.len() < 2 {
            return;
        }
        let mut words: BTreeMap<usize, u64> = BTreeMap::new();
        for field in &fields {
            let slot = self.linked.layout().slot(*field);
            *words.entry(slot.presence_offset / 8).or_default() |= 1 << slot.presence_bit;
        }
        words.into_iter().for_each(|(word, bits)| self.require(word, bits, exit));
        self.known.extend(fields);
    }

    /// Leaves to `exit` where not all of these bits are set in a word of the record.
    pub(crate) fn require(&mut self, word: usize, bits: u64, exit: Exit) {
        let word = Place::record(word);
        for (half, bits) in [(word.low(0), bits as i32), (word.high(0), (bits >> 32) as i32)] {
            match bits.count_ones() {
                0 => {}
                1 => self.code.refuse(&format!("band({half}, {bits}) ~= 0"), exit),
                _ => self.code.refuse(&format!("band({half}, {bits}) == {bits}"), exit),
            }
        }
    }

    #[inline(never)]
    fn xor(&mut self, items: &[Expr], want: bool, exit: Exit) {
        self.block(|e| {
            let odd = e.code.bind(&mut e.spilled, "false");
            for item in items {
                e.scoped(|e, even| {
                    e.branch(item, false, even);
                    e.code.line(format!("{odd} = not {odd}"));
                });
            }
            e.decide(&odd, want, exit);
        });
    }

    /// The value of a test, as a Lua variable.
    #[inline(never)]
    pub(crate) fn truth(&mut self, expr: &Expr) -> String {
        let truth = self.code.bind(&mut self.spilled, "false");
        self.scoped(|e, no| {
            e.branch_here(expr, false, no);
            e.code.line(format!("{truth} = true"));
        });
        truth
    }

    /// Tests a Bool in a function of its own.
    #[inline(never)]
    fn branch_on_part(&mut self, expr: &Expr, want: bool, exit: Exit) {
        let part = self.part(|e| {
            e.branch_here(expr, false, Exit::Answer(false));
            e.code.line("return true");
        });
        self.block(|e| {
            if !can_trap(expr) {
                return e.decide(&format!("P[{part}]({})", e.args), want, exit);
            }
            let answer = e.code.bind(&mut e.spilled, &format!("P[{part}]({})", e.args));
            e.code.line(format!("if {answer} and {answer} ~= true then return {answer} end"));
            e.decide(&answer, want, exit);
        });
    }
}
