//! From a program to a module: a function per rule that answers for up to 64 records, the entry point that calls them all, and one that
//! calls one of them. Where functions are dear to compile, a function has the code of many rules and runs one of them.

use std::ops::Range;

use quintet_lang::effects::Steps;
use quintet_runtime::{Linked, Threshold, Trap};
use wasm_encoder::ValType::{I32, I64};

use crate::body::{Body, Label, at};
use crate::generator::Generator;
use crate::import::Import;
use crate::module::{Builder, Finished, Hole, Signature, Target};
use crate::places::{Extent, METER_START, METER_START_IF_WITHIN, ROOM, ROOM_START, STALE, STALE_BUT_ROOM};
use crate::script;
use crate::search;

/// A rule: of the address of the batch, that of the first record, and the number of records (1 to 64), answering a bit for each.
const RULE: Signature = Signature::of(&[I32; 3], &[I64]);

/// A run of rules: as [`RULE`], then where the first rule's answer goes, and the bytes from one rule's answer to that of the next.
const GROUP: Signature = Signature::of(&[I32; 5], &[]);

/// The entry point: of the address of the batch, that of the first record, and the number of records.
const RUN: Signature = Signature::of(&[I32; 3], &[]);

/// One rule of many: its number, then as [`RULE`].
const PICK: Signature = Signature::of(&[I32; 4], &[I64]);

/// The entry point for one rule: its number, then as [`RUN`].
const ONE: Signature = Signature::of(&[I32; 4], &[]);

/// Rules whose code stands in one function, where it does.
const INSIDE: usize = 64;

/// The module for a program, with the code of rules `inside` of few functions or each in its own; `None` where it is larger than there is room
/// for.
pub(crate) fn module(linked: &Linked, inside: bool, extent: Extent, names: bool) -> Option<Finished> {
    let mut builder = Builder::new(search::count(linked.program()), inside, names);
    script::functions(linked, &mut builder);
    let size = (linked.program().rules.len(), linked.threshold(Threshold::WasmAnswerBytes));
    let grouped = linked.exceeds(Threshold::WasmGroupedRules, size.0);
    if inside && size.0 > 1 {
        let most = if grouped { linked.threshold(Threshold::WasmGroupedRules).clamp(1, INSIDE) } else { INSIDE };
        let firsts = (0..size.0).step_by(most);
        let groups: Vec<Target> = firsts.map(|first| within(linked, &mut builder, first..size.0.min(first + most))).collect();
        let test = if let [only] = *groups { only } else { pick(&mut builder, &groups, Some(most)) };
        let run = run(linked, &mut builder, &Calls::Pick(test, size.0));
        let one = one(linked, &mut builder, test);
        return builder.finish((run, Some(one), Some(test)), size, extent);
    }
    let rules: Vec<Target> = (0..linked.program().rules.len()).map(|index| rule(linked, &mut builder, index)).collect();
    let calls = if grouped {
        let most = linked.threshold(Threshold::WasmGroupedRules);
        Calls::Groups(rules.chunks(most).map(|rules| (group(&mut builder, rules), rules.len())).collect())
    } else {
        Calls::Rules(rules.clone())
    };
    let run = run(linked, &mut builder, &calls);
    // Where there is one rule, running all does it.
    let (one, test) = match rules.as_slice() {
        [] => (None, None),
        [only] => (None, Some(*only)),
        _ => {
            let test = any(linked, &mut builder, &rules);
            (Some(one(linked, &mut builder, test)), Some(test))
        }
    };
    builder.finish((run, one, test), size, extent)
}

impl Generator<'_> {
    /// Runs the function of a rule with statements; goes to a label where the rule does not match.
    fn statements(&mut self, function: Target, failed: Label) {
        self.body.i().i32_const(0).i32_const(STALE_BUT_ROOM as i32).i32_store(at(STALE));
        self.body.i().i32_const(0).i32_const(0).i32_load(at(ROOM_START)).i32_store(at(ROOM));
        self.body.i().local_get(self.base).local_get(self.record);
        self.body.call(function);
        self.status();
        self.body.br_unless(failed);
    }
}

/// A rule as a function of its own.
fn rule(linked: &Linked, builder: &mut Builder, index: usize) -> Target {
    let body = answers(linked, builder, Body::new(RULE.params.len()), index, [1, 2]);
    let name = &linked.program().rules[index].name;
    builder.add(if name.is_empty() { format!("rule_{index}") } else { format!("rule_{index}_{name}") }, RULE, body.finish())
}

/// The function that runs one of some rules, whose code stands in it, by its number among them.
fn within(linked: &Linked, builder: &mut Builder, rules: Range<usize>) -> Target {
    let mut body = Body::new(PICK.params.len());
    begin_choice(&mut body, rules.len(), None);
    for index in rules {
        body.end();
        let mark = body.mark();
        body = answers(linked, builder, body, index, [2, 3]);
        body.i().return_();
        body.release(mark);
    }
    body.i().unreachable();
    builder.add("within", PICK, body.finish())
}

