//! Whatever depth is accepted, in a text or in JSON, works in a thread with 1 MiB of stack: on the way from the text to the answer, on all
//! configurations. `QUINTET_STACK=524288 cargo test --release --package quintet --test stack` shows the margin.
#![cfg(not(debug_assertions))]

use quintet::lang::ast::{ArithOp, Clause, CompareOp, Const, Each, Expr, ExprKind, LocalId, LogicOp, Needle, Quantifier, Site, SiteId};
use quintet::lang::visit::Visitor;
use quintet::lang::{HARD_DEPTH, HARD_NESTING, dump::dump, format, optimise, validate::validate};
use quintet::{
    ArenaKind, BatchBuilder, Engine, Field, Limits, Matches, Passes, Presence, Program, RecordId, RuleId, RuleSet, Scheme, Type,
    configurations,
};

fn scheme() -> Scheme {
    let multi = |name: &str, ty| Field { name: name.into(), ty, presence: Presence::Optional, multi: true, doc: String::new() };
    Scheme::builder()
        .mandatory("x", Type::Int)
        .mandatory("f", Type::Float)
        .mandatory("ssl", Type::Bool)
        .optional("ok", Type::Bool)
        .mandatory("h", Type::Bytes)
        .mandatory("a", Type::array(Type::Int))
        .mandatory("names", Type::array(Type::Bytes))
        .optional("m", Type::map(Type::Bytes))
        .field(multi("flags", Type::array(Type::Bool)))
        .functions(Engine::new().library().signatures())
        .nil_not_equal(false)
        .build()
        .expect("a scheme")
}

fn engine() -> Engine {
    Engine::new().with_limits(Limits { nesting: usize::MAX, code_expressions: usize::MAX, ..Limits::default() })
}

/// Does `work` in a thread with little stack.
fn on_little_stack(name: &str, work: impl FnOnce() + Send + 'static) {
    let stack = std::env::var("QUINTET_STACK").ok().and_then(|n| n.parse().ok()).unwrap_or(1 << 20);
    println!("{name}");
    std::thread::Builder::new().stack_size(stack).spawn(work).expect("a thread").join().unwrap_or_else(|_| panic!("{name}"));
}

struct Count(usize);

impl<'p> Visitor<'p> for Count {
    fn expr(&mut self, program: &'p Program, expr: &'p Expr) {
        self.0 += 1;
        quintet::lang::visit::walk_expr(self, program, expr);
    }
}

/// All that can be done with a program.
fn everything(program: &Program) {
    let scheme = &program.scheme;
    validate(program).expect("a valid program");
    let again = Program::from_json(&program.to_json(), scheme).expect("its JSON");
    assert!(again.rules == program.rules);
    assert!(!dump(program).is_empty() && !program.to_string().is_empty());
    program.fingerprint();
    let mut count = Count(0);
    count.program(program);
    assert!(count.0 > 0);
    let engine = engine();
    let mut builder = BatchBuilder::new(scheme, 1, ArenaKind::Shared).expect("a batch");
    let mut record = builder.record();
    let id = |name: &str| scheme.field_id(name).expect("a field");
    record.int(id("x"), 7);
    record.float(id("f"), 0.5);
    record.bool(id("ssl"), true);
    record.bytes(id("h"), b"h");
    record.ints(id("a"), &[7]);
    record.bytes_array(id("names"), &[b"h"]);
    record.finish().expect("a record");
    let batch = builder.build();
    let mut answers = Vec::new();
    for passes in [Passes::default(), Passes::none()] {
        let linked = engine.link(optimise(program, &passes)).expect("linked");
        for backend in configurations() {
            let rules = engine.compile_linked(&linked, &*backend).unwrap_or_else(|e| panic!("{}: {e}", backend.id()));
            for form in backend.emits() {
                backend.emit(&linked, *form).unwrap_or_else(|e| panic!("{}: {e}", backend.id()));
            }
            let mut instance = rules.instance().unwrap_or_else(|e| panic!("{}: {e}", backend.id()));
            let (mut matches, mut hits) = (Matches::new(), RuleSet::new());
            instance.run_batch(&batch, &mut matches).unwrap_or_else(|e| panic!("{}: {e}", backend.id()));
            instance.run(batch.record(0), &mut hits).unwrap_or_else(|e| panic!("{}: {e}", backend.id()));
            assert_eq!(matches.get(RuleId(0), RecordId(0)), hits.contains(0), "{}", backend.id());
            answers.push(hits.contains(0));
        }
    }
    assert!(answers.iter().all(|a| *a == answers[0]), "{answers:?}");
}

