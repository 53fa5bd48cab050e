//! The plan: what every backend must know of a program beside its AST, found out once.
//!
//! How each literal set is looked into, how each constant is searched for, what a wildcard pattern really is, and what each rule and function
//! may do and costs. Backends read it and decide none of this on their own; what code a strategy becomes is theirs. `quintet explain
//! --emit plan` prints it, in a form that stays the same for the same program and version.

mod rules;
mod search;
mod sets;
mod text;

use std::sync::OnceLock;

use quintet_lang::ast::{FnId, NeedleId, Program, SetId, WildcardId};

use crate::linked::prepared;
use crate::matchers::SetMatcher;
use crate::thresholds::Threshold;

pub use rules::{FunctionPlan, RulePlan};
pub use search::{SearchPlan, Text, WildcardPlan};
pub use sets::{BytesPlan, IntsPlan, IpsPlan, SetPlan};
pub(crate) use text::text;

/// The plan of a program.
#[derive(Debug)]
pub struct Plan {
    sets: Box<[SetPlan]>,
    needles: Box<[SearchPlan]>,
    wildcards: Box<[WildcardPlan]>,
    /// By rule, once it was asked for: not every backend needs it to compile, or needs any of them.
    rules: OnceLock<Box<[OnceLock<RulePlan>]>>,
    functions: Box<[FunctionPlan]>,
}

impl Plan {
    /// Plans a program, whose sets are prepared. `exceeds` says whether a size is beyond a threshold.
    pub(crate) fn new(program: &Program, sets: &[SetMatcher], exceeds: &dyn Fn(Threshold, usize) -> bool) -> Plan {
        Plan {
            sets: prepared(sets, |set| SetPlan::new(set, exceeds)),
            needles: prepared(&program.needles, |needle| SearchPlan::new(needle, exceeds)),
            wildcards: prepared(&program.wildcards, |pattern| WildcardPlan::new(pattern, exceeds)),
            rules: OnceLock::new(),
            functions: FunctionPlan::all(program),
        }
    }

    /// How a literal set is looked into.
    #[inline]
    pub fn set(&self, id: SetId) -> &SetPlan {
        &self.sets[id.index()]
    }

    /// How a constant needle is searched for.
    #[inline]
    pub fn needle(&self, id: NeedleId) -> SearchPlan {
        self.needles[id.index()]
    }

    /// What a wildcard pattern is.
    #[inline]
    pub fn wildcard(&self, id: WildcardId) -> &WildcardPlan {
        &self.wildcards[id.index()]
    }

    /// What a rule of the program may do and costs.
    #[inline]
    pub(crate) fn rule(&self, program: &Program, index: usize) -> &RulePlan {
        let rules = self.rules.get_or_init(|| program.rules.iter().map(|_| OnceLock::new()).collect());
        rules[index].get_or_init(|| RulePlan::new(program, &program.rules[index]))
    }

    /// What a function may do and takes.
    #[inline]
    pub fn function(&self, id: FnId) -> &FunctionPlan {
        &self.functions[id.index()]
    }

    /// The most bytes of native stack that calls of the program's functions inside one another can take, where a call of each takes as many
    /// as `frames` says, and the function that takes most of them; `None` where there are none.
    pub fn deepest(&self, frames: &[u64]) -> Option<(u64, FnId)> {
        rules::deepest(&self.functions, frames)
    }
}
