//! Members of sets of Int and Ip, one at a time: files of lists write them as rules do.

use std::net::IpAddr;

use crate::limits::Limits;
use crate::literal;
use crate::scheme::Scheme;
use crate::types::Type;

/// The first and last integer that a member such as `80`, `0x50` or `8000..8999` stands for.
pub fn int(word: &str) -> Option<(i64, i64)> {
    let (first, last) = word.split_once("..").unwrap_or((word, word));
    match (literal::int(first), literal::int(last)) {
        (Some(Ok(first)), Some(Ok(last))) if first <= last => Some((first, last)),
        _ => None,
    }
}

/// The first and last address that a member such as `10.0.0.1`, `10.0.0.0/8` or `10.0.0.1..10.0.0.9` stands for.
pub fn ip(word: &str) -> Option<(IpAddr, IpAddr)> {
    match word.split_once("..") {
        None => literal::network(word).ok(),
        Some((first, last)) => match (literal::ip(first)?, literal::ip(last)?) {
            (first, last) if first.is_ipv4() == last.is_ipv4() && first <= last => Some((first, last)),
            _ => None,
        },
    }
}

/// Why `word` is no member of a set of `ty`, and how to mend it: what the checker says of a rule with the set `{word}`.
pub fn explain(word: &str, ty: &Type) -> (String, String) {
    // One word at most is looked at: what follows could close the set.
    let word = word.split(|c: char| c.is_whitespace() || matches!(c, '{' | '}' | '"' | '#')).next().unwrap_or_default();
    let shown: String = word.chars().take(80).collect();
    let found = Scheme::builder().optional("x", ty.clone()).build().ok().and_then(|scheme| {
        let diagnostics = crate::compile(&format!("x in {{{shown}}}"), &scheme, &Limits::default()).err()?;
        let first = diagnostics.iter().next()?;
        Some((first.message.clone(), first.help.clone()?))
    });
    found.unwrap_or_else(|| (format!("this is no member of a list of {ty}"), "write one member a line".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_read_as_in_sets() {
        assert_eq!(int("0x10..20"), Some((16, 20)));
        assert_eq!((int("3..1"), int("a"), int("1..")), (None, None, None));
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(ip("10.0.0.0/8"), Some((address("10.0.0.0"), address("10.255.255.255"))));
        assert_eq!(ip("::1..::2"), Some((address("::1"), address("::2"))));
        assert_eq!((ip("10.0.0.1/8"), ip("10.0.0.1..::2"), ip("x")), (None, None, None));
    }

    #[test]
    fn explanations_are_the_checkers() {
        assert!(explain("1-3", &Type::Int).1.contains("1..3"));
        assert!(explain("10.0.0.1/8", &Type::Ip).0.contains("bits set"));
        assert!(explain("256.0.0.1", &Type::Ip).1.contains("255"));
        assert!(explain("} or x == 1", &Type::Int).1.contains("one member a line"));
        assert!(explain("80 443", &Type::Int).1.contains("one member a line"));
    }
}
