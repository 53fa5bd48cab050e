//! Tests and slices of bytes.

use quintet_lang::ast::{Const, Expr, ExprKind, Needle, RegexId, Wildcard, WildcardId};
use quintet_runtime::{Linked, Searcher, Threshold, looked_at, slice};

use crate::compare::equal_bytes;
use crate::context::{BoolFn, Ctx, test};
use crate::generator::Generator;
use crate::kind::{Bytes, Int, ValFn, val};
use crate::operand::{Operand, leaf, leaf_bytes, leaf_with};
use crate::search::{OneByte, ShortNeedle};

impl Generator<'_> {
    /// Whether a needle occurs.
    pub(crate) fn contains(&mut self, value: &Expr, needle: &Needle) -> BoolFn {
        match needle {
            Needle::Const(id) => {
                let operand = self.operand::<Bytes>(value);
                let id = *id;
                let anywhere = move |cx: &Ctx<'_>, bytes: &[u8]| {
                    let searcher = cx.env.code.linked.searcher(id);
                    cx.count(Searcher::steps(searcher.needle().len(), bytes.len())) && searcher.is_in(bytes)
                };
                contains(self.linked, operand, self.linked.searcher(id).needle(), anywhere)
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
            let regex = cx.env.code.linked.regex(id);
            cx.count(regex.steps(bytes.len())) && regex.is_match(bytes)
        })
    }

    /// Whether a wildcard pattern matches.
    pub(crate) fn wildcard(&mut self, value: &Expr, id: WildcardId) -> BoolFn {
        let operand = self.operand::<Bytes>(value);
        let anywhere = move |cx: &Ctx<'_>, bytes: &[u8]| {
            let pattern = cx.env.code.linked.wildcard(id);
            cx.count(pattern.steps(bytes.len())) && pattern.is_match(bytes)
        };
        // The closures for some shapes count no steps, or those of `contains`.
        let short = |pattern: &&Wildcard| looked_at(pattern.parts.iter().map(Vec::len).sum()) == 0;
        let Some(pattern) = self.linked.program().wildcards.get(id.index()).filter(|pattern| pattern.strict).filter(short) else {
            return leaf_with(operand, false, anywhere);
        };
        match pattern.parts.iter().map(Vec::as_slice).collect::<Vec<_>>()[..] {
            [whole] => equal_bytes(operand, whole, false, true),
            [start, []] => {
                let start: Box<[u8]> = start.into();
                leaf(operand, false, move |bytes| bytes.starts_with(&start))
            }
            [[], end] => {
                let end: Box<[u8]> = end.into();
                leaf(operand, false, move |bytes| bytes.ends_with(&end))
            }
            [[], middle, []] => contains(self.linked, operand, middle, anywhere),
            _ => leaf_with(operand, false, anywhere),
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

/// Whether a constant needle occurs; `anywhere` is the prepared search for it.
fn contains(
    linked: &Linked,
    operand: Operand<Bytes>,
    needle: &[u8],
    anywhere: impl for<'a> Fn(&Ctx<'a>, &'a [u8]) -> bool + Send + Sync + 'static,
) -> BoolFn {
    match *needle {
        [] => leaf(operand, false, |_| true),
        [byte] => match OneByte::new(byte) {
            Some(needle) => leaf_bytes(operand, false, move |cx, bytes| cx.count(looked_at(bytes.len())) && needle.is_in(bytes), anywhere),
            None => leaf_with(operand, false, anywhere),
        },
        _ if linked.exceeds(Threshold::ClosuresNeedleBytes, needle.len()) => leaf_with(operand, false, anywhere),
        _ => match ShortNeedle::new(needle) {
            Some(needle) => leaf_bytes(operand, false, move |cx, bytes| cx.count(looked_at(bytes.len())) && needle.is_in(bytes), anywhere),
            None => leaf_with(operand, false, anywhere),
        },
    }
}
