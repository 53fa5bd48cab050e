//! Value expressions: programs that hand over what one expression of any type is worth.
//!
//! Such a program has a single rule, which calls [`VALUE_FUNCTION`] with the expression. The function keeps its argument for the caller and
//! answers true. So a backend that runs rules with calls evaluates values as it is, and a trap of the expression is the rule's trap.

use crate::ast::{Const, Expr, ExprKind, Frame, Program, Rule, Site, SiteId};
use crate::signature::{NilRule, Param, Pattern, Signature};
use crate::types::Type;

/// The name of the function that value programs call. No source can spell it.
pub const VALUE_FUNCTION: &str = "(value)";

impl Program {
    /// Adds the rule that hands over what `expr` is worth. Its sites and other tables must be in the program.
    pub fn push_value(&mut self, frame: Frame, expr: Expr) {
        let any = Param::new("value", Type::Bool).pattern(Pattern::Any);
        let signature = Signature { nil: NilRule::Handled, ..Signature::new(VALUE_FUNCTION, vec![any], Type::Bool) };
        let (scheme, function) = self.scheme.with_unnamed(signature);
        self.scheme = scheme;
        let constant: Option<Const> = match &expr.kind {
            ExprKind::Const(c) => Some(c.clone()),
            _ => None,
        };
        let (site, span) = (SiteId(self.sites.len() as u32), expr.span);
        self.sites.push(Site { function, args: vec![expr.ty.clone()], constants: vec![constant], result: Type::Bool, span });
        let call = Expr { kind: ExprKind::Call { site, args: vec![expr] }, ty: Type::Bool, nullable: false, span };
        self.rules.push(Rule { name: String::new(), frame, before: Vec::new(), expr: call, span });
    }

    /// The expression whose value the program hands over; `None` where it answers rules.
    pub fn value(&self) -> Option<&Expr> {
        let [rule] = self.rules.as_slice() else { return None };
        let ExprKind::Call { site, args } = &rule.expr.kind else { return None };
        let function = self.sites.get(site.index())?.function;
        if self.scheme.function(function).name == VALUE_FUNCTION { args.first() } else { None }
    }
}
