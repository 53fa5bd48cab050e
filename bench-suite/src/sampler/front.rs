//! What comes before any backend: parse, check, passes, link, read.

use std::hint::black_box;
use std::time::Duration;

use quintet::{Batch, Engine};
use quintet_results::{FrontEnd, Measure};

use super::clock::{Clock, repeats};
use super::{MeasureError, failed};
use crate::load::Loaded;

/// The front end and the empty loop, and how often each of their samples repeats.
pub(super) struct Front<'l> {
    loaded: &'l Loaded,
    parsed: quintet_lang::syntax::File<'l>,
    linker: Engine,
    parse: usize,
    check: usize,
    passes: usize,
    link: usize,
    read: usize,
    empty: usize,
    front_end: FrontEnd,
    no_op: Measure,
}

impl<'l> Front<'l> {
    pub(super) fn new(loaded: &'l Loaded, sample: Duration) -> Result<Front<'l>, MeasureError> {
        let (source, limits) = (&loaded.workload.rules, loaded.engine.limits());
        let mut front = Front {
            loaded,
            parsed: quintet_lang::parse(source, limits).map_err(failed)?,
            linker: loaded.linker(),
            parse: 1,
            check: 1,
            passes: 1,
            link: 1,
            read: 1,
            empty: 1,
            front_end: FrontEnd::default(),
            no_op: Measure::default(),
        };
        front.parse = repeats(sample, || quintet_lang::parse(source, limits).map_err(failed))?;
        front.check = repeats(sample, || quintet_lang::check(&front.parsed, loaded.linked.scheme(), limits).map_err(failed))?;
        front.passes = repeats(sample, || Ok::<_, MeasureError>(loaded.engine.optimise(loaded.unoptimised.program())))?;
        front.link = repeats(sample, || front.linker.link(loaded.linked.program().clone()).map_err(failed))?;
        front.read = repeats(sample, || loaded.read_again().map_err(failed))?;
        front.empty = repeats(sample, || Ok::<_, MeasureError>(walk(&loaded.batches)))?;
        Ok(front)
    }

    pub(super) fn sample(&mut self, clock: &Clock) -> Result<(), MeasureError> {
        let loaded = self.loaded;
        let (source, limits, records) = (&loaded.workload.rules, loaded.engine.limits(), loaded.records() as f64);
        let parse = clock.time(self.parse, || quintet_lang::parse(source, limits).map_err(failed))?;
        let check = clock.time(self.check, || quintet_lang::check(&self.parsed, loaded.linked.scheme(), limits).map_err(failed))?;
        let passes = clock.time(self.passes, || Ok::<_, MeasureError>(loaded.engine.optimise(loaded.unoptimised.program())))?;
        let link = clock.time_using(self.link, || loaded.linked.program().clone(), |program| self.linker.link(program).map_err(failed))?;
        let read = clock.time(self.read, || loaded.read_again().map_err(failed))?;
        let empty = clock.time(self.empty, || Ok::<_, MeasureError>(walk(&loaded.batches)))?;
        let front_end = &mut self.front_end;
        front_end.parse.push(0, parse);
        front_end.check.push(0, check);
        front_end.passes.push(0, passes);
        front_end.link.push(0, link);
        front_end.read.push(0, read / records);
        self.no_op.push(0, empty / records);
        Ok(())
    }

    /// The samples since they were taken last.
    pub(super) fn take(&mut self) -> (FrontEnd, Measure) {
        (std::mem::take(&mut self.front_end), std::mem::take(&mut self.no_op))
    }
}

/// Touches every record as a batch run would, and evaluates nothing.
fn walk(batches: &[Batch]) -> u64 {
    batches.iter().flat_map(Batch::iter).fold(0, |sum, r| sum ^ black_box(r.memory().word(r.offset())))
}
