//! Tables, the time, and what changes where a rule matches.

use super::refer::Place;
use super::{Checked, Checker, Failed, Want};
use crate::ast::{Answer, ArithOp, Const, Expr, ExprKind, FnId, Frame, Function, Span, Stmt, StmtKind};
use crate::diagnostic::{Diagnostic, nearest};
use crate::passes::fold;
use crate::scheme::FieldId;
use crate::state::{Action, Change, DEFAULT_MAX, HARD_MAX, HARD_SPAN, Key, KeyPart, Life, Meta, State, StateKind, Step, Update};
use crate::syntax::{self, File, Item, Name};
use crate::types::Type;

/// The field that has the time where no text says otherwise.
const TIME: &str = "frame.time_epoch";

/// The fields that a conversation is made of: the first of each that a record has.
const FLOW: [&[&str]; 5] = [
    &["ip.src", "ipv6.src"],
    &["ip.dst", "ipv6.dst"],
    &["tcp.srcport", "udp.srcport"],
    &["tcp.dstport", "udp.dstport"],
    &["ip.proto", "ipv6.nxt"],
];

/// Whether values of a type can be told apart: those of keys and of `distinct`.
fn is_key(ty: &Type) -> bool {
    matches!(ty, Type::Bool | Type::Int | Type::Bytes | Type::Ip)
}

impl<'a> Checker<'a> {
    /// A function that answers values for a table or an output.
    pub(super) fn hidden(&mut self, name: &str, span: Span, values: impl FnOnce(&mut Self) -> Checked<Vec<Expr>>) -> Checked<FnId> {
        self.quantifiers = 0;
        self.locals.clear();
        self.out.clear();
        let found = values(self);
        let (mut body, locals) = (std::mem::take(&mut self.out), std::mem::take(&mut self.locals));
        let values = found?;
        let results = values.iter().map(|value| Answer { ty: value.ty.clone(), nullable: value.nullable }).collect();
        body.push(Stmt { kind: StmtKind::Return(values), span });
        let id = FnId(self.program.functions.len() as u32);
        self.program.functions.push(Function {
            name: name.to_owned(),
            rule: true,
            params: 0,
            results,
            frame: Frame { locals },
            body,
            span,
        });
        Ok(id)
    }

    /// A value; of a field of several values the first.
    pub(super) fn single(&mut self, e: &syntax::Expr, ty: Option<&Type>) -> Checked<Expr> {
        let value = self.value(e, Want { ty, literal: false, multi: false })?;
        self.shallow(&value, e.span)?;
        let ExprKind::Field(id) = value.kind else { return Ok(value) };
        Ok(if self.scheme.field(id).multi { first(value) } else { value })
    }

    /// The five values of a record's conversation, if records have what it takes.
    pub(super) fn flow(&mut self, span: Span) -> Option<Vec<Expr>> {
        FLOW.iter()
            .map(|names| {
                let fields = names.iter().filter_map(|name| self.scheme.records().field_id(name));
                let values: Vec<Expr> = fields.map(|id| self.first_of(id, span)).collect();
                values.into_iter().rev().reduce(|default, value| {
                    let (ty, nullable) = (value.ty.clone(), value.nullable && default.nullable);
                    let kind = ExprKind::Otherwise { value: Box::new(value), default: Box::new(default) };
                    Expr { kind, ty, nullable, span }
                })
            })
            .collect()
    }

    fn first_of(&self, id: FieldId, span: Span) -> Expr {
        let field = self.scheme.field(id);
        let nullable = field.presence == crate::scheme::Presence::Optional;
        let value = Expr { kind: ExprKind::Field(id), ty: field.ty.clone(), nullable, span };
        if field.multi { first(value) } else { value }
    }

