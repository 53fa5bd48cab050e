//! Sizes at which a backend makes other code for the same thing.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! thresholds {
    ($($(#[$doc:meta])* $name:ident: $text:literal = $default:expr, $least:expr;)*) => {
        /// A size up to which a backend does something one way, and beyond which another way. Both ways answer alike; what differs is what
        /// they cost, or what a compiler can take.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Threshold {
            $($(#[$doc])* $name,)*
        }

        impl Threshold {
            /// All thresholds.
            pub const ALL: [Threshold; [$(Threshold::$name),*].len()] = [$(Threshold::$name),*];

            /// Its name in files: first the backend, or `plan` where it holds for all of them.
            pub fn name(self) -> &'static str {
                match self {
                    $(Threshold::$name => $text,)*
                }
            }

            /// What it is set to unless it is set otherwise: what pays, as measured.
            pub fn default(self) -> usize {
                match self {
                    $(Threshold::$name => $default,)*
                }
            }

            /// The smallest setting with which the backend works.
            pub fn least(self) -> usize {
                match self {
                    $(Threshold::$name => $least,)*
                }
            }
        }
    };
}

thresholds! {
    /// all: what leaving out all rules that can be left out would save of a record, in tests of numbers; where it is more, they are asked for
    /// first which of them may match. Never, unless this is set.
    PrefilterRules: "prefilter_rules" = usize::MAX, 0;
    /// all: rules that make a call of fields and constants themselves, on every record; for more it is made before them.
    LiftCalls: "lift_calls" = 1, 0;
    /// all: rules that look under a key themselves. A look-up is quick where the record is in the caches, and going through all records before the
    /// rules takes as long as some twenty of them.
    LiftLookUps: "lift_look_ups" = 31, 0;
    /// plan: ranges of a set that are compared one after the other; more become a bitmap or are looked up.
    SetRanges: "plan_set_ranges" = 8, 0;
    /// plan: numbers from the first to the last of a set that becomes a bitmap; wider ones are looked up.
    SetBitmap: "plan_set_bitmap" = 1 << 16, 0;
    /// plan: byte strings of a set that are compared one after the other; more are looked up.
    SetMembers: "plan_set_members" = 16, 0;
    /// plan: bytes of the longest member of such a set.
    MemberBytes: "plan_member_bytes" = 31, 0;
    /// plan: bytes of a needle that is searched for where it is used; longer ones are searched for by the library.
    NeedleBytes: "plan_needle_bytes" = 32, 0;
    /// closures: sources that a loop walks without a heap allocation.
    ClosuresLoopSources: "closures_loop_sources" = 4, 0;
    /// jit and lua: arguments that a call passes without a heap allocation.
    NativeArguments: "native_arguments" = 8, 0;
    /// jit: bytes of a constant that is compared in place; longer ones by a call.
    JitEqualBytes: "jit_equal_bytes" = 32, 0;
    /// jit: bytes of a value that is searched in place; longer ones by a call.
    JitSearchedBytes: "jit_searched_bytes" = 191, 0;
    /// jit: bytes of a rule's code up to which the compiler's buffers are kept for the next rule.
    JitKeptBytes: "jit_kept_bytes" = 1 << 20, 0;
    /// wasm: bytes of a function's code up to which operands of `and`, `or` and `xor` stand in place; further ones become functions.
    WasmFunctionBytes: "wasm_function_bytes" = 16 << 10, 0;
    /// wasm: bytes of a constant that is compared word by word in place; longer ones by a call.
    WasmEqualBytes: "wasm_equal_bytes" = 64, 0;
    /// wasm: searches for constants in a program that are made in place; where there are more, one function makes them all.
    WasmSearches: "wasm_searches" = 16, 0;
    /// wasm: ranges of a set that are bisected in the module's memory; in more the host looks.
    WasmTableRanges: "wasm_table_ranges" = 8192, 0;
    /// wasm: rules whose code stands in one function.
    WasmGroupedRules: "wasm_grouped_rules" = 16, 1;
    /// wasm: bytes of answers that one call makes, but at least those of 64 records; longer batches are run in several calls.
    WasmAnswerBytes: "wasm_answer_bytes" = 1 << 20, 0;
    /// lua: nodes of an expression that one function takes.
    LuaFunctionNodes: "lua_function_nodes" = 400, 1;
    /// lua: depth of an expression that one function takes.
    LuaFunctionDepth: "lua_function_depth" = 16, 1;
    /// lua: operands that one `and`, `or` or `xor` keeps in place.
    LuaOperands: "lua_operands" = 64, 2;
    /// lua: locals that a function declares; further ones go to a table. LuaJIT allows 200, of which loops take some.
    LuaLocals: "lua_locals" = 90, 0;
    /// lua: arguments of a call that one function evaluates.
    LuaArguments: "lua_arguments" = 32, 1;
    /// lua: sources of a loop that one function evaluates.
    LuaLoopSources: "lua_loop_sources" = 24, 1;
    /// lua: bytes of a constant that are compared one by one; longer ones by a call.
    LuaEqualBytes: "lua_equal_bytes" = 4, 0;
    /// lua: characters of an expression that stands inside another; longer ones are bound to a local.
    LuaTextBytes: "lua_text_bytes" = 160, 0;
}

/// What the thresholds are set to. The defaults are what pays; tests set them low, so that small programs take the ways of large ones.
///
/// ```
/// use quintet_runtime::{Threshold, Thresholds};
///
/// let low = Thresholds::default().with(Threshold::LuaOperands, 0);
/// assert_eq!(low.get(Threshold::LuaOperands), Threshold::LuaOperands.least());
/// assert_eq!(low.get(Threshold::LuaLocals), 90);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds([usize; Threshold::ALL.len()]);

impl Default for Thresholds {
    fn default() -> Thresholds {
        Thresholds(Threshold::ALL.map(Threshold::default))
    }
}

impl Thresholds {
    /// The same with one set to `size`, or to the least or the most that its backend works with: no threshold goes above its default.
    pub fn with(mut self, threshold: Threshold, size: usize) -> Thresholds {
        self.0[threshold as usize] = size.max(threshold.least()).min(threshold.default());
        self
    }

    /// What one is set to.
    pub fn get(&self, threshold: Threshold) -> usize {
        self.0[threshold as usize]
    }
}

/// Whether sizes stayed within each threshold of a program, and whether they were beyond: a bit for each threshold.
#[derive(Default)]
pub(crate) struct Crossings([AtomicU64; 2]);

const _: () = assert!(Threshold::ALL.len() <= u64::BITS as usize);

impl Crossings {
    /// Whether a size is beyond a threshold that is set to `most`, noted.
    pub(crate) fn exceeds(&self, threshold: Threshold, size: usize, most: usize) -> bool {
        let beyond = size > most;
        let (noted, bit) = (&self.0[usize::from(beyond)], 1 << threshold as u32);
        // Most are noted already, which is seen at less cost.
        if noted.load(Ordering::Relaxed) & bit == 0 {
            noted.fetch_or(bit, Ordering::Relaxed);
        }
        beyond
    }

    pub(crate) fn get(&self, threshold: Threshold) -> [bool; 2] {
        self.0.each_ref().map(|noted| noted.load(Ordering::Relaxed) & (1 << threshold as u32) != 0)
    }
}
