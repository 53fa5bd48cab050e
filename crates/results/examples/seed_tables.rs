//! Prints the tables of `scripts/seed-tables.sh` from a result file of the workloads that are scripts.
#![forbid(unsafe_code)]

use std::fmt::Write;
use std::process::ExitCode;

use quintet_results::{Interval, Measure, Phase, Results, Row, RowKind, WorkloadResult};

/// A figure of the ticket: for which row here, what it was called there, and its time.
struct Theirs {
    row: &'static str,
    name: &'static str,
    time: &'static str,
}

const CALLS: &[Theirs] = &[
    Theirs { row: "native", name: "Rust", time: "51 ns in all" },
    Theirs { row: "wasm", name: "WASM", time: "439 ms" },
    Theirs { row: "lua-script", name: "Lua", time: "158 ms" },
];

const SHA256: &[Theirs] = &[
    Theirs { row: "native", name: "Rust", time: "635 ms" },
    Theirs { row: "wasm", name: "WASM", time: "985 ms" },
    Theirs { row: "lua-script", name: "LuaJIT", time: "750 ms" },
    Theirs { row: "", name: "plain Lua", time: "42 s" },
];

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: seed_tables RESULTS.json");
        return ExitCode::from(2);
    };
    match std::fs::read_to_string(&path).map_err(|e| e.to_string()).and_then(|text| tables(&text)) {
        Ok(tables) => {
            print!("{tables}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{path}: {error}");
            ExitCode::from(2)
        }
    }
}

fn tables(text: &str) -> Result<String, String> {
    let results = Results::from_json(text).map_err(|e| e.to_string())?;
    let workload = |name: &str| {
        let found = results.workloads.iter().find(|w| w.name == name);
        found.ok_or_else(|| format!("it has no workload `{name}`"))
    };
    let calls = workload("calls")?;
    let sha256 = workload("sha256")?;
    let mut out = format!("{}\n{}\n\n", results.command, results.machine.cpu);
    out += "## 1,000,000 calls of an increment\n\n";
    out += "The ticket's Rust is a loop of which the compiler left nothing. Here the native row calls through a pointer that the\n\
        compiler cannot see through, and every row reads its argument from a record and notes whether the answer is 42: one\n\
        call from the host for each record, and a batch of all records in one call. Times are a record's, 1,000,000 times; ratios\n\
        are to the native row.\n\n";
    let both = |row: &Row| {
        let mut cells = cells(calls, row, Phase::Single, 1e6);
        cells.extend(self::cells(calls, row, Phase::Batch, 1e6));
        cells
    };
    table(&mut out, &["row", "one call each", "ratio", "in a batch", "ratio", "the ticket's"], calls, CALLS, &both);
    out += "\n## SHA-256 of 40,000 bytes, 1,000 times\n\n";
    out += "In the script language, as Rust by hand and as Lua by hand have it too; `lua-nojit` is LuaJIT's interpreter. The\n\
        ticket's plain Lua has no row here.\n\n";
    table(&mut out, &["row", "time", "ratio", "the ticket's"], sha256, SHA256, &|row| cells(sha256, row, Phase::Batch, 1e3));
    out += "\n## Every script: ratio to Rust by hand, in batches\n\n";
    ratios(&mut out, &results);
    Ok(out)
}

/// The rows by hand first, then the backends in their order.
fn ordered(workload: &WorkloadResult) -> Vec<&Row> {
    let mut rows: Vec<&Row> = workload.rows.iter().collect();
    rows.sort_by_key(|row| match row.kind {
        RowKind::Native => 0,
        RowKind::Peer => 1,
        RowKind::Backend => 2,
    });
    rows
}

fn ratio(workload: &WorkloadResult, row: &Row, phase: Phase) -> Option<Interval> {
    let native = workload.rows.iter().find(|r| r.kind == RowKind::Native)?;
    Some(row.measure(phase)?.to(native.measure(phase)?))
}

/// The time of so many records, and its ratio to the native row.
fn cells(workload: &WorkloadResult, row: &Row, phase: Phase, records: f64) -> Vec<String> {
    let time = row.measure(phase).map_or(String::new(), |m: &Measure| time(m.centre() * records));
    vec![time, ratio(workload, row, phase).map_or(String::new(), times)]
}

