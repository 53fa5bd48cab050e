//! `docs/limits.md` and `Limits` say the same.

use std::collections::BTreeMap;

use quintet::Limits;

const PAGE: &str = include_str!("../../../docs/limits.md");

#[test]
fn the_page_lists_every_limit_with_its_default() {
    let rows = PAGE.lines().skip_while(|l| !l.starts_with("| limit |")).skip(2).take_while(|l| l.starts_with('|'));
    let cell = |row: &str, i: usize| row.split('|').nth(i).map(|c| c.trim().trim_matches('`').to_owned()).expect("a cell");
    let told: BTreeMap<String, u64> = rows.map(|row| (cell(row, 1), cell(row, 2).parse().expect("a number"))).collect();
    let limits = serde_json::to_value(Limits::default()).expect("numbers");
    let fields: BTreeMap<String, u64> =
        limits.as_object().expect("fields").iter().map(|(name, value)| (name.clone(), value.as_u64().expect("a number"))).collect();
    assert_eq!(told, fields);
}
