//! What of rules is the same for all of them: calls and look-ups whose arguments are fields and constants.

use std::hash::{Hash, Hasher};

use quintet_lang::ast::{Const, Expr, ExprKind};
use quintet_lang::signature::NilRule;
use quintet_lang::{FieldId, FunctionId, LOOKED_AT, Scheme, Type};

use crate::batch::Batch;
use crate::functions::{Argument, BoundFunction, ManyAnswers};
use crate::linked::Linked;
use crate::matchers::ip_words;
use crate::pack::reference;
use crate::record::RecordRef;
use crate::scratch::Scratch;
use crate::trap::Trap;
use crate::value::{ArrayRef, MapRef, Value};

/// A value that follows from fields and constants. Two are equal where they are computed alike, wherever in the source they stand.
#[derive(Clone, Debug)]
pub(super) enum Shared {
    Field(FieldId),
    Const(Const),
    Call {
        id: FunctionId,
        function: BoundFunction,
        /// Whether a nil argument makes the result nil.
        propagates: bool,
        args: Vec<Shared>,
    },
    Key {
        base: Box<Shared>,
        key: Vec<u8>,
    },
    Index {
        base: Box<Shared>,
        index: i64,
    },
}

impl PartialEq for Shared {
    fn eq(&self, other: &Shared) -> bool {
        match (self, other) {
            (Shared::Field(a), Shared::Field(b)) => a == b,
            (Shared::Const(Const::Float(a)), Shared::Const(Const::Float(b))) => a.to_bits() == b.to_bits(),
            (Shared::Const(a), Shared::Const(b)) => a == b,
            (Shared::Call { id, args, .. }, Shared::Call { id: of, args: to, .. }) => id == of && args == to,
            (Shared::Key { base, key }, Shared::Key { base: of, key: to }) => key == to && base == of,
            (Shared::Index { base, index }, Shared::Index { base: of, index: to }) => index == to && base == of,
            _ => false,
        }
    }
}

impl Eq for Shared {}

impl Hash for Shared {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Shared::Field(id) => id.hash(state),
            Shared::Const(Const::Bytes(text)) => text.hash(state),
            // Others are told apart when they are compared.
            Shared::Const(_) => {}
            Shared::Call { id, args, .. } => {
                id.hash(state);
                args.hash(state);
            }
            Shared::Key { base, key } => {
                key.hash(state);
                base.hash(state);
            }
            Shared::Index { base, index } => {
                index.hash(state);
                base.hash(state);
            }
        }
    }
}

impl Shared {
    /// A call or a look-up that follows from fields and constants, and at least one field.
    pub(super) fn of(linked: &Linked, e: &Expr) -> Option<Shared> {
        match e.kind {
            ExprKind::Call { .. } | ExprKind::Key { .. } | ExprKind::Index { .. } => Shared::value_of(linked, e).filter(Shared::has_field),
            _ => None,
        }
    }

    fn value_of(linked: &Linked, e: &Expr) -> Option<Shared> {
        match &e.kind {
            ExprKind::Field(id) => Some(Shared::Field(*id)),
            ExprKind::Const(constant) => Some(Shared::Const(constant.clone())),
            ExprKind::Call { site, args } => {
                let id = linked.program().sites.get(site.index())?.function;
                let args = args.iter().map(|arg| Shared::value_of(linked, arg)).collect::<Option<_>>()?;
                let propagates = linked.scheme().function(id).nil == NilRule::Propagates;
                Some(Shared::Call { id, function: linked.function(*site).clone(), propagates, args })
            }
            ExprKind::Key { base, key } => match &key.kind {
                ExprKind::Const(Const::Bytes(key)) => {
                    Some(Shared::Key { base: Box::new(Shared::value_of(linked, base)?), key: key.clone() })
                }
                _ => None,
            },
            ExprKind::Index { base, index } => match index.kind {
                ExprKind::Const(Const::Int(index)) => Some(Shared::Index { base: Box::new(Shared::value_of(linked, base)?), index }),
                _ => None,
            },
            _ => None,
        }
    }

    fn has_field(&self) -> bool {
        match self {
            Shared::Field(_) => true,
            Shared::Const(_) => false,
            Shared::Call { args, .. } => args.iter().any(Shared::has_field),
            Shared::Key { base, .. } | Shared::Index { base, .. } => base.has_field(),
        }
    }

