//! Whether a program keeps what [`ast`](crate::ast) promises to backends.
//!
//! Programs that were checked do. Those from elsewhere ([`Program::from_json`]) are looked through here, so that no backend meets an id
//! without an entry, a type that does not fit or a nil that was not announced.

mod state;

use std::collections::HashSet;

use crate::ast::{
    Answer, Clause, Const, Each, Expr, ExprKind, Filling, FnId, Frame, Function, LocalId, Needle, Over, Place, Program, Set, SiteId, Stmt,
    StmtKind,
};
use crate::check::ends;
use crate::intrinsic::Row;
use crate::parser::HARD_BLOCKS;
use crate::scheme::Presence;
use crate::signature::{ArgKind, NilRule};
use crate::types::Type;

/// Expressions that stand inside one another in a program, at most: what every recursion over them, in this library and in backends, can
/// take in 1 MiB of stack when it is compiled with optimisation.
pub const HARD_DEPTH: usize = 288;

/// How many expressions stand inside one another, this one included.
pub(crate) fn depth(e: &Expr) -> usize {
    // Most tests are of a field with a constant.
    match &e.kind {
        _ if e.is_end() => return 1,
        ExprKind::Compare { lhs, rhs, .. } if lhs.is_end() && rhs.is_end() => return 2,
        _ => {}
    }
    let mut deepest = 0;
    e.children(&mut |child| deepest = deepest.max(depth(child)));
    deepest + 1
}

/// The first thing in a program that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("rule `{rule}`: {what}")]
pub struct Invalid {
    rule: String,
    what: String,
}

impl Invalid {
    /// The rule's name; empty for what concerns no single rule.
    pub fn rule(&self) -> &str {
        &self.rule
    }
}

type Valid = Result<(), String>;

fn ensure(holds: bool, what: &str) -> Valid {
    if holds { Ok(()) } else { Err(what.into()) }
}

fn is_list(ty: &Type) -> bool {
    matches!(ty, Type::List(..))
}

/// What is known of a local that one way sets and another does not.
fn unset(a: Bound, b: Bound) -> Bound {
    if a == Bound::Set || b == Bound::Set { Bound::Never } else { Bound::Left }
}

/// Looks through a whole program.
///
/// # Errors
/// The first violation.
pub fn validate(program: &Program) -> Result<(), Invalid> {
    tables(program).map_err(|what| Invalid { rule: String::new(), what })?;
    let mut sites = HashSet::new();
    for rule in &program.rules {
        let mut walk = Walk::new(program, &rule.frame, &mut sites);
        let valid = walk.block(&rule.before).and_then(|()| walk.truth(&rule.expr));
        valid.map_err(|what| Invalid { rule: rule.name.clone(), what })?;
    }
    for function in &program.functions {
        let mut walk = Walk::new(program, &function.frame, &mut sites);
        walk.function(function).map_err(|what| Invalid { rule: function.name.clone(), what })?;
    }
    state::valid(program).map_err(|what| Invalid { rule: String::new(), what })
}

fn tables(program: &Program) -> Valid {
    for set in &program.sets {
        let ordered = match set {
            Set::Int(all) => all.iter().all(|(a, b)| a <= b),
            Set::Ip(all) => all.iter().all(|(a, b)| a.is_ipv4() == b.is_ipv4() && a <= b),
            Set::Bytes(_) => true,
        };
        ensure(ordered, "a set has a range that ends before it starts")?;
    }
    for list in &program.lists {
        ensure(program.scheme.has_lists(&list.ty), "the scheme has no lists of this type")?;
    }
    for regex in &program.regexes {
        let parsed = regex_syntax::ParserBuilder::new().utf8(false).unicode(false).build().parse(&regex.pattern);
        ensure(parsed.is_ok(), "a regular expression is malformed")?;
    }
    for wildcard in &program.wildcards {
        let inner = wildcard.parts.get(1..wildcard.parts.len().saturating_sub(1)).unwrap_or(&[]);
        ensure(!wildcard.parts.is_empty() && inner.iter().all(|p| !p.is_empty()), "a wildcard pattern is malformed")?;
    }
    for table in &program.tables {
        let fits = table.element.is_primitive() && table.items.iter().all(|item| item.ty() == table.element);
        ensure(fits, "a constant array holds something of another type")?;
        ensure(table.items.iter().all(finite), "no constant is infinite or not a number")?;
    }
    for site in &program.sites {
        ensure(program.scheme.functions().len() > site.function.0 as usize, "there is no function with this id")?;
    }
    Ok(())
}

