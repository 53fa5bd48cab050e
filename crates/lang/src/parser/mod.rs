//! From text to syntax tree.
//!
//! # Grammar
//! ```text
//! file       = expr | { item }
//! item       = "rule" NAME [ "[" NAME ":" literal { "," NAME ":" literal } "]" ] ( "=" expr | block ) | "const" NAME ":" type "=" expr
//!            | "fn" NAME "(" [ NAME ":" type { "," NAME ":" type } ] ")" [ "->" ( type | "(" type { "," type } ")" ) ] block
//!            | "time" "=" expr | "state" NAME [ "[" expr { "," expr } "]" ] ":" NAME { "within" TIME [ "sliding" ] | "keep" TIME | "max" INT }
//!            | "on" NAME block | "output" NAME "on" NAME [ "limit" INT "within" TIME [ "by" expr { "," expr } ] ] "=" format
//! format     = ( "json" | "csv" | "text" STRING | "eve" [ STRING ] ) [ "{" [ NAME ":" expr { "," NAME ":" expr } ] "}" ]
//! block      = "{" { stmt } "}"
//! stmt       = "let" ( NAME [ ":" type ] | "(" NAME { "," NAME } ")" ) "=" expr
//!            | target ( "=" | "+=" | "-=" | ... ) expr | "(" target { "," target } ")" "=" expr | NAME "(" args ")"
//!            | "if" expr block { "else" "if" expr block } [ "else" block ] | "while" expr block
//!            | "for" NAME "in" operand [ ( ".." | "..=" ) operand ] block
//!            | "break" | "continue" | "return" [ expr ]
//! type       = ( NAME [ "<" type ">" ] | "[" type [ ";" operand ] "]" ) [ "?" ]
//! expr       = xor  { ("or"  | "||") xor }
//! xor        = and  { ("xor" | "^^") and }
//! and        = not  { ("and" | "&&") not }
//! not        = { "not" | "!" } comparison
//! comparison = operand [ ("==" | "eq" | "!=" | "ne" | "<" | ...) operand
//!                      | ["not"] "in" ( "{" members "}" | "$" NAME )
//!                      | "contains" operand | ("matches" | "~") REGEX | ["strict"] "wildcard" STRING ]
//! operand    = arithmetic, tightest first:  unary - ~   * / %   + -   << >>   & (bitwise_and)   ^   |   ??
//! primary    = ( WORD | STRING | SEQUENCE | "true" | "false" | "(" expr ")" | NAME "(" args ")"
//!              | "[" [ expr { "," expr } | expr ";" expr ] "]"
//!              | ("any" | "all") "(" expr ")" ) { "[" ( "*" | operand | [operand] ":" [operand] ) "]" }
//! ```
//! In a block a statement ends at `;`, at the closing brace, or at the end of a line whose expression is complete, unless the next line begins
//! with what can only stand between two values. A line that begins with `-`, `(` or `[` begins a statement.
//!
//! Bit operators bind tighter than comparisons (unlike in C), so `x & 1 == 1` is `(x & 1) == 1`. Comparisons do not chain.
//!
//! The right operand of a comparison may be glued to a following `or`/`xor` when it is a number or address (`80or ssl`), and a
//! comparison word to a number (`eq80`); elsewhere the longest word wins, so a field may be called `notify`.
//!
//! Depth is bounded twice: nesting by [`Limits::nesting`] (at most [`HARD_NESTING`] whatever is asked for), and operators and
//! subscripts inside one another by the same plus [`CHAIN_SLACK`].

mod comparison;
mod item;
mod mistake;
mod operand;
mod state;
mod statement;

use crate::ast::Span;
use crate::diagnostic::{Diagnostic, Diagnostics, Findings};
use crate::lexer::{Lexer, Token};
use crate::limits::Limits;
use crate::symbol::{Symbol, sym};
use crate::syntax::{Expr, ExprKind, File};

/// Nesting that no limit can raise: what the recursion of parser and checker can take in 1 MiB of stack, half of what threads usually
/// have, when it is compiled with optimisation. Without, the default limit of 128 still fits.
pub const HARD_NESTING: usize = 160;

/// How many operators and subscripts may stand inside one another beyond the nesting limit.
pub const CHAIN_SLACK: usize = 64;

pub use statement::HARD_BLOCKS;

/// A diagnostic was pushed; there is no tree.
#[derive(Debug)]
struct Failed;

type Parsed<T> = Result<T, Failed>;

struct Parser<'s> {
    lexer: Lexer<'s>,
    diagnostics: Findings,
    nesting: usize,
    depth: usize,
    /// Subscripts that stand around the next token; they do not count as nesting, but need stack all the same.
    brackets: usize,
    /// Whether the next word is on the right side of a comparison.
    right: bool,
    /// Whether the end of a line may end what is parsed.
    lines: bool,
    /// Blocks that stand around the next token.
    blocks: usize,
    /// Whether an array can be written out here: in the value of a constant, and as an argument.
    arrays: bool,
}

/// Parses rules, or one bare expression.
///
/// # Errors
/// Everything that is wrong with the text: at least one finding for each rule that cannot be parsed.
pub fn parse<'s>(source: &'s str, limits: &Limits) -> Result<File<'s>, Diagnostics> {
    let (file, diagnostics) = parse_all(source, limits);
    if diagnostics.has_errors() {
        return Err(diagnostics.on(file.source));
    }
    Ok(file)
}

