//! What can stand at a place.

use quintet_lang::ast::Const;
use quintet_lang::diagnostic::nearest;
use quintet_lang::intrinsic::ROWS;
use quintet_lang::{Type, quote};
use serde::Serialize;

use super::operators::operators;
use super::scope::Scope;
use super::{Positions, Service, Stretch, hover, words};
use crate::classify::{KEYWORDS, TYPES};
use crate::kind::{NodeKind, TokenKind};
use crate::tree::Tree;

/// What can stand at a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Completions {
    /// What each of them takes the place of: the word or string that the place is in.
    pub at: Stretch,
    /// The likeliest first.
    pub items: Vec<Completion>,
}

/// Something that can stand at a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Completion {
    /// What is shown.
    pub label: String,
    /// What is written.
    pub insert: String,
    /// What it is.
    pub kind: CompletionKind,
    /// Its type or signature; may be empty.
    pub detail: String,
    /// What it means; may be empty.
    pub doc: String,
}

/// What a completion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CompletionKind {
    /// A value that the field usually has.
    Value,
    /// A local of the script.
    Local,
    /// A table of the text.
    Table,
    /// A rule of the text.
    Rule,
    /// A field.
    Field,
    /// An operator.
    Operator,
    /// A constant of the text.
    Constant,
    /// A function.
    Function,
    /// A word of the language.
    Keyword,
    /// A type.
    Type,
}

/// What may stand at a place, by what stands before it.
#[derive(Debug, PartialEq, Eq)]
enum Slot {
    /// Nothing that could be listed: a new name, a pattern.
    Nothing,
    /// One of these words.
    Words(&'static [&'static str]),
    /// A rule, function or constant; after an expression also an operator, else also an expression.
    Item,
    /// A statement.
    Statement,
    /// A value. After a comparison's operator, the first token and the last one of its left side.
    Operand(Option<(usize, usize)>),
    /// A member of a set, likewise.
    Member(usize, usize),
    /// What follows a value: its first token and its last one.
    Operator(usize, usize),
    /// The name of a type.
    Type,
    /// The name of a rule.
    Rule,
    /// What a table holds.
    Kind,
    /// What changes a table.
    Change,
    /// A table alone.
    Table,
}

/// A value as rules write it.
pub fn literal(value: &Const) -> String {
    match value {
        Const::Bool(b) => b.to_string(),
        Const::Int(i) => i.to_string(),
        Const::U32(u) => u.to_string(),
        Const::Float(f) => format!("{f:?}"),
        Const::Bytes(bytes) => quote(bytes),
        Const::Ip(ip) => ip.to_string(),
    }
}

pub(super) fn complete(service: &Service, text: &str, offset: usize) -> Completions {
    let (start, end) = word_at(text, offset);
    let at = Positions::new(text).stretch(start..end);
    let mut completer = Completer {
        service,
        text,
        scope: Scope::new(text, start),
        prefix: &text[start..offset],
        called: text[end..].starts_with('('),
        found: Vec::new(),
    };
    if !completer.scope.comment {
        completer.all();
    }
    let mut found = completer.found;
    found.sort_by(|(a, x), (b, y)| (a, x.kind, &x.label).cmp(&(b, y.kind, &y.label)));
    found.dedup_by(|(_, a), (_, b)| a.label == b.label && a.kind == b.kind);
    Completions { at, items: found.into_iter().map(|(_, item)| item).collect() }
}

/// The word or string that a place is in, or ends.
fn word_at(text: &str, offset: usize) -> (usize, usize) {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let scope = Scope::new(text, offset);
    let last = scope.before.last().filter(|last| last.end == offset);
    let rest = &text[offset..];
    let end = |rest: &str| offset + rest.find(|c| !word(c)).unwrap_or(rest.len());
    match last {
        Some(last) if last.kind == TokenKind::Wrong && last.text.starts_with('"') => {
            let line = rest.lines().next().unwrap_or("");
            (last.start, line.find('"').map_or(offset, |quote| offset + quote + 1))
        }
        // A dot at the end is no part of the word before it yet.
        Some(last) if last.kind == TokenKind::Wrong && last.text == "." => {
            let before = scope.before.iter().rev().nth(1).filter(|before| before.end == last.start);
            (before.map_or(last.start, |before| before.start), end(rest))
        }
        Some(last) if last.text.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_') && !last.text.starts_with('$') => {
            (last.start, end(rest))
        }
        _ => (offset, end(rest)),
    }
}

