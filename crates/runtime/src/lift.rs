//! Calls that are made for all records of a batch before rules run, so that rules read what they answer as they read a field.
//!
//! A function that can answer many records at once ([`Function::many`](crate::Function::many)) is called so where its arguments are fields and
//! constants, once for all rules of a program, and its answers are a field that is [set later](Scheme::with_later). What rules answer stays what it
//! is:
//!
//! * A call is lifted only where a rule makes it on every record, so that none is made in vain. The other rules that make the same call read the
//!   same field.
//! * A call that traps has no answer, nor has one that the function leaves: on such a record the rules are run as they are written, which trap where
//!   they do and if they get there.
//! * Rules that read what was lifted count no steps for it. So nothing is lifted out of a rule that counts steps one by one, and the steps of
//!   the calls, and what the rules look at beside them, are by far within the budget; for a batch where they may not be, the rules are run as they are
//!   written.

use std::net::{IpAddr, Ipv4Addr};

use quintet_lang::ast::{Const, Expr, ExprKind, Program, Site};
use quintet_lang::effects::{Steps, steps};
use quintet_lang::{Field, FieldId, FunctionId, Presence, Scheme, SchemeError, Type};

use crate::backend::{Instance, RunError};
use crate::batch::Batch;
use crate::cost::longest_within;
use crate::functions::{Argument, Library, Many, ManyAnswers, caught};
use crate::linked::Linked;
use crate::matches::{Matches, RuleSet, WriteMatches};

/// Calls that are lifted out of one program.
const MOST: usize = 32;

/// What rules may look at that read what was lifted: this part of the budget.
const PART: u64 = 64;

/// How many times the steps that the form of a function for many calls takes its calls may take: all together at most half of the budget.
const MORE: u64 = 4;

/// Of batches in a row that were run as rules are written, those that count: each has twice as many left out after it.
const MOST_FAILED: u32 = 6;

/// The calls that are made before the rules of a program run.
#[derive(Clone, Debug, Default)]
pub struct Lifts {
    calls: Vec<Lift>,
}

#[derive(Clone, Debug, PartialEq)]
struct Lift {
    function: FunctionId,
    args: Vec<Argument>,
    result: Type,
    /// Such a call in the program.
    site: Site,
}

impl Lift {
    /// What makes the calls.
    fn many(&self, program: &Program, library: &Library) -> Option<Box<dyn Many>> {
        let bind = library.get(&program.scheme.function(self.function).name)?;
        caught(|| bind.bind(&self.site).ok()?.many(&self.args)).flatten()
    }
}

