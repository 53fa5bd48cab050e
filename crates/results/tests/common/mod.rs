//! Comparing what a test makes with a committed file.

use std::path::PathBuf;

/// Compares `made` with the file of this crate at `path`, or writes it there where `QUINTET_BLESS` is set.
pub fn golden(path: &str, made: &str) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("QUINTET_BLESS").is_some() {
        std::fs::write(&file, made).expect("the golden file can be written");
        return;
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    let line = committed.lines().zip(made.lines()).position(|(a, b)| a != b);
    let line = line.unwrap_or_else(|| committed.lines().count().min(made.lines().count())) + 1;
    assert!(committed == made, "{path} differs from what the code makes, first on line {line}; QUINTET_BLESS=1 rewrites it");
}
