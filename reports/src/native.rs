//! Rows beside native code: rules written by hand in Rust, as one would who had only these.

use quintet_results::{Phase, Row, RowKind, WorkloadResult, ratio_over};

use crate::format::{ratio, ratio_with};
use crate::style::Style;
use crate::table::Table;

/// What the ratios are.
pub const ABOUT: &str = "Times what the rules take as idiomatic Rust, written by hand and compiled with the report's program: geometric means over the workloads that have such a row, and the workload where a row does worst. It is a yardstick and no limit: generated code knows the rules' constants, and may be quicker.";

/// The phases that native code has.
const PHASES: [(Phase, &str); 2] = [(Phase::Batch, "batch"), (Phase::Single, "single call")];

/// A line for each backend that ran all workloads that have native code; `None` where there are fewer than two of them, which is no mean.
pub fn table(workloads: &[WorkloadResult], styles: &[Style]) -> Option<Table> {
    let native = |w: &WorkloadResult| w.rows.iter().find(|row| row.kind == RowKind::Native).map(|row| row.id.clone());
    let beside: Vec<(&WorkloadResult, String)> = workloads.iter().filter_map(|w| Some((w, native(w)?))).collect();
    let (_, id) = beside.first()?;
    let of: Vec<&WorkloadResult> = beside.iter().filter(|(_, other)| other == id).map(|(w, _)| *w).collect();
    let mut table = Table::new(format!("Times {id}: geometric means over {} workloads, with intervals at 95 %", of.len()), &["row"]);
    table.head.extend(PHASES.iter().flat_map(|(_, name)| [(*name).to_owned(), "at worst".to_owned()]));
    for style in styles.iter().filter(|style| style.candidate()) {
        let ran = |phase: Phase| of.iter().all(|w| [id, &style.id].iter().all(|id| w.row(id).is_some_and(|row| has(row, phase))));
        if !PHASES.iter().any(|(phase, _)| ran(*phase)) {
            continue;
        }
        let mut cells = vec![style.id.clone()];
        for (phase, _) in PHASES {
            if ran(phase) {
                cells.extend([ratio_with(ratio_over(&of, phase, &style.id, id)), worst(&of, phase, &style.id, id)]);
            } else {
                cells.extend(["–".to_owned(), "–".to_owned()]);
            }
        }
        table.push_about(&style.id, cells);
    }
    (of.len() > 1 && !table.rows.is_empty()).then_some(table)
}

fn has(row: &Row, phase: Phase) -> bool {
    row.measure(phase).is_some()
}

/// The workload where a row's ratio is the largest, with it.
fn worst(workloads: &[&WorkloadResult], phase: Phase, id: &str, to: &str) -> String {
    let ratios = workloads.iter().map(|w| (ratio_over(&[*w], phase, id, to).value, &w.name));
    ratios.max_by(|(a, _), (b, _)| a.total_cmp(b)).map_or("–".into(), |(value, name)| format!("{}, {name}", ratio(value)))
}
