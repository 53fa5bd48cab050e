//! cel 0.15: the Common Expression Language, interpreted over its syntax tree.
//!
//! Text is Unicode there, so a workload with a text that is not UTF-8 is refused. `matches` compiles its pattern at each evaluation, as
//! this crate does it. Integers overflow into errors, which end the run. Variables borrow the records' texts.

use std::sync::Arc;

use ::cel::common::types::{CelBool, CelInt, CelString};
use ::cel::{Context, Env, Program, Value as Answer, extensions};
use quintet_lang::ast::{CompareOp, Set, Wildcard};
use quintet_runtime::{Batch, RuleSet, Value, WriteRuleSet};
use regex_automata::{meta::Regex, util::syntax};

use crate::flat::{Flat, Term};
use crate::print::{Dialect, Scripted, presence, print, variable};
use crate::seam::{Peer, Prepared, Task};
use crate::source::{address, quoted, text, wildcard};

pub(crate) struct Cel;

struct Ready<'t> {
    env: Arc<Env>,
    rules: Vec<String>,
    programs: Vec<Program>,
    contexts: Vec<Context<'t, 't>>,
}

impl Peer for Cel {
    fn id(&self) -> &'static str {
        "cel"
    }

    fn prepare<'t>(&self, task: Task<'t>) -> Result<Box<dyn Prepared + 't>, String> {
        let flat = Flat::new(task.program, task.batches)?;
        let rules = print(&Text, &flat)?;
        let mut env = Env::stdlib();
        env.add_extension(extensions::strings).map_err(|e| e.to_string())?;
        let env = Arc::new(env);
        let mut contexts = Vec::new();
        for record in task.batches.iter().flat_map(Batch::iter) {
            let mut context = Context::with_env(env.clone());
            for (id, column) in flat.columns.iter().enumerate() {
                let (name, value) = (variable(column), flat.value(id, record));
                match value {
                    Value::Bool(b) => context.add_variable_as_val(name, Box::new(CelBool::from(b))),
                    Value::Int(i) => context.add_variable_as_val(name, Box::new(CelInt::from(i))),
                    Value::Ip(ip) => context.add_variable_as_val(name, Box::new(CelString::from(address(ip)))),
                    Value::Bytes(bytes) => {
                        let text = std::str::from_utf8(bytes)
                            .map_err(|_| format!("a record's {} is not UTF-8, and its strings are Unicode", column.name))?;
                        context.add_variable_as_val(name, Box::new(CelString::from(text)));
                    }
                    Value::Nil => {}
                    _ => return Err(format!("values of type {} have no counterpart here", column.ty)),
                }
                if column.asked {
                    context.add_variable_as_val(presence(column), Box::new(CelBool::from(!value.is_nil())));
                }
            }
            contexts.push(context);
        }
        let programs = rules.iter().map(|rule| compiled(&env, rule)).collect::<Result<_, _>>()?;
        Ok(Box::new(Ready { env, rules, programs, contexts }))
    }
}

fn compiled(env: &Env, rule: &str) -> Result<Program, String> {
    env.compile(rule).map_err(|e| e.to_string())
}

fn holds(program: &Program, context: &Context<'_, '_>) -> Result<bool, String> {
    match program.execute(context) {
        Ok(Answer::Bool(answer)) => Ok(answer),
        Ok(other) => Err(format!("a rule answered {other:?}, which is no Bool")),
        Err(error) => Err(error.to_string()),
    }
}

impl Prepared for Ready<'_> {
    fn compile(&self) -> Option<Result<(), String>> {
        Some(self.rules.iter().try_for_each(|rule| compiled(&self.env, rule).map(drop)))
    }

    fn run(&mut self, record: usize, hits: &mut RuleSet) -> Result<(), String> {
        hits.reset(self.programs.len());
        for (rule, program) in self.programs.iter().enumerate() {
            if holds(program, &self.contexts[record])? {
                hits.insert(rule);
            }
        }
        Ok(())
    }

    fn run_all(&mut self) -> Result<u64, String> {
        let mut matches = 0;
        for context in &self.contexts {
            for program in &self.programs {
                matches += u64::from(holds(program, context)?);
            }
        }
        Ok(matches)
    }
}

/// Its language.
struct Text;

impl Scripted for Text {
    fn call(&self, function: &str, text: &str) -> String {
        format!("{text}.{function}Ascii()")
    }

    fn len(&self, text: &str) -> String {
        format!("size(bytes({text}))")
    }

    fn any_bit(&self, value: &str, mask: i64) -> Result<String, String> {
        match mask {
            1 => Ok(format!("({value} % 2 != 0)")),
            _ => Err("it has no bit operators".to_owned()),
        }
    }
}

impl Dialect for Text {
    const WORDS: [&'static str; 4] = ["!", "&&", "||", "!="];

    fn constant(&self, value: bool) -> Result<String, String> {
        Ok(value.to_string())
    }

    fn compare(&self, flat: &Flat, op: CompareOp, lhs: &Term, rhs: &Term) -> Result<String, String> {
        self.compared(flat, op, lhs, rhs)
    }

    fn is_in(&self, flat: &Flat, value: &Term, set: &Set) -> Result<String, String> {
        self.member(flat, value, set)
    }

    fn contains(&self, flat: &Flat, value: &Term, needle: &[u8]) -> Result<String, String> {
        Ok(format!("{}.contains({})", self.term(flat, value)?, quoted(text(needle)?)))
    }

    fn starts_with(&self, flat: &Flat, value: &Term, start: &[u8]) -> Result<String, String> {
        Ok(format!("{}.startsWith({})", self.term(flat, value)?, quoted(text(start)?)))
    }

    fn ends_with(&self, flat: &Flat, value: &Term, end: &[u8]) -> Result<String, String> {
        Ok(format!("{}.endsWith({})", self.term(flat, value)?, quoted(text(end)?)))
    }

    fn matches(&self, flat: &Flat, value: &Term, pattern: &str) -> Result<String, String> {
        let pattern = format!("(?-u){pattern}");
        let unicode = syntax::Config::new().unicode(true).utf8(true);
        Regex::builder()
            .syntax(unicode)
            .build(&pattern)
            .map_err(|_| "a pattern may match a part of a character, which its regular expressions cannot".to_owned())?;
        Ok(format!("{}.matches({})", self.term(flat, value)?, quoted(&pattern)))
    }

    fn wildcard(&self, flat: &Flat, value: &Term, pattern: &Wildcard) -> Result<String, String> {
        self.matches(flat, value, &wildcard(pattern, "(?su:.*)")?)
    }
}
