//! What generated code refers to by name: the functions that it calls and the prepared parts of the program.
//!
//! The code that Cranelift makes holds names, so its text says the same in every process; addresses are filled in when it is placed.

use cranelift_codegen::ir::types::{F64, I32, I64};
use cranelift_codegen::ir::{AbiParam, ExternalName, Signature, Type};
use cranelift_codegen::isa::CallConv;

use quintet_lang::ast::{FnId, TableId};
#[cfg(not(target_family = "wasm"))]
use quintet_native::scripts;

#[cfg(not(target_family = "wasm"))]
use crate::instance;
use crate::marks::Places;
use crate::rare;
#[cfg(not(target_family = "wasm"))]
use crate::shims;

macro_rules! helpers {
    ($($name:ident: $text:literal = $function:path, [$($param:ident),*] $(-> $result:ident)?;)*) => {
        /// A function that generated code calls.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Helper {
            $($name,)*
        }

        impl Helper {
            /// How many there are.
            pub(crate) const COUNT: usize = [$(Helper::$name),*].len();

            /// Its name in texts.
            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Helper::$name => $text,)*
                }
            }

            fn types(self) -> (&'static [Type], Option<Type>) {
                match self {
                    $(Helper::$name => (&[$($param),*], [$(Some($result),)? None][0]),)*
                }
            }

            /// Where it is.
            #[cfg(not(target_family = "wasm"))]
            pub(crate) fn address(self) -> usize {
                match self {
                    $(Helper::$name => $function as *const () as usize,)*
                }
            }
        }
    };
}

helpers! {
    Reset: "reset" = quintet_native::reset, [I64];
    Trap: "trap" = instance::trap, [I64, I64, I32];
    Settle: "settle" = quintet_native::settle, [I64];
    Look: "look" = quintet_native::look, [I64, I64];
    LookUp: "look_up" = quintet_native::look_up, [I64, I64, I64];
    Search: "search" = quintet_native::search, [I64, I64, I64, I64] -> I32;
    SearchFar: "search_far" = quintet_native::search_far, [I64, I64, I64, I64];
    Find: "find" = quintet_native::find, [I64, I64, I64, I64, I64] -> I32;
    Regex: "regex" = quintet_native::regex, [I64, I64, I64, I64] -> I32;
    Wildcard: "wildcard" = quintet_native::wildcard, [I64, I64, I64, I64] -> I32;
    InInts: "in_ints" = quintet_native::in_ints, [I64, I64] -> I32;
    InIps: "in_ips" = quintet_native::in_ips, [I64, I64, I64, I64] -> I32;
    InBytes: "in_bytes" = quintet_native::in_bytes, [I64, I64, I64] -> I32;
    InList: "in_list" = quintet_native::in_list, [I64, I32, I64] -> I32;
    Compare: "compare" = quintet_native::compare, [I64, I64, I64, I64] -> I32;
    Same: "same" = quintet_native::same, [I64, I64, I64] -> I32;
    FloatRem: "float_rem" = quintet_native::float_rem, [F64, F64] -> F64;
    MapGet: "map_get" = quintet_native::map_get, [I64, I64, I64, I64, I64] -> I64;
    Call: "call" = quintet_native::call, [I64, I32, I64, I64] -> I32;
    CollectBegin: "collect_begin" = quintet_native::collect_begin, [I64, I64];
    CollectPush: "collect_push" = quintet_native::collect_push, [I64, I64] -> I32;
    CollectEnd: "collect_end" = quintet_native::collect_end, [I64, I64] -> I32;
    Begin: "begin" = scripts::begin, [I64];
    Enter: "enter" = scripts::enter, [I64, I64, I64, I64, I64] -> I32;
    Leave: "leave" = scripts::leave, [I64];
    Grow: "grow" = scripts::grow, [I64, I64, I64, I64] -> I32;
    Copy: "copy" = scripts::copy, [I64, I64, I64];
    FillWords: "fill_words" = scripts::fill_words, [I64, I64, I64];
    FillHalves: "fill_halves" = scripts::fill_halves, [I64, I64, I32];
    Pack: "pack" = scripts::pack, [I64, I64, I64, I64, I64] -> I32;
    Floor: "floor" = scripts::floor, [F64] -> F64;
    Ceil: "ceil" = scripts::ceil, [F64] -> F64;
    Log: "log" = scripts::log, [F64] -> F64;
    Log2: "log2" = scripts::log2, [F64] -> F64;
    Exp: "exp" = scripts::exp, [F64] -> F64;
    Pow: "pow" = scripts::pow, [F64, F64] -> F64;
}

