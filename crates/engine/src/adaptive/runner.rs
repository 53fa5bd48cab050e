//! One thread's instance, which goes from tier to tier.

use std::cell::OnceCell;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use quintet_lang::Limits;
use quintet_lang::ast::FnId;
use quintet_runtime::{
    ArenaKind, Batch, CallError, FilterError, Instance, Interrupter, Matches, OwnedValue, RecordRef, Relay, RuleSet, RunError, Value,
    WriteMatches,
};

use super::shared::{Shared, Stage};
use super::trial::Trial;
use super::{FIRST, QUICK, Schedule, clock};
use crate::asked::Asked;

/// Records until the first look at the clock, from one to the next at most, and the same while tiers are tried.
const FIRST_GAP: u64 = 16;
const MOST_GAP: u64 = 4096;
const TRIAL_GAP: u64 = 16;
/// Records of the first part of a batch that is evaluated in parts, of which the others are multiples; the nanoseconds that a part is to take
/// while code is compiled and tried; and the least until there is something to decide.
const PART: usize = 64;
const PART_TIME: f64 = 100_000.0;
const LEAST_TIME: f64 = 1_000.0;
/// Records of a part that all rules are asked about before the next ones: few enough to stay in the nearer caches, and so many that the calls
/// for each rule take little. A multiple of [`PART`].
const NEAR: usize = 1024;
/// What a look takes in all, ns, and one over the share of the time that looks may take.
const LOOK: f64 = 80.0;
const SHARE: f64 = 100.0;

/// The instance.
pub(crate) struct Runner {
    /// Records until the next look, and how many there were at the last one.
    left: u64,
    gap: u64,
    /// The tier that answers.
    now: Asked,
    tier: usize,
    /// The rule that it is asked by its name, if it is one.
    rule: Option<usize>,
    /// Nanoseconds a record at the last look.
    rate: f64,
    shared: Arc<Shared>,
    limits: Limits,
    /// What reaches the tier that answers, once that was asked for.
    relay: OnceCell<Relay>,
    /// The instances of the other tiers, while they are tried.
    others: Vec<(usize, Asked)>,
    trial: Option<Box<Trial>>,
}

/// The instance, asked one rule by its name if it is to be.
fn asked(instance: Box<dyn Instance>, rule: Option<usize>) -> Asked {
    match rule {
        Some(rule) => Asked::of(instance, rule),
        None => Asked::Other(instance, 0),
    }
}

impl Runner {
    pub(super) fn new(shared: Arc<Shared>, limits: &Limits, tier: usize, now: Box<dyn Instance>) -> Runner {
        let gap = match (shared.ladder.schedule, shared.stage()) {
            (Schedule::Turns, _) => 0,
            (_, Stage::Settled) => u64::MAX,
            (_, Stage::Begun | Stage::Asked | Stage::Ready) => FIRST_GAP,
        };
        let rule = (shared.linked.program().rules.len() == 1).then_some(0);
        Runner {
            left: gap,
            gap,
            now: asked(now, rule),
            tier,
            rule,
            rate: f64::INFINITY,
            shared,
            limits: limits.clone(),
            relay: OnceCell::new(),
            others: Vec::new(),
            trial: None,
        }
    }

    /// The same for whoever asks this rule alone.
    pub(crate) fn alone(self: Box<Runner>, rule: usize) -> Box<Runner> {
        if self.rule == Some(rule) {
            return self;
        }
        let Runner { now, others, .. } = *self;
        let of = |tier: Asked| Asked::of(tier.into_instance(), rule);
        let others = others.into_iter().map(|(tier, other)| (tier, of(other))).collect();
        Box::new(Runner { now: of(now), rule: Some(rule), others, ..*self })
    }

    /// Asks the tier that answers about so many records.
    #[inline(always)]
    fn ask<T>(&mut self, records: usize, ask: impl FnOnce(&mut dyn Instance) -> T) -> T {
        if self.left > records as u64 {
            self.left -= records as u64;
            return ask(self.now.instance_mut());
        }
        self.look(records, ask)
    }

    /// Records from one on that are evaluated before another tier may have the turn: all that are left, or as many as come until
    /// there is something to decide, or as take [`PART_TIME`].
    fn part(&self, left: usize) -> usize {
        let (linked, schedule) = (&self.shared.linked, self.shared.ladder.schedule);
        let is_open = self.gap != u64::MAX && schedule != Schedule::Turns;
        // Where rules are asked about few records each, all of them are asked at once.
        if !is_open || linked.is_prefiltered() || linked.program().rules.is_empty() {
            return left;
        }
        // So quick that the clock did not see it is a rate of 0.
        let calm = self.shared.calm(self.tier, PART);
        let time = if calm > 0.0 { calm.max(LEAST_TIME) } else { PART_TIME };
        let records = if self.rate.is_finite() { (time / self.rate) as usize } else { PART };
        left.min(records.min(left).next_multiple_of(PART).max(PART))
    }

