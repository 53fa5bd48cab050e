//! Functions of scripts, and rules that have anything of scripts: each is a Lua function in the table `Q`.
//!
//! A function is called with the record, how many calls go on, and its arguments, and answers false and its results, or a trap's code. Its
//! locals are Lua locals, unless they are many or it is too large for one Lua function: then they stand in a table `Z` of each call's own,
//! which the functions that it is cut into are handed.

use std::collections::HashSet;

use quintet_lang::Type;
use quintet_lang::ast::{Answer, Expr, ExprKind, FnId, Frame, Function, LocalId, Program, Rule, Stmt};
use quintet_lang::effects::Steps;
use quintet_runtime::{Linked, Threshold, Trap, call_bytes, fixed_bytes};

use crate::array::{stored_bytes, view_bytes};
use crate::chunk::relieved;
use crate::code::Exit;
use crate::data::Data;
use crate::generator::{Generator, head};
use crate::ints::form;
use crate::memory::HEADER;
use crate::operand::Form;
use crate::partition::{Cuts, group, is_wide};
use crate::ranges::Ranges;
use crate::scopes::Scopes;
use crate::slots::{Slots, width};

/// Arguments or results beyond which they are handed over in a table.
const MANY: usize = 40;

/// Where the innermost loop is.
#[derive(Clone, Copy)]
pub(crate) enum Turn {
    /// Outside of the Lua function at hand, if there is one.
    Outside,
    /// Here; what leads to its next turn.
    Here(Exit),
}

/// What generating a script takes.
pub(crate) struct Script<'c> {
    /// The variables of each local.
    pub(crate) slots: Vec<Slots>,
    pub(crate) ranges: &'c Ranges,
    /// The loops that variables are declared in.
    pub(crate) scopes: Scopes,
    /// The function, unless it is a rule's own statements.
    pub(crate) function: Option<FnId>,
    /// Whether the function has memory of its own, which it leaves at its end.
    pub(crate) leaves: bool,
    /// Whether it is cut into several Lua functions.
    pub(crate) large: bool,
    pub(crate) turn: Turn,
    /// Blocks around this place in its Lua function.
    pub(crate) depth: usize,
}

/// Whether a rule has anything of scripts.
pub(crate) fn is_scripted(rule: &Rule) -> bool {
    let mut found = !rule.is_expression();
    rule.expr.walk(&mut |e| {
        found |= e.ty == Type::U32
            || matches!(
                e.kind,
                ExprKind::Element { .. }
                    | ExprKind::Count(_)
                    | ExprKind::Packed(_)
                    | ExprKind::Intrinsic { .. }
                    | ExprKind::Otherwise { .. }
            );
    });
    found
}

/// Whether what a function answers is handed over in a table.
pub(crate) fn answers_many(results: &[Answer]) -> bool {
    results.iter().map(|answer| width(&answer.ty)).sum::<usize>() > MANY
}

/// Whether what a function is called with is handed over in a table.
pub(crate) fn takes_many(function: &Function) -> bool {
    params(function).map(|local| width(&local.ty)).sum::<usize>() > MANY
}

fn params(function: &Function) -> impl Iterator<Item = &quintet_lang::ast::Local> {
    function.frame.locals.iter().take(function.params as usize)
}

/// What a statement takes in a Lua function, as nodes of expressions.
pub(crate) fn weight(block: &[Stmt]) -> usize {
    let mut nodes = 0;
    for stmt in block {
        stmt.exprs(&mut |e| e.walk(&mut |_| nodes += 1));
        stmt.walk(&mut |_| nodes += 3);
    }
    nodes
}

fn depth(block: &[Stmt]) -> usize {
    block.iter().flat_map(Stmt::blocks).map(|block| 1 + depth(block)).max().unwrap_or(0)
}

/// Whether a frame has locals in the memory of arrays.
pub(crate) fn has_memory(frame: &Frame) -> bool {
    frame.locals.iter().any(|local| matches!(local.ty, Type::List(..) | Type::Ip))
}

