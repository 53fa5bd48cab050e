//! Parsers: fields that a module reads out of another field.

use std::sync::Arc;

use quintet_lang::{Field as SchemeField, FieldId, Limits, Presence, Scheme, SchemeError, Type};
use quintet_runtime::{Batch, Compiled, Instance, Matches, OwnedValue, RecordError, RecordId, RuleId, RunError, Scratch, Value};

use crate::declaration::{Field, Item, Shape};
use crate::runs::Runs;

/// A parser of a module.
#[derive(Clone)]
pub struct Parser {
    runs: Arc<dyn Runs>,
    /// Among the items.
    item: usize,
    condition: Option<String>,
}

impl Parser {
    pub(crate) fn new(runs: Arc<dyn Runs>, item: usize) -> Option<Parser> {
        let Shape::Parser { condition, .. } = &runs.declaration().items()[item].shape else { return None };
        let condition = condition.clone();
        Some(Parser { runs, item, condition })
    }

    fn it(&self) -> &Item {
        &self.runs.declaration().items()[self.item]
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.it().name
    }

    /// The field that it parses.
    pub fn input(&self) -> &str {
        match &self.it().shape {
            Shape::Parser { input, .. } => input,
            Shape::Function { .. } | Shape::Formatter { .. } => "",
        }
    }

    /// The fields that it sets.
    pub fn fields(&self) -> &[Field] {
        match &self.it().shape {
            Shape::Parser { fields, .. } => fields,
            Shape::Function { .. } | Shape::Formatter { .. } => &[],
        }
    }

    /// The rule that says which records it parses.
    pub fn condition(&self) -> Option<&str> {
        self.condition.as_deref()
    }

    /// The same parser for the records that another rule says.
    pub fn on(mut self, condition: &str) -> Parser {
        self.condition = Some(condition.into());
        self
    }
}

/// Parsers in the order in which they run. One may parse what those before it have set.
#[derive(Clone, Default)]
pub struct Parsers {
    all: Vec<Parser>,
}

/// How rules are compiled: their text, and the scheme of the records.
type Compile<'c> = &'c dyn Fn(&str, &Scheme) -> Result<Arc<dyn Compiled>, String>;

impl Parsers {
    /// These parsers.
    pub fn new(all: Vec<Parser>) -> Parsers {
        Parsers { all }
    }

    /// The same parsers, of which those that are named are for the records that another rule says.
    ///
    /// # Errors
    /// There is no parser of a name.
    pub fn on(&self, conditions: &[(String, String)]) -> Result<Parsers, String> {
        if let Some((name, _)) = conditions.iter().find(|(name, _)| !self.all.iter().any(|parser| parser.name() == name)) {
            return Err(format!("no module has a parser `{name}`"));
        }
        let bound = |parser: &Parser| match conditions.iter().find(|(name, _)| parser.name() == name) {
            Some((_, condition)) => parser.clone().on(condition),
            None => parser.clone(),
        };
        Ok(Parsers { all: self.all.iter().map(bound).collect() })
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// All of them.
    pub fn all(&self) -> &[Parser] {
        &self.all
    }

    /// A scheme that has the parsers' fields as well. A parser of a field that the scheme does not have, or not as Bytes, sets none.
    ///
    /// # Errors
    /// A field has a name that is taken.
    pub fn declare(&self, scheme: &Scheme) -> Result<Scheme, SchemeError> {
        let mut scheme = scheme.clone();
        for parser in &self.all {
            if scheme.field_id(parser.input()).is_none_or(|id| scheme.field(id).ty != Type::Bytes) {
                continue;
            }
            scheme = scheme.with_later(parser.fields().iter().map(|field| {
                let doc = format!("set by the parser `{}` of {}", parser.name(), parser.input());
                let (name, ty) = (field.name.clone(), field.ty.clone());
                SchemeField { name, ty, presence: Presence::Optional, multi: false, doc }
            }))?;
        }
        Ok(scheme)
    }

    /// Adds the fields that records must have so that those which are used are set. `fields_of` answers the fields that a rule uses, of a scheme;
    /// none where the rule is wrong, which [`Parsers::bind`] says.
    pub fn needs(&self, scheme: &Scheme, used: &mut Vec<FieldId>, fields_of: &dyn Fn(&str, &Scheme) -> Vec<FieldId>) {
        // What a parser needs is set by those before it.
        for parser in self.all.iter().rev() {
            let sets = |id: &FieldId| parser.fields().iter().any(|field| field.name == scheme.field(*id).name);
            if !used.iter().any(sets) {
                continue;
            }
            used.extend(scheme.field_id(parser.input()));
            if let Some(condition) = parser.condition() {
                used.extend(fields_of(condition, scheme));
            }
        }
    }

    /// The parsers that set fields of a scheme, ready to run on its records.
    ///
    /// # Errors
    /// A parser's condition is wrong.
    pub fn bind(&self, scheme: &Scheme, compile: Compile<'_>) -> Result<Bound, String> {
        let mut bound = Vec::new();
        for parser in &self.all {
            let fields: Vec<Option<FieldId>> = parser.fields().iter().map(|field| scheme.field_id(&field.name)).collect();
            let Some(input) = scheme.field_id(parser.input()).filter(|_| fields.iter().any(Option::is_some)) else { continue };
            let condition = parser.condition().map(|condition| compile(condition, scheme));
            let condition = condition.transpose().map_err(|e| format!("the condition of parser `{}`: {e}", parser.name()))?;
            bound.push(One { parser: parser.clone(), input, fields, condition });
        }
        Ok(Bound { all: bound.into() })
    }
}

/// Parsers that run on the records of a scheme. Cloning it clones a reference.
#[derive(Clone)]
pub struct Bound {
    all: Arc<[One]>,
}

struct One {
    parser: Parser,
    input: FieldId,
    /// By field, which one of the scheme it is, if the scheme has it.
    fields: Vec<Option<FieldId>>,
    condition: Option<Arc<dyn Compiled>>,
}

/// What parsers made of records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// Records that a parser was run on, once for each parser.
    pub tried: usize,
    /// Those of which it made nothing.
    pub not_parsed: usize,
    /// Those on which it trapped, or answered what it must not: the record lacks its fields.
    pub trapped: usize,
}

