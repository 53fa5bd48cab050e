//! Which entries of maps a program can see.

use std::collections::{BTreeMap, BTreeSet};

use crate::ast::{Const, Expr, ExprKind, Program};
use crate::scheme::FieldId;
use crate::types::Type;

/// By field that is a map: the keys that are looked up; none where the map is used as a whole.
type Found<'p> = BTreeMap<FieldId, Option<BTreeSet<&'p [u8]>>>;

impl Program {
    /// The fields that are maps of which the program does nothing but look up constant keys, in order of id, and these keys, in order: records for
    /// it need no other entries.
    pub fn looked_up(&self) -> Vec<(FieldId, Vec<Box<[u8]>>)> {
        let mut found = Found::new();
        self.roots(&mut |root| note(root, &mut found));
        let listed = |keys: BTreeSet<&[u8]>| keys.into_iter().map(Into::into).collect();
        found.into_iter().filter_map(|(field, keys)| Some((field, listed(keys?)))).collect()
    }
}

fn note<'p>(expr: &'p Expr, found: &mut Found<'p>) {
    match &expr.kind {
        ExprKind::Key { base, key } if let (ExprKind::Field(field), ExprKind::Const(Const::Bytes(key))) = (&base.kind, &key.kind) => {
            if let Some(keys) = found.entry(*field).or_insert_with(|| Some(BTreeSet::new())) {
                keys.insert(key);
            }
        }
        ExprKind::Field(field) if matches!(expr.ty, Type::Map(_)) => {
            found.insert(*field, None);
        }
        _ => expr.children(&mut |child| note(child, found)),
    }
}

#[cfg(test)]
mod tests {
    use crate::{Limits, Scheme};

    use super::*;

    #[test]
    fn maps_that_are_used_as_a_whole_have_no_keys() {
        let map = || Type::map(Type::array(Type::Bytes));
        let scheme = Scheme::builder().mandatory("a", map()).mandatory("b", map()).mandatory("k", Type::Bytes).build().unwrap();
        let keys = |text: &str| -> Vec<String> {
            let program = crate::compile(text, &scheme, &Limits::default()).unwrap_or_else(|e| panic!("{e}"));
            let shown = |(field, keys): (FieldId, Vec<Box<[u8]>>)| {
                let keys: Vec<String> = keys.iter().map(|key| key.escape_ascii().to_string()).collect();
                format!("{}: {}", scheme.field(field).name, keys.join(" "))
            };
            program.looked_up().into_iter().map(shown).collect()
        };
        assert_eq!(keys("a[\"y\"][0] == \"1\" or any(a[\"x\"][*] == b[\"x\"][0])"), ["a: x y", "b: x"]);
        assert_eq!(keys("a[\"x\"][0] == \"1\" and any(a[*][*] == \"2\")"), [""; 0]);
        assert_eq!(keys("rule one = b[k][0] == \"1\"\nrule two = b[\"x\"][0] == a[\"z\"][0]"), ["a: z"]);
    }
}
