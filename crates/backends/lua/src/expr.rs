//! Generating tests: code that leaves to an exit where a Bool has a wanted value, and goes on otherwise.

use quintet_lang::Type;
use quintet_lang::ast::{Expr, ExprKind, Frame, Needle};
use quintet_runtime::{Linked, Threshold, Trap};

use crate::code::{Code, Exit, Spilled};
use crate::data::Data;
use crate::operand::{Block, Bytes, Int, Ip, Operand, Place, U32, is_atom, is_spilled};
use crate::partition::{Cuts, can_trap};
use crate::script::Script;

/// Generates one rule.
pub(crate) struct Emitter<'c> {
    pub(crate) linked: &'c Linked,
    pub(crate) data: &'c mut Data,
    pub(crate) code: Code,
    pub(crate) cuts: &'c Cuts,
    /// What the loops in scope have bound.
    pub(crate) locals: Vec<Option<Operand>>,
    /// What a script has beside that; none in a rule that is an expression alone without anything of scripts.
    pub(crate) script: Option<Script<'c>>,
    /// The parameters of the function and of its parts.
    pub(crate) args: &'static str,
    /// Places in the table taken so far.
    pub(crate) spilled: Spilled<'c>,
    /// Functions that stand before this one, and their number so far in the chunk.
    pub(crate) parts: String,
    pub(crate) part_count: &'c mut usize,
    /// The number of the place that code is being generated for.
    pub(crate) place: u32,
}