    /// What a record's entry is found by.
    pub(super) fn key(&mut self, name: &str, keys: &[syntax::Expr], span: Span) -> Checked<Key> {
        let mut parts = Vec::with_capacity(keys.len());
        self.known.forbid(Place::Key);
        let values = self.hidden(name, span, |checker| {
            let mut values = Vec::new();
            for key in keys {
                let flow = matches!(key.unparenthesised().kind, syntax::ExprKind::Word("flow"));
                if flow && checker.scheme.field_id("flow").is_none() && !checker.is_named("flow") {
                    let Some(flow) = checker.flow(key.span) else {
                        let d = Diagnostic::error("no-flow", key.span, "these records have no addresses, ports and protocol of a flow");
                        return checker.fail(d.help("name the fields of the key one by one"));
                    };
                    values.extend(flow);
                    parts.push(KeyPart::Flow);
                    continue;
                }
                let value = checker.single(key, None)?;
                if !is_key(&value.ty) {
                    let d = Diagnostic::error("wrong-kind", key.span, format!("{} is no key", value.ty)).label(value.ty.to_string());
                    return checker.fail(d.help("a key is Bool, Int, Bytes or Ip"));
                }
                values.push(value);
                parts.push(KeyPart::Value);
            }
            Ok(values)
        });
        self.known.allow();
        Ok(Key { values: values?, parts })
    }

    /// A time that is written, in microseconds.
    pub(super) fn duration(&mut self, text: &Name) -> Checked<i64> {
        let digits = text.text.bytes().take_while(|b| b.is_ascii_digit() || *b == b'_').count();
        let (number, unit) = text.text.split_at(digits);
        let unit: Option<i64> = match unit {
            "us" => Some(1),
            "ms" => Some(1_000),
            "s" => Some(1_000_000),
            "m" => Some(60_000_000),
            "h" => Some(3_600_000_000),
            "d" => Some(86_400_000_000),
            _ => None,
        };
        let number: Option<i64> = number.replace('_', "").parse().ok();
        let time = number.zip(unit).and_then(|(number, unit)| number.checked_mul(unit));
        match time.filter(|time| (1..=HARD_SPAN).contains(time)) {
            Some(time) => Ok(time),
            None => {
                let d = Diagnostic::error("bad-duration", text.span, format!("`{}` is no time", text.text));
                self.fail(d.help("write a number and us, ms, s, m, h or d, up to ten years: `150s`, `5m`"))
            }
        }
    }

    /// A number of entries or lines that is written.
    pub(super) fn number(&mut self, text: &Name) -> Checked<u32> {
        match text.text.replace('_', "").parse::<u32>().ok().filter(|n| (1..=HARD_MAX).contains(n)) {
            Some(number) => Ok(number),
            None => {
                let d = Diagnostic::error("bad-number", text.span, format!("`{}` is no number of them", text.text));
                self.fail(d.help(format!("write a number from 1 to {HARD_MAX}")))
            }
        }
    }

    /// A table.
    pub(super) fn state(&mut self, state: &'a syntax::State<'a>) {
        let name = &state.name;
        let records = self.scheme.records();
        let other = match () {
            _ if records.field_id(name.text).is_some() => Some("a field of the records"),
            _ if records.function_id(name.text).is_some() => Some("a function"),
            _ if self.known.has_rule(name.text) => Some("a rule"),
            _ => None,
        };
        if let Some(other) = other {
            let d = Diagnostic::error("duplicate-name", name.span, format!("`{}` is {other} already", name.text));
            self.diagnostics.push(d.help("give the table another name"));
        }
        let kind = self.state_kind(&state.kind);
        let bounds = kind.as_ref().map_err(|_| Failed).and_then(|kind| self.bounds(*kind, state));
        let key = self.key(name.text, &state.keys, state.span);
        // A table that is wrong is there all the same, so that nobody says that it is not.
        let (life, max) = bounds.unwrap_or((Life::Ever, DEFAULT_MAX));
        self.program.state.states.push(State {
            name: name.text.to_owned(),
            kind: kind.unwrap_or(StateKind::Int),
            key: key.unwrap_or(Key { values: FnId(0), parts: Vec::new() }),
            life,
            max,
            span: state.span,
        });
    }

