//! Scalar operations that are written as calls.

use quintet_lang::Type;
use quintet_lang::ast::Expr;
use quintet_lang::intrinsic::{Intrinsic, Read};
use wasm_encoder::ValType::{I32, I64};

use crate::body::{Label, at};
use crate::generator::Generator;
use crate::helpers::Helper;
use crate::import::Import;

impl Generator<'_> {
    /// Pushes what an operation comes to.
    pub(crate) fn intrinsic(&mut self, op: Intrinsic, args: &[Expr], nil: Label) {
        let mark = self.body.mark();
        for arg in args {
            self.value(arg, nil);
        }
        let ty = args.first().map_or(&Type::Int, |arg| &arg.ty);
        match op {
            Intrinsic::Len => {
                let len = self.body.pop(I32);
                if matches!(ty, Type::Array(_)) {
                    self.body.i().drop();
                }
                self.body.i().drop().local_get(len).i64_extend_i32_u();
            }
            Intrinsic::Read(read) => self.read(read, nil),
            Intrinsic::ToU32 => {
                self.body.i().i32_wrap_i64();
            }
            Intrinsic::ToInt => {
                let mut i = self.body.i();
                // Saturating, and 0 of what is not a number.
                if *ty == Type::Float {
                    i.i64_trunc_sat_f64_s()
                } else {
                    i.i64_extend_i32_u()
                };
            }
            Intrinsic::ToFloat => {
                let mut i = self.body.i();
                if *ty == Type::U32 {
                    i.f64_convert_i32_u()
                } else {
                    i.f64_convert_i64_s()
                };
            }
            // Both take the count modulo 32.
            Intrinsic::Rotl => {
                self.body.i().i32_wrap_i64().i32_rotl();
            }
            Intrinsic::Rotr => {
                self.body.i().i32_wrap_i64().i32_rotr();
            }
            Intrinsic::Min => self.smaller(ty, true),
            Intrinsic::Max => self.smaller(ty, false),
            Intrinsic::Abs => self.abs(ty),
            Intrinsic::Floor => {
                self.body.i().f64_floor();
            }
            Intrinsic::Ceil => {
                self.body.i().f64_ceil();
            }
            Intrinsic::Sqrt => {
                self.body.i().f64_sqrt();
            }
            Intrinsic::Log => self.host(Import::Log),
            Intrinsic::Log2 => {
                let table = self.builder.constant(&crate::log2::table());
                self.body.i().i32_const(table as i32);
                Helper::Log2.call(&mut self.body);
            }
            Intrinsic::Exp => self.host(Import::Exp),
            Intrinsic::Pow => self.host(Import::Pow),
        }
        self.body.release(mark);
    }

    /// The smaller of the two values on the stack, or the larger.
    fn smaller(&mut self, ty: &Type, smaller: bool) {
        match ty {
            Type::Float => {
                let mut i = self.body.i();
                if smaller {
                    i.f64_min()
                } else {
                    i.f64_max()
                };
            }
            Type::U32 => {
                let (b, a) = (self.body.pop(I32), self.body.pop(I32));
                let mut i = self.body.i();
                i.local_get(a).local_get(b).local_get(a).local_get(b);
                if smaller {
                    i.i32_lt_u()
                } else {
                    i.i32_gt_u()
                };
                i.select();
            }
            _ => {
                let (b, a) = (self.body.pop(I64), self.body.pop(I64));
                let mut i = self.body.i();
                i.local_get(a).local_get(b).local_get(a).local_get(b);
                if smaller {
                    i.i64_lt_s()
                } else {
                    i.i64_gt_s()
                };
                i.select();
            }
        }
    }

    fn abs(&mut self, ty: &Type) {
        if *ty == Type::Float {
            self.body.i().f64_abs();
            return;
        }
        let a = self.body.pop(I64);
        let mut i = self.body.i();
        // All ones where it is negative.
        let sign = |i: &mut wasm_encoder::InstructionSink<'_>| {
            i.local_get(a).i64_const(63).i64_shr_s();
        };
        i.local_get(a);
        sign(&mut i);
        i.i64_xor();
        sign(&mut i);
        i.i64_sub();
    }

    /// The integer at the offset on the stack in the bytes below it.
    fn read(&mut self, read: Read, nil: Label) {
        let (offset, len, bytes) = (self.body.pop(I64), self.body.pop(I32), self.body.pop(I32));
        if read.bytes == 1 {
            self.body.i().local_get(offset).local_get(len).i64_extend_i32_u().i64_ge_u();
        } else {
            // How many places there are where it fits, and 0 instead of less than none. Of a value that a loop reads this is known before.
            self.body.i().local_get(len).i64_extend_i32_u().i64_const(i64::from(read.bytes) - 1).i64_sub();
            let places = self.body.pop(I64);
            self.body.i().local_get(offset).local_get(places).local_get(places).i64_const(63).i64_shr_s();
            self.body.i().i64_const(-1).i64_xor().i64_and().i64_ge_u();
        }
        self.body.br_if(nil);
        self.body.i().local_get(bytes).local_get(offset).i32_wrap_i64().i32_add();
        match (read.bytes, read.big) {
            (1, _) => {
                self.body.i().i32_load8_u(at(0));
            }
            (2, false) => {
                self.body.i().i32_load16_u(at(0));
            }
            (2, true) => {
                let address = self.body.tee(I32);
                self.body.i().i32_load8_u(at(0)).i32_const(8).i32_shl().local_get(address).i32_load8_u(at(1)).i32_or();
            }
            (4, big) => {
                self.body.i().i32_load(at(0));
                if big {
                    self.swap32();
                }
            }
            (_, big) => {
                self.body.i().i64_load(at(0));
                if big {
                    self.swap64();
                }
                return;
            }
        }
        let mut i = self.body.i();
        match (read.bytes, read.signed) {
            (1, true) => i.i64_extend_i32_u().i64_extend8_s(),
            (2, true) => i.i64_extend_i32_u().i64_extend16_s(),
            (_, true) => i.i64_extend_i32_s(),
            (_, false) => i.i64_extend_i32_u(),
        };
    }

    /// Turns the bytes of the i32 on the stack round, in the way in which compilers know it.
    fn swap32(&mut self) {
        let word = self.body.pop(I32);
        let mut i = self.body.i();
        i.local_get(word).i32_const(24).i32_shl();
        i.local_get(word).i32_const(0xff00).i32_and().i32_const(8).i32_shl().i32_or();
        i.local_get(word).i32_const(8).i32_shr_u().i32_const(0xff00).i32_and();
        i.local_get(word).i32_const(24).i32_shr_u().i32_or().i32_or();
    }

    /// As [`Generator::swap32`], of an i64.
    fn swap64(&mut self) {
        let word = self.body.pop(I64);
        let mut i = self.body.i();
        let up = |i: &mut wasm_encoder::InstructionSink<'_>, mask: i64, by: i64| {
            i.local_get(word).i64_const(mask).i64_and().i64_const(by).i64_shl();
        };
        let down = |i: &mut wasm_encoder::InstructionSink<'_>, mask: i64, by: i64| {
            i.local_get(word).i64_const(by).i64_shr_u().i64_const(mask).i64_and();
        };
        i.local_get(word).i64_const(56).i64_shl();
        up(&mut i, 0xff00, 40);
        i.i64_or();
        up(&mut i, 0xff_0000, 24);
        up(&mut i, 0xff00_0000, 8);
        i.i64_or().i64_or();
        down(&mut i, 0xff00_0000, 8);
        down(&mut i, 0xff_0000, 24);
        i.i64_or();
        down(&mut i, 0xff00, 40);
        i.local_get(word).i64_const(56).i64_shr_u().i64_or().i64_or().i64_or();
    }
}
