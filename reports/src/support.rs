//! Which backend runs which construct, and what backends ask of their host.

use quintet_results::{Isolation, Support, WorkloadResult};

use crate::style::Style;
use crate::table::Table;

/// Who runs what.
pub struct SupportView {
    /// What is missing where, or that nothing is.
    pub summary: String,
    /// Whether every backend runs every construct.
    pub complete: bool,
    /// All constructs.
    pub table: Table,
}

/// Who runs what.
pub fn table(support: &[Support], styles: &[Style]) -> Option<SupportView> {
    let mut ids: Vec<&str> = styles.iter().filter(|s| s.candidate()).map(|s| s.id.as_str()).collect();
    for id in support.iter().flat_map(|s| &s.by) {
        if !ids.contains(&id.as_str()) {
            ids.push(id);
        }
    }
    let mut table = Table::new("Constructs of the language, by backend", &["construct"]);
    table.head.extend(ids.iter().map(|id| (*id).to_owned()));
    for construct in support {
        let by = |id: &&str| if construct.by.iter().any(|b| b == id) { "yes".to_owned() } else { "no".to_owned() };
        table.push([construct.construct.clone()].into_iter().chain(ids.iter().map(by)).collect());
    }
    let missing: Vec<String> = support
        .iter()
        .filter_map(|s| {
            let without: Vec<&str> = ids.iter().copied().filter(|id| s.by.iter().all(|b| b != id)).collect();
            (!without.is_empty()).then(|| format!("{} does not run on {}", s.construct, without.join(", ")))
        })
        .collect();
    let complete = missing.is_empty();
    let summary = if complete {
        format!("Complete: every one of {} constructs runs on every backend.", support.len())
    } else {
        format!("Of {} constructs not all run everywhere: {}.", support.len(), missing.join("; "))
    };
    (!support.is_empty()).then_some(SupportView { summary, complete, table })
}

/// What backends ask of their host, and what stands between a rule and its memory.
pub fn hosts(workloads: &[WorkloadResult], styles: &[Style]) -> Option<Table> {
    let mut table =
        Table::new("What backends ask of their host", &["backend", "maps executable memory", "between a rule and the host's memory"]);
    for style in styles.iter().filter(|s| s.candidate()) {
        let Some(traits) = workloads.iter().find_map(|w| w.row(&style.id)?.traits) else { continue };
        let memory = if traits.executable_memory { "needed" } else { "not needed" };
        let isolation = match traits.isolation {
            Isolation::SafeRust => "safe Rust, nothing is generated",
            Isolation::Sandbox => "a sandbox with memory of its own",
            Isolation::None => "nothing: the generator is trusted",
        };
        table.push_about(&style.id, vec![style.id.clone(), memory.into(), isolation.into()]);
    }
    (!table.rows.is_empty()).then_some(table)
}
