//! Calls: of library functions, and of functions of the script.

use quintet_lang::Type;
use quintet_lang::ast::{Expr, ExprKind, FnId, LocalId, SiteId};
use quintet_lang::signature::NilRule;
use quintet_runtime::{Threshold, Trap};

use crate::code::Exit;
use crate::data::CELL;
use crate::generator::Generator;
use crate::operand::{Block, Bytes, Form, Operand, Place, stored};
use crate::script::{answers_many, takes_many};
use crate::slots::{Slots, width};

impl Generator<'_> {
    /// Calls a function. Arguments and the result pass through cells of this site alone, so that calls may stand inside each other; the
    /// result stays where it is until the site is evaluated again, when whatever was made of it is no longer used.
    #[inline(never)]
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
    #[inline(never)]
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

    /// A value to hand over, nil where it is.
    pub(crate) fn argument(&mut self, value: &Expr, form: Form) -> Vec<String> {
        if !value.nullable {
            let found = self.value(value, Exit::Nothing);
            return self.texts(found, form);
        }
        let slots = Slots { form, ..self.empty(&value.ty) };
        self.scoped(|e, nil| {
            let found = e.value(value, nil);
            e.assign(&slots, found);
        });
        slots.names
    }

    pub(crate) fn script_call(&mut self, results: &[LocalId], id: FnId, args: &[Expr]) {
        let results: Vec<Slots> = results.iter().map(|result| self.slots_of(*result)).collect();
        self.scoped(|e, done| {
            e.scoped(|e, skip| {
                e.call_function(&results, id, args, skip);
                if args.iter().any(|arg| arg.nullable) {
                    e.code.go(done);
                }
            });
            if args.iter().any(|arg| arg.nullable) {
                results.iter().for_each(|result| e.assign_nil(result));
            }
        });
    }

    fn call_function(&mut self, results: &[Slots], id: FnId, args: &[Expr], skip: Exit) {
        let linked = self.linked;
        let function = &linked.program().functions[id.index()];
        let Some(ranges) = self.script.as_ref().map(|script| script.ranges) else { return };
        let mut texts = Vec::new();
        for (place, (arg, param)) in args.iter().zip(&function.frame.locals).enumerate() {
            let (low, high) = ranges.of_function(id, place);
            let form = crate::ints::form(low, high);
            match (&arg.ty, &arg.kind) {
                (Type::List(..), ExprKind::Local(local)) => texts.push(self.slots_of(*local).first().to_owned()),
                _ if param.nullable => texts.extend(self.argument(arg, form)),
                _ => {
                    let value = self.value(arg, skip);
                    texts.extend(self.texts(value, form));
                }
            }
        }
        if takes_many(function) {
            let table = self.fresh("{}");
            for (i, text) in texts.iter().enumerate() {
                self.code.line(format!("{table}[{}] = {text}", i + 1));
            }
            texts = vec![table];
        }
        self.step();
        self.code.line(format!("if D >= DM then return {} end", Trap::Calls.at(self.place)));
        let texts: String = texts.iter().map(|text| format!(", {text}")).collect();
        let many = answers_many(&function.results);
        let count = if results.is_empty() {
            0
        } else if many {
            1
        } else {
            function.results.iter().map(|answer| width(&answer.ty)).sum()
        };
        let trap = self.code.local();
        let mut names: Vec<String> = (0..count).map(|_| self.code.local()).collect();
        let all: String = names.iter().map(|name| format!(", {name}")).collect();
        self.code.line(format!("local {trap}{all} = Q[{}](w, b, D + 1{texts})", id.0 + 1));
        // What happened before its first statement happened here.
        let placed = self.trap_in(&trap);
        self.code.line(format!("if {trap} then return {trap} < {} and {placed} or {trap} end", Trap::placed(1)));
        if many && let Some(table) = names.first().cloned() {
            let count: usize = function.results.iter().map(|answer| width(&answer.ty)).sum();
            names = (1..=count).map(|i| format!("{table}[{i}]")).collect();
        }
        let mut at = 0;
        for (place, (result, answer)) in results.iter().zip(&function.results).enumerate() {
            let width = width(&answer.ty);
            let (low, high) = ranges.of_result(id, place);
            let form = crate::ints::form(low, high);
            let found = Slots { ty: answer.ty.clone(), names: names.get(at..at + width).unwrap_or(&[]).to_vec(), form, home: None };
            at += width;
            if answer.nullable {
                self.scoped(|e, after| {
                    e.scoped(|e, nil| {
                        e.code.jump(&format!("{} == nil", found.first()), nil);
                        e.assign(result, found.operand());
                        e.code.go(after);
                    });
                    e.assign_nil(result);
                });
            } else {
                self.assign(result, found.operand());
            }
        }
    }
}
