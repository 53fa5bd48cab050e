//! Functions that the code of rules calls, all of one kind: the instance's [`Env`], a part of the program, and the values `x`, `y`, `z`.

use std::arch::x86_64::{__m128i, _mm_and_si128, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_set1_epi8};

use quintet_lang::LOOKED_AT;
use quintet_lang::ast::CompareOp;
use quintet_native::{Cell, Env};
use quintet_runtime::{BytesSet, IntSet, IpSet, RegexMatcher, Searcher, WildcardMatcher};

/// Whether a set holds the Int in `x`.
///
/// # Safety
/// `set` lives.
pub(crate) unsafe extern "C" fn in_ints(_: *const Env, set: *const IntSet, x: i64, _: u64, _: u64) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { quintet_native::in_ints(set, x) }
}

/// Whether a set holds the address in `x`, `y` and `z`.
///
/// # Safety
/// `set` lives.
pub(crate) unsafe extern "C" fn in_ips(_: *const Env, set: *const IpSet, x: u64, y: u64, z: u64) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { quintet_native::in_ips(set, x, y, z) }
}

/// Whether a set holds `len` bytes. Counts the steps of the look-up.
///
/// # Safety
/// `env` and `set` live; `ptr` is the address of `len` bytes.
pub(crate) unsafe extern "C" fn in_bytes(env: *const Env, set: *const BytesSet, ptr: *const u8, len: usize, _: u64) -> u32 {
    // SAFETY: as the caller promises.
    unsafe {
        if (*set).has_long() {
            quintet_native::look_up(env, set, len);
        }
        quintet_native::in_bytes(set, ptr, len)
    }
}

/// Whether `len` bytes are those at another address. Counts the steps of looking at them.
///
/// # Safety
/// `env` lives; both are addresses of `len` bytes.
pub(crate) unsafe extern "C" fn same(env: *const Env, other: *const u8, ptr: *const u8, len: usize, _: u64) -> u32 {
    // SAFETY: as the caller promises.
    unsafe {
        if len >= LOOKED_AT {
            quintet_native::look(env, len);
        }
        quintet_native::same(ptr, other, len)
    }
}

/// The number of an operator, for [`compare_texts`].
pub(crate) fn operator(op: CompareOp) -> u64 {
    OPERATORS.iter().position(|o| *o == op).map_or(0, |at| at as u64)
}

const OPERATORS: [CompareOp; 6] = [CompareOp::Eq, CompareOp::Ne, CompareOp::Lt, CompareOp::Le, CompareOp::Gt, CompareOp::Ge];

/// Whether an operator, by its number, holds between bytes, given by their address and length in memory, and others. Counts the steps.
///
/// # Safety
/// `env` and `first` live; both addresses are of as many bytes as their lengths say.
pub(crate) unsafe extern "C" fn compare_texts(env: *const Env, first: *const (u64, u64), ptr: *const u8, len: usize, op: u64) -> u32 {
    // SAFETY: as the caller promises.
    unsafe {
        let (other, other_len) = ((*first).0 as *const u8, (*first).1 as usize);
        let op = OPERATORS[op as usize % OPERATORS.len()];
        let order = match op {
            CompareOp::Eq | CompareOp::Ne if len != other_len => None,
            _ => {
                let looked_at = len.min(other_len);
                if looked_at >= LOOKED_AT {
                    quintet_native::look(env, looked_at);
                }
                Some(quintet_native::compare(other, other_len, ptr, len).cmp(&0))
            }
        };
        u32::from(op.holds(order))
    }
}

/// Whether a list of the program holds the value in `x`, `y` and `z`, not nil.
///
/// # Safety
/// `env` lives; the words are those of a value of the list's type.
pub(crate) unsafe extern "C" fn in_list(env: *const Env, list: u64, x: u64, y: u64, z: u64) -> u32 {
    let cell = Cell { present: 1, words: [x, y, z] };
    // SAFETY: as the caller promises.
    unsafe { quintet_native::in_list(env, list as u32, &raw const cell) }
}

/// Whether a regular expression matches.
///
/// # Safety
/// `env` and `regex` live; `ptr` is the address of `len` bytes.
pub(crate) unsafe extern "C" fn regex(env: *const Env, regex: *const RegexMatcher, ptr: *const u8, len: usize, _: u64) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { quintet_native::regex(env, regex, ptr, len) }
}

/// Whether a wildcard pattern matches.
///
/// # Safety
/// `env` and `pattern` live; `ptr` is the address of `len` bytes.
pub(crate) unsafe extern "C" fn wildcard(env: *const Env, pattern: *const WildcardMatcher, ptr: *const u8, len: usize, _: u64) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { quintet_native::wildcard(env, pattern, ptr, len) }
}

/// Counts what a loop over `len` elements takes whose body counts nothing.
///
/// # Safety
/// `env` lives.
pub(crate) unsafe extern "C" fn look_at_elements(env: *const Env, _: u64, _: u64, len: usize, _: u64) {
    // SAFETY: as the caller promises.
    unsafe { quintet_native::look(env, len * 16) }
}

/// The address of the slot under a key of a map, or 0. `how` is the bytes of an entry, and in the upper half those of the key.
///
/// # Safety
/// `env` lives; `key` is the address of the key's bytes; `block` and `word` are the words of a map whose entries are so large.
pub(crate) unsafe extern "C" fn key(env: *const Env, key: *const u8, block: *const u8, word: u64, how: u64) -> *const u8 {
    let (entry, len) = (how as u32 as usize, (how >> 32) as usize);
    // SAFETY: as the caller promises.
    unsafe {
        if len >= LOOKED_AT {
            quintet_native::look(env, len);
        }
        quintet_native::map_get(block, word, entry, key, len)
    }
}

