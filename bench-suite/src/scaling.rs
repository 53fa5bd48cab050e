//! Rules and records of any size, one quantity at a time, so that the way cost grows with it can be seen.
//!
//! Everything is drawn from one seeded generator: the same size gives the same rules and records on every machine, and a larger set
//! holds the members of the smaller ones.

use std::collections::HashSet;
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};

use quintet::{ArenaKind, Batch, BatchBuilder, FieldId, RecordBuilder, Scheme, Type};

/// A quantity that grows while everything else stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// Members of a set of integers.
    IntMembers,
    /// Members of a set of IPv4 addresses; every fourth is a network of 256.
    IpMembers,
    /// Members of a set of names.
    BytesMembers,
    /// Bytes of the body that is searched for a word.
    BodyBytes,
    /// Comparisons that one rule joins with `and`.
    Predicates,
    /// Rules, of three tests each.
    Rules,
    /// Records in the batch.
    Records,
}

/// Rules and the records that they run on.
pub struct Input {
    /// The rules' source.
    pub rules: String,
    /// The fields.
    pub scheme: Scheme,
    /// The records, in shared memory.
    pub batch: Batch,
}

/// Why an input cannot be made: memory gave out, mostly.
#[derive(Debug, thiserror::Error)]
#[error("the input cannot be made: {0}")]
pub struct InputError(String);

fn failed(error: impl std::fmt::Display) -> InputError {
    InputError(error.to_string())
}

impl Axis {
    /// All of them.
    pub const ALL: [Axis; 7] =
        [Axis::IntMembers, Axis::IpMembers, Axis::BytesMembers, Axis::BodyBytes, Axis::Predicates, Axis::Rules, Axis::Records];

    /// The name in benchmarks.
    pub fn name(self) -> &'static str {
        match self {
            Axis::IntMembers => "set-members/int",
            Axis::IpMembers => "set-members/ip",
            Axis::BytesMembers => "set-members/bytes",
            Axis::BodyBytes => "body-bytes",
            Axis::Predicates => "predicates",
            Axis::Rules => "rules",
            Axis::Records => "records",
        }
    }

    /// The sizes that are measured, smallest first.
    pub fn sizes(self) -> &'static [usize] {
        match self {
            Axis::IntMembers | Axis::IpMembers | Axis::BytesMembers => &[1, 10, 100, 1_000, 10_000, 100_000],
            Axis::BodyBytes => &[16, 128, 1_024, 8_192, 65_536, 1 << 20],
            Axis::Predicates => &[1, 4, 16, 64, 256],
            Axis::Rules => &[1, 10, 100, 1_000, 10_000],
            Axis::Records => &[1, 8, 64, 512, 4_096, 32_768],
        }
    }

    /// Records in the input of this size. Of bodies there are as many as a MiB holds, but at least 2 and at most 1,024.
    pub fn records(self, size: usize) -> usize {
        match self {
            Axis::IntMembers | Axis::IpMembers | Axis::BytesMembers => 1_024,
            Axis::BodyBytes => ((1 << 20) / size.max(1)).clamp(2, 1_024),
            Axis::Predicates => 256,
            Axis::Rules => 64,
            Axis::Records => size,
        }
    }

    /// The input of this size.
    ///
    /// # Errors
    /// When memory gives out.
    pub fn input(self, size: usize) -> Result<Input, InputError> {
        let records = self.records(size);
        match self {
            Axis::IntMembers => set(size, records, Type::Int, |random| {
                let value = random.below(1 << 40) as i64;
                Member { text: value.to_string(), hit: Given::Int(value) }
            }),
            Axis::IpMembers => set(size, records, Type::Ip, ip_member),
            Axis::BytesMembers => set(size, records, Type::Bytes, |random| {
                let length = 4 + random.below(12) as usize;
                let name = format!("{}.{}", random.letters(length), ["com", "net", "org"][random.below(3) as usize]);
                Member { text: format!("\"{name}\""), hit: Given::Bytes(name.into_bytes()) }
            }),
            Axis::BodyBytes => body(size, records),
            Axis::Predicates => predicates(size, records),
            Axis::Rules => rules(size, records),
            Axis::Records => one_rule(records),
        }
    }
}

/// The cheapest rule that there is, `true`, and a batch of so many records: what remains is what a call costs.
///
/// # Errors
/// When memory gives out.
pub fn cheapest(records: usize) -> Result<Input, InputError> {
    let scheme = Scheme::builder().mandatory("value", Type::Int).build().map_err(failed)?;
    filled("true".into(), scheme, records, |record, number| record.int(FieldId(0), number as i64))
}

