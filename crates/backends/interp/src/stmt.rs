//! Running statements.

use quintet_lang::ast::{Block, Expr, LocalId, Over, Span, Stmt, StmtKind};
use quintet_runtime::{Trap, Value, grown};

use crate::machine::Machine;

/// Where to go on after a statement.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    /// At the next one.
    On,
    /// Behind the innermost loop.
    Break,
    /// At the innermost loop's next turn.
    Continue,
    /// At the function's caller.
    Return,
}

impl<'a> Machine<'a> {
    pub(crate) fn block(&mut self, block: &'a Block) -> Result<Flow, Trap> {
        for stmt in block {
            let flow = self.stmt(stmt).map_err(|trap| self.trapped_at(stmt.span, trap))?;
            if flow != Flow::On {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    /// Notes where a trap happened, unless something inside has.
    #[cold]
    fn trapped_at(&mut self, span: Span, trap: Trap) -> Trap {
        self.fault.get_or_insert(span);
        trap
    }

    /// Whether a condition holds.
    fn holds(&mut self, condition: &'a Expr) -> Result<bool, Trap> {
        self.test(condition).map_err(|trap| self.trapped_at(condition.span, trap))
    }

    fn stmt(&mut self, stmt: &'a Stmt) -> Result<Flow, Trap> {
        match &stmt.kind {
            StmtKind::Set { local, value } => self.slots[local.index()] = self.value(value)?,
            StmtKind::Fill { array, with } => self.fill(*array, with)?,
            StmtKind::Store { array, index, value } => {
                let index = self.needed(index)?;
                let value = self.needed(value)?;
                let Value::Int(index) = index else { return Err(Trap::Nil) };
                let items = &mut self.list(*array).items;
                let place = usize::try_from(index).ok().and_then(|index| items.get_mut(index)).ok_or(Trap::Index)?;
                *place = value;
            }
            StmtKind::Push { array, value } => {
                let value = self.needed(value)?;
                let list = self.list(*array);
                let (len, room) = (list.items.len(), list.room);
                if len >= room {
                    self.make_room(*array, grown(room))?;
                }
                self.list(*array).items.push(value);
            }
            StmtKind::Pop { local, array } => {
                let value = self.list(*array).items.pop().unwrap_or(Value::Nil);
                if let Some(local) = local {
                    self.slots[local.index()] = value;
                }
            }
            StmtKind::Call { results, function, args } => self.script_call(results, *function, args)?,
            StmtKind::If { arms, otherwise } => {
                for (condition, body) in arms {
                    if self.holds(condition)? {
                        return self.block(body);
                    }
                }
                return self.block(otherwise);
            }
            StmtKind::While { condition, body } => return self.while_(condition, body),
            StmtKind::For { local, over, body } => return self.for_(*local, over, body),
            StmtKind::Break => return Ok(Flow::Break),
            StmtKind::Continue => return Ok(Flow::Continue),
            StmtKind::Return(values) => {
                let mut returned = std::mem::take(&mut self.calls().returned);
                returned.clear();
                for value in values {
                    returned.push(self.value(value)?);
                }
                self.calls().returned = returned;
                return Ok(Flow::Return);
            }
        }
        Ok(Flow::On)
    }

    /// A value that must not be nil.
    pub(crate) fn needed(&mut self, e: &'a Expr) -> Result<Value<'a>, Trap> {
        let value = self.value(e)?;
        if value.is_nil() { Err(Trap::Nil) } else { Ok(value) }
    }

    fn while_(&mut self, condition: &'a Expr, body: &'a Block) -> Result<Flow, Trap> {
        loop {
            if !self.holds(condition)? {
                return Ok(Flow::On);
            }
            self.scratch.step()?;
            match self.block(body)? {
                Flow::On | Flow::Continue => {}
                Flow::Break => return Ok(Flow::On),
                Flow::Return => return Ok(Flow::Return),
            }
        }
    }

    fn for_(&mut self, local: LocalId, over: &'a Over, body: &'a Block) -> Result<Flow, Trap> {
        match over {
            Over::Range { start, end, inclusive } => {
                let Value::Int(start) = self.value(start)? else { return Ok(Flow::On) };
                let Value::Int(end) = self.value(end)? else { return Ok(Flow::On) };
                // One past the last: beyond all Ints where the end is the largest and one of them.
                let end = i128::from(end) + i128::from(*inclusive);
                let mut at = i128::from(start);
                self.turns(local, body, &mut |_| {
                    let here = at;
                    at += 1;
                    (here < end).then_some(Value::Int(here as i64))
                })
            }
            Over::Value(value) => {
                let value = self.value(value)?;
                let mut at = 0;
                self.turns(local, body, &mut |_| {
                    let here = at;
                    at += 1;
                    match &value {
                        Value::Bytes(text) => text.get(here).map(|byte| Value::Int(i64::from(*byte))),
                        Value::Array(array) => (here < array.len()).then(|| array.get(here)),
                        Value::Map(map) => (here < map.len()).then(|| map.entry(here).1),
                        _ => None,
                    }
                })
            }
            Over::Array(place) => {
                let mut at = 0;
                self.turns(local, body, &mut |machine| {
                    let here = at;
                    at += 1;
                    machine.at(*place, here)
                })
            }
        }
    }

    /// Runs a body for what `next` answers, until that is nothing.
    fn turns(
        &mut self,
        local: LocalId,
        body: &'a Block,
        next: &mut dyn FnMut(&mut Machine<'a>) -> Option<Value<'a>>,
    ) -> Result<Flow, Trap> {
        while let Some(value) = next(self) {
            self.scratch.step()?;
            self.slots[local.index()] = value;
            match self.block(body)? {
                Flow::On | Flow::Continue => {}
                Flow::Break => return Ok(Flow::On),
                Flow::Return => return Ok(Flow::Return),
            }
        }
        Ok(Flow::On)
    }
}
