//! A program for records of a part of its scheme is what checking its text against that part makes.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use quintet::lang::ast::Program;
use quintet::lang::validate::validate;
use quintet::{Engine, Passes, Scheme, Type};
use quintet_testing::case;

const CASES: usize = 400;

/// All of a program but its scheme, as text.
fn text(program: &Program) -> String {
    let Program { rules, sets, lists, regexes, wildcards, needles, sites, functions, tables, state, .. } = program;
    format!("{rules:#?}{sets:#?}{lists:#?}{regexes:#?}{wildcards:#?}{needles:#?}{sites:#?}{functions:#?}{tables:#?}{state:#?}")
}

/// Whether a text is a program; if so, it was compared.
fn compared(engine: &Engine, source: &str, scheme: &Scheme) -> bool {
    let Ok(program) = engine.check_projected(source, scheme) else {
        assert!(engine.check(source, scheme).is_err(), "{source}");
        return false;
    };
    let part = &program.scheme;
    assert_eq!(text(&program), text(&engine.check(source, part).expect("it is checked against its part")), "{source}");
    let names = |scheme: &Scheme| scheme.fields().iter().map(|field| field.name.clone()).collect::<Vec<_>>();
    let used: Vec<String> = program.used_fields().into_iter().map(|id| part.field(id).name.clone()).collect();
    assert!(used.iter().all(|name| names(part).contains(name)), "{source}");
    validate(&program).expect("it is valid");
    true
}

#[test]
fn random_programs_are_what_their_part_makes() {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[11; 32]);
    let mut runner = TestRunner::new_with_rng(Config { failure_persistence: None, ..Config::default() }, rng);
    let (engine, mut programs) = (Engine::new(), 0);
    for _ in 0..CASES {
        let case = case().new_tree(&mut runner).expect("a case").current();
        let Ok(linked) = case.link(&Passes::none()) else { continue };
        programs += usize::from(compared(&engine, &case.source(), linked.scheme()));
    }
    assert!(programs > CASES / 2, "{programs} programs");
}

/// What refers to fields in places of its own: scripts, loops, functions of the text, names of protocols, and tables, whose fields stand behind
/// those of the scheme.
const TEXTS: [&str; 6] = [
    "rule r {\nlet x = b\nif x > 1 { return any(many[*] == c) }\nreturn s == \"x\"\n}",
    "fn f(x: Int) -> Int { return x + c }\nrule r = f(b) == 2",
    "rule r = any(many[*] > b) and len(s) > 2",
    "rule r = eth and eth.bytes contains \"x\"",
    "time = c\nstate hits[s]: count within 60s max 100\nrule r = hits > b",
    "rule nothing = true",
];

#[test]
fn all_places_of_fields() {
    let engine = Engine::new();
    let scheme = engine
        .scheme()
        .optional("a", Type::Int)
        .optional("b", Type::Int)
        .mandatory("c", Type::Int)
        .mandatory("eth", Type::Bool)
        .optional("eth.bytes", Type::Bytes)
        .optional("many", Type::array(Type::Int))
        .optional("s", Type::Bytes)
        .build()
        .expect("a scheme");
    for source in TEXTS {
        assert!(compared(&engine, source, &scheme), "{source}: {:?}", engine.check(source, &scheme).err().map(|e| e.to_string()));
    }
}
