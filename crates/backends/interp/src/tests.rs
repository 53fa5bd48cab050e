//! The semantics that the AST's documentation fixes, on ASTs built by hand.

use std::net::IpAddr;
use std::sync::Arc;

use quintet_lang::ast::{
    ArithOp, Clause, CompareOp, Const, Each, Expr, ExprKind, Frame, Local, LocalId, LogicOp, Program, Quantifier, Rule, Site, SiteId, Span,
};
use quintet_lang::signature::{NilRule, Param, Signature};
use quintet_lang::{Limits, Presence, Scheme, Type};
use quintet_runtime::{
    ArenaKind, Backend, Batch, BatchBuilder, EvaluateError, Library, Linked, Lists, Matches, RecordId, RuleId, RuleSet, Trap, Value,
    ValueInstance,
};

use crate::Interp;

/// Fields `i: Int`, `o: Int?`, `ints: Array<Int>`, `more: Array<Int>?`, `map: Map<Int>`, and the functions of [`library`].
fn scheme() -> Scheme {
    Scheme::builder()
        .mandatory("i", Type::Int)
        .optional("o", Type::Int)
        .mandatory("ints", Type::array(Type::Int))
        .optional("more", Type::array(Type::Int))
        .mandatory("map", Type::map(Type::Int))
        .functions(library().signatures())
        .build()
        .unwrap()
}

/// `boom(Int, Int) -> Int` propagates nil and always traps; `seen(Int, Int) -> Int` counts the arguments that are not nil.
fn library() -> Library {
    let mut library = Library::empty();
    let params = || vec![Param::new("a", Type::Int), Param::new("b", Type::Int)];
    library.function(Signature::new("boom", params(), Type::Int), |_, _| Err(Trap::DivisionByZero));
    library.function(Signature { nil: NilRule::Handled, ..Signature::new("seen", params(), Type::Int) }, |args, _| {
        Ok(Value::Int(args.iter().filter(|a| !a.is_nil()).count() as i64))
    });
    library
}

/// An expression that may be nil where an element may be missing or an operand may be nil.
fn expr(kind: ExprKind, ty: Type) -> Expr {
    let nullable = match &kind {
        ExprKind::Index { .. } | ExprKind::Key { .. } => true,
        ExprKind::Neg(inner) => inner.nullable,
        ExprKind::Arith { lhs, rhs, .. } => lhs.nullable || rhs.nullable,
        _ => false,
    };
    Expr { kind, ty, nullable, span: Span::default() }
}

fn int(i: i64) -> Expr {
    expr(ExprKind::Const(Const::Int(i)), Type::Int)
}

fn float(f: f64) -> Expr {
    expr(ExprKind::Const(Const::Float(f)), Type::Float)
}

fn ip(text: &str) -> Expr {
    expr(ExprKind::Const(Const::Ip(text.parse::<IpAddr>().unwrap())), Type::Ip)
}

fn field(scheme: &Scheme, name: &str) -> Expr {
    let id = scheme.field_id(name).unwrap();
    let field = scheme.field(id);
    Expr { nullable: field.presence == Presence::Optional, ..expr(ExprKind::Field(id), field.ty.clone()) }
}

fn local(n: u32) -> Expr {
    expr(ExprKind::Local(LocalId(n)), Type::Int)
}

fn arith(op: ArithOp, lhs: Expr, rhs: Expr) -> Expr {
    let ty = lhs.ty.clone();
    expr(ExprKind::Arith { op, lhs: Box::new(lhs), rhs: Box::new(rhs) }, ty)
}

fn compare(op: CompareOp, lhs: Expr, rhs: Expr, on_nil: bool) -> Expr {
    expr(ExprKind::Compare { op, lhs: Box::new(lhs), rhs: Box::new(rhs), on_nil }, Type::Bool)
}

fn trap() -> Expr {
    arith(ArithOp::Div, int(1), int(0))
}

