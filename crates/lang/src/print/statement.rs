//! Statements, functions and constants as source text.

use std::collections::HashSet;

use super::{Printer, Text, level, literal};
use crate::ast::{Block, ExprKind, Filling, Frame, Function, LocalId, Over, Place, Program, Rule, Stmt, StmtKind, Table};
use crate::types::Type;

const INDENT: usize = 4;

/// Writes the statements of one rule or function.
struct Writer<'p> {
    program: &'p Program,
    frame: &'p Frame,
    printer: Printer<'p>,
    /// The locals that were declared.
    declared: HashSet<LocalId>,
    out: String,
}

/// A constant array's definition.
pub(super) fn table(table: &Table) -> String {
    let items: Vec<String> = table.items.iter().map(|item| literal::constant(item).text).collect();
    format!("const {}: [{}; {}] = [{}]", table.name, table.element, table.items.len(), items.join(", "))
}

/// A function's definition.
pub(super) fn function(program: &Program, function: &Function) -> String {
    let mut writer = Writer::new(program, &function.frame);
    let count = function.params as usize;
    let types: Vec<String> = function.results.iter().map(|answer| answer.ty.to_string()).collect();
    let params = function.frame.locals.iter().take(count).enumerate();
    let params = params.map(|(place, local)| {
        let name = writer.name(LocalId(place as u32));
        format!("{name}: {}{}", local.ty, if local.nullable { "?" } else { "" })
    });
    let params: Vec<String> = params.collect();
    let results = match types.as_slice() {
        [] => String::new(),
        [one] => format!("-> {one} "),
        all => format!("-> ({}) ", all.join(", ")),
    };
    writer.out = format!("fn {}({}) {results}", function.name, params.join(", "));
    writer.declared.extend((0..count).map(|place| LocalId(place as u32)));
    writer.block(&function.body, 0);
    writer.out
}

/// A rule that is nothing but a call of its body.
pub(super) fn rule_body(program: &Program, rule: &Rule, body: &Function) -> String {
    let mut writer = Writer::new(program, &body.frame);
    writer.out = format!("rule {}{} ", rule.name, super::state::meta(rule));
    writer.block(&body.body, 0);
    writer.out
}

/// What a function that computes something for a table or an output answers, as expressions; `None` where it has statements that are no
/// plain calls.
pub(super) fn values(program: &Program, function: &Function) -> Option<Vec<String>> {
    let (last, before) = function.body.split_last()?;
    let StmtKind::Return(values) = &last.kind else { return None };
    let printer = calls_of(program, before)?;
    Some(values.iter().map(|value| printer.clone().value(value, level::OR)).collect())
}

/// What stands for the locals of a rule that is an expression with calls: the calls, where each is made for one value.
pub(super) fn calls<'p>(program: &'p Program, rule: &'p Rule) -> Option<Printer<'p>> {
    calls_of(program, &rule.before)
}

fn calls_of<'p>(program: &'p Program, before: &'p [Stmt]) -> Option<Printer<'p>> {
    let mut printer = Printer::new(program);
    for stmt in before {
        let (result, called, args) = program.plain_call(stmt)?;
        let args: Vec<String> = args.iter().map(|arg| printer.clone().value(arg, level::OR)).collect();
        printer.locals.insert(result, Text::new(format!("{}({})", called.name, args.join(", ")), level::PRIMARY));
    }
    Some(printer)
}

/// A rule of statements and an expression.
pub(super) fn rule(program: &Program, rule: &Rule) -> String {
    let mut writer = Writer::new(program, &rule.frame);
    writer.out = format!("rule {}{} {{\n", rule.name, super::state::meta(rule));
    writer.stmts(&rule.before, INDENT);
    let value = writer.value(&rule.expr);
    writer.line(INDENT, &format!("return {value}"));
    writer.out.push('}');
    writer.out
}

/// The function that a rule is nothing but a call of.
pub(super) fn body<'p>(program: &'p Program, rule: &Rule) -> Option<&'p Function> {
    let [Stmt { kind: StmtKind::Call { function, .. }, .. }] = rule.before.as_slice() else { return None };
    program.functions.get(function.index()).filter(|function| function.rule)
}

/// The plainest literal of a type.
fn zero(ty: &Type) -> &'static str {
    match ty {
        Type::Bool => "false",
        Type::Int | Type::U32 | Type::Array(_) | Type::Map(_) | Type::List(..) => "0",
        Type::Float => "0.0",
        Type::Bytes => "\"\"",
        Type::Ip => "0.0.0.0",
    }
}

