//! Everything that a report shows, worked out once and put down as figures, tables and sentences.

use quintet_results::{Choice, Mode, Phase, WorkloadResult, again, floor, own_kinds};

use crate::break_even::Costs;
use crate::charts::{Charts, Figure};
use crate::combine::Report;
use crate::format::{Unit, ratio, ratio_with, thousands, time};
use crate::matrix::{METRICS, Matrix};
use crate::panel::{Panel, PanelRow};
use crate::ranking::{Place, Rankings};
use crate::scale::near;
use crate::style::{Style, assign};
use crate::support::{self, SupportView};
use crate::table::Table;
use crate::tables;

/// A report's content.
pub struct View<'a> {
    /// What it is made from.
    pub report: &'a Report,
    /// The rows' looks, in the order of their groups.
    pub styles: Vec<Style>,
    /// What to ship at the rates that are taken where none are given; `None` where no backend ran everything.
    pub verdict: Option<Choice>,
    /// What the ranking says in a sentence per phase.
    pub headlines: Vec<String>,
    /// Workload by backend, in batches, in single calls, and to compile.
    pub matrices: Vec<Matrix>,
    /// Means over the workloads; `None` where there is one workload.
    pub rankings: Option<Rankings>,
    /// The ranking of what ran every workload.
    pub ranking: Option<Figure>,
    /// Backends beside native code; `None` where fewer than two workloads have a row of it.
    pub native: Option<Table>,
    /// What rows that change as they go cost in all; `None` where that was not measured.
    pub regret: Option<Table>,
    /// The workloads.
    pub workloads: Vec<WorkloadView<'a>>,
    /// How cost grows.
    pub scaling: Vec<Figure>,
    /// Who runs what; `None` where the files do not say.
    pub support: Option<SupportView>,
    /// What backends ask of their host; `None` where the files do not say.
    pub hosts: Option<Table>,
    /// Everything that criterion measured; `None` where nothing was folded in.
    pub benchmarks: Option<Table>,
    /// How noisy each workload was.
    pub noise: Table,
}

/// A workload's content.
pub struct WorkloadView<'a> {
    /// What was measured.
    pub result: &'a WorkloadResult,
    /// Its name in addresses and file names.
    pub slug: String,
    /// The phases side by side.
    pub phases: Figure,
    /// Total cost against the number of records, in each mode that a backend has.
    pub break_even: Vec<(Mode, Figure)>,
    /// Costs by mode.
    pub costs: Vec<(Mode, Costs)>,
    /// Bytes; `None` where no row has any.
    pub memory: Option<Figure>,
    /// Single calls; `None` where no row has any.
    pub latency: Option<Figure>,
    /// Every sample; `None` where no row was sampled more than once.
    pub samples: Option<Figure>,
    /// Processes in which a row behaved otherwise than in the others.
    pub own_kinds: Vec<String>,
    /// What its A/A pair says.
    pub noise: String,
    /// What comes before any backend; `None` where it was not measured.
    pub front: Option<String>,
}

/// The phases that rows are ranked by.
pub const RANKED: [Phase; 3] = [Phase::Batch, Phase::Single, Phase::Compile];

