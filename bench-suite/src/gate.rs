//! The gate: nothing is timed before every row has answered every rule on every record as the reference does.

use std::sync::Arc;

use quintet::backend::Backend;
use quintet::{Batch, Instance, Matches, RecordId, RuleId, RuleSet, backend};
use quintet_peers::{Peer, Prepared, Task};
use quintet_results::Absent;

use crate::lineup::{Entry, Lineup};
use crate::load::Loaded;
use crate::verify::{Answer, Difference, Place, Verified, VerifyError};

/// [`verify_lineup`] for backends alone, with passes.
///
/// # Errors
/// See [`VerifyError`].
pub fn verify(loaded: &Loaded, backends: &[Arc<dyn Backend>]) -> Result<Verified, VerifyError> {
    verify_lineup(loaded, &Lineup::of(backends))
}

/// Evaluates every rule on every record with every row and compares with the reference: the interpreter on the rules as they were written,
/// before any pass. Backends answer in batches of either kind of memory and alone; other engines record by record, and with the sum of
/// their quickest way through all records.
///
/// A row that cannot run the workload is no difference: it is answered among [`Verified::absent`].
///
/// # Errors
/// See [`VerifyError`].
pub fn verify_lineup(loaded: &Loaded, lineup: &Lineup) -> Result<Verified, VerifyError> {
    let rules = loaded.linked.program().rules.len();
    let mut verified = Verified { matches: vec![0; rules], traps: 0, pairs: 0, absent: Vec::new() };
    let reference = Entry { backend: backend("interp").map_err(failed)?, passes: false };
    let mut judge = Runner::new(loaded, &reference)?;
    let mut runners = Vec::new();
    for entry in lineup.entries() {
        match entry.backend.supports(entry.linked(loaded)) {
            Ok(()) => runners.push(Runner::new(loaded, &entry)?),
            Err(unsupported) => verified.absent.push(Absent { id: entry.id(), reason: unsupported.to_string() }),
        }
    }
    let mut peers = Vec::new();
    for peer in &lineup.peers {
        match prepare(loaded, &**peer) {
            Ok(prepared) => peers.push((peer.id(), prepared)),
            Err(reason) => verified.absent.push(Absent { id: peer.id().into(), reason }),
        }
    }

    let (mut expected, mut found, mut hits) = (Matches::new(), Matches::new(), RuleSet::new());
    let mut first = 0;
    for (shared, plain) in loaded.batches.iter().zip(&loaded.plain_batches) {
        judge.instance.run_batch(shared, &mut expected).map_err(failed)?;
        let check = Check { loaded, first, reference: &judge.id };
        for Runner { id, instance } in &mut runners {
            instance.run_batch(shared, &mut found).map_err(failed)?;
            check.batch(&expected, id, &found, "in a batch")?;
            instance.run_batch(plain, &mut found).map_err(failed)?;
            check.batch(&expected, id, &found, "in a batch in plain memory")?;
            for record in shared.iter() {
                instance.run(record, &mut hits).map_err(failed)?;
                check.alone(&expected, id, record.index(), &hits)?;
            }
        }
        for place in (0..peers.len()).rev() {
            if let Err(reason) = check.peer(&expected, shared, &mut peers[place], &mut hits)? {
                let (id, _) = peers.remove(place);
                verified.absent.push(Absent { id: id.into(), reason });
            }
        }
        for (rule, count) in verified.matches.iter_mut().enumerate() {
            *count += expected.count(rule);
        }
        verified.traps += expected.traps().len();
        verified.pairs += rules * shared.len();
        first += shared.len();
    }
    let all = verified.matches.iter().map(|n| *n as u64).sum();
    for (id, mut prepared) in peers {
        match prepared.run_all() {
            Ok(sum) if sum == all => {}
            Ok(sum) => {
                return Err(VerifyError::Difference(Box::new(Difference {
                    workload: loaded.workload.name.clone(),
                    place: None,
                    reference: (judge.id, Answer::Pairs(all)),
                    other: (id.into(), Answer::Pairs(sum), "over all rules and records"),
                })));
            }
            Err(reason) => verified.absent.push(Absent { id: id.into(), reason: format!("over all records: {reason}") }),
        }
    }
    counts(loaded, &verified)?;
    Ok(verified)
}

/// A peer's own form of a workload, once it has compiled.
pub(crate) fn prepare<'l>(loaded: &'l Loaded, peer: &dyn Peer) -> Result<Box<dyn Prepared + 'l>, String> {
    if let Some((_, reason)) = loaded.workload.without.iter().find(|(id, _)| id == peer.id()) {
        return Err(reason.clone());
    }
    let task = Task { workload: &loaded.workload.name, program: loaded.unoptimised.program(), batches: &loaded.batches };
    let prepared = peer.prepare(task)?;
    prepared.compile().transpose()?;
    Ok(prepared)
}

