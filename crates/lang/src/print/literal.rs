//! Literals as source text.

use std::fmt::Write;

use super::{Text, level};
use crate::ast::{Const, Set, Wildcard};

pub(super) fn constant(c: &Const) -> Text {
    match c {
        Const::Bool(b) => Text::new(b.to_string(), level::PRIMARY),
        Const::Int(i) => Text::new(i.to_string(), if *i < 0 { level::UNARY } else { level::PRIMARY }),
        Const::U32(u) => Text::new(format!("u32({u})"), level::PRIMARY),
        // No literal stands for these; they only come from folding constants.
        Const::Float(f) if f.is_nan() => Text::new("0.0 / 0.0", level::OPERAND),
        Const::Float(f) if f.is_infinite() => Text::new(if *f > 0.0 { "1.0 / 0.0" } else { "-1.0 / 0.0" }, level::OPERAND),
        Const::Float(f) => Text::new(format!("{f:?}"), if f.is_sign_negative() { level::UNARY } else { level::PRIMARY }),
        Const::Bytes(b) => Text::new(quote(b), level::PRIMARY),
        Const::Ip(ip) => Text::new(ip.to_string(), level::PRIMARY),
    }
}

/// Bytes as a quoted string of the language: text as it is where it is UTF-8 and printable, everything else as `\xHH`.
///
/// ```
/// assert_eq!(quintet_lang::quote(b"a\"b\xff\n"), r#""a\"b\xff\x0a""#);
/// ```
pub fn quote(bytes: &[u8]) -> String {
    let mut text = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' => text.push_str("\\\""),
                '\\' => text.push_str("\\\\"),
                c if c.is_control() || (c.is_whitespace() && c != ' ') => escape(c.encode_utf8(&mut [0; 4]).as_bytes(), &mut text),
                c => text.push(c),
            }
        }
        escape(chunk.invalid(), &mut text);
    }
    text.push('"');
    text
}

fn escape(bytes: &[u8], text: &mut String) {
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "\\x{byte:02x}");
    }
}

/// A regular expression: quoted if that keeps it as it is, else raw.
pub(super) fn regex(pattern: &str) -> String {
    if !pattern.contains('"') {
        return format!("\"{pattern}\"");
    }
    let mut hashes = String::new();
    while pattern.contains(&format!("\"{hashes}")) && hashes.len() < 255 {
        hashes.push('#');
    }
    format!("r{hashes}\"{pattern}\"{hashes}")
}

/// The members of a set, separated by blanks.
pub(crate) fn members(set: &Set) -> String {
    fn ranges<T: ToString + PartialEq>(all: &[(T, T)]) -> Vec<String> {
        all.iter().map(|(a, b)| if a == b { a.to_string() } else { format!("{}..{}", a.to_string(), b.to_string()) }).collect()
    }
    let members = match set {
        Set::Int(all) => ranges(all),
        Set::Ip(all) => ranges(all),
        Set::Bytes(all) => all.iter().map(|m| quote(m)).collect(),
    };
    members.join(" ")
}

/// A wildcard pattern with its stars and escapes.
pub(crate) fn wildcard_text(w: &Wildcard) -> Vec<u8> {
    let mut text = Vec::new();
    for (i, part) in w.parts.iter().enumerate() {
        if i > 0 {
            text.push(b'*');
        }
        for byte in part {
            if matches!(byte, b'*' | b'\\') {
                text.push(b'\\');
            }
            text.push(*byte);
        }
    }
    text
}
