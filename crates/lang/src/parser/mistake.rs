//! What people write who know other languages, and what to tell them.

use super::{Parsed, Parser};
use crate::ast::Span;
use crate::diagnostic::{Diagnostic, nearest};
use crate::lexer::Token;
use crate::symbol::sym;
use crate::syntax::{Expr, ExprKind};

/// Operators of other languages, longer ones before their prefixes, and what they are here.
const OPERATORS: &[(&str, &str)] = &[
    ("====", "=="),
    ("===", "=="),
    ("!==", "!="),
    ("==>", ">="),
    ("<==", "<="),
    (">==", ">="),
    ("&&&", "&&"),
    ("|||", "||"),
    ("^^^", "^^"),
    ("=>", ">="),
    ("=<", "<="),
    ("=!", "!="),
    ("=~", "~"),
    ("!~", "not ... ~"),
    ("<>", "!="),
    (":=", "=="),
];

/// Words of other languages that stand between two values.
const WORDS: &[(&str, &str)] = &[
    ("is", "=="),
    ("equals", "=="),
    ("equal", "=="),
    ("neq", "!="),
    ("gte", ">="),
    ("lte", "<="),
    ("like", "wildcard"),
    ("LIKE", "wildcard"),
    ("glob", "wildcard"),
    ("match", "matches"),
    ("regex", "matches"),
    ("regexp", "matches"),
    ("rlike", "matches"),
    ("has", "contains"),
    ("includes", "contains"),
    ("contain", "contains"),
];

/// Functions that other languages have as operators.
const CALLS: &[(&str, &str)] = &[
    ("starts_with", "starts_with"),
    ("startswith", "starts_with"),
    ("startsWith", "starts_with"),
    ("begins_with", "starts_with"),
    ("beginswith", "starts_with"),
    ("ends_with", "ends_with"),
    ("endswith", "ends_with"),
    ("endsWith", "ends_with"),
];

/// The words that are operators between two values.
const BETWEEN: &[&str] = &["and", "or", "xor", "eq", "ne", "lt", "le", "gt", "ge", "in", "contains", "matches", "wildcard", "bitwise_and"];

/// Says of a word that it stands where an operator should.
pub(super) fn no_operator(d: Diagnostic, word: &str) -> Diagnostic {
    let lower = word.to_ascii_lowercase();
    if lower != word && (lower == "not" || BETWEEN.contains(&lower.as_str())) {
        return d.help(format!("operators are written in lower case: `{lower}`")).instead(lower);
    }
    let glued = ["and", "or", "xor"].iter().any(|o| word.strip_prefix(o).is_some_and(|rest| rest.len() > 1));
    if glued {
        return d.help("leave a blank after an operator that is a word");
    }
    match nearest(word, BETWEEN.iter().copied()) {
        Some(operator) => d.help(format!("did you mean `{operator}`?")).instead(operator),
        None => d.help("two tests are joined by `and` or `or`"),
    }
}

fn known<'w>(table: &[(&str, &'w str)], word: &str) -> Option<&'w str> {
    table.iter().find(|(wrong, _)| *wrong == word).map(|(_, right)| *right)
}

impl<'s> Parser<'s> {
    /// Fails if an operator of another language is next.
    #[inline]
    pub(super) fn no_foreign_operator(&mut self) -> Parsed<()> {
        match self.peek() {
            (Token::Symbol(_), span) => self.no_foreign_symbol(span),
            _ => Ok(()),
        }
    }

    fn no_foreign_symbol(&mut self, span: Span) -> Parsed<()> {
        let bytes = self.lexer.left();
        // They are known by their second byte or by their third.
        let second = matches!(bytes, [_, b'>' | b'<' | b'!' | b'~', ..] | [b':', b'=', ..]);
        let third = matches!(bytes, [_, _, b'=' | b'>' | b'&' | b'|' | b'^', ..]);
        if !second && !third {
            return Ok(());
        }
        let rest = self.lexer.rest();
        let Some((wrong, right)) = OPERATORS.iter().find(|(wrong, _)| rest.starts_with(wrong)) else { return Ok(()) };
        let span = Span::new(span.start as usize, span.start as usize + wrong.len());
        let d = Diagnostic::error("unknown-operator", span, format!("`{wrong}` is no operator")).help(format!("write `{right}`"));
        // Where the operator has an opposite in front of its operand, one edit does not mend it.
        self.fail(if right.contains("...") { d } else { d.instead(*right) })
    }

    /// Fails if a word after an operand, which is no operator here, is one elsewhere.
    pub(super) fn no_foreign_word(&mut self, lhs: &Expr<'s>) -> Parsed<()> {
        let (Token::Word(word), span) = self.peek() else { return Ok(()) };
        if let ExprKind::Word(first) = &lhs.kind {
            let help = match *first {
                "NOT" | "Not" => "operators are written in lower case: `not`",
                "rule" => "a rule is written `rule NAME = EXPRESSION`",
                _ => "",
            };
            if !help.is_empty() && self.logic_operator_is_far() {
                return self.fail(Diagnostic::error("unexpected", lhs.span, format!("unexpected `{first}`")).help(help));
            }
        }
        if let Some(right) = known(WORDS, word) {
            let d = Diagnostic::error("unknown-operator", span, format!("`{word}` is no operator"));
            return self.fail(d.help(format!("write `{right}`")).instead(right));
        }
        let Some(function) = known(CALLS, word) else { return Ok(()) };
        let value = self.source_text(lhs.span);
        let mut ahead = self.lexer.clone();
        ahead.pos = span.end as usize;
        let (_, next) = ahead.peek();
        let argument = match ahead.string_here() {
            Some(end) => self.source_text(Span::new(next.start as usize, end)),
            None => "...",
        };
        let d = Diagnostic::error("function-as-operator", span, format!("`{word}` does not stand between two values"));
        let help = format!("`{function}` is a function: `{function}({value}, {argument})`");
        self.fail(d.help(help))
    }

