//! Loops: quantifiers and collected arrays.

use quintet_lang::ast::{Clause, Each, Expr, ExprKind, LocalId, Needle, Quantifier};
use quintet_runtime::{ArrayRef, MapRef, Threshold, Value, inlined_body, is_leaf, looked_at};

use crate::compare::size_of;
use crate::context::{BoolFn, Ctx, test};
use crate::generator::Generator;
use crate::kind::{Any, ValFn, val};
use crate::logic::Not;
use crate::operand::Fused;
use crate::place::{At, Computed, Elements, Run, by_place};

/// A clause of a loop.
enum Step {
    /// Walks these in lockstep, so many of them without a heap allocation; whether what that takes is counted before.
    For(bool, Vec<Source>, usize),
    /// Binds a local to a slot of the batch.
    Place(usize, Computed),
    /// Binds a local to a value.
    Value(usize, ValFn<Any>),
}

/// What a loop walks.
enum Source {
    /// What is stored in the batch: the local stands for one slot after the other.
    Stored(usize, Elements),
    /// A value.
    Value(usize, ValFn<Any>),
}

/// A source during the loop.
#[derive(Clone, Copy)]
enum Cursor<'a> {
    Stored { local: usize, run: Run, step: usize },
    Array { local: usize, array: ArrayRef<'a> },
    Map { local: usize, map: MapRef<'a> },
    Empty,
}

impl Source {
    fn cursor<'a>(&self, cx: &Ctx<'a>) -> Cursor<'a> {
        match self {
            Source::Stored(local, elements) => Cursor::Stored { local: *local, run: elements.run(cx), step: elements.step },
            Source::Value(local, value) => match value(cx) {
                Some(Value::Array(array)) => Cursor::Array { local: *local, array },
                Some(Value::Map(map)) => Cursor::Map { local: *local, map },
                _ => Cursor::Empty,
            },
        }
    }
}

impl<'a> Cursor<'a> {
    fn len(&self) -> usize {
        match self {
            Cursor::Stored { run, .. } => run.len,
            Cursor::Array { array, .. } => array.len(),
            Cursor::Map { map, .. } => map.len(),
            Cursor::Empty => 0,
        }
    }

    fn bind(&self, cx: &Ctx<'a>, index: usize) {
        match self {
            Cursor::Stored { local, run, step } => set_slot(cx, *local, run.at + index * step),
            Cursor::Array { local, array } => set_value(cx, *local, array.get(index)),
            Cursor::Map { local, map } => set_value(cx, *local, map.entry(index).1),
            Cursor::Empty => {}
        }
    }
}

#[inline(always)]
fn set_slot(cx: &Ctx<'_>, local: usize, at: usize) {
    if let Some(slot) = cx.env.kept.slots.get(local) {
        slot.set(at);
    }
}

#[inline(always)]
fn set_value<'a>(cx: &Ctx<'a>, local: usize, value: Value<'a>) {
    if let Some(place) = cx.env.values.get().get(local) {
        place.set(value);
    }
}

/// Most sources that there is a place for on the stack; see [`Threshold::ClosuresLoopSources`].
const INLINE_SOURCES: usize = 4;

/// Visits every element of nested loops until `visit` answers true or something traps; answers whether it stopped early.
fn walk<'a>(steps: &[Step], cx: &Ctx<'a>, visit: &mut dyn FnMut() -> bool) -> bool {
    let Some((step, inner)) = steps.split_first() else {
        return visit() || cx.trapped();
    };
    match step {
        Step::For(leaf, sources, most) => {
            let mut inline = [Cursor::Empty; INLINE_SOURCES];
            let mut heap = Vec::new();
            let cursors = match inline.get_mut(..sources.len()) {
                Some(cursors) if sources.len() <= *most => cursors,
                _ => {
                    heap.resize(sources.len(), Cursor::Empty);
                    &mut heap
                }
            };
            for (cursor, source) in cursors.iter_mut().zip(sources) {
                *cursor = source.cursor(cx);
            }
            let len = cursors.iter().map(Cursor::len).min().unwrap_or(0);
            if cx.trapped() {
                return true;
            }
            if *leaf && !cx.count(looked_at(len * 16)) {
                return true;
            }
            (0..len).any(|index| {
                if !leaf && !cx.count(1) {
                    return true;
                }
                for cursor in cursors.iter() {
                    cursor.bind(cx, index);
                }
                walk(inner, cx, visit)
            })
        }
        Step::Place(local, place) => match place.at(cx) {
            Some(at) => {
                set_slot(cx, *local, at);
                walk(inner, cx, visit)
            }
            None => cx.trapped(),
        },
        Step::Value(local, value) => match value(cx) {
            Some(value) => {
                set_value(cx, *local, value);
                walk(inner, cx, visit)
            }
            None => cx.trapped(),
        },
    }
}

