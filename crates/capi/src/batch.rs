//! Records, of columns.

use quintet::lang::FieldId;
use quintet::{ArenaKind, Batch, BatchBuilder, Bits, Column, Floats, Ints, Offsets};

use crate::error::quintet_error;
use crate::guard::{Handle, free, given, given_mut, guarded, hand_out};
use crate::scheme::quintet_scheme;
use crate::status::quintet_status;
use crate::text::slice;

/// Records of a scheme.
#[allow(non_camel_case_types)]
pub struct quintet_batch {
    /// Absent while it is being filled.
    pub(crate) batch: Handle<Option<Batch>>,
}

/// What the values of a column are.
#[repr(C)]
#[allow(non_camel_case_types)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum quintet_kind {
    /// Bits, the first one lowest in its byte; for Bool.
    Bool = 0,
    /// Signed, 8 bits; for Int, as the next ones.
    I8 = 1,
    /// Signed, 16 bits.
    I16 = 2,
    /// Signed, 32 bits.
    I32 = 3,
    /// Signed, 64 bits.
    I64 = 4,
    /// Unsigned, 8 bits.
    U8 = 5,
    /// Unsigned, 16 bits.
    U16 = 6,
    /// Unsigned, 32 bits.
    U32 = 7,
    /// 32 bits; for Float, as the next one.
    F32 = 8,
    /// 64 bits.
    F64 = 9,
    /// `int32_t` offsets, one more than there are values, into `data`; for Bytes, as the next one.
    Bytes32 = 10,
    /// `int64_t` offsets.
    Bytes64 = 11,
    /// 4 bytes each, in the order of the network; for Ip, as the next one.
    Ip4 = 12,
    /// 16 bytes each.
    Ip6 = 13,
}

/// The values of a field, one for each record.
#[repr(C)]
#[allow(non_camel_case_types)]
#[derive(Clone, Copy, Debug)]
pub struct quintet_column {
    /// The field's number in the scheme.
    pub field: u32,
    /// What `values` points to: one of `quintet_kind`.
    pub kind: u32,
    /// The values, or the offsets of those of Bytes.
    pub values: *const std::ffi::c_void,
    /// Of Bytes, the bytes of all values.
    pub data: *const u8,
    /// How many they are.
    pub data_len: usize,
    /// A bit for each record, the first one lowest in its byte, that is set where there is a value; NULL where all have one.
    pub valid: *const u8,
}

/// An empty batch of a scheme.
///
/// # Safety
/// `scheme` is a scheme, `out` can be written to, and `error` too unless it is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_batch_new(
    scheme: *const quintet_scheme,
    out: *mut *mut quintet_batch,
    error: *mut *mut quintet_error,
) -> quintet_status {
    // SAFETY: as the caller warrants.
    unsafe {
        guarded(error, || {
            let scheme = given(scheme, "a scheme")?;
            let builder = BatchBuilder::new(&scheme.scheme, 0, ArenaKind::Shared);
            let batch = builder.map_err(|e| quintet_error::new(quintet_status::Resource, e))?.build();
            hand_out(out, quintet_batch { batch: Handle::new(Some(batch)) })
        })
    }
}

/// Fills a batch with `rows` records, in place of those that it has, which have the values of the columns. Of a field without a column no record
/// has a value. Values are copied. After an error the batch is empty.
///
/// # Safety
/// `batch` is a batch that no other call uses, `columns` points to `count` columns, what they point to is there for `rows` records, and
/// `error` can be written to unless it is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_batch_fill(
    batch: *mut quintet_batch,
    columns: *const quintet_column,
    count: usize,
    rows: usize,
    error: *mut *mut quintet_error,
) -> quintet_status {
    // SAFETY: as the caller warrants.
    unsafe {
        guarded(error, || {
            let handle = &mut given_mut(batch, "a batch")?.batch;
            let columns = slice(columns, count).ok_or_else(|| quintet_error::argument("there must be columns, not NULL"))?;
            let filled = fill(handle.begin()?, columns, rows);
            handle.done();
            filled
        })
    }
}

