//! Loops over arrays and maps that test each element.

use quintet_lang::ast::{Clause, Each, Expr, LocalId, Quantifier};
use quintet_lang::{LOOKED_AT, Type};
use quintet_native::Env;
use quintet_runtime::{Trap, is_leaf};

use crate::instance;
use crate::stencil::asm::{Label, condition};
use crate::stencil::helpers;
use crate::stencil::rule::{Known, Rules, Ways};
use crate::stencil::shapes::Shape;
use crate::value::stride;

/// What the local of a loop stands for.
#[derive(Clone, Copy)]
pub(crate) enum Bound<'p> {
    /// An element: where on the stack its address is, how far from it the value is, and of what type that is.
    Element { place: i32, skip: i64, ty: &'p Type },
    /// A value: where on the stack its words are, and whether its bytes are in the batch's arena.
    Value { at: i32, padded: bool },
}

/// What a loop does with the test of an element.
#[derive(Clone, Copy)]
struct Loop<'p> {
    quantifier: Quantifier,
    body: &'p Expr,
    ways: Ways,
    /// Whether its steps are counted before it begins.
    leaf: bool,
    /// Where the innermost loop goes on, which is behind the test.
    next: Option<Label>,
}

impl<'p> Rules<'p> {
    /// Goes where `any` or `all` says.
    pub(crate) fn quantifier(&mut self, quantifier: Quantifier, each: &'p Each, ways: Ways) -> Known<()> {
        // Where none has decided; nil is empty.
        let done = match quantifier {
            Quantifier::Any => ways.no,
            Quantifier::All => ways.yes,
        };
        let leaf = is_leaf(self.linked, each);
        let bound = self.locals.len();
        let taken = self.slots.0;
        let known = self.clauses(&each.clauses, Loop { quantifier, body: &each.body, ways, leaf, next: None }, done);
        self.locals.truncate(bound);
        self.give(taken);
        known
    }

    /// The clauses that are left. Goes to `done` after the last element, or where a value is nil; this never is where the code goes on.
    fn clauses(&mut self, clauses: &'p [Clause], of: Loop<'p>, done: Label) -> Known<()> {
        match clauses {
            [] => {
                let go_on = match of.next.filter(|next| *next == done) {
                    Some(next) => next,
                    None => self.asm.label(),
                };
                let ways = match of.quantifier {
                    Quantifier::Any => Ways { yes: of.ways.yes, no: go_on, next: go_on },
                    Quantifier::All => Ways { yes: go_on, no: of.ways.no, next: go_on },
                };
                self.whole(of.body, ways)?;
                if go_on != done {
                    self.asm.bind(go_on);
                    self.asm.jump(done);
                }
                Some(())
            }
            [Clause::Let(local, value), inner @ ..] => {
                let at = self.take(16)?;
                let padded = match value.ty {
                    Type::Int | Type::Bool => {
                        self.int(value, done)?;
                        false
                    }
                    Type::Bytes => {
                        let padded = self.bytes(value, done)?;
                        self.asm.store_y(at + 8);
                        padded
                    }
                    Type::U32 | Type::Float | Type::Ip | Type::Array(_) | Type::Map(_) | Type::List(..) => return None,
                };
                self.asm.store_x(at);
                self.locals.push((*local, Bound::Value { at, padded }));
                self.clauses(inner, of, done)
            }
            [Clause::For(sources), inner @ ..] => self.lockstep(sources, inner, of, done),
        }
    }

    fn lockstep(&mut self, sources: &'p [(LocalId, Expr)], inner: &'p [Clause], of: Loop<'p>, done: Label) -> Known<()> {
        // The elements that are left, then where each source is.
        let left = self.take(8 + 8 * i32::try_from(sources.len()).ok()?)?;
        let places = (left + 8..).step_by(8);
        let mut steps = Vec::with_capacity(sources.len());
        for ((i, (local, source)), place) in sources.iter().enumerate().zip(places) {
            let [missing, join] = std::array::from_fn(|_| self.asm.label());
            // All are evaluated, so one that is nil ends a loop over several only after the others.
            let slot = self.slot(source, if sources.len() == 1 { done } else { missing })?;
            let (ty, skip) = match slot.ty {
                Type::Array(element) => (&**element, 0),
                Type::Map(value) => (&**value, 8),
                _ => return None,
            };
            self.put(Shape::HalfY, &[slot.at + 4]);
            self.put(Shape::Start, &[slot.at]);
            self.back(&slot);
            if sources.len() > 1 {
                self.asm.jump(join);
                self.asm.bind(missing);
                self.asm.x_and_y_none();
                self.asm.bind(join);
            }
            self.asm.store_x(place);
            if i > 0 {
                self.asm.load_z(left);
                self.put(Shape::EndAt, &[]);
            }
            self.asm.store_y(left);
            steps.push((place, i32::try_from(stride(ty) + skip).ok()?));
            self.locals.push((*local, Bound::Element { place, skip, ty }));
        }
        let [head, next] = std::array::from_fn(|_| self.asm.label());
        if of.leaf {
            let short = self.asm.label();
            self.go_if(Shape::LengthLess, &[(LOOKED_AT / 16) as i64], short);
            self.asm.hand_over();
            self.call(helpers::look_at_elements as *const () as usize, "look_at_elements");
            self.asm.bind(short);
        }
        self.asm.bind(head);
        self.asm.compare_word(left);
        self.asm.jump_if(condition::EQUAL, done);
        if !of.leaf {
            self.step();
        }
        self.clauses(inner, Loop { next: Some(next), ..of }, next)?;
        self.asm.bind(next);
        self.asm.add_to(left, -1);
        for (place, step) in steps {
            self.asm.add_to(place, step);
        }
        self.asm.jump(head);
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
