//! Tables against a model that is slow and plain, with records, times and limits by chance: on every configuration, in batches of any size,
//! on one thread and on four.

#[path = "state/common.rs"]
mod common;

use common::{Answers, Row, Way, run, scheme};
use proptest::prelude::*;
use quintet::{Engine, configurations};

/// When entries go, in milliseconds.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    span: i64,
    max: usize,
}

/// An entry, or one of several of a key.
#[derive(Clone, Debug)]
struct Entry {
    key: i64,
    value: i64,
    amount: i64,
    text: Option<Vec<u8>>,
    expiry: i64,
    age: u64,
    record: usize,
}

/// A table as a list.
#[derive(Default)]
struct Model {
    entries: Vec<Entry>,
    made: u64,
    evicted: u64,
}

impl Model {
    fn alive(&self, key: i64, now: i64) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |e| e.key == key && e.expiry > now)
    }

    /// The entry of a key, and of a value where those are apart; a new one where there is none.
    fn entry(&mut self, key: i64, value: Option<i64>, bounds: Bounds, (now, record): (i64, usize)) -> (&mut Entry, bool) {
        self.entries.retain(|e| e.expiry > now);
        let is = |e: &Entry| e.key == key && value.is_none_or(|value| e.value == value);
        if let Some(at) = self.entries.iter().position(is) {
            return (&mut self.entries[at], false);
        }
        if self.entries.len() == bounds.max {
            let first = self.entries.iter().enumerate().min_by_key(|(_, e)| (e.expiry, e.age)).map(|(at, _)| at).unwrap();
            self.entries.remove(first);
            self.evicted += 1;
        }
        let expiry = now + bounds.span;
        self.made += 1;
        let value = value.unwrap_or_default();
        self.entries.push(Entry { key, value, amount: 0, text: None, expiry, age: self.made, record });
        (self.entries.last_mut().unwrap(), true)
    }
}

/// What the rules of [`source`] answer, without them.
fn model(rows: &[Row], b: [Bounds; 8]) -> Answers {
    let [fixed, kept, slid, total, seen, distinct, int, bytes] = b;
    let mut t: [Model; 8] = Default::default();
    let mut limit = Model::default();
    let (mut now, mut rules, mut lines) = (i64::MIN / 4, Vec::new(), String::new());
    for (record, row) in rows.iter().enumerate() {
        now = now.max(row.ms.unwrap_or(i64::MIN / 4));
        let at = (now, record);
        let hit = row.v.is_some_and(|v| v >= 0);
        let Some(k) = row.k else {
            rules.push(if hit { "hit".to_owned() } else { String::new() });
            continue;
        };
        let mut found = Vec::new();
        if hit {
            found.push("hit");
            let v = row.v.unwrap();
            t[0].entry(k, None, fixed, at).0.amount += 1;
            let kept_entry = t[1].entry(k, None, kept, at).0;
            kept_entry.amount += 1;
            kept_entry.expiry = now + kept.span;
            // Each event is one of its own.
            t[2].entry(k, Some(record as i64), slid, at).0.amount = 1;
            t[3].entry(k, None, total, at).0.amount += v;
            let mark = t[4].entry(k, None, seen, at).0;
            mark.expiry = now + seen.span;
            t[5].entry(k, Some(v), distinct, at).0.expiry = now + distinct.span;
            let set = t[6].entry(k, None, int, at).0;
            (set.value, set.expiry) = (v, now + int.span);
            if let Some(text) = &row.b {
                let set = t[7].entry(k, None, bytes, at).0;
                (set.text, set.expiry) = (Some(text.clone()), now + bytes.span);
            }
        }
        let amount = |m: &Model| m.alive(k, now).map(|e| e.amount).sum::<i64>();
        let count = |m: &Model| m.alive(k, now).count() as i64;
        let checks = [
            ("fixed", amount(&t[0]) % 3 == 1),
            ("kept", amount(&t[1]) > 2),
            ("slid", count(&t[2]) == 2),
            ("total", amount(&t[3]) > 5),
            ("fresh", !t[4].alive(k, now).any(|e| e.record < record)),
            ("distinct", count(&t[5]) >= 2),
            ("same", t[6].alive(k, now).any(|e| Some(e.value) == row.v)),
            ("text", t[7].alive(k, now).any(|e| e.text.as_ref().is_some_and(|text| text.starts_with(b"a")))),
        ];
        found.extend(checks.iter().filter(|(_, holds)| *holds).map(|(name, _)| *name));
        if checks[5].1 {
            let given = limit.entry(k, None, Bounds { span: 2_000, max: 100_000 }, at).0;
            if given.amount < 2 {
                given.amount += 1;
                lines.push_str(&format!("{{\"k\":{k},\"n\":{}}}\n", count(&t[5])));
            }
        }
        rules.push(found.join(" "));
    }
    let names = ["fixed_", "kept_", "slid_", "total_", "seen_", "distinct_", "int_", "bytes_"];
    let mut dump = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let mut keys: Vec<i64> = t[at].entries.iter().filter(|e| e.expiry > now).map(|e| e.key).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            let first = t[at].alive(key, now).next().unwrap();
            let value = match at {
                2 | 5 => t[at].alive(key, now).count().to_string(),
                4 => "true".to_owned(),
                6 => first.value.to_string(),
                7 => format!("\"{}\"", String::from_utf8(first.text.clone().unwrap()).unwrap()),
                _ => first.amount.to_string(),
            };
            dump.push(format!("{{\"state\":\"{name}\",\"key\":[{key}],\"value\":{value}}}"));
        }
    }
    let evicted =
        names.iter().zip(&t).map(|(name, m)| ((*name).to_owned(), m.evicted)).chain([("out".to_owned(), limit.evicted)]).collect();
    Answers { rules, traps: Vec::new(), dump, evicted, lines: vec![("out".into(), lines)], trapped: 0 }
}

