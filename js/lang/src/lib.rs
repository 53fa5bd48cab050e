//! What JavaScript asks of the language. Answers are JSON, which `js/src/index.ts` reads; their types are those of `quintet-syntax.d.ts`, and
//! places that are asked about are UTF-16 code units.
#![forbid(unsafe_code)]

use quintet_lang::{Limits, Presence, Scheme, stdlib};
use quintet_syntax::Tree;
use quintet_syntax::service::{Finding, Positions, Service, literal, operators};
use serde::Serialize;
use serde_json::{Value, json};
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

/// Answers about texts over one scheme.
#[wasm_bindgen]
pub struct Language {
    service: Service,
}

#[wasm_bindgen]
impl Language {
    /// Over the scheme that a text describes: TOML, or JSON with the same keys. Rules may call the standard functions.
    ///
    /// # Errors
    /// What is wrong with it.
    #[wasm_bindgen(constructor)]
    pub fn new(scheme: &str) -> Result<Language, JsError> {
        let json = scheme.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).starts_with('{');
        let read = if json { Scheme::from_json(scheme, stdlib::signatures()) } else { Scheme::from_toml(scheme, stdlib::signatures()) };
        Ok(Language { service: Service::new(read?, Limits::default()) })
    }

    /// The fields: `FieldInfo[]`.
    pub fn fields(&self) -> String {
        let scheme = self.service.scheme();
        let field = |field: &quintet_lang::Field| {
            let optional = field.presence == Presence::Optional;
            // A multi-valued field is compared as its values are.
            let compared = if field.multi { field.ty.element().unwrap_or(&field.ty) } else { &field.ty };
            let values = scheme.values(&field.name).iter().map(|value| json!({ "text": literal(&value.value), "doc": value.doc }));
            json!({
                "name": field.name,
                "type": field.ty.to_string(),
                "optional": optional,
                "multi": field.multi,
                "doc": field.doc,
                "operators": operators(compared, optional),
                "values": values.collect::<Vec<_>>(),
            })
        };
        Value::Array(scheme.fields().iter().map(field).collect()).to_string()
    }

    /// What is wrong with a text, or else suspicious: `Finding[]`.
    pub fn check(&self, text: &str) -> String {
        written(&self.service.check(text))
    }

    /// `Colour[]`.
    pub fn tokens(&self, text: &str) -> String {
        written(&self.service.tokens(text))
    }

    /// `Completions`.
    pub fn complete(&self, text: &str, offset: u32) -> String {
        written(&self.service.complete(text, byte(text, offset)))
    }

    /// `Hover | null`.
    pub fn hover(&self, text: &str, offset: u32) -> String {
        written(&self.service.hover(text, byte(text, offset)))
    }

    /// The text in the one style, or why it cannot be parsed: `string | Finding[]`.
    pub fn format(&self, text: &str) -> String {
        self.service.format(text).map_or_else(|wrong: Vec<Finding>| written(&wrong), |text| written(&text))
    }
}

/// The tree of a text: `Tree`.
#[wasm_bindgen]
pub fn parse(text: &str) -> String {
    Tree::parse(text, &Limits::default()).to_json()
}

/// The text of a tree.
///
/// # Errors
/// What is no tree.
#[wasm_bindgen]
pub fn print(tree: &str) -> Result<String, JsError> {
    Ok(Tree::from_json(tree)?.print())
}

/// The text in which `new` stands in the place of what a path of a text's tree leads to; all other bytes are the same.
///
/// # Errors
/// What would be read otherwise than it is meant.
#[wasm_bindgen]
pub fn replace(text: &str, path: &[u32], new: &str) -> Result<String, JsError> {
    let path: Vec<usize> = path.iter().map(|child| *child as usize).collect();
    let limits = Limits::default();
    Ok(Tree::parse(text, &limits).replace(&path, new, &limits)?.print())
}

fn byte(text: &str, utf16: u32) -> usize {
    Positions::new(text).byte_of_utf16(utf16 as usize)
}

fn written(answer: &impl Serialize) -> String {
    // Answers have no maps with keys other than texts, so that they can be written.
    serde_json::to_string(answer).unwrap_or_default()
}
