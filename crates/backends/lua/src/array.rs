//! Arrays of scripts in generated code: by numbers, as all memory is. A fixed one is known by where its elements begin, counted in those of
//! the view that they are read through; a growing one by the word of its header, see [`memory`](crate::memory).

use quintet_lang::LOOKED_AT;
use quintet_lang::Type;
use quintet_lang::ast::{Expr, ExprKind, Filling, LocalId, Place as Array};
use quintet_runtime::{Trap, element_bytes};

use crate::code::Exit;
use crate::generator::Generator;
use crate::ints::range;
use crate::operand::{Bytes, Form, Int, Ip, NUMBERS, Operand, Place, U32};

/// Bytes of an element in memory.
pub(crate) fn stored_bytes(element: &Type) -> usize {
    match element {
        Type::Bool => 1,
        Type::U32 => 4,
        Type::Bytes => 16,
        Type::Ip => 24,
        Type::Int | Type::Float | Type::Array(_) | Type::Map(_) | Type::List(..) => 8,
    }
}

/// Bytes of an element of the view that elements are read through.
pub(crate) fn view_bytes(element: &Type) -> usize {
    stored_bytes(element).min(8)
}

/// An array: Lua expressions for where it is.
#[derive(Clone)]
pub(crate) struct At {
    pub(crate) element: Type,
    pub(crate) base: String,
    pub(crate) len: String,
    fixed: Option<usize>,
    /// What its Ints are, where they are kept as numbers.
    numbers: Option<Form>,
    /// The word of a growing one's header.
    header: Option<String>,
    constant: bool,
}

impl At {
    /// The address of the first element.
    fn address(&self) -> String {
        match view_bytes(&self.element) {
            1 => self.base.clone(),
            view => format!("({}) * {view}", self.base),
        }
    }

    /// The form of its length.
    pub(crate) fn count(&self) -> Int {
        match self.fixed {
            Some(len) => {
                let len = len as i64;
                Int { text: len.to_string(), place: None, constant: Some(len), form: Form::Number(len, len) }
            }
            None => Int::of(self.len.clone(), Form::Number(0, quintet_runtime::LIST_MOST as i64)),
        }
    }
}

