//! The function that a rule becomes where compiling must be quick: it answers one record, and has no branch that it can do without. What
//! walks a batch is in the instance, once for all rules.

use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{Function, InstBuilder};
use cranelift_codegen::isa::TargetIsa;
use cranelift_frontend::FunctionBuilderContext;
use quintet_lang::ast::Rule;
use quintet_runtime::{Linked, Trap};

use crate::generator::{Generator, Made, begin};
use crate::symbols::{Helper, Symbols};

/// Generates the function of `rule` into `func`, which is empty. It takes what a function for a block of records takes, and looks at the
/// first one alone. Names that it refers to are added to `symbols`.
pub(crate) fn generate(
    linked: &Linked,
    (index, rule): (usize, &Rule),
    isa: &dyn TargetIsa,
    func: &mut Function,
    context: &mut FunctionBuilderContext,
    symbols: &mut Symbols,
) -> Made<()> {
    let (mut b, [state, arena, record, _]) = begin(func, context, isa, I64)?;
    let no = b.create_block();
    let mut g = Generator::new(b, linked, symbols, isa, &rule.frame, [state, arena, record]);
    g.lean = true;
    let counts = g.begin_rule(index, rule)?;
    let answer = g.answer(&rule.expr, no)?;
    if counts {
        let (answered, exhausted) = (g.block(), g.cold_block());
        let found = g.b.append_block_param(answered, I64);
        g.jump_with(answered, &[answer]);
        g.b.switch_to_block(no);
        let zero = g.int(0);
        g.jump_with(answered, &[zero]);
        g.b.switch_to_block(answered);
        let within = g.within_budget();
        let end = g.block();
        g.branch(within, end, exhausted);
        g.b.switch_to_block(end);
        g.b.ins().return_(&[found]);
        g.b.switch_to_block(exhausted);
        let code = g.b.ins().iconst(I32, i64::from(Trap::Budget.code()));
        g.report(code);
    } else {
        g.b.ins().return_(&[answer]);
        g.b.switch_to_block(no);
        let zero = g.int(0);
        g.b.ins().return_(&[zero]);
    }
    if let Some(trap) = g.end_traps() {
        g.b.switch_to_block(trap);
        let code = g.b.block_params(trap)[0];
        g.report(code);
    }
    g.b.seal_all_blocks();
    g.b.finalize(isa.frontend_config());
    Ok(())
}

impl Generator<'_, '_> {
    /// Notes a trap and answers that the rule does not match.
    fn report(&mut self, code: cranelift_codegen::ir::Value) {
        self.call(Helper::Trap, &[self.state, self.record, code]);
        let zero = self.int(0);
        self.b.ins().return_(&[zero]);
    }
}