fn source(b: [Bounds; 8]) -> String {
    let [fixed, kept, slid, total, seen, distinct, int, bytes] = b.map(|Bounds { span, max }| (format!("{span}ms"), max));
    format!(
        "time = t
        state fixed_[k]: count within {} max {}
        state kept_[k]: count keep {} max {}
        state slid_[k]: count within {} sliding max {}
        state total_[k]: sum within {} max {}
        state seen_[k]: seen keep {} max {}
        state distinct_[k]: distinct within {} max {}
        state int_[k]: Int keep {} max {}
        state bytes_[k]: Bytes keep {} max {}
        rule hit = v >= 0
        on hit {{
            fixed_ += 1
            kept_ += 1
            slid_ += 1
            total_ += v
            add(seen_)
            distinct_ += v
            int_ = v
            bytes_ = b
        }}
        rule fixed = fixed_ % 3 == 1
        rule kept = kept_ > 2
        rule slid = present(k) and slid_ == 2
        rule total = total_ > 5
        rule fresh = present(k) and not seen_
        rule distinct = distinct_ >= 2
        rule same = int_ == v
        rule text = starts_with(bytes_, \"a\")
        output out on distinct limit 2 within 2s by k = json {{ k: k, n: distinct_ }}
        ",
        fixed.0,
        fixed.1,
        kept.0,
        kept.1,
        slid.0,
        slid.1,
        total.0,
        total.1,
        seen.0,
        seen.1,
        distinct.0,
        distinct.1,
        int.0,
        int.1,
        bytes.0,
        bytes.1,
    )
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    // Times that mostly go on, at times run back, and are often the same.
    let step = prop_oneof![4 => Just(0_i64), 4 => 0..500_i64, 1 => 0..4_000_i64, 1 => -3_000..0_i64];
    let text = prop_oneof![Just(None), "[ab]{0,3}".prop_map(|text| Some(text.into_bytes()))];
    let row = (step, proptest::option::weighted(0.95, 0..6_i64), proptest::option::weighted(0.95, -1..4_i64), text, 0..20);
    proptest::collection::vec(row, 0..120).prop_map(|steps| {
        let mut ms = 1_700_000_000_000;
        steps
            .into_iter()
            .map(|(step, k, v, b, timeless)| {
                ms += step;
                Row { ms: (timeless > 0).then_some(ms), k, v, b }
            })
            .collect()
    })
}

fn bounds() -> impl Strategy<Value = [Bounds; 8]> {
    let some = (1..4_000_i64, 1..8_usize).prop_map(|(span, max)| Bounds { span, max });
    // Where there is room for all, threads share records by key; else they do not.
    let full = prop::array::uniform8(some);
    (full, any::<bool>()).prop_map(|(bounds, room)| if room { bounds.map(|b| Bounds { max: 1000 * b.max, ..b }) } else { bounds })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_configuration_answers_as_the_model_does((rows, bounds, size) in (rows(), bounds(), 1..80_usize)) {
        let engine = Engine::new();
        let scheme = scheme(&engine);
        let (source, expected) = (source(bounds), model(&rows, bounds));
        for backend in configurations() {
            let id = backend.id().to_string();
            let rules = engine.compile(&source, &scheme, &id).expect("rules");
            for (threads, shared) in [(1, 1), (4, 1), (1, 4), (4, 4)] {
                let found = run(&rules, &rows, Way { size, threads, shared });
                prop_assert_eq!(&found, &expected, "{}, {} threads, {} by key", id, threads, shared);
            }
        }
    }
}
