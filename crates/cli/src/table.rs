//! Tables and numbers as people read them.

use std::io::IsTerminal;

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, presets};

/// The columns of a terminal that standard output is; of anything else, such as a pipe, it is not known how wide it is shown.
fn terminal() -> Option<usize> {
    let stdout = std::io::stdout();
    stdout
        .is_terminal()
        .then(|| terminal_size::terminal_size_of(&stdout))
        .flatten()
        .map(|(width, _)| usize::from(width.0))
        .filter(|w| *w > 0)
}

/// How many columns text that is wrapped may have: those of the terminal, though a line of many more than a hundred is hard to read, or 80.
pub fn columns() -> usize {
    terminal().unwrap_or(80).min(100)
}

/// A table; `right` lists the columns that hold numbers. On a terminal it fits the width.
pub fn render(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>, right: &[usize]) -> String {
    let rows: Vec<Vec<String>> = rows.into_iter().collect();
    let all: Vec<usize> = (0..head.len()).collect();
    let whole = part(head, &rows, right, &all);
    match terminal() {
        Some(width) if widest(&whole) > width => within(head, &rows, right, width),
        _ => whole,
    }
}

/// The table in so many columns of text. Where its last column is text, that is wrapped; a table of numbers is cut into several, which all
/// have the first column.
fn within(head: &[&str], rows: &[Vec<String>], right: &[usize], width: usize) -> String {
    let last = head.len().saturating_sub(1);
    if !right.contains(&last) {
        return wrapped(head, rows, right, width);
    }
    let mut parts: Vec<Vec<usize>> = Vec::new();
    let mut column = 1;
    while column < head.len() {
        // A ratio stands beside what it is a ratio of.
        let end = (column + 1..head.len()).find(|c| head[*c] != "ratio").unwrap_or(head.len());
        let next: Vec<usize> = (column..end).collect();
        let longer = parts.last().map(|part| [part.as_slice(), &next].concat());
        match (parts.last_mut(), longer) {
            (Some(part), Some(longer)) if widest(&self::part(head, rows, right, &longer)) <= width => *part = longer,
            _ => parts.push([&[0], next.as_slice()].concat()),
        }
        column = end;
    }
    let tables: Vec<String> = parts.iter().map(|columns| self::part(head, rows, right, columns)).collect();
    tables.join("\n\n")
}

/// The table with its last column wrapped; where that would be too narrow to read, a list with what the column says below the rest.
fn wrapped(head: &[&str], rows: &[Vec<String>], right: &[usize], width: usize) -> String {
    /// The fewest columns that text is wrapped to.
    const READABLE: usize = 24;
    let all: Vec<usize> = (0..head.len()).collect();
    let rest = &all[..head.len().saturating_sub(1)];
    if widest(&part(head, rows, right, rest)) + READABLE > width {
        let indented = textwrap::Options::new(width).initial_indent("    ").subsequent_indent("    ");
        let listed = rows.iter().filter_map(|row| {
            let (said, names) = row.split_last()?;
            Some(format!("{}\n{}", names.join("  "), textwrap::fill(said, &indented)))
        });
        return listed.collect::<Vec<_>>().join("\n");
    }
    let mut table = table(head, rows, right, &all);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(u16::try_from(width).unwrap_or(u16::MAX));
    for column in table.column_iter_mut().take(head.len().saturating_sub(1)) {
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
    table.to_string()
}

/// The table with these columns only.
fn part(head: &[&str], rows: &[Vec<String>], right: &[usize], columns: &[usize]) -> String {
    table(head, rows, right, columns).to_string()
}

fn table(head: &[&str], rows: &[Vec<String>], right: &[usize], columns: &[usize]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(columns.iter().filter_map(|c| head.get(*c)).copied().collect::<Vec<_>>());
    table.add_rows(rows.iter().map(|row| columns.iter().map(|c| row.get(*c).cloned().unwrap_or_default()).collect::<Vec<_>>()));
    for (place, _) in columns.iter().enumerate().filter(|(_, c)| right.contains(c)) {
        if let Some(column) = table.column_mut(place) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// The columns of the longest line.
fn widest(text: &str) -> usize {
    text.lines().map(textwrap::core::display_width).max().unwrap_or(0)
}

/// A table without lines, for narrow terminals; `right` lists the columns that hold numbers.
pub fn plain(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>, right: &[usize]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled).set_header(head.to_vec());
    table.add_rows(rows);
    let last = head.len().saturating_sub(1);
    for (place, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, if place < last { 2 } else { 0 }));
        if right.contains(&place) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(cells: &[&str]) -> Vec<Vec<String>> {
        (0..3).map(|_| cells.iter().map(|c| (*c).to_owned()).collect()).collect()
    }

    #[test]
    fn wide_tables_of_numbers_are_cut_beside_their_names() {
        let head = ["row", "compile", "first call", "single/record", "ratio", "batch/record", "ratio"];
        let rows = rows(&["jit-fast", "1.20 ms", "31.0 us", "120 ns", "1.20x [1.19 1.21]", "90.1 ns", "1.00x"]);
        let right = [1, 2, 3, 4, 5, 6];
        let whole = part(&head, &rows, &right, &[0, 1, 2, 3, 4, 5, 6]);
        assert!(widest(&whole) > 80);
        for width in [80, 60, 50] {
            let cut = within(&head, &rows, &right, width);
            assert!(widest(&cut) <= width, "{cut}");
            for table in cut.split("\n\n") {
                assert!(table.starts_with("| row "), "{table}");
                let head = table.lines().next().unwrap_or_default();
                assert_eq!(head.matches("/record").count(), head.matches("ratio").count(), "{table}");
            }
            assert_eq!(cut.matches("1.20x [1.19 1.21]").count(), 3, "nothing is lost and no number is wrapped: {cut}");
        }
        assert_eq!(within(&head, &rows, &right, 80).split("\n\n").count(), 2);
    }

    #[test]
    fn long_text_is_wrapped_and_names_are_not() {
        let head = ["field", "type", "meaning"];
        let name = "cf.bot_management.ja4_signals_parsed";
        let rows = rows(&[name, "Map<Float>?", "What it says of the connection, in words that do not fit into one line."]);
        for (width, lines) in [(90, 11), (60, 9)] {
            let wrapped = within(&head, &rows, &[], width);
            assert!(widest(&wrapped) <= width, "{wrapped}");
            assert_eq!(wrapped.matches(name).count(), 3, "{wrapped}");
            assert_eq!(wrapped.lines().count(), lines, "{wrapped}");
        }
    }
}
