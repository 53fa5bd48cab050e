//! Random literals, sets, patterns and values.

use std::collections::BTreeMap;

use quintet_lang::Type;

use crate::dice::Dice;
use crate::words::{FLOATS, INTS, IPS, KEYS, NETWORKS, REGEXES, WILDCARDS, WORDS};
use quintet_runtime::OwnedValue;

impl Dice<'_> {
    fn word(&mut self) -> &'static [u8] {
        WORDS[self.below(WORDS.len())]
    }

    pub(crate) fn int(&mut self) -> i64 {
        match self.below(8) {
            0..3 => *self.pick(INTS),
            3 => 0,
            4..7 => self.below(12) as i64 - 2,
            _ => self.bits() as i64,
        }
    }

    fn float(&mut self) -> f64 {
        match self.below(6) {
            0..3 => *self.pick(FLOATS),
            3..5 => (self.below(17) as f64 - 8.0) / 2.0,
            _ => f64::from_bits(self.bits()),
        }
    }

    pub(crate) fn bytes(&mut self) -> Vec<u8> {
        let mut bytes = self.word().to_vec();
        match self.below(10) {
            0 => bytes.extend_from_slice(self.word()),
            1 => {
                let mut longer = self.word().to_vec();
                longer.append(&mut bytes);
                longer.extend_from_slice(self.word());
                bytes = longer;
            }
            2 => bytes.make_ascii_uppercase(),
            3 => bytes.truncate(self.below(bytes.len() + 1)),
            4 => bytes = (0..self.below(5)).map(|_| self.bits() as u8).collect(),
            _ => {}
        }
        bytes
    }

    /// A random value. `depth` bounds the size of what is nested.
    pub(crate) fn owned(&mut self, ty: &Type) -> OwnedValue {
        match ty {
            Type::Bool => OwnedValue::Bool(self.one_in(2)),
            Type::Int => OwnedValue::Int(self.int()),
            Type::U32 => OwnedValue::Int(i64::from(self.int() as u32)),
            Type::Float => OwnedValue::Float(self.float()),
            Type::Bytes => OwnedValue::Bytes(self.bytes()),
            Type::Ip => OwnedValue::Ip(self.pick(IPS).parse().expect("an address of the table")),
            Type::Array(element) | Type::List(element, _) => {
                let len = *self.pick(&[0, 0, 1, 1, 2, 3, 4]);
                OwnedValue::Array((0..len).map(|_| self.owned(element)).collect())
            }
            Type::Map(element) => {
                let len = self.below(4);
                let entries = (0..len).map(|_| {
                    let key = if self.one_in(12) { self.bytes() } else { self.pick(KEYS).as_bytes().to_vec() };
                    (key, self.owned(element))
                });
                OwnedValue::Map(entries.collect::<BTreeMap<_, _>>())
            }
        }
    }

    /// A literal of a primitive type, and whether it begins with a minus sign.
    pub(crate) fn literal(&mut self, ty: &Type) -> (String, bool) {
        let text = match ty {
            Type::Bool => (*self.pick(&["true", "false"])).to_owned(),
            Type::Int => {
                let int = self.int();
                match self.below(6) {
                    0 if int >= 0 => format!("{int:#x}"),
                    1 if int > 0 => format!("0{int:o}"),
                    _ => int.to_string(),
                }
            }
            Type::Float => loop {
                let float = self.float();
                if float.is_finite() {
                    break format!("{float:?}");
                }
            },
            Type::Bytes => {
                let bytes = self.bytes();
                self.string(&bytes)
            }
            _ => (*self.pick(IPS)).to_owned(),
        };
        let minus = text.starts_with('-');
        (text, minus)
    }

    /// A literal for the right side of a comparison, where more forms are understood.
    pub(crate) fn right_literal(&mut self, ty: &Type) -> (String, bool) {
        match ty {
            Type::Bytes if self.one_in(5) => {
                let bytes = self.bytes();
                // `61-62` is a difference where the left side is a literal too.
                (self.sequence(&bytes, &[":", "."]), false)
            }
            Type::Float if self.one_in(4) => (self.below(4).to_string(), false),
            _ => self.literal(ty),
        }
    }

    /// Bytes as a string literal, quoted or raw.
    pub(crate) fn string(&mut self, bytes: &[u8]) -> String {
        match std::str::from_utf8(bytes) {
            Ok(text) if self.one_in(4) => raw(text),
            _ => quoted(bytes),
        }
    }

    /// Bytes as pairs of hex digits, if there are enough of them.
    fn sequence(&mut self, bytes: &[u8], separators: &[&str]) -> String {
        if bytes.len() < 2 {
            return quoted(bytes);
        }
        let separator = *self.pick(separators);
        bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(separator)
    }

    /// Members of a literal set of Int, Ip or Bytes.
    pub(crate) fn members(&mut self, ty: &Type) -> Vec<String> {
        // Numbers near one another, which a bitmap may hold where they are many.
        let near = self.one_in(4);
        let len = match self.below(8) {
            0..3 if near && *ty == Type::Int => 9 + self.below(16),
            0 if self.one_in(6) => 20 + self.below(60),
            0 => 9 + self.below(16),
            1 => self.below(2),
            _ => 1 + self.below(6),
        };
        let comma = if self.one_in(3) { "," } else { "" };
        (0..len)
            .map(|_| {
                let member = match ty {
                    Type::Int if near => (self.below(800) as i64 - 16).to_string(),
                    Type::Int if self.one_in(3) => {
                        let (a, b) = (self.int(), self.int());
                        format!("{}..{}", a.min(b), a.max(b))
                    }
                    Type::Int => self.literal(ty).0,
                    Type::Ip if self.one_in(2) => (*self.pick(NETWORKS)).to_owned(),
                    Type::Ip => (*self.pick(IPS)).to_owned(),
                    _ => {
                        let bytes = self.bytes();
                        if self.one_in(6) { self.sequence(&bytes, &[":", "-", "."]) } else { self.string(&bytes) }
                    }
                };
                member + comma
            })
            .collect()
    }

    /// The literal of a regular expression.
    pub(crate) fn regex(&mut self) -> String {
        if self.one_in(4) {
            let word = self.word();
            let escaped: String = word.iter().map(|b| format!("\\x{b:02x}")).collect();
            let (start, end) = (*self.pick(&["", "^"]), *self.pick(&["", "$"]));
            return format!("\"{start}{escaped}{end}\"");
        }
        let pattern = *self.pick(REGEXES);
        if self.one_in(2) { format!("\"{pattern}\"") } else { raw(pattern) }
    }

    /// The literal of a wildcard pattern.
    pub(crate) fn wildcard(&mut self) -> String {
        let mut pattern = (*self.pick(WILDCARDS)).to_owned();
        if self.one_in(4) {
            let word: String = self.word().iter().filter(|b| b.is_ascii_alphanumeric()).map(|b| char::from(*b)).collect();
            pattern = format!("{}{word}{}", self.pick(&["", "*"]), self.pick(&["", "*"]));
            if word.is_empty() {
                pattern.truncate(1);
            }
        }
        self.string(pattern.as_bytes())
    }
}

/// A string in quotes, with escapes where they are needed.
pub(crate) fn quoted(bytes: &[u8]) -> String {
    let mut text = String::from("\"");
    for byte in bytes {
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(*byte)]),
            b' '..=b'~' => text.push(char::from(*byte)),
            _ => text.push_str(&format!("\\x{byte:02x}")),
        }
    }
    text.push('"');
    text
}

/// A raw string.
fn raw(text: &str) -> String {
    let hashes = if text.contains('"') { "#" } else { "" };
    format!("r{hashes}\"{text}\"{hashes}")
}
