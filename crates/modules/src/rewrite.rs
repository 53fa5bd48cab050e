//! What is done to a module before it is compiled: its memory becomes an address range of the loader's, and growing it a counter with a bound.
//!
//! The range is as long as 32-bit addresses reach, so an access needs no check: what is not mapped traps. Two things must not be left to
//! that. `memory.grow` would have nothing to grow, so it counts pages; and `memory.copy` and `memory.fill`, which run in the host, must not touch
//! what traps, so they look at their ranges first. Segments of data are written by the host too, so they must lie in the memory that the
//! module begins with.

use std::convert::Infallible;
use std::ops::Range;

use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ExportKind, ExportSection, Function, FunctionSection, GlobalSection, GlobalType, InstructionSink,
    MemorySection, MemoryType, Module, RawSection, SectionId, TypeSection, ValType,
};
use wasmparser::{DataKind, ExternalKind, Operator, Parser, Payload, Validator, WasmFeatures};

use crate::error::ModuleError;
use crate::inspect::constant;
use crate::limits::ModuleLimits;
use crate::places::{PAGE, Places};

/// The exports that the loader adds begin like this.
const OURS: &str = "quintet:";
/// The linear memory.
pub(crate) const MEMORY: &str = "quintet:memory";
/// The global with the end of what can be read.
pub(crate) const READABLE: &str = "quintet:readable";
/// What the module wants to run first. It is exported so that it runs with a budget, when the memory is as it should be.
pub(crate) const START: &str = "quintet:start";

/// What of WebAssembly modules may use.
const FEATURES: WasmFeatures = WasmFeatures::WASM1
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::CALL_INDIRECT_OVERLONG)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::SIMD);

/// The parts of a module, in the order in which they stand.
#[derive(Default)]
struct Parts<'w> {
    types: TypeSection,
    functions: FunctionSection,
    table: Option<&'w [u8]>,
    /// Pages that the memory begins with, and those that it asks for at most.
    memory: Option<(u64, Option<u64>)>,
    globals: GlobalSection,
    exports: ExportSection,
    start: Option<u32>,
    elements: Option<&'w [u8]>,
    bodies: Vec<wasmparser::FunctionBody<'w>>,
    data: Option<&'w [u8]>,
    /// The end of each segment of data.
    segments: Vec<u64>,
}

/// The module as it is compiled.
///
/// # Errors
/// It is malformed, uses what is not allowed, imports anything, or is over a limit.
pub(crate) fn rewrite(name: &str, wasm: &[u8], places: &Places, limits: &ModuleLimits) -> Result<Vec<u8>, ModuleError> {
    let error = |message: String| ModuleError::new(name, message);
    Validator::new_with_features(FEATURES)
        .validate_all(wasm)
        .map_err(|e| error(format!("it is no WebAssembly module of the kind that is taken: {e}")))?;
    let parts = Parts::of(wasm, limits).map_err(error)?;
    parts.finish(places).map_err(error)
}

