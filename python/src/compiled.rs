//! Compiled rules, and what threads need to run them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arrow_array::RecordBatchReader;
use arrow_schema::SchemaRef;
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use quintet::{Instance, Presence};
use quintet_arrow::Evaluator;

use crate::answers::{Answers, Gathered};
use crate::data::Reader;
use crate::errors::{ended, of_columns, wrong_data};

/// How often a run looks whether Python wants to be interrupted.
const LOOKS: Duration = Duration::from_millis(100);

/// Compiled rules. Threads share them.
pub struct Compiled {
    pub rules: quintet::Rules,
    /// The rules' names, in order.
    pub names: Vec<String>,
    /// The rules' text.
    pub source: String,
    /// What runs have used, for the next ones that come: no more than ever ran at once.
    spare: Mutex<Vec<Run>>,
}

/// What one thread at a time needs to run the rules on rows of a schema.
pub struct Run {
    schema: SchemaRef,
    /// Which rules match which rows.
    pub evaluator: Evaluator,
    /// The rules.
    pub instance: Box<dyn Instance>,
}

impl Compiled {
    /// Rules of a text.
    pub fn new(rules: quintet::Rules, source: &str) -> Compiled {
        let names = rules.program().rules.iter().map(|rule| rule.name.clone()).collect();
        Compiled { rules, names, source: source.into(), spare: Mutex::default() }
    }

    /// The place of a rule.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn place(&self, name: &str) -> PyResult<usize> {
        let unknown = || PyKeyError::new_err(format!("there is no rule `{name}`; there are {}", self.names.join(", ")));
        self.names.iter().position(|known| known == name).ok_or_else(unknown)
    }

    /// The columns that rows must have: those of the fields that rules use, and those that no record lacks.
    pub fn columns(&self) -> Vec<String> {
        let scheme = self.rules.scheme();
        let whole = scheme.whole();
        let wanted = |field: &&quintet::Field| {
            (field.presence == Presence::Mandatory || scheme.field_id(&field.name).is_some()) && !whole.is_set_later(&field.name)
        };
        whole.fields().iter().filter(wanted).map(|field| field.name.clone()).collect()
    }

    /// What a thread needs to run the rules on rows of a schema, until it [gives it back](Compiled::end).
    ///
    /// # Errors
    /// The columns are not those of the rules' fields, or there is no memory.
    pub fn begin(&self, schema: &SchemaRef) -> PyResult<Run> {
        let spare = {
            let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
            let known = spare.iter().position(|run| run.schema == *schema);
            known.map(|at| spare.swap_remove(at)).or_else(|| spare.pop())
        };
        let evaluator = || Evaluator::new(self.rules.scheme(), schema).map_err(of_columns);
        match spare {
            Some(run) if run.schema == *schema => Ok(run),
            Some(run) => Ok(Run { schema: schema.clone(), evaluator: evaluator()?, ..run }),
            None => {
                let evaluator = evaluator()?;
                Ok(Run { schema: schema.clone(), evaluator, instance: self.rules.instance().map_err(ended)? })
            }
        }
    }

    /// Takes back what a thread has used, if all went well.
    pub fn end(&self, run: Run) {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).push(run);
    }

    /// The answers on rows.
    ///
    /// # Errors
    /// The rows cannot be read or are not what the rules need; or Python was interrupted.
    pub fn evaluate(self: &Arc<Self>, data: Reader) -> PyResult<Answers> {
        let mut run = self.begin(&data.schema())?;
        let mut gathered = Gathered::new(self.names.len());
        let mut signals = Signals::new();
        for batch in data {
            signals.look()?;
            let batch = batch.map_err(wrong_data)?;
            gathered.add(&run.evaluator.evaluate(&mut *run.instance, &batch).map_err(of_columns)?);
        }
        self.end(run);
        Ok(gathered.finish(self))
    }
}

/// Whether Python wants to be interrupted, as by Ctrl-C.
pub struct Signals {
    looked: Instant,
}

impl Signals {
    /// Nothing seen yet.
    pub fn new() -> Signals {
        Signals { looked: Instant::now() }
    }

    /// Looks, if some time has passed.
    ///
    /// # Errors
    /// What a signal comes to, such as `KeyboardInterrupt`.
    pub fn look(&mut self) -> PyResult<()> {
        if self.looked.elapsed() < LOOKS {
            return Ok(());
        }
        self.looked = Instant::now();
        Python::attach(|py| py.check_signals())
    }
}
