//! Rules over data.

use std::sync::Arc;

use pyo3::prelude::*;
use quintet::{Engine, Scheme};

use crate::answers::Answers;
use crate::array::Array;
use crate::compiled::Compiled;
use crate::data::reader;
use crate::errors::{RunError, SchemaError, ended, findings, wrong_source};
use crate::guard::{detached, guarded};
use crate::rows::Rows;
use crate::schemes::{fill, of_object, of_text};

/// Lists of names and of what they hold, one member a line; and columns with the reason why they are no fields.
type Texts = Vec<(String, String)>;

/// What rules are pickled as: their text, scheme, backend and lists, and the columns that are no fields.
type Pickled = (String, String, String, Texts, Texts);

/// Compiled rules. Threads may share them, and they can be pickled: then they are compiled where they arrive.
#[pyclass(module = "quintet", frozen)]
pub struct Rules {
    compiled: Arc<Compiled>,
    backend: String,
    lists: Texts,
    left_out: Texts,
}

#[pymethods]
impl Rules {
    /// The rules' names, in order.
    #[getter]
    fn names(&self) -> Vec<String> {
        self.compiled.names.clone()
    }

    /// The rules' text.
    #[getter]
    fn source(&self) -> &str {
        &self.compiled.source
    }

    /// The id of the backend.
    #[getter]
    fn backend(&self) -> &str {
        &self.backend
    }

    /// The columns that data must have, and no others are looked at: those of the fields that the rules use, and those that no record lacks.
    /// Members of structs are named with dots.
    #[getter]
    fn columns(&self) -> Vec<String> {
        self.compiled.columns()
    }

    /// The columns of the schema that rules cannot use, with the reason.
    #[getter]
    fn left_out(&self) -> std::collections::BTreeMap<String, String> {
        self.left_out.iter().cloned().collect()
    }

    /// Runs all rules over data, once.
    fn evaluate(&self, py: Python<'_>, data: &Bound<'_, PyAny>) -> PyResult<Answers> {
        let data = guarded(|| reader(data))?;
        detached(py, || self.compiled.evaluate(data))
    }

    /// The rows that a rule matches, or any rule where none is named: an array of Boolean.
    #[pyo3(signature = (data, rule = None))]
    fn mask(&self, py: Python<'_>, data: &Bound<'_, PyAny>, rule: Option<&str>) -> PyResult<Array> {
        rule.map(|rule| self.compiled.place(rule)).transpose()?;
        let answers = self.evaluate(py, data)?;
        guarded(|| Ok(Array::new(Arc::new(arrow_array::BooleanArray::from(answers.bits(rule)?)))))
    }

    /// The rows of data that a rule matches, or any rule where none is named, found while they are read.
    #[pyo3(signature = (data, rule = None))]
    fn matches(&self, data: &Bound<'_, PyAny>, rule: Option<&str>) -> PyResult<Rows> {
        rule.map(|rule| self.compiled.place(rule)).transpose()?;
        guarded(|| Rows::new(&self.compiled, rule, reader(data)?))
    }

    /// Where the rules trap on data, in order of the rows.
    fn traps<'py>(&self, py: Python<'py>, data: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        self.evaluate(py, data)?.traps(py)
    }

    fn __repr__(&self) -> String {
        format!("<Rules {} by {}>", self.compiled.names.join(", "), self.backend)
    }

    fn __reduce__(&self, py: Python<'_>) -> PyResult<(Py<PyAny>, Pickled)> {
        let restore = py.import("quintet._quintet")?.getattr("_restore")?;
        let scheme = self.compiled.rules.scheme().whole().to_toml();
        let parts = (self.compiled.source.clone(), scheme, self.backend.clone(), self.lists.clone(), self.left_out.clone());
        Ok((restore.unbind(), parts))
    }
}

/// Compiles rules against a scheme, of which they look at what they use.
fn compiled(py: Python<'_>, engine: &Engine, source: &str, scheme: &Scheme, backend: &str) -> PyResult<Compiled> {
    let program = detached(py, || Ok(engine.check_projected(source, scheme)))?.map_err(|diagnostics| wrong_source(py, &diagnostics))?;
    if !program.state.is_empty() {
        return Err(RunError::new_err(
            "the rules keep state or have outputs, so rows in no order are nothing for them; `quintet.run` runs them",
        ));
    }
    detached(py, || {
        let linked = engine.link(program).map_err(ended)?;
        let backend = quintet::backend(backend).map_err(|e| SchemaError::new_err(e.to_string()))?;
        Ok(Compiled::new(engine.compile_linked(&linked, &*backend).map_err(ended)?, source))
    })
}

/// See `quintet.compile`.
#[pyfunction]
pub fn compile(py: Python<'_>, source: &str, schema: &Bound<'_, PyAny>, backend: &str, lists: Texts) -> PyResult<Rules> {
    guarded(|| {
        let engine = Engine::new();
        let found = of_object(&engine, schema)?;
        fill(&engine, &lists, source, &found.scheme)?;
        let compiled = Arc::new(compiled(py, &engine, source, &found.scheme, backend)?);
        Ok(Rules { compiled, backend: backend.into(), lists, left_out: found.left_out })
    })
}

/// Rules that were pickled.
#[pyfunction]
#[pyo3(name = "_restore")]
pub fn restore(py: Python<'_>, source: &str, scheme: &str, backend: &str, lists: Texts, left_out: Texts) -> PyResult<Rules> {
    guarded(|| {
        let engine = Engine::new();
        let scheme = of_text(&engine, scheme)?;
        fill(&engine, &lists, source, &scheme)?;
        let compiled = Arc::new(compiled(py, &engine, source, &scheme, backend)?);
        Ok(Rules { compiled, backend: backend.into(), lists, left_out })
    })
}

/// See `quintet.check`.
#[pyfunction]
pub fn check<'py>(py: Python<'py>, source: &str, schema: &Bound<'py, PyAny>, lists: Texts) -> PyResult<Vec<Bound<'py, PyAny>>> {
    guarded(|| {
        let engine = Engine::new();
        let scheme = of_object(&engine, schema)?.scheme;
        fill(&engine, &lists, source, &scheme)?;
        match engine.check(source, &scheme) {
            Ok(_) => findings(py, &engine.warnings(source, &scheme)),
            Err(diagnostics) => findings(py, &diagnostics),
        }
    })
}
