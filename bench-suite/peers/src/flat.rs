//! Rules as tests of scalar columns: the form from which the text for other engines is printed.
//!
//! A column is a field of a primitive type, or what stands at constant keys and indices inside a field. A loop over an array becomes one
//! test per element of the longest array that the records have, and a value that a record may lack is guarded by [`Test::Has`], so that
//! the other engine need know neither arrays nor nil.

use std::collections::HashMap;

use quintet_lang::ast::{
    ArithOp, Clause, CompareOp, Const, Expr, ExprKind, LocalId, LogicOp, Needle, Program, Quantifier, Set, SiteId, Wildcard,
};
use quintet_lang::{FieldId, Presence, Type};
use quintet_runtime::{Batch, RecordRef, Value};

/// The longest array that becomes columns.
const MOST_ELEMENTS: usize = 16;

/// A program over columns.
pub(crate) struct Flat {
    /// All columns that the rules use.
    pub columns: Vec<Column>,
    /// The rules in order, with their names.
    pub rules: Vec<(String, Test)>,
}

/// A reason with the name of the rule that it is about.
pub(crate) fn about(rule: &str, reason: String) -> String {
    if rule.is_empty() { reason } else { format!("rule `{rule}`: {reason}") }
}

/// A scalar of each record.
pub(crate) struct Column {
    /// A name of letters, digits and `_` that is no other column's; engines put a prefix before it.
    pub name: String,
    /// Its primitive type.
    pub ty: Type,
    /// Whether some rule asks if a record has it.
    pub asked: bool,
    place: Place,
}

/// Where a value stands in a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Place {
    field: FieldId,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Step {
    Key(Vec<u8>),
    Index(usize),
    /// How many elements an array has.
    Len,
}

/// A Bool of columns.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    Constant(bool),
    /// Whether the record has the column.
    Has(usize),
    /// A Bool column that is known to be there, as are all columns below.
    Flag(usize),
    Not(Box<Test>),
    All(Vec<Test>),
    Any(Vec<Test>),
    Odd(Vec<Test>),
    Compare(CompareOp, Term, Term),
    In(Term, Set),
    Contains(Term, Vec<u8>),
    StartsWith(Term, Vec<u8>),
    EndsWith(Term, Vec<u8>),
    Matches(Term, String),
    Wildcard(Term, Wildcard),
}

/// A value of columns.
#[derive(Clone, Debug)]
pub(crate) enum Term {
    Const(Const),
    Column(usize),
    /// ASCII letters in lower case.
    Lower(Box<Term>),
    /// ASCII letters in upper case.
    Upper(Box<Term>),
    /// How many bytes a text has.
    Len(Box<Term>),
    Arith(ArithOp, Box<Term>, Box<Term>),
    /// The bytes from one place up to another, neither negative.
    Slice(Box<Term>, usize, usize),
}

/// What a local stands for.
#[derive(Clone)]
enum Bound {
    /// A place; `sure` says that the value is known to be there.
    Place {
        place: Place,
        sure: bool,
    },
    Term(Term),
}

impl Flat {
    /// The rules of `program` for these records.
    ///
    /// # Errors
    /// What has no counterpart, in a sentence.
    pub(crate) fn new(program: &Program, batches: &[Batch]) -> Result<Flat, String> {
        let mut flattener = Flattener { program, batches, columns: Vec::new(), ids: HashMap::new(), locals: HashMap::new() };
        let mut rules = Vec::with_capacity(program.rules.len());
        for rule in &program.rules {
            if !rule.before.is_empty() {
                return Err(about(&rule.name, "our translator does expressions, and this is a script".into()));
            }
            let test = flattener.test(&rule.expr).map_err(|reason| about(&rule.name, reason))?;
            rules.push((rule.name.clone(), test));
        }
        Ok(Flat { columns: flattener.columns, rules })
    }

    /// The value of a column in a record, or nil.
    pub(crate) fn value<'t>(&self, column: usize, record: RecordRef<'t>) -> Value<'t> {
        self.columns[column].place.of(record)
    }
}

impl Place {
    fn of<'t>(&self, record: RecordRef<'t>) -> Value<'t> {
        self.steps.iter().fold(record.value(self.field), |value, step| match (value, step) {
            (Value::Array(array), Step::Index(index)) => array.get(*index),
            (Value::Map(map), Step::Key(key)) => map.get(key),
            (Value::Array(array), Step::Len) => Value::Int(array.len() as i64),
            _ => Value::Nil,
        })
    }

    fn then(&self, step: Step) -> Place {
        let mut place = self.clone();
        place.steps.push(step);
        place
    }
}