fn trapping_test() -> Expr {
    compare(CompareOp::Eq, trap(), int(0), false)
}

fn logic(op: LogicOp, items: Vec<Expr>) -> Expr {
    expr(ExprKind::Logic { op, items }, Type::Bool)
}

fn truth(value: bool) -> Expr {
    expr(ExprKind::Const(Const::Bool(value)), Type::Bool)
}

fn each(clauses: Vec<Clause>, body: Expr) -> Box<Each> {
    Box::new(Each { clauses, body })
}

fn quantified(quantifier: Quantifier, clauses: Vec<Clause>, body: Expr) -> Expr {
    expr(ExprKind::Quantifier { quantifier, each: each(clauses, body) }, Type::Bool)
}

fn collected(clauses: Vec<Clause>, body: Expr) -> Expr {
    expr(ExprKind::Collect(each(clauses, body)), Type::array(Type::Int))
}

fn frame() -> Frame {
    Frame { locals: vec![Local::new(Type::Int); 8] }
}

/// A program without rules.
fn tables(scheme: &Scheme, sites: Vec<Site>) -> Program {
    let (rules, scheme) = (vec![], scheme.clone());
    Program {
        scheme,
        rules,
        sets: vec![],
        lists: vec![],
        regexes: vec![],
        wildcards: vec![],
        needles: vec![],
        sites,
        functions: vec![],
        tables: vec![],
        state: Default::default(),
    }
}

fn program(scheme: &Scheme, rules: Vec<Expr>) -> Arc<Linked> {
    let rules = rules
        .into_iter()
        .map(|expr| Rule { name: String::new(), meta: Vec::new(), frame: frame(), before: Vec::new(), expr, span: Span::default() })
        .collect();
    let program = Program { rules, ..tables(scheme, vec![]) };
    Linked::new(program, &library(), &Lists::new(), &Limits::default()).unwrap()
}

/// `n` records: `i` is the record's number, `o` unset, `ints` 1 2 3, `more` unset, `map` a to 5 and b to 7.
fn batch(scheme: &Scheme, n: usize) -> Batch {
    let mut builder = BatchBuilder::new(scheme, n, ArenaKind::Plain).unwrap();
    for i in 0..n {
        let mut record = builder.record();
        record.int(scheme.field_id("i").unwrap(), i as i64);
        record.ints(scheme.field_id("ints").unwrap(), &[1, 2, 3]);
        let map = [(b"a".as_slice(), Value::Int(5)), (b"b".as_slice(), Value::Int(7))];
        record.set(scheme.field_id("map").unwrap(), Value::Map(quintet_runtime::MapRef::Built(&map)));
        record.finish().unwrap();
    }
    builder.build()
}

/// What an expression is worth on the first record of [`batch`], as text.
fn answer_with(scheme: &Scheme, e: Expr, sites: Vec<Site>, memory: usize) -> String {
    let mut program = tables(scheme, sites);
    program.push_value(frame(), e);
    let limits = Limits { memory_bytes: memory, ..Limits::default() };
    let linked = Linked::new(program, &library(), &Lists::new(), &limits).unwrap();
    let mut instance = ValueInstance::new(Interp.compile(&linked).unwrap().instantiate(&limits).unwrap(), linked.program());
    match instance.evaluate(batch(scheme, 1).record(0)) {
        Ok(None) => "nil".into(),
        Ok(Some(value)) => value.to_string(),
        Err(EvaluateError::Trap(fault)) => fault.trap.to_string(),
        Err(e) => e.to_string(),
    }
}

fn answer(scheme: &Scheme, e: Expr) -> String {
    answer_with(scheme, e, vec![], usize::MAX)
}

