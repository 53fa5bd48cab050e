//! The workloads that are rule scripts: all configurations and the rows by hand find what is known from elsewhere, and where a computation
//! has an answer for any input, random inputs have the answers of independent Rust.

use std::collections::BTreeMap;

use quintet::{ArenaKind, Batch, BatchBuilder, Engine, Matches, Program, RuleSet, Scheme, Type, Value, configurations};
use quintet_bench::{Loaded, scripts, shipped};
use quintet_peers::{Task, peers};

/// The rows by hand beside each script.
const BY_HAND: &[(&str, &[&str])] = &[
    ("calls", &["native", "lua-script"]),
    ("checksum8", &["native", "lua-script"]),
    ("dns-names", &["native"]),
    ("entropy", &["native", "lua-script"]),
    ("heartbleed", &["native"]),
    ("levenshtein", &["native"]),
    ("n-body", &["native"]),
    ("port-shape", &["native"]),
    ("rdnss", &["native"]),
    ("sha256", &["native", "lua-script"]),
    ("sieve", &["native"]),
    ("swf-tags", &["native"]),
    ("winnti", &["native"]),
    ("xor-pe", &["native"]),
];

fn loaded(name: &str) -> (Loaded, Program) {
    let loaded = Loaded::new(shipped(name).unwrap()).unwrap();
    let program = loaded.engine.check(&loaded.workload.rules, loaded.linked.scheme()).unwrap();
    (loaded, program)
}

/// What the workload says that each rule matches.
fn expected(loaded: &Loaded, program: &Program) -> Vec<usize> {
    assert_eq!(loaded.workload.expected.len(), program.rules.len(), "{}", loaded.workload.name);
    program.rules.iter().map(|rule| loaded.workload.expected[&rule.name]).collect()
}

/// How many records each rule matches, in batches and one by one, on all configurations; none may trap.
fn on_all_configurations(engine: &Engine, program: &Program, batches: &[Batch], wanted: &[usize], name: &str) {
    let linked = engine.link(engine.optimise(program)).unwrap();
    let all = configurations();
    assert_eq!(all.len(), 10);
    for backend in all {
        let mut instance = backend.compile(&linked).unwrap().instantiate(engine.limits()).unwrap();
        let (mut matches, mut hits) = (Matches::new(), RuleSet::new());
        let (mut together, mut alone) = (vec![0; wanted.len()], vec![0; wanted.len()]);
        for batch in batches {
            instance.run_batch(batch, &mut matches).unwrap();
            assert!(matches.traps().is_empty(), "{name} on {}: {:?}", backend.id(), matches.traps());
            together.iter_mut().enumerate().for_each(|(rule, count)| *count += matches.count(rule));
            for record in batch.iter() {
                instance.run(record, &mut hits).unwrap();
                assert!(hits.traps().is_empty(), "{name} on {}: {:?}", backend.id(), hits.traps());
                hits.iter().for_each(|rule| alone[rule] += 1);
            }
        }
        assert_eq!((&together[..], &alone[..]), (wanted, wanted), "{name} on {}", backend.id());
    }
}

#[test]
fn all_configurations_find_what_is_known_from_elsewhere() {
    for name in scripts() {
        let (loaded, program) = loaded(&name);
        on_all_configurations(&loaded.engine, &program, &loaded.batches, &expected(&loaded, &program), &name);
    }
}

#[test]
fn rows_by_hand_find_it_too() {
    let (mut found, mut stale) = (Vec::new(), Vec::new());
    for name in scripts() {
        let (loaded, program) = loaded(&name);
        println!("{name}: {:#018x}", program.fingerprint());
        let mut present = Vec::new();
        for peer in peers() {
            let task = Task { workload: &name, program: &program, batches: &loaded.batches };
            let mut prepared = match peer.prepare(task) {
                Ok(prepared) => prepared,
                Err(reason) => {
                    println!("  {:<10} no: {reason}", peer.id());
                    stale.extend(reason.contains("fingerprint").then(|| format!("{name}, {}: {reason}", peer.id())));
                    continue;
                }
            };
            let wanted = expected(&loaded, &program);
            let (mut counts, mut hits) = (vec![0; wanted.len()], RuleSet::new());
            for record in 0..loaded.records() {
                prepared.run(record, &mut hits).unwrap_or_else(|e| panic!("{name}, {}: {e}", peer.id()));
                hits.iter().for_each(|rule| counts[rule] += 1);
            }
            assert_eq!(counts, wanted, "{name}, {}", peer.id());
            assert_eq!(prepared.run_all().unwrap(), wanted.iter().sum::<usize>() as u64, "{name}, {}", peer.id());
            present.push(peer.id());
        }
        found.push((name, present));
    }
    assert!(stale.is_empty(), "{}", stale.join("\n"));
    let pinned: Vec<(String, Vec<&str>)> = BY_HAND.iter().map(|(name, peers)| ((*name).to_owned(), peers.to_vec())).collect();
    assert_eq!(found, pinned);
}

