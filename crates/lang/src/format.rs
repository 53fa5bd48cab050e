//! Source text in one style: what `quintet fmt` writes.
//!
//! It works on the syntax tree, so it needs no scheme. Literals stay as they are written; operators get one spelling (`==`, `and`, `in`),
//! single blanks stand around them, and parentheses that group nothing go. A rule that is longer than a line is broken at its `and` and
//! `or`. Comments stay before what they stand before, or behind what they stand behind in the same line.

use crate::ast::{LogicOp, Span};
use crate::diagnostic::Diagnostics;
use crate::limits::Limits;
use crate::parser::parse;
use crate::syntax::{Expr, ExprKind, File, Member, Rule, Set, SubscriptKind};

/// The columns of a line.
const WIDTH: usize = 100;
const INDENT: usize = 4;
/// How often a text is formatted at most until nothing changes any more; comments are where they stay after two or three times.
const ROUNDS: usize = 8;

/// The text in the one style. Doing it again changes nothing, and the rules mean the same.
///
/// # Errors
/// What keeps the text from being parsed.
///
/// ```
/// let text = "# Admins only.\nrule a=(ssl)&&( http.host eq   \"a.example\" )  # for now";
/// let formatted = quintet_lang::format(text, &Default::default()).unwrap();
/// assert_eq!(formatted, "# Admins only.\nrule a = ssl and http.host == \"a.example\"  # for now\n");
/// ```
pub fn format(source: &str, limits: &Limits) -> Result<String, Diagnostics> {
    let mut text = once(source, limits)?;
    // A comment inside of what comes to stand in one line moves out of it, and then other lines may hold more.
    for _ in 0..ROUNDS {
        match once(&text, limits) {
            Ok(again) if again != text => text = again,
            _ => break,
        }
    }
    Ok(text)
}

/// The text, with each comment moved to the nearest place that can hold it.
fn once(source: &str, limits: &Limits) -> Result<String, Diagnostics> {
    let file = parse(source, limits)?;
    let mut formatter = Formatter { source, comments: comments(source, &file), next: 0, end: 0, out: String::new() };
    for rule in &file.rules {
        formatter.rule(rule);
    }
    formatter.comments_before(source.len(), 0, true);
    Ok(formatter.out)
}

/// Where the comments are: a `#` outside of strings starts one.
fn comments(source: &str, file: &File) -> Vec<Span> {
    let mut strings = Vec::new();
    for rule in &file.rules {
        literals(&rule.expr, &mut strings);
    }
    strings.sort_by_key(|s: &Span| s.start);
    let mut strings = strings.into_iter().peekable();
    let mut found = Vec::new();
    let bytes = source.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if let Some(string) = strings.next_if(|s| s.start as usize <= at) {
            at = at.max(string.end as usize);
        } else if bytes[at] == b'#' {
            let len = source[at..].find('\n').unwrap_or(source.len() - at);
            found.push(Span::new(at, at + source[at..at + len].trim_end().len()));
            at += len;
        } else {
            at += 1;
        }
    }
    found
}

/// The spans of all strings.
fn literals(e: &Expr, out: &mut Vec<Span>) {
    match &e.kind {
        ExprKind::Word(_) | ExprKind::Bool(_) | ExprKind::Sequence { .. } => {}
        ExprKind::Bytes(_) => out.push(e.span),
        ExprKind::Paren(inner) | ExprKind::Neg(inner) | ExprKind::Not(inner) | ExprKind::Quantifier { arg: inner, .. } => {
            literals(inner, out);
        }
        ExprKind::Call { args: all, .. } | ExprKind::Logic { items: all, .. } => all.iter().for_each(|e| literals(e, out)),
        ExprKind::Subscript { base, subscripts } => {
            literals(base, out);
            for subscript in subscripts {
                match &subscript.kind {
                    SubscriptKind::Each => {}
                    SubscriptKind::At(at) => literals(at, out),
                    SubscriptKind::Slice(a, b) => [a, b].into_iter().flatten().for_each(|e| literals(e, out)),
                }
            }
        }
        ExprKind::Arith { lhs, rhs, .. } | ExprKind::Compare { lhs, rhs, .. } | ExprKind::Contains { value: lhs, needle: rhs } => {
            literals(lhs, out);
            literals(rhs, out);
        }
        ExprKind::In { value, set, .. } => {
            literals(value, out);
            if let Set::Literal { members, .. } = set {
                out.extend(members.iter().filter(|m| matches!(m, Member::Bytes(..))).map(Member::span));
            }
        }
        ExprKind::Matches { value, pattern } => {
            literals(value, out);
            out.push(pattern.span);
        }
        ExprKind::Wildcard { value, pattern_span, .. } => {
            literals(value, out);
            out.push(*pattern_span);
        }
    }
}

