//! Rules that keep state: what they answer, on every configuration alike.

#[path = "state/common.rs"]
mod common;

use common::{Answers, Row, Way, run, scheme};
use quintet::{Engine, Error, Passes, configurations};

/// A record at a second, with a key and a value.
fn at(second: i64, k: i64, v: i64) -> Row {
    Row { ms: Some(second * 1000), k: Some(k), v: Some(v), b: None }
}

/// Runs rules over records on every configuration, in one batch and record by record; all answer alike.
fn everywhere(source: &str, rows: &[Row]) -> Answers {
    let engine = Engine::new();
    let scheme = scheme(&engine);
    let mut first: Option<Answers> = None;
    for backend in configurations() {
        let id = backend.id().to_string();
        let rules = engine.compile(source, &scheme, &id).unwrap_or_else(|e| panic!("{e}"));
        for size in [1, 3, rows.len().max(1)] {
            let found = run(&rules, rows, Way { size, threads: 1, shared: 1 });
            match &first {
                None => first = Some(found),
                Some(first) => assert_eq!(*first, found, "{id}, {size} records a batch"),
            }
        }
    }
    first.expect("there are backends")
}

/// The records that a rule of this name matches.
fn matching(rules: &[String], name: &str) -> Vec<usize> {
    rules.iter().enumerate().filter(|(_, all)| all.split(' ').any(|rule| rule == name)).map(|(at, _)| at).collect()
}

#[test]
fn thresholds_are_those_of_suricata() {
    // Count 3 in 60 seconds, a hit each 10 seconds; what Suricata's `threshold` keyword does with `type` and `detection_filter`.
    let source = "
        time = t
        state hits[k]: count within 60s max 1000
        rule hit = v > 0
        on hit { hits += 1 }
        rule threshold = hit and hits % 3 == 0
        rule limit = hit and hits <= 3
        rule both = hit and hits == 3
        rule detection_filter = hit and hits > 3
    ";
    let rows: Vec<Row> = (0..6).map(|n| at(n * 10, 1, 1)).collect();
    let found = everywhere(source, &rows);
    for (rule, seconds) in
        [("threshold", vec![20, 50]), ("limit", vec![0, 10, 20]), ("both", vec![20]), ("detection_filter", vec![30, 40, 50])]
    {
        let at: Vec<usize> = matching(&found.rules, rule).into_iter().map(|at| at * 10).collect();
        assert_eq!(at, seconds, "{rule}");
    }
    // The window ends 60 seconds after its first hit, at the very moment.
    let found = everywhere(source, &(0..14).map(|n| at(n * 10, 1, 1)).collect::<Vec<_>>());
    assert_eq!(matching(&found.rules, "limit"), [0, 1, 2, 6, 7, 8, 12, 13]);
    assert_eq!(matching(&found.rules, "both"), [2, 8]);
}

#[test]
fn the_limit_of_an_output_is_that_of_suricatas_limit() {
    let source = "
        time = t
        rule hit = v > 0
        output alerts on hit limit 3 within 60s by k = json { at: t, k: k }
    ";
    let rows: Vec<Row> = (0..7).flat_map(|n| [at(n * 10, 1, 1), at(n * 10, 2, n % 2)]).collect();
    let found = everywhere(source, &rows);
    let expected = [(0, 1), (10, 1), (10, 2), (20, 1), (30, 2), (50, 2), (60, 1)];
    let lines: Vec<String> = expected.iter().map(|(at, k)| format!("{{\"at\":{at}.0,\"k\":{k}}}\n")).collect();
    assert_eq!(found.lines, [("alerts".to_owned(), lines.concat())]);
}

#[test]
fn what_stands_above_is_visible_below() {
    let source = "
        time = t
        state n[k]: count within 60s max 10
        rule ok = v >= 0
        rule before = ok and n == 0
        on ok { n += 1 }
        rule between = ok and n == 1
        on between { n += 1 }
        rule after = ok and n == 2
    ";
    let found = everywhere(source, &[at(0, 1, 0), at(1, 1, 0), at(2, 2, 0)]);
    // The second record finds 2 and makes it 3.
    assert_eq!(found.rules, ["ok before between after", "ok", "ok before between after"]);
    assert_eq!(found.dump, ["{\"state\":\"n\",\"key\":[1],\"value\":3}", "{\"state\":\"n\",\"key\":[2],\"value\":2}"]);
}

