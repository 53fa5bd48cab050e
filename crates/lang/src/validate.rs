//! Whether a program keeps what [`ast`](crate::ast) promises to backends.
//!
//! Programs that were checked do. Those from elsewhere ([`Program::from_json`]) are looked through here, so that no backend meets an id
//! without an entry, a type that does not fit or a nil that was not announced.

use std::collections::HashSet;

use crate::ast::{ArithOp, Clause, Const, Each, Expr, ExprKind, LocalId, Needle, Program, Rule, Set, SiteId};
use crate::scheme::Presence;
use crate::signature::{ArgKind, NilRule};
use crate::types::Type;

/// Expressions that stand inside one another in a program, at most: what every recursion over them, in this library and in backends, can
/// take in 1 MiB of stack when it is compiled with optimisation.
pub const HARD_DEPTH: usize = 288;

/// How many expressions stand inside one another, this one included.
pub(crate) fn depth(e: &Expr) -> usize {
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

/// Looks through a whole program.
///
/// # Errors
/// The first violation.
pub fn validate(program: &Program) -> Result<(), Invalid> {
    tables(program).map_err(|what| Invalid { rule: String::new(), what })?;
    let mut sites = HashSet::new();
    for rule in &program.rules {
        let mut walk = Walk { program, rule, sites: &mut sites, bound: vec![Bound::Never; rule.frame.locals.len()], depth: 0 };
        walk.truth(&rule.expr).map_err(|what| Invalid { rule: rule.name.clone(), what })?;
    }
    Ok(())
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
    for site in &program.sites {
        ensure(program.scheme.functions().len() > site.function.0 as usize, "there is no function with this id")?;
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bound {
    Never,
    Here,
    Left,
}

struct Walk<'p, 's> {
    program: &'p Program,
    rule: &'p Rule,
    /// The call sites that were met; each is one call's own.
    sites: &'s mut HashSet<SiteId>,
    bound: Vec<Bound>,
    /// How many expressions stand around the current one.
    depth: usize,
}

impl Walk<'_, '_> {
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
                ensure(!matches!(c, Const::Float(f) if !f.is_finite()), "no constant is infinite or not a number")?;
                Ok((c.ty(), false))
            }
            ExprKind::Field(id) => {
                let field = program.scheme.fields().get(id.0 as usize).ok_or("there is no field with this id")?;
                Ok((field.ty.clone(), field.presence == Presence::Optional))
            }
            ExprKind::Local(id) => {
                ensure(self.bound.get(id.index()) == Some(&Bound::Here), "a local is used outside of its loop")?;
                Ok((self.rule.frame.locals[id.index()].clone(), false))
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
                ensure(matches!(inner.ty, Type::Int | Type::Float), "minus is for numbers")?;
                self.expr(inner)?;
                Ok((inner.ty.clone(), inner.nullable))
            }
            ExprKind::Not(inner) => self.truth(inner).and(test),
            ExprKind::Arith { op, lhs, rhs } => {
                let float = matches!(op, ArithOp::Add | ArithOp::Sub | ArithOp::Mul | ArithOp::Div | ArithOp::Rem);
                ensure(lhs.ty == Type::Int || float && lhs.ty == Type::Float, "an operator does not work on this type")?;
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
        ensure(self.rule.frame.locals[id.index()] == *ty, "a local has the wrong type")?;
        self.bound[id.index()] = Bound::Here;
        Ok(())
    }
}
