//! What rules have in common is found out for all records of a batch before the rules run, so that they read it as they read a field: calls, and
//! what stands under a key.
//!
//! A function that can answer many records at once ([`Function::many`](crate::Function::many)) is called so where its arguments are fields and
//! constants, once for all rules of a program, and its answers are a field that is [set later](Scheme::with_later). Other calls and look-ups
//! are made record by record where several rules would make the same one. What rules answer stays what it is:
//!
//! * Something is lifted only where a rule needs it on every record, so that nothing is done in vain; of what is not answered for many at once, only
//!   where several rules do that the prefilter does not leave out. The other rules that need the same read the same field.
//! * A call that traps has no answer, nor has one that the function leaves: on such a record the rules are run as they are written, which trap where
//!   they do and if they get there.
//! * Rules that read what was lifted count no steps for it and take no memory. So nothing that takes any is lifted out of a rule that counts steps one
//!   by one, and the steps and the memory of the calls, and what the rules look at beside them, are by far within the limits; for a batch where they may not be,
//!   the rules are run as they are written.

mod run;
mod shared;

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use foldhash::fast::RandomState;
use quintet_lang::ast::{Clause, Const, Expr, ExprKind, Program, Site};
use quintet_lang::effects::{Steps, steps};
use quintet_lang::{Field, FieldId, Presence, Scheme, SchemeError, Type};

use crate::functions::{Library, Many, caught};
use crate::linked::Linked;
use crate::thresholds::Threshold;

pub use run::Lifted;
use shared::Shared;

/// Values that are lifted out of one program.
const MOST: usize = 32;

/// What is found out before the rules of a program run.
#[derive(Clone, Debug, Default)]
pub struct Lifts {
    lifts: Vec<Lift>,
    /// By what each is.
    places: HashMap<Shared, usize, RandomState>,
}

#[derive(Clone, Debug)]
struct Lift {
    shared: Shared,
    result: Type,
    /// What the field is called by: the function, or that it is a value.
    name: String,
    /// How it stands in rules.
    text: String,
    /// Such a call in the program, of a function that answers many at once.
    many: Option<Site>,
    /// Rules that need it on every record.
    rules: usize,
    /// The last of them.
    last: usize,
}

impl Lift {
    /// What makes the calls, where the function answers many at once.
    fn many(&self, scheme: &Scheme, library: &Library) -> Option<Box<dyn Many>> {
        bind_many(self.many.as_ref()?, &self.shared, scheme, library)
    }

    fn pays(&self, linked: &Linked) -> bool {
        let themselves = match (&self.many, self.shared.calls()) {
            (Some(_), _) => 0,
            (None, true) => linked.threshold(Threshold::LiftCalls),
            (None, false) => linked.threshold(Threshold::LiftLookUps),
        };
        self.rules > themselves
    }
}

fn bind_many(site: &Site, shared: &Shared, scheme: &Scheme, library: &Library) -> Option<Box<dyn Many>> {
    let args = shared.arguments()?;
    let bind = library.get(&scheme.function(site.function).name)?;
    caught(|| bind.bind(site).ok()?.many(&args)).flatten()
}

impl Lifts {
    /// What pays to be found out for whole batches, of a program whose passes were run; nothing where it keeps state or has outputs. What no function
    /// answers for many records at once is among it where `each` says so.
    pub fn of(linked: &Linked, library: &Library, each: bool) -> Lifts {
        let program = linked.program();
        if linked.is_stateful() {
            return Lifts::default();
        }
        let rules = || program.rules.iter().enumerate().filter(|(_, rule)| rule.is_expression());
        let mut found = Lifts::default();
        for (index, rule) in rules() {
            always(&rule.expr, &mut |e| found.add((linked, library, each), index, e));
        }
        loop {
            found.keep(linked);
            if found.is_empty() {
                return found;
            }
            // A rule that counts steps one by one for something else reads only what takes none.
            found.lifts.iter_mut().for_each(|lift| lift.rules = 0);
            for (index, rule) in rules() {
                let (_, all) = found.reading(linked, &rule.expr, &|n| FieldId(n as u32));
                always(&rule.expr, &mut |e| found.count(linked, (index, all), e));
            }
            if found.lifts.iter().all(|lift| lift.pays(linked)) {
                return found;
            }
        }
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.lifts.is_empty()
    }

