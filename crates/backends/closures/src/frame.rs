//! What statements run on: locals in frames, and the arrays of the script.
//!
//! A local of type Bool, Int, U32 or Float is a word of its function's frame, behind it a word that says whether it is there where it may be nil. Other
//! values stand in a frame of values, by local. An array's word is its place among all arrays that there are; passing it passes that. Elements
//! that fit in a word are kept as words. Frames lie one behind the other, each call's behind its caller's, so a function may call itself.

use std::cell::{Cell, RefCell};

use quintet_lang::Type;
use quintet_lang::ast::{Answer, Frame, LocalId};
use quintet_runtime::{Trap, Value, element_bytes};

use crate::code::FnCode;
use crate::context::Ctx;
use crate::stmt::Flow;

/// Elements of an array that are kept for the next array at its place; more are given back.
const KEPT: usize = 1 << 12;

/// An array of the script.
pub(crate) struct Items<T> {
    /// Its elements.
    pub(crate) items: Vec<T>,
    /// For how many elements room was charged; those of a fixed array are charged with its function.
    pub(crate) room: usize,
}

/// An array of words.
pub(crate) type List = RefCell<Items<u64>>;

/// Room for the words and arrays of all calls that may go on inside one another; none at first.
#[derive(Default)]
pub(crate) struct Stack {
    pub(crate) words: Box<[Cell<u64>]>,
    pub(crate) lists: Box<[List]>,
    /// Calls that may go on inside one another.
    pub(crate) most: usize,
}

impl Stack {
    /// Room for so many calls inside one another of functions that need no more than this.
    pub(crate) fn new(most: usize, words: usize, lists: usize) -> Stack {
        if words == 0 && lists == 0 {
            return Stack { most, ..Stack::default() };
        }
        // The rule's frame, and that of a call which is refused once its arguments are evaluated.
        let frames = most.saturating_add(2);
        let list = || RefCell::new(Items { items: Vec::new(), room: 0 });
        Stack {
            words: std::iter::repeat_with(|| Cell::new(0)).take(words.saturating_mul(frames)).collect(),
            lists: std::iter::repeat_with(list).take(lists.saturating_mul(frames)).collect(),
            most,
        }
    }

    /// Bytes that it takes.
    pub(crate) fn bytes(&self) -> usize {
        let items = self.lists.iter().filter_map(|list| list.try_borrow().ok()).map(|list| list.items.capacity() * 8);
        size_of_val(&*self.words) + size_of_val(&*self.lists) + items.sum::<usize>()
    }

    /// Gives back what the first arrays hold, which an evaluation that trapped has left.
    pub(crate) fn give_back(&self, lists: usize) {
        self.lists.iter().take(lists).for_each(give_back);
    }
}

fn give_back(list: &List) {
    if let Ok(mut list) = list.try_borrow_mut()
        && list.items.capacity() > KEPT
    {
        list.items = Vec::new();
    }
}

/// Locals that are values.
pub(crate) type ValueFrame<'a> = &'a [Cell<Value<'a>>];

/// What one evaluation of a rule with statements has beside the current frame.
pub(crate) struct Frames<'a> {
    stack: &'a Stack,
    /// The first word that is free.
    top: Cell<usize>,
    /// The first array of words that is free.
    pub(crate) lists: Cell<usize>,
    /// How many calls go on inside one another.
    depth: Cell<usize>,
    /// Frames of values that nobody uses, by function.
    idle: RefCell<Vec<(usize, ValueFrame<'a>)>>,
    /// Arrays of what fits in no word.
    pub(crate) valued: RefCell<Vec<Items<Value<'a>>>>,
}

/// A frame that a call is about to run in.
pub(crate) struct Callee<'a> {
    pub(crate) words: &'a [Cell<u64>],
    pub(crate) values: ValueFrame<'a>,
}

