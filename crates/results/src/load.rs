//! Reading a result file, and refusing what must not be trusted.

use crate::schema::{FORMAT, Results, VERSION};

/// Why a result file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// Not JSON, truncated, or not of the schema.
    #[error("not a result file, or a truncated one: {0}")]
    Malformed(#[from] serde_json::Error),
    /// JSON of something else.
    #[error("not a result file: `format` is `{0}` instead of `{FORMAT}`")]
    Format(String),
    /// Written by another version.
    #[error("a result file of version {0}; this program reads version {VERSION}: run `quintet compare` again")]
    Version(u64),
    /// Answers differed.
    #[error("the answers differed, so there is nothing to rank: {difference}")]
    Differed {
        /// The workload.
        workload: String,
        /// The first difference.
        difference: String,
    },
    /// Nothing was measured, or not everything was verified.
    #[error("workload `{0}` was not verified on every record; its numbers cannot be used")]
    Unverified(String),
    /// A result of criterion that no measurement gives.
    #[error("criterion's `{0}`: a value is not a number of nanoseconds from {least} to {most:e}", least = SAMPLE.0, most = SAMPLE.1)]
    Criterion(String),
    /// A profile that no measurement gives.
    #[error("workload `{workload}`: the profile of row `{row}` is not one of its rules on a row that was measured")]
    Profile {
        /// The workload.
        workload: String,
        /// The profile's row.
        row: String,
    },
    /// An option that no run has.
    #[error("the options of the run are not those of a measurement: precision {0}, time limit {1} s")]
    Options(f64, f64),
    /// A part of a workload has parts.
    #[error("workload `{0}` is a part of another one and has parts itself")]
    Parts(String),
    /// It holds no workload.
    #[error("the result file holds no workload: nothing was measured")]
    Empty,
    /// A sample that no measurement gives.
    #[error("workload `{workload}`, row `{row}`: a sample is not a number of nanoseconds from {least} to {most:e}", least = SAMPLE.0, most = SAMPLE.1)]
    Sample {
        /// The workload.
        workload: String,
        /// The row.
        row: String,
    },
}

/// The nanoseconds that a sample may have: less than any clock tells apart, and more than thirty years.
const SAMPLE: (f64, f64) = (1e-6, 1e18);

/// Whether this is a sample.
fn is_sample(ns: f64) -> bool {
    (SAMPLE.0..=SAMPLE.1).contains(&ns)
}

impl Results {
    /// Reads a result file.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub fn from_json(text: &str) -> Result<Results, LoadError> {
        let value: serde_json::Value = serde_json::from_str(text)?;
        let format = value.get("format").and_then(|f| f.as_str()).unwrap_or("missing");
        if format != FORMAT {
            return Err(LoadError::Format(format.into()));
        }
        let version = value.get("version").and_then(|v| v.as_u64()).unwrap_or(0);
        if version != u64::from(VERSION) {
            return Err(LoadError::Version(version));
        }
        let results: Results = serde_json::from_value(value)?;
        results.check()?;
        Ok(results)
    }

    /// Whether its numbers may be used.
    fn check(&self) -> Result<(), LoadError> {
        if self.workloads.is_empty() {
            return Err(LoadError::Empty);
        }
        let (precision, time) = (self.options.precision, self.options.time_limit_s);
        if !(precision > 0.0 && precision <= 1.0 && (0.0..=SAMPLE.1).contains(&time)) {
            return Err(LoadError::Options(precision, time));
        }
        for c in &self.criterion {
            // The low end of an interval may be anything: criterion extrapolates it.
            if !(is_sample(c.ns) && is_sample(c.high) && c.low.is_finite() && c.low <= c.high) {
                return Err(LoadError::Criterion(format!("{}/{}", c.group, c.function)));
            }
        }
        for w in self.workloads.iter().flat_map(|w| std::iter::once(w).chain(&w.parts)) {
            if !w.parts.is_empty() && !self.workloads.iter().any(|whole| std::ptr::eq(whole, w)) {
                return Err(LoadError::Parts(w.name.clone()));
            }
            if let Some(difference) = &w.difference {
                return Err(LoadError::Differed { workload: w.name.clone(), difference: difference.clone() });
            }
            if w.rules.checked_mul(w.records) != Some(w.verified_pairs) || w.rows.is_empty() {
                return Err(LoadError::Unverified(w.name.clone()));
            }
            let front = &w.front_end;
            let stages = [&front.parse, &front.check, &front.passes, &front.link, &front.read];
            let beside =
                [("no-op", vec![&w.no_op]), ("before any backend", stages.into()), ("again", w.again.iter().map(|a| &a.batch).collect())];
            if let Some((row, _)) = beside.iter().find(|(_, measures)| !measures.iter().all(|m| m.samples().all(is_sample))) {
                return Err(LoadError::Sample { workload: w.name.clone(), row: (*row).into() });
            }
            for profile in &w.profiles {
                if w.row(&profile.id).is_none() || profile.rules.len() != w.rules || !profile.is_sound() {
                    return Err(LoadError::Profile { workload: w.name.clone(), row: profile.id.clone() });
                }
            }
            for row in &w.rows {
                let latency = row.latency.iter().flat_map(|l| [&l.p50, &l.p99]);
                let totals = row.totals.iter().map(|total| &total.ns);
                if !row.phases.values().chain(latency).chain(totals).flat_map(|m| m.samples()).all(is_sample) {
                    return Err(LoadError::Sample { workload: w.name.clone(), row: row.id.clone() });
                }
            }
        }
        Ok(())
    }

    /// The file's text.
    ///
    /// # Errors
    /// When a sample is not a number.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}
