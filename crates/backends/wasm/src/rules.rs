//! From a program to a module: a function for many rules, which answers for all records of a call, and what it calls.
//!
//! Where a compiler takes long over each function, however small it is, the rules' code stands inside that function; where it takes long over
//! large ones, each rule has a function of its own.

use quintet_lang::effects::Steps;
use quintet_runtime::{Linked, Threshold, Trap};
use wasm_encoder::ValType::{I32, I64};

use crate::body::{Body, Label, at};
use crate::config::Compiler;
use crate::generator::Generator;
use crate::import::Import;
use crate::module::{Builder, Finished, Hole, Signature, Target};
use crate::places::{METER_START, METER_START_IF_WITHIN, ONLY, ROOM, ROOM_START, STALE, STALE_BUT_ROOM};
use crate::script;
use crate::search;

/// A rule: of the address of the batch, that of the first record, and the number of records (1 to 64), answering a bit for each.
const RULE: Signature = Signature::of(&[I32; 3], &[I64]);

/// The entry point, and a run of rules: of the address of the batch, that of the first record, and the number of records. It runs all rules,
/// or the one that the word at [`ONLY`] says.
const RUN: Signature = Signature::of(&[I32; 3], &[]);

/// Rules whose code stands in one function.
const INSIDE: usize = 64;

