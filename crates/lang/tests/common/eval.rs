//! A small evaluator of the AST that follows its documentation.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::net::IpAddr;

use quintet_lang::ast::{ArithOp, Clause, CompareOp, Const, Each, Expr, ExprKind, LocalId, LogicOp, Needle, Program, Quantifier, Set};
use quintet_lang::intrinsic::Scalar;
use quintet_lang::signature::NilRule;
use quintet_lang::{Presence, Type};
use serde_json::Value as Json;

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Bool(bool),
    Int(i64),
    Float(f64),
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

pub fn decode(json: &Json, ty: &Type) -> Value {
    match ty {
        Type::Bool => Value::Bool(json.as_bool().expect("a bool")),
        Type::Int => Value::Int(json.as_i64().expect("an integer")),
        Type::Bytes => Value::Bytes(bytes(json)),
        Type::Ip => Value::Ip(json.as_str().expect("an address").parse().expect("an address")),
        Type::Array(t) => Value::Array(json.as_array().expect("an array").iter().map(|j| decode(j, t)).collect()),
        Type::Map(t) => Value::Map(json.as_object().expect("a map").iter().map(|(k, j)| (k.as_bytes().to_vec(), decode(j, t))).collect()),
        Type::Float => Value::Float(json.as_f64().expect("a float")),
        Type::U32 | Type::List(..) => panic!("records have no {ty}"),
    }
}

/// A division by zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trap;

type Answer<T> = Result<T, Trap>;

pub struct Eval<'a> {
    program: &'a Program,
    record: &'a BTreeMap<String, Value>,
    lists: &'a Json,
    locals: BTreeMap<LocalId, Value>,
}

/// What a rule answers on a record.
pub fn answer(program: &Program, rule: usize, record: &BTreeMap<String, Value>, lists: &Json) -> Result<bool, Trap> {
    Eval { program, record, lists, locals: BTreeMap::new() }.truth(&program.rules[rule].expr)
}

