//! Records of four fields, and rules that keep state on them.

use std::sync::{Arc, Mutex};

use quintet::{
    ArenaKind, Batch, BatchBuilder, DumpedState, Engine, Matches, RecordId, RuleId, Rules, Scheme, Session, Sink, SinkFault, Type,
    WholeLines,
};

/// A record: time in milliseconds, key, value, text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    pub ms: Option<i64>,
    pub k: Option<i64>,
    pub v: Option<i64>,
    pub b: Option<Vec<u8>>,
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
        row.ms.iter().for_each(|ms| record.float(id("t"), *ms as f64 / 1000.0));
        row.k.iter().for_each(|k| record.int(id("k"), *k));
        row.v.iter().for_each(|v| record.int(id("v"), *v));
        row.b.iter().for_each(|b| record.bytes(id("b"), b));
        record.finish().expect("a record");
    }
    builder.build()
}

/// Lines that a test looks at.
#[derive(Clone, Default)]
pub struct Lines(pub Arc<Mutex<Vec<u8>>>);

impl Sink for Lines {
    fn write(&mut self, lines: &WholeLines<'_>) -> Result<(), SinkFault> {
        self.0.lock().expect("no panic").extend_from_slice(lines.bytes());
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
    /// Threads that share records by key, however few there are.
    pub shared: usize,
}

/// Runs rules over records.
pub fn run(rules: &Rules, rows: &[Row], way: Way) -> Answers {
    let mut session = rules.session_on(way.shared).expect("a session");
    session.share_from(1);
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
            let all = names.iter().enumerate().filter(|(rule, _)| out.get(RuleId(*rule), RecordId(record))).map(|(_, name)| *name);
            found.rules.push(all.collect::<Vec<_>>().join(" "));
        }
        found.traps.extend(out.traps().iter().map(|trap| (at * way.size + trap.record, trap.rule)));
    }
    found.lines = sinks.iter().map(|(name, lines)| (name.clone(), String::from_utf8(lines.0.lock().unwrap().clone()).unwrap())).collect();
    found
}