impl<'w> Parts<'w> {
    fn of(wasm: &'w [u8], limits: &ModuleLimits) -> Result<Parts<'w>, String> {
        let mut parts = Parts::default();
        let malformed = |e: &dyn std::fmt::Display| format!("it cannot be read: {e}");
        let raw = |range: Range<u64>| wasm.get(range.start as usize..range.end as usize).ok_or("a section is too long");
        for payload in Parser::new(0).parse_all(wasm) {
            match payload.map_err(|e| malformed(&e))? {
                Payload::TypeSection(types) => RoundtripReencoder.parse_type_section(&mut parts.types, types).map_err(|e| malformed(&e))?,
                Payload::ImportSection(imports) => return Err(refused(imports).map_err(|e| malformed(&e))?),
                Payload::FunctionSection(functions) => {
                    RoundtripReencoder.parse_function_section(&mut parts.functions, functions).map_err(|e| malformed(&e))?;
                }
                Payload::TableSection(table) => parts.table = Some(raw(table.range())?),
                Payload::MemorySection(memories) => {
                    for memory in memories {
                        let memory = memory.map_err(|e| malformed(&e))?;
                        parts.memory = Some((memory.initial, memory.maximum));
                    }
                }
                Payload::GlobalSection(globals) => {
                    RoundtripReencoder.parse_global_section(&mut parts.globals, globals).map_err(|e| malformed(&e))?;
                }
                Payload::ExportSection(exports) => {
                    let count = exports.count() as usize;
                    if count > limits.exports {
                        return Err(format!("it exports {count} things; at most {} are allowed", limits.exports));
                    }
                    for export in exports {
                        let export = export.map_err(|e| malformed(&e))?;
                        if export.name.starts_with(OURS) {
                            return Err(format!(
                                "it exports `{}`; names that begin with `{OURS}` are the loader's",
                                export.name.escape_debug()
                            ));
                        }
                        // What is not a function is of no use to the host.
                        if export.kind == ExternalKind::Func {
                            parts.exports.export(export.name, ExportKind::Func, export.index);
                        }
                    }
                }
                Payload::StartSection { func, .. } => parts.start = Some(func),
                Payload::ElementSection(elements) => parts.elements = Some(raw(elements.range())?),
                Payload::CodeSectionEntry(body) => parts.bodies.push(body),
                Payload::DataSection(data) => {
                    parts.data = Some(raw(data.range())?);
                    for segment in data {
                        let segment = segment.map_err(|e| malformed(&e))?;
                        let DataKind::Active { offset_expr, .. } = &segment.kind else {
                            return Err("it has passive data, which is not allowed".into());
                        };
                        let at = constant(offset_expr).ok_or("the address of its data is not a constant")?;
                        parts.segments.push(u64::from(at) + segment.data.len() as u64);
                    }
                }
                _ => {}
            }
        }
        Ok(parts)
    }

    fn finish(mut self, places: &Places) -> Result<Vec<u8>, String> {
        let (initial, asked) = self.memory.ok_or("it has no memory, through which values come and go")?;
        let most = asked.unwrap_or(u64::MAX).min(u64::from(places.most));
        if initial > u64::from(places.most) {
            let (needs, allowed) = (initial * PAGE, places.own());
            return Err(format!("it begins with {needs} bytes of memory; at most {allowed} are allowed"));
        }
        if let Some(end) = self.segments.iter().find(|end| **end > initial * PAGE) {
            return Err(format!("its data ends at {end}, beyond the {} bytes of memory that it begins with", initial * PAGE));
        }
        let added = Added {
            pages: self.globals.len(),
            readable: self.globals.len() + 1,
            grow: self.functions.len(),
            copy: self.functions.len() + 1,
            fill: self.functions.len() + 2,
        };
        let i32_global = |mutable| GlobalType { val_type: ValType::I32, mutable, shared: false };
        self.globals.global(i32_global(true), &ConstExpr::i32_const(initial as i32));
        let readable = GlobalType { val_type: ValType::I64, mutable: true, shared: false };
        self.globals.global(readable, &ConstExpr::i64_const(i64::from(places.window)));
        let ty = self.types.len();
        self.types.ty().function([ValType::I32], [ValType::I32]);
        self.types.ty().function([ValType::I32, ValType::I32, ValType::I32], []);
        self.functions.function(ty).function(ty + 1).function(ty + 1);
        self.exports.export(MEMORY, ExportKind::Memory, 0).export(READABLE, ExportKind::Global, added.readable);
        if let Some(start) = self.start {
            self.exports.export(START, ExportKind::Func, start);
        }
        let mut code = CodeSection::new();
        for body in self.bodies {
            let mut rewriter = Rewriter { added: &added, refused: None };
            rewriter.parse_function_body(&mut code, body).map_err(|e| format!("it cannot be read: {e}"))?;
            if let Some(name) = rewriter.refused {
                return Err(format!("it has the instruction {name}, which is not allowed"));
            }
        }
        code.function(&added.grow(most)).function(&added.copy(places)).function(&added.fill(places));
        let mut memories = MemorySection::new();
        memories.memory(MemoryType {
            minimum: places.pages,
            maximum: Some(places.pages),
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        let mut module = Module::new();
        module.section(&self.types).section(&self.functions);
        let raw = |module: &mut Module, id: SectionId, data: Option<&[u8]>| {
            if let Some(data) = data {
                module.section(&RawSection { id: id.into(), data });
            }
        };
        raw(&mut module, SectionId::Table, self.table);
        module.section(&memories).section(&self.globals).section(&self.exports);
        raw(&mut module, SectionId::Element, self.elements);
        module.section(&code);
        raw(&mut module, SectionId::Data, self.data);
        Ok(module.finish())
    }
}

/// What to say of a module that imports something.
fn refused(imports: wasmparser::ImportSectionReader<'_>) -> Result<String, wasmparser::Error> {
    /// Names that are shown.
    const SHOWN: usize = 5;
    let mut names = Vec::new();
    for import in imports.into_imports() {
        let import = import?;
        names.push(format!("`{}.{}`", import.module.escape_debug(), import.name.escape_debug()));
    }
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let hint = if names.iter().any(|name| name == "`env.abort`") { " (AssemblyScript: `--use abort=`)" } else { "" };
    Ok(format!("it imports {}{more}; a module is given its arguments and nothing else{hint}", names.join(", ")))
}

/// What is added to the module, by index.
struct Added {
    /// The global that counts the pages of the module's own memory.
    pages: u32,
    /// The global with the end of what can be read.
    readable: u32,
    /// The functions in place of the instructions.
    grow: u32,
    copy: u32,
    fill: u32,
}

/// Puts calls in place of what works on whole memory.
struct Rewriter<'a> {
    added: &'a Added,
    /// An instruction that works on passive data, of which there is none.
    refused: Option<&'static str>,
}

impl Reencode for Rewriter<'_> {
    type Error = Infallible;

    fn instruction<'a>(
        &mut self,
        operator: Operator<'a>,
    ) -> Result<wasm_encoder::Instruction<'a>, wasm_encoder::reencode::Error<Infallible>> {
        use wasm_encoder::Instruction::{Call, GlobalGet, Unreachable};
        Ok(match operator {
            Operator::MemorySize { .. } => GlobalGet(self.added.pages),
            Operator::MemoryGrow { .. } => Call(self.added.grow),
            Operator::MemoryCopy { .. } => Call(self.added.copy),
            Operator::MemoryFill { .. } => Call(self.added.fill),
            Operator::MemoryInit { .. } | Operator::DataDrop { .. } => {
                self.refused = Some(if matches!(operator, Operator::DataDrop { .. }) { "data.drop" } else { "memory.init" });
                Unreachable
            }
            operator => wasm_encoder::reencode::utils::instruction(self, operator)?,
        })
    }
}