impl<'a> View<'a> {
    /// Works out everything that the report shows.
    pub fn new(report: &'a Report) -> View<'a> {
        let styles = assign(&report.workloads, &report.criterion);
        let rankings = Rankings::new(&report.workloads, &styles);
        let mut slugs = Vec::new();
        let floor = floor(&report.workloads.iter().collect::<Vec<_>>());
        let workloads = report.workloads.iter().map(|w| WorkloadView::new(w, slug(&w.name, &mut slugs), &styles)).collect();
        View {
            verdict: crate::verdict::choice(&report.workloads),
            headlines: rankings
                .iter()
                .flat_map(|r| &r.whole.phases)
                .filter_map(|(phase, places)| headline(*phase, places, &styles, floor))
                .collect(),
            ranking: rankings.as_ref().map(|r| r.whole.figure(&styles)).filter(|f| !f.table.rows.is_empty()),
            rankings,
            matrices: METRICS.into_iter().filter_map(|p| Matrix::new(&report.workloads, p, &styles)).collect(),
            native: crate::native::table(&report.workloads, &styles),
            regret: crate::regret::table(&report.workloads),
            workloads,
            scaling: crate::tables::scaling(&report.criterion, &styles, &mut slugs),
            support: support::table(&report.support, &styles),
            hosts: support::hosts(&report.workloads, &styles),
            benchmarks: tables::benchmarks(&report.criterion),
            noise: tables::noise(&report.workloads),
            styles,
            report,
        }
    }

    /// All figures, in the order of the page.
    pub fn figures(&self) -> impl Iterator<Item = &Figure> {
        let of = self.workloads.iter().flat_map(|w| {
            [Some(&w.phases)].into_iter().chain(w.break_even.iter().map(|(_, f)| Some(f))).chain([
                w.samples.as_ref(),
                w.memory.as_ref(),
                w.latency.as_ref(),
            ])
        });
        self.ranking.iter().chain(of.flatten()).chain(&self.scaling)
    }
}

impl<'a> WorkloadView<'a> {
    fn new(result: &'a WorkloadResult, slug: String, styles: &[Style]) -> WorkloadView<'a> {
        let costs = [Mode::Batch, Mode::Single].map(|mode| (mode, Costs::new(result, mode, styles)));
        WorkloadView {
            phases: phases(result, &slug, styles),
            break_even: costs.iter().filter_map(|(mode, costs)| Some((*mode, tables::break_even(result, &slug, *mode, costs)?))).collect(),
            costs: costs.into(),
            memory: tables::memory(result, &slug, styles),
            latency: tables::latency(result, &slug, styles),
            samples: crate::samples::figure(result, &slug, styles),
            own_kinds: own_kinds(result).iter().map(|k| format!("{k}.")).collect(),
            noise: noise(result),
            front: front(result),
            result,
            slug,
        }
    }

    /// The costs in a mode.
    pub fn cost(&self, mode: Mode) -> Option<&Costs> {
        self.costs.iter().find(|(m, _)| *m == mode).map(|(_, c)| c)
    }
}

/// What a workload's noise is.
fn noise(workload: &WorkloadResult) -> String {
    let no_op = match workload.no_op.is_empty() {
        true => "The loop that evaluates nothing was not measured.".to_owned(),
        false => format!("A loop that evaluates nothing takes {} per record.", time(workload.no_op.centre())),
    };
    match again(workload) {
        Some((id, r)) => {
            let told = if r.low <= 1.0 && 1.0 <= r.high {
                "no difference, as it must be"
            } else {
                "a difference that is none: this machine was restless"
            };
            format!("{id} measured twice in the same rounds: {} ({told}). {no_op}", ratio_with(r))
        }
        None => format!("No row was measured twice. {no_op}"),
    }
}

/// What parsing, checking, passes, linking and reading cost.
fn front(workload: &WorkloadResult) -> Option<String> {
    let f = &workload.front_end;
    let stages = [("parse", &f.parse), ("check", &f.check), ("passes", &f.passes), ("link", &f.link)];
    let stages: Vec<String> =
        stages.into_iter().filter(|(_, m)| !m.is_empty()).map(|(name, m)| format!("{name} {}", time(m.centre()))).collect();
    let rules = (!stages.is_empty()).then(|| format!("{} for all rules", stages.join(", ")));
    let read = (!f.read.is_empty()).then(|| format!("reading {} per record", time(f.read.centre())));
    let all: Vec<String> = [rules, read].into_iter().flatten().collect();
    (!all.is_empty()).then(|| format!("Before any backend: {}.", all.join("; ")))
}

/// The phase in words.
pub fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Compile => "Compile",
        Phase::Instantiate => "Instantiate",
        Phase::FirstCall => "First call",
        Phase::Single => "Single call",
        Phase::Batch => "Batch",
        Phase::BatchCopied => "Batch, copied in",
    }
}

