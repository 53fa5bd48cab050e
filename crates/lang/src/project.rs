//! Programs for records of a part of their scheme.

use crate::ast::{Expr, ExprKind, Program};
use crate::scheme::{FieldId, Scheme};
use crate::state::Stateful;

impl Expr {
    /// Replaces the ids of fields; false if one has no replacement.
    pub(crate) fn remap_fields(&mut self, new: &mut dyn FnMut(FieldId) -> Option<FieldId>) -> bool {
        if let ExprKind::Field(id) = &mut self.kind {
            return new(*id).map(|n| *id = n).is_some();
        }
        let mut all = true;
        self.children_mut(&mut |child| all &= child.remap_fields(new));
        all
    }
}

impl Program {
    /// The program for records of a [part](Scheme::project) of its scheme: as its text, checked against that part, makes it. `None` where
    /// it uses a field that the part lacks, or keeps state: its tables are fields behind those of its scheme.
    pub fn projected(mut self, part: &Scheme) -> Option<Program> {
        if self.state != Stateful::default() {
            return None;
        }
        let ids: Vec<Option<FieldId>> = self.scheme.fields().iter().map(|field| part.field_id(&field.name)).collect();
        let mut all = true;
        let mut remap = |expr: &mut Expr| all &= expr.remap_fields(&mut |id| ids.get(id.0 as usize).copied().flatten());
        for rule in &mut self.rules {
            rule.before.iter_mut().for_each(|stmt| stmt.exprs_mut(&mut remap));
            remap(&mut rule.expr);
        }
        for function in &mut self.functions {
            function.body.iter_mut().for_each(|stmt| stmt.exprs_mut(&mut remap));
        }
        self.scheme = part.clone();
        all.then_some(self)
    }
}
