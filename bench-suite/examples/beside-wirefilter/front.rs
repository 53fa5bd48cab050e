//! From a filter's text to something that can be called.

use std::error::Error;

use quintet::backend;
use quintet_lang::parse;
use serde::Deserialize;

use crate::filters;
use crate::turns::{Work, summary, take_turns, work};

/// wirefilter's figures.
const CITED: &str = include_str!("../../workloads/data/wirefilter-main-front.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Front {
    figures: Vec<Figure>,
}

/// What wirefilter takes for one filter, in pointer calls.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Figure {
    rule: String,
    /// From text to a checked tree.
    parse: f64,
    /// From that to closures.
    compile: f64,
}

/// What is timed of each filter: the first two are compared, the others say where their time goes.
const STEPS: [&str; 8] =
    ["parsing and checking", "source to callable", "parse", "check", "passes", "link", "closures", "closures and instance"];

/// Prints, for each filter, how many times as long as wirefilter's parsing and checking take, and all that lies between source and something
/// that can be called, with closures: parsing, checking, passes, preparing, compiling and making an instance.
pub fn front() -> Result<(), Box<dyn Error>> {
    let (loaded, filters) = filters()?;
    let cited: Front = toml::from_str(CITED)?;
    let (engine, scheme, limits) = (&loaded.engine, loaded.linked.scheme(), loaded.engine.limits());
    let linker = &loaded.linker();
    let closures = &*backend("closures")?;
    let mut works: Vec<Work<'_>> = Vec::new();
    for figure in &cited.figures {
        let (_, text) = filters.iter().find(|f| f.0 == figure.rule).ok_or_else(|| format!("no rule {}", figure.rule))?;
        let (file, program) = (parse(text, limits)?, engine.check(text, scheme)?);
        let optimised = engine.optimise(&program);
        let linked = engine.link(program.clone())?;
        works.push(work(|| engine.check(text, scheme)));
        works.push(work(|| engine.compile(text, scheme, "closures").map(|rules| rules.instance())));
        works.push(work(|| parse(text, limits)));
        works.push(work(move || quintet_lang::check(&file, scheme, limits)));
        works.push(work(move || engine.optimise(&program)));
        // With a copy of the program, which linking uses up.
        works.push(work(move || linker.link(optimised.clone())));
        let rules = linked.clone();
        works.push(work(move || engine.compile_linked(&rules, closures)));
        works.push(work(move || engine.compile_linked(&linked, closures).map(|rules| rules.instance())));
    }
    let (units, pointer_call) = take_turns(&mut works);

    println!("## From text to something that can be called, with closures; in calls through a function pointer ({pointer_call:.2} ns)\n");
    println!("| filter | wirefilter's parse | parsing and checking | times | its parse and compile | source to callable | times |");
    println!("|---|{}", "---:|".repeat(6));
    let (mut checks, mut callables, mut steps) = (Vec::new(), Vec::new(), vec![Vec::new(); STEPS.len()]);
    for (figure, units) in cited.figures.iter().zip(units.chunks(STEPS.len())) {
        let both = figure.parse + figure.compile;
        let (check, callable) = (units[0] / figure.parse, units[1] / both);
        println!("| {} | {:.0} | {:.0} | {check:.2} | {both:.0} | {:.0} | {callable:.2} |", figure.rule, figure.parse, units[0], units[1]);
        // A filter counts as often as it has records among wirefilter's figures.
        let records = loaded.workload.cited.iter().flat_map(|c| &c.figures).filter(|f| f.rule == figure.rule).count();
        for _ in 0..records {
            checks.push((figure.rule.clone(), check));
            callables.push((figure.rule.clone(), callable));
            steps.iter_mut().zip(units).for_each(|(step, u)| step.push(*u));
        }
    }
    println!("\n* {}: {}", STEPS[0], summary(&checks));
    println!("* {}: {}", STEPS[1], summary(&callables));
    for (name, step) in STEPS.iter().zip(steps).skip(2) {
        println!("* {name}: {:.0} in the geometric mean", quintet_results::geometric_mean(step));
    }
    println!();
    Ok(())
}
