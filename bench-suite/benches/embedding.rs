//! What it costs to hand a request of 12 headers to rules through `#[derive(Record)]`, without and with rules that run on it.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use quintet::{ArenaKind, Engine, Filler, Record, RecordBuffer};

#[derive(Record)]
struct Request<'a> {
    #[record(rename = "http.method")]
    method: &'a str,
    #[record(rename = "http.path")]
    path: &'a str,
    #[record(rename = "http.host")]
    host: Option<&'a str>,
    #[record(rename = "ip.src")]
    from: IpAddr,
    #[record(rename = "http.headers", grouped)]
    headers: &'a [(&'a str, &'a str)],
}

/// In the order in which a browser sends them.
const HEADERS: [(&str, &str); 12] = [
    ("host", "www.example.org"),
    ("connection", "keep-alive"),
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("accept-language", "en-GB,en;q=0.7,de;q=0.3"),
    ("cookie", "session=8f14e45fceea167a5a36dedd4bea2543"),
    ("referer", "https://www.example.org/"),
    ("x-forwarded-for", "192.0.2.10"),
    ("x-forwarded-for", "198.51.100.7"),
    ("cache-control", "no-cache"),
    ("upgrade-insecure-requests", "1"),
];

fn embedding(criterion: &mut Criterion) {
    let request = Request {
        method: "GET",
        path: "/index.html",
        host: Some("www.example.org"),
        from: Ipv4Addr::new(192, 0, 2, 10).into(),
        headers: &HEADERS,
    };
    let engine = Engine::new();
    let scheme = engine.scheme_of::<Request>().expect("a scheme");
    let mut group = criterion.benchmark_group("embedding");
    group.sample_size(20).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    let mut buffer = RecordBuffer::in_arena(&scheme, ArenaKind::Plain).expect("memory");
    let mut filler = Filler::new();
    group.bench_function("fill a request of 12 headers", |bencher| {
        bencher.iter(|| {
            let record = buffer.fill(|record| filler.fill(black_box(&request), record).expect("its scheme")).expect("a record");
            black_box(record.offset());
        });
    });
    let source = r#"
        rule forwarded = http.headers["x-forwarded-for"][1] == "198.51.100.7"
        rule index     = http.method == "GET" and http.path contains "index"
    "#;
    for id in ["closures", "jit"].into_iter().filter(|id| quintet::backend(id).is_ok()) {
        let mut evaluator = engine.compile(source, &scheme, id).expect("rules").evaluator().expect("an evaluator");
        group.bench_function(format!("fill and evaluate two rules, {id}"), |bencher| {
            bencher.iter(|| assert_eq!(evaluator.evaluate(black_box(&request)).expect("answers").len(), 2));
        });
    }
    group.finish();
}

criterion_group!(benches, embedding);
criterion_main!(benches);
