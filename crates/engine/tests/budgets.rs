//! Steps and memory of an evaluation, on every configuration of every backend: the same traps in the same places, bounded time and memory,
//! the instance usable afterwards and the other rules and records answered. Peaks are those of the process, so this file holds a single
//! test.
#![cfg(target_os = "linux")]

use std::time::{Duration, Instant};

use quintet::{ArenaKind, Batch, BatchBuilder, Engine, Instance, Library, Limits, Matches, Scheme, Trap, Type, configurations};

/// A number of bytes that the kernel tells about the process.
fn memory(key: &str) -> usize {
    let text = std::fs::read_to_string("/proc/self/status").expect("the kernel tells");
    let line = text.lines().find(|l| l.starts_with(key)).expect("the kernel knows this");
    line.split_whitespace().nth(1).and_then(|n| n.parse::<usize>().ok()).expect("a number") << 10
}

struct Peak {
    start: usize,
}

impl Peak {
    fn begin() -> Peak {
        // Starts the peak anew. Where that is not allowed, the peak is that of the process so far, which can only be larger.
        let _ = std::fs::write("/proc/self/clear_refs", "5");
        Peak { start: memory("VmRSS:") }
    }

    /// Bytes that the peak lies above the start.
    fn bytes(&self) -> usize {
        memory("VmHWM:").saturating_sub(self.start)
    }
}

fn scheme(engine: &Engine) -> Scheme {
    Scheme::builder()
        .mandatory("n", Type::Int)
        .optional("body", Type::Bytes)
        .optional("names", Type::array(Type::Bytes))
        .optional("ints", Type::array(Type::Int))
        .functions(engine.library().signatures())
        .build()
        .unwrap()
}

/// Three records: the one in the middle has these values, the others only `n`, which is the record's place.
fn batch(scheme: &Scheme, body: &[u8], names: &[&[u8]], ints: &[i64]) -> Batch {
    let field = |name| scheme.field_id(name).unwrap();
    let mut builder = BatchBuilder::new(scheme, 3, ArenaKind::Shared).unwrap();
    for n in 0..3 {
        let mut record = builder.record();
        record.int(field("n"), n);
        if n == 1 {
            record.bytes(field("body"), body);
            record.bytes_array(field("names"), names);
            record.ints(field("ints"), ints);
        }
        record.finish().unwrap();
    }
    builder.build()
}

/// `any(contains(names[*], to_string(any(...))))`, so many loops deep. None finds anything.
fn nested(depth: usize) -> String {
    (1..depth).fold("any(contains(names[*], \"zz\"))".to_owned(), |inner, _| format!("any(contains(names[*], to_string({inner})))"))
}

fn instances(engine: &Engine, source: &str, scheme: &Scheme) -> Vec<(String, Box<dyn Instance>)> {
    let linked = engine.link(engine.check(source, scheme).unwrap()).unwrap();
    configurations()
        .into_iter()
        .map(|backend| {
            let rules = engine.compile_linked(&linked, &*backend).unwrap();
            (backend.id().to_string(), rules.instance().unwrap())
        })
        .collect()
}

/// The hostile rule stands between two others that answer all records; it traps on the record in the middle and is false on the others.
fn stopped(engine: &Engine, hostile: &str, batch: &Batch, trap: Trap, seconds: f64, bytes: usize) {
    let source = format!("rule a = n >= 0\nrule hostile = {hostile}\nrule b = n == 1\n");
    for (id, mut instance) in instances(engine, &source, batch.scheme()) {
        let (peak, start, mut matches) = (Peak::begin(), Instant::now(), Matches::new());
        instance.run_batch(batch, &mut matches).unwrap();
        assert_eq!((matches.count(0), matches.count(1), matches.count(2)), (3, 0, 1), "{id}: {hostile}");
        let traps: Vec<_> = matches.traps().iter().map(|t| (t.rule, t.record, t.trap)).collect();
        assert_eq!(traps, [(1, 1, trap)], "{id}: {hostile}");
        // The same instance goes on.
        let mut hits = quintet::RuleSet::new();
        instance.run(batch.record(1), &mut hits).unwrap();
        assert_eq!(
            (hits.iter().collect::<Vec<_>>(), hits.traps().iter().map(|it| (it.rule, it.trap)).collect()),
            (vec![0, 2], vec![(1, trap)]),
            "{id}: {hostile}"
        );
        let (took, most, kept) = (start.elapsed().as_secs_f64() / 2.0, peak.bytes(), instance.memory_bytes());
        println!("{id:<10} {trap}, {took:>6.3} s a record, {:>6.1} MB at most, {kept} bytes kept: {hostile:.60}", most as f64 / 1e6);
        assert!(took < seconds, "{id}: {took} s a record");
        assert!(most < bytes, "{id}: {most} bytes");
        assert!(kept < 4 << 20, "{id}: {kept} bytes kept");
    }
}

/// The rule passes with exactly so many steps, and not with one fewer.
fn counted(expression: &str, scheme: &Scheme, batch: &Batch, steps: u64) {
    for (limit, traps) in [(steps, 0), (steps - 1, 1)] {
        let engine = Engine::new().with_limits(Limits { steps: limit, ..Limits::default() });
        for (id, mut instance) in instances(&engine, expression, scheme) {
            let mut matches = Matches::new();
            instance.run_batch(batch, &mut matches).unwrap();
            assert_eq!(matches.traps().len(), traps, "{id} with {limit} steps: {expression}");
            assert!(matches.traps().iter().all(|t| t.trap == Trap::Budget && t.record == 1), "{id}: {expression}");
        }
    }
}

