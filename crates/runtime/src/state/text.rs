//! What is done around rules, as text: a part of the plan's.

use std::fmt::{self, Write};

use quintet_lang::ast::Program;
use quintet_lang::state::{Life, Read};

use super::compute::Compute;
use super::lower::{ActionPlan, ChangePlan, StatePlan};

impl StatePlan {
    /// Appends the plan as text.
    pub(crate) fn write(&self, program: &Program, out: &mut String) -> fmt::Result {
        let rule = |at: usize| program.rules.get(at).map_or("?", |rule| rule.name.as_str());
        let state = |at: usize| self.states.get(at).map_or("?", |(state, _)| state.name.as_str());
        let listed = |reads: &[Read]| {
            let name = |read: &Read| match read {
                Read::State(at) => state(*at),
                Read::Rule(at) => rule(*at),
            };
            reads.iter().map(name).collect::<Vec<_>>().join(", ")
        };
        let had = |compute: &Compute| match compute {
            Compute::Direct(sources) if sources.is_empty() => "one for all records".to_owned(),
            Compute::Direct(_) => "as it stands in the record".to_owned(),
            Compute::Call { function, reads } => {
                let name = program.functions.get(function.index()).map_or("?", |function| function.name.as_str());
                if reads.is_empty() { format!("fn {name:?}") } else { format!("fn {name:?} of {}", listed(reads)) }
            }
        };
        if self.has_one_key() {
            writeln!(out, "records of different keys are gone through on several threads")?;
        }
        if let Some(time) = &self.time {
            writeln!(out, "time: {}", had(time))?;
        }
        for (state, key) in &self.states {
            let life = match state.life {
                Life::Ever => "for ever".to_owned(),
                Life::Fixed(span) => format!("for {span} us from the first"),
                Life::Sliding(span) => format!("each for {span} us"),
                Life::Kept(span) => format!("for {span} us after the last change"),
            };
            writeln!(out, "state {:?}: {}, {life}, at most {}; key: {}", state.name, state.kind.word(), state.max, had(key))?;
        }
        for (at, tail) in self.tails.iter().enumerate() {
            let Some(tail) = tail else { continue };
            let function = program.functions.get(tail.function.index()).map_or("?", |function| function.name.as_str());
            writeln!(out, "rule {:?}, where its test holds: fn {function:?} of {}", rule(at), listed(&tail.reads))?;
        }
        for step in &self.steps {
            match &step.action {
                ActionPlan::On(changes) => {
                    writeln!(out, "on {:?}, after {} rules", rule(step.rule), step.after)?;
                    for (table, change) in changes {
                        let what = match change {
                            ChangePlan::Mark => "one more".to_owned(),
                            ChangePlan::Add(value) => format!("add {}", had(value)),
                            ChangePlan::Set(value) => format!("set {}", had(value)),
                            ChangePlan::Clear => "clear".to_owned(),
                        };
                        writeln!(out, "  {}: {what}", state(*table))?;
                    }
                }
                ActionPlan::Output { output, key, values, .. } => {
                    write!(out, "output {:?} on {:?}, after {} rules: {}", output.name, rule(step.rule), step.after, had(values))?;
                    if let (Some(limit), Some(key)) = (&output.limit, key) {
                        write!(out, "; at most {} in {} us for a key: {}", limit.count, limit.within, had(key))?;
                    }
                    writeln!(out)?;
                }
            }
        }
        Ok(())
    }
}