fn table(out: &mut String, head: &[&str], workload: &WorkloadResult, theirs: &[Theirs], cells: &dyn Fn(&Row) -> Vec<String>) {
    let said = |t: &Theirs| format!("{} {}", t.name, t.time);
    let mut rows = Vec::new();
    for row in ordered(workload) {
        let mut line = vec![name(row)];
        line.extend(cells(row));
        line.push(theirs.iter().find(|t| t.row == row.id).map_or(String::new(), said));
        rows.push(line);
    }
    for other in theirs.iter().filter(|t| workload.row(t.row).is_none()) {
        let mut line = vec![other.name.to_owned()];
        line.resize(head.len() - 1, String::new());
        line.push(said(other));
        rows.push(line);
    }
    markdown(out, head, &rows);
}

fn ratios(out: &mut String, results: &Results) {
    let mut ids: Vec<&str> = Vec::new();
    for workload in &results.workloads {
        let rows = ordered(workload).into_iter().filter(|r| r.kind != RowKind::Native).map(|r| r.id.as_str());
        rows.for_each(|id| {
            if !ids.contains(&id) {
                ids.push(id)
            }
        });
    }
    let mut rows = Vec::new();
    for workload in &results.workloads {
        let native = workload.rows.iter().find(|r| r.kind == RowKind::Native).and_then(|r| r.measure(Phase::Batch));
        let mut line = vec![workload.name.clone(), native.map_or(String::new(), |m| time(m.centre()))];
        line.extend(ids.iter().map(|id| workload.row(id).and_then(|row| ratio(workload, row, Phase::Batch)).map_or(String::new(), times)));
        rows.push(line);
    }
    let head: Vec<&str> = ["workload", "native, per record"].into_iter().chain(ids.iter().copied()).collect();
    markdown(out, &head, &rows);
}

fn name(row: &Row) -> String {
    match row.kind {
        RowKind::Native => "native (Rust by hand)".into(),
        RowKind::Peer => format!("{} (by hand)", row.id),
        RowKind::Backend => row.id.clone(),
    }
}

fn markdown(out: &mut String, head: &[&str], rows: &[Vec<String>]) {
    let width = |column: usize| rows.iter().map(|r| r[column].len()).chain([head[column].len()]).max().unwrap_or(0);
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded: Vec<String> = cells.zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        let _ = writeln!(out, "| {} |", padded.join(" | "));
    };
    line(&mut head.iter().copied());
    let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    line(&mut rules.iter().map(String::as_str));
    rows.iter().for_each(|row| line(&mut row.iter().map(String::as_str)));
}

/// A time in the unit that suits it.
fn time(ns: f64) -> String {
    match ns {
        ns if ns < 1e3 => format!("{ns:.1} ns"),
        ns if ns < 1e6 => format!("{:.2} us", ns / 1e3),
        ns if ns < 1e9 => format!("{:.3} ms", ns / 1e6),
        ns => format!("{:.2} s", ns / 1e9),
    }
}

fn times(ratio: Interval) -> String {
    if ratio.low == ratio.high {
        return "1".into();
    }
    let digits = |x: f64| if x < 10.0 { format!("{x:.2}") } else { format!("{x:.1}") };
    format!("{} [{} {}]", digits(ratio.value), digits(ratio.low), digits(ratio.high))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../tests/fixtures/example.json");

    #[test]
    fn every_row_and_every_figure_of_the_ticket_is_there() {
        let mut results = Results::from_json(EXAMPLE).expect("the example");
        results.workloads.truncate(1);
        results.workloads.push(results.workloads[0].clone());
        results.workloads[0].name = "calls".into();
        results.workloads[1].name = "sha256".into();
        let text = tables(&results.to_json().expect("JSON")).expect("tables");
        let parts: Vec<&str> = text.split("## ").collect();
        assert_eq!(parts.len(), 4, "{text}");
        for part in &parts[1..3] {
            for row in &results.workloads[0].rows {
                assert_eq!(part.matches(&format!("| {} ", name(row))).count(), 1, "{}: {part}", row.id);
            }
        }
        for (part, figures) in [(parts[1], CALLS), (parts[2], SHA256)] {
            for figure in figures {
                assert!(part.contains(&format!("{} {}", figure.name, figure.time)), "{}: {part}", figure.name);
            }
        }
        assert!(parts[3].contains("| calls ") && parts[3].contains("| sha256 "), "{text}");
    }

    #[test]
    fn a_file_of_other_workloads_is_refused() {
        assert_eq!(tables(EXAMPLE), Err("it has no workload `calls`".into()));
    }

    #[test]
    fn a_million_records_of_a_nanosecond_take_a_millisecond() {
        assert_eq!((time(1e6), time(999.0), time(2.5e9)), ("1.000 ms".into(), "999.0 ns".into(), "2.50 s".into()));
    }
}
