//! Whether tables, what changes them and outputs are as [`state`](crate::state) says.

use std::collections::HashSet;

use super::{Valid, ensure};
use crate::ast::{Expr, ExprKind, FnId, Function, Program, Stmt, StmtKind};
use crate::state::{Action, Change, Format, HARD_MAX, HARD_SPAN, Key, KeyPart, Output, Piece, Read, StateKind, Update, fields};
use crate::types::Type;

pub(super) fn valid(program: &Program) -> Valid {
    let state = &program.state;
    let records = program.scheme.records().fields().len();
    let behind = program.scheme.fields().get(records..).unwrap_or(&[]);
    let tables = state.states.iter().map(|state| state.kind.field(&state.name));
    let rules = program.rules.iter().map(|rule| rule.name.as_str());
    let expected = if state.states.is_empty() { Vec::new() } else { fields(tables, rules) };
    ensure(behind == expected, "the scheme has not a field for each table and rule")?;
    for state in &state.states {
        key(program, &state.key)?;
        ensure((1..=HARD_MAX).contains(&state.max), "a table has no room")?;
        ensure(state.life.span().is_none_or(|span| (1..=HARD_SPAN).contains(&span)), "a table's entries live too long or not at all")?;
    }
    uncalled(program)?;
    if let Some(time) = state.time {
        let answers = plain(program, time)?;
        ensure(matches!(answers.as_slice(), [Type::Int | Type::Float]), "the time is no number")?;
    }
    for (at, rule) in program.rules.iter().enumerate() {
        let mut above = true;
        let mut look = |e: &Expr| {
            e.walk(&mut |e| {
                if let ExprKind::Field(id) = e.kind
                    && let Some(Read::Rule(other)) = program.read_of(id)
                {
                    above &= other < at;
                }
            });
        };
        look(&rule.expr);
        rule.before.iter().for_each(|stmt| stmt.exprs(&mut look));
        ensure(above, "a rule asks what one below it answers")?;
    }
    let mut before = 0;
    for step in &state.steps {
        ensure(step.after >= before && step.after as usize <= program.rules.len(), "what is done with records is out of order")?;
        ensure(step.rule < step.after, "something is done with records of a rule that stands below")?;
        before = step.after;
        match &step.action {
            Action::On(updates) => updates.iter().try_for_each(|change| update(program, change))?,
            Action::Output(given) => output(program, given)?,
        }
    }
    Ok(())
}

/// Whether nothing calls what is computed for tables and outputs, each of which is computed for one thing.
fn uncalled(program: &Program) -> Valid {
    let mut hidden = HashSet::new();
    ensure(program.state.functions().all(|id| hidden.insert(id)), "a function is computed for two tables or outputs")?;
    if hidden.is_empty() {
        return Ok(());
    }
    let mut called = false;
    let mut look = |stmt: &Stmt| called |= matches!(&stmt.kind, StmtKind::Call { function, .. } if hidden.contains(function));
    let rules = program.rules.iter().flat_map(|rule| &rule.before);
    rules.chain(program.functions.iter().flat_map(|function| &function.body)).for_each(|stmt| stmt.walk(&mut look));
    ensure(!called, "what is computed for a table or an output is called")
}

/// The function of an id that computes something for a table or an output.
fn hidden(program: &Program, id: FnId) -> Result<&Function, String> {
    let function = program.functions.get(id.index()).ok_or("there is no function with this id")?;
    ensure(function.rule && function.params == 0, "what is computed for a table or an output takes arguments")?;
    Ok(function)
}

fn answers(function: &Function) -> Vec<Type> {
    function.results.iter().map(|answer| answer.ty.clone()).collect()
}

/// The types that a function answers which reads no table.
fn plain(program: &Program, id: FnId) -> Result<Vec<Type>, String> {
    let function = hidden(program, id)?;
    let mut reads = false;
    for stmt in &function.body {
        stmt.exprs(&mut |e| e.walk(&mut |e| reads |= matches!(e.kind, ExprKind::Field(id) if program.read_of(id).is_some())));
    }
    ensure(!reads, "a key or the time reads a table")?;
    Ok(answers(function))
}

fn is_flow(types: &[Type]) -> bool {
    matches!(types, [Type::Ip, Type::Ip, Type::Int, Type::Int, Type::Int])
}

fn key(program: &Program, key: &Key) -> Valid {
    let types = plain(program, key.values)?;
    let mut rest = types.as_slice();
    for part in &key.parts {
        let (own, behind) = rest.split_at_checked(part.values()).ok_or("a key has fewer values than parts")?;
        let fits = match part {
            KeyPart::Value => own.iter().all(|ty| matches!(ty, Type::Bool | Type::Int | Type::Bytes | Type::Ip)),
            KeyPart::Flow => is_flow(own),
        };
        ensure(fits, "a key is made of something that is no key")?;
        rest = behind;
    }
    ensure(rest.is_empty(), "a key has more values than parts")
}

fn update(program: &Program, update: &Update) -> Valid {
    let state = program.state.states.get(update.state as usize).ok_or("there is no table with this id")?;
    let added = match update.change.function() {
        Some(function) => Some(answers(hidden(program, function)?)),
        None => None,
    };
    let fits = match (update.change, state.kind, added.as_deref()) {
        (Change::Clear, _, _) | (Change::Mark, StateKind::Count | StateKind::Seen, _) => true,
        (Change::Add(_), StateKind::Sum, Some([Type::Int])) => true,
        (Change::Add(_), StateKind::Distinct, Some([Type::Bool | Type::Int | Type::Bytes | Type::Ip])) => true,
        (Change::Set(_), StateKind::Int | StateKind::Bytes, Some([ty])) => *ty == state.kind.ty(),
        _ => false,
    };
    ensure(fits, "a table is changed as one of its kind cannot be")
}

fn output(program: &Program, output: &Output) -> Valid {
    if let Some(limit) = &output.limit {
        key(program, &limit.key)?;
        let bounded = limit.count > 0 && (1..=HARD_MAX).contains(&limit.max) && (1..=HARD_SPAN).contains(&limit.within);
        ensure(bounded, "the limit of an output is none")?;
    }
    let types = answers(hidden(program, output.values)?);
    let flow = match &output.format {
        Format::Eve { flow: true, .. } => KeyPart::Flow.values(),
        Format::Text(pieces) => {
            let known = |piece: &Piece| !matches!(piece, Piece::Value(place) if *place as usize >= output.names.len());
            ensure(pieces.iter().all(known), "a text has a value that there is not")?;
            0
        }
        Format::Json | Format::Csv | Format::Eve { flow: false, .. } => 0,
    };
    ensure(types.len() == flow + output.names.len(), "an output has not a name for each value")?;
    ensure(flow == 0 || types.get(..flow).is_some_and(is_flow), "an event has no flow")
}
