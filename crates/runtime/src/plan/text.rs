//! The plan as text, stable and without spans.

use std::fmt::{self, Write};

use quintet_lang::ast::{Block, Expr, ExprKind, Needle, Over, Program, Set, Span, StmtKind};
use quintet_lang::effects::Steps;
use quintet_lang::visit::{Visitor, walk_expr};
use quintet_lang::{Marked, quote};

use crate::cost::{is_quiet, is_small};
use crate::linked::Linked;
use crate::matchers::SetMatcher;
use crate::prefilter::PrefilterPlan;

use super::{BytesPlan, IntsPlan, IpsPlan, RulePlan, SearchPlan, SetPlan, WildcardPlan};

/// A list joined by commas, or what there is instead.
fn listed(items: impl Iterator<Item = String>, none: &str) -> String {
    let items: Vec<String> = items.collect();
    if items.is_empty() { none.to_owned() } else { items.join(", ") }
}

fn steps(steps: Steps) -> &'static str {
    match steps {
        Steps::Never => "none",
        Steps::Looked => "what it looks at",
        Steps::Inline => "one by one",
    }
}

impl fmt::Display for IntsPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IntsPlan::Ranges => f.write_str("ranges one after the other"),
            IntsPlan::Word { first, .. } => write!(f, "bits of one word, from {first}"),
            IntsPlan::Bitmap { first, words } => write!(f, "bitmap of {} words, from {first}", words.len()),
            IntsPlan::LookUp => f.write_str("binary search"),
        }
    }
}

impl fmt::Display for SetPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SetPlan::Ints(plan) => plan.fmt(f),
            SetPlan::Ips(IpsPlan::Ranges) => f.write_str("ranges one after the other"),
            SetPlan::Ips(IpsPlan::LookUp) => f.write_str("binary search"),
            SetPlan::Bytes(BytesPlan::Members) => f.write_str("members of the same length one after the other"),
            SetPlan::Bytes(BytesPlan::LookUp) => f.write_str("hash table"),
        }
    }
}

impl fmt::Display for SearchPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SearchPlan::Always => "in every value",
            SearchPlan::Byte(_) => "one byte",
            SearchPlan::Short => "two of its bytes at 16 places at a time",
            SearchPlan::Long => "linear whatever the needle",
        })
    }
}

impl fmt::Display for WildcardPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WildcardPlan::Equal(_) => f.write_str("equality"),
            WildcardPlan::Prefix(_) => f.write_str("what the value begins with"),
            WildcardPlan::Suffix(_) => f.write_str("what the value ends with"),
            WildcardPlan::Contains(_, search) => write!(f, "what occurs in the value, {search}"),
            WildcardPlan::General => f.write_str("part by part"),
        }
    }
}

/// What [`Linked::plan_text`] answers.
pub(crate) fn text(linked: &Linked) -> Marked {
    let mut out = Marked::default();
    // Writing to a String cannot fail.
    let _ = write(linked, &mut out);
    out.mark([]);
    out
}

/// Where the literals stand that have lines of their own.
struct Uses {
    sets: Vec<Vec<Span>>,
    needles: Vec<Vec<Span>>,
    wildcards: Vec<Vec<Span>>,
}

impl Uses {
    fn of(program: &Program) -> Uses {
        let none = |count| vec![Vec::new(); count];
        let mut uses =
            Uses { sets: none(program.sets.len()), needles: none(program.needles.len()), wildcards: none(program.wildcards.len()) };
        uses.program(program);
        uses
    }
}

impl<'p> Visitor<'p> for Uses {
    fn expr(&mut self, program: &'p Program, expr: &'p Expr) {
        let users = match &expr.kind {
            ExprKind::In { set, .. } => self.sets.get_mut(set.index()),
            ExprKind::Contains { needle: Needle::Const(needle), .. } => self.needles.get_mut(needle.index()),
            ExprKind::Wildcard { pattern, .. } => self.wildcards.get_mut(pattern.index()),
            _ => None,
        };
        if let Some(users) = users {
            users.push(expr.span);
        }
        walk_expr(self, program, expr);
    }
}

