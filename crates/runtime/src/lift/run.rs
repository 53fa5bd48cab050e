//! Running rules that read what was lifted.

use quintet_lang::ast::{Expr, ExprKind};
use quintet_lang::{FieldId, Scheme};

use super::Lifts;
use super::shared::{Evaluator, Shared, Taken};
use crate::backend::{Instance, RunError};
use crate::batch::Batch;
use crate::cost::longest_within;
use crate::functions::{Library, Many, ManyAnswers, caught};
use crate::linked::Linked;
use crate::matches::{Matches, RuleSet, WriteMatches};
use crate::scratch::Scratch;

/// What rules may look at that read what was lifted: this part of the budget.
const PART: u64 = 64;

/// How many times the steps that the form of a function for many calls takes its calls may take: all together at most half of the budget.
const MORE: u64 = 4;

/// Of batches in a row that were run as rules are written, those that count: each has twice as many left out after it.
const MOST_FAILED: u32 = 6;

/// One thread's way to run rules whose calls are lifted.
pub struct Lifted {
    /// That of the records.
    scheme: Scheme,
    columns: Vec<Column>,
    evaluator: Evaluator,
    answers: ManyAnswers,
    /// Records that are run as rules are written.
    left: Vec<usize>,
    /// The most often that a rule reads what was lifted and takes steps.
    reads: u64,
    /// The most bytes of a record's values with which the rules are by far within the budget.
    longest: usize,
    /// Steps and memory of an evaluation.
    steps: u64,
    memory: usize,
    /// How many batches in a row could not be answered like this.
    failed: u32,
    /// How many batches are not tried, since those before could not.
    pause: u32,
    fast: Box<dyn Instance>,
    exact: Option<Box<dyn Instance>>,
    make: Make,
    hits: RuleSet,
}

/// What sets a field.
struct Column {
    field: FieldId,
    source: Source,
}

enum Source {
    /// A function for many calls, the bytes of its arguments that are constants, and how many arguments it has.
    Many(Box<dyn Many>, usize, usize),
    Each(Shared),
}

/// Makes an instance of the rules as they are written.
type Make = Box<dyn Fn() -> Result<Box<dyn Instance>, RunError> + Send>;

impl Lifted {
    /// For an instance of a program that reads what calls answer, which is `linked`, and for what makes one of the program that this was made of, if
    /// it is needed. None where a function has no form for many calls after all.
    pub fn new(lifts: &Lifts, (linked, library): (&Linked, &Library), fast: Box<dyn Instance>, make: Make) -> Option<Lifted> {
        let fields = lifts.fields(linked.scheme());
        let of = |(lift, field): (&super::Lift, &FieldId)| {
            let source = if lift.many.is_some() {
                let args = lift.shared.arguments().map_or(0, |args| args.len());
                Source::Many(lift.many(linked.scheme(), library)?, lift.shared.constants(), args)
            } else {
                Source::Each(lift.shared.clone())
            };
            Some(Column { field: *field, source })
        };
        let columns = lifts.lifts.iter().zip(&fields).map(of).collect::<Option<Vec<_>>>()?;
        let costly = |id: &FieldId| lifts.lifts.iter().zip(&fields).any(|(lift, field)| field == id && !lift.shared.is_free());
        let reads = |e: &Expr| {
            let mut count = 0;
            e.walk(&mut |e| count += u64::from(matches!(&e.kind, ExprKind::Field(id) if costly(id))));
            count
        };
        let rules = &linked.program().rules;
        let reading = rules.iter().map(|rule| &rule.expr).filter(|expr| reads(expr) > 0);
        let steps = linked.limits().steps;
        let longest = reading.clone().map(|expr| longest_within(linked, std::iter::once(expr), steps / PART)).min();
        Some(Lifted {
            scheme: linked.scheme().clone(),
            columns,
            evaluator: Evaluator::new(Scratch::new(linked.limits())),
            answers: ManyAnswers::default(),
            left: Vec::new(),
            reads: reading.map(reads).max().unwrap_or(0),
            longest: longest.unwrap_or(usize::MAX),
            steps,
            memory: linked.limits().memory_bytes,
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
        for Column { field, source } in &mut self.columns {
            self.answers.clear();
            let taken = match source {
                Source::Many(many, constants, args) => {
                    // One that panics has answered nothing.
                    if caught(|| many.answer(batch, &mut self.answers)).is_none() {
                        return false;
                    }
                    // A step, one for every 16 bytes of texts, one for each element.
                    let arguments = 1 + (*constants + *args * longest) as u64 / 8;
                    Taken { steps: self.answers.steps.saturating_mul(MORE).saturating_add(arguments), memory: 0 }
                }
                Source::Each(shared) => match self.evaluator.answer(shared, *field, batch, &mut self.answers) {
                    Some(taken) => taken,
                    None => return false,
                },
            };
            let memory = (taken.memory as u64).saturating_mul(self.reads);
            if taken.steps.saturating_mul(self.reads) > self.steps / 2 || memory > self.memory as u64 / 2 {
                return false;
            }
            batch.amend_all(*field, &self.answers);
            self.left.extend_from_slice(&self.answers.left);
        }
        if batch.longest() > self.longest {
            return false;
        }
        self.left.sort_unstable();
        self.left.dedup();
        true
    }
}
