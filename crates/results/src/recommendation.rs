//! What to ship, in sentences that `choose`, `compare` and the report share.

use serde::Serialize;

use crate::choose::{Candidate, Wish};
use crate::cost::Mode;
use crate::schema::WorkloadResult;
use crate::stats::{Interval, geometric_mean};

/// The engines from the simplest to the most demanding, each with what it asks of its host.
const SIMPLICITY: [(&str, &str); 6] = [
    ("interp", "it is safe Rust that generates nothing"),
    ("closures", "it is safe Rust that generates nothing"),
    ("lua", "it asks for a C library and executable memory, and nothing guards the host's memory"),
    ("wasm", "it asks for wasmtime, executable memory and address space, and guards the host's memory"),
    ("jit", "it asks for Cranelift and executable memory, and nothing guards the host's memory"),
    ("adaptive", "it asks for Cranelift, executable memory and a thread in the background, and nothing guards the host's memory"),
];

/// What to ship.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recommendation {
    /// The row to ship.
    pub recommended: String,
    /// The row that is the cheapest, by whatever little.
    pub cheapest: String,
    /// Why it is that row.
    pub because: Because,
    /// The share of one processor that evaluating the rules with the recommended row takes.
    pub processor_share: f64,
    /// The share of one processor that the cheapest row would save.
    pub saving_share: f64,
    /// Evaluation's share of the whole: reading and dissecting the records, parsing and checking the rules, and evaluating them.
    pub pipeline_share: f64,
    /// The row that comes next, and what it costs to the recommended one; `None` where nothing else satisfies the constraints.
    pub runner_up: Option<RunnerUp>,
    /// All of it in two sentences.
    pub text: String,
}

/// The row that comes next.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunnerUp {
    /// Its id.
    pub id: String,
    /// What it costs to the cheapest.
    pub ratio: Interval,
    /// Whether the two differ by more than the noise.
    pub differs: bool,
}

/// Why a row is recommended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// It is the cheapest, beyond the noise and by more than what is not worth another backend.
    Cheapest,
    /// The samples do not tell it from the cheapest, and it is simpler.
    NoDifference,
    /// The cheapest saves less than what is worth another backend, and this one is the simplest of which that holds.
    Enough,
    /// Nothing else satisfies the constraints.
    OnlyOne,
}

impl Recommendation {
    /// The verdict on ranked candidates, cheapest first; `None` without any.
    pub(crate) fn new(wish: &Wish, workloads: &[&WorkloadResult], ranked: &[Candidate], floor: f64) -> Option<Recommendation> {
        let cheapest = ranked.first()?;
        let share = |c: &Candidate| wish.rates.processor_share(c.total_ns.value);
        let saving = |c: &Candidate| share(c) - share(cheapest);
        let simplest = |good: &dyn Fn(&Candidate) -> bool| ranked.iter().filter(|c| good(c)).min_by_key(|c| simplicity(&c.id));
        let like = simplest(&|c| c.id == cheapest.id || c.indistinguishable)?;
        let enough = simplest(&|c| saving(c) <= wish.worth_share)?;
        let (chosen, because) = if ranked.len() == 1 {
            (cheapest, Because::OnlyOne)
        } else if simplicity(&enough.id) < simplicity(&like.id) {
            (enough, Because::Enough)
        } else if like.id != cheapest.id {
            (like, Because::NoDifference)
        } else if saving(&ranked[1]) <= wish.worth_share {
            (cheapest, Because::Enough)
        } else {
            (cheapest, Because::Cheapest)
        };
        let next = ranked.iter().find(|c| c.id != chosen.id && (chosen.id == cheapest.id || c.id == cheapest.id));
        let runner_up = next.map(|c| {
            let other = if chosen.id == cheapest.id { c } else { chosen };
            RunnerUp { id: c.id.clone(), ratio: other.ratio, differs: other.ratio.differs(floor) }
        });
        let mut verdict = Recommendation {
            recommended: chosen.id.clone(),
            cheapest: cheapest.id.clone(),
            because,
            processor_share: share(chosen),
            saving_share: saving(chosen),
            pipeline_share: share(chosen) / (share(chosen) + around(wish, workloads)),
            runner_up,
            text: String::new(),
        };
        verdict.text = verdict.sentences(wish);
        Some(verdict)
    }