    /// Notes what a rule needs on every record. Answers whether it is, or may be, lifted.
    fn add(&mut self, (linked, library, each): (&Linked, &Library, bool), rule: usize, e: &Expr) -> bool {
        let Some(shared) = Shared::of(linked, e).filter(|shared| shared.can_be(&e.ty)) else { return false };
        if self.places.contains_key(&shared) {
            return self.count(linked, (rule, true), e);
        }
        let site = match &e.kind {
            ExprKind::Call { site, .. } => linked.program().sites.get(site.index()),
            _ => None,
        };
        let words = matches!(e.ty, Type::Bool | Type::Int | Type::Float | Type::Ip);
        let many = site.filter(|site| words && bind_many(site, &shared, linked.scheme(), library).is_some());
        if many.is_none() && !each {
            return false;
        }
        let name = match site {
            Some(site) => linked.scheme().function(site.function).name.clone(),
            None => "value".to_owned(),
        };
        self.places.insert(shared.clone(), self.lifts.len());
        let text = shared.describe(linked.scheme());
        self.lifts.push(Lift { shared, result: e.ty.clone(), name, text, many: many.cloned(), rules: 0, last: usize::MAX });
        self.count(linked, (rule, true), e)
    }

    /// Counts a rule that needs something on every record, and may read whatever is lifted or only what takes no steps, unless the prefilter leaves
    /// it out on most.
    fn count(&mut self, linked: &Linked, (rule, all): (usize, bool), e: &Expr) -> bool {
        let Some(lift) = self.place(linked, e).and_then(|n| self.lifts.get_mut(n)) else { return false };
        if !all && !lift.shared.is_free() {
            return true;
        }
        if lift.many.is_some() || !linked.is_asked(rule) {
            lift.rules += usize::from(lift.rules == 0 || lift.last != rule);
            lift.last = rule;
        }
        true
    }

    /// Forgets what does not pay; of more than [`MOST`], what the fewest rules need.
    fn keep(&mut self, linked: &Linked) {
        self.lifts.retain(|lift| lift.pays(linked));
        self.lifts.sort_by_key(|lift| std::cmp::Reverse(lift.rules));
        self.lifts.truncate(MOST);
        self.places = self.lifts.iter().enumerate().map(|(n, lift)| (lift.shared.clone(), n)).collect();
    }

    /// Which of them an expression is.
    fn place(&self, linked: &Linked, e: &Expr) -> Option<usize> {
        self.places.get(&Shared::of(linked, e)?).copied()
    }

    /// The name of the field that holds it.
    fn name(n: usize, lift: &Lift) -> String {
        format!("called.{n}.{}", lift.name)
    }

    /// The scheme of records that have what is lifted: further fields of this one, which is the program's or what the program's is a
    /// projection of.
    ///
    /// # Errors
    /// A field of such a name is there.
    pub fn declare(&self, scheme: &Scheme) -> Result<Scheme, SchemeError> {
        scheme.with_later(self.lifts.iter().enumerate().map(|(n, lift)| Field {
            name: Lifts::name(n, lift),
            ty: lift.result.clone(),
            presence: Presence::Optional,
            multi: false,
            doc: "what rules have in common".into(),
        }))
    }

    /// The fields of a scheme that are what is lifted.
    pub fn fields(&self, scheme: &Scheme) -> Vec<FieldId> {
        self.lifts.iter().enumerate().filter_map(|(n, lift)| scheme.field_id(&Lifts::name(n, lift))).collect()
    }

    /// The same for another scheme with fields of the same names; `None` where it lacks one.
    pub fn projected(&self, from: &Scheme, to: &Scheme) -> Option<Lifts> {
        let id = |field: FieldId| to.field_id(&from.field(field).name);
        let lift = |lift: &Lift| Some(Lift { shared: lift.shared.remapped(&id)?, ..lift.clone() });
        let lifts = self.lifts.iter().map(lift).collect::<Option<Vec<Lift>>>()?;
        let places = lifts.iter().enumerate().map(|(n, lift)| (lift.shared.clone(), n)).collect();
        Some(Lifts { lifts, places })
    }

    /// The program that reads what is lifted, of the one that is linked and whose scheme has the fields.
    pub fn apply(&self, linked: &Linked) -> Program {
        let program = linked.program();
        let mut lifted = program.clone();
        let fields = self.fields(&program.scheme);
        if fields.len() != self.lifts.len() {
            return lifted;
        }
        for rule in lifted.rules.iter_mut().filter(|rule| rule.is_expression()) {
            (rule.expr, _) = self.reading(linked, &rule.expr, &|n| fields[n]);
        }
        lifted
    }