/// Records of a scheme, each filled by `fill`, which is told its number.
fn filled(rules: String, scheme: Scheme, records: usize, mut fill: impl FnMut(&mut RecordBuilder<'_>, usize)) -> Result<Input, InputError> {
    let mut builder = BatchBuilder::new(&scheme, records, ArenaKind::Shared).map_err(failed)?;
    for number in 0..records {
        let mut record = builder.record();
        fill(&mut record, number);
        record.finish().map_err(failed)?;
    }
    let batch = builder.build();
    Ok(Input { rules, scheme, batch })
}

/// A field's value.
enum Given {
    Int(i64),
    Ip(IpAddr),
    Bytes(Vec<u8>),
}

/// A member of a set literal, and a value that it holds.
struct Member {
    text: String,
    hit: Given,
}

/// A network of 256 addresses once in four times, a single address otherwise.
fn ip_member(random: &mut Random) -> Member {
    let network = random.below(4) == 0;
    let [a, b, c, d] = (random.below(1 << 32) as u32).to_be_bytes();
    let text = if network { format!("{a}.{b}.{c}.0/24") } else { format!("{a}.{b}.{c}.{d}") };
    Member { text, hit: Given::Ip(Ipv4Addr::new(a, b, c, d).into()) }
}

/// A set of `size` members, and records of which about one half are in it.
fn set(size: usize, records: usize, ty: Type, mut draw: impl FnMut(&mut Random) -> Member) -> Result<Input, InputError> {
    let mut random = Random::new();
    let mut seen = HashSet::new();
    let mut members = Vec::with_capacity(size);
    while members.len() < size {
        let member = draw(&mut random);
        if seen.insert(member.text.clone()) {
            members.push(member);
        }
    }
    let texts: Vec<&str> = members.iter().map(|m| m.text.as_str()).collect();
    let rules = format!("value in {{{}}}", texts.join(" "));
    let scheme = Scheme::builder().mandatory("value", ty).build().map_err(failed)?;
    filled(rules, scheme, records, |record, _| {
        let drawn = draw(&mut random);
        let member = &members[random.below(size as u64) as usize];
        match if random.below(2) == 0 { &member.hit } else { &drawn.hit } {
            Given::Int(value) => record.int(FieldId(0), *value),
            Given::Ip(value) => record.ip(FieldId(0), *value),
            Given::Bytes(value) => record.bytes(FieldId(0), value),
        }
    })
}

/// The word that bodies are searched for.
const WORD: &str = "exploit";

/// Bodies of `size` random letters, about half of which end in the word: every search reads its body to the end.
fn body(size: usize, records: usize) -> Result<Input, InputError> {
    let mut random = Random::new();
    let scheme = Scheme::builder().mandatory("body", Type::Bytes).build().map_err(failed)?;
    filled(format!("body contains \"{WORD}\""), scheme, records, |record, number| {
        let ends_in_it = number == 0 || (number > 1 && random.below(2) == 0);
        let end = if ends_in_it && size >= WORD.len() { WORD } else { "" };
        let text = random.letters(size - end.len()) + end;
        record.bytes(FieldId(0), text.as_bytes());
    })
}

/// One rule of `size` comparisons over 32 fields. All hold on most records, so that all are evaluated; on every eighth record the last
/// one does not. Each masks its field, so that no pass joins several in one test.
fn predicates(size: usize, records: usize) -> Result<Input, InputError> {
    const FIELDS: usize = 32;
    let mut random = Random::new();
    let mut builder = Scheme::builder();
    for field in 0..FIELDS {
        builder = builder.mandatory(&format!("f{field}"), Type::Int);
    }
    let scheme = builder.build().map_err(failed)?;
    let mut last = 0;
    let comparisons: Vec<String> = (0..size)
        .map(|i| {
            let mask = random.below(1 << 40);
            last = random.below(1 << 40) & mask;
            format!("(f{} & {mask}) != {last}", i % FIELDS)
        })
        .collect();
    let last_field = size.saturating_sub(1) % FIELDS;
    filled(comparisons.join(" and "), scheme, records, |record, number| {
        for field in 0..FIELDS {
            let drawn = random.below(1 << 40);
            let value = if number % 8 == 7 && field == last_field { last } else { drawn };
            record.int(FieldId(field as u32), value as i64);
        }
    })
}

/// A letter of paths: few, so that short needles are found in some.
const PATH_LETTERS: &[u8] = b"aeinorst/";

/// The fields of [`rules`] and [`one_rule`]: a port, an address in 10.0.0.0/12 and a path of 40 bytes.
fn traffic(rules: String, random: &mut Random, records: usize) -> Result<Input, InputError> {
    let scheme = Scheme::builder().mandatory("port", Type::Int).mandatory("source", Type::Ip).mandatory("path", Type::Bytes);
    filled(rules, scheme.build().map_err(failed)?, records, |record, _| {
        record.int(FieldId(0), random.below(1 << 16) as i64);
        let [_, b, c, d] = (random.below(1 << 20) as u32).to_be_bytes();
        record.ip(FieldId(1), Ipv4Addr::new(10, b, c, d).into());
        record.bytes(FieldId(2), random.text(PATH_LETTERS, 40).as_bytes());
    })
}

/// `size` rules of three tests: a range of ports that one record in eight is in, a network that one in four is in, and a needle that
/// about one path in twenty holds.
fn rules(size: usize, records: usize) -> Result<Input, InputError> {
    let mut random = Random::new();
    let mut text = String::new();
    for rule in 0..size {
        let port = random.below((1 << 16) - 8_192);
        let network = random.below(4) * 4;
        let needle = random.text(PATH_LETTERS, 3);
        writeln!(
            text,
            "rule r{rule} = port in {{{port}..{}}} and source in {{10.{network}.0.0/14}} and path contains \"{needle}\"",
            port + 8_191
        )
        .map_err(failed)?;
    }
    traffic(text, &mut random, records)
}

/// One rule of two tests, which one record in eight passes.
fn one_rule(records: usize) -> Result<Input, InputError> {
    traffic("port in {1024..33791} and source in {10.4.0.0/14}".into(), &mut Random::new(), records)
}

/// The SplitMix64 generator (Steele, Lea, Flood 2014), always from the same seed.
struct Random(u64);

impl Random {
    fn new() -> Random {
        Random(0x5155_494E_5445_5400)
    }

    /// A number below `end`, which is not 0. The bias of the remainder is far below what matters here.
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % end
    }

    fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        (0..length).map(|_| char::from(alphabet[self.below(alphabet.len() as u64) as usize])).collect()
    }

    fn letters(&mut self, length: usize) -> String {
        self.text(b"abcdefghijklmnopqrstuvwxyz", length)
    }
}

