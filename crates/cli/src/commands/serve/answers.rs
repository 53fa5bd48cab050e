//! What can be asked, and what is answered.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quintet::backend::{Backend, Emit, Linked};
use quintet::lang::stdlib;
use quintet::{ArenaKind, Engine, Limits, ListText, Scheme, backend, configurations};
use quintet_bench::machine;
use quintet_cases::{batch, record_from_json};
use quintet_syntax::service::{Finding, Listing, findings};
use serde::Deserialize;
use serde_json::{Value, json};

use super::times;

/// How long rules are measured at most; what runs then is interrupted.
const MEASURED: Duration = Duration::from_secs(10);

/// Records of the batch that is measured, for which those of a question are repeated.
const BATCH: usize = 1024;

/// Bytes, as JSON, up to which they are.
const BATCH_BYTES: usize = 4 << 20;

/// Answers within limits.
pub struct Answers {
    limits: Limits,
}

/// Rules and what they are read with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// The scheme as TOML, or JSON.
    scheme: String,
    /// The rules.
    text: String,
    /// The texts of the lists that they name, by `NAME` or `NAME:TYPE`.
    #[serde(default)]
    lists: BTreeMap<String, String>,
}

/// Asks for what a backend makes of rules.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    rules: Rules,
    /// The backend's id.
    backend: String,
    /// The form, machine code where nothing is said.
    #[serde(default)]
    form: Option<String>,
}

/// Asks how long rules take on records.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Times {
    rules: Rules,
    records: Vec<Value>,
}

/// Why there is no answer.
pub enum Wrong {
    /// What was asked is no question.
    Question(String),
    /// The rules have mistakes; the first in words, and all.
    Rules(String, Vec<Finding>),
}

fn wrong(e: impl std::fmt::Display) -> Wrong {
    Wrong::Question(e.to_string())
}

impl Answers {
    /// Within these limits.
    pub fn new(limits: Limits) -> Answers {
        Answers { limits }
    }

    /// What there is to ask here, as JSON for pages.
    pub fn host(&self) -> String {
        let machine = machine();
        let able = |b: &Arc<dyn Backend>| b.emits().contains(&Emit::Asm).then(|| b.id().to_string());
        let code: Vec<String> = configurations().iter().filter_map(able).collect();
        json!({ "machine": format!("{}, {} {}", machine.cpu, machine.arch, machine.os), "code": code }).to_string()
    }

    /// What a backend makes of rules, with what each line stands for.
    pub fn code(&self, code: &Code) -> Result<Listing, Wrong> {
        let backend = backend(&code.backend).map_err(wrong)?;
        let form = code.form.as_deref().unwrap_or(Emit::Asm.name());
        let form = Emit::ALL.into_iter().find(|known| known.name() == form).ok_or_else(|| wrong(format!("there is no form `{form}`")))?;
        let (_, linked) = self.linked(&code.rules)?;
        Ok(Listing::new(&code.rules.text, backend.emit_marked(&linked, form).map_err(wrong)?))
    }

    /// How long rules take on records, by all backends, after they have answered alike.
    pub fn times(&self, times: &Times) -> Result<times::Measured, Wrong> {
        let deadline = Instant::now() + MEASURED;
        if times.records.is_empty() {
            return Err(wrong("there are no records to measure on"));
        }
        let (scheme, linked) = self.linked(&times.rules)?;
        let record = |(at, json): (usize, &Value)| record_from_json(&scheme, json).map_err(|e| wrong(format!("record {at}: {e}")));
        let records = times.records.iter().enumerate().map(record).collect::<Result<Vec<_>, _>>()?;
        let bytes: usize = times.records.iter().map(|json| json.to_string().len()).sum();
        let copies = (BATCH / records.len()).min(BATCH_BYTES / bytes.max(1)).max(1);
        let repeated = records.iter().cycle().take(records.len() * copies);
        let (once, many) = (batch(linked.scheme(), &records, ArenaKind::Shared), batch(linked.scheme(), repeated, ArenaKind::Shared));
        times::measure(&linked, &self.limits, &once.map_err(wrong)?, &many.map_err(wrong)?, deadline).map_err(wrong)
    }

    /// Rules that are ready for all backends, and their whole scheme.
    fn linked(&self, rules: &Rules) -> Result<(Scheme, Arc<Linked>), Wrong> {
        let engine = Engine::new().with_limits(self.limits.clone());
        let is_json = rules.scheme.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).starts_with('{');
        let from = if is_json { Scheme::from_json } else { Scheme::from_toml };
        let scheme = from(&rules.scheme, stdlib::signatures()).map_err(wrong)?;
        let list = |(spec, text): (&String, &String)| ListText::new(spec, Path::new(spec), text.clone().into()).map_err(wrong);
        let lists = rules.lists.iter().map(list).collect::<Result<Vec<_>, _>>()?;
        engine.load_lists(&lists, &rules.text, &scheme).map_err(wrong)?;
        let program = engine.check_projected(&rules.text, &scheme).map_err(|found| {
            let findings = findings(&rules.text, &found);
            Wrong::Rules(findings.first().map_or_else(|| found.to_string(), |first| first.message.clone()), findings)
        })?;
        Ok((scheme, engine.link(program).map_err(wrong)?))
    }
}