    /// Evaluates a batch of which `first` records are the first part, rule by rule.
    fn in_parts(&mut self, batch: &Batch, first: usize, out: &mut Matches) -> Result<(), RunError> {
        let rules = self.shared.linked.program().rules.len();
        out.reset(rules, batch.len());
        // The answers of a rule to a part.
        let mut part = Matches::new();
        let (mut begin, mut records) = (0, first);
        while records > 0 {
            self.ask(records, |now| {
                for first in (begin..begin + records).step_by(NEAR) {
                    let near = first..(first + NEAR).min(begin + records);
                    for rule in 0..rules {
                        now.run_rule(rule, batch, near.clone(), &mut part)?;
                        for (block, bits) in part.words().iter().enumerate() {
                            out.set_block(rule, first / 64 + block, *bits);
                        }
                        part.traps().iter().for_each(|it| out.trap(rule, first + it.record, (it.trap, it.span)));
                    }
                }
                Ok(())
            })?;
            begin += records;
            records = self.part(batch.len() - begin);
        }
        out.finish();
        Ok(())
    }

    /// What [`Instance::test`] answers for the rule that it was made [`alone`](Runner::alone) for; of why there is no answer it is not said yet
    /// whose it is, see [`Runner::own_reason`].
    #[inline(always)]
    pub(crate) fn ask_alone(&mut self, record: RecordRef<'_>, why: &mut Option<FilterError>) -> Option<bool> {
        if self.left <= 1 {
            return self.look_alone(record, why);
        }
        self.left -= 1;
        self.now.ask_now(record, why)
    }

    /// The same where there is more to do.
    #[cold]
    #[inline(never)]
    fn look_alone(&mut self, record: RecordRef<'_>, why: &mut Option<FilterError>) -> Option<bool> {
        let rule = self.rule.unwrap_or_default();
        self.ask(1, |now| now.test(rule, record, why))
    }

    /// Asks, with a look at what pays before and at the clock around it.
    #[cold]
    #[inline(never)]
    fn look<T>(&mut self, records: usize, ask: impl FnOnce(&mut dyn Instance) -> T) -> T {
        let since = (self.gap - self.left).saturating_add(records as u64);
        self.choose();
        let start = Instant::now();
        let answer = ask(self.now.instance_mut());
        let nanoseconds = clock::since(start);
        self.note(records, since, nanoseconds);
        answer
    }

    /// Goes to the tier whose turn it is.
    fn choose(&mut self) {
        if self.shared.ladder.schedule == Schedule::Turns {
            return self.next();
        }
        match self.shared.stage() {
            Stage::Begun | Stage::Asked => {
                if self.tier == FIRST && self.shared.has_quick() {
                    self.reach(QUICK);
                    self.others.clear();
                }
            }
            Stage::Ready => {
                if self.trial.is_none() {
                    self.join();
                    let mut tiers: Vec<usize> = std::iter::once(self.tier).chain(self.others.iter().map(|other| other.0)).collect();
                    // What the first tier would be timed for takes longer than what it could save beside the second.
                    if tiers.contains(&QUICK) {
                        tiers.retain(|tier| *tier != FIRST);
                    }
                    match tiers.as_slice() {
                        [only] => self.shared.settle(*only),
                        _ => self.trial = Some(Box::new(Trial::of(tiers))),
                    }
                }
                match self.trial.as_ref().map(|trial| trial.turn()) {
                    Some(tier) => self.switch(tier),
                    None => self.stay(),
                }
            }
            Stage::Settled => self.stay(),
        }
    }

    /// Goes to the tier that stays, for good.
    fn stay(&mut self) {
        if let [(winner, _)] = self.shared.there().as_slice() {
            self.reach(*winner);
        }
        self.others.clear();
        self.trial = None;
        (self.left, self.gap) = (u64::MAX, u64::MAX);
    }

    /// Goes to another tier with each call.
    fn next(&mut self) {
        if self.others.is_empty() {
            self.join();
        }
        if let Some((next, _)) = self.others.first() {
            self.switch(*next);
            self.others.rotate_left(1);
        }
    }

