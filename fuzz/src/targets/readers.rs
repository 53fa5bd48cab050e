//! Captures and lines, through the reader.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;
use std::sync::OnceLock;

use flate2::read::MultiGzDecoder;
use quintet::lang::stdlib;
use quintet::{Field, OwnedValue, Presence, Scheme};
use quintet_inputs::{Format, Reader, ReaderOptions, Stats, schemes};

use super::{Target, outcome};
use crate::corpus;
use crate::finding::{Fault, ensure, same};
use crate::mutate::Form;
use crate::random::Random;

const ABOUT: &str = "whole = in pieces = in small batches; with part of the fields = with all; what is skipped is counted";

pub const PCAP: Target = Target {
    name: "pcap",
    about: ABOUT,
    form: Form::Capture,
    corpus: || {
        let mut inputs = corpus::captures(|first| !corpus::is_pcapng(first));
        inputs.extend(corpus::captures(corpus::is_pcapng).iter().map(|capture| corpus::pcap_of(capture)));
        inputs
    },
    run: |input| read_each_way(input, Format::Packets),
};

pub const PCAPNG: Target = Target {
    name: "pcapng",
    about: ABOUT,
    form: Form::Capture,
    corpus: || corpus::captures(corpus::is_pcapng),
    run: |input| read_each_way(input, Format::Packets),
};

pub const GZIP: Target = Target {
    name: "gzip",
    about: "as pcap, pcapng and the lines; a whole gzip file = what it holds",
    form: Form::Gzip,
    corpus: || {
        let mut inputs = corpus::captures(|_| true);
        inputs.extend(json_corpus());
        corpus::packed(&inputs)
    },
    run: |input| {
        let format = Format::detect(Path::new("input"), input).unwrap_or(Format::JsonLines);
        let outcome = read_each_way(input, format)?;
        let mut plain = Vec::new();
        // What is gzip through and through reads as what it holds, unless that is gzip again.
        if input.starts_with(&[0x1f, 0x8b])
            && MultiGzDecoder::new(input).take(4 << 20).read_to_end(&mut plain).is_ok()
            && plain.len() < 4 << 20
            && !plain.starts_with(&[0x1f, 0x8b])
        {
            let scheme = scheme(format);
            let options = ReaderOptions::default();
            same(
                "packed = plain",
                &read(input.to_vec(), usize::MAX, format, scheme, &options),
                &read(plain, usize::MAX, format, scheme, &options),
            )?;
        }
        Ok(outcome)
    },
};

pub const JSON_LINES: Target = Target {
    name: "json-lines",
    about: ABOUT,
    form: Form::Json,
    corpus: json_corpus,
    run: |input| read_each_way(input, Format::JsonLines),
};

pub const HTTP_LINES: Target = Target {
    name: "http-lines",
    about: ABOUT,
    form: Form::Json,
    corpus: || corpus::lines(&["bench-suite/workloads/data/requests.jsonl", "../shared/http"]),
    run: |input| read_each_way(input, Format::Http),
};

/// Lines of every type, beside those of the workloads.
const LINES: &str = r#"{"i": 1, "f": 1.5, "s": "a", "ip": "10.0.0.1", "b": true, "is": [1, 2], "fs": [0.5, -0.0], "ss": ["a", ""], "m": {"a": "b"}, "ms": {"a": [1]}, "a.b": 1}
{"i": -9223372036854775808, "f": -0.0, "s": "\u0000\ud83d\ude00", "ip": "::1", "b": false, "a": {"b": 2, "c": "x"}, "oi": null, "other": [{"x": []}]}
{"i": 9007199254740993, "f": 1e300, "s": "é\"\\/\b\f\n\r\t", "ip": "::ffff:1.2.3.4", "ips": ["10.0.0.1", "::"], "mm": {"a": {"b": 1}}, "oi": 0, "of": 3, "a": {"b": null}}
"#;

