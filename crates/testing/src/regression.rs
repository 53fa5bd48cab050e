//! Cases in files: `cases/*.jsonl`, one a line.
//!
//! | key | meaning |
//! |---|---|
//! | `source` | the program, over the [world](crate::world)'s scheme |
//! | `nil_not_equal` | whether `nil != x` is true; left out: true |
//! | `memory_bytes` | the limit on memory; left out: the default |
//! | `steps` | the limit on steps; left out: the default |
//! | `thresholds` | those that are not the default, by name |
//! | `record` | the record, as [`record_from_json`](crate::record_from_json) reads it |
//! | `hits` | the rules that match: their numbers, or `"all"` |
//! | `traps` | what the rules that trap trap with, by rule; left out: none |
//! | `note` | why the case is there |

use std::collections::BTreeMap;
use std::path::Path;

use quintet_interp::Interp;
use quintet_lang::Passes;
use quintet_lang::ast::Span;
use quintet_runtime::{Backend, Threshold, Thresholds, Trap};
use serde_json::{Value as Json, json};

use crate::case::{Answer, Batches, Mode, answers, instance, limits, link_with};
use crate::world::world;
use quintet_cases::{Record, record_from_json, record_to_json};

/// One case of a file.
#[derive(Clone, Debug)]
pub struct Regression {
    /// The program.
    pub source: String,
    /// Whether `nil != x` is true.
    pub nil_not_equal: bool,
    /// The limit on memory, where it is not the default.
    pub memory_bytes: Option<usize>,
    /// The limit on steps, where it is not the default.
    pub steps: Option<u64>,
    /// The sizes at which backends make other code.
    pub thresholds: Thresholds,
    /// The record.
    pub record: Record,
    /// What the program makes of it.
    pub answer: Option<Answer>,
    /// Why the case is there.
    pub note: String,
}

impl Regression {
    /// The line of a file.
    pub fn to_json(&self) -> Json {
        let mut line = json!({ "source": self.source });
        if !self.nil_not_equal {
            line["nil_not_equal"] = json!(false);
        }
        if let Some(bytes) = self.memory_bytes {
            line["memory_bytes"] = json!(bytes);
        }
        if let Some(steps) = self.steps {
            line["steps"] = json!(steps);
        }
        let default = Thresholds::default();
        for threshold in Threshold::ALL.into_iter().filter(|t| self.thresholds.get(*t) != default.get(*t)) {
            line["thresholds"][threshold.name()] = json!(self.thresholds.get(threshold));
        }
        line["record"] = record_to_json(&world(self.nil_not_equal).scheme, &self.record);
        if let Some(answer) = &self.answer {
            line["hits"] = json!(answer.hits);
            if !answer.traps.is_empty() {
                line["traps"] = answer.traps.iter().map(|(rule, (trap, _))| (rule.to_string(), json!(trap.to_string()))).collect();
            }
        }
        if !self.note.is_empty() {
            line["note"] = json!(self.note);
        }
        line
    }