/// Whether a constant is a number, if it is a Float.
fn finite(c: &Const) -> bool {
    !matches!(c, Const::Float(f) if !f.is_finite())
}

/// Whether a local has a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bound {
    Never,
    Here,
    Left,
    /// A statement has set it.
    Set,
}

struct Walk<'p, 's> {
    program: &'p Program,
    frame: &'p Frame,
    /// The call sites that were met; each is one call's own.
    sites: &'s mut HashSet<SiteId>,
    bound: Vec<Bound>,
    /// How many expressions stand around the current one.
    depth: usize,
    /// How many blocks stand around the current statement, and how many loops.
    blocks: usize,
    loops: usize,
    /// What the function answers; `None` for the statements of a rule.
    results: Option<&'p [Answer]>,
}

impl<'p, 's> Walk<'p, 's> {
    fn new(program: &'p Program, frame: &'p Frame, sites: &'s mut HashSet<SiteId>) -> Walk<'p, 's> {
        let bound = vec![Bound::Never; frame.locals.len()];
        Walk { program, frame, sites, bound, depth: 0, blocks: 0, loops: 0, results: None }
    }

    fn function(&mut self, function: &'p Function) -> Valid {
        let params = self.bound.get_mut(..function.params as usize).ok_or("a function has more parameters than locals")?;
        params.fill(Bound::Set);
        ensure(function.results.iter().all(|answer| !is_list(&answer.ty)), "a function answers an array")?;
        self.results = Some(&function.results);
        self.block(&function.body)?;
        ensure(function.results.is_empty() || ends(&function.body), "a function runs off its end without a result")
    }

    /// Statements. What they set is set after them too.
    fn block(&mut self, block: &'p [Stmt]) -> Valid {
        ensure(self.blocks <= HARD_BLOCKS + 8, "too many blocks stand inside one another")?;
        self.blocks += 1;
        block.iter().try_for_each(|stmt| self.stmt(stmt))?;
        self.blocks -= 1;
        Ok(())
    }

    /// Statements that may not be run: what they set is not known to be set after them.
    fn perhaps(&mut self, block: &'p [Stmt]) -> Result<Vec<Bound>, String> {
        let before = self.bound.clone();
        self.block(block)?;
        let after = std::mem::replace(&mut self.bound, before);
        Ok(after)
    }

