//! From a linked program to machine code.

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
use std::sync::LazyLock;
use std::sync::{Arc, Mutex, PoisonError};

use cranelift_codegen::FinalizedRelocTarget;
use cranelift_codegen::binemit::Reloc;
use quintet_lang::ast::FnId;
use quintet_lang::{Limits, Marked};
use quintet_runtime::{
    Artifact, Backend, BackendId, CompileError, Compiled, Emit, EmitError, Instance, InstantiateError, Isolation, Linked, Threshold,
    Traits, Unsupported,
};

use crate::array::constants;
use crate::config::{BEST, FAST, Isas, STENCIL};
use crate::emit;
use crate::entry::{Entries, EntryFn};
use crate::instance::{RuleFn, Runner};
use crate::memory::CodeMemory;
use crate::shims;
use crate::symbols::Target;
use crate::unit::{Call, Unit};
use crate::workspace::Workspace;

/// Alignment of functions in code memory.
const ALIGN: usize = 16;

/// Alignment of a rule's loop over records: a line of the caches, so that a loop of one test is in one of them.
pub(crate) const LOOP_ALIGN: usize = 64;

/// The backend.
pub struct Jit {
    id: BackendId,
    isas: Result<Isas, String>,
    /// Buffers of finished compilations, for the next ones.
    idle: Mutex<Vec<Box<Workspace>>>,
}

impl Jit {
    /// The default configuration, [`BEST`]: the best code.
    pub fn best() -> Jit {
        Jit::new(BEST, cfg!(debug_assertions))
    }

    /// The configuration [`FAST`]: the shortest compile time.
    pub fn fast() -> Jit {
        Jit::new(FAST, cfg!(debug_assertions))
    }

    /// The same configuration with Cranelift's verifier on, which checks all generated code and takes about as long as compiling. Builds
    /// with debug assertions have it on anyway.
    pub fn verified(self) -> Jit {
        Jit::new(self.id, true)
    }

    /// The configuration [`STENCIL`]: code put together from pieces.
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    pub fn stencil() -> Jit {
        Jit::new(STENCIL, cfg!(debug_assertions))
    }

    fn new(id: BackendId, verify: bool) -> Jit {
        let isas = Isas::new(id, verify).and_then(|isas| shims::make().map(|()| isas));
        Jit { id, isas, idle: Mutex::default() }
    }

    /// Whether rules become functions for one record each, which are compiled sooner, and not for blocks of them.
    fn is_single(&self) -> bool {
        self.id == FAST
    }

    /// The host's instruction set, or why there is none.
    pub(crate) fn isas(&self) -> Result<&Isas, &str> {
        self.isas.as_ref().map_err(String::as_str)
    }

    /// Uses buffers of an earlier compilation. Those that a large rule of the program has used are freed, not kept. After an error they are dropped: what they hold is half done.
    pub(crate) fn with_workspace<T, E>(&self, program: &Linked, work: impl FnOnce(&mut Workspace) -> Result<T, E>) -> Result<T, E> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = idle().pop();
        let mut workspace = kept.unwrap_or_else(|| Workspace::new(self.is_single()));
        let done = work(&mut workspace)?;
        let used = workspace.context.compiled_code().map_or(0, |c| c.code_buffer().len());
        if !program.exceeds(Threshold::JitKeptBytes, used) {
            idle().push(workspace);
        }
        Ok(done)
    }

    /// Puts the code of all rules together.
    fn assemble(&self, program: &Arc<Linked>) -> Result<Code, String> {
        #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
        if self.id == STENCIL {
            return crate::stencil::assemble(self, program);
        }
        let placed = self.place(program, Unit::all(program.program()))?;
        let functions = (0..program.program().rules.len()).map(|rule| placed.rule(rule)).collect();
        self.code(program, functions, placed)
    }

    /// Code whose rules are these functions.
    pub(crate) fn code(&self, program: &Arc<Linked>, functions: Vec<RuleFn>, placed: Placed) -> Result<Code, String> {
        Ok(Code {
            id: self.id,
            single: self.is_single(),
            functions,
            placed,
            entries: Entries::new(program, self.isas()?.own().clone()),
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            piece: None,
            program: program.clone(),
        })
    }

    /// Compiles units and puts their code where it stays.
    pub(crate) fn place<'p>(&self, program: &'p Arc<Linked>, units: impl Iterator<Item = Unit<'p>>) -> Result<Placed, String> {
        let tables: Vec<Box<[u64]>> = program.program().tables.iter().map(constants).collect();
        let (mut bytes, mut calls) = (Vec::new(), Vec::new());
        let (mut starts, mut functions, mut parts, mut frames) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let isas = self.isas()?;
        for unit in units {
            let isa = isas.of(program, unit);
            self.with_workspace(program, |workspace| {
                workspace.compile(program, unit, isa, false).map_err(|e| format!("{}: {e}", unit.name(program.program())))?;
                bytes.resize(workspace.start(bytes.len(), unit), 0);
                starts.push(bytes.len());
                if unit.is_called() {
                    functions.push(bytes.len());
                }
                parts.push(workspace.place(&mut bytes, &tables, &mut calls)?);
                if let Unit::Function(_) = unit {
                    frames.push(workspace.frame_bytes() as u64);
                }
                Ok::<(), String>(())
            })?;
        }
        within_stack(program, &frames)?;
        for call in calls {
            let to = functions.get(call.to.index()).ok_or("a call of a function that there is not")?;
            call.resolve(*to, &mut bytes)?;
        }
        Ok(Placed { memory: CodeMemory::new(&bytes)?, starts, functions, parts, tables })
    }
}