    /// An expression that reads what is lifted, and whether that is all of it: one that counts steps one by one for something else must count what
    /// calls take, too, and so reads only what takes nothing.
    fn reading(&self, linked: &Linked, e: &Expr, field: &dyn Fn(usize) -> FieldId) -> (Expr, bool) {
        let replaced = |free| {
            let mut expr = e.clone();
            self.replace(linked, &mut expr, (field, free));
            expr
        };
        let expr = replaced(false);
        if steps(linked.program(), &expr) < Steps::Inline { (expr, true) } else { (replaced(true), false) }
    }

    /// Reads fields in the place of what is lifted, but for what is in loops; where `free` says so, only of what takes no steps.
    fn replace(&self, linked: &Linked, e: &mut Expr, (field, free): (&dyn Fn(usize) -> FieldId, bool)) {
        if let Some(n) = self.place(linked, e)
            && (!free || self.lifts[n].shared.is_free())
        {
            let read = Expr { kind: ExprKind::Field(field(n)), nullable: true, ..e.clone() };
            e.kind = match &e.ty {
                _ if e.nullable => read.kind,
                // The field may be nil, which the call is not; where it is, what stands in its place is not used.
                ty => {
                    let default = Expr { kind: ExprKind::Const(any(ty)), ..e.clone() };
                    ExprKind::Otherwise { value: Box::new(read), default: Box::new(default) }
                }
            };
            return;
        }
        match &mut e.kind {
            ExprKind::Quantifier { each, .. } | ExprKind::Collect(each) => {
                // These are evaluated once, before the first element.
                if let Some(Clause::For(sources)) = each.clauses.first_mut() {
                    sources.iter_mut().for_each(|(_, source)| self.replace(linked, source, (field, free)));
                }
            }
            _ => e.children_mut(&mut |child| self.replace(linked, child, (field, free))),
        }
    }
}

/// One line for each value that is lifted.
impl fmt::Display for Lifts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for lift in &self.lifts {
            let how = if lift.many.is_some() { "for many records at once" } else { "record by record" };
            writeln!(f, "lifted {}: {how}, for {} rules and all that need it besides", lift.text, lift.rules)?;
        }
        Ok(())
    }
}

/// A constant of a type that calls are lifted of.
fn any(ty: &Type) -> Const {
    match ty {
        Type::Bool => Const::Bool(false),
        Type::Float => Const::Float(0.0),
        Type::Ip => Const::Ip(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        Type::Bytes => Const::Bytes(Vec::new()),
        // What else is lifted is an Int, or looked up and may be nil.
        _ => Const::Int(0),
    }
}

/// Visits what is evaluated on every record, down to what `visit` answers for.
fn always(e: &Expr, visit: &mut dyn FnMut(&Expr) -> bool) {
    if visit(e) {
        return;
    }
    match &e.kind {
        ExprKind::Logic { items, .. } => items.first().into_iter().for_each(|first| always(first, visit)),
        ExprKind::Compare { lhs, rhs, .. } | ExprKind::Arith { lhs, rhs, .. } => {
            always(lhs, visit);
            always(rhs, visit);
        }
        ExprKind::Neg(e) | ExprKind::Not(e) | ExprKind::Present(e) => always(e, visit),
        ExprKind::Otherwise { value, .. }
        | ExprKind::In { value, .. }
        | ExprKind::InList { value, .. }
        | ExprKind::Contains { value, .. }
        | ExprKind::Matches { value, .. }
        | ExprKind::Wildcard { value, .. }
        | ExprKind::Index { base: value, .. }
        | ExprKind::Key { base: value, .. }
        | ExprKind::Slice { base: value, .. } => always(value, visit),
        ExprKind::Intrinsic { args, .. } => args.iter().for_each(|arg| always(arg, visit)),
        // Nil may end what follows the first.
        ExprKind::Call { args, .. } => args.first().into_iter().for_each(|first| always(first, visit)),
        ExprKind::Quantifier { each, .. } | ExprKind::Collect(each) => {
            if let Some(Clause::For(sources)) = each.clauses.first() {
                sources.iter().for_each(|(_, source)| always(source, visit));
            }
        }
        ExprKind::Const(_)
        | ExprKind::Field(_)
        | ExprKind::Local(_)
        | ExprKind::Count(_)
        | ExprKind::Element { .. }
        | ExprKind::Packed(_) => {}
    }
}
