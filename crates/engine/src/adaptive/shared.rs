//! What all instances of a program share: the tiers that there are, what was spent, and the outcome.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use quintet_lang::Limits;
use quintet_runtime::{Artifact, Compiled, Instance, InstantiateError, Linked};

use super::pool::{self, Job};
use super::runner::Runner;
use super::{BEST, FIRST, Ladder, Pays, QUICK, Schedule, TIERS, estimate, make_stencils};

/// The most rules that the evaluating thread puts together from stencils itself: a matter of some twenty microseconds.
const IN_PASSING: usize = 64;

/// Bytes of compiled code of all programs of the process from which on no more is compiled in the background.
const CODE_BYTES: usize = 256 << 20;

/// Bytes of code that was compiled in the background and is kept.
static KEPT: AtomicUsize = AtomicUsize::new(0);

/// Where a program is; it only goes forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Stage {
    /// It runs in the first two tiers.
    Begun,
    /// The third is being compiled.
    Asked,
    /// All that there will be is there, to be tried.
    Ready,
    /// One tier stays.
    Settled,
}

/// A program in its tiers.
pub(super) struct Shared {
    /// Itself, for instances and the background.
    this: Weak<Shared>,
    pub(super) ladder: Arc<Ladder>,
    pub(super) linked: Arc<Linked>,
    /// The first tier, which stays: it is small beside the others.
    first: Arc<dyn Compiled>,
    /// The others that are there; once it has settled, at most one.
    later: Mutex<[Option<Arc<dyn Compiled>>; TIERS]>,
    /// The tier that stays, once it has settled.
    winner: AtomicUsize,
    stage: AtomicU8,
    /// Whether putting it together from stencils was tried, or is about to be.
    quick_tried: AtomicBool,
    /// Whether the second tier is there.
    quick: AtomicBool,
    /// Nanoseconds that evaluating took, until it went on to the next tier.
    spent: AtomicU64,
    /// What compiling will take, once that is asked.
    estimate: OnceLock<u64>,
    /// See [`Pays`], of the first tier.
    first_pays: OnceLock<f64>,
    /// What the third tier counts among [`KEPT`].
    kept: AtomicUsize,
}

impl Shared {
    pub(super) fn new(ladder: &Arc<Ladder>, linked: &Arc<Linked>, first: Arc<dyn Compiled>) -> Arc<Shared> {
        Arc::new_cyclic(|this| Shared {
            this: this.clone(),
            ladder: ladder.clone(),
            linked: linked.clone(),
            first,
            later: Mutex::new([None, None, None]),
            winner: AtomicUsize::new(FIRST),
            stage: AtomicU8::new(Stage::Begun as u8),
            quick_tried: AtomicBool::new(false),
            quick: AtomicBool::new(false),
            spent: AtomicU64::new(0),
            estimate: OnceLock::new(),
            first_pays: OnceLock::new(),
            kept: AtomicUsize::new(0),
        })
    }

    fn later(&self) -> MutexGuard<'_, [Option<Arc<dyn Compiled>>; TIERS]> {
        self.later.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn stage(&self) -> Stage {
        match self.stage.load(Ordering::Acquire) {
            0 => Stage::Begun,
            1 => Stage::Asked,
            2 => Stage::Ready,
            _ => Stage::Settled,
        }
    }

    /// The tiers to go to, the lowest first: all that there are, or the one that stays.
    pub(super) fn there(&self) -> Vec<(usize, Arc<dyn Compiled>)> {
        let later = self.later();
        let settled = (self.stage() == Stage::Settled).then(|| self.winner.load(Ordering::Relaxed));
        let code = |tier: usize| if tier == FIRST { Some(self.first.clone()) } else { later[tier].clone() };
        (0..TIERS).filter(|tier| settled.is_none_or(|winner| winner == *tier)).filter_map(|tier| Some((tier, code(tier)?))).collect()
    }

    /// The tier that evaluations begin in where it is not the first: the second where it is there, or the one that stays.
    fn begin_later(&self) -> Option<(usize, Arc<dyn Compiled>)> {
        if !self.quick.load(Ordering::Acquire) && self.stage() != Stage::Settled {
            return None;
        }
        self.there().into_iter().rfind(|(tier, _)| *tier == QUICK || self.stage() == Stage::Settled)
    }

    /// Whether the second tier is there and not tried against others yet.
    pub(super) fn has_quick(&self) -> bool {
        self.quick.load(Ordering::Acquire) && self.stage() < Stage::Settled
    }

    /// Adds what evaluations of so many records took in a tier, and has done what pays by now.
    pub(super) fn spend(&self, tier: usize, records: usize, nanoseconds: u64) {
        let spent = self.spent.fetch_add(nanoseconds, Ordering::Relaxed).saturating_add(nanoseconds);
        if self.stage() != Stage::Begun {
            return;
        }
        if self.wants_quick(records, spent) {
            self.quick_tried.store(true, Ordering::Relaxed);
            if self.linked.program().rules.len() <= IN_PASSING {
                self.put_together();
            } else {
                pool::submit(self.this.clone(), Job::Quick);
            }
        }
        if self.wants_best(tier, spent) && KEPT.load(Ordering::Relaxed) < CODE_BYTES && self.go_on(Stage::Begun, Stage::Asked) {
            pool::submit(self.this.clone(), Job::Best);
        }
    }