    /// Makes instances of all other tiers that are there, as far as there is memory.
    fn join(&mut self) {
        let (tier, limits) = (self.tier, &self.limits);
        let others = self.shared.there().into_iter().filter(|other| other.0 != tier);
        self.others = others.filter_map(|(tier, code)| Some((tier, asked(code.instantiate(limits).ok()?, self.rule)))).collect();
    }

    /// Goes to a tier, if it is there and there is memory for its instance.
    fn reach(&mut self, tier: usize) {
        if self.tier != tier && self.others.iter().all(|other| other.0 != tier) {
            self.join();
        }
        self.switch(tier);
    }

    /// Goes to a tier, if there is an instance of it, and takes interrupts there that wait.
    fn switch(&mut self, tier: usize) {
        let Some(place) = self.others.iter().position(|other| other.0 == tier) else { return };
        let (other, instance) = &mut self.others[place];
        std::mem::swap(other, &mut self.tier);
        std::mem::swap(instance, &mut self.now);
        if let Some(relay) = self.relay.get() {
            relay.pass_to(self.now.instance().interrupter());
        }
    }

    /// Notes what an evaluation of so many records took, which stands for all since the last look.
    fn note(&mut self, records: usize, since: u64, nanoseconds: u64) {
        if self.gap == u64::MAX || self.shared.ladder.schedule == Schedule::Turns {
            return;
        }
        self.gap = match &mut self.trial {
            Some(trial) => {
                if let Some(winner) = trial.add(self.tier, records, nanoseconds) {
                    self.shared.settle(winner);
                }
                self.gap.min(TRIAL_GAP)
            }
            None => {
                // An evaluation that was interrupted by another process stands for no others.
                let rate = nanoseconds as f64 / records.max(1) as f64;
                let low = rate.min(self.rate);
                self.rate = rate;
                self.shared.spend(self.tier, records, (low * since as f64) as u64);
                ((SHARE * LOOK / low) as u64).clamp(1, MOST_GAP)
            }
        };
        self.left = self.gap;
    }

    /// Says of an error that it is the adaptive backend's, whichever tier it came from.
    #[cold]
    fn own(&self, error: RunError) -> RunError {
        error.by(self.shared.ladder.id)
    }

    /// The same of why there is no answer.
    #[cold]
    pub(crate) fn own_reason(&self, error: FilterError) -> FilterError {
        error.by(self.shared.ladder.id)
    }
}

impl Instance for Runner {
    fn run(&mut self, record: RecordRef<'_>, hits: &mut RuleSet) -> Result<(), RunError> {
        self.ask(1, |now| now.run(record, hits)).map_err(|error| self.own(error))
    }

    fn run_batch(&mut self, batch: &Batch, out: &mut Matches) -> Result<(), RunError> {
        let part = self.part(batch.len());
        if part < batch.len() {
            return self.in_parts(batch, part, out).map_err(|error| self.own(error));
        }
        self.ask(batch.len(), |now| now.run_batch(batch, out)).map_err(|error| self.own(error))
    }

    fn run_rule(&mut self, rule: usize, batch: &Batch, records: Range<usize>, out: &mut Matches) -> Result<(), RunError> {
        self.ask(records.len(), |now| now.run_rule(rule, batch, records, out)).map_err(|error| self.own(error))
    }

    fn test(&mut self, rule: usize, record: RecordRef<'_>, why: &mut Option<FilterError>) -> Option<bool> {
        let answer = self.ask(1, |now| now.test(rule, record, why));
        if answer.is_none() {
            *why = why.take().map(|error| self.own_reason(error));
        }
        answer
    }

    fn call(
        &mut self,
        function: FnId,
        record: RecordRef<'_>,
        args: &[Value<'_>],
        results: &mut Vec<Option<OwnedValue>>,
    ) -> Result<(), CallError> {
        self.ask(1, |now| now.call(function, record, args, results)).map_err(|error| match error {
            CallError::Run(error) => CallError::Run(self.own(error)),
            CallError::Arguments(_) | CallError::Trap(_) => error,
        })
    }

    fn memory_bytes(&self) -> usize {
        let others = self.others.iter().map(|(_, other)| other.instance().memory_bytes()).sum::<usize>();
        size_of::<Runner>() + self.now.instance().memory_bytes() + others
    }

    fn interrupter(&self) -> Interrupter {
        self.relay.get_or_init(|| Relay::new(self.now.instance().interrupter())).interrupter()
    }

    fn reads_in_place(&self, arena: ArenaKind) -> bool {
        self.now.instance().reads_in_place(arena)
    }
}
