//! Source text in one style: what `quintet fmt` writes.
//!
//! It works on the syntax tree, so it needs no scheme. Literals stay as they are written; operators get one spelling (`==`, `and`, `in`),
//! single blanks stand around them, and parentheses that group nothing go. A rule that is longer than a line is broken at its `and` and
//! `or`. Comments stay before what they stand before, or behind what they stand behind in the same line.

use crate::ast::{LogicOp, Span};
use crate::diagnostic::Diagnostics;
use crate::limits::Limits;
use crate::parser::parse;
use crate::syntax::{
    Block, Expr, ExprKind, File, Item, Member, Over, Rule, RuleBody, Set, Stmt, StmtKind, SubscriptKind, TypeKind, TypeName,
};

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
    for item in &file.items {
        formatter.define(item);
    }
    formatter.comments_before(source.len(), 0, true);
    Ok(formatter.out)
}

/// Where the comments are: a `#` outside of strings starts one.
fn comments(source: &str, file: &File) -> Vec<Span> {
    let mut strings = Vec::new();
    file.exprs(&mut |e| literals(e, &mut strings));
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
    e.walk(&mut |e| match &e.kind {
        ExprKind::Bytes(_) => out.push(e.span),
        ExprKind::In { set: Set::Literal { members, .. }, .. } => {
            out.extend(members.iter().filter(|m| matches!(m, Member::Bytes(..))).map(Member::span));
        }
        ExprKind::Matches { pattern, .. } => out.push(pattern.span),
        ExprKind::Wildcard { pattern_span, .. } => out.push(*pattern_span),
        _ => {}
    });
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

    fn define(&mut self, item: &Item) {
        let span = item.span();
        self.comments_before(span.start as usize, 0, true);
        self.gap(span.start as usize);
        self.end = span.end as usize;
        // A comment after the name stands before the item.
        match item {
            Item::Rule(Rule { name, body: RuleBody::Expr(expr), .. }) => {
                let expr = inner(expr);
                self.comments_before(first(expr), 0, false);
                let prefix = if name.text.is_empty() { String::new() } else { format!("rule {} = ", name.text) };
                self.item(expr, &prefix, 0);
            }
            Item::Rule(Rule { name, body: RuleBody::Block(block), .. }) => {
                self.comments_before(block.span.start as usize, 0, false);
                self.line(0, &format!("rule {} {{", name.text));
                self.body(block, 0);
            }
            Item::Function(function) => {
                self.comments_before(function.body.span.start as usize, 0, false);
                let params = function.params.iter().map(|(name, ty)| format!("{}: {}", name.text, self.type_text(ty)));
                let params = params.collect::<Vec<_>>().join(", ");
                let results: Vec<String> = function.results.iter().map(|ty| self.type_text(ty)).collect();
                let results = match results.as_slice() {
                    [] => String::new(),
                    [one] => format!("-> {one} "),
                    all => format!("-> ({}) ", all.join(", ")),
                };
                self.line(0, &format!("fn {}({params}) {results}{{", function.name.text));
                self.body(&function.body, 0);
            }
            Item::Constant(constant) => {
                self.comments_before(first(&constant.value), 0, false);
                let head = format!("const {}: {} = ", constant.name.text, self.type_text(&constant.ty));
                self.long(&constant.value, &head, 0);
            }
        }
        if let Some(last) = self.next.checked_sub(1).and_then(|i| self.comments.get(i)) {
            self.end = self.end.max(last.end as usize);
        }
    }

    /// A type as it is written.
    fn type_text(&self, ty: &TypeName) -> String {
        let text = match &ty.kind {
            TypeKind::Plain(ty) => ty.to_string(),
            TypeKind::Unknown(name) => (*name).to_owned(),
            TypeKind::List(element, None) => format!("[{}]", self.type_text(element)),
            TypeKind::List(element, Some(len)) => format!("[{}; {}]", self.type_text(element), self.flat(len)),
        };
        if ty.nullable { text + "?" } else { text }
    }

    /// The statements of a block whose brace is open, and the closing brace.
    fn body(&mut self, block: &Block, indent: usize) {
        let deeper = indent + INDENT;
        self.opened(block.span.start as usize + 1);
        let mut end = None;
        for stmt in &block.stmts {
            let start = stmt.span.start as usize;
            let comment = self.comments.get(self.next).filter(|c| (c.start as usize) < start);
            let first = comment.map_or(start, |c| c.start as usize);
            if end.is_some_and(|end: usize| self.source.get(end..first).unwrap_or("").matches('\n').count() > 1) {
                self.out.push('\n');
            }
            self.comments_before(start, deeper, false);
            self.stmt(stmt, deeper);
            let last = self.next.checked_sub(1).and_then(|i| self.comments.get(i)).map_or(0, |c| c.end as usize);
            end = Some(last.max(stmt.span.end as usize));
        }
        self.comments_before(block.span.end as usize - 1, deeper, false);
        self.line(indent, "}");
        self.trailing(block.span.end as usize);
    }

    /// A comment behind an opening brace stays there.
    fn opened(&mut self, after: usize) {
        let Some(span) = self.comments.get(self.next).copied() else { return };
        if self.source.get(after..span.start as usize).is_some_and(|between| between.trim_matches([' ', '\t']).is_empty()) {
            let text = self.text(span).to_owned();
            self.out.push_str("  ");
            self.out.push_str(&text);
            self.next += 1;
        }
    }

    /// Goes on in the line of a closing brace.
    fn go_on(&mut self, text: &str, indent: usize) {
        if self.out.ends_with('}') {
            self.out.push(' ');
            self.out.push_str(text);
        } else {
            // A comment stands behind the brace.
            self.line(indent, text);
        }
    }

    fn stmt(&mut self, stmt: &Stmt, indent: usize) {
        match &stmt.kind {
            StmtKind::Let { names, ty, value } => {
                let names: Vec<&str> = names.iter().map(|name| name.text).collect();
                let names = if names.len() == 1 { names.concat() } else { format!("({})", names.join(", ")) };
                let ty = ty.as_ref().map_or_else(String::new, |ty| format!(": {}", self.type_text(ty)));
                self.long(value, &format!("let {names}{ty} = "), indent);
            }
            StmtKind::Assign { targets, op, value } => {
                let texts: Vec<String> = targets.iter().map(|target| self.flat(target)).collect();
                let target = if texts.len() == 1 { texts.concat() } else { format!("({})", texts.join(", ")) };
                self.long(value, &format!("{target} {}= ", op.map_or("", |op| op.symbol())), indent);
            }
            StmtKind::Call(call) => self.long(call, "", indent),
            StmtKind::If { arms, otherwise } => {
                for (place, (condition, body)) in arms.iter().enumerate() {
                    self.comments_before(body.span.start as usize, indent, false);
                    let head = format!("if {} {{", self.flat(inner(condition)));
                    match place {
                        0 => self.line(indent, &head),
                        _ => self.go_on(&format!("else {head}"), indent),
                    }
                    self.body(body, indent);
                }
                if let Some(body) = otherwise {
                    self.comments_before(body.span.start as usize, indent, false);
                    self.go_on("else {", indent);
                    self.body(body, indent);
                }
            }
            StmtKind::While { condition, body } => {
                self.comments_before(body.span.start as usize, indent, false);
                let head = format!("while {} {{", self.flat(inner(condition)));
                self.line(indent, &head);
                self.body(body, indent);
            }
            StmtKind::For { name, over, body } => {
                self.comments_before(body.span.start as usize, indent, false);
                let over = match over {
                    Over::Range { start, end, inclusive } => {
                        format!("{}{}{}", self.flat(start), if *inclusive { "..=" } else { ".." }, self.flat(end))
                    }
                    Over::Each(value) => self.flat(value),
                };
                self.line(indent, &format!("for {} in {over} {{", name.text));
                self.body(body, indent);
            }
            StmtKind::Break => self.word("break", stmt, indent),
            StmtKind::Continue => self.word("continue", stmt, indent),
            StmtKind::Return(values) => match values.as_slice() {
                [] => self.word("return", stmt, indent),
                [one] => self.long(one, "return ", indent),
                all => {
                    let texts: Vec<String> = all.iter().map(|value| self.flat(value)).collect();
                    self.word(&format!("return ({})", texts.join(", ")), stmt, indent);
                }
            },
        }
    }

    /// A statement that stands in one line.
    fn word(&mut self, text: &str, stmt: &Stmt, indent: usize) {
        let end = stmt.span.end as usize;
        self.comments_before(end, indent, false);
        self.line(indent, text);
        self.trailing(end);
    }

    /// Writes an expression after `prefix`: an array that is too long for a line over several.
    fn long(&mut self, e: &Expr, prefix: &str, indent: usize) {
        let ExprKind::Array(items) = &e.kind else { return self.item(e, prefix, indent) };
        let end = e.span.end as usize;
        let flat = self.flat(e);
        self.comments_before(end, indent, false);
        if indent + prefix.len() + flat.chars().count() <= WIDTH {
            self.line(indent, &format!("{prefix}{flat}"));
        } else {
            self.line(indent, &format!("{prefix}["));
            let mut row = String::new();
            for item in items {
                let text = self.flat(item);
                if !row.is_empty() && indent + INDENT + row.chars().count() + 2 + text.chars().count() > WIDTH {
                    self.line(indent + INDENT, &row);
                    row.clear();
                }
                if !row.is_empty() {
                    row.push(' ');
                }
                row.push_str(&text);
                row.push(',');
            }
            self.line(indent + INDENT, &row);
            self.line(indent, "]");
        }
        self.trailing(end);
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
            ExprKind::Word(word) => (*word).to_owned(),
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
            ExprKind::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| self.flat(item)).collect();
                format!("[{}]", items.join(", "))
            }
            ExprKind::Repeat { value, count } => format!("[{}; {}]", self.flat(value), self.flat(count)),
            ExprKind::Tuple(values) => {
                let values: Vec<String> = values.iter().map(|value| self.flat(value)).collect();
                format!("({})", values.join(", "))
            }
            ExprKind::Otherwise { value, default } => format!("{} ?? {}", self.flat(value), self.flat(default)),
            ExprKind::Flip(inner) => format!("~{}", self.flat(inner)),
            ExprKind::Neg(inner) => {
                let text = self.flat(inner);
                // Glued to a digit the sign would be part of the number, which then may be read otherwise.
                let blank = if text.starts_with(|c: char| c.is_ascii_digit()) { " " } else { "" };
                format!("-{blank}{text}")
            }
            ExprKind::Not(inner) => format!("not {}", self.flat(inner)),
            ExprKind::Arith { op, lhs, rhs } => format!("{} {} {}", self.flat(lhs), op.symbol(), self.flat(rhs)),
            ExprKind::Compare { op, sides } => format!("{} {} {}", self.flat(&sides[0]), op.symbol(), self.flat(&sides[1])),
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
fn inner<'e, 's>(e: &'e Expr<'s>) -> &'e Expr<'s> {
    e.unparenthesised()
}

/// An operand of `and`, `or` or `xor` without parentheses that group nothing.
fn bare<'e, 's>(e: &'e Expr<'s>) -> &'e Expr<'s> {
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
        ExprKind::Word(word) if !matches!(*word, "and" | "or" | "xor" | "in" | "rule" | "strict") => inner,
        _ => e,
    }
}
