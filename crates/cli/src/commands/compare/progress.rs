//! The progress bar: on a terminal, how far the run is and how long it takes at most.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use quintet_bench::Progress;

/// A bar over all workloads; each is as long as its time.
pub struct Bar {
    bar: ProgressBar,
    workloads: usize,
    /// The most that a workload's rounds take, but for the least number of them.
    time: Duration,
    /// Workloads that are measured.
    done: usize,
    /// How long they took.
    took: Duration,
}

impl Bar {
    pub fn new(workloads: usize, time: Duration) -> Bar {
        let bar = if std::io::stderr().is_terminal() { ProgressBar::new(millis(time) * workloads as u64) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{bar:20} {wide_msg}") {
            bar.set_style(style);
        }
        Bar { bar, workloads, time, done: 0, took: Duration::ZERO }
    }

    /// A workload is being verified.
    pub fn verifying(&self, name: &str) {
        self.bar.set_message(format!("verifying {name}"));
    }

    /// A process starts to measure a workload in, counted from 0.
    pub fn starting(&self, name: &str, process: usize, of: usize) {
        self.bar.set_message(format!("{name}: starting process {} of {of}", process + 1));
    }

    /// A round of a workload ended.
    pub fn round(&self, name: &str, progress: &Progress<'_>) {
        let here = progress.elapsed.min(self.time);
        self.bar.set_position(millis(self.time) * self.done as u64 + millis(here));
        // Of a few rounds no interval says anything.
        let reached = progress.widest.filter(|_| progress.rounds >= 5);
        let reached = reached.map_or(String::new(), |w| format!(", within {:.1} %", 100.0 * w.share));
        let (place, left) = (self.done + 1, self.left(here).as_secs());
        self.bar.set_message(format!("{name} ({place}/{}), round {}, {left} s left{reached}", self.workloads, progress.rounds));
    }

    /// The time that is left: what this workload may take still, and as much for each other one as those before took.
    fn left(&self, here: Duration) -> Duration {
        let each = if self.done == 0 { self.time } else { self.took / self.done as u32 };
        let others = self.workloads.saturating_sub(self.done + 1) as u32;
        self.time.saturating_sub(here) + each * others
    }

    /// A workload is measured.
    pub fn measured(&mut self, took: Duration) {
        self.done += 1;
        self.took += took;
    }

    /// Does something that prints, without the bar in the way.
    pub fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }

    /// Removes the bar.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_judged_by_the_workloads_before() {
        let mut bar = Bar::new(3, Duration::from_secs(40));
        assert_eq!(bar.left(Duration::from_secs(10)), Duration::from_secs(30 + 80));
        bar.measured(Duration::from_secs(20));
        assert_eq!(bar.left(Duration::from_secs(10)), Duration::from_secs(30 + 20));
    }
}
