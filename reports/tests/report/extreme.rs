//! Numbers that no measurement gives, anywhere in a result file: it is refused, or its report is whole, finite and of ordinary size.

use std::collections::BTreeSet;

use quintet_reports::Report;
use quintet_results::Results;
use serde_json::{Value, json};

use crate::fixture::JSON;
use crate::svg::malformed;

/// The paths of all numbers, with `*` for places of arrays.
fn paths(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, v)| paths(v, &format!("{path}/{name}"), found)),
        Value::Array(elements) => elements.iter().for_each(|v| paths(v, &format!("{path}/*"), found)),
        Value::Number(_) => drop(found.insert(path.to_owned())),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// Puts a number at the places of a path: at the first of them, or at all. Answers whether there was one.
fn set(value: &mut Value, path: &[&str], number: &Value, all: bool) -> bool {
    let Some((first, rest)) = path.split_first() else {
        *value = number.clone();
        return true;
    };
    match value {
        Value::Object(members) => members.get_mut(*first).is_some_and(|v| set(v, rest, number, all)),
        Value::Array(elements) => {
            let mut any = false;
            for element in elements {
                any |= (all || !any) && set(element, rest, number, all);
            }
            any
        }
        _ => false,
    }
}

/// What is wrong with the report of a file that was accepted.
fn fault(results: Results) -> Option<String> {
    let report = match Report::new(vec![("results.json".into(), results)]) {
        Ok(report) => report,
        Err(refused) => return refused.to_string().is_empty().then(|| "refused without a reason".into()),
    };
    let files = match report.render() {
        Ok(files) => files,
        Err(broken) => return Some(broken.to_string()),
    };
    files.iter().find_map(|file| {
        let word = |text: &str, word: &str| text.split(|c: char| !c.is_ascii_alphanumeric()).any(|w| w == word);
        let chart = file.name.ends_with(".svg").then(|| malformed(&file.text)).flatten();
        let wrong = ["NaN", "inf"].into_iter().find(|w| word(&file.text, w)).map(str::to_owned);
        let long = (file.text.len() > 4 << 20).then(|| format!("{} bytes", file.text.len()));
        chart.or(wrong).or(long).map(|wrong| format!("{}: {wrong}", file.name))
    })
}

#[test]
fn every_number_may_be_any_number() {
    let mut fixture: Value = serde_json::from_str(JSON).expect("JSON");
    // One workload has all kinds of numbers, and its reports take a third of the time.
    fixture["workloads"].as_array_mut().expect("workloads").truncate(1);
    let mut found = BTreeSet::new();
    paths(&fixture, "", &mut found);
    assert!(found.len() > 30, "{found:?}");
    // Each with whether all numbers of a path become it, or the first only.
    let numbers =
        [(json!(1e300), false), (json!(1e300), true), (json!(1e18), false), (json!(0), false), (json!(-1), true), (json!(u64::MAX), true)];
    let (mut refused, mut accepted, mut faults) = (0, 0, Vec::new());
    for path in &found {
        let steps: Vec<&str> = path.split('/').skip(1).collect();
        for (number, all) in &numbers {
            let mut changed = fixture.clone();
            assert!(set(&mut changed, &steps, number, *all), "{path}");
            match Results::from_json(&changed.to_string()) {
                Err(why) => {
                    refused += 1;
                    assert!(!why.to_string().is_empty());
                }
                Ok(results) => {
                    accepted += 1;
                    faults.extend(fault(results).map(|f| format!("{path} = {number}: {f}")));
                }
            }
        }
    }
    println!("{refused} refused, {accepted} reports");
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
    assert!(refused > 50 && accepted > 50);
}