/// Numbers that look random: Marsaglia's xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % most
    }

    /// Payloads of every length up to 200, which meets every way that a block can end, and longer ones; of few kinds of bytes and of all.
    fn payloads(&mut self) -> Vec<Vec<u8>> {
        let lengths = (0..200).chain([255, 256, 1000, 4095, 4096, 10_000]);
        lengths.map(|length| (0..length).map(|_| self.below(1 + length * 3 % 256) as u8).collect()).collect()
    }
}

/// The functions of a workload's script with another rule.
fn with_rule(name: &str, rule: &str) -> String {
    let text = shipped(name).unwrap().rules;
    let functions = text.split("\nrule ").next().unwrap_or_default();
    format!("{functions}\n{rule}\n")
}

/// Whether the rule holds for each payload beside its answer, and for none beside the next payload's, on all configurations. The payloads
/// have answers that all differ.
fn agrees(name: &str, rule: &str, ty: Type, payloads: &[Vec<u8>], answers: &[Value<'_>]) {
    let engine = Engine::new();
    let scheme = Scheme::builder()
        .mandatory("payload", Type::Bytes)
        .mandatory("answer", ty)
        .functions(engine.library().signatures())
        .build()
        .unwrap();
    let program = engine.check(&with_rule(name, rule), &scheme).unwrap_or_else(|e| panic!("{name}: {e}"));
    let field = |name: &str| scheme.field_id(name).unwrap();
    for (shift, wanted) in [(0, payloads.len()), (1, 0)] {
        let mut builder = BatchBuilder::new(&scheme, 1 << 8, ArenaKind::Plain).unwrap();
        for (i, payload) in payloads.iter().enumerate() {
            let mut record = builder.record();
            record.set(field("payload"), Value::Bytes(payload));
            record.set(field("answer"), answers[(i + shift) % answers.len()]);
            record.finish().unwrap();
        }
        on_all_configurations(&engine, &program, &[builder.build()], &[wanted], name);
    }
}

#[test]
fn sha256_is_the_digest_that_the_crate_sha2_computes() {
    use sha2::Digest;
    let payloads = Random(0x853c_49e6_748f_ea9b).payloads();
    let digests: Vec<_> = payloads.iter().map(sha2::Sha256::digest).collect();
    let answers: Vec<Value<'_>> = digests.iter().map(|digest| Value::Bytes(digest)).collect();
    agrees("sha256", "rule known = digest(payload) == answer", Type::Bytes, &payloads, &answers);
}

#[test]
fn entropy_is_what_its_definition_says() {
    let mut random = Random(0xda94_2042_e4dd_58b5);
    let payloads: Vec<Vec<u8>> = random.payloads().into_iter().filter(|p| p.len() > 100).collect();
    // The definition, by counts in a tree and natural logarithms.
    let entropy = |payload: &Vec<u8>| {
        let mut counts = BTreeMap::new();
        payload.iter().for_each(|byte| *counts.entry(byte).or_insert(0.0) += 1.0);
        let shares = counts.values().map(|count: &f64| count / payload.len() as f64);
        shares.map(|share| share * (1.0 / share).ln()).sum::<f64>() / std::f64::consts::LN_2
    };
    let answers: Vec<Value<'_>> = payloads.iter().map(|payload| Value::Float(entropy(payload))).collect();
    agrees("entropy", "rule near = abs(entropy_of(payload) - answer) < 0.000000000001", Type::Float, &payloads, &answers);
}

#[test]
fn checksum8_is_the_sum_of_bytes_in_eight_bits() {
    let mut payloads = Random(0x0123_4567_89ab_cdef).payloads();
    let sum = |payload: &Vec<u8>| payload.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    // The next payload's answer must be another one.
    payloads.dedup_by_key(|payload| sum(payload));
    assert!(payloads.len() > 150 && sum(&payloads[0]) != sum(&payloads[payloads.len() - 1]));
    let answers: Vec<Value<'_>> = payloads.iter().map(|payload| Value::Int(sum(payload).into())).collect();
    agrees("checksum8", "rule sum = checksum8(payload) == answer", Type::Int, &payloads, &answers);
}
