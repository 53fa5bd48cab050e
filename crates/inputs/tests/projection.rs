//! Which records there are, and what their fields hold, does not depend on which fields are read.

mod common;

use std::io::Cursor;
use std::path::Path;

use common::{read_all, shared, show};
use proptest::prelude::*;
use quintet_inputs::{Format, ReaderOptions, schemes};
use quintet_lang::{Scheme, Type};
use quintet_runtime::Value;

/// Holds reading all fields of `whole` against reading those whose number is in each of `projections`.
fn hold(bytes: &[u8], format: Format, whole: &Scheme, projections: &[Vec<usize>]) -> Result<(), TestCaseError> {
    let read = |scheme: &Scheme| read_all(Cursor::new(bytes.to_vec()), format, scheme, &ReaderOptions::default());
    let Ok((all, numbers, stats)) = read(whole) else { return Ok(()) };
    for kept in projections {
        let scheme = whole.project(|id, _| kept.contains(&(id.0 as usize)));
        let (some, these, fewer) = read(&scheme).map_err(|e| TestCaseError::fail(e.to_string()))?;
        let names: Vec<_> = scheme.fields().iter().map(|f| f.name.as_str()).collect();
        prop_assert_eq!(&these, &numbers, "records with {:?}", names);
        if format != Format::Packets {
            prop_assert_eq!(&fewer.malformed, &stats.malformed, "refused with {:?}", names);
        }
        let rows = |batches: &[quintet_runtime::Batch]| -> Vec<(usize, usize)> {
            batches.iter().enumerate().flat_map(|(b, batch)| (0..batch.len()).map(move |r| (b, r))).collect()
        };
        for ((b, r), (c, s)) in rows(&all).into_iter().zip(rows(&some)) {
            for name in &names {
                prop_assert_eq!(show(&all[b], r, name), show(&some[c], s, name), "{} of record {} with {:?}", name, numbers[r], names);
            }
        }
        for (field, unfit) in &fewer.unfit {
            prop_assert_eq!(Some(unfit), stats.unfit.get(field), "what does not fit {}", field);
        }
    }
    Ok(())
}

/// Subsets of `n` fields: none, each alone, and some of any size.
fn subsets(n: usize) -> Vec<Vec<usize>> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    let some = (0..20).map(|i| (0..n).filter(|_| next() % (1 + i) == 0).collect());
    std::iter::once(Vec::new()).chain((0..n).map(|i| vec![i])).chain(some).collect()
}

/// Texts of JSON values, and of what only nearly is one.
const VALUES: &[&str] = &[
    "1",
    "-0",
    "1.0",
    "1e3",
    "1e999",
    "9223372036854775808",
    "true",
    "null",
    "\"\"",
    "\"zzz\"",
    "\"10.0.0.1\"",
    "\"-\"",
    "\"NaN\"",
    "\"\\ud800\"",
    "\"\\u0041\"",
    "\"\\udc00\\ud800\"",
    "{}",
    "[]",
    "[1]",
    "[1,\"a\"]",
    "[\"a\",null]",
    "[\"a\",\"b\"]",
    "[[\"a\",\"1\"]]",
    "[[\"a\",1],[\"b\",\"2\"]]",
    "{\"hex\":\"00ff\"}",
    "{\"hex\":\"0\"}",
    "{\"b\":1}",
    "{\"b\":\"x\",\"b\":2}",
    "{\"k\":[\"v\"]}",
    "{\"k\":\"v\",\"k\":\"w\"}",
    "{\"\\udfff\":\"v\"}",
    "{\"c\":{\"d\":\"x\"},\"b\":1e999}",
    "\"\u{1}\"",
    "01",
    "+1",
    "nul",
    "\"",
    "[",
    "{",
    "\"RAW\"",
    "\"\\RAW\"",
    "{\"RAW\":1}",
];

/// Lines of members with these names; `RAW` in them stands for a byte that is not UTF-8.
fn lines(names: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let member = (proptest::sample::select(names), proptest::sample::select(VALUES)).prop_map(|(n, v)| format!("\"{n}\":{v}"));
    let object = proptest::collection::vec(member, 0..6);
    let line = (object, any::<bool>()).prop_map(move |(members, mandatory)| {
        let needed: &[String] = if mandatory { &["\"id\":7".to_owned(), "\"method\":\"GET\",\"uri\":\"/a?b=c\"".to_owned()] } else { &[] };
        format!("{{{}}}", [needed, &members].concat().join(","))
    });
    proptest::collection::vec(line, 1..6).prop_map(|lines| {
        let text = lines.join("\n").into_bytes();
        let mut bytes = Vec::new();
        let mut rest = &text[..];
        while let Some(at) = rest.windows(3).position(|w| w == b"RAW") {
            bytes.extend_from_slice(&rest[..at]);
            bytes.push(0xff);
            rest = &rest[at + 3..];
        }
        bytes.extend_from_slice(rest);
        bytes
    })
}

