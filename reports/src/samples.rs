//! The figure of every sample by process.

use quintet_results::{Measure, WorkloadResult};

use crate::charts::{Charts, Figure};
use crate::dots::{DotRow, Dots, Process};
use crate::format::time;
use crate::style::Style;
use crate::table::Table;
use crate::view::{RANKED, ordered, phase_name};

/// The samples of a workload's rows; `None` where no row was sampled more than once.
pub fn figure(workload: &WorkloadResult, slug: &str, styles: &[Style]) -> Option<Figure> {
    let ordered = ordered(workload, styles);
    let of = |phase| ordered.iter().filter_map(move |s| Some((s.id.as_str(), workload.row(&s.id)?.measure(phase)?)));
    if !RANKED.into_iter().flat_map(of).any(|(_, m)| m.samples().count() > 1) {
        return None;
    }
    let charts = RANKED.into_iter().map(|phase| Dots { title: phase_name(phase).into(), rows: of(phase).map(row).collect() });
    let mut table = Table::new("Centres of the processes", &["row"]);
    table.head.extend(RANKED.map(|phase| phase_name(phase).to_lowercase()));
    for style in &ordered {
        let cell = |phase| workload.row(&style.id).and_then(|r| r.measure(phase)).map_or("–".into(), by_process);
        table.push_about(&style.id, [style.id.clone()].into_iter().chain(RANKED.map(cell)).collect());
    }
    Some(Figure {
        id: format!("samples-{slug}"),
        title: format!("{}: every sample, by process", workload.name),
        desc: "How far each sample is from its row's centre, in percent, one line of dots per process with the process's centre marked."
            .into(),
        key: "A dot is a sample, a line of dots a process, a stroke the process's own centre; what is off the axis lies at its end. A row whose strokes disagree depends on the process."
            .into(),
        charts: Charts::Dots(charts.filter(|d| !d.rows.is_empty()).collect()),
        table,
    })
}

fn row((id, measure): (&str, &Measure)) -> DotRow {
    let (centre, sample) = (measure.centre(), measure.sample());
    let rounds = measure.ns.iter().filter(|rounds| !rounds.is_empty());
    let process =
        |(own, rounds): (f64, &Vec<f64>)| Process { centre: own / centre, samples: rounds.iter().map(|ns| ns / centre).collect() };
    DotRow {
        id: id.into(),
        centre: time(centre),
        processes: sample.by_process().into_iter().zip(rounds).map(process).collect(),
        tip: format!("{id}: {}; by process: {}", time(centre), by_process(measure)),
    }
}

fn by_process(measure: &Measure) -> String {
    measure.sample().by_process().into_iter().map(time).collect::<Vec<_>>().join(", ")
}