#[test]
fn ints_wrap_and_division_by_zero_traps() {
    let s = scheme();
    let cases = [
        (ArithOp::Add, i64::MAX, 1, "-9223372036854775808"),
        (ArithOp::Sub, i64::MIN, 1, "9223372036854775807"),
        (ArithOp::Mul, i64::MAX, 2, "-2"),
        (ArithOp::Div, i64::MIN, -1, "-9223372036854775808"),
        (ArithOp::Rem, i64::MIN, -1, "0"),
        (ArithOp::Div, -7, 2, "-3"),
        (ArithOp::Rem, -7, 2, "-1"),
        (ArithOp::Rem, 7, -2, "1"),
        (ArithOp::Div, 1, 0, "division by zero"),
        (ArithOp::Rem, 1, 0, "division by zero"),
        (ArithOp::Shl, 1, 65, "2"),
        (ArithOp::Shl, 1, -1, "-9223372036854775808"),
        (ArithOp::Shr, -8, 1, "-4"),
        (ArithOp::Shr, -8, 64, "-8"),
        (ArithOp::And, 6, 3, "2"),
        (ArithOp::Or, 6, 3, "7"),
        (ArithOp::Xor, 6, 3, "5"),
    ];
    for (op, a, b, wanted) in cases {
        assert_eq!(answer(&s, arith(op, int(a), int(b))), wanted, "{a} {} {b}", op.symbol());
    }
    assert_eq!(answer(&s, expr(ExprKind::Neg(Box::new(int(i64::MIN))), Type::Int)), "-9223372036854775808");
}

#[test]
fn floats_follow_ieee() {
    let s = scheme();
    let nan = || arith(ArithOp::Div, float(0.0), float(0.0));
    for (op, wanted) in [
        (CompareOp::Eq, "false"),
        (CompareOp::Ne, "true"),
        (CompareOp::Lt, "false"),
        (CompareOp::Le, "false"),
        (CompareOp::Gt, "false"),
        (CompareOp::Ge, "false"),
    ] {
        assert_eq!(answer(&s, compare(op, nan(), nan(), false)), wanted, "{}", op.symbol());
    }
    assert_eq!(answer(&s, compare(CompareOp::Eq, float(0.0), float(-0.0), false)), "true");
    assert_eq!(answer(&s, arith(ArithOp::Div, float(1.0), float(-0.0))), "-inf");
    assert_eq!(answer(&s, arith(ArithOp::Rem, float(-7.5), float(2.0))), "-1.5");
    assert_eq!(answer(&s, arith(ArithOp::Rem, float(1.0), float(0.0))), "NaN");
}

#[test]
fn addresses_have_no_order_between_families() {
    let s = scheme();
    let (v4, mapped) = (|| ip("10.0.0.1"), || ip("::ffff:10.0.0.1"));
    for (op, wanted) in [(CompareOp::Eq, "false"), (CompareOp::Ne, "true"), (CompareOp::Le, "false"), (CompareOp::Ge, "false")] {
        assert_eq!(answer(&s, compare(op, v4(), mapped(), false)), wanted, "{}", op.symbol());
    }
    assert_eq!(answer(&s, compare(CompareOp::Lt, v4(), ip("10.0.1.0"), false)), "true");
}

#[test]
fn nil_ends_an_operator_before_its_later_operands() {
    let s = scheme();
    let nil = || field(&s, "o");
    assert_eq!(answer(&s, arith(ArithOp::Add, nil(), trap())), "nil");
    assert_eq!(answer(&s, arith(ArithOp::Add, trap(), nil())), "division by zero");
    assert_eq!(answer(&s, compare(CompareOp::Ne, nil(), trap(), true)), "true");
    assert_eq!(answer(&s, compare(CompareOp::Ne, int(1), nil(), false)), "false");
    let array = |name: &str| Box::new(field(&s, name));
    assert_eq!(answer(&s, expr(ExprKind::Index { base: array("more"), index: Box::new(trap()) }, Type::Int)), "nil");
    assert_eq!(answer(&s, expr(ExprKind::Index { base: array("ints"), index: Box::new(nil()) }, Type::Int)), "nil");
    assert_eq!(answer(&s, expr(ExprKind::Index { base: array("ints"), index: Box::new(int(-1)) }, Type::Int)), "nil");
    assert_eq!(answer(&s, expr(ExprKind::Index { base: array("ints"), index: Box::new(int(2)) }, Type::Int)), "3");
    let key = |k: &str| Box::new(expr(ExprKind::Const(Const::Bytes(k.into())), Type::Bytes));
    assert_eq!(answer(&s, expr(ExprKind::Key { base: array("map"), key: key("b") }, Type::Int)), "7");
    assert_eq!(answer(&s, expr(ExprKind::Key { base: array("map"), key: key("c") }, Type::Int)), "nil");
    assert_eq!(answer(&s, expr(ExprKind::Present(Box::new(nil())), Type::Bool)), "false");
}

