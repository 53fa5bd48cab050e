//! Signatures of functions: what a call may look like, without saying what the function does.

use std::fmt;

use crate::ast::Const;
use crate::types::Type;

/// What types an argument may have. A variable binds to the first argument's type that meets it and must be that type
/// everywhere else in the signature.
#[derive(Clone, Debug, PartialEq)]
pub enum Pattern {
    /// Just this type.
    Exact(Type),
    /// Any of these.
    OneOf(Vec<Pattern>),
    /// An array of what the inner pattern accepts.
    ArrayOf(Box<Pattern>),
    /// A map of what the inner pattern accepts.
    MapOf(Box<Pattern>),
    /// The type variable with this number, which accepts what its bound in [`Signature::variables`] accepts.
    Variable(usize),
    /// Any type at all.
    Any,
    /// Bool, Int, Float, Bytes or Ip.
    Primitive,
}

/// Which form an argument must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgKind {
    /// A literal or any expression.
    Either,
    /// A literal.
    Literal,
    /// Anything but a literal.
    Dynamic,
}

/// One parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Its name in messages and documentation.
    pub name: String,
    /// The types it takes.
    pub pattern: Pattern,
    /// The form its argument must have.
    pub kind: ArgKind,
    /// What stands in for an argument that was left out; `None` makes the parameter mandatory.
    pub default: Option<Const>,
}

/// What becomes of a missing argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NilRule {
    /// The result is nil and the function is not called; arguments after the first nil are not evaluated.
    Propagates,
    /// All arguments are evaluated and the function is called; it sees which are nil.
    Handled,
}

/// The signature of one function.
#[derive(Clone, Debug, PartialEq)]
pub struct Signature {
    /// The name under which rules call it.
    pub name: String,
    /// Positional parameters; those with a default stand last.
    pub params: Vec<Param>,
    /// What further arguments may be, and how many arguments there may be altogether.
    pub rest: Option<(Param, usize)>,
    /// The type of the result; variables are those that the arguments bound.
    pub result: Pattern,
    /// Bounds of the type variables, by number.
    pub variables: Vec<Pattern>,
    /// What becomes of missing arguments.
    pub nil: NilRule,
    /// Whether the function itself may answer nil although no argument is nil.
    pub may_be_nil: bool,
    /// What the function does, for people: a sentence that says it all in a line, and then what else there is to say.
    pub doc: String,
}

impl Param {
    /// Whether it takes the same as another one, whatever they are called.
    fn is_like(&self, other: &Param) -> bool {
        self.pattern == other.pattern && self.kind == other.kind && self.default == other.default
    }

    /// A mandatory parameter that takes literals and expressions of one type.
    pub fn new(name: &str, ty: Type) -> Param {
        Param { name: name.into(), pattern: Pattern::Exact(ty), kind: ArgKind::Either, default: None }
    }

    /// The same parameter with another pattern.
    pub fn pattern(mut self, pattern: Pattern) -> Param {
        self.pattern = pattern;
        self
    }

    /// The same parameter, for literals only.
    pub fn literal(mut self) -> Param {
        self.kind = ArgKind::Literal;
        self
    }

    /// The same parameter, for anything but literals.
    pub fn dynamic(mut self) -> Param {
        self.kind = ArgKind::Dynamic;
        self
    }

    /// The same parameter, optional.
    pub fn default(mut self, value: Const) -> Param {
        self.default = Some(value);
        self
    }
}

impl Signature {
    /// A function of these parameters whose missing arguments make the result nil.
    pub fn new(name: &str, params: Vec<Param>, result: Type) -> Signature {
        Signature {
            name: name.into(),
            params,
            rest: None,
            result: Pattern::Exact(result),
            variables: Vec::new(),
            nil: NilRule::Propagates,
            may_be_nil: false,
            doc: String::new(),
        }
    }

    /// The same signature with sentences for people.
    pub fn doc(mut self, doc: &str) -> Signature {
        self.doc = doc.into();
        self
    }