impl<'p> Writer<'p> {
    fn new(program: &'p Program, frame: &'p Frame) -> Writer<'p> {
        let mut printer = Printer::new(program);
        for (place, name) in program.names(frame).into_iter().enumerate() {
            printer.locals.insert(LocalId(place as u32), Text::new(name, level::PRIMARY));
        }
        Writer { program, frame, printer, declared: HashSet::new(), out: String::new() }
    }

    fn name(&self, local: LocalId) -> String {
        self.printer.locals.get(&local).map_or_else(|| format!("l{}", local.0), |text| text.text.clone())
    }

    fn value(&mut self, e: &'p crate::ast::Expr) -> String {
        if matches!(e.ty, Type::List(..)) {
            return match e.kind {
                ExprKind::Local(local) => self.name(local),
                _ => "?".into(),
            };
        }
        // Loops inside name their own locals.
        self.printer.clone().value(e, level::OR)
    }

    fn truth(&mut self, e: &'p crate::ast::Expr) -> String {
        self.printer.clone().truth(e, level::OR)
    }

    fn line(&mut self, indent: usize, text: &str) {
        self.out.extend(std::iter::repeat_n(' ', indent));
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn block(&mut self, block: &'p Block, indent: usize) {
        self.out.push_str("{\n");
        self.stmts(block, indent + INDENT);
        self.out.extend(std::iter::repeat_n(' ', indent));
        self.out.push('}');
    }

    fn stmts(&mut self, block: &'p Block, indent: usize) {
        for stmt in block {
            self.stmt(stmt, indent);
        }
    }

    /// `let`, where a local is met for the first time.
    fn declares(&mut self, locals: &[LocalId]) -> &'static str {
        let new = locals.iter().map(|local| self.declared.insert(*local)).collect::<Vec<_>>();
        if new.contains(&true) { "let " } else { "" }
    }

    fn place(&self, place: Place) -> String {
        self.printer.place(place)
    }

    fn stmt(&mut self, stmt: &'p Stmt, indent: usize) {
        let text = match &stmt.kind {
            StmtKind::Set { local, value } => {
                let value = self.value(value);
                format!("{}{} = {value}", self.declares(&[*local]), self.name(*local))
            }
            StmtKind::Fill { array, with: Filling::Each(value) } => format!("fill({}, {})", self.name(*array), self.value(value)),
            StmtKind::Fill { array, with: Filling::Items(items) } if items.is_empty() && self.declared.contains(array) => {
                format!("clear({})", self.name(*array))
            }
            StmtKind::Fill { array, with } => {
                let value = match with {
                    Filling::Items(items) => {
                        let items: Vec<String> = items.iter().map(|item| self.value(item)).collect();
                        format!("[{}]", items.join(", "))
                    }
                    Filling::Repeat(value, count) => format!("[{}; {}]", self.value(value), self.value(count)),
                    Filling::Each(value) => self.value(value),
                    Filling::Copy(place) => self.place(*place),
                };
                let ty = &self.frame.locals[array.index()].ty;
                match self.declares(&[*array]) {
                    "" => format!("{} = {value}", self.name(*array)),
                    word => format!("{word}{}: {ty} = {value}", self.name(*array)),
                }
            }
            StmtKind::Store { array, index, value } => {
                format!("{}[{}] = {}", self.name(*array), self.value(index), self.value(value))
            }
            StmtKind::Push { array, value } => format!("push({}, {})", self.name(*array), self.value(value)),
            StmtKind::Pop { local, array } => match local {
                Some(local) => format!("{}{} = pop({})", self.declares(&[*local]), self.name(*local), self.name(*array)),
                None => format!("pop({})", self.name(*array)),
            },
            StmtKind::Call { results, function, args } => {
                // An array that a function answers is one that it fills.
                for arg in args {
                    if let (Type::List(element, len), ExprKind::Local(local)) = (&arg.ty, &arg.kind)
                        && self.declared.insert(*local)
                    {
                        let value = len.map_or_else(|| "[]".to_owned(), |len| format!("[{}; {len}]", zero(element)));
                        let text = format!("let {}: {} = {value}", self.name(*local), arg.ty);
                        self.line(indent, &text);
                    }
                }
                let args: Vec<String> = args.iter().map(|arg| self.value(arg)).collect();
                let called = self.program.functions.get(function.index());
                let name = called.map_or("?", |f| f.name.as_str());
                // What another rule tests stands under its name.
                let call = if called.is_some_and(|f| f.rule) { name.to_owned() } else { format!("{name}({})", args.join(", ")) };
                let word = self.declares(results);
                let names: Vec<String> = results.iter().map(|local| self.name(*local)).collect();
                match names.as_slice() {
                    [] => call,
                    [one] => format!("{word}{one} = {call}"),
                    all => format!("{word}({}) = {call}", all.join(", ")),
                }
            }
            StmtKind::If { arms, otherwise } => {
                for (place, (condition, body)) in arms.iter().enumerate() {
                    let condition = self.truth(condition);
                    match place {
                        0 => self.out.extend(std::iter::repeat_n(' ', indent)),
                        _ => self.out.push_str(" else "),
                    }
                    self.out.push_str(&format!("if {condition} "));
                    self.block(body, indent);
                }
                if !otherwise.is_empty() {
                    self.out.push_str(" else ");
                    self.block(otherwise, indent);
                }
                self.out.push('\n');
                return;
            }
            StmtKind::While { condition, body } => {
                let condition = self.truth(condition);
                self.out.extend(std::iter::repeat_n(' ', indent));
                self.out.push_str(&format!("while {condition} "));
                self.block(body, indent);
                self.out.push('\n');
                return;
            }
            StmtKind::For { local, over, body } => {
                let over = match over {
                    Over::Range { start, end, inclusive } => {
                        let dots = if *inclusive { "..=" } else { ".." };
                        format!(
                            "{}{dots}{}",
                            self.printer.clone().value(start, level::OPERAND),
                            self.printer.clone().value(end, level::OPERAND)
                        )
                    }
                    Over::Value(value) => self.printer.clone().value(value, level::OPERAND),
                    Over::Array(place) => self.place(*place),
                };
                self.declared.insert(*local);
                self.out.extend(std::iter::repeat_n(' ', indent));
                self.out.push_str(&format!("for {} in {over} ", self.name(*local)));
                self.block(body, indent);
                self.out.push('\n');
                return;
            }
            StmtKind::Break => "break".into(),
            StmtKind::Continue => "continue".into(),
            StmtKind::Return(values) => {
                let values: Vec<String> = values.iter().map(|value| self.value(value)).collect();
                match values.as_slice() {
                    [] => "return".into(),
                    [one] => format!("return {one}"),
                    all => format!("return ({})", all.join(", ")),
                }
            }
        };
        self.line(indent, &text);
    }
}
