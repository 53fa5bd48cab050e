//! Texts in either case, of all lengths that code is made for, beside every text that one other byte makes of them, on every configuration:
//! patterns, and tests of copies that `lower` makes, with the pass that does without the copies and without it.

use quintet::{ArenaKind, BatchBuilder, Engine, Matches, Passes, RecordId, RuleId, Scheme, Type, configurations};

/// Letters of both cases, and the bytes that stand beside them or differ from them by one bit.
const ALPHABET: &[u8] = b"aZ[k@zM`{mA-1";

#[test]
fn one_byte_makes_the_difference() {
    let engine = Engine::new();
    let scheme = Scheme::builder().mandatory("t", Type::Bytes).functions(engine.library().signatures()).build().expect("a scheme");
    let field = scheme.field_id("t").expect("t");
    let mut hits = 0;
    for len in [1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 31] {
        let text: Vec<u8> = ALPHABET.iter().copied().cycle().skip(len).take(len).collect();
        let small = text.to_ascii_lowercase();
        let [literal, low] = [&text, &small].map(|text| std::str::from_utf8(text).expect("ASCII"));
        let source = format!(
            "rule whole = t wildcard \"{literal}\"\nrule start = t wildcard \"{literal}*\"\nrule end = t wildcard \"*{literal}\"\n\
             rule inside = t wildcard \"*{literal}*\"\nrule copy = lower(t) == \"{low}\"\nrule found = lower(t) contains \"{low}\"\n\
             rule other = upper(lower(t)) != \"{}\"\n",
            literal.to_ascii_uppercase()
        );
        let mut values = vec![Vec::new()];
        for at in 0..len {
            for byte in 0..=u8::MAX {
                let mut value = text.clone();
                value[at] = byte;
                values.push(value);
            }
        }
        // And longer and shorter ones.
        values.extend([[&text[..], b"x"].concat(), [b"x", &small[..]].concat(), text[1..].to_vec(), text[..len - 1].to_vec()]);
        let mut builder = BatchBuilder::new(&scheme, values.len(), ArenaKind::Shared).expect("a batch");
        for value in &values {
            let mut record = builder.record();
            record.bytes(field, value);
            record.finish().expect("a record");
        }
        let batch = builder.build();
        let wanted: Vec<[bool; 7]> = values
            .iter()
            .map(|value| {
                let value = value.to_ascii_lowercase();
                let (whole, inside) = (value == small, value.windows(len).any(|at| at == small));
                [whole, value.starts_with(&small), value.ends_with(&small), inside, whole, inside, !whole]
            })
            .collect();
        for passes in [Passes::default(), Passes { caseless: false, ..Passes::default() }] {
            let engine = engine.clone().with_passes(passes);
            for backend in configurations() {
                let rules = engine.compile(&source, &scheme, &backend.id().to_string()).expect("rules");
                let mut matches = Matches::new();
                rules.instance().expect("an instance").run_batch(&batch, &mut matches).expect("a run");
                for (record, wanted) in wanted.iter().enumerate() {
                    let found: [bool; 7] = std::array::from_fn(|rule| matches.get(RuleId(rule), RecordId(record)));
                    assert_eq!(found, *wanted, "{} {passes:?}: {:?}\n{source}", backend.id(), values[record]);
                    hits += usize::from(found[0]);
                }
            }
        }
    }
    assert!(hits > 2000, "{hits}");
}
