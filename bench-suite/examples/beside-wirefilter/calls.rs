//! One filter and one record a call.

use std::error::Error;

use quintet::{Batch, configurations};
use quintet_results::Cited;

use crate::filters;
use crate::turns::{Work, summary, take_turns, work};

/// Prints, for each filter and record, how many times as long as wirefilter's a call takes, on all backends or those that are named.
pub fn calls(wanted: &[String]) -> Result<(), Box<dyn Error>> {
    let (loaded, filters) = filters()?;
    let cited: &Cited = loaded.workload.cited.first().ok_or("the workload cites wirefilter's figures")?;
    let backends: Vec<_> = configurations().into_iter().filter(|b| wanted.is_empty() || wanted.contains(&b.id().to_string())).collect();
    if let Some(unknown) = wanted.iter().find(|id| backends.iter().all(|b| b.id().to_string() != **id)) {
        return Err(format!("there is no backend `{unknown}`").into());
    }
    // Records of the whole scheme, as a host has them that does not know its rules.
    let engine = &loaded.engine;
    let records: Vec<_> = loaded.batches.iter().flat_map(Batch::iter).collect();
    let mut works: Vec<Work<'_>> = Vec::new();
    for figure in &cited.figures {
        let (_, text) = filters.iter().find(|f| f.0 == figure.rule).ok_or_else(|| format!("no rule {}", figure.rule))?;
        let linked = engine.link(engine.check(text, loaded.linked.scheme())?)?;
        let record = *records.get(figure.record - 1).ok_or_else(|| format!("no record {}", figure.record))?;
        for backend in &backends {
            let mut filter = engine.compile_linked(&linked, &**backend)?.filter(quintet::RuleId(0))?;
            filter.matches(record)?;
            works.push(work(move || filter.matches(record).is_ok_and(|hit| hit)));
        }
    }
    let (units, pointer_call) = take_turns(&mut works);

    println!(
        "## One filter and one record a call, times wirefilter's; wirefilter's in calls through a function pointer ({pointer_call:.2} ns)\n"
    );
    let ids: Vec<String> = backends.iter().map(|b| b.id().to_string()).collect();
    println!("| filter, record | wirefilter | {} |\n|---|---:|{}", ids.join(" | "), "---:|".repeat(ids.len()));
    let mut ratios = vec![Vec::new(); ids.len()];
    for (figure, units) in cited.figures.iter().zip(units.chunks(ids.len())) {
        let line = format!("{}, {}", figure.rule, figure.record);
        let cells: Vec<String> = units.iter().map(|u| format!("{:.2}", u / figure.units)).collect();
        println!("| {line} | {:.2} | {} |", figure.units, cells.join(" | "));
        ratios.iter_mut().zip(units).for_each(|(ratios, u)| ratios.push((line.clone(), u / figure.units)));
    }
    println!();
    for (id, ratios) in ids.iter().zip(&ratios) {
        println!("* {id}: {}", summary(ratios));
    }
    println!();
    Ok(())
}
