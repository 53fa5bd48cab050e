//! What JavaScript asks of rules that run: answers on records, and what the engine makes of a text on the way. Answers are JSON, which
//! `js/src/run.ts` reads and has the types of.
#![forbid(unsafe_code)]

use std::path::Path;

use quintet::lang::stdlib;
use quintet::{ArenaKind, Engine, Instance, ListText, Matches, Passes, Scheme};
use quintet_cases::{Record, batch, record_from_json};
use quintet_syntax::service::Positions;
use serde_json::{Map, Value, json};
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
    /// `NAME:TYPE` and the text of a list's file.
    ///
    /// # Errors
    /// What is wrong with the scheme, the lists or the text.
    #[wasm_bindgen(constructor)]
    pub fn new(scheme: &str, text: &str, backend: &str, lists: &str) -> Result<Compiled, JsError> {
        let engine = Engine::new();
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
        let records: Vec<Value> = serde_json::from_str(records)?;
        let number =
            |(at, record): (usize, &Value)| record_from_json(&self.scheme, record).map_err(|e| JsError::new(&format!("record {at}: {e}")));
        let records: Vec<Record> = records.iter().enumerate().map(number).collect::<Result<_, _>>()?;
        let batch = batch(&self.scheme, &records, ArenaKind::Plain)?;
        let mut matches = Matches::new();
        self.instance.run_batch(&batch, &mut matches)?;
        let positions = Positions::new(&self.text);
        let answer = |record: usize| {
            let hits: Vec<usize> = (0..self.names.len()).filter(|rule| matches.get(*rule, record)).collect();
            let traps = matches.traps().iter().filter(|trap| trap.record == record).map(|trap| {
                let at = positions.stretch(trap.span.start as usize..trap.span.end as usize);
                json!({ "rule": trap.rule, "trap": trap.trap.to_string(), "at": at })
            });
            json!({ "matches": hits, "traps": traps.collect::<Vec<_>>() })
        };
        Ok(Value::Array((0..records.len()).map(answer).collect()).to_string())
    }
}

/// The typed tree of a text after some of the passes, which are named with commas between; `on` and `off` are all and none.
///
/// # Errors
/// What is wrong with the scheme, the passes or the text.
#[wasm_bindgen]
pub fn ast(scheme: &str, text: &str, passes: &str) -> Result<String, JsError> {
    let engine = Engine::new().with_passes(passes.parse()?);
    let program = quintet::lang::compile(text, &read(scheme)?, engine.limits())?;
    Ok(quintet::lang::dump::dump(&engine.optimise(&program)))
}

/// The plan of a text: what all backends are told of the program.
///
/// # Errors
/// What is wrong with the scheme, the lists or the text.
#[wasm_bindgen]
pub fn plan(scheme: &str, text: &str, lists: &str) -> Result<String, JsError> {
    let engine = Engine::new();
    let scheme = read(scheme)?;
    fill(&engine, &scheme, text, lists)?;
    Ok(engine.link(engine.check(text, &scheme)?)?.plan_text())
}

/// The names of the passes, in their order: `string[]`.
#[wasm_bindgen]
pub fn passes() -> String {
    json!(Passes::NAMES).to_string()
}

fn read(scheme: &str) -> Result<Scheme, JsError> {
    let json = scheme.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).starts_with('{');
    Ok(if json { Scheme::from_json(scheme, stdlib::signatures()) } else { Scheme::from_toml(scheme, stdlib::signatures()) }?)
}

fn fill(engine: &Engine, scheme: &Scheme, text: &str, lists: &str) -> Result<(), JsError> {
    let lists: Map<String, Value> = serde_json::from_str(lists)?;
    let list = |(spec, text): (&String, &Value)| {
        let text = text.as_str().ok_or_else(|| JsError::new(&format!("list `{spec}`: its members are a text, one a line")))?;
        Ok(ListText::new(spec, Path::new(spec), text.into())?)
    };
    let lists: Vec<ListText> = lists.iter().map(list).collect::<Result<_, JsError>>()?;
    engine.load_lists(&lists, text, scheme)?;
    Ok(())
}
