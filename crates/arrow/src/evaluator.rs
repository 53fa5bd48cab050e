//! Rules over rows.

use arrow_array::{BooleanArray, RecordBatch};
use arrow_buffer::{BooleanBuffer, Buffer};
use arrow_schema::Schema;
use quintet_lang::Scheme;
use quintet_runtime::{ArenaError, Batch, Instance, Matches, RecordError, TrapAt};

use crate::error::Error;
use crate::filler::{Filler, Unfit, parts};

/// What runs rules on a batch.
pub type Run<'r> = &'r mut dyn FnMut(&Batch, &mut Matches) -> Result<(), Error>;

/// Runs rules over the rows of one schema. It is one thread's, as instances of the rules are.
pub struct Evaluator {
    filler: Filler,
    matches: Matches,
    spare: Option<Batch>,
}

/// What rules answer on rows.
#[derive(Debug, Default)]
pub struct Answers {
    /// How many rows there were.
    pub rows: usize,
    /// For each rule the words of a mask: bit `i % 64` of word `i / 64` is row `i`.
    masks: Vec<Vec<u64>>,
    /// Where rules trapped, in order of the rows: there they do not match. Records are rows, counted from 0.
    pub traps: Vec<TrapAt>,
    /// Values that did not fit their field, by field.
    pub unfit: Vec<Unfit>,
}

impl Evaluator {
    /// Runs rules that are checked against `scheme` on rows of a schema.
    ///
    /// # Errors
    /// As [`Filler::new`].
    pub fn new(scheme: &Scheme, schema: &Schema) -> Result<Evaluator, Error> {
        Ok(Evaluator { filler: Filler::new(scheme, schema)?, matches: Matches::new(), spare: None })
    }

    /// Which rules of an instance match which rows.
    ///
    /// # Errors
    /// As [`Filler::fill`]; and what ends the instance.
    pub fn evaluate(&mut self, instance: &mut dyn Instance, rows: &RecordBatch) -> Result<Answers, Error> {
        self.evaluate_with(rows, &mut |batch, matches| Ok(instance.run_batch(batch, matches)?))
    }

    /// The same, with what runs a batch: for rules that keep state, their session. Rows are run in order. After an error those before may have
    /// been.
    ///
    /// # Errors
    /// As [`Filler::fill`]; and what `run` says.
    pub fn evaluate_with(&mut self, rows: &RecordBatch, run: Run<'_>) -> Result<Answers, Error> {
        let mut answers = Answers::default();
        for (at, part) in parts(rows) {
            self.part(run, at, &part, &mut answers)?;
        }
        answers.rows = rows.num_rows();
        let words = answers.rows.div_ceil(64);
        answers.masks.iter_mut().for_each(|mask| mask.resize(words, 0));
        Ok(answers)
    }

    /// Adds what rows from `at` on come to. Rows that take more than a batch holds are halved.
    fn part(&mut self, run: Run<'_>, at: usize, rows: &RecordBatch, answers: &mut Answers) -> Result<(), Error> {
        let filled = match self.filler.fill(rows, self.spare.take()) {
            Err(Error::Record(RecordError::Arena(ArenaError::Full)) | Error::Arena(ArenaError::Full)) if rows.num_rows() > 1 => {
                let half = rows.num_rows() / 2;
                self.part(run, at, &rows.slice(0, half), answers)?;
                return self.part(run, at + half, &rows.slice(half, rows.num_rows() - half), answers);
            }
            Err(Error::Null { field, row }) => return Err(Error::Null { field, row: row + at }),
            filled => filled?,
        };
        let (batch, unfit) = filled;
        run(&batch, &mut self.matches)?;
        answers.masks.resize_with(self.matches.rules(), Vec::new);
        for (rule, mask) in answers.masks.iter_mut().enumerate() {
            append(mask, at, self.matches.row(rule));
        }
        answers.traps.extend(self.matches.traps().iter().map(|trap| TrapAt { record: trap.record + at, ..*trap }));
        for mut unfit in unfit {
            unfit.first += at;
            match answers.unfit.iter_mut().find(|known| known.field == unfit.field) {
                Some(known) => known.count += unfit.count,
                None => answers.unfit.push(unfit),
            }
        }
        self.spare = Some(batch);
        Ok(())
    }
}

/// Adds words of bits to a mask that has `at` of them.
fn append(mask: &mut Vec<u64>, at: usize, row: &[u64]) {
    let shift = at % 64;
    if shift == 0 {
        mask.truncate(at / 64);
        mask.extend_from_slice(row);
        return;
    }
    mask.resize(at / 64 + 1, 0);
    for word in row {
        if let Some(last) = mask.last_mut() {
            *last |= word << shift;
        }
        mask.push(word >> (64 - shift));
    }
}

impl Answers {
    /// Rules.
    pub fn rules(&self) -> usize {
        self.masks.len()
    }

    /// The words of a rule's mask: bit `i % 64` of word `i / 64` is row `i`, and bits after the last row are 0.
    ///
    /// # Panics
    /// When there is no such rule.
    pub fn words(&self, rule: usize) -> &[u64] {
        &self.masks[rule]
    }

    /// The mask of a rule, or none where there is no such rule.
    pub fn mask(&self, rule: usize) -> Option<BooleanArray> {
        let words = self.masks.get(rule)?;
        Some(BooleanArray::new(BooleanBuffer::new(Buffer::from_slice_ref(words), 0, self.rows), None))
    }

    /// The words of each rule's mask, as [`Answers::words`] has them.
    pub fn into_words(self) -> Vec<Vec<u64>> {
        self.masks
    }

    /// How many rows a rule matches.
    pub fn count(&self, rule: usize) -> usize {
        self.masks.get(rule).map_or(0, |words| words.iter().map(|word| word.count_ones() as usize).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_put_together_at_any_bit() {
        let bits: Vec<bool> = (0..500usize).map(|i| i.is_multiple_of(3) || i.is_multiple_of(7)).collect();
        let words = |bits: &[bool]| {
            let word = |chunk: &[bool]| chunk.iter().rev().fold(0u64, |word, bit| word << 1 | u64::from(*bit));
            bits.chunks(64).map(word).collect::<Vec<_>>()
        };
        for cut in [1, 5, 63, 64, 65, 128, 200, 499] {
            let mut mask = Vec::new();
            append(&mut mask, 0, &words(&bits[..cut]));
            append(&mut mask, cut, &words(&bits[cut..]));
            mask.resize(500usize.div_ceil(64), 0);
            assert_eq!(mask, words(&bits), "{cut}");
        }
    }
}
