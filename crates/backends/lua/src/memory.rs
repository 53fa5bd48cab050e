//! Memory of the arrays of scripts, and the C functions that generated Lua calls for it.
//!
//! A call of a function that has arrays of its own begins with [`enter`], which answers the word (address divided by 8) of zeroed memory for
//! them, and ends with [`leave`]. First in that memory stand the headers of the growing arrays: generated code knows such an array by the
//! word of its header, and passes that on. A rule that traps leaves its calls where they are; [`restart`] forgets them.

use quintet_native::Env;
use quintet_runtime::{LIST_MOST, Trap};

/// Words of a [`Header`].
pub(crate) const HEADER: usize = 3;

/// Words of a piece of memory, unless a function needs more.
const PIECE: usize = 1 << 13;

/// Bytes that are kept from one run for the next.
const KEPT_BYTES: usize = 1 << 20;

/// What generated code knows of a growing array.
#[repr(C)]
struct Header {
    /// The address of the elements, divided by the bytes of the view that they are read through.
    base: f64,
    len: u32,
    /// For how many elements there is room, and was charged.
    room: u32,
    /// The place of the elements' memory counted from 1; 0 before the array has grown.
    place: u32,
    /// What an element is charged with.
    charge: u32,
}

/// A call that goes on.
struct Frame {
    piece: usize,
    used: usize,
    headers: *const Header,
    growing: usize,
    charged: usize,
}

/// The arrays of all functions that go on.
#[derive(Default)]
pub(crate) struct Memory {
    /// Pieces are never moved or resized while a call has memory of them.
    pieces: Vec<Box<[u64]>>,
    piece: usize,
    /// Words taken of that piece.
    used: usize,
    frames: Vec<Frame>,
    grown: Vec<Vec<u64>>,
    free: Vec<u32>,
}

impl Memory {
    pub(crate) fn restart(&mut self) {
        if self.frames.is_empty() {
            return;
        }
        self.frames.clear();
        self.grown.clear();
        self.free.clear();
        (self.piece, self.used) = (0, 0);
    }

    /// What a run ends with.
    pub(crate) fn finish(&mut self) {
        self.restart();
        if self.memory_bytes() > KEPT_BYTES {
            self.pieces = Vec::new();
        }
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        let grown: usize = self.grown.iter().map(Vec::capacity).sum();
        (self.pieces.iter().map(|piece| piece.len()).sum::<usize>() + grown) * 8
    }

    fn enter(&mut self, charged: usize, words: usize, growing: usize) -> *const u64 {
        let outer = (self.piece, self.used);
        while self.pieces.get(self.piece).is_some_and(|piece| piece.len() - self.used < words) {
            self.piece += 1;
            self.used = 0;
        }
        if self.piece >= self.pieces.len() {
            self.pieces.push(vec![0; words.max(PIECE)].into());
        }
        let taken = &mut self.pieces[self.piece][self.used..self.used + words];
        taken.fill(0);
        self.used += words;
        let at = taken.as_mut_ptr();
        self.frames.push(Frame { piece: outer.0, used: outer.1, headers: at.cast(), growing, charged });
        at
    }

    /// Answers what the call was charged with.
    ///
    /// # Safety
    /// Nobody else uses the memory of the innermost call.
    unsafe fn leave(&mut self) -> usize {
        let Some(frame) = self.frames.pop() else { return 0 };
        (self.piece, self.used) = (frame.piece, frame.used);
        let mut charged = frame.charged;
        for i in 0..frame.growing {
            // SAFETY: the headers stand first in the call's memory.
            let header = unsafe { &*frame.headers.add(i) };
            charged += header.room as usize * header.charge as usize;
            if let Some(memory) = (header.place as usize).checked_sub(1).and_then(|place| self.grown.get_mut(place)) {
                *memory = Vec::new();
                self.free.push(header.place);
            }
        }
        charged
    }

    fn grow(&mut self, header: &mut Header, bytes: usize, view: usize) {
        if header.place == 0 {
            header.place = self.free.pop().unwrap_or_else(|| {
                self.grown.push(Vec::new());
                self.grown.len() as u32
            });
        }
        let Some(memory) = (header.place as usize).checked_sub(1).and_then(|place| self.grown.get_mut(place)) else { return };
        let words = bytes.div_ceil(8);
        memory.reserve_exact(words - memory.len().min(words));
        memory.resize(words, 0);
        header.base = (memory.as_ptr() as usize / view) as f64;
    }
}

/// Forgets what the last rule made, and the calls that it did not end.
///
/// # Safety
/// Both live and nobody else uses them during the call.
pub(crate) unsafe extern "C" fn restart(memory: *mut Memory, env: *mut Env) {
    // SAFETY: as the caller promises.
    unsafe {
        (*memory).restart();
        (*env).reset();
    }
}

