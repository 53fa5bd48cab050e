//! What stands at a place.

use quintet_lang::ast::Span;
use quintet_lang::intrinsic::ROWS;
use quintet_lang::{Presence, types};
use serde::Serialize;

use super::scope::Scope;
use super::{Positions, Service, Stretch, words};
use crate::kind::{NodeKind, TokenKind};
use crate::tree::{Element, Tree};

/// What a word means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hover {
    /// What it is, in the language's words: a name and its type, or a signature.
    pub signature: String,
    /// What it means, in sentences; may be empty.
    pub doc: String,
    /// Where it stands.
    pub at: Stretch,
}

pub(super) fn hover(service: &Service, text: &str, offset: usize) -> Option<Hover> {
    let tree = Tree::parse(text, &service.limits);
    let leaves = tree.root().find_all(|e| e.token().is_some_and(|kind| !kind.is_trivia()));
    // Between two tokens the second counts, unless it is no word.
    let word = |e: &Element<'_>| !matches!(e.token(), Some(TokenKind::Punctuation | TokenKind::Operator));
    let at = leaves.iter().find(|e| e.range().contains(&offset)).filter(|e| word(e) || e.range().start < offset);
    let leaf = *at
        .or_else(|| leaves.iter().find(|e| e.range().end == offset && word(e)))
        .or_else(|| leaves.iter().find(|e| e.range().contains(&offset)))?;
    let (signature, doc) = match leaf.token()? {
        TokenKind::Name => name(service, &tree, leaf)?,
        TokenKind::RuleName => {
            let rule = item(&tree, NodeKind::Rule, TokenKind::RuleName, leaf.text())?;
            (rule.text().to_owned(), comments(&tree, rule))
        }
        TokenKind::TypeName => {
            let (kind, doc) = words::KINDS.iter().find(|(kind, _)| *kind == leaf.text()).filter(|_| in_table(&tree, leaf))?;
            ((*kind).to_owned(), (*doc).to_owned())
        }
        TokenKind::Function => function(service, &tree, leaf.text())?,
        TokenKind::Keyword | TokenKind::Operator | TokenKind::Boolean => (leaf.text().to_owned(), words::meaning(leaf.text())?.to_owned()),
        TokenKind::Number | TokenKind::String => value(service, &tree, leaf)?,
        _ => return None,
    };
    Some(Hover { signature, doc, at: Positions::new(text).stretch(leaf.range()) })
}

/// The type of what stands somewhere.
fn type_at(service: &Service, text: &str, range: std::ops::Range<usize>) -> Option<String> {
    let span = Span::new(range.start, range.end);
    let all = types(text, &service.scheme, &service.limits);
    let found = all.iter().rev().find(|typed| typed.span == span)?;
    Some(format!("{}{}", found.ty, if found.nullable { "?" } else { "" }))
}

fn name(service: &Service, tree: &Tree, leaf: Element<'_>) -> Option<(String, String)> {
    let text = leaf.text();
    let scope = Scope::new(tree.text(), leaf.range().end);
    if scope.locals.contains(&text) {
        let ty = type_at(service, tree.text(), leaf.range());
        return Some((ty.map_or_else(|| text.to_owned(), |ty| format!("{text}: {ty}")), "A local.".into()));
    }
    if let Some(constant) = item(tree, NodeKind::Constant, TokenKind::Name, text) {
        return Some((constant.text().to_owned(), comments(tree, constant)));
    }
    if let Some(table) = item(tree, NodeKind::State, TokenKind::Name, text) {
        return Some((table.text().to_owned(), comments(tree, table)));
    }
    // Fields hide rules that are named after them.
    field(service, text).or_else(|| {
        let rule = item(tree, NodeKind::Rule, TokenKind::RuleName, text)?;
        Some((rule.text().to_owned(), comments(tree, rule)))
    })
}

/// Whether something stands in the declaration of a table.
fn in_table(tree: &Tree, leaf: Element<'_>) -> bool {
    tree.root().children().any(|e| e.node() == Some(NodeKind::State) && e.range().contains(&leaf.range().start))
}

