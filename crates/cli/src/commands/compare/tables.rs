//! What is printed about one workload.

use std::fmt::Write;
use std::time::Duration;

use quintet_bench::{Ending, Loaded, Measured};
use quintet_results::{Interval, Mode, Phase, Row, RowKind, WorkloadResult, again, has_one_cost, own_kinds};

use crate::notes;
use crate::table::{bytes, digits, nanoseconds, render};

/// The heading, the tables of costs and of memory, who is absent, and how far the figures can be trusted.
pub fn workload(measured: &Measured, loaded: &Loaded, took: Duration) -> String {
    let result = &measured.result;
    let mut rows: Vec<&Row> = result.rows.iter().collect();
    rows.sort_by(|a, b| a.centre(Phase::Batch).total_cmp(&b.centre(Phase::Batch)));
    [heading(result, loaded), costs(&rows), in_all(result), memory(&rows, result.rules), absent(result), trust(measured, took)].concat()
}

/// A row's name as tables show it.
pub fn label(id: &str, kind: RowKind) -> String {
    match kind {
        RowKind::Backend => id.into(),
        RowKind::Native => format!("{id} (Rust by hand)"),
        RowKind::Peer => format!("{id} (peer)"),
    }
}

/// A ratio with its interval.
pub fn times(ratio: Interval) -> String {
    if ratio.low == 1.0 && ratio.high == 1.0 {
        return "1.00x".into();
    }
    format!("{}x [{} {}]", digits(ratio.value), digits(ratio.low), digits(ratio.high))
}

fn heading(result: &WorkloadResult, loaded: &Loaded) -> String {
    let mut text = format!("\n## {}\n{}\n\n", result.name, result.about.trim());
    let matched: usize = result.matches.iter().map(|(_, n)| n).sum();
    let _ = writeln!(
        text,
        "{} rules x {} records, {:.1} % match; verified before anything was timed: {} answers, alike on all {} rows.",
        result.rules,
        result.records,
        100.0 * matched as f64 / result.verified_pairs as f64,
        result.verified_pairs,
        result.rows.len(),
    );
    if result.traps > 0 {
        let _ = writeln!(text, "{} rule-record pairs trap, alike on all rows.", result.traps);
    }
    for line in notes::of(&loaded.stats) {
        let _ = writeln!(text, "input: {line}");
    }
    let front = &result.front_end;
    let _ = writeln!(
        text,
        "before any backend: parse {}, check {}, passes {}, link {} for all rules; reading {} per record",
        nanoseconds(front.parse.centre()),
        nanoseconds(front.check.centre()),
        nanoseconds(front.passes.centre()),
        nanoseconds(front.link.centre()),
        nanoseconds(front.read.centre()),
    );
    text
}

