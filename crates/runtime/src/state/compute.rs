//! What is computed for tables and outputs.

use quintet_lang::FieldId;
use quintet_lang::ast::{Const, Expr, ExprKind, FnId, Function, Program, StmtKind};
use quintet_lang::state::Read;

use crate::record::RecordRef;
use crate::value::Value;

/// How values are had of a record.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Compute {
    /// As they stand there, without a backend.
    Direct(Vec<Source>),
    /// By a function of the program, which is given what it reads of tables.
    Call {
        /// The function.
        function: FnId,
        /// What that is, in the order of its parameters.
        reads: Vec<Read>,
    },
}

/// Where a value stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Source {
    /// In a field.
    Field(FieldId),
    /// First in a field's array.
    First(FieldId),
    /// In the record's entry of a table, or in a rule's answer.
    Kept(Read),
    /// Nowhere: it is known.
    Const(Const),
    /// In the second place where the first is nil.
    Otherwise(Box<Source>, Box<Source>),
}

impl Source {
    fn of(program: &Program, e: &Expr) -> Option<Source> {
        match &e.kind {
            ExprKind::Field(id) => Some(program.read_of(*id).map_or(Source::Field(*id), Source::Kept)),
            ExprKind::Index { base, index } => match (&base.kind, &index.kind) {
                (ExprKind::Field(id), ExprKind::Const(Const::Int(0))) => Some(Source::First(*id)),
                _ => None,
            },
            ExprKind::Const(constant) => Some(Source::Const(constant.clone())),
            ExprKind::Otherwise { value, default } => {
                Some(Source::Otherwise(Box::new(Source::of(program, value)?), Box::new(Source::of(program, default)?)))
            }
            _ => None,
        }
    }

    /// What it reads of what is kept.
    fn reads(&self, reads: &mut Vec<Read>) {
        match self {
            Source::Kept(read) => reads.push(*read),
            Source::Otherwise(a, b) => {
                a.reads(reads);
                b.reads(reads);
            }
            Source::Field(_) | Source::First(_) | Source::Const(_) => {}
        }
    }

    /// The value; `kept` tells that of what is kept.
    #[inline]
    pub(crate) fn value<'v>(&'v self, record: RecordRef<'v>, kept: &dyn Fn(Read) -> Value<'v>) -> Value<'v> {
        // As nearly always.
        if let Source::Field(id) = self { record.value(*id) } else { self.other(record, kept) }
    }

    fn other<'v>(&'v self, record: RecordRef<'v>, kept: &dyn Fn(Read) -> Value<'v>) -> Value<'v> {
        match self {
            Source::Field(id) => record.value(*id),
            Source::First(id) => match record.value(*id) {
                Value::Array(items) => items.get(0),
                _ => Value::Nil,
            },
            Source::Kept(read) => kept(*read),
            Source::Const(constant) => Value::of(constant),
            Source::Otherwise(value, default) => match value.value(record, kept) {
                Value::Nil => default.value(record, kept),
                value => value,
            },
        }
    }
}

impl Compute {
    /// What a function answers directly, if all of it can be had so.
    pub(super) fn direct(program: &Program, function: &Function) -> Option<Compute> {
        let [only] = function.body.as_slice() else { return None };
        let StmtKind::Return(values) = &only.kind else { return None };
        values.iter().map(|value| Source::of(program, value)).collect::<Option<_>>().map(Compute::Direct)
    }

    /// What it reads of what is kept, each once.
    pub(crate) fn reads(&self) -> Vec<Read> {
        let mut reads = Vec::new();
        match self {
            Compute::Direct(sources) => sources.iter().for_each(|source| source.reads(&mut reads)),
            Compute::Call { reads: all, .. } => reads.extend(all),
        }
        if reads.len() > 1 {
            reads.sort_unstable();
            reads.dedup();
        }
        reads
    }
}
