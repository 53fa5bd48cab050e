//! The backend `adaptive`: answers at once, and better once that pays.
//!
//! Every backend is the cheapest for some number of records: closures for few, as they are built in less than a microsecond; code put
//! together from stencils for more; compiled code for many, if it is any quicker. How many there will be nobody knows when rules are
//! compiled. So this one counts what it spends, and is never far from what would have been the best choice:
//!
//! 1. Rules begin as closures ([`FIRST`]).
//! 2. Once evaluating took some times as long as putting stencils together takes, that is done ([`QUICK`]), sooner in batches than one by one:
//!    by the evaluating thread where it is a matter of microseconds, else in the background. Rules with parts that have no stencil, and
//!    processes that have not made the stencils yet, leave this out.
//! 3. Once evaluating took [`Pays`] times as long as compiling is estimated to take, the rules are compiled in the background ([`BEST`]).
//! 4. What there is then, but closures where there are stencils, takes turns on the records that come, a batch or a record each, and is timed;
//!    the quickest stays, and the code of the others is freed.
//!
//! Evaluating never waits for a compiler, and no record is evaluated twice, so functions of the host are called as often as with any
//! backend. All instances of a program count together and share the outcome. Answers, traps and their places, steps and limits are those of
//! all backends, so nobody can tell from them which one it was; an interrupt reaches whichever runs.
//!
//! # How many times
//! Had the better code been there from the start, it would have paid for its compilation after the time `t` of the present code for which
//! `t = C + t / g`, where it is `g` times as quick: after `C / (1 - 1 / g)`. The factors suppose that compiled code is 1.7 times as quick as
//! closures, which makes 2.4 `C`, and 1.3 times as quick as stencils, which makes 4.3 `C`. Compiling then costs no more than what was lost by waiting,
//! whenever records end.
//!
//! Choose it where programs are of all kinds and ages. Where all run for hours `jit` is as quick and simpler, where none runs for a
//! millisecond `closures` is, and `interp`, `closures` and `wasm` ask for less trust. On one processor the background is not free.

mod clock;
mod decisions;
mod estimate;
mod pool;
mod runner;
mod shared;
mod trial;

use std::sync::Arc;
use std::time::Duration;

use quintet_runtime::{Backend, BackendId, CompileError, Compiled, Emit, EmitError, Isolation, Linked, Traits, Unsupported};

pub(crate) use runner::Runner;
use shared::Shared;

/// Its id.
pub(crate) const ID: BackendId = BackendId::new("adaptive");
/// The id of the configuration that changes with every evaluation.
const TURNS: BackendId = BackendId::with_config("adaptive", "turns");

/// The tiers by number: what answers at once, what is put together in passing, what is compiled in the background.
const FIRST: usize = 0;
const QUICK: usize = 1;
const BEST: usize = 2;
const TIERS: usize = 3;

/// How many times as long as compiling is estimated to take must have been spent before it is done: in the first tier, and in the second.
struct Pays;

impl Pays {
    /// The same for putting stencils together, by the records of an evaluation. In batches they are twice as quick as closures. One by one they are
    /// 1.4 times as quick, and some ten microseconds pass until the caches and branch predictors know them.
    fn quick(records: usize) -> u64 {
        if records >= MANY { 2 } else { 25 }
    }

    /// Statements gain most, so little is risked there. What has some is no code of stencils alone.
    fn of(tier: usize, program: &Linked) -> f64 {
        match tier {
            QUICK => 4.0,
            _ if estimate::is_script(program) => 1.2,
            _ => 2.5,
        }
    }
}

/// Records of an evaluation that make it one of many: where there are fewer, more of what it takes is the same in all tiers.
const MANY: usize = 64;

/// Makes the stencils, where the machine has them, if that has not been done.
fn make_stencils() -> bool {
    #[cfg(feature = "jit")]
    {
        quintet_jit::make_stencils()
    }
    #[cfg(not(feature = "jit"))]
    {
        false
    }
}

/// What puts a program together from stencils, where all of it can be.
type Quick = fn(&Arc<Linked>) -> Option<Arc<dyn Compiled>>;

/// When a program goes on to the next tier.
#[derive(Clone, Copy, PartialEq)]
enum Schedule {
    /// When it pays, as the crate estimates it.
    Estimated,
    /// When evaluating took so many nanoseconds.
    After(u64),
    /// All tiers are compiled before the first evaluation, and each evaluation is another one's.
    Turns,
}

/// What programs go through.
struct Ladder {
    id: BackendId,
    first: Arc<dyn Backend>,
    quick: Option<Quick>,
    best: Arc<dyn Backend>,
    schedule: Schedule,
}

/// The backend `adaptive`.
pub struct Adaptive {
    ladder: Arc<Ladder>,
}

impl Adaptive {
    /// From closures over stencils, where the machine has them, to `jit`.
    #[cfg(all(feature = "closures", feature = "jit"))]
    pub fn new() -> Adaptive {
        let first = Arc::new(quintet_closures::Closures::new());
        let quick: Option<Quick> = Some(quintet_jit::from_stencils);
        Adaptive {
            ladder: Arc::new(Ladder { id: ID, first, quick, best: Arc::new(quintet_jit::Jit::best()), schedule: Schedule::Estimated }),
        }
    }

    /// From one backend to another, which compiles in the background once evaluations took so long.
    pub fn between(first: Arc<dyn Backend>, best: Arc<dyn Backend>, after: Duration) -> Adaptive {
        let after = u64::try_from(after.as_nanos()).unwrap_or(u64::MAX);
        Adaptive { ladder: Arc::new(Ladder { id: ID, first, quick: None, best, schedule: Schedule::After(after) }) }
    }

    /// The same tiers, all compiled before the first evaluation, where each evaluation of an instance is another one's: for tests, which so see
    /// all changes there can be. Its id is `adaptive-turns`.
    pub fn by_turns(&self) -> Adaptive {
        let Ladder { first, quick, best, .. } = &*self.ladder;
        let ladder = Ladder { id: TURNS, first: first.clone(), quick: *quick, best: best.clone(), schedule: Schedule::Turns };
        Adaptive { ladder: Arc::new(ladder) }
    }
}

#[cfg(all(feature = "closures", feature = "jit"))]
impl Default for Adaptive {
    fn default() -> Self {
        Adaptive::new()
    }
}

impl Backend for Adaptive {
    fn id(&self) -> BackendId {
        self.ladder.id
    }

    fn traits(&self) -> Traits {
        Traits { executable_memory: true, isolation: Isolation::None }
    }

    fn supports(&self, program: &Linked) -> Result<(), Unsupported> {
        self.ladder.first.supports(program)
    }

    fn compile(&self, program: &Arc<Linked>) -> Result<Arc<dyn Compiled>, CompileError> {
        let first = self.ladder.first.compile(program).map_err(|e| CompileError::new(self.id(), e.message()))?;
        let shared = Shared::new(&self.ladder, program, first);
        if self.ladder.schedule == Schedule::Turns {
            shared.compile_all();
        }
        Ok(shared)
    }

    fn emits(&self) -> &'static [Emit] {
        &[]
    }

    fn emit(&self, _: &Arc<Linked>, form: Emit) -> Result<String, EmitError> {
        let Ladder { first, best, .. } = &*self.ladder;
        Err(EmitError::new(self.id(), format!("it runs what {} and {} make; ask those for {}", first.id(), best.id(), form.name())))
    }

    fn decisions(&self, program: &Arc<Linked>) -> Option<String> {
        Some(decisions::text(&self.ladder, program))
    }
}
