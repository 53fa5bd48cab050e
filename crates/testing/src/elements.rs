//! Element-wise terms: what `[*]` starts and `any` or `all` ends.

use quintet_lang::Type;

use crate::generate::{Generator, any, base, operand, primary};
use crate::term::{Part, Shape, Term, level, text};

impl Generator<'_, '_> {
    /// A truth value for each element.
    pub(crate) fn each_test(&mut self, depth: usize) -> Term {
        let shape = Shape::EachTest;
        let inner = depth.saturating_sub(1);
        let choice = if depth == 0 { self.dice.weighted(&[8, 1]) } else { self.dice.weighted(&[8, 2, 4, 4, 3, 4, 2, 2]) };
        match choice {
            0 => self.each_compare(inner),
            1 => {
                let name = *self.dice.pick(&["flags", "oflags", "flags[*]", "marks[*]", "(oflags[*])"]);
                primary(shape, vec![text(name)])
            }
            2 => {
                let ty = [Type::Int, Type::Ip, Type::Bytes][self.dice.below(3)].clone();
                let value = self.each(&ty, inner);
                self.contained(shape, &ty, value)
            }
            3 => {
                let value = self.each(&Type::Bytes, inner);
                self.bytes_test(shape, value, inner)
            }
            4 => {
                let value = self.each_test(inner);
                self.not(shape, value)
            }
            5 => self.logic(shape, inner, Self::each_test),
            6 => self.bit_test(shape, Shape::Each(Type::Int), inner),
            _ => match self.mapped(&Type::Bool, inner) {
                Some(parts) => primary(shape, parts),
                None => self.each_compare(inner),
            },
        }
    }

    /// A comparison of each element with a value, or with the elements of another walk.
    fn each_compare(&mut self, depth: usize) -> Term {
        let ty = [Type::Int, Type::Bytes, Type::Ip, Type::Float, Type::Bool][self.dice.weighted(&[5, 5, 3, 2, 1])].clone();
        let op = self.compare_operator();
        let parts = match self.dice.below(5) {
            0 => vec![operand(self.value(&ty, depth)), op, operand(self.each(&ty, depth))],
            1 => vec![operand(self.each(&ty, depth)), op, operand(self.each(&ty, depth))],
            _ => vec![operand(self.each(&ty, depth)), op, self.right(&ty, depth)],
        };
        Term::new(Shape::EachTest, level::TEST, parts)
    }

    /// A value of this type for each element.
    pub(crate) fn each(&mut self, ty: &Type, depth: usize) -> Term {
        let shape = Shape::Each(ty.clone());
        if depth == 0 {
            return self.walk(ty, 0);
        }
        let inner = depth - 1;
        for _ in 0..3 {
            match self.dice.weighted(&[5, 3, 2, 3, 2]) {
                0 => return self.walk(ty, inner),
                1 if matches!(ty, Type::Int | Type::Float) => {
                    let each = self.each(ty, inner);
                    return match self.dice.below(6) {
                        0 => self.negative(shape, each),
                        1 => {
                            let other = self.each(ty, inner);
                            self.arithmetic(shape, ty, each, other)
                        }
                        2 => {
                            let other = self.value(ty, inner);
                            self.arithmetic(shape, ty, other, each)
                        }
                        _ => {
                            let other = self.value(ty, inner);
                            self.arithmetic(shape, ty, each, other)
                        }
                    };
                }
                1 if *ty == Type::Bytes => {
                    let each = self.each(ty, inner);
                    return self.slice(shape, each, inner);
                }
                1 if *ty == Type::Bool => return primary(shape, vec![text("("), any(self.each_compare(inner)), text(")")]),
                2 => {
                    if let Some(outer) = self.nested(ty, false) {
                        let each = self.each(&outer, inner);
                        let at = if matches!(outer, Type::Map(_)) { self.key(inner) } else { self.index(inner) };
                        return primary(shape, vec![base(each), text("["), at, text("]")]);
                    }
                }
                3 => {
                    if let Some(outer) = self.nested(ty, true) {
                        let each = self.each(&outer, inner);
                        return primary(shape, vec![base(each), text("[*]")]);
                    }
                }
                4 => {
                    if let Some(mut parts) = self.mapped(ty, inner) {
                        parts.push(text("[*]"));
                        return primary(shape, parts);
                    }
                }
                _ => {}
            }
        }
        self.walk(ty, 0)
    }

    /// A type of the scheme that holds values of `ty` and stands itself in an array or map.
    fn nested(&mut self, ty: &Type, walked: bool) -> Option<Type> {
        let known: &[Type] = match ty {
            Type::Int => &[Type::array(Type::Int), Type::map(Type::Int)],
            Type::Bytes => &[Type::array(Type::Bytes)],
            Type::Ip if walked => &[Type::array(Type::Ip)],
            _ => return None,
        };
        Some(self.dice.pick(known).clone())
    }

    /// `x[*]` of an array or map.
    pub(crate) fn walk(&mut self, ty: &Type, depth: usize) -> Term {
        let array = if self.dice.one_in(4) { Type::map(ty.clone()) } else { Type::array(ty.clone()) };
        let holder = if self.holds(&array) { array } else { self.other_holder(ty) };
        let value = self.value(&holder, depth);
        primary(Shape::Each(ty.clone()), vec![base(value), text("[*]")])
    }

    fn holds(&self, ty: &Type) -> bool {
        crate::world::fields().iter().any(|(_, t, _)| t == ty)
    }

    fn other_holder(&self, ty: &Type) -> Type {
        let (array, map) = (Type::array(ty.clone()), Type::map(ty.clone()));
        if self.holds(&array) { array } else { map }
    }

    /// An argument: a value, or truth values for elements as an array of Bool.
    pub(crate) fn argument(&mut self, ty: &Type, depth: usize) -> Part {
        if *ty == Type::array(Type::Bool) && self.dice.one_in(2) {
            // A bit test alone would be an array of Int here.
            let truths = if depth > 0 && self.dice.one_in(3) {
                self.logic(Shape::EachTest, depth - 1, Self::each_test)
            } else {
                self.each_compare(depth)
            };
            return any(primary(Shape::Value(ty.clone()), vec![text("("), any(truths), text(")")]));
        }
        any(self.value(ty, depth))
    }
}
