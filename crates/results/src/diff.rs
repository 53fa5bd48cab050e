//! Two result files compared, row by row.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::noise::again;
use crate::schema::{Measure, Phase, Results, Row, RowKind, WorkloadResult};
use crate::stats::{Interval, median, quantile};
use crate::two_runs::{MIN_ROUNDS, discoveries, shift};

/// What to compare.
#[derive(Clone, Debug, PartialEq)]
pub struct DiffOptions {
    /// These phases; all when empty.
    pub phases: Vec<Phase>,
    /// These workloads; all when empty.
    pub workloads: Vec<String>,
    /// A change by no more than this share is no difference: 0.02 for 2 %. `None` stands for [`between_processes`] of the phase.
    pub threshold: Option<f64>,
}

/// How far apart two processes are taken to be that measure the same thing, as a share. Code and memory lie elsewhere in each process, and
/// another load or clock runs beside it: rounds of one process cannot show that. What runs long enough to settle is apart by less than what
/// runs once or depends on where memory lies. docs/method.md has the measurements that these shares come from.
pub fn between_processes(phase: Phase) -> f64 {
    match phase {
        Phase::Single | Phase::Batch => 0.1,
        Phase::Compile | Phase::Instantiate | Phase::FirstCall => 1.0,
        Phase::BatchCopied => 1.5,
    }
}

/// What changed between two files.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diff {
    /// What makes the comparison doubtful: another machine, other versions.
    pub warnings: Vec<String>,
    /// What is in both files, or was asked for, and was not compared.
    pub not_compared: Vec<NotCompared>,
    /// Workloads and rows that only the old file has.
    pub only_old: Vec<String>,
    /// Workloads and rows that only the new file has.
    pub only_new: Vec<String>,
    /// One entry per workload, row and phase that both have.
    pub comparisons: Vec<Comparison>,
}

/// Something that was not compared, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotCompared {
    /// A workload, or one row of it in one phase.
    pub what: String,
    /// Why.
    pub reason: String,
}

/// One row in one phase on one workload, in both files.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The workload.
    pub workload: String,
    /// The row's id.
    pub row: String,
    /// What it is.
    pub kind: RowKind,
    /// What was timed.
    pub phase: Phase,
    /// What it took in the old file, ns.
    pub old_ns: f64,
    /// What it takes in the new file, ns.
    pub new_ns: f64,
    /// New to old, with the interval at 95 %.
    pub ratio: Interval,
    /// How probable such a ratio is when nothing changed.
    pub p: f64,
    /// The share below which a change is no difference.
    pub threshold: f64,
    /// The noise that the files show: the share that repetitions, rows together, and rounds under another load are apart by.
    pub noise: f64,
    /// What to make of it.
    pub verdict: Verdict,
}

/// What a comparison says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The new file is slower.
    Slower,
    /// It is faster.
    Faster,
    /// Chance, noise, or a change below the threshold may explain it.
    NoDifference,
}

impl Diff {
    /// Compares two files. A row differs when both of this holds: over all comparisons of the two files together it is one of the
    /// [`discoveries`]; and its whole interval is beyond both the threshold and the noise, which is how far apart the files show that
    /// things are which cannot have changed, how far all rows moved together, and how far apart a disturbed file's rounds are.
    pub fn new(old: &Results, new: &Results, options: &DiffOptions) -> Diff {
        let mut diff = Diff {
            warnings: warnings(old, new),
            not_compared: Vec::new(),
            only_old: Vec::new(),
            only_new: Vec::new(),
            comparisons: Vec::new(),
        };
        let disturbed = disturbed(old).max(disturbed(new));
        if disturbed > 0.0 {
            diff.warnings.push(format!(
                "a machine was disturbed while a file was measured: rounds of one row are up to {:.1} times apart; smaller changes are not reported",
                1.0 + disturbed,
            ));
        }
        let wanted = |name: &str| options.workloads.is_empty() || options.workloads.iter().any(|w| w == name);
        for name in &options.workloads {
            if find(old, name).is_none() && find(new, name).is_none() {
                diff.not_compared.push(NotCompared { what: name.clone(), reason: "neither file has it".into() });
            }
        }
        diff.only_new = new.workloads.iter().filter(|w| wanted(&w.name) && find(old, &w.name).is_none()).map(|w| w.name.clone()).collect();
        for was in old.workloads.iter().filter(|w| wanted(&w.name)) {
            let Some(is) = find(new, &was.name) else {
                diff.only_old.push(was.name.clone());
                continue;
            };
            match unlike(was, is) {
                Some(reason) => diff.not_compared.push(NotCompared { what: was.name.clone(), reason }),
                None => diff.workload(was, is, options, disturbed),
            }
        }
        diff.judge();
        diff
    }

