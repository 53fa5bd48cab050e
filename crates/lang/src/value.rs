//! Value expressions: programs that answer what one expression of any type is worth.
//!
//! Such a program has no rule and a single function without parameters, which no text can name: its body returns the expression.

use crate::ast::{Answer, Expr, FnId, Frame, Function, Program, Stmt, StmtKind};
use crate::types::Type;

impl Program {
    /// Adds the function that answers what `expr` is worth. Its sites and other tables must be in the program.
    pub fn push_value(&mut self, frame: Frame, expr: Expr) {
        let (span, results) = (expr.span, vec![Answer { ty: expr.ty.clone(), nullable: expr.nullable }]);
        let body = vec![Stmt { kind: StmtKind::Return(vec![expr]), span }];
        self.functions.push(Function { name: String::new(), rule: false, params: 0, results, frame, body, span });
    }

    /// The function that answers a value; `None` where the program answers rules.
    pub fn value_function(&self) -> Option<FnId> {
        let at = self.functions.iter().position(Function::is_value)?;
        Some(FnId(at as u32))
    }

    /// The expression whose value the program answers; `None` where it answers rules.
    pub fn value(&self) -> Option<&Expr> {
        let function = self.functions.get(self.value_function()?.index())?;
        match function.body.as_slice() {
            [Stmt { kind: StmtKind::Return(values), .. }] => values.first(),
            _ => None,
        }
    }
}

impl Function {
    /// Whether a host can call it: it is no rule's body, and works on no array of its caller's.
    pub fn is_callable(&self) -> bool {
        let mut params = self.frame.locals.iter().take(self.params as usize);
        !self.rule && !params.any(|param| matches!(param.ty, Type::List(..)))
    }

    /// Whether it answers what a value expression is worth.
    pub fn is_value(&self) -> bool {
        self.name.is_empty() && !self.rule && self.params == 0
    }
}
