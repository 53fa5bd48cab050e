//! Scalar operations that are written as calls.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F64, I8, I16, I32, I64};
use cranelift_codegen::ir::{Block, InstBuilder, Value};
use quintet_lang::ast::Expr;
use quintet_lang::intrinsic::{Intrinsic, Read};

use crate::generator::{Generator, Made, Malformed};
use crate::symbols::Helper;
use crate::value::{Run, Val, unaligned};

impl<'p> Generator<'_, 'p> {
    /// The result of an operation; goes to `nil` where there is none.
    pub(crate) fn intrinsic(&mut self, op: Intrinsic, args: &'p [Expr], nil: Block) -> Made<Val<'p>> {
        let values = args.iter().map(|arg| self.value(arg, nil)).collect::<Made<Vec<_>>>()?;
        Ok(match (op, values.as_slice()) {
            (Intrinsic::Len, [Val::Bytes(run)]) => Val::Int(run.len),
            (Intrinsic::Len, [Val::Array(items)]) => Val::Int(items.len),
            (Intrinsic::Read(read), [Val::Bytes(run), Val::Int(at)]) => Val::Int(self.read(read, *run, *at, nil)),
            (Intrinsic::ToU32, [Val::Int(i)]) => Val::U32(self.b.ins().ireduce(I32, *i)),
            (Intrinsic::ToInt, [Val::U32(u)]) => Val::Int(self.b.ins().uextend(I64, *u)),
            (Intrinsic::ToInt, [Val::Bool(b)]) => Val::Int(*b),
            (Intrinsic::ToInt, [Val::Float(f)]) => Val::Int(self.b.ins().fcvt_to_sint_sat(I64, *f)),
            (Intrinsic::ToFloat, [Val::Int(i)]) => Val::Float(self.b.ins().fcvt_from_sint(F64, *i)),
            (Intrinsic::ToFloat, [Val::U32(u)]) => {
                let wide = self.b.ins().uextend(I64, *u);
                Val::Float(self.b.ins().fcvt_from_sint(F64, wide))
            }
            // Counts are taken modulo 32 by these two.
            (Intrinsic::Rotl, [Val::U32(u), Val::Int(by)]) => Val::U32(self.b.ins().rotl(*u, *by)),
            (Intrinsic::Rotr, [Val::U32(u), Val::Int(by)]) => Val::U32(self.b.ins().rotr(*u, *by)),
            (Intrinsic::Min, [Val::Int(a), Val::Int(b)]) => Val::Int(self.b.ins().smin(*a, *b)),
            (Intrinsic::Min, [Val::U32(a), Val::U32(b)]) => Val::U32(self.b.ins().umin(*a, *b)),
            (Intrinsic::Min, [Val::Float(a), Val::Float(b)]) => Val::Float(self.b.ins().fmin(*a, *b)),
            (Intrinsic::Max, [Val::Int(a), Val::Int(b)]) => Val::Int(self.b.ins().smax(*a, *b)),
            (Intrinsic::Max, [Val::U32(a), Val::U32(b)]) => Val::U32(self.b.ins().umax(*a, *b)),
            (Intrinsic::Max, [Val::Float(a), Val::Float(b)]) => Val::Float(self.b.ins().fmax(*a, *b)),
            (Intrinsic::Abs, [Val::Int(i)]) => Val::Int(self.b.ins().iabs(*i)),
            (Intrinsic::Abs, [Val::Float(f)]) => Val::Float(self.b.ins().fabs(*f)),
            (Intrinsic::Sqrt, [Val::Float(f)]) => Val::Float(self.b.ins().sqrt(*f)),
            (Intrinsic::Floor, [Val::Float(f)]) if self.rounds() => Val::Float(self.b.ins().floor(*f)),
            (Intrinsic::Ceil, [Val::Float(f)]) if self.rounds() => Val::Float(self.b.ins().ceil(*f)),
            (Intrinsic::Floor, [Val::Float(f)]) => Val::Float(self.ask(Helper::Floor, &[*f])?),
            (Intrinsic::Ceil, [Val::Float(f)]) => Val::Float(self.ask(Helper::Ceil, &[*f])?),
            (Intrinsic::Log, [Val::Float(f)]) => Val::Float(self.ask(Helper::Log, &[*f])?),
            (Intrinsic::Log2, [Val::Float(f)]) => Val::Float(self.ask(Helper::Log2, &[*f])?),
            (Intrinsic::Exp, [Val::Float(f)]) => Val::Float(self.ask(Helper::Exp, &[*f])?),
            (Intrinsic::Pow, [Val::Float(a), Val::Float(b)]) => Val::Float(self.ask(Helper::Pow, &[*a, *b])?),
            _ => return Err(Malformed),
        })
    }

    /// Whether the machine has instructions that round; of x86-64 those since SSE 4.1.
    fn rounds(&self) -> bool {
        self.isa.isa_flags().iter().find(|flag| flag.name == "has_sse41").is_none_or(|flag| flag.as_bool() == Some(true))
    }

    /// An integer in bytes; goes to `nil` where it does not lie within them.
    fn read(&mut self, read: Read, run: Run, at: Value, nil: Block) -> Value {
        // How many places there are where it may begin: compared unsigned, so that none is negative.
        let places = if read.bytes == 1 {
            run.len
        } else {
            let (places, zero) = (self.b.ins().iadd_imm_s(run.len, 1 - i64::from(read.bytes)), self.int(0));
            self.b.ins().smax(places, zero)
        };
        let inside = self.b.ins().icmp(IntCC::UnsignedLessThan, at, places);
        self.require(inside, nil);
        let address = self.b.ins().iadd(run.start, at);
        let ty = match read.bytes {
            1 => I8,
            2 => I16,
            4 => I32,
            _ => I64,
        };
        if !read.big || read.bytes == 1 {
            let flags = unaligned();
            return match (ty, read.signed) {
                (I8, false) => self.b.ins().uload8(I64, flags, address, 0),
                (I8, true) => self.b.ins().sload8(I64, flags, address, 0),
                (I16, false) => self.b.ins().uload16(I64, flags, address, 0),
                (I16, true) => self.b.ins().sload16(I64, flags, address, 0),
                (I32, false) => self.b.ins().uload32(flags, address, 0),
                (I32, true) => self.b.ins().sload32(flags, address, 0),
                _ => self.b.ins().load(I64, flags, address, 0),
            };
        }
        let word = self.b.ins().load(ty, unaligned(), address, 0);
        let word = self.b.ins().bswap(word);
        match (ty, read.signed) {
            (I64, _) => word,
            (_, true) => self.b.ins().sextend(I64, word),
            (_, false) => self.b.ins().uextend(I64, word),
        }
    }
}