impl Added {
    /// `grow(pages)`: the pages before, or -1 where they would be more than `most`.
    fn grow(&self, most: u64) -> Function {
        let mut function = Function::new([]);
        let mut i = function.instructions();
        i.global_get(self.pages).i64_extend_i32_u().local_get(0).i64_extend_i32_u().i64_add().i64_const(most as i64).i64_gt_u();
        i.if_(BlockType::Empty).i32_const(-1).return_().end();
        i.global_get(self.pages).global_get(self.pages).local_get(0).i32_add().global_set(self.pages).end();
        function
    }

    /// Traps unless the bytes from `local` on, of which there are as many as local 2 says, may be written: they are the module's own or among
    /// the host's.
    fn written(&self, i: &mut InstructionSink<'_>, places: &Places, local: u32) {
        self.end(i, local);
        self.own(i);
        i.i64_gt_u().if_(BlockType::Empty);
        self.end(i, local);
        i.i64_const(i64::from(places.window)).i64_gt_u();
        i.local_get(local).i32_const(places.host as i32).i32_lt_u().i32_or();
        i.if_(BlockType::Empty).unreachable().end().end();
    }

    /// One past the bytes.
    fn end(&self, i: &mut InstructionSink<'_>, local: u32) {
        i.local_get(local).i64_extend_i32_u().local_get(2).i64_extend_i32_u().i64_add();
    }

    /// One past the module's own memory.
    fn own(&self, i: &mut InstructionSink<'_>) {
        i.global_get(self.pages).i64_extend_i32_u().i64_const(16).i64_shl();
    }

    /// `copy(to, from, bytes)`.
    fn copy(&self, places: &Places) -> Function {
        let mut function = Function::new([]);
        let mut i = function.instructions();
        self.written(&mut i, places, 0);
        self.end(&mut i, 1);
        self.own(&mut i);
        i.i64_gt_u().if_(BlockType::Empty);
        self.end(&mut i, 1);
        i.global_get(self.readable).i64_gt_u();
        i.local_get(1).i32_const(places.host as i32).i32_lt_u().i32_or();
        i.if_(BlockType::Empty).unreachable().end().end();
        i.local_get(0).local_get(1).local_get(2).memory_copy(0, 0).end();
        function
    }

    /// `fill(to, byte, bytes)`.
    fn fill(&self, places: &Places) -> Function {
        let mut function = Function::new([]);
        let mut i = function.instructions();
        self.written(&mut i, places, 0);
        i.local_get(0).local_get(1).local_get(2).memory_fill(0).end();
        function
    }
}
