//! Text and bytes with their length.

/// Bytes that something else holds.
#[repr(C)]
#[allow(non_camel_case_types)]
#[derive(Clone, Copy, Debug)]
pub struct quintet_text {
    /// The first byte.
    pub data: *const u8,
    /// How many there are.
    pub len: usize,
}

impl quintet_text {
    pub(crate) fn of(text: &[u8]) -> quintet_text {
        quintet_text { data: text.as_ptr(), len: text.len() }
    }

    pub(crate) fn none() -> quintet_text {
        quintet_text { data: std::ptr::null(), len: 0 }
    }
}

/// What `data` and `len` say: values side by side, empty where there are none.
///
/// # Safety
/// Where `len` is not 0, `data` is not null and points to as many values that are not written to while `'a` lasts.
pub(crate) unsafe fn slice<'a, T>(data: *const T, len: usize) -> Option<&'a [T]> {
    if len == 0 {
        return Some(&[]);
    }
    if data.is_null() || !data.is_aligned() || len.checked_mul(size_of::<T>()).is_none_or(|bytes| bytes > isize::MAX as usize) {
        return None;
    }
    // SAFETY: as the caller warrants; alignment and size were looked at.
    Some(unsafe { std::slice::from_raw_parts(data, len) })
}
