//! From a program with tables to one without, which backends compile, and what is done around it.
//!
//! A rule that reads tables is cut in two. What looks at the record alone and comes first, or can neither trap nor depend on what comes before,
//! stays the rule and is run in batches; the rest is a function whose parameters are what it reads, called on the records that are left. What
//! is computed for tables and outputs is a function too, unless it merely stands in the record.

use quintet_lang::Type;
use quintet_lang::ast::{
    Answer, Const, Expr, ExprKind, FnId, Frame, Function, Local, LocalId, LogicOp, Program, Rule, Span, Stmt, StmtKind,
};
use quintet_lang::state::{Action, Change, Key, Output, Read, State, Stateful};

use super::compute::Compute;

/// What is done with records around a program's rules.
pub(crate) struct StatePlan {
    /// The time of a record.
    pub(crate) time: Option<Compute>,
    /// The tables, each with what computes a record's key.
    pub(crate) states: Vec<(State, Compute)>,
    /// Their declarations, as source text.
    pub(crate) declared: Vec<String>,
    /// By rule: what decides where its test has held.
    pub(crate) tails: Vec<Option<Tail>>,
    /// What is done where rules match, in order.
    pub(crate) steps: Vec<StepPlan>,
    /// All that is done with a record, in the order of the text.
    pub(crate) items: Vec<Item>,
    /// More than there are changes on a record.
    pub(crate) changes: u64,
}

/// Something that is done with a record.
#[derive(Clone, Copy)]
pub(crate) enum Item {
    /// The rest of the rule at a place.
    Tail(usize),
    /// The step at a place.
    Step(usize),
}

impl StatePlan {
    /// The outputs, each with its rule.
    pub(crate) fn outputs(&self) -> impl Iterator<Item = (usize, &Output)> {
        self.steps.iter().filter_map(|step| match &step.action {
            ActionPlan::Output { output, .. } => Some((step.rule, output)),
            ActionPlan::On(_) => None,
        })
    }

    /// Whether all that a record changes has one and the same key, which stands in the record: then records of different keys have nothing to do
    /// with one another.
    pub(crate) fn has_one_key(&self) -> bool {
        let Some((first, Compute::Direct(sources))) = self.states.first() else { return false };
        let is =
            |key: &Key, compute: &Compute| key.parts == first.key.parts && matches!(compute, Compute::Direct(other) if other == sources);
        let limits = self.steps.iter().all(|step| match &step.action {
            ActionPlan::Output { output, key, .. } => match (&output.limit, key) {
                (Some(limit), Some(compute)) => is(&limit.key, compute),
                _ => true,
            },
            ActionPlan::On(_) => true,
        });
        limits && !first.key.parts.is_empty() && self.states.iter().all(|(state, compute)| is(&state.key, compute))
    }

    /// How many entries of each table a record may add at most, and of the limits of outputs, by step.
    pub(crate) fn growth(&self) -> (Vec<usize>, Vec<usize>) {
        let (mut tables, mut limits) = (vec![0; self.states.len()], vec![0; self.steps.len()]);
        for (place, step) in self.steps.iter().enumerate() {
            match &step.action {
                ActionPlan::On(changes) => changes.iter().for_each(|(state, _)| tables[*state] += 1),
                ActionPlan::Output { .. } => limits[place] += 1,
            }
        }
        (tables, limits)
    }
}

/// The part of a rule that reads tables.
pub(crate) struct Tail {
    pub(crate) function: FnId,
    /// What it reads, in the order of the parameters.
    pub(crate) reads: Vec<Read>,
}

/// Something that is done where a rule matches.
pub(crate) struct StepPlan {
    pub(crate) after: usize,
    pub(crate) rule: usize,
    pub(crate) action: ActionPlan,
    /// All of it, as source text.
    pub(crate) text: String,
}

pub(crate) enum ActionPlan {
    On(Vec<(usize, ChangePlan)>),
    /// A line; `outlet` is the place among the outputs.
    Output {
        output: Output,
        key: Option<Compute>,
        values: Compute,
        outlet: usize,
    },
}

pub(crate) enum ChangePlan {
    Mark,
    Add(Compute),
    Set(Compute),
    Clear,
}