impl Generator<'_> {
    /// The clauses of a loop.
    fn steps(&mut self, each: &Each) -> Vec<Step> {
        let leaf = is_leaf(self.linked, each);
        each.clauses
            .iter()
            .map(|clause| match clause {
                Clause::For(sources) => {
                    self.linked.exceeds(Threshold::ClosuresLoopSources, sources.len());
                    let most = self.linked.threshold(Threshold::ClosuresLoopSources);
                    Step::For(leaf, sources.iter().map(|(local, source)| self.source(*local, source, leaf)).collect(), most)
                }
                Clause::Let(local, value) => match self.place(value) {
                    Some(place) => {
                        let place = by_place!(place, place => Computed::new(move |cx| place.at(cx)));
                        Step::Place(self.bind_slot(*local), place)
                    }
                    None => {
                        let value = self.closure::<Any>(value);
                        Step::Value(self.bind_value(*local), value)
                    }
                },
            })
            .collect()
    }

    fn source(&mut self, local: LocalId, source: &Expr, leaf: bool) -> Source {
        match self.place(source) {
            Some(place) => Source::Stored(self.bind_slot(local), Elements::new(place, &source.ty, leaf)),
            None => {
                let value = self.closure::<Any>(source);
                Source::Value(self.bind_value(local), value)
            }
        }
    }

    /// Whether the body holds for any, or for all elements.
    pub(crate) fn quantifier(&mut self, quantifier: Quantifier, each: &Each) -> BoolFn {
        let any = quantifier.decisive();
        let inlined = inlined_body(self.linked, each);
        let (clauses, body) = match (&inlined, each.clauses.as_slice()) {
            (Some(body), [first, ..]) => (std::slice::from_ref(first), body),
            (_, clauses) => (clauses, &each.body),
        };
        if self.walks_stored(clauses)
            && let Some(test) = self.over_stored(any, clauses, is_leaf(self.linked, each), body)
        {
            return test;
        }
        let steps = self.steps(each);
        let body = self.test(&each.body);
        test(move |cx| {
            let mut answer = !any;
            walk(&steps, cx, &mut || {
                let decided = body.test(cx) == any;
                if decided {
                    answer = any;
                }
                decided
            });
            answer
        })
    }

    /// Whether loops walk nothing but what is stored in the batch, one or two in lockstep.
    fn walks_stored(&self, clauses: &[Clause]) -> bool {
        let mut bound = Vec::new();
        clauses.iter().all(|clause| {
            let Clause::For(sources) = clause else { return false };
            let stored = sources.len() <= 2 && sources.iter().all(|(_, source)| self.is_place(source, &bound));
            bound.extend(sources.iter().map(|(local, _)| *local));
            stored
        })
    }

    /// A quantifier over what is stored, with a loop for each clause; none where [`Generator::walks_stored`] says so.
    fn over_stored(&mut self, any: bool, clauses: &[Clause], leaf: bool, body: &Expr) -> Option<BoolFn> {
        let (sources, inner) = match clauses.split_first() {
            None => return Some(self.test(body)),
            Some((Clause::For(sources), inner)) => (sources.as_slice(), inner),
            Some((Clause::Let(..), _)) => return None,
        };
        // Where any is not, not all are.
        let (mut innermost, mut negated) = (body, false);
        while let ExprKind::Not(body) = &innermost.kind {
            (innermost, negated) = (body, !negated);
        }
        if let ([(local, source)], []) = (sources, inner)
            && tests_just(innermost, *local)
        {
            self.fused = Some(Fused { local: local.index(), any: any != negated, elements: self.elements(source, leaf)? });
            let test = self.test(innermost);
            return Some(if negated { Box::new(Not(test)) } else { test });
        }
        let mut elements = sources.iter().map(|(_, source)| self.elements(source, leaf)).collect::<Option<Vec<_>>>()?.into_iter();
        let mut locals = sources.iter().map(|(local, _)| self.bind_slot(*local)).collect::<Vec<_>>().into_iter();
        let (body, full) = self.noting_full(|builder| builder.over_stored(any, inner, leaf, body));
        let body = body?;
        // A loop inside may end by having taken too many steps.
        let turns = Turns { any, leaf, full: full || !inner.is_empty() };
        let (first, local) = (elements.next()?, locals.next()?);
        Some(match elements.next().zip(locals.next()) {
            Some((second, other)) => test(move |cx| {
                let (run, along) = (first.run(cx), second.run(cx));
                turns.decide(cx, run.len.min(along.len), |index| {
                    set_slot(cx, local, run.at + index * first.step);
                    set_slot(cx, other, along.at + index * second.step);
                    body.test(cx)
                })
            }),
            None => test(move |cx| {
                let run = first.run(cx);
                turns.decide(cx, run.len, |index| {
                    set_slot(cx, local, run.at + index * first.step);
                    body.test(cx)
                })
            }),
        })
    }

    /// The elements of what is stored.
    fn elements(&mut self, source: &Expr, leaf: bool) -> Option<Elements> {
        Some(Elements::new(self.place(source)?, &source.ty, leaf))
    }

    /// The array of the body's values.
    pub(crate) fn collect(&mut self, each: &Each) -> ValFn<Any> {
        let steps = self.steps(each);
        let body = self.closure::<Any>(&each.body);
        self.full = true;
        val::<Any>(move |cx| {
            let mut items = Vec::new();
            walk(&steps, cx, &mut || {
                let Some(value) = body(cx) else {
                    return false;
                };
                match cx.env.kept.scratch.charge_element(&value) {
                    Ok(()) => {
                        items.push(value);
                        false
                    }
                    Err(trap) => cx.trap::<()>(trap).is_none(),
                }
            });
            if cx.trapped() {
                return None;
            }
            let kept = cx.env.kept.scratch.locals(items.len());
            kept.copy_from_slice(&items);
            Some(Value::Array(ArrayRef::Built(kept)))
        })
    }
}

