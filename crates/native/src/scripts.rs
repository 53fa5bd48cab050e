//! Arrays of scripts, and what else code of scripts calls.
//!
//! A growing array is known to generated code by its [`ArrayHead`], which lies on the stack of the function that made it; its elements lie
//! in the instance. A fixed one is known by the address of its elements, which lie one after the other with those of the other fixed arrays
//! of its function. Elements take what [`element_bytes`](quintet_runtime::element_bytes) says: a U32 4 bytes, Bytes 16 (address and length),
//! an Ip 24 (as in a [`Cell`](crate::Cell)), all others 8.

use quintet_lang::intrinsic::{Intrinsic, Scalar};
use quintet_runtime::{LIST_MOST, Trap};

use crate::env::Env;
use crate::helpers::{PRESENT, TRAP};

/// A growing array, as generated code knows it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ArrayHead {
    /// The address of the elements; does not matter where there is room for none.
    pub start: *mut u64,
    /// How many elements there are.
    pub len: u64,
    /// For how many there is room.
    pub room: u64,
    /// Its place among the growing arrays of the instance.
    pub place: u64,
}

/// What [`enter`] answers.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Entered {
    /// The address of the fixed arrays' elements.
    pub fixed: *mut u64,
    /// The place of the first growing array; the others follow.
    pub growing: u64,
}

/// Words of a chunk, unless an array needs more.
const CHUNK: usize = 1 << 13;

/// Words of memory of growing arrays that are kept for the next ones, and places that are.
const KEPT_WORDS: usize = 1 << 17;
const KEPT_PLACES: usize = 1 << 9;

/// The arrays of all functions that go on, those of the innermost last.
#[derive(Default)]
pub(crate) struct Arrays {
    /// Memory of fixed arrays. Chunks do not move, and are only dropped where nothing is in them.
    chunks: Vec<Vec<u64>>,
    /// The chunk that is being filled, and how many of its words are taken.
    at: (usize, usize),
    growing: Vec<Growing>,
    /// How many of the growing arrays are in use.
    used: usize,
    /// Words of memory of those that are not in use.
    kept: usize,
    open: Vec<Open>,
}

#[derive(Default)]
struct Growing {
    words: Vec<u64>,
    charged: usize,
}

/// What a function's end goes back to.
struct Open {
    at: (usize, usize),
    used: usize,
    charged: usize,
}

impl Arrays {
    /// Forgets all arrays.
    pub(crate) fn clear(&mut self) {
        self.at = (0, 0);
        self.release(0);
        self.open.clear();
    }

    /// Gives back memory beyond what is worth keeping.
    #[inline]
    pub(crate) fn trim(&mut self) {
        if self.chunks.len() > 1 || self.growing.len() > KEPT_PLACES || self.chunks.first().is_some_and(|chunk| chunk.len() > CHUNK) {
            *self = Arrays::default();
        }
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        let words = self.chunks.iter().map(Vec::capacity).sum::<usize>() + self.growing.iter().map(|g| g.words.capacity()).sum::<usize>();
        words * 8 + self.growing.capacity() * size_of::<Growing>() + self.open.capacity() * size_of::<Open>()
    }

    /// Frees the growing arrays from a place on; answers what they were charged.
    fn release(&mut self, from: usize) -> usize {
        let mut charged = 0;
        let used = self.used.min(self.growing.len());
        for array in self.growing.get_mut(from..used).unwrap_or_default() {
            charged += std::mem::take(&mut array.charged);
            if self.kept + array.words.len() > KEPT_WORDS {
                array.words = Vec::new();
            }
            self.kept += array.words.len();
        }
        self.used = from;
        charged
    }

    /// So many words that are zero.
    fn fixed(&mut self, words: usize) -> *mut u64 {
        let (mut chunk, mut taken) = self.at;
        if self.chunks.get(chunk).is_none_or(|c| c.len() - taken < words) {
            // Nothing is in later chunks: what was has been left.
            chunk += usize::from(taken > 0);
            taken = 0;
            if self.chunks.get(chunk).is_none_or(|c| c.len() < words) {
                self.chunks.truncate(chunk);
                self.chunks.push(vec![0; words.max(CHUNK)]);
            }
        }
        self.at = (chunk, taken + words);
        match self.chunks.get_mut(chunk).and_then(|c| c.get_mut(taken..taken + words)) {
            Some(found) => {
                found.fill(0);
                found.as_mut_ptr()
            }
            None => std::ptr::dangling_mut(),
        }
    }

    fn enter(&mut self, charged: usize, words: usize, growing: usize) -> Entered {
        self.open.push(Open { at: self.at, used: self.used, charged });
        let first = self.used;
        self.used += growing;
        if self.growing.len() < self.used {
            self.growing.resize_with(self.used, Growing::default);
        }
        let taken = self.growing.get(first..self.used).unwrap_or_default();
        self.kept = self.kept.saturating_sub(taken.iter().map(|array| array.words.len()).sum());
        let fixed = if words == 0 { std::ptr::dangling_mut() } else { self.fixed(words) };
        Entered { fixed, growing: first as u64 }
    }

    /// Frees what was made since the last function was entered; answers what that was charged.
    fn leave(&mut self) -> usize {
        let Some(open) = self.open.pop() else { return 0 };
        self.at = open.at;
        open.charged + self.release(open.used)
    }
}

/// A status for generated code.
fn status(result: Result<(), Trap>) -> u32 {
    match result {
        Ok(()) => PRESENT,
        Err(trap) => TRAP + trap.code(),
    }
}

