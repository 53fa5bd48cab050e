//! Threads that compile in the background: few, and only while there is something to compile.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError, Weak};
use std::thread;

use super::shared::Shared;

/// The most threads that compile at the same time, whatever the machine has.
const THREADS: usize = 4;

/// What is to be done for a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Job {
    /// Put it together from stencils.
    Quick,
    /// Compile it, and put it together from stencils if that has not been tried.
    Best,
}

struct Pool {
    /// Programs that wait, and that may be gone by the time it is their turn.
    queue: VecDeque<(Weak<Shared>, Job)>,
    threads: usize,
    /// How many there may be; the first one finds out.
    most: usize,
}

static POOL: Mutex<Pool> = Mutex::new(Pool { queue: VecDeque::new(), threads: 0, most: 1 });

fn pool() -> MutexGuard<'static, Pool> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A quarter of the processors, and one at least.
fn most_threads() -> usize {
    (thread::available_parallelism().map_or(1, |n| n.get()) / 4).clamp(1, THREADS)
}

/// Has something done in the background. Where no thread can be had it is done when one can; the program goes on as it is.
pub(super) fn submit(program: Weak<Shared>, job: Job) {
    let mut pool = pool();
    pool.queue.push_back((program, job));
    if pool.threads < pool.most && thread::Builder::new().name("quintet-compile".into()).spawn(work).is_ok() {
        pool.threads += 1;
    }
}

fn work() {
    let most = most_threads();
    pool().most = most;
    loop {
        let mut pool = pool();
        let Some((program, job)) = pool.queue.pop_front() else {
            pool.threads -= 1;
            return;
        };
        drop(pool);
        let Some(program) = program.upgrade() else { continue };
        // A fault of a compiler costs the better code and nothing else.
        if catch_unwind(AssertUnwindSafe(|| program.improve(job))).is_err() {
            program.give_up(job);
        }
    }
}
