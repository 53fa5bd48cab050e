//! Whether intervals and verdicts are right as often as they say, on samples whose truth is known, and on recorded ones.

use std::collections::BTreeMap;

use quintet_results::{
    Again, Diff, DiffOptions, FORMAT, Machine, Measure, Options, Phase, Results, Row, RowKind, VERSION, Verdict, WorkloadResult,
    discoveries, shift,
};

/// Random numbers that are the same in every run (SplitMix64).
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (((z ^ (z >> 31)) >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (2.0 * std::f64::consts::PI * self.uniform()).cos()
    }
}

/// How a machine disturbs samples.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    /// 3 % of noise, the same to either side.
    Normal,
    /// A log-normal factor of 20 %.
    LogNormal,
    /// Never quicker than its best, one round of ten disturbed by up to twice the time.
    Outliers,
    /// 3 % of noise on a machine that slows down by a fifth from the first round to the last.
    Drifting,
    /// 3 % of noise in which each round resembles the one before (correlation 0.5).
    Correlated,
    /// Rounds that another process shares take twice as long: one round in three.
    TwoSpeeds,
}

const SHAPES: [Shape; 6] = [Shape::Normal, Shape::LogNormal, Shape::Outliers, Shape::Drifting, Shape::Correlated, Shape::TwoSpeeds];
const ROUNDS: [usize; 3] = [7, 15, 31];

/// The samples of something that takes `ns`.
fn samples(random: &mut Random, shape: Shape, rounds: usize, ns: f64) -> Vec<f64> {
    let mut state = random.normal();
    let mut factor = |round: usize| match shape {
        Shape::Normal => 1.0 + 0.03 * random.normal(),
        Shape::LogNormal => (0.2 * random.normal()).exp(),
        Shape::Outliers => {
            let disturbed = if random.uniform() < 0.1 { random.uniform() } else { 0.0 };
            1.0 - 0.03 * random.uniform().ln() + disturbed
        }
        Shape::Drifting => (1.0 + 0.03 * random.normal()) * (1.0 + 0.2 * round as f64 / rounds as f64),
        Shape::Correlated => {
            state = 0.5 * state + 0.75f64.sqrt() * random.normal();
            1.0 + 0.03 * state
        }
        Shape::TwoSpeeds => (1.0 + 0.03 * random.normal()) * if random.uniform() < 0.33 { 2.0 } else { 1.0 },
    };
    (0..rounds).map(|round| ns * factor(round)).collect()
}

/// A measure of one process.
fn one(ns: Vec<f64>) -> Measure {
    Measure { ns: vec![ns] }
}

/// In how many of 100 of `times` trials something holds.
fn percent(times: usize, mut trial: impl FnMut() -> bool) -> f64 {
    100.0 * (0..times).filter(|_| trial()).count() as f64 / times as f64
}

#[test]
fn the_interval_of_a_ratio_within_a_run_holds_the_truth_95_times_in_100() {
    for rounds in ROUNDS {
        for shape in SHAPES {
            let mut random = Random(rounds as u64);
            let held = percent(600, || {
                let (a, b) = (samples(&mut random, shape, rounds, 30.0), samples(&mut random, shape, rounds, 10.0));
                one(a).to(&one(b)).holds(3.0)
            });
            println!("within a run: {rounds} rounds, {shape:?}: {held:.1} %");
            // Two standard errors of 600 trials are 1.8 %. Rounds that resemble each other beyond what a row shares with its neighbours are
            // the known weakness of resampling single rounds; the method's page states it.
            let least = if shape == Shape::Correlated { 75.0 } else { 93.2 };
            assert!(held >= least, "{rounds} rounds, {shape:?}: {held:.1} %");
        }
    }
}

#[test]
fn the_interval_of_a_ratio_over_processes_holds_the_truth_95_times_in_100() {
    // Each process shifts each row for good: by nothing, by as much as rounds differ, by five times as much.
    for (processes, rounds) in [(3, 5), (5, 7), (5, 31)] {
        for shape in SHAPES {
            for own in [0.0, 0.03, 0.15] {
                let mut random = Random(7 + processes as u64 + rounds as u64);
                let held = percent(600, || {
                    let (mut a, mut b) = (Measure::default(), Measure::default());
                    for _ in 0..processes {
                        let shared = (0.1 * random.normal()).exp();
                        for (row, ns) in [(&mut a, 30.0), (&mut b, 10.0)] {
                            let ns = ns * shared * (own * random.normal()).exp();
                            row.ns.push(samples(&mut random, shape, rounds, ns));
                        }
                    }
                    a.to(&b).holds(3.0)
                });
                println!("{processes} processes: {rounds} rounds, {shape:?}, own {own}: {held:.1} %");
                assert!(held >= 93.2, "{processes} processes, {rounds} rounds, {shape:?}, {own}: {held:.1} %");
            }
        }
    }
}

