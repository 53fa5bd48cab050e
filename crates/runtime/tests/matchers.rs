//! Matchers against plain definitions of what they decide.

use std::net::IpAddr;

use proptest::prelude::*;
use quintet_lang::Limits;
use quintet_lang::ast::{Span, Wildcard};
use quintet_runtime::{BytesSet, IntSet, IpSet, RegexMatcher, Searcher, WildcardMatcher, ip_from_words, ip_words, slice};

/// The definition of a wildcard match, by trying every length for each star.
fn matches(parts: &[Vec<u8>], value: &[u8], fold: bool) -> bool {
    let same = |a: &[u8], b: &[u8]| if fold { a.eq_ignore_ascii_case(b) } else { a == b };
    match parts {
        [] => value.is_empty(),
        [last] => same(value, last),
        [first, rest @ ..] => {
            value.len() >= first.len()
                && same(&value[..first.len()], first)
                && (first.len()..=value.len()).any(|at| star(rest, &value[at..], fold))
        }
    }
}

/// After a star: the rest may begin anywhere.
fn star(parts: &[Vec<u8>], value: &[u8], fold: bool) -> bool {
    match parts {
        [last] => {
            value.len() >= last.len() && {
                let tail = &value[value.len() - last.len()..];
                if fold { tail.eq_ignore_ascii_case(last) } else { tail == last.as_slice() }
            }
        }
        _ => (0..=value.len()).any(|at| matches(parts, &value[at..], fold)),
    }
}

fn letters() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(b"abAB".to_vec()), 0..4)
}

/// A regular expression of some of these.
fn pattern() -> impl Strategy<Value = String> {
    let pieces = [
        "ab",
        "abba",
        "[ab]{2,3}",
        "(?:ab|ba)",
        "b+",
        "(?i:ab)",
        ".",
        "[^a]{1,2}",
        "(ab|cab|bb)?",
        "a{2}",
        "(?:\\.\\./|%2e){2,}",
        "^",
        "$",
        "[a-c]{3,}",
        "[b-c.]+",
        "\\w{4}",
    ];
    let pieces = prop::collection::vec(prop::sample::select(pieces.to_vec()), 1..5).prop_map(|pieces| pieces.concat());
    let wholes = ["^[a-c]{2,}$", "^[a-cA-C/%]*$", "^[^e2]+$", "^([a-z]|[A-Z./])+$", "^.{3,9}$"].map(str::to_owned);
    let text = prop_oneof![4 => pieces, 1 => prop::sample::select(wholes.to_vec())];
    (any::<bool>(), text).prop_map(|(caseless, text)| if caseless { format!("(?i){text}") } else { text })
}

