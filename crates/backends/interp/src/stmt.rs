//! Running statements.

use quintet_lang::Type;
use quintet_lang::ast::{Block, Expr, ExprKind, Filling, FnId, Frame, LocalId, Over, Place, Span, Stmt, StmtKind};
use quintet_runtime::{LIST_MOST, Trap, Value, call_bytes, element_bytes, fixed_bytes, grown};

use crate::expr::Machine;

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

/// An array of the script.
#[derive(Debug)]
pub(crate) struct List<'a> {
    items: Vec<Value<'a>>,
    /// For how many elements room was charged; those of a fixed array are charged with its function.
    room: usize,
    /// What an element is charged with.
    element: usize,
}

/// What functions need that call one another.
#[derive(Default)]
pub(crate) struct Calls<'a> {
    /// The arrays of all functions that go on, the outermost first. Locals hold their places.
    lists: Vec<List<'a>>,
    /// Frames that nobody uses, of each function.
    idle: Vec<Vec<&'a mut [Value<'a>]>>,
    /// How many calls go on inside one another.
    depth: usize,
    /// What the last function returned.
    returned: Vec<Value<'a>>,
}

impl<'a> Machine<'a> {
    /// Makes the arrays of a frame, beyond its parameters.
    pub(crate) fn make_lists(&mut self, frame: &'a Frame, params: usize) {
        for (place, local) in frame.locals.iter().enumerate().skip(params) {
            let Type::List(element, len) = &local.ty else { continue };
            self.slots[place] = Value::Int(self.calls.lists.len() as i64);
            let len = len.map_or(0, |len| len as usize);
            let zero = zero(element);
            self.calls.lists.push(List { items: vec![zero; len], room: 0, element: element_bytes(element) });
        }
    }

    /// Charges what a rule's own statements need, and makes it.
    pub(crate) fn begin_rule(&mut self, frame: &'a Frame) -> Result<(), Trap> {
        self.scratch.charge(fixed_bytes(frame, 0))?;
        self.make_lists(frame, 0);
        Ok(())
    }

