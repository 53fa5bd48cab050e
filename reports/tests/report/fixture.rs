//! The results that the tests make reports of: every kind of row, every optional part of the schema.

use quintet_reports::{File, Report};
use quintet_results::Results;

/// The fixture as it is committed.
pub const JSON: &str = include_str!("../data/results.json");

/// The fixture.
pub fn results() -> Results {
    Results::from_json(JSON).expect("the fixture is a result file")
}

/// The files of its report.
pub fn files(results: Results) -> Vec<File> {
    Report::new(vec![("results.json".into(), results)]).expect("one file fits itself").render().expect("the templates render")
}

/// The text of the file with this name.
pub fn text<'f>(files: &'f [File], name: &str) -> &'f str {
    &files.iter().find(|f| f.name == name).unwrap_or_else(|| panic!("no {name}")).text
}
