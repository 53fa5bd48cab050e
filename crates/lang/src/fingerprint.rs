//! A number for what a program means, whatever it is spelled like.

use std::collections::{BTreeSet, HashMap};

use crate::ast::{Clause, Const, Each, Expr, ExprKind, Filling, LocalId, Needle, Over, Place, Program, Set, Stmt, StmtKind};
use crate::passes::ranges::Ranges;
use crate::state::{Action, Change, Format, Key, KeyPart, Life, Piece};

impl Program {
    /// A hash of the rules: equal for programs that differ only in spelling (spans, aliases of operators, blanks and comments, order and
    /// duplicates of the members of sets, the way ranges are cut up). It is the same in every process and on every platform, and takes in the
    /// names of rules, fields, functions and lists, so programs of equal schemes can be compared by it.
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = Hasher { program: self, state: 0xcbf2_9ce4_8422_2325, locals: HashMap::new() };
        for rule in &self.rules {
            hasher.begin(if rule.is_expression() { 0 } else { rule.frame.locals.len() });
            hasher.bytes(rule.name.as_bytes());
            for meta in &rule.meta {
                hasher.bytes(meta.name.as_bytes());
                hasher.constant(&meta.value);
            }
            if !rule.is_expression() {
                hasher.block(&rule.before);
            }
            hasher.expr(&rule.expr);
        }
        for function in &self.functions {
            hasher.begin(function.frame.locals.len());
            hasher.number(u64::from(function.params));
            for local in &function.frame.locals {
                hasher.bytes(local.ty.to_string().as_bytes());
                hasher.byte(u8::from(local.nullable));
            }
            hasher.block(&function.body);
        }
        for table in &self.tables {
            hasher.bytes(table.element.to_string().as_bytes());
            hasher.number(table.items.len() as u64);
            table.items.iter().for_each(|item| hasher.constant(item));
        }
        hasher.stateful();
        hasher.state
    }
}

/// FNV-1a over an encoding in which every part starts with its tag or its length.
struct Hasher<'p> {
    program: &'p Program,
    state: u64,
    /// Locals numbered by where they are bound.
    locals: HashMap<LocalId, u64>,
}

