//! What a reader takes at most.

/// What one record may take. What is over a limit is counted in [`Stats`](crate::Stats), and reading goes on after it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReaderLimits {
    /// Bytes of a line, without its line end. A longer one is malformed. [default: 16 MiB]
    pub line_bytes: usize,
    /// Bytes that one record may take in a batch, whatever fields are read. An HTTP request that would take more with all of its fields
    /// is malformed; a value of JSON lines that would take more does not fit its field. [default: 64 MiB]
    pub record_bytes: usize,
}

impl Default for ReaderLimits {
    fn default() -> ReaderLimits {
        ReaderLimits { line_bytes: 16 << 20, record_bytes: 64 << 20 }
    }
}

impl ReaderLimits {
    /// With this limit for lines.
    pub fn line_bytes(mut self, bytes: usize) -> ReaderLimits {
        self.line_bytes = bytes;
        self
    }

    /// With this limit for records.
    pub fn record_bytes(mut self, bytes: usize) -> ReaderLimits {
        self.record_bytes = bytes;
        self
    }
}
