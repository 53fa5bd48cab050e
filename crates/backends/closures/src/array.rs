//! Statements that change arrays of the script, and expressions that look at them.

use quintet_lang::Type;
use quintet_lang::ast::{Expr, Filling, LocalId, Place, TableId};
use quintet_runtime::{LIST_MOST, Trap, Value, element_bytes, grown};

use crate::bits::by_turn;
use crate::context::Ctx;
use crate::frame::{Home, Items, is_word, value_of};
use crate::generator::Generator;
use crate::kind::{Any, Bool, Bytes, Float, Int, Kind, U32, ValFn, val};
use crate::operand::Source;
use crate::stmt::{Flow, StmtFn, set_value, stmt, trap};
use crate::word::{Scalar, by_arg, outside, word_of_const};

/// How elements are kept.
trait Storage: Send + Sync + 'static {
    /// An element.
    type Item<'a>: Copy;

    /// What `f` makes of the array whose place is in a word of the frame.
    fn list<'a, R>(cx: &Ctx<'a>, at: usize, f: impl FnOnce(&mut Items<Self::Item<'a>>) -> R) -> Option<R>;

    /// The closure that computes an element.
    fn closure(builder: &mut Generator<'_>, expr: &Expr) -> ItemFn<Self>;

    /// An element of a constant array.
    fn of_table<'a>(cx: &Ctx<'a>, table: TableId) -> Vec<Self::Item<'a>>;

    /// Puts an element that was taken out of an array into a local.
    fn put<'a>(cx: &Ctx<'a>, home: Home, item: Option<Self::Item<'a>>);
}

/// Computes an element.
type ItemFn<S> = Box<dyn for<'a> Fn(&Ctx<'a>) -> Option<<S as Storage>::Item<'a>> + Send + Sync>;

/// Elements that fit in a word.
struct Words;
/// Other elements.
struct Values;

impl Storage for Words {
    type Item<'a> = u64;

    #[inline(always)]
    fn list<'a, R>(cx: &Ctx<'a>, at: usize, f: impl FnOnce(&mut Items<<Words as Storage>::Item<'a>>) -> R) -> Option<R> {
        Some(f(&mut *cx.list(at)?.try_borrow_mut().ok()?))
    }

    fn closure(builder: &mut Generator<'_>, expr: &Expr) -> ItemFn<Words> {
        builder.words(expr)
    }

    fn of_table(cx: &Ctx<'_>, table: TableId) -> Vec<u64> {
        let table = cx.env.kept.code.linked.program().tables.get(table.index());
        table.map(|table| table.items.iter().map(word_of_const).collect()).unwrap_or_default()
    }

    fn put(cx: &Ctx<'_>, home: Home, item: Option<u64>) {
        let Home::Word { at, nullable } = home else { return };
        cx.set_local(at, item.unwrap_or(0));
        if nullable {
            cx.set_local(at + 1, u64::from(item.is_some()));
        }
    }
}

impl Storage for Values {
    type Item<'a> = Value<'a>;

    fn list<'a, R>(cx: &Ctx<'a>, at: usize, f: impl FnOnce(&mut Items<Value<'a>>) -> R) -> Option<R> {
        let place = cx.local(at)? as usize;
        cx.env.frames?.valued.try_borrow_mut().ok()?.get_mut(place).map(f)
    }

    fn closure(builder: &mut Generator<'_>, expr: &Expr) -> ItemFn<Values> {
        builder.closure::<Any>(expr)
    }

    fn of_table<'a>(cx: &Ctx<'a>, table: TableId) -> Vec<Value<'a>> {
        let table = cx.env.kept.code.linked.program().tables.get(table.index());
        table.map(|table| table.items.iter().map(Value::of).collect()).unwrap_or_default()
    }

    fn put<'a>(cx: &Ctx<'a>, home: Home, item: Option<Value<'a>>) {
        if let Home::Value { at } = home {
            set_value(cx, at, item.unwrap_or(Value::Nil));
        }
    }
}

/// An element of an array of values; nothing where there is none.
pub(crate) fn valued_at<'a>(cx: &Ctx<'a>, at: usize, index: usize) -> Option<Value<'a>> {
    Values::list(cx, at, |list| list.items.get(index).copied())?
}