    fn list(&mut self, local: LocalId) -> &mut List<'a> {
        let place = match self.slots[local.index()] {
            Value::Int(place) => place as usize,
            // Every array is made before its function's first statement.
            _ => usize::MAX,
        };
        &mut self.calls.lists[place]
    }

    /// How many elements an array has.
    pub(crate) fn count(&mut self, place: Place) -> usize {
        match place {
            Place::Local(local) => self.list(local).items.len(),
            Place::Table(table) => self.program.program().tables[table.index()].items.len(),
        }
    }

    /// An element of an array; `None` where there is none.
    pub(crate) fn at(&mut self, place: Place, index: usize) -> Option<Value<'a>> {
        match place {
            Place::Local(local) => self.list(local).items.get(index).copied(),
            Place::Table(table) => self.program.program().tables[table.index()].items.get(index).map(Value::of),
        }
    }

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
                let mut returned = std::mem::take(&mut self.calls.returned);
                returned.clear();
                for value in values {
                    returned.push(self.value(value)?);
                }
                self.calls.returned = returned;
                return Ok(Flow::Return);
            }
        }
        Ok(Flow::On)
    }

    /// A value that must not be nil.
    fn needed(&mut self, e: &'a Expr) -> Result<Value<'a>, Trap> {
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

    /// Sees to it that an array has room for so many elements.
    fn make_room(&mut self, array: LocalId, wanted: usize) -> Result<(), Trap> {
        if wanted > LIST_MOST {
            return Err(Trap::Memory);
        }
        let list = self.list(array);
        let more = wanted.saturating_sub(list.room).saturating_mul(list.element);
        list.room = list.room.max(wanted);
        if more > 0 { self.scratch.charge(more) } else { Ok(()) }
    }

    /// Counts what writing so many elements takes, and, for a growing array, sees to it that there is room.
    fn filled(&mut self, array: LocalId, len: usize) -> Result<(), Trap> {
        if !self.is_fixed(array) {
            self.make_room(array, len)?;
        }
        let element = self.list(array).element;
        self.scratch.look(len.saturating_mul(element))
    }

    fn is_fixed(&self, array: LocalId) -> bool {
        matches!(&self.frame.locals[array.index()].ty, Type::List(_, Some(_)))
    }

    fn fill(&mut self, array: LocalId, with: &'a Filling) -> Result<(), Trap> {
        match with {
            Filling::Items(items) => {
                self.filled(array, items.len())?;
                let mut values = Vec::with_capacity(items.len());
                for item in items {
                    values.push(self.needed(item)?);
                }
                self.list(array).items = values;
            }
            Filling::Repeat(value, count) => {
                let value = self.needed(value)?;
                let Value::Int(count) = self.needed(count)? else { return Err(Trap::Nil) };
                let count = usize::try_from(count.max(0)).unwrap_or(usize::MAX);
                self.filled(array, count)?;
                let items = &mut self.list(array).items;
                items.clear();
                items.resize(count, value);
            }
            Filling::Each(value) => {
                let value = self.needed(value)?;
                let len = self.list(array).items.len();
                self.filled(array, len)?;
                self.list(array).items.fill(value);
            }
            Filling::Copy(place) => {
                let len = self.count(*place);
                self.filled(array, len)?;
                let items: Vec<Value<'a>> = (0..len).filter_map(|index| self.at(*place, index)).collect();
                self.list(array).items = items;
            }
        }
        Ok(())
    }

    /// The low bytes of an array's elements.
    pub(crate) fn packed(&mut self, place: Place) -> Result<Value<'a>, Trap> {
        let len = self.count(place);
        self.scratch.look(len)?;
        let bytes = self.scratch.buffer(len)?;
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = match self.at(place, index) {
                Some(Value::Int(i)) => i as u8,
                Some(Value::U32(u)) => u as u8,
                _ => 0,
            };
        }
        Ok(Value::Bytes(bytes))
    }

    fn script_call(&mut self, results: &'a [LocalId], id: FnId, args: &'a [Expr]) -> Result<(), Trap> {
        let program = self.program.program();
        let function = &program.functions[id.index()];
        let first = self.top;
        self.top += args.len();
        for (place, (arg, param)) in args.iter().zip(&function.frame.locals).enumerate() {
            let value = match (&arg.ty, &arg.kind) {
                (Type::List(..), ExprKind::Local(local)) => self.slots[local.index()],
                _ => self.value(arg)?,
            };
            if value.is_nil() && !param.nullable {
                self.top = first;
                for result in results {
                    self.slots[result.index()] = Value::Nil;
                }
                return Ok(());
            }
            self.slots[first + place] = value;
        }
        self.scratch.step()?;
        if self.calls.depth >= self.most_calls {
            return Err(Trap::Calls);
        }
        let fixed = call_bytes(function);
        self.scratch.charge(fixed)?;
        let room = self.rooms[program.rules.len() + id.index()];
        self.calls.idle.resize_with(program.functions.len().max(self.calls.idle.len()), Vec::new);
        let slots = self.calls.idle[id.index()].pop().unwrap_or_else(|| self.scratch.locals(room));
        slots[..args.len()].copy_from_slice(&self.slots[first..first + args.len()]);
        slots[args.len()..].fill(Value::Nil);
        self.top = first;
        let outer = (std::mem::replace(&mut self.slots, slots), std::mem::replace(&mut self.top, function.frame.locals.len()));
        let outer_frame = std::mem::replace(&mut self.frame, &function.frame);
        let lists = self.calls.lists.len();
        self.make_lists(&function.frame, function.params as usize);
        self.calls.depth += 1;
        self.calls.returned.clear();
        self.block(&function.body)?;
        self.calls.depth -= 1;
        let grew: usize = self.calls.lists[lists..].iter().map(|list| list.room * list.element).sum();
        self.scratch.discharge(fixed + grew);
        self.calls.lists.truncate(lists);
        self.frame = outer_frame;
        let slots = std::mem::replace(&mut self.slots, outer.0);
        self.top = outer.1;
        self.calls.idle[id.index()].push(slots);
        for (place, result) in results.iter().enumerate() {
            self.slots[result.index()] = self.calls.returned.get(place).copied().unwrap_or(Value::Nil);
        }
        Ok(())
    }
}

/// What an element holds that nothing was written to.
fn zero<'a>(element: &Type) -> Value<'a> {
    match element {
        Type::Bool => Value::Bool(false),
        Type::Int | Type::List(..) => Value::Int(0),
        Type::U32 => Value::U32(0),
        Type::Float => Value::Float(0.0),
        Type::Bytes | Type::Array(_) | Type::Map(_) => Value::Bytes(&[]),
        Type::Ip => Value::Ip(std::net::Ipv4Addr::UNSPECIFIED.into()),
    }
}
