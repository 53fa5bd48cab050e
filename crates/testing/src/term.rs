//! Generated expressions: text with typed holes, so that they print without a grammar and shrink without knowing the language.

use std::fmt::{self, Write};

use quintet_lang::Type;

/// What a term may stand for. Terms of one shape can take each other's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A value; a Bool is a test.
    Value(Type),
    /// A value for each element of a loop that is still open.
    Each(Type),
    /// A truth value for each element, where logic is expected.
    EachTest,
    /// Values of a multi-valued field, next to an operator.
    Multi(Type),
}

/// How tightly a term binds; a hole that wants a tighter one gets parentheses.
pub mod level {
    /// Names, literals, calls, subscripts.
    pub const PRIMARY: u8 = 0;
    /// Unary minus, negative literals.
    pub const MINUS: u8 = 1;
    /// `* / %`; `+ -` is one looser, then `<< >>`, `&`, `^` and `|`.
    pub const PRODUCT: u8 = 2;
    /// `|`, the loosest arithmetic operator.
    pub const BIT_OR: u8 = 7;
    /// Comparisons.
    pub const TEST: u8 = 8;
    /// `not`.
    pub const NOT: u8 = 9;
    /// `and`; `xor` is one looser.
    pub const AND: u8 = 10;
    /// `or`: anything.
    pub const ANY: u8 = 12;
}

/// A generated expression.
#[derive(Clone, Debug)]
pub struct Term {
    shape: Shape,
    level: u8,
    parts: Vec<Part>,
}

/// A stretch of a term.
#[derive(Clone, Debug)]
pub enum Part {
    /// Just text.
    Text(String),
    /// Another term, and the loosest level that it may have without parentheses.
    Hole(Term, u8),
    /// Words with blanks between them, any of which may be left out.
    Words(Vec<String>),
}

/// A stretch of text.
pub fn text(text: impl Into<String>) -> Part {
    Part::Text(text.into())
}

impl Term {
    /// A term of these parts.
    pub fn new(shape: Shape, level: u8, parts: Vec<Part>) -> Term {
        Term { shape, level, parts }
    }

    /// What it may stand for.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// How tightly it binds.
    pub fn level(&self) -> u8 {
        self.level
    }

    /// Whether it has no other terms inside.
    pub fn is_leaf(&self) -> bool {
        !self.parts.iter().any(|p| matches!(p, Part::Hole(..)))
    }

    /// The same term inside parentheses, as one that may stand anywhere.
    pub fn closed(self) -> Term {
        let shape = self.shape.clone();
        Term::new(shape, level::PRIMARY, vec![text("("), Part::Hole(self, level::ANY), text(")")])
    }

    /// Smaller terms of the same shape, the smallest first: `leaf` itself, terms inside that have this shape, and this term with
    /// something inside replaced by something smaller. `leaf` answers the plainest term of a shape.
    pub fn shrinks(&self, leaf: &dyn Fn(&Shape) -> Term) -> Vec<Term> {
        let mut all = Vec::new();
        let (own, plain) = (self.to_string(), leaf(&self.shape));
        if plain.to_string().len() < own.len() {
            all.push(plain);
        }
        self.inside(&mut |term| {
            if term.shape == self.shape {
                all.push(term.clone());
            }
        });
        all.sort_by_cached_key(|t| t.to_string().len());
        for (i, part) in self.parts.iter().enumerate() {
            let mut replace = |part: Part| {
                let mut term = self.clone();
                term.parts[i] = part;
                all.push(term);
            };
            match part {
                Part::Text(_) => {}
                Part::Hole(inner, most) => inner.shrinks(leaf).into_iter().for_each(|t| replace(Part::Hole(t, *most))),
                Part::Words(words) => removals(words).into_iter().for_each(|w| replace(Part::Words(w))),
            }
        }
        all
    }

    /// Visits the terms inside this one.
    fn inside<'t>(&'t self, visit: &mut dyn FnMut(&'t Term)) {
        for part in &self.parts {
            if let Part::Hole(term, _) = part {
                visit(term);
                term.inside(visit);
            }
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                Part::Text(text) => f.write_str(text)?,
                Part::Hole(term, most) if term.level > *most => write!(f, "({term})")?,
                Part::Hole(term, _) => term.fmt(f)?,
                Part::Words(words) => {
                    for (i, word) in words.iter().enumerate() {
                        if i > 0 {
                            f.write_char(' ')?;
                        }
                        f.write_str(word)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Lists with fewer items: each half, then each item left out.
pub(crate) fn removals<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    let mut all = Vec::new();
    if items.len() > 2 {
        let (a, b) = items.split_at(items.len() / 2);
        all.extend([a.to_vec(), b.to_vec()]);
    }
    for i in 0..items.len() {
        let mut fewer = items.to_vec();
        fewer.remove(i);
        all.push(fewer);
    }
    all
}
