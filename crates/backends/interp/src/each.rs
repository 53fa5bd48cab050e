//! Loops.

use quintet_lang::ast::{Clause, Each, Expr, LocalId};
use quintet_runtime::{ArrayRef, Trap, Value};

use crate::compile::address;
use crate::machine::Machine;

/// What a loop does for each element: answers whether to go on.
type Body<'b, 'a> = &'b mut dyn FnMut(&mut Machine<'a>) -> Result<bool, Trap>;

impl<'a> Machine<'a> {
    /// Whether a loop counts what it takes before it begins.
    #[inline]
    pub(crate) fn is_leaf(&self, each: &Each) -> bool {
        self.leaves.contains(&address(each))
    }

    /// Runs `body` for each binding of the clauses' locals, until it answers false. Answers whether it never did.
    pub(crate) fn each(&mut self, clauses: &'a [Clause], leaf: bool, body: Body<'_, 'a>) -> Result<bool, Trap> {
        match clauses {
            [] => body(self),
            [Clause::Let(local, value), inner @ ..] => {
                let value = self.value(value)?;
                if value.is_nil() {
                    return Ok(true);
                }
                self.slots[local.index()] = value;
                self.each(inner, leaf, body)
            }
            [Clause::For(sources), inner @ ..] => {
                let first = self.top;
                self.top += sources.len();
                let go_on = self.lockstep(first, sources, inner, leaf, body);
                self.top = first;
                go_on
            }
        }
    }

    /// Walks the sources, whose values take the slots from `first` on.
    fn lockstep(
        &mut self,
        first: usize,
        sources: &'a [(LocalId, Expr)],
        inner: &'a [Clause],
        leaf: bool,
        body: Body<'_, 'a>,
    ) -> Result<bool, Trap> {
        let mut len = usize::MAX;
        for (i, (_, source)) in sources.iter().enumerate() {
            let value = self.value(source)?;
            len = len.min(match &value {
                Value::Array(array) => array.len(),
                Value::Map(map) => map.len(),
                _ => 0,
            });
            self.slots[first + i] = value;
        }
        if leaf {
            self.scratch.look_at_elements(len)?;
        }
        for element in 0..len {
            if !leaf {
                self.scratch.step()?;
            }
            for (i, (local, _)) in sources.iter().enumerate() {
                self.slots[local.index()] = match &self.slots[first + i] {
                    Value::Array(array) => array.get(element),
                    Value::Map(map) => map.entry(element).1,
                    _ => Value::Nil,
                };
            }
            if !self.each(inner, leaf, body)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The values of a loop's body as an array. Each counts against the limit of memory when it is added.
    pub(crate) fn collect(&mut self, each: &'a Each) -> Result<Value<'a>, Trap> {
        let mut items: &'a mut [Value<'a>] = Default::default();
        let mut len = 0;
        self.each(&each.clauses, self.is_leaf(each), &mut |machine| {
            let value = machine.value(&each.body)?;
            machine.scratch.charge_element(&value)?;
            if len == items.len() {
                let larger = machine.scratch.locals((len * 2).max(8));
                larger[..len].copy_from_slice(items);
                items = larger;
            }
            items[len] = value;
            len += 1;
            Ok(true)
        })?;
        let items: &'a [Value<'a>] = items;
        Ok(Value::Array(ArrayRef::Built(&items[..len])))
    }
}
