//! Records of four fields, and rules that keep state on them.

use std::sync::{Arc, Mutex};

use quintet::{
    ArenaKind, Batch, BatchBuilder, DumpedState, Engine, Matches, Rules, Scheme, Session, Sink, SinkFault, Type, configurations,
};

/// A record: time in milliseconds, key, value, text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    pub ms: Option<i64>,
    pub k: Option<i64>,
    pub v: Option<i64>,
    pub b: Option<Vec<u8>>,
}

impl Row {
    /// A record at a second, with a key and a value.
    pub fn at(second: i64, k: i64, v: i64) -> Row {
        Row { ms: Some(second * 1000), k: Some(k), v: Some(v), b: None }
    }
}

pub fn scheme(engine: &Engine) -> Scheme {
    let fields = Scheme::builder().optional("t", Type::Float).optional("k", Type::Int).optional("v", Type::Int).optional("b", Type::Bytes);
    fields.functions(engine.library().signatures()).build().expect("a scheme")
}

pub fn batch(scheme: &Scheme, rows: &[Row]) -> Batch {
    let mut builder = BatchBuilder::new(scheme, rows.len().max(1), ArenaKind::Shared).expect("room");
    let id = |name: &str| scheme.field_id(name).expect("a field");
    for row in rows {
        let mut record = builder.record();
        row.ms.iter().for_each(|ms| drop(record.float(id("t"), *ms as f64 / 1000.0)));
        row.k.iter().for_each(|k| drop(record.int(id("k"), *k)));
        row.v.iter().for_each(|v| drop(record.int(id("v"), *v)));
        row.b.iter().for_each(|b| drop(record.bytes(id("b"), b)));
        record.finish().expect("a record");
    }
    builder.build()
}

/// Lines that a test looks at.
#[derive(Clone, Default)]
pub struct Lines(pub Arc<Mutex<Vec<u8>>>);

impl Sink for Lines {
    fn write(&mut self, lines: &[u8]) -> Result<(), SinkFault> {
        self.0.lock().expect("no panic").extend_from_slice(lines);
        Ok(())
    }
}

/// What rules come to on records.
#[derive(Clone, Debug, PartialEq)]
pub struct Answers {
    /// By record: the names of the rules that match.
    pub rules: Vec<String>,
    /// Record and rule of each trap.
    pub traps: Vec<(usize, usize)>,
    /// What the tables hold in the end, one entry a line.
    pub dump: Vec<String>,
    /// Name and evictions of each table.
    pub evicted: Vec<(String, u64)>,
    /// What was given out, by output.
    pub lines: Vec<(String, String)>,
    /// Traps of what is computed for tables and outputs.
    pub trapped: u64,
}

pub fn dump(session: &Session) -> Vec<String> {
    session.dump().iter().flat_map(DumpedState::lines).collect()
}

/// How records are given.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// Records of a batch.
    pub size: usize,
    /// Threads that run what looks at records alone; with one, the session does.
    pub threads: usize,
}

/// Runs rules over records.
pub fn run(rules: &Rules, rows: &[Row], way: Way) -> Answers {
    let mut session = rules.session().expect("a session");
    let outputs: Vec<String> = session.outputs().map(str::to_owned).collect();
    let sinks: Vec<(String, Lines)> = outputs.into_iter().map(|name| (name, Lines::default())).collect();
    for (name, lines) in &sinks {
        session.attach(name, Box::new(lines.clone())).expect("an output");
    }
    let batches: Vec<Batch> = rows.chunks(way.size).map(|rows| batch(rules.scheme(), rows)).collect();
    let mut answers: Vec<Matches> = batches.iter().map(|_| Matches::new()).collect();
    if way.threads == 1 {
        for (batch, out) in batches.iter().zip(&mut answers) {
            session.run_batch(batch, out).expect("it runs");
        }
    } else {
        // Batches are looked at in any order, and finished in theirs.
        std::thread::scope(|scope| {
            let mut parts: Vec<Vec<(&Batch, &mut Matches)>> = (0..way.threads).map(|_| Vec::new()).collect();
            for (at, pair) in batches.iter().zip(&mut answers).enumerate() {
                parts[at % way.threads].push(pair);
            }
            for part in parts {
                scope.spawn(|| {
                    let mut instance = rules.tests().expect("an instance");
                    part.into_iter().rev().for_each(|(batch, out)| instance.run_batch(batch, out).expect("it runs"));
                });
            }
        });
        for (batch, out) in batches.iter().zip(&mut answers) {
            session.finish(batch, out).expect("it runs");
        }
    }
    let names: Vec<&str> = rules.program().rules.iter().map(|rule| rule.name.as_str()).collect();
    let mut found = Answers {
        rules: Vec::new(),
        traps: Vec::new(),
        dump: dump(&session),
        evicted: session.counts().into_iter().map(|count| (count.name, count.evicted)).collect(),
        lines: Vec::new(),
        trapped: session.trapped(),
    };
    for (at, out) in answers.iter().enumerate() {
        for record in 0..out.records() {
            let all = names.iter().enumerate().filter(|(rule, _)| out.get(*rule, record)).map(|(_, name)| *name);
            found.rules.push(all.collect::<Vec<_>>().join(" "));
        }
        found.traps.extend(out.traps().iter().map(|trap| (at * way.size + trap.record, trap.rule)));
    }
    found.lines = sinks.iter().map(|(name, lines)| (name.clone(), String::from_utf8(lines.0.lock().unwrap().clone()).unwrap())).collect();
    found
}

/// Runs rules over records on every configuration, in one batch and record by record; all answer alike.
pub fn everywhere(source: &str, rows: &[Row]) -> Answers {
    let engine = Engine::new();
    let scheme = scheme(&engine);
    let mut first: Option<Answers> = None;
    for backend in configurations() {
        let id = backend.id().to_string();
        let rules = engine.compile(source, &scheme, &id).unwrap_or_else(|e| panic!("{e}"));
        for size in [1, 3, rows.len().max(1)] {
            let found = run(&rules, rows, Way { size, threads: 1 });
            match &first {
                None => first = Some(found),
                Some(first) => assert_eq!(*first, found, "{id}, {size} records a batch"),
            }
        }
    }
    first.expect("there are backends")
}
