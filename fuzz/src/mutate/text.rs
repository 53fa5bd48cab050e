//! Texts, word by word.

use super::bytes;
use crate::random::Random;

/// Words that mean something in rules, schemes, lists or JSON, and values at their edges.
const WORDS: &[&str] = &[
    "and",
    "or",
    "xor",
    "not",
    "&&",
    "||",
    "^^",
    "!",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "in",
    "contains",
    "matches",
    "~",
    "wildcard",
    "strict",
    "any",
    "all",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "[*]",
    "..",
    ",",
    "+",
    "-",
    "*",
    "/",
    "%",
    "&",
    "=",
    ":",
    ".",
    "$small",
    "rule",
    "true",
    "false",
    "nil",
    "null",
    "0",
    "-0",
    "-0.0",
    "1",
    "-1",
    "0x0",
    "1.0",
    "1e400",
    "5e-324",
    "0.1",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "18446744073709551616",
    "127",
    "128",
    "255",
    "256",
    "257",
    "65535",
    "65536",
    "\"\"",
    "\"a\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\xff\"",
    "r\"\\d+\"",
    "r#\"\"#",
    "\"*\"",
    "\"(a*)*b\"",
    "10.0.0.0/8",
    "::/0",
    "::1",
    "10.0.0.1..10.0.0.9",
    "::ffff:1.2.3.4",
    "#",
    "\n",
    "\r\n",
    "\t",
    " ",
    "\u{feff}",
    "\0",
    "é",
    "len",
    "lower",
    "upper",
    "concat",
    "substring",
    "split",
    "regex_replace",
    "starts_with",
    "ends_with",
    "to_string",
    "url_decode",
    "base64_decode",
    "half",
    "sum",
    "first",
    "echo",
    "n",
    "m",
    "f",
    "host",
    "ints",
    "names",
    "hdr",
    "rows",
    "on",
    "ohost",
    "port",
    "http.host",
    "tcp.port",
    "ip.src",
    "optional",
    "Int",
    "Bytes",
    "Array<Int>",
    "Map<Array<Bytes>>",
    "hits",
    "format",
    "version",
];

/// Damages a text, most of the time between words.
pub fn mutate(input: &mut Vec<u8>, other: &[u8], times: usize, random: &mut Random) {
    for _ in 0..times {
        if random.one_in(12) {
            bytes::mutate(input, other, random);
            continue;
        }
        let words = words(input);
        let at = random.below(words.len() + 1);
        let start = words.get(at).map_or(input.len(), |w| w.start);
        match random.below(10) {
            0 => {
                let range = random.range(words.len());
                let end = words.get(range.end).map_or(input.len(), |w| w.start);
                let start = words.get(range.start).map_or(input.len(), |w| w.start);
                input.drain(start..end);
            }
            1 | 2 => {
                let theirs = self::words(other);
                let range = random.range(theirs.len());
                let from = theirs.get(range.start).map_or(other.len(), |w| w.start);
                let to = theirs.get(range.end).map_or(other.len(), |w| w.start);
                input.splice(start..start, other[from..to].iter().copied());
            }
            3 => {
                if let (Some(a), Some(b)) = (words.get(at).cloned(), random.pick(&words).cloned()) {
                    let word = input[b].to_vec();
                    input.splice(a, word);
                }
            }
            4..=7 => {
                if let (Some(place), Some(word)) = (words.get(at).cloned(), random.pick(WORDS)) {
                    let place = if random.one_in(3) { place.start..place.start } else { place };
                    input.splice(place, word.bytes());
                }
            }
            8 => {
                // What nests or repeats, many times over.
                let [open, close] =
                    [["(", ")"], ["not ", ""], ["-", ""], ["[", "]"], ["{\"a\":", "}"], ["n + ", ""], ["n == 1 or ", ""]][random.below(7)];
                let count = 1 << random.below(10);
                let end = words.get(at).map_or(input.len(), |w| w.end);
                input.splice(end..end, close.repeat(count).bytes());
                input.splice(start..start, open.repeat(count).bytes());
            }
            _ => {
                let range = random.range(words.len());
                let end = words.get(range.end).map_or(input.len(), |w| w.start);
                let from = words.get(range.start).map_or(input.len(), |w| w.start);
                let copy = input[from..end].repeat(1 + random.below(4));
                input.splice(start..start, copy);
            }
        }
        input.truncate(64 << 10);
    }
}

/// Where the words of a text are: names and numbers, strings, blanks, single signs.
fn words(text: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let rest = &text[at..];
        let len = match byte {
            b'"' => {
                let mut end = 1;
                while let Some(byte) = rest.get(end).filter(|b| **b != b'"') {
                    end += if *byte == b'\\' { 2 } else { 1 };
                }
                (end + 1).min(rest.len())
            }
            b' ' | b'\t' | b'\r' | b'\n' => 1,
            _ if is_word(*byte) => rest.iter().take_while(|b| is_word(**b)).count(),
            _ => 1,
        };
        found.push(at..at + len);
        at += len;
    }
    found
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.' || byte >= 0x80
}