/// Whether evaluating any rule may make anything in scratch memory, or functions anything in the memory of arrays.
pub(crate) fn makes_anywhere(program: &Program) -> bool {
    let mut found = program.functions.iter().any(|function| has_memory(&function.frame));
    program.roots(&mut |root| found = found || root.makes_values());
    found
}

/// What is generated.
struct Unit<'p> {
    index: usize,
    function: Option<FnId>,
    frame: &'p Frame,
    params: usize,
    charge: usize,
    body: &'p [Stmt],
    expr: Option<&'p Expr>,
}

/// The Lua of a function of the program.
pub(crate) fn function(linked: &Linked, data: &mut Data, ranges: &Ranges, id: FnId, parts: &mut usize, text: &mut String) {
    let function = &linked.program().functions[id.index()];
    let mut grouped = function.body.clone();
    regroup(linked, &mut grouped);
    let unit = Unit {
        index: id.index(),
        function: Some(id),
        frame: &function.frame,
        params: function.params as usize,
        charge: call_bytes(function),
        body: &grouped,
        expr: None,
    };
    *text += &format!("-- function {}{}\n", id.0, crate::chunk::comment(&function.name));
    generate(linked, data, ranges, &unit, parts, text);
}

/// The Lua of a rule that has anything of scripts.
pub(crate) fn rule(linked: &Linked, data: &mut Data, ranges: &Ranges, index: usize, parts: &mut usize, text: &mut String) {
    let rule = &linked.program().rules[index];
    let mut before = rule.before.clone();
    regroup(linked, &mut before);
    let mut expr = rule.expr.clone();
    if is_wide(linked, &expr) {
        group(&mut expr, linked.threshold(Threshold::LuaOperands));
    }
    let unit = Unit {
        index,
        function: None,
        frame: &rule.frame,
        params: 0,
        charge: fixed_bytes(&rule.frame, 0),
        body: &before,
        expr: Some(&expr),
    };
    *text += &format!("-- rule {index}{}\n", crate::chunk::comment(&rule.name));
    generate(linked, data, ranges, &unit, parts, text);
}

fn regroup(linked: &Linked, block: &mut [Stmt]) {
    let most = linked.threshold(Threshold::LuaOperands);
    for stmt in block {
        stmt.exprs_mut(&mut |e| {
            if is_wide(linked, e) {
                group(e, most);
            }
        });
    }
}