#[test]
fn a_shift_between_two_runs_is_invented_5_times_in_100_at_most_and_the_interval_holds_the_truth() {
    for rounds in ROUNDS {
        for shape in SHAPES {
            let mut random = Random(100 + rounds as u64);
            let held = percent(1000, || {
                let (a, b) = (samples(&mut random, shape, rounds, 10.0), samples(&mut random, shape, rounds, 11.0));
                shift(&one(a), &one(b)).expect("enough rounds").ratio.holds(1.1)
            });
            println!("between two runs: {rounds} rounds, {shape:?}: {held:.1} %");
            let least = if shape == Shape::Correlated { 85.0 } else { 93.5 };
            assert!(held >= least, "{rounds} rounds, {shape:?}: {held:.1} %");
        }
    }
}

/// A file of 3 workloads, 8 rows and 4 phases; `slower` is how many times as long jit's batch on the first workload takes.
fn file(random: &mut Random, shape: Shape, rounds: usize, slower: f64) -> Results {
    let names = ["interp", "closures", "jit", "jit-fast", "wasm", "wasm-winch", "lua", "lua-nojit"];
    let phases = [Phase::Compile, Phase::FirstCall, Phase::Single, Phase::Batch];
    let workload = |random: &mut Random, place: usize| {
        let mut row = |id: &str| Row {
            id: id.into(),
            kind: RowKind::Backend,
            engine: id.into(),
            configuration: String::new(),
            passes: true,
            traits: None,
            phases: phases
                .iter()
                .map(|phase| {
                    let factor = if (place, id, *phase) == (0, "jit", Phase::Batch) { slower } else { 1.0 };
                    (*phase, one(samples(random, shape, rounds, 100.0 * factor)))
                })
                .collect(),
            totals: Vec::new(),
            latency: None,
            memory: None,
            note: None,
        };
        let rows = names.iter().map(|id| row(id)).collect();
        let again = Again { id: "interp".into(), batch: one(samples(random, shape, rounds, 100.0)) };
        WorkloadResult {
            name: format!("w{place}"),
            rules: 1,
            records: 1,
            record_bytes: 8,
            matches: vec![("r".into(), 1)],
            verified_pairs: 1,
            rounds,
            processes: 1,
            rows,
            again: Some(again),
            ..WorkloadResult::default()
        }
    };
    Results {
        format: FORMAT.into(),
        version: VERSION,
        command: String::new(),
        started_at: 0,
        finished_at: 0,
        machine: Machine::default(),
        versions: BTreeMap::new(),
        options: Options {
            quick: false,
            sample_ns: 0,
            processes: 1,
            min_rounds: rounds,
            max_rounds: rounds,
            precision: 0.0,
            time_limit_s: 0.0,
        },
        workloads: (0..3).map(|place| workload(random, place)).collect(),
        support: Vec::new(),
        criterion: Vec::new(),
    }
}

/// Everything, with the default thresholds or with this one.
fn everything(threshold: Option<f64>) -> DiffOptions {
    DiffOptions { phases: Vec::new(), workloads: Vec::new(), threshold }
}

/// What `--workload w0 --phase batch` asks for.
fn one_phase(threshold: Option<f64>) -> DiffOptions {
    DiffOptions { phases: vec![Phase::Batch], workloads: vec!["w0".into()], threshold }
}