    /// Whether a row got slower.
    pub fn any_slower(&self) -> bool {
        self.comparisons.iter().any(|c| c.verdict == Verdict::Slower)
    }

    /// Whether a row got slower or faster.
    pub fn any_changed(&self) -> bool {
        self.comparisons.iter().any(|c| c.verdict != Verdict::NoDifference)
    }

    fn workload(&mut self, old: &WorkloadResult, new: &WorkloadResult, options: &DiffOptions, disturbed: f64) {
        let named = |w: &WorkloadResult, row: &Row| format!("{} on {}", row.id, w.name);
        self.only_old.extend(old.rows.iter().filter(|r| new.row(&r.id).is_none()).map(|r| named(old, r)));
        self.only_new.extend(new.rows.iter().filter(|r| old.row(&r.id).is_none()).map(|r| named(new, r)));
        for phase in Phase::ALL.into_iter().filter(|p| options.phases.is_empty() || options.phases.contains(p)) {
            let threshold = options.threshold.unwrap_or(between_processes(phase));
            let moved = moved(old, new, phase);
            if moved > threshold {
                self.warnings.push(format!(
                    "{} on {}: the rows moved together, by {:.0} % in the middle: the machine's load or clock, or code that they share; smaller changes are not reported",
                    phase.name(),
                    old.name,
                    moved * 100.0,
                ));
            }
            let noise = noise(old, new).max(moved).max(disturbed);
            for was in &old.rows {
                let Some(is) = new.row(&was.id) else { continue };
                let what = || format!("{} {} on {}", was.id, phase.name(), old.name);
                let (a, b) = match (was.measure(phase), is.measure(phase)) {
                    (Some(a), Some(b)) => (a, b),
                    (None, None) => continue,
                    (Some(_), None) => {
                        self.only_old.push(what());
                        continue;
                    }
                    (None, Some(_)) => {
                        self.only_new.push(what());
                        continue;
                    }
                };
                let Some(shift) = shift(a, b) else {
                    let reason = format!("{} and {} rounds; it takes {MIN_ROUNDS}", a.samples().count(), b.samples().count());
                    self.not_compared.push(NotCompared { what: what(), reason });
                    continue;
                };
                self.comparisons.push(Comparison {
                    workload: old.name.clone(),
                    row: was.id.clone(),
                    kind: was.kind,
                    phase,
                    old_ns: a.centre(),
                    new_ns: b.centre(),
                    ratio: shift.ratio,
                    p: shift.p,
                    threshold,
                    noise,
                    verdict: Verdict::NoDifference,
                });
            }
        }
    }

    fn judge(&mut self) {
        let p: Vec<f64> = self.comparisons.iter().map(|c| c.p).collect();
        for (comparison, found) in self.comparisons.iter_mut().zip(discoveries(&p)) {
            let least = 1.0 + comparison.noise.max(comparison.threshold);
            comparison.verdict = if found && comparison.ratio.low > least {
                Verdict::Slower
            } else if found && comparison.ratio.high < 1.0 / least {
                Verdict::Faster
            } else {
                Verdict::NoDifference
            };
        }
    }
}

fn find<'r>(results: &'r Results, name: &str) -> Option<&'r WorkloadResult> {
    results.workloads.iter().find(|w| w.name == name)
}

/// By which share a ratio is away from 1, the same for a ratio and its reciprocal.
fn share(ratio: f64) -> f64 {
    ratio.max(1.0 / ratio) - 1.0
}

/// How far the A/A row of either file is from the row that it repeats: the larger of both.
fn noise(old: &WorkloadResult, new: &WorkloadResult) -> f64 {
    let apart = |w: &WorkloadResult| again(w).map(|(_, ratio)| share(ratio.value)).filter(|s| s.is_finite()).unwrap_or(0.0);
    apart(old).max(apart(new))
}

