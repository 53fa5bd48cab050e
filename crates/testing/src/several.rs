//! Terms of multi-valued fields, which stand for each of their values next to an operator.

use quintet_lang::Type;

use crate::generate::{Generator, any, operand, primary};
use crate::term::{Part, Shape, Term, level, text};
use crate::world::multi_fields;

impl Generator<'_, '_> {
    /// A test of multi-valued fields.
    pub(crate) fn several(&mut self, depth: usize) -> Term {
        let shape = Shape::Value(Type::Bool);
        let ty = multi_fields()[self.dice.below(multi_fields().len())].1.clone();
        let value = self.multi_value(&ty, depth);
        match self.dice.below(5) {
            0 if ty == Type::Int => self.bit_test(shape, Shape::Multi(ty), depth),
            1 if ty == Type::Bytes => self.bytes_test(shape, value, depth),
            2 if ty != Type::Float => self.contained(shape, &ty, value),
            3 if ty == Type::Bytes => self.called(shape, value, depth),
            _ => {
                let op = self.compare_operator();
                let parts = match self.dice.below(6) {
                    0 => vec![operand(self.value(&ty, depth)), op, operand(value)],
                    1 => vec![operand(value), op, operand(self.multi_value(&ty, depth))],
                    _ => vec![operand(value), op, self.right(&ty, depth)],
                };
                Term::new(shape, level::TEST, parts)
            }
        }
    }

    /// A multi-valued field, or what is computed from each of its values.
    pub(crate) fn multi_value(&mut self, ty: &Type, depth: usize) -> Term {
        let shape = Shape::Multi(ty.clone());
        let (inner, deep) = (depth.saturating_sub(1), depth > 0);
        match ty {
            Type::Bytes if deep && self.dice.one_in(3) => self.multi_slice(inner),
            Type::Bytes if deep && self.dice.one_in(4) => {
                let name = *self.dice.pick(&["lower(", "upper("]);
                primary(shape, vec![text(name), any(self.multi_value(ty, inner)), text(")")])
            }
            Type::Int if deep && self.dice.one_in(4) => {
                let value = self.multi_value(&Type::Bytes, inner);
                primary(shape, vec![text("len("), any(value), text(")")])
            }
            Type::Int | Type::Float if self.dice.one_in(4) => {
                let (field, other) = (self.multi_field(ty), self.value(ty, depth.min(1)));
                self.arithmetic(shape, ty, field, other)
            }
            _ => self.multi_field(ty),
        }
    }

    /// A slice of each value of a multi-valued field.
    pub(crate) fn multi_slice(&mut self, depth: usize) -> Term {
        let value = self.multi_value(&Type::Bytes, depth);
        self.slice(Shape::Multi(Type::Bytes), value, depth.min(1))
    }

    fn multi_field(&mut self, ty: &Type) -> Term {
        let names: Vec<&str> = multi_fields().iter().filter(|(_, t)| t == ty).map(|(name, _)| *name).collect();
        primary(Shape::Multi(ty.clone()), vec![text(*self.dice.pick(&names))])
    }

    /// A test that is called for each value, of which there may be those of two fields, or `any` or `all` of its results.
    fn called(&mut self, shape: Shape, value: Term, depth: usize) -> Term {
        let name = *self.dice.pick(&["starts_with(", "ends_with("]);
        let (first, second) = match self.dice.below(3) {
            0 => (value, self.value(&Type::Bytes, depth)),
            1 => (self.value(&Type::Bytes, depth), value),
            _ => (value, self.multi_value(&Type::Bytes, depth)),
        };
        let mut parts: Vec<Part> = vec![text(name), any(first), text(", "), any(second), text(")")];
        if self.dice.one_in(3) {
            parts.insert(0, text(*self.dice.pick(&["any(", "all("])));
            parts.push(text(")"));
        }
        primary(shape, parts)
    }
}
