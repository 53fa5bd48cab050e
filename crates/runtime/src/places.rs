//! Where traps happen: the places of a program that have a number, which generated code carries.

use quintet_lang::ast::{Program, Span, Stmt};

/// The places of a program, each once, in the order of the source. Place 1 is the first.
#[derive(Debug)]
pub(crate) struct Places(Vec<Span>);

/// The most places that fit in a trap's number beside its kind. The statements of a source of 64 MiB are fewer.
const MOST: usize = 1 << 22;

impl Places {
    pub(crate) fn new(program: &Program) -> Places {
        let mut spans = Vec::new();
        let mut note = |stmt: &Stmt| {
            spans.push(stmt.span);
            if stmt.is_conditional() {
                stmt.own_exprs(&mut |condition| spans.push(condition.span));
            }
        };
        for rule in &program.rules {
            rule.before.iter().for_each(|stmt| stmt.walk(&mut note));
        }
        for function in &program.functions {
            function.body.iter().for_each(|stmt| stmt.walk(&mut note));
        }
        spans.sort_unstable_by_key(key);
        spans.dedup();
        spans.truncate(MOST - 1);
        Places(spans)
    }

    /// The number of a place; 0 where it has none.
    pub(crate) fn number(&self, span: Span) -> u32 {
        self.0.binary_search_by_key(&key(&span), key).map_or(0, |at| at as u32 + 1)
    }

    /// The place with a number.
    pub(crate) fn span(&self, number: u32) -> Option<Span> {
        self.0.get((number as usize).checked_sub(1)?).copied()
    }
}

fn key(span: &Span) -> (u32, u32) {
    (span.start, span.end)
}
