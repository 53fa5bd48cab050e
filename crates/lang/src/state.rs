//! What rules keep from record to record, and what they give out: the parts of a [`Program`] beside its rules that make it stateful.
//!
//! A table ([`State`]) stands among the fields of [`Program::scheme`], behind those of records: reading it is a [field](crate::ast::ExprKind::Field)
//! whose value is that of the record's key at the time. So every part of the language that works on fields works on tables, and no backend
//! knows of them: before a program is compiled, what reads a table becomes a parameter.
//!
//! What is computed for tables and outputs (keys, what is added, what is written, the time) are [functions](crate::ast::Function) without
//! parameters that [no text can call](Program::is_hidden).

use serde::{Deserialize, Serialize};

use crate::ast::{Const, FnId, Program, Span};
use crate::scheme::{Field, FieldId, Presence, Scheme};
use crate::types::Type;

/// Entries of a table whose text names no `max`.
pub const DEFAULT_MAX: u32 = 100_000;
/// The largest `max`.
pub const HARD_MAX: u32 = 1 << 28;
/// The longest `within` and `keep`, in microseconds: ten years.
pub const HARD_SPAN: i64 = 10 * 366 * 86_400 * 1_000_000;

/// What a program keeps and gives out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stateful {
    /// The function that answers a record's time: Float or Int, in seconds. Where there is none, time stands still.
    pub time: Option<FnId>,
    /// The tables, in the order of the source.
    pub states: Vec<State>,
    /// What is done with records that rules match, in the order of the source.
    pub steps: Vec<Step>,
}

/// A table: for each key a value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The name; also that of its field.
    pub name: String,
    /// What its values are.
    pub kind: StateKind,
    /// Which entry is a record's.
    pub key: Key,
    /// When entries go.
    pub life: Life,
    /// How many entries there are at most: keys, or of `distinct` and of sliding windows the values and events of all keys together.
    pub max: u32,
    /// All of it in the source.
    pub span: Span,
}

/// What a table holds for each key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StateKind {
    /// How often something was added.
    Count,
    /// The sum of what was added, which wraps.
    Sum,
    /// How many distinct values were added.
    Distinct,
    /// Whether an earlier record was added.
    Seen,
    /// The Int that was set last; nil where none was.
    Int,
    /// The Bytes that were set last; nil where none were.
    Bytes,
}

/// Something that is read of what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Read {
    /// The record's entry of the table at a place.
    State(usize),
    /// What the rule at a place answered on the record.
    Rule(usize),
}

/// What a record's entry is found by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Key {
    /// The function that answers the parts' values: one for each value, five for a flow (source and destination address, source and
    /// destination port, protocol).
    pub values: FnId,
    /// The parts.
    pub parts: Vec<KeyPart>,
}

/// A part of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyPart {
    /// A value: Bool, Int, Bytes or Ip. Where it is nil there is no entry.
    Value,
    /// A conversation: addresses, ports and protocol, the same in either direction. Ports may be missing.
    Flow,
}

/// When an entry of a table goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Life {
    /// Never, but for want of room.
    Ever,
    /// So many microseconds after it came to be.
    Fixed(i64),
    /// So many microseconds after it was last added to; of a count or sum, each event by itself.
    Sliding(i64),
    /// So many microseconds after it was last changed.
    Kept(i64),
}

/// Something that is done with each record that a rule matches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// How many rules stand before it in the source: it is done after these.
    pub after: u32,
    /// The rule: the place among the program's, one of those before it.
    pub rule: u32,
    /// What is done.
    pub action: Action,
    /// All of it in the source.
    pub span: Span,
}

/// What is done with a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Action {
    /// Tables are changed.
    On(Vec<Update>),
    /// A line is given out.
    Output(Output),
}

/// A change of a record's entry in a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Update {
    /// The place of the table among the program's.
    pub state: u32,
    /// What changes.
    pub change: Change,
    /// Where it stands in the source.
    pub span: Span,
}

/// What changes of an entry. A nil value changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// The key is added: to a count one more, to what was seen this record.
    Mark,
    /// What the function answers is added: to a count or sum, or to distinct values.
    Add(FnId),
    /// What the function answers is the value from now on.
    Set(FnId),
    /// The entry goes.
    Clear,
}

/// A line for each record that a rule matches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// The name, by which a host knows where lines go.
    pub name: String,
    /// How many there are at most.
    pub limit: Option<OutputLimit>,
    /// The form of lines.
    pub format: Format,
    /// The names of the values.
    pub names: Vec<String>,
    /// The function that answers the values; of EVE those of the conversation first, as far as [`Format::Eve`] says that there are any.
    pub values: FnId,
}

