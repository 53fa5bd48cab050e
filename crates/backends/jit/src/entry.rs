//! Calls of functions by the host: of each function that is called, an entry that takes its arguments from words and puts its results into
//! words.
//!
//! An entry is made when it is first asked for, so that programs whose functions only rules call do not take longer to compile.

use std::sync::OnceLock;

use cranelift_codegen::Context;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{AbiParam, InstBuilder, MemFlagsData, Signature};
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use quintet_lang::Type;
use quintet_lang::ast::{self, FnId};
use quintet_native::Cell;
use quintet_runtime::{Linked, Scratch, Trap, Value};

use crate::instance::State;
use crate::memory::CodeMemory;
use crate::script::{answer_words, has_area, parameters, signature};

/// An entry: of the record in its arena, how many calls may go on inside the function, the words of the arguments and a place for those of the
/// results. It answers 0 or a trap's code.
pub(crate) type EntryFn =
    unsafe extern "C" fn(state: *mut State, arena: *const u8, record: *const u8, calls: u32, args: *const u64, results: *mut u64) -> u32;

/// The entries of a program's functions, as far as they were made.
pub(crate) struct Entries {
    isa: OwnedTargetIsa,
    made: Box<[OnceLock<Result<CodeMemory, String>>]>,
}

impl Entries {
    pub(crate) fn new(program: &Linked, isa: OwnedTargetIsa) -> Entries {
        Entries { isa, made: program.program().functions.iter().map(|_| OnceLock::new()).collect() }
    }

    /// The entry of a function whose code is at an address.
    pub(crate) fn get(&self, program: &Linked, id: FnId, body: usize) -> Result<EntryFn, &str> {
        let (made, function) =
            self.made.get(id.index()).zip(program.program().functions.get(id.index())).ok_or("there is no such function")?;
        let memory = made.get_or_init(|| self.make(function, body)).as_ref().map_err(String::as_str)?;
        // SAFETY: a function with the signature and convention of `EntryFn` was placed there.
        Ok(unsafe { std::mem::transmute::<*const u8, EntryFn>(memory.at(0)) })
    }

    fn make(&self, function: &ast::Function, body: usize) -> Result<CodeMemory, String> {
        let isa = &*self.isa;
        let mut context = Context::new();
        context.func.signature = Signature::new(isa.default_call_conv());
        context.func.signature.params.extend([I64, I64, I64, I32, I64, I64].map(AbiParam::new));
        context.func.signature.returns.push(AbiParam::new(I32));
        let mut builder = FunctionBuilderContext::new();
        let mut b = FunctionBuilder::new(&mut context.func, &mut builder);
        let entry = b.create_block();
        b.append_block_params_for_function_params(entry);
        b.switch_to_block(entry);
        let &[state, arena, record, calls, args, results] = b.block_params(entry) else { return Err("an entry of no shape".into()) };
        let mut all = vec![state, arena, record, calls];
        all.extend(has_area(function).then_some(results));
        for (place, ty) in parameters(function).into_iter().skip(all.len()).enumerate() {
            all.push(b.ins().load(ty, MemFlagsData::trusted(), args, place as i32 * 8));
        }
        let signature = b.import_signature(signature(function, isa));
        let address = b.ins().iconst(I64, body as i64);
        let call = b.ins().call_indirect(signature, address, &all);
        let answers = b.inst_results(call).to_vec();
        let (status, word) = answers.split_first().ok_or("a function without a status")?;
        if let Some(word) = word.first() {
            b.ins().store(MemFlagsData::trusted(), *word, results, 0);
        }
        b.ins().return_(&[*status]);
        b.seal_all_blocks();
        b.finalize(isa.frontend_config());
        context.compile(isa, &mut Default::default()).map_err(|e| e.inner.to_string())?;
        let compiled = context.compiled_code().ok_or("nothing was compiled")?;
        CodeMemory::new(compiled.code_buffer())
    }
}

/// The words of arguments, as [`parameters`] has them. Arrays and maps that are in no block are copied into one in `scratch`.
pub(crate) fn argument_words(function: &ast::Function, args: &[Value<'_>], scratch: &Scratch) -> Result<Vec<u64>, Trap> {
    let mut words = Vec::with_capacity(args.len() * 4);
    for (arg, param) in args.iter().zip(&function.frame.locals) {
        let Cell { present, words: [a, b, c] } = Cell::store(&param.ty, *arg, scratch)?;
        words.extend(param.nullable.then_some(present));
        match param.ty {
            Type::Bool | Type::Int | Type::U32 | Type::Float => words.push(a),
            Type::Bytes => words.extend([a, b]),
            Type::Ip => words.extend([a, b, c]),
            Type::Array(_) | Type::Map(_) => words.extend([a, b & 0xffff_ffff, b >> 32]),
            Type::List(..) => {}
        }
    }
    Ok(words)
}

/// The values that the words of results stand for.
///
/// # Safety
/// The function answered them, and what they refer to lives and stays unchanged during `'a`.
pub(crate) unsafe fn results<'a>(function: &'a ast::Function, words: &'a [u64]) -> impl Iterator<Item = Value<'a>> {
    debug_assert_eq!(words.len(), answer_words(function), "a word for each part");
    let mut words = words.iter().copied();
    function.results.iter().map(move |answer| {
        let mut next = || words.next().unwrap_or_default();
        let present = if answer.nullable { next() } else { 1 };
        let words = match answer.ty {
            Type::Bool | Type::Int | Type::U32 | Type::Float => [next(), 0, 0],
            Type::Bytes => [next(), next(), 0],
            Type::Ip => [next(), next(), next()],
            Type::Array(_) | Type::Map(_) => [next(), next() | next() << 32, 0],
            Type::List(..) => [0; 3],
        };
        // SAFETY: as the caller promises.
        unsafe { Cell { present, words }.load(&answer.ty) }
    })
}