    /// The first sentence of the documentation.
    pub fn summary(&self) -> &str {
        self.doc.split_once(". ").map_or(&self.doc, |(first, _)| &self.doc[..=first.len()])
    }

    /// Whether a function of the one signature can stand for one of the other: all is the same but names of parameters and documentation.
    pub fn is_like(&self, other: &Signature) -> bool {
        // What is only for people does not count.
        let Signature { name, doc: _, params, rest, variables, result, nil, may_be_nil } = self;
        let rests = match (rest, &other.rest) {
            (Some((a, least)), Some((b, other_least))) => least == other_least && a.is_like(b),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        rests
            && *name == other.name
            && params.len() == other.params.len()
            && params.iter().zip(&other.params).all(|(a, b)| a.is_like(b))
            && *variables == other.variables
            && *result == other.result
            && *nil == other.nil
            && *may_be_nil == other.may_be_nil
    }

    /// Whether calls of such a function can be checked.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let ensure = |holds: bool, what| if holds { Ok(()) } else { Err(what) };
        let known = |p: &Pattern| p.all(&|p| !matches!(p, Pattern::Variable(n) if *n >= self.variables.len()));
        let constant = |p: &Pattern| p.all(&|p| !matches!(p, Pattern::Variable(_)));
        let single = |p: &Pattern| p.all(&|p| !matches!(p, Pattern::OneOf(_) | Pattern::Any | Pattern::Primitive));
        ensure(self.variables.iter().all(constant), "the bound of a type variable has variables itself")?;
        let mut patterns = self.params.iter().chain(self.rest.as_ref().map(|(param, _)| param)).map(|p| &p.pattern).chain([&self.result]);
        ensure(patterns.all(known), "it has a type variable that is not among its variables")?;
        ensure(single(&self.result), "its result is of no single type")?;
        let optional = self.params.iter().skip_while(|p| p.default.is_none());
        ensure(optional.clone().all(|p| p.default.is_some()), "a parameter without a default stands after one with a default")?;
        for (param, default) in optional.filter_map(|p| Some((p, p.default.as_ref()?))) {
            ensure(!matches!(default, Const::Float(f) if !f.is_finite()), "a default is infinite or not a number")?;
            let fits = constant(&param.pattern) && self.accepts(&param.pattern, &default.ty(), &mut []);
            ensure(fits, "a default is not of its parameter's type")?;
        }
        ensure(self.max_args() >= self.params.len(), "it has more parameters than it takes arguments")
    }

    /// The fewest arguments that a call may have.
    pub fn min_args(&self) -> usize {
        self.params.iter().filter(|p| p.default.is_none()).count()
    }

    /// The most arguments that a call may have.
    pub fn max_args(&self) -> usize {
        self.rest.as_ref().map_or(self.params.len(), |(_, most)| *most)
    }

    /// The parameter that takes argument `index`.
    pub fn param(&self, index: usize) -> Option<&Param> {
        self.params.get(index).or(self.rest.as_ref().map(|(p, _)| p))
    }

    /// Whether `ty` fits `pattern`; binds variables in `bound`, which must have one place per variable.
    pub fn accepts(&self, pattern: &Pattern, ty: &Type, bound: &mut [Option<Type>]) -> bool {
        match pattern {
            Pattern::Exact(t) => t == ty,
            Pattern::Any => true,
            Pattern::Primitive => ty.is_primitive(),
            Pattern::OneOf(choices) => choices.iter().any(|p| self.accepts(p, ty, bound)),
            Pattern::ArrayOf(p) => matches!(ty, Type::Array(t) if self.accepts(p, t, bound)),
            Pattern::MapOf(p) => matches!(ty, Type::Map(t) if self.accepts(p, t, bound)),
            Pattern::Variable(n) => match bound.get(*n) {
                Some(Some(t)) => t == ty,
                Some(None) => {
                    let fits = self.variables.get(*n).is_none_or(|b| self.accepts(b, ty, bound));
                    if fits {
                        bound[*n] = Some(ty.clone());
                    }
                    fits
                }
                None => false,
            },
        }
    }