/// Writes the code that leaves a rule's answers on the stack. The locals are those with the address of the first record and with how many
/// there are, which it changes; that of the batch is the one before. All others that it takes are 0 at first: nothing else has run in the
/// function.
fn answers(linked: &Linked, builder: &mut Builder, body: Body, index: usize, [record, count]: [u32; 2]) -> Body {
    let rule = &linked.program().rules[index];
    let statements = (!rule.is_expression()).then(|| script::rule(linked, builder, index));
    let mut emitter = Generator::inside(linked, builder, body, rule.frame.locals.len());
    (emitter.base, emitter.record) = (record - 1, record);
    let (bits, bit) = (emitter.body.local(I64), emitter.body.local(I64));
    let outer = emitter.begin_place(rule.span);
    let plan = linked.rule_plan(index);
    let (counts, looks) = (plan.steps == Steps::Inline, plan.steps == Steps::Looked);
    if looks {
        emitter.begin_steps(METER_START_IF_WITHIN);
        emitter.looked = Some(emitter.body.local(I64));
    }
    let next = emitter.body.loop_();
    let traps = counts || plan.traps;
    // Where the record's answer is known, where it is a trap, and where it is no match.
    let done = emitter.body.block();
    let trapped = if traps { emitter.body.block() } else { done };
    let failed = if counts { emitter.body.block() } else { done };
    (emitter.trapped, emitter.never) = (trapped, failed);
    if counts {
        emitter.begin_steps(METER_START);
    }
    if let Some(statements) = statements {
        emitter.statements(statements, failed);
    } else {
        if plan.makes_values {
            emitter.body.i().i32_const(0).i32_const(1).i32_store(at(STALE));
        }
        emitter.branch(&rule.expr, false, failed);
    }
    if counts {
        emitter.leave_if_exhausted(trapped);
    }
    emitter.body.i().local_get(bits).i64_const(1).local_get(bit).i64_shl().i64_or().local_set(bits);
    if counts {
        emitter.body.br(done);
        emitter.body.end();
        emitter.leave_if_exhausted(trapped);
    }
    if traps {
        emitter.body.br(done);
        emitter.body.end();
        emitter.count_looked();
        emitter.body.i().i32_const(index as i32).local_get(record);
        if counts || looks {
            // Once the budget is used up, other traps are void.
            if statements.is_some() {
                emitter.body.i().local_get(emitter.code).i32_const(-(Trap::placed(1) as i32)).i32_and();
                emitter.body.i().i32_const(Trap::Budget.code() as i32).i32_or();
            } else {
                emitter.body.i().i32_const(Trap::Budget.code() as i32);
            }
            emitter.body.i().local_get(emitter.code);
            emitter.exhausted();
            emitter.body.i().select();
        } else {
            emitter.body.i().local_get(emitter.code);
        }
        emitter.body.call(Target::Import(Import::Trap));
        if looks {
            // The end of the call has nothing more to say.
            emitter.begin_steps(METER_START_IF_WITHIN);
        }
    }
    emitter.body.end();
    let stride = linked.layout().stride() as i32;
    emitter.body.i().local_get(record).i32_const(stride).i32_add().local_set(record);
    emitter.body.i().local_get(bit).i64_const(1).i64_add().local_set(bit);
    emitter.body.i().local_get(count).i32_const(1).i32_sub().local_tee(count);
    emitter.body.br_if(next);
    emitter.body.end();
    if looks {
        emitter.count_looked();
        emitter.exhausted();
        emitter.body.if_(None);
        // The only record of the call, after which `record` is.
        emitter.body.i().i32_const(index as i32).local_get(record).i32_const(stride).i32_sub().i32_const(Trap::Budget.code() as i32);
        emitter.body.call(Target::Import(Import::Trap));
        emitter.body.i().i64_const(0).local_set(bits);
        emitter.body.end();
    }
    emitter.body.i().local_get(bits);
    emitter.end_place(outer);
    emitter.body
}

fn group(builder: &mut Builder, rules: &[Target]) -> Target {
    let [base, record, count, out, row] = [0, 1, 2, 3, 4];
    let mut body = Body::new(GROUP.params.len());
    for rule in rules {
        answer(&mut body, *rule, [base, record, count], out, row);
    }
    builder.add("group", GROUP, body.finish())
}

/// Stores a rule's answer and goes to the place of the next.
fn answer(body: &mut Body, rule: Target, params: [u32; 3], out: u32, row: u32) {
    body.i().local_get(out);
    for param in params {
        body.i().local_get(param);
    }
    body.call(rule);
    body.i().i64_store(at(0)).local_get(out).local_get(row).i32_add().local_set(out);
}

/// What is called so that all rules run.
enum Calls {
    /// A function for each.
    Rules(Vec<Target>),
    /// A function for so many each.
    Groups(Vec<(Target, usize)>),
    /// A function that runs one of so many by its number.
    Pick(Target, usize),
}

