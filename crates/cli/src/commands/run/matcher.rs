//! Matching records on a thread.

use std::time::Instant;

use quintet::{Batch, Instance, Matches, Rules};
use quintet_inputs::{Originals, Piece};

use crate::failure::Failure;
use crate::parallel::{Decoding, Times, Work};

/// What a thread needs to match the records of inputs.
pub struct Matcher {
    decoding: Decoding,
    rules: Rules,
    instance: Option<Box<dyn Instance>>,
    times: Times,
}

/// A batch of records, and which rules match them.
pub struct Matched {
    pub batch: Batch,
    pub matches: Matches,
    /// The records' numbers in their input.
    pub numbers: Vec<u64>,
    /// The records as they stand in their input, if they are kept.
    pub originals: Originals,
}

impl Matcher {
    /// A matcher of an input's records. It makes its instance when it needs one.
    pub fn new(decoding: Decoding, rules: Rules) -> Matcher {
        Matcher { decoding, rules, instance: None, times: Times::default() }
    }

    /// Has it match the records of another input.
    pub fn begin(&mut self, decoding: Decoding) {
        self.decoding = decoding;
    }

    fn instance(&mut self) -> Result<&mut dyn Instance, Failure> {
        let instance = match self.instance.take() {
            Some(instance) => instance,
            None => self.rules.instance().map_err(Failure::unusable)?,
        };
        Ok(&mut **self.instance.insert(instance))
    }
}

impl Work for Matcher {
    type Done = Matched;

    fn next(&mut self, piece: &mut Piece, spare: Option<Matched>) -> Result<Option<Matched>, Failure> {
        let begun = Instant::now();
        let (reuse, mut matches) = spare.map_or_else(|| (None, Matches::new()), |spare| (Some(spare.batch), spare.matches));
        let read = self.decoding.next_batch(piece, reuse)?;
        self.times.reading += begun.elapsed();
        let Some((batch, numbers, originals)) = read else { return Ok(None) };
        let instance = self.instance()?;
        let begun = Instant::now();
        instance.run_batch(&batch, &mut matches).map_err(Failure::unusable)?;
        self.times.matching += begun.elapsed();
        Ok(Some(Matched { batch, matches, numbers, originals }))
    }

    fn decoding(&mut self) -> &mut Decoding {
        &mut self.decoding
    }

    fn times(&mut self) -> &mut Times {
        &mut self.times
    }
}