fn failed(error: impl std::fmt::Display) -> VerifyError {
    VerifyError::Backend(error.to_string())
}

/// A row of a backend, ready to answer.
struct Runner {
    id: String,
    instance: Box<dyn Instance>,
}

impl Runner {
    fn new(loaded: &Loaded, entry: &Entry) -> Result<Runner, VerifyError> {
        let rules = loaded.engine.compile_linked(entry.linked(loaded), &*entry.backend).map_err(failed)?;
        Ok(Runner { id: entry.id(), instance: rules.instance().map_err(failed)? })
    }
}

/// Comparisons with the reference on one batch.
struct Check<'l> {
    loaded: &'l Loaded,
    /// The place of the batch's first record in the input, from 0.
    first: usize,
    reference: &'l str,
}

impl Check<'_> {
    fn batch(&self, expected: &Matches, id: &str, found: &Matches, how: &'static str) -> Result<(), VerifyError> {
        if found.words() == expected.words() && found.traps() == expected.traps() {
            return Ok(());
        }
        for record in 0..expected.records() {
            for rule in 0..expected.rules() {
                self.same(record, rule, in_batch(expected, rule, record), (id, in_batch(found, rule, record), how))?;
            }
        }
        Err(failed(format!("{id}: answers that are of no rule or record")))
    }

    fn alone(&self, expected: &Matches, id: &str, record: usize, hits: &RuleSet) -> Result<(), VerifyError> {
        for rule in 0..expected.rules() {
            if hits.contains(rule) != expected.get(RuleId(rule), RecordId(record))
                || !hits.traps().is_empty()
                || !expected.traps().is_empty()
            {
                self.same(record, rule, in_batch(expected, rule, record), (id, in_set(hits, rule), "alone"))?;
            }
        }
        Ok(())
    }

    /// Answers why the peer cannot go on, where it says so.
    fn peer(
        &self,
        expected: &Matches,
        batch: &Batch,
        (id, prepared): &mut (&'static str, Box<dyn Prepared + '_>),
        hits: &mut RuleSet,
    ) -> Result<Result<(), String>, VerifyError> {
        for record in 0..batch.len() {
            if let Err(reason) = prepared.run(self.first + record, hits) {
                return Ok(Err(format!("on record {}: {reason}", self.first + record + 1)));
            }
            self.alone(expected, id, record, hits)?;
        }
        Ok(Ok(()))
    }

    fn same(&self, record: usize, rule: usize, expected: Answer, found: (&str, Answer, &'static str)) -> Result<(), VerifyError> {
        if expected == found.1 {
            return Ok(());
        }
        let rule = &self.loaded.unoptimised.program().rules[rule];
        let span = rule.expr.span;
        let expression = self.loaded.workload.rules.get(span.start as usize..span.end as usize).unwrap_or_default();
        Err(VerifyError::Difference(Box::new(Difference {
            workload: self.loaded.workload.name.clone(),
            place: Some(Place { record: self.first + record + 1, rule: rule.name.clone(), expression: expression.to_owned() }),
            reference: (self.reference.to_owned(), expected),
            other: (found.0.to_owned(), found.1, found.2),
        })))
    }
}

/// The answer that `matches` holds; its traps are in order of record, then rule.
fn in_batch(matches: &Matches, rule: usize, record: usize) -> Answer {
    match matches.traps().binary_search_by_key(&(record, rule), |t| (t.record, t.rule)) {
        Ok(place) => Answer::Trap(matches.traps()[place].trap),
        Err(_) => Answer::Match(matches.get(RuleId(rule), RecordId(record))),
    }
}

/// The answer that `hits` holds.
fn in_set(hits: &RuleSet, rule: usize) -> Answer {
    match hits.traps().iter().find(|it| it.rule == rule) {
        Some(it) => Answer::Trap(it.trap),
        None => Answer::Match(hits.contains(rule)),
    }
}

/// Whether each rule matches as many records as the workload says.
fn counts(loaded: &Loaded, verified: &Verified) -> Result<(), VerifyError> {
    let workload = &loaded.workload;
    for (name, expected) in &workload.expected {
        let rule = loaded.linked.program().rules.iter().position(|r| r.name == *name);
        let Some(rule) = rule else {
            return Err(VerifyError::NoSuchRule { workload: workload.name.clone(), rule: name.clone() });
        };
        if verified.matches[rule] != *expected {
            return Err(VerifyError::Count {
                workload: workload.name.clone(),
                rule: name.clone(),
                expected: *expected,
                found: verified.matches[rule],
            });
        }
    }
    Ok(())
}
