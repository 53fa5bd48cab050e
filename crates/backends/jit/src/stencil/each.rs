//! Loops over arrays and maps of the record that test each element.

use quintet_lang::ast::{Clause, Each, Expr, Quantifier};
use quintet_lang::{LOOKED_AT, Type};
use quintet_native::Env;
use quintet_runtime::{Trap, is_leaf};

use crate::instance;
use crate::stencil::asm::condition;
use crate::stencil::helpers;
use crate::stencil::rule::{Known, Rules, Ways};
use crate::stencil::shapes::Shape;
use crate::value::stride;

impl<'p> Rules<'p> {
    /// Goes where `any` or `all` says.
    pub(crate) fn quantifier(&mut self, quantifier: Quantifier, each: &'p Each, ways: Ways) -> Known<()> {
        let [Clause::For(sources)] = each.clauses.as_slice() else { return None };
        let [(local, source)] = sources.as_slice() else { return None };
        // Where none has decided; nil is empty.
        let done = match quantifier {
            Quantifier::Any => ways.no,
            Quantifier::All => ways.yes,
        };
        let array = self.slot(source, done)?;
        let (element, skip) = match array.ty {
            Type::Array(element) => (&**element, 0),
            Type::Map(value) => (&**value, 8),
            _ => return None,
        };
        let step = i32::try_from(stride(element) + skip).ok()?;
        self.put(Shape::Start, &[array.at]);
        self.put(Shape::HalfY, &[array.at + 4]);
        self.back(&array);
        // Where the loop is, then where it ends.
        let place = self.take(16)?;
        self.asm.store_x(place);
        self.asm.z_behind(step);
        self.asm.store_z(place + 8);
        let leaf = is_leaf(self.linked, each);
        let [head, next] = std::array::from_fn(|_| self.asm.label());
        if leaf {
            let short = self.asm.label();
            self.go_if(Shape::LengthLess, &[(LOOKED_AT / 16) as i64], short);
            self.asm.hand_over();
            self.call(helpers::look_at_elements as *const () as usize, "look_at_elements");
            self.asm.bind(short);
        }
        self.asm.bind(head);
        self.asm.compare_words(place);
        self.asm.jump_if(condition::EQUAL, done);
        if !leaf {
            self.step();
        }
        self.locals.push((*local, place, skip, element));
        let inner = match quantifier {
            Quantifier::Any => Ways { yes: ways.yes, no: next, next },
            Quantifier::All => Ways { yes: next, no: ways.no, next },
        };
        let known = self.whole(&each.body, inner);
        self.locals.pop();
        known?;
        self.asm.bind(next);
        self.asm.add_to(place, step);
        self.asm.jump(head);
        self.give(place);
        Some(())
    }

    /// A test that is written without a call of Cranelift's code, which knows no locals.
    fn whole(&mut self, expr: &'p Expr, ways: Ways) -> Known<()> {
        let leaves = self.leaves.len();
        (self.try_test(expr, ways) && self.leaves.len() == leaves).then_some(())
    }

    /// Counts one step, and traps where the budget has none.
    fn step(&mut self) {
        let taken = self.asm.label();
        self.asm.count_down(Env::METER);
        self.asm.jump_if(condition::NOT_NEGATIVE, taken);
        self.call(quintet_native::settle as *const () as usize, "settle");
        self.asm.compare_answer(0);
        self.asm.jump_if(condition::EQUAL, taken);
        self.asm.trapped(Trap::Budget.code());
        self.call(instance::trap as *const () as usize, "trap");
        let trapped = self.trapped;
        self.asm.jump(trapped);
        self.asm.bind(taken);
    }
}
