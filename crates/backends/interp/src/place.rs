//! Where in the memory of a batch values lie.

use quintet_lang::ast::{Clause, Const, Each, Expr, ExprKind, LocalId};
use quintet_lang::intrinsic::Intrinsic;
use quintet_lang::{Presence, Type};
use quintet_runtime::{Linked, Memory, find_key};

/// Finds the slot of a stored value in each record.
pub(crate) enum Place<'e> {
    /// A field, so many bytes from the record's start; with the offset of the word and the bit that say whether it is there, if it may not be.
    Field { offset: usize, presence: Option<(usize, u32)> },
    /// An element of an array, by its number and the bytes of each.
    Index(Box<Place<'e>>, usize, usize),
    /// The value under a key of a map, whose entries have so many bytes.
    Key(Box<Place<'e>>, &'e [u8], usize),
}

/// Bytes of the slot of a value.
fn slot_bytes(ty: &Type) -> usize {
    ty.words() as usize * 8
}

/// The offset and the number of what a slot refers to.
#[inline(always)]
fn run(memory: Memory<'_>, at: usize) -> (usize, usize) {
    let word = memory.word(at);
    (word as u32 as usize, (word >> 32) as usize)
}

impl<'e> Place<'e> {
    /// The place of an expression; none where it is computed.
    pub(crate) fn of(linked: &Linked, expr: &'e Expr) -> Option<Place<'e>> {
        match &expr.kind {
            ExprKind::Field(field) => {
                let slot = linked.layout().slot(*field);
                let may_lack = linked.scheme().field(*field).presence == Presence::Optional;
                Some(Place::Field { offset: slot.offset, presence: may_lack.then_some((slot.presence_offset, slot.presence_bit)) })
            }
            ExprKind::Index { base, index } => {
                let ExprKind::Const(Const::Int(index)) = index.kind else { return None };
                let index = usize::try_from(index).unwrap_or(usize::MAX);
                Some(Place::Index(Box::new(Place::of(linked, base)?), index, slot_bytes(&expr.ty)))
            }
            ExprKind::Key { base, key } => {
                let ExprKind::Const(Const::Bytes(key)) = &key.kind else { return None };
                Some(Place::Key(Box::new(Place::of(linked, base)?), key, 8 + slot_bytes(&expr.ty)))
            }
            _ => None,
        }
    }

    /// Where the slot is in a record that begins at an offset; none for nil.
    #[inline]
    pub(crate) fn at(&self, memory: Memory<'_>, record: usize) -> Option<usize> {
        match self {
            Place::Field { offset, presence } => {
                let is_there = presence.is_none_or(|(word, bit)| memory.word(record + word) >> bit & 1 != 0);
                is_there.then_some(record + offset)
            }
            Place::Index(base, index, step) => {
                let (first, len) = run(memory, base.at(memory, record)?);
                (*index < len).then(|| first + index * step)
            }
            Place::Key(base, key, step) => {
                let (first, len) = run(memory, base.at(memory, record)?);
                find_key(memory, (first, len, *step), key)
            }
        }
    }
}

/// What a test looks at in each record.
pub(crate) enum Operand<'e> {
    Place(Place<'e>),
    /// The elements of loops.
    Elements(&'e Walk<'e>),
}

impl<'e> Operand<'e> {
    /// What an expression stands for, in a loop if there is one; none where it is computed.
    pub(crate) fn of(linked: &Linked, expr: &'e Expr, walk: Option<&'e Walk<'e>>) -> Option<Operand<'e>> {
        match (walk, &expr.kind) {
            (Some(walk), ExprKind::Local(local)) => (*local == walk.local).then_some(Operand::Elements(walk)),
            (Some(_), _) => None,
            (None, _) => Place::of(linked, expr).map(Operand::Place),
        }
    }
}

/// Loops over the elements of stored arrays and the values of stored maps, each over what the one around it stands at, that look for an element
/// of which a test says what is wanted.
pub(crate) struct Walk<'e> {
    /// That of the innermost loop.
    local: LocalId,
    /// What is bound for each element: its size.
    lets: &'e [Clause],
    of: Place<'e>,
    /// From the outermost on.
    loops: Vec<Loop>,
    wanted: bool,
}

struct Loop {
    /// Bytes before the first value: those of its key.
    skip: usize,
    /// Bytes from one value to the next.
    step: usize,
}

impl Loop {
    fn over(ty: &Type) -> Option<Loop> {
        let skip = if matches!(ty, Type::Map(_)) { 8 } else { 0 };
        Some(Loop { skip, step: skip + slot_bytes(ty.element()?) })
    }
}

impl<'e> Walk<'e> {
    /// The loops of a quantifier; none where they are more than can be looked up.
    pub(crate) fn new(linked: &Linked, each: &'e Each, wanted: bool) -> Option<Walk<'e>> {
        let fors = each.clauses.iter().take_while(|clause| matches!(clause, Clause::For(_))).count();
        let (fors, lets) = each.clauses.split_at(fors);
        let is_size = |e: &Expr| matches!(e.kind, ExprKind::Intrinsic { op: Intrinsic::Len, .. }) && !e.nullable;
        if !lets.iter().all(|clause| matches!(clause, Clause::Let(_, value) if is_size(value))) {
            return None;
        }
        let mut walk: Option<Walk<'e>> = None;
        for clause in fors {
            let Clause::For(sources) = clause else { return None };
            let [(local, source)] = sources.as_slice() else { return None };
            let next = Loop::over(&source.ty)?;
            match (&mut walk, &source.kind) {
                (None, _) => walk = Some(Walk { local: *local, lets, of: Place::of(linked, source)?, loops: vec![next], wanted }),
                (Some(walk), ExprKind::Local(outer)) if walk.local == *outer => {
                    walk.local = *local;
                    walk.loops.push(next);
                }
                (Some(_), _) => return None,
            }
        }
        walk
    }

    /// What a local stands for, if it is bound for each element; the expression itself else.
    pub(crate) fn bound(&self, expr: &'e Expr) -> &'e Expr {
        let ExprKind::Local(local) = expr.kind else { return expr };
        let value = |clause: &'e Clause| match clause {
            Clause::Let(bound, value) if *bound == local => Some(value),
            Clause::Let(..) | Clause::For(_) => None,
        };
        self.lets.iter().find_map(value).unwrap_or(expr)
    }

    /// Whether a record has an element of which the test says what is wanted.
    #[inline(always)]
    pub(crate) fn finds(&self, memory: Memory<'_>, record: usize, holds: &impl Fn(Memory<'_>, usize) -> bool) -> bool {
        let Some(at) = self.of.at(memory, record) else { return false };
        match self.loops.as_slice() {
            [only] => elements(memory, at, only).any(|at| holds(memory, at) == self.wanted),
            loops => within(memory, at, loops, &|at| holds(memory, at) == self.wanted),
        }
    }
}

/// The slots of a loop's elements.
#[inline(always)]
fn elements(memory: Memory<'_>, at: usize, walked: &Loop) -> impl Iterator<Item = usize> {
    let (first, len) = run(memory, at);
    let (first, step) = (first + walked.skip, walked.step);
    (0..len).map(move |i| first + i * step)
}

/// Whether loops in one another find a slot of which something holds.
fn within(memory: Memory<'_>, at: usize, loops: &[Loop], holds: &impl Fn(usize) -> bool) -> bool {
    match loops {
        [] => holds(at),
        [next, inner @ ..] => elements(memory, at, next).any(|at| within(memory, at, inner, holds)),
    }
}
