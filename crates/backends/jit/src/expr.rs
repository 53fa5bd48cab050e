//! Expressions to values: the code goes on where there is a value and jumps to a given block where it is nil.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{Block, InstBuilder, MemFlagsData, Value};
use quintet_lang::ast::{Const, Expr, ExprKind};
use quintet_lang::{FieldId, Presence, Type};
use quintet_native::Env;
use quintet_runtime::ip_words;

use crate::arith::Whole;
use crate::generator::{Generator, Made, Malformed};
use crate::steps::length;
use crate::symbols::Helper;
use crate::value::{Place, Run, Val, fixed, in_arena, stride};

impl<'p> Generator<'_, 'p> {
    /// The value of an expression; goes to `nil` where there is none.
    pub(crate) fn value(&mut self, expr: &'p Expr, nil: Block) -> Made<Val<'p>> {
        self.standing_at(expr.span, |g| g.value_here(expr, nil))
    }

    fn value_here(&mut self, expr: &'p Expr, nil: Block) -> Made<Val<'p>> {
        Ok(match &expr.kind {
            ExprKind::Const(constant) => self.constant(constant),
            ExprKind::Field(field) => self.field(*field, nil)?,
            ExprKind::Local(local) => match self.locals.get(local.index()).ok_or(Malformed)? {
                Some(bound) => *bound,
                None => self.held(*local, nil)?,
            },
            ExprKind::Index { base, index } => {
                let items = self.value(base, nil)?.array()?;
                let index = self.value(index, nil)?.int()?;
                // Unsigned, so that a negative index is out of range.
                let inside = self.b.ins().icmp(IntCC::UnsignedLessThan, index, items.len);
                self.require(inside, nil);
                let address = self.item(items, index, stride(items.element));
                self.element(items, address, 0)?
            }
            ExprKind::Key { base, key } => {
                let items = self.value(base, nil)?.map()?;
                let known = length(key);
                let key = self.value(key, nil)?.bytes()?;
                self.look(key.len, known);
                let (word, entry) = (self.reference(items), self.int(8 + stride(items.element)));
                let found = self.ask(Helper::MapGet, &[items.block, word, entry, key.start, key.len])?;
                self.require(found, nil);
                self.element(items, found, 0)?
            }
            ExprKind::Slice { base, start, end } => {
                let run = self.value(base, nil)?.bytes()?;
                let start = start.as_ref().map(|e| self.bound(e, run.len, nil)).transpose()?;
                let end = end.as_ref().map(|e| self.bound(e, run.len, nil)).transpose()?;
                Val::Bytes(self.slice(run, start, end))
            }
            ExprKind::Call { site, args } => self.call_function(*site, args, nil)?,
            ExprKind::Element { array, index: at } => {
                let index = self.value(at, nil)?.int()?;
                let elements = self.array(*array)?;
                self.inside(elements, at, index);
                self.load_element(elements, index)?
            }
            ExprKind::Count(array) => Val::Int(self.array(*array)?.len),
            ExprKind::Packed(array) => Val::Bytes(self.packed(*array)?),
            ExprKind::Intrinsic { op, args } => self.intrinsic(*op, args, nil)?,
            ExprKind::Otherwise { value, default } => self.otherwise(value, default, nil)?,
            ExprKind::Neg(operand) => match self.value(operand, nil)? {
                Val::Int(v) => Val::Int(self.b.ins().ineg(v)),
                Val::U32(v) => Val::U32(self.b.ins().ineg(v)),
                Val::Float(v) => Val::Float(self.b.ins().fneg(v)),
                _ => return Err(Malformed),
            },
            ExprKind::Arith { op, lhs, rhs } => {
                let divisor = if let ExprKind::Const(Const::Int(i)) = rhs.kind { Some(i) } else { None };
                let divides = matches!(rhs.kind, ExprKind::Const(Const::U32(1..)));
                match (self.value(lhs, nil)?, self.value(rhs, nil)?) {
                    (Val::Int(a), Val::Int(b)) => Val::Int(self.whole_arith(*op, a, b, &Whole::Int(divisor))),
                    (Val::U32(a), Val::U32(b)) => Val::U32(self.whole_arith(*op, a, b, &Whole::U32(divides))),
                    (Val::Float(a), Val::Float(b)) => Val::Float(self.float_arith(*op, a, b)?),
                    _ => return Err(Malformed),
                }
            }
            ExprKind::Collect(each) => self.collect(each, &expr.ty, nil)?,
            ExprKind::Not(_)
            | ExprKind::Compare { .. }
            | ExprKind::In { .. }
            | ExprKind::InList { .. }
            | ExprKind::Contains { .. }
            | ExprKind::Matches { .. }
            | ExprKind::Wildcard { .. }
            | ExprKind::Logic { .. }
            | ExprKind::Present(_)
            | ExprKind::Quantifier { .. } => Val::Bool(self.truth(expr)?),
        })
    }

    /// The answer of a test as 0 or 1, for where a value is wanted.
    pub(crate) fn truth(&mut self, expr: &'p Expr) -> Made<Value> {
        let [yes, no, join] = std::array::from_fn(|_| self.block());
        let answer = self.b.append_block_param(join, I64);
        self.test(expr, yes, no)?;
        for (block, bit) in [(yes, 1), (no, 0)] {
            self.b.switch_to_block(block);
            let bit = self.int(bit);
            self.jump_with(join, &[bit]);
        }
        self.b.switch_to_block(join);
        Ok(answer)
    }

    /// A constant.
    pub(crate) fn constant(&mut self, constant: &Const) -> Val<'p> {
        match constant {
            Const::Bool(b) => Val::Bool(self.int(i64::from(*b))),
            Const::Int(i) => Val::Int(self.int(*i)),
            Const::U32(u) => Val::U32(self.number(*u)),
            Const::Float(f) => Val::Float(self.b.ins().f64const(*f)),
            Const::Bytes(bytes) => Val::Bytes(self.bytes_constant(bytes)),
            Const::Ip(ip) => Val::Ip(ip_words(*ip).map(|w| self.int(w as i64))),
        }
    }

    /// Bytes of the program.
    pub(crate) fn bytes_constant(&mut self, bytes: &[u8]) -> Run {
        let name = self.symbols.constant("bytes", bytes.as_ptr());
        Run { start: self.address(name), len: self.int(bytes.len() as i64), padded: false }
    }

    /// The value of a field of the record.
    fn field(&mut self, id: FieldId, nil: Block) -> Made<Val<'p>> {
        let linked = self.linked;
        let field = linked.scheme().field(id);
        let slot = linked.layout().slot(id);
        if field.presence == Presence::Optional && !self.known.contains(&id) {
            // Of the bitmap only the byte with the field's bit, so that the mask is a small immediate.
            let bit = slot.presence_bit;
            let at = slot.presence_offset as i32 + (bit / 8) as i32;
            let byte = self.b.ins().uload8(I64, fixed(), self.record, at);
            let has = self.b.ins().band_imm_u(byte, 1 << (bit % 8));
            self.require(has, nil);
        }
        let block = self.arena_of(&field.ty);
        let place = Place { block, address: self.record, offset: slot.offset as i32, padded: true, flags: fixed() };
        self.load(place, &field.ty)
    }

    /// The address of the batch's arena, for a value of this type.
    fn arena_of(&mut self, ty: &Type) -> Value {
        if self.keeps_arena && in_arena(ty) {
            return self.b.ins().load(I64, MemFlagsData::trusted(), self.state, Env::ARENA as i32);
        }
        self.arena
    }

    /// A bound of a slice as a place in `0..=len`.
    fn bound(&mut self, expr: &'p Expr, len: Value, nil: Block) -> Made<Value> {
        let value = self.value(expr, nil)?.int()?;
        let known = if let ExprKind::Const(Const::Int(i)) = expr.kind { Some(i < 0) } else { None };
        let from_start = |g: &mut Self| g.b.ins().smin(value, len);
        // Lengths are below 2^32, so this cannot overflow.
        let from_end = |g: &mut Self| {
            let (place, zero) = (g.b.ins().iadd(len, value), g.int(0));
            g.b.ins().smax(place, zero)
        };
        Ok(match known {
            Some(false) => from_start(self),
            Some(true) => from_end(self),
            None => {
                let (start, end) = (from_start(self), from_end(self));
                let negative = self.compare_int(IntCC::SignedLessThan, value, 0);
                self.b.ins().select(negative, end, start)
            }
        })
    }

    /// The bytes between two places in `0..=len`; none where the end is before the start.
    fn slice(&mut self, run: Run, start: Option<Value>, end: Option<Value>) -> Run {
        let end = end.unwrap_or(run.len);
        let Some(start) = start else {
            return Run { len: end, ..run };
        };
        let (distance, zero) = (self.b.ins().isub(end, start), self.int(0));
        let len = self.b.ins().smax(distance, zero);
        Run { start: self.b.ins().iadd(run.start, start), len, padded: run.padded }
    }

    /// Reads words of a value's bytes.
    pub(crate) fn load_bytes(&mut self, bytes: usize, start: Value, offset: usize, flags: MemFlagsData) -> Value {
        let at = offset as i32;
        match bytes {
            1 => self.b.ins().uload8(I64, flags, start, at),
            2 => self.b.ins().uload16(I64, flags, start, at),
            4 => self.b.ins().uload32(flags, start, at),
            _ => self.b.ins().load(I64, flags, start, at),
        }
    }
}
