//! Texts with tables and outputs: what is a word of theirs and what a field, what rules refer to, and what is kept of it.

use quintet_lang::state::{Action, Read};
use quintet_lang::{Limits, Program, Scheme, Type, compile, format, warnings};

fn scheme() -> Scheme {
    let fields = ["on", "state", "output", "time", "x"];
    let builder = fields.into_iter().fold(Scheme::builder(), |builder, name| builder.mandatory(name, Type::Int));
    builder.mandatory("t", Type::Float).build().expect("a scheme")
}

fn program(source: &str) -> Program {
    compile(source, &scheme(), &Limits::default()).unwrap_or_else(|e| panic!("{source}\n{e}"))
}

#[test]
fn fields_that_are_called_like_items_stay_fields() {
    for (source, printed) in [
        ("on in {1 2}", "on in {1 2}\n"),
        ("state == 1", "state == 1\n"),
        ("output eq on", "output == on\n"),
        ("time > 1 and state in {1 2} and on == 3", "time > 1 and state in {1 2} and on == 3\n"),
        ("rule a = on in {1 2}\nrule b = output eq on and time < 7", "rule a = on in {1 2}\nrule b = output == on and time < 7\n"),
    ] {
        assert_eq!(program(source).to_string(), printed);
    }
}

#[test]
fn a_rule_stands_for_what_it_tests_and_one_that_reads_tables_for_its_answer() {
    let program = program(
        "time = t\nstate n: count within 1s\nrule a = x > 1\nrule b = a and n > 2\nrule c = not b or a\non c { n += 1 }\nrule x-y = n > 3",
    );
    let texts: Vec<String> = program.rules.iter().map(|rule| program.rule_text(rule).to_string()).collect();
    assert_eq!(texts, ["x > 1", "x > 1 and n > 2", "not b or x > 1", "n > 3"]);
    let reads = |rule: usize| {
        let mut reads = Vec::new();
        program.rules[rule].expr.walk(&mut |e| {
            if let quintet_lang::ast::ExprKind::Field(id) = e.kind {
                reads.extend(program.read_of(id));
            }
        });
        reads
    };
    assert_eq!((reads(1), reads(2)), (vec![Read::State(0)], vec![Read::Rule(1)]));
    // Records have none of it.
    assert_eq!(program.records().fields().len() + 1 + 4, program.scheme.fields().len());
    assert_eq!((program.records().field_id("n"), program.records().field_id("a")), (None, None));
}

#[test]
fn steps_stand_where_the_text_has_them() {
    let program = program(
        "rule a [sid: 7] = x > 1\noutput first on a = json { x: x }\nrule b = x > 2\noutput second on a = csv { x: x }\nrule c = x > 3",
    );
    let steps: Vec<(u32, u32)> = program.state.steps.iter().map(|step| (step.after, step.rule)).collect();
    assert_eq!(steps, [(1, 0), (2, 0)]);
    assert!(program.state.steps.iter().all(|step| matches!(step.action, Action::Output(_))));
    assert_eq!(program.state.time, None);
    // Order is part of what a program means, and so are metadata.
    let other = program
        .to_string()
        .replace("output first on a = json { x: x }\nrule b = x > 2\n", "rule b = x > 2\noutput first on a = json { x: x }\n");
    assert_ne!(other, program.to_string());
    let fingerprint = |source: &str| compile(source, &scheme(), &Limits::default()).expect("rules").fingerprint();
    assert_ne!(fingerprint(&other), program.fingerprint());
    assert_ne!(fingerprint(&program.to_string().replace("sid: 7", "sid: 8")), program.fingerprint());
    assert_eq!(fingerprint(&program.to_string()), program.fingerprint());
}

#[test]
fn long_items_are_broken_into_lines() {
    let long = "a_name_that_takes_its_room";
    let source = format!(
        "rule r [sid: 1, msg: \"{}\"] = x > 1 and t > 2.0\noutput o on r = json {{ {long}: x, {long}_2: t, {long}_3: x + 1 }}",
        "word ".repeat(14)
    );
    let formatted = format(&source, &Limits::default()).expect("rules");
    let expected = format!(
        "rule r [sid: 1, msg: \"{}\"] =\n    x > 1 and t > 2.0\noutput o on r = json {{\n    {long}: x,\n    {long}_2: t,\n    {long}_3: x + 1,\n}}\n",
        "word ".repeat(14)
    );
    assert_eq!(formatted, expected);
    assert_eq!(format(&formatted, &Limits::default()).expect("rules"), formatted);
    assert_eq!(program(&formatted).fingerprint(), program(&source).fingerprint());
}

#[test]
fn a_chain_of_references_is_bounded_like_a_rule_that_is_written_out() {
    let mut source = "rule r0 = x == 1 and t > 1.0\n".to_owned();
    for at in 1..40 {
        source += &format!("rule r{at} = r{} or not r{}\n", at - 1, at - 1);
    }
    let limits = Limits { expressions: 100_000, ..Limits::default() };
    let errors = compile(&source, &scheme(), &limits).expect_err("too many");
    assert!(errors.iter().any(|d| d.code == "too-many-expressions"), "{errors}");
    let mut source = "rule r0 = x == 1 and t > 1.0\n".to_owned();
    for at in 1..400 {
        source += &format!("rule r{at} = not r{}\n", at - 1);
    }
    let errors = compile(&source, &scheme(), &Limits::default()).expect_err("too deep");
    assert!(errors.iter().any(|d| d.code == "nesting"), "{errors}");
}

#[test]
fn a_table_that_nothing_reads_or_changes_is_a_warning() {
    let found = warnings("time = t\nstate n: count within 1s\nstate m: count within 1s\nrule r = m > x", &scheme(), &Limits::default());
    assert_eq!(found.iter().map(|d| d.code).collect::<Vec<_>>(), ["unused-state"]);
}