/// How well a name goes with what was written: less is better. None if it does not.
fn quality(prefix: &str, name: &str) -> Option<u8> {
    let (prefix_lower, lower) = (prefix.to_ascii_lowercase(), name.to_ascii_lowercase());
    let mut letters = lower.chars();
    match () {
        () if name.starts_with(prefix) => Some(0),
        () if lower.starts_with(&prefix_lower) => Some(1),
        () if prefix.len() > 2 && nearest(prefix, std::iter::once(name)).is_some() => Some(2),
        () if lower.split(['.', '_']).any(|segment| segment.starts_with(&prefix_lower)) || lower.contains(&format!(".{prefix_lower}")) => {
            Some(3)
        }
        () if prefix_lower.chars().all(|c| letters.any(|l| l == c)) => Some(4),
        () => None,
    }
}

struct Completer<'a> {
    service: &'a Service,
    text: &'a str,
    scope: Scope<'a>,
    prefix: &'a str,
    /// Whether an opening parenthesis follows.
    called: bool,
    /// What was found with how likely it is.
    found: Vec<((u8, u8), Completion)>,
}

impl<'a> Completer<'a> {
    fn all(&mut self) {
        match self.slot() {
            Slot::Nothing => {}
            Slot::Words(words) => words.iter().for_each(|word| self.word(word, CompletionKind::Keyword)),
            Slot::Type => TYPES.iter().for_each(|name| self.offer(0, CompletionKind::Type, name, String::new(), String::new())),
            Slot::Item => {
                ["rule", "fn", "const", "state", "on", "output", "time"].iter().for_each(|word| self.word(word, CompletionKind::Keyword));
                match self.scope.before.len() {
                    0 => self.operands(None),
                    len if !self.closed() => self.operators(self.scope.operand(len - 1), len - 1),
                    _ => {}
                }
            }
            Slot::Statement => {
                let words = KEYWORDS.iter().filter(|word| !matches!(**word, "rule" | "fn" | "const" | "any" | "all"));
                words.for_each(|word| self.word(word, CompletionKind::Keyword));
                self.locals(None);
                self.functions();
            }
            Slot::Operand(left) => {
                let ty = left.and_then(|(first, last)| {
                    self.values(first, last);
                    self.type_of(first, last)
                });
                self.operands(ty.map(|(ty, _)| element(ty)).as_ref());
            }
            Slot::Rule => self.rules(),
            Slot::Table => self.tables(None),
            Slot::Kind => {
                words::KINDS.iter().for_each(|(kind, doc)| self.offer(0, CompletionKind::Type, kind, String::new(), (*doc).into()))
            }
            Slot::Change => {
                self.tables(None);
                for (name, signature, doc) in words::CHANGES {
                    self.offer(1, CompletionKind::Function, name, (*signature).into(), (*doc).into());
                }
            }
            Slot::Member(first, last) => self.values(first, last),
            Slot::Operator(first, last) => self.operators(first, last),
        }
    }

    /// What is before the place, so many tokens back from 1 on.
    fn back(&self, count: usize) -> &str {
        let at = self.scope.before.len().checked_sub(count);
        at.map_or("", |at| self.scope.before[at].text)
    }

    /// Whether a block of an item was closed right before.
    fn closed(&self) -> bool {
        self.back(1) == "}" && !self.set_closed()
    }

    /// Whether the last bracket closed a set.
    fn set_closed(&self) -> bool {
        let open = self.scope.before.iter().rposition(|token| token.text == "{");
        self.back(1) == "}" && open.is_some_and(|at| at > 0 && self.scope.before[at - 1].text == "in")
    }