/// Makes the stencils of [`STENCIL`], which takes some milliseconds, unless this process has them. Answers whether the machine has any.
pub fn make_stencils() -> bool {
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    {
        crate::stencil::ready().is_ok()
    }
    #[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
    {
        false
    }
}

/// A program put together from stencils alone, in microseconds: as [`STENCIL`] compiles it. None where it has a part without a stencil, which
/// would have to be compiled, and where this process has not [made](make_stencils) the stencils.
pub fn from_stencils(program: &Arc<Linked>) -> Option<Arc<dyn Compiled>> {
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    {
        static JIT: LazyLock<Jit> = LazyLock::new(Jit::stencil);
        program.fits_code().ok()?;
        let code = crate::stencil::assemble_whole(&JIT, program)?;
        Some(Arc::new(Executable { code: Arc::new(code) }))
    }
    #[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
    {
        let _ = program;
        None
    }
}

/// Compiled units where they stay, with what they refer to.
pub(crate) struct Placed {
    memory: CodeMemory,
    /// Where each unit begins.
    starts: Vec<usize>,
    /// Where each function of the program begins.
    functions: Vec<usize>,
    /// The tables of parts of the units.
    parts: Vec<Box<[usize]>>,
    /// The constant arrays.
    tables: Vec<Box<[u64]>>,
}

impl Placed {
    /// The address of a unit.
    pub(crate) fn at(&self, unit: usize) -> *const u8 {
        self.memory.at(self.starts[unit])
    }

    /// The function of a unit that is a rule.
    pub(crate) fn rule(&self, unit: usize) -> RuleFn {
        // SAFETY: a function with the signature and convention of `RuleFn` was placed there.
        unsafe { std::mem::transmute::<*const u8, RuleFn>(self.at(unit)) }
    }
}

impl Workspace {
    /// Where the last function, which is a unit's, begins behind so many bytes of code.
    fn start(&self, before: usize, unit: Unit<'_>) -> usize {
        let blocks = self.context.compiled_code().map_or(&[][..], |code| &code.bb_starts);
        match (unit, blocks) {
            // What is run once is the first block.
            (Unit::Rule(..), [_, head, ..]) if !self.single => (before + *head as usize).next_multiple_of(LOOP_ALIGN) - *head as usize,
            _ => before.next_multiple_of(ALIGN),
        }
    }

    /// Bytes of stack that a call of the last function takes.
    fn frame_bytes(&self) -> usize {
        // With what the call itself pushes: the address to go back to and the caller's frame.
        let layout = self.context.compiled_code().and_then(|code| code.buffer.frame_layout());
        layout.map_or(0, |layout| layout.frame_to_fp_offset as usize) + 16
    }

    /// Appends the compiled function to `code` and fills in addresses; calls of functions of the program are added to `calls`. Answers its
    /// table of parts, which must live as long as the code, and so must `tables`.
    fn place(&self, code: &mut Vec<u8>, tables: &[Box<[u64]>], calls: &mut Vec<Call>) -> Result<Box<[usize]>, String> {
        let compiled = self.context.compiled_code().ok_or("nothing was compiled")?;
        let (start, parts) = (code.len(), self.symbols.parts());
        code.extend_from_slice(compiled.code_buffer());
        for reloc in compiled.buffer.relocs() {
            let FinalizedRelocTarget::ExternalName(name) = &reloc.target else {
                return Err(format!("no support for relocations of kind {} within a function", reloc.kind));
            };
            let target = self.symbols.target(name, &parts, tables).ok_or_else(|| format!("nothing is called {name:?}"))?;
            let at = start + reloc.offset as usize;
            let address = match (target, reloc.kind) {
                (Target::Address(address), Reloc::Abs8) => address,
                (Target::Function(to), kind) => {
                    calls.push(Call { at, to, kind, addend: reloc.addend });
                    continue;
                }
                (Target::Address(_), kind) => return Err(format!("no support for relocations of kind {kind}")),
            };
            let word = code.get_mut(at..at + 8).ok_or("a relocation outside the code")?;
            word.copy_from_slice(&address.wrapping_add_signed(reloc.addend as isize).to_ne_bytes());
        }
        Ok(parts)
    }
}

/// Bytes of stack that calls of functions of a program may take: half of what threads usually have.
const STACK: u64 = 1 << 20;

