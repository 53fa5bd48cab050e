//! Calls of library functions.

use quintet_lang::ast::{Expr, SiteId};
use quintet_lang::signature::NilRule;
use quintet_runtime::{BoundFunction, Value};

use crate::context::Ctx;
use crate::expr::Builder;
use crate::kind::{Any, Kind, ValFn, val};

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
        match self.function.call(values, cx.env.scratch) {
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

impl Builder<'_> {
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
        val::<K>(move |cx| call.run(cx, cx.env.scratch.locals(call.args.len())).and_then(K::of))
    }
}
