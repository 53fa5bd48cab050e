//! Schemes of what Python hands in.

use pyo3::prelude::*;
use pyo3::types::PyString;
use pyo3_arrow::PySchema;
use quintet::{Engine, ListText, Scheme};
use quintet_inputs::schemes;

use crate::data::reader;
use crate::errors::SchemaError;

/// A scheme, and the columns that are no fields of it, with the reason.
pub struct Found {
    pub scheme: Scheme,
    pub left_out: Vec<(String, String)>,
}

/// The scheme of a text: of the name of a ready-made one, or of the text of a scheme file.
///
/// # Errors
/// It is neither.
pub fn of_text(engine: &Engine, text: &str) -> PyResult<Scheme> {
    let functions = engine.library().signatures();
    let scheme = match schemes::named(text) {
        Some((builder, _)) => builder.functions(functions).build(),
        None => Scheme::from_toml(text, functions),
    };
    scheme.map_err(|e| {
        let names = schemes::NAMES.join("`, `");
        let hint = if text.contains(['\n', '=']) { String::new() } else { format!("; ready-made schemes are `{names}`") };
        SchemaError::new_err(format!("{e}{hint}"))
    })
}

/// The scheme of a text, of Arrow's schema, or of data that has one.
///
/// # Errors
/// It is none of these.
pub fn of_object(engine: &Engine, schema: &Bound<'_, PyAny>) -> PyResult<Found> {
    if let Ok(text) = schema.cast::<PyString>() {
        return Ok(Found { scheme: of_text(engine, text.to_str()?)?, left_out: Vec::new() });
    }
    let told = |object: &Bound<'_, PyAny>| object.hasattr("__arrow_c_schema__");
    let own = schema.getattr_opt("schema")?;
    let columns = if told(schema)? {
        schema.extract::<PySchema>()?.into_inner()
    } else if let Some(own) = own.filter(|own| told(own).unwrap_or(false)) {
        own.extract::<PySchema>()?.into_inner()
    } else if schema.hasattr("__arrow_c_stream__")? || schema.hasattr("__arrow_c_array__")? {
        reader(schema)?.schema()
    } else {
        let found = schema.get_type();
        return Err(SchemaError::new_err(format!(
            "a schema is the name of a ready-made one, the text of a scheme file, an Arrow schema, or data that has one; {} is none",
            found.name()?
        )));
    };
    let found = quintet_arrow::scheme(&columns, engine.library().signatures()).map_err(|e| SchemaError::new_err(e.to_string()))?;
    Ok(Found { scheme: found.scheme, left_out: found.left_out.into_iter().map(|column| (column.name, column.why)).collect() })
}

/// Fills the engine's lists.
///
/// # Errors
/// A member is none of the list's type.
pub fn fill(engine: &Engine, lists: &[(String, String)], source: &str, scheme: &Scheme) -> PyResult<()> {
    let wrong = |e: quintet::ListTextError| SchemaError::new_err(e.to_string());
    let read = |(name, text): &(String, String)| ListText::new(name, name.as_ref(), text.clone().into_bytes());
    let lists = lists.iter().map(read).collect::<Result<Vec<_>, _>>().map_err(wrong)?;
    engine.load_lists(&lists, source, scheme).map_err(wrong)?;
    Ok(())
}
