//! From a program to a module: a function with the code of some rules each, which answer for up to 64 records, and the entry points.
//!
//! Rules that stand in one function share what a function costs to compile, which is as much as a small rule.
//!
//! The entry points, and the functions that they call, take the number of a rule, the address of the batch, that of the first record, and the number
//! of records. The one for all rules leaves their answers in memory and takes no notice of the number. The others take up to 64 records and answer
//! with a bit for each.

use std::ops::Range;

use quintet_lang::effects::Steps;
use quintet_runtime::{Linked, Threshold, Trap};
use wasm_encoder::InstructionSink;
use wasm_encoder::ValType::{I32, I64};

use crate::body::{Body, Label, at};
use crate::generator::Generator;
use crate::import::Import;
use crate::module::{Builder, COMMON, Finished, Hole, Target};
use crate::places::{Extent, METER_BETWEEN, METER_START, ROOM, ROOM_START, STALE, STALE_BUT_ROOM};
use crate::script;
use crate::search;

/// The module for a program, by whether its compiler takes one pass; `None` where it is larger than there is room for.
pub(crate) fn module(linked: &Linked, one_pass: bool, extent: Extent, names: bool) -> Option<Finished> {
    let mut builder = Builder::new(search::count(linked.program()), one_pass, names);
    script::functions(linked, &mut builder);
    let rules = linked.program().rules.len();
    let size = (rules, linked.threshold(Threshold::WasmAnswerBytes));
    let most =
        if linked.exceeds(Threshold::WasmGroupedRules, rules) { linked.threshold(Threshold::WasmGroupedRules) } else { rules.max(1) };
    let firsts = (0..rules).step_by(most);
    let groups: Vec<Target> = firsts.map(|first| group(linked, &mut builder, first..rules.min(first + most))).collect();
    let run = run(linked, &mut builder, (&groups, most));
    let test = match groups.as_slice() {
        [] => None,
        [only] => Some(*only),
        [_, _, ..] => Some(test(&mut builder, (&groups, most))),
    };
    builder.finish((run, test), size, extent)
}

/// The function of some rules, which runs one of them by its number among them.
fn group(linked: &Linked, builder: &mut Builder, rules: Range<usize>) -> Target {
    let [rule, base, record, count] = [0, 1, 2, 3];
    let mut body = Body::new(COMMON.params.len());
    let end = push_end(linked, &mut body, record, count);
    let several = rules.len() > 1;
    if several {
        begin_choice(&mut body, rules.len(), |i| _ = i.local_get(rule));
    }
    let name = match (several, &linked.program().rules[rules.start].name) {
        (true, _) => format!("rules_{}_to_{}", rules.start, rules.end - 1),
        (false, name) if name.is_empty() => format!("rule_{}", rules.start),
        (false, name) => format!("rule_{}_{name}", rules.start),
    };
    for rule in rules {
        if several {
            body.end();
        }
        let mark = body.mark();
        let bits;
        (body, bits) = answers(linked, builder, body, rule, (base, record, end));
        body.i().local_get(bits).return_();
        body.release(mark);
    }
    body.i().unreachable();
    builder.add(name, COMMON, body.finish())
}

/// A local with the address behind the last of so many records.
fn push_end(linked: &Linked, body: &mut Body, record: u32, count: u32) -> u32 {
    body.i().local_get(count).i32_const(linked.layout().stride() as i32).i32_mul().local_get(record).i32_add();
    body.pop(I32)
}

