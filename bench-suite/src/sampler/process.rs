//! A child process that samples, and what it does there.

use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::process::{Child as Handle, ChildStdin, ChildStdout, Command, Stdio};

use serde::{Deserialize, Serialize};

use super::job::{Job, Slowed};
use super::{MeasureError, Process, Round, Sampler, failed};
use crate::gate::verify_lineup;
use crate::load::Loaded;

/// What a parent asks for, a line of JSON each.
#[derive(Serialize, Deserialize)]
struct Ask {
    number: usize,
    again: Option<String>,
}

/// What a child answers, a line of JSON each.
#[derive(Serialize, Deserialize)]
enum Answer {
    /// The job is read, verified and warmed up.
    Ready,
    /// A round was sampled.
    Round(Box<Round>),
    /// It cannot go on.
    Failed(String),
}

/// A child process that samples a workload. It ends with this value.
pub struct Child {
    handle: Handle,
    to: BufWriter<ChildStdin>,
    from: BufReader<ChildStdout>,
}

impl Child {
    /// Starts the program, which must call [`serve`], gives it the job and waits until it is ready.
    ///
    /// # Errors
    /// When it cannot be started, or says that it cannot do the job.
    pub fn start(mut program: Command, job: &Job) -> Result<Child, MeasureError> {
        let started = program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut handle = started.map_err(|e| failed(format!("no further process to measure in: {e}")))?;
        let (Some(to), Some(from)) = (handle.stdin.take(), handle.stdout.take()) else {
            return Err(failed("the process to measure in has no pipes"));
        };
        let mut child = Child { handle, to: BufWriter::new(to), from: BufReader::new(from) };
        // A child that fails early says why before it closes its end, so what it says counts for more than the broken pipe.
        let sent = job.write(&mut child.to);
        match (child.answer()?, sent) {
            (Answer::Ready, Ok(())) => Ok(child),
            (Answer::Failed(error), _) => Err(MeasureError(error)),
            (Answer::Round(_) | Answer::Ready, _) => Err(failed("a process to measure in answers what it was not asked")),
        }
    }

    fn answer(&mut self) -> Result<Answer, MeasureError> {
        let mut line = String::new();
        match self.from.read_line(&mut line) {
            Ok(0) => {
                let status = self.handle.wait().map_or_else(|e| e.to_string(), |s| s.to_string());
                Err(failed(format!("a process to measure in ended: {status}")))
            }
            Ok(_) => serde_json::from_str(&line).map_err(failed),
            Err(error) => Err(failed(error)),
        }
    }
}

impl Process for Child {
    fn round(&mut self, number: usize, again: Option<&str>) -> Result<Round, MeasureError> {
        let ask = serde_json::to_string(&Ask { number, again: again.map(str::to_owned) }).map_err(failed)?;
        // Where the child is gone, reading its answer tells its status.
        let sent = writeln!(self.to, "{ask}").and_then(|()| self.to.flush());
        match (self.answer()?, sent) {
            (Answer::Round(round), Ok(())) => Ok(*round),
            (Answer::Failed(error), _) => Err(MeasureError(error)),
            (Answer::Round(_) | Answer::Ready, _) => Err(failed("a process to measure in answers what it was not asked")),
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It would end by itself once nobody asks any more; nothing is lost by not waiting for a round that nobody wants.
        let _ = self.handle.kill();
        let _ = self.handle.wait();
    }
}

/// What a child does: reads a job, verifies it, and samples a round whenever it is asked, until nobody asks any more. `heap` answers the
/// bytes that the Rust heap holds.
///
/// # Errors
/// When nobody can be answered.
pub fn serve(from: &mut dyn Read, to: &mut dyn Write, heap: &dyn Fn() -> usize) -> std::io::Result<()> {
    let mut from = BufReader::new(from);
    let answer = |to: &mut dyn Write, answer: Answer| {
        writeln!(to, "{}", serde_json::to_string(&answer)?)?;
        to.flush()
    };
    let served = Job::read(&mut from).and_then(|job| {
        let loaded = Loaded::new(job.workload.clone()).map_err(failed)?;
        let lineup = job.lineup()?;
        let verified = verify_lineup(&loaded, &lineup).map_err(failed)?;
        let mut sampler = Sampler::new(&loaded, &lineup, &verified, &job.effort, heap)?;
        answer(to, Answer::Ready).map_err(failed)?;
        for line in from.lines() {
            let ask: Ask = serde_json::from_str(&line.map_err(failed)?).map_err(failed)?;
            let mut round = sampler.round(ask.number, ask.again.as_deref())?;
            if let Some(slowed) = &job.slowed {
                slow(&mut round, slowed);
            }
            answer(to, Answer::Round(Box::new(round))).map_err(failed)?;
        }
        Ok(())
    });
    match served {
        Ok(()) => Ok(()),
        Err(error) => answer(to, Answer::Failed(error.to_string())),
    }
}

/// Stretches the samples of a row.
fn slow(round: &mut Round, slowed: &Slowed) {
    let rows = round.result.rows.iter_mut().filter(|r| r.id == slowed.row);
    rows.flat_map(|r| r.phases.values_mut()).flat_map(|m| &mut m.ns).flatten().for_each(|ns| *ns *= slowed.factor);
}