/// # Safety
/// As for [`quintet_batch_fill`].
unsafe fn fill(place: &mut Option<Batch>, columns: &[quintet_column], rows: usize) -> Result<(), quintet_error> {
    let wrong = |e: &dyn std::fmt::Display| quintet_error::new(quintet_status::Columns, e);
    let resource = |e: &dyn std::fmt::Display| quintet_error::new(quintet_status::Resource, e);
    let Some(before) = place.take() else { return Err(quintet_error::new(quintet_status::Poisoned, "the batch is gone")) };
    let scheme = before.scheme().clone();
    let reused = BatchBuilder::reuse(before).map_err(|e| resource(&e))?;
    let mut builder = if reused.room() >= rows {
        reused
    } else {
        BatchBuilder::new(&scheme, rows, ArenaKind::Shared).map_err(|e| {
            *place = Some(reused.build());
            resource(&e)
        })?
    };
    let mut records = builder.columns(rows);
    let set = columns.iter().try_for_each(|column| {
        // SAFETY: as the caller warrants.
        let with = unsafe { with(column, rows, &mut |values, valid| records.set(FieldId(column.field), values, valid)) };
        with.ok_or_else(|| quintet_error::argument(format_args!("the column for field {} has no such kind, or no values", column.field)))
    });
    let kept = match set {
        Ok(()) => records.finish().map_err(|e| wrong(&e)),
        Err(e) => {
            drop(records);
            Err(e)
        }
    };
    *place = Some(builder.build());
    kept
}

/// Hands over what a column points to; none where it points to nothing.
///
/// # Safety
/// What the column points to is there for `rows` records.
unsafe fn with(column: &quintet_column, rows: usize, with: &mut dyn FnMut(&Column<'_>, Option<Bits<'_>>)) -> Option<()> {
    let bytes = rows.div_ceil(8);
    let valid = if column.valid.is_null() {
        None
    } else {
        // SAFETY: as the caller warrants.
        Some(Bits::new(unsafe { slice(column.valid, bytes) }?, 0, rows)?)
    };
    macro_rules! values {
        ($ty:ty, $len:expr) => {
            // SAFETY: as the caller warrants.
            unsafe { slice(column.values.cast::<$ty>(), $len) }?
        };
    }
    // SAFETY: as the caller warrants.
    let data = || unsafe { slice(column.data, column.data_len) };
    use quintet_kind as Kind;
    let values = match column.kind {
        kind if kind == Kind::Bool as u32 => Column::Bool(Bits::new(values!(u8, bytes), 0, rows)?),
        kind if kind == Kind::I8 as u32 => Column::Int(Ints::I8(values!(i8, rows))),
        kind if kind == Kind::I16 as u32 => Column::Int(Ints::I16(values!(i16, rows))),
        kind if kind == Kind::I32 as u32 => Column::Int(Ints::I32(values!(i32, rows))),
        kind if kind == Kind::I64 as u32 => Column::Int(Ints::I64(values!(i64, rows))),
        kind if kind == Kind::U8 as u32 => Column::Int(Ints::U8(values!(u8, rows))),
        kind if kind == Kind::U16 as u32 => Column::Int(Ints::U16(values!(u16, rows))),
        kind if kind == Kind::U32 as u32 => Column::Int(Ints::U32(values!(u32, rows))),
        kind if kind == Kind::F32 as u32 => Column::Float(Floats::F32(values!(f32, rows))),
        kind if kind == Kind::F64 as u32 => Column::Float(Floats::F64(values!(f64, rows))),
        kind if kind == Kind::Bytes32 as u32 => Column::Bytes { data: data()?, offsets: Offsets::I32(values!(i32, rows.checked_add(1)?)) },
        kind if kind == Kind::Bytes64 as u32 => Column::Bytes { data: data()?, offsets: Offsets::I64(values!(i64, rows.checked_add(1)?)) },
        kind if kind == Kind::Ip4 as u32 => Column::Fixed { data: values!(u8, rows.checked_mul(4)?), size: 4, len: rows },
        kind if kind == Kind::Ip6 as u32 => Column::Fixed { data: values!(u8, rows.checked_mul(16)?), size: 16, len: rows },
        _ => return None,
    };
    with(&values, valid);
    Some(())
}

/// How many records a batch has.
///
/// # Safety
/// `batch` is NULL or a batch.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_batch_len(batch: *const quintet_batch) -> usize {
    // SAFETY: as the caller warrants.
    unsafe { batch.as_ref() }.and_then(|batch| batch.batch.get().as_ref()).map_or(0, Batch::len)
}

/// Frees a batch.
///
/// # Safety
/// `batch` is NULL or a batch that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_batch_free(batch: *mut quintet_batch) {
    // SAFETY: as the caller warrants.
    unsafe { free(batch) };
}