/// Scripts that do not end where there are ten names: a loop of a few statements, one that calls, loops within loops, and the last again with a
/// search in it.
fn endless() -> Vec<String> {
    let bodies = [
        "while most == 10 { sum += 1 }",
        "while most == 10 { sum = less(sum) }",
        "while most == 10 { for i in 0..most { if i != 7 { let at = i; while at < 100 { at += 1; sum += at } } } }",
        "while most == 10 { for name in names { if contains(name, \"zz\") { break }; sum += len(name) } }",
    ];
    let script = |body: &&str| {
        format!(
            "fn less(n: Int) -> Int {{ return n - 1 }}\n\
             fn spin(most: Int) -> Int {{ let sum = 0; {body}; return sum + less(1) }}\n\
             rule spun = spin(len(names)) == 0 and n == 1"
        )
    };
    bodies.iter().map(script).collect()
}

/// An interrupt ends a run that has no other end, and the instance goes on to the next.
fn interrupted(scheme: &Scheme, source: &str, endless: &Batch, (short, hits): (&Batch, usize)) {
    let engine = Engine::new().with_library(Library::standard()).with_limits(Limits { steps: u64::MAX, ..Limits::default() });
    for (id, mut instance) in instances(&engine, source, scheme) {
        let mut matches = Matches::new();
        for single in [false, true] {
            let interrupter = instance.interrupter();
            let start = Instant::now();
            let ended = std::thread::scope(|scope| {
                scope.spawn(|| {
                    std::thread::sleep(Duration::from_millis(30));
                    interrupter.interrupt();
                });
                match single {
                    true => instance.run(endless.record(1), &mut quintet::RuleSet::new()),
                    false => instance.run_batch(endless, &mut matches),
                }
            });
            assert!(ended.unwrap_err().is_interrupted(), "{id}: {source}");
            assert!(start.elapsed() < Duration::from_secs(5), "{id}: {:?}", start.elapsed());
            instance.run_batch(short, &mut matches).unwrap();
            assert_eq!((matches.count(0), matches.traps().len()), (hits, 0), "{id}: {source}");
        }
        // Between runs it is kept for the next that counts.
        instance.interrupter().interrupt();
        assert!(instance.run_batch(short, &mut matches).unwrap_err().is_interrupted(), "{id}");
        assert!(instance.run_batch(short, &mut matches).is_ok(), "{id}");
    }
}

#[test]
fn every_evaluation_ends_within_its_budget() {
    let engine = Engine::new();
    let scheme = scheme(&engine);
    let ten: Vec<&[u8]> = vec![b"abc"; 10];
    let mebibyte = vec![b'a'; 1 << 20];

    // Time: 10^12 steps, and a regular expression of some 10^4 states on a long text.
    stopped(&engine, &nested(12), &batch(&scheme, b"x", &ten, &[]), Trap::Budget, 20.0, 64 << 20);
    let regex = r#"body matches "(?:[ab]{1,100}){1,100}c""#;
    stopped(&engine, regex, &batch(&scheme, &mebibyte, &[], &[]), Trap::Budget, 1.0, 64 << 20);
    let replace = r#"regex_replace(body, "(?:[ab]{1,100}){1,100}c", "") == "x""#;
    stopped(&engine, replace, &batch(&scheme, &mebibyte, &[], &[]), Trap::Budget, 1.0, 64 << 20);

    // Memory: what elements refer to, copied for each of many calls, and arrays that grow.
    let many: Vec<&[u8]> = vec![b"abc"; 3_000];
    let split = r#"n == 1 and not any(contains(names[*], split(body, ",", 2)[0]))"#;
    stopped(&engine, split, &batch(&scheme, &mebibyte, &many, &[]), Trap::Memory, 1.0, 160 << 20);
    let million: Vec<i64> = (0..1_000_000).collect();
    let concat = format!("len(concat({})) > 3", vec!["ints"; 32].join(", "));
    stopped(&engine, &concat, &batch(&scheme, b"", &[], &million), Trap::Memory, 1.0, 160 << 20);
    let replaced = (0..20).fold("body".to_owned(), |text, _| format!("wildcard_replace({text}, \"*\", \"${{1}}${{1}}\")"));
    stopped(&engine, &format!("len({replaced}) > 0"), &batch(&scheme, &mebibyte, &[], &[]), Trap::Memory, 1.0, 160 << 20);

    // The count is exact, past the slices in which it is taken: 300 elements of the outer loop, each with a call that looks at 3 bytes and
    // the text of a test of 300 elements and as many calls.
    let names: Vec<&[u8]> = vec![b"abc"; 300];
    let many = batch(&scheme, b"x", &names, &[]);
    counted(r#"any(contains(names[*], "zz"))"#, &scheme, &many, 600);
    counted(&nested(2), &scheme, &many, 300 * (1 + 600 + 1 + 1));
    let body = batch(&scheme, &mebibyte[..100_000], &[], &[]);
    counted(r#"body contains "zz""#, &scheme, &body, 100_000 / 256);
    counted(r#"body matches "zz|y[a-c]""#, &scheme, &body, 100_000 * 5 / 16);
    counted(r#"body == concat(body, "")"#, &scheme, &body, 1 + 100_000 / 16 + 100_000 / 256);
    counted(r#"body wildcard "*zz*""#, &scheme, &body, 100_000 / 256);
    counted(r#"len(lower(body)) == 1"#, &scheme, &body, 1 + 100_000 / 16);

    let (long, short) = (batch(&scheme, b"x", &ten, &[]), batch(&scheme, b"x", &ten[..1], &[]));
    interrupted(&scheme, &nested(12), &long, (&short, 0));
    endless().iter().for_each(|source| interrupted(&scheme, source, &long, (&short, 1)));
}
