//! Tables and numbers as people read them.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

/// A table; `right` lists the columns that hold numbers.
pub fn render(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>, right: &[usize]) -> String {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_content_arrangement(ContentArrangement::Disabled).set_header(head.to_vec());
    table.add_rows(rows);
    for column in right {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.to_string()
}

/// Nanoseconds with three significant digits and a unit that fits.
pub fn nanoseconds(ns: f64) -> String {
    let (value, unit) = match ns.abs() {
        x if !x.is_finite() => return "-".into(),
        x if x < 1e3 => (ns, "ns"),
        x if x < 1e6 => (ns / 1e3, "us"),
        x if x < 1e9 => (ns / 1e6, "ms"),
        _ => (ns / 1e9, "s"),
    };
    format!("{} {unit}", digits(value))
}

/// Three significant digits.
pub fn digits(value: f64) -> String {
    match value.abs() {
        x if x < 10.0 => format!("{value:.2}"),
        x if x < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// Bytes with a unit that fits.
pub fn bytes(count: usize) -> String {
    match count {
        n if n < 10_000 => format!("{n} B"),
        n if n < 10_000_000 => format!("{} KB", digits(n as f64 / 1e3)),
        n => format!("{} MB", digits(n as f64 / 1e6)),
    }
}
