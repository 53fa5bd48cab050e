//! Random well-typed expressions over the [world](crate::world)'s scheme.
//!
//! Each method answers a term of one shape; `depth` bounds what may still stand inside it. Element-wise terms are in `elements.rs`,
//! calls in `calls.rs`, multi-valued fields in `several.rs`.

use quintet_lang::Type;

use crate::dice::Dice;
use crate::term::{Part, Shape, Term, level, text};
use crate::words::KEYS;
use crate::world::{fields, multi_fields};

const PRIMITIVES: [Type; 5] = [Type::Bool, Type::Int, Type::Float, Type::Bytes, Type::Ip];

/// Generates terms.
pub(crate) struct Generator<'d, 'r> {
    pub(crate) dice: &'d mut Dice<'r>,
}

/// Primary terms, and operators of comparisons.
pub(crate) fn primary(shape: Shape, parts: Vec<Part>) -> Term {
    Term::new(shape, level::PRIMARY, parts)
}

/// Anything, in parentheses where needed.
pub(crate) fn any(term: Term) -> Part {
    Part::Hole(term, level::ANY)
}

/// The base of a subscript.
pub(crate) fn base(term: Term) -> Part {
    Part::Hole(term, level::PRIMARY)
}

/// An operand of a comparison.
pub(crate) fn operand(term: Term) -> Part {
    Part::Hole(term, level::BIT_OR)
}

/// The plainest term of a shape.
pub(crate) fn leaf(shape: &Shape) -> Term {
    let field = |ty: &Type| fields().iter().find(|(_, t, _)| t == ty).map_or("true", |(name, ..)| *name).to_owned();
    let words = match shape {
        Shape::Value(Type::Bool) => "true".to_owned(),
        Shape::Value(Type::Int) => "0".to_owned(),
        Shape::Value(Type::Float) => "0.0".to_owned(),
        Shape::Value(Type::Bytes) => "\"\"".to_owned(),
        Shape::Value(Type::Ip) => "::".to_owned(),
        Shape::Value(ty) => field(ty),
        Shape::Each(ty) => field(&Type::array(ty.clone())) + "[*]",
        Shape::EachTest => "flags".to_owned(),
        Shape::Multi(ty) => multi_fields().iter().find(|(_, t)| t == ty).map_or("port", |(name, _)| *name).to_owned(),
    };
    primary(shape.clone(), vec![text(words)])
}

/// Terms joined by one operator into one run, of which each half is a term, so that it shrinks by halves.
fn run(mut items: Vec<Term>, op: &str, own: u8) -> Term {
    let after = items.split_off(items.len().div_ceil(2));
    if after.is_empty() {
        return items.pop().unwrap_or_else(|| leaf(&Shape::Value(Type::Bool)));
    }
    let (before, after) = (run(items, op, own), run(after, op, own));
    Term::new(before.shape().clone(), own, vec![Part::Hole(before, own), text(op), Part::Hole(after, own)])
}

impl Generator<'_, '_> {
    /// A rule: a test.
    pub(crate) fn rule(&mut self, depth: usize) -> Term {
        if self.dice.one_in(24) {
            let deep = 10 + self.dice.below(40);
            let inner = self.test(2);
            return (0..deep).fold(inner, |term, i| match i % 3 {
                0 => Term::new(term.shape().clone(), level::NOT, vec![text("not "), Part::Hole(term, level::NOT)]),
                _ => term.closed(),
            });
        }
        if self.dice.one_in(60) {
            return self.long();
        }
        self.test(depth)
    }

    /// A long run of tests, by itself or inside the arguments of a call.
    fn long(&mut self) -> Term {
        let shape = Shape::Value(Type::Bool);
        let (op, own) = [(" and ", level::AND), (" or ", level::ANY), (" xor ", level::AND + 1)][self.dice.below(3)];
        let count = 2 + self.dice.below(150);
        let items = (0..count).map(|_| self.test(0)).collect();
        let run = run(items, op, own);
        if self.dice.one_in(2) {
            return run;
        }
        let (before, after) = (self.value(&Type::Bytes, 1), self.value(&Type::Bytes, 1));
        let call = vec![text("hash_in_range(0, 100, "), any(before), text(", "), any(run), text(", "), any(after), text(")")];
        let call = primary(Shape::Value(Type::Int), call);
        Term::new(shape, level::TEST, vec![operand(call), text(" < "), text("50")])
    }