/// A program without tables, and the plan of what is done with them.
pub(crate) fn lower(program: Program) -> (Program, StatePlan) {
    let reads = Reads::of(&program);
    let hidden: Vec<FnId> = program.state.functions().collect();
    let direct: Vec<Option<Compute>> = program.functions.iter().map(|function| Compute::direct(&program, function)).collect();
    let direct = |id: FnId| direct.get(id.index()).and_then(Option::as_ref).filter(|_| hidden.contains(&id));
    // What is had directly is no function of the new program.
    let mut ids = Vec::with_capacity(program.functions.len());
    let mut kept = 0;
    for at in 0..program.functions.len() {
        ids.push(FnId(kept));
        kept += u32::from(direct(FnId(at as u32)).is_none());
    }
    let names = computed_names(&program);
    let lowering = Lowering { program: &program, reads: &reads, ids: &ids };
    let mut functions = Vec::with_capacity(kept as usize);
    for (at, function) in program.functions.iter().enumerate() {
        let id = FnId(at as u32);
        if direct(id).is_some() {
            continue;
        }
        let mut function = function.clone();
        if let Some((_, name)) = names.iter().find(|(hidden, _)| *hidden == id) {
            function.name.clone_from(name);
            function.rule = false;
        } else if !reads.functions[at].is_empty() {
            // No text can call it.
            function.name = format!("body of {}", function.name);
            function.rule = false;
        }
        lowering.function(&mut function, &reads.functions[at]);
        functions.push(function);
    }
    let (mut rules, mut tails) = (Vec::with_capacity(program.rules.len()), Vec::with_capacity(program.rules.len()));
    for rule in &program.rules {
        let used = reads.rule(&program, rule);
        if used.is_empty() {
            let mut rule = rule.clone();
            rule.before.iter_mut().for_each(|stmt| lowering.calls(stmt));
            rules.push(rule);
            tails.push(None);
            continue;
        }
        let (test, tail) = lowering.split(rule, &used);
        tails.push(Some(Tail { function: FnId(functions.len() as u32), reads: used }));
        functions.push(tail);
        rules.push(test);
    }
    let compute = |id: FnId| {
        direct(id).cloned().unwrap_or_else(|| Compute::Call { function: ids[id.index()], reads: reads.functions[id.index()].clone() })
    };
    let plan = plan(&program, &compute, tails);
    let scheme = program.records().clone();
    (Program { scheme, rules, functions, state: Stateful::default(), ..program }, plan)
}

fn plan(program: &Program, compute: &dyn Fn(FnId) -> Compute, tails: Vec<Option<Tail>>) -> StatePlan {
    let state = &program.state;
    let mut outlets = 0..;
    let steps: Vec<StepPlan> = state
        .steps
        .iter()
        .map(|step| StepPlan {
            after: step.after as usize,
            rule: step.rule as usize,
            text: program.step_text(step),
            action: match &step.action {
                Action::On(updates) => ActionPlan::On(
                    updates
                        .iter()
                        .map(|update| {
                            let change = match update.change {
                                Change::Mark => ChangePlan::Mark,
                                Change::Add(function) => ChangePlan::Add(compute(function)),
                                Change::Set(function) => ChangePlan::Set(compute(function)),
                                Change::Clear => ChangePlan::Clear,
                            };
                            (update.state as usize, change)
                        })
                        .collect(),
                ),
                Action::Output(output) => ActionPlan::Output {
                    output: output.clone(),
                    key: output.limit.as_ref().map(|limit| compute(limit.key.values)),
                    values: compute(output.values),
                    outlet: outlets.next().unwrap_or_default(),
                },
            },
        })
        .collect();
    let mut items = Vec::new();
    let mut next = steps.iter().enumerate().peekable();
    for (rule, tail) in tails.iter().enumerate() {
        while let Some((place, _)) = next.next_if(|(_, step)| step.after <= rule) {
            items.push(Item::Step(place));
        }
        items.extend(tail.as_ref().map(|_| Item::Tail(rule)));
    }
    items.extend(next.map(|(place, _)| Item::Step(place)));
    let changes = steps.iter().map(|step| match &step.action {
        ActionPlan::On(changes) => changes.len() as u64,
        ActionPlan::Output { .. } => 1,
    });
    let changes = changes.sum::<u64>() + 1;
    StatePlan {
        items,
        changes,
        time: state.time.map(compute),
        states: state.states.iter().map(|state| (state.clone(), compute(state.key.values))).collect(),
        declared: state.states.iter().map(|state| program.state_text(state)).collect(),
        tails,
        steps,
    }
}