    fn slot(&self) -> Slot {
        let before = &self.scope.before;
        let Some(last) = before.last() else { return Slot::Item };
        let place = before.len() - 1;
        let head = before[0].text;
        if let Some(set) = self.set() {
            // Before `in` stands the value, perhaps with `not` between.
            let value = set.checked_sub(2).map(|at| if before[at].text == "not" { at.saturating_sub(1) } else { at });
            return value.map_or(Slot::Nothing, |value| Slot::Member(self.scope.operand(value), value));
        }
        if matches!(head, "state" | "on" | "output" | "time") && before[0].kind == TokenKind::Name {
            return self.kept(head, place);
        }
        let assigned = before.iter().any(|token| token.text == "=");
        let in_head = !self.scope.script && before[0].kind == TokenKind::Keyword && !self.closed();
        if in_head && (head == "fn" || head == "const" && !assigned) {
            return match last.text {
                ":" | "->" | "[" => Slot::Type,
                "(" | "," if before.iter().any(|token| token.text == "->") => Slot::Type,
                _ => Slot::Nothing,
            };
        }
        if in_head && head == "rule" && !assigned {
            return Slot::Nothing;
        }
        if self.scope.script && (matches!(last.text, "{" | ";") || self.closed() || self.scope.new_line && self.ends_value(place)) {
            return if self.back(1) == "}" && !self.scope.new_line {
                Slot::Words(&["else", "let", "if", "while", "for", "return"])
            } else {
                Slot::Statement
            };
        }
        if self.closed() || !self.scope.script && self.scope.new_line && self.ends_value(place) && head == "rule" {
            return Slot::Item;
        }
        match (last.kind, last.text) {
            (TokenKind::Keyword, "else") => Slot::Words(&["if"]),
            (TokenKind::Keyword, "if" | "while" | "return" | "any" | "all") => Slot::Operand(None),
            (TokenKind::Keyword, _) => Slot::Nothing,
            (TokenKind::Operator, "in") if place > 1 && before[place - 2].text == "for" => Slot::Operand(None),
            (TokenKind::Operator, "in" | "matches" | "wildcard") => Slot::Nothing,
            (TokenKind::Operator, "~") if place > 0 && self.ends_value(place - 1) => Slot::Nothing,
            (TokenKind::Operator, "strict") => Slot::Words(&["wildcard"]),
            (TokenKind::Operator, "not") if place > 0 && self.ends_value(place - 1) => Slot::Words(&["in"]),
            (TokenKind::Operator, operator) => {
                let compares = matches!(words::usual(operator), "==" | "!=" | "<" | "<=" | ">" | ">=" | "contains");
                Slot::Operand((compares && place > 0).then(|| (self.scope.operand(place - 1), place - 1)))
            }
            (TokenKind::Punctuation, ":") if place > 1 && before[place - 2].text == "let" => Slot::Type,
            (TokenKind::Punctuation, "(" | "[" | "," | ":") => Slot::Operand(None),
            (TokenKind::Name, _) if place > 0 && before[place - 1].text == "for" => Slot::Words(&["in"]),
            (TokenKind::Name, _) if place > 0 && before[place - 1].text == "let" => Slot::Nothing,
            _ if self.ends_value(place) => Slot::Operator(self.scope.operand(place), place),
            _ => Slot::Nothing,
        }
    }

    /// What may stand at a place of an item about tables or outputs.
    fn kept(&self, head: &str, place: usize) -> Slot {
        let before = &self.scope.before;
        let last = before[place];
        let depth = before.iter().fold(0_i32, |depth, token| match token.text {
            "(" | "[" | "{" => depth + 1,
            ")" | "]" | "}" => depth - 1,
            _ => depth,
        });
        let value = || Slot::Operator(self.scope.operand(place), place);
        let on_new_line = depth == 0 && self.scope.new_line && place > 0 && (self.ends_value(place) || last.text == "}");
        if on_new_line {
            return Slot::Item;
        }
        match (head, last.text) {
            ("time", "=") => Slot::Operand(None),
            ("time", _) => self.valued(place),
            ("state", "state") if place == 0 => Slot::Nothing,
            ("state", ":") if depth == 0 => Slot::Kind,
            ("state", "[" | ",") => Slot::Operand(None),
            ("state", _) if depth > 0 => self.valued(place),
            ("state", "within" | "keep" | "max") => Slot::Nothing,
            ("state", _) if before.iter().any(|token| token.text == ":") => Slot::Words(&["within", "keep", "max", "sliding"]),
            ("on", "on") if place == 0 => Slot::Rule,
            ("on", "{" | ";") => Slot::Change,
            ("on", "(") if matches!(self.back(2), "add" | "clear") => Slot::Table,
            ("on", _) if depth == 1 && self.scope.new_line && (self.ends_value(place) || last.text == "}") => Slot::Change,
            ("on", "=" | "+=" | "-=") => Slot::Operand(None),
            ("on", _) if depth > 0 => self.valued(place),
            ("output", "output") if place == 0 => Slot::Nothing,
            ("output", _) if place == 1 => Slot::Words(&["on"]),
            ("output", "on") if place == 2 => Slot::Rule,
            ("output", _) if place == 3 => Slot::Words(&["limit"]),
            ("output", "limit" | "within") => Slot::Nothing,
            ("output", "=") if depth == 0 => Slot::Words(&["json", "csv", "text", "eve"]),
            ("output", "by") => Slot::Operand(None),
            ("output", "{" | ",") if depth == 1 => Slot::Nothing,
            ("output", ",") if depth == 0 => Slot::Operand(None),
            ("output", ":") => Slot::Operand(None),
            ("output", _) if depth > 1 => self.valued(place),
            ("output", _) if depth == 1 => value(),
            ("output", _) if self.back(2) == "limit" => Slot::Words(&["within"]),
            ("output", _) if self.back(2) == "within" => Slot::Words(&["by"]),
            _ => Slot::Nothing,
        }
    }