fn write(linked: &Linked, out: &mut Marked) -> fmt::Result {
    let (program, plan) = (linked.program(), linked.plan());
    let Uses { mut sets, mut needles, mut wildcards } = Uses::of(program);
    let users = |of: &mut Vec<Vec<Span>>, at: usize| of.get_mut(at).map(std::mem::take).unwrap_or_default();
    for (index, rule) in program.rules.iter().enumerate() {
        writeln!(out, "rule {:?}", rule.name)?;
        write_rule(linked, linked.rule_plan(index), out)?;
        out.mark([rule.span]);
        loops(linked, &rule.before, out)?;
    }
    for (function, plan) in program.functions.iter().zip(&plan.functions) {
        writeln!(out, "{} {:?}", if function.rule { "body" } else { "fn" }, function.name)?;
        let names = plan.calls.iter().map(|id| format!("{:?}", program.functions[id.index()].name));
        writeln!(out, "  calls: {}{}", listed(names, "none"), if plan.recursive { "; may come to call itself" } else { "" })?;
        writeln!(out, "  frame: {} locals, {} bytes of arrays", function.frame.locals.len(), plan.fixed_bytes)?;
        out.mark([function.span]);
        loops(linked, &function.body, out)?;
    }
    for ((at, set), matcher) in plan.sets.iter().enumerate().zip(&program.sets) {
        let what = match (matcher, &linked.sets()[at]) {
            (Set::Int(_), SetMatcher::Int(set)) => format!("of Int, {} ranges", set.ranges().len()),
            (Set::Ip(_), SetMatcher::Ip(set)) => format!("of Ip, {} and {} ranges", set.v4().len(), set.v6().len()),
            (_, SetMatcher::Bytes(set)) => format!("of Bytes, {} members of at most {} bytes", set.len(), set.longest()),
            // Each set is prepared from the one in its place.
            (Set::Int(_) | Set::Ip(_) | Set::Bytes(_), SetMatcher::Int(_) | SetMatcher::Ip(_)) => String::new(),
        };
        writeln!(out, "set {at} {what}: {set}")?;
        out.mark(users(&mut sets, at));
    }
    for ((at, search), needle) in plan.needles.iter().enumerate().zip(&program.needles) {
        writeln!(out, "needle {at} {}: {search}", quote(needle))?;
        out.mark(users(&mut needles, at));
    }
    for ((at, plan), pattern) in plan.wildcards.iter().enumerate().zip(&program.wildcards) {
        let parts: Vec<String> = pattern.parts.iter().map(|part| quote(part)).collect();
        let case = if pattern.strict { "" } else { ", letters of either case" };
        writeln!(out, "wildcard {at} {}{case}: {plan}", parts.join(" * "))?;
        out.mark(users(&mut wildcards, at));
    }
    write!(out, "{}", PrefilterPlan::new(linked))?;
    linked.state().map_or(Ok(()), |state| state.write(program, &mut out.text))
}

fn write_rule(linked: &Linked, plan: &RulePlan, out: &mut Marked) -> fmt::Result {
    let yes = |yes: bool| if yes { "yes" } else { "no" };
    writeln!(out, "  may trap: {}; makes values: {}; counts steps: {}", yes(plan.traps), yes(plan.makes_values), steps(plan.steps))?;
    writeln!(out, "  cost: {}{}", plan.cost, if plan.is_expression { "" } else { ", beside its statements" })?;
    let names = plan.required.iter().map(|field| linked.scheme().field(*field).name.clone());
    writeln!(out, "  false without: {}", listed(names, "no field in particular"))
}

/// A line for each loop among statements.
fn loops(linked: &Linked, block: &Block, out: &mut Marked) -> fmt::Result {
    let mut done = Ok(());
    for stmt in block {
        stmt.walk(&mut |stmt| {
            let (what, body) = match &stmt.kind {
                StmtKind::While { body, .. } => ("while", body),
                StmtKind::For { over: Over::Range { .. }, body, .. } => ("for over a range", body),
                StmtKind::For { over: Over::Value(_), body, .. } => ("for over a value", body),
                StmtKind::For { over: Over::Array(_), body, .. } => ("for over an array", body),
                _ => return,
            };
            let turns = match (is_quiet(linked, body), is_small(body)) {
                (true, true) => "counted ahead, several in a row",
                (true, false) => "counted ahead",
                (false, _) => "counted one by one",
            };
            if done.is_ok() {
                done = writeln!(out, "  {what}: turns {turns}");
                out.mark([stmt.span]);
            }
        });
    }
    done
}