    fn stmt(&mut self, stmt: &'p Stmt) -> Valid {
        match &stmt.kind {
            StmtKind::Set { local, value } => {
                self.expr(value)?;
                ensure(!is_list(&value.ty), "an array is set as if it were a value")?;
                self.set(*local, &value.ty, value.nullable)
            }
            StmtKind::Fill { array, with } => {
                let (element, len) = self.list(*array)?;
                match with {
                    Filling::Items(items) => {
                        items.iter().try_for_each(|item| self.typed(item, &element))?;
                        ensure(len.is_none_or(|len| items.len() == len as usize), "a fixed array is not filled")?;
                    }
                    Filling::Repeat(value, count) => {
                        self.typed(value, &element)?;
                        self.typed(count, &Type::Int)?;
                        let known = match count.kind {
                            ExprKind::Const(Const::Int(count)) => Some(count),
                            _ => None,
                        };
                        ensure(len.is_none_or(|len| known == Some(i64::from(len))), "a fixed array is not filled")?;
                    }
                    Filling::Each(value) => {
                        self.typed(value, &element)?;
                        ensure(self.bound[array.index()] == Bound::Set, "an array is changed before it is there")?;
                    }
                    Filling::Copy(place) => {
                        let (found, from) = self.place(*place)?;
                        ensure(found == element && len.is_none_or(|len| from == Some(len)), "an array is copied into one of another type")?;
                    }
                }
                self.bound[array.index()] = Bound::Set;
                Ok(())
            }
            StmtKind::Store { array, index, value } => {
                let (element, _) = self.changed(*array)?;
                self.typed(index, &Type::Int)?;
                self.typed(value, &element)
            }
            StmtKind::Push { array, value } => {
                let (element, len) = self.changed(*array)?;
                ensure(len.is_none(), "a fixed array grows")?;
                self.typed(value, &element)
            }
            StmtKind::Pop { local, array } => {
                let (element, len) = self.changed(*array)?;
                ensure(len.is_none(), "a fixed array shrinks")?;
                local.map_or(Ok(()), |local| self.set(local, &element, true))
            }
            StmtKind::Call { results, function, args } => self.script_call(results, *function, args),
            StmtKind::If { arms, otherwise } => {
                ensure(!arms.is_empty(), "an `if` has no condition")?;
                let mut after: Option<Vec<Bound>> = None;
                let mut join = |found: Vec<Bound>, block: &[Stmt]| {
                    // What leaves the block does not come here.
                    if !ends(block) {
                        after = Some(match after.take() {
                            Some(known) => known.into_iter().zip(found).map(|(a, b)| if a == b { a } else { unset(a, b) }).collect(),
                            None => found,
                        });
                    }
                };
                for (condition, body) in arms {
                    self.truth(condition)?;
                    let found = self.perhaps(body)?;
                    join(found, body);
                }
                let found = self.perhaps(otherwise)?;
                join(found, otherwise);
                if let Some(after) = after {
                    self.bound = after;
                }
                Ok(())
            }
            StmtKind::While { condition, body } => {
                self.truth(condition)?;
                self.loops += 1;
                self.perhaps(body)?;
                self.loops -= 1;
                Ok(())
            }
            StmtKind::For { local, over, body } => {
                let element = match over {
                    Over::Range { start, end, .. } => {
                        self.typed(start, &Type::Int)?;
                        self.typed(end, &Type::Int)?;
                        Type::Int
                    }
                    Over::Value(value) => {
                        self.expr(value)?;
                        match &value.ty {
                            Type::Bytes => Type::Int,
                            ty => ty.element().ok_or("only bytes, arrays and maps are walked")?.clone(),
                        }
                    }
                    Over::Array(place) => self.place(*place)?.0,
                };
                let before = self.bound.clone();
                self.set(*local, &element, false)?;
                self.loops += 1;
                self.block(body)?;
                self.loops -= 1;
                self.bound = before;
                Ok(())
            }
            StmtKind::Break | StmtKind::Continue => ensure(self.loops > 0, "a loop is left outside of any"),
            StmtKind::Return(values) => {
                let results = self.results.ok_or("a rule's expression returns")?;
                ensure(values.len() == results.len(), "a function returns another number of values than it says")?;
                for (value, answer) in values.iter().zip(results) {
                    self.typed(value, &answer.ty)?;
                    ensure(!value.nullable || answer.nullable, "a function is wrong about nil")?;
                }
                Ok(())
            }
        }
    }