#[test]
fn a_diff_of_two_like_runs_says_no_difference_in_95_of_100() {
    for rounds in ROUNDS {
        for shape in SHAPES {
            let mut random = Random(1000 + rounds as u64);
            // Silent by default and with no threshold, in the whole diff and in one phase of one workload. The whole diff has 96 comparisons;
            // all of them have to be silent.
            let (mut silent, mut bare) = ([0; 2], [0; 2]);
            for _ in 0..100 {
                let (old, new) = (file(&mut random, shape, rounds, 1.0), file(&mut random, shape, rounds, 1.0));
                for (place, options) in [everything, one_phase].into_iter().enumerate() {
                    let quiet = |threshold| !Diff::new(&old, &new, &options(threshold)).any_changed();
                    // Without a threshold the statistics have to do it by themselves. Any threshold only takes verdicts away.
                    let without = quiet(Some(0.0));
                    bare[place] += usize::from(without);
                    silent[place] += usize::from(without || quiet(None));
                }
            }
            println!(
                "like runs: {rounds} rounds, {shape:?}: silent in {silent:?} of 100 (whole diff, one phase); without a threshold in {bare:?}"
            );
            assert!(silent.into_iter().all(|times| times >= 95), "{rounds} rounds, {shape:?}: {silent:?}");
            // The known weakness, as above: rounds of one row that resemble each other while its neighbours' do not.
            if shape != Shape::Correlated {
                assert!(bare.into_iter().all(|times| times >= 95), "{rounds} rounds, {shape:?}, no threshold: {bare:?}");
            }
        }
    }
}

#[test]
fn what_is_slower_than_the_threshold_by_a_margin_is_found_in_95_of_100() {
    // A tenth where a threshold of 2 % is asked for, a quarter with the default of 10 %.
    for (threshold, slower) in [(Some(0.02), 1.1), (None, 1.25)] {
        for rounds in ROUNDS {
            let mut random = Random(77 + rounds as u64);
            let (mut among, mut asked) = (0, 0);
            for _ in 0..200 {
                let (old, new) = (file(&mut random, Shape::Normal, rounds, 1.0), file(&mut random, Shape::Normal, rounds, slower));
                let found = |diff: &Diff| {
                    diff.comparisons
                        .iter()
                        .any(|c| (&*c.row, c.phase, &*c.workload, c.verdict) == ("jit", Phase::Batch, "w0", Verdict::Slower))
                };
                among += usize::from(found(&Diff::new(&old, &new, &everything(threshold))));
                asked += usize::from(found(&Diff::new(&old, &new, &one_phase(threshold))));
            }
            let (among, asked) = (among as f64 / 2.0, asked as f64 / 2.0);
            println!(
                "{slower}x, threshold {threshold:?}, {rounds} rounds: found in {among:.1} of 100 among 96 comparisons, in {asked:.1} among 8"
            );
            // Few rounds of one process have few degrees of freedom, which is too little evidence among 96 comparisons.
            if rounds >= 31 {
                assert!(
                    among >= 95.0 && asked >= 95.0,
                    "{slower}x, {rounds} rounds: found in {among:.1} of 100 among 96, in {asked:.1} among 8"
                );
            }
        }
    }
}

#[test]
fn recorded_repetitions_are_no_difference() {
    type Pair = (Measure, Measure);
    let pairs: Vec<Pair> = include_str!("data/again.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let mut columns = line.split('\t').skip(3).map(|c| c.split(' ').map(|n| n.parse().expect("a number")).collect::<Vec<f64>>());
            (one(columns.next().expect("a row")), one(columns.next().expect("its repetition")))
        })
        .collect();
    assert!(pairs.len() >= 100, "{} pairs", pairs.len());
    let share = |holds: &dyn Fn(&Pair) -> bool| 100.0 * pairs.iter().filter(|p| holds(p)).count() as f64 / pairs.len() as f64;
    let within = share(&|(a, b)| a.to(b).holds(1.0));
    let between = share(&|(a, b)| shift(a, b).expect("enough rounds").ratio.holds(1.0));
    let p: Vec<f64> = pairs.iter().map(|(a, b)| shift(a, b).expect("enough rounds").p).collect();
    let silent = 100.0 * discoveries(&p).iter().filter(|found| !**found).count() as f64 / p.len() as f64;
    println!("recorded: {within:.1} % within a run; as if of two runs {between:.1} % alone, {silent:.1} % taken together");
    // As if of two runs, the pairing that takes the machine's lasting disturbances out is lost; the method's page states it.
    assert!(within >= 95.0 && silent >= 95.0 && between >= 90.0, "{within:.1} %, {silent:.1} %, {between:.1} %");
}
