//! Sets of rules answer as rule by rule, on every configuration, with traps and small limits.

use quintet::backend::Backend;
use quintet::{
    ArenaKind, Batch, BatchBuilder, Engine, FieldId, Matches, Passes, RecordId, RuleId, RuleSet, Scheme, Trap, Type, backend,
    configurations,
};

#[test]
fn random_rule_sets_answer_as_rule_by_rule() {
    let found = quintet_testing::rule_sets(&configurations(), 100);
    println!("{found:?}");
    let traps = |trap: Trap| Trap::ALL.into_iter().zip(found.traps).find(|(it, _)| *it == trap).map_or(0, |it| it.1);
    assert!(found.hits > 1000, "{found:?}");
    for trap in [Trap::DivisionByZero, Trap::Memory, Trap::Budget] {
        assert!(traps(trap) > 20, "{trap}: {found:?}");
    }
}

/// Ranges that overlap so much that the index joins pieces of them: what it promises too much must not be taken for an answer.
#[test]
fn many_wide_ranges_answer_as_rule_by_rule() {
    let scheme =
        Scheme::builder().mandatory("port", Type::Int).mandatory("address", Type::Ip).mandatory("path", Type::Bytes).build().unwrap();
    let rules: String = (0..640u32)
        .map(|rule| {
            let (first, needle) = (rule * 7_919 % 50_000, ["ab", "ba", "/a", "b/"][rule as usize % 4]);
            let address = ["10.0.0.0/9", "10.128.0.0/10", "10.7.0.0/16"][rule as usize % 3];
            let rest = [String::new(), format!(" and address in {{{address}}}"), " and path contains \"a/b\"".into()]
                [rule as usize / 4 % 3]
                .clone();
            format!("rule r{rule} = port in {{{first}..{}}} and path contains \"{needle}\"{rest}\n", first + 9_000 + rule)
        })
        .collect();
    let mut builder = BatchBuilder::new(&scheme, 200, ArenaKind::Shared).unwrap();
    for record in 0..200u32 {
        let mut fields = builder.record();
        fields.int(FieldId(0), i64::from(record * 331 % 65_536));
        fields.ip(FieldId(1), [10, (record * 37 % 256) as u8, 0, 1].into());
        fields.bytes(FieldId(2), ["/ab/a/b", "bbbb", "ba/ab", "/A/B/"][record as usize % 4].as_bytes());
        fields.finish().unwrap();
    }
    let batch = builder.build();
    assert!(answers(&scheme, &rules, &batch).len() > 2_000);
}

/// Rules that require bytes beside those of a class, another length, or no value at all.
#[test]
fn rules_against_classes_answer_as_rule_by_rule() {
    let scheme = Scheme::builder()
        .optional("host", Type::Bytes)
        .mandatory("path", Type::Bytes)
        .functions(Engine::new().library().signatures())
        .build()
        .unwrap();
    let patterns = [
        "^[a-z0-9.-]*$",
        "^[a-z0-9.-]+$",
        "^[^A-Z]{2,4}$",
        "^([a-z]|X|foo|%[0-9a-f]{2})*$",
        "^([a-z]|-)$",
        "(?i)^[a-f]{3}$",
        "^[a-z]*",
        "^(|[ab])+$",
    ];
    let rules: String = (0..320)
        .map(|rule| {
            let (field, pattern) = (["host", "path", "lower(host)", "path[1:]"][rule % 4], patterns[rule / 4 % patterns.len()]);
            let rest = [String::new(), format!(" and path contains \"{}\"", rule / 32), " or host == \"ab\"".into()][rule / 32 % 3].clone();
            format!("rule r{rule} = not {field} matches r\"{pattern}\"{rest}\n")
        })
        .collect();
    let values = [
        None,
        Some(""),
        Some("a"),
        Some("ab"),
        Some("aB"),
        Some("AB"),
        Some("foo"),
        Some("foofoo"),
        Some("Xfoo%2f"),
        Some("%2F"),
        Some("abc\n"),
        Some("-"),
        Some("\u{e9}"),
        Some("a.b-c/0"),
    ];
    let mut builder = BatchBuilder::new(&scheme, values.len() * values.len(), ArenaKind::Shared).unwrap();
    for (host, path) in values.iter().flat_map(|host| values.iter().map(move |path| (host, path))) {
        let mut fields = builder.record();
        if let Some(host) = host {
            fields.bytes(FieldId(0), host.as_bytes());
        }
        fields.bytes(FieldId(1), path.unwrap_or("0123456789").as_bytes());
        fields.finish().unwrap();
    }
    assert!(answers(&scheme, &rules, &builder.build()).len() > 2_000);
}

/// The records and rules that match with the index, which is on: the same on all configurations, in batches and alone, as without it.
fn answers(scheme: &Scheme, rules: &str, batch: &Batch) -> Vec<(usize, usize)> {
    let answers = |engine: &Engine, backend: &dyn Backend| {
        let linked = engine.link(engine.check(rules, scheme).unwrap_or_else(|e| panic!("{e}"))).unwrap();
        let mut instance = engine.compile_linked(&linked, backend).unwrap().instance().unwrap();
        let (mut out, mut hits) = (Matches::new(), RuleSet::new());
        instance.run_batch(batch, &mut out).unwrap();
        let count = linked.program().rules.len();
        let pairs = (0..batch.len()).flat_map(|record| (0..count).map(move |rule| (record, rule)));
        let of_batch: Vec<(usize, usize)> = pairs.filter(|(record, rule)| out.get(RuleId(*rule), RecordId(*record))).collect();
        let mut single = Vec::new();
        for record in batch.iter() {
            instance.run(record, &mut hits).unwrap();
            single.extend(hits.iter().map(|rule| (record.index(), rule)));
        }
        assert_eq!(of_batch, single, "{}", backend.id());
        (linked.has_prefilter(), single)
    };
    let off = Engine::new().with_passes(Passes { prefilter: false, ..Passes::default() });
    let (is_on, wanted) = answers(&off, &*backend("interp").unwrap());
    assert!(!is_on);
    for backend in configurations() {
        let (is_on, found) = answers(&Engine::new(), &*backend);
        assert!(is_on && found == wanted, "{}", backend.id());
    }
    wanted
}