/// The function that runs all rules on all records.
fn run(linked: &Linked, builder: &mut Builder, calls: &Calls) -> Target {
    let [base, record, count] = [0, 1, 2];
    let mut body = Body::new(RUN.params.len());
    let (row, block, now, out) = (body.local(I32), body.local(I32), body.local(I32), body.local(I32));
    // A row has a word for every 64 records.
    body.i().local_get(count).i32_const(63).i32_add().i32_const(6).i32_shr_u().i32_const(3).i32_shl().local_set(row);
    body.unknown(Hole::Answers);
    body.i().local_set(block);
    let end = body.block();
    let head = body.loop_();
    body.i().local_get(count).i32_eqz();
    body.br_if(end);
    body.i().local_get(count).i32_const(64).local_get(count).i32_const(64).i32_lt_u().select().local_set(now);
    body.i().local_get(block).local_set(out);
    match calls {
        Calls::Rules(rules) => rules.iter().for_each(|rule| answer(&mut body, *rule, [base, record, now], out, row)),
        Calls::Groups(groups) => {
            for (group, size) in groups {
                body.i().local_get(base).local_get(record).local_get(now).local_get(out).local_get(row);
                body.call(*group);
                body.i().local_get(out).local_get(row).i32_const(*size as i32).i32_mul().i32_add().local_set(out);
            }
        }
        Calls::Pick(target, rules) => {
            let rule = body.local(I32);
            body.i().i32_const(0).local_set(rule);
            let next = body.loop_();
            body.i().local_get(out).local_get(rule).local_get(base).local_get(record).local_get(now);
            body.call(*target);
            body.i().i64_store(at(0)).local_get(out).local_get(row).i32_add().local_set(out);
            body.i().local_get(rule).i32_const(1).i32_add().local_tee(rule).i32_const(*rules as i32).i32_lt_u();
            body.br_if(next);
            body.end();
        }
    }
    let stride = linked.layout().stride() as i32;
    body.i().local_get(record).i32_const(stride.wrapping_mul(64)).i32_add().local_set(record);
    body.i().local_get(block).i32_const(8).i32_add().local_set(block);
    body.i().local_get(count).local_get(now).i32_sub().local_set(count);
    body.br(head);
    body.end();
    body.end();
    builder.add("run", RUN, body.finish())
}

/// The function that runs one of all rules, each of which has a function, by its number on up to 64 records.
fn any(linked: &Linked, builder: &mut Builder, rules: &[Target]) -> Target {
    let most = linked.threshold(Threshold::WasmGroupedRules).max(1);
    if rules.len() > most {
        let groups: Vec<Target> = rules.chunks(most).map(|rules| pick(builder, rules, None)).collect();
        pick(builder, &groups, Some(most))
    } else {
        pick(builder, rules, None)
    }
}

/// The function that runs one rule on all records, by one that does it for up to 64 of them.
fn one(linked: &Linked, builder: &mut Builder, pick: Target) -> Target {
    let [rule, base, record, count] = [0, 1, 2, 3];
    let mut body = Body::new(ONE.params.len());
    let (now, out) = (body.local(I32), body.local(I32));
    body.unknown(Hole::Answers);
    body.i().local_set(out);
    let end = body.block();
    let head = body.loop_();
    body.i().local_get(count).i32_eqz();
    body.br_if(end);
    body.i().local_get(count).i32_const(64).local_get(count).i32_const(64).i32_lt_u().select().local_set(now);
    body.i().local_get(out).local_get(rule).local_get(base).local_get(record).local_get(now);
    body.call(pick);
    body.i().i64_store(at(0)).local_get(out).i32_const(8).i32_add().local_set(out);
    let stride = linked.layout().stride() as i32;
    body.i().local_get(record).i32_const(stride.wrapping_mul(64)).i32_add().local_set(record);
    body.i().local_get(count).local_get(now).i32_sub().local_set(count);
    body.br(head);
    body.end();
    body.end();
    builder.add("one", ONE, body.finish())
}

/// Opens a block for each of so many cases, behind whose end its code stands, and goes to that of the rule whose number is the first local's, or
/// to the one with it where each is for so many.
fn begin_choice(body: &mut Body, cases: usize, of: Option<usize>) {
    for _ in 0..cases {
        body.block();
    }
    body.i().local_get(0);
    if let Some(of) = of {
        body.i().i32_const(of as i32).i32_div_u();
    }
    // The innermost block is the first case's; the last case's is also where numbers beyond it would go.
    let last = cases.saturating_sub(1) as u32;
    body.i().br_table((0..last).collect::<Vec<u32>>(), last);
}

/// A function that calls one of these, each a rule or, where `of` says so, a pick among so many rules.
fn pick(builder: &mut Builder, targets: &[Target], of: Option<usize>) -> Target {
    let [rule, base, record, count] = [0, 1, 2, 3];
    let mut body = Body::new(PICK.params.len());
    begin_choice(&mut body, targets.len(), of);
    for target in targets {
        body.end();
        if let Some(of) = of {
            body.i().local_get(rule).i32_const(of as i32).i32_rem_u();
        }
        body.i().local_get(base).local_get(record).local_get(count);
        body.call(*target);
        body.i().return_();
    }
    body.i().unreachable();
    builder.add("pick", PICK, body.finish())
}