/// The middle half of a row's rounds lies closer together than this share where the machine does nothing else.
const STEADY: f64 = 0.2;

/// How far apart rounds of one row are in a file that was measured beside other load; 0 where every row's rounds were steady. What takes
/// longer than a scheduler's slice then takes a multiple, in some rows from the first round to the last, so one row tells for all.
fn disturbed(results: &Results) -> f64 {
    let rows = results.workloads.iter().flat_map(|w| &w.rows);
    let measures = rows.flat_map(|r| [Phase::Single, Phase::Batch].into_iter().filter_map(|p| r.measure(p)));
    let processes: Vec<&Vec<f64>> = measures.flat_map(|m: &Measure| &m.ns).collect();
    let apart = |ns: &[f64], low: f64, high: f64| quantile(ns, high) / quantile(ns, low) - 1.0;
    if processes.iter().all(|ns| apart(ns, 0.25, 0.75) <= STEADY) {
        return 0.0;
    }
    processes.iter().map(|ns| apart(ns, 0.0, 1.0)).filter(|s| s.is_finite()).fold(0.0, f64::max)
}

/// Backends that tell by moving together that the machine, or what they share, changed.
const WITNESSES: usize = 4;

/// By how much, in the middle, the rows moved from one file to the other that tell of the machine: native code and peers, which are not
/// Quintet's own; without those all backends, where there are enough of them.
fn moved(old: &WorkloadResult, new: &WorkloadResult, phase: Phase) -> f64 {
    let shares = |backends: bool| -> Vec<f64> {
        let rows = old.rows.iter().filter(|r| (r.kind == RowKind::Backend) == backends);
        rows.filter_map(|r| Some(share(new.row(&r.id)?.measure(phase)?.centre() / r.measure(phase)?.centre()))).collect()
    };
    let (others, backends) = (shares(false), shares(true));
    match (others.is_empty(), backends.len() >= WITNESSES) {
        (false, _) => median(&others),
        (true, true) => median(&backends),
        (true, false) => 0.0,
    }
}

/// Why two workloads of one name are not the same work; `None` where nothing that the files hold tells them apart.
fn unlike(old: &WorkloadResult, new: &WorkloadResult) -> Option<String> {
    let counted = |what: &str, old: usize, new: usize| (old != new).then(|| format!("{old} {what} in the old file, {new} in the new one"));
    counted("rules", old.rules, new.rules)
        .or_else(|| counted("records", old.records, new.records))
        .or_else(|| counted("bytes of records", old.record_bytes, new.record_bytes))
        .or_else(|| counted("trapping rule-record pairs", old.traps, new.traps))
        .or_else(|| {
            let was: BTreeMap<&str, usize> = old.matches.iter().map(|(n, c)| (n.as_str(), *c)).collect();
            let is: BTreeMap<&str, usize> = new.matches.iter().map(|(n, c)| (n.as_str(), *c)).collect();
            let (rule, count) = was.iter().find(|(rule, count)| is.get(*rule) != Some(count))?;
            Some(match is.get(rule) {
                Some(now) => format!("rule `{rule}` matched {count} records in the old file, {now} in the new one"),
                None => format!("rule `{rule}` is not in the new file"),
            })
        })
}

fn warnings(old: &Results, new: &Results) -> Vec<String> {
    let mut warnings = Vec::new();
    if old.machine != new.machine {
        let machine = |r: &Results| format!("{}, {} cores, {} {}", r.machine.cpu, r.machine.cores, r.machine.os, r.machine.arch);
        warnings.push(format!("the files are from different machines: old {}; new {}", machine(old), machine(new)));
    }
    let names: std::collections::BTreeSet<&String> = old.versions.keys().chain(new.versions.keys()).collect();
    let version = |r: &Results, name: &String| r.versions.get(name).map_or("none", String::as_str).to_string();
    for name in names {
        let (was, is) = (version(old, name), version(new, name));
        if was != is {
            warnings.push(format!("{name} differs: old {was}; new {is}"));
        }
    }
    if old.options != new.options {
        warnings.push("the files were measured with different options (rounds, sample time, precision)".into());
    }
    warnings
}
