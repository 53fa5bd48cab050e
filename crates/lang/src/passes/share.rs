//! Equal entries of the program's tables as one.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::mem::discriminant;

use foldhash::fast::RandomState;

use super::ranges::Ranges;
use crate::ast::{Expr, ExprKind, Needle, NeedleId, Program, RegexId, Set, SetId, WildcardId};

/// What makes sets equal: their members, in any order.
#[derive(PartialEq, Eq, Hash)]
enum Members<'s> {
    Ranges(Ranges),
    Texts(BTreeSet<&'s [u8]>),
}

fn members(set: &Set) -> Members<'_> {
    match set {
        Set::Bytes(all) => Members::Texts(all.iter().map(Vec::as_slice).collect()),
        ranges => Members::Ranges(Ranges::of_set(ranges)),
    }
}

/// For each entry, the first that is equal to it; nothing where there are none that could be.
fn firsts<'t, T, K: Eq + Hash>(table: &'t [T], key: impl Fn(&'t T) -> K) -> Vec<u32> {
    if table.len() < 2 {
        return Vec::new();
    }
    let mut known: HashMap<K, u32, RandomState> = HashMap::with_capacity_and_hasher(table.len(), RandomState::default());
    table.iter().enumerate().map(|(i, entry)| *known.entry(key(entry)).or_insert(i as u32)).collect()
}

/// Whether two sets are all there are, and cannot be equal.
fn are_of_two_types(sets: &[Set]) -> bool {
    matches!(sets, [a, b] if discriminant(a) != discriminant(b))
}

/// Makes equal tests refer to the same entry. The entries that are left over are the caller's to remove.
pub(super) fn share(program: &mut Program) {
    let ids = Firsts {
        sets: if are_of_two_types(&program.sets) { Vec::new() } else { firsts(&program.sets, members) },
        regexes: firsts(&program.regexes, |r| r.pattern.as_str()),
        wildcards: firsts(&program.wildcards, |w| (&w.parts, w.strict)),
        needles: firsts(&program.needles, Vec::as_slice),
    };
    if [&ids.sets, &ids.regexes, &ids.wildcards, &ids.needles].iter().all(|ids| ids.is_empty()) {
        return;
    }
    for rule in &mut program.rules {
        rule.before.iter_mut().for_each(|stmt| stmt.exprs_mut(&mut |e| ids.expr(e)));
        ids.expr(&mut rule.expr);
    }
    for function in &mut program.functions {
        function.body.iter_mut().for_each(|stmt| stmt.exprs_mut(&mut |e| ids.expr(e)));
    }
}

struct Firsts {
    sets: Vec<u32>,
    regexes: Vec<u32>,
    wildcards: Vec<u32>,
    needles: Vec<u32>,
}

impl Firsts {
    fn expr(&self, e: &mut Expr) {
        let first = |table: &[u32], id: u32| table.get(id as usize).copied().unwrap_or(id);
        match &mut e.kind {
            ExprKind::In { set, .. } => *set = SetId(first(&self.sets, set.0)),
            ExprKind::Matches { regex, .. } => *regex = RegexId(first(&self.regexes, regex.0)),
            ExprKind::Wildcard { pattern, .. } => *pattern = WildcardId(first(&self.wildcards, pattern.0)),
            ExprKind::Contains { needle: Needle::Const(id), .. } => *id = NeedleId(first(&self.needles, id.0)),
            _ => {}
        }
        e.children_mut(&mut |child| self.expr(child));
    }
}