    /// Nanoseconds that may be spent in a tier on evaluations of so many records before there is anything to decide, as far as that is known.
    pub(super) fn calm(&self, tier: usize, records: usize) -> f64 {
        if self.stage() != Stage::Begun || self.ladder.schedule != Schedule::Estimated {
            return 0.0;
        }
        let quick = if self.may_be_quick() { (Pays::quick(records) * estimate::quick(&self.linked)) as f64 } else { f64::INFINITY };
        let best = self.estimate.get().copied().unwrap_or_else(|| estimate::best_at_least(&self.linked));
        quick.min(best as f64 * self.pays(tier)) - self.spent.load(Ordering::Relaxed) as f64
    }

    /// Whether the second tier has not been tried yet, and there is one.
    fn may_be_quick(&self) -> bool {
        self.ladder.quick.is_some() && !self.quick_tried.load(Ordering::Relaxed)
    }

    fn wants_quick(&self, records: usize, spent: u64) -> bool {
        self.may_be_quick() && spent >= Pays::quick(records) * estimate::quick(&self.linked)
    }

    fn wants_best(&self, tier: usize, spent: u64) -> bool {
        match self.ladder.schedule {
            Schedule::Estimated => {
                let pays = |estimate: u64| spent as f64 >= estimate as f64 * self.pays(tier);
                pays(estimate::best_at_least(&self.linked)) && pays(*self.estimate.get_or_init(|| estimate::best(&self.linked)))
            }
            Schedule::After(nanoseconds) => spent >= nanoseconds,
            Schedule::Turns => false,
        }
    }

    /// How many times what compiling takes must have been spent in a tier.
    fn pays(&self, tier: usize) -> f64 {
        if tier == FIRST { *self.first_pays.get_or_init(|| Pays::of(FIRST, &self.linked)) } else { Pays::of(tier, &self.linked) }
    }

    /// Goes from one stage to the next, if nobody else has.
    fn go_on(&self, from: Stage, to: Stage) -> bool {
        self.stage.compare_exchange(from as u8, to as u8, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Puts the program together from stencils, where it can be.
    fn put_together(&self) {
        if let Some(code) = self.ladder.quick.and_then(|quick| quick(&self.linked)) {
            self.later()[QUICK] = Some(code);
            self.quick.store(true, Ordering::Release);
        }
    }

    /// Compiles the third tier. Where it cannot be, the program goes on without.
    fn compile_best(&self) {
        if let Ok(code) = self.ladder.best.compile(&self.linked) {
            let bytes = code.artifact().code_bytes;
            self.kept.store(bytes, Ordering::Relaxed);
            KEPT.fetch_add(bytes, Ordering::Relaxed);
            self.later()[BEST] = Some(code);
        }
    }

    /// Does what is to be done in the background.
    pub(super) fn improve(&self, job: Job) {
        match job {
            Job::Quick => self.put_together(),
            Job::Best => {
                if self.ladder.schedule == Schedule::Estimated && !self.has_quick() {
                    self.put_together_anyway();
                }
                self.compile_best();
                self.go_on(Stage::Asked, Stage::Ready);
            }
        }
    }

    /// Puts the program together from stencils, and makes these first where that has not been done.
    fn put_together_anyway(&self) {
        if self.ladder.quick.is_some() && make_stencils() {
            self.put_together();
        }
    }

    /// Goes on without what could not be done.
    pub(super) fn give_up(&self, job: Job) {
        if job == Job::Best {
            self.go_on(Stage::Asked, Stage::Ready);
        }
    }

    /// Makes all tiers there can be, at once.
    pub(super) fn compile_all(&self) {
        self.put_together_anyway();
        self.compile_best();
    }

    /// The outcome of a trial: this tier stays, unless another was found before.
    pub(super) fn settle(&self, winner: usize) {
        let mut later = self.later();
        if self.stage() == Stage::Settled {
            return;
        }
        self.winner.store(winner, Ordering::Relaxed);
        for (tier, code) in later.iter_mut().enumerate().filter(|(tier, _)| *tier != winner) {
            *code = None;
            if tier == BEST {
                self.release();
            }
        }
        self.stage.store(Stage::Settled as u8, Ordering::Release);
    }

    /// Counts the third tier's code no longer.
    fn release(&self) {
        if self.kept.load(Ordering::Relaxed) > 0 {
            KEPT.fetch_sub(self.kept.swap(0, Ordering::Relaxed), Ordering::Relaxed);
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.release();
    }
}

impl Compiled for Shared {
    fn instantiate(&self, limits: &Limits) -> Result<Box<dyn Instance>, InstantiateError> {
        let id = self.ladder.id;
        let Some(this) = self.this.upgrade() else { return Err(InstantiateError::new(id, "the program is gone")) };
        let later = self.begin_later();
        let (tier, code) = later.as_ref().map_or((FIRST, &self.first), |(tier, code)| (*tier, code));
        let now = code.instantiate(limits).map_err(|e| InstantiateError::new(id, e.message()))?;
        Ok(Box::new(Runner::new(this, limits, tier, now)))
    }

    /// That of all tiers that there are at the moment.
    fn artifact(&self) -> Artifact {
        let later = self.later();
        let each = std::iter::once(&self.first).chain(later.iter().flatten()).map(|code| code.artifact());
        each.fold(Artifact::default(), |all, one| Artifact {
            code_bytes: all.code_bytes + one.code_bytes,
            data_bytes: all.data_bytes + one.data_bytes,
        })
    }
}
