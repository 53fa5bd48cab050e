//! Which backend is the cheapest in all at which number of records: the lower envelope of total costs.

use quintet_results::{BreakEven, Cost, Interval, Mode, WorkloadResult};

use crate::style::Style;

/// What one row costs on one workload in one mode.
#[derive(Clone, Debug)]
pub struct Line {
    /// The row's id.
    pub id: String,
    /// Whether it may be chosen.
    pub candidate: bool,
    /// Its samples.
    pub cost: Cost,
}

/// A stretch of the envelope.
#[derive(Clone, Debug)]
pub struct Step {
    /// The row's id.
    pub id: String,
    /// From how many records on; `None` for the one that is the cheapest from the first record on.
    pub from: Option<Interval>,
}

/// All rows' costs and who is the cheapest where.
#[derive(Clone, Debug)]
pub struct Costs {
    /// The rows, in order of the styles.
    pub lines: Vec<Line>,
    /// The lower envelope over the backends, from one record on.
    pub steps: Vec<Step>,
}

impl Line {
    /// ns for this many records.
    pub fn total(&self, records: f64) -> f64 {
        self.cost.sample(records).mean().exp()
    }
}

impl Costs {
    /// The costs of the rows of a workload that have the mode's phase.
    pub fn new(workload: &WorkloadResult, mode: Mode, styles: &[Style]) -> Costs {
        let lines: Vec<Line> = styles
            .iter()
            .filter_map(|style| {
                let cost = Cost::new(workload.row(&style.id)?, mode)?;
                Some(Line { id: style.id.clone(), candidate: style.candidate(), cost })
            })
            .collect();
        let steps = envelope(&lines);
        Costs { lines, steps }
    }

    /// The row with this id.
    pub fn line(&self, id: &str) -> Option<&Line> {
        self.lines.iter().find(|l| l.id == id)
    }

    /// What the cheapest backend costs for this many records, ns.
    pub fn least(&self, records: f64) -> f64 {
        self.lines.iter().filter(|l| l.candidate).map(|l| l.total(records)).fold(f64::INFINITY, f64::min)
    }

    /// The number of records up to which a chart shows something: well behind the last crossing.
    pub fn reach(&self) -> f64 {
        let last = self.steps.iter().filter_map(|s| s.from).map(|i| i.value).filter(|v| v.is_finite()).fold(1e5, f64::max);
        10f64.powf((last.log10() + 1.5).ceil()).min(1e15)
    }
}

/// The lower envelope: from the cheapest at one record, always on to whatever crosses below first.
fn envelope(lines: &[Line]) -> Vec<Step> {
    let candidates: Vec<&Line> = lines.iter().filter(|l| l.candidate).collect();
    let Some(mut now) = candidates.iter().copied().min_by(|a, b| a.total(1.0).total_cmp(&b.total(1.0))) else { return Vec::new() };
    let mut steps = vec![Step { id: now.id.clone(), from: None }];
    let mut at = 1.0;
    loop {
        let crossing = |line: &&Line| match line.cost.overtakes(&now.cost) {
            BreakEven::From(from) => Some(from).filter(|from| from.value >= at),
            BreakEven::Always | BreakEven::Never => None,
        };
        let crossings = candidates.iter().filter(|l| l.id != now.id).filter_map(|l| Some((*l, crossing(l)?)));
        let Some((next, from)) = crossings.min_by(|a, b| a.1.value.total_cmp(&b.1.value)) else { return steps };
        at = from.value;
        steps.push(Step { id: next.id.clone(), from: Some(from) });
        now = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &str, setup: f64, each: f64) -> Line {
        Line { id: id.into(), candidate: id != "native", cost: Cost { setup: vec![vec![setup; 5]], each: vec![vec![each; 5]] } }
    }

    #[test]
    fn the_envelope_hands_over_where_lines_cross() {
        let lines = [
            line("interp", 100.0, 50.0),
            line("closures", 1100.0, 10.0),
            line("jit", 1e6, 4.0),
            line("lua", 2e6, 20.0),
            line("native", 0.0, 1.0),
        ];
        let steps = envelope(&lines);
        let text: Vec<_> = steps.iter().map(|s| (s.id.as_str(), s.from.map(|i| i.value.round()))).collect();
        assert_eq!(text, [("interp", None), ("closures", Some(25.0)), ("jit", Some(166_483.0))]);
    }

    #[test]
    fn a_line_that_is_never_the_lowest_is_not_on_it() {
        let steps = envelope(&[line("a", 1.0, 10.0), line("b", 100.0, 9.0), line("c", 50.0, 1.0)]);
        assert_eq!(steps.iter().map(|s| s.id.as_str()).collect::<Vec<_>>(), ["a", "c"]);
    }
}
