//! Calls: of library functions, and of functions of the script.

use quintet_lang::Type;
use quintet_lang::ast::{Expr, ExprKind, FnId, LocalId, SiteId};
use quintet_lang::signature::NilRule;
use quintet_runtime::{BoundFunction, Trap, Value};

use crate::context::Ctx;
use crate::frame::{Callee, Home, Layout};
use crate::generator::Generator;
use crate::kind::{Any, Int, Kind, ValFn, val};
use crate::operand::Source;
use crate::stmt::{Flow, StmtFn, has_test_that_traps, set_value, stmt, trap};
use crate::word::by_arg;

/// What a call needs.
struct Call<A> {
    function: BoundFunction,
    args: A,
    /// Whether a nil argument makes the result nil.
    propagates: bool,
}

impl<A: AsRef<[ValFn<Any>]>> Call<A> {
    /// Evaluates the arguments into `values`, which has a nil for each, and calls.
    #[inline(always)]
    fn run<'a>(&self, cx: &Ctx<'a>, values: &mut [Value<'a>]) -> Option<Value<'a>> {
        for (value, arg) in values.iter_mut().zip(self.args.as_ref()) {
            match arg(cx) {
                Some(arg) => *value = arg,
                None if self.propagates => return None,
                None => {}
            }
        }
        // An argument that trapped looks like nil.
        if !self.propagates && cx.trapped() {
            return None;
        }
        match self.function.call(values, &cx.env.kept.scratch) {
            Ok(value) => Some(value),
            Err(trap) => cx.trap(trap),
        }
    }
}

/// A call of as many arguments as `A` has places.
fn inline<K: Kind, const N: usize>(call: Call<Box<[ValFn<Any>; N]>>) -> ValFn<K>
where
    Box<[ValFn<Any>; N]>: AsRef<[ValFn<Any>; N]>,
{
    let Call { function, args, propagates } = call;
    let call = Call { function, args: *args, propagates };
    val::<K>(move |cx| call.run(cx, &mut [Value::Nil; N]).and_then(K::of))
}

impl Generator<'_> {
    /// A call.
    pub(crate) fn call<K: Kind>(&mut self, id: SiteId, args: &[Expr]) -> ValFn<K> {
        let args: Box<[ValFn<Any>]> = args.iter().map(|arg| self.closure::<Any>(arg)).collect();
        self.full = true;
        let function = self.linked.function(id).clone();
        let propagates = self
            .linked
            .program()
            .sites
            .get(id.index())
            .is_none_or(|site| self.linked.scheme().function(site.function).nil == NilRule::Propagates);
        let args = match args.try_into() {
            Ok(args) => return inline::<K, 1>(Call { function, args, propagates }),
            Err(args) => args,
        };
        let args = match args.try_into() {
            Ok(args) => return inline::<K, 2>(Call { function, args, propagates }),
            Err(args) => args,
        };
        let args = match args.try_into() {
            Ok(args) => return inline::<K, 3>(Call { function, args, propagates }),
            Err(args) => args,
        };
        let call = Call { function, args, propagates };
        val::<K>(move |cx| call.run(cx, cx.env.kept.scratch.locals(call.args.len())).and_then(K::of))
    }
}

/// Evaluates an argument into the frame of the function that is called; false where it is nil.
type ArgFn = Box<dyn for<'a> Fn(&Ctx<'a>, &Callee<'a>) -> bool + Send + Sync>;

struct Arg {
    pass: ArgFn,
    /// Whether the function takes nil for it.
    nullable: bool,
}

struct Invoke {
    function: usize,
    args: Box<[Arg]>,
    /// Whether an argument may be there after a trap.
    checked: bool,
    /// Where each result is, and where it goes.
    results: Box<[(Home, Home)]>,
}

