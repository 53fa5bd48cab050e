//! Events in the form of Suricata's EVE.

use quintet_lang::ast::{Const, Rule};
use serde_json::{Value as Json, json};

use super::text;
use crate::owned::OwnedValue;
use crate::value::Value;

/// What is said of an alert's rule: fields of its object, in order.
pub(super) fn signature(rule: &Rule) -> Vec<(&'static str, Json)> {
    let find = |names: [&str; 2]| rule.meta.iter().find(|meta| names.contains(&meta.name.as_str())).map(|meta| &meta.value);
    let number = |names, default: i64| match find(names) {
        Some(Const::Int(i)) => json!(i),
        _ => json!(default),
    };
    let words = |names, default: &str| match find(names) {
        Some(Const::Bytes(bytes)) => json!(String::from_utf8_lossy(bytes)),
        _ => json!(default),
    };
    vec![
        ("action", words(["action", "action"], "allowed")),
        ("gid", number(["gid", "gid"], 1)),
        ("signature_id", number(["sid", "sid"], 0)),
        ("rev", number(["rev", "rev"], 1)),
        ("signature", words(["msg", "msg"], &rule.name)),
        ("category", words(["category", "classtype"], "")),
        ("severity", number(["severity", "priority"], 3)),
    ]
}

/// An event.
pub(super) struct Event<'e> {
    pub(super) name: &'e str,
    /// Microseconds since 1970.
    pub(super) time: i64,
    /// Source and destination address, source and destination port, protocol.
    pub(super) flow: Option<&'e [Option<OwnedValue>]>,
    /// What is known beforehand of the object that has the event's name.
    pub(super) known: &'e [(&'static str, Json)],
    /// What else stands in it.
    pub(super) names: &'e [String],
    pub(super) values: &'e [Option<OwnedValue>],
}

/// Writes an object field by field.
struct Object<'o> {
    out: &'o mut Vec<u8>,
    first: bool,
}

impl<'o> Object<'o> {
    fn begin(out: &'o mut Vec<u8>) -> Object<'o> {
        out.push(b'{');
        Object { out, first: true }
    }

    fn field(&mut self, name: &str, value: &Json) {
        self.name(name);
        text::push_json(value, self.out);
    }

    fn name(&mut self, name: &str) {
        if !std::mem::take(&mut self.first) {
            self.out.push(b',');
        }
        text::push_json(&name, self.out);
        self.out.push(b':');
    }
}

/// Appends an event, without a line end.
pub(super) fn push(event: &Event<'_>, out: &mut Vec<u8>) {
    let mut object = Object::begin(out);
    object.field("timestamp", &json!(timestamp(event.time)));
    let flow = event.flow.unwrap_or_default();
    if let Some(id) = flow_id(flow) {
        object.field("flow_id", &json!(id));
    }
    object.field("event_type", &json!(event.name));
    if let [src, dst, src_port, dst_port, proto] = flow {
        let own = match proto {
            Some(OwnedValue::Int(number)) => crate::state::has_ports(&Value::Int(*number)),
            _ => true,
        };
        for (name, value, is_port) in
            [("src_ip", src, false), ("src_port", src_port, true), ("dest_ip", dst, false), ("dest_port", dst_port, true)]
        {
            if let Some(value) = value.as_ref().filter(|_| own || !is_port) {
                object.field(name, &text::json(value));
            }
        }
        if let Some(OwnedValue::Int(number)) = proto {
            object.field("proto", &json!(protocol(*number)));
        }
    }
    object.name(event.name);
    let mut own = Object::begin(object.out);
    event.known.iter().for_each(|(name, value)| own.field(name, value));
    for (name, value) in event.names.iter().zip(event.values) {
        own.field(name, &value.as_ref().map_or(Json::Null, text::json));
    }
    object.out.extend_from_slice(b"}}");
}

/// A number for a conversation: the same in either direction, in every process. It fits into 51 bits, which every reader of JSON keeps.
fn flow_id(flow: &[Option<OwnedValue>]) -> Option<u64> {
    let value = |value: &Option<OwnedValue>| match value {
        Some(OwnedValue::Int(i)) => Value::Int(*i),
        Some(OwnedValue::Ip(ip)) => Value::Ip(*ip),
        _ => Value::Nil,
    };
    let [src, dst, src_port, dst_port, proto] = flow else { return None };
    let mut key = Vec::with_capacity(64);
    if !crate::state::push_flow(&[value(src), value(dst), value(src_port), value(dst_port), value(proto)], &mut key) {
        return None;
    }
    // FNV-1a, folded.
    let hash = key.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3));
    Some((hash ^ hash >> 51) & ((1 << 51) - 1))
}

fn protocol(number: i64) -> String {
    let name = match number {
        1 => "ICMP",
        2 => "IGMP",
        6 => "TCP",
        17 => "UDP",
        47 => "GRE",
        50 => "ESP",
        51 => "AH",
        58 => "IPv6-ICMP",
        132 => "SCTP",
        _ => return format!("{number:03}"),
    };
    name.to_owned()
}

/// A time in microseconds since 1970 as `2026-11-26T18:58:49.000123+0000`.
fn timestamp(micros: i64) -> String {
    let (seconds, micros) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Years from March on, in eras of 400: leap days come last.
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let (of_month, month) = (of_year - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = year + 400 * era + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{of_month:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}+0000")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        for (micros, expected) in [
            (0, "1970-01-01T00:00:00.000000+0000"),
            (951_782_400_000_001, "2000-02-29T00:00:00.000001+0000"),
            (951_868_799_999_999, "2000-02-29T23:59:59.999999+0000"),
            (1_709_164_800_000_000, "2024-02-29T00:00:00.000000+0000"),
            (1_735_689_599_500_000, "2024-12-31T23:59:59.500000+0000"),
            (1_735_689_600_000_000, "2025-01-01T00:00:00.000000+0000"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00.000000+0000"),
            (-1, "1969-12-31T23:59:59.999999+0000"),
        ] {
            assert_eq!(timestamp(micros), expected);
        }
    }
}