/// What the functions that compute something are called, in words that no text can use as a name.
fn computed_names(program: &Program) -> Vec<(FnId, String)> {
    let state = &program.state;
    let key = |key: &Key, of: &str| (key.values, format!("key of {of}"));
    let mut names: Vec<(FnId, String)> = state.time.iter().map(|time| (*time, "time of a record".to_owned())).collect();
    names.extend(state.states.iter().map(|state| key(&state.key, &state.name)));
    for step in &state.steps {
        match &step.action {
            Action::On(updates) => names.extend(updates.iter().filter_map(|update| {
                let name = state.states.get(update.state as usize).map_or("?", |state| state.name.as_str());
                Some((update.change.function()?, format!("value of {name}")))
            })),
            Action::Output(output) => {
                names.extend(output.limit.iter().map(|limit| key(&limit.key, &output.name)));
                names.push((output.values, format!("values of {}", output.name)));
            }
        }
    }
    names
}

/// What functions read of what is kept, themselves or by what they call.
struct Reads {
    functions: Vec<Vec<Read>>,
}

impl Reads {
    fn of(program: &Program) -> Reads {
        let mut reads = Reads { functions: vec![Vec::new(); program.functions.len()] };
        loop {
            let all: Vec<Vec<Read>> = program.functions.iter().map(|function| reads.block(program, &function.body)).collect();
            if all == reads.functions {
                return reads;
            }
            reads.functions = all;
        }
    }

