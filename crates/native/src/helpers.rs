//! The functions that generated code calls. Answers are `u32`: 0 or 1 for tests; for what makes a value [`PRESENT`], [`NIL`], or a trap
//! ([`TRAP`] plus its code).

use std::cmp::Ordering;

use quintet_lang::Type;
use quintet_lang::ast::{ListId, SiteId};
use quintet_runtime::{BytesSet, FEW_KEYS, IntSet, IpSet, RegexMatcher, Scratch, Searcher, Trap, Value, WildcardMatcher, same_key};

use crate::env::Env;
use crate::values::{Cell, bytes};

/// A value was made.
pub const PRESENT: u32 = 0;
/// The value is nil.
pub const NIL: u32 = 1;
/// Added to a trap's code.
pub const TRAP: u32 = 16;

fn status(result: Result<Cell, Trap>, out: &mut Cell) -> u32 {
    match result {
        Ok(cell) => {
            *out = cell;
            if cell.present == 0 { NIL } else { PRESENT }
        }
        Err(trap) => TRAP + trap.code(),
    }
}

/// Forgets what the last rule made, see [`Env::reset`].
///
/// # Safety
/// `env` lives and nobody else uses it during the call; nothing that was made since the last reset is used after it.
pub unsafe extern "C" fn reset(env: *mut Env) {
    // SAFETY: as the caller promises.
    unsafe { (*env).reset() }
}

/// Takes the next slice of steps, for code that has lowered the word at [`Env::METER`] below 0. Answers 0, or 1 where there is none.
///
/// # Safety
/// `env` lives.
#[cold]
pub unsafe extern "C" fn settle(env: *const Env) -> u32 {
    // SAFETY: as the caller promises.
    u32::from(unsafe { (*env).scratch().settle() }.is_err())
}

/// Counts what looking at so many bytes takes. Where the budget has not so many steps, the word at [`Env::METER`] stays negative.
///
/// # Safety
/// `env` lives.
#[cold]
pub unsafe extern "C" fn look(env: *const Env, len: usize) {
    // SAFETY: as the caller promises.
    let _ = unsafe { (*env).scratch().look(len) };
}

/// Counts what a look-up of bytes of this length in a set takes, as [`look`] does.
///
/// # Safety
/// `env` and `set` live.
pub unsafe extern "C" fn look_up(env: *const Env, set: *const BytesSet, len: usize) {
    // SAFETY: as the caller promises.
    let _ = unsafe { (*env).scratch().steps((*set).steps(len)) };
}

/// Whether a needle occurs in the bytes. Counts steps, and answers 0 where the budget has not so many; so do all tests that take `env`.
///
/// # Safety
/// `env` and `searcher` live; `ptr` is the address of `len` bytes.
pub unsafe extern "C" fn search(env: *const Env, searcher: *const Searcher, ptr: *const u8, len: usize) -> u32 {
    // SAFETY: as the caller promises.
    let (env, searcher, value) = unsafe { (&*env, &*searcher, bytes(ptr, len)) };
    let steps = Searcher::steps(searcher.needle().len(), len);
    ((steps == 0 || env.scratch().steps(steps).is_ok()) && searcher.is_in(value)) as u32
}

/// As [`search`], with the answer in the word at [`Env::ANSWER`], for code that calls it where no register may change.
///
/// # Safety
/// As that of [`search`].
pub unsafe extern "C" fn search_far(env: *const Env, searcher: *const Searcher, ptr: *const u8, len: usize) {
    // SAFETY: as the caller promises.
    unsafe { (*env).set_answer(search(env, searcher, ptr, len)) }
}

/// Whether one run of bytes occurs in another.
///
/// # Safety
/// `env` lives; both are addresses of as many bytes as their lengths say.
pub unsafe extern "C" fn find(env: *const Env, ptr: *const u8, len: usize, needle: *const u8, needle_len: usize) -> u32 {
    // SAFETY: as the caller promises.
    let (env, value, needle) = unsafe { (&*env, bytes(ptr, len), bytes(needle, needle_len)) };
    (env.scratch().steps(Searcher::steps(needle_len, len)).is_ok() && Searcher::occurs(needle, value)) as u32
}

