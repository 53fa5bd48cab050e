//! Faults, their smallest inputs, and running them again.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::guard::{self, Bounds};
use crate::mutate::Form;
use crate::random::Random;
use crate::targets::{self, Target};

/// What does not hold for an input.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What kind of fault it is: of each kind, one input is kept.
    pub class: String,
    /// What was seen.
    pub detail: String,
}

impl Fault {
    /// A fault.
    pub fn new(class: impl Into<String>, detail: impl Into<String>) -> Fault {
        Fault { class: class.into(), detail: detail.into() }
    }
}

/// A fault unless `holds`.
pub fn ensure(holds: bool, class: &str, detail: impl FnOnce() -> String) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(Fault::new(class, detail())) }
}

/// A fault unless both are the same.
pub fn same<T: PartialEq + std::fmt::Debug>(class: &str, a: &T, b: &T) -> Result<(), Fault> {
    ensure(a == b, class, || {
        let (a, b) = (format!("{a:?}"), format!("{b:?}"));
        let start = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count().saturating_sub(BEFORE);
        format!("{}\n  and\n  {}", from(&a, start), from(&b, start))
    })
}

/// Characters that are shown before the first difference, and in all.
const BEFORE: usize = 200;
const SHOWN: usize = 600;

fn from(text: &str, start: usize) -> String {
    let dots = if start > 0 { "..." } else { "" };
    dots.chars().chain(text.chars().skip(start).take(SHOWN)).collect()
}

/// The folder of inputs that findings leave.
pub fn folder() -> PathBuf {
    crate::corpus::root().join("target/fuzz")
}

/// How long an input is made smaller.
const SHRINKING: Duration = Duration::from_secs(10);

/// A smaller input with a fault of the same class, as far as parts of it can be left out.
pub fn smallest(target: &Target, input: &[u8], fault: &Fault, bounds: &Bounds) -> (Vec<u8>, Fault) {
    let (mut best, mut why) = (input.to_vec(), fault.clone());
    let end = Instant::now() + SHRINKING;
    if target.form == Form::Seed || fault.class == "time" || fault.class == "memory" {
        return (best, why);
    }
    let mut part = best.len().div_ceil(2);
    while part > 0 && Instant::now() < end {
        let (mut at, mut smaller) = (0, false);
        while at < best.len() && Instant::now() < end {
            let mut candidate = best.clone();
            candidate.drain(at..(at + part).min(candidate.len()));
            match guard::run(target, &candidate, bounds) {
                Err(fault) if fault.class == why.class => {
                    (best, why) = (candidate, fault);
                    smaller = true;
                }
                _ => at += part,
            }
        }
        if !smaller || part > 1 {
            part /= 2;
        }
    }
    (best, why)
}

/// Writes the input of a finding and answers its path.
pub fn write(target: &Target, input: &[u8]) -> Result<PathBuf, String> {
    let path = folder().join(format!("{}-{:016x}", target.name, Random::of(0, input).next()));
    std::fs::create_dir_all(folder()).and_then(|()| std::fs::write(&path, input)).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(path)
}

/// Prints a finding and how to see it again.
pub fn print(target: &Target, seed: u64, input: &[u8], path: &Path, fault: &Fault) {
    let shown = path.strip_prefix(crate::corpus::root()).unwrap_or(path).display();
    println!("\nfinding: {} (seed {seed}): {}\n  {}", target.name, fault.class, fault.detail);
    if target.form != Form::Seed {
        println!("  input, {} bytes: {}", input.len(), input.escape_ascii().to_string().chars().take(600).collect::<String>());
    }
    println!("  again: cargo run --release --bin quintet-fuzz -- {} --replay {shown}", target.name);
}

/// Runs a file as an input; true where nothing is wrong.
pub fn replay(path: &Path, target: Option<&str>, bounds: &Bounds) -> Result<bool, String> {
    let input = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let name = name.strip_prefix("running-").unwrap_or(name);
    let target = match target {
        Some(target) => targets::named(target)?,
        None => {
            let known = targets::ALL.iter().filter(|t| name.starts_with(&format!("{}-", t.name))).max_by_key(|t| t.name.len());
            known.ok_or_else(|| format!("{name} names no target; give one before --replay"))?
        }
    };
    match guard::run(target, &input, bounds) {
        Ok(_) => {
            println!("{}: nothing wrong with {}", target.name, path.display());
            Ok(true)
        }
        Err(fault) => {
            print(target, 0, &input, path, &fault);
            Ok(false)
        }
    }
}
