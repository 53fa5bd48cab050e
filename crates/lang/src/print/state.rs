//! Tables, what changes them, outputs and metadata as source text.

use super::{literal, quote, statement};
use crate::ast::{FnId, Program, Rule};
use crate::state::{Action, Change, Format, Key, KeyPart, Life, Piece, State, StateKind, Step};

/// The values that a function answers, as text.
fn values(program: &Program, function: FnId) -> Vec<String> {
    let found = program.functions.get(function.index()).and_then(|function| statement::values(program, function));
    found.unwrap_or_else(|| vec!["?".to_owned()])
}

fn key(program: &Program, key: &Key) -> String {
    let mut values = values(program, key.values).into_iter();
    let part = |part: &KeyPart| {
        let first = values.next().unwrap_or_default();
        values.by_ref().take(part.values() - 1).for_each(drop);
        if *part == KeyPart::Flow { "flow".to_owned() } else { first }
    };
    key.parts.iter().map(part).collect::<Vec<_>>().join(", ")
}

/// A time, in the largest unit that it is a number of.
pub(crate) fn duration(micros: i64) -> String {
    let units = [("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000)];
    match units.into_iter().find(|(_, unit)| micros % unit == 0) {
        Some((name, unit)) => format!("{}{name}", micros / unit),
        None => format!("{micros}us"),
    }
}

/// What is said of a rule, with a blank before it.
pub(super) fn meta(rule: &Rule) -> String {
    if rule.meta.is_empty() {
        return String::new();
    }
    let all: Vec<String> = rule.meta.iter().map(|meta| format!("{}: {}", meta.name, literal::constant(&meta.value).text)).collect();
    format!(" [{}]", all.join(", "))
}

/// The time and the tables.
pub(super) fn tables(program: &Program) -> impl Iterator<Item = String> {
    let time = program.state.time.map(|time| format!("time = {}", values(program, time).join(", ")));
    time.into_iter().chain(program.state.states.iter().map(|state| table(program, state)))
}

/// The declaration of a table.
pub(super) fn table(program: &Program, state: &State) -> String {
    let keys = if state.key.parts.is_empty() { String::new() } else { format!("[{}]", key(program, &state.key)) };
    let life = match (state.life, state.kind) {
        (Life::Ever, _) => String::new(),
        (Life::Fixed(span), _) | (Life::Sliding(span), StateKind::Distinct) => format!(" within {}", duration(span)),
        (Life::Sliding(span), _) => format!(" within {} sliding", duration(span)),
        (Life::Kept(span), _) => format!(" keep {}", duration(span)),
    };
    format!("state {}{keys}: {}{life} max {}", state.name, state.kind.word(), state.max)
}

/// What is done where a rule matches.
pub(super) fn step(program: &Program, step: &Step) -> String {
    let rule = program.rules.get(step.rule as usize).map_or("?", |rule| rule.name.as_str());
    match &step.action {
        Action::On(updates) => {
            let updates = updates.iter().map(|update| {
                let (name, kind) = program.state.states.get(update.state as usize).map_or(("?", None), |s| (s.name.as_str(), Some(s.kind)));
                let value = |function: FnId| values(program, function).join(", ");
                match update.change {
                    Change::Mark if kind == Some(StateKind::Count) => format!("{name} += 1"),
                    Change::Mark => format!("add({name})"),
                    Change::Add(function) => format!("{name} += {}", value(function)),
                    Change::Set(function) => format!("{name} = {}", value(function)),
                    Change::Clear => format!("clear({name})"),
                }
            });
            let lines: Vec<String> = updates.map(|line| format!("    {line}\n")).collect();
            format!("on {rule} {{\n{}}}", lines.concat())
        }
        Action::Output(output) => {
            let limit = output.limit.as_ref().map_or_else(String::new, |limit| {
                let by = if limit.key.parts.is_empty() { String::new() } else { format!(" by {}", key(program, &limit.key)) };
                format!(" limit {} within {}{by}", limit.count, duration(limit.within))
            });
            let flow = matches!(output.format, Format::Eve { flow: true, .. });
            let values = values(program, output.values).into_iter().skip(if flow { KeyPart::Flow.values() } else { 0 });
            let named: Vec<String> = output.names.iter().zip(values).map(|(name, value)| format!("{name}: {value}")).collect();
            let named = if named.is_empty() { String::new() } else { format!(" {{ {} }}", named.join(", ")) };
            let format = match &output.format {
                Format::Json => "json".to_owned(),
                Format::Csv => "csv".to_owned(),
                Format::Text(pieces) => format!("text {}", quote(text(pieces, &output.names).as_bytes())),
                Format::Eve { event, .. } if event == "alert" => "eve".to_owned(),
                Format::Eve { event, .. } => format!("eve {}", quote(event.as_bytes())),
            };
            format!("output {} on {rule}{limit} = {format}{named}", output.name)
        }
    }
}

/// A text with the names of its values in braces.
fn text(pieces: &[Piece], names: &[String]) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => text.replace('{', "{{").replace('}', "}}"),
        Piece::Value(place) => format!("{{{}}}", names.get(*place as usize).map_or("?", String::as_str)),
    };
    pieces.iter().map(piece).collect()
}
