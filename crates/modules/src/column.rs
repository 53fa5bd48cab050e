//! A function of fields, answered for all records of a batch at once.
//!
//! The module is told where the fields of the first record are and how far it is to those of the next, and reads them itself; what it answers are
//! words one after the other, and bytes that say which of them there are.

use std::ops::Range;
use std::sync::Arc;

use quintet_lang::ast::Const;
use quintet_lang::{FieldId, Limits, Type};
use quintet_runtime::{Argument, Batch, Many, ManyAnswers, Scratch, Trap, Value, ip_from_words, ip_words};

use crate::cells;
use crate::declaration::Shape;
use crate::instance::{Linear, Running, Stopped};
use crate::runs::Runs;
use crate::wasm::Wasm;

/// Calls that are made at once.
const BLOCK: usize = 512;

/// Of blocks in a row that could not be answered as a whole, those that count: each has twice as many left out after it.
const MOST_ENDED: u32 = 10;

/// Words of the longest answer.
const WORDS: usize = 3;

/// A function of a module whose arguments are fields of records, for hosts that want its answers as a column. The module has a form of the
/// function for many calls at once, so that entering the sandbox costs next to nothing for each.
pub struct Column {
    wasm: Arc<Wasm>,
    /// Among the items.
    item: usize,
    result: Type,
    may_be_nil: bool,
    params: Vec<Type>,
    /// By parameter, what it is given, and whether that must not be nil.
    args: Vec<(Source, bool)>,
    scratch: Scratch,
    /// How many blocks in a row the module could not answer as a whole.
    ended: u32,
    /// How many blocks it is not asked for, since it could not answer those before.
    leave: u32,
}

/// Where an argument is.
enum Source {
    Field(FieldId),
    Const(Const),
}

impl Column {
    /// The column of an item, if it is a function that has a form for many calls, takes these arguments, and answers Bool, Int, Float or Ip.
    pub(crate) fn new(wasm: &Arc<Wasm>, item: usize, args: &[Argument]) -> Option<Column> {
        let Shape::Function { params, result, may_be_nil } = &wasm.declaration.items()[item].shape else { return None };
        let has_column = wasm.with(|running| Ok(running.has_column(item))).ok()?;
        let plain = matches!(result, Type::Bool | Type::Int | Type::Float | Type::Ip);
        if params.len() != args.len() || !has_column || !plain {
            return None;
        }
        let source = |(arg, param): (&Argument, &crate::declaration::Field)| {
            let source = match arg {
                Argument::Field(id) => Source::Field(*id),
                Argument::Const(constant) if constant.ty() == param.ty => Source::Const(constant.clone()),
                Argument::Const(_) => return None,
            };
            Some((source, !param.nullable))
        };
        Some(Column {
            wasm: wasm.clone(),
            item,
            result: result.clone(),
            may_be_nil: *may_be_nil,
            params: params.iter().map(|param| param.ty.clone()).collect(),
            args: args.iter().zip(params).map(source).collect::<Option<_>>()?,
            scratch: Scratch::new(&Limits::default()),
            ended: 0,
            leave: 0,
        })
    }

    /// Whether the batch has the fields.
    fn fits(&self, batch: &Batch) -> bool {
        self.args.iter().zip(&self.params).all(|((source, _), param)| match source {
            Source::Field(id) => batch.scheme().fields().get(id.0 as usize).is_some_and(|field| field.ty == *param),
            Source::Const(_) => true,
        })
    }

