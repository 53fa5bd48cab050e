//! Wireshark's display filters in Quintet's language, where one can be had from the other by rule.

use quintet_lang::{Field, Type};

/// A token of a display filter.
#[derive(Clone, Debug, PartialEq)]
enum Token {
    /// A name, number or address.
    Word(String),
    /// A string, with its quotes taken off; whether backslashes stand for themselves.
    Text(String, bool),
    /// Anything else.
    Sign(&'static str),
}

use Token::{Sign, Text, Word};

const SIGNS: &[&str] = &[
    "===", "!==", "==", "!=", ">=", "<=", "&&", "||", "~=", "..", "~", ">", "<", "!", "&", "(", ")", "{", "}", "[", "]", ",", "+", "*",
    "/", "%", "=", "#",
];

fn tokens(filter: &str) -> Result<Vec<Token>, &'static str> {
    let mut tokens = Vec::new();
    let mut rest = filter.trim_start();
    while !rest.is_empty() {
        let raw = rest.starts_with("r\"");
        if raw || rest.starts_with('"') {
            let start = if raw { 2 } else { 1 };
            let mut end = start;
            while !rest[end..].starts_with('"') {
                end += if !raw && rest[end..].starts_with('\\') { 2 } else { 1 };
                if end >= rest.len() {
                    return Err("an open string");
                }
            }
            tokens.push(Text(rest[start..end].into(), raw));
            rest = &rest[end + 1..];
        } else if let Some(sign) = SIGNS.iter().find(|s| rest.starts_with(**s)) {
            tokens.push(Sign(sign));
            rest = &rest[sign.len()..];
        } else {
            let mut end = 0;
            while let Some(c) = rest[end..].chars().next() {
                let slash = c == '/' && tokens.last() != Some(&Sign("[")) && rest[..end].contains(['.', ':']);
                let dots = rest[end..].starts_with("..");
                if dots || !(c.is_ascii_alphanumeric() || "_.:-".contains(c) || slash) {
                    break;
                }
                end += 1;
            }
            if end == 0 {
                return Err("a character that is no token");
            }
            tokens.push(Word(rest[..end].into()));
            rest = &rest[end..];
        }
        rest = rest.trim_start();
    }
    Ok(tokens)
}