    /// A value expression: of any type, or something for each element, which comes to an array.
    pub(crate) fn expression(&mut self, depth: usize) -> Term {
        match self.dice.weighted(&[5, 5, 2, 1, 1, 1]) {
            0 => {
                let ty = self.kind();
                self.value(&ty, depth)
            }
            1 => {
                let ty = fields()[self.dice.below(fields().len())].1.clone();
                self.value(&ty, depth)
            }
            2 => {
                let ty = self.kind();
                self.each(&ty, depth)
            }
            3 => self.each_test(depth),
            4 => self.compare(depth),
            // Not any test: `x & k` is one only where a Bool is wanted.
            _ => self.logic(Shape::Value(Type::Bool), depth, Self::test),
        }
    }

    /// A type of which there are fields in an array or a map.
    fn kind(&mut self) -> Type {
        PRIMITIVES[self.dice.weighted(&[1, 5, 2, 5, 3])].clone()
    }

    /// A test.
    pub(crate) fn test(&mut self, depth: usize) -> Term {
        let shape = Shape::Value(Type::Bool);
        if depth == 0 {
            return if self.dice.one_in(6) { self.plain(&Type::Bool) } else { self.compare(0) };
        }
        let inner = depth - 1;
        match self.dice.weighted(&[6, 3, 4, 4, 8, 7, 4, 2, 2, 2, 1]) {
            0 => self.compare(inner),
            1 => {
                let ty = [Type::Int, Type::Ip, Type::Bytes][self.dice.below(3)].clone();
                let value = self.value(&ty, inner);
                self.contained(shape, &ty, value)
            }
            2 => {
                let value = self.value(&Type::Bytes, inner);
                self.bytes_test(shape, value, inner)
            }
            3 => {
                let value = self.test(inner);
                self.not(shape, value)
            }
            4 => self.logic(shape, inner, Self::test),
            5 => {
                let quantifier = *self.dice.pick(&["any(", "all("]);
                let body = self.each_test(inner);
                primary(shape, vec![text(quantifier), any(body), text(")")])
            }
            6 => self.several(inner),
            7 => {
                let ty = self.kind();
                let value = self.value(&ty, inner);
                primary(shape, vec![text("present("), any(value), text(")")])
            }
            8 => self.bit_test(shape, Shape::Value(Type::Int), inner),
            9 => self.compare_halves(inner),
            _ => self.value_of(&Type::Bool, inner),
        }
    }

    pub(crate) fn not(&mut self, shape: Shape, value: Term) -> Term {
        let not = *self.dice.pick(&["not ", "!"]);
        Term::new(shape, level::NOT, vec![text(not), Part::Hole(value, level::NOT)])
    }

    pub(crate) fn logic(&mut self, shape: Shape, depth: usize, item: fn(&mut Self, usize) -> Term) -> Term {
        let (names, own): (&[&str], _) = match self.dice.weighted(&[4, 4, 2]) {
            0 => (&[" and ", " && "], level::AND),
            1 => (&[" or ", " || "], level::ANY),
            _ => (&[" xor ", " ^^ "], level::AND + 1),
        };
        let count = 2 + self.dice.below(3) / 2 + self.dice.below(4) / 3;
        let mut parts = vec![Part::Hole(item(self, depth), own)];
        for _ in 1..count {
            parts.push(text(*self.dice.pick(names)));
            // Without parentheses around a chain of the same operator now and then: one flat run.
            let loosest = if self.dice.one_in(3) { own } else { own - 1 };
            parts.push(Part::Hole(item(self, depth), loosest));
        }
        Term::new(shape, own, parts)
    }

    pub(crate) fn compare_operator(&mut self) -> Part {
        let names = [[" == ", " eq "], [" != ", " ne "], [" < ", " lt "], [" <= ", " le "], [" > ", " gt "], [" >= ", " ge "]];
        let names = &names[self.dice.weighted(&[4, 3, 2, 2, 2, 2])];
        text(*self.dice.pick(names))
    }