    /// Answers the records of a batch, in order: nil where the function does, or where an argument is nil that must not be.
    ///
    /// # Errors
    /// [`Trap::ResultType`] where a field is none of the batch's scheme, or of another type than its parameter.
    pub fn each(&mut self, batch: &Batch, mut answer: impl FnMut(usize, Result<Value<'_>, Trap>)) -> Result<(), Trap> {
        if !self.fits(batch) {
            return Err(Trap::ResultType);
        }
        for records in blocks(batch) {
            self.scratch.reset();
            let entered = self.block(batch, records.clone(), |values, present| match self.result {
                Type::Int if present.iter().fold(1, |all, present| all & present) == 1 => {
                    records.clone().zip(values).for_each(|(record, word)| answer(record, Ok(Value::Int(*word as i64))));
                }
                Type::Int => {
                    for (record, (word, present)) in records.clone().zip(values.iter().zip(present)) {
                        let value = if *present != 0 { Ok(Value::Int(*word as i64)) } else { self.nil(batch, record) };
                        answer(record, value);
                    }
                }
                _ => {
                    let words = values.chunks_exact(self.result.words() as usize);
                    for (record, (words, present)) in records.clone().zip(words.zip(present)) {
                        let value = if *present != 0 { value(&self.result, words) } else { self.nil(batch, record) };
                        answer(record, value);
                    }
                }
            });
            // Where something in there is not as it should be, what that is, is found out one by one.
            if entered.is_err() {
                records.for_each(|record| answer(record, self.alone(batch, record)));
            }
        }
        Ok(())
    }

    /// Has the module answer records; `read` is given the words that it answers, and which of them there are. Answers what `read` does, and the steps that
    /// were taken.
    #[inline(always)]
    fn block<T>(&self, batch: &Batch, records: Range<usize>, read: impl FnOnce(&[u64], &[u8]) -> T) -> Result<(T, u64), Trap> {
        self.wasm.with(|running| {
            running.linear.begin();
            self.put(&mut running.linear, batch, records.clone())?;
            let values = running.out();
            let present = values + (BLOCK * WORDS * 8) as u32;
            running.linear.bytes_mut(present, records.len()).fill(0);
            let steps = running.enter_column(self.item, (values, present), records.len() as u32).map_err(Stopped::Ended)?;
            let Running { linear, .. } = running;
            let words = linear.words(values, records.len() * self.result.words() as usize);
            let flags: &[u8] = linear.bytes(present, records.len());
            Ok((read(words, flags), steps))
        })
    }

    /// Tells the module where the arguments are.
    fn put(&self, linear: &mut Linear, batch: &Batch, records: Range<usize>) -> Result<(), Stopped> {
        let (memory, layout) = (batch.memory(), batch.layout());
        // Where the batch lies in the module's memory, if it does.
        let window = linear.place(memory.bytes(0, memory.words().len() * 8));
        let first = batch.records_offset() + records.start * layout.stride();
        for (n, ((source, _), param)) in self.args.iter().enumerate().map(|(n, arg)| (n, (arg, &self.params[n]))) {
            let cell = match (source, window) {
                (Source::Field(id), Some(base)) => {
                    let slot = layout.slot(*id);
                    let (value, present) = ((first + slot.offset) as u32, (first + slot.presence_offset) as u32);
                    column(base, (value, present), slot.presence_bit, layout.stride() as u32)
                }
                (Source::Field(id), None) => {
                    let values = records.clone().map(|record| batch.record(record).value(*id));
                    let (at, words) = copied(linear, values, param)?;
                    column(at, (8, 0), 0, words * 8)
                }
                (Source::Const(constant), _) => {
                    let (at, _) = copied(linear, std::iter::once(Value::of(constant)), param)?;
                    column(at, (8, 0), 0, 0)
                }
            };
            linear.set_cell(cells::nth(linear.places.host, n as u32), cell);
        }
        Ok(())
    }

    /// What a record's answer is that is not there: nil, unless it must not be.
    #[cold]
    fn nil(&self, batch: &Batch, record: usize) -> Result<Value<'static>, Trap> {
        let lacks = |(source, needed): &(Source, bool)| match source {
            Source::Field(id) => *needed && batch.record(record).value(*id).is_nil(),
            Source::Const(_) => false,
        };
        if self.may_be_nil || self.args.iter().any(lacks) { Ok(Value::Nil) } else { Err(Trap::ResultType) }
    }

    /// The answer of one record.
    fn alone<'a>(&'a self, batch: &'a Batch, record: usize) -> Result<Value<'a>, Trap> {
        let arg = |(source, _): &'a (Source, bool)| match source {
            Source::Field(id) => batch.record(record).value(*id),
            Source::Const(constant) => Value::of(constant),
        };
        let args: Vec<Value<'_>> = self.args.iter().map(arg).collect();
        if self.args.iter().zip(&args).any(|((_, needed), arg)| *needed && arg.is_nil()) {
            return Ok(Value::Nil);
        }
        match self.wasm.call(self.item, (&self.params, &args), &self.result, &self.scratch)? {
            Value::Nil => self.nil(batch, record),
            value => Ok(value),
        }
    }
}

