//! The locals of statements: variables of Cranelift's, with one more for whether there is a value.

use cranelift_codegen::ir::types::{F64, I32, I64};
use cranelift_codegen::ir::{self, Block, InstBuilder, MemFlagsData, Value};
use cranelift_frontend::Variable;
use quintet_lang::Type;
use quintet_lang::ast::{Expr, Frame, LocalId};
use quintet_native::Env;
use quintet_runtime::{Trap, ip_words};

use crate::array::Array;
use crate::generator::{Generator, Made, Malformed};
use crate::value::{Items, Run, Val};

/// A local that statements set.
#[derive(Clone)]
pub(crate) struct Held<'p> {
    ty: &'p Type,
    /// Whether it has a value, where it may have none: 0 or 1.
    present: Option<Variable>,
    /// The parts of the value.
    parts: Vec<Variable>,
}

/// What a local is.
#[derive(Clone)]
pub(crate) enum Slot<'p> {
    Held(Held<'p>),
    Array(Array),
}

/// The types of the SSA values that stand for a value; none for arrays of scripts, which are no values.
pub(crate) fn parts(ty: &Type) -> &'static [ir::Type] {
    match ty {
        Type::Bool | Type::Int => &[I64],
        Type::U32 => &[I32],
        Type::Float => &[F64],
        Type::Bytes => &[I64, I64],
        Type::Ip | Type::Array(_) | Type::Map(_) => &[I64, I64, I64],
        Type::List(..) => &[],
    }
}

impl<'p> Val<'p> {
    /// The SSA values that stand for it.
    pub(crate) fn parts(self) -> Vec<Value> {
        match self {
            Val::Bool(v) | Val::Int(v) | Val::U32(v) | Val::Float(v) => vec![v],
            Val::Bytes(run) => vec![run.start, run.len],
            Val::Ip(words) => words.to_vec(),
            Val::Array(items) | Val::Map(items) => vec![items.block, items.offset, items.len],
        }
    }

    /// The value of type `ty` that SSA values stand for. Where its bytes are is not known.
    pub(crate) fn of(ty: &'p Type, parts: &[Value]) -> Made<Val<'p>> {
        Ok(match (ty, parts) {
            (Type::Bool, [v]) => Val::Bool(*v),
            (Type::Int, [v]) => Val::Int(*v),
            (Type::U32, [v]) => Val::U32(*v),
            (Type::Float, [v]) => Val::Float(*v),
            (Type::Bytes, [start, len]) => Val::Bytes(Run { start: *start, len: *len, padded: false }),
            (Type::Ip, [family, high, low]) => Val::Ip([*family, *high, *low]),
            (Type::Array(element), [block, offset, len]) => {
                Val::Array(Items { block: *block, offset: *offset, len: *len, element, padded: false })
            }
            (Type::Map(element), [block, offset, len]) => {
                Val::Map(Items { block: *block, offset: *offset, len: *len, element, padded: false })
            }
            _ => return Err(Malformed),
        })
    }
}

impl<'p> Generator<'_, 'p> {
    /// Makes the variables of a frame's locals from `params` on, all zero, and its arrays, which are charged.
    pub(crate) fn begin_frame(&mut self, frame: &'p Frame, params: usize) -> Made<()> {
        self.make_arrays(frame, params)?;
        for (place, local) in frame.locals.iter().enumerate().skip(params) {
            if !matches!(local.ty, Type::List(..)) {
                let zero = self.zero(&local.ty)?.parts();
                let absent = if local.nullable { Some(self.int(0)) } else { None };
                self.hold(place, &local.ty, absent, &zero)?;
            }
        }
        Ok(())
    }

    /// Makes the variables of a local, with what they hold at first.
    pub(crate) fn hold(&mut self, place: usize, ty: &'p Type, present: Option<Value>, values: &[Value]) -> Made<()> {
        let mut declare = |ty: ir::Type, value: Value| {
            let variable = self.b.declare_var(ty);
            self.b.def_var(variable, value);
            variable
        };
        let present = present.map(|present| declare(I64, present));
        let parts = parts(ty).iter().zip(values).map(|(ty, value)| declare(*ty, *value)).collect();
        *self.slots.get_mut(place).ok_or(Malformed)? = Some(Slot::Held(Held { ty, present, parts }));
        Ok(())
    }