    fn script_call(&mut self, results: &[LocalId], function: FnId, args: &[Expr]) -> Valid {
        let program = self.program;
        let called = program.functions.get(function.index()).ok_or("there is no function of the program with this id")?;
        let params = called.frame.locals.get(..called.params as usize).ok_or("a function has more parameters than locals")?;
        ensure(params.len() == args.len(), "a call has the wrong number of arguments")?;
        let mut skipped = false;
        for (arg, param) in args.iter().zip(params) {
            ensure(arg.ty == param.ty, "a function does not take an argument of this type")?;
            match (&arg.ty, &arg.kind) {
                (Type::List(..), ExprKind::Local(local)) => {
                    self.list(*local)?;
                    ensure(!param.nullable && !arg.nullable, "an array is never nil")?;
                    // Where it goes may be an array that is not filled yet.
                    self.bound[local.index()] = Bound::Set;
                }
                (Type::List(..), _) => return Err("an array that is passed is no local".into()),
                _ => self.expr(arg)?,
            }
            skipped |= arg.nullable && !param.nullable;
        }
        ensure(results.is_empty() || results.len() == called.results.len(), "a call has the wrong number of results")?;
        for (local, answer) in results.iter().zip(&called.results) {
            self.set(*local, &answer.ty, skipped || answer.nullable)?;
        }
        Ok(())
    }

    /// A statement sets a local.
    fn set(&mut self, id: LocalId, ty: &Type, nullable: bool) -> Valid {
        let local = self.frame.locals.get(id.index()).ok_or("there is no local with this id")?;
        ensure(matches!(self.bound[id.index()], Bound::Never | Bound::Set), "a local is set that a loop binds")?;
        ensure(local.ty == *ty, "a local has the wrong type")?;
        ensure(!nullable || local.nullable, "a local is wrong about nil")?;
        self.bound[id.index()] = Bound::Set;
        Ok(())
    }

    /// The type of the elements of an array, and how many there are if that is fixed.
    fn list(&self, id: LocalId) -> Result<(Type, Option<u32>), String> {
        match &self.frame.locals.get(id.index()).ok_or("there is no local with this id")?.ty {
            Type::List(element, len) if element.is_primitive() => Ok(((**element).clone(), *len)),
            _ => Err("this local is no array".into()),
        }
    }

    fn changed(&self, id: LocalId) -> Result<(Type, Option<u32>), String> {
        let found = self.list(id)?;
        ensure(self.bound[id.index()] == Bound::Set, "an array is changed before it is there")?;
        Ok(found)
    }

    fn place(&self, place: Place) -> Result<(Type, Option<u32>), String> {
        match place {
            Place::Local(local) => self.changed(local),
            Place::Table(table) => {
                let table = self.program.tables.get(table.index()).ok_or("there is no constant array with this id")?;
                Ok((table.element.clone(), Some(table.items.len() as u32)))
            }
        }
    }

    /// A Bool that is never nil.
    fn truth(&mut self, e: &Expr) -> Valid {
        ensure(e.ty == Type::Bool && !e.nullable, "a Bool that is never nil is needed")?;
        self.expr(e)
    }

    fn typed(&mut self, e: &Expr, ty: &Type) -> Valid {
        ensure(e.ty == *ty, "an operand has the wrong type")?;
        self.expr(e)
    }

    fn expr(&mut self, e: &Expr) -> Valid {
        if self.depth == HARD_DEPTH {
            return Err(format!("more than {HARD_DEPTH} expressions stand inside one another"));
        }
        self.depth += 1;
        let (ty, nullable) = self.kind(e)?;
        self.depth -= 1;
        ensure(e.ty == ty, "an expression has the wrong type")?;
        ensure(e.nullable == nullable, "an expression is wrong about nil")
    }

