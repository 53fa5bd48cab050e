//! Regular expressions and wildcard patterns.

use super::{Checked, Checker, Operand, hint};
use crate::ast::{ExprKind, Regex, RegexId, Span, Wildcard, WildcardId};
use crate::diagnostic::Diagnostic;
use crate::syntax::{self, Pattern};

/// Bytes that a state of a compiled regular expression takes at least (regex-automata's `thompson::State`).
const STATE_BYTES: usize = 24;
/// Patterns up to this length are compiled to find out what they take.
const SHORT_PATTERN: usize = 64 << 10;

impl Checker<'_> {
    #[inline(never)]
    pub(super) fn matches(&mut self, value: &syntax::Expr, pattern: &Pattern, span: Span) -> Checked<Operand> {
        let valid = self.regex(pattern);
        let regex = RegexId(self.program.regexes.len() as u32);
        let found = self.bytes_test(value, "matches", span, |value| ExprKind::Matches { value, regex });
        valid?;
        self.program.regexes.push(Regex { pattern: pattern.text.clone(), span: pattern.span });
        found
    }

    /// Whether a pattern is well-formed. Its compiled size is the runtime's to judge.
    fn regex(&mut self, pattern: &Pattern) -> Checked<()> {
        // A byte of a pattern is about a state, so that a pattern of this length passes the limit; compiling it to find out would take seconds.
        let most = (self.limits.regex_bytes / STATE_BYTES).max(SHORT_PATTERN);
        if pattern.text.len() > most {
            let message = format!("this regular expression is {} bytes long; at most {most} are allowed", pattern.text.len());
            let d = Diagnostic::error("regex-too-long", pattern.span, message);
            return self.fail(d.help("alternatives of literal texts are quicker as several `contains`, or as `in {...}`"));
        }
        let parsed = regex_syntax::ParserBuilder::new().utf8(false).unicode(false).build().parse(&pattern.text);
        let (message, at) = match parsed {
            Ok(_) => return Ok(()),
            Err(regex_syntax::Error::Parse(e)) => (e.kind().to_string(), *e.span()),
            Err(regex_syntax::Error::Translate(e)) => (e.kind().to_string(), *e.span()),
            Err(e) => {
                let message = format!("the regular expression is malformed: {e}");
                return self.fail(Diagnostic::error("bad-regex", pattern.span, message));
            }
        };
        let span = pattern.source_span(at.start.offset, at.end.offset);
        let other = hint::regex(&message);
        let d = Diagnostic::error("bad-regex", span, "the regular expression is malformed").label(message).help(other);
        let unicode = matches!(pattern.text.get(at.start.offset..), Some(rest) if rest.starts_with("\\p") || rest.starts_with(|c: char| !c.is_ascii()));
        let help = unicode.then(|| "`matches` works on bytes; `(?u)` at the start of the pattern switches to characters".to_owned());
        self.fail(d.maybe_help(help))
    }

    #[inline(never)]
    pub(super) fn wildcard(
        &mut self,
        value: &syntax::Expr,
        strict: bool,
        pattern: &[u8],
        pattern_span: Span,
        span: Span,
    ) -> Checked<Operand> {
        let parts = self.parts(pattern, pattern_span);
        let id = WildcardId(self.program.wildcards.len() as u32);
        let op = if strict { "strict wildcard" } else { "wildcard" };
        let found = self.bytes_test(value, op, span, |value| ExprKind::Wildcard { value, pattern: id });
        self.program.wildcards.push(Wildcard { parts: parts?, strict, span: pattern_span });
        found
    }

    /// The literal stretches between the stars.
    fn parts(&mut self, pattern: &[u8], span: Span) -> Checked<Vec<Vec<u8>>> {
        let bad = |message: &str| Diagnostic::error("bad-wildcard", span, message.to_owned());
        let mut parts = vec![Vec::new()];
        let mut star = false;
        let mut bytes = pattern.iter();
        while let Some(byte) = bytes.next() {
            let literal = match byte {
                b'*' if star => return self.fail(bad("`**` is no wildcard pattern").help("one `*` already stands for any text")),
                b'*' => {
                    star = true;
                    parts.push(Vec::new());
                    continue;
                }
                b'\\' => match bytes.next() {
                    Some(b @ (b'*' | b'\\')) => *b,
                    _ => {
                        let d = bad("a backslash in a wildcard pattern stands before `*` or another backslash");
                        return self.fail(d.help("a literal backslash is `\\\\`, which a quoted string writes as `\\\\\\\\`"));
                    }
                },
                byte => *byte,
            };
            star = false;
            if let Some(part) = parts.last_mut() {
                part.push(literal);
            }
        }
        let most = self.limits.wildcard_stars;
        if parts.len() - 1 > most {
            let message = format!("this pattern has {} `*`; at most {most} are allowed", parts.len() - 1);
            return self.fail(bad(&message).help("write several shorter patterns, joined by `and`"));
        }
        Ok(parts)
    }
}
