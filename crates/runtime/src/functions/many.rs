//! A function answered for all records of a batch at once.

use quintet_lang::FieldId;
use quintet_lang::ast::Const;

use crate::batch::Batch;

/// An argument that is known of each record before rules run.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument {
    /// A field.
    Field(FieldId),
    /// A constant.
    Const(Const),
}

/// What makes the calls of a function for many records at once. See [`Function::many`](super::Function::many).
pub trait Many: Send {
    /// Answers all records of a batch; `answers` is empty.
    fn answer(&mut self, batch: &Batch, answers: &mut ManyAnswers);
}

/// The answers of a function for the records of a batch.
#[derive(Debug, Default)]
pub struct ManyAnswers {
    /// Of each record, as many words as a slot of the type has; see [`Layout`](crate::Layout).
    pub words: Vec<u64>,
    /// Of each record, 1 where the function answers a value and 0 where it answers nil.
    pub present: Vec<u8>,
    /// Records whose answer is not there, in order: their calls trap, or are better made one by one.
    pub left: Vec<usize>,
    /// The most steps that a call takes whose answer is there, without those of its arguments.
    pub steps: u64,
}

impl ManyAnswers {
    /// Forgets all of them, but for the memory.
    pub fn clear(&mut self) {
        self.words.clear();
        self.present.clear();
        self.left.clear();
        self.steps = 0;
    }
}
