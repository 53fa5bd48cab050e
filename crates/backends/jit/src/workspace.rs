//! From the program to a function of Cranelift's, which is all that texts of it need.

use cranelift_codegen::Context;
use cranelift_codegen::isa::TargetIsa;
use cranelift_frontend::FunctionBuilderContext;
use quintet_runtime::Linked;

use crate::generator::generate;
use crate::marks::Places;
use crate::script;
use crate::single;
use crate::symbols::Symbols;
use crate::unit::Unit;

/// What compiling a rule needs and the next rule can use again.
pub(crate) struct Workspace {
    /// Whether rules become functions for one record.
    pub(crate) single: bool,
    pub(crate) context: Context,
    builder: FunctionBuilderContext,
    pub(crate) symbols: Symbols,
}

impl Workspace {
    pub(crate) fn new(single: bool) -> Box<Workspace> {
        Box::new(Workspace { single, context: Context::new(), builder: FunctionBuilderContext::new(), symbols: Symbols::default() })
    }

    /// Generates a function in Cranelift's representation, not yet compiled.
    pub(crate) fn generate(&mut self, program: &Linked, unit: Unit<'_>, isa: &dyn TargetIsa) -> Result<&mut Context, String> {
        self.symbols.clear();
        self.generate_into(program, unit, isa)
    }

    /// The same with the places of the source that instructions are made for.
    pub(crate) fn generate_marked(
        &mut self,
        program: &Linked,
        unit: Unit<'_>,
        isa: &dyn TargetIsa,
    ) -> Result<(&mut Context, Places), String> {
        self.symbols.clear();
        self.symbols.places = Some(Places::default());
        self.generate_into(program, unit, isa)?;
        Ok((&mut self.context, self.symbols.places.take().unwrap_or_default()))
    }

    fn generate_into(&mut self, program: &Linked, unit: Unit<'_>, isa: &dyn TargetIsa) -> Result<&mut Context, String> {
        self.context.clear();
        let (func, builder, symbols) = (&mut self.context.func, &mut self.builder, &mut self.symbols);
        let generated = match unit {
            Unit::Rule(index, rule) if self.single => single::generate(program, (index, rule), isa, func, builder, symbols),
            Unit::Rule(index, rule) => generate(program, (index, rule), isa, func, builder, symbols),
            Unit::Function(id) => script::generate(program, id, isa, func, builder, symbols),
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            Unit::Test(_, frame, expr) => crate::stencil::generate(program, (frame, expr), isa, func, builder, symbols),
        };
        generated.map_err(|_| "the program is not well typed; only programs of the checker can be compiled")?;
        Ok(&mut self.context)
    }

    /// Compiles a function.
    pub(crate) fn compile(
        &mut self,
        program: &Linked,
        unit: Unit<'_>,
        isa: &dyn TargetIsa,
        disassemble: bool,
    ) -> Result<&mut Context, String> {
        let context = self.generate(program, unit, isa)?;
        context.set_disasm(disassemble);
        context.compile(isa, &mut Default::default()).map_err(|e| e.inner.to_string())?;
        Ok(context)
    }

    /// What the last function refers to in its table of parts, as comments.
    pub(crate) fn legend(&self) -> String {
        self.symbols.legend()
    }
}