/// Whether calls of functions of a program inside one another have enough stack, where a call of each takes so many bytes.
fn within_stack(program: &Linked, frames: &[u64]) -> Result<(), String> {
    match program.plan().deepest(frames) {
        Some((bytes, widest)) if bytes > STACK => Err(format!(
            "calls of functions inside one another may take {bytes} bytes of stack, and {STACK} are there; give function `{}`, which takes \
             most of them, fewer locals, or use a backend that keeps them elsewhere: interp or closures",
            program.program().functions[widest.index()].name
        )),
        _ => Ok(()),
    }
}

impl Backend for Jit {
    fn id(&self) -> BackendId {
        self.id
    }

    fn traits(&self) -> Traits {
        Traits { executable_memory: true, isolation: Isolation::None }
    }

    fn supports(&self, _: &Linked) -> Result<(), Unsupported> {
        #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
        if let (STENCIL, Err(why)) = (self.id, crate::stencil::ready()) {
            return Err(Unsupported { backend: self.id, construct: format!("stencils on this machine: {why}") });
        }
        match &self.isas {
            Ok(_) => Ok(()),
            Err(_) => Err(Unsupported { backend: self.id, construct: "code generator for this machine".into() }),
        }
    }

    fn compile(&self, program: &Arc<Linked>) -> Result<Arc<dyn Compiled>, CompileError> {
        program.fits_code().map_err(|e| CompileError::new(self.id, e))?;
        let code = self.assemble(program).map_err(|e| CompileError::new(self.id, e))?;
        if program.program().rules.is_empty() {
            // Nothing else is ever run.
            code.make_entries().map_err(|e| CompileError::new(self.id, e))?;
        }
        Ok(Arc::new(Executable { code: Arc::new(code) }))
    }

    fn emits(&self) -> &'static [Emit] {
        if self.id == STENCIL { &[Emit::Asm] } else { &[Emit::Clif, Emit::Asm] }
    }

    fn emit(&self, program: &Arc<Linked>, form: Emit) -> Result<String, EmitError> {
        program.fits_code().map_err(|e| EmitError::new(self.id, e))?;
        emit::text(self, program, form).map_err(|e| EmitError::new(self.id, e))
    }

    fn emit_marked(&self, program: &Arc<Linked>, form: Emit) -> Result<Marked, EmitError> {
        program.fits_code().map_err(|e| EmitError::new(self.id, e))?;
        emit::text_marked(self, program, form).map_err(|e| EmitError::new(self.id, e))
    }
}

/// Machine code with what it refers to.
///
/// The functions are addresses inside `placed` or `piece` and hold the addresses of constant arrays and of tables of parts, which in turn hold
/// addresses inside `program`: of its AST and of its prepared literals. Those of `piece` hold addresses inside `program` and `placed`. All of
/// these live in here, where they do not move, and are only dropped together, so a function may be called by whoever holds the `Arc` of this.
pub(crate) struct Code {
    id: BackendId,
    single: bool,
    functions: Vec<RuleFn>,
    placed: Placed,
    /// By which the host calls the functions of the program.
    entries: Entries,
    /// What was put together from stencils.
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    pub(crate) piece: Option<crate::stencil::Piece>,
    program: Arc<Linked>,
}

impl Code {
    /// Bytes of code.
    fn code_bytes(&self) -> usize {
        let placed = self.placed.memory.len();
        #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
        let placed = placed + self.piece.as_ref().map_or(0, crate::stencil::Piece::len);
        placed
    }

    pub(crate) fn id(&self) -> BackendId {
        self.id
    }

    /// Whether the functions answer one record, however many they are asked for.
    pub(crate) fn is_single(&self) -> bool {
        self.single
    }

    /// The functions of the rules, in order.
    #[inline]
    pub(crate) fn functions(&self) -> &[RuleFn] {
        &self.functions
    }

    /// Makes the entries of all functions that a host can call.
    fn make_entries(&self) -> Result<(), &str> {
        let functions = self.program.program().functions.iter().enumerate().filter(|(_, function)| function.is_callable());
        functions.map(|(place, _)| FnId(place as u32)).try_for_each(|id| self.entry(id).map(|_| ()))
    }

    /// By which the host calls a function.
    pub(crate) fn entry(&self, id: FnId) -> Result<EntryFn, &str> {
        let start = self.placed.functions.get(id.index()).copied().ok_or("there is no such function")?;
        self.entries.get(&self.program, id, self.placed.memory.at(start).addr())
    }

    /// The program.
    #[inline]
    pub(crate) fn program(&self) -> &Arc<Linked> {
        &self.program
    }
}

/// The compiled program.
struct Executable {
    code: Arc<Code>,
}

impl Compiled for Executable {
    fn instantiate(&self, limits: &Limits) -> Result<Box<dyn Instance>, InstantiateError> {
        Ok(Box::new(Runner::new(self.code.clone(), limits)))
    }

    fn artifact(&self) -> Artifact {
        let tables: usize = self.code.placed.parts.iter().map(|p| size_of_val(&**p)).sum();
        let constants: usize = self.code.placed.tables.iter().map(|t| size_of_val(&**t)).sum();
        Artifact { code_bytes: self.code.code_bytes(), data_bytes: size_of_val(self.code.functions()) + tables + constants }
    }
}
