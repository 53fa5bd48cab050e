//! Arrays that are handed out.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use arrow_array::{Array as _, ArrayRef};
use arrow_schema::{DataType, Field};
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCapsule, PyTuple};
use pyo3_arrow::ffi::{to_array_pycapsules, to_schema_pycapsule};

use crate::guard::guarded;

/// An Arrow array without nulls: the mask of a rule, or the numbers of records. polars.Series, pyarrow.array and numpy.asarray take it.
#[pyclass(module = "quintet", frozen)]
pub struct Array {
    /// Boolean, or UInt64.
    values: ArrayRef,
}

impl Array {
    /// An array of Boolean or UInt64 without nulls.
    pub fn new(values: ArrayRef) -> Array {
        Array { values }
    }

    fn field(&self) -> Arc<Field> {
        Arc::new(Field::new("", self.values.data_type().clone(), false))
    }

    fn is_mask(&self) -> bool {
        *self.values.data_type() == DataType::Boolean
    }

    fn value(&self, py: Python<'_>, at: usize) -> PyResult<Py<PyAny>> {
        Ok(if self.is_mask() {
            self.values.as_boolean().value(at).into_pyobject(py)?.to_owned().into_any().unbind()
        } else {
            self.values.as_primitive::<UInt64Type>().value(at).into_pyobject(py)?.into_any().unbind()
        })
    }
}

#[pymethods]
impl Array {
    /// The type of the values, as Arrow names it: `Boolean` or `UInt64`.
    #[getter]
    fn r#type(&self) -> String {
        self.values.data_type().to_string()
    }

    /// How many values of a mask are true; of numbers, how many there are.
    fn count(&self) -> usize {
        if self.is_mask() { self.values.as_boolean().true_count() } else { self.values.len() }
    }

    /// The values as a list.
    fn to_list(&self, py: Python<'_>) -> PyResult<Vec<Py<PyAny>>> {
        guarded(|| (0..self.values.len()).map(|at| self.value(py, at)).collect())
    }

    fn __len__(&self) -> usize {
        self.values.len()
    }

    fn __getitem__(&self, py: Python<'_>, index: isize) -> PyResult<Py<PyAny>> {
        let len = self.values.len();
        let at = if index < 0 { index.checked_add_unsigned(len) } else { Some(index) };
        match at.and_then(|at| usize::try_from(at).ok()).filter(|at| *at < len) {
            Some(at) => guarded(|| self.value(py, at)),
            None => Err(PyIndexError::new_err(format!("there is no value {index} of {len}"))),
        }
    }

    fn __repr__(&self) -> String {
        format!("<Array of {} {}>", self.values.len(), self.values.data_type())
    }

    /// The values as NumPy has them; a copy in any case, as a mask has a bit for each value and NumPy a byte.
    #[pyo3(signature = (dtype = None, copy = None))]
    fn __array__<'py>(&self, py: Python<'py>, dtype: Option<Bound<'py, PyAny>>, copy: Option<bool>) -> PyResult<Bound<'py, PyAny>> {
        let _ = copy;
        guarded(|| {
            let (bytes, own) = if self.is_mask() {
                (self.values.as_boolean().values().iter().map(u8::from).collect::<Vec<u8>>(), "bool")
            } else {
                let numbers = self.values.as_primitive::<UInt64Type>().values();
                (numbers.iter().flat_map(|n| n.to_ne_bytes()).collect(), "uint64")
            };
            let array = py.import("numpy")?.call_method1("frombuffer", (PyBytes::new(py, &bytes), own))?;
            array.call_method1("astype", (dtype.unwrap_or_else(|| pyo3::types::PyString::new(py, own).into_any()),))
        })
    }

    /// Arrow's PyCapsule interface.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        guarded(|| Ok(to_schema_pycapsule(py, self.field().as_ref())?))
    }

    /// Arrow's PyCapsule interface.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_array__<'py>(&self, py: Python<'py>, requested_schema: Option<Bound<'py, PyCapsule>>) -> PyResult<Bound<'py, PyTuple>> {
        guarded(|| Ok(to_array_pycapsules(py, self.field(), &self.values, requested_schema)?))
    }
}
