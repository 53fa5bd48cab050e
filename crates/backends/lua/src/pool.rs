//! States that wait for the next program or instance: making one takes a hundred times as long as a rule takes to compile.
//!
//! A state that comes back has no handles into it left and forgets its machine code. What a program had in it is then out of reach: the next
//! one has an environment and tables of its own, and the prelude's table is nothing that generated code writes to.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::Config;
use crate::state::State;

/// States that are kept at most.
const KEPT: usize = 16;

/// The states of one configuration.
pub(crate) struct Pool {
    config: Config,
    idle: Mutex<Vec<State>>,
}

impl Pool {
    pub(crate) fn new(config: Config) -> Arc<Pool> {
        Arc::new(Pool { config, idle: Mutex::default() })
    }

    /// What all of its states are.
    pub(crate) fn config(&self) -> Config {
        self.config
    }

    /// A state that nobody else has.
    pub(crate) fn take(self: &Arc<Pool>) -> mlua::Result<Taken> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let state = match idle {
            Some(state) => state,
            None => State::new(self.config)?,
        };
        Ok(Taken { state: Some(state), pool: self.clone(), spoiled: false })
    }

    fn give(&self, state: State) {
        if !state.forget() {
            return;
        }
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEPT {
            idle.push(state);
        }
    }
}

/// A state of a pool, which goes back there. Whoever has it drops all handles into the state before.
pub(crate) struct Taken {
    /// None once it has been given back.
    state: Option<State>,
    pool: Arc<Pool>,
    /// Whether something in it failed, so that nobody else may have it.
    spoiled: bool,
}

impl Taken {
    /// Keeps the state from the pool.
    pub(crate) fn spoil(&mut self) {
        self.spoiled = true;
    }
}

impl Deref for Taken {
    type Target = State;

    fn deref(&self) -> &State {
        self.state.as_ref().expect("only the drop takes it out")
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        // Whoever panics may leave anything behind.
        if let Some(state) = self.state.take().filter(|_| !self.spoiled && !std::thread::panicking()) {
            self.pool.give(state);
        }
    }
}
