//! What is printed of records and matches.

use std::io::{Error, Result, Write};

use serde_json::{Map, Value, json};

use super::args::OutputArg;
use super::columns::{self, Column};
use super::formatted::Formatted;
use super::found::Found;
use crate::render;

/// Prints the answers of one kind.
pub struct Printer<W: Write> {
    output: OutputArg,
    formatted: Option<Formatted>,
    /// The names of the rules.
    names: Vec<String>,
    /// The text of the rules.
    text: String,
    columns: Vec<Column>,
    /// What answers of the input at hand begin with, where there are several.
    input: Option<String>,
    /// How many records of the input at hand match each rule, and of those before.
    counts: Vec<(usize, usize)>,
    out: W,
}

impl<W: Write> Printer<W> {
    pub fn new(
        (output, formatted): (OutputArg, Option<Formatted>),
        (names, text): (Vec<String>, String),
        columns: Vec<Column>,
        out: W,
    ) -> Printer<W> {
        let counts = vec![(0, 0); names.len()];
        Printer { output, formatted, names, text, columns, input: None, counts, out }
    }

    /// Prints what stands before all answers. Where there are `several` inputs each answer names its own.
    pub fn begin(&mut self, several: bool) -> Result<()> {
        if self.output == OutputArg::Csv {
            let names = self.columns.iter().map(|c| c.name.clone());
            let first = several.then_some("input").into_iter().chain(["record", "rules"]).map(str::to_owned);
            let header: Vec<String> = first.chain(names).collect();
            self.csv([header])?;
        }
        Ok(())
    }

    /// Answers are of this input from now on, which they name if it has a name.
    pub fn input(&mut self, name: Option<String>) {
        self.input = name;
    }

    pub fn batch(&mut self, found: &Found<'_>) -> Result<()> {
        if let Some(formatted) = &mut self.formatted {
            return formatted.write(found, &self.names, &mut self.out);
        }
        match self.output {
            OutputArg::Count => {
                for (rule, (count, _)) in self.counts.iter_mut().enumerate() {
                    *count += found.matches.count(rule);
                }
                Ok(())
            }
            OutputArg::Numbers => self.numbers(found),
            OutputArg::Json => self.json(found),
            OutputArg::Csv => self.table(found),
            OutputArg::Fields => self.fields(found),
            OutputArg::Records => found.records().try_for_each(|(record, _)| line(&mut self.out, found.originals.record(record))),
        }
    }

    fn numbers(&mut self, found: &Found<'_>) -> Result<()> {
        for (record, number) in found.records() {
            for rule in found.rules(record, &self.names) {
                start(&mut self.out, self.input.as_deref(), (self.names.len() > 1).then_some(rule))?;
                writeln!(self.out, "{number}")?;
            }
        }
        Ok(())
    }

    fn json(&mut self, found: &Found<'_>) -> Result<()> {
        let mut traps = found.matches.traps().iter().peekable();
        for ((record, number), values) in found.numbers.iter().enumerate().zip(found.batch.iter()) {
            let rules = found.rules(record, &self.names);
            let (mut trapped, mut places) = (Map::new(), Map::new());
            while let Some(trap) = traps.next_if(|t| t.record == record) {
                let name = self.names.get(trap.rule).cloned().unwrap_or_default();
                let (line, column) = render::line_and_column(&self.text, trap.span);
                places.insert(name.clone(), json!({ "line": line, "column": column }));
                trapped.insert(name, Value::from(trap.trap.to_string()));
            }
            if rules.is_empty() && trapped.is_empty() {
                continue;
            }
            let mut line = json!({ "record": number, "rules": rules });
            if let Some(input) = &self.input {
                line["input"] = input.as_str().into();
            }
            if !self.columns.is_empty() {
                line["fields"] = columns::object(&self.columns, values);
            }
            if !trapped.is_empty() {
                line["traps"] = trapped.into();
                line["trap_places"] = places.into();
            }
            writeln!(self.out, "{line}")?;
        }
        Ok(())
    }

    fn table(&mut self, found: &Found<'_>) -> Result<()> {
        let rows: Vec<Vec<String>> = found
            .records()
            .map(|(record, number)| {
                let rules = found.rules(record, &self.names).join(" ");
                let values = self.columns.iter().map(|c| c.cell(found.batch.record(record)));
                self.input.iter().cloned().chain([number.to_string(), rules]).chain(values).collect()
            })
            .collect();
        self.csv(rows)
    }

    fn csv<'r, T: AsRef<[u8]> + 'r>(&mut self, rows: impl IntoIterator<Item = Vec<T>>) -> Result<()> {
        let mut csv = csv::Writer::from_writer(&mut self.out);
        // What an error of the stream is decides how the command ends.
        let unwrap = |e: csv::Error| match e.into_kind() {
            csv::ErrorKind::Io(e) => e,
            other => Error::other(format!("{other:?}")),
        };
        rows.into_iter().try_for_each(|row| csv.write_record(row)).map_err(unwrap)?;
        csv.flush()
    }

    fn fields(&mut self, found: &Found<'_>) -> Result<()> {
        for (record, _) in found.records() {
            let rules = (self.names.len() > 1).then(|| found.rules(record, &self.names).join(" "));
            start(&mut self.out, self.input.as_deref(), rules.as_deref())?;
            let values: Vec<String> = self.columns.iter().map(|c| columns::escaped(&c.cell(found.batch.record(record)))).collect();
            writeln!(self.out, "{}", values.join("\t"))?;
        }
        Ok(())
    }

    pub fn flush(&mut self) -> Result<()> {
        self.out.flush()
    }

    /// How often a formatter trapped.
    pub fn trapped(&self) -> u64 {
        self.formatted.as_ref().map_or(0, Formatted::trapped)
    }

    /// Prints what stands after the answers of an input.
    pub fn end_input(&mut self) -> Result<()> {
        if let (OutputArg::Count, Some(input)) = (self.output, self.input.clone()) {
            self.count(Some(&input), |(here, _)| *here)?;
        }
        for (here, before) in &mut self.counts {
            *before += std::mem::take(here);
        }
        Ok(())
    }

    /// Prints what stands after all answers.
    pub fn end(&mut self, several: bool) -> Result<()> {
        if self.output == OutputArg::Count {
            self.count(several.then_some("total"), |(_, all)| *all)?;
        }
        self.out.flush()
    }

    fn count(&mut self, input: Option<&str>, of: impl Fn(&(usize, usize)) -> usize) -> Result<()> {
        for (name, count) in self.names.iter().zip(&self.counts) {
            start(&mut self.out, input, (self.names.len() > 1).then_some(name))?;
            writeln!(self.out, "{}", of(count))?;
        }
        Ok(())
    }
}

/// What an answer begins with, where there are several inputs or rules.
fn start(out: &mut impl Write, input: Option<&str>, rule: Option<&str>) -> Result<()> {
    input.into_iter().chain(rule).try_for_each(|name| write!(out, "{}\t", columns::escaped(name)))
}

/// Writes a line as it stands; the last one of an input, which may have no end, gets one.
pub fn line(out: &mut impl Write, line: &[u8]) -> Result<()> {
    out.write_all(line)?;
    if line.ends_with(b"\n") { Ok(()) } else { out.write_all(b"\n") }
}