/// Whether a needle, not empty, occurs in bytes that are anywhere. Counts the steps.
///
/// # Safety
/// `env` and `searcher` live; `ptr` is the address of `len` bytes.
pub(crate) unsafe extern "C" fn search_anywhere(env: *const Env, searcher: *const Searcher, ptr: *const u8, len: usize, _: u64) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { quintet_native::search(env, searcher, ptr, len) }
}

/// What is known of a search when code is made.
#[derive(Clone, Copy)]
pub(crate) struct Search {
    /// Two places in the needle whose bytes are looked for first.
    places: [u8; 2],
    /// Those bytes.
    bytes: [u8; 2],
    /// Most bytes of a value that is searched here.
    most: u32,
}

impl Search {
    /// A search for a needle by its bytes at two places, in values of so many bytes; none where a place is too far from the needle's start.
    pub(crate) fn new(needle: &[u8], pair: (usize, usize), most: usize) -> Option<Search> {
        let byte = |place: usize| needle.get(place).copied();
        Some(Search {
            places: [u8::try_from(pair.0).ok()?, u8::try_from(pair.1).ok()?],
            bytes: [byte(pair.0)?, byte(pair.1)?],
            most: u32::try_from(most).ok()?,
        })
    }

    /// As a number: whoever searches has it in a register.
    pub(crate) fn pack(self) -> u64 {
        let [a, b, c, d] = [self.places[0], self.places[1], self.bytes[0], self.bytes[1]];
        u64::from(u32::from_le_bytes([a, b, c, d])) | u64::from(self.most) << 32
    }

    #[inline(always)]
    fn unpack(word: u64) -> Search {
        let [a, b, c, d] = (word as u32).to_le_bytes();
        Search { places: [a, b], bytes: [c, d], most: (word >> 32) as u32 }
    }
}

/// The largest power of two up to 8 that is no more than a needle's length, which says how it is compared, where two of them hold it; else 16.
fn word(len: usize) -> usize {
    match len {
        0..=2 => 1,
        3 => 2,
        4..8 => 4,
        8..=16 => 8,
        _ => 16,
    }
}

/// Whether as many bytes from an address on are those of a needle of this [`word`], of which one that has no more than two has been compared.
///
/// # Safety
/// `ptr` is the address of as many bytes, and the needle has them.
#[inline(always)]
unsafe fn begins<const WORD: usize>(ptr: *const u8, needle: &[u8]) -> bool {
    let (last, wanted) = (needle.len() - WORD.min(8), needle.as_ptr());
    // SAFETY: two words, the second of which ends with the bytes, are within both.
    unsafe {
        match WORD {
            1 => true,
            2 => {
                let same = |at| ptr.add(at).cast::<u16>().read_unaligned() == wanted.add(at).cast::<u16>().read_unaligned();
                same(0) && same(last)
            }
            4 => {
                let same = |at| ptr.add(at).cast::<u32>().read_unaligned() == wanted.add(at).cast::<u32>().read_unaligned();
                same(0) && same(last)
            }
            8 => {
                let same = |at| ptr.add(at).cast::<u64>().read_unaligned() == wanted.add(at).cast::<u64>().read_unaligned();
                same(0) && same(last)
            }
            _ => std::slice::from_raw_parts(ptr, needle.len()) == needle,
        }
    }
}

/// The search for a needle of so many bytes.
pub(crate) fn search_of(len: usize) -> usize {
    match word(len) {
        1 => search::<1> as *const () as usize,
        2 => search::<2> as *const () as usize,
        4 => search::<4> as *const () as usize,
        8 => search::<8> as *const () as usize,
        _ => search::<16> as *const () as usize,
    }
}

/// Whether a needle, not empty, occurs in bytes of a batch's arena. Short values are searched here, sixteen places at a time: where two of
/// the needle's bytes are at their distance, the rest is compared. Counts the steps of long ones; short ones take none.
///
/// # Safety
/// `env` and `searcher` live, whose needle is of this [`word`]; `ptr` is the address of `len` bytes behind which
/// [`PADDING`](quintet_runtime::PADDING) may be read; the places in `how` are within the needle.
unsafe extern "C" fn search<const WORD: usize>(env: *const Env, searcher: *const Searcher, ptr: *const u8, len: usize, how: u64) -> u32 {
    let Search { places, bytes, most } = Search::unpack(how);
    let [a, b] = places.map(usize::from);
    // SAFETY: as the caller promises.
    let needle = unsafe { (*searcher).needle() };
    let Some(room) = len.checked_sub(needle.len()) else {
        return 0;
    };
    if len > most as usize {
        // SAFETY: as the caller promises.
        return unsafe { quintet_native::search(env, searcher, ptr, len) };
    }
    // SAFETY: a place is at most `room` from the start, and so each block ends at most 15 bytes behind the value.
    unsafe {
        let (first, second) = (_mm_set1_epi8(bytes[0] as i8), _mm_set1_epi8(bytes[1] as i8));
        let mut place = 0;
        while place <= room {
            let here = ptr.add(place);
            let same_a = _mm_cmpeq_epi8(_mm_loadu_si128(here.add(a).cast::<__m128i>()), first);
            let same_b = _mm_cmpeq_epi8(_mm_loadu_si128(here.add(b).cast::<__m128i>()), second);
            let mut lanes = _mm_movemask_epi8(_mm_and_si128(same_a, same_b)) as u32;
            while lanes != 0 {
                let found = place + lanes.trailing_zeros() as usize;
                if found > room {
                    return 0;
                }
                if begins::<WORD>(ptr.add(found), needle) {
                    return 1;
                }
                lanes &= lanes - 1;
            }
            place += 16;
        }
    }
    0
}
