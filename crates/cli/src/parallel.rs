//! Reading and matching on several threads, as if it were one.
//!
//! An input is cut into pieces in turn, each thread makes what it can of the pieces that it gets, and what they come to is shown in order
//! of the pieces. So every answer, count and fault is the same for any number of threads.

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroUsize;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use clap::Args;
use quintet::{Batch, Scheme};
use quintet_inputs::{Decoder, Format, Input, InputError, Originals, Piece, Pieces, ReaderOptions, Stats};

use crate::failure::Failure;

/// Pieces that may be begun before the first one that is not shown, for each thread.
const AHEAD: u64 = 4;

/// The room of a thread for calls in one another: what the first thread of a process has.
const STACK: usize = 8 << 20;

/// How many threads work.
#[derive(Args)]
pub struct ThreadArgs {
    /// Read and match on so many threads; what is printed is the same for any number [default: one for each core].
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
}

impl ThreadArgs {
    /// How many threads work.
    pub fn number(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        self.threads.map_or_else(cores, NonZeroUsize::get)
    }
}

/// What a thread does with pieces.
pub trait Work: Send + 'static {
    /// What a batch came to.
    type Done: Send + 'static;

    /// Goes over the next records of a piece; none where it has no more. What was shown before may be used again.
    fn next(&mut self, piece: &mut Piece, spare: Option<Self::Done>) -> Result<Option<Self::Done>, Failure>;

    /// How records are made.
    fn decoding(&mut self) -> &mut Decoding;

    /// Where the time goes.
    fn times(&mut self) -> &mut Times;
}

/// How a thread makes records of an input.
pub struct Decoding {
    how: Arc<How>,
    /// Made when it is needed.
    decoder: Option<Decoder>,
}

/// How an input's records are made.
struct How {
    format: Format,
    scheme: Scheme,
    options: ReaderOptions,
    /// The input's name.
    name: String,
}

impl Decoding {
    /// Opens an input to be read by this and by [others](Decoding::another).
    ///
    /// # Errors
    /// The scheme does not fit the format, or the content is not of it.
    pub fn open(
        name: String,
        input: Input,
        format: Format,
        scheme: &Scheme,
        options: &ReaderOptions,
    ) -> Result<(Decoding, Pieces), Failure> {
        let how = Arc::new(How { format, scheme: scheme.clone(), options: options.clone(), name });
        let decoder = how.decoder()?;
        let pieces = input.pieces(format, options).map_err(|e| how.unreadable(e))?;
        Ok((Decoding { how, decoder: Some(decoder) }, pieces))
    }

    /// The same for another thread.
    pub fn another(&self) -> Decoding {
        Decoding { how: self.how.clone(), decoder: None }
    }

    /// What makes records, and what to call the input it makes them of.
    fn decoder(&mut self) -> Result<&mut Decoder, Failure> {
        let decoder = match self.decoder.take() {
            Some(decoder) => decoder,
            None => self.how.decoder()?,
        };
        Ok(self.decoder.insert(decoder))
    }

    /// The next records of a piece, with their numbers and how they stand in it.
    pub fn next_batch(&mut self, piece: &mut Piece, reuse: Option<Batch>) -> Result<Option<(Batch, Vec<u64>, Originals)>, Failure> {
        let decoder = self.decoder()?;
        let batch = decoder.next_batch(piece, reuse);
        let (numbers, originals) = decoder.take();
        Ok(batch.map_err(|e| self.how.unreadable(e))?.map(|batch| (batch, numbers, originals)))
    }
}

impl How {
    fn decoder(&self) -> Result<Decoder, Failure> {
        Decoder::new(self.format, &self.scheme, &self.options).map_err(|e| self.unreadable(e))
    }

    fn unreadable(&self, error: InputError) -> Failure {
        Failure::unusable(format!("{}: {error}", self.name))
    }
}

/// What time was spent on, by all threads together.
#[derive(Clone, Copy, Default)]
pub struct Times {
    pub reading: Duration,
    pub matching: Duration,
    pub showing: Duration,
}

impl Times {
    /// Adds the time of another thread, and forgets it there.
    pub fn take(&mut self, other: &mut Times) {
        self.reading += std::mem::take(&mut other.reading);
        self.matching += std::mem::take(&mut other.matching);
        self.showing += std::mem::take(&mut other.showing);
    }
}