/// What a field is, and what it holds.
pub(super) fn field(service: &Service, name: &str) -> Option<(String, String)> {
    let field = service.scheme.field(service.scheme.field_id(name)?);
    let optional = if field.presence == Presence::Optional { "?" } else { "" };
    let mut doc = field.doc.clone();
    let mut say = |sentence: &str| {
        doc.push_str(if doc.is_empty() { "" } else { " " });
        doc.push_str(sentence);
    };
    if field.multi {
        say("A comparison holds where it holds for any of its values.");
    }
    if field.presence == Presence::Optional {
        say("It may be missing.");
    }
    Some((format!("{name}: {}{optional}", field.ty), doc))
}

/// The signature of a function, and what it does.
pub(super) fn function(service: &Service, tree: &Tree, name: &str) -> Option<(String, String)> {
    if let Some(function) = item(tree, NodeKind::Function, TokenKind::Function, name) {
        let body = function.children().find(|e| e.node() == Some(NodeKind::Block))?;
        let head = &tree.text()[function.range().start..body.range().start];
        return Some((head.trim_end().to_owned(), comments(tree, function)));
    }
    if let Some(id) = service.scheme.function_id(name) {
        let signature = service.scheme.function(id);
        return Some((signature.to_string(), signature.doc.clone()));
    }
    let has_tables = tree.root().children().any(|e| e.node() == Some(NodeKind::State));
    if let Some((_, signature, doc)) = words::CHANGES.iter().find(|(call, ..)| has_tables && *call == name) {
        return Some(((*signature).to_owned(), (*doc).to_owned()));
    }
    if let Some((_, signature, doc)) = words::CALLS.iter().find(|(call, ..)| *call == name) {
        return Some(((*signature).to_owned(), (*doc).to_owned()));
    }
    let rows: Vec<_> = ROWS.iter().filter(|row| row.name == name).collect();
    let line = |row: &&quintet_lang::intrinsic::Row| {
        let params: Vec<String> = row.params.iter().map(ToString::to_string).collect();
        format!("{name}({}) -> {}{}", params.join(", "), row.result, if row.nullable { "?" } else { "" })
    };
    let docs = rows.first()?.doc.to_owned();
    Some((rows.iter().map(line).collect::<Vec<_>>().join("\n"), docs))
}

/// The type of a literal, and what it stands for where it is one of the usual values of what it is compared with.
fn value(service: &Service, tree: &Tree, leaf: Element<'_>) -> Option<(String, String)> {
    let ty = type_at(service, tree.text(), leaf.range());
    let mut path = leaf.path();
    path.pop();
    let parent = tree.at(&path)?;
    let test = if parent.node() == Some(NodeKind::Set) { tree.at(&path[..path.len() - 1])? } else { parent };
    let field = test.values().find(|e| e.token() == Some(TokenKind::Name));
    let values = field.map_or(&[][..], |field| service.scheme.values(field.text()));
    let usual = values.iter().find(|value| super::complete::literal(&value.value) == leaf.text() && !value.doc.is_empty());
    match (ty, usual) {
        (_, Some(usual)) => Some((leaf.text().to_owned(), format!("{}.", usual.doc))),
        (Some(ty), None) => Some((format!("{}: {ty}", leaf.text()), String::new())),
        (None, None) => None,
    }
}

/// The function or constant of this name.
fn item<'t>(tree: &'t Tree, kind: NodeKind, token: TokenKind, name: &str) -> Option<Element<'t>> {
    let named = |e: &Element<'_>| e.children().find(|child| child.token() == Some(token)).is_some_and(|child| child.text() == name);
    tree.root().children().find(|e| e.node() == Some(kind) && named(e))
}

/// The comments right before an item.
fn comments(tree: &Tree, item: Element<'_>) -> String {
    let before = &tree.text()[..item.range().start];
    let lines = before.lines().rev().take_while(|line| line.trim_start().starts_with('#'));
    let mut lines: Vec<&str> = lines.map(|line| line.trim_start().trim_start_matches('#').trim()).collect();
    lines.reverse();
    lines.join(" ")
}