/// How a quantifier goes through elements.
#[derive(Clone, Copy)]
struct Turns {
    /// What decides.
    any: bool,
    /// Whether what all elements take is counted before.
    leaf: bool,
    /// Whether a test may trap.
    full: bool,
}

impl Turns {
    /// Tests so many elements until one decides.
    #[inline(always)]
    fn decide(self, cx: &Ctx<'_>, len: usize, mut test: impl FnMut(usize) -> bool) -> bool {
        if self.leaf {
            cx.count(looked_at(len * 16));
        }
        for index in 0..len {
            if !self.leaf && !cx.count(1) {
                return false;
            }
            if test(index) == self.any {
                return self.any;
            }
            if self.full && cx.trapped() {
                return false;
            }
        }
        !self.any
    }
}

/// Whether a test is one closure over a local and constants, which asks for the local as its operand.
fn tests_just(body: &Expr, local: LocalId) -> bool {
    let is_local = |e: &Expr| matches!(e.kind, ExprKind::Local(l) if l == local);
    let is_const = |e: &Expr| matches!(e.kind, ExprKind::Const(_));
    let is_operand = |e: &Expr| is_local(size_of(e).unwrap_or(e));
    match &body.kind {
        ExprKind::Local(_) => is_local(body),
        ExprKind::Compare { lhs, rhs, .. } => is_operand(lhs) && is_const(rhs) || is_const(lhs) && is_operand(rhs),
        ExprKind::In { value, .. }
        | ExprKind::InList { value, .. }
        | ExprKind::Matches { value, .. }
        | ExprKind::Wildcard { value, .. }
        | ExprKind::Contains { value, needle: Needle::Const(_) } => is_local(value),
        _ => false,
    }
}
