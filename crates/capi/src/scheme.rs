//! Schemes.

use arrow_array::ffi::FFI_ArrowSchema;
use quintet::Scheme;
use quintet_arrow::schema::Schema;

use crate::engine::quintet_engine;
use crate::error::quintet_error;
use crate::guard::{free, given, guarded, hand_out, text};
use crate::status::quintet_status;
use crate::text::quintet_text;

/// The fields of records, and the functions that rules may call.
#[allow(non_camel_case_types)]
pub struct quintet_scheme {
    pub(crate) scheme: Scheme,
}

/// The scheme of a TOML text, as scheme files of the command line hold it, with the functions of an engine.
///
/// # Safety
/// `engine` is an engine, `data` points to `len` bytes, `out` can be written to, and `error` too unless it is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_scheme_from_toml(
    engine: *const quintet_engine,
    data: *const u8,
    len: usize,
    out: *mut *mut quintet_scheme,
    error: *mut *mut quintet_error,
) -> quintet_status {
    // SAFETY: as the caller warrants.
    unsafe {
        guarded(error, || {
            let engine = given(engine, "an engine")?;
            let scheme = Scheme::from_toml(text(data, len, "the scheme's text")?, engine.engine.library().signatures());
            let scheme = scheme.map_err(|e| quintet_error::new(quintet_status::Source, e))?;
            hand_out(out, quintet_scheme { scheme })
        })
    }
}

/// A scheme with a field for each column of an Arrow schema of a struct that can be one, with the functions of an engine. The schema is not
/// released.
///
/// # Safety
/// `engine` is an engine, `schema` is one of Arrow's C data interface, `out` can be written to, and `error` too unless it is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_scheme_from_arrow(
    engine: *const quintet_engine,
    schema: *const FFI_ArrowSchema,
    out: *mut *mut quintet_scheme,
    error: *mut *mut quintet_error,
) -> quintet_status {
    // SAFETY: as the caller warrants.
    unsafe {
        guarded(error, || {
            let (engine, schema) = (given(engine, "an engine")?, given(schema, "a schema")?);
            let wrong = |e: &dyn std::fmt::Display| quintet_error::new(quintet_status::Columns, e);
            let schema = Schema::try_from(schema).map_err(|e| wrong(&e))?;
            let found = quintet_arrow::scheme(&schema, engine.engine.library().signatures()).map_err(|e| wrong(&e))?;
            hand_out(out, quintet_scheme { scheme: found.scheme })
        })
    }
}

/// How many fields a scheme has; 0 for NULL.
///
/// # Safety
/// `scheme` is NULL or a scheme.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_scheme_fields(scheme: *const quintet_scheme) -> usize {
    // SAFETY: as the caller warrants.
    unsafe { scheme.as_ref() }.map_or(0, |scheme| scheme.scheme.fields().len())
}

/// The name of field `index`, counted from 0; empty where there is none.
///
/// # Safety
/// `scheme` is NULL or a scheme.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_scheme_name(scheme: *const quintet_scheme, index: usize) -> quintet_text {
    // SAFETY: as the caller warrants.
    let field = unsafe { scheme.as_ref() }.and_then(|scheme| scheme.scheme.fields().get(index));
    field.map_or(quintet_text::none(), |field| quintet_text::of(field.name.as_bytes()))
}

/// The number of the field of a name, for columns; false where there is none.
///
/// # Safety
/// `scheme` is NULL or a scheme, `data` points to `len` bytes, and `out` can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_scheme_field(scheme: *const quintet_scheme, data: *const u8, len: usize, out: *mut u32) -> bool {
    // SAFETY: as the caller warrants.
    let name = unsafe { text(data, len, "a name") };
    // SAFETY: as the caller warrants.
    let Some(field) = (unsafe { scheme.as_ref() }).zip(name.ok()).and_then(|(scheme, name)| scheme.scheme.field_id(name)) else {
        return false;
    };
    if !out.is_null() {
        // SAFETY: as the caller warrants.
        unsafe { out.write(field.0) };
    }
    true
}

/// Frees a scheme. What was made with it stays.
///
/// # Safety
/// `scheme` is NULL or a scheme that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_scheme_free(scheme: *mut quintet_scheme) {
    // SAFETY: as the caller warrants.
    unsafe { free(scheme) };
}
