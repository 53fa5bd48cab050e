//! What the server knows, and what it does about a message.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use quintet_syntax::service::{Positions, Service};
use serde_json::{Value, json};

use crate::wire::{self, INTERNAL, NO_SUCH_REQUEST, NOT_INITIALISED, WRONG_PARAMETERS};
use crate::{Schemes, answers};

/// What comes after a message.
pub enum Next {
    /// These messages.
    Say(Vec<Value>),
    /// The end.
    End {
        /// Whether the editor said before that it would come.
        in_order: bool,
    },
}

/// A text that the editor has open.
struct Document {
    text: String,
    version: Value,
}

pub struct Server<S> {
    schemes: S,
    documents: HashMap<String, Document>,
    initialised: bool,
    ending: bool,
}

impl<S: Schemes> Server<S> {
    pub fn new(schemes: S) -> Server<S> {
        Server { schemes, documents: HashMap::new(), initialised: false, ending: false }
    }

    /// Takes a message. Whatever it is, the server goes on, unless it says that it is to end.
    pub fn take(&mut self, message: &Value) -> Next {
        let Some(method) = message["method"].as_str() else {
            // Answers to what the server would have asked, which is nothing, and what is no message.
            return Next::Say(Vec::new());
        };
        if method == "exit" {
            return Next::End { in_order: self.ending };
        }
        let params = &message["params"];
        let Some(id) = message.get("id") else {
            let said = catch_unwind(AssertUnwindSafe(|| self.notified(method, params)));
            return Next::Say(said.unwrap_or_default());
        };
        let done = catch_unwind(AssertUnwindSafe(|| self.asked(method, params)));
        Next::Say(vec![match done {
            Ok(Ok(result)) => wire::answer(id, result),
            Ok(Err((code, what))) => wire::error(id, code, &what),
            Err(_) => wire::error(id, INTERNAL, "this cannot be answered; report the text"),
        }])
    }

    fn asked(&mut self, method: &str, params: &Value) -> Result<Value, (i32, String)> {
        if method == "initialize" {
            self.initialised = true;
            self.schemes.options(&params["initializationOptions"]);
            return Ok(answers::capabilities());
        }
        if !self.initialised {
            return Err((NOT_INITIALISED, "`initialize` comes first".into()));
        }
        if method == "shutdown" {
            self.ending = true;
            return Ok(Value::Null);
        }
        let answer: fn(&Service, &str, &str, &Value) -> Value = match method {
            "textDocument/completion" => |service, _, text, params| answers::completion(service, text, place(text, &params["position"])),
            "textDocument/hover" => |service, _, text, params| answers::hover(service, text, place(text, &params["position"])),
            "textDocument/formatting" => |service, _, text, _| answers::formatting(service, text),
            "textDocument/codeAction" => |service, uri, text, params| {
                let range = &params["range"];
                answers::actions(service, uri, text, place(text, &range["start"])..place(text, &range["end"]))
            },
            "textDocument/semanticTokens/full" => |service, _, text, _| answers::colours(service, text),
            _ => return Err((NO_SUCH_REQUEST, format!("there is no request `{method}`"))),
        };
        let uri = params
            .pointer("/textDocument/uri")
            .and_then(Value::as_str)
            .ok_or((WRONG_PARAMETERS, "there is no `textDocument.uri`".into()))?;
        let document = self.documents.get(uri).ok_or_else(|| (WRONG_PARAMETERS, format!("`{uri}` is not open")))?;
        match self.schemes.service(&document.text, path(uri).as_deref()) {
            Ok(service) => Ok(answer(service, uri, &document.text, params)),
            // What is wrong with the scheme stands among the findings.
            Err(_) => Ok(Value::Null),
        }
    }

    fn notified(&mut self, method: &str, params: &Value) -> Vec<Value> {
        let document = &params["textDocument"];
        let Some(uri) = document["uri"].as_str().filter(|_| self.initialised) else { return Vec::new() };
        match method {
            "textDocument/didOpen" => {
                let text = document["text"].as_str().unwrap_or("").to_owned();
                self.documents.insert(uri.to_owned(), Document { text, version: document["version"].clone() });
            }
            "textDocument/didChange" => {
                let Some(known) = self.documents.get_mut(uri) else { return Vec::new() };
                known.version = document["version"].clone();
                for change in params["contentChanges"].as_array().into_iter().flatten() {
                    known.change(change);
                }
            }
            "textDocument/didSave" if self.documents.contains_key(uri) => {}
            "textDocument/didClose" => {
                self.documents.remove(uri);
                return vec![answers::published(uri, &Value::Null, Vec::new())];
            }
            _ => return Vec::new(),
        }
        let Some(document) = self.documents.get(uri) else { return Vec::new() };
        let found = match self.schemes.service(&document.text, path(uri).as_deref()) {
            Ok(service) => answers::diagnostics(&service.check(&document.text)),
            Err(why) => vec![answers::no_scheme(&document.text, &why)],
        };
        vec![answers::published(uri, &document.version, found)]
    }
}

impl Document {
    /// Changes a part of the text, or all of it.
    fn change(&mut self, change: &Value) {
        let Some(new) = change["text"].as_str() else { return };
        let range = &change["range"];
        if range.is_null() {
            self.text = new.to_owned();
            return;
        }
        let (start, end) = (place(&self.text, &range["start"]), place(&self.text, &range["end"]));
        self.text.replace_range(start..end.max(start), new);
    }
}

/// The byte of a place as editors say it; the start of the text where they do not.
fn place(text: &str, position: &Value) -> usize {
    let number = |key: &str| usize::try_from(position[key].as_u64().unwrap_or(0)).unwrap_or(usize::MAX);
    Positions::new(text).byte_of(number("line"), number("character"))
}

/// The file that a URI names, if it is one.
fn path(uri: &str) -> Option<PathBuf> {
    let rest = uri.strip_prefix("file://")?;
    let mut bytes = Vec::with_capacity(rest.len());
    let mut left = rest.as_bytes();
    while let Some((first, after)) = left.split_first() {
        let hex = |digit: Option<&u8>| digit.and_then(|d| char::from(*d).to_digit(16));
        match (first, hex(after.first()), hex(after.get(1))) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                left = &after[2..];
            }
            _ => {
                bytes.push(*first);
                left = after;
            }
        }
    }
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

/// A stretch as editors say it.
pub fn range(at: quintet_syntax::service::Stretch) -> Value {
    let place = |place: quintet_syntax::service::Place| json!({ "line": place.line, "character": place.character });
    json!({ "start": place(at.start), "end": place(at.end) })
}
