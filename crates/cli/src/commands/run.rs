//! `quintet run`.

use std::io::{BufWriter, Write};
use std::process::ExitCode;

use quintet::{ArenaKind, Batch, Engine, Matches, backend};
use quintet_inputs::ReaderOptions;
use serde_json::{Map, Value, json};

use crate::args::{OutputArg, RunArgs};
use crate::failure::{Failure, output};
use crate::lists;
use crate::notes;
use crate::render;
use crate::source::{self, Source};

/// Records of one batch: more than a call's cost needs, few enough to stay in the processor's caches.
const BATCH_RECORDS: usize = 1024;

pub fn run(args: &RunArgs) -> Result<ExitCode, Failure> {
    let engine = Engine::new().with_limits(args.limits.limits()).with_passes(args.passes.passes);
    let source = Source::new(&args.rules)?;
    source::apart(&args.rules, &args.input)?;
    let unreadable = |e: &dyn std::fmt::Display| Failure::unusable(format!("{}: {e}", source::shown(&args.input)));
    let mut input = source::input(&args.input)?;
    let format = source::format_of(&args.scheme, &mut input, &args.input)?;
    let full = source::scheme(&engine, &args.scheme, format)?;
    lists::fill(&engine, &args.lists.read()?, &source.text, &full)?;
    let program = engine.check_projected(&source.text, &full).map_err(|d| source.wrong(&d))?;
    let names: Vec<String> = program.rules.iter().map(|r| r.name.clone()).collect();
    let linked = engine.link(program).map_err(|e| {
        render::one(&source.name, &source.text, e.span(), &e.to_string());
        Failure::found("")
    })?;
    let backend = backend(&args.backend).map_err(Failure::unusable)?;
    let rules = engine.compile_linked(&linked, &*backend).map_err(Failure::unusable)?;
    let mut instance = rules.instance().map_err(Failure::unusable)?;

    let options = ReaderOptions::default().batch_records(BATCH_RECORDS).arena(ArenaKind::Shared).declared(&full);
    let mut reader = input.reader(format, linked.scheme(), &options).map_err(|e| unreadable(&e))?;
    let mut printer = Printer {
        names,
        output: args.output,
        counts: vec![0; linked.program().rules.len()],
        traps: 0,
        out: BufWriter::new(std::io::stdout().lock()),
    };
    let mut matches = Matches::new();
    let mut reuse = None;
    while let Some(batch) = reader.next_batch(reuse.take()).map_err(|e| unreadable(&e))? {
        instance.run_batch(&batch, &mut matches).map_err(Failure::unusable)?;
        printer.batch(&batch, &matches, reader.batch_numbers()).map_err(output)?;
        if reader.is_live() {
            printer.out.flush().map_err(output)?;
        }
        reuse = Some(batch);
    }
    printer.end().map_err(output)?;
    if printer.traps > 0 {
        eprintln!("quintet: {} rule-record pairs trapped and count as no match; --output json names them", printer.traps);
    }
    Ok(notes::end(reader.stats(), &args.input, args.strict))
}

struct Printer<W: Write> {
    names: Vec<String>,
    output: OutputArg,
    counts: Vec<usize>,
    traps: usize,
    out: W,
}

impl<W: Write> Printer<W> {
    fn batch(&mut self, batch: &Batch, matches: &Matches, numbers: &[u64]) -> std::io::Result<()> {
        self.traps += matches.traps().len();
        match self.output {
            OutputArg::Count => {
                for (rule, count) in self.counts.iter_mut().enumerate() {
                    *count += matches.count(rule);
                }
            }
            OutputArg::Numbers if self.names.len() == 1 => {
                for record in matches.records_of(0) {
                    writeln!(self.out, "{}", numbers[record])?;
                }
            }
            OutputArg::Numbers => {
                for (record, number) in numbers.iter().enumerate().take(batch.len()) {
                    for (rule, name) in self.names.iter().enumerate().filter(|(r, _)| matches.get(*r, record)) {
                        let _ = rule;
                        writeln!(self.out, "{name}\t{number}")?;
                    }
                }
            }
            OutputArg::Json => self.json(batch, matches, numbers)?,
        }
        Ok(())
    }

    fn json(&mut self, batch: &Batch, matches: &Matches, numbers: &[u64]) -> std::io::Result<()> {
        let mut traps = matches.traps().iter().peekable();
        for (record, number) in numbers.iter().enumerate().take(batch.len()) {
            let rules: Vec<&str> = (0..self.names.len()).filter(|r| matches.get(*r, record)).map(|r| self.names[r].as_str()).collect();
            let mut trapped = Map::new();
            while let Some(trap) = traps.next_if(|t| t.record == record) {
                trapped.insert(self.names[trap.rule].clone(), Value::from(trap.trap.to_string()));
            }
            if rules.is_empty() && trapped.is_empty() {
                continue;
            }
            let mut line = json!({ "record": number, "rules": rules });
            if !trapped.is_empty() {
                line["traps"] = trapped.into();
            }
            writeln!(self.out, "{line}")?;
        }
        Ok(())
    }

    fn end(&mut self) -> std::io::Result<()> {
        if self.output == OutputArg::Count {
            match self.counts.as_slice() {
                [count] => writeln!(self.out, "{count}")?,
                counts => {
                    for (name, count) in self.names.iter().zip(counts) {
                        writeln!(self.out, "{name}\t{count}")?;
                    }
                }
            }
        }
        self.out.flush()
    }
}