fn generate(linked: &Linked, data: &mut Data, ranges: &Ranges, unit: &Unit<'_>, parts: &mut usize, text: &mut String) {
    let mut roots: Vec<&Expr> = Vec::new();
    unit.body.iter().for_each(|stmt| stmt.exprs(&mut |e| roots.push(e)));
    roots.extend(unit.expr);
    let cuts = Cuts::new(linked, roots);
    let variables: usize = unit.frame.locals.iter().map(|local| width(&local.ty)).sum();
    let total = weight(unit.body);
    let with_statements = unit.function.is_some() || !unit.body.is_empty();
    let large = with_statements
        && (cuts.in_parts
            || linked.exceeds(Threshold::LuaLocals, variables)
            || linked.exceeds(Threshold::LuaFunctionNodes, total / 4)
            || linked.exceeds(Threshold::LuaFunctionDepth, depth(unit.body)));
    let mut emitter = Generator::new(linked, data, unit.frame, &cuts, parts);
    emitter.code.stand_for(unit.function.map_or_else(
        || linked.program().rules.get(unit.index).map(|rule| rule.span),
        |id| linked.program().functions.get(id.index()).map(|function| function.span),
    ));
    if with_statements {
        emitter.args = "w, b, D, Z";
        emitter.spilled.table = "Z";
    }
    let slots = unit.frame.locals.iter().enumerate().map(|(i, local)| {
        let names: Vec<String> = match large {
            true => (0..width(&local.ty)).map(|_| emitter.spilled.place()).collect(),
            false => (0..width(&local.ty)).map(|n| format!("l{i}{}", ["", "n", "m"].get(n).unwrap_or(&""))).collect(),
        };
        let (low, high) = match unit.function {
            Some(id) => ranges.of_function(id, i),
            None => ranges.of_rule(unit.index, i),
        };
        let (low, high) = match &local.ty {
            Type::Int => (low, high),
            _ => ranges.of_array(unit.index, unit.function, LocalId(i as u32)).unwrap_or((i128::MIN, i128::MAX)),
        };
        let form = form(low, high);
        Slots { ty: local.ty.clone(), names, form, home: None }
    });
    let slots: Vec<Slots> = slots.collect();
    let scopes = if large { Scopes::default() } else { Scopes::of(unit.body, unit.expr, unit.frame, unit.params) };
    emitter.script = Some(Script { slots, ranges, scopes, function: unit.function, leaves: false, large, turn: Turn::Outside, depth: 0 });
    let params = if with_statements { emitter.begin(unit) } else { String::new() };
    emitter.statements(unit.body);
    let program = linked.program();
    match unit.expr {
        Some(expr) => {
            let plan = linked.rule_plan(unit.index);
            if !with_statements && plan.makes_values {
                emitter.code.line("reset(E)");
            } else if !with_statements && plan.steps == Steps::Inline {
                emitter.code.line("I32[M], I32[M + 1] = I32[M0], 0");
            }
            emitter.branch(expr, false, Exit::Answer(false));
            emitter.code.line("return true");
        }
        None => {
            emitter.leave();
            emitter.code.line("return false");
        }
    }
    let mut first = head(&emitter.code);
    if with_statements && !large && (emitter.code.mentions("Z[") || emitter.code.mentions(", Z)")) {
        first.insert(0, "local Z = {}".into());
    }
    if with_statements && unit.expr.is_some() {
        first.insert(0, "local D = 0".into());
    }
    let place = if unit.expr.is_some() { program.functions.len() + unit.index + 1 } else { unit.index + 1 };
    let body = emitter.code.text(1, &[]);
    *text += &relieved(&emitter.parts);
    let comma = if unit.function.is_some() { ", D" } else { "" };
    *text += &relieved(&format!("  Q[{place}] = function(w, b{comma}{params})\n{}{body}  end\n", lines(&first)));
}

fn lines(lines: &[String]) -> String {
    lines.iter().map(|line| format!("  {line}\n")).collect()
}

impl<'c> Generator<'c> {
    /// The variables of a local.
    pub(crate) fn slots_of(&self, local: LocalId) -> Slots {
        let slots = self.script.as_ref().and_then(|script| script.slots.get(local.index()));
        slots.cloned().unwrap_or(Slots { ty: Type::Bool, names: vec!["nil".into()], form: Form::Mixed, home: None })
    }