#[cfg(test)]
mod tests {
    use quintet::{Engine, Matches, Value, backends};

    use super::*;

    /// The matches of each rule, which all backends count alike.
    fn counts(input: &Input) -> Vec<usize> {
        let engine = Engine::new();
        let linked = engine.link(engine.check(&input.rules, &input.scheme).unwrap()).unwrap();
        let mut expected: Option<Matches> = None;
        for backend in backends() {
            let mut instance = engine.compile_linked(&linked, &*backend).unwrap().instance().unwrap();
            let mut found = Matches::new();
            instance.run_batch(&input.batch, &mut found).unwrap();
            assert_eq!(expected.get_or_insert_with(|| found.clone()), &found, "{}", backend.id());
        }
        let expected = expected.unwrap();
        (0..expected.rules()).map(|r| expected.count(r)).collect()
    }

    #[test]
    fn the_same_size_gives_the_same_input() {
        for axis in Axis::ALL {
            let (a, b) = (axis.input(20).unwrap(), axis.input(20).unwrap());
            assert_eq!(a.rules, b.rules, "{axis:?}");
            assert_eq!(a.batch.arena().len(), b.batch.arena().len(), "{axis:?}");
            assert_eq!(counts(&a), counts(&b), "{axis:?}");
        }
    }

    #[test]
    fn sizes_grow_and_records_are_as_many_as_said() {
        for axis in Axis::ALL {
            assert!(axis.sizes().is_sorted_by(|a, b| a < b), "{axis:?}");
            for size in axis.sizes().iter().take(3) {
                assert_eq!(axis.input(*size).unwrap().batch.len(), axis.records(*size), "{axis:?}");
            }
        }
    }

    #[test]
    fn sets_have_their_members_and_half_of_the_records_hit() {
        for axis in [Axis::IntMembers, Axis::IpMembers, Axis::BytesMembers] {
            for size in [1, 10, 1_000] {
                let input = axis.input(size).unwrap();
                assert_eq!(input.rules.split_whitespace().count() - 2, size, "{axis:?}");
                let hits = counts(&input)[0];
                assert!((410..615).contains(&hits), "{axis:?} of {size}: {hits} of 1,024");
            }
        }
    }

    #[test]
    fn larger_sets_hold_the_members_of_smaller_ones() {
        let small = Axis::IpMembers.input(10).unwrap().rules;
        assert!(Axis::IpMembers.input(100).unwrap().rules.starts_with(small.trim_end_matches('}')));
    }

    #[test]
    fn bodies_have_their_length_and_some_hold_the_word() {
        for size in [16, 1_024, 1 << 20] {
            let input = Axis::BodyBytes.input(size).unwrap();
            assert!(input.batch.iter().all(|r| matches!(r.value(FieldId(0)), Value::Bytes(b) if b.len() == size)));
            let hits = counts(&input)[0];
            assert!(hits > 0 && hits < input.batch.len(), "{size}: {hits} of {}", input.batch.len());
        }
    }

    #[test]
    fn all_predicates_are_evaluated() {
        for size in [1, 64, 256] {
            let input = Axis::Predicates.input(size).unwrap();
            assert_eq!(input.rules.matches("!=").count(), size);
            // Of 256 records 32 are made to fail the last comparison; few more fail any by chance.
            let hits = counts(&input)[0];
            assert!((215..=224).contains(&hits), "{size}: {hits}");
        }
    }

    #[test]
    fn rules_and_records_are_as_many_as_asked() {
        let found = counts(&Axis::Rules.input(100).unwrap());
        assert_eq!(found.len(), 100);
        assert!(found.iter().sum::<usize>() > 0);
        let input = Axis::Records.input(4_096).unwrap();
        assert_eq!(input.batch.len(), 4_096);
        let hits = counts(&input)[0];
        assert!((384..=640).contains(&hits), "{hits}");
    }

    #[test]
    fn the_cheapest_rule_matches_everything() {
        assert_eq!(counts(&cheapest(1).unwrap()), [1]);
        assert_eq!(counts(&cheapest(0).unwrap()), [0]);
    }
}