    /// Whether a function is called.
    pub(super) fn calls(&self) -> bool {
        match self {
            Shared::Field(_) | Shared::Const(_) => false,
            Shared::Call { .. } => true,
            Shared::Key { base, .. } | Shared::Index { base, .. } => base.calls(),
        }
    }

    /// Whether it takes no steps and no memory, and cannot trap: it is looked up under short keys.
    pub(super) fn is_free(&self) -> bool {
        match self {
            Shared::Field(_) | Shared::Const(_) => true,
            Shared::Call { .. } => false,
            Shared::Key { base, key } => key.len() < LOOKED_AT && base.is_free(),
            Shared::Index { base, .. } => base.is_free(),
        }
    }

    /// Whether values of a type can be set as a field: texts and what is one or more words, and of what is only looked up, which stands in the
    /// record, arrays and maps.
    pub(super) fn can_be(&self, ty: &Type) -> bool {
        match ty {
            Type::Bool | Type::Int | Type::Float | Type::Ip | Type::Bytes => true,
            Type::Array(_) | Type::Map(_) => !self.calls(),
            Type::U32 | Type::List(..) => false,
        }
    }

    /// The arguments of a call, where they are fields and constants themselves.
    pub(super) fn arguments(&self) -> Option<Vec<Argument>> {
        let Shared::Call { args, .. } = self else { return None };
        let argument = |arg: &Shared| match arg {
            Shared::Field(id) => Some(Argument::Field(*id)),
            Shared::Const(constant) => Some(Argument::Const(constant.clone())),
            Shared::Call { .. } | Shared::Key { .. } | Shared::Index { .. } => None,
        };
        args.iter().map(argument).collect()
    }

    /// The same with other ids of fields; `None` where one has no other.
    pub(super) fn remapped(&self, id: &dyn Fn(FieldId) -> Option<FieldId>) -> Option<Shared> {
        Some(match self {
            Shared::Field(field) => Shared::Field(id(*field)?),
            Shared::Const(constant) => Shared::Const(constant.clone()),
            Shared::Call { id: function_id, function, propagates, args } => Shared::Call {
                id: *function_id,
                function: function.clone(),
                propagates: *propagates,
                args: args.iter().map(|arg| arg.remapped(id)).collect::<Option<_>>()?,
            },
            Shared::Key { base, key } => Shared::Key { base: Box::new(base.remapped(id)?), key: key.clone() },
            Shared::Index { base, index } => Shared::Index { base: Box::new(base.remapped(id)?), index: *index },
        })
    }

    /// Bytes of the constants.
    pub(super) fn constants(&self) -> usize {
        match self {
            Shared::Field(_) => 0,
            Shared::Const(Const::Bytes(text)) => text.len(),
            Shared::Const(_) => 0,
            Shared::Call { args, .. } => args.iter().map(Shared::constants).sum(),
            Shared::Key { base, key } => key.len() + base.constants(),
            Shared::Index { base, .. } => base.constants(),
        }
    }

    /// It as it stands in rules.
    pub(super) fn describe(&self, scheme: &Scheme) -> String {
        match self {
            Shared::Field(id) => scheme.field(*id).name.clone(),
            Shared::Const(Const::Bytes(text)) => format!("\"{}\"", text.escape_ascii()),
            Shared::Const(Const::Bool(b)) => b.to_string(),
            Shared::Const(Const::Int(i)) => i.to_string(),
            Shared::Const(Const::U32(u)) => u.to_string(),
            Shared::Const(Const::Float(f)) => format!("{f:?}"),
            Shared::Const(Const::Ip(ip)) => ip.to_string(),
            Shared::Call { id, args, .. } => {
                let args: Vec<String> = args.iter().map(|arg| arg.describe(scheme)).collect();
                format!("{}({})", scheme.function(*id).name, args.join(", "))
            }
            Shared::Key { base, key } => format!("{}[\"{}\"]", base.describe(scheme), key.escape_ascii()),
            Shared::Index { base, index } => format!("{}[{index}]", base.describe(scheme)),
        }
    }

