//! Values that lie in the batch and are read there: fields, and elements of their arrays and maps.

use quintet_lang::Type;
use quintet_lang::ast::{Const, Expr, ExprKind, LocalId};
use quintet_runtime::{Value, find_key, looked_at};

use crate::context::{BoolFn, Ctx, test};
use crate::generator::Generator;
use crate::kind::{Any, Bytes, Int, Kind, Load, ValFn, val};

/// Finds the word where a slot begins; `None` for nil.
pub(crate) trait At: Send + Sync + 'static {
    /// The index of the word.
    fn at(&self, cx: &Ctx<'_>) -> Option<usize>;
}

/// A field that every record has.
pub(crate) struct Mandatory {
    slot: usize,
}

/// A field that a record may lack.
pub(crate) struct Optional {
    slot: usize,
    presence: usize,
    bit: u32,
}

/// Either kind of field, for closures that are not made for each: a mandatory one has no bits that must be set.
#[derive(Clone, Copy)]
pub(crate) struct Field {
    slot: usize,
    presence: usize,
    bits: u64,
}

/// What a local stands for.
#[derive(Clone, Copy)]
pub(crate) struct Element {
    local: usize,
}

/// Any place.
pub(crate) struct Computed(PlaceFn);

/// Finds a place.
type PlaceFn = Box<dyn Fn(&Ctx<'_>) -> Option<usize> + Send + Sync>;

impl At for Mandatory {
    #[inline(always)]
    fn at(&self, cx: &Ctx<'_>) -> Option<usize> {
        Some(cx.record + self.slot)
    }
}

impl At for Optional {
    #[inline(always)]
    fn at(&self, cx: &Ctx<'_>) -> Option<usize> {
        (cx.word(cx.record + self.presence) >> self.bit & 1 != 0).then_some(cx.record + self.slot)
    }
}

impl At for Field {
    #[inline(always)]
    fn at(&self, cx: &Ctx<'_>) -> Option<usize> {
        (cx.word(cx.record + self.presence) & self.bits == self.bits).then_some(cx.record + self.slot)
    }
}

impl At for Element {
    #[inline(always)]
    fn at(&self, cx: &Ctx<'_>) -> Option<usize> {
        cx.env.kept.slots.get(self.local).map(|slot| slot.get())
    }
}

impl At for Computed {
    #[inline(always)]
    fn at(&self, cx: &Ctx<'_>) -> Option<usize> {
        (self.0)(cx)
    }
}

/// A place, by its shape.
pub(crate) enum Place {
    Mandatory(Mandatory),
    Optional(Optional),
    Element(Element),
    Computed(Computed),
}

/// The same expression for each shape of a place.
macro_rules! by_place {
    ($place:expr, $at:ident => $body:expr) => {
        match $place {
            $crate::place::Place::Mandatory($at) => $body,
            $crate::place::Place::Optional($at) => $body,
            $crate::place::Place::Element($at) => $body,
            $crate::place::Place::Computed($at) => $body,
        }
    };
}
pub(crate) use by_place;

impl Place {
    /// The field, if it is one.
    pub(crate) fn field(&self) -> Option<Field> {
        match self {
            Place::Mandatory(f) => Some(Field { slot: f.slot, presence: 0, bits: 0 }),
            Place::Optional(f) => Some(Field { slot: f.slot, presence: f.presence, bits: 1 << f.bit }),
            Place::Element(_) | Place::Computed(_) => None,
        }
    }

    /// The place of a local.
    pub(crate) fn local(local: usize) -> Place {
        Place::Element(Element { local })
    }

    /// Whether there is a value.
    pub(crate) fn present(self) -> BoolFn {
        by_place!(self, place => test(move |cx| place.at(cx).is_some()))
    }

    /// The closure that reads the value.
    pub(crate) fn read<K: Kind + Load>(self) -> ValFn<K> {
        by_place!(self, place => crate::kind::val::<K>(move |cx| place.at(cx).map(|at| K::load(cx.memory, at))))
    }
}

impl Computed {
    /// A place that a closure finds.
    pub(crate) fn new(find: impl Fn(&Ctx<'_>) -> Option<usize> + Send + Sync + 'static) -> Computed {
        Computed(Box::new(find))
    }
}

/// Slots one after the other.
#[derive(Clone, Copy)]
pub(crate) struct Run {
    /// The index of the first slot's word.
    pub(crate) at: usize,
    /// Slots.
    pub(crate) len: usize,
}

impl Run {
    /// No slot.
    pub(crate) const EMPTY: Run = Run { at: 0, len: 0 };

    /// What the slot of an array or map refers to.
    #[inline(always)]
    fn load(cx: &Ctx<'_>, at: usize) -> Run {
        let word = cx.word(at);
        Run { at: word as u32 as usize / 8, len: (word >> 32) as usize }
    }
}

/// Where an array or map is stored: its place, with what loops walk most told apart.
enum Collection {
    Field(Field),
    Element(Element),
    Computed(Computed),
}

/// The elements of a stored array, or the values of a stored map.
pub(crate) struct Elements {
    of: Collection,
    /// Words before the first value's slot: those of its key.
    skip: usize,
    /// Words from one value's slot to the next.
    pub(crate) step: usize,
    /// Whether a loop over them counts what it takes before it begins.
    pub(crate) leaf: bool,
}

impl Elements {
    /// The elements of what is stored at a place and has type `ty`.
    pub(crate) fn new(place: Place, ty: &Type, leaf: bool) -> Elements {
        let of = match (place.field(), place) {
            (Some(field), _) => Collection::Field(field),
            (None, Place::Element(element)) => Collection::Element(element),
            (None, Place::Computed(computed)) => Collection::Computed(computed),
            (None, place) => Collection::Computed(by_place!(place, at => Computed::new(move |cx| at.at(cx)))),
        };
        let skip = matches!(ty, Type::Map(_)) as usize;
        Elements { of, skip, step: skip + ty.element().map_or(1, Type::words) as usize, leaf }
    }

    /// Where they are; none for nil.
    #[inline(always)]
    pub(crate) fn run(&self, cx: &Ctx<'_>) -> Run {
        let at = match &self.of {
            Collection::Field(field) => field.at(cx),
            Collection::Element(element) => element.at(cx),
            Collection::Computed(computed) => computed.at(cx),
        };
        match at {
            Some(at) => {
                let run = Run::load(cx, at);
                Run { at: run.at + self.skip, len: run.len }
            }
            None => Run::EMPTY,
        }
    }
}

impl Generator<'_> {
    /// Whether an expression has a [place](Generator::place), once these locals have.
    pub(crate) fn is_place(&self, expr: &Expr, bound: &[LocalId]) -> bool {
        match &expr.kind {
            ExprKind::Field(_) => true,
            ExprKind::Local(local) => self.is_slot(*local) || bound.contains(local),
            ExprKind::Index { base, .. } | ExprKind::Key { base, .. } => self.is_place(base, bound),
            _ => false,
        }
    }

    /// The place of an expression that is stored in the batch.
    pub(crate) fn place(&mut self, expr: &Expr) -> Option<Place> {
        match &expr.kind {
            ExprKind::Field(id) => {
                let slot = self.linked.layout().slot(*id);
                let word = slot.offset / 8;
                Some(if expr.nullable {
                    Place::Optional(Optional { slot: word, presence: slot.presence_offset / 8, bit: slot.presence_bit })
                } else {
                    Place::Mandatory(Mandatory { slot: word })
                })
            }
            ExprKind::Local(local) if self.is_slot(*local) => Some(Place::local(local.index())),
            ExprKind::Index { base, index } => {
                let place = self.place(base)?;
                let step = expr.ty.words() as usize;
                Some(Place::Computed(match &index.kind {
                    ExprKind::Const(Const::Int(i)) => {
                        let index = usize::try_from(*i).unwrap_or(usize::MAX);
                        by_place!(place, base => Computed::new(move |cx| element(Run::load(cx, base.at(cx)?), index, step)))
                    }
                    _ => {
                        let index = self.closure::<Int>(index);
                        by_place!(place, base => Computed::new(move |cx| {
                            let base = base.at(cx)?;
                            element(Run::load(cx, base), usize::try_from(index(cx)?).ok()?, step)
                        }))
                    }
                }))
            }
            ExprKind::Key { base, key } => {
                let place = self.place(base)?;
                let step = 1 + expr.ty.words() as usize;
                Some(Place::Computed(match &key.kind {
                    ExprKind::Const(Const::Bytes(key)) => {
                        let key: Box<[u8]> = key.as_slice().into();
                        by_place!(place, base => Computed::new(move |cx| entry(cx, Run::load(cx, base.at(cx)?), &key, step)))
                    }
                    _ => {
                        let key = self.closure::<Bytes>(key);
                        by_place!(place, base => Computed::new(move |cx| {
                            let base = base.at(cx)?;
                            entry(cx, Run::load(cx, base), key(cx)?, step)
                        }))
                    }
                }))
            }
            _ => None,
        }
    }
}

impl Generator<'_> {
    /// The number of an array's elements.
    pub(crate) fn count_of(&mut self, array: &Expr) -> ValFn<Int> {
        match self.place(array) {
            Some(place) => by_place!(place, array => val::<Int>(move |cx| Some(Run::load(cx, array.at(cx)?).len as i64))),
            None => {
                let array = self.closure::<Any>(array);
                val::<Int>(move |cx| if let Value::Array(array) = array(cx)? { Some(array.len() as i64) } else { None })
            }
        }
    }
}

/// The slot of element `index`.
#[inline(always)]
fn element(run: Run, index: usize, step: usize) -> Option<usize> {
    (index < run.len).then(|| run.at + index * step)
}

/// The slot of the value under `key`.
#[inline]
fn entry(cx: &Ctx<'_>, run: Run, key: &[u8], step: usize) -> Option<usize> {
    if !cx.count(looked_at(key.len())) {
        return None;
    }
    find_key(cx.memory, (run.at * 8, run.len, step * 8), key).map(|at| at / 8)
}