impl<'a> Frames<'a> {
    pub(crate) fn new(stack: &'a Stack) -> Frames<'a> {
        Frames { stack, top: Cell::new(0), lists: Cell::new(0), depth: Cell::new(0), idle: RefCell::default(), valued: RefCell::default() }
    }

    /// A frame for a function, in which all is zero and nil; nothing else takes its place before it is entered.
    pub(crate) fn next(&self, cx: &Ctx<'a>, id: usize, code: &FnCode) -> Option<Callee<'a>> {
        let top = self.top.get();
        let words = self.stack.words.get(top..top.checked_add(code.words)?)?;
        words.iter().for_each(|word| word.set(0));
        let values: ValueFrame<'a> = if code.values == 0 {
            &[]
        } else {
            let mut idle = self.idle.try_borrow_mut().ok()?;
            match idle.iter().rposition(|(of, _)| *of == id) {
                Some(place) => {
                    let (_, values) = idle.swap_remove(place);
                    values.iter().for_each(|value| value.set(Value::Nil));
                    values
                }
                None => Cell::from_mut(cx.env.kept.scratch.locals(code.values)).as_slice_of_cells(),
            }
        };
        Some(Callee { words, values })
    }

    /// Gives a frame back.
    pub(crate) fn leave(&self, id: usize, callee: &Callee<'a>) {
        if !callee.values.is_empty()
            && let Ok(mut idle) = self.idle.try_borrow_mut()
        {
            idle.push((id, callee.values));
        }
    }

    /// Runs what comes before a rule's expression, and stays in its frame; answers false after a trap.
    pub(crate) fn begin(&self, cx: &Ctx<'a>, code: &FnCode) -> bool {
        if let Err(trap) = cx.env.kept.scratch.charge(code.fixed) {
            return cx.trap::<()>(trap).is_some();
        }
        let Some(callee) = self.next(cx, usize::MAX, code).filter(|callee| self.make_lists(code, callee)) else {
            return cx.trap::<()>(Trap::Calls).is_some();
        };
        self.top.set(code.words);
        cx.env.words.set(callee.words);
        cx.env.values.set(callee.values);
        (code.body)(cx) != Flow::Trap
    }

    /// Runs a function in its frame; answers false after a trap.
    pub(crate) fn run(&self, cx: &Ctx<'a>, code: &FnCode, callee: &Callee<'a>) -> bool {
        let (top, lists, depth) = (self.top.get(), self.lists.get(), self.depth.get());
        if depth >= self.stack.most {
            return cx.trap::<()>(Trap::Calls).is_some();
        }
        if let Err(trap) = cx.env.kept.scratch.charge(code.fixed) {
            return cx.trap::<()>(trap).is_some();
        }
        let valued = self.valued.try_borrow().map_or(0, |valued| valued.len());
        if !self.make_lists(code, callee) {
            return cx.trap::<()>(Trap::Calls).is_some();
        }
        self.top.set(top + code.words);
        self.depth.set(depth + 1);
        let outer = (cx.env.words.replace(callee.words), cx.env.values.replace(callee.values));
        let flow = (code.body)(cx);
        if flow == Flow::Trap {
            return false;
        }
        cx.env.words.set(outer.0);
        cx.env.values.set(outer.1);
        self.depth.set(depth);
        self.top.set(top);
        if !code.lists.is_empty() {
            cx.env.kept.scratch.discharge(code.fixed + self.drop_lists(code, callee, lists, valued));
        }
        true
    }

    /// Makes a function's own arrays.
    fn make_lists(&self, code: &FnCode, callee: &Callee<'a>) -> bool {
        for own in &code.lists {
            let Some(word) = callee.words.get(own.word) else { return false };
            if own.valued {
                let Ok(mut valued) = self.valued.try_borrow_mut() else { return false };
                word.set(valued.len() as u64);
                valued.push(Items { items: vec![own.zero(); own.len], room: 0 });
                continue;
            }
            let place = self.lists.get();
            let Some(mut list) = self.stack.lists.get(place).and_then(|list| list.try_borrow_mut().ok()) else { return false };
            list.items.clear();
            list.items.resize(own.len, 0);
            list.room = 0;
            word.set(place as u64);
            self.lists.set(place + 1);
        }
        true
    }

    /// Drops them; answers what they were charged as they grew.
    fn drop_lists(&self, code: &FnCode, callee: &Callee<'a>, lists: usize, valued: usize) -> usize {
        let mut grew = 0;
        for own in &code.lists {
            let place = callee.words.get(own.word).map_or(0, |word| word.get() as usize);
            let room = match own.valued {
                true => self.valued.try_borrow().ok().and_then(|valued| valued.get(place).map(|list| list.room)),
                false => self.stack.lists.get(place).and_then(|list| {
                    give_back(list);
                    list.try_borrow().ok().map(|list| list.room)
                }),
            };
            grew += room.unwrap_or(0).saturating_mul(own.element);
        }
        self.lists.set(lists);
        if let Ok(mut all) = self.valued.try_borrow_mut() {
            all.truncate(valued);
        }
        grew
    }
}

/// An array that a function makes when it is called.
pub(crate) struct OwnList {
    /// The word of its local.
    word: usize,
    /// Elements at first.
    len: usize,
    /// Whether its elements fit in no word.
    valued: bool,
    /// What an element is charged with.
    element: usize,
    /// Whether its elements are addresses.
    ip: bool,
}

impl OwnList {
    fn zero<'a>(&self) -> Value<'a> {
        if self.ip { Value::Ip(std::net::Ipv4Addr::UNSPECIFIED.into()) } else { Value::Bytes(&[]) }
    }
}

/// Where a local of a script is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// A word; behind it one that is 0 for nil, where the local may be nil. Of an array, its place.
    Word { at: usize, nullable: bool },
    /// A place in the frame of values.
    Value { at: usize },
}

