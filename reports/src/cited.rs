//! Figures of other engines that were measured elsewhere, beside a workload's own.

use quintet_results::{Cited, CitedFigure, WorkloadResult, geometric_mean};

use crate::format::{digits, ratio, time};
use crate::table::Table;

/// What a report says of cited figures.
pub struct Citation {
    /// Whose they are.
    pub title: String,
    /// What was measured, when and how.
    pub about: String,
    /// How long the unit took in this run, and how Quintet's rows did beside the engine then.
    pub summary: String,
    /// The figures, one row per rule.
    pub table: Table,
}

/// All citations of a workload.
pub fn of(workload: &WorkloadResult) -> Vec<Citation> {
    workload.cited.iter().filter(|c| !c.figures.is_empty()).map(citation).collect()
}

fn citation(cited: &Cited) -> Citation {
    let mut rows: Vec<&str> = cited.figures.iter().flat_map(|f| f.times.keys().map(String::as_str)).collect();
    rows.sort_unstable();
    rows.dedup();
    let mut rules: Vec<&str> = Vec::new();
    for figure in &cited.figures {
        if !rules.contains(&figure.rule.as_str()) {
            rules.push(&figure.rule);
        }
    }
    let mut table = Table::new(
        format!(
            "{}, {}: one unit is a {}; where a rule has several records, from the least to the greatest",
            cited.engine, cited.version, cited.unit
        ),
        &["rule", "records", "units"],
    );
    table.head.extend(cited.unit_ns.map(|_| "would be here".to_owned()));
    table.head.extend(rows.iter().map(|row| format!("{row} took then")));
    for rule in rules {
        let figures: Vec<&CitedFigure> = cited.figures.iter().filter(|f| f.rule == rule).collect();
        let low = figures.iter().map(|f| f.units).fold(f64::INFINITY, f64::min);
        let high = figures.iter().map(|f| f.units).fold(0.0, f64::max);
        let range = |print: &dyn Fn(f64) -> String| if low == high { print(low) } else { format!("{} to {}", print(low), print(high)) };
        let mut cells = vec![rule.to_owned(), figures.len().to_string(), range(&digits)];
        cells.extend(cited.unit_ns.map(|ns| range(&|units| time(units * ns))));
        cells.extend(rows.iter().map(|row| ratio(mean(figures.iter().copied(), row))));
        table.push(cells);
    }
    Citation {
        title: format!("{}, {}", cited.engine, cited.version),
        about: cited.about.trim().to_owned(),
        summary: summary(cited, &rows),
        table,
    }
}

/// The geometric mean of how many times as long a row took.
fn mean<'c>(figures: impl Iterator<Item = &'c CitedFigure>, row: &str) -> f64 {
    geometric_mean(figures.filter_map(|f| f.times.get(row)).copied())
}

fn summary(cited: &Cited, rows: &[&str]) -> String {
    let unit = cited.unit_ns.map_or(String::new(), |ns| format!("A {} took {} in this run. ", cited.unit, time(ns)));
    let then: Vec<String> = rows.iter().map(|row| format!("{row} {}", ratio(mean(cited.figures.iter(), row)))).collect();
    let then = if then.is_empty() {
        String::new()
    } else {
        format!(" Quintet's rows took, then and in the same process, as geometric means: {} its time.", then.join(", "))
    };
    format!("{unit}The figures are {} pairs of rule and record.{then}", cited.figures.len())
}
