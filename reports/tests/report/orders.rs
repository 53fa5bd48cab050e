//! No two places of a report come to different orders, nor does `quintet choose`.

use std::collections::BTreeMap;

use quintet_results::{Choice, Mode, Rates, Results, RowKind, Wish};

use crate::fixture::{files, results, text, three_processes};
use crate::verdict::published;

/// A table of the Markdown: its head, and its rows by their first cell.
struct Read {
    under: String,
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// All tables of a report, each with the heading that it stands under.
fn tables(report: &str) -> Vec<Read> {
    let mut found: Vec<Read> = Vec::new();
    let (mut under, mut inside) = (String::new(), false);
    for line in report.lines().map(|l| l.replace('\\', "")) {
        let cells = || line.trim_matches('|').split('|').map(|c| c.trim().to_owned()).collect::<Vec<_>>();
        if line.starts_with('#') {
            under = line.trim_start_matches('#').trim().to_owned();
        } else if !line.starts_with('|') {
            inside = false;
        } else if !inside {
            found.push(Read { under: under.clone(), head: cells(), rows: Vec::new() });
            inside = true;
        } else if !line.starts_with("| :--") {
            found.last_mut().expect("a head comes first").rows.push(cells());
        }
    }
    found
}

/// A number with its unit, or a ratio without its interval, as printed.
fn number(cell: &str) -> Option<f64> {
    let cell = cell.trim_start_matches("≈ ").replace('\u{a0}', " ");
    let mut parts = cell.split([' ', '×']);
    let value: f64 = parts.next()?.parse().ok()?;
    Some(
        value
            * match parts.next() {
                Some("µs") => 1e3,
                Some("ms") => 1e6,
                Some("s") => 1e9,
                _ => 1.0,
            },
    )
}

/// What a table says of each id: those of `ids` that have a number in the cell that `at` finds.
fn said<'t>(cells: impl Iterator<Item = (&'t String, &'t String)>) -> BTreeMap<String, f64> {
    cells.filter_map(|(id, cell)| Some((id.clone(), number(cell)?))).collect()
}

/// Rows that two places put into different orders.
fn against(a: &BTreeMap<String, f64>, b: &BTreeMap<String, f64>) -> Vec<String> {
    let both: Vec<&String> = a.keys().filter(|id| b.contains_key(*id)).collect();
    let pairs = both.iter().flat_map(|x| both.iter().map(move |y| (*x, *y)));
    pairs.filter(|(x, y)| a[*x] < a[*y] && b[*x] > b[*y]).map(|(x, y)| format!("{x} and {y}")).collect()
}

/// All orders of a workload in one quantity, by where they stand.
fn orders_agree(results: &Results) {
    let files = files(results.clone());
    let tables = tables(text(&files, "report.md"));
    let mut compared = 0;
    for w in &results.workloads {
        let phases = tables.iter().find(|t| t.under == w.name).expect("each workload has a table of phases");
        let column = |name: &str| {
            let at = phases.head.iter().position(|h| h.starts_with(name)).unwrap_or_else(|| panic!("no column {name}"));
            said(phases.rows.iter().map(|r| (&r[0], &r[at])))
        };
        for (matrix, time) in
            [("Batch per record", "batch / "), ("Single call per record", "single call / "), ("Compile per rule", "compile / ")]
        {
            let matrix = tables.iter().find(|t| t.under == matrix).expect("each quantity has a matrix");
            let row = matrix.rows.iter().find(|r| r[0] == w.name).expect("each workload is in it");
            let ratios = said(matrix.head.iter().zip(row).skip(2));
            let times = column(time);
            assert_eq!(against(&ratios, &times), Vec::<String>::new(), "{} {time}", w.name);
            let best = row[1].split(' ').next().unwrap_or_default();
            assert!(ratios.get(best).is_none_or(|r| *r == 1.0), "{best} is the best of {}", w.name);
            compared += ratios.len();
        }
        assert_eq!(against(&column("batch ratio"), &column("batch / ")), Vec::<String>::new(), "{}", w.name);
    }
    assert!(compared > 30, "{compared} numbers");
    // The headlines and the ranking.
    let ranking = tables.iter().find(|t| t.under == "Ranking").expect("there is a ranking");
    let report = text(&files, "report.md").replace('\\', "");
    for (said_of, at) in [("In batches: ", 1), ("In single calls: ", 2), ("To compile: ", 3)] {
        let headline = report.lines().find_map(|l| l.strip_prefix(&format!("* {said_of}"))).expect("each phase has a headline");
        let words: Vec<&str> = headline.split([' ', ';']).filter(|w| !w.is_empty()).collect();
        let named: Vec<&str> = words.iter().copied().filter(|w| ranking.rows.iter().any(|r| r[0] == *w)).collect();
        let backend = |id: &str| results.workloads[0].row(id).is_some_and(|r| r.kind == RowKind::Backend && !id.ends_with("/no-passes"));
        let mut ranked: Vec<(f64, &str)> =
            ranking.rows.iter().filter(|r| backend(&r[0])).filter_map(|r| Some((number(&r[at])?, r[0].as_str()))).collect();
        ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
        let value = |id: &str| ranked.iter().find(|r| r.1 == id).map(|r| r.0);
        assert_eq!(value(named[0]), Some(ranked[0].0), "{headline}");
        assert_eq!(value(named[1]), Some(ranked[1].0), "{headline}");
    }
}

/// The break-even table and `choose` name the same row as the cheapest, between the places where it changes hands.
fn break_even_agrees(results: &Results) {
    let files = files(results.clone());
    let tables = tables(text(&files, "report.md"));
    let table = tables.iter().find(|t| t.under == "Break-even").expect("there is a table");
    for w in &results.workloads {
        let start = table.rows.iter().position(|r| r[0] == w.name).expect("each workload is in it");
        let mut steps = vec![(1.0, table.rows[start][1].clone())];
        for row in table.rows[start..].iter().take_while(|r| r[0].is_empty() || r[0] == w.name).filter(|r| r[2] != "–") {
            let from = row[3].split(" (").next().unwrap_or_default().replace(',', "").replace('\u{a0}', " ");
            let (value, unit) = from.split_once(' ').unwrap_or((&from, ""));
            let scale = match unit {
                "k" => 1e3,
                "M" => 1e6,
                "G" => 1e9,
                "T" => 1e12,
                _ => 1.0,
            };
            steps.push((value.parse::<f64>().expect("a number of records") * scale, row[2].clone()));
        }
        for (i, (from, id)) in steps.iter().enumerate() {
            // Below ten thousand the table says from which whole number of records on; above it has three digits.
            let first = if *from < 1e4 { *from } else { from * 1.01 };
            let last = steps.get(i + 1).map_or(from * 100.0, |s| if s.0 < 1e4 { s.0 - 1.0 } else { s.0 / 1.01 });
            for records in [first, last].into_iter().filter(|n| (first..=last).contains(n)) {
                let rates = Rates { changes_per_hour: 3600.0, records_per_second: records };
                let wish = Wish { rates, mode: Mode::Batch, workloads: vec![w.name.clone()], ..Wish::default() };
                let choice = Choice::new(results, &wish).expect("the workload is there");
                assert_eq!(choice.ranked.first().map(|c| &c.id), Some(id), "{} at {records} records", w.name);
            }
        }
    }
}

#[test]
fn no_two_places_disagree() {
    for results in [results(), three_processes(), published()] {
        orders_agree(&results);
        break_even_agrees(&results);
    }
}
