//! References to rules and tables: what stands above in the text.

use std::borrow::Cow;

use foldhash::fast::RandomState;

use super::{Checked, Checker, Failed, Names, Operand};
use crate::ast::{Expr, ExprKind, LocalId, Program, SiteId, Span, Stmt, StmtKind};
use crate::diagnostic::{Diagnostic, nearest};
use crate::scheme::{FieldId, Scheme};
use crate::state::{StateKind, fields};
use crate::syntax::{File, Item, Name};

/// Where tables cannot be read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Function,
    Key,
    Time,
}

/// The rules and tables of a text.
pub(super) struct Known<'a> {
    /// All rules' names; nothing refers to a rule without one.
    rules: Names<'a, Span>,
    /// All tables' names.
    states: Names<'a, Span>,
    /// The rules above; one that is wrong has no place.
    above: Names<'a, Option<usize>>,
    /// Why no table can be read here, if none can.
    forbidden: Option<Place>,
}

impl<'a> Known<'a> {
    #[inline]
    pub(super) fn new(file: &'a File<'a>, seed: &RandomState) -> Known<'a> {
        let (rules, states, above) = (Names::with_hasher(seed.clone()), Names::with_hasher(seed.clone()), Names::with_hasher(seed.clone()));
        let mut known = Known { rules, states, above, forbidden: None };
        for item in &file.items {
            match item {
                Item::Rule(rule) if rule.name.text.is_empty() => {}
                Item::Rule(rule) => drop(known.rules.insert(rule.name.text, rule.name.span)),
                Item::State(state) => drop(known.states.insert(state.name.text, state.name.span)),
                Item::Constant(_) | Item::Function(_) | Item::Time(_) | Item::On(_) | Item::Output(_) => {}
            }
        }
        known
    }

    /// A rule stands above from now on.
    pub(super) fn rule(&mut self, name: &'a str, place: Option<usize>) {
        if !name.is_empty() {
            self.above.insert(name, place);
        }
    }

    pub(super) fn forbid(&mut self, place: Place) {
        self.forbidden = Some(place);
    }

    pub(super) fn allow(&mut self) {
        self.forbidden = None;
    }

    /// Whether the text has a rule of this name.
    pub(super) fn has_rule(&self, name: &str) -> bool {
        self.rules.contains_key(name)
    }

    /// The names of the rules above.
    pub(super) fn above(&self) -> impl Iterator<Item = &str> {
        self.above.keys().copied()
    }
}

/// The scheme that a text is checked against: that of records with a field more for each table. What is wrong with a table is said where it
/// stands.
pub(super) fn with_tables<'s>(file: &File, scheme: &'s Scheme) -> Cow<'s, Scheme> {
    let states = file.items.iter().filter_map(|item| match item {
        Item::State(state) => Some(state),
        _ => None,
    });
    let kind = |word: &str| StateKind::ALL.into_iter().find(|kind| kind.word() == word).unwrap_or(StateKind::Int);
    let mut tables = states.map(|state| kind(state.kind.text).field(state.name.text)).peekable();
    if tables.peek().is_none() {
        return Cow::Borrowed(scheme);
    }
    Cow::Owned(scheme.records().with_tables(fields(tables, file.rules().map(|rule| rule.name.text))))
}

impl<'a> Checker<'a> {
    /// What a field stands for that no record has: a table's value, or what a rule above tests. `None` for fields of records.
    pub(super) fn kept(&mut self, id: FieldId, word: &str, span: Span) -> Option<Checked<Operand>> {
        let at = (id.0 as usize).checked_sub(self.scheme.records().fields().len())?;
        if at >= self.known.states.len() {
            return self.rule_named(word, span);
        }
        if let Some(refused) = self.refused(span, &format!("give it the value: a parameter, and `{word}` in the call")) {
            return Some(refused);
        }
        if at < self.program.state.states.len() {
            return Some(Ok(self.field(id, span, false)));
        }
        let d = Diagnostic::error("use-before-declaration", span, format!("the table `{word}` is declared below"));
        Some(self.fail(d.help("move its `state` above this")))
    }

    /// Says where it is so that no table can be read here.
    fn refused(&mut self, span: Span, in_function: &str) -> Option<Checked<Operand>> {
        let (what, help) = match self.known.forbidden? {
            Place::Function => ("a function cannot read a table", in_function),
            Place::Key => ("a key is made of the record alone", "leave out what reads a table"),
            Place::Time => ("the time is a record's own", "leave out what reads a table"),
        };
        Some(self.fail(Diagnostic::error("state-here", span, what).label("reads a table").help(help)))
    }

