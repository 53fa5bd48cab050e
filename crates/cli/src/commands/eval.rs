//! `quintet eval`.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args as ClapArgs, ValueEnum};
use quintet::backend::Linked;
use quintet::{
    ArenaKind, Batch, BatchBuilder, Engine, EvaluateError, OwnedValue, Program, RecordRef, Rules, Scheme, SchemeBuilder, Trap, Type,
    ValueInstance, backend,
};
use quintet_inputs::{Piece, ReaderOptions, Stats};
use serde_json::json;

use crate::args::{PassesArgs, SchemeArgs};
use crate::failure::{Failure, output};
use crate::limits::LimitArgs;
use crate::lists::{self, ListArgs};
use crate::modules::ModuleArgs;
use crate::notes;
use crate::parallel::{self, Decoding, ThreadArgs, Times, Work};
use crate::render;
use crate::source::{self, Source};

/// Print what an expression of any type is worth, on each record.
///
/// Malformed packets and lines, values that do not fit their field and an input that is cut off are counted on standard error and stop
/// nothing; so are records on which the expression trapped. With --strict the exit status tells.
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  quintet eval 'concat(to_string(ip.src[0]), \":\", to_string(tcp.srcport))' --input capture.pcapng
  quintet eval 'regex_replace(http.host, \"^www\", \"\")' --input requests.jsonl --output json
  quintet eval '1 << 10'

