//! rhai 1.27: a scripting language for Rust programs, interpreted over its syntax tree.
//!
//! Text is Unicode there, so a workload with a text that is not UTF-8 is refused. It has no regular expressions and folds case by Unicode:
//! the host gives it `matches`, with patterns compiled beforehand, `lower` and `upper`. Integers overflow into errors, which end the run.

use std::cell::RefCell;

use ::rhai::{AST, Engine, ImmutableString, Scope};
use quintet_lang::Limits;
use quintet_lang::ast::{CompareOp, Set, Wildcard};
use quintet_runtime::{Batch, RegexMatcher, RuleSet, Value, WriteRuleSet};

use crate::flat::{Flat, Term};
use crate::print::{Dialect, Scripted, presence, print, variable};
use crate::seam::{Peer, Prepared, Task};
use crate::source::{address, quoted, text, wildcard};

pub(crate) struct Rhai;

struct Ready {
    engine: Engine,
    rules: Vec<String>,
    asts: Vec<AST>,
    scopes: Vec<Scope<'static>>,
}

impl Peer for Rhai {
    fn id(&self) -> &'static str {
        "rhai"
    }

    fn prepare<'t>(&self, task: Task<'t>) -> Result<Box<dyn Prepared + 't>, String> {
        let flat = Flat::new(task.program, task.batches)?;
        let dialect = Text::default();
        let rules = print(&dialect, &flat)?;
        let engine = engine(dialect.regexes.into_inner());
        let mut scopes = Vec::new();
        for record in task.batches.iter().flat_map(Batch::iter) {
            let mut scope = Scope::new();
            for (id, column) in flat.columns.iter().enumerate() {
                let (name, value) = (variable(column), flat.value(id, record));
                match value {
                    Value::Bool(b) => drop(scope.push_constant(name, b)),
                    Value::Int(i) => drop(scope.push_constant(name, i)),
                    Value::Ip(ip) => drop(scope.push_constant(name, ImmutableString::from(address(ip)))),
                    Value::Bytes(bytes) => {
                        let text = std::str::from_utf8(bytes)
                            .map_err(|_| format!("a record's {} is not UTF-8, and its strings are Unicode", column.name))?;
                        scope.push_constant(name, ImmutableString::from(text));
                    }
                    Value::Nil => {}
                    _ => return Err(format!("values of type {} have no counterpart here", column.ty)),
                }
                if column.asked {
                    scope.push_constant(presence(column), !value.is_nil());
                }
            }
            scopes.push(scope);
        }
        let asts = rules.iter().map(|rule| compiled(&engine, rule)).collect::<Result<_, _>>()?;
        Ok(Box::new(Ready { engine, rules, asts, scopes }))
    }
}

/// An engine with the functions that the rules' texts call.
fn engine(regexes: Vec<RegexMatcher>) -> Engine {
    let mut engine = Engine::new();
    engine.set_max_expr_depths(0, 0);
    engine.register_fn("lower", |text: &mut ImmutableString| text.to_ascii_lowercase());
    engine.register_fn("upper", |text: &mut ImmutableString| text.to_ascii_uppercase());
    for (number, regex) in regexes.into_iter().enumerate() {
        engine.register_fn(format!("matches_{number}"), move |text: &mut ImmutableString| regex.is_match(text.as_bytes()));
    }
    engine
}

fn compiled(engine: &Engine, rule: &str) -> Result<AST, String> {
    engine.compile_expression(rule).map_err(|e| format!("{e}, in {rule}"))
}

impl Ready {
    fn holds(&mut self, rule: usize, record: usize) -> Result<bool, String> {
        self.engine.eval_ast_with_scope(&mut self.scopes[record], &self.asts[rule]).map_err(|e| e.to_string())
    }
}

impl Prepared for Ready {
    fn compile(&self) -> Option<Result<(), String>> {
        Some(self.rules.iter().try_for_each(|rule| compiled(&self.engine, rule).map(drop)))
    }

    fn run(&mut self, record: usize, hits: &mut RuleSet) -> Result<(), String> {
        hits.reset(self.asts.len());
        for rule in 0..self.asts.len() {
            if self.holds(rule, record)? {
                hits.insert(rule);
            }
        }
        Ok(())
    }

    fn run_all(&mut self) -> Result<u64, String> {
        let mut matches = 0;
        for record in 0..self.scopes.len() {
            for rule in 0..self.asts.len() {
                matches += u64::from(self.holds(rule, record)?);
            }
        }
        Ok(matches)
    }
}

/// Its language. Printing collects the regular expressions that the host must offer.
#[derive(Default)]
struct Text {
    regexes: RefCell<Vec<RegexMatcher>>,
}

impl Scripted for Text {
    fn call(&self, function: &str, text: &str) -> String {
        format!("{function}({text})")
    }

    fn len(&self, text: &str) -> String {
        format!("{text}.bytes()")
    }

    fn any_bit(&self, value: &str, mask: i64) -> Result<String, String> {
        Ok(format!("(({value} & {mask}) != 0)"))
    }
}

impl Dialect for Text {
    const WORDS: [&'static str; 4] = ["!", "&&", "||", "^"];

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
        Ok(format!("{}.starts_with({})", self.term(flat, value)?, quoted(text(start)?)))
    }

    fn ends_with(&self, flat: &Flat, value: &Term, end: &[u8]) -> Result<String, String> {
        Ok(format!("{}.ends_with({})", self.term(flat, value)?, quoted(text(end)?)))
    }

    fn matches(&self, flat: &Flat, value: &Term, pattern: &str) -> Result<String, String> {
        let regex = RegexMatcher::new(pattern, &Limits::default()).map_err(|e| e.to_string())?;
        let mut regexes = self.regexes.borrow_mut();
        regexes.push(regex);
        Ok(format!("matches_{}({})", regexes.len() - 1, self.term(flat, value)?))
    }

    fn wildcard(&self, flat: &Flat, value: &Term, pattern: &Wildcard) -> Result<String, String> {
        self.matches(flat, value, &wildcard(pattern, "(?s:.*)")?)
    }
}
