//! Packets as tshark sees them: the frames that display filters choose in real captures, against what tshark chose.
//!
//! The captures and tshark's answers are not part of the repository; where they are absent, there is nothing to compare.

#[path = "tshark/known.rs"]
mod known;
#[path = "tshark/translate.rs"]
mod translate;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use quintet_inputs::{Format, Reader, ReaderOptions, schemes};
use quintet_interp::Interp;
use quintet_lang::{Limits, Scheme, compile};
use quintet_runtime::{Backend, Batch, Compiled, Library, Linked, Lists, Matches, Value};

fn shared(file: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    if path.join(file).exists() {
        return Some(path);
    }
    eprintln!("skipped: there are no answers of tshark here");
    None
}

fn read(path: &Path, scheme: &Scheme) -> impl Iterator<Item = Batch> + use<> {
    let mut reader = Reader::open(path, Format::Packets, scheme, &ReaderOptions::default()).expect("a capture");
    std::iter::from_fn(move || reader.next_batch(None).expect("reading goes on"))
}

/// The numbers of a batch's frames that a rule matches.
fn frames(rule: &dyn Compiled, batch: &Batch) -> Vec<u64> {
    let mut instance = rule.instantiate(&Limits::default()).expect("an instance");
    let mut matches = Matches::new();
    instance.run_batch(batch, &mut matches).expect("a run");
    let number = batch.scheme().field_id("frame.number").expect("a field");
    let number = |record| match batch.record(record).value(number) {
        Value::Int(n) => n as u64,
        _ => 0,
    };
    matches.records_of(0).map(number).collect()
}

fn expected(line: &serde_json::Value) -> BTreeSet<u64> {
    let numbers = |key: &str| line[key].as_array().into_iter().flatten();
    let mut frames: BTreeSet<u64> = numbers("frames").filter_map(serde_json::Value::as_u64).collect();
    for range in numbers("ranges") {
        frames.extend(range[0].as_u64().unwrap_or(1)..=range[1].as_u64().unwrap_or(0));
    }
    frames
}

/// The rules that filters become, made once each.
struct Rules {
    scheme: Scheme,
    library: Library,
    limits: Limits,
    made: BTreeMap<String, Result<Arc<dyn Compiled>, String>>,
}

impl Rules {
    fn new() -> Rules {
        let library = Library::standard();
        // In Wireshark `!=` needs a value.
        let scheme = schemes::packets().functions(library.signatures()).nil_not_equal(false).build().expect("a scheme");
        Rules { scheme, library, limits: Limits::default(), made: BTreeMap::new() }
    }

    fn make(&self, filter: &str) -> Result<Arc<dyn Compiled>, String> {
        let text = translate::translate(filter, self.scheme.fields())?;
        let program = compile(&text, &self.scheme, &self.limits).map_err(|d| {
            let first = d.iter().next().map_or(String::new(), |d| d.message.clone());
            format!("not in the language: {first} in `{text}`")
        })?;
        let linked = Linked::new(program, &self.library, &Lists::new(), &self.limits).map_err(|e| e.to_string())?;
        Interp.compile(&linked).map_err(|e| e.to_string())
    }

    fn get(&mut self, filter: &str) -> Option<Arc<dyn Compiled>> {
        if !self.made.contains_key(filter) {
            let rule = self.make(filter);
            self.made.insert(filter.to_owned(), rule);
        }
        self.made.get(filter)?.as_ref().ok().cloned()
    }

    fn report(&self) {
        let mut skipped: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (filter, rule) in &self.made {
            if let Err(why) = rule {
                skipped.entry(why).or_default().push(filter);
            }
        }
        let count: usize = skipped.values().map(Vec::len).sum();
        println!("{} of {} filters compared", self.made.len() - count, self.made.len());
        for (why, filters) in skipped {
            println!("skipped, {why}: {filters:?}");
        }
    }
}

/// What agreed and what did not.
#[derive(Default)]
struct Agreement {
    agree: usize,
    known: BTreeMap<&'static str, usize>,
    differ: Vec<String>,
}

impl Agreement {
    fn add(&mut self, capture: &str, filter: &str, difference: Option<String>) {
        match (difference, known::difference(filter, capture)) {
            (None, _) => self.agree += 1,
            (Some(_), Some(why)) => *self.known.entry(why).or_default() += 1,
            (Some(what), None) => self.differ.push(format!("{capture}: {filter}: {what}")),
        }
    }

    fn finish(self) {
        println!("{} pairs of filter and capture agree, {} differ", self.agree, self.differ.len());
        for (why, pairs) in &self.known {
            println!("{pairs} differ as is known: {why}");
        }
        assert!(self.differ.is_empty(), "frames differ from tshark's:\n{}", self.differ.join("\n"));
        assert!(self.agree > 300, "only {} pairs compared", self.agree);
    }
}

#[test]
fn frames_of_small_captures() {
    let Some(shared) = shared("tshark/expected.jsonl") else { return };
    let mut rules = Rules::new();
    let mut captures: BTreeMap<String, Vec<Batch>> = BTreeMap::new();
    let mut agreement = Agreement::default();
    let text = std::fs::read_to_string(shared.join("tshark/expected.jsonl")).expect("the answers");
    for line in text.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("a line of answers");
        let (Some(capture), Some(filter)) = (line["capture"].as_str(), line["filter"].as_str()) else { continue };
        let Some(rule) = rules.get(filter) else { continue };
        let batches =
            captures.entry(capture.to_owned()).or_insert_with(|| read(&shared.join("captures").join(capture), &rules.scheme).collect());
        let mut found = BTreeSet::new();
        for batch in batches {
            found.extend(frames(rule.as_ref(), batch));
        }
        let order: BTreeSet<u64> = line["order_dependent"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_u64).collect();
        let expected = expected(&line);
        let here: Vec<_> = found.difference(&expected).filter(|f| !order.contains(f)).collect();
        let there: Vec<_> = expected.difference(&found).filter(|f| !order.contains(f)).collect();
        let differs = !here.is_empty() || !there.is_empty();
        agreement.add(capture, filter, differs.then(|| format!("only here {here:?}, only there {there:?}")));
    }
    rules.report();
    agreement.finish();
}

#[test]
fn frames_of_the_large_capture() {
    let Some(shared) = shared("tshark/bench_expected.tsv") else { return };
    let mut rules = Rules::new();
    let text = std::fs::read_to_string(shared.join("tshark/bench_expected.tsv")).expect("the answers");
    let mut found = Vec::new();
    for line in text.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [_, "modest", filter, count, _, _, checksum] = columns[..] else { continue };
        if let Some(rule) = rules.get(filter) {
            found.push((filter, count, checksum, rule, Vec::<u64>::new()));
        }
    }
    for batch in read(&shared.join("captures/bench/mix_ndpi_ether.pcap"), &rules.scheme) {
        for (.., rule, numbers) in &mut found {
            numbers.extend(frames(rule.as_ref(), &batch));
        }
    }
    let mut agreement = Agreement::default();
    for (filter, count, checksum, _, numbers) in found {
        let mut sum = flate2::Crc::new();
        let list: Vec<String> = numbers.iter().map(u64::to_string).collect();
        sum.update(list.join(",").as_bytes());
        let same = count == numbers.len().to_string() && checksum == format!("{:08x}", sum.sum());
        agreement.add("bench", filter, (!same).then(|| format!("{} here, {count} there", numbers.len())));
    }
    agreement.finish();
}
