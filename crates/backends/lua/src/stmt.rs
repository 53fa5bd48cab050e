//! Generating statements.
//!
//! A part of a function that is cut answers nothing where control goes on after it, [`BREAK`] or [`CONTINUE`] for the loop around it, or what
//! the function answers.

use quintet_lang::Type;
use quintet_lang::ast::{ArithOp, Block, Expr, LocalId, Over, Span, Stmt, StmtKind};
use quintet_runtime::{Threshold, Trap, counts_steps, is_quiet, statement_counts_steps, sum_of_bytes};

use crate::code::Exit;
use crate::expr::first_word;
use crate::generator::Generator;
use crate::ints::range;
use crate::operand::{Form, Int, NUMBERS, Operand, Place, stored};
use crate::script::{Turn, answers_many, weight};
use crate::slots::{Slots, width};

const BREAK: i32 = -1;
const CONTINUE: i32 = -2;
/// A part of an `if` has run one of its blocks.
const DONE: i32 = -3;

/// Blocks inside one another in a Lua function that is cut.
const DEEP: usize = 8;

/// Arms of an `if` in a Lua function that is cut.
const ARMS: usize = 8;

/// What a block does to the loop around it.
fn escapes(block: &[Stmt]) -> (bool, bool) {
    let join = |a: (bool, bool), b: (bool, bool)| (a.0 || b.0, a.1 || b.1);
    block.iter().fold((false, false), |found, stmt| {
        join(
            found,
            match &stmt.kind {
                StmtKind::Break => (true, false),
                StmtKind::Continue => (false, true),
                StmtKind::If { arms, otherwise } => arms.iter().fold(escapes(otherwise), |found, (_, body)| join(found, escapes(body))),
                _ => (false, false),
            },
        )
    })
}