/// The filter in Quintet's language, or why there is no rule for it.
pub fn translate(filter: &str, fields: &[Field]) -> Result<String, &'static str> {
    let tokens = tokens(filter)?;
    let field = |token: Option<&Token>| match token {
        Some(Word(name)) => fields.iter().find(|f| f.name == name.replace('-', "_")),
        _ => None,
    };
    let mut out: Vec<String> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let (this, next) = (&tokens[at], tokens.get(at + 1));
        let compared = |t: Option<&Token>| match t {
            Some(Sign(s)) => !matches!(*s, "&&" | "||" | ")" | "!" | "(" | "}" | ","),
            Some(Word(w)) => matches!(
                w.as_str(),
                "contains" | "matches" | "in" | "eq" | "ne" | "gt" | "ge" | "lt" | "le" | "bitwise_and" | "any_eq" | "all_ne" | "any_ne"
            ),
            _ => false,
        };
        match this {
            Sign("===" | "!==" | "~=") | Sign("#") | Sign("=") => return Err("all-equal, any-not-equal or layer operator"),
            Word(w) if matches!(w.as_str(), "any_ne" | "any_eq" | "all_ne" | "any" | "all") => return Err("quantified comparison"),
            Word(w) if matches!(w.as_str(), "max" | "min" | "abs" | "string") => return Err("a function without counterpart"),
            Word(w) if w == "count" => out.push("count".into()),
            Word(w) if matches!(w.as_str(), "len" | "lower" | "upper") => {
                if field(tokens.get(at + 2)).is_some_and(|f| f.multi && f.ty.element() != Some(&Type::Bytes)) {
                    return Err("a function of values that are no text");
                }
                out.push(w.clone());
            }
            Sign("~") => out.push("matches".into()),
            Word(_) if field(Some(this)).is_some() => {
                let Some(f) = field(Some(this)) else { continue };
                let inside = matches!(out.last().map(String::as_str), Some("("))
                    && out.len() > 1
                    && matches!(out[out.len() - 2].as_str(), "count" | "len" | "lower" | "upper");
                let right = compared(at.checked_sub(1).and_then(|i| tokens.get(i)));
                if !compared(next) && !inside && !right {
                    out.push(present(f)?);
                } else if let (Some(Sign(op @ ("==" | "!="))), Some(Word(value))) = (next, tokens.get(at + 2)) {
                    let element = f.ty.element().filter(|_| f.multi).unwrap_or(&f.ty);
                    match element {
                        Type::Bool => {
                            let value = match value.to_ascii_lowercase().as_str() {
                                "1" | "true" => "true",
                                "0" | "false" => "false",
                                _ => return Err("a boolean compared with something else"),
                            };
                            out.push(format!("{} {op} {value}", f.name));
                        }
                        Type::Ip if value.contains('/') => out.push(match *op {
                            "==" => format!("{} in {{{value}}}", f.name),
                            _ => format!("({} and not {} in {{{value}}})", present(f)?, f.name),
                        }),
                        _ => out.push(format!("{} {op} {}", f.name, byte(f, value))),
                    }
                    at += 3;
                    continue;
                } else {
                    out.push(f.name.clone());
                }
            }
            Word(w) if w.chars().next().is_some_and(|c| c.is_ascii_alphabetic()) && w.contains('.') => {
                return Err("a field that there is not");
            }
            Sign("[") => {
                // Wireshark's slices have a length, Quintet's an end.
                let close = tokens[at..].iter().position(|t| *t == Sign("]")).ok_or("an open slice")? + at;
                let [Word(slice)] = &tokens[at + 1..close] else { return Err("a slice with commas") };
                out.push(format!("[{}]", bounds(slice).ok_or("a slice that is no pair of numbers")?));
                at = close + 1;
                // What a slice is compared with are bytes.
                if let (Some(Sign(op)), Some(Word(value))) = (tokens.get(at), tokens.get(at + 1)) {
                    let hex = value.strip_prefix("0x").unwrap_or(value);
                    if hex.len() == 2 && hex.bytes().all(|b| b.is_ascii_hexdigit()) && *op != "&" {
                        out.push(format!("{op} \"\\x{hex}\""));
                        at += 2;
                    }
                }
                continue;
            }
            Word(w) if w == "matches" => out.push("matches".into()),
            Text(text, raw)
                if matches!(tokens.get(at.wrapping_sub(1)), Some(Sign("~")))
                    || matches!(tokens.get(at.wrapping_sub(1)), Some(Word(w)) if w == "matches") =>
            {
                let pattern = if *raw { text.clone() } else { text.replace("\\\\", "\\").replace("\\\"", "\"") };
                out.push(format!("r#\"(?i){pattern}\"#"));
            }
            Text(text, _) => out.push(format!("\"{text}\"")),
            Sign(",") => out.push(",".into()),
            Sign(sign) => out.push((*sign).into()),
            Word(word) => out.push(word.clone()),
        }
        at += 1;
    }
    // Slices and ranges stand without blanks.
    Ok(out.join(" ").replace(" [", "[").replace(" .. ", ".."))
}

/// `47` for a byte of a bytes field.
fn byte(field: &Field, value: &str) -> String {
    match field.ty {
        Type::Bytes if value.len() == 2 && value.bytes().all(|b| b.is_ascii_hexdigit()) => format!("\"\\x{value}\""),
        _ => value.into(),
    }
}

/// A test for the presence of a field.
fn present(field: &Field) -> Result<String, &'static str> {
    let name = &field.name;
    let element = field.ty.element().filter(|_| field.multi).unwrap_or(&field.ty);
    Ok(match (element, field.multi) {
        (Type::Bool, false) if field.presence == quintet_lang::Presence::Mandatory => name.clone(),
        (Type::Bool, _) => format!("({name} == true or {name} == false)"),
        // No integer of a packet is negative.
        (Type::Int, _) => format!("({name} >= 0)"),
        (_, true) | (Type::Bytes, _) => format!("(len({name}) >= 0)"),
        (Type::Ip, false) => format!("({name} in {{0.0.0.0/0 ::/0}})"),
        _ => return Err("the presence of a field of this type"),
    })
}

fn bounds(slice: &str) -> Option<String> {
    let number = |text: &str| if text.is_empty() { Some(None) } else { text.parse::<i64>().ok().map(Some) };
    match slice.split_once(':') {
        Some((from, len)) => match (number(from)?, number(len)?) {
            (Some(from), Some(len)) if from >= 0 => Some(format!("{from}:{}", from + len)),
            (Some(from), None) => Some(format!("{from}:")),
            (None, Some(len)) => Some(format!(":{len}")),
            _ => None,
        },
        None => match number(slice)? {
            Some(-1) => Some("-1:".into()),
            Some(at) if at >= 0 => Some(format!("{at}:{}", at + 1)),
            _ => None,
        },
    }
}