    fn compare(&mut self, depth: usize) -> Term {
        let ty = self.kind();
        let (lhs, op, rhs) = (self.value(&ty, depth), self.compare_operator(), self.right(&ty, depth));
        Term::new(Shape::Value(Type::Bool), level::TEST, vec![operand(lhs), op, rhs])
    }

    /// A comparison of the lower halves of numbers, without a sign.
    fn compare_halves(&mut self, depth: usize) -> Term {
        let (lhs, op, rhs) = (self.value(&Type::Int, depth), self.compare_operator(), self.right(&Type::Int, depth));
        let half = |value: Part| [text("u32("), value, text(")")];
        let parts = half(any(lhs)).into_iter().chain([op]).chain(half(rhs)).collect();
        Term::new(Shape::Value(Type::Bool), level::TEST, parts)
    }

    /// The right side of a comparison: a literal more often than not.
    pub(crate) fn right(&mut self, ty: &Type, depth: usize) -> Part {
        if self.dice.one_in(2) {
            let (literal, minus) = self.dice.right_literal(ty);
            let own = if minus { level::MINUS } else { level::PRIMARY };
            return operand(Term::new(Shape::Value(ty.clone()), own, vec![text(literal)]));
        }
        operand(self.value(ty, depth))
    }

    /// `value in {..}` and the like.
    pub(crate) fn contained(&mut self, shape: Shape, ty: &Type, value: Term) -> Term {
        let op = *self.dice.pick(&[" in ", " in ", " not in "]);
        let mut parts = vec![operand(value), text(op)];
        if self.dice.one_in(5) {
            parts.push(text(*self.dice.pick(&["$small", "$small", "$large", "$unset"])));
        } else {
            parts.extend([text("{"), Part::Words(self.dice.members(ty)), text("}")]);
        }
        Term::new(shape, level::TEST, parts)
    }

    /// `contains`, `matches`, `wildcard`.
    pub(crate) fn bytes_test(&mut self, shape: Shape, value: Term, depth: usize) -> Term {
        let mut parts = vec![operand(value)];
        match self.dice.weighted(&[4, 3, 3]) {
            0 => parts.extend([text(" contains "), self.right(&Type::Bytes, depth)]),
            1 => {
                let op = *self.dice.pick(&[" matches ", " ~ "]);
                parts.push(text(format!("{op}{}", self.dice.regex())));
            }
            _ => {
                let op = *self.dice.pick(&[" wildcard ", " strict wildcard "]);
                parts.push(text(format!("{op}{}", self.dice.wildcard())));
            }
        }
        Term::new(shape, level::TEST, parts)
    }

    /// `x & k` as a test.
    pub(crate) fn bit_test(&mut self, shape: Shape, of: Shape, depth: usize) -> Term {
        let value = match of {
            Shape::Each(ty) => self.each(&ty, depth),
            Shape::Multi(ty) => self.multi_value(&ty, depth),
            _ => self.value(&Type::Int, depth),
        };
        let op = *self.dice.pick(&[" & ", " bitwise_and "]);
        let mask = self.value(&Type::Int, 0);
        Term::new(shape, level::PRODUCT + 3, vec![Part::Hole(value, level::PRODUCT + 3), text(op), Part::Hole(mask, level::PRODUCT + 2)])
    }

    /// A value of any type of the scheme.
    pub(crate) fn value(&mut self, ty: &Type, depth: usize) -> Term {
        if depth == 0 || self.dice.one_in(4) { self.plain(ty) } else { self.value_of(ty, depth - 1) }
    }

    /// A field or a literal.
    fn plain(&mut self, ty: &Type) -> Term {
        let shape = Shape::Value(ty.clone());
        let names: Vec<&str> = fields().iter().filter(|(_, t, _)| t == ty).map(|(name, ..)| *name).collect();
        // An array of these types is a multi-valued field too, where no operator is next to it.
        if names.is_empty() || (ty.is_primitive() && self.dice.one_in(4)) {
            let (literal, minus) = self.dice.literal(ty);
            return Term::new(shape, if minus { level::MINUS } else { level::PRIMARY }, vec![text(literal)]);
        }
        primary(shape, vec![text(*self.dice.pick(&names))])
    }

