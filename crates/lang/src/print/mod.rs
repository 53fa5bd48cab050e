//! Programs as source text.
//!
//! A checked program prints as rules that check to an equal program (up to spans). Locals have no names in the language: each
//! prints as the text of what it is bound to, so the walk over `names` is `names[*]`. Parentheses stand only where they matter.
//!
//! Some constructs of the AST stand for a shorter text than their parts would give: the Bool that may be nil, the bit test, a
//! multi-valued field's comparison, `all` of an array that must be there. [`pattern`] recognises them.

mod literal;
mod pattern;
mod state;
mod statement;

use std::collections::HashMap;
use std::fmt;

use crate::ast::{ArithOp, Clause, Each, Expr, ExprKind, LocalId, LogicOp, Needle, Program, Quantifier, Rule};
use crate::state::{State, Step};

pub use literal::quote;
pub(crate) use literal::{members, wildcard_text};

/// How tightly a text binds, loosest first.
mod level {
    pub const OR: u8 = 0;
    pub const XOR: u8 = 1;
    pub const AND: u8 = 2;
    pub const NOT: u8 = 3;
    pub const COMPARISON: u8 = 4;
    pub const OPERAND: u8 = 5;
    pub const UNARY: u8 = 12;
    pub const PRIMARY: u8 = 13;
}

/// A rule of a program, as text.
#[derive(Clone, Copy, Debug)]
pub struct RuleText<'p> {
    program: &'p Program,
    rule: &'p Rule,
}

impl Program {
    /// The source text of one of the program's rules: without its name where it is an expression, and whole where it has statements.
    pub fn rule_text<'p>(&'p self, rule: &'p Rule) -> RuleText<'p> {
        RuleText { program: self, rule }
    }

    /// The source text of the declaration of one of the program's tables.
    pub fn state_text(&self, state: &State) -> String {
        state::table(self, state)
    }

    /// The source text of something that the program does with records that a rule matches.
    pub fn step_text(&self, step: &Step) -> String {
        state::step(self, step)
    }
}

impl fmt::Display for RuleText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(function) = statement::body(self.program, self.rule) {
            return f.write_str(&statement::rule_body(self.program, self.rule, function));
        }
        let Some(printer) = statement::calls(self.program, self.rule) else {
            return f.write_str(&statement::rule(self.program, self.rule));
        };
        f.write_str(&printer.top(&self.rule.expr))
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for table in &self.tables {
            writeln!(f, "{}", statement::table(table))?;
        }
        for function in self.functions.iter().filter(|function| !function.rule && !function.is_value()) {
            writeln!(f, "{}", statement::function(self, function))?;
        }
        if let Some(value) = self.value() {
            writeln!(f, "{}", Printer::new(self).top(value))?;
        }
        state::tables(self).try_for_each(|text| writeln!(f, "{text}"))?;
        let mut steps = self.state.steps.iter().peekable();
        for (at, rule) in self.rules.iter().enumerate() {
            while let Some(step) = steps.next_if(|step| step.after as usize <= at) {
                writeln!(f, "{}", state::step(self, step))?;
            }
            if !rule.name.is_empty() && statement::body(self, rule).is_none() && statement::calls(self, rule).is_some() {
                write!(f, "rule {}{} = ", rule.name, state::meta(rule))?;
            }
            writeln!(f, "{}", self.rule_text(rule))?;
        }
        steps.try_for_each(|step| writeln!(f, "{}", state::step(self, step)))
    }
}

/// A text and how tightly it binds.
#[derive(Clone)]
struct Text {
    text: String,
    level: u8,
}

impl Text {
    fn new(text: impl Into<String>, level: u8) -> Text {
        Text { text: text.into(), level }
    }

    /// The text where something must bind at least this tightly.
    fn at(self, least: u8) -> String {
        if self.level < least { format!("({})", self.text) } else { self.text }
    }
}

/// Where an expression stands: some need fewer words where only truth counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Truth,
    Value,
}

#[derive(Clone)]
struct Printer<'p> {
    program: &'p Program,
    /// What each local stands for.
    locals: HashMap<LocalId, Text>,
    /// Arrays of Bool whose elements are locals: where truth counts the array itself may stand.
    arrays: HashMap<LocalId, Text>,
}

