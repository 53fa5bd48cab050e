//! What reading met, in lines for people: nothing is passed over silently.

use quintet_inputs::Stats;

/// One line for each kind of thing that was not an ordinary record.
pub fn of(stats: &Stats) -> Vec<String> {
    let mut lines = Vec::new();
    for (reason, count) in &stats.malformed {
        lines.push(format!("{count} malformed: {reason}"));
    }
    if let Some(fault) = stats.faults.first() {
        lines.push(format!("the first malformed one is number {}: {}", fault.number, fault.detail));
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