/// What nests in a text, and its innermost.
const SHAPES: &[(&str, &str, &str, &str)] = &[
    ("", "not ", "ssl", ""),
    ("", "(ok and ", "ok", " or ok)"),
    ("", "(ssl xor not (ssl or ssl and ", "x + 1 == 1", "))"),
    ("x == ", "(1 + x * ", "x", ")"),
    ("x == ", "-(", "x", ")"),
    ("h == ", "lower(", "h", ")"),
    ("", "flags != (", "ok", ")"),
    ("", "ok != (not ", "flags", ")"),
    ("", "any(split(to_string(", "ok", "), \",\", 2)[*] == \"t\")"),
    ("", "all(starts_with(concat(names, split(to_string(", "ssl", "), \",\", 2))[*], \"t\"))"),
    ("h == ", "m[h[", "0", ":]]"),
    ("h == ", "h[len(", "h", "):]"),
    ("h == ", "concat(\"a\", ", "h", ")"),
];

#[test]
fn texts() {
    for (before, open, core, close) in SHAPES {
        // The most levels that are accepted.
        let text = move |levels: usize| format!("{before}{}{core}{}", open.repeat(levels), close.repeat(levels));
        on_little_stack(open, move || {
            let (engine, scheme) = (engine(), scheme());
            let accepted = |levels: usize| engine.check(&text(levels), &scheme).is_ok();
            assert!(accepted(1) && !accepted(HARD_NESTING + 65));
            let (mut least, mut most) = (1, HARD_NESTING + 65);
            while most - least > 1 {
                let middle = (least + most) / 2;
                if accepted(middle) { least = middle } else { most = middle }
            }
            let text = text(least);
            assert!(!format(&text, engine.limits()).expect("formatted").is_empty());
            everything(&engine.check(&text, &scheme).expect("accepted"));
        });
    }
}

/// Rule `expr`, of which `wrap` makes one that stands deeper, as deep as is allowed.
fn deepest(name: &str, base: &str, wrap: impl Fn(&mut Program, Expr, usize) -> Expr + Send + 'static) {
    let base = base.to_owned();
    on_little_stack(name, move || {
        let mut program = engine().check(&base, &scheme()).expect("a rule");
        let mut level = 0;
        loop {
            let mut deeper = program.clone();
            let expr = deeper.rules[0].expr.clone();
            deeper.rules[0].expr = wrap(&mut deeper, expr, level);
            if let Err(e) = validate(&deeper) {
                assert!(e.to_string().contains(&HARD_DEPTH.to_string()), "{e}");
                break;
            }
            (program, level) = (deeper, level + 1);
        }
        everything(&program);
    });
}

fn test(kind: ExprKind) -> Expr {
    Expr { kind, ty: Type::Bool, nullable: false, span: Default::default() }
}

fn constant(c: Const) -> Box<Expr> {
    Box::new(Expr { ty: c.ty(), kind: ExprKind::Const(c), nullable: false, span: Default::default() })
}

