//! Functions of scripts, and the statements before a rule's expression.
//!
//! A function is one of WebAssembly: its parameters and results are values (where one may be nil, an i32 beside says whether it is there;
//! arrays are passed by the address of their elements, or of what describes them), its locals are locals. It answers the code of a trap,
//! or 0, before its results. Its fixed arrays lie on a stack in linear memory, whose first free byte its caller says; so does its caller
//! how many more calls there may be inside one another.

use quintet_lang::ast::{Block, Expr, ExprKind, Frame, Function, Span, Stmt, StmtKind};
use quintet_lang::{HARD_MEMORY_BYTES, Type};
use quintet_runtime::{Bounds, Linked, Trap, counts_steps, fixed_bytes};
use wasm_encoder::ValType::{self, I32};

use crate::array::List;
use crate::body::{Label, at};
use crate::expr::words;
use crate::generator::{Generator, Words};
use crate::import::TRAP;
use crate::module::{Builder, Hole, Signature, Target};
use crate::places::CALLS;
use crate::stack::frame_bytes;
use crate::uses::passed;

/// What every function gets: the addresses of the batch and the record, how many calls there may be inside one another (this one included), and
/// the first free byte of the stack of arrays.
pub(crate) const LEADING: [ValType; 4] = [I32; 4];

/// A rule with statements: of the addresses of the batch and the record, answering 0, 1 or a trap's code plus [`TRAP`].
const RULE: Signature = Signature::of(&[I32; 2], &[I32]);

/// The traps that a function goes to before its first statement.
const FIRST: [Trap; 4] = [Trap::Memory, Trap::Budget, Trap::Calls, Trap::Nil];

/// What statements need.
#[derive(Default)]
pub(crate) struct Script<'p> {
    /// Where the arrays among the locals are, and the types of their elements. (Nothing for others.)
    pub(crate) arrays: Vec<(List, &'p Type)>,
    /// What is known of the Ints among the locals.
    pub(crate) bounds: Bounds,
    /// The local with the steps that are left: the control word is behind until [`Generator::spill_steps`].
    pub(crate) left: Option<u32>,
    /// The local with the number of calls that may go on inside this one.
    pub(crate) calls: u32,
    /// The local with the first byte of the frame, and the frame's bytes.
    pub(crate) frame: (u32, u32),
    /// Where a trap's code is set, by code, in the order in which they begin.
    traps: Vec<(u32, Label)>,
    /// Where a function ends, and the locals with its results and whether they are there.
    pub(crate) returned: Option<Label>,
    pub(crate) results: Vec<(Words, Option<u32>)>,
    /// The end and the next turn of each loop, the innermost last.
    pub(crate) loops: Vec<(Label, Label)>,
}

impl Script<'_> {
    /// Where a trap's code is set, if there is such a place.
    pub(crate) fn trap(&self, code: u32) -> Option<Label> {
        self.traps.binary_search_by_key(&code, |(code, _)| *code).ok().and_then(|at| self.traps.get(at)).map(|(_, label)| *label)
    }
}

/// The traps that a statement itself goes to by a label, and those of its conditions, with their places.
fn traps_of(linked: &Linked, stmt: &Stmt, note: &mut dyn FnMut(&[Trap], Span)) {
    stmt.own_exprs(&mut |expr| {
        let span = if stmt.is_conditional() { expr.span } else { stmt.span };
        expr.walk(&mut |e| match &e.kind {
            ExprKind::Element { .. } => note(&[Trap::Index], span),
            ExprKind::Packed(_) => note(&[Trap::Memory], span),
            _ => {}
        });
        if counts_steps(linked, expr) {
            note(&[Trap::Budget], span);
        }
    });
    let own: &[Trap] = match &stmt.kind {
        StmtKind::Store { .. } => &[Trap::Index, Trap::Nil],
        StmtKind::Push { .. } => &[Trap::Memory, Trap::Nil],
        StmtKind::Fill { .. } => &[Trap::Memory, Trap::Budget, Trap::Nil],
        StmtKind::While { .. } | StmtKind::For { .. } => &[Trap::Budget],
        StmtKind::Set { .. }
        | StmtKind::Pop { .. }
        | StmtKind::Call { .. }
        | StmtKind::If { .. }
        | StmtKind::Break
        | StmtKind::Continue
        | StmtKind::Return(_) => &[],
    };
    note(own, stmt.span);
}