impl<'c> Emitter<'c> {
    pub(crate) fn new(linked: &'c Linked, data: &'c mut Data, frame: &Frame, cuts: &'c Cuts, part_count: &'c mut usize) -> Emitter<'c> {
        let locals = vec![None; frame.locals.len()];
        let spilled = Spilled { linked, count: 0, table: "S" };
        Emitter {
            linked,
            data,
            code: Code::default(),
            cuts,
            locals,
            script: None,
            args: "w, b",
            spilled,
            parts: String::new(),
            part_count,
            place: 0,
        }
    }

    /// Whether the rule has parts in functions of their own, which see what is in `S` but no locals.
    pub(crate) fn is_cut(&self) -> bool {
        self.cuts.in_parts
    }

    /// Binds a value to a local of this function.
    pub(crate) fn bind(&mut self, text: &str) -> String {
        if is_atom(text) { text.into() } else { self.code.bind(&mut self.spilled, text) }
    }

    /// Binds a value where the whole rule sees it.
    pub(crate) fn share(&mut self, text: &str) -> String {
        if !self.is_cut() {
            return self.bind(text);
        }
        if is_spilled(text) && is_atom(text) || text == "b" {
            return text.into();
        }
        self.spill(text)
    }

    /// Puts a value into a place of its own in the table.
    pub(crate) fn spill(&mut self, text: &str) -> String {
        let name = self.spilled.place();
        self.code.line(format!("{name} = {text}"));
        name
    }

    /// Binds all of a value where the whole rule sees it.
    pub(crate) fn share_all(&mut self, value: Operand) -> Operand {
        match value {
            Operand::Bool(text) => Operand::Bool(self.share(&text)),
            Operand::Float(text) => Operand::Float(self.share(&text)),
            Operand::Int(int) if int.constant.is_some() => Operand::Int(int),
            Operand::Int(Int { place: Some(place), form, .. }) => {
                // What stands in memory is read again where it is used.
                let place = self.share_place(place);
                Operand::Int(Int { text: place.int64(0), place: Some(place), constant: None, form })
            }
            Operand::Int(int) => Operand::Int(Int { text: self.share(&int.text), ..int }),
            Operand::U32(u) if u.constant.is_some() => Operand::U32(u),
            Operand::U32(u) => U32::of(self.share(&u.text)),
            Operand::Bytes(bytes) if bytes.constant.is_some() => Operand::Bytes(bytes),
            Operand::Bytes(bytes) => {
                let (address, len) = (self.share(&bytes.address), self.share(&bytes.len));
                Operand::Bytes(Bytes { address, len, constant: None })
            }
            Operand::Ip(ip) => Operand::Ip(Ip { place: self.share_place(ip.place), ..ip }),
            Operand::Block(block) => {
                let (offset, len, block) = (self.share(&block.offset), self.share(&block.len), self.share(&block.block));
                Operand::Block(Block { block, offset, len })
            }
        }
    }

    /// Makes a place one that the whole rule sees.
    pub(crate) fn share_place(&mut self, place: Place) -> Place {
        if place.is_fixed() || !self.is_cut() { place } else { Place::at(&self.share(&place.word(0))) }
    }

    /// A text that is short enough to stand inside another.
    pub(crate) fn short(&mut self, text: String) -> String {
        if self.linked.exceeds(Threshold::LuaTextBytes, text.len()) { self.bind(&text) } else { text }
    }

    /// Generates a block, at whose end stands a label to leave to.
    pub(crate) fn scoped(&mut self, f: impl FnOnce(&mut Self, Exit)) {
        let label = self.code.label();
        let block = self.code.begin_block();
        f(self, Exit::Label(label));
        self.code.end_block(block, Some(label));
    }

    /// Generates a block.
    pub(crate) fn block(&mut self, f: impl FnOnce(&mut Self)) {
        let block = self.code.begin_block();
        f(self);
        self.code.end_block(block, None);
    }

    /// Leaves to `exit` where a condition is as wanted.
    pub(crate) fn decide(&mut self, condition: &str, want: bool, exit: Exit) {
        if want {
            self.code.jump(condition, exit);
        } else {
            self.code.jump(&format!("not ({condition})"), exit);
        }
    }

    /// Generates a block that leaves to `exit` where a Bool is as wanted. `f` is given where to leave to on nil, which counts as `on_nil`.
    pub(crate) fn deciding(&mut self, on_nil: bool, want: bool, exit: Exit, f: impl FnOnce(&mut Self, Exit)) {
        if on_nil == want {
            self.block(|e| f(e, exit));
        } else {
            self.scoped(f);
        }
    }

    /// Leaves to `exit` where `expr`, a Bool that is never nil, is `want`.
    pub(crate) fn branch(&mut self, expr: &Expr, want: bool, exit: Exit) {
        if self.cuts.holds(expr) {
            return self.branch_on_part(expr, want, exit);
        }
        self.branch_here(expr, want, exit);
    }

    fn branch_here(&mut self, expr: &Expr, want: bool, exit: Exit) {
        match &expr.kind {
            ExprKind::Not(operand) => self.branch(operand, !want, exit),
            ExprKind::Logic { op, items } => {
                let Some(decisive) = op.decisive() else { return self.xor(items, want, exit) };
                if want == decisive {
                    items.iter().for_each(|item| self.block(|e| e.branch(item, want, exit)));
                } else {
                    let Some((last, rest)) = items.split_last() else { return };
                    self.scoped(|e, out| {
                        rest.iter().for_each(|item| e.block(|e| e.branch(item, decisive, out)));
                        e.branch(last, want, exit);
                    });
                }
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
            ExprKind::Contains { value, needle } => self.deciding(false, want, exit, |e, nil| {
                let Operand::Bytes(value) = e.value(value, nil) else { return };
                let condition = match needle {
                    Needle::Const(id) => {
                        let searcher = e.linked.searcher(*id);
                        let x = e.data.address(searcher);
                        match searcher.needle().len() {
                            0 => "true".into(),
                            n => format!("{} >= {n} and search(E, X[{x}], {}, {}) ~= 0", value.len, value.address, value.len),
                        }
                    }
                    Needle::Dynamic(needle) => {
                        let Operand::Bytes(needle) = e.value(needle, nil) else { return };
                        format!("find(E, {}, {}, {}, {}) ~= 0", value.address, value.len, needle.address, needle.len)
                    }
                };
                e.decide(&condition, want, exit);
            }),
            ExprKind::Matches { value, regex } => {
                let x = self.data.address(self.linked.regex(*regex));
                self.matcher("regex", x, value, want, exit);
            }
            ExprKind::Wildcard { value, pattern } => {
                let x = self.data.address(self.linked.wildcard(*pattern));
                self.matcher("wildcard", x, value, want, exit);
            }
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

    fn matcher(&mut self, function: &str, x: usize, value: &Expr, want: bool, exit: Exit) {
        self.deciding(false, want, exit, |e, nil| {
            if let Operand::Bytes(value) = e.value(value, nil) {
                e.decide(&format!("{function}(E, X[{x}], {}, {}) ~= 0", value.address, value.len), want, exit);
            }
        });
    }

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
    pub(crate) fn truth(&mut self, expr: &Expr) -> String {
        let truth = self.code.bind(&mut self.spilled, "false");
        self.scoped(|e, no| {
            e.branch_here(expr, false, no);
            e.code.line(format!("{truth} = true"));
        });
        truth
    }

    /// Tests a Bool in a function of its own.
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

    /// Generates a function of its own and answers its place in the table `P`. A function that tests answers true, false or a trap's
    /// code; one that makes a value answers false or a trap's code, then the parts of the value unless it is nil.
    pub(crate) fn part(&mut self, f: impl FnOnce(&mut Self)) -> usize {
        let outer = std::mem::take(&mut self.code);
        f(self);
        let code = std::mem::replace(&mut self.code, outer);
        *self.part_count += 1;
        let part = *self.part_count;
        self.parts += &format!("  P[{part}] = function({})\n{}  end\n", self.args, code.text(2, &head(&code)));
        part
    }

    /// Ends the rule on this record where a call answered a trap.
    pub(crate) fn check_trap(&mut self, status: &str) {
        let text = match i64::from(Trap::placed(self.place)) - i64::from(quintet_native::TRAP) {
            less if less < 0 => format!("{status} - {}", -less),
            more => format!("{status} + {more}"),
        };
        self.code.line(format!("if {status} > 1 then return {text} end"));
    }

    /// What answers the trap whose number is in a variable.
    pub(crate) fn trap_in(&self, code: &str) -> String {
        match Trap::placed(self.place) {
            0 => code.to_owned(),
            placed => format!("{code} + {placed}"),
        }
    }

    /// Ends the evaluation where what was counted without a look has used up the budget.
    pub(crate) fn trap_if_exhausted(&mut self) {
        self.code.line(format!("if I32[M] < 0 then return {} end", Trap::Budget.at(self.place)));
    }

    /// Word `n` of a place as an `int64_t`; scripts write to places by halves.
    pub(crate) fn wide(&self, place: &Place, n: usize) -> String {
        if self.script.is_some() { format!("word({})", place.word(n)) } else { place.int64(n) }
    }

    /// Writes the words of a value into a cell.
    pub(crate) fn store(&mut self, ty: &Type, value: Operand, cell: usize) {
        let place = Place::frame(cell + 1);
        let mut word = |n: usize, text: &str| self.code.line(format!("{} = {text}", place.int64(n)));
        match value {
            Operand::Bool(text) => word(0, &format!("{text} and 1 or 0")),
            Operand::Int(int) => word(0, &int.text),
            Operand::U32(u) => word(0, &format!("{} % 4294967296", u.text)),
            Operand::Float(text) => self.code.line(format!("F64[{}] = {text}", place.word(0))),
            Operand::Bytes(bytes) => {
                word(0, &bytes.address);
                word(1, &bytes.len);
            }
            Operand::Ip(Ip { place: ip, .. }) => (0..ty.words() as usize).for_each(|n| {
                let text = self.wide(&ip, n);
                self.code.line(format!("{} = {text}", place.int64(n)));
            }),
            Operand::Block(block) => {
                word(0, &block.block);
                self.code.line(format!("{} = {}", place.low(1), block.offset));
                self.code.line(format!("{} = {}", place.high(1), block.len));
            }
        }
    }
}

/// What a function begins with.
pub(crate) fn head(code: &Code) -> Vec<String> {
    if code.uses_halves() { vec!["local d = w + w".into()] } else { vec![] }
}