impl<'p> Printer<'p> {
    fn new(program: &'p Program) -> Printer<'p> {
        Printer { program, locals: HashMap::new(), arrays: HashMap::new() }
    }

    fn top(mut self, e: &'p Expr) -> String {
        self.expr(e, Place::Truth).text
    }

    /// The name of an array.
    fn place(&self, place: crate::ast::Place) -> String {
        match place {
            crate::ast::Place::Local(local) => self.locals.get(&local).map_or_else(|| format!("l{}", local.0), |text| text.text.clone()),
            crate::ast::Place::Table(table) => self.program.tables.get(table.index()).map_or_else(|| "?".into(), |t| t.name.clone()),
        }
    }

    fn value(&mut self, e: &'p Expr, least: u8) -> String {
        self.expr(e, Place::Value).at(least)
    }

    fn truth(&mut self, e: &'p Expr, least: u8) -> String {
        self.expr(e, Place::Truth).at(least)
    }

    fn expr(&mut self, e: &'p Expr, place: Place) -> Text {
        let program = self.program;
        match &e.kind {
            ExprKind::Const(c) => literal::constant(c),
            ExprKind::Field(id) => Text::new(&program.scheme.field(*id).name, level::PRIMARY),
            ExprKind::Local(id) if place == Place::Truth && self.arrays.contains_key(id) => self.arrays[id].clone(),
            ExprKind::Local(id) => self.locals.get(id).cloned().unwrap_or_else(|| Text::new(format!("l{}", id.0), level::PRIMARY)),
            ExprKind::Index { base, index: at } | ExprKind::Key { base, key: at } => {
                let base = self.value(base, level::PRIMARY);
                Text::new(format!("{base}[{}]", self.value(at, level::OPERAND)), level::PRIMARY)
            }
            ExprKind::Slice { base, start, end } => {
                let base = self.value(base, level::PRIMARY);
                let start = start.as_ref().map_or_else(String::new, |e| self.value(e, level::OPERAND));
                let end = end.as_ref().map_or_else(String::new, |e| self.value(e, level::OPERAND));
                Text::new(format!("{base}[{start}:{end}]"), level::PRIMARY)
            }
            ExprKind::Call { site, args } => {
                let Some(site) = program.sites.get(site.index()) else { return Text::new("?", level::PRIMARY) };
                let signature = program.scheme.function(site.function);
                let mut shown = args.len();
                while shown > signature.min_args()
                    && matches!((&args[shown - 1].kind, signature.param(shown - 1).and_then(|p| p.default.as_ref())),
                        (ExprKind::Const(c), Some(d)) if c == d)
                {
                    shown -= 1;
                }
                let args: Vec<String> = args[..shown].iter().map(|a| self.value(a, level::OR)).collect();
                Text::new(format!("{}({})", signature.name, args.join(", ")), level::PRIMARY)
            }
            ExprKind::Element { array, index } => {
                let array = self.place(*array);
                Text::new(format!("{array}[{}]", self.value(index, level::OPERAND)), level::PRIMARY)
            }
            ExprKind::Count(array) => Text::new(format!("len({})", self.place(*array)), level::PRIMARY),
            ExprKind::Packed(array) => Text::new(format!("bytes({})", self.place(*array)), level::PRIMARY),
            ExprKind::Intrinsic { op, args } => {
                let args: Vec<String> = args.iter().map(|a| self.value(a, level::OR)).collect();
                Text::new(format!("{}({})", op.name(), args.join(", ")), level::PRIMARY)
            }
            ExprKind::Otherwise { value, default } => {
                let value = self.value(value, level::OPERAND);
                Text::new(format!("{value} ?? {}", self.value(default, level::OPERAND + 1)), level::OPERAND)
            }
            ExprKind::Neg(inner) => Text::new(format!("-{}", self.value(inner, level::UNARY)), level::UNARY),
            ExprKind::Not(inner) => match &inner.kind {
                ExprKind::In { .. } | ExprKind::InList { .. } => self.test(inner, "not in"),
                _ => match self.multi_not_equal(e) {
                    Some(short) => short,
                    None => Text::new(format!("not {}", self.truth(inner, level::NOT)), level::NOT),
                },
            },
            ExprKind::Arith { op, lhs, rhs } => {
                let at = arith_level(*op);
                let lhs = self.value(lhs, at);
                Text::new(format!("{lhs} {} {}", op.symbol(), self.value(rhs, at + 1)), at)
            }
            ExprKind::Compare { op, lhs, rhs, .. } => {
                if let Some(short) = pattern::truth(e).filter(|_| place == Place::Truth) {
                    return self.expr(short, Place::Value);
                }
                let lhs = self.value(lhs, level::OPERAND);
                Text::new(format!("{lhs} {} {}", op.symbol(), self.value(rhs, level::OPERAND)), level::COMPARISON)
            }
            ExprKind::In { .. }
            | ExprKind::InList { .. }
            | ExprKind::Contains { .. }
            | ExprKind::Matches { .. }
            | ExprKind::Wildcard { .. } => self.test(e, "in"),
            ExprKind::Logic { op, items } => self.logic(e, *op, items),
            ExprKind::Present(inner) => Text::new(format!("present({})", self.value(inner, level::OR)), level::PRIMARY),
            ExprKind::Quantifier { quantifier, each } => match self.multi_not_equal(e) {
                Some(short) => short,
                None => self.all_bound(e).unwrap_or_else(|| self.quantifier(*quantifier, each, place)),
            },
            ExprKind::Collect(each) => self.collected(each),
        }
    }

    /// A test; `word` is `in` or `not in`.
    fn test(&mut self, e: &'p Expr, word: &str) -> Text {
        let program = self.program;
        let text = match &e.kind {
            ExprKind::In { value, set } => {
                let set = program.sets.get(set.index()).map_or_else(String::new, members);
                format!("{} {word} {{{set}}}", self.value(value, level::OPERAND))
            }
            ExprKind::InList { value, list } => {
                let name = program.lists.get(list.index()).map_or("", |l| l.name.as_str());
                format!("{} {word} ${name}", self.value(value, level::OPERAND))
            }
            ExprKind::Contains { value, needle } => {
                let value = self.value(value, level::OPERAND);
                let needle = match needle {
                    Needle::Const(id) => program.needles.get(id.index()).map_or_else(String::new, |n| quote(n)),
                    Needle::Dynamic(needle) => self.value(needle, level::OPERAND),
                };
                format!("{value} contains {needle}")
            }
            ExprKind::Matches { value, regex } => {
                let pattern = program.regexes.get(regex.index()).map_or("", |r| r.pattern.as_str());
                format!("{} matches {}", self.value(value, level::OPERAND), literal::regex(pattern))
            }
            ExprKind::Wildcard { value, pattern } => {
                let value = self.value(value, level::OPERAND);
                let pattern = program.wildcards.get(pattern.index());
                let strict = if pattern.is_some_and(|w| w.strict) { "strict " } else { "" };
                format!("{value} {strict}wildcard {}", pattern.map_or_else(String::new, |w| quote(&wildcard_text(w))))
            }
            _ => return self.expr(e, Place::Value),
        };
        Text::new(text, level::COMPARISON)
    }

    fn logic(&mut self, e: &'p Expr, op: LogicOp, items: &'p [Expr]) -> Text {
        if let Some(each) = pattern::all_present(self.program, e) {
            let mut inner = self.clone();
            return Text::new(format!("all({})", inner.direct(each)), level::PRIMARY);
        }
        if let Some(short) = self.multi_not_equal(e) {
            return short;
        }
        let at = match op {
            LogicOp::Or => level::OR,
            LogicOp::Xor => level::XOR,
            LogicOp::And => level::AND,
        };
        let mut text = String::new();
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                text.push_str(&format!(" {op} "));
            }
            text.push_str(&self.truth(item, at + 1));
        }
        Text::new(text, at)
    }

    /// `all` of what must be there, bound by a loop around it.
    fn all_bound(&mut self, e: &'p Expr) -> Option<Text> {
        let (clauses, each) = pattern::all_bound(e)?;
        let mut inner = self.clone();
        for clause in clauses {
            if let Clause::Let(id, value) = clause {
                let text = self.expr(value, Place::Value);
                inner.locals.insert(*id, text);
            }
        }
        Some(Text::new(format!("all({})", inner.direct(each)), level::PRIMARY))
    }

    /// `f != x` for a multi-valued field `f`.
    fn multi_not_equal(&mut self, e: &'p Expr) -> Option<Text> {
        let (needed, each) = pattern::multi_not_equal(self.program, e)?;
        let ExprKind::Compare { lhs, rhs, .. } = &each.body.kind else { return None };
        let mut inner = self.bare(each);
        for clause in needed {
            if let Clause::Let(id, value) = clause {
                let text = self.expr(value, Place::Value);
                inner.locals.insert(*id, text);
            }
        }
        let lhs = inner.value(lhs, level::OPERAND);
        Some(Text::new(format!("{lhs} != {}", inner.value(rhs, level::OPERAND)), level::COMPARISON))
    }

    /// A printer to which the locals of a loop over multi-valued fields are the fields themselves.
    fn bare(&mut self, each: &'p Each) -> Printer<'p> {
        let mut inner = self.clone();
        for clause in &each.clauses {
            if let Clause::For(sources) = clause {
                for (id, source) in sources {
                    let text = self.expr(source, Place::Value);
                    inner.locals.insert(*id, text);
                }
            }
        }
        inner
    }

    fn quantifier(&mut self, quantifier: Quantifier, each: &'p Each, place: Place) -> Text {
        if quantifier == Quantifier::Any && pattern::is_multi_test(self.program, each, place == Place::Truth) {
            return self.bare(each).expr(&each.body, Place::Truth);
        }
        let mut inner = self.clone();
        let text =
            match pattern::is_direct(each) {
                // A nil array is no reason for `all` to fail here, so it must not stand there directly.
                true if quantifier == Quantifier::All && pattern::walked(each).any(|s| s.nullable) => {
                    if pattern::bound_last(each).is_some() { inner.body(each) } else { format!("({})", inner.direct(each)) }
                }
                true if pattern::bound_last(each).is_none() => inner.direct(each),
                _ => inner.body(each),
            };
        Text::new(format!("{quantifier}({text})"), level::PRIMARY)
    }

    /// The text of a loop's body.
    fn body(&mut self, each: &'p Each) -> String {
        self.bind(each);
        self.truth(&each.body, level::OR)
    }

    /// The text of a loop that is an array or a mapped call as it stands.
    fn direct(&mut self, each: &'p Each) -> String {
        if let Some(value) = pattern::bound_last(each) {
            self.bind(each);
            return self.value(value, level::OR);
        }
        if let (ExprKind::Local(_), [Clause::For(sources)]) = (&each.body.kind, each.clauses.as_slice())
            && let [(_, source)] = sources.as_slice()
        {
            return self.value(source, level::OR);
        }
        self.body(each)
    }

    /// An array of a loop's values.
    fn collected(&mut self, each: &'p Each) -> Text {
        if let Some(slice) = pattern::multi_slice(self.program, each) {
            // Another bracket would be one of each slice; in parentheses they are an array.
            return Text::new(self.bare(each).value(slice, level::PRIMARY), level::UNARY);
        }
        let mut inner = self.clone();
        inner.bind(each);
        if let Some(call) = pattern::bound_last(each).filter(|c| c.nullable) {
            return inner.expr(call, Place::Value);
        }
        if matches!(each.body.kind, ExprKind::Local(_)) {
            // Bare elements would be mapped over; in parentheses they are an array.
            let text = inner.expr(&each.body, Place::Value);
            return Text::new(format!("({})", text.text), level::PRIMARY);
        }
        inner.expr(&each.body, Place::Truth)
    }

    fn bind(&mut self, each: &'p Each) {
        let bare = pattern::bare_values(self.program, each);
        for clause in &each.clauses {
            match clause {
                Clause::For(sources) => {
                    let text = |(id, source)| if bare.contains(id) { self.expr(source, Place::Value) } else { self.element(source) };
                    let texts: Vec<Text> = sources.iter().map(|(id, source)| (id, source)).map(text).collect();
                    self.locals.extend(sources.iter().map(|(id, _)| *id).zip(texts));
                    for (id, source) in sources.iter().filter(|(_, s)| pattern::is_whole_array(s)) {
                        let text = self.expr(source, Place::Value);
                        self.arrays.insert(*id, text);
                    }
                }
                Clause::Let(id, value) => {
                    let text = if pattern::is_call(value) {
                        Text::new(format!("{}[*]", self.value(value, level::PRIMARY)), level::PRIMARY)
                    } else {
                        self.expr(value, Place::Value)
                    };
                    self.locals.insert(*id, text);
                }
            }
        }
    }

    /// An element of an array or map that is walked. A collected loop was only collected to run beside others, so its element is the
    /// loop's own value.
    fn element(&mut self, source: &'p Expr) -> Text {
        match &source.kind {
            ExprKind::Collect(each) if pattern::multi_slice(self.program, each).is_some() => {
                Text::new(format!("({})[*]", self.collected(each).text), level::PRIMARY)
            }
            ExprKind::Collect(each) => {
                let mut inner = self.clone();
                inner.bind(each);
                inner.expr(&each.body, Place::Truth)
            }
            _ => Text::new(format!("{}[*]", self.value(source, level::PRIMARY)), level::PRIMARY),
        }
    }
}

/// `??` binds less tightly than all of arithmetic.
fn arith_level(op: ArithOp) -> u8 {
    level::OPERAND + op.entry().power
}
