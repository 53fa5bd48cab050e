//! Programs and signatures that were put together by hand: what backends trust holds, or they are refused.

use quintet_lang::ast::{Const, Expr, ExprKind, LocalId, SetId, Span};
use quintet_lang::signature::{Param, Pattern, Signature};
use quintet_lang::{FieldId, FunctionId, Limits, Program, Scheme, SchemeError, Type, compile};
use quintet_runtime::{Library, Linked, Lists};

fn link(program: Program) -> Result<(), String> {
    Linked::new(program, &Library::standard(), &Lists::new(), &Limits::default()).map(drop).map_err(|e| e.to_string())
}

fn constant(value: Const) -> Expr {
    Expr { ty: value.ty(), kind: ExprKind::Const(value), nullable: false, span: Span::default() }
}

/// What is done to a program.
type Change = fn(&mut Program);

/// The place of a program's first comparison with `==`.
fn compared(program: &mut Program) -> &mut Expr {
    match &mut program.rules[0].expr.kind {
        ExprKind::Compare { lhs, .. } => lhs,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_program_that_was_changed_by_hand_is_looked_through_again() {
    let builder = Scheme::builder().mandatory("n", Type::Int).optional("s", Type::Bytes).mandatory("all", Type::array(Type::Int));
    let scheme = builder.functions(Library::standard().signatures()).build().unwrap();
    let program = |source: &str| compile(source, &scheme, &Limits::default()).unwrap();
    let whole = ["n == 1", "len(s) == 1", "all[0] == 1", "n in {1 2}", "any(all[*] == 1)"];
    assert!(whole.iter().all(|source| link(program(source)).is_ok()));
    let changes: [(&str, Change); 11] = [
        ("n == 1", |p| compared(p).kind = ExprKind::Field(FieldId(1))),
        ("n == 1", |p| compared(p).kind = ExprKind::Field(FieldId(99))),
        ("n == 1", |p| compared(p).ty = Type::Bytes),
        ("n == 1", |p| *compared(p) = constant(Const::Bytes(b"x".to_vec()))),
        ("n == 1", |p| p.rules[0].expr = constant(Const::Int(1))),
        ("len(s) == 1", |p| compared(p).nullable = false),
        ("len(s) == 1", |p| p.sites[0].result = Type::array(Type::Bytes)),
        ("len(s) == 1", |p| p.sites[0].function = FunctionId(9999)),
        ("n in {1 2}", |p| match &mut p.rules[0].expr.kind {
            ExprKind::In { set, .. } => *set = SetId(7),
            other => panic!("{other:?}"),
        }),
        // A local outside of its loop.
        ("any(all[*] == 1) and n == 2", |p| match &mut p.rules[0].expr.kind {
            ExprKind::Logic { items, .. } => match &mut items[1].kind {
                ExprKind::Compare { lhs, .. } => lhs.kind = ExprKind::Local(LocalId(0)),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }),
        ("any(all[*] == 1)", |p| p.rules[0].frame.locals[0].ty = Type::array(Type::Int)),
    ];
    for (i, (source, change)) in changes.into_iter().enumerate() {
        let mut program = program(source);
        change(&mut program);
        let error = link(program).expect_err(source);
        assert!(error.starts_with("the program is not valid"), "{i}: {source}: {error}");
    }
}

#[test]
fn signatures_that_no_call_could_be_checked_against_are_refused() {
    let int = || vec![Param::new("n", Type::Int)];
    let f = |params| Signature::new("f", params, Type::Int);
    let any = |pattern| vec![Param::new("v", Type::Int).pattern(pattern)];
    let refused = [
        Signature { variables: vec![Pattern::Variable(0)], ..f(any(Pattern::Variable(0))) },
        Signature { variables: vec![Pattern::ArrayOf(Box::new(Pattern::Variable(0)))], ..f(any(Pattern::Variable(0))) },
        f(any(Pattern::Variable(0))),
        f(any(Pattern::MapOf(Box::new(Pattern::Variable(3))))),
        Signature { result: Pattern::Any, ..f(int()) },
        Signature { result: Pattern::ArrayOf(Box::new(Pattern::Primitive)), ..f(int()) },
        Signature { result: Pattern::Variable(1), ..f(int()) },
        f(vec![Param::new("a", Type::Int).default(Const::Int(1)), Param::new("b", Type::Int)]),
        f(vec![Param::new("a", Type::Int).default(Const::Bytes(b"x".to_vec()))]),
        f(vec![Param::new("a", Type::Float).default(Const::Float(f64::NAN))]),
        Signature { rest: Some((Param::new("r", Type::Int), 0)), ..f(int()) },
    ];
    for (i, signature) in refused.into_iter().enumerate() {
        let error = Scheme::builder().function(signature).build().expect_err("refused");
        assert!(matches!(&error, SchemeError::Signature { name, .. } if name == "f"), "{i}: {error}");
    }
}