/// How many lines an output gives out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutputLimit {
    /// So many at most.
    pub count: u32,
    /// Within so many microseconds from the first.
    pub within: i64,
    /// For each key; all records have one where it has no part.
    pub key: Key,
    /// How many keys there are at most.
    pub max: u32,
}

/// The form of a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Format {
    /// A JSON object.
    Json,
    /// A row of a table with a header.
    Csv,
    /// A text with values in it.
    Text(Vec<Piece>),
    /// An event of Suricata's EVE.
    Eve {
        /// What happened.
        event: String,
        /// Whether the five values of the conversation stand before the others.
        flow: bool,
    },
}

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Piece {
    /// What stands there.
    Text(String),
    /// The value at a place.
    Value(u32),
}

/// An entry of a rule's metadata.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Meta {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Const,
}

impl StateKind {
    /// Every kind.
    pub const ALL: [StateKind; 6] =
        [StateKind::Count, StateKind::Sum, StateKind::Distinct, StateKind::Seen, StateKind::Int, StateKind::Bytes];

    /// The word that a text has for it.
    pub fn word(self) -> &'static str {
        match self {
            StateKind::Count => "count",
            StateKind::Sum => "sum",
            StateKind::Distinct => "distinct",
            StateKind::Seen => "seen",
            StateKind::Int => "Int",
            StateKind::Bytes => "Bytes",
        }
    }

    /// The type of what is read.
    pub fn ty(self) -> Type {
        match self {
            StateKind::Count | StateKind::Sum | StateKind::Distinct | StateKind::Int => Type::Int,
            StateKind::Seen => Type::Bool,
            StateKind::Bytes => Type::Bytes,
        }
    }

    /// The field that stands for a table of this kind. It is nil where the key is, and so may always be.
    pub(crate) fn field(self, name: &str) -> Field {
        let doc = "A table of the rules.".to_owned();
        Field { name: name.to_owned(), ty: self.ty(), presence: Presence::Optional, multi: false, doc }
    }
}

/// The fields of tables and, behind them, of rules.
pub(crate) fn fields<'n>(tables: impl Iterator<Item = Field>, rules: impl Iterator<Item = &'n str>) -> Vec<Field> {
    let rule = |name: &str| Field {
        name: name.to_owned(),
        ty: Type::Bool,
        presence: Presence::Mandatory,
        multi: false,
        doc: "What a rule answered.".to_owned(),
    };
    tables.chain(rules.map(rule)).collect()
}

impl KeyPart {
    /// How many values it is made of.
    pub fn values(self) -> usize {
        match self {
            KeyPart::Value => 1,
            KeyPart::Flow => 5,
        }
    }
}

impl Life {
    /// The microseconds of it, if it ends.
    pub fn span(self) -> Option<i64> {
        match self {
            Life::Ever => None,
            Life::Fixed(span) | Life::Sliding(span) | Life::Kept(span) => Some(span),
        }
    }
}

impl Stateful {
    /// Whether a program keeps nothing and gives nothing out: its rules can be run by themselves, in any order.
    pub fn is_empty(&self) -> bool {
        self.states.is_empty() && self.steps.is_empty()
    }

    /// All functions of it, in the order of the source as far as it has one.
    pub fn functions(&self) -> impl Iterator<Item = FnId> {
        let keys = self.states.iter().map(|state| state.key.values);
        let steps = self.steps.iter().flat_map(|step| match &step.action {
            Action::On(updates) => updates.iter().filter_map(|update| update.change.function()).collect::<Vec<_>>(),
            Action::Output(output) => output.limit.iter().map(|limit| limit.key.values).chain([output.values]).collect(),
        });
        self.time.into_iter().chain(keys).chain(steps)
    }
}

impl Change {
    /// The function that answers what is added or set.
    pub fn function(self) -> Option<FnId> {
        match self {
            Change::Add(function) | Change::Set(function) => Some(function),
            Change::Mark | Change::Clear => None,
        }
    }
}

impl Program {
    /// The scheme of the records that the program runs on: [`Program::scheme`] without the tables.
    pub fn records(&self) -> &Scheme {
        self.scheme.records()
    }

    /// What a field stands for that is no record's.
    pub fn read_of(&self, field: FieldId) -> Option<Read> {
        let at = (field.0 as usize).checked_sub(self.scheme.records().fields().len())?;
        Some(match at.checked_sub(self.state.states.len()) {
            None => Read::State(at),
            Some(rule) => Read::Rule(rule),
        })
    }

    /// Whether a function computes something for a table or an output, so that it is none of the text's.
    pub fn is_hidden(&self, function: FnId) -> bool {
        self.state.functions().any(|id| id == function)
    }
}