/// What a piece came to: its batches, and what was seen of it, or what went wrong after them.
struct Answer<T> {
    batches: Vec<T>,
    seen: Result<Stats, Failure>,
}

/// Goes over the pieces of an input with workers, of which there is at least one, and `show`s what they come to, in order; `show` gives back
/// what may be used again. Answers what was seen of the input.
pub fn over<W: Work>(
    mut pieces: Pieces,
    workers: &mut Vec<W>,
    mut show: impl FnMut(W::Done) -> Result<Option<W::Done>, Failure>,
) -> Result<Stats, Failure> {
    let mut showing = Duration::ZERO;
    let mut show = |done| {
        let begun = Instant::now();
        let shown = show(done);
        showing += begun.elapsed();
        shown
    };
    let Some(how) = workers.first_mut().map(|worker| worker.decoding().how.clone()) else { return Err(failed()) };
    let unreadable = |e| how.unreadable(e);
    let mut stats = Stats::default();
    let mut ahead = VecDeque::new();
    let begun = Instant::now();
    if workers.len() > 1 && !pieces.is_live() {
        // An input of one piece is read before a thread has begun.
        while ahead.len() < 2
            && let Some(piece) = pieces.next_piece().transpose()
        {
            ahead.push_back(piece);
        }
    }
    if let Some(worker) = workers.first_mut() {
        worker.times().reading += begun.elapsed();
    }
    let ends = |piece: &Result<Piece, InputError>| piece.as_ref().map_or(true, Piece::is_empty);
    let alone = workers.len() == 1 || ahead.iter().any(ends);
    let threads = if alone { Vec::new() } else { begin(workers) };
    if let (true, Some(worker)) = (threads.is_empty(), workers.first_mut()) {
        let mut spare = None;
        loop {
            let begun = Instant::now();
            let next = ahead.pop_front().or_else(|| pieces.next_piece().transpose());
            worker.times().reading += begun.elapsed();
            let Some(mut piece) = next.transpose().map_err(unreadable)? else {
                worker.times().showing += showing;
                return Ok(stats);
            };
            while let Some(done) = worker.next(&mut piece, spare.take())? {
                spare = show(done)?;
            }
            stats.add(worker.decoding().decoder()?.seen(&mut piece));
            pieces.give_back(piece);
        }
    }
    let shared = Arc::new(Shared {
        source: Mutex::new(Source { ahead, pieces, next: 0, ended: false }),
        shown: Mutex::new(0),
        moved: Condvar::new(),
        window: AHEAD * threads.len() as u64,
        spare: Mutex::new(Vec::new()),
    });
    let (sender, answers) = channel();
    for thread in &threads {
        // A thread that is no longer there is found out when it is waited for.
        let _ = thread.begin.send((shared.clone(), sender.clone()));
    }
    drop(sender);
    let mut waiting = BTreeMap::new();
    for (number, answer) in answers {
        waiting.insert(number, answer);
        while let Some(answer) = waiting.remove(&shared.shown()) {
            let Answer { batches, seen } = answer;
            for done in batches {
                if let Some(spare) = show(done)? {
                    lock(&shared.spare).push(spare);
                }
            }
            stats.add(seen?);
            shared.show_next();
        }
    }
    for thread in threads {
        workers.extend(thread.handle.join().map_err(|_| failed())?);
    }
    if let Some(worker) = workers.first_mut() {
        worker.times().showing += showing;
    }
    Ok(stats)
}

/// What threads share.
struct Shared<T> {
    source: Mutex<Source>,
    /// The number of the first piece that is not shown.
    shown: Mutex<u64>,
    moved: Condvar,
    /// How many pieces may be begun from there on.
    window: u64,
    spare: Mutex<Vec<T>>,
}

struct Source {
    ahead: VecDeque<Result<Piece, InputError>>,
    pieces: Pieces,
    /// The number of the next piece.
    next: u64,
    ended: bool,
}

impl Source {
    fn next(&mut self) -> Option<Result<Piece, InputError>> {
        self.ahead.pop_front().or_else(|| self.pieces.next_piece().transpose())
    }
}