    /// A value with something inside.
    fn value_of(&mut self, ty: &Type, depth: usize) -> Term {
        let shape = Shape::Value(ty.clone());
        let (array, map) = (Type::array(ty.clone()), Type::map(ty.clone()));
        let has = |t: &Type| fields().iter().any(|(_, f, _)| f == t);
        for _ in 0..4 {
            match self.dice.weighted(&[6, 2, 2, 5]) {
                0 if matches!(ty, Type::Int | Type::Float) => {
                    if self.dice.one_in(6) {
                        let value = self.value(ty, depth);
                        return self.negative(shape, value);
                    }
                    let (lhs, rhs) = (self.value(ty, depth), self.value(ty, depth));
                    return self.arithmetic(shape, ty, lhs, rhs);
                }
                0 if *ty == Type::Bytes => {
                    let value = self.value(ty, depth);
                    return self.slice(shape, value, depth);
                }
                1 if has(&array) => {
                    let parts = vec![base(self.value(&array, depth)), text("["), self.index(depth), text("]")];
                    return primary(shape, parts);
                }
                2 if has(&map) => {
                    let parts = vec![base(self.value(&map, depth)), text("["), self.key(depth), text("]")];
                    return primary(shape, parts);
                }
                3 => {
                    if let Some(call) = self.call(ty, depth) {
                        return call;
                    }
                }
                _ => {}
            }
        }
        self.plain(ty)
    }

    pub(crate) fn negative(&mut self, shape: Shape, value: Term) -> Term {
        // A minus sign right before a number is part of the number.
        let value = if value.is_leaf() { value.closed() } else { value };
        Term::new(shape, level::MINUS, vec![text("-"), base(value)])
    }

    /// Arithmetic on terms, of which either may be element-wise.
    pub(crate) fn arithmetic(&mut self, shape: Shape, ty: &Type, lhs: Term, rhs: Term) -> Term {
        let operators: &[(&str, u8)] = &[
            (" + ", 3),
            (" - ", 3),
            (" * ", 2),
            (" / ", 2),
            (" % ", 2),
            (" / ", 2),
            (" % ", 2),
            (" & ", 5),
            (" | ", 7),
            (" ^ ", 6),
            (" << ", 4),
            (" >> ", 4),
        ];
        let usable = if *ty == Type::Float { 7 } else { operators.len() };
        let (op, own) = *self.dice.pick(&operators[..usable]);
        // Shapes of loops and of multi-valued fields stay what they are.
        Term::new(shape, own, vec![Part::Hole(lhs, own), text(op), Part::Hole(rhs, own - 1)])
    }

    /// `value[a:b]`.
    pub(crate) fn slice(&mut self, shape: Shape, value: Term, depth: usize) -> Term {
        let mut bound = || {
            if self.dice.one_in(4) {
                return None;
            }
            if self.dice.one_in(3) {
                return Some(Part::Hole(self.value(&Type::Int, depth), level::BIT_OR));
            }
            let place = if self.dice.one_in(8) { self.dice.int() } else { self.dice.below(12) as i64 - 5 };
            Some(Part::Words(vec![place.to_string()]))
        };
        let (start, end) = (bound(), bound());
        let mut parts = vec![base(value), text("[")];
        parts.extend(start);
        parts.push(text(":"));
        parts.extend(end);
        parts.push(text("]"));
        primary(shape, parts)
    }

    /// An index into an array: a small number, or an expression that is no literal.
    pub(crate) fn index(&mut self, depth: usize) -> Part {
        if depth > 0 && self.dice.one_in(4) {
            let value = self.value(&Type::Int, depth);
            if !value.to_string().starts_with(|c: char| c == '-' || c == '(' || c.is_ascii_digit()) {
                return Part::Hole(value, level::BIT_OR);
            }
        }
        text(self.dice.below(4).to_string())
    }

    /// A key of a map.
    pub(crate) fn key(&mut self, depth: usize) -> Part {
        if depth > 0 && self.dice.one_in(4) {
            return Part::Hole(self.value(&Type::Bytes, depth), level::BIT_OR);
        }
        let key = *self.dice.pick(KEYS);
        text(self.dice.string(key.as_bytes()))
    }
}
