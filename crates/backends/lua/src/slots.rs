//! The Lua variables that values of scripts stand in.

use quintet_lang::Type;

use crate::generator::Generator;
use crate::operand::{Block, Bytes, Form, Int, Ip, Operand, Place, U32};

/// The variables of a value. The first is nil where the value is.
#[derive(Clone)]
pub(crate) struct Slots {
    pub(crate) ty: Type,
    pub(crate) names: Vec<String>,
    /// What an Int is; of an array of Ints, what its elements are where they are kept as numbers.
    pub(crate) form: Form,
    /// The word of the memory that an address is copied to; the variable holds that word then. Without, it holds the word of another's.
    pub(crate) home: Option<String>,
}

/// How many variables a value of a type takes.
pub(crate) fn width(ty: &Type) -> usize {
    match ty {
        Type::Bool | Type::Int | Type::U32 | Type::Float | Type::Ip | Type::List(..) => 1,
        Type::Bytes => 2,
        Type::Array(_) | Type::Map(_) => 3,
    }
}

impl Slots {
    /// The value, where it is not nil.
    pub(crate) fn operand(&self) -> Operand {
        let name = |i: usize| self.names.get(i).cloned().unwrap_or_else(|| "nil".into());
        match &self.ty {
            Type::Bool => Operand::Bool(name(0)),
            Type::Int | Type::List(..) => Operand::Int(Int::of(name(0), self.form)),
            Type::U32 => U32::of(name(0)),
            Type::Float => Operand::Float(name(0)),
            Type::Bytes => Operand::Bytes(Bytes { address: name(0), len: name(1), constant: None }),
            Type::Ip => Operand::Ip(Ip { place: Place::at(&name(0)), constant: None }),
            Type::Array(_) | Type::Map(_) => Operand::Block(Block { block: name(0), offset: name(1), len: name(2) }),
        }
    }

    /// The variable that is nil where the value is.
    pub(crate) fn first(&self) -> &str {
        self.names.first().map_or("nil", |name| name)
    }
}

impl Generator<'_> {
    /// A variable of its own with this value.
    pub(crate) fn fresh(&mut self, text: &str) -> String {
        self.code.bind(&mut self.spilled, text)
    }

    /// Fresh variables for a value, nil so far.
    pub(crate) fn empty(&mut self, ty: &Type) -> Slots {
        let names = (0..width(ty)).map(|_| self.fresh("nil")).collect();
        Slots { ty: ty.clone(), names, form: Form::Mixed, home: None }
    }

    /// The Lua expressions of a value's variables.
    pub(crate) fn texts(&mut self, value: Operand, form: Form) -> Vec<String> {
        match value {
            Operand::Bool(text) | Operand::Float(text) => vec![text],
            Operand::U32(u) => vec![u.text],
            Operand::Int(int) => {
                let int = self.number(int);
                match (form, int.form) {
                    // What is known to be a number may have been worked out as an `int64_t`.
                    (Form::Number(..), Form::Mixed) => vec![format!("tonumber({})", int.text)],
                    _ => vec![int.text],
                }
            }
            Operand::Bytes(bytes) => vec![bytes.address, bytes.len],
            Operand::Ip(ip) => vec![ip.place.word(0)],
            Operand::Block(block) => vec![block.block, block.offset, block.len],
        }
    }

    /// Assigns a value that is not nil.
    pub(crate) fn assign(&mut self, slots: &Slots, value: Operand) {
        let texts = self.texts(value, slots.form);
        match (&slots.home, texts.first()) {
            (Some(home), Some(word)) => {
                let (home, word) = (home.clone(), word.clone());
                self.copy_words(&home, &word, 3);
                self.code.line(format!("{} = {home}", slots.first()));
            }
            _ => self.code.line(format!("{} = {}", slots.names.join(", "), texts.join(", "))),
        }
    }

    /// Assigns a value that is not nil to fresh variables, and answers what an Int is then.
    pub(crate) fn set_slots(&mut self, slots: &Slots, value: Operand) -> Form {
        let value = match value {
            Operand::Int(int) => Operand::Int(self.number(int)),
            other => other,
        };
        let form = if let Operand::Int(int) = &value { int.form } else { Form::Mixed };
        self.assign(slots, value);
        form
    }

    /// Assigns nil.
    pub(crate) fn assign_nil(&mut self, slots: &Slots) {
        self.code.line(format!("{} = nil", slots.first()));
    }

    /// Copies words, by halves as they are read.
    pub(crate) fn copy_words(&mut self, to: &str, from: &str, count: usize) {
        let (to, from) = (self.bind(to), self.bind(from));
        for n in 0..count * 2 {
            let plus = if n == 0 { String::new() } else { format!(" + {n}") };
            self.code.line(format!("I32[{to} + {to}{plus}] = I32[{from} + {from}{plus}]"));
        }
    }
}
