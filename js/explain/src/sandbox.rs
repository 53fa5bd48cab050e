//! Rules as WebAssembly that JavaScript runs.

use quintet::{ArenaKind, Engine, RuleSet, Scheme};
use quintet_cases::batch;
use quintet_rules_shared::{answer, fill, read, records_of};
use quintet_syntax::service::Positions;
use quintet_wasm::{Lent, LentInstance};
use serde_json::{Value, json};
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

/// Rules as WebAssembly, and the host's functions that it calls; `js/src/sandbox.ts` brings the two together.
#[wasm_bindgen]
pub struct Sandbox {
    text: String,
    scheme: Scheme,
    names: Vec<String>,
    lent: Lent,
    instance: LentInstance,
}

#[wasm_bindgen]
impl Sandbox {
    /// The rules of a text over a scheme; lists and limits as those of rules that run otherwise.
    ///
    /// # Errors
    /// What is wrong with the scheme, the lists, the limits or the text.
    #[wasm_bindgen(constructor)]
    pub fn new(scheme: &str, text: &str, lists: &str, limits: &str) -> Result<Sandbox, JsError> {
        let engine = Engine::new().with_limits(quintet_rules_shared::limits(limits)?);
        let scheme = read(scheme)?;
        fill(&engine, &scheme, text, lists)?;
        let linked = engine.link(engine.check(text, &scheme)?)?;
        let names = linked.program().rules.iter().map(|rule| rule.name.clone()).collect();
        let lent = Lent::new(&linked).map_err(|e| JsError::new(&e))?;
        let instance = lent.instance(engine.limits());
        Ok(Sandbox { text: text.into(), scheme, names, lent, instance })
    }

    /// The module.
    pub fn wasm(&self) -> Vec<u8> {
        self.lent.wasm().into()
    }

    /// The names of the rules, in order: `string[]`.
    pub fn names(&self) -> String {
        json!(self.names).to_string()
    }

    /// Takes the memory of a new instance and a JSON array of records, and answers how many there are.
    ///
    /// # Errors
    /// A record that is none of the scheme.
    pub fn load(&mut self, memory: &[u8], records: &str) -> Result<u32, JsError> {
        let records = records_of(&self.scheme, records)?;
        let batch = batch(&self.scheme, &records, ArenaKind::Plain)?;
        self.instance.load(memory, batch).map_err(|e| JsError::new(&e))?;
        Ok(records.len() as u32)
    }

    /// Where the copy of the memory lies in this module's own.
    pub fn memory_at(&self) -> usize {
        self.instance.memory().as_ptr().addr()
    }

    /// Its bytes.
    pub fn memory_bytes(&self) -> usize {
        self.instance.memory().len() * 8
    }

    /// Begins a record.
    ///
    /// # Errors
    /// Where there is no such record.
    pub fn begin(&mut self, record: u32) -> Result<(), JsError> {
        self.instance.begin(record as usize).map_err(|e| JsError::new(&e))
    }

    /// The next call of the record: whether it is one of `test`, else of `run`, and the arguments. Empty where there is none.
    ///
    /// # Errors
    /// Where nothing was loaded.
    pub fn next(&mut self) -> Result<Vec<u32>, JsError> {
        let call = self.instance.next_call().map_err(|e| JsError::new(&e))?;
        Ok(call.map_or_else(Vec::new, |call| std::iter::once(call.rule.is_some().into()).chain(call.arguments).collect()))
    }

    /// Ends the call, with what it answered.
    ///
    /// # Errors
    /// Where nothing was loaded.
    pub fn end(&mut self, answer: u64) -> Result<(), JsError> {
        self.instance.end(answer).map_err(|e| JsError::new(&e))
    }

    /// Answers a call of a function of the host.
    ///
    /// # Errors
    /// What ends the instance.
    pub fn answer(&mut self, name: &str, args: &[u64]) -> Result<u64, JsError> {
        self.instance.answer(name, args).map_err(|e| JsError::new(&e))
    }

    /// Ends a record: its `Answer`.
    ///
    /// # Errors
    /// Where nothing was loaded.
    pub fn finish(&mut self) -> Result<String, JsError> {
        let mut hits = RuleSet::new();
        self.instance.finish(&mut hits).map_err(|e| JsError::new(&e))?;
        let traps = hits.traps().iter().map(|trap| (trap.rule, trap.trap, trap.span));
        Ok(answer(&Positions::new(&self.text), hits.iter(), traps).to_string())
    }
}

/// The functions of the host: their names, with the letters of parameters and results.
#[wasm_bindgen]
pub fn imports() -> String {
    Value::Object(Lent::imports().map(|(name, params, results)| (name.to_owned(), json!([params, results]))).collect()).to_string()
}