    /// Whether the word that is next cannot join two tests.
    fn logic_operator_is_far(&mut self) -> bool {
        !matches!(self.peek().0, Token::Word("and" | "or" | "xor"))
    }

    pub(super) fn source_text(&self, span: Span) -> &str {
        self.lexer.source.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// What stands here up to the next blank or closing bracket, as the quoted text that was probably meant.
    pub(super) fn in_quotes(&mut self) -> Option<String> {
        let text = match self.in_single_quotes() {
            Some(inner) => inner,
            None => self.up_to([' ', '\t', '\r', '\n', ')', '}', ',']),
        };
        quoted(text).filter(|text| !text.contains('\\'))
    }

    /// The same where a regular expression was meant, which may have brackets and backslashes of its own.
    pub(super) fn regex_in_quotes(&mut self) -> Option<String> {
        let text = match self.in_single_quotes() {
            Some(inner) => inner,
            None => {
                let word = self.up_to([' ', '\t', '\r', '\n']);
                // Brackets that it does not open close what stands around it.
                let (mut open, mut escaped) = (0, false);
                let end = word.find(|c| {
                    match c {
                        _ if escaped => {}
                        '(' => open += 1,
                        ')' => open -= 1,
                        _ => {}
                    }
                    escaped = c == '\\' && !escaped;
                    open < 0
                });
                &word[..end.unwrap_or(word.len())]
            }
        };
        quoted(text)
    }

    /// A text in single quotes, read as if they were double, so that the rest of the rule is checked too.
    pub(super) fn single_quoted(&mut self) -> Option<(Vec<u8>, Span)> {
        let (_, start) = self.peek();
        let line = self.up_to(['\n']);
        let len = line.strip_prefix('\'')?.find('\'')?;
        let bytes = line.as_bytes()[1..=len].to_vec();
        let right = self.in_quotes().unwrap_or_else(|| "\"...\"".into());
        let span = Span::new(start.start as usize, start.start as usize + len + 2);
        self.diagnostics.push(single_quotes(span, &right));
        self.lexer.pos = span.end as usize;
        Some((bytes, span))
    }

    fn in_single_quotes(&mut self) -> Option<&str> {
        let inner = self.up_to(['\n']).strip_prefix('\'')?;
        inner.split('\'').next()
    }

    fn up_to<const N: usize>(&mut self, ends: [char; N]) -> &str {
        let (_, span) = self.peek();
        let rest = self.source_text(Span::new(span.start as usize, self.lexer.source.len()));
        rest.split(ends).next().unwrap_or(rest)
    }

    /// How the set should be written that stands here in other brackets or in none.
    pub(super) fn in_braces(&mut self) -> String {
        let general = "write `in {1 2 3}`, `in {1..9}`, or `in $name`";
        let (token, span) = self.peek();
        let rest = self.source_text(Span::new(span.start as usize, self.lexer.source.len()));
        let close = match token {
            Token::Symbol(sym!("[")) => Some(']'),
            Token::Symbol(sym!("(")) => Some(')'),
            _ => None,
        };
        let inner = match close {
            Some(close) => rest.get(1..).and_then(|r| r.split(close).next()),
            None => rest.split([' ', '\t', '\r', '\n', ')']).next(),
        };
        match inner.map(str::trim) {
            Some(text) if !text.is_empty() && text.len() <= 80 && !text.contains(['{', '}', '$', '\'', '\n']) => {
                format!("write `in {{{text}}}`")
            }
            _ => general.into(),
        }
    }
}

/// What to say of a text in single quotes.
pub(super) fn single_quotes(span: Span, right: &str) -> Diagnostic {
    let d = Diagnostic::error("single-quotes", span, "strings stand in double quotes").help(format!("write `{right}`"));
    // Only of a text that ends is the whole of it known.
    if right == "\"...\"" || span.end - span.start < 2 { d } else { d.instead(right) }
}

/// A text in double quotes, if it is one that needs no more than them; the slashes around a regular expression go.
fn quoted(text: &str) -> Option<String> {
    let text = text.strip_prefix('/').and_then(|t| t.strip_suffix('/')).unwrap_or(text);
    (!text.is_empty() && text.len() <= 80 && !text.contains('"')).then(|| format!("\"{text}\""))
}

/// What to say of a character that starts nothing.
pub(super) fn stray(c: char) -> String {
    match c {
        '\'' | '`' | '\u{2018}' | '\u{2019}' | '\u{201c}' | '\u{201d}' | '\u{ab}' | '\u{bb}' => {
            "strings stand in double quotes: `\"...\"`".into()
        }
        ';' => "one expression has no end mark; several are written as `rule NAME = ...`".into(),
        '?' => "there is no `? :`; join tests with `and` and `or`".into(),
        '@' => "fields are written as they are called, without `@`; text stands in double quotes".into(),
        '\\' => "a backslash has a meaning only in strings".into(),
        c if c.is_whitespace() => "this is not an ordinary blank; write one".into(),
        c if c.is_alphanumeric() => "names are ASCII letters, digits, `_` and dots; text stands in double quotes".into(),
        _ => "remove it; text stands in double quotes".into(),
    }
}
