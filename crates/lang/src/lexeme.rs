//! A text cut into pieces that together are all of it, whether it can be parsed or not: for colours, and for what a tree holds of a text that
//! has mistakes.
//!
//! Which piece a stretch is depends on what stands before it, as in the parser: after `matches` a string is a regular expression, after `in {`
//! stand members of a set. What is known of a text that was parsed is more exact; where both speak, the parser is right.

use crate::ast::Span;
use crate::lexer::{Lexer, Token};
use crate::literal;
use crate::symbol::sym;

/// What a piece of a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lexeme {
    /// White space, or the byte order mark.
    Blank,
    /// `# ...`, without the end of its line.
    Comment,
    /// A word that is neither a number nor an address: a name, an operator or a word of the language.
    Word,
    /// A number.
    Number,
    /// An address.
    Address,
    /// A quoted or raw string.
    String,
    /// A string that stands after `matches`.
    Regex,
    /// `$name`.
    List,
    /// A member of a set that is no string.
    Member,
    /// An operator or punctuation.
    Symbol,
    /// A string that is never closed, or a character that starts nothing.
    Wrong,
}

/// What a word is by itself.
pub fn word(word: &str) -> Lexeme {
    match () {
        () if literal::ip(word).is_some() => Lexeme::Address,
        () if literal::float(word).is_some() => Lexeme::Number,
        () => match literal::int(word) {
            Some(Ok(_) | Err(literal::IntError::Range)) => Lexeme::Number,
            Some(Err(literal::IntError::Digit(_))) | None => Lexeme::Word,
        },
    }
}

/// The pieces of `source` from one byte up to another; both lie between characters. They touch each other, and none is empty.
pub fn lexemes(source: &str, from: usize, to: usize) -> Vec<(Lexeme, Span)> {
    let mut lexer = Lexer::new(&source[..to]);
    lexer.pos = from;
    let mut pieces = Vec::new();
    // What may change how the next piece is read.
    let mut last = "";
    let mut set = false;
    while lexer.pos < to {
        let start = lexer.pos;
        let lexeme = piece(&mut lexer, to, &mut set, last);
        let end = lexer.pos.max(start + 1);
        if !matches!(lexeme, Lexeme::Blank | Lexeme::Comment) {
            last = &source[start..end];
        }
        pieces.push((lexeme, Span::new(start, end)));
    }
    pieces
}

fn piece(lexer: &mut Lexer<'_>, to: usize, set: &mut bool, last: &str) -> Lexeme {
    let rest = &lexer.source[lexer.pos..to];
    let blank = |c: char| c.is_whitespace() || c == '\u{feff}';
    let len = rest.find(|c| !blank(c)).unwrap_or(rest.len());
    if len > 0 {
        lexer.pos += len;
        return Lexeme::Blank;
    }
    if rest.starts_with('#') {
        let line = rest.split('\n').next().unwrap_or(rest);
        lexer.pos += line.strip_suffix('\r').unwrap_or(line).len();
        return Lexeme::Comment;
    }
    let (token, span) = lexer.peek();
    if *set && !matches!(token, Token::Quote | Token::Symbol(sym!("{" | "}" | ","))) {
        let member = lexer.member();
        if !member.text.is_empty() {
            return Lexeme::Member;
        }
    }
    match token {
        Token::Quote => {
            let regex = matches!(last, "matches" | "~");
            let read = if regex { lexer.regex().map(|_| ()) } else { lexer.string().map(|_| ()) };
            if read.is_err() {
                // What is written on the next line is most likely not meant to be part of it.
                lexer.pos = span.start as usize + rest.find('\n').unwrap_or(rest.len());
                return Lexeme::Wrong;
            }
            if regex { Lexeme::Regex } else { Lexeme::String }
        }
        Token::Symbol(sym!("$")) => {
            lexer.pos = span.end as usize;
            let name = lexer.list_name();
            if name.text.is_empty() { Lexeme::Symbol } else { Lexeme::List }
        }
        Token::Symbol(symbol) => {
            match symbol {
                sym!("{") => *set = last == "in",
                sym!("}") => *set = false,
                _ => {}
            }
            lexer.pos = span.end as usize;
            Lexeme::Symbol
        }
        Token::Word(text) => {
            lexer.pos = span.end as usize;
            word(text)
        }
        Token::Other(c) => {
            lexer.pos = span.end as usize;
            if matches!(c, ';' | '?') { Lexeme::Symbol } else { Lexeme::Wrong }
        }
        // The lexer ends before the white space at the end of a text, which was read above.
        Token::End => {
            lexer.pos = to;
            Lexeme::Wrong
        }
    }
}
