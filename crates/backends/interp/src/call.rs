//! Calls: of library functions, and of functions of the script.

use quintet_lang::Type;
use quintet_lang::ast::{Expr, ExprKind, FnId, LocalId, SiteId};
use quintet_lang::signature::NilRule;
use quintet_runtime::{Trap, Value, call_bytes};

use crate::array::List;
use crate::machine::Machine;

/// What functions need that call one another.
#[derive(Default)]
pub(crate) struct Calls<'a> {
    /// The arrays of all functions that go on, the outermost first. Locals hold their places.
    pub(crate) lists: Vec<List<'a>>,
    /// Frames that nobody uses, of each function.
    idle: Vec<Vec<&'a mut [Value<'a>]>>,
    /// How many calls go on inside one another.
    depth: usize,
    /// What the last function returned.
    pub(crate) returned: Vec<Value<'a>>,
}

impl<'a> Machine<'a> {
    pub(crate) fn call(&mut self, site: SiteId, args: &'a [Expr]) -> Result<Value<'a>, Trap> {
        let program = self.program.program();
        let function = program.sites[site.index()].function;
        let stops_at_nil = program.scheme.function(function).nil == NilRule::Propagates;
        let first = self.top;
        self.top += args.len();
        for (i, arg) in args.iter().enumerate() {
            let value = self.value(arg)?;
            if value.is_nil() && stops_at_nil {
                self.top = first;
                return Ok(Value::Nil);
            }
            self.slots[first + i] = value;
        }
        let result = self.program.function(site).call(&self.slots[first..self.top], self.scratch);
        self.top = first;
        result
    }

    pub(crate) fn script_call(&mut self, results: &'a [LocalId], id: FnId, args: &'a [Expr]) -> Result<(), Trap> {
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
        self.enter(id, first, args.len())?;
        for (place, result) in results.iter().enumerate() {
            self.slots[result.index()] = self.calls().returned.get(place).copied().unwrap_or(Value::Nil);
        }
        Ok(())
    }

    /// Calls a function of the script whose arguments are the last on the stack; its results are in `calls().returned`.
    pub(crate) fn enter(&mut self, id: FnId, first: usize, args: usize) -> Result<(), Trap> {
        let program = self.program.program();
        let function = &program.functions[id.index()];
        self.scratch.step()?;
        if self.calls().depth >= self.most_calls {
            return Err(Trap::Calls);
        }
        let fixed = call_bytes(function);
        self.scratch.charge(fixed)?;
        let room = self.rooms[program.rules.len() + id.index()];
        let idle = &mut self.calls().idle;
        idle.resize_with(program.functions.len().max(idle.len()), Vec::new);
        let slots = idle[id.index()].pop().unwrap_or_else(|| self.scratch.locals(room));
        slots[..args].copy_from_slice(&self.slots[first..first + args]);
        slots[args..].fill(Value::Nil);
        self.top = first;
        let outer = (std::mem::replace(&mut self.slots, slots), std::mem::replace(&mut self.top, function.frame.locals.len()));
        let outer_frame = std::mem::replace(&mut self.frame, &function.frame);
        let lists = self.calls().lists.len();
        self.make_lists(&function.frame, function.params as usize);
        let calls = self.calls();
        calls.depth += 1;
        calls.returned.clear();
        self.block(&function.body)?;
        let calls = self.calls();
        calls.depth -= 1;
        let grew: usize = calls.lists[lists..].iter().map(|list| list.room * list.element).sum();
        calls.lists.truncate(lists);
        self.scratch.discharge(fixed + grew);
        self.frame = outer_frame;
        let slots = std::mem::replace(&mut self.slots, outer.0);
        self.top = outer.1;
        self.calls().idle[id.index()].push(slots);
        Ok(())
    }
}
