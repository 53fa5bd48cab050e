//! The service's answers, as the protocol has them.

use std::ops::Range;

use quintet_syntax::TokenKind;
use quintet_syntax::service::{CompletionKind, Finding, Positions, Service};
use serde_json::{Value, json};

use crate::server::range;
use crate::wire::notification;

/// The names that the protocol has for kinds of tokens, in the order of their numbers.
const COLOURS: [&str; 10] = ["comment", "keyword", "operator", "variable", "function", "type", "number", "string", "regexp", "enumMember"];

pub fn capabilities() -> Value {
    json!({
        "serverInfo": { "name": "quintet", "version": env!("CARGO_PKG_VERSION") },
        "capabilities": {
            "textDocumentSync": { "openClose": true, "change": 2, "save": true },
            "completionProvider": { "triggerCharacters": [".", "\"", "{", "="] },
            "hoverProvider": true,
            "documentFormattingProvider": true,
            "codeActionProvider": { "codeActionKinds": ["quickfix"] },
            "semanticTokensProvider": { "legend": { "tokenTypes": COLOURS, "tokenModifiers": [] }, "full": true },
        },
    })
}

pub fn published(uri: &str, version: &Value, diagnostics: Vec<Value>) -> Value {
    let mut params = json!({ "uri": uri, "diagnostics": diagnostics });
    if version.is_number() {
        params["version"] = version.clone();
    }
    notification("textDocument/publishDiagnostics", params)
}

pub fn diagnostics(findings: &[Finding]) -> Vec<Value> {
    findings.iter().map(diagnostic).collect()
}

fn diagnostic(finding: &Finding) -> Value {
    let mut message = finding.message.clone();
    if !finding.label.is_empty() {
        message.push_str(&format!(" ({})", finding.label));
    }
    if let Some(help) = &finding.help {
        message.push_str(&format!("\n{help}"));
    }
    json!({
        "range": range(finding.at),
        "severity": if finding.severity == "error" { 1 } else { 2 },
        "code": finding.code,
        "source": "quintet",
        "message": message,
    })
}

/// What to say at the first line of a text whose scheme cannot be had.
pub fn no_scheme(text: &str, why: &str) -> Value {
    let first = text.lines().next().unwrap_or("").len();
    json!({ "range": range(Positions::new(text).stretch(0..first)), "severity": 1, "code": "no-scheme", "source": "quintet", "message": why })
}

pub fn completion(service: &Service, text: &str, place: usize) -> Value {
    let found = service.complete(text, place);
    let at = range(found.at);
    // The list is filtered and in order, and asked for again at each letter: the editor is to keep it as it is.
    let written = text.get(found.at.start.byte..place).unwrap_or("");
    let items = found.items.iter().enumerate().map(|(number, item)| {
        json!({
            "label": item.label,
            "kind": match item.kind {
                CompletionKind::Function => 3,
                CompletionKind::Field => 5,
                CompletionKind::Local | CompletionKind::Table => 6,
                CompletionKind::Rule => 18,
                CompletionKind::Type => 7,
                CompletionKind::Value => 12,
                CompletionKind::Keyword => 14,
                CompletionKind::Constant => 21,
                CompletionKind::Operator => 24,
            },
            "detail": item.detail,
            "documentation": item.doc,
            "sortText": format!("{number:05}"),
            "filterText": if written.is_empty() { &item.label } else { written },
            "textEdit": { "range": at, "newText": item.insert },
        })
    });
    json!({ "isIncomplete": true, "items": items.collect::<Vec<_>>() })
}

pub fn hover(service: &Service, text: &str, place: usize) -> Value {
    let Some(hover) = service.hover(text, place) else { return Value::Null };
    let value = format!("```quintet\n{}\n```\n\n{}", hover.signature, hover.doc);
    json!({ "contents": { "kind": "markdown", "value": value.trim_end() }, "range": range(hover.at) })
}

/// Nothing where the text cannot be parsed, which its findings say.
pub fn formatting(service: &Service, text: &str) -> Value {
    match service.format(text) {
        Ok(formatted) if formatted != text => {
            json!([{ "range": range(Positions::new(text).stretch(0..text.len())), "newText": formatted }])
        }
        Ok(_) => json!([]),
        Err(_) => Value::Null,
    }
}

/// The edits that mend what is wrong within a stretch.
pub fn actions(service: &Service, uri: &str, text: &str, asked: Range<usize>) -> Value {
    let touches = |finding: &&Finding| finding.at.start.byte <= asked.end && finding.at.end.byte >= asked.start;
    let findings = service.check(text);
    let actions = findings.iter().filter(touches).filter_map(|finding| {
        let mend = finding.mend.as_ref()?;
        Some(json!({
            "title": format!("Write `{}`", mend.text.trim()),
            "kind": "quickfix",
            "isPreferred": true,
            "diagnostics": [diagnostic(finding)],
            "edit": { "changes": { uri: [{ "range": range(mend.at), "newText": mend.text }] } },
        }))
    });
    Value::Array(actions.collect())
}

/// Tokens as the protocol has them: lines and characters since the one before, a length, a number of [`COLOURS`].
pub fn colours(service: &Service, text: &str) -> Value {
    let (mut line, mut character) = (0, 0);
    let mut data = Vec::new();
    for colour in service.tokens(text) {
        let name = match TokenKind::named(colour.kind) {
            Some(TokenKind::Comment) => "comment",
            Some(TokenKind::Keyword | TokenKind::Boolean) => "keyword",
            Some(TokenKind::Operator) => "operator",
            Some(TokenKind::Name) => "variable",
            Some(TokenKind::Function | TokenKind::RuleName) => "function",
            Some(TokenKind::TypeName) => "type",
            Some(TokenKind::Number | TokenKind::Address | TokenKind::Range | TokenKind::Network | TokenKind::Bytes) => "number",
            Some(TokenKind::String) => "string",
            Some(TokenKind::Regex) => "regexp",
            Some(TokenKind::List) => "enumMember",
            Some(TokenKind::Blank | TokenKind::Punctuation | TokenKind::Wrong) | None => continue,
        };
        let (start, end) = (colour.at.start, colour.at.end);
        // The protocol has no tokens of several lines; only strings go over some.
        let Some(number) = COLOURS.iter().position(|c| *c == name).filter(|_| start.line == end.line) else { continue };
        let before = if start.line == line { character } else { 0 };
        data.extend([start.line - line, start.character - before, end.utf16 - start.utf16, number, 0]);
        (line, character) = (start.line, start.character);
    }
    json!({ "data": data })
}