fn compare(op: CompareOp, a: &Value, b: &Value) -> bool {
    op.holds(match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
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
    fn truth(&mut self, e: &Expr) -> Answer<bool> {
        match self.eval(e)? {
            Some(Value::Bool(b)) => Ok(b),
            other => panic!("a Bool that is never nil was promised: {other:?}"),
        }
    }

    fn eval(&mut self, e: &Expr) -> Answer<Option<Value>> {
        let value = self.kind(e)?;
        assert!(value.is_some() || e.nullable, "nil where none was promised: {e:?}");
        Ok(value)
    }

    /// Both values, the second only if the first is there.
    fn both(&mut self, a: &Expr, b: &Expr) -> Answer<Option<(Value, Value)>> {
        let Some(a) = self.eval(a)? else { return Ok(None) };
        Ok(self.eval(b)?.map(|b| (a, b)))
    }

    fn int(&mut self, e: Option<&Expr>, default: i64) -> Answer<Option<i64>> {
        match e.map(|e| self.eval(e)).transpose()? {
            None => Ok(Some(default)),
            Some(None) => Ok(None),
            Some(Some(Value::Int(i))) => Ok(Some(i)),
            other => panic!("{other:?}"),
        }
    }

    fn kind(&mut self, e: &Expr) -> Answer<Option<Value>> {
        let program = self.program;
        Ok(Some(Value::Bool(match &e.kind {
            ExprKind::Const(c) => {
                return Ok(Some(match c {
                    Const::Bool(b) => Value::Bool(*b),
                    Const::Int(i) => Value::Int(*i),
                    Const::Bytes(b) => Value::Bytes(b.clone()),
                    Const::Ip(ip) => Value::Ip(*ip),
                    Const::Float(f) => Value::Float(*f),
                    Const::U32(_) => panic!("expressions of rules have no U32"),
                }));
            }
            ExprKind::Field(id) => {
                let field = program.scheme.field(*id);
                let value = self.record.get(&field.name).cloned();
                assert!(value.is_some() || field.presence == Presence::Optional, "mandatory field absent");
                return Ok(value);
            }
            ExprKind::Local(id) => return Ok(self.locals.get(id).cloned()),
            ExprKind::Index { base, index } => match self.both(base, index)? {
                None => return Ok(None),
                Some((Value::Array(a), Value::Int(i))) => return Ok(usize::try_from(i).ok().and_then(|i| a.get(i)).cloned()),
                other => panic!("{other:?}"),
            },
            ExprKind::Key { base, key } => match self.both(base, key)? {
                None => return Ok(None),
                Some((Value::Map(m), Value::Bytes(k))) => return Ok(m.get(&k).cloned()),
                other => panic!("{other:?}"),
            },
            ExprKind::Slice { base, start, end } => {
                let Some(Value::Bytes(bytes)) = self.eval(base)? else { return Ok(None) };
                let Some(start) = self.int(start.as_deref(), 0)? else { return Ok(None) };
                let Some(end) = self.int(end.as_deref(), bytes.len() as i64)? else { return Ok(None) };
                let len = bytes.len() as i64;
                let place = |i: i64| if i < 0 { i.saturating_add(len).max(0) } else { i.min(len) } as usize;
                let (start, end) = (place(start), place(end));
                return Ok(Some(Value::Bytes(bytes[start..end.max(start)].to_vec())));
            }
            ExprKind::Call { site, args } => {
                let name = &program.scheme.function(program.sites[site.index()].function).name;
                let handled = program.scheme.function(program.sites[site.index()].function).nil == NilRule::Handled;
                let mut values = Vec::new();
                for arg in args {
                    match self.eval(arg)? {
                        None if !handled => return Ok(None),
                        value => values.push(value),
                    }
                }
                return Ok(call(name, values));
            }
            ExprKind::Otherwise { value, default } => match self.eval(value)? {
                None => return self.eval(default),
                value => return Ok(value),
            },
            ExprKind::Intrinsic { op, args } => {
                let mut values = Vec::new();
                for arg in args {
                    match self.eval(arg)? {
                        None => return Ok(None),
                        Some(value) => values.push(value),
                    }
                }
                let scalars: Vec<Scalar> = values
                    .iter()
                    .map(|value| match value {
                        Value::Bool(b) => Scalar::Bool(*b),
                        Value::Int(i) => Scalar::Int(*i),
                        Value::Float(f) => Scalar::Float(*f),
                        Value::Bytes(text) => Scalar::Bytes(text),
                        other => panic!("{other:?}"),
                    })
                    .collect();
                return Ok(op.eval(&scalars).map(|value| match value {
                    Scalar::Bool(b) => Value::Bool(b),
                    Scalar::Int(i) => Value::Int(i),
                    Scalar::Float(f) => Value::Float(f),
                    Scalar::Bytes(text) => Value::Bytes(text.to_vec()),
                    Scalar::U32(_) => panic!("expressions of rules have no U32"),
                }));
            }
            ExprKind::Element { .. } | ExprKind::Count(_) | ExprKind::Packed(_) => panic!("expressions of rules have no arrays of scripts"),
            ExprKind::Neg(inner) => {
                return Ok(self.eval(inner)?.map(|v| match v {
                    Value::Int(i) => Value::Int(i.wrapping_neg()),
                    Value::Float(f) => Value::Float(-f),
                    other => panic!("{other:?}"),
                }));
            }
            ExprKind::Arith { op, lhs, rhs } => match self.both(lhs, rhs)? {
                None => return Ok(None),
                Some((Value::Int(a), Value::Int(b))) => return int(*op, a, b).map(|i| Some(Value::Int(i))),
                Some((Value::Float(a), Value::Float(b))) => return Ok(Some(Value::Float(float(*op, a, b)))),
                other => panic!("{other:?}"),
            },
            ExprKind::Not(inner) => !self.truth(inner)?,
            ExprKind::Present(inner) => self.eval(inner)?.is_some(),
            ExprKind::Compare { op, lhs, rhs, on_nil } => match self.both(lhs, rhs)? {
                Some((a, b)) => compare(*op, &a, &b),
                None => *on_nil,
            },
            ExprKind::In { value, set } => match (self.eval(value)?, &program.sets[set.index()]) {
                (None, _) => false,
                (Some(Value::Int(i)), Set::Int(s)) => s.iter().any(|(a, b)| (*a..=*b).contains(&i)),
                (Some(Value::Ip(i)), Set::Ip(s)) => s.iter().any(|(a, b)| a.is_ipv4() == i.is_ipv4() && (*a..=*b).contains(&i)),
                (Some(Value::Bytes(v)), Set::Bytes(s)) => s.contains(&v),
                other => panic!("{other:?}"),
            },
            ExprKind::InList { value, list } => {
                let list = &program.lists[list.index()];
                let values = self.lists[list.ty.to_string()][&list.name].as_array().cloned().unwrap_or_default();
                let value = self.eval(value)?;
                value.is_some_and(|v| values.iter().any(|x| decode(x, &list.ty) == v))
            }
            ExprKind::Contains { value, needle } => {
                let found = match needle {
                    Needle::Const(id) => self.eval(value)?.map(|v| (v, Value::Bytes(program.needles[id.index()].clone()))),
                    Needle::Dynamic(e) => self.both(value, e)?,
                };
                match found {
                    Some((Value::Bytes(v), Value::Bytes(n))) => n.is_empty() || v.windows(n.len()).any(|w| w == n),
                    _ => false,
                }
            }
            ExprKind::Matches { value, regex } => match self.eval(value)? {
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
            ExprKind::Wildcard { value, pattern } => match self.eval(value)? {
                Some(Value::Bytes(v)) => {
                    let w = &program.wildcards[pattern.index()];
                    let fold = |b: &Vec<u8>| if w.strict { b.clone() } else { b.to_ascii_lowercase() };
                    wildcard(&w.parts.iter().map(fold).collect::<Vec<_>>(), &fold(&v))
                }
                _ => false,
            },
            ExprKind::Logic { op, items } => {
                let mut all = *op == LogicOp::And;
                for item in items {
                    let truth = self.truth(item)?;
                    match op {
                        LogicOp::Xor => all ^= truth,
                        LogicOp::And | LogicOp::Or => {
                            all = truth;
                            if truth == (*op == LogicOp::Or) {
                                break;
                            }
                        }
                    }
                }
                all
            }
            ExprKind::Quantifier { quantifier, each } => {
                let decisive = *quantifier == Quantifier::Any;
                let found = self.each(each, &each.clauses, &mut |v| v == Value::Bool(decisive))?;
                found == decisive
            }
            ExprKind::Collect(each) => {
                let mut values = Vec::new();
                self.each(each, &each.clauses, &mut |v| {
                    values.push(v);
                    false
                })?;
                return Ok(Some(Value::Array(values)));
            }
        })))
    }

    /// Whether `stop` ended the loop.
    fn each(&mut self, each: &Each, clauses: &[Clause], stop: &mut dyn FnMut(Value) -> bool) -> Answer<bool> {
        match clauses {
            [] => {
                let value = self.eval(&each.body)?;
                Ok(stop(value.expect("a body is never nil")))
            }
            [Clause::Let(id, value), rest @ ..] => match self.eval(value)? {
                Some(value) => {
                    self.locals.insert(*id, value);
                    self.each(each, rest, stop)
                }
                None => Ok(false),
            },
            [Clause::For(sources), rest @ ..] => {
                let mut values: Vec<(LocalId, Vec<Value>)> = Vec::new();
                for (id, source) in sources {
                    let elements = match self.eval(source)? {
                        None => Vec::new(),
                        Some(Value::Array(a)) => a,
                        Some(Value::Map(m)) => m.into_values().collect(),
                        other => panic!("{other:?}"),
                    };
                    values.push((*id, elements));
                }
                for i in 0..values.iter().map(|(_, v)| v.len()).min().unwrap_or(0) {
                    for (id, v) in &values {
                        self.locals.insert(*id, v[i].clone());
                    }
                    if self.each(each, rest, stop)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
        }
    }
}

fn int(op: ArithOp, a: i64, b: i64) -> Answer<i64> {
    Ok(match op {
        ArithOp::Add => a.wrapping_add(b),
        ArithOp::Sub => a.wrapping_sub(b),
        ArithOp::Mul => a.wrapping_mul(b),
        ArithOp::Div | ArithOp::Rem if b == 0 => return Err(Trap),
        ArithOp::Div => a.wrapping_div(b),
        ArithOp::Rem => a.wrapping_rem(b),
        ArithOp::And => a & b,
        ArithOp::Or => a | b,
        ArithOp::Xor => a ^ b,
        ArithOp::Shl => a << (b & 63),
        ArithOp::Shr => a >> (b & 63),
    })
}

fn float(op: ArithOp, a: f64, b: f64) -> f64 {
    match op {
        ArithOp::Add => a + b,
        ArithOp::Sub => a - b,
        ArithOp::Mul => a * b,
        ArithOp::Div => a / b,
        ArithOp::Rem => a % b,
        _ => panic!("{op:?}"),
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
        ("len", [Value::Array(x)]) => Value::Int(x.len() as i64),
        ("len", [Value::Bytes(x)]) => Value::Int(x.len() as i64),
        ("starts_with", [Value::Bytes(x), Value::Bytes(y)]) => Value::Bool(x.starts_with(y)),
        ("ends_with", [Value::Bytes(x), Value::Bytes(y)]) => Value::Bool(x.ends_with(y)),
        ("array", [x]) => Value::Array(vec![x.clone()]),
        ("add", [Value::Int(x), Value::Int(y)]) => Value::Int(x.wrapping_add(*y)),
        other => panic!("{other:?}"),
    })
}