#[test]
fn seen_is_about_earlier_records_wherever_it_is_read() {
    let source = "
        time = t
        state known[k, b]: seen keep 10s max 10
        rule ok = v > 0
        rule above = ok and not known
        on ok { add(known) }
        rule below = ok and not known
    ";
    let row = |second, k, b: &str| Row { b: Some(b.into()), ..at(second, k, 1) };
    let rows = [row(0, 1, "x"), row(1, 1, "x"), row(2, 1, "y"), row(10, 1, "x"), row(19, 1, "x"), row(29, 1, "x"), row(29, 1, "x")];
    let found = everywhere(source, &rows);
    for rule in ["above", "below"] {
        // Each add keeps it for another ten seconds, and not for one moment more.
        assert_eq!(matching(&found.rules, rule), [0, 2, 5], "{rule}");
    }
}

#[test]
fn a_rule_that_traps_triggers_nothing_and_a_value_that_traps_adds_nothing() {
    let source = "
        time = t
        state n[k]: sum within 60s max 10
        rule odd = 100 / v > 0
        on odd { n += 100 % (v - 2) }
        rule many = n > 10 / (v - 3)
    ";
    let rows: Vec<Row> = (0..4).map(|v| at(v, 1, v)).collect();
    let found = everywhere(source, &rows);
    assert_eq!(found.traps, [(0, 0), (3, 1)]);
    assert_eq!(found.trapped, 1, "the value on the record where v is 2");
    // 100 % -1, nothing, 100 % 1.
    assert_eq!(found.dump, ["{\"state\":\"n\",\"key\":[1],\"value\":0}"]);
    assert_eq!(found.rules, ["many", "odd many", "odd many", "odd"]);
}

#[test]
fn nil_has_no_entry_and_is_none() {
    let source = "
        time = t
        state n[k]: count within 60s max 10
        state last[k]: Int keep 60s
        rule ok = present(t)
        on ok { n += 1; last = v }
        rule no_key = ok and not present(n)
        rule counted = ok and n > 0
        rule value = ok and last == 7
        rule no_value = ok and not present(last)
    ";
    let nothing = Row { ms: Some(0), ..Row::default() };
    let rows = [nothing.clone(), at(0, 1, 7), Row { k: Some(1), ..nothing.clone() }, Row { k: Some(2), ..nothing }];
    let found = everywhere(source, &rows);
    // A nil value changes nothing, so the third record finds the second's.
    assert_eq!(found.rules, ["ok no_key no_value", "ok counted value", "ok counted value", "ok counted no_value"]);
}

#[test]
fn at_capacity_what_expires_first_goes_and_the_older_of_two() {
    let source = "
        time = t
        state n[k]: count keep 100s max 3
        rule ok = v > 0
        on ok { n += 1 }
        rule again = ok and n > 1
    ";
    // 1, 2, 3 come at once; 1 is renewed; 4 puts out 2, the older of those that expire first.
    let rows = [at(0, 1, 1), at(0, 2, 1), at(0, 3, 1), at(1, 1, 1), at(2, 4, 1), at(3, 2, 1), at(3, 3, 1)];
    let found = everywhere(source, &rows);
    assert_eq!(matching(&found.rules, "again"), [3]);
    // 2 put out 3, and 3 then 1.
    assert_eq!(found.evicted, [("n".to_owned(), 3)]);
    let keys: Vec<&str> = found.dump.iter().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "{\"state\":\"n\",\"key\":[2],\"value\":1}",
            "{\"state\":\"n\",\"key\":[3],\"value\":1}",
            "{\"state\":\"n\",\"key\":[4],\"value\":1}"
        ]
    );
    // What has expired makes room uncounted.
    let found = everywhere(source, &[at(0, 1, 1), at(0, 2, 1), at(0, 3, 1), at(100, 4, 1)]);
    assert_eq!(found.evicted, [("n".to_owned(), 0)]);
}

#[test]
fn distinct_values_and_sliding_windows_go_one_by_one() {
    let source = "
        time = t
        state values[k]: distinct within 10s max 100
        state events: count within 10s sliding max 100
        state amount: sum within 10s sliding max 100
        rule ok = present(v)
        on ok { values += v; events += 1; amount += v }
        rule two = ok and values == 2
        rule three = ok and events >= 3
        rule seven = ok and amount == 7
    ";
    let rows = [at(0, 1, 5), at(1, 1, 5), at(5, 1, 2), at(10, 1, 5), at(15, 1, 1), at(20, 1, 6)];
    let found = everywhere(source, &rows);
    // Values: 5; 5; 5 2; 5 2; 5 1 (2 has gone at 15); 6 1 (5 has gone at 20).
    assert_eq!(matching(&found.rules, "two"), [2, 3, 4, 5]);
    // Events within ten seconds: 1 2 3 3 2 2.
    assert_eq!(matching(&found.rules, "three"), [2, 3]);
    // 5, 10, 12, 12, 6, 7.
    assert_eq!(matching(&found.rules, "seven"), [5]);
}

