//! The meaning of checked programs on wirefilter's own runs, by a small evaluator of the AST that follows its documentation.

mod common;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::net::IpAddr;

use quintet_lang::ast::{ArithOp, Clause, CompareOp, Const, Each, Expr, ExprKind, LocalId, LogicOp, Needle, Program, Quantifier, Set};
use quintet_lang::{Presence, Type, compile};
use serde_json::Value as Json;

#[derive(Clone, Debug, PartialEq)]
enum Value {
    Bool(bool),
    Int(i64),
    Bytes(Vec<u8>),
    Ip(IpAddr),
    Array(Vec<Value>),
    Map(BTreeMap<Vec<u8>, Value>),
}

fn bytes(json: &Json) -> Vec<u8> {
    match json {
        Json::String(s) => s.as_bytes().to_vec(),
        other => {
            let hex = other["hex"].as_str().expect("hex");
            (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).expect("hex")).collect()
        }
    }
}

fn decode(json: &Json, ty: &Type) -> Value {
    match ty {
        Type::Bool => Value::Bool(json.as_bool().expect("a bool")),
        Type::Int => Value::Int(json.as_i64().expect("an integer")),
        Type::Bytes => Value::Bytes(bytes(json)),
        Type::Ip => Value::Ip(json.as_str().expect("an address").parse().expect("an address")),
        Type::Array(t) => Value::Array(json.as_array().expect("an array").iter().map(|j| decode(j, t)).collect()),
        Type::Map(t) => Value::Map(json.as_object().expect("a map").iter().map(|(k, j)| (k.as_bytes().to_vec(), decode(j, t))).collect()),
        Type::Float => unreachable!("the corpus has no floats"),
    }
}

struct Eval<'a> {
    program: &'a Program,
    record: BTreeMap<&'a str, Value>,
    lists: &'a Json,
    locals: BTreeMap<LocalId, Value>,
}

fn compare(op: CompareOp, a: &Value, b: &Value) -> bool {
    op.holds(match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Bytes(a), Value::Bytes(b)) => Some(a.cmp(b)),
        (Value::Ip(a), Value::Ip(b)) if a.is_ipv4() == b.is_ipv4() => Some(a.cmp(b)),
        _ => None::<Ordering>,
    })
}

fn wildcard(parts: &[Vec<u8>], text: &[u8]) -> bool {
    match parts {
        [] => false,
        [only] => only == text,
        [first, rest @ ..] => text.starts_with(first) && (first.len()..=text.len()).any(|at| starred(rest, &text[at..])),
    }
}

fn starred(parts: &[Vec<u8>], text: &[u8]) -> bool {
    match parts {
        [last] => text == last.as_slice(),
        _ => wildcard(parts, text),
    }
}

