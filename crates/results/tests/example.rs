//! `fixtures/example.json`: a small result file that tests of readers share. Nothing in it was measured. Its medians are the round
//! numbers below, so that what a reader makes of them can be checked by hand:
//!
//! * On `edge-filter`, in batches: wasm 2.5 ns < jit 4 < closures 8 < lua 11 < interp 90; native 3, cel 400, jit without passes 5.
//! * There jit overtakes closures after about (345,000 - 400) / (8 - 4) = 86 thousand records, and wasm overtakes jit after about
//!   (1,224,500 - 345,060) / (4 - 2.5) = 586 thousand.
//! * On `payload-search` jit is the fastest, and cel cannot run it.

mod common;

use std::collections::BTreeMap;

use quintet_results::{
    Absent, Again, CriterionResult, FORMAT, FrontEnd, Isolation, Latency, Machine, Measure, Memory, Options, Phase, Profile, Results, Row,
    RowKind, RuleProfile, Support, Traits, VERSION, WorkloadResult,
};

/// What the machine did to each round: all rows of a round feel it alike. Its median is 1.
const ROUNDS: [f64; 9] = [1.00, 1.02, 0.99, 1.04, 0.97, 1.01, 1.00, 1.06, 0.98];

/// What a row felt beside that: shifted by a row's place, so that ratios have an interval. Its median is 1.
const OWN: [f64; 9] = [1.000, 1.004, 0.996, 1.000, 1.010, 0.990, 1.000, 1.006, 0.994];

/// Samples whose median is about `ns`.
fn samples(ns: f64, place: usize) -> Measure {
    let sample = |(i, round): (usize, &f64)| (ns * round * OWN[(i + place) % OWN.len()] * 1000.0).round() / 1000.0;
    let rounds: Vec<f64> = ROUNDS.iter().enumerate().map(sample).collect();
    Measure { ns: rounds.chunks(3).map(<[f64]>::to_vec).collect() }
}

/// A row with these medians in ns, in the order of [`Phase::ALL`]; 0 stands for a phase that the engine does not have. The id is read as
/// `engine`, `engine-configuration` or `engine/no-passes`.
fn row(place: usize, id: &str, kind: RowKind, medians: [f64; 6], memory: Option<[usize; 4]>) -> Row {
    let phases: BTreeMap<Phase, Measure> = Phase::ALL
        .into_iter()
        .zip(medians)
        .filter(|(_, ns)| *ns > 0.0)
        .map(|(phase, ns)| (phase, samples(ns, place + phase as usize)))
        .collect();
    let (name, passes) = id.split_once('/').map_or((id, true), |(name, _)| (name, false));
    let (engine, configuration) = name.split_once('-').unwrap_or((name, ""));
    Row {
        id: id.into(),
        kind,
        engine: engine.into(),
        configuration: configuration.into(),
        passes: passes && kind == RowKind::Backend,
        traits: (kind == RowKind::Backend).then(|| traits(engine)),
        phases,
        totals: Vec::new(),
        latency: Some(Latency { p50: samples(medians[3], place + 7), p99: samples(medians[3] * 3.0, place + 8) }),
        memory: memory.map(|[code_bytes, data_bytes, heap_bytes, instance_bytes]| Memory {
            code_bytes,
            data_bytes,
            heap_bytes,
            instance_bytes,
        }),
        note: None,
    }
}

fn traits(engine: &str) -> Traits {
    match engine {
        "jit" | "lua" => Traits { executable_memory: true, isolation: Isolation::None },
        "wasm" => Traits { executable_memory: true, isolation: Isolation::Sandbox },
        _ => Traits { executable_memory: false, isolation: Isolation::SafeRust },
    }
}

fn front_end(rules: f64, read: f64) -> FrontEnd {
    FrontEnd {
        parse: samples(2_000.0 * rules, 0),
        check: samples(1_500.0 * rules, 1),
        passes: samples(500.0 * rules, 2),
        link: samples(800.0 * rules, 3),
        read: samples(read, 4),
    }
}