fn headline(phase: Phase, places: &[Place], styles: &[Style], floor: f64) -> Option<String> {
    let mut ranked: Vec<&Place> = places.iter().filter(|p| styles.iter().any(|s| s.id == p.id && s.candidate())).collect();
    ranked.sort_by(|a, b| a.ratio.value.total_cmp(&b.ratio.value));
    let (first, second) = (ranked.first()?, ranked.get(1)?);
    let what = match phase {
        Phase::Batch => "In batches",
        Phase::Single => "In single calls",
        _ => "To compile",
    };
    let r = second.ratio;
    Some(if r.differs(floor) {
        format!("{what}: {} is the fastest; {} takes {} as long.", first.id, second.id, ratio_with(r))
    } else {
        format!("{what}: {} and {} cannot be told apart: {}.", first.id, second.id, ratio_with(r))
    })
}

/// The styles in the order in which a workload's rows are shown: by group, then by how long a batch takes.
pub fn ordered<'s>(workload: &WorkloadResult, styles: &'s [Style]) -> Vec<&'s Style> {
    let mut present: Vec<&Style> = styles.iter().filter(|s| workload.row(&s.id).is_some()).collect();
    let batch = |s: &Style| workload.row(&s.id).map_or(f64::NAN, |r| r.centre(Phase::Batch));
    present.sort_by(|a, b| a.rank().cmp(&b.rank()).then(batch(a).total_cmp(&batch(b))));
    present
}

fn phases(workload: &WorkloadResult, slug: &str, styles: &[Style]) -> Figure {
    let ordered = ordered(workload, styles);
    let panels = RANKED.iter().map(|phase| Panel {
        title: phase_name(*phase).into(),
        axis: match phase {
            Phase::Compile => format!("time for {}", rules(workload.rules)),
            _ => "time per record, all rules".into(),
        },
        unit: Unit::Time,
        end: near(ordered.iter().filter(|s| s.candidate()).filter_map(|s| workload.row(&s.id)).map(|r| r.centre(*phase))),
        baseline: None,
        rows: ordered
            .iter()
            .filter_map(|style| {
                let measure = workload.row(&style.id)?.measure(*phase)?;
                let interval = measure.interval();
                let processes = measure.sample().by_process();
                let processes = if processes.len() > 1 { processes } else { Vec::new() };
                let tip = format!(
                    "{}: {} ({} to {}) per {}",
                    style.id,
                    time(interval.value),
                    time(interval.low),
                    time(interval.high),
                    phase.per()
                );
                Some(PanelRow { id: style.id.clone(), point: interval.into(), processes, tip })
            })
            .collect(),
    });
    Figure {
        id: format!("phases-{slug}"),
        title: format!("{}: the phases side by side", workload.name),
        desc: "Time of a batch per record, of a single call per record, and of compiling all rules, by row, as bars on linear axes from 0; a bar that leaves the axis ends in an arrow.".into(),
        key: "With intervals at 95 %, in order of the batch; a dot is a process. Linear axes; an arrow leaves the axis; shorter is better.".into(),
        charts: Charts::Panels(panels.filter(|p| !p.rows.is_empty()).collect()),
        table: tables::phases(workload, &ordered),
    }
}

/// How many rules, in words.
pub fn rules(count: usize) -> String {
    if count == 1 { "1 rule".into() } else { format!("{} rules", thousands(count as u64)) }
}

/// A name that is safe in addresses and file names, and that no other has.
pub fn slug(name: &str, taken: &mut Vec<String>) -> String {
    let safe: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).take(60).collect();
    let safe = safe.trim_matches('-');
    let base = if safe.is_empty() { "x" } else { safe };
    let mut unique = base.to_owned();
    let mut n = 2;
    while taken.contains(&unique) {
        unique = format!("{base}-{n}");
        n += 1;
    }
    taken.push(unique.clone());
    unique
}

/// A row against the fastest backend of a workload in batches.
pub fn batch_ratio(workload: &WorkloadResult, id: &str, ordered: &[&Style]) -> Option<String> {
    let best = workload.row(&ordered.first().filter(|s| s.candidate())?.id)?;
    if best.id == id {
        return Some(ratio(1.0));
    }
    Some(ratio_with(workload.row(id)?.measure(Phase::Batch)?.to(best.measure(Phase::Batch)?)))
}
