//! Tests that have no stencil: each becomes a function that Cranelift compiles with the generator of the other configurations.

use cranelift_codegen::ir::types::I32;
use cranelift_codegen::ir::{Function, InstBuilder};
use cranelift_codegen::isa::TargetIsa;
use cranelift_frontend::FunctionBuilderContext;
use quintet_lang::ast::{Expr, Frame};
use quintet_runtime::Linked;

use crate::generator::{Generator, Made, begin};
use crate::symbols::{Helper, Symbols};

/// A test for Cranelift. Its function is handed the state, the arena and the record, and answers 0, 1 or [`TRAPPED`].
pub(crate) struct Leaf<'p> {
    /// The rule that it is in.
    pub(crate) rule: usize,
    pub(crate) expr: &'p Expr,
    /// Where the function's address belongs in the code.
    pub(crate) at: usize,
}

/// The answer of a test that has trapped, and has noted so.
pub(crate) const TRAPPED: u8 = 2;

/// Generates the function of a test, which is in a rule with this frame.
pub(crate) fn generate(
    linked: &Linked,
    (frame, expr): (&Frame, &Expr),
    isa: &dyn TargetIsa,
    func: &mut Function,
    context: &mut FunctionBuilderContext,
    symbols: &mut Symbols,
) -> Made<()> {
    let (b, [state, arena, record]) = begin(func, context, isa, I32)?;
    let mut g = Generator::new(b, linked, symbols, isa, frame, [state, arena, record]);
    let [yes, no] = std::array::from_fn(|_| g.block());
    g.test(expr, yes, no)?;
    if let Some(trap) = g.end_traps() {
        g.b.switch_to_block(trap);
        let code = g.b.block_params(trap)[0];
        g.call(Helper::Trap, &[state, record, code]);
        let trapped = g.number(u32::from(TRAPPED));
        g.b.ins().return_(&[trapped]);
    }
    for (block, answer) in [(yes, 1), (no, 0)] {
        g.b.switch_to_block(block);
        let answer = g.number(answer);
        g.b.ins().return_(&[answer]);
    }
    g.b.seal_all_blocks();
    g.b.finalize(isa.frontend_config());
    Ok(())
}
