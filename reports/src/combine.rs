//! Several result files as one report, where that makes sense.

use std::collections::BTreeMap;

use quintet_results::{CriterionResult, Machine, Options, Results, Support, WorkloadResult};

/// A run that the report is made from.
#[derive(Clone, Debug)]
pub struct Run {
    /// The result file's name, as given.
    pub file: String,
    /// The command line that made it.
    pub command: String,
    /// Seconds since 1970 when it began.
    pub started_at: u64,
    /// Seconds since 1970 when it ended.
    pub finished_at: u64,
    /// How it was measured.
    pub options: Options,
}

/// What a report is made from: one machine, one set of versions, every workload once.
#[derive(Clone, Debug)]
pub struct Report {
    pub(crate) runs: Vec<Run>,
    pub(crate) machine: Machine,
    pub(crate) versions: BTreeMap<String, String>,
    pub(crate) workloads: Vec<WorkloadResult>,
    pub(crate) support: Vec<Support>,
    pub(crate) criterion: Vec<CriterionResult>,
}

/// Why result files cannot be shown in one report.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CombineError {
    /// No file was given.
    #[error("no result file is given")]
    Nothing,
    /// They were made on different machines.
    #[error("{second} was made on another machine than {first}: {what}; make one report of each, or compare them with `quintet diff`")]
    Machine {
        /// The first file.
        first: String,
        /// The file that does not fit it.
        second: String,
        /// What differs.
        what: String,
    },
    /// They measured different versions.
    #[error("{second} measured other versions than {first}: {what}; make one report of each, or compare them with `quintet diff`")]
    Versions {
        /// The first file.
        first: String,
        /// The file that does not fit it.
        second: String,
        /// What differs.
        what: String,
    },
    /// Both measured the same.
    #[error("{second} and {first} both hold {what}; a report shows each once: leave one file out, or compare them with `quintet diff`")]
    Twice {
        /// The file that has it first.
        first: String,
        /// The file that has it again.
        second: String,
        /// What they share.
        what: String,
    },
}

impl Report {
    /// Combines result files, each with its name. They must be of one machine and of the same versions, and share no workload.
    ///
    /// # Errors
    /// [`CombineError`] says which files do not fit together, and what differs.
    pub fn new(files: Vec<(String, Results)>) -> Result<Report, CombineError> {
        let mut files = files.into_iter();
        let (file, first) = files.next().ok_or(CombineError::Nothing)?;
        let mut owners: Vec<(String, String)> = first.workloads.iter().map(|w| (w.name.clone(), file.clone())).collect();
        let mut report = Report {
            runs: vec![run(&file, &first)],
            machine: first.machine,
            versions: first.versions,
            workloads: first.workloads,
            support: first.support,
            criterion: first.criterion,
        };
        for (name, next) in files {
            report.fits(&file, &name, &next)?;
            for workload in &next.workloads {
                if let Some((_, first)) = owners.iter().find(|(known, _)| *known == workload.name) {
                    return Err(CombineError::Twice {
                        first: first.clone(),
                        second: name,
                        what: format!("the workload `{}`", workload.name),
                    });
                }
            }
            let known = |c: &CriterionResult| report.criterion.iter().any(|k| benchmark(k) == benchmark(c));
            if let Some(again) = next.criterion.iter().find(|c| known(c)) {
                let what = format!("criterion's `{}`", benchmark(again));
                return Err(CombineError::Twice { first: file, second: name, what });
            }
            owners.extend(next.workloads.iter().map(|w| (w.name.clone(), name.clone())));
            report.runs.push(run(&name, &next));
            report.workloads.extend(next.workloads);
            report.criterion.extend(next.criterion);
            for support in next.support {
                report.add_support(support);
            }
        }
        Ok(report)
    }

    /// Whether `next` is of this machine and these versions.
    fn fits(&self, first: &str, name: &str, next: &Results) -> Result<(), CombineError> {
        let (a, b) = (&self.machine, &next.machine);
        let machine = [("processor", &a.cpu, &b.cpu), ("operating system", &a.os, &b.os), ("instruction set", &a.arch, &b.arch)]
            .into_iter()
            .map(|(what, a, b)| (what, a.clone(), b.clone()))
            .chain([("logical processors", a.cores.to_string(), b.cores.to_string())])
            .find(|(_, a, b)| a != b);
        if let Some((what, a, b)) = machine {
            let what = format!("{what} `{b}` instead of `{a}`");
            return Err(CombineError::Machine { first: first.into(), second: name.into(), what });
        }
        let names = self.versions.keys().chain(next.versions.keys());
        let version = |of: &BTreeMap<String, String>, name: &str| of.get(name).map_or("none".to_owned(), Clone::clone);
        if let Some(differs) = names.into_iter().find(|n| self.versions.get(*n) != next.versions.get(*n)) {
            let what = format!("{differs} {} instead of {}", version(&next.versions, differs), version(&self.versions, differs));
            return Err(CombineError::Versions { first: first.into(), second: name.into(), what });
        }
        Ok(())
    }

    /// Adds who runs a construct, as far as it is not known.
    fn add_support(&mut self, support: Support) {
        match self.support.iter_mut().find(|s| s.construct == support.construct) {
            Some(known) => known.by.extend(support.by.into_iter().filter(|id| !known.by.contains(id)).collect::<Vec<_>>()),
            None => self.support.push(support),
        }
    }
}

fn run(file: &str, results: &Results) -> Run {
    Run {
        file: file.into(),
        command: results.command.clone(),
        started_at: results.started_at,
        finished_at: results.finished_at,
        options: results.options.clone(),
    }
}

/// The full name of a benchmark.
fn benchmark(c: &CriterionResult) -> String {
    [Some(&c.group), Some(&c.function), c.parameter.as_ref()].into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join("/")
}
