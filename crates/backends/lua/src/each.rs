//! Generating loops.

use quintet_lang::ast::{Clause, Each, Expr, LocalId, Quantifier};
use quintet_lang::{LOOKED_AT, Type};
use quintet_runtime::{Threshold, Trap, is_leaf};

use crate::code::Exit;
use crate::expr::first_word;
use crate::generator::Generator;
use crate::operand::{Operand, Place, stored};

/// A source of a loop, evaluated: the name of its block and of the word of its first element.
struct Source {
    local: LocalId,
    element: Type,
    block: String,
    first: String,
    /// Words from one element to the next.
    stride: u32,
}

impl Generator<'_> {
    /// Leaves to `exit` where a quantifier is `want`.
    #[inline(never)]
    pub(crate) fn quantifier(&mut self, quantifier: Quantifier, each: &Each, want: bool, exit: Exit) {
        let decisive = quantifier.decisive();
        if want == decisive {
            self.each(each, &mut |e| e.branch(&each.body, want, exit));
        } else {
            self.scoped(|e, out| {
                e.each(each, &mut |e| e.branch(&each.body, decisive, out));
                e.code.go(exit);
            });
        }
    }

    /// The array of a loop's values.
    #[inline(never)]
    pub(crate) fn collect(&mut self, each: &Each) -> Operand {
        let element = &each.body.ty;
        let (x, cell, out) = (self.data.ty(element), self.data.cells(1), self.data.cells(1));
        self.code.line(format!("begin(E, X[{x}])"));
        self.each(each, &mut |e| {
            e.scoped(|e, nil| {
                let value = e.value(&each.body, nil);
                e.code.line(format!("I64[{}] = 1", Place::frame(cell).word(0)));
                e.store(element, value, cell);
                let status = e.code.bind(&mut e.spilled, &format!("push(E, {})", Place::frame(cell).address()));
                e.check_trap(&status);
            });
        });
        let status = self.code.bind(&mut self.spilled, &format!("finish(E, {})", Place::frame(out).address()));
        self.check_trap(&status);
        self.result(&Type::array(element.clone()), out)
    }

    /// Generates the loops of clauses around `body`.
    fn each(&mut self, each: &Each, body: &mut dyn FnMut(&mut Self)) {
        let leaf = is_leaf(self.linked, each);
        self.clauses(&each.clauses, leaf, body);
    }

    fn clauses(&mut self, clauses: &[Clause], leaf: bool, body: &mut dyn FnMut(&mut Self)) {
        match clauses {
            [] => self.block(|e| body(e)),
            [Clause::Let(local, value), inner @ ..] => self.scoped(|e, skip| {
                let bound = e.value(value, skip);
                let bound = e.share_all(bound);
                e.locals[local.index()] = Some(bound);
                e.clauses(inner, leaf, body);
            }),
            [Clause::For(sources), inner @ ..] => self.block(|e| e.lockstep(sources, inner, leaf, body)),
        }
    }

    fn lockstep(&mut self, sources: &[(LocalId, Expr)], inner: &[Clause], leaf: bool, body: &mut dyn FnMut(&mut Self)) {
        let mut len = None;
        let mut evaluated = Vec::new();
        let most = self.linked.threshold(Threshold::LuaLoopSources);
        if sources.len() <= most {
            sources.iter().for_each(|(local, source)| evaluated.push(self.source(*local, source, &mut len)));
        } else {
            // The parts write to variables that stand before them.
            len = Some(self.spill("0x7fffffff"));
            for group in sources.chunks(most) {
                let part = self.part(|e| {
                    group.iter().for_each(|(local, source)| evaluated.push(e.source(*local, source, &mut len)));
                    e.code.line("return false");
                });
                self.block(|e| {
                    let trap = e.code.bind(&mut e.spilled, &format!("P[{part}]({})", e.args));
                    e.code.line(format!("if {trap} then return {trap} end"));
                });
            }
        }
        let len = len.unwrap_or_else(|| "0".into());
        if leaf {
            let len = self.code.bind(&mut self.spilled, &len);
            self.code.line(format!("if {len} >= {} then look(E, {len} * 16) end", LOOKED_AT / 16));
        }
        let index = self.code.local();
        let open = self.code.open(format!("for {index} = 0, {len} - 1 do"));
        if !leaf {
            self.code.line("I32[M] = I32[M] - 1");
            self.code.line(format!("if I32[M] < 0 and settle(E) ~= 0 then return {} end", Trap::Budget.at(self.place)));
        }
        if sources.len() <= most {
            evaluated.iter().for_each(|source| self.element(source, &index));
        } else {
            let shared = self.share(&index);
            for group in evaluated.chunks(most) {
                let part = self.part(|e| group.iter().for_each(|source| e.element(source, &shared)));
                self.code.line(format!("P[{part}]({})", self.args));
            }
        }
        self.clauses(inner, leaf, body);
        self.code.close(open);
    }

    /// A variable that the whole rule sees and that may be assigned to.
    fn share_new(&mut self, value: &str) -> String {
        if self.is_cut() { self.spill(value) } else { self.code.bind(&mut self.spilled, value) }
    }

    /// Evaluates a source and lowers `len` to its length; a nil one is empty.
    fn source(&mut self, local: LocalId, source: &Expr, len: &mut Option<String>) -> Source {
        let element = source.ty.element().unwrap_or(&source.ty).clone();
        let words = element.words();
        // A map's entry begins with its key.
        let (stride, skip) = if matches!(source.ty, Type::Map(_)) { (words + 1, " + 1") } else { (words, "") };
        let (first, block) = if source.nullable {
            let (first, block) = (self.share_new("0"), self.share_new("b"));
            let least = len.get_or_insert_with(|| self.share_new("0x7fffffff")).clone();
            self.scoped(|e, done| {
                e.scoped(|e, nil| {
                    let Operand::Block(value) = e.value(source, nil) else { return };
                    e.code.line(format!("if {0} < {least} then {least} = {0} end", value.len));
                    e.code.line(format!("{first} = {}{skip}", first_word(&value)));
                    if value.block != "b" {
                        e.code.line(format!("{block} = {}", value.block));
                    }
                    e.code.go(done);
                });
                e.code.line(format!("{least} = 0"));
            });
            (first, block)
        } else {
            let Operand::Block(value) = self.value(source, Exit::Nothing) else {
                return Source { local, element, block: "b".into(), first: "0".into(), stride };
            };
            match &*len {
                Some(least) => self.code.line(format!("if {0} < {least} then {least} = {0} end", value.len)),
                None => *len = Some(self.share_new(&value.len)),
            }
            (self.share(&format!("{}{skip}", first_word(&value))), self.share(&value.block))
        };
        Source { local, element, block, first, stride }
    }

    /// Binds an element to its local.
    fn element(&mut self, source: &Source, index: &str) {
        let word = match source.stride {
            1 => format!("{} + {index}", source.first),
            n => format!("{} + {index} * {n}", source.first),
        };
        let word = self.share(&word);
        let value = match stored(&source.element, Place::at(&word), &source.block) {
            Operand::Float(text) => Operand::Float(self.share(&text)),
            other => other,
        };
        self.locals[source.local.index()] = Some(value);
    }
}
