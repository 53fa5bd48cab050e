//! What closures are made with, and the closures of a rule.

use quintet_lang::Type;
use quintet_lang::ast::{ExprKind, Frame, LocalId, LogicOp, Rule};
use quintet_runtime::{Linked, counts_steps};

use crate::code::{Filter, Pool, RuleCode};
use crate::frame::{Home, Layout};
use crate::logic::all;
use crate::operand::Fused;

/// Makes closures of expressions.
pub(crate) struct Generator<'p> {
    pub(crate) linked: &'p Linked,
    pub(crate) pool: Pool,
    /// By local of the rule: whether it stands for a slot of the batch.
    slots: Vec<bool>,
    /// The locals of the rule or function.
    pub(crate) frame: Option<&'p Frame>,
    /// Where the locals of the rule or function are that no loop of an expression binds.
    pub(crate) layout: Layout,
    /// Whether anything so far in this rule may trap or makes values.
    pub(crate) full: bool,
    /// Whether a local of this rule holds values.
    pub(crate) values: bool,
    /// A loop that the next test is the body of.
    pub(crate) fused: Option<Fused>,
}

impl<'p> Generator<'p> {
    /// A builder for the rules of a program.
    pub(crate) fn new(linked: &'p Linked) -> Generator<'p> {
        Generator {
            linked,
            pool: Pool::default(),
            slots: Vec::new(),
            frame: None,
            layout: Layout::default(),
            full: false,
            values: false,
            fused: None,
        }
    }

    /// What the closures refer to.
    pub(crate) fn finish(self) -> Pool {
        self.pool
    }

    /// Begins a rule or function.
    pub(crate) fn begin(&mut self, frame: &'p Frame) {
        self.frame = Some(frame);
        self.slots.clear();
        self.slots.resize(frame.locals.len(), false);
        (self.full, self.values) = (false, false);
    }

    /// The closures of a rule.
    pub(crate) fn rule(&mut self, rule: &'p Rule) -> RuleCode {
        self.begin(&rule.frame);
        if !rule.is_expression() {
            self.layout = Layout::new(&rule.frame, &[]);
            let body = self.statements(&rule.before);
            let test = self.test(&rule.expr);
            return RuleCode::Script { before: Box::new(self.code(body, &rule.frame, 0)), test };
        }
        self.layout = Layout::default();
        let items = match &rule.expr.kind {
            ExprKind::Logic { op: LogicOp::And, items } => items.as_slice(),
            _ => std::slice::from_ref(&rule.expr),
        };
        let values = |builder: &Self| if builder.values { builder.slots.len() } else { 0 };
        // Most rules are one test, and take no lists of tests.
        if let [item] = items {
            let test = self.test(item);
            return match self.full {
                true => RuleCode::Full { filter: None, test, values: values(self) },
                false if counts_steps(self.linked, item) => RuleCode::Counting(test),
                false => RuleCode::Plain(test),
            };
        }
        let (mut filter, mut rest, mut counts) = (Vec::with_capacity(items.len()), Vec::new(), false);
        for item in items {
            let test = self.test(item);
            if self.full {
                rest.push(test);
            } else {
                counts = counts || counts_steps(self.linked, item);
                filter.push(test);
            }
        }
        if rest.is_empty() {
            return if counts { RuleCode::Counting(all(filter)) } else { RuleCode::Plain(all(filter)) };
        }
        let counting = if counts { filter.len() } else { 0 };
        let filter = (!filter.is_empty()).then(|| Filter { test: all(filter), counting });
        RuleCode::Full { filter, test: all(rest), values: values(self) }
    }

    /// Adds to the bytes of all closures.
    pub(crate) fn add_size(&mut self, bytes: usize) {
        self.pool.size += bytes;
    }

    /// Keeps bytes that values will borrow.
    pub(crate) fn keep_bytes(&mut self, bytes: &[u8]) -> usize {
        self.pool.bytes.push(bytes.into());
        self.pool.bytes.len() - 1
    }

    /// Keeps a type that values will borrow.
    pub(crate) fn keep_type(&mut self, ty: &Type) -> usize {
        self.pool.types.iter().position(|t| t == ty).unwrap_or_else(|| {
            self.pool.types.push(ty.clone());
            self.pool.types.len() - 1
        })
    }

    /// Makes a local stand for a slot of the batch.
    pub(crate) fn bind_slot(&mut self, local: LocalId) -> usize {
        if let Some(slot) = self.slots.get_mut(local.index()) {
            *slot = true;
        }
        self.not_a_word(local);
        local.index()
    }

    /// Makes a local hold values.
    pub(crate) fn bind_value(&mut self, local: LocalId) -> usize {
        (self.full, self.values) = (true, true);
        self.not_a_word(local);
        local.index()
    }

    /// Notes that a loop of an expression binds a local of a script.
    fn not_a_word(&mut self, local: LocalId) {
        if let Some(home) = self.layout.homes.get_mut(local.index()) {
            *home = Home::Value { at: local.index() };
        }
    }

    /// Whether a local stands for a slot of the batch.
    pub(crate) fn is_slot(&self, local: LocalId) -> bool {
        self.slots.get(local.index()).is_some_and(|slot| *slot)
    }

    /// Runs `make` and answers with what it made whether that may trap or makes values.
    pub(crate) fn noting_full<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> (T, bool) {
        let before = std::mem::take(&mut self.full);
        let made = make(self);
        let full = self.full;
        self.full |= before;
        (made, full)
    }
}
