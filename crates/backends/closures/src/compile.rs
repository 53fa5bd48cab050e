//! From a linked program to closures.

use std::sync::Arc;

use quintet_lang::ast::Program;
use quintet_runtime::{Backend, BackendId, CompileError, Compiled, Emit, EmitError, Isolation, Linked, Traits, Unsupported};

use crate::code::Executable;
use crate::config::{Closures, ID};
use crate::generator::Generator;

impl Backend for Closures {
    fn id(&self) -> BackendId {
        ID
    }

    fn traits(&self) -> Traits {
        Traits { executable_memory: false, isolation: Isolation::SafeRust }
    }

    fn supports(&self, _: &Linked) -> Result<(), Unsupported> {
        Ok(())
    }

    fn compile(&self, program: &Arc<Linked>) -> Result<Arc<dyn Compiled>, CompileError> {
        let mut builder = Generator::new(program);
        let Program { rules, functions, .. } = program.program();
        let rules = rules.iter().map(|rule| builder.rule(rule)).collect();
        let functions = if functions.is_empty() { Vec::new() } else { functions.iter().map(|it| builder.function(it)).collect() };
        Ok(Executable::new(program.clone(), rules, functions, builder.finish()))
    }

    fn emits(&self) -> &'static [Emit] {
        &[]
    }

    fn emit(&self, _: &Arc<Linked>, form: Emit) -> Result<String, EmitError> {
        Err(EmitError::new(ID, format!("closures have no text form, so no {}", form.name())))
    }
}
