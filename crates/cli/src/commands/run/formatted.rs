//! Lines that the formatter of a module makes.

use std::io::{Result, Write};

use quintet::lang::diagnostic::nearest;
use quintet::modules::{Formatter, Module};
use quintet::{FieldId, Scheme, Type, Value};

use super::found::Found;
use crate::failure::Failure;

/// The parameter that is the name of the rule.
const RULE: &str = "rule";

/// A formatter, and where its parameters come from.
pub struct Formatted {
    formatter: Formatter,
    /// The fields that it takes, and those of them that records have.
    fields: Vec<String>,
    places: Vec<Option<FieldId>>,
    line: Vec<u8>,
    /// How often it trapped.
    trapped: u64,
}

impl Formatted {
    /// The formatter of this name.
    ///
    /// # Errors
    /// There is none, or it takes a field that there is not, or that is of another type.
    pub fn new(name: &str, modules: &[Module], full: &Scheme) -> std::result::Result<Formatted, Failure> {
        let formatter = modules.iter().find_map(|module| module.formatter(name));
        let formatter = formatter.ok_or_else(|| Failure::unusable(format!("no module has a formatter `{name}`")))?;
        for param in formatter.params() {
            let wrong = |what: String| Failure::unusable(format!("formatter `{name}` takes `{}`, and {what}", param.name));
            let ty = match (param.name.as_str(), full.field_id(&param.name)) {
                (RULE, _) => &Type::Bytes,
                (_, Some(id)) => &full.field(id).ty,
                // What may be missing, is.
                (_, None) if param.nullable => continue,
                (name, None) => {
                    let near = nearest(name, full.fields().iter().map(|f| f.name.as_str()));
                    let near = near.map_or_else(String::new, |near| format!("; did it mean `{near}`?"));
                    return Err(wrong(format!("there is no such field{near}")));
                }
            };
            if *ty != param.ty {
                return Err(wrong(format!("as {}, but it is {ty}", param.ty)));
            }
        }
        let fields = formatter.params().iter().map(|param| param.name.clone()).filter(|name| name != RULE).collect();
        Ok(Formatted { formatter, fields, places: Vec::new(), line: Vec::new(), trapped: 0 })
    }

    /// The fields that it takes.
    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    /// Has it take fields of records of a scheme.
    pub fn bind(&mut self, scheme: &Scheme) {
        self.places = self.formatter.params().iter().map(|param| scheme.field_id(&param.name)).collect();
    }

    /// How often the formatter trapped, and made no line.
    pub fn trapped(&self) -> u64 {
        self.trapped
    }

    /// Writes a line for each rule and record that it matches.
    pub fn write(&mut self, found: &Found<'_>, names: &[String], out: &mut impl Write) -> Result<()> {
        for (record, _) in found.records() {
            for rule in found.rules(record, names) {
                let values: Vec<Value<'_>> = self
                    .formatter
                    .params()
                    .iter()
                    .zip(&self.places)
                    .map(|(param, place)| match place {
                        _ if param.name == RULE => Value::Bytes(rule.as_bytes()),
                        Some(id) => found.batch.record(record).value(*id),
                        None => Value::Nil,
                    })
                    .collect();
                self.line.clear();
                match self.formatter.format(&values, &mut self.line) {
                    Ok(true) => super::printer::line(out, &self.line)?,
                    Ok(false) => {}
                    Err(_) => self.trapped += 1,
                }
            }
        }
        Ok(())
    }
}
