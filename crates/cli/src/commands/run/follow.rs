//! Files that are read as they grow.

use std::fs::File;
use std::io::{Error, Read, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// How long to wait until the next look at a file that had no more to read.
const PAUSE: Duration = Duration::from_millis(50);

/// Whether it is time to stop.
#[derive(Clone)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Told by Ctrl-C or SIGTERM; the second one ends the process at once.
    ///
    /// # Errors
    /// The system does not let them be caught.
    pub fn on_signals() -> Result<Stop> {
        /// What shells say of a process that Ctrl-C ended.
        const INTERRUPTED: i32 = 130;
        let stop = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            flag::register_conditional_shutdown(signal, INTERRUPTED, stop.clone())?;
            flag::register(signal, stop.clone())?;
        }
        Ok(Stop(stop))
    }
}

/// A file that ends where it ends when it is time to stop, and not before.
pub struct Follow {
    file: File,
    stop: Stop,
    read: u64,
    /// Where the file ended when it was time to stop.
    end: Option<u64>,
}

impl Follow {
    pub fn new(file: File, stop: Stop) -> Follow {
        Follow { file, stop, read: 0, end: None }
    }
}

impl Read for Follow {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        loop {
            if self.end.is_none() && self.stop.0.load(Ordering::Relaxed) {
                self.end = Some(self.file.metadata()?.len());
            }
            let room = self.end.map_or(u64::MAX, |end| end.saturating_sub(self.read));
            let n = self.file.by_ref().take(room).read(buffer)?;
            self.read += n as u64;
            if n > 0 || self.end.is_some() || buffer.is_empty() {
                return Ok(n);
            }
            if self.file.metadata()?.len() < self.read {
                return Err(Error::other("the file became shorter while it was followed"));
            }
            std::thread::sleep(PAUSE);
        }
    }
}