/// Where the locals and results of a function are.
#[derive(Default)]
pub(crate) struct Layout {
    /// By local.
    pub(crate) homes: Vec<Home>,
    /// Where its results are left, before its caller takes them.
    pub(crate) results: Vec<Home>,
    /// Words of the frame.
    pub(crate) words: usize,
    /// Values of the frame, where it needs any.
    pub(crate) values: usize,
    /// Whether a local or result is a value.
    pub(crate) valued: bool,
}

impl Layout {
    /// That of a frame and results.
    pub(crate) fn new(frame: &Frame, results: &[Answer]) -> Layout {
        let mut layout = Layout { values: frame.locals.len() + results.len(), ..Layout::default() };
        for (at, local) in frame.locals.iter().enumerate() {
            let home = layout.home(at, &local.ty, local.nullable);
            layout.homes.push(home);
        }
        for (at, result) in results.iter().enumerate() {
            let home = layout.home(frame.locals.len() + at, &result.ty, true);
            layout.results.push(home);
        }
        layout
    }

    fn home(&mut self, at: usize, ty: &Type, nullable: bool) -> Home {
        match ty {
            Type::Bool | Type::Int | Type::U32 | Type::Float | Type::List(..) => {
                let home = Home::Word { at: self.words, nullable };
                self.words += 1 + usize::from(nullable);
                home
            }
            Type::Bytes | Type::Ip | Type::Array(_) | Type::Map(_) => {
                self.valued = true;
                Home::Value { at }
            }
        }
    }

    /// Where a local is.
    pub(crate) fn of(&self, local: LocalId) -> Option<Home> {
        self.homes.get(local.index()).copied()
    }

    /// The arrays that a frame makes, beyond its parameters.
    pub(crate) fn lists(&self, frame: &Frame, params: usize) -> Vec<OwnList> {
        let own = frame.locals.iter().zip(&self.homes).skip(params);
        own.filter_map(|(local, home)| match (&local.ty, home) {
            (Type::List(element, len), Home::Word { at, .. }) => Some(OwnList {
                word: *at,
                len: len.map_or(0, |len| len as usize),
                valued: !is_word(element),
                element: element_bytes(element),
                ip: **element == Type::Ip,
            }),
            _ => None,
        })
        .collect()
    }
}

/// Whether values of a type fit in a word.
pub(crate) fn is_word(ty: &Type) -> bool {
    matches!(ty, Type::Bool | Type::Int | Type::U32 | Type::Float)
}

/// A word as a value of a type.
#[inline]
pub(crate) fn value_of<'a>(ty: &Type, word: u64) -> Value<'a> {
    match ty {
        Type::Bool => Value::Bool(word != 0),
        Type::Int => Value::Int(word as i64),
        Type::U32 => Value::U32(word as u32),
        Type::Float => Value::Float(f64::from_bits(word)),
        Type::Bytes | Type::Ip | Type::Array(_) | Type::Map(_) | Type::List(..) => Value::Nil,
    }
}

impl<'a> Ctx<'a> {
    /// A word of the frame.
    #[inline(always)]
    pub(crate) fn local(&self, at: usize) -> Option<u64> {
        self.env.words.get().get(at).map(Cell::get)
    }

    /// Sets a word of the frame.
    #[inline(always)]
    pub(crate) fn set_local(&self, at: usize, word: u64) {
        if let Some(place) = self.env.words.get().get(at) {
            place.set(word);
        }
    }

    /// The array of words whose place is in a word of the frame.
    #[inline(always)]
    pub(crate) fn list(&self, at: usize) -> Option<&'a List> {
        self.env.kept.stack.lists.get(self.local(at)? as usize)
    }
}
