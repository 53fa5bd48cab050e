//! What compiling makes.

use std::sync::{Arc, Weak};

use quintet_lang::{Limits, Type};
use quintet_runtime::{Artifact, Compiled, Instance, InstantiateError, Linked};

use crate::config::ID;
use crate::context::BoolFn;
use crate::frame::{Home, OwnList};
use crate::instance::Runner;
use crate::stmt::StmtFn;

/// A compiled program.
pub(crate) struct Executable {
    /// Itself, for instances to keep.
    own: Weak<Executable>,
    /// The program.
    pub(crate) linked: Arc<Linked>,
    /// Its rules.
    pub(crate) rules: Vec<RuleCode>,
    /// The functions of its script.
    pub(crate) functions: Vec<FnCode>,
    /// The most locals that a rule or function has.
    pub(crate) locals: usize,
    /// The most words that a frame has.
    pub(crate) words: usize,
    /// The most arrays of its own that a rule or function has.
    pub(crate) lists: usize,
    /// What closures refer to by index.
    pub(crate) pool: Pool,
}

/// Constants that values borrow: a closure cannot lend what it owns for as long as a value lives.
#[derive(Default)]
pub(crate) struct Pool {
    /// Byte strings.
    pub(crate) bytes: Vec<Box<[u8]>>,
    /// Types of arrays and maps.
    pub(crate) types: Vec<Type>,
    /// Bytes of all closures.
    pub(crate) size: usize,
}

/// One rule. Which kind it is stands in a byte of its own, for single calls to look at.
#[repr(u8)]
pub(crate) enum RuleCode {
    /// Cannot trap and makes no values.
    Plain(BoolFn),
    /// Makes no values, and traps only where it takes more steps than the limit.
    Counting(BoolFn),
    /// Everything else.
    Full {
        /// Leading operands of an `and` that make no values and trap only where they take more steps than the limit.
        filter: Option<Filter>,
        /// What remains; to be run on records that pass the filter.
        test: BoolFn,
        /// Locals that hold values; 0 where none does.
        values: usize,
    },
    /// A rule with statements, which run before its test.
    Script {
        /// What runs before it. Boxed, so that rules without statements are small.
        before: Box<FnCode>,
        /// The rule's expression.
        test: BoolFn,
    },
}

/// A function of the script, or what runs before a rule's expression.
pub(crate) struct FnCode {
    /// What it does.
    pub(crate) body: StmtFn,
    /// Words of its frame.
    pub(crate) words: usize,
    /// Values of its frame; 0 where it needs none.
    pub(crate) values: usize,
    /// The arrays that it makes.
    pub(crate) lists: Vec<OwnList>,
    /// What those are charged with that are fixed.
    pub(crate) fixed: usize,
    /// Where its parameters are.
    pub(crate) params: Box<[Home]>,
    /// Where it leaves its results.
    pub(crate) results: Box<[Home]>,
}

/// The operands of a rule that a block of records is asked for before the others are asked record by record.
pub(crate) struct Filter {
    /// All of them.
    pub(crate) test: BoolFn,
    /// How many there are, if they count steps; 0 if not.
    pub(crate) counting: usize,
}

impl Executable {
    pub(crate) fn new(linked: Arc<Linked>, rules: Vec<RuleCode>, functions: Vec<FnCode>, pool: Pool) -> Arc<Executable> {
        let program = linked.program();
        let frames = program.rules.iter().map(|rule| &rule.frame).chain(program.functions.iter().map(|function| &function.frame));
        let locals = frames.map(|frame| frame.locals.len()).max().unwrap_or(0);
        let scripts = rules.iter().filter_map(|rule| match rule {
            RuleCode::Script { before, .. } => Some(&**before),
            RuleCode::Plain(_) | RuleCode::Counting(_) | RuleCode::Full { .. } => None,
        });
        let (mut words, mut lists) = (0, 0);
        scripts.chain(&functions).for_each(|code| (words, lists) = (words.max(code.words), lists.max(code.lists.len())));
        Arc::new_cyclic(|own| Executable { own: own.clone(), linked, rules, functions, locals, words, lists, pool })
    }

    /// Whether a rule counts steps in a block of records.
    pub(crate) fn counts(&self) -> bool {
        self.rules.iter().any(|rule| match rule {
            RuleCode::Plain(_) | RuleCode::Script { .. } => false,
            RuleCode::Counting(_) => true,
            RuleCode::Full { filter, .. } => filter.as_ref().is_some_and(|filter| filter.counting > 0),
        })
    }
}

impl Compiled for Executable {
    fn instantiate(&self, limits: &Limits) -> Result<Box<dyn Instance>, InstantiateError> {
        let code = self.own.upgrade().ok_or_else(|| InstantiateError::new(ID, "the program is about to be dropped"))?;
        Ok(Runner::new(code, limits))
    }

    fn artifact(&self) -> Artifact {
        let constants: usize = self.pool.bytes.iter().map(|b| b.len() + size_of_val(b)).sum();
        let scripts = self.rules.iter().filter(|rule| matches!(rule, RuleCode::Script { .. })).count();
        let functions = (self.functions.capacity() + scripts) * size_of::<FnCode>();
        let code = self.pool.size + self.rules.capacity() * size_of::<RuleCode>() + functions;
        Artifact { code_bytes: 0, data_bytes: code + constants + self.pool.types.capacity() * size_of::<Type>() }
    }
}