impl Lifts {
    /// The calls that pay to be made for whole batches, of a program before its passes; none where it keeps state or has outputs.
    pub fn of(program: &Program, library: &Library) -> Lifts {
        let mut lifts = Lifts::default();
        if program.sites.is_empty() || !program.state.is_empty() {
            return lifts;
        }
        for rule in program.rules.iter().filter(|rule| rule.is_expression()) {
            let mut found = lifts.clone();
            always(&rule.expr, &mut |e| found.add(program, library, e));
            let mut lifted = rule.expr.clone();
            found.replace(program, &mut lifted, &|n| FieldId(n as u32));
            if found.calls.len() <= MOST && steps(program, &lifted) < Steps::Inline {
                lifts = found;
            }
        }
        lifts
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    fn add(&mut self, program: &Program, library: &Library, e: &Expr) {
        let Some((site, args)) = call(program, e) else { return };
        let plain = matches!(e.ty, Type::Bool | Type::Int | Type::Float | Type::Ip);
        if !plain || self.place(site.function, &args).is_some() {
            return;
        }
        let lift = Lift { function: site.function, args, result: e.ty.clone(), site: site.clone() };
        if lift.many(program, library).is_some() {
            self.calls.push(lift);
        }
    }

    fn place(&self, function: FunctionId, args: &[Argument]) -> Option<usize> {
        self.calls.iter().position(|lift| lift.function == function && lift.args == args)
    }

    /// The name of the field that a call's answers are.
    fn name(scheme: &Scheme, n: usize, lift: &Lift) -> String {
        format!("called.{n}.{}", scheme.function(lift.function).name)
    }

    /// The scheme of records that have what the calls answer: further fields of this one, which is the program's or what the program's is a
    /// projection of.
    ///
    /// # Errors
    /// A field of such a name is there.
    pub fn declare(&self, scheme: &Scheme) -> Result<Scheme, SchemeError> {
        scheme.with_later(self.calls.iter().enumerate().map(|(n, lift)| Field {
            name: Lifts::name(scheme, n, lift),
            ty: lift.result.clone(),
            presence: Presence::Optional,
            multi: false,
            doc: "what a call answers".into(),
        }))
    }

    /// The fields of a scheme that are what the calls answer.
    pub fn fields(&self, scheme: &Scheme) -> Vec<FieldId> {
        self.calls.iter().enumerate().filter_map(|(n, lift)| scheme.field_id(&Lifts::name(scheme, n, lift))).collect()
    }

    /// The program that reads what the calls answer, of a program whose scheme has the fields.
    pub fn apply(&self, program: &Program) -> Program {
        let mut lifted = program.clone();
        let fields = self.fields(&program.scheme);
        if fields.len() != self.calls.len() {
            return lifted;
        }
        for rule in lifted.rules.iter_mut().filter(|rule| rule.is_expression()) {
            let mut expr = rule.expr.clone();
            self.replace(program, &mut expr, &|n| fields[n]);
            // What is left must not count what the calls have taken.
            if steps(program, &expr) < Steps::Inline {
                rule.expr = expr;
            }
        }
        lifted
    }

    /// Reads fields in the place of calls, but for those in loops.
    fn replace(&self, program: &Program, e: &mut Expr, field: &dyn Fn(usize) -> FieldId) {
        if let Some(n) = call(program, e).and_then(|(site, args)| self.place(site.function, &args)) {
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
        if !matches!(e.kind, ExprKind::Quantifier { .. } | ExprKind::Collect(_)) {
            e.children_mut(&mut |child| self.replace(program, child, field));
        }
    }
}

/// A constant of a type that calls are lifted of.
fn any(ty: &Type) -> Const {
    match ty {
        Type::Bool => Const::Bool(false),
        Type::Float => Const::Float(0.0),
        Type::Ip => Const::Ip(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        // No other types are lifted.
        _ => Const::Int(0),
    }
}

/// A call whose arguments are fields and constants, and these.
fn call<'p>(program: &'p Program, e: &Expr) -> Option<(&'p Site, Vec<Argument>)> {
    let ExprKind::Call { site, args } = &e.kind else { return None };
    let argument = |arg: &Expr| match &arg.kind {
        ExprKind::Field(id) => Some(Argument::Field(*id)),
        ExprKind::Const(constant) => Some(Argument::Const(constant.clone())),
        _ => None,
    };
    let args = args.iter().map(argument).collect::<Option<Vec<_>>>()?;
    // A call of constants alone is no field's.
    let fields = args.iter().any(|arg| matches!(arg, Argument::Field(_)));
    fields.then(|| program.sites.get(site.index()).map(|site| (site, args))).flatten()
}

/// Visits what is evaluated on every record.
fn always(e: &Expr, visit: &mut dyn FnMut(&Expr)) {
    visit(e);
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
        | ExprKind::Wildcard { value, .. } => always(value, visit),
        ExprKind::Intrinsic { args, .. } => args.iter().for_each(|arg| always(arg, visit)),
        ExprKind::Const(_)
        | ExprKind::Field(_)
        | ExprKind::Local(_)
        | ExprKind::Count(_)
        | ExprKind::Element { .. }
        | ExprKind::Index { .. }
        | ExprKind::Key { .. }
        | ExprKind::Slice { .. }
        | ExprKind::Call { .. }
        | ExprKind::Collect(_)
        | ExprKind::Packed(_)
        | ExprKind::Quantifier { .. } => {}
    }
}

/// One thread's way to run rules whose calls are lifted.
pub struct Lifted {
    /// That of the records.
    scheme: Scheme,
    columns: Vec<(FieldId, Box<dyn Many>)>,
    /// Of each, the bytes of its arguments that are constants, and how many arguments it has.
    args: Vec<(usize, usize)>,
    answers: ManyAnswers,
    /// Records that are run as rules are written.
    left: Vec<usize>,
    /// The most often that a rule reads what was lifted.
    reads: u64,
    /// The most bytes of a record's values with which the rules are by far within the budget.
    longest: usize,
    /// Steps of an evaluation.
    steps: u64,
    /// How many batches in a row could not be answered like this.
    failed: u32,
    /// How many batches are not tried, since those before could not.
    pause: u32,
    fast: Box<dyn Instance>,
    exact: Option<Box<dyn Instance>>,
    make: Make,
    hits: RuleSet,
}

/// Makes an instance of the rules as they are written.
type Make = Box<dyn Fn() -> Result<Box<dyn Instance>, RunError> + Send>;

impl Lifted {
    /// For an instance of a program that reads what calls answer, which is `linked`, and for what makes one of the program that this was made of, if
    /// it is needed. None where a function has no form for many calls after all.
    pub fn new(lifts: &Lifts, (linked, library): (&Linked, &Library), fast: Box<dyn Instance>, make: Make) -> Option<Lifted> {
        let fields = lifts.fields(linked.scheme());
        let of = |(lift, field): (&Lift, &FieldId)| Some((*field, lift.many(linked.program(), library)?));
        let columns = lifts.calls.iter().zip(&fields).map(of).collect::<Option<Vec<_>>>()?;
        let constant = |arg: &Argument| if let Argument::Const(Const::Bytes(text)) = arg { text.len() } else { 0 };
        let reads = |e: &Expr| {
            let mut count = 0;
            e.walk(&mut |e| count += u64::from(matches!(&e.kind, ExprKind::Field(id) if fields.contains(id))));
            count
        };
        let rules = &linked.program().rules;
        let reading = rules.iter().map(|rule| &rule.expr).filter(|expr| reads(expr) > 0);
        let steps = linked.limits().steps;
        let longest = reading.clone().map(|expr| longest_within(linked, std::iter::once(expr), steps / PART)).min();
        Some(Lifted {
            scheme: linked.scheme().clone(),
            args: lifts.calls.iter().map(|lift| (lift.args.iter().map(constant).sum(), lift.args.len())).collect(),
            columns,
            answers: ManyAnswers::default(),
            left: Vec::new(),
            reads: reading.map(reads).max().unwrap_or(0),
            longest: longest.unwrap_or(0),
            steps,
            failed: 0,
            pause: 0,
            fast,
            exact: None,
            make,
            hits: RuleSet::new(),
        })
    }