    /// The type of an expression, and whether it may be nil.
    fn kind(&mut self, e: &Expr) -> Result<(Type, bool), String> {
        let program = self.program;
        let test = Ok((Type::Bool, false));
        match &e.kind {
            ExprKind::Const(c) => {
                ensure(finite(c), "no constant is infinite or not a number")?;
                Ok((c.ty(), false))
            }
            ExprKind::Field(id) => {
                let field = program.scheme.fields().get(id.0 as usize).ok_or("there is no field with this id")?;
                Ok((field.ty.clone(), field.presence == Presence::Optional))
            }
            ExprKind::Local(id) => {
                let there = matches!(self.bound.get(id.index()), Some(Bound::Here | Bound::Set));
                ensure(there, "a local is used outside of its loop, or before it is set")?;
                let local = &self.frame.locals[id.index()];
                ensure(!is_list(&local.ty), "an array stands for a value")?;
                Ok((local.ty.clone(), local.nullable))
            }
            ExprKind::Element { array, index } => {
                let (element, _) = self.place(*array)?;
                self.typed(index, &Type::Int)?;
                Ok((element, index.nullable))
            }
            ExprKind::Count(array) => self.place(*array).map(|_| (Type::Int, false)),
            ExprKind::Packed(array) => {
                let (element, _) = self.place(*array)?;
                ensure(matches!(element, Type::Int | Type::U32), "only arrays of Int and U32 become bytes")?;
                Ok((Type::Bytes, false))
            }
            ExprKind::Intrinsic { op, args } => {
                args.iter().try_for_each(|arg| self.expr(arg))?;
                let row = Row::of(*op, args.iter().map(|arg| &arg.ty)).ok_or("an operation does not work on these types")?;
                Ok((row.result.clone(), row.nullable || args.iter().any(|arg| arg.nullable)))
            }
            ExprKind::Otherwise { value, default } => {
                self.expr(value)?;
                self.typed(default, &value.ty)?;
                Ok((value.ty.clone(), value.nullable && default.nullable))
            }
            ExprKind::Index { base, index } => {
                self.expr(base)?;
                self.typed(index, &Type::Int)?;
                match &base.ty {
                    Type::Array(t) => Ok(((**t).clone(), true)),
                    _ => Err("only arrays have elements with a number".into()),
                }
            }
            ExprKind::Key { base, key } => {
                self.expr(base)?;
                self.typed(key, &Type::Bytes)?;
                match &base.ty {
                    Type::Map(t) => Ok(((**t).clone(), true)),
                    _ => Err("only maps have keys".into()),
                }
            }
            ExprKind::Slice { base, start, end } => {
                self.typed(base, &Type::Bytes)?;
                let mut nullable = base.nullable;
                for bound in [start, end].into_iter().flatten() {
                    self.typed(bound, &Type::Int)?;
                    nullable |= bound.nullable;
                }
                Ok((Type::Bytes, nullable))
            }
            ExprKind::Call { site, args } => self.call(*site, args),
            ExprKind::Neg(inner) => {
                ensure(matches!(inner.ty, Type::Int | Type::U32 | Type::Float), "minus is for numbers")?;
                self.expr(inner)?;
                Ok((inner.ty.clone(), inner.nullable))
            }
            ExprKind::Not(inner) => self.truth(inner).and(test),
            ExprKind::Arith { op, lhs, rhs } => {
                ensure(op.works_on(&lhs.ty), "an operator does not work on this type")?;
                self.expr(lhs)?;
                self.typed(rhs, &lhs.ty)?;
                Ok((lhs.ty.clone(), lhs.nullable || rhs.nullable))
            }
            ExprKind::Compare { lhs, rhs, .. } => {
                ensure(lhs.ty.is_primitive(), "arrays and maps are not compared")?;
                self.expr(lhs)?;
                self.typed(rhs, &lhs.ty).and(test)
            }
            ExprKind::In { value, set } => {
                let ty = match program.sets.get(set.index()).ok_or("there is no set with this id")? {
                    Set::Int(_) => Type::Int,
                    Set::Ip(_) => Type::Ip,
                    Set::Bytes(_) => Type::Bytes,
                };
                self.typed(value, &ty).and(test)
            }
            ExprKind::InList { value, list } => {
                let list = program.lists.get(list.index()).ok_or("there is no list with this id")?;
                self.typed(value, &list.ty).and(test)
            }
            ExprKind::Contains { value, needle } => {
                self.typed(value, &Type::Bytes)?;
                match needle {
                    Needle::Const(id) => ensure(id.index() < program.needles.len(), "there is no needle with this id")?,
                    Needle::Dynamic(e) => self.typed(e, &Type::Bytes)?,
                }
                test
            }
            ExprKind::Matches { value, regex } => {
                ensure(regex.index() < program.regexes.len(), "there is no regular expression with this id")?;
                self.typed(value, &Type::Bytes).and(test)
            }
            ExprKind::Wildcard { value, pattern } => {
                ensure(pattern.index() < program.wildcards.len(), "there is no wildcard pattern with this id")?;
                self.typed(value, &Type::Bytes).and(test)
            }
            ExprKind::Logic { items, .. } => {
                ensure(items.len() >= 2, "`and`, `or` and `xor` join two or more")?;
                items.iter().try_for_each(|i| self.truth(i)).and(test)
            }
            ExprKind::Present(inner) => self.expr(inner).and(test),
            ExprKind::Quantifier { each, .. } => {
                ensure(each.body.ty == Type::Bool, "`any` and `all` need a Bool for each element")?;
                self.each(each).and(test)
            }
            ExprKind::Collect(each) => {
                self.each(each)?;
                Ok((Type::array(each.body.ty.clone()), false))
            }
        }
    }

