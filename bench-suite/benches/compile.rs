//! What compiling costs: microseconds per rule for packs of 1, 8 and 64 rules and for shipped workloads, and from a linked rule to its
//! first answer, for every configuration.
//!
//! `cargo bench --bench compile` prints a table, a line per pack and a column per configuration. Each figure is the median of rounds in
//! which every configuration has its turn. What compiling made is freed outside of the time. A word after `--` narrows the packs:
//! `cargo bench --bench compile -- waf`; `backend=jit-fast` narrows the configurations.
//!
//! The packs `tests` are of rules of three tests, of an address, a port and a text that is searched, whose fields may all be missing.

use std::fmt::Write;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quintet::{ArenaKind, Backend, Batch, BatchBuilder, Engine, FieldId, Linked, RuleSet, Scheme, Type, configurations};
use quintet_bench::{Loaded, shipped};

/// Rounds, and how long each configuration is repeated within one. A run that is no benchmark sees that everything compiles, once.
const ROUNDS: usize = 15;
const TURN: Duration = Duration::from_millis(4);

/// What is compiled.
struct Pack {
    name: String,
    engine: Engine,
    linked: Arc<Linked>,
    batch: Batch,
    /// Whether the time runs up to the first answer; else only compiling is timed.
    answers: bool,
}

/// Rules of three tests each.
fn tests(rules: usize, answers: bool) -> Pack {
    let mut text = String::new();
    for rule in 0..rules {
        let (a, port, needle) = (10 + rule % 100, 443 + rule * 7, rule * 31);
        writeln!(text, "rule r{rule} = ip.src in {{{a}.0.0.0/8}} and tcp.dstport == {port} and http.host contains \"example{needle}\"")
            .expect("a string takes what is written");
    }
    let scheme = Scheme::builder().optional("ip.src", Type::Ip).optional("tcp.dstport", Type::Int).optional("http.host", Type::Bytes);
    let scheme = scheme.build().expect("the names are apart");
    let engine = Engine::new();
    let linked = engine.link(engine.check(&text, &scheme).expect("the rules are right")).expect("the rules are within the limits");
    let mut builder = BatchBuilder::new(&scheme, 1, ArenaKind::Shared).expect("a record is small");
    let mut record = builder.record();
    record.ip(FieldId(0), std::net::Ipv4Addr::new(10, 1, 2, 3).into());
    record.int(FieldId(1), 443);
    record.bytes(FieldId(2), b"www.example0.com");
    record.finish().expect("the record is complete");
    let batch = builder.build();
    let name = if answers { format!("tests/{rules}/first answer") } else { format!("tests/{rules}") };
    Pack { name, engine, linked, batch, answers }
}

/// The rules of a shipped workload.
fn workload(name: &str, answers: bool) -> Pack {
    let loaded = shipped(name).map_err(|e| e.to_string()).and_then(|w| Loaded::new(w).map_err(|e| e.to_string()));
    let mut loaded = loaded.unwrap_or_else(|e| panic!("{name}: {e}"));
    let rules = loaded.linked.program().rules.len();
    let name = if answers { format!("{name}/{rules}/first answer") } else { format!("{name}/{rules}") };
    Pack { name, engine: loaded.engine, linked: loaded.linked, batch: loaded.batches.swap_remove(0), answers }
}

impl Pack {
    /// One compilation: how long it takes.
    fn once(&self, backend: &dyn Backend) -> Duration {
        let start = Instant::now();
        let rules = self.engine.compile_linked(&self.linked, backend).unwrap_or_else(|e| panic!("{}: {e}", self.name));
        if !self.answers {
            let took = start.elapsed();
            drop(black_box(rules));
            return took;
        }
        let mut instance = rules.instance().unwrap_or_else(|e| panic!("{}: {e}", self.name));
        let mut hits = RuleSet::new();
        instance.run(self.batch.record(0), &mut hits).unwrap_or_else(|e| panic!("{}: {e}", self.name));
        black_box(&hits);
        start.elapsed()
    }

    /// Microseconds per rule: the least of a turn, as a turn may be interrupted.
    fn turn(&self, backend: &dyn Backend, turn: Duration) -> f64 {
        let (mut least, begun) = (Duration::MAX, Instant::now());
        while begun.elapsed() < turn || least == Duration::MAX {
            least = least.min(self.once(backend));
        }
        least.as_secs_f64() * 1e6 / self.linked.program().rules.len() as f64
    }
}

fn main() {
    let (rounds, turn) = if std::env::args().any(|word| word == "--bench") { (ROUNDS, TURN) } else { (1, Duration::ZERO) };
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let (only, packs): (Vec<&str>, Vec<&str>) = words.iter().map(String::as_str).partition(|word| word.starts_with("backend="));
    let only: Vec<&str> = only.iter().filter_map(|word| word.strip_prefix("backend=")).collect();
    let mut backends = configurations();
    backends.retain(|backend| only.is_empty() || only.contains(&backend.id().to_string().as_str()));
    let all: [(&str, &dyn Fn() -> Pack); 10] = [
        ("tests/1", &|| tests(1, false)),
        ("tests/8", &|| tests(8, false)),
        ("tests/64", &|| tests(64, false)),
        ("header-logic", &|| workload("header-logic", false)),
        ("small-sets", &|| workload("small-sets", false)),
        ("waf-pack", &|| workload("waf-pack", false)),
        ("arrays-and-maps", &|| workload("arrays-and-maps", false)),
        ("wirefilter-bench", &|| workload("wirefilter-bench", false)),
        ("tests/1/first answer", &|| tests(1, true)),
        ("edge-filter/first answer", &|| workload("edge-filter", true)),
    ];
    let ids: Vec<String> = backends.iter().map(|backend| backend.id().to_string()).collect();
    println!("us per rule\t{}", ids.join("\t"));
    for (name, make) in all {
        if !packs.is_empty() && !packs.iter().any(|word| name.contains(word)) {
            continue;
        }
        let pack = make();
        let mut figures = vec![Vec::new(); backends.len()];
        for _ in 0..rounds {
            for (backend, figures) in backends.iter().zip(&mut figures) {
                figures.push(pack.turn(&**backend, turn));
            }
        }
        let medians: Vec<String> = figures.iter().map(|figures| format!("{:.2}", quintet_results::median(figures))).collect();
        println!("{}\t{}", pack.name, medians.join("\t"));
    }
}
