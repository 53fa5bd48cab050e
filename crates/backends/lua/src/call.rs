//! Generating calls of library functions.

use quintet_lang::Type;
use quintet_lang::ast::{Expr, ExprKind, SiteId};
use quintet_lang::signature::NilRule;
use quintet_runtime::Threshold;

use crate::code::Exit;
use crate::data::CELL;
use crate::expr::Emitter;
use crate::operand::{Block, Bytes, Operand, Place, stored};

impl Emitter<'_> {
    /// Calls a function. Arguments and the result pass through cells of this site alone, so that calls may stand inside each other; the
    /// result stays where it is until the site is evaluated again, when whatever was made of it is no longer used.
    pub(crate) fn call(&mut self, expr: &Expr, site: SiteId, args: &[Expr], nil: Exit) -> Operand {
        let program = self.linked.program();
        let stops_at_nil = program.scheme.function(program.sites[site.index()].function).nil == NilRule::Propagates;
        let (cells, out) = (self.data.cells(args.len()), self.data.cells(1));
        let most = self.linked.threshold(Threshold::LuaArguments);
        if args.len() <= most {
            self.arguments(cells, args, stops_at_nil, nil);
        } else {
            for (i, group) in args.chunks(most).enumerate() {
                // Answers nothing where an argument is nil, and true where all is well.
                let part = self.part(|e| {
                    e.arguments(cells + i * most * CELL, group, stops_at_nil, Exit::Nothing);
                    e.code.line("return true");
                });
                let answer = self.code.bind(&mut self.spilled, &format!("P[{part}]({})", self.args));
                self.code.line(format!("if {answer} and {answer} ~= true then return {answer} end"));
                if stops_at_nil {
                    self.code.jump(&format!("not {answer}"), nil);
                }
            }
        }
        let (first, out_at) = (Place::frame(cells).address(), Place::frame(out).address());
        let status = self.code.bind(&mut self.spilled, &format!("call(E, {}, {first}, {out_at})", site.0));
        self.check_trap(&status);
        if expr.nullable {
            self.code.jump(&format!("{status} == {}", quintet_native::NIL), nil);
        }
        self.result(&expr.ty, out)
    }

    /// Puts arguments into cells. A nil one leaves to `nil` where the function is not called then.
    fn arguments(&mut self, cells: usize, args: &[Expr], stops_at_nil: bool, nil: Exit) {
        for (i, arg) in args.iter().enumerate() {
            let cell = cells + i * CELL;
            if let ExprKind::Const(constant) = &arg.kind {
                self.data.fill(cell, constant);
                continue;
            }
            let present = Place::frame(cell).word(0);
            if stops_at_nil || !arg.nullable {
                self.data.mark(cell);
                self.block(|e| {
                    let value = e.value(arg, nil);
                    e.store(&arg.ty, value, cell);
                });
            } else {
                self.code.line(format!("I64[{present}] = 0"));
                self.scoped(|e, missing| {
                    let value = e.value(arg, missing);
                    e.store(&arg.ty, value, cell);
                    e.code.line(format!("I64[{present}] = 1"));
                });
            }
        }
    }

    /// The value that a helper put into a cell.
    pub(crate) fn result(&mut self, ty: &Type, cell: usize) -> Operand {
        let place = Place::frame(cell + 1);
        match ty {
            Type::Bytes => {
                let address = self.bind(&format!("tonumber({})", place.int64(0)));
                let len = self.bind(&format!("tonumber({})", place.int64(1)));
                Operand::Bytes(Bytes { address, len, constant: None })
            }
            Type::Array(_) | Type::Map(_) => {
                let block = self.bind(&format!("tonumber({})", place.int64(0)));
                let offset = self.bind(&place.low(1));
                let len = self.bind(&place.high(1));
                Operand::Block(Block { block, offset, len })
            }
            _ => {
                let value = stored(ty, place, "b");
                self.settle(value)
            }
        }
    }
}