/// Writes the code of a rule that answers for the records from the address in the local `first` up to that in `end`. Answers the local with a
/// bit for each.
fn answers(linked: &Linked, builder: &mut Builder, body: Body, index: usize, (base, first, end): (u32, u32, u32)) -> (Body, u32) {
    let rule = &linked.program().rules[index];
    let statements = (!rule.is_expression()).then(|| script::rule(linked, builder, index));
    let mut emitter = Generator::inside(linked, builder, body, rule.frame.locals.len());
    let (record, bits, bit) = (emitter.body.local(I32), emitter.body.local(I64), emitter.body.local(I64));
    (emitter.base, emitter.record) = (base, record);
    let outer = emitter.begin_place(rule.span);
    let plan = linked.rule_plan(index);
    let (counts, looks) = (plan.steps == Steps::Inline, plan.steps == Steps::Looked);
    emitter.looks = looks;
    emitter.body.i().i64_const(0).local_set(bits).i64_const(1).local_set(bit).local_get(first).local_set(record);
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
    emitter.body.i().local_get(bits).local_get(bit).i64_or().local_set(bits);
    if counts {
        emitter.body.br(done);
        emitter.body.end();
        emitter.leave_if_exhausted(trapped);
    }
    if traps {
        emitter.body.br(done);
        emitter.body.end();
        emitter.body.i().i32_const(index as i32).local_get(record);
        if counts {
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
        emitter.host(Import::Trap);
    }
    emitter.body.end();
    let stride = linked.layout().stride() as i32;
    emitter.body.i().local_get(bit).i64_const(1).i64_shl().local_set(bit);
    emitter.body.i().local_get(record).i32_const(stride).i32_add().local_tee(record).local_get(end).i32_ne();
    emitter.body.br_if(next);
    emitter.body.end();
    if counts {
        emitter.begin_steps(METER_BETWEEN);
    }
    emitter.end_place(outer);
    (emitter.body, bits)
}

/// The function that runs all rules on all records.
fn run(linked: &Linked, builder: &mut Builder, groups: (&[Target], usize)) -> Target {
    let [rule, base, record, count] = [0, 1, 2, 3];
    let mut body = Body::new(COMMON.params.len());
    let rules = linked.program().rules.len() as i32;
    let [row, block, now, out] = [(); 4].map(|()| body.local(I32));
    // A row has a word for every 64 records.
    body.i().local_get(count).i32_const(63).i32_add().i32_const(6).i32_shr_u().i32_const(3).i32_shl().local_set(row);
    body.unknown(Hole::Answers);
    body.i().local_set(block);
    let done = body.block();
    let head = body.loop_();
    body.i().local_get(count).i32_eqz();
    body.br_if(done);
    body.i().local_get(count).i32_const(64).local_get(count).i32_const(64).i32_lt_u().select().local_set(now);
    if rules > 0 {
        body.i().local_get(block).local_set(out).i32_const(0).local_set(rule);
        let next = body.loop_();
        body.i().local_get(out);
        choose(&mut body, groups, [rule, base, record, now]);
        body.i().i64_store(at(0));
        if rules > 1 {
            body.i().local_get(out).local_get(row).i32_add().local_set(out);
            body.i().local_get(rule).i32_const(1).i32_add().local_tee(rule).i32_const(rules).i32_lt_u();
            body.br_if(next);
        }
        body.end();
    }
    let stride = linked.layout().stride() as i32;
    body.i().local_get(record).i32_const(stride.wrapping_mul(64)).i32_add().local_set(record);
    body.i().local_get(block).i32_const(8).i32_add().local_set(block);
    body.i().local_get(count).local_get(now).i32_sub().local_set(count);
    body.br(head);
    body.end();
    body.end();
    body.i().i64_const(0);
    builder.add("run", COMMON, body.finish())
}

/// The function that runs one of the rules of several functions.
fn test(builder: &mut Builder, groups: (&[Target], usize)) -> Target {
    let mut body = Body::new(COMMON.params.len());
    choose(&mut body, groups, [0, 1, 2, 3]);
    builder.add("test", COMMON, body.finish())
}

/// Pushes what the rule whose number is in the first local answers, by the function of its group.
fn choose(body: &mut Body, (groups, most): (&[Target], usize), [rule, rest @ ..]: [u32; 4]) {
    let push = |body: &mut Body| rest.iter().for_each(|argument| _ = body.i().local_get(*argument));
    if let [only] = groups {
        body.i().local_get(rule);
        push(body);
        return body.call(*only);
    }
    let answered = body.block_of(I64);
    begin_choice(body, groups.len(), |i| _ = i.local_get(rule).i32_const(most as i32).i32_div_u());
    for group in groups {
        body.end();
        body.i().local_get(rule).i32_const(most as i32).i32_rem_u();
        push(body);
        body.call(*group);
        body.br(answered);
    }
    body.end();
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

/// Opens a block for each of so many cases, behind whose end its code stands, and goes to that of the number that `push` pushes.
fn begin_choice(body: &mut Body, cases: usize, push: impl FnOnce(&mut InstructionSink<'_>)) {
    for _ in 0..cases {
        body.block();
    }
    push(&mut body.i());
    // The innermost block is the first case's; the last case's is also where numbers beyond it would go.
    let last = cases.saturating_sub(1) as u32;
    body.i().br_table((0..last).collect::<Vec<u32>>(), last);
}