impl Test {
    /// All of these; constants are folded.
    fn all(items: Vec<Test>) -> Test {
        Test::joined(items, true)
    }

    /// Any of these; constants are folded.
    fn any(items: Vec<Test>) -> Test {
        Test::joined(items, false)
    }

    fn joined(items: Vec<Test>, neutral: bool) -> Test {
        let mut kept = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Test::Constant(b) if b == neutral => {}
                Test::Constant(b) => return Test::Constant(b),
                Test::All(inner) if neutral => kept.extend(inner),
                Test::Any(inner) if !neutral => kept.extend(inner),
                item => kept.push(item),
            }
        }
        match kept.len() {
            0 => Test::Constant(neutral),
            1 => kept.remove(0),
            _ if neutral => Test::All(kept),
            _ => Test::Any(kept),
        }
    }

    fn not(self) -> Test {
        match self {
            Test::Constant(b) => Test::Constant(!b),
            test => Test::Not(Box::new(test)),
        }
    }
}

struct Flattener<'p> {
    program: &'p Program,
    batches: &'p [Batch],
    columns: Vec<Column>,
    ids: HashMap<Place, usize>,
    locals: HashMap<LocalId, Bound>,
}

impl Flattener<'_> {
    fn column(&mut self, place: Place, ty: &Type) -> Result<usize, String> {
        if let Some(id) = self.ids.get(&place) {
            return Ok(*id);
        }
        if !ty.is_primitive() {
            return Err(format!("our translator does not do values of type {ty} as a whole"));
        }
        let mut name = self.program.scheme.field(place.field).name.clone();
        for step in &place.steps {
            match step {
                Step::Key(key) => name += &format!("_{}", String::from_utf8_lossy(key)),
                Step::Index(index) => name += &format!("_{index}"),
                Step::Len => name += "_len",
            }
        }
        let mut name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        while self.columns.iter().any(|c| c.name == name) {
            name.push('_');
        }
        self.columns.push(Column { name, ty: ty.clone(), asked: false, place: place.clone() });
        self.ids.insert(place, self.columns.len() - 1);
        Ok(self.columns.len() - 1)
    }

    fn has(&mut self, column: usize) -> Test {
        self.columns[column].asked = true;
        Test::Has(column)
    }

    /// `test` where all guards are there, `otherwise` elsewhere.
    fn guarded(&mut self, guards: Vec<usize>, test: Test, otherwise: bool) -> Test {
        let mut items: Vec<Test> = Vec::new();
        for guard in guards {
            let has = self.has(guard);
            items.push(if otherwise { has.not() } else { has });
        }
        items.push(test);
        if otherwise { Test::any(items) } else { Test::all(items) }
    }

    /// The name of the function that a site calls.
    fn function(&self, site: SiteId) -> String {
        self.program.scheme.function(self.program.sites[site.index()].function).name.clone()
    }

    fn bound(&self, e: &Expr) -> Result<Bound, String> {
        let step = |base: &Expr, step: Step| match self.bound(base)? {
            Bound::Place { place, .. } => Ok(Bound::Place { place: place.then(step), sure: false }),
            Bound::Term(_) => Err("our translator does not do elements of computed values".to_owned()),
        };
        match &e.kind {
            ExprKind::Field(field) => {
                let sure = self.program.scheme.field(*field).presence == Presence::Mandatory;
                Ok(Bound::Place { place: Place { field: *field, steps: Vec::new() }, sure })
            }
            ExprKind::Local(local) => {
                self.locals.get(local).cloned().ok_or_else(|| "our translator does not do a loop's value outside it".to_owned())
            }
            ExprKind::Index { base, index } => match index.kind {
                ExprKind::Const(Const::Int(i)) if i >= 0 => step(base, Step::Index(i as usize)),
                _ => Err("our translator does not do computed indices".to_owned()),
            },
            ExprKind::Key { base, key } => match &key.kind {
                ExprKind::Const(Const::Bytes(key)) => step(base, Step::Key(key.clone())),
                _ => Err("our translator does not do computed keys".to_owned()),
            },
            _ => Err("our translator does not do loops over computed arrays".to_owned()),
        }
    }

    /// The value of `e`; the columns that must be there for it to have one go to `guards`.
    fn term(&mut self, e: &Expr, guards: &mut Vec<usize>) -> Result<Term, String> {
        match &e.kind {
            ExprKind::Const(c) => Ok(Term::Const(c.clone())),
            ExprKind::Field(_) | ExprKind::Local(_) | ExprKind::Index { .. } | ExprKind::Key { .. } => match self.bound(e)? {
                Bound::Term(term) => Ok(term),
                Bound::Place { place, sure } => {
                    let column = self.column(place, &e.ty)?;
                    if !sure && !guards.contains(&column) {
                        guards.push(column);
                    }
                    Ok(Term::Column(column))
                }
            },
            ExprKind::Arith { op, lhs, rhs } if e.ty == Type::Int => {
                let lhs = self.term(lhs, guards)?;
                Ok(Term::Arith(*op, Box::new(lhs), Box::new(self.term(rhs, guards)?)))
            }
            ExprKind::Slice { base, start, end } => {
                let bound = |e: &Option<Box<Expr>>| match e.as_ref().map(|e| &e.kind) {
                    None => Some(0),
                    Some(ExprKind::Const(Const::Int(i))) => usize::try_from(*i).ok(),
                    Some(_) => None,
                };
                let (Some(first), Some(last), true) = (bound(start), bound(end), end.is_some()) else {
                    return Err("our translator does not do slices with bounds that are absent, negative or computed".to_owned());
                };
                Ok(Term::Slice(Box::new(self.term(base, guards)?), first, last))
            }
            ExprKind::Call { site, args } => {
                let name = self.function(*site);
                match (name.as_str(), args.as_slice()) {
                    ("len", [text]) if text.ty == Type::Bytes => Ok(Term::Len(Box::new(self.term(text, guards)?))),
                    ("len", [all]) => match self.bound(all)? {
                        Bound::Place { place, sure } => {
                            let column = self.column(place.then(Step::Len), &Type::Int)?;
                            if !sure && !guards.contains(&column) {
                                guards.push(column);
                            }
                            Ok(Term::Column(column))
                        }
                        Bound::Term(_) => Err("our translator does not do the length of computed arrays".to_owned()),
                    },
                    ("lower", [text]) => Ok(Term::Lower(Box::new(self.term(text, guards)?))),
                    ("upper", [text]) => Ok(Term::Upper(Box::new(self.term(text, guards)?))),
                    _ => Err(format!("our translator does not do `{name}`")),
                }
            }
            _ => Err("our translator does not do computing with answers of tests, with Floats or with arrays".to_owned()),
        }
    }

    fn test(&mut self, e: &Expr) -> Result<Test, String> {
        let mut guards = Vec::new();
        let (test, otherwise) = match &e.kind {
            ExprKind::Const(Const::Bool(b)) => return Ok(Test::Constant(*b)),
            ExprKind::Field(_) | ExprKind::Local(_) => match self.term(e, &mut guards)? {
                Term::Column(column) => (Test::Flag(column), false),
                _ => return Err("our translator does not do computed Bools as tests".to_owned()),
            },
            ExprKind::Not(e) => return Ok(self.test(e)?.not()),
            ExprKind::Logic { op, items } => {
                let items = items.iter().map(|e| self.test(e)).collect::<Result<Vec<_>, _>>()?;
                return Ok(match op {
                    LogicOp::And => Test::all(items),
                    LogicOp::Or => Test::any(items),
                    LogicOp::Xor => Test::Odd(items),
                });
            }
            ExprKind::Compare { op, lhs, rhs, on_nil } => {
                let test = match (op, &lhs.kind, &rhs.kind) {
                    // A function's Bool that may be nil is compared with a constant.
                    (CompareOp::Eq | CompareOp::Ne, ExprKind::Call { .. }, ExprKind::Const(Const::Bool(b))) => {
                        let test = self.called(lhs, &mut guards)?;
                        if (*op == CompareOp::Eq) == *b { test } else { test.not() }
                    }
                    _ => compare(*op, self.term(lhs, &mut guards)?, self.term(rhs, &mut guards)?)?,
                };
                (test, *on_nil)
            }
            ExprKind::In { value, set } => (Test::In(self.term(value, &mut guards)?, self.program.sets[set.index()].clone()), false),
            ExprKind::Contains { value, needle: Needle::Const(needle) } => {
                (Test::Contains(self.term(value, &mut guards)?, self.program.needles[needle.index()].clone()), false)
            }
            ExprKind::Matches { value, regex } => {
                (Test::Matches(self.term(value, &mut guards)?, self.program.regexes[regex.index()].pattern.clone()), false)
            }
            ExprKind::Wildcard { value, pattern } => {
                (Test::Wildcard(self.term(value, &mut guards)?, self.program.wildcards[pattern.index()].clone()), false)
            }
            ExprKind::Call { .. } => (self.called(e, &mut guards)?, false),
            ExprKind::Quantifier { quantifier, each } => return self.unrolled(*quantifier, &each.clauses, &each.body),
            ExprKind::InList { .. } => return Err("our translator does not do named lists".to_owned()),
            ExprKind::Contains { .. } => return Err("our translator does not do searches for computed needles".to_owned()),
            _ => return Err("our translator does not do computed Bools as tests".to_owned()),
        };
        Ok(self.guarded(guards, test, otherwise))
    }

    /// A call that answers a Bool.
    fn called(&mut self, e: &Expr, guards: &mut Vec<usize>) -> Result<Test, String> {
        let ExprKind::Call { site, args } = &e.kind else { return Err("our translator does not do computed Bools as tests".to_owned()) };
        let name = self.function(*site);
        match (name.as_str(), args.as_slice()) {
            ("starts_with", [text, Expr { kind: ExprKind::Const(Const::Bytes(start)), .. }]) => {
                Ok(Test::StartsWith(self.term(text, guards)?, start.clone()))
            }
            ("ends_with", [text, Expr { kind: ExprKind::Const(Const::Bytes(end)), .. }]) => {
                Ok(Test::EndsWith(self.term(text, guards)?, end.clone()))
            }
            _ => Err(format!("our translator does not do `{name}`")),
        }
    }

    /// One test per element of the loops.
    fn unrolled(&mut self, quantifier: Quantifier, clauses: &[Clause], body: &Expr) -> Result<Test, String> {
        let for_all = quantifier == Quantifier::All;
        let Some((clause, rest)) = clauses.split_first() else { return self.test(body) };
        match clause {
            Clause::Let(local, value) => {
                let mut guards = Vec::new();
                let term = self.term(value, &mut guards)?;
                self.locals.insert(*local, Bound::Term(term));
                let item = self.unrolled(quantifier, rest, body)?;
                Ok(self.guarded(guards, item, for_all))
            }
            Clause::For(sources) => {
                let mut places = Vec::with_capacity(sources.len());
                for (local, source) in sources {
                    let (Type::Array(element), Bound::Place { place, .. }) = (&source.ty, self.bound(source)?) else {
                        return Err("our translator does not do loops over maps or computed arrays".to_owned());
                    };
                    places.push((*local, place, (**element).clone()));
                }
                let longest = places.iter().map(|(_, place, _)| self.longest(place)).min().unwrap_or(0);
                if longest > MOST_ELEMENTS {
                    return Err(format!(
                        "our translator does not do loops over arrays of {longest} elements; up to {MOST_ELEMENTS} become columns"
                    ));
                }
                let mut items = Vec::with_capacity(longest);
                for index in 0..longest {
                    let mut guards = Vec::with_capacity(places.len());
                    for (local, place, element) in &places {
                        let place = place.then(Step::Index(index));
                        guards.push(self.column(place.clone(), element)?);
                        self.locals.insert(*local, Bound::Place { place, sure: true });
                    }
                    let item = self.unrolled(quantifier, rest, body)?;
                    items.push(self.guarded(guards, item, for_all));
                }
                Ok(if for_all { Test::all(items) } else { Test::any(items) })
            }
        }
    }

    /// Elements of the longest array at a place.
    fn longest(&self, place: &Place) -> usize {
        let len = |record| match place.of(record) {
            Value::Array(array) => array.len(),
            _ => 0,
        };
        self.batches.iter().flat_map(Batch::iter).map(len).max().unwrap_or(0)
    }
}