impl Many for Column {
    fn answer(&mut self, batch: &Batch, answers: &mut ManyAnswers) {
        let (words, fits) = (self.result.words() as usize, self.fits(batch));
        answers.words.reserve(batch.len() * words);
        for records in blocks(batch) {
            if self.leave > 0 || !fits {
                self.leave = self.leave.saturating_sub(1);
                leave(answers, records, words);
                continue;
            }
            let entered = self.block(batch, records.clone(), |values, present| {
                let start = answers.words.len();
                answers.words.extend_from_slice(values);
                answers.present.extend_from_slice(present);
                for (n, words) in answers.words[start..].chunks_exact_mut(words).enumerate() {
                    let there = present[n] != 0;
                    let ok = match (&self.result, &*words) {
                        (_, _) if !there => self.may_be_nil || self.nil(batch, records.start + n).is_ok(),
                        (Type::Int, _) => true,
                        (Type::Float, [bits]) => {
                            words[0] = cells::float(*bits).to_bits();
                            true
                        }
                        (ty, words) => value(ty, words).is_ok(),
                    };
                    if !ok {
                        answers.left.push(records.start + n);
                    }
                }
            });
            match entered {
                Ok(((), steps)) => {
                    answers.steps = answers.steps.max(steps);
                    self.ended = 0;
                }
                Err(_) => {
                    leave(answers, records, words);
                    self.ended = (self.ended + 1).min(MOST_ENDED);
                    self.leave = (1 << self.ended) - 1;
                }
            }
        }
    }
}

/// Leaves records to be answered one by one.
fn leave(answers: &mut ManyAnswers, records: Range<usize>, words: usize) {
    answers.words.resize(records.end * words, 0);
    answers.present.resize(records.end, 0);
    answers.left.extend(records);
}

/// The records of a batch, so many at a time as are answered at once.
fn blocks(batch: &Batch) -> impl Iterator<Item = Range<usize>> + use<> {
    let len = batch.len();
    (0..len).step_by(BLOCK).map(move |start| start..len.min(start + BLOCK))
}

/// An argument as the module is told of it.
fn column(base: u32, (value, present): (u32, u32), bit: u32, stride: u32) -> cells::Cell {
    let two = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
    [two(base, value), two(present, bit), u64::from(stride), 0]
}

/// Copies values, each a word that says whether there is one, and its own. Answers where they are, and the words of each.
fn copied<'v>(linear: &mut Linear, values: impl Iterator<Item = Value<'v>>, ty: &Type) -> Result<(u32, u32), Stopped> {
    let width = 1 + ty.words() as usize;
    let mut words = Vec::new();
    let mut texts = Vec::new();
    for value in values {
        let start = words.len();
        words.resize(start + width, 0);
        let Some(own) = words.get_mut(start + 1..) else { continue };
        match value {
            Value::Nil => continue,
            Value::Bool(b) => own[0] = u64::from(b),
            Value::Int(i) => own[0] = i as u64,
            Value::U32(u) => own[0] = u64::from(u),
            Value::Float(f) => own[0] = f.to_bits(),
            Value::Ip(ip) => own.copy_from_slice(&ip_words(ip)),
            Value::Bytes(bytes) => texts.push((start + 1, bytes)),
            // These refer to a block of their own.
            Value::Array(_) | Value::Map(_) => return Err(Stopped::Before(Trap::Memory)),
        }
        words[start] = 1;
    }
    let at = linear.copy(&vec![0; words.len() * 8]).map_err(Stopped::Before)?;
    for (place, bytes) in texts {
        let text = linear.copy(bytes).map_err(Stopped::Before)?;
        // Offsets count from the values.
        words[place] = u64::from(text - at) | (bytes.len() as u64) << 32;
    }
    let bytes = linear.bytes_mut(at, words.len() * 8);
    bytes.as_chunks_mut::<8>().0.iter_mut().zip(&words).for_each(|(bytes, word)| *bytes = word.to_le_bytes());
    Ok((at, width as u32))
}

/// The value that words of an answer are.
///
/// # Errors
/// [`Trap::ResultType`] where they are none.
fn value(ty: &Type, words: &[u64]) -> Result<Value<'static>, Trap> {
    match (ty, words) {
        (Type::Int, [word]) => Ok(Value::Int(*word as i64)),
        (Type::Bool, [word @ (0 | 1)]) => Ok(Value::Bool(*word == 1)),
        (Type::Float, [word]) => Ok(Value::Float(cells::float(*word))),
        (Type::Ip, [4, 0, low]) if *low <= u64::from(u32::MAX) => Ok(Value::Ip(ip_from_words([4, 0, *low]))),
        (Type::Ip, [6, high, low]) => Ok(Value::Ip(ip_from_words([6, *high, *low]))),
        _ => Err(Trap::ResultType),
    }
}