/// Begins a rule with statements: forgets what the last one made, and counts anew.
///
/// # Safety
/// `env` lives and nobody else uses it during the call; nothing that was made since the last call is used after it.
pub unsafe extern "C" fn begin(env: *mut Env) {
    // SAFETY: as the caller promises.
    unsafe { (*env).begin() }
}

/// Charges and makes the arrays of a function: `words` words of fixed ones, which take `bytes` bytes of the limit, and so many growing ones.
///
/// # Safety
/// `env` lives and nobody else uses it during the call; `out` can be written.
pub unsafe extern "C" fn enter(env: *mut Env, bytes: usize, words: usize, growing: usize, out: *mut Entered) -> u32 {
    // SAFETY: as the caller promises.
    let env = unsafe { &mut *env };
    if bytes > 0
        && let Err(trap) = env.scratch.charge(bytes)
    {
        return status(Err(trap));
    }
    let entered = env.arrays.enter(bytes, words, growing);
    // SAFETY: as the caller promises.
    unsafe { out.write(entered) };
    PRESENT
}

/// Frees the arrays of the function that was entered last.
///
/// # Safety
/// `env` lives and nobody else uses it during the call; nobody uses these arrays after it.
pub unsafe extern "C" fn leave(env: *mut Env) {
    // SAFETY: as the caller promises.
    let env = unsafe { &mut *env };
    let charged = env.arrays.leave();
    if charged > 0 {
        env.scratch.discharge(charged);
    }
}

/// Makes room in a growing array for `wanted` elements of `element` bytes, which is more than it has.
///
/// # Safety
/// `env` lives and nobody else uses it during the call; `head` is that of an array that a function has which goes on, and its elements are
/// where it says.
#[cold]
pub unsafe extern "C" fn grow(env: *mut Env, head: *mut ArrayHead, wanted: usize, element: usize) -> u32 {
    // SAFETY: as the caller promises.
    let (env, head) = unsafe { (&mut *env, &mut *head) };
    if wanted > LIST_MOST {
        return status(Err(Trap::Memory));
    }
    let more = wanted.saturating_sub(head.room as usize).saturating_mul(element);
    if let Err(trap) = env.scratch.charge(more) {
        return status(Err(trap));
    }
    let Some(array) = env.arrays.growing.get_mut(head.place as usize) else { return status(Err(Trap::Memory)) };
    let words = wanted.saturating_mul(element).div_ceil(8);
    if array.words.len() < words {
        let mut larger = vec![0; words];
        let kept = (head.len as usize).saturating_mul(element).div_ceil(8).min(array.words.len());
        larger[..kept].copy_from_slice(&array.words[..kept]);
        array.words = larger;
    }
    array.charged += more;
    head.start = array.words.as_mut_ptr();
    head.room = head.room.max(wanted as u64);
    PRESENT
}

/// Copies bytes, which may overlap.
///
/// # Safety
/// Both are addresses of so many bytes, those of `to` for writing.
pub unsafe extern "C" fn copy(to: *mut u8, from: *const u8, bytes: usize) {
    if bytes > 0 {
        // SAFETY: as the caller promises.
        unsafe { std::ptr::copy(from, to, bytes) };
    }
}

/// Sets `len` words of 64 bits.
///
/// # Safety
/// `to` is the address of so many, for writing, or there are none.
pub unsafe extern "C" fn fill_words(to: *mut u64, len: usize, word: u64) {
    if len > 0 {
        // SAFETY: as the caller promises; whatever is in the memory of arrays was written before.
        unsafe { std::slice::from_raw_parts_mut(to, len) }.fill(word);
    }
}

/// Sets `len` words of 32 bits.
///
/// # Safety
/// As [`fill_words`].
pub unsafe extern "C" fn fill_halves(to: *mut u32, len: usize, half: u32) {
    if len > 0 {
        // SAFETY: as the caller promises; whatever is in the memory of arrays was written before.
        unsafe { std::slice::from_raw_parts_mut(to, len) }.fill(half);
    }
}

/// The low bytes of `len` integers of `element` bytes each, in scratch memory; their address goes to `out`.
///
/// # Safety
/// `env` lives and nobody else uses it during the call; `from` is the address of so many integers; `out` can be written.
pub unsafe extern "C" fn pack(env: *const Env, from: *const u8, len: usize, element: usize, out: *mut *const u8) -> u32 {
    // SAFETY: as the caller promises.
    let env = unsafe { &*env };
    match env.scratch.buffer(len) {
        Ok(buffer) => {
            for (index, byte) in buffer.iter_mut().enumerate() {
                // SAFETY: as the caller promises. The lowest byte is the first: generated code runs on little-endian machines.
                *byte = unsafe { *from.add(index * element) };
            }
            // SAFETY: as the caller promises.
            unsafe { out.write(buffer.as_ptr()) };
            PRESENT
        }
        Err(trap) => status(Err(trap)),
    }
}

/// Functions of one Float that are no instructions.
macro_rules! unary {
    ($($name:ident: $op:ident, $doc:literal;)*) => {$(
        #[doc = $doc]
        pub extern "C" fn $name(a: f64) -> f64 {
            Intrinsic::$op.unary(a).unwrap_or(f64::NAN)
        }
    )*};
}

unary! {
    floor: Floor, "The largest whole number that is not larger.";
    ceil: Ceil, "The smallest whole number that is not smaller.";
    log: Log, "The natural logarithm.";
    log2: Log2, "The logarithm to the base 2.";
    exp: Exp, "The exponential.";
}

/// The first to the power of the second.
pub extern "C" fn pow(a: f64, b: f64) -> f64 {
    match Intrinsic::Pow.eval(&[Scalar::Float(a), Scalar::Float(b)]) {
        Some(Scalar::Float(power)) => power,
        _ => f64::NAN,
    }
}
