//! Records a second and core from a file to answers: ten rules on packets, and a web application firewall's 64 on HTTP requests.
//!
//! ```text
//! cargo run --release --example throughput                                # the captures and requests of the workloads
//! cargo run --release --example throughput -- --packets my.pcap --requests my.jsonl --backend jit
//! ```
//!
//! One thread reads, compiles and evaluates. A file is read again and again until that took a second, as `quintet run` would read one that is so
//! many times as long: rules are compiled once, which is part of the time. A figure is that of the best of some such runs, with its shares.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cpu_time::ThreadTime;
use quintet::backend::Backend;
use quintet::{Engine, Matches, Scheme, backend, configurations};
use quintet_bench::shipped;
use quintet_inputs::{Format, Reader, ReaderOptions, schemes};

/// Rules on fields of several layers, some of which hardly any packet has.
const PACKETS: &str = r#"
rule web = tcp.dstport in {80 443 8080}
rule syn = tcp.flags.syn == true and tcp.flags.ack == false
rule private = ip.src in {10.0.0.0/8 172.16.0.0/12 192.168.0.0/16}
rule large = frame.len > 1200
rule dns = udp.dstport == 53
rule name = dns.qry.name contains "example"
rule method = http.request.method in {"POST" "PUT"}
rule agent = http.user_agent contains "curl"
rule ttl = ip.ttl < 10
rule ports = tcp.srcport > 1024 and tcp.dstport < 1024 and tcp.len > 0
"#;

/// How long a run takes at least, and how many there are.
const RUN: Duration = Duration::from_secs(1);
const RUNS: usize = 5;

struct Options {
    packets: PathBuf,
    requests: PathBuf,
    backends: Vec<Arc<dyn Backend>>,
}

fn options() -> Result<Options, Box<dyn Error>> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads/data");
    let mut options = Options { packets: data.join("traffic.pcapng"), requests: data.join("requests.jsonl"), backends: Vec::new() };
    let mut args = std::env::args().skip(1);
    while let Some(flag) = args.next() {
        let mut value = || args.next().ok_or(format!("{flag} needs a value"));
        match flag.as_str() {
            "--packets" => options.packets = value()?.into(),
            "--requests" => options.requests = value()?.into(),
            "--backend" => options.backends.push(backend(&value()?)?),
            _ => return Err(format!("there is no flag `{flag}`; there are --packets, --requests and --backend").into()),
        }
    }
    if options.backends.is_empty() {
        options.backends = configurations();
    }
    Ok(options)
}

/// What a run took, and the records in it.
#[derive(Clone, Copy, Default)]
struct Run {
    records: usize,
    compiling: Duration,
    reading: Duration,
    matching: Duration,
}

impl Run {
    fn total(&self) -> Duration {
        self.compiling + self.reading + self.matching
    }

    fn rate(&self) -> f64 {
        self.records as f64 / self.total().as_secs_f64()
    }

    fn share(&self, part: Duration) -> f64 {
        part.as_secs_f64() / self.total().as_secs_f64() * 100.0
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = options()?;
    let requests = shipped("waf-pack")?.rules;
    for (title, rules, format, path) in [
        ("Packets, ten rules", PACKETS, Format::Packets, &options.packets),
        ("HTTP requests as JSON lines, the rules of waf-pack", requests.as_str(), Format::Http, &options.requests),
    ] {
        println!("## {title}\n\n{}\n", path.display());
        println!("| backend | records a second | reading | compiling | matching |\n|---|---:|---:|---:|---:|");
        let engine = Engine::new();
        let scheme = schemes::of(format, engine.library().signatures()).ok_or("the format has no scheme of its own")?;
        for backend in &options.backends {
            let runs: Vec<Run> = (0..RUNS).map(|_| run(&engine, (rules, &scheme), &**backend, (format, path))).collect::<Result<_, _>>()?;
            let Some(best) = runs.iter().max_by(|a, b| a.rate().total_cmp(&b.rate())) else { continue };
            let share = |part| format!("{:.0} %", best.share(part));
            println!(
                "| {} | {:.0} | {} | {} | {} |",
                backend.id(),
                best.rate(),
                share(best.reading),
                share(best.compiling),
                share(best.matching)
            );
        }
        println!();
    }
    Ok(())
}

/// Compiles rules once and runs them on the records of a file until that took long enough.
fn run(
    engine: &Engine,
    (rules, full): (&str, &Scheme),
    backend: &dyn Backend,
    (format, path): (Format, &Path),
) -> Result<Run, Box<dyn Error>> {
    let mut run = Run::default();
    let start = ThreadTime::now();
    let program = engine.check_projected(rules, full)?;
    let options = ReaderOptions::default().declared(full).keys(program.looked_up());
    let linked = engine.link(program)?;
    let mut instance = engine.compile_linked(&linked, backend)?.instance()?;
    run.compiling = start.elapsed();
    let (mut matches, mut reuse) = (Matches::new(), None);
    while run.total() < RUN {
        let mut start = ThreadTime::now();
        let mut reader = Reader::open(path, format, linked.scheme(), &options)?;
        while let Some(batch) = reader.next_batch(reuse.take())? {
            let read = ThreadTime::now();
            run.reading += read.duration_since(start);
            instance.run_batch(&batch, &mut matches)?;
            run.records += batch.len();
            start = ThreadTime::now();
            run.matching += start.duration_since(read);
            reuse = Some(batch);
        }
    }
    Ok(run)
}
