//! What rules answer on rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, StructArray};
use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder};
use arrow_schema::{DataType, Field, Fields};
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyCapsule, PyDict, PyTuple};
use pyo3_arrow::ffi::{ArrayIterator, to_array_pycapsules, to_schema_pycapsule, to_stream_pycapsule};
use quintet::TrapAt;

use crate::array::Array;
use crate::compiled::Compiled;
use crate::errors::wrong_data;
use crate::guard::guarded;
use crate::place::Place;

/// Which rules match which rows, where they trapped, and what did not fit. As Arrow's data it is a table with a column of Boolean for each rule.
#[pyclass(module = "quintet", frozen)]
pub struct Answers {
    compiled: Arc<Compiled>,
    rows: usize,
    masks: Vec<BooleanBuffer>,
    traps: Vec<TrapAt>,
    unfit: BTreeMap<String, usize>,
}

/// Answers that are put together.
pub struct Gathered {
    rows: usize,
    masks: Vec<BooleanBufferBuilder>,
    traps: Vec<TrapAt>,
    unfit: BTreeMap<String, usize>,
}

impl Gathered {
    /// No row yet.
    pub fn new(rules: usize) -> Gathered {
        let masks = (0..rules).map(|_| BooleanBufferBuilder::new(0)).collect();
        Gathered { rows: 0, masks, traps: Vec::new(), unfit: BTreeMap::new() }
    }

    /// Adds the answers on the next rows.
    pub fn add(&mut self, answers: &quintet_arrow::Answers) {
        for (rule, mask) in self.masks.iter_mut().enumerate() {
            match answers.mask(rule) {
                Some(more) => mask.append_buffer(more.values()),
                None => mask.append_n(answers.rows, false),
            }
        }
        self.traps.extend(answers.traps.iter().map(|trap| TrapAt { record: self.rows + trap.record, ..*trap }));
        for unfit in &answers.unfit {
            *self.unfit.entry(unfit.field.clone()).or_default() += unfit.count;
        }
        self.rows += answers.rows;
    }

    /// All of them.
    pub fn finish(mut self, compiled: &Arc<Compiled>) -> Answers {
        let masks = self.masks.iter_mut().map(BooleanBufferBuilder::finish).collect();
        Answers { compiled: compiled.clone(), rows: self.rows, masks, traps: self.traps, unfit: self.unfit }
    }
}

/// Traps as Python has them: by the rules' names and with their places in the text.
///
/// # Errors
/// Python's, where there is no memory.
pub fn traps<'py>(py: Python<'py>, compiled: &Compiled, traps: &[(TrapAt, u64)]) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let class = py.import("quintet.errors")?.getattr("Trap")?;
    let one = |(trap, row): &(TrapAt, u64)| {
        let (start, end) = (Place::new(&compiled.source, trap.span.start), Place::new(&compiled.source, trap.span.end));
        let rule = compiled.names.get(trap.rule).map_or("", String::as_str);
        class.call1((rule, *row, trap.trap.to_string(), start.line, start.column, start.character, end.character))
    };
    traps.iter().map(one).collect()
}

impl Answers {
    /// The rows that a rule matches, or any rule where none is named.
    ///
    /// # Errors
    /// There is no rule of this name.
    pub fn bits(&self, rule: Option<&str>) -> PyResult<BooleanBuffer> {
        match rule {
            Some(name) => Ok(self.masks[self.compiled.place(name)?].clone()),
            None => Ok(self.masks.iter().fold(BooleanBuffer::new_unset(self.rows), |any, mask| &any | mask)),
        }
    }

    fn counted(&self) -> impl Iterator<Item = (&str, usize)> {
        self.compiled.names.iter().map(String::as_str).zip(self.masks.iter().map(BooleanBuffer::count_set_bits))
    }

    fn fields(&self) -> Fields {
        self.compiled.names.iter().map(|name| Field::new(name, DataType::Boolean, false)).collect()
    }

    fn table(&self) -> PyResult<StructArray> {
        let columns = self.masks.iter().map(|mask| Arc::new(BooleanArray::from(mask.clone())) as ArrayRef).collect();
        StructArray::try_new_with_length(self.fields(), columns, None, self.rows).map_err(wrong_data)
    }

    fn field(&self) -> Arc<Field> {
        Arc::new(Field::new("", DataType::Struct(self.fields()), false))
    }
}

#[pymethods]
impl Answers {
    /// The rules' names, in order.
    #[getter]
    fn names(&self) -> Vec<String> {
        self.compiled.names.clone()
    }

    /// The rows that a rule matches, or any rule where none is named: an array of Boolean.
    #[pyo3(signature = (rule = None))]
    fn mask(&self, rule: Option<&str>) -> PyResult<Array> {
        guarded(|| Ok(Array::new(Arc::new(BooleanArray::from(self.bits(rule)?)))))
    }

    /// How many rows each rule matches, by its name.
    #[getter]
    fn counts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.counted().collect::<Vec<_>>().into_py_dict(py)
    }

    /// Where rules trapped, in order of the rows: there they do not match.
    #[getter]
    pub fn traps<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        guarded(|| traps(py, &self.compiled, &self.traps.iter().map(|trap| (*trap, trap.record as u64)).collect::<Vec<_>>()))
    }

    /// How many values did not fit their field, by the field; they are nil. A text of a column for a field of Int that is no number is such.
    #[getter]
    fn unfit(&self) -> BTreeMap<String, usize> {
        self.unfit.clone()
    }

    fn __len__(&self) -> usize {
        self.rows
    }

    fn __getitem__(&self, rule: &str) -> PyResult<Array> {
        self.mask(Some(rule))
    }

    fn __repr__(&self) -> String {
        let counts: Vec<String> = self.counted().map(|(name, count)| format!("{name}: {count}")).collect();
        format!("<Answers on {} rows: {}; {} traps>", self.rows, counts.join(", "), self.traps.len())
    }

    /// Arrow's PyCapsule interface.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        guarded(|| Ok(to_schema_pycapsule(py, self.field().as_ref())?))
    }

    /// Arrow's PyCapsule interface.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_array__<'py>(&self, py: Python<'py>, requested_schema: Option<Bound<'py, PyCapsule>>) -> PyResult<Bound<'py, PyTuple>> {
        guarded(|| Ok(to_array_pycapsules(py, self.field(), &self.table()?, requested_schema)?))
    }

    /// Arrow's PyCapsule interface.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(&self, py: Python<'py>, requested_schema: Option<Bound<'py, PyCapsule>>) -> PyResult<Bound<'py, PyCapsule>> {
        guarded(|| {
            let table: ArrayRef = Arc::new(self.table()?);
            let tables = Box::new(ArrayIterator::new(vec![Ok(table)], self.field()));
            Ok(to_stream_pycapsule(py, tables, requested_schema)?)
        })
    }
}
