//! Numbers as people read them, with their units.

use quintet_results::Interval;

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Nanoseconds.
    Time,
    /// Bytes.
    Bytes,
    /// Times as much as something else.
    Ratio,
    /// Records, rules, members.
    Count,
}

impl Unit {
    /// The number with its unit.
    pub fn text(self, value: f64) -> String {
        match self {
            Unit::Time => time(value),
            Unit::Bytes => bytes(value),
            Unit::Ratio => ratio(value),
            Unit::Count => count(value),
        }
    }

    /// A tick of an axis: a number that is 1, 2 or 5 times a power of ten.
    pub fn tick(self, value: f64) -> String {
        let (scaled, unit) = match self {
            Unit::Time => time_parts(value),
            Unit::Bytes => bytes_parts(value),
            Unit::Ratio => return format!("{}×", plain(value)),
            Unit::Count => count_parts(value),
        };
        if unit.is_empty() { plain(scaled) } else { format!("{}\u{a0}{unit}", plain(scaled)) }
    }
}

/// Nanoseconds with a unit that fits.
pub fn time(ns: f64) -> String {
    if !ns.is_finite() {
        return "–".into();
    }
    let (value, unit) = time_parts(ns);
    format!("{}\u{a0}{unit}", digits(value))
}

/// Bytes with a unit that fits, decimal.
pub fn bytes(count: f64) -> String {
    let (value, unit) = bytes_parts(count);
    if unit == "B" { format!("{value:.0}\u{a0}B") } else { format!("{}\u{a0}{unit}", digits(value)) }
}

/// A ratio: `1.32×`.
pub fn ratio(value: f64) -> String {
    if value.is_finite() { format!("{}×", digits(value)) } else { "–".into() }
}

/// A ratio with its interval: `1.32× (1.28 to 1.37)`.
pub fn ratio_with(interval: Interval) -> String {
    if interval.low == interval.high {
        return ratio(interval.value);
    }
    format!("{} ({} to {})", ratio(interval.value), digits(interval.low), digits(interval.high))
}

/// A share in percent.
pub fn percent(share: f64) -> String {
    if share.is_finite() { format!("{:.1} %", 100.0 * share) } else { "–".into() }
}

/// How many: whole below ten thousand, then with k, M, G or T.
pub fn count(value: f64) -> String {
    if value.is_infinite() {
        return "never".into();
    }
    let (scaled, unit) = count_parts(value);
    if unit.is_empty() { thousands(scaled.ceil() as u64) } else { format!("{}\u{a0}{unit}", digits(scaled)) }
}

/// How many, with its interval; an upper end that the samples leave open is said so.
pub fn count_with(interval: Interval) -> String {
    if interval.low == interval.high {
        return count(interval.value);
    }
    let high = if interval.high.is_infinite() { "open".into() } else { count(interval.high) };
    format!("{} ({} to {high})", count(interval.value), count(interval.low))
}

/// A whole number with commas between thousands.
pub fn thousands(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Three significant digits.
pub fn digits(value: f64) -> String {
    match value.abs() {
        x if x.is_infinite() => "∞".into(),
        x if x < 9.995 => format!("{value:.2}"),
        x if x < 99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// As few digits as the number has.
fn plain(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn time_parts(ns: f64) -> (f64, &'static str) {
    match ns.abs() {
        x if x < 999.5 => (ns, "ns"),
        x if x < 999.5e3 => (ns / 1e3, "µs"),
        x if x < 999.5e6 => (ns / 1e6, "ms"),
        _ => (ns / 1e9, "s"),
    }
}

fn bytes_parts(count: f64) -> (f64, &'static str) {
    match count {
        x if x < 999.5 => (x, "B"),
        x if x < 999.5e3 => (x / 1e3, "KB"),
        x if x < 999.5e6 => (x / 1e6, "MB"),
        x => (x / 1e9, "GB"),
    }
}

fn count_parts(value: f64) -> (f64, &'static str) {
    match value {
        x if x < 9_999.5 => (x, ""),
        x if x < 999.5e3 => (x / 1e3, "k"),
        x if x < 999.5e6 => (x / 1e6, "M"),
        x if x < 999.5e9 => (x / 1e9, "G"),
        x => (x / 1e12, "T"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_that_fits() {
        assert_eq!(time(999.6), "1.00\u{a0}µs");
        assert_eq!(time(4.25), "4.25\u{a0}ns");
        assert_eq!(time(2.5e9), "2.50\u{a0}s");
        assert_eq!(bytes(0.0), "0\u{a0}B");
        assert_eq!(bytes(131_072.0), "131\u{a0}KB");
        assert_eq!(count(1234.2), "1,235");
        assert_eq!(count(2_345_678.0), "2.35\u{a0}M");
        assert_eq!(count(f64::INFINITY), "never");
        assert_eq!(Unit::Time.tick(1e5), "100\u{a0}µs");
        assert_eq!(Unit::Ratio.tick(0.5), "0.5×");
    }

    #[test]
    fn an_interval_that_is_open_says_so() {
        assert_eq!(count_with(Interval { value: 10.0, low: 5.0, high: f64::INFINITY }), "10 (5 to open)");
        assert_eq!(ratio_with(Interval { value: 1.0, low: 1.0, high: 1.0 }), "1.00×");
    }
}
