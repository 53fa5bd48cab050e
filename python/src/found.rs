//! Rules over captures and lines.

use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::UInt64Array;
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyDict};
use quintet::{ArenaKind, Engine, Instance, Matches, Scheme, Session, TrapAt};
use quintet_inputs::{Format, Input, InputError, ReaderOptions, Stats, schemes};

use crate::answers::traps;
use crate::array::Array;
use crate::compiled::{Compiled, Signals};
use crate::errors::{SchemaError, ended, wrong_data, wrong_source};
use crate::guard::{detached, guarded};
use crate::schemes::{fill, of_text};

/// What rules found in a capture or in lines.
#[pyclass(module = "quintet", frozen)]
pub struct Found {
    compiled: Compiled,
    /// For each rule the records that it matches.
    numbers: Vec<Vec<u64>>,
    traps: Vec<(TrapAt, u64)>,
    stats: Stats,
}

impl Found {
    fn counted(&self) -> impl Iterator<Item = (&str, usize)> {
        self.compiled.names.iter().map(String::as_str).zip(self.numbers.iter().map(Vec::len))
    }
}

#[pymethods]
impl Found {
    /// The rules' names, in order.
    #[getter]
    fn names(&self) -> Vec<String> {
        self.compiled.names.clone()
    }

    /// How many records there are.
    #[getter]
    fn records(&self) -> u64 {
        self.stats.records
    }

    /// How many records each rule matches, by its name.
    #[getter]
    fn counts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.counted().collect::<Vec<_>>().into_py_dict(py)
    }

    /// The numbers of the records that a rule matches, from 1: of frames, or of lines. An array of UInt64.
    fn numbers(&self, rule: &str) -> PyResult<Array> {
        guarded(|| Ok(Array::new(Arc::new(UInt64Array::from(self.numbers[self.compiled.place(rule)?].clone())))))
    }

    /// Where rules trapped, in order of the records: there they do not match. Rows are the records' numbers.
    #[getter]
    fn traps<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        guarded(|| traps(py, &self.compiled, &self.traps))
    }

    /// How much of the input was malformed, by the reason.
    #[getter]
    fn malformed(&self) -> std::collections::BTreeMap<String, u64> {
        self.stats.malformed.iter().map(|(why, count)| (why.to_string(), *count)).collect()
    }

    /// Where the input ended before its time, and why.
    #[getter]
    fn truncated(&self) -> Option<String> {
        self.stats.truncated.as_ref().map(|end| format!("at byte {}: {}", end.offset, end.why))
    }

    /// How many values did not fit their field, by the field; they are nil.
    #[getter]
    fn unfit(&self) -> std::collections::BTreeMap<String, u64> {
        self.stats.unfit.iter().map(|(field, unfit)| (field.clone(), unfit.count)).collect()
    }

    fn __repr__(&self) -> String {
        let counts: Vec<String> = self.counted().map(|(name, count)| format!("{name}: {count}")).collect();
        format!("<Found in {} records: {}; {} traps>", self.stats.records, counts.join(", "), self.traps.len())
    }
}

/// Rules that keep state, and such that do not.
enum Running {
    Alone(Box<dyn Instance>),
    Session(Box<Session>),
}

/// See `quintet.run`.
#[pyfunction]
pub fn run(
    py: Python<'_>,
    source: &str,
    path: PathBuf,
    scheme: Option<&str>,
    backend: &str,
    lists: Vec<(String, String)>,
) -> PyResult<Found> {
    guarded(|| {
        let engine = Engine::new();
        let mut input = Input::open(&path).map_err(|e| at(&path, e))?;
        let (scheme, format) = scheme_of(&engine, &mut input, &path, scheme)?;
        fill(&engine, &lists, source, &scheme)?;
        let program = detached(py, || Ok(engine.check_projected(source, &scheme)))?.map_err(|d| wrong_source(py, &d))?;
        detached(py, || {
            let stateful = !program.state.is_empty();
            let linked = engine.link_stateful(program).map_err(ended)?;
            let backend = quintet::backend(backend).map_err(|e| SchemaError::new_err(e.to_string()))?;
            let rules = engine.compile_linked(&linked, &*backend).map_err(ended)?;
            let mut running = match stateful {
                true => Running::Session(Box::new(rules.session().map_err(ended)?)),
                false => Running::Alone(rules.instance().map_err(ended)?),
            };
            let options = ReaderOptions::default().arena(ArenaKind::Shared).declared(&scheme);
            let wrong = |e: InputError| wrong_data(format!("{}: {e}", path.display()));
            let mut reader = input.reader(format, linked.scheme(), &options).map_err(wrong)?;
            let compiled = Compiled::new(rules, source);
            let (mut numbers, mut trapped) = (vec![Vec::new(); compiled.names.len()], Vec::new());
            let (mut matches, mut spare, mut signals) = (Matches::new(), None, Signals::new());
            while let Some(batch) = reader.next_batch(spare.take()).map_err(wrong)? {
                signals.look()?;
                match &mut running {
                    Running::Alone(instance) => instance.run_batch(&batch, &mut matches).map_err(ended)?,
                    Running::Session(session) => session.run_batch(&batch, &mut matches).map_err(ended)?,
                }
                let own = reader.batch_numbers();
                for (rule, found) in numbers.iter_mut().enumerate() {
                    found.extend(matches.records_of(rule).map(|record| own[record]));
                }
                trapped.extend(matches.traps().iter().map(|trap| (*trap, own[trap.record])));
                spare = Some(batch);
            }
            Ok(Found { compiled, numbers, traps: trapped, stats: reader.stats().clone() })
        })
    })
}

/// The scheme and the format of an input.
fn scheme_of(engine: &Engine, input: &mut Input, path: &std::path::Path, scheme: Option<&str>) -> PyResult<(Scheme, Format)> {
    if let Some(text) = scheme {
        let format = schemes::named(text).map_or(Format::JsonLines, |(_, format)| format);
        return Ok((of_text(engine, text)?, format));
    }
    let missing = |why: &str| SchemaError::new_err(format!("{}: {why}; name a scheme", path.display()));
    let format = input.format().map_err(|e| at(path, e))?.ok_or_else(|| missing("neither a capture nor HTTP requests"))?;
    let scheme = schemes::of(format, engine.library().signatures()).ok_or_else(|| missing("JSON lines need a scheme"))?;
    Ok((scheme, format))
}

fn at(path: &std::path::Path, error: std::io::Error) -> PyErr {
    match error.raw_os_error() {
        Some(code) => PyOSError::new_err((code, error.to_string(), path.to_path_buf())),
        None => PyOSError::new_err(format!("{}: {error}", path.display())),
    }
}