fn edge_filter() -> WorkloadResult {
    use RowKind::{Backend, Native, Peer};
    WorkloadResult {
        name: "edge-filter".into(),
        about: "A network, a method and a host.".into(),
        rules: 1,
        records: 1_000,
        record_bytes: 128_000,
        matches: vec![("".into(), 450)],
        traps: 0,
        verified_pairs: 1_000,
        difference: None,
        rounds: ROUNDS.len(),
        processes: 3,
        front_end: front_end(1.0, 2_000.0),
        rows: vec![
            row(0, "interp", Backend, [200.0, 40.0, 4_000.0, 95.0, 90.0, 0.0], Some([0, 0, 72, 512])),
            row(1, "closures", Backend, [400.0, 40.0, 4_000.0, 20.0, 8.0, 0.0], Some([0, 0, 400, 512])),
            row(2, "jit", Backend, [345_000.0, 60.0, 2_400.0, 14.0, 4.0, 0.0], Some([624, 64, 800, 512])),
            row(3, "jit-fast", Backend, [200_000.0, 60.0, 2_400.0, 15.0, 4.5, 0.0], Some([700, 64, 800, 512])),
            row(4, "wasm", Backend, [1_200_000.0, 24_500.0, 22_000.0, 42.0, 2.5, 12.0], Some([622, 128, 3_300, 131_072])),
            row(5, "lua", Backend, [60_000.0, 200_000.0, 2_800.0, 95.0, 11.0, 0.0], Some([1_314, 0, 7_900, 65_536])),
            row(6, "jit/no-passes", Backend, [360_000.0, 60.0, 2_500.0, 15.0, 5.0, 0.0], Some([800, 64, 900, 512])),
            row(7, "native", Native, [0.0, 0.0, 2_000.0, 6.0, 3.0, 0.0], None),
            row(8, "cel", Peer, [25_000.0, 0.0, 9_000.0, 400.0, 400.0, 0.0], None),
        ],
        absent: Vec::new(),
        no_op: samples(1.5, 5),
        again: Some(Again { id: "interp".into(), batch: samples(90.0, 6) }),
        sources: None,
        cited: Vec::new(),
        parts: Vec::new(),
        profiles: Vec::new(),
    }
}

/// What the rules of `payload-search` cost on a row whose batches take so many ns a record.
fn profile(id: &str, batch: f64) -> Profile {
    let rule = |(rule, matches, share, slower): (&str, u64, f64, f64)| RuleProfile {
        rule: rule.into(),
        checks: 2_000,
        matches,
        traps: if rule == "odd" { 2 } else { 0 },
        ns: (batch * share * 2_000.0).round(),
        match_ns: (matches > 0).then(|| (batch * share * slower).round()),
        no_match_ns: Some((batch * share).round()),
        max_ns: Some((batch * share * slower * 3.0).round()),
    };
    Profile {
        id: id.into(),
        records: 2_000,
        rounds: 5,
        unprofiled_ns: batch * 2_000.0,
        own_share: 0.0125,
        clock_share: 0.0025,
        alone_share: 0.0075,
        rules: [("words", 120, 0.5, 1.5), ("either", 300, 0.3, 0.75), ("start", 40, 0.06, 1.25), ("odd", 0, 0.15, 1.0)].map(rule).into(),
    }
}

fn payload_search() -> WorkloadResult {
    use RowKind::Backend;
    WorkloadResult {
        name: "payload-search".into(),
        about: "Searches for words in payloads.".into(),
        rules: 4,
        records: 2_000,
        record_bytes: 1_024_000,
        matches: vec![("words".into(), 120), ("either".into(), 300), ("start".into(), 40), ("odd".into(), 0)],
        traps: 2,
        verified_pairs: 8_000,
        difference: None,
        rounds: ROUNDS.len(),
        processes: 3,
        front_end: front_end(4.0, 900.0),
        rows: vec![
            row(0, "interp", Backend, [600.0, 42.0, 5_000.0, 560.0, 550.0, 0.0], Some([0, 0, 120, 512])),
            row(1, "closures", Backend, [1_500.0, 60.0, 5_000.0, 260.0, 240.0, 0.0], Some([0, 0, 1_500, 512])),
            row(2, "jit", Backend, [1_000_000.0, 65.0, 3_000.0, 140.0, 120.0, 0.0], Some([1_800, 256, 900, 512])),
            row(3, "jit-fast", Backend, [600_000.0, 65.0, 3_000.0, 150.0, 130.0, 0.0], Some([2_100, 256, 900, 512])),
            row(4, "wasm", Backend, [3_000_000.0, 30_000.0, 30_000.0, 200.0, 150.0, 190.0], Some([2_400, 512, 3_600, 131_072])),
            row(5, "lua", Backend, [400_000.0, 300_000.0, 9_000.0, 450.0, 300.0, 0.0], Some([5_000, 0, 6_000, 65_536])),
            row(6, "jit/no-passes", Backend, [1_100_000.0, 65.0, 3_000.0, 160.0, 140.0, 0.0], Some([2_000, 256, 1_000, 512])),
            row(7, "native", RowKind::Native, [0.0, 0.0, 2_500.0, 110.0, 100.0, 0.0], None),
        ],
        absent: vec![Absent { id: "cel".into(), reason: "CEL has no operator that searches bytes".into() }],
        no_op: samples(1.5, 5),
        again: Some(Again { id: "interp".into(), batch: samples(550.0, 6) }),
        sources: None,
        cited: Vec::new(),
        parts: Vec::new(),
        profiles: vec![profile("interp", 550.0), profile("closures", 240.0), profile("jit", 120.0)],
    }
}

