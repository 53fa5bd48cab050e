//! Where and with what something was measured.

use std::collections::BTreeMap;

use quintet_results::Machine;

/// This machine.
pub fn machine() -> Machine {
    Machine {
        os: std::env::consts::OS.into(),
        arch: std::env::consts::ARCH.into(),
        cpu: cpu().unwrap_or_else(|| "unknown".into()),
        cores: std::thread::available_parallelism().map_or(1, |n| n.get()),
    }
}

/// The processor's name, where the system tells.
fn cpu() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|l| l.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// Versions of what is measured: from the lock file that this program was built with.
pub fn versions() -> BTreeMap<String, String> {
    const LOCK: &str = include_str!("../../Cargo.lock");
    const SHOWN: [&str; 6] = ["cranelift-codegen", "wasmtime", "wasm-encoder", "mlua", "luajit-src", "regex-automata"];
    let mut versions = BTreeMap::from([("quintet".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]);
    let mut name = "";
    for line in LOCK.lines() {
        if let Some(n) = line.strip_prefix("name = ") {
            name = n.trim_matches('"');
        } else if let Some(v) = line.strip_prefix("version = ").filter(|_| SHOWN.contains(&name)) {
            versions.insert(name.to_owned(), v.trim_matches('"').to_owned());
        }
    }
    versions
}