/// Whether a regular expression matches.
///
/// # Safety
/// `env` and `regex` live; `ptr` is the address of `len` bytes.
pub unsafe extern "C" fn regex(env: *const Env, regex: *const RegexMatcher, ptr: *const u8, len: usize) -> u32 {
    // SAFETY: as the caller promises.
    let (env, regex, value) = unsafe { (&*env, &*regex, bytes(ptr, len)) };
    (env.scratch().steps(regex.steps(len)).is_ok() && regex.is_match(value)) as u32
}

/// Whether a wildcard pattern matches.
///
/// # Safety
/// `env` and `pattern` live; `ptr` is the address of `len` bytes.
pub unsafe extern "C" fn wildcard(env: *const Env, pattern: *const WildcardMatcher, ptr: *const u8, len: usize) -> u32 {
    // SAFETY: as the caller promises.
    let (env, pattern, value) = unsafe { (&*env, &*pattern, bytes(ptr, len)) };
    (env.scratch().steps(pattern.steps(len)).is_ok() && pattern.is_match(value)) as u32
}

/// Whether a set holds an Int.
///
/// # Safety
/// `set` lives.
pub unsafe extern "C" fn in_ints(set: *const IntSet, value: i64) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { (*set).contains(value) as u32 }
}

/// Whether a set holds an address, given by its words.
///
/// # Safety
/// `set` lives.
pub unsafe extern "C" fn in_ips(set: *const IpSet, family: u64, high: u64, low: u64) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { (*set).contains_words(family, high, low) as u32 }
}

/// Whether a set holds bytes.
///
/// # Safety
/// `set` lives; `ptr` is the address of `len` bytes.
pub unsafe extern "C" fn in_bytes(set: *const BytesSet, ptr: *const u8, len: usize) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { (*set).contains(bytes(ptr, len)) as u32 }
}

/// Whether the named list `list` of the program holds a value (Int, Ip or Bytes, not nil).
///
/// # Safety
/// `env` lives; `value` holds a value of the list's type.
pub unsafe extern "C" fn in_list(env: *const Env, list: u32, value: *const Cell) -> u32 {
    // SAFETY: as the caller promises; the value is only used during the call.
    unsafe {
        let linked = (*env).linked();
        let id = ListId(list);
        let value = (*value).load(&linked.program().lists[id.index()].ty);
        if let Value::Bytes(text) = &value
            && (*env).scratch().look(text.len()).is_err()
        {
            return 0;
        }
        linked.in_list(id, &value) as u32
    }
}

/// The order of two runs of bytes: negative, 0 or positive.
///
/// # Safety
/// Both are addresses of as many bytes as their lengths say.
pub unsafe extern "C" fn compare(a: *const u8, a_len: usize, b: *const u8, b_len: usize) -> i32 {
    // SAFETY: as the caller promises.
    match unsafe { bytes(a, a_len).cmp(bytes(b, b_len)) } {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    }
}

/// Whether two runs of `len` bytes are the same.
///
/// # Safety
/// Both are addresses of `len` bytes.
pub unsafe extern "C" fn same(a: *const u8, b: *const u8, len: usize) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { (bytes(a, len) == bytes(b, len)) as u32 }
}

/// The remainder of two Floats, with the sign of the first, as C's `fmod`.
pub extern "C" fn float_rem(a: f64, b: f64) -> f64 {
    a % b
}

/// Looks up a key in a map and answers the address of the value's slot, or 0. `stride` is the bytes of an entry (8 and the value's slot).
///
/// # Safety
/// `block` and `word` are the words of a map whose entries are `stride` bytes; `key` is the address of `key_len` bytes.
pub unsafe extern "C" fn map_get(block: *const u8, word: u64, stride: usize, key: *const u8, key_len: usize) -> *const u8 {
    let (offset, len) = (word as u32 as usize, (word >> 32) as usize);
    // SAFETY: the entries and their keys lie within the block, as the caller promises.
    unsafe {
        let key = bytes(key, key_len);
        if len <= FEW_KEYS {
            let mut entry = block.add(offset);
            for _ in 0..len {
                let found = *entry.cast::<u64>();
                if (found >> 32) as usize == key_len && same_key(bytes(block.add(found as u32 as usize), key_len), key) {
                    return entry.add(8);
                }
                entry = entry.add(stride);
            }
            return std::ptr::null();
        }
        let (mut low, mut high) = (0, len);
        while low < high {
            let middle = (low + high) / 2;
            let entry = block.add(offset + middle * stride);
            let found = *entry.cast::<u64>();
            match bytes(block.add(found as u32 as usize), (found >> 32) as usize).cmp(key) {
                Ordering::Equal => return entry.add(8),
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
            }
        }
    }
    std::ptr::null()
}

