//! How far reading has come, and what it came to.

use std::fs::File;
use std::io::{IsTerminal, Read};
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::parallel::Times;

/// How long reading takes before anybody wants to know how far it is.
const SHORT: Duration = Duration::from_millis(500);

/// Times a second that it is drawn at most.
const HERTZ: u8 = 10;

/// What is counted, and a bar on standard error where that is a terminal.
pub struct Progress {
    bar: ProgressBar,
    begun: Instant,
    /// Whether the bar waits to be shown until reading has taken some time.
    waits: bool,
    quiet: bool,
    pub inputs: u64,
    pub records: u64,
    pub matching: u64,
}

impl Progress {
    /// For so many bytes in all, or for an unknown number. `prints` says that answers go to standard output meanwhile: on a terminal they
    /// and a bar do not go together.
    pub fn new(quiet: bool, bytes: Option<u64>, prints: bool) -> Progress {
        let bar = ProgressBar::with_draw_target(bytes, ProgressDrawTarget::hidden());
        let style = match bytes {
            Some(_) => "quintet: {percent:>3}% [{bar:30}] {binary_bytes}/{binary_total_bytes}, {msg}, {eta} left",
            None => "quintet: {spinner} {msg}, {elapsed}",
        };
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style.progress_chars("=> "));
        }
        let waits = !quiet && std::io::stderr().is_terminal() && !(prints && std::io::stdout().is_terminal());
        Progress { bar, begun: Instant::now(), waits, quiet, inputs: 0, records: 0, matching: 0 }
    }

    /// A file of which is counted what is read.
    pub fn reading(&self, file: File) -> impl Read + Send + 'static {
        self.bar.wrap_read(file)
    }

    /// Counts records, and those of them that match.
    pub fn add(&mut self, records: u64, matching: u64) {
        self.records += records;
        self.matching += matching;
        if self.waits && self.begun.elapsed() > SHORT {
            self.waits = false;
            self.bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(HERTZ));
        }
        if !self.bar.is_hidden() {
            self.bar.set_message(format!("{} records, {} matching", HumanCount(self.records), HumanCount(self.matching)));
            if self.bar.length().is_none() {
                self.bar.tick();
            }
        }
    }

    /// Prints other lines on standard error.
    pub fn aside(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }

    /// Takes the bar away and prints the totals, and what part of the work of all threads was what.
    pub fn end(&mut self, several: bool, compiling: Duration, times: &Times) {
        self.waits = false;
        self.bar.finish_and_clear();
        if self.quiet {
            return;
        }
        let seconds = self.begun.elapsed().as_secs_f64();
        let counted = |n: u64, what: &str| format!("{n} {what}{}, ", if n == 1 { "" } else { "s" });
        let inputs = if several { counted(self.inputs, "input") } else { String::new() };
        let Progress { records, matching, .. } = self;
        let rate = if seconds > 0.0 { (*records as f64 / seconds) as u64 } else { 0 };
        let records = counted(*records, "record");
        let all = (times.reading + compiling + times.matching + times.showing).as_secs_f64();
        let share = |of: Duration| if all > 0.0 { 100.0 * of.as_secs_f64() / all } else { 0.0 };
        let [read, compile, run, print] = [times.reading, compiling, times.matching, times.showing].map(share);
        let work = format!("{read:.0}% reading, {compile:.0}% compiling, {run:.0}% matching, {print:.0}% printing");
        eprintln!("quintet: {inputs}{records}{matching} matching, {seconds:.3} s ({work}), {rate} records/s");
    }
}