    /// Which rules match which records of a batch, whose fields for what was lifted are set on the way. Answers what an instance of the rules as they
    /// are written answers.
    ///
    /// # Errors
    /// As [`Instance::run_batch`].
    pub fn run_batch(&mut self, batch: &mut Batch, out: &mut Matches) -> Result<(), RunError> {
        if !batch.scheme().same(&self.scheme) {
            return self.fast.run_batch(batch, out);
        }
        if self.pause > 0 {
            self.pause -= 1;
            return self.exact()?.run_batch(batch, out);
        }
        // Where many are left, running all of them at once costs less.
        if !self.fill(batch) || self.left.len() > batch.len() / 4 {
            self.failed = (self.failed + 1).min(MOST_FAILED);
            self.pause = (1 << self.failed) - 1;
            return self.exact()?.run_batch(batch, out);
        }
        self.failed = 0;
        self.fast.run_batch(batch, out)?;
        if self.left.is_empty() {
            return Ok(());
        }
        let (left, mut hits) = (std::mem::take(&mut self.left), std::mem::take(&mut self.hits));
        let exact = self.exact()?;
        for record in &left {
            exact.run(batch.record(*record), &mut hits)?;
            out.replace(*record, &hits);
        }
        out.finish();
        (self.left, self.hits) = (left, hits);
        Ok(())
    }

    /// Runs the rules as they are written.
    fn exact(&mut self) -> Result<&mut dyn Instance, RunError> {
        let exact = match self.exact.take() {
            Some(exact) => exact,
            None => (self.make)()?,
        };
        Ok(&mut **self.exact.insert(exact))
    }

    /// Sets the fields of records. Answers whether the rules may read them, but for those on the records that are left.
    fn fill(&mut self, batch: &mut Batch) -> bool {
        self.left.clear();
        let longest = batch.longest();
        if longest > self.longest {
            return false;
        }
        for ((field, many), (constants, args)) in self.columns.iter_mut().zip(&self.args) {
            self.answers.clear();
            // One that panics has answered nothing.
            if caught(|| many.answer(batch, &mut self.answers)).is_none() {
                return false;
            }
            // A step, one for every 16 bytes of texts, one for each element.
            let arguments = 1 + (constants + args * longest) as u64 / 8;
            let taken = self.answers.steps.saturating_mul(MORE).saturating_add(arguments).saturating_mul(self.reads);
            if taken > self.steps / 2 {
                return false;
            }
            batch.amend_all(*field, &self.answers);
            self.left.extend_from_slice(&self.answers.left);
        }
        self.left.sort_unstable();
        self.left.dedup();
        true
    }
}
