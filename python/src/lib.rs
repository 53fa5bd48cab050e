//! Quintet for Python: rules over any data of Arrow's PyCapsule interface. `quintet/__init__.py` is what Python sees of it; this is what stands
//! below.
//!
//! Python's lock is released while rules run, each call has an instance of its own, and no panic passes as one ([`guard`]).
#![forbid(unsafe_code)]

mod answers;
mod array;
mod compiled;
mod data;
mod errors;
mod found;
mod guard;
mod place;
mod rows;
mod rules;
mod schemes;

use pyo3::prelude::*;

/// The ids of the backends and their configurations.
#[pyfunction]
fn backends() -> Vec<String> {
    quintet::backends().iter().map(|backend| backend.id().to_string()).collect()
}

/// What stands below `quintet`.
#[pymodule]
fn _quintet(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<rules::Rules>()?;
    module.add_class::<answers::Answers>()?;
    module.add_class::<array::Array>()?;
    module.add_class::<rows::Rows>()?;
    module.add_class::<found::Found>()?;
    module.add_function(wrap_pyfunction!(backends, module)?)?;
    module.add_function(wrap_pyfunction!(rules::compile, module)?)?;
    module.add_function(wrap_pyfunction!(rules::restore, module)?)?;
    module.add_function(wrap_pyfunction!(rules::check, module)?)?;
    module.add_function(wrap_pyfunction!(found::run, module)?)?;
    Ok(())
}
