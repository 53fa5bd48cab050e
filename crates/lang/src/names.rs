//! Names of locals: what is printed must be read as the same program.

use std::collections::HashSet;

use crate::ast::{Frame, Program};

impl Program {
    /// A name for each local of a frame that nothing else in sight has: its own where that is free, else with a number behind it.
    pub(crate) fn names(&self, frame: &Frame) -> Vec<String> {
        let own: HashSet<&str> = frame.locals.iter().map(|local| local.name.as_str()).collect();
        let mut given = HashSet::new();
        let names = frame.locals.iter().enumerate().map(|(place, local)| {
            let stem = local.name.as_str();
            if !stem.is_empty() && given.insert(stem.to_owned()) {
                return stem.to_owned();
            }
            let first = if stem.is_empty() { place } else { 1 };
            let free = (first..)
                .map(|number| format!("{stem}_{number}"))
                .find(|name| !own.contains(name.as_str()) && !given.contains(name) && !self.defines(name));
            let name = free.unwrap_or_default();
            given.insert(name.clone());
            name
        });
        names.collect()
    }

    /// Whether a name stands for something outside functions.
    fn defines(&self, name: &str) -> bool {
        self.scheme.field_id(name).is_some()
            || self.tables.iter().any(|table| table.name == name)
            || self.functions.iter().any(|function| function.name == name)
    }

    /// Gives each local of what has statements a name of its own, so that the program is the one its text is read as.
    pub(crate) fn name_locals(&mut self) {
        for place in 0..self.functions.len() {
            if self.functions[place].is_value() {
                continue;
            }
            let names = self.names(&self.functions[place].frame);
            rename(&mut self.functions[place].frame, names);
        }
        for place in 0..self.rules.len() {
            if !self.rules[place].before.is_empty() {
                let names = self.names(&self.rules[place].frame);
                rename(&mut self.rules[place].frame, names);
            }
        }
    }
}

fn rename(frame: &mut Frame, names: Vec<String>) {
    for (local, name) in frame.locals.iter_mut().zip(names) {
        local.name = name;
    }
}