fn json_corpus() -> Vec<Vec<u8>> {
    let mut inputs = corpus::lines(&["bench-suite/workloads/data/wirefilter-bench.jsonl", "../shared/inputs"]);
    inputs.extend(LINES.lines().map(|line| line.as_bytes().to_vec()));
    inputs.push(LINES.as_bytes().to_vec());
    inputs
}

/// The scheme of lines: every type, what records must have and what they may lack, names with a dot, and the workload's own fields.
const FIELDS: &str = r#"
[fields]
i = "Int"
s = "Bytes"
f = { type = "Float", optional = true }
ip = { type = "Ip", optional = true }
b = { type = "Bool", optional = true }
oi = { type = "Int", optional = true }
of = { type = "Float", optional = true }
is = { type = "Array<Int>", optional = true }
fs = { type = "Array<Float>", optional = true }
ss = "Array<Bytes>"
ips = { type = "Array<Ip>", optional = true }
m = "Map<Bytes>"
ms = { type = "Map<Array<Int>>", optional = true }
mm = { type = "Map<Map<Int>>", optional = true }
"a.b" = { type = "Int", optional = true }
"a.c" = { type = "Bytes", optional = true }
"#;

fn scheme(format: Format) -> &'static Scheme {
    static SCHEMES: [OnceLock<Scheme>; 3] = [OnceLock::new(), OnceLock::new(), OnceLock::new()];
    let [packets, http, lines] = &SCHEMES;
    match format {
        Format::Packets => packets.get_or_init(|| schemes::packets().build().expect("the packets' fields are a scheme")),
        Format::Http => http.get_or_init(|| schemes::http().build().expect("the requests' fields are a scheme")),
        Format::JsonLines => lines.get_or_init(|| {
            let mut builder = Scheme::builder();
            let text =
                std::fs::read_to_string(corpus::root().join("bench-suite/workloads/data/wirefilter-bench.scheme.toml")).unwrap_or_default();
            for text in [FIELDS, &text] {
                let part = Scheme::from_toml(text, stdlib::signatures()).expect("the text is a scheme");
                for field in part.fields() {
                    let presence = if std::ptr::eq(text, FIELDS) { field.presence } else { Presence::Optional };
                    builder = builder.field(Field { presence, ..field.clone() });
                }
            }
            builder.build().expect("both texts together are a scheme")
        }),
    }
}

/// What a reader makes of an input.
#[derive(Clone, Debug, PartialEq)]
struct Reading {
    /// Each record: its number, and its fields that are set.
    records: Vec<(u64, Vec<(u32, OwnedValue)>)>,
    stats: Stats,
    error: Option<String>,
}

/// A stream that gives a few bytes at a time.
struct Pieces {
    bytes: Vec<u8>,
    at: usize,
    most: usize,
    random: Random,
}

