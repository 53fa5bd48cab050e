//! The time of records.

use crate::value::Value;

/// Before the first record that has a time.
const BEFORE: i64 = i64::MIN / 2;
/// The largest time: far from where adding to it would wrap.
const AFTER: i64 = i64::MAX / 2;

/// A clock that never runs back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(i64);

impl Default for Clock {
    fn default() -> Clock {
        Clock(BEFORE)
    }
}

impl Clock {
    /// The time, in microseconds, once a record's own is known: seconds, as Int or Float.
    pub(crate) fn tick(&mut self, value: &Value<'_>) -> i64 {
        let micros = match value {
            Value::Int(seconds) => seconds.saturating_mul(1_000_000),
            // What is no number is 0 then, and what is too large the largest.
            Value::Float(seconds) if !seconds.is_nan() => (seconds * 1e6).round() as i64,
            _ => BEFORE,
        };
        self.0 = self.0.max(micros.clamp(BEFORE, AFTER));
        self.0
    }

    pub(crate) fn now(self) -> i64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_that_of_the_latest_record_and_never_runs_back() {
        let mut clock = Clock::default();
        assert!(clock.tick(&Value::Nil) < -1_000_000_000_000_000);
        assert_eq!(clock.tick(&Value::Float(1.5)), 1_500_000);
        assert_eq!(clock.tick(&Value::Int(1)), 1_500_000);
        assert_eq!(clock.tick(&Value::Float(f64::NAN)), 1_500_000);
        assert_eq!(clock.tick(&Value::Nil), 1_500_000);
        // Microseconds of a date are kept: a Float has bits for them.
        assert_eq!(clock.tick(&Value::Float(1_700_000_000.123_457)), 1_700_000_000_123_457);
        assert_eq!(clock.tick(&Value::Float(f64::INFINITY)), AFTER);
        assert_eq!(clock.tick(&Value::Int(i64::MAX)), AFTER);
    }
}