    fn block(&self, program: &Program, block: &[Stmt]) -> Vec<Read> {
        let mut found = Vec::new();
        for stmt in block {
            stmt.exprs(&mut |e| found.extend(read(program, e)));
            stmt.walk(&mut |stmt| {
                if let StmtKind::Call { function, .. } = &stmt.kind {
                    found.extend(self.functions.get(function.index()).into_iter().flatten());
                }
            });
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn rule(&self, program: &Program, rule: &Rule) -> Vec<Read> {
        let mut found = self.block(program, &rule.before);
        found.extend(read(program, &rule.expr));
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// What an expression reads of what is kept.
fn read(program: &Program, e: &Expr) -> Vec<Read> {
    let mut found = Vec::new();
    e.walk(&mut |e| {
        if let ExprKind::Field(id) = e.kind {
            found.extend(program.read_of(id));
        }
    });
    found
}

struct Lowering<'p> {
    program: &'p Program,
    reads: &'p Reads,
    /// The functions' ids in the new program.
    ids: &'p [FnId],
}

impl Lowering<'_> {
    fn is_free(&self, e: &Expr) -> bool {
        read(self.program, e).is_empty()
    }

    /// Calls the functions by their ids in the new program.
    fn calls(&self, stmt: &mut Stmt) {
        if let StmtKind::Call { function, .. } = &mut stmt.kind {
            *function = self.ids[function.index()];
        }
        stmt.blocks_mut().into_iter().flatten().for_each(|stmt| self.calls(stmt));
    }

    /// The parameter that stands for something that is read.
    fn param(&self, read: Read) -> Option<Local> {
        Some(match read {
            Read::State(at) => {
                let state = self.program.state.states.get(at)?;
                Local { ty: state.kind.ty(), nullable: true, name: state.name.clone() }
            }
            Read::Rule(at) => Local { ty: Type::Bool, nullable: false, name: self.program.rules.get(at)?.name.clone() },
        })
    }

    /// Gives a function a parameter for each thing that it reads.
    fn function(&self, function: &mut Function, reads: &[Read]) {
        let shift = reads.len() as u32;
        let params: Vec<Local> = reads.iter().filter_map(|read| self.param(*read)).collect();
        function.frame.locals.splice(0..0, params);
        function.params += shift;
        for stmt in &mut function.body {
            if shift > 0 {
                stmt.locals_mut(&mut |local| local.0 += shift);
            }
            stmt.exprs_mut(&mut |e| self.fields(e, reads));
            self.pass_on(stmt, reads);
        }
    }

    /// Makes what reads tables read parameters.
    fn fields(&self, e: &mut Expr, reads: &[Read]) {
        if let ExprKind::Field(id) = e.kind
            && let Some(at) = self.program.read_of(id).and_then(|kept| reads.iter().position(|read| *read == kept))
        {
            e.kind = ExprKind::Local(LocalId(at as u32));
        }
        e.children_mut(&mut |child| self.fields(child, reads));
    }

    /// Gives functions that are called what they read.
    fn pass_on(&self, stmt: &mut Stmt, reads: &[Read]) {
        let span = stmt.span;
        if let StmtKind::Call { function, args, .. } = &mut stmt.kind {
            let wanted = &self.reads.functions[function.index()];
            let passed = wanted.iter().filter_map(|kept| {
                let at = reads.iter().position(|read| read == kept)?;
                let Local { ty, nullable, .. } = self.param(*kept)?;
                Some(Expr { kind: ExprKind::Local(LocalId(at as u32)), ty, nullable, span })
            });
            args.splice(0..0, passed.collect::<Vec<_>>());
            *function = self.ids[function.index()];
        }
        stmt.blocks_mut().into_iter().flatten().for_each(|stmt| self.pass_on(stmt, reads));
    }

    /// The part of a rule that is run in batches, and the function that decides where that holds.
    fn split(&self, rule: &Rule, reads: &[Read]) -> (Rule, Function) {
        let (mut test, mut rest) = (Vec::new(), Vec::new());
        let items = match &rule.expr.kind {
            ExprKind::Logic { op: LogicOp::And, items } => items.as_slice(),
            _ => std::slice::from_ref(&rule.expr),
        };
        // Whether something before may trap that is not in the test.
        let mut traps = false;
        for item in items {
            let free = self.is_free(item);
            if free && (rest.is_empty() || !traps && !item.can_trap()) {
                test.push(item.clone());
                continue;
            }
            if !traps && !item.can_trap() {
                test.extend(self.weaker(item));
            }
            traps |= item.can_trap();
            rest.push(item.clone());
        }
        let mut before = rule.before.clone();
        let set: Vec<LocalId> = before.iter_mut().flat_map(set_by).collect();
        let uses = rest.iter().any(|item| uses_any(item, &set));
        let reading = !self.reads.block(self.program, &rule.before).is_empty();
        let whole = uses || reading;
        if whole {
            // What the rule calls first belongs to what reads its results.
            (test, rest) = (Vec::new(), vec![rule.expr.clone()]);
        } else {
            before.iter_mut().for_each(|stmt| self.calls(stmt));
        }
        let span = rule.expr.span;
        let mut body = if whole { rule.before.clone() } else { Vec::new() };
        body.push(Stmt { kind: StmtKind::Return(vec![all(rest, span)]), span });
        let mut tail = Function {
            name: format!("rest of {}", rule.name),
            rule: false,
            params: 0,
            results: vec![Answer { ty: Type::Bool, nullable: false }],
            frame: rule.frame.clone(),
            body,
            span: rule.span,
        };
        self.function(&mut tail, reads);
        let before = if whole { Vec::new() } else { before };
        let frame = if whole { Frame::default() } else { rule.frame.clone() };
        let test = Rule { name: rule.name.clone(), meta: rule.meta.clone(), frame, before, expr: all(test, span), span: rule.span };
        (test, tail)
    }

    /// What holds wherever an expression does and looks at the record alone; the expression must not trap.
    fn weaker(&self, e: &Expr) -> Option<Expr> {
        if self.is_free(e) {
            return Some(e.clone());
        }
        let ExprKind::Logic { op, items } = &e.kind else { return None };
        let weaker: Vec<Option<Expr>> = items.iter().map(|item| self.weaker(item)).collect();
        match op {
            LogicOp::And => {
                let known: Vec<Expr> = weaker.into_iter().flatten().collect();
                (!known.is_empty()).then(|| all(known, e.span))
            }
            LogicOp::Or => {
                let known: Vec<Expr> = weaker.into_iter().collect::<Option<_>>()?;
                Some(Expr { kind: ExprKind::Logic { op: LogicOp::Or, items: known }, ..e.clone() })
            }
            LogicOp::Xor => None,
        }
    }
}

/// The locals that a statement sets.
fn set_by(stmt: &mut Stmt) -> Vec<LocalId> {
    let mut found = Vec::new();
    match &stmt.kind {
        StmtKind::Call { results, args, .. } => {
            found.extend(results);
            found.extend(args.iter().filter_map(|arg| match arg.kind {
                ExprKind::Local(local) => Some(local),
                _ => None,
            }));
        }
        _ => stmt.locals_mut(&mut |local| found.push(*local)),
    }
    found
}

fn uses_any(e: &Expr, locals: &[LocalId]) -> bool {
    let mut uses = false;
    e.clone().locals_mut(&mut |local| uses |= locals.contains(local));
    uses
}

/// What holds where all do.
fn all(mut items: Vec<Expr>, span: Span) -> Expr {
    let kind = match items.len() {
        0 => ExprKind::Const(Const::Bool(true)),
        1 => items.swap_remove(0).kind,
        _ => ExprKind::Logic { op: LogicOp::And, items },
    };
    Expr { kind, ty: Type::Bool, nullable: false, span }
}
