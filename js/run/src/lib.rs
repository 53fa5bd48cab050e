//! What JavaScript asks of rules that run. Answers are JSON, which `js/src/run.ts` reads and has the types of.
#![forbid(unsafe_code)]

use quintet::{ArenaKind, Engine, Instance, Matches, RecordId, RuleId, Scheme};
use quintet_cases::batch;
use quintet_rules_shared::{answer, fill, read, records_of};
use quintet_syntax::service::Positions;
use serde_json::{Value, json};
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

/// Rules that answer.
#[wasm_bindgen]
pub struct Compiled {
    text: String,
    scheme: Scheme,
    names: Vec<String>,
    instance: Box<dyn Instance>,
}

#[wasm_bindgen]
impl Compiled {
    /// The rules of a text over a scheme (TOML, or JSON), on a backend. `lists` is a JSON object of the lists that rules name: `NAME` or
    /// `NAME:TYPE` and the text of a list's file; `limits` one of the limits that are not the usual ones.
    ///
    /// # Errors
    /// What is wrong with the scheme, the lists, the limits or the text.
    #[wasm_bindgen(constructor)]
    pub fn new(scheme: &str, text: &str, backend: &str, lists: &str, limits: &str) -> Result<Compiled, JsError> {
        let engine = Engine::new().with_limits(quintet_rules_shared::limits(limits)?);
        let scheme = read(scheme)?;
        fill(&engine, &scheme, text, lists)?;
        let rules = engine.compile(text, &scheme, backend)?;
        let names = rules.program().rules.iter().map(|rule| rule.name.clone()).collect();
        Ok(Compiled { text: text.into(), scheme, names, instance: rules.instance()? })
    }

    /// The names of the rules, in order: `string[]`.
    pub fn names(&self) -> String {
        json!(self.names).to_string()
    }

    /// What the rules answer on a JSON array of records: `Answer[]`.
    ///
    /// # Errors
    /// A record that is none of the scheme, and what ends a run.
    pub fn evaluate(&mut self, records: &str) -> Result<String, JsError> {
        let records = records_of(&self.scheme, records)?;
        let batch = batch(&self.scheme, &records, ArenaKind::Plain)?;
        let mut matches = Matches::new();
        self.instance.run_batch(&batch, &mut matches)?;
        let positions = Positions::new(&self.text);
        let answer = |record: usize| {
            let hits = (0..self.names.len()).filter(|rule| matches.get(RuleId(*rule), RecordId(record)));
            let traps = matches.traps().iter().filter(|trap| trap.record == record);
            answer(&positions, hits, traps.map(|trap| (trap.rule, trap.trap, trap.span)))
        };
        Ok(Value::Array((0..records.len()).map(answer).collect()).to_string())
    }
}
