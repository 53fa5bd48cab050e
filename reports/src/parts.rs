//! A workload compared once more over a part of its rules, so that engines take part which cannot run all of them.

use quintet_results::{Phase, Row, RowKind, WorkloadResult};

use crate::format::{ratio, ratio_with, thousands, time};
use crate::table::Table;
use crate::view::rules;

/// What a report says of a part.
pub struct Part<'w> {
    /// What was measured.
    pub result: &'w WorkloadResult,
    /// Which rules, how many records and answers.
    pub about: String,
    /// The rows, quickest batch first.
    pub table: Table,
}

impl Part<'_> {
    /// Who is absent, in sentences.
    pub fn absent(&self) -> Vec<String> {
        self.result.absent.iter().map(|a| format!("{} is absent: {}.", a.id, a.reason.trim_end_matches('.'))).collect()
    }
}

/// All parts of a workload.
pub fn of(workload: &WorkloadResult) -> impl Iterator<Item = Part<'_>> {
    workload.parts.iter().map(part)
}

fn part(result: &WorkloadResult) -> Part<'_> {
    let mut rows: Vec<&Row> = result.rows.iter().collect();
    rows.sort_by(|a, b| a.centre(Phase::Batch).total_cmp(&b.centre(Phase::Batch)));
    let best = rows.iter().find(|r| r.kind == RowKind::Backend).copied();
    let to_best = |row: &Row| {
        let best = best.filter(|best| best.id != row.id);
        let of = best.and_then(|best| Some(row.measure(Phase::Batch)?.to(best.measure(Phase::Batch)?)));
        of.map_or_else(|| if row.measure(Phase::Batch).is_some() { ratio(1.0) } else { "–".into() }, ratio_with)
    };
    let mut table = Table::new(
        "The ratio is the batch's to the fastest backend's, with its interval at 95 %",
        &["row", "batch ratio", "batch / record", "single call / record", "compile / all rules"],
    );
    for row in rows {
        let mark = if row.note.is_some() { " *" } else { "" };
        let times = [Phase::Batch, Phase::Single, Phase::Compile].map(|phase| time(row.centre(phase)));
        table.push_about(&row.id, [format!("{}{mark}", row.id), to_best(row)].into_iter().chain(times).collect());
    }
    let about = format!(
        "{} {} on {} records; {} answers verified alike on every row.",
        result.about.trim(),
        rules(result.rules),
        thousands(result.records as u64),
        thousands(result.verified_pairs as u64),
    );
    Part { result, about, table }
}