/// What a field is set to.
enum Set {
    /// A part of the batch.
    Part {
        offset: usize,
        len: usize,
    },
    Copy(OwnedValue),
}

impl Bound {
    /// Whether no parser sets a field of the scheme.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Runs the parsers on all records that they are for. `conditions` keeps what a thread needs for that, and is empty at first.
    ///
    /// # Errors
    /// What ends the run of a condition; and where the batch has no room.
    pub fn apply(&self, batch: &mut Batch, conditions: &mut Vec<Option<Box<dyn Instance>>>) -> Result<Parsed, RunError> {
        let mut parsed = Parsed::default();
        let (mut matches, mut scratch) = (Matches::new(), Scratch::new(&Limits::default()));
        conditions.resize_with(self.all.len(), || None);
        for (one, place) in self.all.iter().zip(conditions) {
            if let Some(condition) = &one.condition {
                let instance = match place.take() {
                    Some(instance) => instance,
                    None => condition.instantiate(&Limits::default()).map_err(|e| RunError::new(e.backend(), e.message()))?,
                };
                place.insert(instance).run_batch(batch, &mut matches)?;
            }
            for record in 0..batch.len() {
                if one.condition.is_some() && !matches.get(RuleId(0), RecordId(record)) {
                    continue;
                }
                let Value::Bytes(text) = batch.record(record).value(one.input) else { continue };
                parsed.tried += 1;
                scratch.reset();
                match one.parse(batch, text, &scratch) {
                    Err(()) => parsed.trapped += 1,
                    Ok(None) => parsed.not_parsed += 1,
                    Ok(Some(sets)) => {
                        for (field, set) in sets {
                            one.set(batch, record, field, set).map_err(|e| RunError::new(quintet_runtime::BackendId::new("modules"), e))?;
                        }
                    }
                }
            }
        }
        Ok(parsed)
    }
}

impl One {
    /// What the parser sets, of a text in the batch.
    fn parse(&self, batch: &Batch, text: &[u8], scratch: &Scratch) -> Result<Option<Vec<(FieldId, Set)>>, ()> {
        let Parser { runs, item, .. } = &self.parser;
        let mut sets = Vec::new();
        let parsed = runs.parse(*item, text, scratch, &mut |n, value| {
            let id = self.fields.get(n).copied().flatten();
            sets.extend(id.and_then(|id| Some((id, Set::of(batch, value)?))));
        });
        parsed.map(|parsed| parsed.then_some(sets)).map_err(|_| ())
    }

    fn set(&self, batch: &mut Batch, record: usize, field: FieldId, set: Set) -> Result<(), RecordError> {
        match set {
            Set::Part { offset, len } => batch.amend_at(record, field, offset, len),
            Set::Copy(value) => batch.amend(record, field, &value),
        }
    }
}

impl Set {
    /// What a value is set as; none for nil.
    fn of(batch: &Batch, value: Value<'_>) -> Option<Set> {
        if let Value::Bytes(bytes) = value {
            let start = batch.memory().as_ptr() as usize;
            let (at, end) = (bytes.as_ptr() as usize, bytes.as_ptr() as usize + bytes.len());
            if at >= start && end <= start + batch.arena().len() && !bytes.is_empty() {
                return Some(Set::Part { offset: at - start, len: bytes.len() });
            }
        }
        OwnedValue::of(&value).map(Set::Copy)
    }
}
