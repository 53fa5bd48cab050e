//! JSON, value by value.

use serde_json::{Value, json};

use super::text;
use crate::random::Random;

/// Damages lines of JSON. Most of the time each stays JSON.
pub fn mutate(input: &mut Vec<u8>, other: &[u8], times: usize, random: &mut Random) {
    if random.one_in(3) {
        text::mutate(input, other, times, random);
        return;
    }
    let mut lines: Vec<Vec<u8>> = input.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
    let others: Vec<&[u8]> = other.split(|b| *b == b'\n').collect();
    for _ in 0..times {
        let which = random.below(lines.len());
        let Some(line) = lines.get_mut(which) else { continue };
        let Ok(mut value) = serde_json::from_slice::<Value>(line) else {
            text::mutate(line, other, 1, random);
            continue;
        };
        let theirs = random.pick(&others).and_then(|line| serde_json::from_slice::<Value>(line).ok()).unwrap_or_default();
        let theirs = part(&theirs, random);
        let count = count(&value);
        let mut place = random.below(count);
        change(&mut value, &mut place, &theirs, random);
        *line = value.to_string().into_bytes();
        if random.one_in(16) {
            let copy = line.clone();
            lines.insert(which, copy);
        }
    }
    *input = lines.join(&b'\n');
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(entries) => entries.values().map(count).sum(),
        _ => 0,
    }
}

/// A value inside of one, or itself.
fn part(value: &Value, random: &mut Random) -> Value {
    let inside: Vec<&Value> = match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(entries) => entries.values().collect(),
        _ => Vec::new(),
    };
    match random.pick(&inside) {
        Some(inner) if !random.one_in(4) => part(inner, random),
        _ => value.clone(),
    }
}

/// Changes the value that comes `place`-th in the text.
fn change(value: &mut Value, place: &mut usize, theirs: &Value, random: &mut Random) -> bool {
    if *place == 0 {
        *value = changed(value, theirs, random);
        return true;
    }
    *place -= 1;
    match value {
        Value::Array(items) => items.iter_mut().any(|v| change(v, place, theirs, random)),
        Value::Object(entries) => entries.values_mut().any(|v| change(v, place, theirs, random)),
        _ => false,
    }
}

fn changed(value: &Value, theirs: &Value, random: &mut Random) -> Value {
    match (random.below(6), value) {
        (0, _) => theirs.clone(),
        (1, _) => edge(random),
        (_, Value::Array(items)) => {
            let mut items = items.clone();
            let at = random.below(items.len() + 1);
            match random.below(4) {
                0 if at < items.len() => drop(items.remove(at)),
                1 => items.insert(at, theirs.clone()),
                2 => items.extend(items.clone()),
                _ => {
                    if let Some(item) = items.get(random.below(items.len())).cloned() {
                        items.insert(at, item);
                    }
                }
            }
            Value::Array(items)
        }
        (_, Value::Object(entries)) => {
            let mut entries = entries.clone();
            let keys: Vec<String> = entries.keys().cloned().collect();
            match (random.below(4), random.pick(&keys)) {
                (0, Some(key)) => drop(entries.remove(key)),
                (1, Some(key)) => {
                    if let (Some(value), Some(other)) = (entries.get(key).cloned(), random.pick(&keys)) {
                        entries.insert(other.clone(), value);
                    }
                }
                (2, Some(key)) => {
                    entries.insert(key.clone(), theirs.clone());
                }
                _ => {
                    entries.insert(["a", "", "node", "é", "Int", "a.b"][random.below(6)].into(), edge(random));
                }
            }
            Value::Object(entries)
        }
        (_, Value::Number(n)) => match (n.as_i64(), random.below(4)) {
            (Some(n), 0) => json!(n.wrapping_add(1)),
            (Some(n), 1) => json!(n.wrapping_sub(1)),
            (Some(n), 2) => json!(n.wrapping_neg()),
            (Some(n), _) => json!(n as f64 + 0.5),
            (None, _) => edge(random),
        },
        (_, Value::String(s)) => {
            let mut bytes = s.clone().into_bytes();
            text::mutate(&mut bytes, s.as_bytes(), 1, random);
            Value::String(String::from_utf8_lossy(&bytes).into_owned())
        }
        (_, Value::Bool(b)) => Value::Bool(!b),
        (_, Value::Null) => edge(random),
    }
}

fn edge(random: &mut Random) -> Value {
    let floats = [-0.0, 0.5, 1e300, -1e-300, 9007199254740993.0];
    match random.below(8) {
        0 => Value::Null,
        1 => json!(random.one_in(2)),
        2 => json!([i64::MIN, -1, 0, 1, 2, 255, 4_294_967_295, 4_294_967_296, i64::MAX][random.below(9)]),
        3 => json!(u64::MAX),
        4 => json!(floats[random.below(5)]),
        5 => json!(["", "a", "\u{0}", "10.0.0.1", "é", "-1"][random.below(6)]),
        6 => json!([]),
        _ => json!({}),
    }
}