    /// Reads a line of a file.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn from_json(line: &Json) -> Result<Regression, String> {
        let text = |key: &str| line.get(key).and_then(Json::as_str).map(str::to_owned);
        let source = text("source").ok_or("there is no `source`")?;
        let nil_not_equal = line.get("nil_not_equal").and_then(Json::as_bool).unwrap_or(true);
        let empty = json!({});
        let record = record_from_json(&world(nil_not_equal).scheme, line.get("record").unwrap_or(&empty)).map_err(|e| e.to_string())?;
        let hits = line.get("hits").map(|hits| {
            if hits.as_str() == Some("all") {
                return Ok((0..quintet_lang::parse(&source, &limits(None, None)).map_or(0, |file| file.rules().count())).collect());
            }
            let rules = hits.as_array().ok_or("`hits` is no array")?.iter();
            rules.map(|r| r.as_u64().map(|r| r as usize).ok_or("`hits` holds numbers of rules")).collect::<Result<Vec<_>, _>>()
        });
        let traps = line.get("traps").and_then(Json::as_object).map_or_else(
            || Ok(BTreeMap::new()),
            |traps| {
                let pairs = traps.iter().map(|(rule, trap)| {
                    let trap = Trap::ALL.into_iter().find(|t| Some(t.to_string().as_str()) == trap.as_str())?;
                    Some((rule.parse().ok()?, (trap, Span::default())))
                });
                pairs.collect::<Option<_>>().ok_or("`traps` holds names of traps by rule")
            },
        )?;
        let mut thresholds = Thresholds::default();
        for (name, size) in line.get("thresholds").and_then(Json::as_object).into_iter().flatten() {
            let threshold =
                Threshold::ALL.into_iter().find(|t| t.name() == name).ok_or_else(|| format!("there is no threshold `{name}`"))?;
            thresholds = thresholds.with(threshold, size.as_u64().ok_or("a threshold is a number")? as usize);
        }
        Ok(Regression {
            thresholds,
            source,
            nil_not_equal,
            memory_bytes: line.get("memory_bytes").and_then(Json::as_u64).map(|n| n as usize),
            steps: line.get("steps").and_then(Json::as_u64),
            record,
            answer: hits.transpose()?.map(|hits| Answer { hits, traps }),
            note: text("note").unwrap_or_default(),
        })
    }

    /// What a backend makes of the case, which must be the same whichever way it is run, with and without the passes.
    ///
    /// # Errors
    /// Where it is not, or the program does not compile.
    pub fn run(&self, backend: &dyn Backend) -> Result<Answer, String> {
        let limits = limits(self.memory_bytes, self.steps);
        let mut answer: Option<Answer> = None;
        for passes in [Passes::none(), Passes::default()] {
            let program = link_with(&self.source, self.nil_not_equal, &limits, &passes, self.thresholds)?;
            let mut instance = instance(backend, &program, &limits)?;
            for wide in [false, true] {
                let records = std::slice::from_ref(&self.record);
                let batches = Batches::new(program.scheme(), records, wide).map_err(|e| e.to_string())?;
                for mode in Mode::ALL {
                    for found in answers(&mut *instance, &program, &batches, mode)? {
                        match &answer {
                            Some(first) if *first != found => return Err(format!("{first}, but with {mode} and {passes:?} {found}")),
                            Some(_) => {}
                            None => answer = Some(found),
                        }
                    }
                }
            }
        }
        Ok(answer.unwrap_or_default())
    }
}

/// Runs the cases of `crates/testing/cases` on a backend.
///
/// # Panics
/// When an answer is not the one of the file; the message lists all such cases.
pub fn regressions(backend: &dyn Backend) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let mut paths: Vec<_> = std::fs::read_dir(&directory)
        .unwrap_or_else(|e| panic!("{}: {e}", directory.display()))
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "jsonl"))
        .collect();
    paths.sort();
    let mut wrong = Vec::new();
    let mut count = 0;
    for path in &paths {
        let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        for (i, line) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
            count += 1;
            if let Err(message) = regression(backend, line) {
                wrong.push(format!("{}:{}: {message}", path.file_name().unwrap_or_default().display(), i + 1));
            }
        }
    }
    assert!(count > 0, "{} has no cases", directory.display());
    assert!(wrong.is_empty(), "{} of {count} cases are answered wrongly by {}:\n{}", wrong.len(), backend.id(), wrong.join("\n"));
}

fn regression(backend: &dyn Backend, line: &str) -> Result<(), String> {
    let json: Json = serde_json::from_str(line).map_err(|e| e.to_string())?;
    let case = Regression::from_json(&json)?;
    let Some(wanted) = &case.answer else {
        let answer = case.run(&Interp::new())?;
        return Err(format!("no `hits`; the interpreter's:\n{}", Regression { answer: Some(answer), ..case }.to_json()));
    };
    let found = case.run(backend).map_err(|e| format!("{}\n  {e}", case.source))?;
    if found.without_places() == *wanted { Ok(()) } else { Err(format!("{}\n  wanted: {wanted}\n  found: {found}", case.source)) }
}