    fn sentences(&self, wish: &Wish) -> String {
        let mode = if wish.mode == Mode::Single { "one call per record" } else { "batches" };
        let ship = format!(
            "Ship {}: at {} records a second in {mode} and {} of the rules an hour it takes {} of a processor, {} of the whole with reading and preparing.",
            self.recommended,
            count(wish.rates.records_per_second),
            changes(wish.rates.changes_per_hour),
            percent(self.processor_share),
            percent(self.pipeline_share),
        );
        let asks = asks(&self.recommended);
        let why = match (self.because, &self.runner_up) {
            (Because::OnlyOne, _) | (_, None) => "Nothing else satisfies the constraints.".into(),
            (Because::Cheapest, Some(next)) if next.differs => {
                format!("The runner-up, {}, costs {} as much, outside the noise.", next.id, times(next.ratio))
            }
            (Because::Cheapest, Some(next)) => {
                format!(
                    "The runner-up, {}, costs {} as much, which is inside the noise; of what it cannot tell apart {} is the simplest.",
                    next.id,
                    times(next.ratio),
                    self.recommended
                )
            }
            (Because::NoDifference, Some(_)) => {
                format!("No difference to {} outside the noise, and {} is simpler: {asks}.", self.cheapest, self.recommended)
            }
            (Because::Enough, Some(_)) if self.recommended != self.cheapest => format!(
                "{} is enough: the cheapest, {}, saves {} of a processor, and {} is simpler: {asks}.",
                capital(&self.recommended),
                self.cheapest,
                percent(self.saving_share),
                self.recommended,
            ),
            (Because::Enough, Some(next)) => format!(
                "The choice hardly matters: {} is both the cheapest and the simplest, and {} costs {} as much, less than {} of a processor more.",
                self.recommended,
                next.id,
                times(next.ratio),
                percent(wish.worth_share),
            ),
        };
        format!("{ship} {why}")
    }
}

/// The share of one processor that reading the records and preparing the rules takes: the same for all rows.
fn around(wish: &Wish, workloads: &[&WorkloadResult]) -> f64 {
    let known = |ns: f64| if ns.is_finite() { ns } else { 0.0 };
    let of = |w: &&WorkloadResult| {
        let front = &w.front_end;
        let once: f64 = [&front.parse, &front.check, &front.passes, &front.link].into_iter().map(|m| known(m.centre())).sum();
        once + wish.rates.evaluations() * known(front.read.centre())
    };
    let costs: Vec<f64> = workloads.iter().map(of).filter(|ns| *ns > 0.0).collect();
    if costs.is_empty() { 0.0 } else { wish.rates.processor_share(geometric_mean(costs)) }
}

/// The engine of a row's id.
fn engine_of(id: &str) -> &str {
    id.split(['-', '/']).next().unwrap_or(id)
}

/// What a row asks of its host, in words; empty where its engine is none of Quintet's.
pub fn asks(id: &str) -> &'static str {
    SIMPLICITY.iter().find(|(engine, _)| *engine == engine_of(id)).map_or("", |(_, asks)| asks)
}

/// The place from the simplest on: engines in their order, each one's default configuration before the others.
pub fn simplicity(id: &str) -> (usize, bool) {
    let engine = engine_of(id);
    (SIMPLICITY.iter().position(|(name, _)| *name == engine).unwrap_or(SIMPLICITY.len()), id != engine)
}

fn capital(id: &str) -> String {
    let mut chars = id.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// A ratio with its interval, to three digits.
fn times(ratio: Interval) -> String {
    if ratio.low == ratio.high {
        format!("{}x", digits(ratio.value))
    } else {
        format!("{}x [{} {}]", digits(ratio.value), digits(ratio.low), digits(ratio.high))
    }
}

/// Three significant digits.
fn digits(value: f64) -> String {
    match value.abs() {
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// A share in percent, to two significant digits.
fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    match percent {
        p if p >= 10.0 => format!("{p:.0} %"),
        p if p >= 1.0 => format!("{p:.1} %"),
        p if p >= 0.1 => format!("{p:.2} %"),
        p if p >= 0.001 => format!("{p:.3} %"),
        _ => "less than 0.001 %".into(),
    }
}

/// A rate that people can read.
fn count(value: f64) -> String {
    let whole = format!("{value:.0}");
    if value < 1.0 {
        return digits(value);
    }
    let places = whole.len();
    whole.chars().enumerate().flat_map(|(i, c)| (i > 0 && (places - i).is_multiple_of(3)).then_some(',').into_iter().chain([c])).collect()
}

fn changes(per_hour: f64) -> String {
    if per_hour == 1.0 { "one change".into() } else { format!("{} changes", count(per_hour)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_simplest_comes_first() {
        let mut ids = ["adaptive", "jit-stencil", "wasm", "lua-nojit", "interp", "jit", "closures", "lua", "wasm-winch"];
        ids.sort_by_key(|id| simplicity(id));
        assert_eq!(ids, ["interp", "closures", "lua", "lua-nojit", "wasm", "wasm-winch", "jit", "jit-stencil", "adaptive"]);
    }

    #[test]
    fn numbers_are_printed_as_people_read_them() {
        assert_eq!([count(1_234_567.0), count(100.0), count(0.5)], ["1,234,567", "100", "0.50"]);
        assert_eq!([percent(0.123), percent(0.00126), percent(1e-9)], ["12 %", "0.13 %", "less than 0.001 %"]);
    }
}
