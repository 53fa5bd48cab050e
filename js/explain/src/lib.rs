//! What the engine makes of a text, for JavaScript: trees, plans, WebAssembly and Lua as text, and WebAssembly that the page runs itself.
#![forbid(unsafe_code)]

mod sandbox;

use quintet::lang::Marked;
use quintet::{Engine, Passes};
use quintet_rules_shared::{fill, read};
use quintet_syntax::service::Listing;
use serde_json::json;
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

/// The typed tree of a text, as a `Listing`, after some of the passes, which are named with commas between; `on` and `off` are all and none.
///
/// # Errors
/// What is wrong with the scheme, the passes or the text.
#[wasm_bindgen]
pub fn ast(scheme: &str, text: &str, passes: &str) -> Result<String, JsError> {
    let engine = Engine::new().with_passes(passes.parse()?);
    let program = quintet::lang::compile(text, &read(scheme)?, engine.limits())?;
    written(text, quintet::lang::dump::dump_marked(&engine.optimise(&program)))
}

/// What a text becomes, after all passes, as a `Listing`: `plan` is what all backends are told, `wat` and `lua` are what two of them make of it.
///
/// # Errors
/// What is wrong with the scheme, the lists or the text; another form.
#[wasm_bindgen]
pub fn emit(scheme: &str, text: &str, lists: &str, form: &str) -> Result<String, JsError> {
    let engine = Engine::new();
    let scheme = read(scheme)?;
    fill(&engine, &scheme, text, lists)?;
    let linked = engine.link(engine.check_projected(text, &scheme)?)?;
    let made = match form {
        "plan" => Ok(linked.plan_marked()),
        // That of hosts that map batches, which is what the command line shows.
        "wat" => quintet_wasm::wat(&linked, true),
        "lua" => quintet_lua::source_marked(&linked),
        _ => Err(format!("there is no form `{form}`; there are plan, wat, lua")),
    };
    written(text, made.map_err(|e| JsError::new(&e))?)
}

fn written(text: &str, made: Marked) -> Result<String, JsError> {
    Ok(serde_json::to_string(&Listing::new(text, made))?)
}

/// The names of the passes, in their order: `string[]`.
#[wasm_bindgen]
pub fn passes() -> String {
    json!(Passes::NAMES).to_string()
}
