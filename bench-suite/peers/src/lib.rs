//! Other engines as rows of the comparison.
#![forbid(unsafe_code)]
