//! Patterns and literals in forms that other engines read.

use std::net::IpAddr;

use quintet_lang::ast::Wildcard;

/// A regular expression that matches just these ASCII bytes.
///
/// # Errors
/// When a byte is not ASCII.
pub(crate) fn escaped(literal: &[u8]) -> Result<String, String> {
    let mut text = String::new();
    for byte in literal {
        match byte {
            b if b.is_ascii_alphanumeric() => text.push(char::from(*b)),
            b if b.is_ascii() => text.push_str(&format!("\\x{b:02x}")),
            _ => return Err("a pattern holds bytes that are not ASCII".to_owned()),
        }
    }
    Ok(text)
}

/// A regular expression that matches what a wildcard pattern matches; `gap` matches anything.
///
/// # Errors
/// As [`escaped`].
pub(crate) fn wildcard(pattern: &Wildcard, gap: &str) -> Result<String, String> {
    let parts = pattern.parts.iter().map(|p| escaped(p)).collect::<Result<Vec<_>, _>>()?;
    let flag = if pattern.strict { "(?:" } else { "(?i-u:" };
    Ok(format!("\\A{}\\z", parts.iter().map(|p| format!("{flag}{p})")).collect::<Vec<_>>().join(gap)))
}

/// An address as text of a fixed width, so that the texts of one family stand in the order of the addresses, and all of IPv4 before
/// IPv6.
pub(crate) fn address(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => format!("4:{:08x}", ip.to_bits()),
        IpAddr::V6(ip) => format!("6:{:032x}", ip.to_bits()),
    }
}

/// The first and the last [`address`] of the family of `ip`.
pub(crate) fn family(ip: IpAddr) -> (String, String) {
    match ip {
        IpAddr::V4(_) => (address([0u8; 4].into()), address([255u8; 4].into())),
        IpAddr::V6(_) => (address([0u8; 16].into()), address([255u8; 16].into())),
    }
}

/// A string literal in double quotes, as cel and rhai read it.
pub(crate) fn quoted(text: &str) -> String {
    let mut literal = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => literal.extend(['\\', c]),
            c if c.is_control() => literal.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => literal.push(c),
        }
    }
    literal.push('"');
    literal
}

/// Bytes as text.
///
/// # Errors
/// When they are not UTF-8.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|_| "a literal is not UTF-8, and its strings are Unicode".to_owned())
}
