//! Calls of the world's functions.

use quintet_lang::Type;

use crate::generate::{Generator, any, primary};
use crate::term::{Part, Shape, Term, text};
use crate::world::fields;

impl Generator<'_, '_> {
    /// A call that results in a value of this type.
    pub(crate) fn call(&mut self, ty: &Type, depth: usize) -> Option<Term> {
        let shape = Shape::Value(ty.clone());
        if let Type::Array(element) = ty
            && self.dice.one_in(3)
            // A function over elements is the array of its results.
            && let Some(parts) = self.mapped(element, depth)
        {
            return Some(primary(shape, parts));
        }
        if *ty == Type::array(Type::Bytes) && self.dice.one_in(6) {
            // A function that takes arrays gets the slices of all values as one.
            let (slices, array) = (self.multi_slice(depth.min(1)), self.argument(ty, depth));
            return Some(primary(shape, vec![text("concat("), any(slices), text(", "), array, text(")")]));
        }
        let (name, params) = self.function(ty)?;
        let mut parts = vec![text(format!("{name}("))];
        for (i, param) in params.iter().enumerate() {
            if i > 0 {
                parts.push(text(", "));
            }
            parts.push(self.argument(param, depth));
        }
        parts.push(text(")"));
        Some(primary(shape, parts))
    }

    /// `f(x[*], ...)`: a call over elements whose results are of this type.
    pub(crate) fn mapped(&mut self, ty: &Type, depth: usize) -> Option<Vec<Part>> {
        for _ in 0..4 {
            let (name, params) = self.function(ty)?;
            let (first, rest) = params.split_first()?;
            // What can be walked: fields, and results of functions, whose elements are of the first parameter's type.
            let walkable = fields().iter().any(|(_, t, _)| t.element() == Some(first));
            if !walkable {
                continue;
            }
            // Truth values that are computed would be an array here, not elements.
            let each = if *first == Type::Bool { self.walk(first, depth) } else { self.each(first, depth.min(2)) };
            let mut parts = vec![text(format!("{name}(")), any(each)];
            for param in rest {
                parts.push(text(", "));
                parts.push(self.argument(param, depth));
            }
            parts.push(text(")"));
            return Some(parts);
        }
        None
    }

    /// A function with results of this type, and the types of the arguments that it is to be given.
    fn function(&mut self, ty: &Type) -> Option<(&'static str, Vec<Type>)> {
        let (int, bytes) = (|| Type::Int, || Type::Bytes);
        let array = Type::array;
        let known = |t: &Type| fields().iter().any(|(_, f, _)| f == t);
        let mut all: Vec<(&str, Vec<Type>)> = vec![("echo", vec![ty.clone()])];
        if known(&array(ty.clone())) {
            all.push(("first", vec![array(ty.clone())]));
        }
        if known(&Type::map(ty.clone())) {
            all.push(("pick", vec![Type::map(ty.clone()), bytes()]));
        }
        match ty {
            Type::Bool => {
                let anything = fields()[self.dice.below(fields().len())].1.clone();
                all.extend([("starts_with", vec![bytes(), bytes()]), ("ends_with", vec![bytes(), bytes()]), ("missing", vec![anything])]);
            }
            Type::Int => {
                let sized: Vec<Type> = fields().iter().map(|(_, t, _)| t.clone()).filter(|t| matches!(t, Type::Array(_))).collect();
                let sized = self.dice.pick(&sized).clone();
                let maps: Vec<Type> = fields().iter().map(|(_, t, _)| t.clone()).filter(|t| matches!(t, Type::Map(_))).collect();
                let sized_or_map = if self.dice.one_in(2) { self.dice.pick(&maps).clone() } else { sized.clone() };
                let terms = 1 + self.dice.below(5);
                all.extend([
                    ("len", vec![bytes()]),
                    ("len", vec![sized]),
                    ("half", vec![int()]),
                    ("invert", vec![int()]),
                    ("coalesce", vec![int(), int()]),
                    ("count", vec![sized_or_map]),
                    ("trues", vec![array(Type::Bool)]),
                    ("sum", vec![int(); terms]),
                ]);
            }
            Type::Float => all.extend([("real", vec![int()]), ("mean", vec![array(Type::Float)])]),
            Type::Bytes => all.extend([
                ("lower", vec![bytes()]),
                ("upper", vec![bytes()]),
                ("concat", vec![bytes(); 2 + self.dice.below(3)]),
                ("substring", vec![bytes(), int()]),
                ("substring", vec![bytes(), int(), int()]),
            ]),
            Type::Ip => all.push(("address", vec![int()])),
            Type::Array(element) => {
                all.push(("concat", vec![ty.clone(); 2 + self.dice.below(2)]));
                match &**element {
                    Type::Int => all.push(("octets", vec![bytes()])),
                    Type::Bytes => all.push(("words", vec![bytes()])),
                    Type::Ip => all.push(("hops", vec![int()])),
                    Type::Array(inner) if **inner == Type::Int => all.push(("pairs", vec![int(), int()])),
                    _ => {}
                }
            }
            Type::Map(element) if **element == Type::Int => all.push(("codes", vec![bytes()])),
            Type::Map(_) | Type::U32 | Type::List(..) => {}
        }
        let chosen = self.dice.below(all.len());
        Some(all.swap_remove(chosen))
    }
}
