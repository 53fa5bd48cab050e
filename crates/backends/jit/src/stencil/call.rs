//! Calls of library functions: arguments go into cells on the stack, and one more cell takes the result.

use quintet_lang::Type;
use quintet_lang::ast::{Const, Expr, ExprKind, SiteId};
use quintet_lang::signature::NilRule;
use quintet_native::{NIL, TRAP};
use quintet_runtime::{Linked, ip_words};

use crate::instance;
use crate::stencil::asm::{Label, condition};
use crate::stencil::rule::{Known, Rules};
use crate::stencil::shapes::Shape;
use crate::value::CELL;

/// Most bytes of a rule's own on the stack, so that none is passed over without being touched.
const MOST: i32 = 2048;
/// Bytes that what is put on the stack is aligned to.
const ALIGN: i32 = 16;

impl<'p> Rules<'p> {
    /// Takes bytes on the stack; [`Rules::give`] gives them back.
    pub(crate) fn take(&mut self, bytes: i32) -> Known<i32> {
        let at = self.slots.0;
        let end = at.checked_add(bytes.checked_add(ALIGN - 1)? / ALIGN * ALIGN)?;
        if end > MOST {
            return None;
        }
        // What calls keep the stack for is what this lies in.
        self.calls = true;
        self.slots = (end, self.slots.1.max(end));
        Some(at)
    }

    /// Gives back all that was taken since, and with, what begins at `at`. What is in it stays until something is taken again.
    pub(crate) fn give(&mut self, at: i32) {
        self.slots.0 = at;
    }

    /// Calls a function; goes to `nil` where there is no result. Answers where the words of the result are on the stack.
    pub(crate) fn call_site(&mut self, id: SiteId, args: &'p [Expr], nil: Label) -> Known<i32> {
        let linked: &'p Linked = self.linked;
        let site = linked.program().sites.get(id.index())?;
        let stops_at_nil = linked.scheme().function(site.function).nil == NilRule::Propagates;
        let cell = CELL as i32;
        let count = i32::try_from(args.len()).ok()?;
        let cells = self.take(cell.checked_mul(count + 1)?)?;
        let mut at = cells;
        for arg in args {
            if stops_at_nil {
                self.argument(arg, at, nil)?;
            } else {
                let [missing, go_on] = std::array::from_fn(|_| self.asm.label());
                self.argument(arg, at, missing)?;
                self.asm.jump(go_on);
                self.asm.bind(missing);
                self.asm.store_number(at, 0);
                self.asm.bind(go_on);
            }
            at += cell;
        }
        self.asm.second_number(id.0);
        self.asm.stack_addresses(cells, at);
        self.call(quintet_native::call as *const () as usize, "call");
        self.asm.compare_answer(NIL as u8);
        self.asm.jump_if(condition::EQUAL, nil);
        self.fail_if(condition::ABOVE);
        self.give(cells);
        Some(at + 8)
    }

    /// Puts a value into a cell on the stack; goes to `nil` where there is none.
    pub(crate) fn argument(&mut self, arg: &'p Expr, cell: i32, nil: Label) -> Known<()> {
        let words = [cell + 8, cell + 16, cell + 24];
        match (&arg.kind, &arg.ty) {
            (ExprKind::Const(Const::Bytes(bytes)), _) => {
                self.asm.store_address(words[0], bytes.as_ptr() as usize, || format!("{:?}", String::from_utf8_lossy(bytes)));
                self.asm.store_number(words[1], i32::try_from(bytes.len()).ok()?);
            }
            (ExprKind::Const(constant), _) => {
                let numbers = match constant {
                    Const::Bool(b) => [u64::from(*b), 0, 0],
                    Const::Int(i) => [*i as u64, 0, 0],
                    Const::U32(u) => [u64::from(*u), 0, 0],
                    Const::Float(f) => [f.to_bits(), 0, 0],
                    Const::Ip(ip) => ip_words(*ip),
                    Const::Bytes(_) => return None,
                };
                let count = if let Const::Ip(_) = constant { 3 } else { 1 };
                for (at, number) in words.into_iter().zip(numbers).take(count) {
                    self.asm.set_x(number);
                    self.asm.store_x(at);
                }
            }
            (_, Type::Int | Type::Bool) => {
                self.int(arg, nil)?;
                self.asm.store_x(words[0]);
            }
            (_, Type::Bytes) => {
                self.bytes(arg, nil)?;
                self.asm.store_x(words[0]);
                self.asm.store_y(words[1]);
            }
            (_, Type::Ip) => {
                let slot = self.slot(arg, nil)?;
                self.address(&slot);
                self.asm.store_x(words[0]);
                self.asm.store_y(words[1]);
                self.asm.store_z(words[2]);
            }
            (_, Type::Float) => {
                let slot = self.slot(arg, nil)?;
                self.put(Shape::LoadX, &[slot.at]);
                self.back(&slot);
                self.asm.store_x(words[0]);
            }
            (ExprKind::Collect(each), Type::Array(element)) => self.collect(each, element, cell, nil)?,
            (_, Type::Array(_) | Type::Map(_)) => {
                let slot = self.slot(arg, nil)?;
                self.put(Shape::LoadY, &[slot.at]);
                self.back(&slot);
                self.asm.x_from_arena();
                self.asm.store_x(words[0]);
                self.asm.store_y(words[1]);
            }
            (_, Type::U32 | Type::List(..)) => return None,
        }
        self.asm.store_number(cell, 1);
        Some(())
    }

    /// Traps under a condition, with what a helper has answered.
    pub(crate) fn fail_if(&mut self, condition: u8) {
        self.fails = true;
        let failed = self.failed;
        self.asm.jump_if(condition, failed);
    }

    /// What [`Rules::fail_if`] goes to.
    pub(crate) fn end_fails(&mut self) {
        if self.fails {
            let failed = self.failed;
            self.asm.bind(failed);
            self.asm.trapped_with_answer(-(TRAP as i32));
            self.call(instance::trap as *const () as usize, "trap");
            let trapped = self.trapped;
            self.asm.jump(trapped);
        }
    }
}