/// A comparison with the constant on the right; of a Bool with a constant, the flag itself or its negation.
fn compare(op: CompareOp, lhs: Term, rhs: Term) -> Result<Test, String> {
    let (op, lhs, rhs) = match (&lhs, &rhs) {
        (Term::Const(_), Term::Const(_)) => return Err("our translator does not do comparisons of two constants".to_owned()),
        (Term::Const(_), _) => (mirrored(op), rhs, lhs),
        _ => (op, lhs, rhs),
    };
    match (op, &lhs, &rhs) {
        (CompareOp::Eq, Term::Column(column), Term::Const(Const::Bool(b))) => Ok(flag(*column, *b)),
        (CompareOp::Ne, Term::Column(column), Term::Const(Const::Bool(b))) => Ok(flag(*column, !*b)),
        (_, _, Term::Const(Const::Bool(_) | Const::Float(_))) => Err("our translator does not do the order of Bools, or Floats".to_owned()),
        _ => Ok(Test::Compare(op, lhs, rhs)),
    }
}

fn flag(column: usize, value: bool) -> Test {
    if value { Test::Flag(column) } else { Test::Flag(column).not() }
}

fn mirrored(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Lt => CompareOp::Gt,
        CompareOp::Le => CompareOp::Ge,
        CompareOp::Gt => CompareOp::Lt,
        CompareOp::Ge => CompareOp::Le,
        same => same,
    }
}
