//! `quintet conform`.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;

use indicatif::ProgressBar;
use quintet::backend::{Backend, Linked};
use quintet::{ArenaKind, BackendId, Engine, Matches, Passes, Presence, RecordError, RecordId, RuleId, RuleSet, backend, backends};
use quintet_cases::{Case, Exceptions, Expected, Run, cases, library};

use crate::args::ConformArgs;
use crate::failure::{FOUND, Failure, output};
use crate::limits::LimitArgs;
use crate::source;

pub fn run(args: &ConformArgs) -> Result<ExitCode, Failure> {
    let chosen = if args.backend == "all" { backends() } else { vec![backend(&args.backend).map_err(Failure::unusable)?] };
    let exceptions = match &args.exceptions {
        Some(path) => Exceptions::read(path).map_err(Failure::unusable)?,
        None => Exceptions::default(),
    };
    let bar = if std::io::stderr().is_terminal() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    let mut out = std::io::stdout().lock();
    let (mut passed, mut failed, mut skipped) = (0usize, 0usize, 0usize);
    for path in &args.files {
        for case in cases(source::file(path)).map_err(Failure::unusable)? {
            let case = case.map_err(Failure::unusable)?;
            bar.set_message(format!("{}:{}", path.display(), case.line));
            bar.tick();
            if exceptions.reason(&case.id, &case.expr).is_some() {
                skipped += 1;
                continue;
            }
            let disagreements = check(&case, &chosen, &args.limits, args.passes.passes)?;
            match disagreements.is_empty() {
                true => passed += 1,
                false => failed += 1,
            }
            for disagreement in disagreements {
                bar.suspend(|| writeln!(out, "{disagreement}")).map_err(output)?;
            }
        }
    }
    bar.finish_and_clear();
    writeln!(out, "{passed} passed, {failed} failed, {skipped} skipped").map_err(output)?;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(FOUND) })
}

/// Every way in which a case is answered otherwise, in words.
fn check(case: &Case, chosen: &[Arc<dyn Backend>], limits: &LimitArgs, passes: Passes) -> Result<Vec<String>, Failure> {
    let setting = &case.setting;
    let engine = Engine::new()
        .with_library(library())
        .with_lists(setting.lists.clone())
        .with_limits(limits.over(setting.limits.clone()))
        .with_passes(passes);
    let title = format!("{}: {}", case.id, case.expr);
    let linked = engine
        .check(&case.expr, &setting.scheme)
        .map_err(|d| d.iter().map(|d| d.message.clone()).collect::<Vec<_>>().join("; "))
        .and_then(|program| engine.link(program).map_err(|e| e.to_string()));
    let linked = match (linked, case.parse_ok) {
        (Ok(linked), true) => linked,
        (Ok(_), false) => return Ok(vec![format!("{title}\n  expected: rejected\n  all backends: accepted")]),
        (Err(_), false) => return Ok(Vec::new()),
        (Err(message), true) => return Ok(vec![format!("{title}\n  expected: accepted\n  all backends: rejected: {message}")]),
    };
    let mut answers = vec![Vec::new(); case.runs.len()];
    for backend in chosen {
        let found = run_all(case, &engine, &linked, &**backend).map_err(|e| Failure::unusable(format!("{title}: {e}")))?;
        for (place, answer) in answers.iter_mut().zip(found) {
            place.push((backend.id(), answer));
        }
    }
    let wrong = case.runs.iter().zip(answers).filter(|(run, answers)| {
        let wanted = expected(case, run).or_else(|| answers.first().map(|(_, a)| a.clone()));
        !answers.iter().all(|(_, a)| Some(a) == wanted.as_ref())
    });
    Ok(wrong.map(|(run, answers)| disagreement(&title, case, run, &answers)).collect())
}

/// What the case file says of a context, in the words of [`run_all`]. Where the reference panics because it evaluates a field that the
/// record lacks, and another context of the case shows that the field may be lacking, it says nothing: the backends must agree.
fn expected(case: &Case, run: &Run) -> Option<String> {
    match (&run.expected, &run.lacks) {
        (Expected::Result(result), _) => Some(result.to_string()),
        (Expected::Panic(_), Some(field)) if is_mandatory(case, field) => Some(refused(field)),
        (Expected::Panic(_), Some(_)) => None,
        (Expected::Panic(message), None) => Some(format!("panic: {message}")),
    }
}

fn is_mandatory(case: &Case, field: &str) -> bool {
    let scheme = &case.setting.scheme;
    scheme.field_id(field).is_some_and(|id| scheme.field(id).presence == Presence::Mandatory)
}

/// A record without a mandatory field is an error when it is finished, before any backend sees it.
fn refused(field: &str) -> String {
    format!("record refused: it lacks `{field}`")
}

/// The answers of one backend in all contexts of a case: each record alone and in a batch.
fn run_all(case: &Case, engine: &Engine, linked: &Arc<Linked>, backend: &dyn Backend) -> Result<Vec<String>, String> {
    let rules = engine.compile_linked(linked, backend).map_err(|e| e.to_string())?;
    let mut instance = rules.instance().map_err(|e| e.to_string())?;
    let (mut matches, mut hits) = (Matches::new(), RuleSet::new());
    let mut answers = Vec::with_capacity(case.runs.len());
    for run in &case.runs {
        let batch = match case.setting.batch([&run.record], ArenaKind::Shared) {
            Ok(batch) => batch,
            Err(RecordError::Missing(field)) => {
                answers.push(refused(&field));
                continue;
            }
            Err(e) => return Err(e.to_string()),
        };
        instance.run(batch.record(0), &mut hits).map_err(|e| e.to_string())?;
        instance.run_batch(&batch, &mut matches).map_err(|e| e.to_string())?;
        let alone = hits.traps().first().map_or_else(|| hits.contains(0).to_string(), |it| format!("trap: {}", it.trap));
        let together =
            matches.traps().first().map_or_else(|| matches.get(RuleId(0), RecordId(0)).to_string(), |t| format!("trap: {}", t.trap));
        answers.push(if alone == together { alone } else { format!("{alone} alone, {together} in a batch") });
    }
    Ok(answers)
}

fn disagreement(title: &str, case: &Case, run: &Run, answers: &[(BackendId, String)]) -> String {
    let context = serde_json::to_string(&quintet_cases::record_to_json(&case.setting.scheme, &run.record)).unwrap_or_default();
    let mut text = format!(
        "{title}\n  context {}: {context}\n  expected: {}",
        run.context,
        expected(case, run).as_deref().unwrap_or("the same answer of all")
    );
    for (id, answer) in answers {
        text.push_str(&format!("\n  {id}: {answer}"));
    }
    text
}