As text there is one line a record: the value as a literal of the language, `nil`, or `trap:` and what happened. As JSON there is one object
a line: {\"record\":1,\"value\":...}, where bytes that are not UTF-8 are {\"hex\":\"00ff\"}, a Float is a string and nil is null, or
{\"record\":1,\"trap\":\"division by zero\"}.

Exit status: 0 evaluated (with or without a trap, and however much of the input was malformed or cut off: a truncated capture too exits 0);
1 the expression has errors; 2 the input cannot be used; 3 with --strict: evaluated, and the input was not all in order.")]
pub struct EvalArgs {
    /// An expression, a file that has one, or `-` for standard input.
    #[arg(allow_hyphen_values = true, value_parser = source::rules)]
    pub expression: String,
    /// The records: a capture, or JSON lines; `-` is standard input. Without it the expression is evaluated once and may use no field.
    #[arg(long, value_name = "FILE")]
    pub input: Option<PathBuf>,
    /// Exit with status 3 if anything of the input was malformed, cut off, passed over, or did not fit its field.
    #[arg(long, requires = "input")]
    pub strict: bool,
    #[command(flatten)]
    pub scheme: SchemeArgs,
    #[command(flatten)]
    pub lists: ListArgs,
    #[command(flatten)]
    pub modules: ModuleArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
    /// The backend that evaluates the expression.
    #[arg(long, value_name = "ID", default_value = "closures")]
    pub backend: String,
    #[command(flatten)]
    pub passes: PassesArgs,
    #[command(flatten)]
    pub threads: ThreadArgs,
    /// What is printed.
    #[arg(long, value_enum, default_value_t = EvalOutput::Text)]
    pub output: EvalOutput,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EvalOutput {
    /// The values, one a line.
    Text,
    /// One JSON object a record.
    Json,
}

/// Records of one batch.
const BATCH_RECORDS: usize = 1024;

pub fn run(args: &EvalArgs) -> Result<ExitCode, Failure> {
    let engine = Engine::new().with_limits(args.limits.limits()).with_passes(args.passes.passes);
    let (engine, _) = args.modules.extend(engine)?;
    let source = Source::expression(&args.expression)?;
    let mut printer = Printer { records: 0, traps: 0, first: None, out: BufWriter::new(std::io::stdout().lock()) };
    let stats = match &args.input {
        Some(input) => of_records(args, input, &engine, &source, &mut printer)?,
        None => {
            of_nothing(args, &engine, &source, &mut printer)?;
            Stats::default()
        }
    };
    printer.out.flush().map_err(output)?;
    if let Some((record, trap)) = printer.first {
        let Printer { records, traps, .. } = printer;
        eprintln!("quintet: {traps} of {records} records trapped and have no value; the first is number {record}: {trap}");
    }
    Ok(notes::end(&stats, args.input.as_deref().unwrap_or(Path::new("")), args.strict))
}

/// Evaluates on each record of the input. Answers what was seen of the input.
fn of_records(args: &EvalArgs, path: &Path, engine: &Engine, source: &Source, printer: &mut Printer<impl Write>) -> Result<Stats, Failure> {
    source::apart(&args.expression, path)?;
    let mut input = source::input(path)?;
    let format = source::format_of(&args.scheme, &mut input, path)?;
    let full = source::scheme_of(engine, &args.scheme, format, &mut input, path)?;
    lists::fill(engine, &args.lists.read()?, &source.text, &full)?;
    let program = engine.check_value_projected(&source.text, &full).map_err(|d| source.wrong(&d))?;
    let keys = program.looked_up();
    let (linked, rules) = prepare(args, engine, source, program)?;
    let instance = self::instance(&rules)?;
    let parsers = engine.bind_parsers(linked.scheme()).map_err(Failure::unusable)?;
    // What parses fields of maps wants all of their entries.
    let keys = if parsers.is_empty() { keys } else { Vec::new() };
    let options = ReaderOptions::default().batch_records(BATCH_RECORDS).arena(ArenaKind::Shared).declared(&full).keys(keys);
    let live = input.is_live();
    let (decoding, pieces) = Decoding::open(source::shown(path), input, format, (linked.scheme(), &parsers), &options)?;
    let others = (1..args.threads.number()).map(|_| decoding.another()).collect::<Vec<_>>();
    let evaluator = |decoding| Evaluator { decoding, rules: rules.clone(), instance: None, output: args.output, times: Times::default() };
    let mut evaluators: Vec<Evaluator> = [decoding].into_iter().chain(others).map(evaluator).collect();
    if let Some(first) = evaluators.first_mut() {
        first.instance = Some(instance);
    }
    let stats = parallel::over(pieces, &mut evaluators, |evaluated: Evaluated| {
        printer.write(&evaluated.found).map_err(output)?;
        if let Some(failure) = evaluated.failed {
            return Err(failure);
        }
        if live {
            printer.out.flush().map_err(output)?;
        }
        Ok(Some(evaluated))
    })?;
    if let Some(said) = evaluators.first_mut().and_then(|evaluator| evaluator.decoding().said()) {
        eprintln!("quintet: {}: {said}", source::shown(path));
    }
    Ok(stats)
}

/// Evaluates once, on a record without fields.
fn of_nothing(args: &EvalArgs, engine: &Engine, source: &Source, printer: &mut Printer<impl Write>) -> Result<(), Failure> {
    if args.scheme.scheme.is_some() || args.scheme.format.is_some() {
        return Err(Failure::unusable("--scheme and --format say what the fields of records are; give the records: --input FILE"));
    }
    let lists = [Type::Int, Type::Ip, Type::Bytes].into_iter().fold(Scheme::builder(), SchemeBuilder::lists);
    let scheme = lists.functions(engine.library().signatures()).build().map_err(Failure::unusable)?;
    lists::fill(engine, &args.lists.read()?, &source.text, &scheme)?;
    let program = engine.check_value(&source.text, &scheme).map_err(|d| {
        let wrong = source.wrong(&d);
        let of_fields = d.iter().any(|d| d.code == "unknown-name");
        if of_fields {
            Failure::found("without records there are no fields; if the expression is to use some give --input FILE")
        } else {
            wrong
        }
    })?;
    let (_, rules) = prepare(args, engine, source, program)?;
    let mut builder = BatchBuilder::new(&scheme, 1, ArenaKind::Plain).map_err(Failure::unusable)?;
    builder.record().finish().map_err(Failure::unusable)?;
    let batch = builder.build();
    let mut found = Values::default();
    found.add(&mut instance(&rules)?, args.output, batch.record(0), 1)?;
    printer.write(&found).map_err(output)
}

fn prepare(args: &EvalArgs, engine: &Engine, source: &Source, program: Program) -> Result<(std::sync::Arc<Linked>, Rules), Failure> {
    let linked = engine.link(program).map_err(|e| {
        render::one(&source.name, &source.text, e.span(), &e.to_string());
        Failure::found("")
    })?;
    let backend = backend(&args.backend).map_err(Failure::unusable)?;
    let rules = engine.compile_linked(&linked, &*backend).map_err(Failure::unusable)?;
    Ok((linked, rules))
}

fn instance(rules: &Rules) -> Result<ValueInstance, Failure> {
    Ok(ValueInstance::new(rules.instance().map_err(Failure::unusable)?, rules.program()))
}

/// What records are worth, as it is printed.
#[derive(Default)]
struct Values {
    text: String,
    records: usize,
    traps: usize,
    /// The first record that trapped.
    first: Option<(u64, Trap)>,
}

impl Values {
    /// Evaluates on a record.
    fn add(&mut self, instance: &mut ValueInstance, output: EvalOutput, record: RecordRef<'_>, number: u64) -> Result<(), Failure> {
        self.records += 1;
        let value = match instance.evaluate(record) {
            Ok(value) => Ok(value),
            Err(EvaluateError::Trap(fault)) => {
                self.traps += 1;
                self.first.get_or_insert((number, fault.trap));
                Err(fault.trap)
            }
            Err(e) => return Err(Failure::unusable(e)),
        };
        let line = match (output, value) {
            (EvalOutput::Text, Ok(Some(value))) => value.to_string(),
            (EvalOutput::Text, Ok(None)) => "nil".into(),
            (EvalOutput::Text, Err(trap)) => format!("trap: {trap}"),
            (EvalOutput::Json, Ok(value)) => json!({ "record": number, "value": value.as_ref().map(OwnedValue::to_json) }).to_string(),
            (EvalOutput::Json, Err(trap)) => json!({ "record": number, "trap": trap.to_string() }).to_string(),
        };
        self.text.push_str(&line);
        self.text.push('\n');
        Ok(())
    }
}

/// What a thread needs to evaluate on the records of an input.
struct Evaluator {
    decoding: Decoding,
    rules: Rules,
    /// Made when it is needed.
    instance: Option<ValueInstance>,
    output: EvalOutput,
    times: Times,
}

/// A batch of records, and what they are worth.
struct Evaluated {
    batch: Batch,
    found: Values,
    /// Why there are no more.
    failed: Option<Failure>,
}

impl Work for Evaluator {
    type Done = Evaluated;

    fn next(&mut self, piece: &mut Piece, spare: Option<Evaluated>) -> Result<Option<Evaluated>, Failure> {
        let Some((batch, numbers, _)) = self.decoding.next_batch(piece, spare.map(|spare| spare.batch))? else { return Ok(None) };
        let mut instance = match self.instance.take() {
            Some(instance) => instance,
            None => instance(&self.rules)?,
        };
        let mut found = Values::default();
        let failed = batch.iter().zip(numbers).find_map(|(record, number)| found.add(&mut instance, self.output, record, number).err());
        self.instance = Some(instance);
        Ok(Some(Evaluated { batch, found, failed }))
    }

    fn decoding(&mut self) -> &mut Decoding {
        &mut self.decoding
    }

    fn times(&mut self) -> &mut Times {
        &mut self.times
    }
}

/// Prints what records are worth, and counts them.
struct Printer<W: Write> {
    records: usize,
    traps: usize,
    first: Option<(u64, Trap)>,
    out: W,
}

impl<W: Write> Printer<W> {
    fn write(&mut self, found: &Values) -> std::io::Result<()> {
        self.records += found.records;
        self.traps += found.traps;
        self.first = self.first.or(found.first);
        self.out.write_all(found.text.as_bytes())
    }
}
