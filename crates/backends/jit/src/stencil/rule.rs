//! The code of a rule that is an expression.
//!
//! Tests become jumps: an expression is walked towards the place to go to where it holds and the place where it does not, and one of the
//! two is where the code goes on. What has no stencil becomes a call of a function that Cranelift compiles; see `leaf.rs`.

use quintet_lang::ast::{Const, Expr, ExprKind, LocalId, LogicOp, Rule};
use quintet_lang::effects::Steps;
use quintet_native::Env;
use quintet_runtime::plan::RulePlan;
use quintet_runtime::{Linked, Trap};

use crate::compile::LOOP_ALIGN;
use crate::instance;
use crate::stencil::asm::{Asm, Frame, Label, condition};
use crate::stencil::check::Stencils;
use crate::stencil::each::Bound;
use crate::stencil::leaf::{Leaf, TRAPPED};
use crate::stencil::place::Slot;
use crate::stencil::shapes::Shape;

/// The code of rules under construction.
pub(crate) struct Rules<'p> {
    pub(crate) asm: Asm,
    pub(crate) linked: &'p Linked,
    stencils: &'static Stencils,
    /// What Cranelift compiles, with the places where the functions' addresses belong.
    pub(crate) leaves: Vec<Leaf<'p>>,
    /// Whether the rule calls anything.
    pub(crate) calls: bool,
    /// Bytes on the stack that are taken at the moment, and the most that were.
    pub(crate) slots: (i32, i32),
    /// The locals of the loops around.
    pub(crate) locals: Vec<(LocalId, Bound<'p>)>,
    /// Whether a call that traps goes to `failed`.
    pub(crate) fails: bool,
    pub(crate) failed: Label,
    /// Where a rule that has trapped goes on.
    pub(crate) trapped: Label,
    rule: usize,
}

/// What the code that has been written needs.
struct Taken {
    calls: bool,
    fails: bool,
    slots: (i32, i32),
    leaves: usize,
}

/// Where a test goes.
#[derive(Clone, Copy)]
pub(crate) struct Ways {
    pub(crate) yes: Label,
    pub(crate) no: Label,
    /// Where the code goes on: mostly one of them.
    pub(crate) next: Label,
}

impl Ways {
    /// The same for the opposite of a test.
    pub(crate) fn swapped(self) -> Ways {
        Ways { yes: self.no, no: self.yes, next: self.next }
    }
}

/// Whether there is a stencil. Where there is none, what was written is taken back.
pub(crate) type Known<T> = Option<T>;

/// What lies between rules and is never run.
const PADDING: u8 = 0xcc;

