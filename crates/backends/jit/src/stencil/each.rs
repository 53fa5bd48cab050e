//! Loops over arrays and maps that test each element, or collect what they make of it.

use quintet_lang::ast::{Clause, Each, Expr, ExprKind, LocalId, Quantifier};
use quintet_lang::{LOOKED_AT, Type};
use quintet_native::{Env, NIL};
use quintet_runtime::{Trap, is_leaf};

use crate::instance;
use crate::stencil::asm::{Label, condition};
use crate::stencil::helpers;
use crate::stencil::rule::{Known, Rules, Ways};
use crate::stencil::shapes::Shape;
use crate::value::{CELL, stride};

/// What the local of a loop stands for.
#[derive(Clone, Copy)]
pub(crate) enum Bound<'p> {
    /// An element: where on the stack its address is, how far from it the value is, and of what type that is.
    Element { place: i32, skip: i64, ty: &'p Type },
    /// A value: where on the stack its words are, and whether its bytes are in the batch's arena.
    Value { at: i32, padded: bool },
}

/// What a loop does with its body.
#[derive(Clone, Copy)]
enum Aim {
    /// Goes somewhere by the first that decides.
    Test(Quantifier, Ways),
    /// Adds its values to the array begun last, by way of this cell on the stack.
    Collect(i32),
}

/// A loop.
#[derive(Clone, Copy)]
struct Loop<'p> {
    aim: Aim,
    body: &'p Expr,
    /// Whether its steps are counted before it begins.
    leaf: bool,
    /// Where the innermost loop goes on, which is behind its body.
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
        self.each(each, Aim::Test(quantifier, ways), done)
    }

    /// Puts the array of a loop's values into a cell on the stack; goes to `nil` where there is none.
    pub(crate) fn collect(&mut self, each: &'p Each, element: &'p Type, cell: i32, nil: Label) -> Known<()> {
        self.asm.second(&raw const *element as usize, || format!("the type {element}"));
        self.call(quintet_native::collect_begin as *const () as usize, "collect_begin");
        let done = self.asm.label();
        self.each(each, Aim::Collect(cell), done)?;
        self.asm.bind(done);
        self.asm.second_on_stack(cell);
        self.call(quintet_native::collect_end as *const () as usize, "collect_end");
        self.asm.compare_answer(NIL as u8);
        self.asm.jump_if(condition::EQUAL, nil);
        self.fail_if(condition::ABOVE);
        Some(())
    }

    fn each(&mut self, each: &'p Each, aim: Aim, done: Label) -> Known<()> {
        let leaf = is_leaf(self.linked, each);
        let bound = self.locals.len();
        let taken = self.slots.0;
        let known = self.clauses(&each.clauses, Loop { aim, body: &each.body, leaf, next: None }, done);
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
                match of.aim {
                    Aim::Test(Quantifier::Any, ways) => self.whole(of.body, Ways { yes: ways.yes, no: go_on, next: go_on })?,
                    Aim::Test(Quantifier::All, ways) => self.whole(of.body, Ways { yes: go_on, no: ways.no, next: go_on })?,
                    Aim::Collect(cell) => {
                        // What is nil is left out.
                        self.argument(of.body, cell, go_on)?;
                        self.asm.second_on_stack(cell);
                        self.call(quintet_native::collect_push as *const () as usize, "collect_push");
                        self.asm.compare_answer(NIL as u8);
                        self.fail_if(condition::ABOVE);
                    }
                }
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
            let (ty, skip) = self.source(source, if sources.len() == 1 { done } else { missing })?;
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

    /// Sets `x` to the address of the first item that a loop walks and `y` to their number. Answers the type of the items' values and how far
    /// from an item its value is.
    fn source(&mut self, expr: &'p Expr, nil: Label) -> Known<(&'p Type, i64)> {
        if let (ExprKind::Collect(each), Type::Array(element)) = (&expr.kind, &expr.ty) {
            // The others count from another block than the arena.
            if !matches!(**element, Type::Bool | Type::Int | Type::Float | Type::Ip) {
                return None;
            }
            let cell = self.take(CELL as i32)?;
            self.collect(each, element, cell, nil)?;
            self.asm.items_in(cell);
            self.give(cell);
            return Some((element, 0));
        }
        let slot = self.slot(expr, nil)?;
        let of = match slot.ty {
            Type::Array(element) => (&**element, 0),
            Type::Map(value) => (&**value, 8),
            _ => return None,
        };
        self.put(Shape::HalfY, &[slot.at + 4]);
        self.put(Shape::Start, &[slot.at]);
        self.back(&slot);
        Some(of)
    }

    /// Sets `x` to the answer of a test, 0 or 1.
    pub(crate) fn truth(&mut self, expr: &'p Expr) -> Known<()> {
        let [yes, no, join] = std::array::from_fn(|_| self.asm.label());
        self.whole(expr, Ways { yes, no, next: yes })?;
        self.asm.bind(yes);
        self.asm.set_x(1);
        self.asm.jump(join);
        self.asm.bind(no);
        self.asm.set_x(0);
        self.asm.bind(join);
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
