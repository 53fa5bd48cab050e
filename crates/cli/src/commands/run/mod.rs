//! `quintet run`.

mod args;
mod columns;
mod feed;
mod follow;
mod formatted;
mod found;
mod keeping;
mod matcher;
mod matching;
mod prepared;
mod printer;
mod progress;

use std::io::{BufWriter, ErrorKind, StdoutLock};
use std::process::ExitCode;
use std::time::Instant;

use quintet::{ArenaKind, Engine, TrapAt};
use quintet_inputs::ReaderOptions;

use crate::failure::{Failure, NOT_IN_ORDER, output};
use crate::parallel::{self, Decoding, Times, Work};
use crate::source::{self, Source};
use crate::{notes, render};
use args::OutputArg;
pub use args::RunArgs;
use feed::{Feed, Opened};
use found::Found;
use keeping::Keeping;
use matcher::{Matched, Matcher};
use matching::Matching;
use prepared::Prepared;
use printer::Printer;
use progress::Progress;

/// Records of one batch: more than a call's cost needs, few enough to stay in the processor's caches.
const BATCH_RECORDS: usize = 1024;

/// How many times as many records a batch has that threads share by key: enough that sharing it pays.
const SHARED: usize = 4;

/// Records of one batch of a format: those of a table cost little each, and a call for all columns of a batch more.
fn batch_records(format: quintet_inputs::Format) -> usize {
    #[cfg(feature = "tables")]
    if format == quintet_inputs::Format::Table {
        return 8 * BATCH_RECORDS;
    }
    let _ = format;
    BATCH_RECORDS
}

pub fn run(args: &RunArgs) -> Result<ExitCode, Failure> {
    args.consistent()?;
    let engine = Engine::new().with_limits(args.limits.limits()).with_passes(args.passes.passes);
    let (engine, modules) = args.modules.extend(engine)?;
    let source = Source::new(&args.rules)?;
    let mut feed = Feed::new(args)?;
    if let Some(path) = args.write.as_deref().filter(|path| feed.has(path)) {
        return Err(Failure::unusable(format!("{}: what is read cannot be written at once; name another file", path.display())));
    }
    if let Some((_, path)) = args.out.iter().find(|(_, path)| feed.has(path)) {
        return Err(Failure::unusable(format!("{}: what is read cannot be written at once; name another file", path.display())));
    }
    let prints = args.writes_out() || args.printed(false).is_some_and(|output| output != OutputArg::Count);
    let mut progress = Progress::new(args.quiet, feed.bytes(), prints);
    let Some(mut first) = feed.next(&progress)? else {
        feed.report();
        return Err(Failure::unusable("there is no input that can be read"));
    };
    let begun = Instant::now();
    let prepared = Prepared::new(args, (&engine, &modules), &source, &mut first)?;
    let compiling = begun.elapsed();
    let mut run = Run::new(args, prepared, &first, feed.several())?;
    let mut next = Some(first);
    while let Some(opened) = next {
        progress.inputs += 1;
        run.input(opened, &mut progress)?;
        next = feed.next(&progress)?;
    }
    let several = feed.several();
    let keeping = run.keeping.take();
    run.end(several)?;
    keeping.map_or(Ok(()), |keeping| keeping.end(args.quiet))?;
    progress.end(several, compiling, &run.times());
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
    /// What the rules keep and give out, where they do.
    keeping: Option<Keeping>,
    /// How many threads match, and what they need.
    threads: usize,
    matchers: Vec<Matcher>,
    traps: usize,
    /// The first of them, and its record in words.
    first: Option<(String, TrapAt)>,
    /// Whether something of the inputs is in no record.
    lossy: bool,
}