proptest! {
    /// Texts that are looked for first, and expressions of one class, decide nothing.
    #[test]
    fn regexes(pattern in pattern(), value in prop_oneof![
        prop::collection::vec(prop::sample::select(b"abABc./%2eE".to_vec()), 0..80),
        prop::collection::vec(prop::sample::select(b"aaabc".to_vec()), 0..40),
    ]) {
        let matcher = RegexMatcher::new(&pattern, &Limits::default()).unwrap();
        let syntax = regex_automata::util::syntax::Config::new().unicode(false).utf8(false);
        let regex = regex_automata::meta::Regex::builder().syntax(syntax).build(&pattern).unwrap();
        prop_assert_eq!(matcher.is_match(&value), regex.is_match(&value));
    }

    #[test]
    fn wildcards(parts in prop::collection::vec(letters(), 1..5), value in prop::collection::vec(prop::sample::select(b"abAB".to_vec()), 0..12), strict: bool) {
        let matcher = WildcardMatcher::new(&Wildcard { parts: parts.clone(), strict, span: Span::default() });
        prop_assert_eq!(matcher.is_match(&value), matches(&parts, &value, !strict));
    }

    #[test]
    fn int_sets(ranges in prop::collection::vec((-50i64..50, 0i64..9), 0..30), value in -60i64..60) {
        let ranges: Vec<(i64, i64)> = ranges.into_iter().map(|(first, more)| (first, first + more)).collect();
        let set = IntSet::new(ranges.iter().copied());
        prop_assert_eq!(set.contains(value), ranges.iter().any(|(a, b)| *a <= value && value <= *b));
        prop_assert!(set.ranges().windows(2).all(|w| w[0].1 + 1 < w[1].0));
    }

    #[test]
    fn ip_sets(ranges in prop::collection::vec((any::<bool>(), 0u8..200, 0u8..20), 0..20), v6: bool, value: u8) {
        let ip = |v6: bool, n: u8| if v6 { IpAddr::from([0, 0, 0, 0, 0, 0xffff, 0x0a00, n as u16]) } else { IpAddr::from([10, 0, 0, n]) };
        let ranges: Vec<(bool, u8, u8)> = ranges.into_iter().map(|(f, a, n)| (f, a, a + n)).collect();
        let set = IpSet::new(ranges.iter().map(|(f, a, b)| (ip(*f, *a), ip(*f, *b))));
        let expected = ranges.iter().any(|(f, a, b)| *f == v6 && *a <= value && value <= *b);
        prop_assert_eq!(set.contains(ip(v6, value)), expected);
        let [family, high, low] = ip_words(ip(v6, value));
        prop_assert_eq!(set.contains_words(family, high, low), expected);
        prop_assert_eq!(ip_from_words([family, high, low]), ip(v6, value));
    }

    #[test]
    fn bytes_sets(members in prop::collection::vec(letters(), 0..20), value in letters()) {
        let set = BytesSet::new(members.iter().map(Vec::as_slice));
        prop_assert_eq!(set.contains(&value), members.contains(&value));
    }

    #[test]
    fn searches(needle in letters(), value in prop::collection::vec(prop::sample::select(b"abAB".to_vec()), 0..40)) {
        let expected = needle.is_empty() || value.windows(needle.len()).any(|w| w == needle);
        prop_assert_eq!(Searcher::new(&needle).is_in(&value), expected);
        prop_assert_eq!(Searcher::occurs(&needle, &value), expected);
    }

    #[test]
    fn slices(text in letters(), start in prop::option::of(-6i64..6), end in prop::option::of(-6i64..6)) {
        let place = |i: i64| if i < 0 { (text.len() as i64 + i).max(0) } else { i.min(text.len() as i64) };
        let (a, b) = (start.map_or(0, place), end.map_or(text.len() as i64, place));
        let expected: Vec<u8> = text.iter().enumerate().filter(|(i, _)| a <= *i as i64 && (*i as i64) < b).map(|(_, c)| *c).collect();
        prop_assert_eq!(slice(&text, start, end), expected.as_slice());
    }
}

#[test]
fn slices_at_the_ends_of_int() {
    assert_eq!(slice(b"abc", Some(i64::MIN), Some(i64::MAX)), b"abc");
    assert_eq!(slice(b"abc", Some(i64::MAX), Some(i64::MIN)), b"");
}

#[test]
fn sets_at_the_ends_of_int() {
    let set = IntSet::new([(i64::MIN, i64::MIN), (i64::MAX, i64::MAX), (i64::MAX - 1, i64::MAX)]);
    assert!(set.contains(i64::MIN) && set.contains(i64::MAX) && set.contains(i64::MAX - 1) && !set.contains(0));
    assert_eq!(set.ranges().len(), 2);
}

#[test]
fn regexes_work_on_bytes_and_know_their_limits() {
    let limits = Limits::default();
    let regex = RegexMatcher::new(r"^\xff.$", &limits).unwrap();
    assert!(regex.is_match(b"\xff\xfe") && !regex.is_match("ÿé".as_bytes()));
    assert!(RegexMatcher::new("(", &limits).is_err());
    let bomb = RegexMatcher::new(r"((a{1,1000}){1,1000}){1,1000}", &limits).unwrap_err();
    assert!(bomb.size_limit().is_some());
}
