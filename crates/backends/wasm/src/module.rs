//! Putting a module together: constants, functions, and which of the host's and of this crate's helper functions they call.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use quintet_lang::Type;
use quintet_lang::ast::Span;
use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, EntityType, ExportKind, ExportSection, Function, FunctionSection, ImportSection, MemorySection,
    MemoryType, NameMap, NameSection, TypeSection, ValType,
};

use crate::body::Code;
use crate::helpers::Helper;
use crate::import::Import;
use crate::places::{CONSTANTS, Extent, Places};

/// The namespace of the host's functions.
pub(crate) const HOST: &str = "quintet";
/// The exported entry point.
pub(crate) const RUN: &str = "run";
/// The exported entry point that answers up to 64 records in bits: of the only rule, or behind its number of one of several.
pub(crate) const TEST: &str = "test";
/// The exported entry point of a function of the program.
pub(crate) fn function_name(id: usize) -> String {
    format!("function_{id}")
}
/// The exported memory.
pub(crate) const MEMORY: &str = "memory";

/// The parameters and results of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) params: Cow<'static, [ValType]>,
    pub(crate) results: Cow<'static, [ValType]>,
}

impl Signature {
    /// One that is known.
    pub(crate) const fn of(params: &'static [ValType], results: &'static [ValType]) -> Signature {
        Signature { params: Cow::Borrowed(params), results: Cow::Borrowed(results) }
    }
}

/// The signature of most functions, as each that a module has makes code that leads out of the sandbox, which takes as long to compile as a small
/// rule. What takes fewer arguments is called with 0 for the others, and what answers less leaves the upper half as it is.
pub(crate) const COMMON: Signature = Signature::of(&[ValType::I32; 4], &[ValType::I64]);

/// A function that code may call, before functions have numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A function of the host.
    Import(Import),
    /// A function that many programs need.
    Helper(Helper),
    /// A function of this program, in order of [`Builder::add`].
    Own(u32),
}

/// A number that is filled in when all are known; five bytes are left for it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Hole {
    /// The number of a function.
    Call(Target),
    /// The address of the first cell.
    Cells,
    /// The address of the answers.
    Answers,
    /// The address of the stack of arrays.
    Stack,
    /// One past its last byte.
    StackEnd,
}

/// Collects the parts of a module.
#[derive(Default)]
pub(crate) struct Builder {
    constants: Vec<u8>,
    interned: HashMap<Vec<u8>, u32>,
    imports: BTreeSet<Import>,
    helpers: BTreeSet<Helper>,
    own: Vec<Own>,
    /// Types of which the host makes arrays, see [`Import::Pack`].
    packed: Vec<Type>,
    /// Cells that the deepest nesting of calls needs.
    cells: u32,
    /// Searches for constants in the whole program.
    pub(crate) searches: usize,
    /// Whether the compiler takes one pass: a time that is in proportion to the code, whatever it is.
    pub(crate) one_pass: bool,
    /// Whether code says what it stands for, and functions have names.
    pub(crate) read: bool,
    /// Whether there are statements.
    pub(crate) scripts: bool,
    /// The most bytes of native stack that a call of each function of the program takes, see [`frame_bytes`](crate::stack::frame_bytes).
    pub(crate) frames: Vec<u64>,
    /// The functions of the program that the host can call.
    pub(crate) callable: Vec<u32>,
}

struct Own {
    name: String,
    signature: Signature,
    code: Code,
}

/// A module and what running it takes.
pub(crate) struct Finished {
    pub(crate) wasm: Vec<u8>,
    pub(crate) places: Places,
    pub(crate) packed: Vec<Type>,
    /// What has to stand from [`CONSTANTS`] on before anything runs. A module that is read or that others run has it as data; one that an
    /// instance of this process runs has none, as code that copies data takes longer to compile than a rule.
    pub(crate) constants: Vec<u8>,
    /// See [`Builder::frames`].
    pub(crate) frames: Vec<u64>,
    /// From which byte of the module on code stands for which place of the source, in order. Empty unless it is read.
    pub(crate) standing: Vec<(usize, Option<Span>)>,
}

impl Builder {
    /// An empty module for a program with so many searches for constants.
    pub(crate) fn new(searches: usize, one_pass: bool, read: bool) -> Builder {
        Builder { searches, one_pass, read, ..Builder::default() }
    }

    /// The address of a constant.
    pub(crate) fn constant(&mut self, bytes: &[u8]) -> u32 {
        if let Some(at) = self.interned.get(bytes) {
            return *at;
        }
        self.constants.resize(self.constants.len().next_multiple_of(8), 0);
        let at = CONSTANTS.saturating_add(u32::try_from(self.constants.len()).unwrap_or(u32::MAX));
        self.constants.extend_from_slice(bytes);
        self.interned.insert(bytes.to_vec(), at);
        at
    }

    /// The number by which [`Import::Pack`] knows a type of elements.
    pub(crate) fn packed(&mut self, element: &Type) -> u32 {
        let known = self.packed.iter().position(|t| t == element);
        known.unwrap_or_else(|| {
            self.packed.push(element.clone());
            self.packed.len() - 1
        }) as u32
    }

    /// Makes sure that there are so many cells.
    pub(crate) fn cells(&mut self, count: u32) {
        self.cells = self.cells.max(count);
    }

    /// Adds a function.
    pub(crate) fn add(&mut self, name: impl Into<String>, signature: Signature, code: Code) -> Target {
        self.note(&code);
        self.own.push(Own { name: name.into(), signature, code });
        Target::Own(self.own.len() as u32 - 1)
    }