#[test]
fn calls_follow_their_nil_rule() {
    let s = scheme();
    let call = |name: &str, args: Vec<Expr>| {
        let constant = |arg: &Expr| if let ExprKind::Const(c) = &arg.kind { Some(c.clone()) } else { None };
        let (function, constants) = (s.function_id(name).unwrap(), args.iter().map(constant).collect());
        let site = Site { function, args: vec![Type::Int; 2], constants, result: Type::Int, span: Span::default() };
        let nullable = name == "boom" && args.iter().any(|arg| arg.nullable);
        let call = Expr { nullable, ..expr(ExprKind::Call { site: SiteId(0), args }, Type::Int) };
        answer_with(&s, call, vec![site], usize::MAX)
    };
    assert_eq!(call("boom", vec![field(&s, "o"), trap()]), "nil");
    assert_eq!(call("boom", vec![int(1), int(2)]), "division by zero");
    assert_eq!(call("seen", vec![field(&s, "o"), int(2)]), "1");
    assert_eq!(call("seen", vec![field(&s, "o"), trap()]), "division by zero");
}

#[test]
fn logic_stops_at_what_decides() {
    let s = scheme();
    assert_eq!(answer(&s, logic(LogicOp::And, vec![truth(true), truth(false), trapping_test()])), "false");
    assert_eq!(answer(&s, logic(LogicOp::Or, vec![truth(false), truth(true), trapping_test()])), "true");
    assert_eq!(answer(&s, logic(LogicOp::Or, vec![truth(false), trapping_test(), truth(true)])), "division by zero");
    assert_eq!(answer(&s, logic(LogicOp::Xor, vec![truth(true), truth(true), truth(true)])), "true");
}

#[test]
fn loops_walk_in_lockstep_and_quantifiers_stop_early() {
    let s = scheme();
    let pairs = |other: &str| vec![Clause::For(vec![(LocalId(0), field(&s, "ints")), (LocalId(1), field(&s, other))])];
    assert_eq!(answer(&s, collected(pairs("map"), arith(ArithOp::Mul, local(0), local(1)))), "[5, 14]");
    assert_eq!(answer(&s, collected(pairs("more"), trap())), "[]");
    assert_eq!(answer(&s, quantified(Quantifier::Any, pairs("more"), trapping_test())), "false");
    assert_eq!(answer(&s, quantified(Quantifier::All, pairs("more"), trapping_test())), "true");
    // All sources are evaluated although the first is empty.
    let trapping = collected(vec![Clause::For(vec![(LocalId(2), field(&s, "ints"))])], trap());
    let both = vec![Clause::For(vec![(LocalId(0), field(&s, "more")), (LocalId(1), trapping)])];
    assert_eq!(answer(&s, collected(both, local(0))), "division by zero");
    // 10 / (2 - element) traps on the second element only.
    let risky = || arith(ArithOp::Div, int(10), arith(ArithOp::Sub, int(2), local(0)));
    let ints = || vec![Clause::For(vec![(LocalId(0), field(&s, "ints"))])];
    assert_eq!(answer(&s, quantified(Quantifier::Any, ints(), compare(CompareOp::Eq, risky(), int(10), false))), "true");
    assert_eq!(answer(&s, quantified(Quantifier::All, ints(), compare(CompareOp::Ne, risky(), int(10), true))), "false");
    assert_eq!(answer(&s, quantified(Quantifier::All, ints(), compare(CompareOp::Eq, risky(), int(10), false))), "division by zero");
}