struct Formatter<'s> {
    source: &'s str,
    comments: Vec<Span>,
    /// The first comment that is not written yet.
    next: usize,
    /// Where what was written last at the top level ends in the source.
    end: usize,
    out: String,
}

impl Formatter<'_> {
    fn text(&self, span: Span) -> &str {
        self.source.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    fn line(&mut self, indent: usize, text: &str) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.out.extend(std::iter::repeat_n(' ', indent));
        self.out.push_str(text);
    }

    /// One empty line where the source has some before `start`.
    fn gap(&mut self, start: usize) {
        let between = self.source.get(self.end..start).unwrap_or("");
        if !self.out.is_empty() && between.matches('\n').count() > 1 {
            self.out.push('\n');
        }
    }

    /// The comments before a place in the source, each in a line; at the top level with the gaps before them.
    fn comments_before(&mut self, place: usize, indent: usize, top: bool) {
        while let Some(span) = self.comments.get(self.next).copied().filter(|c| (c.start as usize) < place) {
            if top {
                self.gap(span.start as usize);
                self.end = span.end as usize;
            }
            let text = self.text(span).to_owned();
            self.line(indent, &text);
            self.next += 1;
        }
        if top && place == self.source.len() && !self.out.is_empty() {
            self.out.push('\n');
        }
    }

    fn rule(&mut self, rule: &Rule) {
        let start = rule.span.start as usize;
        self.comments_before(start, 0, true);
        self.gap(start);
        self.end = rule.span.end as usize;
        let expr = inner(&rule.expr);
        // A comment after the name stands before the rule.
        self.comments_before(first(expr), 0, false);
        let prefix = if rule.name.text.is_empty() { String::new() } else { format!("rule {} = ", rule.name.text) };
        self.item(expr, &prefix, 0);
        if let Some(last) = self.next.checked_sub(1).and_then(|i| self.comments.get(i)) {
            self.end = self.end.max(last.end as usize);
        }
    }

    /// Writes an expression after `prefix`, over several lines if one does not hold it.
    fn item(&mut self, e: &Expr, prefix: &str, indent: usize) {
        let (start, end) = (e.span.start as usize, e.span.end as usize);
        let commented = self.comments.get(self.next..).unwrap_or(&[]).iter().any(|c| (start..end).contains(&(c.start as usize)));
        let flat = self.flat(e);
        let fits = indent + prefix.len() + flat.chars().count() <= WIDTH;
        match &e.kind {
            ExprKind::Logic { op, items } if commented || !fits => {
                let deeper = if prefix.is_empty() { indent } else { indent + INDENT };
                for (i, e) in items.iter().enumerate() {
                    if i == 0 {
                        self.item(bare(e), prefix, indent);
                    } else {
                        self.item(bare(e), &format!("{op} "), deeper);
                    }
                }
            }
            ExprKind::Paren(_) if commented || !fits => self.grouped(e, &format!("{prefix}("), indent),
            ExprKind::Not(inner) if (commented || !fits) && matches!(inner.kind, ExprKind::Paren(_)) => {
                self.grouped(inner, &format!("{prefix}not ("), indent);
            }
            ExprKind::Quantifier { quantifier, arg } if (commented || !fits) && matches!(arg.kind, ExprKind::Logic { .. }) => {
                self.comments_before(first(arg), indent, false);
                self.line(indent, &format!("{prefix}{quantifier}("));
                self.item(arg, "", indent + INDENT);
                self.close(end, indent);
            }
            _ => {
                self.comments_before(end, indent, false);
                self.line(indent, &format!("{prefix}{flat}"));
                self.trailing(end);
            }
        }
    }

    /// Writes what stands in parentheses on lines of its own.
    fn grouped(&mut self, e: &Expr, open: &str, indent: usize) {
        let within = inner(e);
        self.comments_before(first(within), indent, false);
        self.line(indent, open);
        self.item(within, "", indent + INDENT);
        self.close(e.span.end as usize, indent);
    }

    fn close(&mut self, end: usize, indent: usize) {
        self.comments_before(end, indent + INDENT, false);
        self.line(indent, ")");
        self.trailing(end);
    }

    /// A comment that stands behind what ends at `end` in the same line.
    fn trailing(&mut self, end: usize) {
        let Some(span) = self.comments.get(self.next).copied() else { return };
        let between = self.source.get(end..span.start as usize).unwrap_or("\n");
        let nothing = |w: &str| matches!(w, "" | "and" | "or" | "xor" | "&&" | "||" | "^^");
        if !between.contains('\n') && between.split([' ', '\t', '\r', ')']).all(nothing) {
            let text = self.text(span).to_owned();
            self.out.push_str("  ");
            self.out.push_str(&text);
            self.next += 1;
        }
    }

    /// An expression in one line.
    fn flat(&self, e: &Expr) -> String {
        match &e.kind {
            ExprKind::Word(word) => word.clone(),
            ExprKind::Bool(b) => b.to_string(),
            ExprKind::Bytes(_) | ExprKind::Sequence { .. } => self.text(e.span).to_owned(),
            ExprKind::Paren(_) => format!("({})", self.flat(inner(e))),
            ExprKind::Call { name, args } => {
                let args: Vec<String> = args.iter().map(|a| self.flat(a)).collect();
                format!("{}({})", name.text, args.join(", "))
            }
            ExprKind::Subscript { base, subscripts } => {
                let mut text = self.flat(base);
                for subscript in subscripts {
                    let bound = |e: &Option<Expr>| e.as_ref().map_or_else(String::new, |e| self.flat(e));
                    text.push_str(&match &subscript.kind {
                        SubscriptKind::Each => "[*]".to_owned(),
                        SubscriptKind::At(at) => format!("[{}]", self.flat(at)),
                        SubscriptKind::Slice(a, b) => format!("[{}:{}]", bound(a), bound(b)),
                    });
                }
                text
            }
            ExprKind::Neg(inner) => {
                let text = self.flat(inner);
                // Glued to a digit the sign would be part of the number, which then may be read otherwise.
                let blank = if text.starts_with(|c: char| c.is_ascii_digit()) { " " } else { "" };
                format!("-{blank}{text}")
            }
            ExprKind::Not(inner) => format!("not {}", self.flat(inner)),
            ExprKind::Arith { op, lhs, rhs } => format!("{} {} {}", self.flat(lhs), op.symbol(), self.flat(rhs)),
            ExprKind::Compare { op, lhs, rhs } => format!("{} {} {}", self.flat(lhs), op.symbol(), self.flat(rhs)),
            ExprKind::In { value, negated, set } => {
                let word = if *negated { "not in" } else { "in" };
                let set = match set {
                    Set::List(name) => format!("${}", name.text.trim_start_matches('$')),
                    Set::Literal { members, .. } => {
                        let members: Vec<&str> = members.iter().map(|m| self.text(m.span())).collect();
                        format!("{{{}}}", members.join(" "))
                    }
                };
                format!("{} {word} {set}", self.flat(value))
            }
            ExprKind::Contains { value, needle } => format!("{} contains {}", self.flat(value), self.flat(needle)),
            ExprKind::Matches { value, pattern } => format!("{} matches {}", self.flat(value), self.text(pattern.span)),
            ExprKind::Wildcard { value, strict, pattern_span, .. } => {
                let strict = if *strict { "strict " } else { "" };
                format!("{} {strict}wildcard {}", self.flat(value), self.text(*pattern_span))
            }
            ExprKind::Logic { op, items } => {
                let items: Vec<String> = items.iter().map(|i| self.flat(bare(i))).collect();
                let joint = match op {
                    LogicOp::And => " and ",
                    LogicOp::Xor => " xor ",
                    LogicOp::Or => " or ",
                };
                items.join(joint)
            }
            ExprKind::Quantifier { quantifier, arg } => format!("{quantifier}({})", self.flat(arg)),
        }
    }
}

/// Where the first word of an expression stands that is not an opening parenthesis of its own.
fn first(e: &Expr) -> usize {
    e.span.start as usize
}

/// What stands in the parentheses around an expression, or the expression.
fn inner(e: &Expr) -> &Expr {
    e.unparenthesised()
}

/// An operand of `and`, `or` or `xor` without parentheses that group nothing.
fn bare(e: &Expr) -> &Expr {
    let inner = e.unparenthesised();
    match &inner.kind {
        ExprKind::Compare { .. }
        | ExprKind::In { .. }
        | ExprKind::Contains { .. }
        | ExprKind::Matches { .. }
        | ExprKind::Wildcard { .. }
        | ExprKind::Not(_)
        | ExprKind::Call { .. }
        | ExprKind::Subscript { .. }
        | ExprKind::Bool(_)
        | ExprKind::Quantifier { .. } => inner,
        // Words that join tests could be taken for operators.
        ExprKind::Word(word) if !matches!(word.as_str(), "and" | "or" | "xor" | "in" | "rule" | "strict") => inner,
        _ => e,
    }
}