    /// Notes what the code calls.
    fn note(&mut self, code: &Code) {
        for (_, hole) in &code.holes {
            match *hole {
                Hole::Call(Target::Import(import)) => {
                    self.imports.insert(import);
                }
                Hole::Call(Target::Helper(helper)) => {
                    if self.helpers.insert(helper) {
                        self.note(&helper.code());
                    }
                }
                Hole::Call(Target::Own(_)) | Hole::Cells | Hole::Answers | Hole::Stack | Hole::StackEnd => {}
            }
        }
    }

    /// The module, with names and constants to be read where it is read, whose entry points are `run` and, where there are rules, `test`, for
    /// so many rules and so many bytes of answers that one call makes. `None` where it is larger than there is room for.
    pub(crate) fn finish(
        self,
        (run, test): (Target, Option<Target>),
        (rules, answers): (usize, usize),
        extent: Extent,
    ) -> Option<Finished> {
        let names = self.read;
        let places = Places::new(self.constants.len(), self.cells, (rules, answers), self.scripts, extent)?;
        let (imports, helpers): (Vec<_>, Vec<_>) = (self.imports.into_iter().collect(), self.helpers.into_iter().collect());
        let number = |target: Target| -> u32 {
            match target {
                Target::Import(import) => imports.partition_point(|i| *i < import) as u32,
                Target::Helper(helper) => (imports.len() + helpers.partition_point(|h| *h < helper)) as u32,
                Target::Own(index) => (imports.len() + helpers.len()) as u32 + index,
            }
        };
        let fill = |mut code: Code| -> Code {
            for (at, hole) in std::mem::take(&mut code.holes) {
                let value = match hole {
                    Hole::Call(target) => number(target),
                    Hole::Cells => places.cells,
                    Hole::Answers => places.answers,
                    Hole::Stack => places.stack,
                    Hole::StackEnd => places.scratch,
                };
                put_padded(&mut code.bytes[at..at + 5], value);
            }
            code
        };

        let mut types = Types::default();
        let mut import_section = ImportSection::new();
        for import in &imports {
            import_section.import(HOST, import.name(), EntityType::Function(types.number(import.signature())));
        }
        let (mut function_section, mut code_section, mut name_map) = (FunctionSection::new(), CodeSection::new(), NameMap::new());
        let named = helpers.iter().map(|h| (h.name().to_owned(), h.signature(), h.code()));
        let all = named.chain(self.own.into_iter().map(|o| (o.name, o.signature, o.code)));
        for (i, import) in imports.iter().enumerate() {
            name_map.append(i as u32, import.name());
        }
        // What each function's code stands for, with its bytes and where they end among those of all.
        let mut standing = Vec::new();
        for (i, (name, signature, code)) in all.enumerate() {
            function_section.function(types.number(signature));
            let mut code = fill(code);
            let mut function = Function::new_with_locals_types(code.locals);
            let (bytes, places) = (code.bytes.len(), std::mem::take(&mut code.places));
            function.raw(code.bytes);
            code_section.function(&function);
            if names {
                standing.push((code_section.byte_len(), bytes, places));
            }
            if names {
                name_map.append((imports.len() + i) as u32, &name);
            }
        }
        let mut memories = MemorySection::new();
        let maximum = Some((4 << 30) / crate::places::PAGE);
        memories.memory(MemoryType { minimum: places.pages, maximum, memory64: false, shared: false, page_size_log2: None });
        let mut exports = ExportSection::new();
        exports.export(MEMORY, ExportKind::Memory, 0).export(RUN, ExportKind::Func, number(run));
        if let Some(test) = test {
            exports.export(TEST, ExportKind::Func, number(test));
        }
        for id in &self.callable {
            exports.export(&function_name(*id as usize), ExportKind::Func, number(Target::Own(*id)));
        }

        let mut module = wasm_encoder::Module::new();
        module.section(&types.section).section(&import_section).section(&function_section).section(&memories).section(&exports);
        module.section(&code_section);
        let (end, all) = (module.as_slice().len(), code_section.byte_len());
        let places_of = |(until, bytes, places): (usize, usize, Vec<(usize, Option<Span>)>)| {
            let start = end - (all - until) - bytes;
            let within = places.into_iter().map(move |(at, span)| (start + at, span));
            std::iter::once((start, None)).chain(within)
        };
        let standing = standing.into_iter().flat_map(places_of).collect();
        // A memory that is copied as a whole has no instance that writes them.
        if (names || extent == Extent::Small) && !self.constants.is_empty() {
            let mut data = DataSection::new();
            data.active(0, &ConstExpr::i32_const(CONSTANTS as i32), self.constants.iter().copied());
            module.section(&data);
        }
        if names {
            let mut section = NameSection::new();
            section.functions(&name_map);
            module.section(&section);
        }
        Some(Finished { wasm: module.finish(), places, packed: self.packed, constants: self.constants, frames: self.frames, standing })
    }
}

/// The types of functions, each once.
#[derive(Default)]
struct Types {
    section: TypeSection,
    known: Vec<Signature>,
}

impl Types {
    fn number(&mut self, signature: Signature) -> u32 {
        let known = self.known.iter().position(|s| *s == signature);
        known.unwrap_or_else(|| {
            self.section.ty().function(signature.params.iter().copied(), signature.results.iter().copied());
            self.known.push(signature);
            self.known.len() - 1
        }) as u32
    }
}

/// Writes a number below 2^31 as LEB128 of five bytes, signed and unsigned alike.
fn put_padded(bytes: &mut [u8], value: u32) {
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = (value >> (7 * i) & 0x7f) as u8 | if i < 4 { 0x80 } else { 0 };
    }
}
