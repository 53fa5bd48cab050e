//! What a rule costs before it runs where many are made ready together.

use std::error::Error;

use quintet::backend;
use quintet_bench::{Loaded, names, shipped};
use quintet_lang::parse;

use crate::turns::{Work, take_turns, work};

/// Fewer rules are no pack.
const PACK: usize = 8;

/// Prints what each step takes per rule, for the shipped workloads that have many.
pub fn packs() -> Result<(), Box<dyn Error>> {
    let closures = &*backend("closures")?;
    println!("## Rules in packs, ns a rule\n");
    println!("| workload | rules | parse | check | passes | link | compiling closures |\n|---|{}", "---:|".repeat(6));
    for name in names() {
        let loaded = &Loaded::new(shipped(&name)?)?;
        let rules = loaded.linked.program().rules.len();
        if rules < PACK {
            continue;
        }
        let (engine, scheme, limits, text) = (&loaded.engine, loaded.linked.scheme(), loaded.engine.limits(), &loaded.workload.rules);
        let linker = &loaded.linker();
        let file = &parse(text, limits)?;
        let mut works: Vec<Work<'_>> = vec![
            work(|| parse(text, limits)),
            work(|| quintet_lang::check(file, scheme, limits)),
            work(|| engine.optimise(loaded.unoptimised.program())),
            // With a copy of the program, which linking uses up.
            work(|| linker.link(loaded.linked.program().clone())),
            work(|| engine.compile_linked(&loaded.linked, closures)),
        ];
        let (units, pointer_call) = take_turns(&mut works);
        let cells: Vec<String> = units.iter().map(|u| format!("{:.0}", u * pointer_call / rules as f64)).collect();
        println!("| {name} | {rules} | {} |", cells.join(" | "));
    }
    println!();
    Ok(())
}