    fn call(&mut self, id: SiteId, args: &[Expr]) -> Result<(Type, bool), String> {
        let program = self.program;
        let site = program.sites.get(id.index()).ok_or("there is no call with this id")?;
        ensure(self.sites.insert(id), "two calls have one id")?;
        let signature = program.scheme.function(site.function);
        let counted = args.len() >= signature.params.len() && args.len() <= signature.max_args();
        ensure(counted && args.len() == site.args.len() && args.len() == site.constants.len(), "a call has the wrong number of arguments")?;
        let mut bound = vec![None; signature.variables.len()];
        let mut nullable = signature.may_be_nil;
        for (i, arg) in args.iter().enumerate() {
            self.typed(arg, &site.args[i])?;
            let param = signature.param(i).ok_or("a call has too many arguments")?;
            ensure(signature.accepts(&param.pattern, &arg.ty, &mut bound), "a function does not take an argument of this type")?;
            let constant = match &arg.kind {
                ExprKind::Const(c) => Some(c),
                _ => None,
            };
            ensure(site.constants[i].as_ref() == constant, "a call is wrong about its constants")?;
            let filled = param.default.is_some() && param.default.as_ref() == constant;
            let fits = match param.kind {
                ArgKind::Either => true,
                ArgKind::Literal => constant.is_some(),
                ArgKind::Dynamic => constant.is_none() || filled,
            };
            ensure(fits, "an argument is a constant that must be none, or the other way round")?;
            nullable |= signature.nil == NilRule::Propagates && arg.nullable;
        }
        let result = signature.resolve(&signature.result, &bound).ok_or("the result of a call has no type")?;
        ensure(result == site.result, "a call is wrong about its result")?;
        Ok((result, nullable))
    }

    fn each(&mut self, each: &Each) -> Valid {
        let mut here = Vec::new();
        for clause in &each.clauses {
            match clause {
                Clause::For(sources) => {
                    ensure(!sources.is_empty(), "a loop walks nothing")?;
                    for (_, source) in sources {
                        self.expr(source)?;
                    }
                    for (id, source) in sources {
                        self.bind(*id, source.ty.element().ok_or("only arrays and maps are walked")?)?;
                        here.push(*id);
                    }
                }
                Clause::Let(id, value) => {
                    self.expr(value)?;
                    self.bind(*id, &value.ty)?;
                    here.push(*id);
                }
            }
        }
        ensure(!each.body.nullable, "the body of a loop is never nil")?;
        self.expr(&each.body)?;
        here.into_iter().for_each(|id| self.bound[id.index()] = Bound::Left);
        Ok(())
    }

    fn bind(&mut self, id: LocalId, ty: &Type) -> Valid {
        ensure(self.bound.get(id.index()) == Some(&Bound::Never), "a local is bound twice, or not in the frame")?;
        let local = &self.frame.locals[id.index()];
        ensure(local.ty == *ty && !local.nullable, "a local has the wrong type")?;
        self.bound[id.index()] = Bound::Here;
        Ok(())
    }
}