    /// The table of a name that stands above, by its place.
    pub(super) fn state_above(&mut self, name: &Name) -> Checked<usize> {
        if let Some(at) = self.program.state.states.iter().position(|state| state.name == name.text) {
            return Ok(at);
        }
        if self.known.states.contains_key(name.text) {
            let d = Diagnostic::error("use-before-declaration", name.span, format!("the table `{}` is declared below", name.text));
            return self.fail(d.help("move its `state` above this"));
        }
        let near = nearest(name.text, self.known.states.keys().copied());
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("declare it above: `state {}[KEY]: count within 60s max 1000`", name.text),
        };
        self.fail(Diagnostic::error("unknown-state", name.span, format!("there is no table `{}`", name.text)).help(help))
    }

    /// The rule of a name that stands above, by its place.
    pub(super) fn rule_above(&mut self, name: &Name) -> Checked<usize> {
        match self.known.above.get(name.text) {
            Some(Some(at)) => return Ok(*at),
            Some(None) => return Err(Failed),
            None => {}
        }
        if self.known.has_rule(name.text) {
            let d = Diagnostic::error("use-before-declaration", name.span, format!("the rule `{}` stands below", name.text));
            return self.fail(d.help("move it above this"));
        }
        let near = nearest(name.text, self.known.rules.keys().copied());
        let help = near.map_or_else(|| format!("write it above: `rule {} = ...`", name.text), |near| format!("did you mean `{near}`?"));
        self.fail(Diagnostic::error("unknown-rule", name.span, format!("there is no rule `{}`", name.text)).help(help))
    }

    /// What a rule above tests, where a name is one's; `None` where it is not.
    pub(super) fn rule_named(&mut self, word: &str, span: Span) -> Option<Checked<Operand>> {
        if !self.known.has_rule(word) {
            return None;
        }
        Some(match self.known.above.get(word) {
            Some(Some(at)) => self.rule_again(*at, span),
            Some(None) => Err(Failed),
            None => {
                let d = Diagnostic::error("use-before-declaration", span, format!("the rule `{word}` stands below"));
                self.fail(d.help("move it above this"))
            }
        })
    }

    /// What the rule at a place tests, with locals and calls of its own; of one that reads tables, what it answered.
    fn rule_again(&mut self, at: usize, span: Span) -> Checked<Operand> {
        if self.reads_tables(at) {
            if let Some(refused) = self.refused(span, "give it the answer: a parameter, and the rule's name in the call") {
                return refused;
            }
            let id = self.scheme.records().fields().len() + self.known.states.len() + at;
            return Ok(self.field(FieldId(id as u32), span, false));
        }
        let rule = self.program.rules.get(at).ok_or(Failed)?;
        let (mut before, mut expr, locals) = (rule.before.clone(), rule.expr.clone(), rule.frame.locals.clone());
        let mut count = 0;
        let mut each = |e: &Expr| e.walk(&mut |_| count += 1);
        before.iter().for_each(|stmt| stmt.exprs(&mut each));
        each(&expr);
        (0..count).try_for_each(|_| self.meet(span))?;
        let shift = self.locals.len() as u32;
        self.locals.extend(locals);
        let program = &mut self.program;
        let mut own = |e: &mut Expr| own_sites(program, e);
        before.iter_mut().for_each(|stmt| stmt.exprs_mut(&mut own));
        own(&mut expr);
        let mut moved = |local: &mut LocalId| local.0 += shift;
        before.iter_mut().for_each(|stmt: &mut Stmt| stmt.locals_mut(&mut moved));
        expr.locals_mut(&mut moved);
        expr.span = span;
        self.out.extend(before);
        Ok(Operand::Plain(expr))
    }

    /// Whether the rule at a place, or what it calls, reads a table.
    fn reads_tables(&self, at: usize) -> bool {
        let mut reads = false;
        let records = self.scheme.records().fields().len();
        let mut look = |e: &Expr| e.walk(&mut |e| reads |= matches!(e.kind, ExprKind::Field(id) if id.0 as usize >= records));
        let Some(rule) = self.program.rules.get(at) else { return false };
        look(&rule.expr);
        rule.before.iter().for_each(|stmt| stmt.exprs(&mut look));
        for stmt in &rule.before {
            // Of what a rule calls, only the bodies of rules can read any, and a body is called by its rule.
            if let StmtKind::Call { function, .. } = &stmt.kind
                && let Some(function) = self.program.functions.get(function.index())
            {
                function.body.iter().for_each(|stmt| stmt.exprs(&mut look));
            }
        }
        reads
    }
}

/// Gives each call a site of its own, like the one that it has.
fn own_sites(program: &mut Program, e: &mut Expr) {
    if let ExprKind::Call { site, .. } = &mut e.kind
        && let Some(like) = program.sites.get(site.index()).cloned()
    {
        *site = SiteId(program.sites.len() as u32);
        program.sites.push(like);
    }
    e.children_mut(&mut |child| own_sites(program, child));
}
