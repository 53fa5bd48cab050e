//! Rows that rules match.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchReader, StructArray};
use arrow_schema::{ArrowError, DataType, Field, SchemaRef};
use arrow_select::filter::filter_record_batch;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use pyo3_arrow::ffi::{ArrayIterator, to_schema_pycapsule, to_stream_pycapsule};

use crate::answers::Gathered;
use crate::compiled::{Compiled, Run};
use crate::data::Reader;
use crate::errors::wrong_data;
use crate::guard::{guarded, said};

/// The rows of some data that rules match, found while they are read: polars.DataFrame, pyarrow.table and pyarrow.RecordBatchReader.from_stream
/// take it, once.
#[pyclass(module = "quintet", frozen)]
pub struct Rows {
    schema: SchemaRef,
    matching: Mutex<Option<Matching>>,
}

/// Reads rows and hands on those that match.
struct Matching {
    compiled: Arc<Compiled>,
    rule: Option<String>,
    data: Reader,
    /// None at the end, and after an error.
    run: Option<Run>,
}

impl Rows {
    /// Those of the rows that a rule matches, or any rule.
    ///
    /// # Errors
    /// The columns are not those of the rules' fields.
    pub fn new(compiled: &Arc<Compiled>, rule: Option<&str>, data: Reader) -> PyResult<Rows> {
        let schema = data.schema();
        let run = Some(compiled.begin(&schema)?);
        let matching = Matching { compiled: compiled.clone(), rule: rule.map(str::to_owned), data, run };
        Ok(Rows { schema, matching: Mutex::new(Some(matching)) })
    }

    fn field(&self) -> Arc<Field> {
        let of = DataType::Struct(self.schema.fields().clone());
        Arc::new(Field::new("", of, false).with_metadata(self.schema.metadata().clone()))
    }
}

impl Matching {
    fn matching(&mut self, batch: RecordBatch) -> Result<ArrayRef, ArrowError> {
        let outside = |e: &dyn std::fmt::Display| ArrowError::ComputeError(e.to_string());
        let run = self.run.as_mut().ok_or_else(|| outside(&"an error came before"))?;
        let mut gathered = Gathered::new(self.compiled.names.len());
        gathered.add(&run.evaluator.evaluate(&mut *run.instance, &batch).map_err(|e| outside(&e))?);
        let bits = gathered.finish(&self.compiled).bits(self.rule.as_deref()).map_err(|e| outside(&e))?;
        Ok(Arc::new(StructArray::from(filter_record_batch(&batch, &BooleanArray::from(bits))?)))
    }
}

impl Iterator for Matching {
    type Item = Result<ArrayRef, ArrowError>;

    /// What calls this is no Rust, so that a panic ends here.
    fn next(&mut self) -> Option<Self::Item> {
        let next = catch_unwind(AssertUnwindSafe(|| match self.data.next()? {
            Ok(batch) => Some(self.matching(batch)),
            Err(e) => Some(Err(e)),
        }));
        let next = next.unwrap_or_else(|panic| Some(Err(ArrowError::ComputeError(said(&*panic)))));
        match &next {
            Some(Ok(_)) => {}
            Some(Err(_)) => self.run = None,
            None => self.run.take().into_iter().for_each(|run| self.compiled.end(run)),
        }
        next
    }
}

#[pymethods]
impl Rows {
    fn __repr__(&self) -> String {
        format!("<Rows of {} columns>", self.schema.fields().len())
    }

    /// Arrow's PyCapsule interface.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        guarded(|| Ok(to_schema_pycapsule(py, self.field().as_ref())?))
    }

    /// Arrow's PyCapsule interface.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(&self, py: Python<'py>, requested_schema: Option<Bound<'py, PyCapsule>>) -> PyResult<Bound<'py, PyCapsule>> {
        guarded(|| {
            let matching = self.matching.lock().unwrap_or_else(PoisonError::into_inner).take();
            let matching = matching.ok_or_else(|| wrong_data("these rows were read already; ask for them again"))?;
            Ok(to_stream_pycapsule(py, Box::new(ArrayIterator::new(matching, self.field())), requested_schema)?)
        })
    }
}
