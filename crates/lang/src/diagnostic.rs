//! What is wrong with a source text, as data.
//!
//! A [`Diagnostic`] says where, what and, if possible, how to mend it; [`Diagnostics`] is all that is known of one text, with
//! the text itself, so that it can be rendered anywhere. Its `Display` is plain; the command line draws the same data in colour.

use std::fmt;
use std::sync::Arc;

use crate::ast::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// The text is rejected.
    Error,
    /// The text is accepted, but most likely does not mean what its writer thinks.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        })
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// A stable short name of the kind of finding, such as `unknown-name`.
    pub code: &'static str,
    /// One sentence, without a full stop.
    pub message: String,
    /// Where.
    pub span: Span,
    /// A few words to stand at the span; may be empty.
    pub label: String,
    /// How to mend it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error.
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Error, code, message: message.into(), span, label: String::new(), help: None }
    }

    /// A warning.
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, span, message) }
    }

    /// The same with words for the span.
    pub fn label(mut self, label: impl Into<String>) -> Diagnostic {
        self.label = label.into();
        self
    }

    /// The same with a hint.
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// The same, with a hint if there is one.
    pub(crate) fn maybe_help(mut self, help: Option<String>) -> Diagnostic {
        self.help = help.or(self.help);
        self
    }
}

/// A place in a text, for people: both count from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character in the line; a tab is one.
    pub column: usize,
}

/// Everything that was found in one text: never empty when it stands for a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostics {
    source: Arc<str>,
    list: Vec<Diagnostic>,
    left_out: usize,
}

/// What was found so far in a text that is looked at.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    list: Vec<Diagnostic>,
    left_out: usize,
}

/// More findings than this are counted and not kept: nobody reads them, and hostile texts could make millions.
const MOST: usize = 200;

impl Findings {
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        match self.list.len() < MOST {
            true => self.list.push(diagnostic),
            false => self.left_out += 1,
        }
    }

    /// Takes back what was found since there were `total` findings.
    pub(crate) fn truncate(&mut self, total: usize) {
        self.left_out = self.left_out.min(total.saturating_sub(self.list.len()));
        self.list.truncate(total);
    }

    /// How many were found, those too that are counted and not kept.
    pub(crate) fn total(&self) -> usize {
        self.list.len() + self.left_out
    }

    /// Whether any of them rejects the text.
    pub(crate) fn has_errors(&self) -> bool {
        has_errors(&self.list)
    }

    /// Adds what was found elsewhere in the text, as far as there is room.
    pub(crate) fn extend(&mut self, other: Findings) {
        other.list.into_iter().for_each(|finding| self.push(finding));
    }

    /// The findings in the order of the text.
    pub(crate) fn on(mut self, source: &str) -> Diagnostics {
        self.list.sort_by_key(|d| (d.span.start, d.span.end));
        Diagnostics { source: source.into(), list: self.list, left_out: self.left_out }
    }
}

fn has_errors(list: &[Diagnostic]) -> bool {
    list.iter().any(|d| d.severity == Severity::Error)
}

impl Diagnostics {
    /// These findings on `source`, in the order of the text.
    pub fn of(source: &str, findings: impl IntoIterator<Item = Diagnostic>) -> Diagnostics {
        let mut all = Findings::default();
        findings.into_iter().for_each(|finding| all.push(finding));
        all.on(source)
    }

    /// Whether any of them rejects the text.
    pub fn has_errors(&self) -> bool {
        has_errors(&self.list)
    }

    /// How many of them reject the text, those too that are counted and not kept: errors are kept before warnings.
    pub fn errors(&self) -> usize {
        match self.list.iter().filter(|d| d.severity == Severity::Error).count() {
            all if all == self.list.len() => self.total(),
            some => some,
        }
    }

    /// The findings in the order of the text.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }

    /// How many were found, those too that are counted and not kept.
    pub fn total(&self) -> usize {
        self.list.len() + self.left_out
    }

    /// How many findings were too many to be kept.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// How many findings are kept.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The text that the spans refer to.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The line and column of a byte of the text. Offsets past the end, or inside a character, count as the place before.
    pub fn position(&self, offset: u32) -> Position {
        position(&self.source, offset)
    }

    /// The line that holds a byte of the text, without its end.
    pub fn line(&self, offset: u32) -> &str {
        let start = self.upto(offset).rfind('\n').map_or(0, |i| i + 1);
        let rest = &self.source[start..];
        rest.find('\n').map_or(rest, |i| &rest[..i]).trim_end_matches('\r')
    }

    /// The findings for editors, as one JSON document: `{"file", "diagnostics": [{severity, code, message, label, help, start, end}],
    /// "left_out"}`.
    ///
    /// `start` and `end` are places `{line, column, character, byte}`: `line` and `column` (in characters) count from 1, `character` and
    /// `byte` are offsets in the whole text and count from 0. `end` is exclusive, `label` may be empty and `help` null.
    pub fn to_json(&self, file: &str) -> String {
        let place = |offset: u32| {
            let at = self.position(offset);
            let upto = self.upto(offset);
            serde_json::json!({ "line": at.line, "column": at.column, "character": upto.chars().count(), "byte": upto.len() })
        };
        let list: Vec<_> = self
            .list
            .iter()
            .map(|d| {
                serde_json::json!({
                    "severity": d.severity.to_string(),
                    "code": d.code,
                    "message": d.message,
                    "start": place(d.span.start),
                    "end": place(d.span.end),
                    "label": d.label,
                    "help": d.help,
                })
            })
            .collect();
        serde_json::json!({ "file": file, "diagnostics": list, "left_out": self.left_out }).to_string()
    }

