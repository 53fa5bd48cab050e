//! From a linked program to closures.

use std::sync::Arc;

use quintet_runtime::{Backend, BackendId, CompileError, Compiled, Emit, EmitError, Isolation, Linked, Traits, Unsupported};

use crate::code::Code;
use crate::config::{Closures, ID};
use crate::expr::Builder;

impl Backend for Closures {
    fn id(&self) -> BackendId {
        ID
    }

    fn traits(&self) -> Traits {
        Traits { executable_memory: false, isolation: Isolation::SafeRust }
    }

    fn supports(&self, program: &Linked) -> Result<(), Unsupported> {
        program.without_scripts(self.id())
    }

    fn compile(&self, program: &Arc<Linked>) -> Result<Arc<dyn Compiled>, CompileError> {
        program.without_scripts(self.id()).map_err(|e| CompileError::new(self.id(), e))?;
        let rules = &program.program().rules;
        let mut builder = Builder::new(program);
        let tests = rules.iter().map(|rule| builder.rule(rule)).collect();
        let locals = rules.iter().map(|rule| rule.frame.locals.len()).max().unwrap_or(0);
        Ok(Arc::new(Code::new(program.clone(), tests, locals, builder.finish())))
    }

    fn emits(&self) -> &'static [Emit] {
        &[]
    }

    fn emit(&self, _: &Arc<Linked>, form: Emit) -> Result<String, EmitError> {
        Err(EmitError::new(ID, format!("closures have no text form, so no {}", form.name())))
    }
}
