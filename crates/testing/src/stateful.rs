//! Rules that keep state and have outputs, made at random, and what they come to on records that are: the same on every backend, in batches of any
//! size, and on any number of threads.

use std::fmt::Write;
use std::sync::{Arc, Mutex};

use proptest::test_runner::{RngAlgorithm, TestRng};
use quintet_lang::{Limits, Passes, Scheme, Type, compile, rewrite};
use quintet_runtime::{
    ArenaKind, Backend, Batch, BatchBuilder, DumpedState, Library, Linked, Lists, Matches, RecordId, RuleId, Session, Sink, SinkFault,
    TrapAt, WholeLines,
};

use crate::dice::Dice;

/// A record: time in milliseconds, two Ints and a text, of which any may be missing.
type Row = (Option<i64>, Option<i64>, Option<i64>, Option<&'static str>);

/// Rules, and records that they run on.
#[derive(Clone, Debug)]
pub struct Stateful {
    source: String,
    rows: Vec<Row>,
}

/// How records are given.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// Records of a batch.
    pub size: usize,
    /// Threads that share the records of a batch by key, where the rules allow it.
    pub threads: usize,
}

/// What rules come to on records.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// By record, the numbers of the rules that match.
    pub rules: Vec<Vec<usize>>,
    /// Traps of rules; the record is that of all.
    pub traps: Vec<TrapAt>,
    /// What the tables hold in the end.
    pub dump: Vec<String>,
    /// By table, what went for want of room.
    pub evicted: Vec<(String, u64)>,
    /// By output, what was given out.
    pub lines: Vec<(String, String)>,
    /// Traps of what is computed for tables and outputs.
    pub trapped: u64,
}

impl Outcome {
    /// The same with the count of traps of another. Passes may change how often a key or a value is computed of which nothing comes.
    #[must_use]
    pub fn counted_as(self, other: &Outcome) -> Outcome {
        Outcome { trapped: other.trapped, ..self }
    }
}

/// Lines that are looked at afterwards.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Sink for Lines {
    fn write(&mut self, lines: &WholeLines<'_>) -> Result<(), SinkFault> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend_from_slice(lines.bytes());
        Ok(())
    }
}

/// A table of a text.
struct Table {
    name: String,
    kind: &'static str,
}

/// Makes a text from top to bottom.
struct Writer<'r, 'd> {
    dice: &'d mut Dice<'r>,
    text: String,
    tables: Vec<Table>,
    rules: usize,
}

