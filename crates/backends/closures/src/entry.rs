//! Calls of functions by the host.

use quintet_lang::ast::{FnId, Function};
use quintet_runtime::{Fault, OwnedValue, Trap, Value, hand_out};

use crate::code::FnCode;
use crate::context::{Ctx, Env};
use crate::frame::{Callee, Frames, Home, value_of};
use crate::instance::{Place, State};

impl State {
    /// Calls a function that takes these arguments, and copies its results.
    pub(crate) fn call<'a>(
        &'a mut self,
        (id, function): (FnId, &'a Function),
        Place { memory, record }: Place<'a>,
        (args, results): (&[Value<'a>], &mut Vec<Option<OwnedValue>>),
    ) -> Result<(), Fault> {
        self.kept.scratch.reset();
        let kept = &self.kept;
        let frames = Frames::new(&kept.stack);
        let env = Env { frames: Some(&frames), ..kept.env() };
        let cx = Ctx { memory, record, env: &env };
        let done = call(&cx, &frames, (id, function), args, results);
        kept.stack.give_back(frames.lists.get());
        let noted = kept.trap.take();
        let trap = noted.or_else(|| kept.scratch.is_exhausted().then_some(Trap::Budget)).or(done.err());
        match trap {
            None => Ok(()),
            Some(trap) => {
                kept.scratch.begin_steps();
                let place = kept.place.take();
                Err(kept.code.linked.call_fault(id, trap.at(place)).unwrap_or(Fault { trap, span: function.span }))
            }
        }
    }
}

fn call<'a>(
    cx: &Ctx<'a>,
    frames: &Frames<'a>,
    (id, function): (FnId, &'a Function),
    args: &[Value<'a>],
    results: &mut Vec<Option<OwnedValue>>,
) -> Result<(), Trap> {
    let code = cx.env.kept.code.functions.get(id.index()).ok_or(Trap::Calls)?;
    let callee = frames.next(cx, id.index(), code).ok_or(Trap::Calls)?;
    pass(code, &callee, args);
    if !cx.count(1) {
        return Err(Trap::Budget);
    }
    if !frames.run(cx, code, &callee) {
        // What trapped has said so.
        return Ok(());
    }
    let found = function.results.iter().zip(&code.results).map(|(answer, home)| match *home {
        Home::Word { at, nullable } => {
            let word = |at: usize| callee.words.get(at).map_or(0, |word| word.get());
            if nullable && word(at + 1) == 0 { Value::Nil } else { value_of(&answer.ty, word(at)) }
        }
        Home::Value { at } => callee.values.get(at).map_or(Value::Nil, |value| value.get()),
    });
    hand_out(found, &cx.env.kept.scratch, results)
}

/// Puts arguments where a function looks for them.
fn pass<'a>(code: &FnCode, callee: &Callee<'a>, args: &[Value<'a>]) {
    for (arg, home) in args.iter().zip(&code.params) {
        match *home {
            Home::Word { at, nullable } => {
                let word = match *arg {
                    Value::Bool(b) => u64::from(b),
                    Value::Int(i) => i as u64,
                    Value::U32(u) => u64::from(u),
                    Value::Float(f) => f.to_bits(),
                    Value::Nil | Value::Bytes(_) | Value::Ip(_) | Value::Array(_) | Value::Map(_) => 0,
                };
                if let Some(place) = callee.words.get(at) {
                    place.set(word);
                }
                if nullable && let Some(there) = callee.words.get(at + 1) {
                    there.set(u64::from(!arg.is_nil()));
                }
            }
            Home::Value { at } => {
                if let Some(place) = callee.values.get(at) {
                    place.set(*arg);
                }
            }
        }
    }
}
