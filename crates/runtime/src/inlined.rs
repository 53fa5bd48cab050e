//! Loops whose bodies are made of what the loop binds on its way.

use quintet_lang::ast::{Clause, Each, Expr};

use crate::cost::is_leaf;
use crate::linked::Linked;

/// The body of a loop over some sources with what its further clauses bind in the place of their locals, for who would otherwise keep that value by
/// value. None where evaluating it there, or not at all, would show, and where there are no such clauses.
pub fn inlined_body(linked: &Linked, each: &Each) -> Option<Expr> {
    let [Clause::For(_), lets @ ..] = each.clauses.as_slice() else { return None };
    if lets.is_empty() || !is_leaf(linked, each) {
        return None;
    }
    let mut body = each.body.clone();
    for clause in lets.iter().rev() {
        let Clause::Let(local, value) = clause else { return None };
        if value.nullable || value.can_trap() || body.reads(*local) > 1 {
            return None;
        }
        body.put(*local, value);
    }
    Some(body)
}

#[cfg(test)]
mod tests {
    use quintet_lang::ast::ExprKind;
    use quintet_lang::{Limits, Scheme, Type};

    use super::*;
    use crate::{Library, Lists};

    /// The nodes of the body that the only quantifier of a rule gets.
    fn nodes(text: &str) -> Option<usize> {
        let scheme = Scheme::builder().mandatory("xs", Type::array(Type::Bytes)).build().unwrap();
        let program = quintet_lang::compile(text, &scheme, &Limits::default()).unwrap();
        let linked = Linked::new(program, &Library::standard(), &Lists::new(), &Limits::default()).unwrap();
        let ExprKind::Quantifier { each, .. } = &linked.program().rules[0].expr.kind else { panic!("{text}") };
        inlined_body(&linked, each).map(|body| {
            let mut nodes = 0;
            body.walk(&mut |_| nodes += 1);
            nodes
        })
    }

    #[test]
    fn what_is_bound_stands_where_it_is_used_once() {
        // A comparison of the length of what the loop walks with a constant.
        assert_eq!(nodes("any(len(xs[*])[*] > 3)"), Some(4));
        // No clause binds anything.
        assert_eq!(nodes("any(xs[*] == \"a\")"), None);
    }
}
