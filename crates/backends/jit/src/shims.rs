//! The shims of helpers that are hardly ever called, of which there is one for each in the process.

use std::sync::OnceLock;

use cranelift_codegen::Context;
use cranelift_codegen::ir::InstBuilder;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::isa::TargetIsa;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

use crate::config::{self, Effort};
use crate::memory::CodeMemory;
use crate::rare::{CONVENTION, RARE};
use crate::symbols::Helper;

/// Makes the shims, unless that is done.
///
/// # Errors
/// Where there is no code generator for this machine.
pub(crate) fn make() -> Result<(), String> {
    shims().map(|_| ()).map_err(str::to_owned)
}

/// The address of a helper's shim; none where the helper has none.
pub(crate) fn address(helper: Helper) -> Option<usize> {
    let place = RARE.iter().position(|rare| *rare == helper)?;
    Some(shims().ok()?.get(place)?.at(0).addr())
}

fn shims() -> Result<&'static [CodeMemory], &'static str> {
    static SHIMS: OnceLock<Result<Vec<CodeMemory>, String>> = OnceLock::new();
    let made = SHIMS.get_or_init(|| {
        let isa = config::isa(Effort::Registers, cfg!(debug_assertions))?;
        RARE.iter().map(|helper| shim(*helper, &*isa)).collect()
    });
    made.as_deref().map_err(String::as_str)
}

/// A function that calls the helper and keeps all registers.
fn shim(helper: Helper, isa: &dyn TargetIsa) -> Result<CodeMemory, String> {
    let mut context = Context::new();
    context.func.signature = helper.signature(CONVENTION);
    let mut builder = FunctionBuilderContext::new();
    let mut b = FunctionBuilder::new(&mut context.func, &mut builder);
    let entry = b.create_block();
    b.append_block_params_for_function_params(entry);
    b.switch_to_block(entry);
    let args = b.block_params(entry).to_vec();
    let signature = b.import_signature(helper.signature(isa.default_call_conv()));
    let address = b.ins().iconst(I64, helper.address() as i64);
    b.ins().call_indirect(signature, address, &args);
    b.ins().return_(&[]);
    b.seal_all_blocks();
    b.finalize(isa.frontend_config());
    context.compile(isa, &mut Default::default()).map_err(|e| e.inner.to_string())?;
    CodeMemory::new(context.compiled_code().ok_or("nothing was compiled")?.code_buffer())
}
