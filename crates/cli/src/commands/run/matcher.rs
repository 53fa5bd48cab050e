//! Matching records on a thread.

use std::sync::Arc;
use std::time::Instant;

use quintet::backend::{Lifted, LiftedRules};
use quintet::{Batch, Instance, Matches, Rules, RunError};
use quintet_inputs::{Originals, Piece};

use crate::failure::Failure;
use crate::parallel::{Decoding, Times, Work};

/// What a thread needs to match the records of inputs.
pub struct Matcher {
    decoding: Decoding,
    rules: Rules,
    lifted: Option<Arc<LiftedRules>>,
    running: Option<Running>,
    times: Times,
}

/// What runs the rules.
enum Running {
    Written(Box<dyn Instance>),
    Lifted(Box<Lifted>),
}

impl Running {
    fn run_batch(&mut self, batch: &mut Batch, matches: &mut Matches) -> Result<(), RunError> {
        match self {
            Running::Written(instance) => instance.run_batch(batch, matches),
            Running::Lifted(lifted) => lifted.run_batch(batch, matches),
        }
    }
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
    pub fn new(decoding: Decoding, rules: Rules, lifted: Option<Arc<LiftedRules>>) -> Matcher {
        Matcher { decoding, rules, lifted, running: None, times: Times::default() }
    }

    /// Has it match the records of another input.
    pub fn begin(&mut self, decoding: Decoding) {
        self.decoding = decoding;
    }

    fn running(&mut self) -> Result<&mut Running, Failure> {
        let running = match (self.running.take(), &self.lifted) {
            (Some(running), _) => running,
            (None, Some(lifted)) => Running::Lifted(Box::new(lifted.instance().map_err(Failure::unusable)?)),
            (None, None) => Running::Written(self.rules.tests().map_err(Failure::unusable)?),
        };
        Ok(self.running.insert(running))
    }
}

impl Work for Matcher {
    type Done = Matched;

    fn next(&mut self, piece: &mut Piece, spare: Option<Matched>) -> Result<Option<Matched>, Failure> {
        let begun = Instant::now();
        let (reuse, mut matches) = spare.map_or_else(|| (None, Matches::new()), |spare| (Some(spare.batch), spare.matches));
        let read = self.decoding.next_batch(piece, reuse)?;
        self.times.reading += begun.elapsed();
        let Some((mut batch, numbers, originals)) = read else { return Ok(None) };
        let running = self.running()?;
        let begun = Instant::now();
        running.run_batch(&mut batch, &mut matches).map_err(Failure::unusable)?;
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