/// What rows cost, the one with the quickest batches first. Ratios are to the quickest backend.
fn costs(rows: &[&Row]) -> String {
    let backends = || rows.iter().filter(|r| r.kind == RowKind::Backend);
    let fastest = |phase: Phase| backends().filter_map(|r| r.measure(phase)).min_by(|a, b| a.centre().total_cmp(&b.centre()));
    let (batch, single) = (fastest(Phase::Batch), fastest(Phase::Single));
    let cells = |row: &&Row| {
        let ns = |phase: Phase| row.measure(phase).map_or(String::new(), |m| nanoseconds(m.centre()));
        let ratio = |phase: Phase, to: Option<&quintet_results::Measure>| match (row.measure(phase), to) {
            (Some(of), Some(to)) => times(of.to(to)),
            _ => String::new(),
        };
        let quantile = |of: fn(&quintet_results::Latency) -> &quintet_results::Measure| {
            row.latency.as_ref().map_or(String::new(), |l| nanoseconds(of(l).centre()))
        };
        vec![
            marked(row),
            ns(Phase::Compile),
            ns(Phase::Instantiate),
            ns(Phase::FirstCall),
            quantile(|l| &l.p50),
            quantile(|l| &l.p99),
            ns(Phase::Single),
            ratio(Phase::Single, single),
            ns(Phase::Batch),
            ratio(Phase::Batch, batch),
        ]
    };
    let head = ["row", "compile", "instantiate", "first call", "call p50", "call p99", "single/record", "ratio", "batch/record", "ratio"];
    let table = render(&head, rows.iter().map(cells), &[1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let sourced = rows.iter().any(|r| r.kind != RowKind::Backend && r.measure(Phase::Compile).is_some());
    let note = if sourced {
        "compile of rows that are not backends begins at their source text: it holds what parse, check and link are for backends\n"
    } else {
        ""
    };
    let notes: String = rows.iter().filter_map(|r| Some(format!("* {}: {}\n", r.id, r.note.as_ref()?))).collect();
    format!("\n{table}\n{notes}{note}")
}

/// What rows that change as they go cost in all.
fn in_all(result: &WorkloadResult) -> String {
    let mut text = String::new();
    for row in result.rows.iter().filter(|row| !row.totals.is_empty() && !has_one_cost(&row.id)) {
        let cells = row.totals.iter().filter_map(|total| {
            let regret = total.regret(row, result)?;
            let how = match total.mode {
                Mode::Single => "one by one",
                Mode::Batch => "in batches",
            };
            Some(vec![how.into(), total.records.to_string(), nanoseconds(total.ns.centre()), times(regret.ratio), regret.best.into()])
        });
        let head = [&*format!("{} in all", row.id), "records", "from linked rules on", "ratio", "to the best of the others"];
        let _ = write!(text, "\n{}", render(&head, cells, &[1, 2, 3]));
    }
    text
}

/// A row's name with a mark where a note stands below the table.
fn marked(row: &Row) -> String {
    format!("{}{}", label(&row.id, row.kind), if row.note.is_some() { " *" } else { "" })
}

/// What the backends hold in memory, and what copying batches in costs those that must.
fn memory(rows: &[&Row], rules: usize) -> String {
    let cells = |row: &&Row| {
        let memory = row.memory?;
        Some(vec![
            row.id.clone(),
            bytes(memory.code_bytes),
            bytes(memory.data_bytes),
            bytes(memory.heap_bytes),
            bytes(memory.heap_bytes / rules.max(1)),
            bytes(memory.instance_bytes),
            row.measure(Phase::BatchCopied).map_or_else(|| "in place".into(), |m| nanoseconds(m.centre())),
        ])
    };
    let head = ["backend", "code", "data", "heap", "heap/rule", "instance", "batch/record from plain memory"];
    format!("\n{}\n", render(&head, rows.iter().filter_map(cells), &[1, 2, 3, 4, 5, 6]))
}

fn absent(result: &WorkloadResult) -> String {
    let line = |a: &quintet_results::Absent| format!("absent: {}: {}\n", a.id, a.reason);
    result.absent.iter().map(line).collect()
}

fn trust(measured: &Measured, took: Duration) -> String {
    let result = &measured.result;
    let mut text = format!("\n{} rounds in {} processes in {} s", result.rounds, result.processes, took.as_secs());
    if let Some(widest) = &measured.widest {
        let least = format!("the least precise ratio is {}'s {}, within {:.1} %", widest.id, widest.phase.name(), 100.0 * widest.share);
        let _ = match measured.ending {
            Ending::Precise => write!(text, ": {least}"),
            Ending::Time => write!(text, ", then the time was over; {least}"),
            Ending::Rounds => write!(text, ", the most that were allowed; {least}"),
        };
    }
    text.push('\n');
    if measured.disturbed > 0.005 {
        let _ = writeln!(text, "{:.0} % of the laps were disturbed and are left out", 100.0 * measured.disturbed);
    }
    if let Some((id, ratio)) = again(result) {
        let _ = writeln!(text, "noise: batches of {id} measured a second time in the same rounds are {}", times(ratio));
    }
    for own in own_kinds(result) {
        let _ = writeln!(text, "note: {own}");
    }
    let _ = writeln!(
        text,
        "harness: a loop that evaluates nothing takes {} per record; reading the clock takes {}, which is taken off single calls",
        nanoseconds(result.no_op.centre()),
        nanoseconds(measured.clock.centre()),
    );
    text
}