#[test]
fn programs() {
    deepest("not", "ssl", |_, e, _| test(ExprKind::Not(Box::new(e))));
    deepest("present", "ssl", |_, e, _| test(ExprKind::Present(Box::new(e))));
    deepest("logic", "ssl", |p, e, level| {
        let op = [LogicOp::And, LogicOp::Or, LogicOp::Xor][level % 3];
        let ssl = test(ExprKind::Field(p.scheme.field_id("ssl").expect("a field")));
        test(ExprKind::Logic { op, items: if level % 2 == 0 { vec![ssl, e] } else { vec![e, ssl] } })
    });
    deepest("compare", "ssl", |_, e, level| {
        let op = [CompareOp::Eq, CompareOp::Le, CompareOp::Ne][level % 3];
        let (lhs, rhs) =
            if level % 2 == 0 { (Box::new(e), constant(Const::Bool(true))) } else { (constant(Const::Bool(false)), Box::new(e)) };
        test(ExprKind::Compare { op, lhs, rhs, on_nil: false })
    });
    deepest("loops", "ssl", |p, e, level| {
        let id = LocalId(p.rules[0].frame.locals.len() as u32);
        let a = Expr {
            kind: ExprKind::Field(p.scheme.field_id("a").expect("a field")),
            ty: Type::array(Type::Int),
            nullable: false,
            span: Default::default(),
        };
        p.rules[0].frame.locals.push(quintet_lang::ast::Local::new(Type::Int));
        let quantifier = if level % 2 == 0 { Quantifier::Any } else { Quantifier::All };
        test(ExprKind::Quantifier { quantifier, each: Box::new(Each { clauses: vec![Clause::For(vec![(id, a)])], body: e }) })
    });
    deepest("bound", "ssl", |p, e, _| {
        let id = LocalId(p.rules[0].frame.locals.len() as u32);
        p.rules[0].frame.locals.push(quintet_lang::ast::Local::new(Type::Bool));
        let body = Expr { kind: ExprKind::Local(id), ty: Type::Bool, nullable: false, span: Default::default() };
        test(ExprKind::Quantifier { quantifier: Quantifier::Any, each: Box::new(Each { clauses: vec![Clause::Let(id, e)], body }) })
    });
    deepest("arithmetic", "x == 1", |_, e, level| {
        let ExprKind::Compare { op, lhs, rhs, on_nil } = e.kind else { return e };
        let op_of = [ArithOp::Add, ArithOp::Xor, ArithOp::Div, ArithOp::Shl][level % 4];
        let (left, right) = if level % 2 == 0 { (lhs, constant(Const::Int(3))) } else { (constant(Const::Int(7)), lhs) };
        let kind = ExprKind::Arith { op: op_of, lhs: left, rhs: right };
        let lhs = Box::new(Expr { kind, ty: Type::Int, nullable: false, span: Default::default() });
        test(ExprKind::Compare { op, lhs, rhs, on_nil })
    });
    deepest("calls", "lower(h) == \"h\"", |p, e, level| {
        let ExprKind::Compare { op, lhs, rhs, on_nil } = e.kind else { return e };
        let name = if level % 2 == 0 { "lower" } else { "upper" };
        let function = p.scheme.function_id(name).expect("a function");
        let site = SiteId(p.sites.len() as u32);
        p.sites.push(Site { function, args: vec![Type::Bytes], constants: vec![None], result: Type::Bytes, span: Default::default() });
        let kind = ExprKind::Call { site, args: vec![*lhs] };
        test(ExprKind::Compare {
            op,
            lhs: Box::new(Expr { kind, ty: Type::Bytes, nullable: false, span: Default::default() }),
            rhs,
            on_nil,
        })
    });
    deepest("needles", "h contains h", |p, e, _| {
        let function = p.scheme.function_id("to_string").expect("a function");
        let site = SiteId(p.sites.len() as u32);
        p.sites.push(Site { function, args: vec![Type::Bool], constants: vec![None], result: Type::Bytes, span: Default::default() });
        let needle = Expr { kind: ExprKind::Call { site, args: vec![e] }, ty: Type::Bytes, nullable: false, span: Default::default() };
        let h = Expr {
            kind: ExprKind::Field(p.scheme.field_id("h").expect("a field")),
            ty: Type::Bytes,
            nullable: false,
            span: Default::default(),
        };
        test(ExprKind::Contains { value: Box::new(h), needle: Needle::Dynamic(Box::new(needle)) })
    });
}