impl Run {
    fn new(args: &RunArgs, mut prepared: Prepared, first: &Opened, several: bool) -> Result<Run, Failure> {
        let printed = args.printed(prepared.outputs);
        let keeping = if prepared.linked.is_stateful() { Some(Keeping::new(args, &prepared.rules)?) } else { None };
        if printed == Some(OutputArg::Records) && first.format == quintet_inputs::Format::Packets {
            return Err(Failure::unusable("packets are no lines; --write FILE.pcapng writes the matching ones as a capture"));
        }
        #[cfg(feature = "tables")]
        if first.format == quintet_inputs::Format::Table && (printed == Some(OutputArg::Records) || args.write.is_some()) {
            return Err(Failure::unusable("rows of a table are no lines; --output csv with --field NAME prints what they hold"));
        }
        let matching = args.write.as_deref().map(|path| Matching::new(path, first.format)).transpose()?;
        let shared = if keeping.as_ref().is_some_and(Keeping::shares) { SHARED } else { 1 };
        let mut options = ReaderOptions::default()
            .batch_records(shared * batch_records(first.format))
            .arena(ArenaKind::Shared)
            .declared(&prepared.full)
            .keys(std::mem::take(&mut prepared.keys))
            .originals(matching.is_some() || printed == Some(OutputArg::Records));
        if args.follow {
            options = options.patience(feed::PATIENCE);
        }
        let columns = std::mem::take(&mut prepared.columns);
        let formatted = prepared.formatted.take();
        let out = BufWriter::new(std::io::stdout().lock());
        let printer =
            printed.map(|output| Printer::new((output, formatted), (prepared.names.clone(), prepared.text.clone()), columns, out));
        let threads = args.threads.number();
        let mut run = Run {
            prepared,
            options,
            several,
            printer,
            matching,
            keeping,
            threads,
            matchers: Vec::new(),
            traps: 0,
            first: None,
            lossy: false,
        };
        run.print(|printer| printer.begin(several))?;
        Ok(run)
    }

    fn input(&mut self, opened: Opened, progress: &mut Progress) -> Result<(), Failure> {
        let Opened { path, input, format } = opened;
        let name = source::shown(&path);
        let live = input.is_live();
        let (decoding, pieces) =
            Decoding::open(name.clone(), input, format, (self.prepared.linked.scheme(), &self.prepared.parsers), &self.options)?;
        let mut matchers = std::mem::take(&mut self.matchers);
        matchers.iter_mut().for_each(|matcher| matcher.begin(decoding.another()));
        if matchers.is_empty() {
            let others = (1..self.threads).map(|_| decoding.another()).collect::<Vec<_>>();
            let Prepared { rules, lifted, .. } = &self.prepared;
            matchers = [decoding].into_iter().chain(others).map(|decoding| Matcher::new(decoding, rules.clone(), lifted.clone())).collect();
        }
        if let Some(printer) = &mut self.printer {
            printer.input(self.several.then(|| name.clone()));
        }
        let stats = parallel::over(pieces, &mut matchers, |mut matched: Matched| {
            self.matched(&mut matched, &name, live, progress)?;
            Ok(Some(matched))
        })?;
        self.matchers = matchers;
        self.print(Printer::end_input)?;
        if let Some(said) = self.matchers.first_mut().and_then(|matcher| matcher.decoding().said()) {
            progress.aside(|| eprintln!("quintet: {name}: {said}"));
        }
        self.lossy |= stats.lossy();
        if !notes::of(&stats).is_empty() {
            progress.aside(|| notes::print(&stats, &path));
        }
        Ok(())
    }

    /// Says what a batch of an input came to.
    fn matched(&mut self, matched: &mut Matched, name: &str, live: bool, progress: &mut Progress) -> Result<(), Failure> {
        if let Some(keeping) = &mut self.keeping {
            keeping.finish(&matched.batch, &mut matched.matches)?;
        }
        let Matched { batch, matches, numbers, originals } = matched;
        let found = Found::new(batch, matches, numbers, originals);
        progress.add(batch.len() as u64, found.matching());
        self.traps += matches.traps().len();
        if let (None, Some(at)) = (&self.first, matches.traps().first()) {
            let number = numbers.get(at.record).copied().unwrap_or_default();
            let input = if self.several { format!(" of {name}") } else { String::new() };
            self.first = Some((format!("record {number}{input}"), *at));
        }
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
        Ok(())
    }

    /// What time the threads took for what.
    fn times(&mut self) -> Times {
        let mut times = Times::default();
        self.matchers.iter_mut().for_each(|matcher| times.take(matcher.times()));
        times
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
        let trapped = self.printer.as_ref().map_or(0, Printer::trapped);
        if trapped > 0 {
            eprintln!("quintet: the formatter trapped {trapped} times, and made no line then");
        }
        self.matching.take().map_or(Ok(()), |matching| matching.finish().map_err(output))
    }
}
