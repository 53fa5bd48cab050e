//! What to write instead of what is wrong.

use super::{Checked, Checker};
use crate::ast::CompareOp;
use crate::diagnostic::Diagnostic;
use crate::literal::{self, NetworkError};
use crate::syntax;
use crate::types::Type;

/// Names that a hint lists at most.
const SHOWN: usize = 6;

impl Checker<'_> {
    /// Fails if one side of a comparison is a network: only sets hold them.
    pub(super) fn no_network(&mut self, op: CompareOp, lhs: &syntax::Expr, rhs: &syntax::Expr) -> Checked<()> {
        for (side, other) in [(rhs, lhs), (lhs, rhs)] {
            if !matches!(side.kind, syntax::ExprKind::Arith { op: crate::ast::ArithOp::Div, .. }) {
                continue;
            }
            let text = self.text(side.span);
            // Shorter forms are also divisions of numbers.
            let address = text.split('/').next().is_some_and(|a| literal::ip(a).is_some());
            if address && matches!(literal::network(text), Ok(_) | Err(NetworkError::HostBits(..))) {
                let d = Diagnostic::error("network", side.span, "a network stands only in a set");
                let help = self.in_set(op, other, text);
                return self.fail(d.label("Ip addresses are compared one by one").help(help));
            }
        }
        Ok(())
    }

    /// The test of a value for a network.
    pub(super) fn in_set(&self, op: CompareOp, value: &syntax::Expr, network: &str) -> String {
        let word = if op == CompareOp::Ne { "not in" } else { "in" };
        format!("write `{} {word} {{{network}}}`", self.text(value.span))
    }

    /// What to do instead of applying `op` to an operand of type `ty`.
    pub(super) fn instead(&self, op: &str, ty: &Type, e: &syntax::Expr) -> String {
        let text = self.text(e.span);
        match (op, ty) {
            (_, Type::Map(_)) => format!("one value of a map is `{text}[\"key\"]`, each is `{text}[*]`"),
            (_, Type::Array(_)) => format!("one element of an array is `{text}[0]`, each is `{text}[*]`"),
            ("&", Type::Bool) => "tests are joined by `and`".into(),
            ("|", Type::Bool) => "tests are joined by `or`".into(),
            ("^", Type::Bool) => "tests are joined by `xor`".into(),
            ("+", Type::Bytes) if self.scheme.function_id("concat").is_some() => "`concat(a, b)` joins text".into(),
            ("/", Type::Ip) => "a network stands in a set: `in {10.0.0.0/8}`".into(),
            ("contains" | "matches" | "wildcard" | "strict wildcard", Type::Int | Type::Float | Type::Ip) => {
                format!("compare it as the {ty} that it is, with an operator such as `==`, or test it with `in {{...}}`")
            }
            ("contains" | "matches" | "wildcard" | "strict wildcard", _) => "a Bool stands as it is, or is compared with `true`".into(),
            ("in", Type::Float) => "compare it with `>=` and `<=`".into(),
            ("in", _) => "a Bool stands as it is".into(),
            (_, Type::Float) => "bits are those of an Int".into(),
            _ => "only numbers are computed with".into(),
        }
    }

    /// Names that there are, those like `name` first.
    pub(super) fn there_are(&self, what: &str, name: &str, names: &[&str]) -> Option<String> {
        let first = |n: &str| n.split('.').next().unwrap_or_default().to_owned();
        let (alike, others): (Vec<&str>, Vec<&str>) = names.iter().partition(|n| first(n).eq_ignore_ascii_case(&first(name)));
        let shown: Vec<String> = alike.iter().chain(&others).take(SHOWN).map(|n| format!("`{n}`")).collect();
        let more = names.len() - shown.len();
        match (shown.is_empty(), more) {
            (true, _) => None,
            (false, 0) => Some(format!("{what} are {}", shown.join(", "))),
            (false, more) => Some(format!("{what} are {} and {more} more", shown.join(", "))),
        }
    }
}

/// How a word of other languages is written here.
pub(super) fn foreign_word(word: &str) -> Option<String> {
    match word {
        "TRUE" | "True" | "FALSE" | "False" => Some(format!("write `{}`", word.to_ascii_lowercase())),
        "null" | "NULL" | "nil" | "None" | "none" | "undefined" => Some("`present(x)` tests whether there is a value".into()),
        _ => None,
    }
}

/// Whether a function that is not there asks for more than its arguments: keys of tokens, or patterns of sensitive data.
pub(super) fn needs_service(function: &str) -> bool {
    matches!(function, "is_jwt_valid" | "is_jwt_present" | "dlp_match")
}

/// What to do about a number that is none.
pub(super) fn number(word: &str) -> String {
    let plain = word.replace('_', "");
    if plain.len() < word.len() && literal::int(&plain).is_some_and(|i| i.is_ok()) {
        return format!("digits stand without separators: `{plain}`");
    }
    "an integer is digits, or `0x` and hexadecimal digits, without a unit; text stands in double quotes".into()
}

/// What to do about a member of a set of Int that is none.
pub(super) fn int_member(word: &str) -> String {
    let range = word.contains("..") || word == "-";
    let digits = word.trim_end_matches(|c: char| c.is_alphabetic());
    if literal::int(digits).is_some_and(|i| i.is_ok()) {
        format!("did you mean `{digits}`? members are integers and ranges such as `8000..8999`")
    } else if range {
        "a range is written `1..3`, without blanks and with both ends".into()
    } else {
        "members are integers and ranges: `{80 443 8000..8999}`".into()
    }
}

/// What to do about an address that is none.
pub(super) fn address(word: &str) -> String {
    let parts = word.split('/').next().unwrap_or(word).split('.').collect::<Vec<_>>();
    let digits = |p: &&str| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit());
    if parts.iter().all(digits) && parts.iter().any(|p| p.parse::<u8>().is_err()) {
        return "each of the four numbers goes from 0 to 255".into();
    }
    "an address is written `10.0.0.1` or `2001:db8::1`, and in a set also a network `10.0.0.0/8` or a range `10.0.0.1..10.0.0.9`".into()
}

/// What to do about a regular expression that is none.
pub(super) fn regex(what: &str) -> &'static str {
    if what.contains("look-around") {
        "write two tests, joined by `and` or `and not`"
    } else if what.contains("backreference") {
        "there are no back-references; write out what may repeat"
    } else if what.contains("group") {
        "a literal parenthesis is `\\(` or `\\)`"
    } else if what.contains("class") {
        "a literal bracket is `\\[`"
    } else if what.contains("repetition") {
        "a literal `*`, `+`, `?` or `{` has a backslash before it"
    } else {
        "a backslash makes a sign of the syntax literal"
    }
}
