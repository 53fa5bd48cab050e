//! The part of a workload that other engines can run which cannot run all of it: one rule that they do not have leaves out that rule, on all
//! rows of a comparison of its own, and not the engine.

use std::time::{Duration, Instant};

use quintet::RuleSet;
use quintet_lang::ast::{Program, Rule};
use quintet_lang::syntax::Item;
use quintet_peers::{Peer, Task};

use crate::gate::prepare;
use crate::lineup::Lineup;
use crate::load::Loaded;
use crate::sampler::{Effort, affordable};
use crate::workload::Workload;

/// The rules of a workload that engines of the line-up can run which cannot run all of them, as a workload; `None` where there is no such
/// engine, or none that runs any rule. Where engines have no rule in common, those that run the most count. An engine that would take the
/// time of the others takes no part.
pub fn part(loaded: &Loaded, lineup: &Lineup, effort: &Effort) -> Option<Workload> {
    let rules = &loaded.unoptimised.program().rules;
    let (mut able, mut without) = (Vec::new(), Vec::new());
    for peer in lineup.peers.iter().filter(|p| prepare(loaded, &***p).is_err()) {
        let runs: Vec<Option<Duration>> = rules.iter().map(|rule| pass(loaded, &**peer, rule)).collect();
        // An engine is run record by record, and then over all records at once.
        match affordable(runs.iter().flatten().sum::<Duration>() * 2, effort) {
            Ok(()) => able.push((peer.id(), runs.iter().map(Option::is_some).collect::<Vec<bool>>())),
            Err(reason) => without.push((peer.id().to_owned(), reason)),
        }
    }
    let count = |rules: &[bool]| rules.iter().filter(|r| **r).count();
    able.sort_by_key(|(_, rules)| std::cmp::Reverse(count(rules)));
    let (mut common, mut engines) = (vec![true; rules.len()], Vec::new());
    for (id, rules) in &able {
        let both: Vec<bool> = common.iter().zip(rules).map(|(a, b)| *a && *b).collect();
        if count(&both) > 0 {
            common = both;
            engines.push(*id);
        }
    }
    if engines.is_empty() {
        return None;
    }
    Some(Workload { without, ..reduced(loaded, &common, &engines)? })
}

/// Most records that are tried of one rule, and the time after which no further one is.
const TRIED: (usize, Duration) = (64, Duration::from_millis(50));

/// How long an engine would take for one rule on all records, from some of them; `None` where it cannot run the rule.
fn pass(loaded: &Loaded, peer: &dyn Peer, rule: &Rule) -> Option<Duration> {
    let program = Program { rules: vec![rule.clone()], ..loaded.unoptimised.program().clone() };
    let task = Task { workload: &loaded.workload.name, program: &program, batches: &loaded.batches };
    let mut prepared = peer.prepare(task).ok()?;
    prepared.compile().transpose().ok()?;
    let (records, mut hits) = (loaded.records(), RuleSet::new());
    let mut per_record = Duration::ZERO;
    // The first time warms up what engines make when they are first called.
    for _ in 0..2 {
        let (start, mut tried) = (Instant::now(), 0);
        for record in (0..records).step_by(records.div_ceil(TRIED.0)) {
            prepared.run(record, &mut hits).ok()?;
            tried += 1;
            if start.elapsed() > TRIED.1 {
                break;
            }
        }
        per_record = start.elapsed() / tried.max(1);
    }
    Some(per_record * u32::try_from(records).unwrap_or(u32::MAX))
}

/// The workload with only the rules that are `kept`.
fn reduced(loaded: &Loaded, kept: &[bool], engines: &[&str]) -> Option<Workload> {
    let whole = &loaded.workload;
    let file = quintet_lang::parse(&whole.rules, loaded.engine.limits()).ok()?;
    let rules: Vec<_> = file.rules().zip(kept).filter(|(_, kept)| **kept).map(|(rule, _)| rule).collect();
    let names: Vec<&str> = rules.iter().map(|r| r.name.text).collect();
    let left_out: Vec<&str> = file.rules().map(|r| r.name.text).filter(|name| !names.contains(name)).collect();
    // What rules may call stays.
    let stays = |item: &&Item| !matches!(item, Item::Rule(rule) if left_out.contains(&rule.name.text));
    let spans = file.items.iter().filter(stays).map(Item::span);
    let texts: Option<Vec<&str>> = spans.map(|span| whole.rules.get(span.start as usize..span.end as usize)).collect();
    let who = match engines {
        [one] => format!("{one} runs"),
        [first @ .., last] => format!("{} and {last} run", first.join(", ")),
        [] => return None,
    };
    Some(Workload {
        name: format!("{} (rules that {who})", whole.name),
        about: format!("{} of the {} rules of {}; without {}.", names.len(), file.rules().count(), whole.name, left_out.join(", ")),
        rules: texts?.join("\n") + "\n",
        expected: whole.expected.iter().filter(|(name, _)| names.contains(&name.as_str())).map(|(n, c)| (n.clone(), *c)).collect(),
        // A rule that names a list is in no part: no other engine has lists. Figures that are cited are of the whole.
        lists: Vec::new(),
        cited: Vec::new(),
        ..whole.clone()
    })
}