/// Parses as much as possible: what could be parsed, and what is wrong with the rest. A rule, function or constant with a mistake is left out
/// as a whole.
pub fn parse_partly<'s>(source: &'s str, limits: &Limits) -> (File<'s>, Diagnostics) {
    let (file, findings) = parse_all(source, limits);
    (file, findings.on(source))
}

/// Parses as much as possible: the rules that could be parsed, and what is wrong with the others.
pub(crate) fn parse_all<'s>(source: &'s str, limits: &Limits) -> (File<'s>, Findings) {
    // Spans are 32 bits wide.
    let most = limits.source_bytes.min(u32::MAX as usize - 1);
    if source.len() > most {
        // The text itself is not kept: it is too large to be worth showing.
        let mut diagnostics = Findings::default();
        let message = format!("the text has {} bytes; at most {most} are allowed", source.len());
        diagnostics.push(Diagnostic::error("source-too-long", Span::default(), message));
        return (File { source: "", items: Vec::new() }, diagnostics);
    }
    let mut parser = Parser {
        lexer: Lexer::new(source),
        diagnostics: Findings::default(),
        nesting: limits.nesting.min(HARD_NESTING),
        depth: 0,
        brackets: 0,
        right: false,
        lines: false,
        blocks: 0,
        arrays: false,
    };
    let items = parser.file();
    (File { source, items }, parser.diagnostics)
}

impl<'s> Parser<'s> {
    fn peek(&mut self) -> (Token<'s>, Span) {
        self.lexer.peek()
    }

    /// Takes the token that was just peeked.
    fn take(&mut self, span: Span) {
        self.lexer.pos = span.end as usize;
    }

    /// Takes `symbol` if it is next.
    fn accept(&mut self, symbol: Symbol) -> Option<Span> {
        match self.peek() {
            (Token::Symbol(s), span) if s == symbol => {
                self.take(span);
                Some(span)
            }
            _ => None,
        }
    }

    /// Whether a line ends before the token that starts here, where that may end what is parsed.
    fn line_ends(&self, token: Span) -> bool {
        // A comment ends with its line, so the line end stands right before the token, but for blanks.
        let before = self.lexer.source.get(..token.start as usize).unwrap_or("");
        self.lines && before.trim_end_matches([' ', '\t', '\r']).ends_with('\n')
    }

    fn fail<T>(&mut self, diagnostic: Diagnostic) -> Parsed<T> {
        self.diagnostics.push(diagnostic);
        Err(Failed)
    }

    /// Goes one level deeper.
    fn enter(&mut self, span: Span) -> Parsed<()> {
        self.depth += 1;
        if self.depth > self.nesting {
            let message = format!("expressions are nested more than {} deep", self.nesting);
            return self.fail(Diagnostic::error("nesting", span, message).help("split the rule, or raise the nesting limit"));
        }
        Ok(())
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }

    /// A node whose operators and subscripts do not add to those of its children.
    fn node(&self, kind: ExprKind<'s>, span: Span, chain: u32) -> Expr<'s> {
        Expr { kind, span, chain }
    }

    /// A node that adds one to the chain of operators below it.
    fn link(&mut self, kind: ExprKind<'s>, span: Span, below: u32) -> Parsed<Expr<'s>> {
        let chain = self.lengthen(span, below as usize)? as u32;
        Ok(Expr { kind, span, chain })
    }

    /// One more than `below`, if so many operators and subscripts may stand inside one another.
    fn lengthen(&mut self, span: Span, below: usize) -> Parsed<usize> {
        let most = self.nesting + CHAIN_SLACK;
        if below >= most {
            let message = format!("more than {most} operators or subscripts stand inside one another");
            return self.fail(Diagnostic::error("nesting", span, message).help("split the expression"));
        }
        Ok(below + 1)
    }

    /// What stands here cannot go on an expression.
    fn unexpected<T>(&mut self) -> Parsed<T> {
        let (token, span) = self.peek();
        let text = &self.lexer.source[span.start as usize..span.end as usize];
        let d = Diagnostic::error("unexpected", span, format!("unexpected `{text}`"));
        self.fail(match token {
            Token::End => Diagnostic::error("unexpected-end", span, "the expression ends too early")
                .help("write what is missing, or remove what comes before"),
            Token::Symbol(sym!("[")) => d.help("write the bracket without a blank before it"),
            Token::Symbol(sym!("/")) if self.lexer.rest().starts_with("//") => d.help("comments start with `#`"),
            Token::Symbol(close @ (sym!(")" | "]" | "}"))) => {
                let open = match close {
                    sym!("]") => "[",
                    sym!("}") => "{",
                    _ => "(",
                };
                d.label("this was never opened").help(format!("remove it, or write the `{open}` that it closes"))
            }
            Token::Symbol(sym!("=")) => d.help("`==` compares"),
            Token::Symbol(sym!("!")) => d.help("`!=` compares; `not in` is the opposite of `in`"),
            Token::Other(c) => d.help(mistake::stray(c)),
            Token::Symbol(sym!(":")) => d.help("a rule is written `rule NAME = ...`; `:` stands only in `[2:4]` and in addresses"),
            Token::Symbol(sym!(",")) => {
                d.help("tests are joined by `and` or `or`; commas stand only between arguments and members of sets")
            }
            Token::Symbol(_) => d.help("join two tests with `and` or `or`"),
            Token::Word(w) => mistake::no_operator(d.label("an operator such as `and` or `==` was expected"), w),
            Token::Quote => Diagnostic::error("unexpected", span, "unexpected string")
                .label("an operator such as `and` or `==` was expected")
                .help("text stands after an operator such as `==` or `contains`, or in a call"),
        })
    }
}