    /// The type that a result pattern stands for once the arguments have bound the variables; `None` where the pattern is no
    /// single type.
    pub fn resolve(&self, pattern: &Pattern, bound: &[Option<Type>]) -> Option<Type> {
        match pattern {
            Pattern::Exact(t) => Some(t.clone()),
            Pattern::ArrayOf(p) => self.resolve(p, bound).map(Type::array),
            Pattern::MapOf(p) => self.resolve(p, bound).map(Type::map),
            Pattern::Variable(n) => bound.get(*n).cloned().flatten(),
            Pattern::OneOf(_) | Pattern::Any | Pattern::Primitive => None,
        }
    }
}

impl Pattern {
    /// Whether something holds for the pattern and all that it is made of.
    fn all(&self, holds: &impl Fn(&Pattern) -> bool) -> bool {
        holds(self)
            && match self {
                Pattern::OneOf(choices) => choices.iter().all(|p| p.all(holds)),
                Pattern::ArrayOf(p) | Pattern::MapOf(p) => p.all(holds),
                Pattern::Exact(_) | Pattern::Variable(_) | Pattern::Any | Pattern::Primitive => true,
            }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pattern::Exact(t) => write!(f, "{t}"),
            Pattern::OneOf(choices) => {
                for (i, c) in choices.iter().enumerate() {
                    if i > 0 {
                        f.write_str(" or ")?;
                    }
                    write!(f, "{c}")?;
                }
                Ok(())
            }
            Pattern::ArrayOf(p) => write!(f, "Array<{p}>"),
            Pattern::MapOf(p) => write!(f, "Map<{p}>"),
            Pattern::Variable(n) => write!(f, "{}", ["T", "U", "V", "W"].get(*n).unwrap_or(&"X")),
            Pattern::Any => f.write_str("any type"),
            Pattern::Primitive => f.write_str("Bool, Int, Float, Bytes or Ip"),
        }
    }
}

/// As documentation shows it: `substring(text: Bytes, start: Int[, end: Int]) -> Bytes`. Brackets hold what may be left out, `|` stands
/// between types that are equally good, and a result with `?` may be nil although no argument is.
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.name)?;
        let optional = self.params.iter().filter(|p| p.default.is_some()).count();
        for (i, param) in self.params.iter().enumerate() {
            let open = if param.default.is_some() { "[" } else { "" };
            write!(f, "{open}{}{param}", if i > 0 { ", " } else { "" })?;
        }
        f.write_str(&"]".repeat(optional))?;
        if let Some((param, _)) = &self.rest {
            write!(f, "[, {param}]...")?;
        }
        write!(f, ") -> {}{}", alternatives(&self.result), if self.may_be_nil { "?" } else { "" })?;
        for (n, bound) in self.variables.iter().enumerate() {
            let and = if n > 0 { "," } else { " where" };
            write!(f, "{and} {} is {}", Pattern::Variable(n), alternatives(bound))?;
        }
        Ok(())
    }
}

impl fmt::Display for Param {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            ArgKind::Either => "",
            ArgKind::Literal => "literal ",
            ArgKind::Dynamic => "non-literal ",
        };
        write!(f, "{}: {kind}{}", self.name, alternatives(&self.pattern))
    }
}

/// A pattern without blanks or commas.
fn alternatives(pattern: &Pattern) -> String {
    match pattern {
        Pattern::OneOf(choices) => choices.iter().map(alternatives).collect::<Vec<_>>().join("|"),
        Pattern::ArrayOf(p) => format!("Array<{}>", alternatives(p)),
        Pattern::MapOf(p) => format!("Map<{}>", alternatives(p)),
        Pattern::Primitive => "Bool|Int|Float|Bytes|Ip".into(),
        Pattern::Any => "any".into(),
        Pattern::Exact(_) | Pattern::Variable(_) => pattern.to_string(),
    }
}