impl<'p> Rules<'p> {
    pub(crate) fn new(linked: &'p Linked, stencils: &'static Stencils, mut asm: Asm) -> Rules<'p> {
        let [trapped, failed] = std::array::from_fn(|_| asm.label());
        let (leaves, locals) = (Vec::new(), Vec::new());
        Rules { asm, linked, stencils, leaves, calls: false, slots: (0, 0), locals, fails: false, failed, trapped, rule: 0 }
    }

    /// Writes a rule's function. Answers where it begins and ends; nothing is written where all of the rule is for Cranelift.
    pub(crate) fn rule(&mut self, number: usize, rule: &'p Rule) -> Result<Option<(usize, usize)>, String> {
        let before = self.asm.mark();
        (self.calls, self.slots, self.fails, self.rule) = (false, (0, 0), false, number);
        let leaves = self.leaves.len();
        let start = (self.asm.code.len() + Frame::MOST).next_multiple_of(LOOP_ALIGN);
        self.asm.code.resize(start, PADDING);
        let [head, yes, no] = std::array::from_fn(|_| self.asm.label());
        (self.trapped, self.failed) = (self.asm.label(), self.asm.label());
        let trapped = self.trapped;
        self.asm.bind(head);
        let counts = self.begin(self.linked.rule_plan(number));
        if !self.try_test(&rule.expr, Ways { yes, no, next: yes }) {
            self.asm.go_back(before);
            self.leaves.truncate(leaves);
            return Ok(None);
        }
        self.asm.bind(yes);
        self.asm.hit();
        self.asm.bind(no);
        if counts {
            self.check_steps();
        }
        self.asm.bind(trapped);
        let frame = Frame { stride: self.linked.layout().stride() as i32, calls: self.calls, bytes: self.slots.1 };
        frame.end(&mut self.asm, head);
        self.end_fails();
        self.asm.resolve()?;
        let (begin, len) = frame.begin();
        let entry = start - len;
        self.asm.code[entry..start].copy_from_slice(&begin[..len]);
        Ok(Some((entry, self.asm.code.len())))
    }

    /// What comes before the test of each record. Answers whether the steps are looked at after it.
    fn begin(&mut self, plan: &RulePlan) -> bool {
        let counts = plan.steps == Steps::Inline;
        if plan.makes_values {
            self.call(quintet_native::reset as *const () as usize, "reset");
        } else if counts {
            self.asm.copy_word(Env::METER_START, Env::METER);
        }
        counts
    }

    /// Traps where the budget has been passed.
    fn check_steps(&mut self) {
        let within = self.asm.label();
        self.asm.compare_state(Env::METER);
        self.asm.jump_if(condition::NOT_LESS, within);
        self.asm.no_hit();
        self.asm.trapped(Trap::Budget.code());
        self.call(instance::trap as *const () as usize, "trap");
        self.asm.bind(within);
    }

    /// Calls a function whose arguments are in their registers.
    pub(crate) fn call(&mut self, function: usize, name: &'static str) {
        self.calls = true;
        self.asm.call(function, || name.to_owned());
    }

    /// Copies a stencil.
    #[inline]
    pub(crate) fn put(&mut self, shape: Shape, constants: &[i64]) {
        self.asm.copy(self.stencils.of(shape), constants);
    }

    /// Copies a test's stencil and goes where it says.
    #[inline]
    pub(crate) fn put_test(&mut self, shape: Shape, constants: &[i64], Ways { yes, no, next }: Ways) {
        let stencil = self.stencils.of(shape);
        self.asm.copy(stencil, constants);
        self.asm.branch(stencil.holds, yes, no, next);
    }

    /// Copies a test's stencil and goes to `no` where it does not hold.
    pub(crate) fn require(&mut self, shape: Shape, constants: &[i64], no: Label) {
        let stencil = self.stencils.of(shape);
        self.asm.copy(stencil, constants);
        self.asm.jump_if(stencil.holds ^ 1, no);
    }

    /// Copies a test's stencil and goes to `yes` where it holds.
    pub(crate) fn go_if(&mut self, shape: Shape, constants: &[i64], yes: Label) {
        let stencil = self.stencils.of(shape);
        self.asm.copy(stencil, constants);
        self.asm.jump_if(stencil.holds, yes);
    }

    /// Writes a test that reads a slot, and has the record back in its register wherever it goes.
    pub(crate) fn reading(&mut self, slot: &Slot<'p>, ways: Ways, test: impl FnOnce(&mut Self, Ways)) {
        if !slot.moved {
            return test(self, ways);
        }
        let [yes, no] = std::array::from_fn(|_| self.asm.label());
        test(self, Ways { yes, no, next: yes });
        self.asm.bind(yes);
        self.back(slot);
        self.asm.jump(ways.yes);
        self.asm.bind(no);
        self.back(slot);
        self.asm.go(ways.no, ways.next);
    }

    /// Goes where a Bool expression says; false is nil as well. Writes nothing where there is no stencil for any of it.
    pub(crate) fn try_test(&mut self, expr: &'p Expr, ways: Ways) -> bool {
        match &expr.kind {
            ExprKind::Const(Const::Bool(b)) => {
                self.asm.go(if *b { ways.yes } else { ways.no }, ways.next);
                true
            }
            ExprKind::Not(operand) => self.try_test(operand, ways.swapped()),
            ExprKind::Logic { op, items } => self.logic(*op, items, ways),
            _ => {
                let mark = self.asm.mark();
                let before = self.taken();
                let known = self.shaped(expr, ways).is_some();
                if !known {
                    self.asm.go_back(mark);
                    self.take_back(before);
                }
                known
            }
        }
    }

    /// `and`, `or`, `xor`, unless there is a stencil for none of the operands.
    fn logic(&mut self, op: LogicOp, items: &'p [Expr], ways: Ways) -> bool {
        let mark = self.asm.mark();
        let before = self.taken();
        let mut any = false;
        match op.decisive() {
            Some(decisive) => {
                for (i, item) in items.iter().enumerate() {
                    if i + 1 == items.len() {
                        any |= self.operand(item, ways);
                        continue;
                    }
                    let next = self.asm.label();
                    let (yes, no) = if decisive { (ways.yes, next) } else { (next, ways.no) };
                    any |= self.operand(item, Ways { yes, no, next });
                    self.asm.bind(next);
                }
            }
            None => {
                let Some(slot) = self.take(8) else { return false };
                self.asm.clear(slot);
                for item in items {
                    let [yes, no] = std::array::from_fn(|_| self.asm.label());
                    any |= self.operand(item, Ways { yes, no, next: yes });
                    self.asm.bind(yes);
                    self.asm.flip(slot);
                    self.asm.bind(no);
                }
                self.asm.compare_slot(slot);
                self.give(slot);
                self.asm.branch(condition::NOT_EQUAL, ways.yes, ways.no, ways.next);
            }
        }
        if !any {
            self.asm.go_back(mark);
            self.take_back(before);
        }
        any
    }

    /// What a test that turns out to have no stencil has to give back beside its code.
    fn taken(&self) -> Taken {
        Taken { calls: self.calls, fails: self.fails, slots: self.slots, leaves: self.leaves.len() }
    }

    fn take_back(&mut self, before: Taken) {
        (self.calls, self.fails, self.slots) = (before.calls, before.fails, before.slots);
        self.leaves.truncate(before.leaves);
    }

    /// An operand; answers whether it has stencils.
    fn operand(&mut self, expr: &'p Expr, ways: Ways) -> bool {
        let known = self.try_test(expr, ways);
        if !known {
            self.leaf(expr, ways);
        }
        known
    }

    /// A call of a function that Cranelift compiles.
    fn leaf(&mut self, expr: &'p Expr, ways: Ways) {
        let number = self.leaves.len();
        // mov rax, function
        self.calls = true;
        let at = self.asm.code.len() + 2;
        self.asm.call(0, || format!("part {number}"));
        self.leaves.push(Leaf { rule: self.rule, expr, at });
        self.asm.compare_answer(TRAPPED);
        let trapped = self.trapped;
        self.asm.jump_if(condition::EQUAL, trapped);
        self.asm.compare_answer(1);
        self.asm.branch(condition::EQUAL, ways.yes, ways.no, ways.next);
    }
}