/// An array that a statement changes.
#[derive(Clone, Copy)]
struct Target {
    /// The word with its place.
    at: usize,
    /// What an element is charged with.
    element: usize,
    /// Whether its room is charged with its function.
    fixed: bool,
}

impl Target {
    /// Sees to it that there is room for so many elements.
    fn make_room<S: Storage>(self, cx: &Ctx<'_>, wanted: usize) -> Result<(), Trap> {
        if wanted > LIST_MOST {
            return Err(Trap::Memory);
        }
        let more = S::list(cx, self.at, |list| {
            let more = wanted.saturating_sub(list.room);
            list.room = list.room.max(wanted);
            more.saturating_mul(self.element)
        });
        match more {
            Some(0) => Ok(()),
            Some(more) => cx.env.kept.scratch.charge(more),
            None => Err(Trap::Memory),
        }
    }

    /// Counts what writing so many elements takes, and, where it grows, sees to it that there is room.
    fn filled<S: Storage>(self, cx: &Ctx<'_>, len: usize) -> Result<(), Trap> {
        if !self.fixed {
            self.make_room::<S>(cx, len)?;
        }
        cx.env.kept.scratch.look(len.saturating_mul(self.element))
    }
}

/// Goes on after something that may trap.
fn flow(cx: &Ctx<'_>, done: Result<(), Trap>) -> Flow {
    match done {
        Ok(()) => Flow::On,
        Err(kind) => trap(cx, kind),
    }
}

/// What an array is filled with.
enum Filled<S: Storage> {
    Items(Vec<ItemFn<S>>),
    Repeat(ItemFn<S>, ValFn<Int>),
    Each(ItemFn<S>),
    Local(usize),
    Table(TableId),
}

impl<S: Storage> Filled<S> {
    fn run(&self, cx: &Ctx<'_>, target: Target) -> Result<(), Trap> {
        // A trap that was noted already stays the one that is answered.
        match self {
            Filled::Items(items) => {
                target.filled::<S>(cx, items.len())?;
                let mut values = Vec::with_capacity(items.len());
                for item in items {
                    values.push(item(cx).ok_or(Trap::Nil)?);
                }
                S::list(cx, target.at, |list| {
                    list.items.clear();
                    list.items.extend_from_slice(&values);
                })
            }
            Filled::Repeat(value, count) => {
                let value = value(cx).ok_or(Trap::Nil)?;
                let count = count(cx).ok_or(Trap::Nil)?;
                let count = usize::try_from(count.max(0)).unwrap_or(usize::MAX);
                target.filled::<S>(cx, count)?;
                S::list(cx, target.at, |list| {
                    list.items.clear();
                    list.items.resize(count, value);
                })
            }
            Filled::Each(value) => {
                let value = value(cx).ok_or(Trap::Nil)?;
                let len = S::list(cx, target.at, |list| list.items.len()).unwrap_or(0);
                target.filled::<S>(cx, len)?;
                S::list(cx, target.at, |list| list.items.fill(value))
            }
            Filled::Local(from) => {
                let len = S::list(cx, *from, |list| list.items.len()).unwrap_or(0);
                target.filled::<S>(cx, len)?;
                if cx.local(*from) == cx.local(target.at) {
                    return Ok(());
                }
                let mut items = S::list(cx, target.at, |list| std::mem::take(&mut list.items)).unwrap_or_default();
                items.clear();
                S::list(cx, *from, |list| items.extend_from_slice(&list.items));
                S::list(cx, target.at, |list| list.items = items)
            }
            Filled::Table(table) => {
                let items = S::of_table(cx, *table);
                target.filled::<S>(cx, items.len())?;
                S::list(cx, target.at, |list| list.items = items)
            }
        }
        .ok_or(Trap::Memory)
    }
}

fn fill<S: Storage>(target: Target, filled: Filled<S>) -> StmtFn {
    stmt(move |cx| {
        let done = filled.run(cx, target);
        flow(cx, done)
    })
}

fn push<S: Storage>(target: Target, value: ItemFn<S>) -> StmtFn {
    stmt(move |cx| {
        let Some(value) = value(cx) else { return trap(cx, Trap::Nil) };
        let (len, room) = S::list(cx, target.at, |list| (list.items.len(), list.room)).unwrap_or_default();
        if len >= room
            && let Err(kind) = target.make_room::<S>(cx, grown(room))
        {
            return trap(cx, kind);
        }
        match S::list(cx, target.at, |list| list.items.push(value)) {
            Some(()) => Flow::On,
            None => trap(cx, Trap::Memory),
        }
    })
}

