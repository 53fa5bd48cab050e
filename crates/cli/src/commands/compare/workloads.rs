//! The workloads that the flags name.

use std::collections::BTreeSet;
use std::path::Path;

use quintet::Engine;
use quintet_bench::{Files, LoadError, Loaded, Workload, names, scripts, sets, shipped};

use super::args::CompareArgs;
use crate::failure::Failure;
use crate::render;
use crate::source::{self, Source};

/// All of them, with their rules checked and their records read.
pub fn load(args: &CompareArgs) -> Result<Vec<Loaded>, Failure> {
    let mut workloads = Vec::new();
    match (&args.rules, &args.input) {
        (Some(rules), Some(input)) => workloads.push(own(rules, input, args)?),
        _ if args.scheme.scheme.is_some() || args.scheme.format.is_some() => {
            return Err(Failure::unusable(
                "--scheme and --format describe the records of --input; a workload file has the keys `scheme` and `format`",
            ));
        }
        _ if args.lists.any() => {
            return Err(Failure::unusable("--list fills lists of --rules; a workload file has the table `lists`"));
        }
        _ if args.modules.any() => {
            return Err(Failure::unusable("--module gives --rules functions and fields; it needs --rules and --input"));
        }
        _ if args.workloads.is_empty() => workloads.extend(all(names())?),
        _ => {}
    }
    for name in &args.workloads {
        match name.as_str() {
            SCRIPTS => workloads.extend(all(scripts())?),
            SETS => workloads.extend(all(sets())?),
            name => workloads.push(named(name)?),
        }
    }
    let mut seen = BTreeSet::new();
    if let Some(twice) = workloads.iter().find(|w| !seen.insert(w.name.clone())) {
        return Err(Failure::unusable(format!("two workloads are named `{}`; their results could not be told apart", twice.name)));
    }
    let limits = args.limits.limits();
    workloads.into_iter().map(|workload| ready(Workload { limits: limits.clone(), ..workload })).collect()
}

/// What stands for all shipped workloads that are rule scripts.
const SCRIPTS: &str = "scripts";

/// What stands for all shipped workloads of a thousand rules.
const SETS: &str = "sets";

/// Shipped workloads.
fn all(names: Vec<String>) -> Result<Vec<Workload>, Failure> {
    names.iter().map(|name| shipped(name).map_err(Failure::unusable)).collect()
}

/// A shipped workload by name, any other by its file.
fn named(name: &str) -> Result<Workload, Failure> {
    let path = Path::new(name);
    let loaded = if path.extension().is_some_and(|e| e == "toml") { Workload::load(Files::Disk, path) } else { shipped(name) };
    loaded.map_err(Failure::unusable)
}

/// The user's own rules on the user's own records.
fn own(rules: &str, input: &Path, args: &CompareArgs) -> Result<Workload, Failure> {
    let own = Source::new(rules)?;
    source::apart(rules, input)?;
    let unreadable = |path: &Path, e: &std::io::Error| Failure::unusable(format!("{}: {e}", path.display()));
    let format = source::format(&args.scheme);
    let scheme = match (format, &args.scheme.scheme) {
        (Some(format), Some(_)) => Some(source::scheme(&Engine::new(), &args.scheme, format)?.to_toml()),
        _ => None,
    };
    Ok(Workload {
        name: name_of(&own.name),
        about: format!("{} on the records of {}.", if own.name == source::EXPRESSION { rules } else { &own.name }, input.display()),
        rules: own.text,
        rules_path: own.name.into(),
        input: std::fs::read(source::file(input)).map_err(|e| unreadable(input, &e))?.into(),
        input_path: input.to_owned(),
        format: format.map(|f| f.name().to_owned()),
        scheme,
        lists: args.lists.read()?,
        modules: args.modules.read()?,
        ..Workload::default()
    })
}

/// A workload's name from a rule file's: its stem, with `-` for what names may not hold.
fn name_of(path: &str) -> String {
    let stem = Path::new(path).file_stem().map_or_else(String::new, |s| s.to_string_lossy().into_owned());
    let name: String = stem.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect();
    if name.is_empty() { "rules".into() } else { name }
}

fn ready(workload: Workload) -> Result<Loaded, Failure> {
    let text = workload.rules.clone();
    Loaded::new(workload).map_err(|error| match error {
        LoadError::Rules { path, diagnostics } => {
            render::diagnostics(&path, &text, &diagnostics);
            Failure::unusable(format!("{path}: the rules have errors, so nothing was measured"))
        }
        other => Failure::unusable(other),
    })
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn workloads_are_named_after_their_rules() {
        for (path, name) in
            [("a/b/edge.rules", "edge"), ("my rules.v2.rules", "my-rules-v2"), ("expression", "expression"), ("/", "rules"), ("é_1", "-_1")]
        {
            assert_eq!(name_of(path), name, "{path}");
        }
    }
}