impl Invoke {
    fn run<'a>(&self, cx: &Ctx<'a>) -> Flow {
        let (Some(frames), Some(code)) = (cx.env.frames, cx.env.kept.code.functions.get(self.function)) else {
            return trap(cx, Trap::Calls);
        };
        let Some(callee) = frames.next(cx, self.function, code) else { return trap(cx, Trap::Calls) };
        for arg in &self.args {
            if !(arg.pass)(cx, &callee) {
                if cx.trapped() {
                    return Flow::Trap;
                }
                if !arg.nullable {
                    frames.leave(self.function, &callee);
                    self.results.iter().for_each(|(_, to)| take(cx, None, *to));
                    return Flow::On;
                }
            }
        }
        if self.checked && cx.trapped() {
            return Flow::Trap;
        }
        if !cx.count(1) || !frames.run(cx, code, &callee) {
            return Flow::Trap;
        }
        for (from, to) in &self.results {
            take(cx, Some((&callee, *from)), *to);
        }
        frames.leave(self.function, &callee);
        Flow::On
    }
}

/// Takes a result over into a local; nil where there is none.
#[inline(always)]
fn take<'a>(cx: &Ctx<'a>, from: Option<(&Callee<'a>, Home)>, to: Home) {
    match to {
        Home::Word { at, nullable } => {
            let word = |at: usize| from.and_then(|(callee, _)| callee.words.get(at)).map_or(0, |word| word.get());
            let (value, there) = match from {
                Some((_, Home::Word { at, nullable })) => (word(at), if nullable { word(at + 1) } else { 1 }),
                Some((_, Home::Value { .. })) | None => (0, 0),
            };
            cx.set_local(at, value);
            if nullable {
                cx.set_local(at + 1, there);
            }
        }
        Home::Value { at } => {
            let value = match from {
                Some((callee, Home::Value { at })) => callee.values.get(at).map_or(Value::Nil, |value| value.get()),
                Some((_, Home::Word { .. })) | None => Value::Nil,
            };
            set_value(cx, at, value);
        }
    }
}

/// Passes a word.
#[inline(always)]
fn pass_word(callee: &Callee<'_>, (at, nullable): (usize, bool), word: Option<u64>) -> bool {
    let (Some(word), Some(place)) = (word, callee.words.get(at)) else { return false };
    place.set(word);
    if nullable && let Some(there) = callee.words.get(at + 1) {
        there.set(1);
    }
    true
}

impl Generator<'_> {
    /// A call.
    pub(crate) fn invoke(&mut self, results: &[LocalId], function: FnId, args: &[Expr]) -> StmtFn {
        let program = self.linked.program();
        let Some(callee) = program.functions.get(function.index()) else { return stmt(|cx| trap(cx, Trap::Calls)) };
        let layout = Layout::new(&callee.frame, &callee.results);
        let mut made = Vec::with_capacity(args.len());
        for ((arg, param), home) in args.iter().zip(&callee.frame.locals).zip(&layout.homes) {
            made.push(Arg { pass: self.argument(arg, *home), nullable: param.nullable });
        }
        let homes: Vec<Home> = results.iter().filter_map(|result| self.home(*result)).collect();
        let results = layout.results.into_iter().zip(homes).collect();
        let invoke = Invoke { function: function.index(), args: made.into(), checked: args.iter().any(has_test_that_traps), results };
        stmt(move |cx| invoke.run(cx))
    }

    fn argument(&mut self, arg: &Expr, home: Home) -> ArgFn {
        match (home, &arg.ty, &arg.kind) {
            (Home::Word { at, nullable }, Type::List(..), ExprKind::Local(local)) => match self.word_of(*local) {
                Some(array) => Box::new(move |cx, callee| pass_word(callee, (at, nullable), cx.local(array))),
                None => Box::new(|_, _| false),
            },
            (Home::Word { at, nullable }, Type::Int, _) => by_arg!(self.arg::<Int>(arg), arg => {
                Box::new(move |cx, callee| {
                    let value: Option<i64> = Source::<Int>::get(&arg, cx);
                    pass_word(callee, (at, nullable), value.map(|i| i as u64))
                })
            }),
            (Home::Word { at, nullable }, ..) => {
                let word = self.words(arg);
                Box::new(move |cx, callee| pass_word(callee, (at, nullable), word(cx)))
            }
            (Home::Value { at }, ..) => {
                let value: ValFn<Any> = self.closure::<Any>(arg);
                Box::new(move |cx, callee| match (value(cx), callee.values.get(at)) {
                    (Some(value), Some(place)) => {
                        place.set(value);
                        true
                    }
                    _ => false,
                })
            }
        }
    }
}
