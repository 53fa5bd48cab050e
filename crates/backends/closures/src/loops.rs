//! Loops of statements. Each turn counts a step.

use quintet_lang::Type;
use quintet_lang::ast::{Block, Expr, LocalId, Over, Place};
use quintet_runtime::{Trap, Value};

use crate::context::Ctx;
use crate::frame::Home;
use crate::generator::Generator;
use crate::kind::{Any, Bytes, Int};
use crate::stmt::{Flow, StmtFn, nil, set_value, stmt, trap};

/// What a turn begins with and ends in: `Err` where the loop ends.
#[inline(always)]
fn turn(cx: &Ctx<'_>, body: &StmtFn) -> Result<(), Flow> {
    match body(cx) {
        Flow::On | Flow::Continue => Ok(()),
        Flow::Break => Err(Flow::On),
        Flow::Return => Err(Flow::Return),
        Flow::Trap => Err(Flow::Trap),
    }
}

/// Binds the loop's local to a word.
#[inline(always)]
fn bind(cx: &Ctx<'_>, (at, nullable): (usize, bool), word: u64) {
    cx.set_local(at, word);
    if nullable {
        cx.set_local(at + 1, 1);
    }
}

/// Runs a body for each of these words.
fn for_words(cx: &Ctx<'_>, local: (usize, bool), words: impl Iterator<Item = u64>, body: &StmtFn) -> Flow {
    for word in words {
        if !cx.count(1) {
            return Flow::Trap;
        }
        bind(cx, local, word);
        if let Err(flow) = turn(cx, body) {
            return flow;
        }
    }
    Flow::On
}

/// A value as a word.
fn word_of(value: Value<'_>) -> u64 {
    match value {
        Value::Bool(b) => u64::from(b),
        Value::Int(i) => i as u64,
        Value::U32(u) => u64::from(u),
        Value::Float(f) => f.to_bits(),
        Value::Nil | Value::Bytes(_) | Value::Ip(_) | Value::Array(_) | Value::Map(_) => 0,
    }
}

impl Generator<'_> {
    /// `while`.
    pub(crate) fn while_loop(&mut self, condition: &Expr, body: &Block) -> StmtFn {
        let condition = self.condition(condition);
        let body = self.statements(body);
        stmt(move |cx| {
            loop {
                match condition.holds(cx) {
                    Some(true) => {}
                    Some(false) => return Flow::On,
                    None => return Flow::Trap,
                }
                if !cx.count(1) {
                    return Flow::Trap;
                }
                if let Err(flow) = turn(cx, &body) {
                    return flow;
                }
            }
        })
    }

    /// `for`.
    pub(crate) fn for_loop(&mut self, local: LocalId, over: &Over, body: &Block) -> StmtFn {
        let Some(home) = self.home(local) else { return stmt(|cx| trap(cx, Trap::Nil)) };
        match over {
            Over::Range { start, end, inclusive } => self.for_range(home, (start, end), *inclusive, body),
            Over::Value(value) => self.for_value(home, value, body),
            Over::Array(place) => self.for_array(home, *place, body),
        }
    }

    fn for_range(&mut self, home: Home, (start, end): (&Expr, &Expr), inclusive: bool, body: &Block) -> StmtFn {
        let Home::Word { at, nullable } = home else { return stmt(|cx| trap(cx, Trap::Nil)) };
        let (start, end) = (self.sequence::<Int>(start), self.sequence::<Int>(end));
        let body = self.statements(body);
        stmt(move |cx| {
            let Some(first) = start(cx) else { return nil(cx) };
            let Some(end) = end(cx) else { return nil(cx) };
            if first > end || (first == end && !inclusive) {
                return Flow::On;
            }
            let last = if inclusive { end } else { end - 1 };
            let mut here = first;
            loop {
                if !cx.count(1) {
                    return Flow::Trap;
                }
                bind(cx, (at, nullable), here as u64);
                if let Err(flow) = turn(cx, &body) {
                    return flow;
                }
                if here == last {
                    return Flow::On;
                }
                here += 1;
            }
        })
    }

    fn for_value(&mut self, home: Home, over: &Expr, body: &Block) -> StmtFn {
        if let (Type::Bytes, Home::Word { at, nullable }) = (&over.ty, home) {
            let over = self.sequence::<Bytes>(over);
            let body = self.statements(body);
            return stmt(move |cx| match over(cx) {
                Some(text) => for_words(cx, (at, nullable), text.iter().map(|byte| u64::from(*byte)), &body),
                None => nil(cx),
            });
        }
        let over = self.sequence::<Any>(over);
        let body = self.statements(body);
        stmt(move |cx| {
            let value = match over(cx) {
                Some(value) => value,
                None => return nil(cx),
            };
            let len = match &value {
                Value::Array(array) => array.len(),
                Value::Map(map) => map.len(),
                _ => 0,
            };
            for index in 0..len {
                if !cx.count(1) {
                    return Flow::Trap;
                }
                let element = match &value {
                    Value::Array(array) => array.get(index),
                    Value::Map(map) => map.entry(index).1,
                    _ => Value::Nil,
                };
                match home {
                    Home::Word { at, nullable } => bind(cx, (at, nullable), word_of(element)),
                    Home::Value { at } => set_value(cx, at, element),
                }
                if let Err(flow) = turn(cx, &body) {
                    return flow;
                }
            }
            Flow::On
        })
    }

    fn for_array(&mut self, home: Home, place: Place, body: &Block) -> StmtFn {
        match (place, home) {
            (Place::Table(table), home) => {
                let words = self.table(table);
                let body = self.statements(body);
                match home {
                    Home::Word { at, nullable } => stmt(move |cx| for_words(cx, (at, nullable), words.iter().copied(), &body)),
                    Home::Value { at } => stmt(move |cx| {
                        let table = cx.env.kept.code.linked.program().tables.get(table.index());
                        for item in table.map(|table| table.items.as_slice()).unwrap_or_default() {
                            if !cx.count(1) {
                                return Flow::Trap;
                            }
                            set_value(cx, at, Value::of(item));
                            if let Err(flow) = turn(cx, &body) {
                                return flow;
                            }
                        }
                        Flow::On
                    }),
                }
            }
            (Place::Local(array), Home::Word { at, nullable }) => {
                let Some(array) = self.word_of(array) else { return stmt(|cx| trap(cx, Trap::Nil)) };
                let body = self.statements(body);
                stmt(move |cx| {
                    let mut index = 0;
                    // What it holds then is looked at before each turn, as the body may change it.
                    let next = || {
                        let list = cx.list(array)?.try_borrow().ok()?;
                        let word = list.items.get(index).copied();
                        index += 1;
                        word
                    };
                    for_words(cx, (at, nullable), std::iter::from_fn(next), &body)
                })
            }
            (Place::Local(array), Home::Value { at }) => {
                let Some(array) = self.word_of(array) else { return stmt(|cx| trap(cx, Trap::Nil)) };
                let body = self.statements(body);
                stmt(move |cx| {
                    let mut index = 0;
                    while let Some(value) = crate::array::valued_at(cx, array, index) {
                        index += 1;
                        if !cx.count(1) {
                            return Flow::Trap;
                        }
                        set_value(cx, at, value);
                        if let Err(flow) = turn(cx, &body) {
                            return flow;
                        }
                    }
                    Flow::On
                })
            }
        }
    }
}