    /// What may stand after a token of an expression.
    fn valued(&self, place: usize) -> Slot {
        if self.ends_value(place) { Slot::Operator(self.scope.operand(place), place) } else { Slot::Operand(None) }
    }

    /// The curly bracket of the set that the place is in.
    fn set(&self) -> Option<usize> {
        let at = self.scope.before.iter().rposition(|token| matches!(token.text, "{" | "}"))?;
        let opens = self.scope.before[at].text == "{" && at > 0 && self.scope.before[at - 1].text == "in";
        opens.then_some(at)
    }

    fn ends_value(&self, at: usize) -> bool {
        let token = self.scope.before[at];
        token.kind.is_value()
            || matches!(token.text, ")" | "]")
            || token.text == "}" && self.set_closed()
            || matches!(token.text, "break" | "continue")
    }

    fn offer(&mut self, rank: u8, kind: CompletionKind, name: &str, detail: String, doc: String) {
        if let Some(quality) = quality(self.prefix, name) {
            let call = kind == CompletionKind::Function && !self.called;
            let insert = if call { format!("{name}(") } else { name.to_owned() };
            self.found.push(((quality, rank), Completion { label: name.to_owned(), insert, kind, detail, doc }));
        }
    }

    fn word(&mut self, word: &str, kind: CompletionKind) {
        self.offer(1, kind, word, String::new(), words::meaning(word).unwrap_or("").to_owned());
    }

    /// The type of what stands from one token up to another, and whether it may be nil.
    fn type_of(&self, first: usize, last: usize) -> Option<(Type, bool)> {
        let text = &self.text[self.scope.before[first].start..self.scope.before[last].end];
        self.scope.types(first, &[text], &self.service.scheme, &self.service.limits).pop().flatten()
    }

    /// The usual values of the field that stands from one token up to another.
    fn values(&mut self, first: usize, last: usize) {
        let name = self.scope.before[first];
        if name.kind != TokenKind::Name || self.scope.before[last].end < name.end {
            return;
        }
        for value in self.service.scheme.values(name.text) {
            let text = literal(&value.value);
            // A value is found by what it stands for too.
            let fits = quality(self.prefix, &text).or(quality(self.prefix, &value.doc).filter(|q| *q < 2));
            if let Some(quality) = fits {
                let completion = Completion {
                    label: text.clone(),
                    insert: text,
                    kind: CompletionKind::Value,
                    detail: value.doc.clone(),
                    doc: String::new(),
                };
                self.found.push(((quality, 0), completion));
            }
        }
    }

    fn operators(&mut self, first: usize, last: usize) {
        let compared = first > 0 && {
            let before = self.scope.before[first - 1].text;
            matches!(words::usual(before), "==" | "!=" | "<" | "<=" | ">" | ">=" | "contains" | "matches" | "wildcard" | "in" | "~")
        };
        let ty = if compared || self.set_closed() { Some((Type::Bool, false)) } else { self.type_of(first, last) };
        let joined = ["and", "or", "xor"];
        let all: Vec<&str> = match ty {
            Some((Type::Bool, _)) if compared || self.set_closed() => joined.to_vec(),
            Some((ty, nullable)) => {
                // A multi-valued field is compared as its values are.
                let name = self.scope.before[first].text;
                let multi = first == last && self.service.scheme.field_id(name).is_some_and(|id| self.service.scheme.field(id).multi);
                operators(&if multi { element(ty) } else { ty }, nullable)
            }
            None => words::WORDS
                .iter()
                .map(|(word, _)| *word)
                .filter(|word| operators(&Type::Bytes, false).contains(word) || joined.contains(word))
                .collect(),
        };
        for (rank, operator) in all.into_iter().enumerate() {
            let doc = words::meaning(operator).unwrap_or("").to_owned();
            self.offer(rank as u8, CompletionKind::Operator, operator, String::new(), doc);
        }
    }