impl Read for Pieces {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let most = if self.most == usize::MAX { usize::MAX } else { 1 + self.random.below(self.most) };
        let count = most.min(to.len()).min(self.bytes.len() - self.at);
        to[..count].copy_from_slice(&self.bytes[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

fn read(bytes: Vec<u8>, most: usize, format: Format, scheme: &Scheme, options: &ReaderOptions) -> Reading {
    let mut result = Reading { records: Vec::new(), stats: Stats::default(), error: None };
    let pieces = Pieces { bytes, at: 0, most, random: Random::new(1) };
    let mut reader = match Reader::new(pieces, format, scheme, options) {
        Ok(reader) => reader,
        Err(e) => return Reading { error: Some(e.to_string()), ..result },
    };
    let mut reuse = None;
    loop {
        match reader.next_batch(reuse.take()) {
            Ok(Some(batch)) => {
                for (record, number) in batch.iter().zip(reader.batch_numbers()) {
                    let values =
                        (0..scheme.fields().len() as u32).filter_map(|id| Some((id, OwnedValue::of(&record.value(quintet::FieldId(id)))?)));
                    result.records.push((*number, values.collect()));
                }
                reuse = Some(batch);
            }
            Ok(None) => break,
            Err(e) => {
                result.error = Some(e.to_string());
                break;
            }
        }
    }
    result.stats = reader.stats().clone();
    result
}

fn read_each_way(input: &[u8], format: Format) -> Result<u64, Fault> {
    let mut random = Random::of(1, input);
    let full = scheme(format);
    let options = ReaderOptions::default();
    let whole = read(input.to_vec(), usize::MAX, format, full, &options);
    let stats = &whole.stats;

    ensure(whole.records.is_sorted_by(|a, b| a.0 < b.0), "numbers rise", || {
        format!("{:?}", whole.records.iter().map(|r| r.0).collect::<Vec<_>>())
    })?;
    if whole.error.is_none() {
        same("records are counted", &stats.records, &(whole.records.len() as u64))?;
    }
    ensure(stats.faults.len() as u64 <= stats.malformed_total(), "faults are counted", || format!("{stats:?}"))?;
    if format != Format::Packets && whole.error.is_none() && stats.truncated.is_none() && !input.starts_with(&[0x1f, 0x8b]) {
        let lines = input.split(|b| *b == b'\n').count() as u64 - u64::from(input.is_empty() || input.ends_with(b"\n"));
        let seen = stats.records + stats.malformed_total() + stats.skipped.values().sum::<u64>();
        ensure(seen == lines, "every line is a record or counted", || format!("{lines} lines, {stats:?}"))?;
    }

    let most = [1, 7, 100, 5000][random.below(4)];
    same("whole = in pieces", &whole, &read(input.to_vec(), most, format, full, &options))?;

    let small = ReaderOptions::default().batch_records(1 + random.below(3));
    let batches = read(input.to_vec(), usize::MAX, format, full, &small);
    // An error ends a batch that was begun.
    if whole.error.is_none() {
        same("whole = in small batches", &whole, &batches)?;
    }

    // Half of the fields, a few of them, or none.
    let share = [2, 8, 64, usize::MAX][random.below(4)];
    let part = full.project(|_, _| random.one_in(share));
    let projected = read(input.to_vec(), usize::MAX, format, &part, &options.clone().declared(full));
    if whole.error.is_none() && projected.error.is_none() {
        let numbers = |read: &Reading| read.records.iter().map(|r| r.0).collect::<Vec<_>>();
        same("the same records with part of the fields", &numbers(&whole), &numbers(&projected))?;
        for ((number, all), (_, some)) in whole.records.iter().zip(&projected.records) {
            let named = |scheme: &Scheme, values: &[(u32, OwnedValue)]| -> Vec<(String, OwnedValue)> {
                let all = values.iter().map(|(id, value)| (scheme.field(quintet::FieldId(*id)).name.clone(), value.clone()));
                let mut kept: Vec<_> = all.filter(|(name, _)| part.field_id(name).is_some()).collect();
                kept.sort_by(|a, b| a.0.cmp(&b.0));
                kept
            };
            same("the same values with part of the fields", &(*number, named(full, all)), &(*number, named(&part, some)))?;
        }
        if format != Format::Packets {
            same("the same lines are malformed with part of the fields", &stats.malformed_total(), &projected.stats.malformed_total())?;
        }
    }

    let seen: BTreeSet<u32> = whole.records.iter().flat_map(|(_, values)| values.iter().map(|(id, _)| *id)).collect();
    let kinds =
        |counts: &std::collections::BTreeMap<std::borrow::Cow<'static, str>, u64>| counts.keys().map(|k| k.to_string()).collect::<Vec<_>>();
    let fields: String = seen.iter().filter_map(|id| char::from_u32(0x4e00 + id)).collect();
    let truncated = stats.truncated.as_ref().map(|t| &t.why);
    Ok(outcome::of(&format!(
        "{:?} {:?} {truncated:?} {:?} {fields}",
        kinds(&stats.malformed).concat(),
        kinds(&stats.skipped).concat(),
        whole.error
    )))
}