    fn held_local(&self, local: LocalId) -> Made<Held<'p>> {
        match self.slots.get(local.index()) {
            Some(Some(Slot::Held(held))) => Ok(held.clone()),
            _ => Err(Malformed),
        }
    }

    /// The value of a local that statements set; goes to `nil` where it has none.
    pub(crate) fn held(&mut self, local: LocalId, nil: Block) -> Made<Val<'p>> {
        let held = self.held_local(local)?;
        if let Some(present) = held.present {
            let present = self.b.use_var(present);
            self.require(present, nil);
        }
        let parts: Vec<Value> = held.parts.iter().map(|part| self.b.use_var(*part)).collect();
        Val::of(held.ty, &parts)
    }

    /// Sets a local.
    pub(crate) fn assign(&mut self, local: LocalId, value: Val<'p>) -> Made<()> {
        let held = self.held_local(local)?;
        if !value.fits(held.ty) {
            return Err(Malformed);
        }
        self.assign_parts(local, None, &value.parts())
    }

    /// Sets a local to what parts stand for, if it is present (a bit, or always).
    pub(crate) fn assign_parts(&mut self, local: LocalId, present: Option<Value>, parts: &[Value]) -> Made<()> {
        let held = self.held_local(local)?;
        if let Some(variable) = held.present {
            let present = match present {
                Some(present) => present,
                None => self.int(1),
            };
            self.b.def_var(variable, present);
        }
        for (variable, part) in held.parts.iter().zip(parts) {
            self.b.def_var(*variable, *part);
        }
        Ok(())
    }

    /// Sets a local to nil; one that is never nil keeps its value.
    pub(crate) fn assign_nil(&mut self, local: LocalId) -> Made<()> {
        if let Some(variable) = self.held_local(local)?.present {
            let absent = self.int(0);
            self.b.def_var(variable, absent);
        }
        Ok(())
    }

    /// What stands for a value that nobody has set. Arrays and maps are empty ones in the batch's arena.
    pub(crate) fn zero(&mut self, ty: &'p Type) -> Made<Val<'p>> {
        if let Type::Ip = ty {
            return Ok(Val::Ip(ip_words(std::net::Ipv4Addr::UNSPECIFIED.into()).map(|word| self.int(word as i64))));
        }
        let mut zeros: Vec<Value> = parts(ty)
            .iter()
            .map(|part| match *part {
                F64 => self.b.ins().f64const(0.0),
                part => self.b.ins().iconst(part, 0),
            })
            .collect();
        if let (Type::Array(_) | Type::Map(_), Some(block)) = (ty, zeros.first_mut()) {
            *block = self.arena;
        }
        Val::of(ty, &zeros)
    }

    /// Whether an expression has a value, as a bit, and the parts of the value or of what stands for none.
    pub(crate) fn optional(&mut self, expr: &'p Expr) -> Made<(Value, Vec<Value>)> {
        if !expr.nullable {
            let value = self.needed(expr)?;
            return Ok((self.int(1), value.parts()));
        }
        let (nil, join) = (self.block(), self.block());
        let value = self.value(expr, nil)?;
        if !value.fits(&expr.ty) {
            return Err(Malformed);
        }
        let present = self.b.append_block_param(join, I64);
        let parts: Vec<Value> = parts(&expr.ty).iter().map(|part| self.b.append_block_param(join, *part)).collect();
        let mut values = vec![self.int(1)];
        values.extend(value.parts());
        self.jump_with(join, &values);
        self.b.switch_to_block(nil);
        let mut values = vec![self.int(0)];
        values.extend(self.zero(&expr.ty)?.parts());
        self.jump_with(join, &values);
        self.b.switch_to_block(join);
        Ok((present, parts))
    }

    /// The value of an expression that must not be nil; traps where it is.
    pub(crate) fn needed(&mut self, expr: &'p Expr) -> Made<Val<'p>> {
        let nil = self.trap_to(Trap::Nil);
        let value = self.value(expr, nil)?;
        if value.fits(&expr.ty) { Ok(value) } else { Err(Malformed) }
    }

    /// The value of an expression, or of another where that is nil.
    pub(crate) fn otherwise(&mut self, value: &'p Expr, default: &'p Expr, nil: Block) -> Made<Val<'p>> {
        let (missing, join) = (self.block(), self.block());
        let parts: Vec<Value> = parts(&value.ty).iter().map(|part| self.b.append_block_param(join, *part)).collect();
        let found = self.value(value, missing)?;
        if !found.fits(&value.ty) {
            return Err(Malformed);
        }
        self.jump_with(join, &found.parts());
        self.b.switch_to_block(missing);
        let found = self.value(default, nil)?;
        if !found.fits(&value.ty) {
            return Err(Malformed);
        }
        self.jump_with(join, &found.parts());
        self.b.switch_to_block(join);
        Val::of(&value.ty, &parts)
    }

    /// Keeps the steps that are left in a variable from here on.
    pub(crate) fn begin_meter(&mut self) {
        self.meter = Some(self.b.declare_var(I32));
        self.take_meter();
    }

    /// How many calls may go on inside those of a rule.
    pub(crate) fn all_calls(&mut self) -> Value {
        self.b.ins().load(I32, MemFlagsData::trusted(), self.state, Env::CALLS as i32)
    }
}