impl Generator<'_> {
    fn is_large(&self) -> bool {
        self.script.as_ref().is_some_and(|script| script.large)
    }

    fn set_turn(&mut self, turn: Turn) -> Turn {
        self.script.as_mut().map_or(Turn::Outside, |script| std::mem::replace(&mut script.turn, turn))
    }

    /// Statements that stand in no loop of this Lua function, or right in the body of one.
    pub(crate) fn statements(&mut self, block: &[Stmt]) {
        let most = self.linked.threshold(Threshold::LuaFunctionNodes);
        if !self.is_large() || weight(block) <= most {
            block.iter().for_each(|stmt| self.statement(stmt));
            return;
        }
        let mut rest = block;
        while !rest.is_empty() {
            let (mut taken, mut total) = (0, 0);
            for stmt in rest {
                let own = weight(std::slice::from_ref(stmt));
                if taken > 0 && total + own > most {
                    break;
                }
                (taken, total) = (taken + 1, total + own);
            }
            let (part, others) = rest.split_at(taken);
            match part {
                // Its blocks become parts.
                [stmt] if total > most => self.statement(stmt),
                _ => self.part_of_block(part),
            }
            rest = others;
        }
    }

    /// The block of a statement.
    fn inner(&mut self, block: &Block) {
        let most = self.linked.threshold(Threshold::LuaFunctionNodes);
        let deep = self.script.as_ref().map_or(0, |script| script.depth);
        if self.is_large() && (weight(block) > most / 8 || deep >= DEEP) {
            return self.part_of_block(block);
        }
        if let Some(script) = &mut self.script {
            script.depth += 1;
        }
        self.block(|e| e.statements(block));
        if let Some(script) = &mut self.script {
            script.depth -= 1;
        }
    }

    /// Statements in a Lua function of their own.
    fn part_of_block(&mut self, block: &[Stmt]) {
        if block.is_empty() {
            return;
        }
        let part = self.part_of(|e| e.statements(block));
        self.call_part(part, escapes(block), None);
    }

    fn part_of(&mut self, f: impl FnOnce(&mut Self)) -> usize {
        let turn = self.set_turn(Turn::Outside);
        let depth = self.script.as_mut().map_or(0, |script| std::mem::take(&mut script.depth));
        let part = self.part(f);
        if let Some(script) = &mut self.script {
            script.depth = depth;
        }
        self.set_turn(turn);
        part
    }

    /// Runs a part; `done` is where to go where it has run a block of an `if`.
    fn call_part(&mut self, part: usize, (breaks, continues): (bool, bool), done: Option<Exit>) {
        self.block(|e| {
            let results = e.script.as_ref().and_then(|script| script.function).map_or(0, |id| {
                let results = &e.linked.program().functions[id.index()].results;
                if answers_many(results) { 1 } else { results.iter().map(|answer| width(&answer.ty)).sum() }
            });
            let names: Vec<String> = (0..=results).map(|_| e.code.local()).collect();
            let names = names.join(", ");
            let r = names.split(',').next().unwrap_or("nil").to_owned();
            e.code.line(format!("local {names} = P[{part}]({})", e.args));
            let turn = e.script.as_ref().map_or(Turn::Outside, |script| script.turn);
            e.code.line(format!("if {r} ~= nil then"));
            if let Some(done) = done {
                let leave = e.code.leave(done);
                e.code.line(format!("  if {r} == {DONE} then {leave} end"));
            }
            if let Turn::Here(next) = turn {
                if breaks {
                    e.code.line(format!("  if {r} == {BREAK} then break end"));
                }
                if continues {
                    let leave = e.code.leave(next);
                    e.code.line(format!("  if {r} == {CONTINUE} then {leave} end"));
                }
            }
            e.code.line(format!("  return {names}"));
            e.code.line("end");
        });
    }

    fn statement(&mut self, stmt: &Stmt) {
        self.at_place(stmt.span, |e| {
            e.standing_at(stmt.span, |e| e.statement_here(stmt));
            if statement_counts_steps(e.linked, stmt) && !matches!(stmt.kind, StmtKind::Return(_)) {
                e.trap_if_exhausted();
            }
        });
    }

    /// Makes the code of a statement or a condition, which is a place of its own.
    fn at_place(&mut self, span: Span, make: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.place, self.linked.place(span));
        make(self);
        self.place = outer;
    }

    /// Goes to `exit` where a condition of a statement does not hold; whoever goes on there calls [`Generator::after_condition`].
    fn unless(&mut self, condition: &Expr, exit: Exit) {
        self.at_place(condition.span, |e| e.branch(condition, false, exit));
        self.after_condition(condition);
    }

    /// Looks at the budget after a condition that may have used it up.
    fn after_condition(&mut self, condition: &Expr) {
        if counts_steps(self.linked, condition) {
            self.at_place(condition.span, Self::trap_if_exhausted);
        }
    }

    fn statement_here(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Set { local, value } => {
                let slots = self.slots_of(*local);
                self.set(&slots, value);
            }
            StmtKind::Fill { array, with } => self.block(|e| e.fill(*array, with)),
            StmtKind::Store { array, index, value } => self.block(|e| {
                let Operand::Int(index) = e.needed(index) else { return };
                let value = e.needed(value);
                let array = e.array(quintet_lang::ast::Place::Local(*array));
                let index = e.within(&array, index);
                e.put(&array, &index, value);
            }),
            StmtKind::Push { array, value } => self.block(|e| e.push(*array, value)),
            StmtKind::Pop { local, array } => self.block(|e| e.pop(*local, *array)),
            StmtKind::Call { results, function, args } => self.script_call(results, *function, args),
            StmtKind::If { arms, otherwise } => self.if_(arms, otherwise),
            StmtKind::While { condition, body } => {
                let own = self.own_of(stmt);
                let open = self.open("while true do".into(), &own);
                let turn = self.set_turn(Turn::Outside);
                self.block(|e| e.unless(condition, Exit::Break));
                self.body(body, turn);
                self.code.close(open);
                self.after_condition(condition);
            }
            StmtKind::For { local, over, body } => {
                let own = self.own_of(stmt);
                self.block(|e| e.for_(*local, over, body, &own));
            }
            StmtKind::Break => match self.script.as_ref().map(|script| script.turn) {
                Some(Turn::Here(_)) => self.code.go(Exit::Break),
                _ => self.code.line(format!("do return {BREAK} end")),
            },
            StmtKind::Continue => match self.script.as_ref().map(|script| script.turn) {
                Some(Turn::Here(next)) => self.code.go(next),
                _ => self.code.line(format!("do return {CONTINUE} end")),
            },
            StmtKind::Return(values) => self.block(|e| e.return_(values)),
        }
    }

    /// Sets variables to a value or nil.
    fn set(&mut self, slots: &Slots, value: &Expr) {
        if !value.nullable {
            return self.block(|e| {
                let value = e.value(value, Exit::Nothing);
                e.assign(slots, value);
            });
        }
        self.scoped(|e, done| {
            e.scoped(|e, nil| {
                let value = e.value(value, nil);
                e.assign(slots, value);
                e.code.go(done);
            });
            e.assign_nil(slots);
        });
    }

    fn if_(&mut self, arms: &[(Expr, Block)], otherwise: &Block) {
        self.scoped(|e, done| {
            if e.is_large() && arms.len() > ARMS {
                for chunk in arms.chunks(ARMS) {
                    let part = e.part_of(|e| {
                        for (condition, body) in chunk {
                            e.scoped(|e, next| {
                                e.unless(condition, next);
                                e.inner(body);
                                e.code.line(format!("do return {DONE} end"));
                            });
                            e.after_condition(condition);
                        }
                    });
                    let found = chunk.iter().fold((false, false), |found, (_, body)| {
                        let here = escapes(body);
                        (found.0 || here.0, found.1 || here.1)
                    });
                    e.call_part(part, found, Some(done));
                }
                return e.inner(otherwise);
            }
            for (i, (condition, body)) in arms.iter().enumerate() {
                let last = i + 1 == arms.len() && otherwise.is_empty();
                e.scoped(|e, next| {
                    e.unless(condition, next);
                    e.inner(body);
                    if !last {
                        e.code.go(done);
                    }
                });
                e.after_condition(condition);
            }
            e.inner(otherwise);
        });
    }

    pub(crate) fn step(&mut self) {
        self.code.line("I32[M] = I32[M] - 1");
        self.code.line(format!("if I32[M] < 0 and settle(E) ~= 0 then return {} end", Trap::Budget.at(self.place)));
    }

    /// A variable with the number of the turn of which the slice has no step, for a loop whose turns begin with the number `first` and count no
    /// other way.
    fn begin_turns(&mut self, first: &str, body: &Block) -> Option<String> {
        let is_counted = !self.is_large() && is_quiet(self.linked, body);
        is_counted.then(|| self.fresh(&format!("{first} + I32[M]")))
    }

    /// Counts the step of the turn with the number `k`, and makes its body. `outer` is the loop around it.
    fn numbered(&mut self, k: &str, edge: &Option<String>, body: &Block, outer: Turn) {
        let Some(edge) = edge else { return self.body(body, outer) };
        self.code.line(format!("if {k} >= {edge} then"));
        self.code.line("  I32[M] = -1");
        self.code.line(format!("  if settle(E) ~= 0 then return {} end", Trap::Budget.at(self.place)));
        self.code.line(format!("  {edge} = {k} + 1 + I32[M]"));
        self.code.line("end");
        self.body_alone(body, outer);
    }

    /// A turn of a loop: its step and its body. `outer` is the loop around it.
    fn body(&mut self, body: &Block, outer: Turn) {
        self.step();
        self.body_alone(body, outer);
    }

    fn body_alone(&mut self, body: &Block, outer: Turn) {
        self.scoped(|e, next| {
            e.set_turn(Turn::Here(next));
            e.inner(body);
        });
        self.set_turn(outer);
    }

    /// The variables that are declared in a loop.
    fn own_of(&self, stmt: &Stmt) -> Vec<String> {
        let locals = self.script.as_ref().map_or(&[][..], |script| script.scopes.of_loop(stmt));
        locals.iter().flat_map(|local| self.slots_of(*local).names).collect()
    }

    /// Begins a loop with variables of its own.
    fn open(&mut self, text: String, own: &[String]) -> usize {
        let open = self.code.open(text);
        if !own.is_empty() {
            self.code.declare(own);
        }
        open
    }

    fn for_(&mut self, local: LocalId, over: &Over, body: &Block, own: &[String]) {
        let outer = self.script.as_ref().map_or(Turn::Outside, |script| script.turn);
        let slots = self.slots_of(local);
        match over {
            Over::Range { start, end, inclusive } => self.scoped(|e, none| {
                let Operand::Int(start) = e.value(start, none) else { return };
                let start = e.number(start);
                let Operand::Int(end) = e.value(end, none) else { return };
                let end = e.number(end);
                let first = e.fresh(&start.text);
                let (_, high) = range(end.form);
                if start.form != Form::Mixed {
                    // No run takes as many turns as lead beyond numbers.
                    let mut last = if end.form == Form::Mixed { e.fresh(&format!("tonumber({})", end.text)) } else { end.text };
                    if !inclusive {
                        last = format!("{last} - 1");
                    }
                    if high > NUMBERS.into() {
                        last = e.fresh(&last);
                        e.code.line(format!("if {last} > {NUMBERS} then {last} = {NUMBERS} end"));
                    }
                    let edge = e.begin_turns(&first, body);
                    if edge.is_some() {
                        last = e.fresh(&last);
                    }
                    let k = e.code.local();
                    let open = e.open(format!("for {k} = {first}, {last} do"), own);
                    e.code.line(format!("{} = {k}", slots.first()));
                    e.numbered(&k, &edge, body, outer);
                    e.code.close(open);
                    if let Some(edge) = edge {
                        e.code.line(format!("if {first} <= {last} then I32[M] = {edge} - {last} - 1 end"));
                    }
                    return;
                }
                let turns = e.fresh(&format!("turns({first}, {})", end.text));
                if *inclusive {
                    e.code.line(format!("if {first} <= {} then {turns} = {turns} + 1 end", end.text));
                }
                let k = e.code.local();
                let open = e.open(format!("for {k} = 0, {turns} - 1 do"), own);
                let at = e.fresh(&format!("{first} + {k}"));
                e.code.line(format!("if {at} > {NUMBERS} then {at} = {at} + 0LL end"));
                e.code.line(format!("{} = {at}", slots.first()));
                e.body(body, outer);
                e.code.close(open);
            }),
            Over::Value(value) => self.scoped(|e, none| {
                let found = e.value(value, none);
                let sum = sum_of_bytes(local, body).map(|sum| e.slots_of(sum));
                e.for_value((&slots, sum), (value, found), (body, own), outer);
            }),
            Over::Array(place) => {
                let array = self.array(*place);
                let k = self.fresh("0");
                let open = self.open(format!("while {k} < {} do", array.len), own);
                self.block(|e| {
                    let value = e.load(&array, &k);
                    e.assign(&slots, value);
                });
                self.code.line(format!("{k} = {k} + 1"));
                self.body(body, outer);
                self.code.close(open);
            }
        }
    }

    fn for_value(
        &mut self,
        (slots, sum): (&Slots, Option<Slots>),
        (value, found): (&Expr, Operand),
        (body, own): (&Block, &[String]),
        outer: Turn,
    ) {
        match found {
            Operand::Bytes(bytes) => {
                let (address, len) = (self.fresh(&bytes.address), self.fresh(&bytes.len));
                if let Some(sum) = sum {
                    return self.add_bytes(&sum, (&address, &len));
                }
                let k = self.code.local();
                let open = self.open(format!("for {k} = 0, {len} - 1 do"), own);
                self.code.line(format!("{} = U8[{address} + {k}]", slots.first()));
                self.body(body, outer);
                self.code.close(open);
            }
            Operand::Block(block) => {
                let element = value.ty.element().unwrap_or(&value.ty).clone();
                let (stride, skip) = if matches!(value.ty, Type::Map(_)) { (element.words() + 1, " + 1") } else { (element.words(), "") };
                let first = self.fresh(&format!("{}{skip}", first_word(&block)));
                let (len, block) = (self.fresh(&block.len), self.fresh(&block.block));
                let k = self.code.local();
                let open = self.open(format!("for {k} = 0, {len} - 1 do"), own);
                self.block(|e| {
                    let word = e.fresh(&format!("{first} + {k} * {stride}"));
                    let value = stored(&element, Place::at(&word), &block);
                    e.assign(slots, value);
                });
                self.body(body, outer);
                self.code.close(open);
            }
            // The checker walks nothing else.
            _ => self.code.line("error('a loop over this')"),
        }
    }

    /// Adds bytes to a local, as a loop over them would: 16 at a time become sums of two, and these two sums for every 32 bits. As many as the
    /// slice has steps for are counted before they are added.
    fn add_bytes(&mut self, sum: &Slots, (address, len): (&str, &str)) {
        let (at, end) = (self.fresh(address), self.fresh(&format!("{address} + {len}")));
        let slices = self.code.open(format!("while {at} < {end} do"));
        let left = self.fresh("I32[M]");
        self.code.line(format!("if {left} == 0 then"));
        self.code.line("  I32[M] = -1");
        self.code.line(format!("  if settle(E) ~= 0 then return {} end", Trap::Budget.at(self.place)));
        self.code.line(format!("  {left} = I32[M] + 1"));
        self.code.line("end");
        let turns = self.fresh(&format!("{end} - {at}"));
        self.code.line(format!("if {turns} > {left} then {turns} = {left} end"));
        self.code.line(format!("I32[M] = {left} - {turns}"));
        let stop = self.fresh(&format!("{at} + {turns}"));
        let k = self.code.local();
        let words = self.code.open(format!("for {k} = {at}, {stop} - 16, 16 do"));
        let pairs: Vec<String> = [0, 4, 8, 12]
            .iter()
            .map(|further| {
                let word = self.fresh(&format!("get4({k} + {further})"));
                format!("band({word}, 0xff00ff) + band(rshift({word}, 8), 0xff00ff)")
            })
            .collect();
        let halves = self.fresh(&format!("tobit(tobit({}) + tobit({}))", pairs[0], pairs[1]));
        let others = self.fresh(&format!("tobit(tobit({}) + tobit({}))", pairs[2], pairs[3]));
        let all = self.fresh(&format!("tobit({halves} + {others})"));
        let more = self.fresh(&format!("tobit(band({all}, 65535) + rshift({all}, 16))"));
        self.add_to(sum, &more, 16 * 255);
        self.code.close(words);
        let k = self.code.local();
        let rest = self.code.open(format!("for {k} = {stop} - {turns} % 16, {stop} - 1 do"));
        let byte = self.fresh(&format!("U8[{k}]"));
        self.add_to(sum, &byte, 255);
        self.code.close(rest);
        self.code.line(format!("{at} = {stop}"));
        self.code.close(slices);
    }

    fn add_to(&mut self, sum: &Slots, more: &str, most: i64) {
        let (Operand::Int(before), more) = (sum.operand(), Int::of(more.to_owned(), Form::Number(0, most))) else { return };
        let after = self.script_arith(ArithOp::Add, before, more);
        self.assign(sum, after);
    }

    fn return_(&mut self, values: &[Expr]) {
        let Some((ranges, id)) = self.script.as_ref().and_then(|script| Some((script.ranges, script.function?))) else { return };
        let many = answers_many(&self.linked.program().functions[id.index()].results);
        let mut texts = Vec::new();
        for (place, value) in values.iter().enumerate() {
            let (low, high) = ranges.of_result(id, place);
            let form = crate::ints::form(low, high);
            texts.extend(self.argument(value, form));
        }
        let table = many.then(|| {
            let table = self.fresh("{}");
            for (i, text) in texts.iter().enumerate() {
                self.code.line(format!("{table}[{}] = {text}", i + 1));
            }
            table
        });
        if values.iter().any(|value| counts_steps(self.linked, value)) {
            self.trap_if_exhausted();
        }
        self.leave();
        let texts = table.map_or(texts, |table| vec![table]);
        let texts: String = texts.iter().map(|text| format!(", {text}")).collect();
        self.code.line(format!("do return false{texts} end"));
    }
}