    /// Everything that is a value; what is of a type that is wanted comes first.
    fn operands(&mut self, want: Option<&Type>) {
        let service = self.service;
        for field in service.scheme.fields() {
            if quality(self.prefix, &field.name).is_some()
                && let Some((signature, doc)) = hover::field(service, &field.name)
            {
                let fits = want.is_none_or(|want| element(field.ty.clone()) == *want);
                let detail = signature[field.name.len()..].trim_start_matches([':', ' ']).to_owned();
                self.offer(if fits { 1 } else { 2 }, CompletionKind::Field, &field.name, detail, doc);
            }
        }
        self.locals(want);
        self.functions();
        let tree = Tree::parse(self.text, &service.limits);
        for constant in tree.root().children().filter(|e| e.node() == Some(NodeKind::Constant)) {
            if let Some(name) = constant.children().find(|e| e.token() == Some(TokenKind::Name)) {
                self.offer(1, CompletionKind::Constant, name.text(), constant.text().to_owned(), String::new());
            }
        }
        self.tables(want);
        // Rules are named where something is kept of what they answer.
        let outputs = self.text.lines().any(|line| line.trim_start().starts_with("output "));
        if outputs || !self.declared("state").is_empty() {
            self.rules();
        }
        ["not", "any", "all", "true", "false"].iter().for_each(|word| self.word(word, CompletionKind::Keyword));
    }

    /// The tables of the text. They are found by their words: where the item at the place is not whole, that before it may have no structure.
    fn tables(&mut self, want: Option<&Type>) {
        for (name, rest, line) in self.declared("state") {
            let kind = words::KINDS
                .iter()
                .map(|(kind, _)| *kind)
                .find(|kind| rest.split(|c: char| !c.is_alphanumeric()).any(|word| word == *kind));
            let fits = want.is_none_or(|want| match kind {
                Some("seen") => *want == Type::Bool,
                Some("Bytes") => *want == Type::Bytes,
                _ => *want == Type::Int,
            });
            self.offer(if fits { 0 } else { 2 }, CompletionKind::Table, name, line.to_owned(), String::new());
        }
    }

    /// The rules of the text, but for that around the place.
    fn rules(&mut self) {
        let own = match self.scope.before.as_slice() {
            [rule, name, ..] if rule.text == "rule" => name.text,
            _ => "",
        };
        for (name, _, line) in self.declared("rule").into_iter().filter(|(name, ..)| *name != own) {
            self.offer(1, CompletionKind::Rule, name, line.to_owned(), String::new());
        }
    }

    /// What begins with a word and has a name: the name, what follows it, and the line.
    fn declared(&self, word: &str) -> Vec<(&'a str, &'a str, &'a str)> {
        let named = |line: &'a str| {
            let line = line.trim();
            let rest = line.strip_prefix(word)?.trim_start_matches([' ', '\t']);
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '.' | '-')).unwrap_or(rest.len());
            let (name, rest) = rest.split_at(end);
            let apart = line[word.len()..].starts_with([' ', '\t']);
            let goes_on = rest.trim_start().starts_with(['=', '[', ':', '{']);
            (apart && goes_on && !name.is_empty()).then_some((name, rest, line))
        };
        self.text.lines().filter_map(named).collect()
    }

    fn locals(&mut self, want: Option<&Type>) {
        let mut names = self.scope.locals.clone();
        names.sort_unstable();
        names.dedup();
        names.retain(|name| quality(self.prefix, name).is_some());
        let types = self.scope.types(self.scope.before.len(), &names, &self.service.scheme, &self.service.limits);
        for (name, ty) in names.into_iter().zip(types) {
            let fits = want.is_none_or(|want| ty.as_ref().is_some_and(|(ty, _)| ty == want));
            let detail = ty.map_or_else(String::new, |(ty, _)| ty.to_string());
            self.offer(if fits { 0 } else { 2 }, CompletionKind::Local, name, detail, String::new());
        }
    }

    fn functions(&mut self) {
        let service = self.service;
        let tree = Tree::parse(self.text, &service.limits);
        let own = tree.root().children().filter(|e| e.node() == Some(NodeKind::Function));
        let own = own.filter_map(|e| e.children().find(|child| child.token() == Some(TokenKind::Function))).map(|e| e.text());
        let of_scheme = service.scheme.functions().iter().map(|f| f.name.as_str());
        let mut names: Vec<&str> = own.chain(of_scheme).chain(ROWS.iter().map(|row| row.name)).collect();
        names.extend(words::CALLS.iter().filter(|(name, ..)| self.scope.script || *name == "present").map(|(name, ..)| *name));
        names.sort_unstable();
        names.dedup();
        for name in names.into_iter().filter(|name| quality(self.prefix, name).is_some()) {
            if let Some((signature, doc)) = hover::function(service, &tree, name) {
                self.offer(2, CompletionKind::Function, name, signature, doc);
            }
        }
    }
}

/// What a comparison with an array compares.
fn element(ty: Type) -> Type {
    match ty.element() {
        Some(element) => element.clone(),
        None => ty,
    }
}
