//! Running a target for a while.

use std::collections::HashSet;
use std::fs::File;
use std::io::{Seek, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::finding::{self, Fault};
use crate::guard::{self, Bounds};
use crate::mutate::mutate;
use crate::random::Random;
use crate::targets::Target;

/// How targets are run.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// For how long each.
    pub time: Duration,
    /// On how many threads.
    pub threads: usize,
    /// Which inputs are made.
    pub seed: u64,
    /// What one input may take.
    pub bounds: Bounds,
}

/// What came out for a target.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The target.
    pub target: &'static str,
    /// Inputs that others were made from.
    pub corpus: u64,
    /// Inputs that were run.
    pub executions: u64,
    /// Inputs that were kept because nothing before led to their answer.
    pub kept: u64,
    /// Kinds of faults.
    pub findings: u64,
    /// How long it took.
    pub seconds: f64,
}

/// Inputs that a thread keeps at most.
const KEPT: usize = 2000;

/// Bytes of an input that is kept at most: what is kept grows from one to the next, and small inputs run faster.
const SMALL: usize = 4 << 10;

/// When an input began to run, and the input.
type Running = (Instant, Vec<u8>);

/// What the threads of a target share.
struct Shared<'c> {
    campaign: &'c Campaign,
    target: &'static Target,
    corpus: Vec<Vec<u8>>,
    classes: Mutex<HashSet<String>>,
    /// The input that each thread runs, and since when.
    running: Vec<Mutex<Option<Running>>>,
    done: AtomicBool,
}

impl Campaign {
    /// Runs a target.
    ///
    /// # Errors
    /// When target/fuzz cannot be written.
    pub fn run(&self, target: &'static Target) -> Result<Summary, String> {
        std::fs::create_dir_all(finding::folder()).map_err(|e| format!("{}: {e}", finding::folder().display()))?;
        let shared = Shared {
            campaign: self,
            target,
            corpus: (target.corpus)(),
            classes: Mutex::default(),
            running: (0..self.threads).map(|_| Mutex::default()).collect(),
            done: AtomicBool::new(false),
        };
        let start = Instant::now();
        let counts = std::thread::scope(|scope| {
            let watch = scope.spawn(|| shared.watch());
            let threads: Vec<_> = (0..self.threads)
                .map(|thread| {
                    scope.spawn({
                        let shared = &shared;
                        move || shared.work(thread)
                    })
                })
                .collect();
            let counts: Result<Vec<_>, String> =
                threads.into_iter().map(|t| t.join().unwrap_or_else(|_| Err("a thread of the fuzzer panicked".into()))).collect();
            shared.done.store(true, Ordering::Relaxed);
            watch.thread().unpark();
            counts
        })?;
        let summary = Summary {
            target: target.name,
            corpus: shared.corpus.len() as u64,
            executions: counts.iter().map(|(executions, _)| executions).sum(),
            kept: counts.iter().map(|(_, kept)| kept).sum(),
            findings: lock(&shared.classes).len() as u64,
            seconds: start.elapsed().as_secs_f64(),
        };
        println!("{}: {} executions in {:.1} s, {} kinds of faults", summary.target, summary.executions, summary.seconds, summary.findings);
        Ok(summary)
    }
}

impl Shared<'_> {
    /// One thread's inputs: how many were run, and how many kept.
    fn work(&self, thread: usize) -> Result<(u64, u64), String> {
        let (target, bounds) = (self.target, self.bounds());
        let mut random = Random::of(self.campaign.seed.wrapping_add((thread as u64) << 48), target.name.as_bytes());
        let path = finding::folder().join(format!("running-{}-{thread}", target.name));
        let failed = |e: std::io::Error| format!("{}: {e}", path.display());
        let mut file = File::create(&path).map_err(failed)?;
        let (mut pool, mut outcomes) = (self.corpus.clone(), HashSet::new());
        let (mut executions, mut kept) = (0, 0);
        let end = Instant::now() + self.campaign.time;
        // The corpus is run as it stands too, a share of it by each thread.
        let mut plain = self.corpus.iter().skip(thread).step_by(self.campaign.threads);
        while Instant::now() < end {
            let as_it_stands = if random.one_in(2) { plain.next() } else { None };
            let (input, fresh) = match as_it_stands {
                Some(input) => (input.clone(), false),
                None => (mutate(target.form, &pool, &mut random), true),
            };
            file.rewind().and_then(|()| file.set_len(0)).and_then(|()| file.write_all(&input)).map_err(failed)?;
            *lock(&self.running[thread]) = Some((Instant::now(), input.clone()));
            let result = guard::run(target, &input, &bounds);
            *lock(&self.running[thread]) = None;
            executions += 1;
            match result {
                Ok(outcome) => {
                    if outcomes.insert(outcome) && fresh && input.len() < SMALL {
                        kept += 1;
                        match pool.len() < self.corpus.len() + KEPT {
                            true => pool.push(input),
                            false => {
                                let place = self.corpus.len() + random.below(KEPT);
                                pool[place] = input;
                            }
                        }
                    }
                }
                Err(fault) => {
                    if lock(&self.classes).insert(fault.class.clone()) {
                        let (input, fault) = finding::smallest(target, &input, &fault, &bounds);
                        finding::print(target, self.campaign.seed, &input, &finding::write(target, &input)?, &fault);
                    }
                }
            }
        }
        drop(file);
        std::fs::remove_file(&path).map_err(failed)?;
        Ok((executions, kept))
    }

    fn bounds(&self) -> Bounds {
        let Bounds { time, memory } = self.campaign.bounds;
        Bounds { time, memory: memory.saturating_mul(self.campaign.threads) }
    }

    /// Ends the process when an input does not come to an end by itself.
    fn watch(&self) {
        while !self.done.load(Ordering::Relaxed) {
            std::thread::park_timeout(Duration::from_millis(500));
            for running in &self.running {
                let stuck = lock(running).as_ref().filter(|(since, _)| since.elapsed() > self.campaign.bounds.time * 3).cloned();
                if let Some((since, input)) = stuck {
                    let fault = Fault::new(
                        "no end",
                        format!("it runs since {:?}, and {:?} are allowed", since.elapsed(), self.campaign.bounds.time),
                    );
                    match finding::write(self.target, &input) {
                        Ok(path) => finding::print(self.target, self.campaign.seed, &input, &path, &fault),
                        Err(message) => eprintln!("error: {message}"),
                    }
                    std::process::exit(1);
                }
            }
        }
    }
}

/// What a lock holds; a thread that panicked has left it whole.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
