//! Arrays of the script.

use quintet_lang::Type;
use quintet_lang::ast::{Filling, Frame, LocalId, Place};
use quintet_runtime::{LIST_MOST, Trap, Value, element_bytes, fixed_bytes};

use crate::machine::Machine;

/// An array of the script.
#[derive(Debug)]
pub(crate) struct List<'a> {
    pub(crate) items: Vec<Value<'a>>,
    /// For how many elements room was charged; those of a fixed array are charged with its function.
    pub(crate) room: usize,
    /// What an element is charged with.
    pub(crate) element: usize,
}

impl<'a> Machine<'a> {
    /// Makes the arrays of a frame, beyond its parameters.
    pub(crate) fn make_lists(&mut self, frame: &'a Frame, params: usize) {
        for (place, local) in frame.locals.iter().enumerate().skip(params) {
            let Type::List(element, len) = &local.ty else { continue };
            let at = self.calls().lists.len();
            self.slots[place] = Value::Int(at as i64);
            let len = len.map_or(0, |len| len as usize);
            let zero = zero(element);
            self.calls().lists.push(List { items: vec![zero; len], room: 0, element: element_bytes(element) });
        }
    }

    /// Charges what a rule's own statements need, and makes it.
    pub(crate) fn begin_rule(&mut self, frame: &'a Frame) -> Result<(), Trap> {
        self.scratch.charge(fixed_bytes(frame, 0))?;
        self.make_lists(frame, 0);
        Ok(())
    }

    pub(crate) fn list(&mut self, local: LocalId) -> &mut List<'a> {
        let place = match self.slots[local.index()] {
            Value::Int(place) => place as usize,
            // Every array is made before its function's first statement.
            _ => usize::MAX,
        };
        &mut self.calls().lists[place]
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

    /// Sees to it that an array has room for so many elements.
    pub(crate) fn make_room(&mut self, array: LocalId, wanted: usize) -> Result<(), Trap> {
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

    pub(crate) fn fill(&mut self, array: LocalId, with: &'a Filling) -> Result<(), Trap> {
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
