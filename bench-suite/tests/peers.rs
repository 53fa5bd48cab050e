//! Other engines answer as Quintet does, or refuse the workload and say why.

use quintet::backends;
use quintet_bench::{Loaded, names, shipped};
use quintet_lang::Program;
use quintet_peers::{Task, peers};
use quintet_runtime::{Matches, RuleSet};

fn loaded(name: &str) -> Loaded {
    Loaded::new(shipped(name).unwrap()).unwrap()
}

/// The rules as they are before any pass.
fn checked(loaded: &Loaded) -> Program {
    loaded.engine.check(&loaded.workload.rules, loaded.linked.scheme()).unwrap()
}

fn task<'t>(loaded: &'t Loaded, program: &'t Program) -> Task<'t> {
    Task { workload: &loaded.workload.name, program, batches: &loaded.batches }
}

/// The peers that express each shipped workload.
const EXPRESSED: &[(&str, &[&str])] = &[
    ("arrays-and-maps", &[]),
    ("edge-filter", &["native", "lua-script", "wirefilter", "cel", "rhai"]),
    ("header-logic", &["native", "lua-script", "cel", "rhai"]),
    ("large-sets", &["native", "wirefilter"]),
    ("one-comparison", &["native", "lua-script", "wirefilter", "cel", "rhai"]),
    ("payload-search", &["native", "lua-script", "wirefilter"]),
    ("small-sets", &["native", "lua-script", "wirefilter", "cel", "rhai"]),
    ("waf-pack", &[]),
    ("wirefilter-bench", &["native", "lua-script", "wirefilter", "cel", "rhai"]),
];

#[test]
fn which_peers_express_which_workloads() {
    let mut found = Vec::new();
    for name in names() {
        let loaded = loaded(&name);
        let program = checked(&loaded);
        println!("{name}: {:#018x}", program.fingerprint());
        let mut expressed = Vec::new();
        for peer in peers() {
            match peer.prepare(task(&loaded, &program)) {
                Ok(_) => expressed.push(peer.id()),
                Err(reason) => {
                    println!("  {:<10} no: {reason}", peer.id());
                    assert!(reason.len() > 10 && !reason.contains('\n'), "{name}, {}: a reason is one sentence: {reason}", peer.id());
                }
            }
        }
        println!("  yes: {expressed:?}");
        found.push((name, expressed));
    }
    let pinned: Vec<(String, Vec<&str>)> = EXPRESSED.iter().map(|(name, peers)| ((*name).to_owned(), peers.to_vec())).collect();
    assert_eq!(found, pinned);
}

#[test]
fn peers_answer_as_the_interpreter_does() {
    let interpreter = backends().remove(0);
    assert_eq!(interpreter.id().to_string(), "interp");
    for name in names() {
        let loaded = loaded(&name);
        let rules = loaded.engine.compile_linked(&loaded.linked, &*interpreter).unwrap();
        let mut instance = rules.instance().unwrap();
        let mut expected = Vec::new();
        for batch in &loaded.batches {
            let mut matches = Matches::new();
            instance.run_batch(batch, &mut matches).unwrap();
            assert!(matches.traps().is_empty(), "{name}");
            expected.push(matches);
        }
        let program = checked(&loaded);
        let total: usize = expected.iter().map(|m| (0..m.rules()).map(|r| m.count(r)).sum::<usize>()).sum();
        for peer in peers() {
            let Ok(mut prepared) = peer.prepare(task(&loaded, &program)) else { continue };
            if let Some(compiled) = prepared.compile() {
                compiled.unwrap_or_else(|e| panic!("{name}, {}: {e}", peer.id()));
            }
            let mut hits = RuleSet::new();
            let mut first = 0;
            for (batch, matches) in loaded.batches.iter().zip(&expected) {
                for record in 0..batch.len() {
                    prepared.run(first + record, &mut hits).unwrap_or_else(|e| panic!("{name}, {}, record {record}: {e}", peer.id()));
                    for (number, rule) in rules.program().rules.iter().enumerate() {
                        let at = || format!("{name}, {}, record {}, rule `{}`", peer.id(), first + record, rule.name);
                        assert_eq!(hits.contains(number), matches.get(number, record), "{}", at());
                    }
                }
                first += batch.len();
            }
            assert_eq!(prepared.run_all().unwrap(), total as u64, "{name}, {}", peer.id());
        }
    }
}

#[test]
fn rules_that_changed_are_not_what_was_written_by_hand() {
    let mut workload = shipped("small-sets").unwrap();
    workload.rules = workload.rules.replace("8888", "8889");
    workload.expected.clear();
    let loaded = Loaded::new(workload).unwrap();
    let program = checked(&loaded);
    for peer in peers().iter().filter(|p| ["native", "lua-script"].contains(&p.id())) {
        let reason = peer.prepare(task(&loaded, &program)).err().expect("it must refuse");
        assert!(reason.contains("fingerprint"), "{}: {reason}", peer.id());
    }
}
