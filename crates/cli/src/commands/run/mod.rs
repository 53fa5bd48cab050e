//! `quintet run`.

mod args;
mod columns;
mod feed;
mod follow;
mod found;
mod matching;
mod prepared;
mod printer;
mod progress;

use std::io::{BufWriter, ErrorKind, StdoutLock};
use std::process::ExitCode;

use quintet::{ArenaKind, Engine, Matches, TrapAt};
use quintet_inputs::ReaderOptions;

use crate::failure::{Failure, NOT_IN_ORDER, output};
use crate::source::{self, Source};
use crate::{notes, render};
use args::OutputArg;
pub use args::RunArgs;
use feed::{Feed, Opened};
use found::Found;
use matching::Matching;
use prepared::Prepared;
use printer::Printer;
use progress::Progress;

/// Records of one batch: more than a call's cost needs, few enough to stay in the processor's caches.
const BATCH_RECORDS: usize = 1024;

pub fn run(args: &RunArgs) -> Result<ExitCode, Failure> {
    args.consistent()?;
    let engine = Engine::new().with_limits(args.limits.limits()).with_passes(args.passes.passes);
    let source = Source::new(&args.rules)?;
    let mut feed = Feed::new(args)?;
    if let Some(path) = args.write.as_deref().filter(|path| feed.has(path)) {
        return Err(Failure::unusable(format!("{}: what is read cannot be written at once; name another file", path.display())));
    }
    let prints = args.writes_out() || args.printed().is_some_and(|output| output != OutputArg::Count);
    let mut progress = Progress::new(args.quiet, feed.bytes(), prints);
    let Some(first) = feed.next(&progress)? else {
        feed.report();
        return Err(Failure::unusable("there is no input that can be read"));
    };
    let mut run = Run::new(args, Prepared::new(args, &engine, &source, first.format)?, &first, feed.several())?;
    let mut next = Some(first);
    while let Some(opened) = next {
        progress.inputs += 1;
        run.input(opened, &mut progress)?;
        next = feed.next(&progress)?;
    }
    let several = feed.several();
    run.end(several)?;
    progress.end(several);
    let passed = feed.report();
    if let Some((place, at)) = &run.first {
        eprintln!("quintet: {} rule-record pairs trapped and count as no match; --output json names them", run.traps);
        let name =
            run.prepared.names.get(at.rule).filter(|name| !name.is_empty()).map_or_else(|| "the rule".into(), |name| format!("`{name}`"));
        render::trap(&source.name, &source.text, at.span, &format!("{name} on {place}, the first that traps: {}", at.trap));
    }
    Ok(if args.strict && (run.lossy || passed) { ExitCode::from(NOT_IN_ORDER) } else { ExitCode::SUCCESS })
}

/// Rules that go over inputs, and where the answers go to.
struct Run {
    prepared: Prepared,
    options: ReaderOptions,
    several: bool,
    printer: Option<Printer<BufWriter<StdoutLock<'static>>>>,
    matching: Option<Matching>,
    traps: usize,
    /// The first of them, and its record in words.
    first: Option<(String, TrapAt)>,
    /// Whether something of the inputs is in no record.
    lossy: bool,
}

impl Run {
    fn new(args: &RunArgs, mut prepared: Prepared, first: &Opened, several: bool) -> Result<Run, Failure> {
        let printed = args.printed();
        if printed == Some(OutputArg::Records) && first.format == quintet_inputs::Format::Packets {
            return Err(Failure::unusable("packets are no lines; --write FILE.pcapng writes the matching ones as a capture"));
        }
        let matching = args.write.as_deref().map(|path| Matching::new(path, first.format)).transpose()?;
        let mut options = ReaderOptions::default()
            .batch_records(BATCH_RECORDS)
            .arena(ArenaKind::Shared)
            .declared(&prepared.full)
            .originals(matching.is_some() || printed == Some(OutputArg::Records));
        if args.follow {
            options = options.patience(feed::PATIENCE);
        }
        let columns = std::mem::take(&mut prepared.columns);
        let out = BufWriter::new(std::io::stdout().lock());
        let printer = printed.map(|output| Printer::new(output, (prepared.names.clone(), prepared.text.clone()), columns, out));
        let mut run = Run { prepared, options, several, printer, matching, traps: 0, first: None, lossy: false };
        run.print(|printer| printer.begin(several))?;
        Ok(run)
    }

    fn input(&mut self, opened: Opened, progress: &mut Progress) -> Result<(), Failure> {
        let Opened { path, input, format } = opened;
        let name = source::shown(&path);
        let unreadable = |e: &dyn std::fmt::Display| Failure::unusable(format!("{name}: {e}"));
        let mut reader = input.reader(format, self.prepared.linked.scheme(), &self.options).map_err(|e| unreadable(&e))?;
        if let Some(printer) = &mut self.printer {
            printer.input(self.several.then(|| name.clone()));
        }
        let mut matches = Matches::new();
        let mut reuse = None;
        while let Some(batch) = reader.next_batch(reuse.take()).map_err(|e| unreadable(&e))? {
            self.prepared.instance.run_batch(&batch, &mut matches).map_err(Failure::unusable)?;
            let found = Found::new(&batch, &matches, reader.batch_numbers(), reader.originals());
            progress.add(batch.len() as u64, found.matching());
            self.traps += matches.traps().len();
            if let (None, Some(at)) = (&self.first, matches.traps().first()) {
                let number = reader.batch_numbers().get(at.record).copied().unwrap_or_default();
                let input = if self.several { format!(" of {name}") } else { String::new() };
                self.first = Some((format!("record {number}{input}"), *at));
            }
            let live = reader.is_live();
            self.print(|printer| {
                printer.batch(&found)?;
                if live { printer.flush() } else { Ok(()) }
            })?;
            if let Some(matching) = &mut self.matching {
                matching.batch(&found).map_err(output)?;
                if live {
                    matching.flush().map_err(output)?;
                }
            }
            reuse = Some(batch);
        }
        self.print(Printer::end_input)?;
        self.lossy |= reader.stats().lossy();
        if !notes::of(reader.stats()).is_empty() {
            progress.aside(|| notes::print(reader.stats(), &path));
        }
        Ok(())
    }

    /// Prints. Where whoever reads the answers has seen enough, what is written goes on.
    fn print(&mut self, print: impl FnOnce(&mut Printer<BufWriter<StdoutLock<'static>>>) -> std::io::Result<()>) -> Result<(), Failure> {
        let Some(printer) = &mut self.printer else { return Ok(()) };
        match print(printer) {
            Err(e) if e.kind() == ErrorKind::BrokenPipe && self.matching.is_some() => {
                self.printer = None;
                Ok(())
            }
            printed => printed.map_err(output),
        }
    }

    fn end(&mut self, several: bool) -> Result<(), Failure> {
        self.print(|printer| printer.end(several))?;
        self.matching.take().map_or(Ok(()), |matching| matching.finish().map_err(output))
    }
}