fn typed() -> Scheme {
    Scheme::builder()
        .mandatory("id", Type::Int)
        .optional("i", Type::Int)
        .optional("f", Type::Float)
        .optional("s", Type::Bytes)
        .optional("ip", Type::Ip)
        .optional("ok", Type::Bool)
        .optional("a", Type::map(Type::Int))
        .optional("a.b", Type::Int)
        .optional("a.c.d", Type::Bytes)
        .optional("list", Type::array(Type::Bytes))
        .optional("headers", Type::map(Type::array(Type::Bytes)))
        .build()
        .expect("a scheme")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn of_json_lines(
        text in lines(&["id", "i", "f", "s", "ip", "ok", "a", "a.b", "a.c", "a.c.d", "list", "headers", "other", "RAW", "\\ud800"]),
    ) {
        hold(&text, Format::JsonLines, &typed(), &subsets(11))?;
    }

    #[test]
    fn of_http_lines(
        text in lines(&[
            "method", "uri", "version", "headers", "headers", "body", "body_hex", "ip", "host", "user_agent", "referer", "ssl", "other", "RAW",
        ]),
    ) {
        let scheme = schemes::http().build().expect("a scheme");
        hold(&text, Format::Http, &scheme, &subsets(scheme.fields().len()))?;
    }
}

/// Maps with some of their entries: those are as they are among all, and no others are there.
#[test]
fn entries_of_keys_are_those_that_all_have() {
    let scheme = schemes::http().build().expect("a scheme");
    let read = |keys: &[(&str, &[&str])]| {
        let of = |(field, keys): &(&str, &[&str])| {
            (scheme.field_id(field).expect("a field"), keys.iter().map(|key| key.as_bytes().into()).collect())
        };
        let options = ReaderOptions::default().keys(keys.iter().map(of).collect());
        read_all(Cursor::new(own("requests.jsonl")), Format::Http, &scheme, &options).expect("lines").0
    };
    let wanted: [(&str, &[&str]); 3] = [
        ("http.request.headers", &["content-type", "host", "no-such"]),
        ("http.request.cookies", &["sid"]),
        ("http.request.uri.args", &[]),
    ];
    let (all, some) = (read(&[]), read(&wanted));
    assert_eq!(all.len(), some.len());
    let mut entries = 0;
    for (all, some) in all.iter().zip(&some) {
        assert_eq!(all.len(), some.len());
        for (all, some) in all.iter().zip(some.iter()) {
            for (id, field) in scheme.fields().iter().enumerate() {
                let id = quintet_lang::FieldId(id as u32);
                let (whole, part) = (all.value(id), some.value(id));
                let Some((_, keys)) = wanted.iter().find(|(name, _)| *name == field.name) else {
                    assert_eq!(common::text(whole), common::text(part), "{}", field.name);
                    continue;
                };
                let (Value::Map(whole), Value::Map(part)) = (whole, part) else { panic!("{} is a map", field.name) };
                let found = keys.iter().filter(|key| !whole.get(key.as_bytes()).is_nil()).count();
                assert_eq!(part.len(), found, "{}", field.name);
                for key in *keys {
                    assert_eq!(common::text(whole.get(key.as_bytes())), common::text(part.get(key.as_bytes())), "{} {key}", field.name);
                }
                entries += found;
            }
        }
    }
    assert!(entries > 1000, "{entries}");
}

/// A file of the project's own.
fn own(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench-suite/workloads/data").join(name);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[test]
fn of_requests_and_captures_at_hand() {
    for (file, scheme, format) in
        [("requests.jsonl", schemes::http(), Format::Http), ("traffic.pcapng", schemes::packets(), Format::Packets)]
    {
        let scheme = scheme.build().expect("a scheme");
        let bytes = own(file);
        let few: Vec<_> = subsets(scheme.fields().len()).into_iter().step_by(9).collect();
        hold(&bytes, format, &scheme, &few).unwrap_or_else(|e| panic!("{file}: {e}"));
    }
}

/// All sample captures that are not large, whole and with bytes of them changed.
#[test]
fn of_sample_captures() {
    let Some(folder) = shared("captures") else { return };
    let scheme = schemes::packets().build().expect("a scheme");
    let few: Vec<_> = subsets(scheme.fields().len()).into_iter().step_by(23).collect();
    let mut folders = vec![folder];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let Ok(mut bytes) = std::fs::read(&path) else { continue };
            if bytes.len() > 20_000 {
                continue;
            }
            files += 1;
            hold(&bytes, Format::Packets, &scheme, &few).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            for at in (100..bytes.len()).step_by(37) {
                bytes[at] ^= 0x55;
            }
            hold(&bytes, Format::Packets, &scheme, &few).unwrap_or_else(|e| panic!("{} changed: {e}", path.display()));
        }
    }
    eprintln!("{files} captures");
}
