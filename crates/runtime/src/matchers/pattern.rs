//! Which texts a regular expression requires.

use regex_automata::util::syntax;
use regex_syntax::hir::literal::{ExtractKind, Extractor};
use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Repetition};

use super::Run;
use crate::rarity;

/// Unicode and UTF-8 modes are off.
pub(super) fn syntax() -> syntax::Config {
    syntax::Config::new().unicode(false).utf8(false)
}

/// Texts of which a value holds at least one, folded to lower case, whenever the pattern matches it.
pub(super) struct Required {
    /// The rarest.
    pub(super) texts: Vec<Vec<u8>>,
    /// The fewest, and of as many the rarest.
    pub(super) few: Vec<Vec<u8>>,
}

/// What a pattern requires. None where there are no such texts, or too many.
pub(super) fn required(hir: &Hir) -> Option<Required> {
    let hir = folded(hir);
    let texts = best(&hir, &share)?;
    let few = if texts.len() > 1 { best(&hir, &|texts| texts.len() as f64 + share(texts)) } else { None };
    Some(Required { few: few.unwrap_or_else(|| texts.clone()), texts })
}

/// Bytes of which any text, of so many of them, is matched by the pattern, which may match others.
pub(crate) fn run(pattern: &str) -> Option<Run> {
    Run::of(&syntax::parse_with(pattern, &syntax()).ok()?)
}

/// How likely it is that a value holds one of the texts.
pub(super) fn share(texts: &[Vec<u8>]) -> f64 {
    texts.iter().map(|text| rarity::contains(text)).sum()
}

/// The texts of an expression and of its parts that are the least by a measure.
fn best(hir: &Hir, measure: &impl Fn(&[Vec<u8>]) -> f64) -> Option<Vec<Vec<u8>>> {
    let less = |a: &Vec<Vec<u8>>, b: &Vec<Vec<u8>>| measure(a).total_cmp(&measure(b));
    let own = beginnings(hir);
    let inner = match hir.kind() {
        HirKind::Capture(capture) => best(&capture.sub, measure),
        HirKind::Repetition(repetition) if repetition.min > 0 => best(&repetition.sub, measure),
        HirKind::Concat(parts) => (1..parts.len())
            .flat_map(|from| [beginnings(&Hir::concat(parts[from..].to_vec())), best(&parts[from], measure)])
            .chain([best(&parts[0], measure)])
            .flatten()
            .min_by(less),
        HirKind::Alternation(parts) => parts.iter().map(|part| best(part, measure)).collect::<Option<Vec<_>>>().map(|all| all.concat()),
        HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) | HirKind::Literal(_) | HirKind::Repetition(_) => None,
    };
    [own, inner].into_iter().flatten().min_by(less)
}

/// The texts with one of which each match begins.
fn beginnings(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    let mut extractor = Extractor::new();
    extractor.kind(ExtractKind::Prefix).limit_class(10).limit_repeat(4).limit_literal_len(24).limit_total(64);
    let texts: Vec<Vec<u8>> = extractor.extract(hir).literals()?.iter().map(|literal| literal.as_bytes().to_vec()).collect();
    (!texts.is_empty() && texts.iter().all(|text| !text.is_empty())).then_some(texts)
}

/// The expression that matches in folded values where this one matches in values as they are: each upper case letter is a lower case one.
fn folded(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Empty => Hir::empty(),
        HirKind::Look(look) => Hir::look(*look),
        HirKind::Literal(literal) => Hir::literal(literal.0.to_ascii_lowercase()),
        HirKind::Class(Class::Bytes(class)) => {
            let ranges = class.ranges().iter().flat_map(|range| {
                let (low, high) = (u32::from(range.start()), u32::from(range.end()));
                pieces(low, high).filter_map(|(from, to)| Some(ClassBytesRange::new(from.try_into().ok()?, to.try_into().ok()?)))
            });
            Hir::class(Class::Bytes(ClassBytes::new(ranges)))
        }
        HirKind::Class(Class::Unicode(class)) => {
            let ranges = class.ranges().iter().flat_map(|range| {
                let (low, high) = (u32::from(range.start()), u32::from(range.end()));
                pieces(low, high).filter_map(|(from, to)| Some(ClassUnicodeRange::new(char::from_u32(from)?, char::from_u32(to)?)))
            });
            Hir::class(Class::Unicode(ClassUnicode::new(ranges)))
        }
        HirKind::Capture(capture) => folded(&capture.sub),
        HirKind::Repetition(repetition) => Hir::repetition(Repetition { sub: Box::new(folded(&repetition.sub)), ..repetition.clone() }),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(folded).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(folded).collect()),
    }
}

/// A range of characters as ranges without upper case letters, but for those that others stand for.
fn pieces(low: u32, high: u32) -> impl Iterator<Item = (u32, u32)> {
    let (first, last) = (u32::from(b'A'), u32::from(b'Z'));
    let (from, to) = (low.max(first), high.min(last));
    let letters = (from <= to).then_some((from | 0x20, to | 0x20));
    let below = (low < first).then_some((low, high.min(first - 1)));
    let above = (high > last).then_some((low.max(last + 1), high));
    [below, letters, above].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn required_of(pattern: &str) -> Option<Required> {
        required(&syntax::parse_with(pattern, &syntax()).unwrap())
    }

    fn texts(pattern: &str) -> Option<Vec<String>> {
        let mut texts: Vec<String> = required_of(pattern)?.texts.iter().map(|text| text.escape_ascii().to_string()).collect();
        texts.sort();
        Some(texts)
    }

    #[test]
    fn the_rarest_texts_that_every_match_holds() {
        for (pattern, wanted) in [
            ("(?i)UNION([+ ]|%20)+select", Some(vec!["union"])),
            ("^/(phpmyadmin|pma)", Some(vec!["/phpmyadmin", "/pma"])),
            ("[a-z]*ognl[0-9]", Some(vec!["ognl"])),
            ("(?i)(nikto|nuclei)", Some(vec!["nikto", "nuclei"])),
            ("a|b*", None),
            ("[^a]+", None),
            ("(foo)?", None),
            ("(?u)[K-M]x", None),
        ] {
            let found = texts(pattern);
            let all_there = |wanted: &Vec<&str>| found.iter().flatten().all(|text| wanted.iter().any(|w| text.starts_with(w)));
            match &wanted {
                Some(wanted) => assert!(found.is_some() && all_there(wanted), "{pattern}: {found:?}"),
                None => assert!(found.is_none() || pattern.contains("(?u)"), "{pattern}: {found:?}"),
            }
        }
    }

    #[test]
    fn what_matches_holds_one_of_the_texts_once_both_are_folded() {
        for (pattern, value) in [
            ("(?i)union[+ ]+select", "x UnIoN  SELECT"),
            ("[A-C]dmin/", "/Bdmin/"),
            ("[^a-z]q{2}Z", "QqqZ"),
            ("(?iu)\u{212a}elvin", "kELVIN"),
            ("\\xC0\\xAF", "nothing"),
        ] {
            let regex = regex_automata::meta::Regex::builder().syntax(syntax()).build(pattern).unwrap();
            let Some(required) = required_of(pattern) else { continue };
            let value = value.as_bytes();
            let lower = value.to_ascii_lowercase();
            for texts in [required.texts, required.few] {
                let holds = texts.iter().any(|text| memchr::memmem::find(&lower, text).is_some());
                assert!(holds || !regex.is_match(value), "{pattern}: {texts:?}");
            }
        }
    }
}