    fn state_kind(&mut self, word: &Name) -> Checked<StateKind> {
        let words = || StateKind::ALL.into_iter().map(StateKind::word);
        if let Some(kind) = StateKind::ALL.into_iter().find(|kind| kind.word() == word.text) {
            return Ok(kind);
        }
        let same = words().find(|known| known.eq_ignore_ascii_case(word.text));
        let near = match word.text.to_ascii_lowercase().as_str() {
            "bool" | "set" => Some("seen"),
            "string" | "str" | "text" => Some("Bytes"),
            "counter" => Some("count"),
            _ => same.or_else(|| nearest(word.text, words())),
        };
        let d = Diagnostic::error("unknown-kind", word.span, format!("no table holds `{}`", word.text));
        self.fail(d.help(match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "kinds are count, sum, distinct, seen, Int and Bytes".into(),
        }))
    }

    /// When entries go, and how many there are at most.
    fn bounds(&mut self, kind: StateKind, state: &syntax::State) -> Checked<(Life, u32)> {
        let (mut life, mut max, mut sliding) = (None, None, None);
        for (word, value) in &state.bounds {
            let twice = match word.text {
                "within" | "keep" => life.replace((word, self.duration(value)?)).is_some(),
                "max" => max.replace(self.number(value)?).is_some(),
                _ => sliding.replace(word.span).is_some(),
            };
            if twice {
                let d = Diagnostic::error("wrong-kind", word.span, format!("`{}` is said already", word.text));
                return self.fail(d.help("`within` or `keep`, and `max`, stand once each"));
            }
        }
        let counts = matches!(kind, StateKind::Count | StateKind::Sum);
        if let Some(span) = sliding.filter(|_| !counts || life.is_none_or(|(word, _)| word.text != "within")) {
            let d = Diagnostic::error("wrong-kind", span, "nothing slides here");
            return self
                .fail(d.help("`sliding` stands behind the `within` of a count or sum; of `distinct` each value goes by itself anyway"));
        }
        let life = match life {
            None if max.is_none() => {
                let d = Diagnostic::error("missing-limit", state.span, "this table would grow without end");
                return self.fail(d.help("say when entries go (`within 60s` or `keep 60s`), how many there are (`max 1000`), or both"));
            }
            None => Life::Ever,
            Some((word, span)) => match (word.text, kind) {
                ("keep", StateKind::Distinct) => {
                    let d = Diagnostic::error("wrong-kind", word.span, "each value of `distinct` goes by itself");
                    return self.fail(d.help("write `within`"));
                }
                ("within", StateKind::Count | StateKind::Sum) if sliding.is_some() => Life::Sliding(span),
                ("within", StateKind::Count | StateKind::Sum) => Life::Fixed(span),
                ("within", StateKind::Distinct) => Life::Sliding(span),
                _ => Life::Kept(span),
            },
        };
        Ok((life, max.unwrap_or(DEFAULT_MAX)))
    }

    /// The time of records.
    pub(super) fn time(&mut self, time: &'a syntax::Time<'a>) {
        self.known.forbid(Place::Time);
        let found = self.hidden("time", time.span, |checker| {
            let value = checker.single(&time.value, None)?;
            if !matches!(value.ty, Type::Int | Type::Float) {
                let d = Diagnostic::error("type-mismatch", time.value.span, format!("{} is no time", value.ty)).label(value.ty.to_string());
                return checker.fail(d.help("the time is seconds, as Int or Float"));
            }
            Ok(vec![value])
        });
        self.known.allow();
        if let Ok(function) = found {
            self.program.state.time = Some(function);
        }
    }

    /// Sees that there is a time where one is needed: that of packets where the text has none.
    pub(super) fn settle_time(&mut self, file: &File) {
        if self.program.state.is_empty() {
            // Nothing asks for the time.
            self.program.state.time = None;
            return;
        }
        if self.program.state.time.is_some() || file.items.iter().any(|item| matches!(item, Item::Time(_))) {
            return;
        }
        let field = self.scheme.records().field_id(TIME).filter(|id| self.scheme.field(*id).ty == Type::Float);
        if let Some(id) = field {
            let value = self.first_of(id, Span::default());
            self.program.state.time = self.hidden("time", Span::default(), |_| Ok(vec![value])).ok();
            return;
        }
        let lives = self.program.state.states.iter().find(|state| state.life != Life::Ever).map(|state| state.span);
        let asks = |step: &&Step| match &step.action {
            Action::On(_) => false,
            Action::Output(output) => output.limit.is_some() || matches!(output.format, crate::state::Format::Eve { .. }),
        };
        let Some(span) = lives.or_else(|| self.program.state.steps.iter().find(asks).map(|step| step.span)) else { return };
        let d = Diagnostic::error("no-time", span, "nothing says what the time of a record is");
        self.diagnostics.push(d.help("write `time = FIELD`: seconds, as Int or Float"));
    }

    /// What changes where a rule matches.
    pub(super) fn on(&mut self, on: &'a syntax::On<'a>) {
        let rule = self.rule_above(&on.rule);
        let mut updates = Vec::with_capacity(on.body.stmts.len());
        for stmt in &on.body.stmts {
            if let Ok(update) = self.update(stmt) {
                updates.push(update);
            }
        }
        if on.body.stmts.is_empty() {
            let d = Diagnostic::error("empty-on", on.body.span, "nothing changes here");
            self.diagnostics.push(d.help("write what does, such as `hits += 1`, or leave it out"));
        }
        if let Ok(rule) = rule {
            let after = self.program.rules.len() as u32;
            self.program.state.steps.push(Step { after, rule: rule as u32, action: Action::On(updates), span: on.span });
        }
    }

    fn update(&mut self, stmt: &'a syntax::Stmt<'a>) -> Checked<Update> {
        let span = stmt.span;
        let (state, change) = match &stmt.kind {
            syntax::StmtKind::Assign { targets, op, value } => match targets.as_slice() {
                [syntax::Expr { kind: syntax::ExprKind::Word(word), span: at, .. }] => {
                    let state = self.state_above(&Name { text: word, span: *at })?;
                    (state, self.assigned(state, *op, value, span)?)
                }
                _ => return self.no_update(span),
            },
            syntax::StmtKind::Call(call) => match &call.kind {
                syntax::ExprKind::Call { name, args } if matches!(name.text, "add" | "clear") => {
                    let [syntax::Expr { kind: syntax::ExprKind::Word(word), span: at, .. }] = args.as_slice() else {
                        let d = Diagnostic::error("argument-count", span, format!("`{}` takes the name of a table", name.text));
                        return self.fail(d.help("a value is added by `+=`"));
                    };
                    let state = self.state_above(&Name { text: word, span: *at })?;
                    let kind = self.program.state.states[state].kind;
                    match (name.text, kind) {
                        ("clear", _) => (state, Change::Clear),
                        (_, StateKind::Count | StateKind::Seen) => (state, Change::Mark),
                        _ => return self.wrong_change(state, *at),
                    }
                }
                _ => return self.no_update(span),
            },
            _ => return self.no_update(span),
        };
        Ok(Update { state: state as u32, change, span })
    }

    fn assigned(&mut self, state: usize, op: Option<ArithOp>, value: &'a syntax::Expr<'a>, span: Span) -> Checked<Change> {
        let (kind, name) = (self.program.state.states[state].kind, self.program.state.states[state].name.clone());
        let wanted = match (kind, op) {
            (StateKind::Count, Some(ArithOp::Add)) => {
                let one = self.value(value, Want { ty: Some(&Type::Int), literal: true, multi: false })?;
                if fold::value(&self.program, one) == Some(Const::Int(1)) {
                    return Ok(Change::Mark);
                }
                let d = Diagnostic::error("wrong-kind", value.span, "a count goes up by one");
                return self.fail(d.help(format!("write `{name} += 1`, or make the table a `sum`")));
            }
            (StateKind::Sum, Some(ArithOp::Add | ArithOp::Sub)) => Some(Type::Int),
            (StateKind::Distinct, Some(ArithOp::Add)) => None,
            (StateKind::Int | StateKind::Bytes, None) => Some(kind.ty()),
            _ => return self.wrong_change(state, span),
        };
        let function = self.hidden(&name, span, |checker| {
            let found = checker.single(value, wanted.as_ref())?;
            match &wanted {
                Some(wanted) if found.ty != *wanted => return checker.wrong_type(wanted, &found.ty, value),
                None if !is_key(&found.ty) => {
                    let d = Diagnostic::error("wrong-kind", value.span, format!("{} cannot be told apart", found.ty));
                    return checker.fail(d.label(found.ty.to_string()).help("what is counted is Bool, Int, Bytes or Ip"));
                }
                _ => {}
            }
            if op != Some(ArithOp::Sub) {
                return Ok(vec![found]);
            }
            let (ty, nullable) = (found.ty.clone(), found.nullable);
            Ok(vec![Expr { kind: ExprKind::Neg(Box::new(found)), ty, nullable, span: value.span }])
        })?;
        Ok(if op.is_some() { Change::Add(function) } else { Change::Set(function) })
    }

    fn wrong_change<T>(&mut self, state: usize, span: Span) -> Checked<T> {
        let State { name, kind, .. } = &self.program.state.states[state];
        let help = match kind {
            StateKind::Count => format!("write `{name} += 1`, or `clear({name})`"),
            StateKind::Sum => format!("write `{name} += VALUE`, or `clear({name})`"),
            StateKind::Distinct => format!("write `{name} += VALUE`, or `clear({name})`"),
            StateKind::Seen => format!("write `add({name})`, or `clear({name})`"),
            StateKind::Int | StateKind::Bytes => format!("write `{name} = VALUE`, or `clear({name})`"),
        };
        let d = Diagnostic::error("wrong-kind", span, format!("the table `{name}`, of kind {}, is not changed like this", kind.word()));
        self.fail(d.help(help))
    }

    fn no_update<T>(&mut self, span: Span) -> Checked<T> {
        let d = Diagnostic::error("no-update", span, "an `on` does nothing but change tables");
        self.fail(d.help("write `TABLE += VALUE`, `TABLE = VALUE`, `add(TABLE)` or `clear(TABLE)`; a condition belongs into the rule"))
    }

    /// What is said of a rule.
    pub(super) fn meta(&mut self, meta: &'a [(Name<'a>, syntax::Expr<'a>)]) -> Checked<Vec<Meta>> {
        let mut all: Vec<Meta> = Vec::with_capacity(meta.len());
        let mut failed = false;
        for (name, value) in meta {
            if all.iter().any(|known| known.name == name.text) {
                let d = Diagnostic::error("duplicate-name", name.span, format!("`{}` is said twice", name.text));
                self.diagnostics.push(d.help("leave one of them out"));
                failed = true;
                continue;
            }
            let found = self.value(value, Want { ty: None, literal: true, multi: false });
            match found.map(|found| fold::value(&self.program, found)) {
                Ok(Some(found)) => all.push(Meta { name: name.text.to_owned(), value: found }),
                Ok(None) => {
                    let d = Diagnostic::error("not-constant", value.span, "what is said of a rule is known before a record is");
                    self.diagnostics.push(d.help("write a number, `true`, or a text in quotes"));
                    failed = true;
                }
                Err(Failed) => failed = true,
            }
        }
        if failed { Err(Failed) } else { Ok(all) }
    }
}

/// The first value of an array.
fn first(array: Expr) -> Expr {
    let span = array.span;
    let ty = array.ty.element().cloned().unwrap_or(Type::Int);
    let zero = Expr { kind: ExprKind::Const(Const::Int(0)), ty: Type::Int, nullable: false, span };
    Expr { kind: ExprKind::Index { base: Box::new(array), index: Box::new(zero) }, ty, nullable: true, span }
}
