//! The C functions that generated Lua calls through LuaJIT's FFI.

use quintet_lang::intrinsic::Intrinsic;
use quintet_native as native;
use quintet_native::Env;

use crate::memory;

/// A trap as generated code reports it: rule, record, trap.
pub(crate) type Note = (usize, usize, u32);

/// The traps that generated code has reported.
#[derive(Default)]
#[repr(C)]
pub(crate) struct Notes {
    /// What is added to the numbers of records, for rules that are run on some of those that the answers are of. Generated code writes it.
    pub(crate) first: u32,
    pub(crate) list: Vec<Note>,
}

/// What makes a quiet NaN without payload.
pub(crate) static NAN: u64 = 0x7ff8_0000_0000_0000;

/// Names in the prelude and addresses. LuaJIT passes all addresses and lengths as 64-bit integers, which the ABIs of the supported hosts
/// pass as they pass pointers, and reads answers of 32 bits as signed.
pub(crate) fn table() -> [(&'static str, usize); 36] {
    [
        ("settle", native::settle as *const () as usize),
        ("look", native::look as *const () as usize),
        ("look_up", native::look_up as *const () as usize),
        ("reset", reset as *const () as usize),
        ("note", note as *const () as usize),
        ("key", key as *const () as usize),
        ("call", native::call as *const () as usize),
        ("collect_begin", native::collect_begin as *const () as usize),
        ("collect_push", native::collect_push as *const () as usize),
        ("collect_end", native::collect_end as *const () as usize),
        ("search", native::search as *const () as usize),
        ("regex", native::regex as *const () as usize),
        ("wildcard", native::wildcard as *const () as usize),
        ("find", native::find as *const () as usize),
        ("in_ints", native::in_ints as *const () as usize),
        ("in_ips", native::in_ips as *const () as usize),
        ("in_bytes", native::in_bytes as *const () as usize),
        ("in_list", native::in_list as *const () as usize),
        ("compare", native::compare as *const () as usize),
        ("same", native::same as *const () as usize),
        ("float_rem", native::float_rem as *const () as usize),
        ("unary", unary as *const () as usize),
        ("pow", pow as *const () as usize),
        ("restart", memory::restart as *const () as usize),
        ("enter", memory::enter as *const () as usize),
        ("leave", memory::leave as *const () as usize),
        ("room", memory::room as *const () as usize),
        ("packed", memory::packed as *const () as usize),
        ("copy", memory::copy as *const () as usize),
        ("fill1", memory::fill1 as *const () as usize),
        ("fill4", memory::fill4 as *const () as usize),
        ("fill8", memory::fill8 as *const () as usize),
        ("fillf", memory::fillf as *const () as usize),
        ("fill16", memory::fill16 as *const () as usize),
        ("fill24", memory::fill24 as *const () as usize),
        ("nan", &raw const NAN as usize),
    ]
}

/// Forgets what the last rule made.
///
/// # Safety
/// `env` lives and nobody else uses it during the call.
unsafe extern "C" fn reset(env: *mut Env) {
    // SAFETY: as the caller promises.
    unsafe { (*env).reset() }
}

/// Keeps a trap.
///
/// # Safety
/// `notes` lives and nobody else uses it during the call.
unsafe extern "C" fn note(notes: *mut Notes, rule: u32, record: u32, code: u32) {
    // SAFETY: as the caller promises.
    unsafe {
        let first = (*notes).first as usize;
        (*notes).list.push((rule as usize, first + record as usize, code));
    }
}

/// Looks up a key in a map and answers the value's slot as a word (its address divided by 8), or 0. Words are below 2^44, so a double
/// holds them, and the generated code gets a number instead of a boxed integer.
///
/// # Safety
/// As [`native::map_get`].
unsafe extern "C" fn key(block: *const u8, offset: u64, len: u64, stride: usize, key: *const u8, key_len: usize) -> f64 {
    // SAFETY: as the caller promises.
    let slot = unsafe { native::map_get(block, offset | len << 32, stride, key, key_len) };
    (slot as usize / 8) as f64
}

/// The operations of one Float that no processor has, in the order of their numbers.
pub(crate) const UNARY: [Intrinsic; 3] = [Intrinsic::Log, Intrinsic::Log2, Intrinsic::Exp];

/// An operation of one Float; what is not a number has no payload.
extern "C" fn unary(op: u32, a: f64) -> f64 {
    plain(UNARY.get(op as usize).and_then(|op| op.unary(a)).unwrap_or(f64::NAN))
}

/// The first to the power of the second, likewise.
extern "C" fn pow(a: f64, b: f64) -> f64 {
    use quintet_lang::intrinsic::Scalar::Float;
    match Intrinsic::Pow.eval(&[Float(a), Float(b)]) {
        Some(Float(f)) => plain(f),
        _ => f64::NAN,
    }
}

fn plain(f: f64) -> f64 {
    if f.is_nan() { f64::from_bits(NAN) } else { f }
}
