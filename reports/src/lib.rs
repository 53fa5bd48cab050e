//! Reports from result files.
#![forbid(unsafe_code)]
