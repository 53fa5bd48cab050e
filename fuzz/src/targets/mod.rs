//! The targets: what is run on an input, and what must hold.

mod answers;
mod cases;
mod differential;
mod lists;
mod outcome;
mod programs;
mod readers;
mod results;
mod rules;
mod schemes;
mod stateful;
mod workloads;

use crate::finding::Fault;
use crate::mutate::Form;

/// Something that takes inputs.
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// What must hold, beside that nothing panics and that time and memory are bounded.
    pub about: &'static str,
    /// How its inputs are damaged.
    pub form: Form,
    /// What they are made from.
    pub corpus: fn() -> Vec<Vec<u8>>,
    /// Runs one. The answer tells inputs apart that lead to other code, as far as can be seen from outside.
    pub run: fn(&[u8]) -> Result<u64, Fault>,
}

/// All targets.
pub const ALL: &[Target] = &[
    readers::PCAP,
    readers::PCAPNG,
    readers::GZIP,
    readers::JSON_LINES,
    readers::HTTP_LINES,
    lists::TARGET,
    schemes::TARGET,
    workloads::TARGET,
    results::TARGET,
    rules::TARGET,
    programs::TARGET,
    cases::TARGET,
    differential::TARGET,
    stateful::TARGET,
];

/// The target of a name.
///
/// # Errors
/// When there is none; the message says which there are.
pub fn named(name: &str) -> Result<&'static Target, String> {
    let names: Vec<&str> = ALL.iter().map(|t| t.name).collect();
    ALL.iter().find(|t| t.name == name).ok_or_else(|| format!("no target `{name}`; there are all, {}", names.join(", ")))
}