impl Generator<'_> {
    /// Where an array is.
    #[inline(never)]
    pub(crate) fn array(&mut self, place: Array) -> At {
        match place {
            Array::Local(local) => {
                let slots = self.slots_of(local);
                let name = slots.first().to_owned();
                let numbers = Some(slots.form).filter(|form| *form != Form::Mixed);
                match slots.ty {
                    Type::List(element, Some(len)) => {
                        let len = len as usize;
                        At { element: *element, base: name, len: len.to_string(), fixed: Some(len), numbers, header: None, constant: false }
                    }
                    Type::List(element, None) => At {
                        element: *element,
                        base: format!("F64[{name}]"),
                        len: format!("I32[{name} + {name} + 2]"),
                        fixed: None,
                        numbers,
                        header: Some(name),
                        constant: false,
                    },
                    other => {
                        At { element: other, base: "0".into(), len: "0".into(), fixed: Some(0), numbers, header: None, constant: false }
                    }
                }
            }
            Array::Table(id) => {
                let table = &self.linked.program().tables[id.index()];
                let word = self.data.table(table, id.index());
                let base = match view_bytes(&table.element) {
                    1 => format!("CB + {}", word * 8),
                    4 => format!("C2 + {}", word * 2),
                    _ => format!("C + {word}"),
                };
                let len = table.items.len();
                At {
                    element: table.element.clone(),
                    base,
                    len: len.to_string(),
                    fixed: Some(len),
                    numbers: None,
                    header: None,
                    constant: true,
                }
            }
        }
    }

    /// Leaves with a trap where an index lies outside of an array; answers the index.
    #[inline(never)]
    pub(crate) fn within(&mut self, array: &At, index: Int) -> String {
        let index = self.number(index);
        let (low, high) = range(index.form);
        let i = if index.constant.is_some() { index.text } else { self.bind(&index.text) };
        let below = (low < 0).then(|| format!("{i} < 0"));
        let above = array.fixed.is_none_or(|len| high >= len as i128).then(|| format!("{i} >= {}", array.len));
        let outside = [below, above].into_iter().flatten().collect::<Vec<_>>().join(" or ");
        if !outside.is_empty() {
            self.code.line(format!("if {outside} then return {} end", Trap::Index.at(self.place)));
        }
        i
    }

    /// An Int that is known to be a number, though it may have been worked out as an `int64_t`.
    fn as_number(&self, int: &Int) -> String {
        if int.form == Form::Mixed { format!("tonumber({})", int.text) } else { int.text.clone() }
    }

    /// The place of an element among those of its view.
    fn element_at(&mut self, array: &At, index: &str) -> String {
        let text = match stored_bytes(&array.element) / view_bytes(&array.element) {
            1 => format!("{} + {index}", array.base),
            n => format!("{} + {index} * {n}", array.base),
        };
        self.fresh(&text)
    }

    /// An element that there is.
    #[inline(never)]
    pub(crate) fn load(&mut self, array: &At, index: &str) -> Operand {
        let at = self.element_at(array, index);
        match &array.element {
            Type::Bool => Operand::Bool(self.fresh(&format!("U8[{at}] ~= 0"))),
            Type::U32 => U32::of(self.fresh(&format!("I32[{at}]"))),
            Type::Float => Operand::Float(self.fresh(&format!("F64[{at}]"))),
            Type::Bytes => {
                let from = if array.constant { "CB + " } else { "" };
                let address = self.fresh(&format!("{from}F64[{at}]"));
                Operand::Bytes(Bytes { address, len: self.fresh(&format!("F64[{at} + 1]")), constant: None })
            }
            Type::Ip => Operand::Ip(Ip { place: Place::at(&at), constant: None }),
            Type::Int | Type::Array(_) | Type::Map(_) | Type::List(..) => {
                if let Some(form) = array.numbers {
                    return Operand::Int(Int::of(self.fresh(&format!("F64[{at}]")), form));
                }
                let value = self.fresh(&format!("I32[{at} + {at}]"));
                self.code.line(format!("if I32[{at} + {at} + 1] ~= arshift({value}, 31) then {value} = int({at}) end"));
                Operand::Int(Int::of(value, Form::Mixed))
            }
        }
    }

    /// Writes an element that there is.
    pub(crate) fn put(&mut self, array: &At, index: &str, value: Operand) {
        let at = self.element_at(array, index);
        match value {
            Operand::Bool(text) => self.code.line(format!("U8[{at}] = {text} and 1 or 0")),
            Operand::U32(u) => self.code.line(format!("I32[{at}] = {}", u.text)),
            Operand::Float(text) => self.code.line(format!("F64[{at}] = {text}")),
            Operand::Int(int) => {
                let int = self.number(int);
                if array.numbers.is_some() {
                    let text = self.as_number(&int);
                    return self.code.line(format!("F64[{at}] = {text}"));
                }
                let (low, high) = range(int.form);
                let value = if int.constant.is_some() { int.text } else { self.bind(&int.text) };
                let narrow = low >= i32::MIN.into() && high <= i32::MAX.into();
                if narrow {
                    self.code.line(format!("I32[{at} + {at}], I32[{at} + {at} + 1] = {value}, arshift({value}, 31)"));
                } else {
                    self.code.line(format!("if tobit({value}) == {value} then"));
                    self.code.line(format!("  I32[{at} + {at}], I32[{at} + {at} + 1] = {value}, arshift({value}, 31)"));
                    self.code.line(format!("else put({at}, {value}) end"));
                }
            }
            Operand::Bytes(bytes) => self.code.line(format!("F64[{at}], F64[{at} + 1] = {}, {}", bytes.address, bytes.len)),
            Operand::Ip(ip) => {
                let from = self.bind(&ip.place.word(0));
                self.copy_words(&at, &from, 3);
            }
            // No array holds arrays.
            Operand::Block(_) => {}
        }
    }

    /// Makes room in a growing array where there is less.
    fn make_room(&mut self, array: &At, wanted: &str) {
        let Some(header) = &array.header else { return };
        let element = &array.element;
        let (charge, bytes, view) = (element_bytes(element), stored_bytes(element), view_bytes(element));
        self.code.line(format!("if {wanted} > I32[{header} + {header} + 3] then"));
        self.code.line(format!("  local trap = room(H, E, {header}, {wanted}, {charge}, {bytes}, {view})"));
        let code = self.trap_in("trap");
        self.code.line(format!("  if trap ~= 0 then return {code} end"));
        self.code.line("end");
    }

    /// Makes room and counts what writing so many elements takes.
    fn filled(&mut self, array: &At, len: &str) {
        self.make_room(array, len);
        let charge = element_bytes(&array.element);
        let least = LOOKED_AT.div_ceil(charge);
        if len.parse::<usize>().is_ok_and(|len| len < least) {
            return;
        }
        self.code.line(format!("if {len} >= {least} then"));
        self.code.line(format!("  look(E, {len} * {charge})"));
        self.trap_if_exhausted();
        self.code.line("end");
    }

    fn set_len(&mut self, array: &At, len: &str) {
        if let Some(header) = &array.header {
            self.code.line(format!("I32[{header} + {header} + 2] = {len}"));
        }
    }

    /// Fills an array anew.
    pub(crate) fn fill(&mut self, local: LocalId, with: &Filling) {
        let array = self.array(Array::Local(local));
        match with {
            Filling::Items(items) => self.fill_items(&array, items),
            Filling::Repeat(value, count) => {
                let value = self.needed(value);
                let count = self.needed(count);
                let Operand::Int(count) = count else { return };
                let count = self.number(count);
                let len = match count.constant {
                    Some(i) => i.clamp(0, NUMBERS).to_string(),
                    None => {
                        let text = if count.form == Form::Mixed { format!("tonumber({})", count.text) } else { count.text };
                        let len = self.fresh(&text);
                        self.code.line(format!("if {len} < 0 then {len} = 0 end"));
                        len
                    }
                };
                self.filled(&array, &len);
                self.set_len(&array, &len);
                self.spread(&array, &len, value);
            }
            Filling::Each(value) => {
                let value = self.needed(value);
                let len = self.bind(&array.len);
                self.filled(&array, &len);
                self.spread(&array, &len, value);
            }
            Filling::Copy(place) => {
                let from = self.array(*place);
                let len = self.bind(&from.len);
                self.filled(&array, &len);
                self.copy_all(&array, &from, &len);
                self.set_len(&array, &len);
            }
        }
    }

    fn copy_all(&mut self, array: &At, from: &At, len: &str) {
        if from.constant && array.element == Type::Bytes {
            // Where constants lie is not known to their table.
            let k = self.code.local();
            let open = self.code.open(format!("for {k} = 0, {len} - 1 do"));
            let value = self.load(from, &k);
            self.put(array, &k, value);
            return self.code.close(open);
        }
        let bytes = stored_bytes(&array.element);
        self.code.line(format!("copy({}, {}, {len} * {bytes})", array.address(), from.address()));
    }

    /// Writes a value to the first elements.
    fn spread(&mut self, array: &At, len: &str, value: Operand) {
        let to = array.address();
        let line = match value {
            Operand::Bool(text) => format!("fill1({to}, {len}, {text} and 1 or 0)"),
            Operand::U32(u) => format!("fill4({to}, {len}, {})", u.text),
            Operand::Float(text) => format!("fillf({to}, {len}, {text})"),
            Operand::Int(int) if array.numbers.is_some() => {
                let int = self.number(int);
                format!("fillf({to}, {len}, {})", self.as_number(&int))
            }
            Operand::Int(int) => format!("fill8({to}, {len}, {})", int.text),
            Operand::Bytes(bytes) => format!("fill16({to}, {len}, {}, {})", bytes.address, bytes.len),
            Operand::Ip(ip) => format!("fill24({to}, {len}, {})", ip.place.word(0)),
            Operand::Block(_) => return,
        };
        self.code.line(line);
    }

    fn fill_items(&mut self, array: &At, items: &[Expr]) {
        let len = items.len().to_string();
        self.filled(array, &len);
        let constants: Option<Vec<_>> = items
            .iter()
            .map(|item| match &item.kind {
                ExprKind::Const(constant) if !matches!(array.element, Type::Bytes) && array.numbers.is_none() => Some(constant.clone()),
                _ => None,
            })
            .collect();
        if let Some(constants) = constants.filter(|all| all.len() > 4) {
            let word = self.data.elements(&array.element, &constants);
            self.code.line(format!("copy({}, CB + {}, {})", array.address(), word * 8, items.len() * stored_bytes(&array.element)));
            return self.set_len(array, &len);
        }
        let looks = items.iter().any(|item| {
            let mut found = false;
            item.walk(&mut |e| {
                found |= match &e.kind {
                    ExprKind::Element { array, .. } | ExprKind::Count(array) | ExprKind::Packed(array) => {
                        // Two names may mean one array.
                        matches!(array, Array::Local(_))
                    }
                    _ => false,
                }
            });
            found
        });
        if looks {
            // What is in the array counts until all items are known.
            let mut values = Vec::new();
            for item in items {
                let slots = self.empty(&array.element);
                self.block(|e| {
                    let value = e.needed(item);
                    let texts = e.texts(value, Form::Mixed);
                    e.code.line(format!("{} = {}", slots.names.join(", "), texts.join(", ")));
                });
                values.push(slots.operand());
            }
            for (i, value) in values.into_iter().enumerate() {
                self.block(|e| e.put(array, &i.to_string(), value));
            }
        } else {
            for (i, item) in items.iter().enumerate() {
                self.block(|e| {
                    let value = e.needed(item);
                    e.put(array, &i.to_string(), value);
                });
            }
        }
        self.set_len(array, &len);
    }

    /// A value that is not nil, or a trap.
    pub(crate) fn needed(&mut self, expr: &Expr) -> Operand {
        if !expr.nullable {
            return self.value(expr, Exit::Nothing);
        }
        let slots = self.empty(&expr.ty);
        let mut made = None;
        self.scoped(|e, done| {
            e.scoped(|e, nil| {
                let value = e.value(expr, nil);
                made = Some(e.set_slots(&slots, value));
                e.code.go(done);
            });
            e.code.line(format!("do return {} end", Trap::Nil.at(e.place)));
        });
        crate::slots::Slots { form: made.unwrap_or(Form::Mixed), ..slots }.operand()
    }

    /// Adds an element.
    pub(crate) fn push(&mut self, local: LocalId, value: &Expr) {
        let array = self.array(Array::Local(local));
        let value = self.needed(value);
        let len = self.fresh(&array.len);
        if let Some(header) = &array.header {
            let wanted = format!("I32[{header} + {header} + 3]");
            let element = &array.element;
            let (charge, bytes, view) = (element_bytes(element), stored_bytes(element), view_bytes(element));
            self.code.line(format!("if {len} >= {wanted} then"));
            self.code.line(format!("  local wanted = {wanted} * 2"));
            self.code.line(format!("  if wanted < {0} then wanted = {0} end", quintet_runtime::grown(0)));
            self.code.line(format!("  local trap = room(H, E, {header}, wanted, {charge}, {bytes}, {view})"));
            let code = self.trap_in("trap");
            self.code.line(format!("  if trap ~= 0 then return {code} end"));
            self.code.line("end");
        }
        self.put(&array, &len, value);
        self.set_len(&array, &format!("{len} + 1"));
    }

    /// Takes the last element.
    pub(crate) fn pop(&mut self, to: Option<LocalId>, local: LocalId) {
        let array = self.array(Array::Local(local));
        let to = to.map(|to| self.slots_of(to));
        let len = self.fresh(&array.len);
        self.scoped(|e, done| {
            e.scoped(|e, empty| {
                e.code.jump(&format!("{len} == 0"), empty);
                e.code.line(format!("{len} = {len} - 1"));
                if let Some(to) = &to {
                    let value = e.load(&array, &len);
                    e.assign(to, value);
                }
                e.set_len(&array, &len);
                e.code.go(done);
            });
            if let Some(to) = &to {
                e.assign_nil(to);
            }
        });
    }

    /// The low bytes of an array's elements.
    #[inline(never)]
    pub(crate) fn packed(&mut self, place: Array) -> Operand {
        let array = self.array(place);
        let len = self.fresh(&array.len);
        let address = self.fresh(&format!("packed(E, {}, {len}, {})", array.address(), stored_bytes(&array.element)));
        let code = self.trap_in(&format!("-{address}"));
        self.code.line(format!("if {address} < 0 then return {code} end"));
        Operand::Bytes(Bytes { address, len, constant: None })
    }
}