/// The words of a local or an answer, with the one that says whether it is there.
fn with_presence(ty: &Type, nullable: bool) -> impl Iterator<Item = ValType> {
    let words: &[ValType] = if matches!(ty, Type::List(..)) { &[I32] } else { words(ty) };
    words.iter().copied().chain(nullable.then_some(I32))
}

/// The parameters and results of a function.
fn signature(function: &Function) -> Signature {
    let params = function.frame.locals.iter().take(function.params as usize);
    let params = LEADING.into_iter().chain(params.flat_map(|local| with_presence(&local.ty, local.nullable)));
    let results = function.results.iter().flat_map(|answer| with_presence(&answer.ty, answer.nullable));
    Signature { params: params.collect(), results: std::iter::once(I32).chain(results).collect() }
}

/// Adds the functions of the program. They are the first that are added, so that each has the number of its id.
pub(crate) fn functions(linked: &Linked, builder: &mut Builder) {
    for (index, function) in linked.program().functions.iter().enumerate() {
        let signature = signature(function);
        let mut emitter = Generator::new(linked, builder, signature.params.len(), 0);
        emitter.standing_at(function.span, |emitter| emitter.function(function));
        let code = emitter.body.finish();
        builder.frames.push(frame_bytes(&code.locals, signature.params.len()));
        builder.add(format!("function_{index}_{}", function.name), signature, code);
        builder.callable.extend(function.is_callable().then_some(index as u32));
        builder.scripts = true;
    }
}

/// Adds the function that runs a rule's statements and answers its expression.
pub(crate) fn rule(linked: &Linked, builder: &mut Builder, index: usize) -> Target {
    let rule = &linked.program().rules[index];
    let mut emitter = Generator::new(linked, builder, RULE.params.len(), 0);
    let (calls, top) = (emitter.body.local(I32), emitter.body.local(I32));
    emitter.body.i().i32_const(0).i32_load(at(CALLS)).local_set(calls);
    emitter.body.unknown(Hole::Stack);
    emitter.body.i().local_set(top);
    (emitter.script.calls, emitter.script.frame.0) = (calls, top);
    let outer = emitter.begin_place(rule.span);
    let fixed = fixed_bytes(&rule.frame, 0);
    emitter.begin(&rule.frame, 0, &rule.before);
    emitter.charge_arrays(fixed);
    if fixed <= HARD_MEMORY_BYTES {
        emitter.begin_frame(&rule.frame, 0, (&rule.before, Some(&rule.expr)));
        emitter.block(&rule.before);
        let no = emitter.body.block();
        emitter.branch(&rule.expr, false, no);
        emitter.body.i().i32_const(1).return_();
        emitter.body.end();
    }
    emitter.body.i().i32_const(0).return_();
    emitter.end_traps();
    emitter.body.i().local_get(emitter.code).i32_const(TRAP as i32).i32_add();
    emitter.end_place(outer);
    let code = emitter.body.finish();
    builder.scripts = true;
    builder.add(format!("statements_{index}_{}", rule.name), RULE, code)
}

impl<'p> Generator<'p> {
    /// A whole function.
    fn function(&mut self, function: &'p Function) {
        let params = function.params as usize;
        (self.script.calls, self.script.frame.0) = (2, 3);
        for answer in &function.results {
            let value = self.new_locals(&answer.ty);
            let present = answer.nullable.then(|| self.body.local(I32));
            self.script.results.push((value, present));
        }
        self.begin(&function.frame, params, &function.body);
        self.step();
        let calls = self.script.calls;
        self.body.i().local_get(calls).i32_eqz();
        self.trap_if(Trap::Calls);
        self.body.i().local_get(calls).i32_const(1).i32_sub().local_set(calls);
        let fixed = fixed_bytes(&function.frame, params);
        self.charge_arrays(fixed);
        if fixed <= HARD_MEMORY_BYTES {
            self.begin_frame(&function.frame, params, (&function.body, None));
            let returned = self.body.block();
            self.script.returned = Some(returned);
            self.block(&function.body);
            self.body.end();
            self.end_frame(&function.frame, params, fixed);
        }
        self.spill_steps();
        self.body.i().i32_const(0);
        self.push_results(function);
        self.body.i().return_();
        self.end_traps();
        self.body.i().local_get(self.code);
        self.push_results(function);
    }

    fn push_results(&mut self, function: &Function) {
        for (place, answer) in function.results.iter().enumerate() {
            let (value, present) = self.script.results[place];
            self.push(&answer.ty, value);
            if let Some(present) = present {
                self.body.i().local_get(present);
            }
        }
    }