impl Eval<'_> {
    fn truth(&mut self, e: &Expr) -> bool {
        match self.eval(e) {
            Some(Value::Bool(b)) => b,
            other => panic!("a Bool that is never nil was promised: {other:?}"),
        }
    }

    fn eval(&mut self, e: &Expr) -> Option<Value> {
        let value = self.kind(e);
        assert!(value.is_some() || e.nullable, "nil where none was promised: {e:?}");
        value
    }

    fn kind(&mut self, e: &Expr) -> Option<Value> {
        let program = self.program;
        Some(Value::Bool(match &e.kind {
            ExprKind::Const(c) => {
                return Some(match c {
                    Const::Bool(b) => Value::Bool(*b),
                    Const::Int(i) => Value::Int(*i),
                    Const::Bytes(b) => Value::Bytes(b.clone()),
                    Const::Ip(ip) => Value::Ip(*ip),
                    Const::Float(_) => unreachable!(),
                });
            }
            ExprKind::Field(id) => {
                let field = program.scheme.field(*id);
                let value = self.record.get(field.name.as_str()).cloned();
                assert!(value.is_some() || field.presence == Presence::Optional, "mandatory field absent");
                return value;
            }
            ExprKind::Local(id) => return self.locals.get(id).cloned(),
            ExprKind::Index { base, index } => match (self.eval(base)?, self.eval(index)?) {
                (Value::Array(a), Value::Int(i)) => return a.get(usize::try_from(i).ok()?).cloned(),
                other => panic!("{other:?}"),
            },
            ExprKind::Key { base, key } => match (self.eval(base)?, self.eval(key)?) {
                (Value::Map(m), Value::Bytes(k)) => return m.get(&k).cloned(),
                other => panic!("{other:?}"),
            },
            ExprKind::Call { site, args } => {
                let name = &program.scheme.function(program.sites[site.index()].function).name;
                let args: Vec<Option<Value>> = args.iter().map(|a| self.eval(a)).collect();
                return call(name, args);
            }
            ExprKind::Arith { op: ArithOp::And, lhs, rhs } => match (self.eval(lhs)?, self.eval(rhs)?) {
                (Value::Int(a), Value::Int(b)) => return Some(Value::Int(a & b)),
                other => panic!("{other:?}"),
            },
            ExprKind::Slice { .. } | ExprKind::Neg(_) | ExprKind::Arith { .. } => unreachable!("not in the corpus"),
            ExprKind::Not(inner) => !self.truth(inner),
            ExprKind::Present(inner) => self.eval(inner).is_some(),
            ExprKind::Compare { op, lhs, rhs, on_nil } => match (self.eval(lhs), self.eval(rhs)) {
                (Some(a), Some(b)) => compare(*op, &a, &b),
                _ => *on_nil,
            },
            ExprKind::In { value, set } => match (self.eval(value), &program.sets[set.index()]) {
                (None, _) => false,
                (Some(Value::Int(i)), Set::Int(s)) => s.iter().any(|(a, b)| (*a..=*b).contains(&i)),
                (Some(Value::Ip(i)), Set::Ip(s)) => s.iter().any(|(a, b)| a.is_ipv4() == i.is_ipv4() && (*a..=*b).contains(&i)),
                (Some(Value::Bytes(v)), Set::Bytes(s)) => s.contains(&v),
                other => panic!("{other:?}"),
            },
            ExprKind::InList { value, list } => {
                let list = &program.lists[list.index()];
                let values = self.lists[list.ty.to_string()][&list.name].as_array().cloned().unwrap_or_default();
                let value = self.eval(value);
                value.is_some_and(|v| values.iter().any(|x| decode(x, &list.ty) == v))
            }
            ExprKind::Contains { value, needle } => {
                let value = self.eval(value);
                let needle = match needle {
                    Needle::Const(id) => Some(Value::Bytes(program.needles[id.index()].clone())),
                    Needle::Dynamic(e) => self.eval(e),
                };
                match (value, needle) {
                    (Some(Value::Bytes(v)), Some(Value::Bytes(n))) => n.is_empty() || v.windows(n.len()).any(|w| w == n),
                    _ => false,
                }
            }
            ExprKind::Matches { value, regex } => match self.eval(value) {
                Some(Value::Bytes(v)) => {
                    let pattern = &program.regexes[regex.index()].pattern;
                    regex_automata::meta::Builder::new()
                        .syntax(regex_automata::util::syntax::Config::new().unicode(false).utf8(false))
                        .configure(regex_automata::meta::Config::new().utf8_empty(false))
                        .build(pattern)
                        .expect("a regex")
                        .is_match(&v)
                }
                _ => false,
            },
            ExprKind::Wildcard { value, pattern } => match self.eval(value) {
                Some(Value::Bytes(v)) => {
                    let w = &program.wildcards[pattern.index()];
                    let fold = |b: &Vec<u8>| if w.strict { b.clone() } else { b.to_ascii_lowercase() };
                    wildcard(&w.parts.iter().map(fold).collect::<Vec<_>>(), &fold(&v))
                }
                _ => false,
            },
            ExprKind::Logic { op, items } => match op {
                LogicOp::And => items.iter().all(|i| self.truth(i)),
                LogicOp::Or => items.iter().any(|i| self.truth(i)),
                LogicOp::Xor => items.iter().fold(false, |x, i| x ^ self.truth(i)),
            },
            ExprKind::Quantifier { quantifier, each } => {
                let mut values = Vec::new();
                self.each(each, &each.clauses, &mut values);
                let mut truths = values.into_iter().map(|v| v == Value::Bool(true));
                match quantifier {
                    Quantifier::Any => truths.any(|t| t),
                    Quantifier::All => truths.all(|t| t),
                }
            }
            ExprKind::Collect(each) => {
                let mut values = Vec::new();
                self.each(each, &each.clauses, &mut values);
                return Some(Value::Array(values));
            }
        }))
    }

    fn each(&mut self, each: &Each, clauses: &[Clause], out: &mut Vec<Value>) {
        match clauses {
            [] => {
                let value = self.eval(&each.body);
                out.push(value.expect("a body is never nil"));
            }
            [Clause::Let(id, value), rest @ ..] => {
                if let Some(value) = self.eval(value) {
                    self.locals.insert(*id, value);
                    self.each(each, rest, out);
                }
            }
            [Clause::For(sources), rest @ ..] => {
                let values: Vec<(LocalId, Vec<Value>)> = sources
                    .iter()
                    .map(|(id, s)| {
                        let elements = match self.eval(s) {
                            None => Vec::new(),
                            Some(Value::Array(a)) => a,
                            Some(Value::Map(m)) => m.into_values().collect(),
                            other => panic!("{other:?}"),
                        };
                        (*id, elements)
                    })
                    .collect();
                for i in 0..values.iter().map(|(_, v)| v.len()).min().unwrap_or(0) {
                    for (id, v) in &values {
                        self.locals.insert(*id, v[i].clone());
                    }
                    self.each(each, rest, out);
                }
            }
        }
    }
}