/// Most arguments that there is a place for on the stack; see [`Threshold::NativeArguments`](quintet_runtime::Threshold::NativeArguments).
const INLINE_ARGS: usize = 8;

/// Calls the function of a call site. `args` are as many cells as the site has arguments.
///
/// # Safety
/// `env` lives and nobody else uses it during the call; `args` hold values of the site's types; `out` can be written.
pub unsafe extern "C" fn call(env: *const Env, site: u32, args: *const Cell, out: *mut Cell) -> u32 {
    // SAFETY: as the caller promises.
    unsafe {
        let env = &*env;
        let id = SiteId(site);
        let site = &env.linked().program().sites[id.index()];
        let function = env.linked().function(id);
        let mut inline = [Value::Nil; INLINE_ARGS];
        let mut heap = Vec::new();
        let values = match inline.get_mut(..site.args.len()) {
            Some(values) if site.args.len() <= env.inline_args() => values,
            _ => {
                heap.resize(site.args.len(), Value::Nil);
                &mut heap[..]
            }
        };
        for (i, (value, ty)) in values.iter_mut().zip(&site.args).enumerate() {
            (*args.add(i)).load_into(ty, value);
        }
        answer(function.call(values, env.scratch()), &site.result, env.scratch(), &mut *out)
    }
}

/// Writes what a function has answered, which is of the type. Arrays and maps are copied into a block: where they lie is the function's to
/// say, and generated code trusts blocks.
#[inline]
fn answer(result: Result<Value<'_>, Trap>, ty: &Type, scratch: &Scratch, out: &mut Cell) -> u32 {
    let words = match (result, ty) {
        (Err(trap), _) => return TRAP + trap.code(),
        (Ok(Value::Bool(b)), Type::Bool) => [b as u64, 0],
        (Ok(Value::Int(i)), Type::Int) => [i as u64, 0],
        (Ok(Value::Bytes(b)), Type::Bytes) => [b.as_ptr() as u64, b.len() as u64],
        (Ok(Value::Nil), _) => {
            *out = Cell::NIL;
            return NIL;
        }
        (Ok(value), ty) => return status(Cell::copy(ty, value, scratch), out),
    };
    out.present = 1;
    out.words[0] = words[0];
    out.words[1] = words[1];
    PRESENT
}

/// Begins an array. Arrays nest: pushes and the end go to the one begun last.
///
/// # Safety
/// `env` lives and nobody else uses it during the call; `element` is the address of the type of the elements, in the program.
pub unsafe extern "C" fn collect_begin(env: *mut Env, element: *const Type) {
    // SAFETY: as the caller promises.
    unsafe {
        (*env).collects.begin((*element).clone());
    }
}

/// Adds a value to the array begun last. Answers [`PRESENT`] or a trap.
///
/// # Safety
/// As [`collect_begin`]; `value` holds a value of the array's element type, not nil, that lives until the array ends.
pub unsafe extern "C" fn collect_push(env: *mut Env, value: *const Cell) -> u32 {
    // SAFETY: as the caller promises.
    unsafe {
        let env = &mut *env;
        let charged = match env.collects.element() {
            Some(element) => env.scratch.charge_element(&(*value).load(element)),
            None => Ok(()),
        };
        if let Err(trap) = charged {
            return TRAP + trap.code();
        }
        env.collects.push(*value);
    }
    PRESENT
}

/// Ends the array begun last. Answers [`PRESENT`] or a trap.
///
/// # Safety
/// As [`collect_begin`]; `out` can be written.
pub unsafe extern "C" fn collect_end(env: *mut Env, out: *mut Cell) -> u32 {
    // SAFETY: as the caller promises; the cells' values live until here.
    unsafe {
        let env = &mut *env;
        let result = env.collects.end(&env.scratch);
        status(result, &mut *out)
    }
}
