//! Generating tests: code that leaves to an exit where a Bool has a wanted value, and goes on otherwise.

use quintet_lang::ast::{Frame, Span};
use quintet_lang::{FieldId, Type};
use quintet_runtime::{Linked, Threshold, Trap};

use crate::code::{Code, Exit, Spilled};
use crate::data::Data;
use crate::operand::{Block, Bytes, Int, Ip, Operand, Place, U32, is_atom, is_spilled};
use crate::partition::Cuts;
use crate::script::Script;

/// Generates one rule.
pub(crate) struct Generator<'c> {
    pub(crate) linked: &'c Linked,
    pub(crate) data: &'c mut Data,
    pub(crate) code: Code,
    pub(crate) cuts: &'c Cuts,
    /// What the loops in scope have bound.
    pub(crate) locals: Vec<Option<Operand>>,
    /// Fields that are known to be there.
    pub(crate) known: Vec<FieldId>,
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

impl<'c> Generator<'c> {
    pub(crate) fn new(linked: &'c Linked, data: &'c mut Data, frame: &Frame, cuts: &'c Cuts, part_count: &'c mut usize) -> Generator<'c> {
        let locals = vec![None; frame.locals.len()];
        let code = Code::new(data.is_marked);
        let spilled = Spilled { linked, count: 0, table: "S" };
        Generator {
            linked,
            data,
            code,
            cuts,
            locals,
            known: Vec::new(),
            script: None,
            args: "w, b",
            spilled,
            parts: String::new(),
            part_count,
            place: 0,
        }
    }

    /// Generates the code of what stands at a place of the source.
    #[inline]
    pub(crate) fn standing_at<R>(&mut self, span: Span, generate: impl FnOnce(&mut Self) -> R) -> R {
        let outer = self.code.stand_for(Some(span));
        let generated = generate(self);
        self.code.stand_for(outer);
        generated
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
            self.code.refuse(condition, exit);
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

    /// Generates a function of its own and answers its place in the table `P`. A function that tests answers true, false or a trap's
    /// code; one that makes a value answers false or a trap's code, then the parts of the value unless it is nil.
    pub(crate) fn part(&mut self, f: impl FnOnce(&mut Self)) -> usize {
        let part = self.code.beside();
        let outer = std::mem::replace(&mut self.code, part);
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