fn pop<S: Storage>(at: usize, home: Option<Home>) -> StmtFn {
    stmt(move |cx| {
        let item = S::list(cx, at, |list| list.items.pop()).flatten();
        if let Some(home) = home {
            S::put(cx, home, item);
        }
        Flow::On
    })
}

/// Sets the element of an array of words.
#[inline(always)]
fn store_word(cx: &Ctx<'_>, array: usize, index: i64, word: u64) -> Flow {
    let stored = Words::list(cx, array, |list| match list.items.get_mut(crate::word::place(index)) {
        Some(place) => {
            *place = word;
            true
        }
        None => false,
    });
    if stored == Some(true) { Flow::On } else { trap(cx, Trap::Index) }
}

fn store<K: Scalar>(array: usize, index: impl Source<Int>, value: impl Source<K>) -> StmtFn {
    stmt(move |cx| {
        let Some(index) = index.get(cx) else { return trap(cx, Trap::Nil) };
        let Some(value) = value.get(cx) else { return trap(cx, Trap::Nil) };
        store_word(cx, array, index, K::word(value))
    })
}

impl Generator<'_> {
    /// The word with an array's place, and the type of its elements.
    fn array(&self, array: LocalId) -> Option<(usize, &Type, bool)> {
        let at = self.word_of(array)?;
        match &self.frame?.locals.get(array.index())?.ty {
            Type::List(element, len) => Some((at, element, len.is_some())),
            _ => None,
        }
    }

    fn target(&self, array: LocalId) -> Option<(Target, Type)> {
        let (at, element, fixed) = self.array(array)?;
        Some((Target { at, element: element_bytes(element), fixed }, element.clone()))
    }

    /// Fills an array anew.
    pub(crate) fn fill(&mut self, array: LocalId, with: &Filling) -> StmtFn {
        let Some((target, element)) = self.target(array) else { return no_array() };
        if is_word(&element) { fill::<Words>(target, self.filled(with)) } else { fill::<Values>(target, self.filled(with)) }
    }

    fn filled<S: Storage>(&mut self, with: &Filling) -> Filled<S> {
        match with {
            Filling::Items(items) => Filled::Items(items.iter().map(|item| S::closure(self, item)).collect()),
            Filling::Repeat(value, count) => Filled::Repeat(S::closure(self, value), self.closure::<Int>(count)),
            Filling::Each(value) => Filled::Each(S::closure(self, value)),
            Filling::Copy(Place::Local(from)) => Filled::Local(self.word_of(*from).unwrap_or(usize::MAX)),
            Filling::Copy(Place::Table(table)) => Filled::Table(*table),
        }
    }

    /// Sets an element.
    pub(crate) fn store(&mut self, array: LocalId, index: &Expr, value: &Expr) -> StmtFn {
        let Some((Target { at, .. }, element)) = self.target(array) else { return no_array() };
        let index = self.arg::<Int>(index);
        match element {
            Type::Int => {
                let value = self.arg::<Int>(value);
                by_arg!(index, index => by_arg!(value, value => store::<Int>(at, index, value)))
            }
            Type::U32 => {
                let value = self.turn(value);
                by_arg!(index, index => by_turn!(value, value => store::<U32>(at, index, value)))
            }
            Type::Float => {
                let value = self.arg::<Float>(value);
                by_arg!(index, index => by_arg!(value, value => store::<Float>(at, index, value)))
            }
            Type::Bool => {
                let value = self.arg::<Bool>(value);
                by_arg!(index, index => by_arg!(value, value => store::<Bool>(at, index, value)))
            }
            Type::Bytes | Type::Ip | Type::Array(_) | Type::Map(_) | Type::List(..) => {
                let value = self.closure::<Any>(value);
                by_arg!(index, index => stmt(move |cx| {
                    let index: i64 = match Source::<Int>::get(&index, cx) {
                        Some(index) => index,
                        None => return trap(cx, Trap::Nil),
                    };
                    let Some(value) = value(cx) else { return trap(cx, Trap::Nil) };
                    let stored = Values::list(cx, at, |list| list.items.get_mut(crate::word::place(index)).map(|place| *place = value));
                    if stored.flatten().is_some() { Flow::On } else { trap(cx, Trap::Index) }
                }))
            }
        }
    }

    /// Adds an element.
    pub(crate) fn push(&mut self, array: LocalId, value: &Expr) -> StmtFn {
        let Some((target, element)) = self.target(array) else { return no_array() };
        if is_word(&element) {
            push::<Words>(target, Words::closure(self, value))
        } else {
            push::<Values>(target, Values::closure(self, value))
        }
    }

    /// Takes the last element.
    pub(crate) fn pop(&mut self, local: Option<LocalId>, array: LocalId) -> StmtFn {
        let Some((Target { at, .. }, element)) = self.target(array) else { return no_array() };
        let home = local.and_then(|local| self.home(local));
        if is_word(&element) { pop::<Words>(at, home) } else { pop::<Values>(at, home) }
    }

    /// The number of elements.
    pub(crate) fn count(&mut self, place: Place) -> ValFn<Int> {
        match place {
            Place::Table(table) => {
                let len = self.linked.program().tables.get(table.index()).map_or(0, |table| table.items.len() as i64);
                val::<Int>(move |_| Some(len))
            }
            Place::Local(array) => match self.array(array) {
                Some((at, element, _)) if is_word(element) => {
                    val::<Int>(move |cx| Some(cx.list(at)?.try_borrow().ok()?.items.len() as i64))
                }
                Some((at, ..)) => val::<Int>(move |cx| Values::list(cx, at, |list| list.items.len() as i64)),
                None => val::<Int>(|_| None),
            },
        }
    }

    /// An element of an array whose elements fit in no word.
    pub(crate) fn valued_element<K: Kind>(&mut self, place: Place, index: &Expr) -> ValFn<K> {
        self.full = true;
        let index = self.closure::<Int>(index);
        match place {
            Place::Table(table) => val::<K>(move |cx| {
                let index = crate::word::place(index(cx)?);
                match cx.env.kept.code.linked.program().tables.get(table.index()).and_then(|table| table.items.get(index)) {
                    Some(item) => K::of(Value::of(item)),
                    None => outside(cx),
                }
            }),
            Place::Local(array) => match self.array(array) {
                Some((at, element, _)) if is_word(element) => {
                    let element = element.clone();
                    val::<K>(move |cx| K::of(value_of(&element, crate::word::element(cx, at, index(cx)?)?)))
                }
                Some((at, ..)) => val::<K>(move |cx| match valued_at(cx, at, crate::word::place(index(cx)?)) {
                    Some(value) => K::of(value),
                    None => outside(cx),
                }),
                None => val::<K>(|_| None),
            },
        }
    }

    /// The low bytes of an array's elements.
    pub(crate) fn packed(&mut self, place: Place) -> ValFn<Bytes> {
        self.full = true;
        fn packed<'a>(cx: &Ctx<'a>, len: usize, write: impl FnOnce(&mut [u8])) -> Option<&'a [u8]> {
            match cx.env.kept.scratch.look(len).and_then(|()| cx.env.kept.scratch.buffer(len)) {
                Ok(bytes) => {
                    write(bytes);
                    Some(bytes)
                }
                Err(kind) => cx.trap(kind),
            }
        }
        fn low(bytes: &mut [u8], words: &[u64]) {
            for (byte, word) in bytes.iter_mut().zip(words) {
                *byte = *word as u8;
            }
        }
        match place {
            Place::Table(table) => {
                let words = self.table(table);
                val::<Bytes>(move |cx| packed(cx, words.len(), |bytes| low(bytes, &words)))
            }
            Place::Local(array) => match self.word_of(array) {
                Some(at) => val::<Bytes>(move |cx| {
                    let list = cx.list(at)?.try_borrow().ok()?;
                    packed(cx, list.items.len(), |bytes| low(bytes, &list.items))
                }),
                None => val::<Bytes>(|_| None),
            },
        }
    }
}

/// A statement on what is no array, which the checker makes none of.
fn no_array() -> StmtFn {
    stmt(|cx| trap(cx, Trap::Memory))
}