/// Begins a call: charges its fixed arrays and answers the word of its memory, or 0 where that is more than the limit.
///
/// # Safety
/// As [`restart`].
pub(crate) unsafe extern "C" fn enter(memory: *mut Memory, env: *const Env, charged: usize, words: usize, growing: usize) -> f64 {
    // SAFETY: as the caller promises.
    unsafe {
        if (*env).scratch().charge(charged).is_err() {
            return 0.0;
        }
        ((*memory).enter(charged, words, growing) as usize / 8) as f64
    }
}

/// Ends the innermost call.
///
/// # Safety
/// As [`restart`].
pub(crate) unsafe extern "C" fn leave(memory: *mut Memory, env: *const Env) {
    // SAFETY: as the caller promises.
    unsafe { (*env).scratch().discharge((*memory).leave()) }
}

/// Makes room for `wanted` elements in the growing array whose header is at a word. Elements take `bytes`, are charged with `charge`, and are
/// read through a view of `view` bytes. Answers 0 or a trap's code.
///
/// # Safety
/// As [`restart`]; the header is one of a call that goes on.
pub(crate) unsafe extern "C" fn room(
    memory: *mut Memory,
    env: *const Env,
    header: usize,
    wanted: f64,
    charge: u32,
    bytes: u32,
    view: u32,
) -> u32 {
    if wanted > LIST_MOST as f64 {
        return Trap::Memory.code();
    }
    // SAFETY: as the caller promises.
    let (memory, env, header) = unsafe { (&mut *memory, &*env, &mut *((header * 8) as *mut Header)) };
    let wanted = wanted as u32;
    let more = wanted.saturating_sub(header.room) as usize;
    if more == 0 {
        return 0;
    }
    if env.scratch().charge(more * charge as usize).is_err() {
        return Trap::Memory.code();
    }
    (header.room, header.charge) = (wanted, charge);
    memory.grow(header, wanted as usize * bytes as usize, view as usize);
    0
}

/// The low bytes of `len` integers of `bytes` bytes each, as an address; or a trap's code without its sign.
///
/// # Safety
/// `env` lives; `from` is the address of so many elements.
pub(crate) unsafe extern "C" fn packed(env: *const Env, from: *const u8, len: usize, bytes: u32) -> f64 {
    // SAFETY: as the caller promises.
    let scratch = unsafe { (*env).scratch() };
    let out = match scratch.look(len).and_then(|()| scratch.buffer(len)) {
        Ok(out) => out,
        Err(trap) => return -f64::from(trap.code()),
    };
    for (i, byte) in out.iter_mut().enumerate() {
        // SAFETY: as the caller promises; the lowest byte is the first.
        *byte = unsafe { *from.add(i * bytes as usize) };
    }
    out.as_ptr() as usize as f64
}

/// Copies bytes from one address to another.
///
/// # Safety
/// Both are addresses of so many bytes.
pub(crate) unsafe extern "C" fn copy(to: *mut u8, from: *const u8, bytes: usize) {
    if bytes > 0 {
        // SAFETY: as the caller promises.
        unsafe { std::ptr::copy(from, to, bytes) }
    }
}

macro_rules! fill {
    ($($(#[$doc:meta])* $name:ident($ty:ty, $value:ty);)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// `to` is the address of so many elements.
        pub(crate) unsafe extern "C" fn $name(to: *mut $ty, len: usize, value: $value) {
            if len > 0 {
                // SAFETY: as the caller promises.
                unsafe { std::slice::from_raw_parts_mut(to, len) }.fill(value as $ty);
            }
        }
    )*};
}

fill! {
    /// Fills elements of 1 byte.
    fill1(u8, i32);
    /// Fills elements of 4 bytes.
    fill4(i32, i32);
    /// Fills elements of 8 bytes.
    fill8(i64, i64);
    /// Fills Floats.
    fillf(f64, f64);
}

/// Fills elements of two numbers.
///
/// # Safety
/// `to` is the address of so many elements.
pub(crate) unsafe extern "C" fn fill16(to: *mut [f64; 2], len: usize, first: i64, second: i64) {
    if len > 0 {
        // SAFETY: as the caller promises.
        unsafe { std::slice::from_raw_parts_mut(to, len) }.fill([first as f64, second as f64]);
    }
}

/// Fills elements of three words with those at a word.
///
/// # Safety
/// `to` is the address of so many elements.
pub(crate) unsafe extern "C" fn fill24(to: *mut [u64; 3], len: usize, word: usize) {
    if len > 0 {
        // SAFETY: as the caller promises; the value is read before anything is written.
        unsafe {
            let value = *((word * 8) as *const [u64; 3]);
            std::slice::from_raw_parts_mut(to, len).fill(value);
        }
    }
}