    /// Locals for a value.
    pub(crate) fn new_locals(&mut self, ty: &Type) -> Words {
        let mut locals = Words::default();
        for (local, word) in locals.iter_mut().zip(words(ty)) {
            *local = self.body.local(*word);
        }
        locals
    }

    /// Places for the locals, and for what traps. The parameters are the function's, behind [`LEADING`].
    fn begin(&mut self, frame: &'p Frame, params: usize, block: &Block) {
        // Parts of an expression in functions of their own would not know the locals.
        self.loops += 1;
        let shared = passed(block, frame.locals.len());
        self.script.bounds = Bounds::new(frame, params, block);
        let mut param = LEADING.len() as u32;
        let mut next = |this: &mut Self, own: bool, ty: ValType| {
            if own {
                return this.body.local(ty);
            }
            param += 1;
            param - 1
        };
        for (place, local) in frame.locals.iter().enumerate() {
            let own = place >= params;
            let mut value = Words::default();
            if let Type::List(element, len) = &local.ty {
                let list = match (own, len) {
                    (false, Some(len)) => List::Fixed { base: next(self, own, I32), offset: 0, len: *len },
                    (false, None) => List::Shared { base: next(self, own, I32), offset: 0 },
                    (true, None) if !shared[place] => {
                        let [address, len, room] = [I32; 3].map(|ty| next(self, own, ty));
                        List::Own { address, len, room }
                    }
                    // Where they are in the frame is said below.
                    (true, Some(len)) => List::Fixed { base: self.script.frame.0, offset: 0, len: *len },
                    (true, None) => List::Shared { base: self.script.frame.0, offset: 0 },
                };
                self.script.arrays.push((list, element));
            } else {
                for (word, ty) in value.iter_mut().zip(words(&local.ty)) {
                    *word = next(self, own, *ty);
                }
                self.script.arrays.push((List::Table { address: 0, len: 0 }, &local.ty));
            }
            self.bound.push(value);
            let present = local.nullable.then(|| next(self, own, I32));
            self.present.push(present);
        }
        self.place_arrays(frame, params);
        let left = self.body.local(I32);
        self.script.left = Some(left);
        self.reload_steps();
        self.trapped = self.body.block();
        let mut codes: Vec<u32> = FIRST.into_iter().map(|trap| trap.at(0)).collect();
        let mut note = |traps: &[Trap], span| codes.extend(traps.iter().map(|trap| trap.at(self.linked.place(span))));
        block.iter().for_each(|stmt| stmt.walk(&mut |stmt| traps_of(self.linked, stmt, &mut note)));
        codes.sort_unstable();
        codes.dedup();
        for code in codes {
            let label = self.body.block();
            self.script.traps.push((code, label));
        }
        self.never = self.label(Trap::Nil);
    }

    /// Where the code of a trap at this place is set. Of those that are never reached, that is where a trap goes.
    pub(crate) fn label(&self, trap: Trap) -> Label {
        self.script.trap(trap.at(self.place)).unwrap_or(self.trapped)
    }

    /// Makes the code of a condition, or of another place of its own.
    pub(crate) fn at_place<R>(&mut self, span: Span, make: impl FnOnce(&mut Self) -> R) -> R {
        let outer = std::mem::replace(&mut self.place, self.linked.place(span));
        let made = make(self);
        self.place = outer;
        made
    }

    /// Goes to a label where a condition of a statement does not hold; whoever goes on there calls [`Generator::after_condition`].
    pub(crate) fn unless(&mut self, condition: &Expr, to: Label) {
        self.at_place(condition.span, |this| this.branch(condition, false, to));
        self.after_condition(condition);
    }

    /// Looks at the budget after a condition that may have used it up.
    pub(crate) fn after_condition(&mut self, condition: &Expr) {
        if counts_steps(self.linked, condition) {
            self.at_place(condition.span, Self::trap_if_exhausted);
        }
    }

    /// Traps where what was counted without a look has used up the budget.
    pub(crate) fn trap_if_exhausted(&mut self) {
        if let Some(left) = self.script.left {
            self.body.i().local_get(left).i32_const(0).i32_lt_s();
            self.trap_if(Trap::Budget);
        }
    }

    /// Ends the blocks that traps go to; behind them is the code of the trap.
    fn end_traps(&mut self) {
        for (code, _) in std::mem::take(&mut self.script.traps).into_iter().rev() {
            self.body.end();
            if Trap::from_code(code) == Some(Trap::Budget) {
                self.spill_steps();
            }
            self.body.i().i32_const(code as i32).local_set(self.code);
            self.body.br(self.trapped);
        }
        self.body.end();
    }
}