impl<T> Shared<T> {
    fn shown(&self) -> u64 {
        *lock(&self.shown)
    }

    fn show_next(&self) {
        *lock(&self.shown) += 1;
        self.moved.notify_all();
    }

    /// Waits until a piece is not too far ahead of what is shown.
    fn wait(&self, number: u64) {
        let far = |shown: &mut u64| number >= *shown + self.window;
        drop(self.moved.wait_while(lock(&self.shown), far).unwrap_or_else(PoisonError::into_inner));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn failed() -> Failure {
    Failure::unusable("a thread that reads and matches has failed")
}

/// What a piece came to, with its number.
type Numbered<T> = (u64, Answer<T>);

/// What a thread begins with.
type Begin<T> = (Arc<Shared<T>>, Sender<Numbered<T>>);

struct Thread<W: Work> {
    begin: Sender<Begin<W::Done>>,
    handle: JoinHandle<Option<W>>,
}

/// Gives each worker a thread of its own. Where the system has no more threads there are fewer; the workers that are left over stay.
///
/// The threads are not bound to this one's life: when nobody wants to see more, it does not wait for what comes from a pipe.
fn begin<W: Work>(workers: &mut Vec<W>) -> Vec<Thread<W>> {
    let mut threads = Vec::new();
    while let Some(worker) = workers.pop() {
        // A worker that no thread takes is not lost.
        let place = Arc::new(Mutex::new(Some(worker)));
        let (taken, (begin, begun)) = (place.clone(), channel::<Begin<W::Done>>());
        let thread = std::thread::Builder::new().name("quintet-worker".into()).stack_size(STACK);
        let spawned = thread.spawn(move || {
            let (worker, (shared, sender)) = (lock(&taken).take()?, begun.recv().ok()?);
            Some(work(worker, &shared, &sender))
        });
        match spawned {
            Ok(handle) => threads.push(Thread { begin, handle }),
            Err(_) => {
                workers.extend(lock(&place).take());
                break;
            }
        }
    }
    threads
}

/// Takes pieces and sends what they come to, until there are no more.
fn work<W: Work>(mut worker: W, shared: &Shared<W::Done>, sender: &Sender<Numbered<W::Done>>) -> W {
    let mut done: Option<Piece> = None;
    loop {
        let mut source = lock(&shared.source);
        if let Some(piece) = done.take() {
            source.pieces.give_back(piece);
        }
        if source.ended {
            return worker;
        }
        let begun = Instant::now();
        let next = source.next();
        worker.times().reading += begun.elapsed();
        let number = source.next;
        source.next += 1;
        source.ended = !matches!(next, Some(Ok(_)));
        drop(source);
        let alarm = Alarm { sender, number };
        let answer = match next {
            None => return worker,
            Some(Err(e)) => Answer { batches: Vec::new(), seen: Err(worker.decoding().how.unreadable(e)) },
            Some(Ok(mut piece)) => {
                shared.wait(number);
                let answer = answer(&mut worker, &mut piece, shared);
                done = Some(piece);
                answer
            }
        };
        // Where nobody listens any more there is nothing left to do.
        if alarm.send(answer).is_err() {
            return worker;
        }
    }
}

/// What a piece comes to.
fn answer<W: Work>(worker: &mut W, piece: &mut Piece, shared: &Shared<W::Done>) -> Answer<W::Done> {
    let mut batches = Vec::new();
    let seen = loop {
        let spare = lock(&shared.spare).pop();
        match worker.next(piece, spare) {
            Ok(Some(done)) => batches.push(done),
            Ok(None) => break worker.decoding().decoder().map(|decoder| decoder.seen(piece)),
            Err(e) => break Err(e),
        }
    };
    Answer { batches, seen }
}

/// Says that a piece came to nothing if its thread panics, so that nobody waits for it.
struct Alarm<'s, T> {
    sender: &'s Sender<Numbered<T>>,
    number: u64,
}

impl<T> Alarm<'_, T> {
    fn send(&self, answer: Answer<T>) -> Result<(), ()> {
        self.sender.send((self.number, answer)).map_err(|_| ())
    }
}

impl<T> Drop for Alarm<'_, T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // Nobody may be there to hear it.
            let _ = self.send(Answer { batches: Vec::new(), seen: Err(failed()) });
        }
    }
}
