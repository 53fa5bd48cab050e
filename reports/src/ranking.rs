//! Rows over several workloads. A mean is only ever over the same workloads for all rows that stand beside each other.

use quintet_results::{Interval, Phase, WorkloadResult, geometric_mean, ratio_over};

use crate::charts::{Charts, Figure};
use crate::format::{Unit, ratio_with};
use crate::panel::{Panel, PanelRow};
use crate::scale::near;
use crate::style::Style;
use crate::table::Table;
use crate::view::{RANKED, phase_name};

/// A row's place over several workloads.
pub struct Place {
    /// The row's id.
    pub id: String,
    /// The geometric mean over the workloads of how many times as long as the best backend it takes.
    pub ratio: Interval,
}

/// The rows that ran the same workloads, and their places in each phase.
pub struct Ranking {
    /// The names of the workloads.
    pub workloads: Vec<String>,
    /// The places by phase, in the order of their groups, quickest first in each.
    pub phases: Vec<(Phase, Vec<Place>)>,
}

/// The rows that ran everything, and, by the workloads that they ran, the others beside the backends.
pub struct Rankings {
    /// Of the rows that ran every workload.
    pub whole: Ranking,
    /// Of the others.
    pub parts: Vec<Ranking>,
}

impl Rankings {
    /// The rankings over a report's workloads; `None` where there is only one, so that there is nothing to take a mean over.
    pub fn new(workloads: &[WorkloadResult], styles: &[Style]) -> Option<Rankings> {
        if workloads.len() < 2 {
            return None;
        }
        let ran = |s: &Style| -> Vec<&WorkloadResult> { workloads.iter().filter(|w| w.row(&s.id).is_some()).collect() };
        let all: Vec<&WorkloadResult> = workloads.iter().collect();
        let whole: Vec<&Style> = styles.iter().filter(|s| ran(s).len() == all.len()).collect();
        let mut sets: Vec<(Vec<&WorkloadResult>, Vec<&Style>)> = Vec::new();
        for style in styles {
            let of = ran(style);
            if of.len() < 2 || of.len() == all.len() {
                continue;
            }
            let same = |set: &(Vec<&WorkloadResult>, Vec<&Style>)| set.0.iter().map(|w| &w.name).eq(of.iter().map(|w| &w.name));
            match sets.iter().position(same) {
                Some(at) => sets[at].1.push(style),
                None => sets.push((of, vec![style])),
            }
        }
        let backends: Vec<&Style> = whole.iter().copied().filter(|s| s.candidate()).collect();
        let part = |(workloads, rows): &(Vec<&WorkloadResult>, Vec<&Style>)| {
            Ranking::new(workloads, &[backends.as_slice(), rows.as_slice()].concat())
        };
        Some(Rankings { whole: Ranking::new(&all, &whole), parts: sets.iter().map(part).collect() })
    }
}

impl Ranking {
    fn new(workloads: &[&WorkloadResult], rows: &[&Style]) -> Ranking {
        let phases = RANKED.into_iter().map(|phase| (phase, places(workloads, phase, rows))).filter(|(_, places)| !places.is_empty());
        Ranking { workloads: workloads.iter().map(|w| w.name.clone()).collect(), phases: phases.collect() }
    }

    /// It as a table.
    pub fn table(&self) -> Table {
        let caption = format!("Times the best backend's: geometric means over {}, with intervals at 95 %", self.workloads.join(", "));
        let mut table = Table::new(caption, &["row"]);
        table.head.extend(self.phases.iter().map(|(phase, _)| phase_name(*phase).to_lowercase()));
        let mut ids: Vec<&str> = Vec::new();
        for place in self.phases.iter().flat_map(|(_, places)| places) {
            if !ids.contains(&place.id.as_str()) {
                ids.push(&place.id);
            }
        }
        for id in ids {
            let cell = |places: &[Place]| places.iter().find(|p| p.id == id).map_or("–".into(), |p| ratio_with(p.ratio));
            table.push_about(id, [id.to_owned()].into_iter().chain(self.phases.iter().map(|(_, p)| cell(p))).collect());
        }
        table
    }

    /// It as a figure.
    pub fn figure(&self, styles: &[Style]) -> Figure {
        let candidate = |p: &&Place| styles.iter().any(|s| s.id == p.id && s.candidate());
        let panels = self.phases.iter().map(|(phase, places)| Panel {
            title: phase_name(*phase).into(),
            axis: "times the best backend's".into(),
            unit: Unit::Ratio,
            end: near(places.iter().filter(candidate).map(|p| p.ratio.value)),
            baseline: Some(1.0),
            rows: places
                .iter()
                .map(|p| PanelRow {
                    id: p.id.clone(),
                    point: p.ratio.into(),
                    processes: Vec::new(),
                    tip: format!("{}: {}", p.id, ratio_with(p.ratio)),
                })
                .collect(),
        });
        Figure {
            id: "ranking".into(),
            title: format!("Geometric mean over {} workloads", self.workloads.len()),
            desc: "For batches, single calls and compiling: how many times as long as the best backend each row takes, as bars on a linear axis from 0, with intervals at 95 %; a bar that leaves the axis ends in an arrow.".into(),
            key: "The line is the best backend. Whiskers: interval at 95 %. Linear axes; an arrow leaves the axis; shorter is better.".into(),
            charts: Charts::Panels(panels.collect()),
            table: self.table(),
        }
    }
}

/// The rows' places in a phase. Ratios are to the quickest backend.
fn places(workloads: &[&WorkloadResult], phase: Phase, rows: &[&Style]) -> Vec<Place> {
    let ran = |id: &str| workloads.iter().all(|w| w.row(id).is_some_and(|r| r.measure(phase).is_some()));
    let mean = |id: &str| geometric_mean(workloads.iter().filter_map(|w| w.row(id)).map(|r| r.centre(phase)));
    let rows: Vec<&&Style> = rows.iter().filter(|s| ran(&s.id)).collect();
    let best = rows.iter().filter(|s| s.candidate()).min_by(|a, b| mean(&a.id).total_cmp(&mean(&b.id)));
    let Some(best) = best else { return Vec::new() };
    let mut places: Vec<(usize, Place)> =
        rows.iter().map(|s| (s.rank(), Place { id: s.id.clone(), ratio: ratio_over(workloads, phase, &s.id, &best.id) })).collect();
    places.sort_by(|(a, x), (b, y)| a.cmp(b).then(x.ratio.value.total_cmp(&y.ratio.value)));
    places.into_iter().map(|(_, place)| place).collect()
}