impl Helper {
    /// Whether it looks at the word with the steps that are left, or changes it.
    pub(crate) fn counts(self) -> bool {
        matches!(
            self,
            Helper::Reset
                | Helper::Begin
                | Helper::Settle
                | Helper::Look
                | Helper::LookUp
                | Helper::Search
                | Helper::SearchFar
                | Helper::Find
                | Helper::Regex
                | Helper::Wildcard
                | Helper::InList
                | Helper::Call
        )
    }

    /// How generated code calls it, where functions have this convention.
    pub(crate) fn call_signature(self, convention: CallConv) -> Signature {
        self.signature(if rare::is_rare(self) { rare::CONVENTION } else { convention })
    }

    /// Its parameters and result, by this convention.
    pub(crate) fn signature(self, convention: CallConv) -> Signature {
        let (params, result) = self.types();
        let mut signature = Signature::new(convention);
        signature.params.extend(params.iter().map(|t| AbiParam::new(*t)));
        signature.returns.extend(result.map(AbiParam::new));
        signature
    }
}

/// What one function refers to: helpers by their names, and parts of the program by their places in a table, which has a name as well.
///
/// The table is there because the optimiser moves the address of a name out of the loop over records but leaves a load where it is. With
/// a name for each of a thousand needles, as many addresses would be alive all over the function, and the register allocator takes
/// quadratic time over them.
#[derive(Default)]
pub(crate) struct Symbols {
    helpers: Vec<Helper>,
    parts: Vec<(&'static str, usize, usize)>,
    /// The places of the source that instructions are made for, where it is asked for them.
    pub(crate) places: Option<Places>,
}

impl Symbols {
    /// The name of the table of parts.
    const PARTS: &'static str = "parts";

    /// Forgets all names.
    pub(crate) fn clear(&mut self) {
        self.helpers.clear();
        self.parts.clear();
        self.places = None;
    }

    /// The name of a helper.
    pub(crate) fn helper(&mut self, helper: Helper) -> ExternalName {
        self.helpers.push(helper);
        ExternalName::testcase(helper.name())
    }

    /// The name of the table of parts.
    pub(crate) fn table(&self) -> ExternalName {
        ExternalName::testcase(Self::PARTS)
    }

    /// The name of a function of the program.
    pub(crate) fn function(&self, id: FnId) -> ExternalName {
        ExternalName::testcase(format!("{FUNCTION}{}", id.0))
    }

    /// The name of a constant array.
    pub(crate) fn constants(&self, id: TableId) -> ExternalName {
        ExternalName::testcase(format!("{TABLE}{}", id.0))
    }

    /// The place in the table, in bytes, of a part of the program that has a number there.
    pub(crate) fn part<T: ?Sized>(&mut self, kind: &'static str, number: usize, part: *const T) -> usize {
        self.parts.push((kind, number, part.cast::<()>() as usize));
        (self.parts.len() - 1) * WORD
    }

    /// The place in the table, in bytes, of something in the rule's AST, which has its place for a number.
    pub(crate) fn constant<T: ?Sized>(&mut self, kind: &'static str, constant: *const T) -> usize {
        self.part(kind, self.parts.len(), constant)
    }

    /// The table of parts.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn parts(&self) -> Box<[usize]> {
        self.parts.iter().map(|(.., address)| *address).collect()
    }

    /// What is in the table, as comments.
    pub(crate) fn legend(&self) -> String {
        let line = |(i, (kind, number, _)): (usize, &(&str, usize, usize))| format!("; parts+{}: {kind} {number}\n", i * WORD);
        self.parts.iter().enumerate().map(line).collect()
    }

    /// What is behind a name, given the table of parts and the constant arrays.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn target(&self, name: &ExternalName, parts: &[usize], tables: &[Box<[u64]>]) -> Option<Target> {
        let ExternalName::TestCase(name) = name else {
            return None;
        };
        if name.raw() == Self::PARTS.as_bytes() {
            return Some(Target::Address(parts.as_ptr() as usize));
        }
        let numbered =
            |kind: &str| name.raw().strip_prefix(kind.as_bytes()).and_then(|number| std::str::from_utf8(number).ok()?.parse::<u32>().ok());
        if let Some(id) = numbered(FUNCTION) {
            return Some(Target::Function(FnId(id)));
        }
        if let Some(id) = numbered(TABLE) {
            return tables.get(id as usize).map(|table| Target::Address(table.as_ptr() as usize));
        }
        self.helpers
            .iter()
            .find(|h| h.name().as_bytes() == name.raw())
            .map(|h| Target::Address(shims::address(*h).unwrap_or_else(|| h.address())))
    }
}

/// Bytes of an address where the code runs, which need not be where it is made.
const WORD: usize = 8;

/// What the names of functions of the program and of constant arrays begin with; their numbers follow.
const FUNCTION: &str = "fn:";
const TABLE: &str = "const:";

/// What is behind a name.
#[cfg(not(target_family = "wasm"))]
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    Address(usize),
    /// A function of the program, in the same code memory.
    Function(FnId),
}