/// The module for a program; `None` where it is larger than there is room for.
pub(crate) fn module(linked: &Linked, compiler: Compiler, mapped: bool, names: bool) -> Option<Finished> {
    let inside = compiler == Compiler::Winch;
    let mut builder = Builder::new(search::count(linked.program()), inside);
    script::functions(linked, &mut builder);
    let rules = linked.program().rules.len();
    linked.exceeds(Threshold::WasmGroupedRules, rules);
    let grouped = linked.threshold(Threshold::WasmGroupedRules).max(1);
    let most = if inside { grouped.min(INSIDE) } else { grouped };
    let runs: Vec<Target> = (0..rules).step_by(most).map(|first| run(linked, &mut builder, (first, most.min(rules - first)))).collect();
    let entry = if let [only] = *runs { only } else { all(&mut builder, &runs, most) };
    builder.finish(entry, (rules, linked.threshold(Threshold::WasmAnswerBytes)), mapped, names)
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

/// Locals that a rule's code works with.
struct Turn {
    /// The address of the first record, which moves on.
    record: u32,
    /// The number of records, which becomes 0.
    count: u32,
    /// The answers.
    bits: u32,
}

/// A rule as a function of its own.
fn rule(linked: &Linked, builder: &mut Builder, index: usize) -> Target {
    let mut body = Body::new(RULE.params.len());
    let bits = body.local(I64);
    let mut body = answers(linked, builder, body, index, &Turn { record: 1, count: 2, bits });
    body.i().local_get(bits);
    let name = &linked.program().rules[index].name;
    builder.add(if name.is_empty() { format!("rule_{index}") } else { format!("rule_{index}_{name}") }, RULE, body.finish())
}

/// Writes the code of a rule, whose first local holds the address of the batch.
fn answers(linked: &Linked, builder: &mut Builder, body: Body, index: usize, turn: &Turn) -> Body {
    let rule = &linked.program().rules[index];
    let statements = (!rule.is_expression()).then(|| script::rule(linked, builder, index));
    let mark = body.mark();
    let mut emitter = Generator::inside(linked, builder, body, rule.frame.locals.len());
    let Turn { record, count, bits } = *turn;
    emitter.record = record;
    let bit = emitter.body.local(I64);
    // Another rule may have left something there.
    emitter.body.i().i64_const(0).local_set(bits).i64_const(0).local_set(bit);
    let plan = linked.plan().rule(index);
    let (counts, looks) = (plan.steps == Steps::Inline, plan.steps == Steps::Looked);
    if looks {
        emitter.begin_steps(METER_START_IF_WITHIN);
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
        emitter.exhausted();
        emitter.body.if_(None);
        // The only record of the call, after which `record` is.
        emitter.body.i().i32_const(index as i32).local_get(record).i32_const(stride).i32_sub().i32_const(Trap::Budget.code() as i32);
        emitter.body.call(Target::Import(Import::Trap));
        emitter.body.i().i64_const(0).local_set(bits);
        emitter.body.end();
    }
    let mut body = emitter.body;
    body.release(mark);
    body
}

/// The function that runs so many rules from a first one on, on all records; or one of them.
fn run(linked: &Linked, builder: &mut Builder, (first, many): (usize, usize)) -> Target {
    // In a program of one rule it is always that one.
    let choice = linked.program().rules.len() > 1;
    let targets: Option<Vec<Target>> = (!builder.inside).then(|| (first..first + many).map(|index| rule(linked, builder, index)).collect());
    let [base, record, count] = [0, 1, 2];
    let mut body = Body::new(RUN.params.len());
    let [row, block, now, out, rule, only, at_record, left] = [(); 8].map(|()| body.local(I32));
    let bits = body.local(I64);
    // A row has a word for every 64 records.
    body.i().local_get(count).i32_const(63).i32_add().i32_const(6).i32_shr_u().i32_const(3).i32_shl().local_set(row);
    body.unknown(Hole::Answers);
    body.i().local_set(block);
    if choice {
        body.i().i32_const(0).i32_load(at(ONLY)).local_tee(only).i32_eqz();
        body.if_(None);
        body.i().local_get(block).local_get(row).i32_const(first as i32).i32_mul().i32_add().local_set(block);
        body.end();
    }
    let end = body.block();
    let head = body.loop_();
    body.i().local_get(count).i32_eqz();
    body.br_if(end);
    body.i().local_get(count).i32_const(64).local_get(count).i32_const(64).i32_lt_u().select().local_set(now);
    body.i().local_get(block).local_set(out);
    if choice {
        // `only` counts from 1.
        body.i().local_get(only).i32_const(first as i32 + 1).i32_sub().i32_const(0).local_get(only).select().local_set(rule);
    }
    // One after the other where each is a call.
    let straight = targets.as_ref().filter(|_| choice).map(|targets| {
        let (apart, one) = (body.block(), body.block());
        body.i().local_get(only);
        body.br_if(one);
        for target in targets {
            body.i().local_get(out).local_get(base).local_get(record).local_get(now);
            body.call(*target);
            body.i().i64_store(at(0)).local_get(out).local_get(row).i32_add().local_set(out);
        }
        body.br(apart);
        body.end();
    });
    let next = choice.then(|| {
        let next = body.loop_();
        let done = body.block();
        let cases: Vec<Label> = (0..many).map(|_| body.block()).collect();
        body.i().local_get(rule);
        // The innermost block is the first rule's; the last rule's is also where numbers beyond it would go.
        let last = many.saturating_sub(1) as u32;
        body.i().br_table((0..last).collect::<Vec<u32>>(), last);
        (next, done, cases.len())
    });
    for i in 0..many {
        if choice {
            body.end();
        }
        match &targets {
            Some(targets) => {
                body.i().local_get(base).local_get(record).local_get(now);
                body.call(targets[i]);
                body.i().local_set(bits);
            }
            None => {
                body.i().local_get(record).local_set(at_record).local_get(now).local_set(left);
                body = answers(linked, builder, body, first + i, &Turn { record: at_record, count: left, bits });
            }
        }
        if let Some((_, done, many)) = next
            && i + 1 < many
        {
            body.br(done);
        }
    }
    if let Some((next, _, many)) = next {
        body.end();
        body.i().local_get(out).local_get(bits).i64_store(at(0)).local_get(out).local_get(row).i32_add().local_set(out);
        body.i().local_get(rule).i32_const(1).i32_add().local_tee(rule).i32_const(many as i32).i32_lt_u();
        body.i().local_get(only).i32_eqz().i32_and();
        body.br_if(next);
        body.end();
        if straight.is_some() {
            body.end();
        }
    } else if many > 0 {
        body.i().local_get(out).local_get(bits).i64_store(at(0));
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

/// The entry point for many runs of rules, each but the last of so many.
fn all(builder: &mut Builder, runs: &[Target], most: usize) -> Target {
    let [base, record, count] = [0, 1, 2];
    let mut body = Body::new(RUN.params.len());
    let only = body.local(I32);
    body.i().i32_const(0).i32_load(at(ONLY)).local_set(only);
    for (i, run) in runs.iter().enumerate() {
        // Whether it has the only rule, or all are run.
        body.i()
            .local_get(only)
            .i32_eqz()
            .local_get(only)
            .i32_const((i * most) as i32 + 1)
            .i32_sub()
            .i32_const(most as i32)
            .i32_lt_u()
            .i32_or();
        body.if_(None);
        body.i().local_get(base).local_get(record).local_get(count);
        body.call(*run);
        body.end();
    }
    builder.add("run_all", RUN, body.finish())
}
