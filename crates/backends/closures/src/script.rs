//! What the builder makes of functions of the script, and where it finds their locals.

use quintet_lang::ast::{Const, Expr, ExprKind, Frame, Function, LocalId};
use quintet_runtime::fixed_bytes;

use crate::code::FnCode;
use crate::expr::fixed;
use crate::frame::{Home, Layout};
use crate::generator::Generator;
use crate::kind::{U32, ValFn, val};
use crate::stmt::StmtFn;

impl<'p> Generator<'p> {
    /// The closures of a function of the script.
    pub(crate) fn function(&mut self, function: &'p Function) -> FnCode {
        self.begin(&function.frame);
        self.layout = Layout::new(&function.frame, &function.results);
        let body = self.statements(&function.body);
        self.code(body, &function.frame, function.params as usize)
    }

    pub(crate) fn code(&mut self, body: StmtFn, frame: &Frame, params: usize) -> FnCode {
        let layout = &self.layout;
        let values = if layout.valued || self.values { layout.values } else { 0 };
        let (lists, fixed) = (layout.lists(frame, params), fixed_bytes(frame, params));
        let (params, results) = (layout.homes.iter().take(params).copied().collect(), layout.results.clone().into());
        FnCode { body, words: layout.words, values, lists, fixed, params, results }
    }

    /// Where a local of a script is; nothing where the rule has no statements.
    pub(crate) fn home(&self, local: LocalId) -> Option<Home> {
        self.layout.of(local)
    }

    /// A U32.
    pub(crate) fn u32s(&mut self, expr: &Expr) -> ValFn<U32> {
        if let Some(scalar) = self.scalar::<U32>(expr) {
            return scalar;
        }
        match &expr.kind {
            ExprKind::Const(Const::U32(u)) => fixed::<U32, _>(*u),
            ExprKind::Neg(inner) => {
                let inner = self.closure::<U32>(inner);
                val::<U32>(move |cx| inner(cx).map(u32::wrapping_neg))
            }
            ExprKind::Arith { op, lhs, rhs } => self.u32_operator(*op, lhs, rhs),
            ExprKind::Intrinsic { op, args } => self.u32_intrinsic(*op, args),
            _ => self.shared::<U32>(expr),
        }
    }

    /// Whether the rule or function has locals that are words.
    pub(crate) fn is_script(&self) -> bool {
        !self.layout.homes.is_empty()
    }
}