impl Hasher<'_> {
    fn byte(&mut self, byte: u8) {
        self.state = (self.state ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    }

    fn number(&mut self, number: u64) {
        number.to_le_bytes().into_iter().for_each(|b| self.byte(b));
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        bytes.iter().for_each(|b| self.byte(*b));
    }

    /// Begins a frame, of which the locals that statements may set are numbered as they stand.
    fn begin(&mut self, locals: usize) {
        self.locals = (0..locals).map(|place| (LocalId(place as u32), place as u64)).collect();
    }

    /// Tables, what changes them and outputs. A program that has none is as it would be without.
    fn stateful(&mut self) {
        let state = &self.program.state;
        if state.is_empty() {
            return;
        }
        self.number(state.time.map_or(u64::MAX, |time| u64::from(time.0)));
        for state in &state.states {
            self.bytes(state.name.as_bytes());
            self.bytes(state.kind.word().as_bytes());
            self.key(&state.key);
            self.number(u64::from(state.max));
            let (tag, span) = match state.life {
                Life::Ever => (0, 0),
                Life::Fixed(span) => (1, span),
                Life::Sliding(span) => (2, span),
                Life::Kept(span) => (3, span),
            };
            self.byte(tag);
            self.number(span as u64);
        }
        for step in &state.steps {
            self.number(u64::from(step.after));
            self.number(u64::from(step.rule));
            match &step.action {
                Action::On(updates) => {
                    self.byte(0);
                    for update in updates {
                        self.number(u64::from(update.state));
                        let (tag, function) = match update.change {
                            Change::Mark => (0, 0),
                            Change::Add(function) => (1, function.0),
                            Change::Set(function) => (2, function.0),
                            Change::Clear => (3, 0),
                        };
                        self.byte(tag);
                        self.number(u64::from(function));
                    }
                }
                Action::Output(output) => {
                    self.byte(1);
                    self.bytes(output.name.as_bytes());
                    if let Some(limit) = &output.limit {
                        self.number(u64::from(limit.count));
                        self.number(limit.within as u64);
                        self.key(&limit.key);
                        self.number(u64::from(limit.max));
                    }
                    match &output.format {
                        Format::Json => self.byte(0),
                        Format::Csv => self.byte(1),
                        Format::Text(pieces) => {
                            self.byte(2);
                            for piece in pieces {
                                match piece {
                                    Piece::Text(text) => self.bytes(text.as_bytes()),
                                    Piece::Value(place) => self.number(u64::from(*place)),
                                }
                            }
                        }
                        Format::Eve { event, flow } => {
                            self.byte(3 + u8::from(*flow));
                            self.bytes(event.as_bytes());
                        }
                    }
                    output.names.iter().for_each(|name| self.bytes(name.as_bytes()));
                    self.number(u64::from(output.values.0));
                }
            }
        }
    }

    fn key(&mut self, key: &Key) {
        self.number(u64::from(key.values.0));
        key.parts.iter().for_each(|part| self.byte(u8::from(*part == KeyPart::Flow)));
        self.byte(u8::MAX);
    }

    fn place(&mut self, place: &Place) {
        match place {
            Place::Local(local) => self.bytes(&local.0.to_le_bytes()),
            Place::Table(table) => self.bytes(&[&[0xff][..], &table.0.to_le_bytes()].concat()),
        }
    }

    fn block(&mut self, block: &[Stmt]) {
        self.number(block.len() as u64);
        block.iter().for_each(|stmt| self.stmt(stmt));
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Set { local, value } => {
                self.byte(32);
                self.number(u64::from(local.0));
                self.expr(value);
            }
            StmtKind::Fill { array, with } => {
                self.byte(33);
                self.number(u64::from(array.0));
                match with {
                    Filling::Items(items) => {
                        self.number(items.len() as u64);
                        items.iter().for_each(|item| self.expr(item));
                    }
                    Filling::Repeat(value, count) => {
                        self.number(u64::MAX);
                        self.expr(value);
                        self.expr(count);
                    }
                    Filling::Each(value) => {
                        self.number(u64::MAX - 1);
                        self.expr(value);
                    }
                    Filling::Copy(place) => {
                        self.number(u64::MAX - 2);
                        self.place(place);
                    }
                }
            }
            StmtKind::Store { array, index, value } => {
                self.byte(34);
                self.number(u64::from(array.0));
                self.expr(index);
                self.expr(value);
            }
            StmtKind::Push { array, value } => {
                self.byte(35);
                self.number(u64::from(array.0));
                self.expr(value);
            }
            StmtKind::Pop { local, array } => {
                self.byte(36);
                self.number(local.map_or(u64::MAX, |local| u64::from(local.0)));
                self.number(u64::from(array.0));
            }
            StmtKind::Call { results, function, args } => {
                self.byte(37);
                self.number(u64::from(function.0));
                self.number(results.len() as u64);
                results.iter().for_each(|local| self.number(u64::from(local.0)));
                args.iter().for_each(|arg| self.expr(arg));
            }
            StmtKind::If { arms, otherwise } => {
                self.byte(38);
                self.number(arms.len() as u64);
                for (condition, body) in arms {
                    self.expr(condition);
                    self.block(body);
                }
                self.block(otherwise);
            }
            StmtKind::While { condition, body } => {
                self.byte(39);
                self.expr(condition);
                self.block(body);
            }
            StmtKind::For { local, over, body } => {
                self.number(u64::from(local.0));
                match over {
                    Over::Range { start, end, inclusive } => {
                        self.byte(40 + u8::from(*inclusive));
                        self.expr(start);
                        self.expr(end);
                    }
                    Over::Value(value) => {
                        self.byte(42);
                        self.expr(value);
                    }
                    Over::Array(place) => {
                        self.byte(43);
                        self.place(place);
                    }
                }
                self.block(body);
            }
            StmtKind::Break => self.byte(44),
            StmtKind::Continue => self.byte(45),
            StmtKind::Return(values) => {
                self.byte(46);
                self.number(values.len() as u64);
                values.iter().for_each(|value| self.expr(value));
            }
        }
    }

    fn constant(&mut self, constant: &Const) {
        match constant {
            Const::Bool(b) => self.bytes(&[0, u8::from(*b)]),
            Const::Int(i) => {
                self.byte(1);
                self.number(*i as u64);
            }
            Const::U32(u) => {
                self.byte(5);
                self.number(u64::from(*u));
            }
            Const::Float(f) => {
                self.byte(2);
                self.number(f.to_bits());
            }
            Const::Bytes(b) => {
                self.byte(3);
                self.bytes(b);
            }
            Const::Ip(ip) => {
                self.byte(4);
                self.bytes(ip.to_string().as_bytes());
            }
        }
    }

    fn set(&mut self, set: &Set) {
        match set {
            Set::Bytes(members) => {
                let members: BTreeSet<&Vec<u8>> = members.iter().collect();
                self.number(members.len() as u64);
                members.into_iter().for_each(|m| self.bytes(m));
            }
            ranges => {
                let ranges = Ranges::of_set(ranges);
                self.number(ranges.list().len() as u64);
                for (family, first, last) in ranges.list() {
                    self.byte(*family);
                    self.bytes(&first.to_le_bytes());
                    self.bytes(&last.to_le_bytes());
                }
            }
        }
    }

    fn bind(&mut self, id: LocalId) {
        let number = self.locals.len() as u64;
        self.locals.insert(id, number);
    }

    fn each(&mut self, each: &Each) {
        self.number(each.clauses.len() as u64);
        for clause in &each.clauses {
            match clause {
                Clause::For(sources) => {
                    self.number(sources.len() as u64);
                    sources.iter().for_each(|(_, s)| self.expr(s));
                    sources.iter().for_each(|(id, _)| self.bind(*id));
                }
                Clause::Let(id, value) => {
                    self.number(u64::MAX);
                    self.expr(value);
                    self.bind(*id);
                }
            }
        }
        self.expr(&each.body);
    }

    fn expr(&mut self, e: &Expr) {
        let program = self.program;
        let tag = match &e.kind {
            ExprKind::Const(_) => 0,
            ExprKind::Field(_) => 1,
            ExprKind::Local(_) => 2,
            ExprKind::Index { .. } => 3,
            ExprKind::Key { .. } => 4,
            ExprKind::Slice { start, end, .. } => 5 + u8::from(start.is_some()) + 2 * u8::from(end.is_some()),
            ExprKind::Call { .. } => 9,
            ExprKind::Neg(_) => 10,
            ExprKind::Not(_) => 11,
            ExprKind::Arith { .. } => 12,
            ExprKind::Compare { on_nil, .. } => 13 + u8::from(*on_nil),
            ExprKind::In { .. } => 15,
            ExprKind::InList { .. } => 16,
            ExprKind::Contains { needle: Needle::Const(_), .. } => 17,
            ExprKind::Contains { .. } => 18,
            ExprKind::Matches { .. } => 19,
            ExprKind::Wildcard { .. } => 20,
            ExprKind::Logic { .. } => 21,
            ExprKind::Present(_) => 22,
            ExprKind::Quantifier { .. } => 23,
            ExprKind::Collect(_) => 24,
            ExprKind::Element { .. } => 25,
            ExprKind::Count(_) => 26,
            ExprKind::Packed(_) => 27,
            ExprKind::Intrinsic { .. } => 28,
            ExprKind::Otherwise { .. } => 29,
        };
        self.byte(tag);
        match &e.kind {
            ExprKind::Const(c) => self.constant(c),
            ExprKind::Field(id) => {
                if let Some(field) = program.scheme.fields().get(id.0 as usize) {
                    self.bytes(field.name.as_bytes());
                    self.bytes(field.ty.to_string().as_bytes());
                }
            }
            ExprKind::Local(id) => {
                let number = self.locals.get(id).copied().unwrap_or(u64::MAX);
                self.number(number);
            }
            ExprKind::Call { site, args } => {
                let function = program.sites.get(site.index()).and_then(|s| program.scheme.functions().get(s.function.0 as usize));
                self.bytes(function.map_or(b"", |f| f.name.as_bytes()));
                self.number(args.len() as u64);
            }
            ExprKind::Element { array, .. } | ExprKind::Count(array) | ExprKind::Packed(array) => self.place(array),
            ExprKind::Intrinsic { op, args } => {
                self.bytes(op.name().as_bytes());
                self.number(args.len() as u64);
                args.iter().for_each(|arg| self.bytes(arg.ty.to_string().as_bytes()));
            }
            ExprKind::Arith { op, .. } => self.bytes(op.symbol().as_bytes()),
            ExprKind::Compare { op, .. } => self.bytes(op.symbol().as_bytes()),
            ExprKind::In { set, .. } => program.sets.get(set.index()).into_iter().for_each(|s| self.set(s)),
            ExprKind::InList { list, .. } => {
                if let Some(list) = program.lists.get(list.index()) {
                    self.bytes(list.name.as_bytes());
                    self.bytes(list.ty.to_string().as_bytes());
                }
            }
            ExprKind::Contains { needle: Needle::Const(id), .. } => {
                program.needles.get(id.index()).into_iter().for_each(|n| self.bytes(n));
            }
            ExprKind::Matches { regex, .. } => {
                program.regexes.get(regex.index()).into_iter().for_each(|r| self.bytes(r.pattern.as_bytes()));
            }
            ExprKind::Wildcard { pattern, .. } => {
                if let Some(wildcard) = program.wildcards.get(pattern.index()) {
                    self.byte(u8::from(wildcard.strict));
                    self.number(wildcard.parts.len() as u64);
                    wildcard.parts.iter().for_each(|p| self.bytes(p));
                }
            }
            ExprKind::Logic { op, items } => {
                self.bytes(op.to_string().as_bytes());
                self.number(items.len() as u64);
            }
            ExprKind::Quantifier { quantifier, each } => {
                self.bytes(quantifier.to_string().as_bytes());
                return self.each(each);
            }
            ExprKind::Collect(each) => return self.each(each),
            _ => {}
        }
        e.children(&mut |child| self.expr(child));
    }
}