    /// Evaluates it as rules would.
    fn value<'a>(&'a self, record: RecordRef<'a>, scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
        match self {
            Shared::Field(id) => Ok(record.value(*id)),
            Shared::Const(constant) => Ok(Value::of(constant)),
            Shared::Call { function, propagates, args, .. } => {
                let values = scratch.locals(args.len());
                for (value, arg) in values.iter_mut().zip(args) {
                    *value = arg.value(record, scratch)?;
                    if value.is_nil() && *propagates {
                        return Ok(Value::Nil);
                    }
                }
                function.call(values, scratch)
            }
            Shared::Key { base, key } => {
                scratch.look(key.len())?;
                Ok(match base.value(record, scratch)? {
                    Value::Map(map) => map.get(key),
                    _ => Value::Nil,
                })
            }
            Shared::Index { base, index } => Ok(match (base.value(record, scratch)?, usize::try_from(*index)) {
                (Value::Array(array), Ok(index)) => array.get(index),
                _ => Value::Nil,
            }),
        }
    }
}

/// What evaluates shared values on the records of a batch, one after the other.
#[derive(Debug)]
pub(super) struct Evaluator {
    scratch: Scratch,
    /// Texts that were made.
    texts: Vec<u8>,
    /// Records whose text is one of these.
    made: Vec<usize>,
}

/// What evaluating took of the limits of a rule, at most, on the records that have an answer.
pub(super) struct Taken {
    pub(super) steps: u64,
    pub(super) memory: usize,
}

impl Evaluator {
    pub(super) fn new(scratch: Scratch) -> Evaluator {
        Evaluator { scratch, texts: Vec::new(), made: Vec::new() }
    }

    /// Answers all records of a batch, whose `field` the answers become. Texts that are not in the batch yet come to be there. `answers` is empty.
    /// None where the batch has no room for them.
    pub(super) fn answer(&mut self, shared: &Shared, field: FieldId, batch: &mut Batch, answers: &mut ManyAnswers) -> Option<Taken> {
        let mut taken = Taken { steps: 0, memory: 0 };
        let mut longest = 0;
        self.texts.clear();
        self.made.clear();
        let width = batch.scheme().field(field).ty.words() as usize;
        for (i, record) in batch.iter().enumerate() {
            self.scratch.reset();
            let value = shared.value(record, &self.scratch);
            let words = match value {
                Ok(Value::Nil) => None,
                Ok(Value::Bytes(text)) => Some(match stored(record, field, text) {
                    Some(word) => [word, 0, 0],
                    None => {
                        let at = self.texts.len();
                        self.texts.extend_from_slice(text);
                        self.made.push(i);
                        longest = longest.max(text.len());
                        [reference(at, text.len()), 0, 0]
                    }
                }),
                Ok(value) => words(value),
                Err(_) => None,
            };
            if words.is_some() || matches!(value, Ok(Value::Nil)) {
                taken.steps = taken.steps.max(self.scratch.taken());
                taken.memory = taken.memory.max(self.scratch.used());
            } else {
                // What it took shows where the rules are run as they are written.
                answers.left.push(i);
            }
            answers.words.extend_from_slice(&words.unwrap_or_default()[..width]);
            answers.present.push(words.is_some().into());
        }
        if !self.made.is_empty() {
            let start = batch.append(&self.texts, longest).ok()? as u64;
            // Texts end within the arena, and so do offsets within the lower half.
            self.made.iter().for_each(|record| answers.words[*record] += start);
        }
        Some(taken)
    }
}

/// The slot of a text that is in the batch: because it is part of another value, or because the field was set to it before.
fn stored(record: RecordRef<'_>, field: FieldId, text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return Some(reference(record.offset(), 0));
    }
    let memory = record.memory();
    let offset = (text.as_ptr() as usize).checked_sub(memory.as_ptr() as usize);
    if let Some(offset) = offset.filter(|offset| *offset < record.batch().arena().len()) {
        return Some(reference(offset, text.len()));
    }
    match record.value(field) {
        Value::Bytes(before) if before == text => Some(reference(before.as_ptr() as usize - memory.as_ptr() as usize, text.len())),
        _ => None,
    }
}

/// The words of a value's slot; none of a value that is not in the record.
fn words(value: Value<'_>) -> Option<[u64; 3]> {
    Some(match value {
        Value::Bool(b) => [b.into(), 0, 0],
        Value::Int(i) => [i as u64, 0, 0],
        Value::Float(f) => [f.to_bits(), 0, 0],
        Value::Ip(ip) => ip_words(ip),
        Value::Array(ArrayRef::Stored { offset, len, .. }) | Value::Map(MapRef::Stored { offset, len, .. }) => {
            [reference(offset as usize, len as usize), 0, 0]
        }
        Value::Nil | Value::U32(_) | Value::Bytes(_) | Value::Array(ArrayRef::Built(_)) | Value::Map(MapRef::Built(_)) => return None,
    })
}
