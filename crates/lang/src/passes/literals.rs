//! Regular expressions that are plain texts, as the searches and comparisons that they are.

use super::{Rewriter, test};
use crate::ast::{Expr, ExprKind, Needle, NeedleId, Wildcard, WildcardId};

/// A regular expression that is a text.
#[derive(Debug, PartialEq, Eq)]
struct Text {
    bytes: Vec<u8>,
    /// Whether the value must begin with it, and end.
    start: bool,
    end: bool,
    /// Whether letters of either case match.
    caseless: bool,
}

/// The text that a pattern is, if it is one.
fn text(pattern: &str) -> Option<Text> {
    let (caseless, pattern) = pattern.strip_prefix("(?i)").map_or((false, pattern), |rest| (true, rest));
    let (start, pattern) = pattern.strip_prefix('^').map_or((false, pattern), |rest| (true, rest));
    let mut bytes = Vec::with_capacity(pattern.len());
    let (mut end, mut left) = (false, pattern.chars());
    while let Some(c) = left.next() {
        match c {
            '$' if left.as_str().is_empty() => end = true,
            // An escaped sign stands for itself. Escaped letters and digits do not.
            '\\' => bytes.push(left.next().filter(char::is_ascii_punctuation).filter(|sign| !matches!(sign, '<' | '>'))? as u8),
            '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' => return None,
            _ => bytes.extend(c.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
    (!bytes.is_empty() && (!caseless || bytes.is_ascii())).then_some(Text { bytes, start, end, caseless })
}

impl Rewriter<'_> {
    /// Makes of a match of a text a search for it, or a comparison with it.
    pub(super) fn literal(&mut self, e: &mut Expr) {
        let ExprKind::Matches { value, regex } = &mut e.kind else { return };
        let Some(Text { bytes, start, end, caseless }) = self.program.regexes.get(regex.index()).and_then(|regex| text(&regex.pattern))
        else {
            return;
        };
        // Nothing searches for a text in either case better than a regular expression does.
        if caseless && !start && !end {
            return;
        }
        let (span, value) = (e.span, Box::new(super::take(value)));
        let kind = if start || end {
            let before = (!start).then(Vec::new);
            let after = (!end).then(Vec::new);
            let parts = before.into_iter().chain([bytes]).chain(after).collect();
            self.program.wildcards.push(Wildcard { parts, strict: !caseless, span });
            ExprKind::Wildcard { value, pattern: WildcardId(self.program.wildcards.len() as u32 - 1) }
        } else {
            self.program.needles.push(bytes);
            ExprKind::Contains { value, needle: Needle::Const(NeedleId(self.program.needles.len() as u32 - 1)) }
        };
        *e = test(kind, span);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_told_from_expressions() {
        let of = |pattern: &str| text(pattern).map(|it| (String::from_utf8(it.bytes).unwrap(), it.start, it.end, it.caseless));
        let text = |bytes: &str, start, end, caseless| Some((bytes.to_owned(), start, end, caseless));
        for (pattern, expected) in [
            ("bot", text("bot", false, false, false)),
            ("^bot", text("bot", true, false, false)),
            ("bot$", text("bot", false, true, false)),
            ("(?i)^a-b c$", text("a-b c", true, true, true)),
            (r"example\.org/\?", text("example.org/?", false, false, false)),
            ("é", text("é", false, false, false)),
            (r"a\$", text("a$", false, false, false)),
            ("", None),
            ("^$", None),
            ("(?i)é", None),
            ("(?s)a", None),
            ("a.b", None),
            ("a$b", None),
            ("a^", None),
            ("ab+", None),
            (r"\d", None),
            (r"\x41", None),
            (r"\<a", None),
            ("a{2}", None),
            ("a|b", None),
        ] {
            assert_eq!(of(pattern), expected, "{pattern}");
        }
    }
}
