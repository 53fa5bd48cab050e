//! What generated programs are like.

use std::collections::BTreeMap;

use proptest::strategy::{Strategy, ValueTree};
use quintet_interp::Interp;
use quintet_lang::ast::ExprKind;
use quintet_runtime::Trap;

use crate::case::{Answer, Batches, Mode, answers, instance, link};
use crate::differential::runner;
use crate::strategy::case;

/// Counts over generated cases.
#[derive(Clone, Debug, Default)]
pub struct Statistics {
    /// Programs that were generated.
    pub programs: usize,
    /// Those that do not compile, with the reason; there should be none.
    pub rejected: Vec<String>,
    /// Rules of all programs.
    pub rules: usize,
    /// Pairs of a rule and a record.
    pub answers: usize,
    /// Those where the rule matches.
    pub hits: usize,
    /// Those where it traps.
    pub traps: usize,
    /// Those where the trap is that of the memory limit.
    pub memory_traps: usize,
    /// Rules that answer the same for all of their records.
    pub constant_rules: usize,
    /// How often each kind of expression occurs.
    pub kinds: BTreeMap<&'static str, usize>,
}

/// The name of the kind of an expression.
fn name(kind: &ExprKind) -> &'static str {
    match kind {
        ExprKind::Const(_) => "Const",
        ExprKind::Field(_) => "Field",
        ExprKind::Local(_) => "Local",
        ExprKind::Index { .. } => "Index",
        ExprKind::Key { .. } => "Key",
        ExprKind::Slice { .. } => "Slice",
        ExprKind::Call { .. } => "Call",
        ExprKind::Neg(_) => "Neg",
        ExprKind::Not(_) => "Not",
        ExprKind::Arith { .. } => "Arith",
        ExprKind::Compare { .. } => "Compare",
        ExprKind::In { .. } => "In",
        ExprKind::InList { .. } => "InList",
        ExprKind::Contains { .. } => "Contains",
        ExprKind::Matches { .. } => "Matches",
        ExprKind::Wildcard { .. } => "Wildcard",
        ExprKind::Logic { .. } => "Logic",
        ExprKind::Present(_) => "Present",
        ExprKind::Quantifier { .. } => "Quantifier",
        ExprKind::Collect(_) => "Collect",
        ExprKind::Element { .. } => "Element",
        ExprKind::Count(_) => "Count",
        ExprKind::Packed(_) => "Packed",
        ExprKind::Intrinsic { .. } => "Intrinsic",
        ExprKind::Otherwise { .. } => "Otherwise",
    }
}

/// The names of all kinds of expressions.
pub const KINDS: [&str; 20] = [
    "Const",
    "Field",
    "Local",
    "Index",
    "Key",
    "Slice",
    "Call",
    "Neg",
    "Not",
    "Arith",
    "Compare",
    "In",
    "InList",
    "Contains",
    "Matches",
    "Wildcard",
    "Logic",
    "Present",
    "Quantifier",
    "Collect",
];

/// Counts over the first `cases` cases that [`differential`](crate::differential) runs.
pub fn statistics(cases: u32) -> Statistics {
    let mut statistics = Statistics::default();
    let mut runner = runner(cases);
    for _ in 0..cases {
        let Ok(tree) = case().new_tree(&mut runner) else { continue };
        let case = tree.current();
        statistics.programs += 1;
        let limits = case.limits();
        let program = match link(&case.source(), case.nil_not_equal, &limits) {
            Ok(program) => program,
            Err(message) => {
                statistics.rejected.push(format!("{}\n  {message}", case.source()));
                continue;
            }
        };
        for rule in &program.program().rules {
            rule.expr.walk(&mut |e| *statistics.kinds.entry(name(&e.kind)).or_default() += 1);
        }
        let found = instance(&Interp::new(), &program, &limits).and_then(|mut instance| {
            let batches = Batches::new(program.scheme(), &case.records, false).map_err(|e| e.to_string())?;
            answers(&mut *instance, &program, &batches, Mode::ALL[0])
        });
        let Ok(found) = found else { continue };
        let rules = program.program().rules.len();
        statistics.rules += rules;
        statistics.answers += rules * found.len();
        statistics.hits += found.iter().map(|a| a.hits.len()).sum::<usize>();
        statistics.traps += found.iter().map(|a| a.traps.len()).sum::<usize>();
        let memory = |a: &Answer| a.traps.values().filter(|(trap, _)| *trap == Trap::Memory).count();
        statistics.memory_traps += found.iter().map(memory).sum::<usize>();
        statistics.constant_rules += (0..rules)
            .filter(|rule| {
                let hits = found.iter().filter(|a| a.hits.contains(rule)).count();
                hits == 0 || hits == found.len()
            })
            .count();
    }
    statistics
}