    /// Declares the variables and makes what the locals need; answers the parameters.
    fn begin(&mut self, unit: &Unit<'_>) -> String {
        let large = self.script.as_ref().is_some_and(|script| script.large);
        let all: Vec<Slots> = self.script.as_ref().map(|script| script.slots.clone()).unwrap_or_default();
        let given: Vec<String> = all.iter().take(unit.params).flat_map(|slots| slots.names.clone()).collect();
        let in_loops: HashSet<LocalId> = self.script.iter().flat_map(|script| script.scopes.all()).collect();
        let own = all.iter().enumerate().skip(unit.params).filter(|(i, _)| !in_loops.contains(&LocalId(*i as u32)));
        let own: Vec<String> = own.flat_map(|(_, slots)| slots.names.clone()).collect();
        if large {
            self.code.line("local Z = {}");
        }
        let many = given.len() > MANY;
        let params = match (large, many) {
            (_, true) => {
                if !large && !given.is_empty() {
                    self.code.declare(&given);
                }
                for (i, name) in given.iter().enumerate() {
                    self.code.line(format!("{name} = q[{}]", i + 1));
                }
                ", q".into()
            }
            (true, false) => {
                let names: Vec<String> = (1..=given.len()).map(|i| format!("q{i}")).collect();
                for (name, param) in given.iter().zip(&names) {
                    self.code.line(format!("{name} = {param}"));
                }
                names.iter().map(|name| format!(", {name}")).collect()
            }
            (false, false) => {
                self.code.count(given.len());
                given.iter().map(|name| format!(", {name}")).collect()
            }
        };
        if !large && !own.is_empty() {
            self.code.declare(&own);
        }
        if unit.function.is_none() {
            if has_memory(unit.frame) || makes_anywhere(self.linked.program()) {
                self.code.line("restart(H, E)");
            } else {
                self.code.line("I32[M], I32[M + 1] = I32[M0], 0");
            }
        }
        self.memory(unit, &all);
        let bound = self.script.iter().flat_map(|script| &script.slots).map(|slots| match slots.ty {
            Type::List(..) => None,
            _ => Some(slots.operand()),
        });
        self.locals = bound.collect();
        params
    }

    /// Generates what makes the memory of a call: headers of growing arrays first.
    fn memory(&mut self, unit: &Unit<'_>, all: &[Slots]) {
        let own = || all.iter().enumerate().skip(unit.params);
        let growing: Vec<usize> = own().filter(|(_, slots)| matches!(slots.ty, Type::List(_, None))).map(|(i, _)| i).collect();
        let mut words = growing.len() * HEADER;
        let mut places: Vec<(usize, String)> = growing.iter().enumerate().map(|(n, i)| (*i, format!("f + {}", n * HEADER))).collect();
        for (i, slots) in own() {
            if let Type::List(element, Some(len)) = &slots.ty {
                let at = match view_bytes(element) {
                    1 => format!("f * 8 + {}", words * 8),
                    4 => format!("f + f + {}", words * 2),
                    _ => format!("f + {words}"),
                };
                places.push((i, at));
                words += (stored_bytes(element) * *len as usize).div_ceil(8);
            }
        }
        let homes: Vec<usize> = all.iter().enumerate().filter(|(_, slots)| slots.ty == Type::Ip).map(|(i, _)| i).collect();
        let first_home = words;
        words += homes.len() * 3;
        if words == 0 {
            return;
        }
        self.code.count(1);
        self.code.line(format!("local f = enter(H, E, {}, {words}, {})", unit.charge, growing.len()));
        self.code.line(format!("if f == 0 then return {} end", Trap::Memory.code()));
        for (i, at) in places {
            let name = all.get(i).map_or("nil", |slots| slots.first());
            self.code.line(format!("{name} = {at}"));
        }
        let large = self.script.as_ref().is_some_and(|script| script.large);
        let base = if large && !homes.is_empty() { self.spill("f") } else { "f".into() };
        for (n, i) in homes.into_iter().enumerate() {
            let home = format!("{base} + {}", first_home + n * 3);
            let Some(slots) = self.script.as_mut().and_then(|script| script.slots.get_mut(i)) else { continue };
            slots.home = Some(home.clone());
            let name = slots.first().to_owned();
            if i < unit.params {
                // What was passed is the caller's, and may change.
                self.code.line(format!("if {name} ~= nil then"));
                self.copy_words(&home, &name, 3);
                self.code.line(format!("  {name} = {home}"));
                self.code.line("end");
            }
        }
        if let Some(script) = &mut self.script {
            script.leaves = true;
        }
    }

    /// Gives back the memory of the call.
    pub(crate) fn leave(&mut self) {
        if self.script.as_ref().is_some_and(|script| script.leaves && script.function.is_some()) {
            self.code.line("leave(H, E)");
        }
    }
}
