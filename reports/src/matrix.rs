//! Workload by backend: how many times as much as the workload's best backend each row takes.

use quintet_results::{Interval, Measure, Phase, WorkloadResult, floor};
use serde_json::{Value, json};

use crate::format::{ratio, ratio_with, time};
use crate::group::Group;
use crate::style::Style;
use crate::table::Table;
use crate::view::phase_name;

/// What a matrix is of.
pub const METRICS: [Phase; 3] = [Phase::Batch, Phase::Single, Phase::Compile];

/// One quantity of every row on every workload.
pub struct Matrix {
    /// What is measured.
    pub phase: Phase,
    /// The workloads, in order of the report.
    pub workloads: Vec<Line>,
}

/// A workload's rows.
pub struct Line {
    /// The workload.
    pub name: String,
    /// The best backend there, whatever its configuration; `None` where none was measured.
    pub best: Option<String>,
    /// The rows that were measured, in the order of their groups.
    pub cells: Vec<Cell>,
}

/// A row on a workload.
pub struct Cell {
    /// The row's id.
    pub id: String,
    /// What it takes, ns: per record, or per rule to compile.
    pub ns: f64,
    /// The same to the best backend's.
    pub ratio: Interval,
    /// Whether no difference from the best can be told outside the noise.
    pub tied: bool,
}

/// What the nanoseconds of a matrix are for.
pub fn per(phase: Phase) -> &'static str {
    if phase == Phase::Compile { "rule" } else { phase.per() }
}

impl Matrix {
    /// The matrix of a phase; `None` where no row has any of it.
    pub fn new(workloads: &[WorkloadResult], phase: Phase, styles: &[Style]) -> Option<Matrix> {
        let workloads: Vec<Line> = workloads.iter().map(|w| line(w, phase, styles)).collect();
        workloads.iter().any(|l| !l.cells.is_empty()).then_some(Matrix { phase, workloads })
    }

    /// Its name on the page.
    pub fn title(&self) -> String {
        format!("{} per {}", phase_name(self.phase), per(self.phase))
    }

    /// The rows of these groups as a table.
    pub fn table(&self, styles: &[Style], groups: &[Group]) -> Table {
        let shown: Vec<&Style> = styles.iter().filter(|s| groups.contains(&s.group())).collect();
        let shown: Vec<&Style> =
            shown.into_iter().filter(|s| self.workloads.iter().any(|l| l.cells.iter().any(|c| c.id == s.id))).collect();
        let caption = format!("{}: times the best backend's on the same workload; ≈ where no difference from it can be told", self.title());
        let mut table = Table::new(caption, &["workload", "best"]);
        table.head.extend(shown.iter().map(|s| s.id.clone()));
        for line in &self.workloads {
            let find = |id: &str| line.cells.iter().find(|c| c.id == id);
            let best = line.best.as_deref().and_then(find).map_or("–".into(), |c| format!("{} {}", c.id, time(c.ns)));
            let mut cells = vec![line.name.clone(), best];
            cells.extend(shown.iter().map(|s| find(&s.id).map_or("–".into(), |c| short(c, line.best.as_deref()))));
            table.push(cells);
        }
        table
    }

    /// What the page's script draws it from.
    pub fn data(&self) -> Value {
        let cell = |c: &Cell| json!({ "ns": c.ns, "ratio": c.ratio.value, "tied": c.tied, "text": ratio_with(c.ratio) });
        let line = |l: &Line| {
            let cells: serde_json::Map<_, _> = l.cells.iter().map(|c| (c.id.clone(), cell(c))).collect();
            json!({ "name": l.name, "best": l.best, "cells": cells })
        };
        json!({ "per": per(self.phase), "lines": self.workloads.iter().map(line).collect::<Vec<_>>() })
    }
}

/// A cell in short.
fn short(cell: &Cell, best: Option<&str>) -> String {
    let mark = if cell.tied && best != Some(&cell.id) { "≈ " } else { "" };
    format!("{mark}{}", ratio(cell.ratio.value))
}

fn line(workload: &WorkloadResult, phase: Phase, styles: &[Style]) -> Line {
    let measured: Vec<(&Style, &Measure)> = styles.iter().filter_map(|s| Some((s, workload.row(&s.id)?.measure(phase)?))).collect();
    let best = measured.iter().filter(|(s, _)| s.candidate()).min_by(|a, b| a.1.centre().total_cmp(&b.1.centre()));
    let rules = if phase == Phase::Compile { workload.rules.max(1) as f64 } else { 1.0 };
    let cells = best.map_or(Vec::new(), |(_, best)| {
        let floor = floor(&[workload]);
        let of = |(style, m): &(&Style, &Measure)| {
            let ratio = m.to(best);
            Cell { id: style.id.clone(), ns: m.centre() / rules, ratio, tied: !ratio.differs(floor) }
        };
        measured.iter().map(of).collect()
    });
    Line { name: workload.name.clone(), best: best.map(|(s, _)| s.id.clone()), cells }
}
