//! Diagnostics for people: the source line, the place, the cause, the mend.

use std::io::IsTerminal;

use ariadne::{CharSet, Color, Config, IndexType, Label, Report, ReportKind, Source};
use quintet::lang::ast::Span;
use quintet::lang::{Diagnostics, Severity};

fn config() -> Config {
    let terminal = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let characters = if terminal { CharSet::Unicode } else { CharSet::Ascii };
    Config::default().with_color(terminal).with_index_type(IndexType::Byte).with_char_set(characters)
}

/// Bytes of the longest line that is shown as it is.
const WIDEST: usize = 1000;
/// Characters that are shown of a longer one.
const EXCERPT: usize = 60;

/// The place in words with the beginning of what stands there, where the line is too long to be shown.
fn excerpt(name: &str, text: &str, span: Span) -> Option<String> {
    let (before, from) = text.split_at_checked(span.start as usize)?;
    let begun = before.rfind('\n').map_or(0, |at| at + 1);
    let length = before.len() - begun + from.find('\n').unwrap_or(from.len());
    if length <= WIDEST {
        return None;
    }
    let (line, column) = line_and_column(text, span);
    let shown: String = from.chars().take_while(|c| *c != '\n').take(EXCERPT).collect();
    Some(format!("  at {name}:{line}:{column}, in a line of {length} bytes: {shown} ..."))
}

/// Prints all diagnostics on standard error.
pub fn diagnostics(name: &str, text: &str, diagnostics: &Diagnostics) {
    for diagnostic in diagnostics.iter() {
        let span = diagnostic.span;
        let (kind, word, colour) = match diagnostic.severity {
            Severity::Error => (ReportKind::Error, "Error", Color::Red),
            Severity::Warning => (ReportKind::Warning, "Warning", Color::Yellow),
        };
        if let Some(place) = excerpt(name, text, span) {
            eprintln!("{word}: {}\n{place}", diagnostic.message);
            for (word, more) in [("", Some(&diagnostic.label).filter(|l| !l.is_empty())), ("Help: ", diagnostic.help.as_ref())] {
                if let Some(more) = more {
                    eprintln!("  {word}{more}");
                }
            }
            continue;
        }
        let range = (name, span.start as usize..(span.end as usize).max(span.start as usize));
        let mut report = Report::build(kind, range.clone())
            .with_config(config())
            .with_message(&diagnostic.message)
            .with_label(Label::new(range).with_message(&diagnostic.label).with_color(colour));
        if let Some(help) = &diagnostic.help {
            report = report.with_help(help);
        }
        print(report.finish(), name, text);
    }
    if diagnostics.left_out() > 0 {
        eprintln!("{name}: {} more findings are not shown", diagnostics.left_out());
    }
}

/// Prints one error at a place.
pub fn one(name: &str, text: &str, span: Span, message: &str) {
    at(ReportKind::Error, (name, text), span, message);
}

/// Prints where a rule trapped.
pub fn trap(name: &str, text: &str, span: Span, message: &str) {
    at(ReportKind::Custom("Trap", Color::Yellow), (name, text), span, message);
}

fn at(kind: ReportKind<'static>, (name, text): (&str, &str), span: Span, message: &str) {
    if let Some(place) = excerpt(name, text, span) {
        eprintln!("{kind}: {message}\n{place}");
        return;
    }
    let range = (name, span.start as usize..span.end as usize);
    let report = Report::build(kind, range.clone())
        .with_config(config())
        .with_message(message)
        .with_label(Label::new(range).with_message("here").with_color(Color::Red));
    print(report.finish(), name, text);
}

/// The line and column of a place, from 1.
pub fn line_and_column(text: &str, span: Span) -> (usize, usize) {
    let before = text.split_at_checked(span.start as usize).map_or(text, |(before, _)| before);
    let begun = before.rfind('\n').map_or(0, |at| at + 1);
    (before.bytes().filter(|b| *b == b'\n').count() + 1, before[begun..].chars().count() + 1)
}

fn print<'n>(report: Report<'_, (&'n str, std::ops::Range<usize>)>, name: &'n str, text: &str) {
    let mut rendered = Vec::new();
    match report.write((name, Source::from(text)), &mut rendered) {
        Ok(()) => eprintln!("{}", String::from_utf8_lossy(&rendered).trim_end()),
        Err(error) => eprintln!("quintet: {name}: {error}"),
    }
}
