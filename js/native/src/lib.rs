//! What the Cranelift backend makes of a text, for JavaScript: a page cannot run it, and shows it.
#![forbid(unsafe_code)]

use quintet::Engine;
use quintet::backend::Emit;
use quintet_rules_shared::{fill, read};
use quintet_syntax::service::Listing;
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

/// What a text becomes, after all passes, as a `Listing`: `clif` is Cranelift's own form, `asm` the code of the x86-64 that all have.
///
/// # Errors
/// What is wrong with the scheme, the lists or the text; another form.
#[wasm_bindgen]
pub fn emit(scheme: &str, text: &str, lists: &str, form: &str) -> Result<String, JsError> {
    let form = match form {
        "clif" => Emit::Clif,
        "asm" => Emit::Asm,
        _ => return Err(JsError::new(&format!("there is no form `{form}`; there are clif, asm"))),
    };
    let engine = Engine::new();
    let scheme = read(scheme)?;
    fill(&engine, &scheme, text, lists)?;
    let linked = engine.link(engine.check_projected(text, &scheme)?)?;
    let made = quintet_jit::listing(&linked, form).map_err(|e| JsError::new(&e))?;
    Ok(serde_json::to_string(&Listing::new(text, made))?)
}
