//! What a row that changes as it goes costs in all, beside the best that could have been chosen beforehand.

use quintet_results::{Row, WorkloadResult, has_one_cost};

use crate::format::{ratio_with, thousands};
use crate::table::Table;

/// What the ratios are.
pub const ABOUT: &str = "From linked rules to the last answer, as times what the cheapest backend with one configuration takes for so many records, which is named: measured in the same way, or, where that takes too long for a round, its getting ready and its records added up. Up to 1,000 records are asked about one by one, more come in batches. A dash: so many were not measured, as they take too long for a round.";

/// A line for each workload and row of which totals were measured, with a column for each power of ten; `None` where there is none.
pub fn table(workloads: &[WorkloadResult]) -> Option<Table> {
    let rows = |w: &WorkloadResult| -> Vec<usize> { (0..w.rows.len()).filter(|i| changes(&w.rows[*i])).collect() };
    let decade = |records: usize| records.max(1).ilog10();
    let totals = || workloads.iter().flat_map(|w| rows(w).into_iter().flat_map(|i| &w.rows[i].totals));
    let mut decades: Vec<u32> = totals().map(|total| decade(total.records)).collect();
    decades.sort_unstable();
    decades.dedup();
    let mut table = Table::new("Cost in all, beside the best that could have been chosen beforehand", &["workload", "row"]);
    table.head.extend(decades.iter().map(|d| format!("{} record{}", thousands(10u64.pow(*d)), if *d == 0 { "" } else { "s" })));
    for w in workloads {
        for row in rows(w).into_iter().map(|i| &w.rows[i]) {
            let mut cells = vec![w.name.clone(), row.id.clone()];
            cells.extend(decades.iter().map(|d| cell(row, w, |records| decade(records) == *d)));
            table.push_about(&row.id, cells);
        }
    }
    (!table.rows.is_empty()).then_some(table)
}

/// Whether it is a row that changes as it goes, and was measured in all.
fn changes(row: &Row) -> bool {
    row.passes && !has_one_cost(&row.id) && !row.totals.is_empty()
}

/// The ratio for the first number of records that is meant, and what it is to.
fn cell(row: &Row, workload: &WorkloadResult, meant: impl Fn(usize) -> bool) -> String {
    let total = row.totals.iter().find(|total| meant(total.records));
    let regret = total.and_then(|total| total.regret(row, workload));
    regret.map_or("–".into(), |regret| format!("{}, {}", ratio_with(regret.ratio), regret.best))
}
