//! One rule, one record, one answer.

use std::fmt;

use quintet_runtime::{FilterError, Instance, Interrupter, RecordRef};

use crate::asked::Asked;

/// One thread's way to ask one rule about records one by one: the least that a call can be.
pub struct Filter {
    asked: Asked,
    why: Option<FilterError>,
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filter").finish_non_exhaustive()
    }
}

impl Filter {
    /// Asks this rule of an instance's program.
    pub fn new(instance: Box<dyn Instance>, rule: usize) -> Filter {
        Filter { asked: Asked::of(instance, rule), why: None }
    }

    /// Whether the record matches. A rule that traps does not match, and neither does one that negates it; here the trap is an error.
    ///
    /// # Errors
    /// See [`FilterError::cause`].
    // Code that is inlined hands over neither the record nor the answer in memory, which takes as long as a comparison.
    #[inline(always)]
    pub fn matches(&mut self, record: RecordRef<'_>) -> Result<bool, FilterError> {
        let answer = self.asked.ask(record, &mut self.why);
        answer.ok_or_else(|| self.reason())
    }

    #[cold]
    #[inline(never)]
    fn reason(&mut self) -> FilterError {
        self.asked.own_reason(self.why.take().unwrap_or_else(FilterError::unsaid))
    }

    /// What ends a call from another thread.
    pub fn interrupter(&self) -> Interrupter {
        self.asked.instance().interrupter()
    }

    /// Bytes of memory that the instance holds for itself, as far as the backend knows.
    pub fn memory_bytes(&self) -> usize {
        self.asked.instance().memory_bytes()
    }
}