fn call(name: &str, args: Vec<Option<Value>>) -> Option<Value> {
    if name == "concat" {
        let mut found = args.into_iter().flatten();
        let mut all = found.next()?;
        for next in found {
            match (&mut all, next) {
                (Value::Bytes(a), Value::Bytes(b)) => a.extend(b),
                (Value::Array(a), Value::Array(b)) => a.extend(b),
                other => panic!("{other:?}"),
            }
        }
        return Some(all);
    }
    let args: Vec<Value> = args.into_iter().collect::<Option<_>>()?;
    Some(match (name, args.as_slice()) {
        ("echo", [x, ..]) => x.clone(),
        ("lower", [Value::Bytes(x)]) => Value::Bytes(x.to_ascii_lowercase()),
        ("upper", [Value::Bytes(x)]) => Value::Bytes(x.to_ascii_uppercase()),
        ("len", [Value::Bytes(x)]) => Value::Int(x.len() as i64),
        ("starts_with", [Value::Bytes(x), Value::Bytes(y)]) => Value::Bool(x.starts_with(y)),
        ("ends_with", [Value::Bytes(x), Value::Bytes(y)]) => Value::Bool(x.ends_with(y)),
        ("array", [x]) => Value::Array(vec![x.clone()]),
        ("add", [Value::Int(x), Value::Int(y)]) => Value::Int(x.wrapping_add(*y)),
        other => panic!("{other:?}"),
    })
}

fn run(program: &Program, ctx: &Json, lists: &Json) -> bool {
    let mut record = BTreeMap::new();
    for field in program.scheme.fields() {
        if let Some(json) = ctx.get(&field.name) {
            record.insert(field.name.as_str(), decode(json, &field.ty));
        }
    }
    let mut eval = Eval { program, record, lists, locals: BTreeMap::new() };
    eval.truth(&program.rules[0].expr)
}

#[test]
fn wirefilter_runs() {
    let exceptions = common::exceptions();
    let (mut wrong, mut count) = (Vec::new(), 0);
    let mut check = |id: &str, expr: &str, program: &Program, ctx: &Json, lists: &Json, expected: &Json| {
        let Some(expected) = expected.as_bool() else { return };
        count += 1;
        if run(program, ctx, lists) != expected && !exceptions.contains(id) {
            wrong.push(format!("{id}: {expr}\n  should be {expected} on {ctx}\n{}", quintet_lang::dump::dump(program)));
        }
    };
    for case in common::corpus("wirefilter_cases.jsonl").unwrap_or_default() {
        let (id, expr) = (case["id"].as_str().expect("id"), case["expr"].as_str().expect("expr"));
        let Ok(program) = compile(expr, &common::scheme(&case), &common::limits(&case)) else { continue };
        for r in case["runs"].as_array().into_iter().flatten() {
            check(id, expr, &program, &r["ctx"], &case["lists"], &r["result"]);
        }
    }
    let random = common::corpus("wirefilter_random.jsonl").unwrap_or_default();
    if let Some((header, cases)) = random.split_first() {
        let scheme = common::scheme(header);
        for case in cases {
            let (id, expr) = (case["id"].as_str().expect("id"), case["expr"].as_str().expect("expr"));
            let Ok(program) = compile(expr, &scheme, &Default::default()) else { continue };
            for r in case["runs"].as_array().into_iter().flatten() {
                let ctx = &header["contexts"][r["ctx"].as_str().expect("ctx")];
                check(id, expr, &program, ctx, &header["lists"], &r["result"]);
            }
        }
    }
    println!("{count} runs");
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong[..wrong.len().min(10)].join("\n"));
}
