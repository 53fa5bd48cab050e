//! Rules that keep state or have outputs: their session, where its lines go, and what is left of it.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use quintet::lang::diagnostic::nearest;
use quintet::{Batch, FileSink, Matches, Rules, Session, SessionError, Sink, WriteSink};

use super::args::RunArgs;
use crate::failure::{Failure, output};
use crate::replace::Replacement;

/// A session, and the file for what its tables hold in the end.
pub struct Keeping {
    session: Session,
    state_out: Option<PathBuf>,
}

impl Keeping {
    /// The session of rules that keep state, with the sinks that the command line names.
    ///
    /// # Errors
    /// There is no such output, or a file cannot be opened.
    pub fn new(args: &RunArgs, rules: &Rules) -> Result<Keeping, Failure> {
        // Threads share the records of large batches by key, where the rules allow it.
        let mut session = rules.session_on(args.threads.number()).map_err(Failure::unusable)?;
        let names: Vec<String> = session.outputs().map(str::to_owned).collect();
        let mut taken = HashSet::new();
        for (name, path) in &args.out {
            if !names.contains(name) {
                let help = match nearest(name, names.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if names.is_empty() => "the rules have none".into(),
                    None => format!("there is `{}`", names.join("`, `")),
                };
                return Err(Failure::unusable(format!("there is no output `{name}`; {help}")));
            }
            let file = std::path::absolute(path).and_then(|path| path.canonicalize().or(Ok(path))).unwrap_or_else(|_| path.clone());
            if path.as_os_str() != "-" && !is_stream(path) && !taken.insert(file) {
                return Err(Failure::unusable(format!("{}: each output has a file of its own", path.display())));
            }
            let unwritable = |e: std::io::Error| Failure::unusable(format!("{}: {e}", path.display()));
            let replaced = session.attach(name, sink(path, args.append).map_err(unwritable)?).map_err(Failure::unusable)?;
            if replaced.is_some() {
                return Err(Failure::unusable(format!("--out names `{name}` twice")));
            }
        }
        // What no flag names goes to standard output, where nothing else does.
        if args.printed(true).is_none() && !args.writes_out() {
            let rest: Vec<&String> = names.iter().filter(|name| !args.out.iter().any(|(known, _)| known == *name)).collect();
            for name in rest {
                session.attach(name, Box::new(WriteSink(std::io::stdout()))).map_err(Failure::unusable)?;
            }
        }
        Ok(Keeping { session, state_out: args.state_out.clone() })
    }

    /// Whether threads share the records of large batches.
    pub fn shares(&self) -> bool {
        self.session.threads() > 1
    }

    /// Makes of what the rules say of a batch's records alone the answers.
    ///
    /// # Errors
    /// An output cannot be written, or an instance cannot go on.
    pub fn finish(&mut self, batch: &Batch, matches: &mut Matches) -> Result<(), Failure> {
        self.session.finish(batch, matches).map_err(|e: SessionError| Failure::unusable(e))
    }

    /// Writes what the tables hold, and says what they had no room for.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn end(self, quiet: bool) -> Result<(), Failure> {
        for count in self.session.counts().iter().filter(|count| count.evicted > 0) {
            eprintln!("quintet: `{}` was full: {} entries went before their time", count.name, count.evicted);
        }
        if self.session.trapped() > 0 {
            eprintln!("quintet: {} keys, times or values of tables and outputs trapped, and nothing came of them", self.session.trapped());
        }
        if !quiet {
            for (name, lines, _) in self.session.written() {
                eprintln!("quintet: output `{name}`: {lines} line{}", if lines == 1 { "" } else { "s" });
            }
        }
        let Some(path) = &self.state_out else { return Ok(()) };
        let unwritable = |e: std::io::Error| Failure::unusable(format!("{}: {e}", path.display()));
        if path.as_os_str() == "-" {
            return self.dump(&mut std::io::stdout().lock()).map_err(output);
        }
        if is_stream(path) {
            let stream = OpenOptions::new().write(true).open(path).map_err(unwritable)?;
            return self.dump(&mut BufWriter::new(stream)).map_err(unwritable);
        }
        let mut file = BufWriter::new(Replacement::begin(path).map_err(unwritable)?);
        self.dump(&mut file).map_err(unwritable)?;
        file.into_inner().map_err(|e| unwritable(e.into_error()))?.finish().map_err(unwritable)
    }

    fn dump(&self, out: &mut impl Write) -> std::io::Result<()> {
        for state in self.session.dump() {
            state.lines().try_for_each(|line| writeln!(out, "{line}"))?;
        }
        out.flush()
    }
}

/// Whether a path leads to a pipe or a device, which takes what it takes and is never replaced.
fn is_stream(path: &Path) -> bool {
    path.metadata().is_ok_and(|m| !m.is_file() && !m.is_dir())
}

/// What takes the lines for a path: `-` is standard output.
fn sink(path: &Path, append: bool) -> std::io::Result<Box<dyn Sink>> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(WriteSink(std::io::stdout())));
    }
    if is_stream(path) {
        return Ok(Box::new(WriteSink(OpenOptions::new().write(true).open(path)?)));
    }
    Ok(Box::new(if append { FileSink::append(path)? } else { FileSink::create(path)? }))
}