impl Writer<'_, '_> {
    fn pick(&mut self, all: &[&'static str]) -> &'static str {
        self.dice.pick::<&'static str>(all)
    }

    fn table(&mut self, key: &str) {
        let kind = self.pick(&["count", "sum", "distinct", "seen", "Int", "Bytes"]);
        let span = [1, 40, 300, 900, 4_000][self.dice.below(5)];
        let life = match kind {
            "count" | "sum" => match self.dice.below(4) {
                0 => format!("within {span}ms sliding"),
                1 => format!("keep {span}ms"),
                2 => format!("within {span}ms"),
                _ => String::new(),
            },
            "distinct" if self.dice.one_in(5) => String::new(),
            "distinct" => format!("within {span}ms"),
            _ if self.dice.one_in(4) => String::new(),
            _ => format!("keep {span}ms"),
        };
        let max = [1, 2, 5, 1_000, 1_000_000][self.dice.below(5)];
        let name = format!("s{}", self.tables.len());
        let _ = writeln!(self.text, "state {name}{key}: {kind} {life} max {max}");
        self.tables.push(Table { name, kind });
    }

    /// A table of one of these kinds.
    fn named(&mut self, kinds: &[&str]) -> Option<String> {
        let names: Vec<String> = self.tables.iter().filter(|table| kinds.contains(&table.kind)).map(|table| table.name.clone()).collect();
        (!names.is_empty()).then(|| self.dice.pick(&names).clone())
    }

    /// An Int that is never nil.
    fn int(&mut self, depth: usize) -> String {
        let number = self.named(&["count", "sum", "distinct"]);
        match (self.dice.below(8), number) {
            (0..=2, Some(name)) => name,
            (3, _) => match self.named(&["Int"]) {
                Some(name) => format!("({name} ?? {})", self.dice.below(4)),
                None => "(k ?? 3)".into(),
            },
            (4, _) => match self.named(&["Bytes"]) {
                Some(name) => format!("(len({name}) ?? 1)"),
                None => "(len(b) ?? 2)".into(),
            },
            (5, _) if depth > 0 => {
                let (a, op, b) = (self.int(depth - 1), self.pick(&["+", "-", "*", "/", "%"]), self.int(depth - 1));
                format!("({a} {op} {b})")
            }
            (6, _) => "(v ?? 1)".into(),
            _ => self.dice.below(5).to_string(),
        }
    }

    /// A test that is never nil.
    fn test(&mut self, depth: usize) -> String {
        match self.dice.below(9) {
            0 if self.rules > 0 => format!("r{}", self.dice.below(self.rules)),
            1 => self.named(&["seen"]).unwrap_or_else(|| "b == \"ab\"".into()),
            2 => self.named(&["Int", "Bytes"]).map_or_else(|| "present(k)".into(), |name| format!("present({name})")),
            3 if depth > 0 => format!("not ({})", self.test(depth - 1)),
            4 | 5 if depth > 0 => {
                let (a, op, b) = (self.test(depth - 1), self.pick(&["and", "or", "and"]), self.test(depth - 1));
                format!("({a} {op} {b})")
            }
            6 => format!("v > {}", self.dice.below(3)),
            _ => {
                let (a, op, b) = (self.int(depth), self.pick(&["<", "<=", "==", "!=", ">", ">="]), self.int(depth));
                format!("{a} {op} {b}")
            }
        }
    }

    fn rule(&mut self) {
        let test = self.test(2);
        let _ = writeln!(self.text, "rule r{} = {test}", self.rules);
        self.rules += 1;
    }

    fn change(&mut self) -> String {
        let place = self.dice.below(self.tables.len());
        let Table { name, kind } = &self.tables[place];
        let name = name.clone();
        if self.dice.one_in(7) {
            return format!("clear({name})");
        }
        match *kind {
            "count" => format!("{name} += 1"),
            "seen" => format!("add({name})"),
            "sum" => format!("{name} {} {}", if self.dice.one_in(3) { "-=" } else { "+=" }, self.int(1)),
            "distinct" => format!("{name} += {}", self.pick(&["v", "b", "k", "10 / v"])),
            "Int" => format!("{name} = {}", self.int(1)),
            _ => format!("{name} = {}", self.pick(&["b", "lower(b)", "\"xyz\""])),
        }
    }

    fn on(&mut self) {
        let rule = self.dice.below(self.rules);
        let changes: Vec<String> = (0..=self.dice.below(3)).map(|_| self.change()).collect();
        let _ = writeln!(self.text, "on r{rule} {{\n  {}\n}}", changes.join("\n  "));
    }

    fn output(&mut self, number: usize, key: &str) {
        let limit = match self.dice.below(3) {
            0 => String::new(),
            _ => {
                // What is more than an operand stands in parentheses.
                let parts = key.trim_matches(['[', ']']).split(", ");
                let by =
                    parts.map(|part| if part.contains(' ') { format!("({part})") } else { part.to_owned() }).collect::<Vec<_>>().join(", ");
                let by = if by.is_empty() || self.dice.one_in(6) { String::new() } else { format!(" by {by}") };
                format!(" limit {} within {}ms{by}", 1 + self.dice.below(3), [50, 1_000][self.dice.below(2)])
            }
        };
        let values = format!("{{ k: k, b: b, n: {}, m: {} }}", self.int(1), self.int(0));
        let form = match self.dice.below(3) {
            0 => format!("csv {values}"),
            1 => format!("text \"{{k}} {{b}}: {{n}}, {{m}}\" {values}"),
            _ => format!("json {values}"),
        };
        let _ = writeln!(self.text, "output o{number} on r{}{limit} = {form}", self.dice.below(self.rules));
    }

    fn all(&mut self) {
        let time = self.pick(&["t", "t", "t", "float(v) / 2.0", "10 / v"]);
        let _ = writeln!(self.text, "time = {time}");
        // Where all have one key that stands in the record, threads share records by it.
        let one = ["[k]", "[k]", "[b]", "[k, b]"][self.dice.below(4)];
        let same = !self.dice.one_in(3);
        let key = |w: &mut Self| if same { one } else { w.pick(&["", "[k]", "[b]", "[v % 2]", "[k, b]", "[4 / v]"]) };
        for _ in 0..=self.dice.below(3) {
            let key = key(self);
            self.table(key);
        }
        self.rule();
        let mut outputs = 0;
        for _ in 0..3 + self.dice.below(6) {
            match self.dice.below(5) {
                0 | 1 => self.rule(),
                2 | 3 => self.on(),
                _ => {
                    let key = key(self);
                    self.output(outputs, key);
                    outputs += 1;
                }
            }
        }
        self.on();
        self.rule();
    }
}

impl Stateful {
    /// What these bytes lead to: always the same.
    pub fn of_seed(seed: &[u8; 32]) -> Stateful {
        let mut rng = TestRng::from_seed(RngAlgorithm::ChaCha, seed);
        let mut dice = Dice::new(&mut rng);
        let mut writer = Writer { dice: &mut dice, text: String::new(), tables: Vec::new(), rules: 0 };
        writer.all();
        let source = writer.text;
        let (mut ms, mut rows) = (1_700_000_000_000, Vec::new());
        for _ in 0..dice.below(90) {
            // Times mostly go on, at times run back, and are often the same.
            ms += match dice.below(10) {
                0..=3 => 0,
                4..=7 => dice.below(400) as i64,
                8 => dice.below(4_000) as i64,
                _ => -(dice.below(2_000) as i64),
            };
            let int = |dice: &mut Dice<'_>, most: usize| (!dice.one_in(15)).then(|| dice.below(most) as i64);
            let text = [None, Some(""), Some("a"), Some("ab"), Some("A\"\n")][dice.below(5)];
            rows.push(((!dice.one_in(15)).then_some(ms), int(&mut dice, 5), int(&mut dice, 4), text));
        }
        Stateful { source, rows }
    }

    /// The rules.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// How many records there are.
    pub fn records(&self) -> usize {
        self.rows.len()
    }

    /// The same with the first records alone.
    pub fn first(&self, records: usize) -> Stateful {
        Stateful { source: self.source.clone(), rows: self.rows.iter().take(records).copied().collect() }
    }

    /// The rules, checked and linked after these passes.
    ///
    /// # Errors
    /// What is wrong with the text, which nothing should be.
    pub fn link(&self, passes: &Passes) -> Result<Arc<Linked>, String> {
        let library = Library::standard();
        let scheme =
            Scheme::builder().optional("t", Type::Float).optional("k", Type::Int).optional("v", Type::Int).optional("b", Type::Bytes);
        let scheme = scheme.functions(library.signatures()).build().map_err(|e| e.to_string())?;
        let limits = Limits::default();
        let mut program = compile(&self.source, &scheme, &limits).map_err(|e| e.to_string())?;
        rewrite(&mut program, passes);
        Linked::stateful(program, &library, &Lists::new(), &limits, passes.prefilter).map_err(|e| e.to_string())
    }

    fn batch(scheme: &Scheme, rows: &[Row]) -> Result<Batch, String> {
        let mut builder = BatchBuilder::new(scheme, rows.len(), ArenaKind::Shared).map_err(|e| e.to_string())?;
        let [t, k, v, b] = ["t", "k", "v", "b"].map(|name| scheme.field_id(name));
        let (Some(t), Some(k), Some(v), Some(b)) = (t, k, v, b) else { return Err("a field is missing".into()) };
        for (ms, key, value, text) in rows {
            let mut record = builder.record();
            ms.iter().for_each(|ms| record.float(t, *ms as f64 / 1000.0));
            key.iter().for_each(|int| record.int(k, *int));
            value.iter().for_each(|int| record.int(v, *int));
            text.iter().for_each(|text| record.bytes(b, text.as_bytes()));
            record.finish().map_err(|e| e.to_string())?;
        }
        Ok(builder.build())
    }

    /// What the rules come to on a backend.
    ///
    /// # Errors
    /// The backend fails.
    pub fn outcome(&self, linked: &Arc<Linked>, backend: &dyn Backend, way: Way) -> Result<Outcome, String> {
        let compiled = backend.compile(linked).map_err(|e| e.to_string())?;
        let instances = (0..way.threads).map(|_| compiled.instantiate(&Limits::default())).collect::<Result<_, _>>();
        let mut session = Session::new(linked.clone(), instances.map_err(|e| e.to_string())?).map_err(|e| e.to_string())?;
        session.share_from(1);
        let names: Vec<String> = session.outputs().map(str::to_owned).collect();
        let mut sinks = Vec::new();
        for name in names {
            let lines = Lines::default();
            session.attach(&name, Box::new(lines.clone())).map_err(|e| e.to_string())?;
            sinks.push((name, lines));
        }
        let mut found = Outcome::default();
        let mut matches = Matches::new();
        for (at, rows) in self.rows.chunks(way.size).enumerate() {
            session.run_batch(&Stateful::batch(linked.scheme(), rows)?, &mut matches).map_err(|e| e.to_string())?;
            found
                .rules
                .extend((0..rows.len()).map(|i| (0..matches.rules()).filter(|rule| matches.get(RuleId(*rule), RecordId(i))).collect()));
            found.traps.extend(matches.traps().iter().map(|trap| TrapAt { record: at * way.size + trap.record, ..*trap }));
        }
        found.dump = session.dump().iter().flat_map(DumpedState::lines).collect();
        found.evicted = session.counts().into_iter().map(|count| (count.name, count.evicted)).collect();
        let text = |lines: &Lines| lines.0.lock().map(|lines| String::from_utf8_lossy(&lines).into_owned()).unwrap_or_default();
        found.lines = sinks.iter().map(|(name, lines)| (name.clone(), text(lines))).collect();
        found.trapped = session.trapped();
        Ok(found)
    }
}
