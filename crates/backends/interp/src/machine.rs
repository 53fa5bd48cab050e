//! One evaluation: `test` (in `logic.rs`) answers Bools that are never nil, `value` (in `expr.rs`) everything, `block` (in `stmt.rs`) runs
//! statements.

use quintet_lang::ast::{FnId, Frame, Rule, Span};
use quintet_runtime::{Fault, Linked, Memory, RecordRef, Scratch, Trap, Value};

use crate::call::Calls;
use crate::compile::Leaves;

/// One evaluation of one rule on one record.
pub(crate) struct Machine<'a> {
    pub(crate) program: &'a Linked,
    pub(crate) leaves: &'a Leaves,
    pub(crate) memory: Memory<'a>,
    /// Bytes from the memory's start to the record.
    pub(crate) record: usize,
    pub(crate) scratch: &'a Scratch,
    /// The locals, then a stack of call arguments and loop sources.
    pub(crate) slots: &'a mut [Value<'a>],
    /// The first slot that is free.
    pub(crate) top: usize,
    /// The frame whose locals the first slots are.
    pub(crate) frame: &'a Frame,
    /// The room of each rule, then of each function.
    pub(crate) rooms: &'a [usize],
    /// Calls that may go on inside one another.
    pub(crate) most_calls: usize,
    /// What functions need; none before the first has run, so that rules without any do not pay for it.
    calls: Option<Box<Calls<'a>>>,
    /// Where it trapped, if that was in a statement.
    pub(crate) fault: Option<Span>,
}

impl<'a> Machine<'a> {
    /// A machine for what has this frame and needs so many slots.
    #[inline]
    pub(crate) fn new(
        program: &'a Linked,
        (leaves, rooms): (&'a Leaves, &'a [usize]),
        record: RecordRef<'a>,
        scratch: &'a Scratch,
        (frame, room, most_calls): (&'a Frame, usize, usize),
    ) -> Machine<'a> {
        let slots = if room == 0 { Default::default() } else { scratch.locals(room) };
        let (memory, record, top) = (record.memory(), record.offset(), frame.locals.len());
        Machine { program, leaves, memory, record, scratch, slots, top, frame, rooms, most_calls, calls: None, fault: None }
    }

    /// Whether the rule matches; else what trapped, and where.
    #[inline]
    pub(crate) fn rule(&mut self, rule: &'a Rule) -> Result<bool, (Trap, Span)> {
        self.answer(rule).map_err(|trap| (trap, self.fault.unwrap_or(rule.expr.span)))
    }

    /// What functions need.
    #[inline]
    pub(crate) fn calls(&mut self) -> &mut Calls<'a> {
        self.calls.get_or_insert_default()
    }

    /// Calls a function with these arguments for the host; its results are in `calls().returned`.
    pub(crate) fn call_for_host(&mut self, id: FnId, args: &[Value<'a>]) -> Result<(), Fault> {
        let first = self.top;
        self.slots[first..first + args.len()].copy_from_slice(args);
        self.top += args.len();
        let function = &self.program.program().functions[id.index()];
        self.enter(id, first, args.len()).map_err(|trap| Fault { trap, span: self.fault.unwrap_or(function.span) })
    }

    #[inline]
    fn answer(&mut self, rule: &'a Rule) -> Result<bool, Trap> {
        if !rule.is_expression() {
            self.begin_rule(&rule.frame)?;
            self.block(&rule.before)?;
        }
        self.test(&rule.expr)
    }
}