    fn upto(&self, offset: u32) -> &str {
        upto(&self.source, offset)
    }

    fn render(&self, d: &Diagnostic, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.position(d.span.start);
        writeln!(f, "{}:{}: {}: {}", at.line, at.column, d.severity, d.message)?;
        let line = self.line(d.span.start);
        let (from, len) = window(line, at.column - 1);
        let shown: String = line.chars().skip(from).take(len).collect();
        writeln!(f, "    {shown}")?;
        // The padding repeats the tabs of the line, so the carets stand right whatever a tab's width is.
        let before = at.column - 1 - from;
        let pad: String = shown.chars().take(before).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        let end = self.upto(d.span.end).len().max(self.upto(d.span.start).len());
        let marked = self.source[self.upto(d.span.start).len()..end].chars().take_while(|c| *c != '\n' && *c != '\r').count();
        let carets = marked.min(len.saturating_sub(before)).max(1);
        write!(f, "    {pad}{}", "^".repeat(carets))?;
        if !d.label.is_empty() {
            write!(f, " {}", d.label)?;
        }
        if let Some(help) = &d.help {
            write!(f, "\n    help: {help}")?;
        }
        Ok(())
    }
}

/// The line and column of a byte of `source`.
pub(crate) fn position(source: &str, offset: u32) -> Position {
    let upto = upto(source, offset);
    let start = upto.rfind('\n').map_or(0, |i| i + 1);
    Position { line: upto.matches('\n').count() + 1, column: upto[start..].chars().count() + 1 }
}

fn upto(source: &str, offset: u32) -> &str {
    let mut end = (offset as usize).min(source.len());
    while !source.is_char_boundary(end) {
        end -= 1;
    }
    &source[..end]
}

/// Which characters of a line to show: all of a short one, the surroundings of `column` of a long one.
fn window(line: &str, column: usize) -> (usize, usize) {
    const WIDTH: usize = 160;
    const LEAD: usize = 60;
    if line.len() <= WIDTH { (0, WIDTH) } else { (column.saturating_sub(LEAD), WIDTH) }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, d) in self.list.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            self.render(d, f)?;
        }
        if self.left_out > 0 {
            write!(f, "\nand {} more", self.left_out)?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

/// The candidate that is most like `name`, if one is near enough to be what was meant.
pub fn nearest<'n>(name: &str, candidates: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let most = match name.len() {
        0..=2 => 1,
        3..=8 => 2,
        _ => 3,
    };
    candidates
        .filter(|c| c.len().abs_diff(name.len()) <= most)
        .map(|c| (distance(name.as_bytes(), c.as_bytes()), c))
        .filter(|(d, c)| *d <= most && *d < c.len())
        .min()
        .map(|(_, c)| c)
}

/// Edit distance with transpositions of neighbours; letter case counts half as nothing, so `IP.src` is near `ip.src`.
fn distance(a: &[u8], b: &[u8]) -> usize {
    // Names that are too long for a typo are far from everything; this also bounds the work on hostile input.
    if a.len() > 128 || b.len() > 128 {
        return usize::MAX;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let same = usize::from(!x.eq_ignore_ascii_case(y));
            let mut best = (row[j] + same).min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                best = best.min(before[j - 1] + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_tabs_line_up() {
        let found = Diagnostic::error("x", Span::new(17, 21), "bad").label("here").help("mend it");
        let all = Diagnostics::of("s == \"éé\" and\n\tnope", [found]);
        assert_eq!(all.position(12), Position { line: 1, column: 11 });
        assert_eq!(all.to_string(), "2:2: error: bad\n    \tnope\n    \t^^^^ here\n    help: mend it");
        assert_eq!(all.position(9999).line, 2);
        let json: serde_json::Value = serde_json::from_str(&all.to_json("a.rules")).expect("JSON");
        let found = &json["diagnostics"][0];
        assert_eq!(found["start"], serde_json::json!({ "line": 2, "column": 2, "character": 15, "byte": 17 }));
        assert_eq!(found["end"], serde_json::json!({ "line": 2, "column": 6, "character": 19, "byte": 21 }));
        assert_eq!((&json["file"], &found["severity"], &found["help"]), (&"a.rules".into(), &"error".into(), &"mend it".into()));
    }

    #[test]
    fn near_names() {
        let names = ["http.host", "http.ua", "ip.src"];
        assert_eq!(nearest("http.hots", names.into_iter()), Some("http.host"));
        assert_eq!(nearest("IP.SRC", names.into_iter()), Some("ip.src"));
        assert_eq!(nearest("zzz", names.into_iter()), None);
    }
}