#[test]
fn time_never_runs_back_for_records_that_no_rule_matches_either() {
    let source = "
        time = t
        state n: count within 10s max 10
        rule ok = v > 0
        on ok { n += 1 }
        rule two = ok and n == 2
    ";
    let found = everywhere(source, &[at(0, 1, 1), at(100, 1, 0), at(5, 1, 1), at(109, 1, 1), at(110, 1, 1)]);
    assert_eq!(matching(&found.rules, "two"), [3]);
}

#[test]
fn rules_are_referred_to_and_cut_in_two_without_a_difference() {
    let source = "
        time = t
        fn twice(n: Int) -> Int { return n * 2 }
        state n[k]: count within 60s max 10
        rule small = v < 5
        rule script {
            for i in 0..3 { if v == i { return true } }
            return false
        }
        on small { n += 1 }
        rule whole = small and script and n > 1 and twice(v) < 4
        rule either = (small and n > 1) or (v == 9 and n >= 0)
        rule neither = not either
        rule counting {
            let left = n ?? 0
            let steps = 0
            while left > 0 { left -= 1; steps += 1 }
            return steps == 2 and small
        }
        rule on_both = counting and script
        on on_both { clear(n) }
        rule cleared = small and n == 0
    ";
    let rows: Vec<Row> = [0, 1, 7, 9, 1, 4, 2].into_iter().enumerate().map(|(n, v)| at(n as i64, 1, v)).collect();
    let found = everywhere(source, &rows);
    assert_eq!(
        found.rules,
        [
            "small script neither",
            "small script whole either counting on_both cleared",
            "neither",
            "either",
            "small script neither",
            "small either counting",
            "small script either",
        ]
    );
}

/// Which of them may match is asked first, as of rules that keep none.
#[test]
fn many_rules_beside_state_answer_as_rule_by_rule() {
    let word = |n: usize| format!("{}{}q", ["ab", "Cd", "e-f"][n % 3], n * 37 % 101);
    let mut source = String::from("time = t\nstate hits[k]: count within 60s max 100\n");
    for n in 0..90 {
        source += &match n % 3 {
            0 => format!("rule r{n} = b contains \"{}\"\n", word(n)),
            1 => format!("rule r{n} = lower(b) contains \"{}\" and hits > {}\n", word(n).to_lowercase(), n % 4),
            _ => format!("rule r{n} = v in {{{n} {}}} and 10 / (v - {n}) > 0\n", n + 1),
        };
    }
    source += "on r0 { hits += 1 }\non r3 { hits += 1 }\noutput found on r1 = json { text: b, hits: hits }\n";
    let rows: Vec<Row> = (0..200)
        .map(|n| Row {
            b: Some(format!("x{} {}", word(n % 7), word(n % 90)).into_bytes()),
            ..at(n as i64 % 50, n as i64 % 3, n as i64 % 95)
        })
        .collect();
    let with = Engine::new();
    let without = with.clone().with_passes(Passes { prefilter: false, ..Passes::default() });
    let scheme = scheme(&with);
    let has_prefilter = |engine: &Engine| engine.link_stateful(engine.check(&source, &scheme).unwrap()).unwrap().has_prefilter();
    assert!(has_prefilter(&with) && !has_prefilter(&without));
    let answers = |engine: &Engine, id: &str, way| run(&engine.compile(&source, &scheme, id).unwrap_or_else(|e| panic!("{e}")), &rows, way);
    let wanted = answers(&without, "interp", Way { size: rows.len(), threads: 1, shared: 1 });
    assert!(matching(&wanted.rules, "r1").len() > 1 && wanted.traps.len() > 20, "{wanted:?}");
    for backend in configurations() {
        let id = backend.id().to_string();
        for (size, threads) in [(1, 1), (100, 1), (64, 3)] {
            assert_eq!(answers(&with, &id, Way { size, threads, shared: 1 }), wanted, "{id}, {size} records a batch, {threads} threads");
        }
    }
}

#[test]
fn rules_with_state_are_run_by_sessions_alone() {
    let engine = Engine::new();
    let scheme = scheme(&engine);
    let source = "time = t\nstate n: count within 1s\nrule r = n > 0";
    let rules = engine.compile(source, &scheme, "closures").unwrap();
    assert!(rules.instance().err().unwrap().to_string().contains("`Rules::session` runs them"));
    let refused = engine.link(engine.check(source, &scheme).unwrap()).unwrap_err();
    assert!(refused.to_string().contains("keep state or have outputs"), "{refused}");
    let plain = engine.compile("v > 0", &scheme, "closures").unwrap();
    assert!(plain.session().err().unwrap().to_string().contains("keep no state"));
    assert!(matches!(engine.compile("rule r = n > 0\nstate n: count within 1s", &scheme, "closures"), Err(Error::Source(_))));
}
