//! Columns by the C data interface of Apache Arrow.

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi};
use arrow_array::{RecordBatch, StructArray};
use quintet_arrow::{Error, Evaluator, schema::DataType};

use crate::error::quintet_error;
use crate::guard::{given, given_mut, guarded};
use crate::instance::{changing, ended, quintet_instance};
use crate::matches::quintet_matches;
use crate::status::quintet_status;

/// Runs the rules of an instance on the rows of an array, which is a struct of columns, all at once. Fields are taken from the columns of their
/// names; one without a column is nil. The array is released, also where the call fails; the schema is not. A value that is not of its field's
/// type is nil, and `unfit`, unless it is NULL, is told how many there were.
///
/// # Safety
/// `instance` and `matches` are such that no other call uses, `array` and `schema` are of Arrow's C data interface, `unfit` is NULL or can be
/// written to, and `error` too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_eval_arrow(
    instance: *mut quintet_instance,
    array: *mut FFI_ArrowArray,
    schema: *const FFI_ArrowSchema,
    matches: *mut quintet_matches,
    unfit: *mut usize,
    error: *mut *mut quintet_error,
) -> quintet_status {
    // SAFETY: as the caller warrants.
    unsafe {
        guarded(error, || {
            let columns = |e: &dyn std::fmt::Display| quintet_error::new(quintet_status::Columns, e);
            let array = FFI_ArrowArray::from_raw(given_mut(array, "an array")?);
            let rows = from_ffi(array, given(schema, "a schema")?).map_err(|e| columns(&e))?;
            if !matches!(rows.data_type(), DataType::Struct(_)) {
                return Err(columns(&format_args!("the array is {}, not a struct of columns", rows.data_type())));
            }
            if rows.null_count() > 0 {
                return Err(columns(&"a row is null; nulls are those of its columns"));
            }
            let rows = RecordBatch::from(StructArray::from(rows));
            changing(instance, matches, |state, kept| {
                let known = state.evaluator.take().filter(|(known, _)| *known == rows.schema());
                let (known, mut evaluator) = match known {
                    Some(known) => known,
                    None => (rows.schema(), Evaluator::new(&state.scheme, &rows.schema()).map_err(|e| columns(&e))?),
                };
                let runner = &mut state.runner;
                let answers =
                    evaluator.evaluate_with(&rows, &mut |batch, matches| Ok(runner.run_batch(batch, matches)?)).map_err(|e| match e {
                        Error::Run(e) => ended(&e),
                        Error::Session(e) => ended(&e),
                        Error::Arena(e) => quintet_error::new(quintet_status::Resource, e),
                        other => columns(&other),
                    })?;
                state.evaluator = Some((known, evaluator));
                if !unfit.is_null() {
                    unfit.write(answers.unfit.iter().map(|unfit| unfit.count).sum());
                }
                (kept.records, kept.traps) = (answers.rows, answers.traps.clone());
                kept.words = answers.into_words();
                Ok(())
            })
        })
    }
}
