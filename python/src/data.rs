//! Data that Python hands in.

use arrow_array::RecordBatchReader;
use pyo3::prelude::*;
use pyo3_arrow::input::AnyRecordBatch;

use crate::errors::wrong_data;

/// Rows, batch after batch.
pub type Reader = Box<dyn RecordBatchReader + Send>;

/// The rows of what has `__arrow_c_array__` or `__arrow_c_stream__`.
///
/// # Errors
/// It has neither, or what it hands over is no table.
pub fn reader(data: &Bound<'_, PyAny>) -> PyResult<Reader> {
    if !data.hasattr("__arrow_c_array__")? && !data.hasattr("__arrow_c_stream__")? {
        let found = data.get_type();
        return Err(wrong_data(format!(
            "data has `__arrow_c_stream__` or `__arrow_c_array__`, as that of polars, pyarrow, pandas and duckdb has; {} has neither",
            found.name()?
        )));
    }
    data.extract::<AnyRecordBatch>()?.into_reader()
}