#[test]
fn let_skips_nil_and_clauses_nest() {
    let s = scheme();
    let at = |index: Expr| expr(ExprKind::Index { base: Box::new(field(&s, "ints")), index: Box::new(index) }, Type::Int);
    let clauses = vec![
        Clause::For(vec![(LocalId(0), field(&s, "ints"))]),
        Clause::Let(LocalId(1), at(local(0))),
        Clause::For(vec![(LocalId(2), field(&s, "map"))]),
    ];
    let body = arith(ArithOp::Add, arith(ArithOp::Mul, local(1), int(10)), local(2));
    assert_eq!(answer(&s, collected(clauses, body)), "[25, 27, 35, 37]");
}

#[test]
fn collect_charges_each_element() {
    let s = scheme();
    let all = || collected(vec![Clause::For(vec![(LocalId(0), field(&s, "ints"))])], local(0));
    // The copy that is answered takes 24 bytes, each element of the array itself 40 more.
    assert_eq!(answer_with(&s, field(&s, "ints"), vec![], 24), "[1, 2, 3]");
    assert_eq!(answer_with(&s, field(&s, "ints"), vec![], 23), "memory limit");
    assert_eq!(answer_with(&s, all(), vec![], 144), "[1, 2, 3]");
    assert_eq!(answer_with(&s, all(), vec![], 143), "memory limit");
}

#[test]
fn a_trap_concerns_one_rule_on_one_record() {
    let s = scheme();
    let rules = vec![
        compare(CompareOp::Ge, field(&s, "i"), int(3), false),
        // 6 / (i - 65) traps on record 65 and is over 5 on record 66.
        compare(CompareOp::Gt, arith(ArithOp::Div, int(6), arith(ArithOp::Sub, field(&s, "i"), int(65))), int(5), false),
    ];
    let linked = program(&s, rules);
    let compiled = Interp.compile(&linked).unwrap();
    assert!(compiled.artifact().data_bytes > 0);
    let mut instance = compiled.instantiate(&Limits::default()).unwrap();
    let batch = batch(&s, 70);
    let mut matches = Matches::new();
    instance.run_batch(&batch, &mut matches).unwrap();
    assert_eq!(matches.count(0), 67);
    assert_eq!(matches.records_of(1).collect::<Vec<_>>(), [66]);
    assert_eq!(matches.traps().iter().map(|at| (at.rule, at.record, at.trap)).collect::<Vec<_>>(), [(1, 65, Trap::DivisionByZero)]);
    let mut hits = RuleSet::new();
    for record in batch.iter() {
        instance.run(record, &mut hits).unwrap();
        for rule in 0..2 {
            assert_eq!(hits.contains(rule), matches.get(RuleId(rule), RecordId(record.index())));
        }
        assert_eq!(hits.traps().len(), usize::from(record.index() == 65));
    }
}

#[test]
fn records_of_another_scheme_are_refused() {
    let s = scheme();
    let compiled = Interp.compile(&program(&s, vec![truth(true)])).unwrap();
    let mut instance = compiled.instantiate(&Limits::default()).unwrap();
    let stranger = Scheme::builder().optional("i", Type::Int).build().unwrap();
    let mut builder = BatchBuilder::new(&stranger, 1, ArenaKind::Plain).unwrap();
    builder.record().finish().unwrap();
    let records = builder.build();
    assert!(instance.run_batch(&records, &mut Matches::new()).is_err());
    assert!(instance.run(records.record(0), &mut RuleSet::new()).is_err());
}
