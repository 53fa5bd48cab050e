//! Where in a text a place is: the item around it, the names that are known there, and what comes before it.

use quintet_lang::{Limits, Scheme, Type, types};

use crate::classify;
use crate::kind::{NodeKind, TokenKind};
use crate::tree::Tree;

/// A token before a place, blanks and comments left out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Before<'t> {
    pub kind: TokenKind,
    pub text: &'t str,
    pub start: usize,
    pub end: usize,
}

/// What stands before a place.
pub(crate) struct Scope<'t> {
    pub text: &'t str,
    /// The tokens of the item that the place is in, up to it.
    pub before: Vec<Before<'t>>,
    /// Where the item starts.
    item: usize,
    /// Whether the item is made of statements, or is a bare expression or one of a rule.
    pub script: bool,
    /// The names of locals, inner ones last.
    pub locals: Vec<&'t str>,
    /// Curly brackets that are open at the place.
    blocks: usize,
    /// Whether the last token is white space with a line end, or a comment.
    pub new_line: bool,
    /// Whether the place is in a comment.
    pub comment: bool,
}

/// Whether an item about tables or outputs starts with a token. Its words are names elsewhere, so it is told by what follows.
fn keeps(all: &[Before<'_>], at: usize, text: &str) -> bool {
    let next = all.get(at + 1).filter(|next| !text[all[at].end..next.start].contains('\n'));
    match (all[at].text, next) {
        ("time", Some(next)) => next.text == "=",
        ("state" | "on" | "output", Some(next)) => matches!(next.kind, TokenKind::Name | TokenKind::Keyword),
        // Blanks alone follow, and then the place.
        ("state" | "on" | "output", None) => at + 1 == all.len() && text[all[at].end..].starts_with([' ', '\t']),
        _ => false,
    }
}

impl<'t> Scope<'t> {
    pub fn new(text: &'t str, place: usize) -> Scope<'t> {
        let tokens = classify::tokens(text, 0, place);
        let mut all: Vec<Before<'t>> = Vec::with_capacity(tokens.len());
        let mut new_line = false;
        for (kind, span) in &tokens {
            let (start, end) = (span.start as usize, span.end as usize);
            let before = Before { kind: *kind, text: &text[start..end], start, end };
            if kind.is_trivia() {
                new_line |= before.text.contains('\n');
            } else {
                new_line = false;
                all.push(before);
            }
        }
        let comment = tokens.last().is_some_and(|(kind, _)| *kind == TokenKind::Comment);
        // An item starts in a line of its own.
        let starts = |at: usize| {
            let first = at == 0 || text[all[at - 1].end..all[at].start].contains('\n');
            first && (all[at].kind == TokenKind::Keyword && matches!(all[at].text, "rule" | "fn" | "const") || keeps(&all, at, text))
        };
        let first = (0..all.len()).rev().find(|at| starts(*at)).unwrap_or(0);
        let before = all.split_off(first);
        let item = before.first().map_or(0, |token| token.start);
        let mut scope = Scope { text, before, item, script: false, locals: Vec::new(), blocks: 0, new_line, comment };
        scope.walk();
        scope
    }

    /// Finds the blocks that are open, and the names that are known in them.
    fn walk(&mut self) {
        // How many locals there were when each block was opened.
        let mut open: Vec<usize> = Vec::new();
        // Names that the next block will know.
        let mut next: Vec<&'t str> = Vec::new();
        let function = self.before.first().is_some_and(|t| t.text == "fn");
        let mut set = false;
        // Whether the names are those of one `let`.
        let mut among = false;
        for (at, token) in self.before.iter().enumerate() {
            among = token.text == "(" && at > 0 && self.before[at - 1].text == "let"
                || among && (token.kind == TokenKind::Name || token.text == ",");
            let last = |back: usize| at.checked_sub(back).map_or("", |at| self.before[at].text);
            match token.text {
                "{" if last(1) == "in" => set = true,
                "}" if set => set = false,
                "{" => {
                    open.push(self.locals.len());
                    self.locals.append(&mut next);
                }
                "}" => self.locals.truncate(open.pop().unwrap_or(0)),
                name if token.kind == TokenKind::Name => {
                    let parameter = function && open.is_empty() && matches!(last(1), "(" | ",");
                    match last(1) {
                        "for" => next.push(name),
                        _ if parameter => next.push(name),
                        "let" => self.locals.push(name),
                        _ if among => self.locals.push(name),
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        // In the head of a function or loop, its names are known too.
        self.locals.append(&mut next);
        self.blocks = open.len();
        let kind = |at: usize| self.before.get(at).map_or("", |t| t.text);
        self.script = self.blocks > 0 && matches!(kind(0), "rule" | "fn");
    }

    /// The first of the tokens that make up the operand which ends with the token at `last`.
    pub fn operand(&self, last: usize) -> usize {
        let mut at = last;
        loop {
            let token = self.before[at];
            let open = match token.text {
                ")" if token.kind == TokenKind::Punctuation => "(",
                "]" if token.kind == TokenKind::Punctuation => "[",
                _ => return at,
            };
            let mut depth = 0;
            let found = (0..=at).rev().find(|i| {
                depth += usize::from(self.before[*i].text == token.text);
                depth -= usize::from(self.before[*i].text == open && depth > 0);
                depth == 0
            });
            let Some(found) = found else { return at };
            let glued = found > 0 && self.before[found - 1].end == self.before[found].start;
            let goes_on = glued
                && matches!(
                    self.before[found - 1].kind,
                    TokenKind::Name | TokenKind::Function | TokenKind::Punctuation | TokenKind::Keyword | TokenKind::String
                );
            let opens = found > 0 && matches!(self.before[found - 1].text, "(" | "[" | "{" | "," | ":" | ";");
            if !goes_on || opens {
                return found;
            }
            at = found - 1;
        }
    }

    /// Where the statement starts that the token at `at` belongs to.
    fn statement(&self, at: usize) -> usize {
        let begins = |i: usize| {
            let before = self.before[i - 1];
            matches!(before.text, "{" | "}" | ";") || self.text[before.end..self.before[i].start].contains('\n')
        };
        let first = (1..=at).rev().find(|i| begins(*i)).unwrap_or(0);
        self.before[first].start
    }

    /// The types of expressions that stand before the token at `place`, as far as they are known: what the checker says of the text up to the
    /// statement there, with the expressions as statements of their own. Each is the type, and whether it may be nil.
    pub fn types(&self, place: usize, expressions: &[&str], scheme: &Scheme, limits: &Limits) -> Vec<Option<(Type, bool)>> {
        let mut probe = String::new();
        for element in Tree::parse(self.text, limits).root().children() {
            let range = element.range();
            let known = matches!(element.node(), Some(NodeKind::Function | NodeKind::Constant | NodeKind::Time | NodeKind::State));
            if known && !range.contains(&self.item) {
                probe.push_str(element.text());
                probe.push('\n');
            }
        }
        if self.script && place > 0 {
            probe.push_str(&self.text[self.item..self.statement(place.min(self.before.len() - 1))]);
            probe.push('\n');
        } else {
            probe.push_str("rule probe {\n");
        }
        let mut starts = Vec::with_capacity(expressions.len());
        for (number, expression) in expressions.iter().enumerate() {
            probe.push_str(&format!("let probe_{number} = "));
            starts.push(probe.len());
            probe.push_str(expression);
            probe.push('\n');
        }
        probe.push_str(&"}".repeat(self.blocks.max(1)));
        let found = types(&probe, scheme, limits);
        let of = |start: usize, expression: &&str| {
            let span = quintet_lang::ast::Span::new(start, start + expression.len());
            found.iter().rev().find(|typed| typed.span == span).map(|typed| (typed.ty.clone(), typed.nullable))
        };
        starts.into_iter().zip(expressions).map(|(start, expression)| of(start, expression)).collect()
    }
}
