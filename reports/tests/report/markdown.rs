//! The Markdown, whole.

use std::path::Path;

use crate::fixture::{files, results, text};

/// `QUINTET_BLESS=1` writes what is rendered to the golden file.
#[test]
fn report_of_the_fixture() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/report.md");
    let files = files(results());
    let rendered = text(&files, "report.md");
    if std::env::var_os("QUINTET_BLESS").is_some() {
        std::fs::write(&golden, rendered).expect("the golden file can be written");
    }
    let expected = std::fs::read_to_string(&golden).expect("the golden file is committed");
    for (number, (got, wanted)) in rendered.lines().zip(expected.lines()).enumerate() {
        assert_eq!(got, wanted, "line {} differs; QUINTET_BLESS=1 accepts what is rendered", number + 1);
    }
    assert_eq!(rendered.lines().count(), expected.lines().count());
}

#[test]
fn its_tables_are_even() {
    let files = files(results());
    let mut width = None;
    for line in text(&files, "report.md").lines() {
        let cells = line.starts_with('|').then(|| line.replace("\\|", "").matches('|').count());
        if let (Some(a), Some(b)) = (width, cells) {
            assert_eq!(a, b, "{line}");
        }
        width = cells;
    }
}
