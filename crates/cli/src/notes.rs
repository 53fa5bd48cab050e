//! What reading met, in lines for people: nothing is passed over silently.

use std::path::Path;
use std::process::ExitCode;

use quintet_inputs::Stats;

use crate::failure::NOT_IN_ORDER;
use crate::source;

/// One line for each kind of thing that was not an ordinary record.
pub fn of(stats: &Stats) -> Vec<String> {
    let mut lines = Vec::new();
    for (reason, count) in &stats.malformed {
        lines.push(format!("{count} malformed: {reason}"));
    }
    if let Some(fault) = stats.faults.first() {
        lines.push(format!("the first malformed one is number {}: {}", fault.number, fault.detail));
    }
    for (field, unfit) in &stats.unfit {
        let (s, first) = (if unfit.count == 1 { "" } else { "s" }, &unfit.first);
        lines.push(format!(
            "{} value{s} that no `{field}` can be, left out; the first in number {}: {}",
            unfit.count, first.number, first.detail
        ));
    }
    if stats.records == 0 || stats.malformed_total() > 0 {
        lines.extend(stats.hint.map(str::to_owned));
    }
    for (kind, count) in &stats.skipped {
        lines.push(format!("{count} passed over: {kind}"));
    }
    if stats.cut_short > 0 {
        lines.push(format!("{} packets are in the capture only in part", stats.cut_short));
    }
    if !stats.unknown_keys.is_empty() {
        let names: Vec<&str> = stats.unknown_keys.keys().take(5).map(String::as_str).collect();
        let more = stats.unknown_keys.len().saturating_sub(names.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        lines.push(format!("keys without a field: {}{more}", names.join(", ")));
    }
    if let Some(end) = &stats.truncated {
        lines.push(format!("the input ends early, at byte {}: {}", end.offset, end.why));
    }
    lines
}

/// Prints them for an input.
pub fn print(stats: &Stats, path: &Path) {
    let lines = of(stats);
    if !lines.is_empty() {
        eprintln!("quintet: {}:", source::shown(path));
    }
    for line in lines {
        eprintln!("  {line}");
    }
}

/// Prints them for the only input, and answers the exit status: with `strict` it tells whether all was in order.
pub fn end(stats: &Stats, path: &Path, strict: bool) -> ExitCode {
    print(stats, path);
    if strict && stats.lossy() { ExitCode::from(NOT_IN_ORDER) } else { ExitCode::SUCCESS }
}