/// A benchmark of criterion, with an interval of 2 % to either side.
fn criterion(group: &str, function: &str, parameter: Option<u64>, ns: f64, elements: Option<u64>) -> CriterionResult {
    let cut = |ns: f64| (ns * 1000.0).round() / 1000.0;
    CriterionResult {
        group: group.into(),
        function: function.into(),
        parameter: parameter.map(|p| p.to_string()),
        ns: cut(ns),
        low: cut(ns * 0.98),
        high: cut(ns * 1.02),
        elements,
    }
}

/// The workloads' groups, and scaling curves: a set's search grows with the logarithm of its size, a body's with its length, compiling
/// with the number of rules.
fn folded() -> Vec<CriterionResult> {
    let mut all = vec![
        criterion("parse/edge-filter", "parse", None, 2_000.0, Some(1)),
        criterion("compile/edge-filter", "closures", None, 400.0, Some(1)),
        criterion("compile/edge-filter", "jit", None, 345_000.0, Some(1)),
        criterion("run_batch/edge-filter", "closures", None, 8_000.0, Some(1_000)),
        criterion("run_batch/edge-filter", "jit", None, 4_000.0, Some(1_000)),
        criterion("run_batch/edge-filter", "jit/no-passes", None, 5_000.0, Some(1_000)),
        criterion("call_overhead/one-record", "closures", None, 9.0, Some(1)),
        criterion("call_overhead/empty-batch", "closures", None, 5.0, None),
    ];
    for (function, base, step) in [("interp", 40.0, 2.0), ("closures", 5.0, 2.0), ("jit", 3.0, 2.0), ("wasm", 2.0, 2.0), ("lua", 8.0, 2.5)]
    {
        for members in [1u64, 10, 100, 1_000, 10_000, 100_000] {
            let ns = 1_024.0 * (base + step * (members as f64).log2());
            all.push(criterion("scaling/set-members/int", function, Some(members), ns, Some(1_024)));
        }
        for bytes in [16u64, 256, 4_096, 65_536, 1_048_576] {
            all.push(criterion("scaling/body-bytes", function, Some(bytes), base + bytes as f64 / 16.0, Some(1)));
        }
    }
    // wasm stops short of the largest size, as a backend does whose compiling would take too long.
    for (function, each, sizes) in [("interp", 50.0, 5), ("closures", 100.0, 5), ("jit", 200_000.0, 5), ("wasm", 500_000.0, 4)] {
        for rules in [1u64, 10, 100, 1_000, 10_000].into_iter().take(sizes) {
            all.push(criterion("scaling/rules/compile", function, Some(rules), each * rules as f64, Some(rules)));
        }
    }
    all
}

fn example() -> Results {
    let support = |construct: &str, by: &[&str]| Support { construct: construct.into(), by: by.iter().map(|b| b.to_string()).collect() };
    Results {
        format: FORMAT.into(),
        version: VERSION,
        command: "quintet compare --out example".into(),
        started_at: 1_700_000_000,
        finished_at: 1_700_000_120,
        machine: Machine { os: "linux".into(), arch: "x86_64".into(), cpu: "Example CPU".into(), cores: 2 },
        versions: BTreeMap::from([("quintet".into(), "0.1.0".into()), ("wasmtime".into(), "48.0.8".into())]),
        options: Options {
            quick: false,
            sample_ns: 20_000_000,
            processes: 3,
            min_rounds: 9,
            max_rounds: 9,
            precision: 0.02,
            time_limit_s: 60.0,
        },
        workloads: vec![edge_filter(), payload_search()],
        support: vec![
            support("comparisons of integers", &["interp", "closures", "jit", "jit-fast", "wasm", "lua"]),
            support("searches in bytes", &["interp", "closures", "jit", "jit-fast", "wasm", "lua"]),
        ],
        criterion: folded(),
    }
}

#[test]
fn the_committed_file_is_the_example() {
    let made = serde_json::to_string_pretty(&example()).expect("no sample is infinite") + "\n";
    common::golden("tests/fixtures/example.json", &made);
    assert_eq!(Results::from_json(&made).expect("the example is valid"), example());
}

#[test]
fn centres_are_the_round_numbers() {
    let results = example();
    let edge = &results.workloads[0];
    for (id, ns) in [("wasm", 2.5), ("jit", 4.0), ("closures", 8.0), ("lua", 11.0), ("interp", 90.0), ("native", 3.0), ("cel", 400.0)] {
        let centre = edge.row(id).expect("the row is there").centre(Phase::Batch);
        assert!((centre / ns - 1.0).abs() < 0.011, "{id}: {centre} instead of about {ns}");
    }
    assert!(edge.row("native").is_some_and(|r| r.measure(Phase::Compile).is_none()));
}
