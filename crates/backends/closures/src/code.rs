//! What compiling makes.

use std::sync::Arc;

use quintet_lang::{Limits, Type};
use quintet_runtime::{Artifact, Compiled, Instance, InstantiateError, Linked};

use crate::context::BoolFn;
use crate::instance::Runner;

/// A compiled program.
#[derive(Clone)]
pub(crate) struct Code(Arc<Parts>);

/// The parts of a compiled program.
pub(crate) struct Parts {
    /// The program.
    pub(crate) linked: Arc<Linked>,
    /// Its rules.
    pub(crate) rules: Vec<RuleCode>,
    /// The most locals that a rule has.
    pub(crate) locals: usize,
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

/// One rule.
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
}

/// The operands of a rule that a block of records is asked for before the others are asked record by record.
pub(crate) struct Filter {
    /// All of them.
    pub(crate) test: BoolFn,
    /// How many there are, if they count steps; 0 if not.
    pub(crate) counting: usize,
}

impl Code {
    pub(crate) fn new(linked: Arc<Linked>, rules: Vec<RuleCode>, locals: usize, pool: Pool) -> Code {
        Code(Arc::new(Parts { linked, rules, locals, pool }))
    }
}

impl Compiled for Code {
    fn instantiate(&self, limits: &Limits) -> Result<Box<dyn Instance>, InstantiateError> {
        Ok(Box::new(Runner::new(self.0.clone(), limits)))
    }

    fn artifact(&self) -> Artifact {
        let pool = &self.0.pool;
        let constants: usize = pool.bytes.iter().map(|b| b.len() + size_of_val(b)).sum();
        let rules = self.0.rules.capacity() * size_of::<RuleCode>();
        Artifact { code_bytes: 0, data_bytes: pool.size + rules + constants + pool.types.capacity() * size_of::<Type>() }
    }
}
