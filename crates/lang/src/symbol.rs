//! Operators and punctuation.

use crate::ast::ArithOp;
use crate::operator::ARITH;

/// From each symbol's text and name: the symbols, and a macro from the one to the other.
macro_rules! symbols {
    ($($text:tt $name:ident),* $(,)?) => {
        /// An operator or punctuation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Symbol {
            $($name),*
        }

        /// All symbols, in the order in which they are numbered, with their texts.
        const ALL: &[(Symbol, &str)] = &[$((Symbol::$name, $text)),*];

        macro_rules! symbol {
            $(($text) => { $crate::symbol::Symbol::$name };)*
        }
    };
}

// Those with one first byte stand together, longer ones before their prefixes.
symbols! {
    "<<=" ShlSet, "<<" Shl, "<=" Le, "<" Lt, ">>=" ShrSet, ">>" Shr, ">=" Ge, ">" Gt, "..=" UpTo, ".." Below, "==" Eq, "=" Set, "!=" Ne, "!" Not,
    "&&" And, "&=" BitAndSet, "&" BitAnd, "||" Or, "|=" BitOrSet, "|" BitOr, "^^" Xor, "^=" BitXorSet, "^" BitXor, "->" Answers, "-=" SubSet,
    "-" Sub, "+=" AddSet, "+" Add, "*=" MulSet, "*" Mul, "/=" DivSet, "/" Div, "%=" RemSet, "%" Rem, "~" Tilde, "(" Paren, ")" ParenEnd,
    "[" Bracket, "]" BracketEnd, "{" Brace, "}" BraceEnd, "," Comma, ":" Colon, "$" Dollar,
}

/// The symbol that is written like this; in a pattern also one of several.
macro_rules! sym {
    ($($text:tt)|+) => { $($crate::symbol::of_text!($text))|+ };
}

pub(crate) use {sym, symbol as of_text};

/// By first byte: where its symbols begin among all, and how many there are.
static BY_FIRST: [(u8, u8); 128] = {
    let mut places = [(0, 0); 128];
    let mut at = 0;
    while at < ALL.len() {
        let (begin, count) = &mut places[ALL[at].1.as_bytes()[0] as usize];
        if *count == 0 {
            *begin = at as u8;
        }
        assert!(*begin + *count == at as u8, "symbols with one first byte stand together");
        *count += 1;
        at += 1;
    }
    places
};

/// By symbol: its bytes, of which there are at most three, and which of three bytes those are.
static BYTES: [(u32, u32); ALL.len()] = {
    let mut all = [(0, 0); ALL.len()];
    let mut at = 0;
    while at < all.len() {
        let text = ALL[at].1.as_bytes();
        assert!(text.len() <= 3, "a symbol has at most three bytes");
        all[at] = (three(text), u32::MAX >> (32 - 8 * text.len()));
        at += 1;
    }
    all
};

/// By symbol: the operator of arithmetic that is written like this.
static OPERATOR: [Option<ArithOp>; ALL.len()] = {
    let mut operators = [None; ALL.len()];
    let mut at = 0;
    while at < ARITH.len() {
        let written = three(ARITH[at].symbol.as_bytes());
        let mut symbol = 0;
        while three(ALL[symbol].1.as_bytes()) != written {
            symbol += 1;
        }
        operators[symbol] = Some(ARITH[at].op);
        at += 1;
    }
    operators
};

/// The first three bytes of a text as one number; those that it does not have are 0.
const fn three(text: &[u8]) -> u32 {
    match text {
        [] => 0,
        [a] => u32::from_le_bytes([*a, 0, 0, 0]),
        [a, b] => u32::from_le_bytes([*a, *b, 0, 0]),
        [a, b, c, ..] => u32::from_le_bytes([*a, *b, *c, 0]),
    }
}

impl Symbol {
    /// The longest symbol that a text starts with.
    #[inline]
    pub(crate) fn at(text: &[u8]) -> Option<Symbol> {
        let (begin, count) = *BY_FIRST.get(usize::from(*text.first()?))?;
        let here = three(text);
        let mut places = usize::from(begin)..usize::from(begin) + usize::from(count);
        places.find(|place| BYTES.get(*place).is_some_and(|(bytes, which)| here & which == *bytes)).map(|place| ALL[place].0)
    }

    /// How it is written.
    pub(crate) fn text(self) -> &'static str {
        ALL[self as usize].1
    }

    /// The operator of arithmetic that is written like this.
    #[inline]
    pub(crate) fn arith(self) -> Option<ArithOp> {
        OPERATOR[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_symbol_is_found_by_its_text() {
        for (place, (symbol, text)) in ALL.iter().enumerate() {
            assert_eq!(*symbol as usize, place);
            assert_eq!(symbol.text(), *text);
            assert_eq!(Symbol::at(format!("{text} x").as_bytes()), Some(*symbol));
            assert_eq!(symbol.arith(), ArithOp::of_symbol(text));
        }
        assert_eq!(Symbol::at("é".as_bytes()), None);
        assert_eq!(Symbol::at(b""), None);
    }
}
