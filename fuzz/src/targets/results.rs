//! Result files: loaded, written again, compared, chosen from, shown.

use std::sync::OnceLock;

use quintet_reports::Report;
use quintet_results::{Choice, Diff, DiffOptions, Mode, Rates, Results, WORTH_SHARE, Wish};

use super::{Target, outcome};
use crate::corpus;
use crate::finding::{Fault, ensure, same};
use crate::mutate::Form;

pub const TARGET: Target = Target {
    name: "results-json",
    about: "refused, or written and read again the same; no difference to itself; choices and reports without NaN",
    form: Form::Json,
    corpus: || {
        let files = corpus::files(&["crates/results/tests/fixtures/example.json", "reports/tests/data/results.json"], &[".json"]);
        files.iter().map(|text| small(text)).collect()
    },
    run,
};

/// A result file in one line, with few samples of each measure and few rows, so that inputs run fast.
fn small(text: &[u8]) -> Vec<u8> {
    fn cut(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Array(items) => {
                items.truncate(if items.iter().all(serde_json::Value::is_number) { 8 } else { 4 });
                items.iter_mut().for_each(cut);
            }
            serde_json::Value::Object(entries) => entries.values_mut().for_each(cut),
            _ => {}
        }
    }
    let Ok(mut value) = serde_json::from_slice(text) else { return text.to_vec() };
    cut(&mut value);
    value.to_string().into_bytes()
}

fn base() -> Option<&'static Results> {
    static BASE: OnceLock<Option<Results>> = OnceLock::new();
    let read = || (TARGET.corpus)().iter().find_map(|text| Results::from_json(std::str::from_utf8(text).ok()?).ok());
    BASE.get_or_init(read).as_ref()
}

fn run(input: &[u8]) -> Result<u64, Fault> {
    let text = String::from_utf8_lossy(input);
    let results = match Results::from_json(&text) {
        Ok(results) => results,
        Err(e) => return Ok(outcome::of(&e.to_string())),
    };
    let written = results.to_json().map_err(|e| Fault::new("what was read can be written", e.to_string()))?;
    let again = Results::from_json(&written).map_err(|e| Fault::new("what is written can be read", e.to_string()))?;
    same("results are written and read the same", &written, &again.to_json().unwrap_or_default())?;
    let options = DiffOptions { workloads: Vec::new(), phases: Vec::new(), threshold: None };
    let diff = Diff::new(&results, &results, &options);
    ensure(!diff.any_changed(), "no difference to itself", || format!("{:?}", diff.comparisons))?;
    if let Some(base) = base() {
        let _ = (Diff::new(base, &results, &options), Diff::new(&results, base, &options));
    }
    for (records_per_second, mode, strict) in [(0.0, Mode::Single, false), (1e4, Mode::Batch, true), (1e11, Mode::Batch, false)] {
        let wish = Wish {
            rates: Rates { records_per_second, ..Rates::default() },
            worth_share: WORTH_SHARE,
            mode,
            workloads: Vec::new(),
            untrusted_rules: strict,
            no_executable_memory: strict,
            max_memory_per_rule: strict.then_some(1 << 20),
            max_first_call_ns: strict.then_some(1e6),
        };
        if let Ok(choice) = Choice::new(&results, &wish) {
            let numbers = choice.ranked.iter().all(|c| c.total_ns.value.is_finite() && c.ratio.value.is_finite());
            ensure(numbers, "choices are numbers", || format!("{:?}", choice.ranked))?;
        }
    }
    match Report::new(vec![("results.json".into(), results)]) {
        Ok(report) => {
            let files = report.render().map_err(|e| Fault::new("a report is made", e.to_string()))?;
            for file in files {
                let wrong = file.text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == "NaN");
                ensure(!wrong, "reports are without NaN", || file.name.clone())?;
            }
            Ok(outcome::size(written.len()).into())
        }
        Err(e) => Ok(outcome::of(&e.to_string())),
    }
}
