//! Backends with a mistake are found out, and what is reported is small.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use quintet_interp::Interp;
use quintet_lang::Program;
use quintet_lang::ast::{Function, Rule};
use quintet_runtime::{Backend, BackendId, CompileError, Compiled, Emit, EmitError, Linked, Traits, Unsupported};
use quintet_testing::{differential, values, world};

/// The interpreter, on a program in which one thing has become another.
struct Mistaken {
    from: &'static str,
    to: &'static str,
}

const ID: BackendId = BackendId::new("mistaken");

impl Backend for Mistaken {
    fn id(&self) -> BackendId {
        ID
    }

    fn traits(&self) -> Traits {
        Interp::new().traits()
    }

    fn supports(&self, _: &Linked) -> Result<(), Unsupported> {
        Ok(())
    }

    fn compile(&self, program: &Arc<Linked>) -> Result<Arc<dyn Compiled>, CompileError> {
        let changed = |text: String| text.replace(self.from, self.to);
        let rules: Vec<Rule> = serde_json::from_str(&changed(serde_json::to_string(&program.program().rules).unwrap())).unwrap();
        // The program of a value is a function.
        let functions = changed(serde_json::to_string(&program.program().functions).unwrap());
        let functions: Vec<Function> = serde_json::from_str(&functions).unwrap();
        let world = world(program.scheme().nil_not_equal());
        let changed = Program { rules, functions, ..program.program().clone() };
        Interp::new().compile(&Linked::new(changed, &world.library, &world.lists, program.limits()).unwrap())
    }

    fn emits(&self) -> &'static [Emit] {
        &[]
    }

    fn emit(&self, _: &Arc<Linked>, _: Emit) -> Result<String, EmitError> {
        Err(EmitError::new(ID, "nothing to show"))
    }
}

fn report(from: &'static str, to: &'static str) -> String {
    let found = catch_unwind(AssertUnwindSafe(|| differential(&Mistaken { from, to }, 2_500)));
    *found.expect_err("the mistake is found").downcast::<String>().unwrap()
}

#[test]
fn mistakes_in_values_are_found_and_reported_small() {
    let found = catch_unwind(AssertUnwindSafe(|| values(&[Arc::new(Mistaken { from: r#""op":"Rem""#, to: r#""op":"Div""# })], 2_500)));
    let report = *found.expect_err("the mistake is found").downcast::<String>().unwrap();
    println!("{report}");
    assert!(report.lines().nth(1).unwrap_or_default().len() < 60, "shrunk too little: {report}");
}

#[test]
fn mistakes_are_found_and_reported_small() {
    let mistakes = [
        (r#""op":"Lt""#, r#""op":"Le""#),
        (r#""op":"Rem""#, r#""op":"Div""#),
        (r#""on_nil":true"#, r#""on_nil":false"#),
        (r#""quantifier":"All""#, r#""quantifier":"Any""#),
        (r#""op":"Shr""#, r#""op":"Shl""#),
        (r#""end":{"#, r#""end":null,"was":{"#),
        (r#""op":"Xor","items""#, r#""op":"Or","items""#),
    ];
    for (from, to) in mistakes {
        let report = report(from, to);
        println!("{report}");
        let source = report.lines().nth(1).unwrap_or_default();
        assert!(source.len() < 60, "shrunk too little: {report}");
    }
}
