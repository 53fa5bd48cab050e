//! Searching bytes: for needles, with patterns; and slices of them.

use quintet_lang::ast::{Const, Expr, ExprKind, Needle, RegexId, WildcardId};
use quintet_runtime::plan::{SearchPlan, WildcardPlan};
use quintet_runtime::{OneByte, Searcher, ShortNeedle, looked_at, slice};

use crate::compare::{equal_bytes, equal_caseless};
use crate::context::{BoolFn, Ctx, test};
use crate::generator::Generator;
use crate::kind::{Bytes, Int, ValFn, val};
use crate::operand::{Operand, leaf, leaf_bytes, leaf_with};

impl Generator<'_> {
    /// Whether a needle occurs.
    pub(crate) fn contains(&mut self, value: &Expr, needle: &Needle) -> BoolFn {
        match needle {
            Needle::Const(id) => {
                let operand = self.operand::<Bytes>(value);
                let id = *id;
                let anywhere = move |cx: &Ctx<'_>, bytes: &[u8]| {
                    let searcher = cx.env.kept.code.linked.searcher(id);
                    cx.count(Searcher::steps(searcher.needle().len(), bytes.len())) && searcher.is_in(bytes)
                };
                contains(operand, self.linked.searcher(id).needle(), self.linked.plan().needle(id), anywhere)
            }
            Needle::Dynamic(needle) => {
                let (value, needle) = (self.closure::<Bytes>(value), self.closure::<Bytes>(needle));
                test(move |cx| match value(cx) {
                    Some(value) => needle(cx)
                        .is_some_and(|needle| cx.count(Searcher::steps(needle.len(), value.len())) && Searcher::occurs(needle, value)),
                    None => false,
                })
            }
        }
    }

    /// Whether a regular expression matches.
    pub(crate) fn matches(&mut self, value: &Expr, id: RegexId) -> BoolFn {
        let operand = self.operand::<Bytes>(value);
        leaf_with(operand, false, move |cx, bytes| {
            let regex = cx.env.kept.code.linked.regex(id);
            cx.count(regex.steps(bytes.len())) && regex.is_match(bytes)
        })
    }

    /// Whether a wildcard pattern matches.
    pub(crate) fn wildcard(&mut self, value: &Expr, id: WildcardId) -> BoolFn {
        let operand = self.operand::<Bytes>(value);
        let anywhere = move |cx: &Ctx<'_>, bytes: &[u8]| {
            let pattern = cx.env.kept.code.linked.wildcard(id);
            cx.count(pattern.steps(bytes.len())) && pattern.is_match(bytes)
        };
        match self.linked.plan().wildcard(id).clone() {
            WildcardPlan::Equal(whole) if whole.is_caseless() => equal_caseless(operand, whole),
            WildcardPlan::Equal(whole) => equal_bytes(operand, whole.bytes(), false, true),
            WildcardPlan::Prefix(start) => leaf(operand, false, move |bytes| start.begins(bytes)),
            WildcardPlan::Suffix(end) => leaf(operand, false, move |bytes| end.ends(bytes)),
            WildcardPlan::Contains(middle, plan) => contains(operand, &middle, plan, anywhere),
            WildcardPlan::General => leaf_with(operand, false, anywhere),
        }
    }

    /// A slice of bytes.
    pub(crate) fn slice(&mut self, base: &Expr, start: Option<&Expr>, end: Option<&Expr>) -> ValFn<Bytes> {
        let base = self.closure::<Bytes>(base);
        match (bound(start), bound(end)) {
            (Ok(start), Ok(end)) => val::<Bytes>(move |cx| Some(slice(base(cx)?, start, end))),
            _ => {
                let (start, end) = (start.map(|e| self.closure::<Int>(e)), end.map(|e| self.closure::<Int>(e)));
                val::<Bytes>(move |cx| {
                    let base = base(cx)?;
                    let start = match &start {
                        Some(start) => Some(start(cx)?),
                        None => None,
                    };
                    let end = match &end {
                        Some(end) => Some(end(cx)?),
                        None => None,
                    };
                    Some(slice(base, start, end))
                })
            }
        }
    }
}

/// A constant bound of a slice, `None` where it is left out; an error where it is computed.
pub(crate) fn bound(bound: Option<&Expr>) -> Result<Option<i64>, ()> {
    match bound.map(|b| &b.kind) {
        None => Ok(None),
        Some(ExprKind::Const(Const::Int(i))) => Ok(Some(*i)),
        Some(_) => Err(()),
    }
}

/// Whether a constant needle occurs; `anywhere` is the prepared search for it, which is used where the machine has no other.
fn contains(
    operand: Operand<Bytes>,
    needle: &[u8],
    plan: SearchPlan,
    anywhere: impl for<'a> Fn(&Ctx<'a>, &'a [u8]) -> bool + Send + Sync + 'static,
) -> BoolFn {
    match plan {
        SearchPlan::Always => leaf(operand, false, |_| true),
        SearchPlan::Byte(byte) => match OneByte::new(byte) {
            Some(needle) => leaf_bytes(operand, false, move |cx, bytes| cx.count(looked_at(bytes.size())) && needle.is_in(bytes), anywhere),
            None => leaf_with(operand, false, anywhere),
        },
        SearchPlan::Short => match ShortNeedle::new(needle) {
            Some(needle) => leaf_bytes(operand, false, move |cx, bytes| cx.count(looked_at(bytes.size())) && needle.is_in(bytes), anywhere),
            None => leaf_with(operand, false, anywhere),
        },
        SearchPlan::Long => leaf_with(operand, false, anywhere),
    }
}
