//! Which token a piece of a text is.

use quintet_lang::ast::Span;
use quintet_lang::{Lexeme, lexemes, word};

use crate::kind::TokenKind;

/// Words that are operators.
pub(crate) const OPERATORS: &[&str] =
    &["and", "or", "xor", "not", "eq", "ne", "lt", "le", "gt", "ge", "in", "contains", "matches", "strict", "wildcard", "bitwise_and"];

/// Words that begin an item or a statement, or go on one.
pub(crate) const KEYWORDS: &[&str] =
    &["rule", "fn", "const", "let", "if", "else", "while", "for", "break", "continue", "return", "any", "all"];

/// The names of types.
pub(crate) const TYPES: &[&str] = &["Bool", "Int", "U32", "Float", "Bytes", "Ip", "Array", "Map"];

/// The tokens of a stretch of a text, as well as they can be told without parsing it.
pub(crate) fn tokens(source: &str, from: usize, to: usize) -> Vec<(TokenKind, Span)> {
    let pieces = lexemes(source, from, to);
    let mut found = Vec::with_capacity(pieces.len());
    let mut last = "";
    for (place, (lexeme, span)) in pieces.iter().enumerate() {
        let text = &source[span.start as usize..span.end as usize];
        let kind = match lexeme {
            Lexeme::Blank => TokenKind::Blank,
            Lexeme::Comment => TokenKind::Comment,
            Lexeme::Number => TokenKind::Number,
            Lexeme::Address => TokenKind::Address,
            Lexeme::String => TokenKind::String,
            Lexeme::Regex => TokenKind::Regex,
            Lexeme::List => TokenKind::List,
            Lexeme::Member => member(text),
            Lexeme::Symbol => symbol(text),
            Lexeme::Wrong => TokenKind::Wrong,
            Lexeme::Word => {
                let called = || {
                    pieces[place + 1..]
                        .iter()
                        .find(|(l, _)| *l != Lexeme::Blank)
                        .is_some_and(|(_, s)| &source[s.start as usize..s.end as usize] == "(")
                };
                match text {
                    _ if last == "rule" => TokenKind::RuleName,
                    "true" | "false" => TokenKind::Boolean,
                    _ if OPERATORS.contains(&text) => TokenKind::Operator,
                    _ if KEYWORDS.contains(&text) => TokenKind::Keyword,
                    _ if TYPES.contains(&text) => TokenKind::TypeName,
                    _ if called() => TokenKind::Function,
                    _ => TokenKind::Name,
                }
            }
        };
        if !kind.is_trivia() {
            last = text;
        }
        found.push((kind, *span));
    }
    found
}

/// What a word is that stands for a value.
pub(crate) fn value(text: &str) -> TokenKind {
    match word(text) {
        Lexeme::Number => TokenKind::Number,
        Lexeme::Address => TokenKind::Address,
        _ => TokenKind::Name,
    }
}

/// What a member of a set is that is no string.
pub(crate) fn member(text: &str) -> TokenKind {
    match value(text) {
        TokenKind::Name if text.contains('/') => TokenKind::Network,
        TokenKind::Name if text.contains("..") => TokenKind::Range,
        TokenKind::Name if text.starts_with(|c: char| c.is_ascii_hexdigit()) => TokenKind::Bytes,
        kind => kind,
    }
}

fn symbol(text: &str) -> TokenKind {
    match text {
        "(" | ")" | "[" | "]" | "{" | "}" | "," | ":" | ";" | "->" | "$" => TokenKind::Punctuation,
        _ => TokenKind::Operator,
    }
}
