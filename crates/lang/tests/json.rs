//! Programs survive being written as JSON, and JSON that is no program is an error.

mod common;

use quintet_lang::validate::validate;
use quintet_lang::{Field, HARD_NESTING, Limits, Passes, Presence, Program, Scheme, Type, compile, dump::dump, optimise};
use serde_json::Value;

/// Programs with their schemes, as many as the corpus has.
fn programs() -> Vec<(String, Program, Scheme)> {
    let compiled = |(_, source, scheme, limits, _): (String, String, Scheme, _, bool)| {
        compile(&source, &scheme, &limits).ok().map(|program| (source, program, scheme))
    };
    common::cases().into_iter().filter_map(compiled).collect()
}

#[test]
fn round_trip() {
    let mut read = 0;
    for (source, program, scheme) in programs() {
        for program in [optimise(&program, &Passes::default()), program] {
            validate(&program).unwrap_or_else(|e| panic!("{source}: {e}\n{}", dump(&program)));
            let again = Program::from_json(&program.to_json(), &scheme).unwrap_or_else(|e| panic!("{source}: {e}"));
            assert_eq!(dump(&program), dump(&again), "{source}");
            assert_eq!(program.rules, again.rules, "{source}");
            read += 1;
        }
    }
    println!("{read} programs");
}

/// What checks under the deepest limit can be written and read, on the stack that threads usually have.
#[test]
fn deep_programs_round_trip() {
    let field = |name: &str, ty| Field { name: name.into(), ty, presence: Presence::Optional, multi: true, doc: String::new() };
    let scheme = Scheme::builder()
        .field(field("flags", Type::array(Type::Bool)))
        .mandatory("x", Type::Int)
        .optional("ok", Type::Bool)
        .mandatory("h", Type::Bytes)
        .functions(quintet_lang::stdlib::signatures())
        .nil_not_equal(false)
        .build()
        .expect("a scheme");
    let limits = Limits { nesting: usize::MAX, ..Limits::default() };
    // Without optimisation frames are several times as large.
    let most = if cfg!(debug_assertions) { 100 } else { HARD_NESTING - 1 };
    for (open, core, close) in [
        ("not ", "ok", ""),
        ("(ok and ", "ok", " or ok)"),
        ("flags != (", "ok", ")"),
        ("flags != has_value(flags, ", "ok", ")"),
        ("ok != (not ", "flags", ")"),
        ("lower(", "h", ")"),
    ] {
        for suffix in ["", " == h"] {
            let text = format!("{}{core}{}{suffix}", open.repeat(most), close.repeat(most));
            let Ok(program) = compile(&text, &scheme, &limits) else { continue };
            let json = program.to_json();
            let again = Program::from_json(&json, &scheme).unwrap_or_else(|e| panic!("{open}: {e}"));
            assert_eq!(program.rules, again.rules);
            println!("{open}: {} bytes", json.len());
        }
    }
}

#[test]
fn nodes_that_hold_no_expression_together() {
    let scheme = Scheme::builder().mandatory("ok", Type::Bool).build().expect("a scheme");
    let text = compile("not ok", &scheme, &Limits::default()).expect("a rule").to_json();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut value: Value = serde_json::from_str(&text).expect("JSON");
        change(&mut value);
        Program::from_json(&value.to_string(), &scheme)
    };
    assert!(with(&|_| {}).is_ok());
    let part = |v: &mut Value, place: u64| v["nodes"][1]["kind"]["Not"] = serde_json::json!({ "node": place });
    for place in [1, 2, u64::from(u32::MAX), u64::MAX] {
        assert!(with(&|v| part(v, place)).is_err(), "{place}");
    }
    assert!(with(&|v| v["rules"][0]["expr"] = 2.into()).is_err());
    assert!(with(&|v| v["rules"][0]["expr"] = 0.into()).is_err(), "it is a part of the other");
    // One more than is allowed inside one another; and a node that two others want.
    let chain = |v: &mut Value, count: usize| {
        let node = v["nodes"][1].clone();
        for place in 1..count {
            let mut next = node.clone();
            next["kind"]["Not"] = serde_json::json!({ "node": place });
            v["nodes"].as_array_mut().expect("nodes").push(next);
        }
        v["rules"][0]["expr"] = count.into();
    };
    let error = with(&|v| chain(v, 100_000)).expect_err("too deep").to_string();
    assert!(error.contains("inside one another"), "{error}");
    assert!(with(&|v| chain(v, quintet_lang::HARD_DEPTH - 1)).is_ok());
    let twice = with(&|v| {
        let node = v["nodes"][1].clone();
        v["nodes"].as_array_mut().expect("nodes").push(node);
        v["rules"][0]["expr"] = 2.into();
    });
    assert!(twice.expect_err("used twice").to_string().contains("earlier node"));
}

#[test]
fn floats_keep_every_bit() {
    let scheme = Scheme::builder().mandatory("f", quintet_lang::Type::Float).build().expect("a scheme");
    for text in ["0.1", "1e-320", "123456789.12345679", "2.2250738585072014e-308", "0.30000000000000004"] {
        let program = compile(&format!("f == {text}"), &scheme, &Default::default()).expect("a rule");
        let again = Program::from_json(&program.to_json(), &scheme).expect("a program");
        assert_eq!(program.rules, again.rules);
    }
}

#[test]
fn other_schemes() {
    let one = Scheme::builder().mandatory("x", quintet_lang::Type::Int).mandatory("y", quintet_lang::Type::Int).build().expect("a scheme");
    let other =
        Scheme::builder().mandatory("b", quintet_lang::Type::Bool).mandatory("y", quintet_lang::Type::Int).build().expect("a scheme");
    let text = compile("y == 1", &one, &Default::default()).expect("a rule").to_json();
    assert_eq!(Program::from_json(&text, &other).expect("a program").to_string(), "y == 1\n");
    let text = compile("x == 1", &one, &Default::default()).expect("a rule").to_json();
    assert_eq!(Program::from_json(&text, &other).expect_err("no x").to_string(), "the scheme has no field `x` of type Int");
    assert!(Program::from_json(&text.replace("\"version\":4", "\"version\":1"), &one).is_err());
    assert!(Program::from_json("{}", &one).is_err() && Program::from_json("", &one).is_err());
}

/// Every place in a JSON value, as what replaces it by something else.
fn spoil(value: &Value, out: &mut Vec<Value>) {
    let others = [Value::Null, 7.into(), (-1).into(), true.into(), "Bool".into(), Value::Array(Vec::new())];
    match value {
        Value::Object(entries) => {
            for (key, inner) in entries {
                let mut inners = others.to_vec();
                spoil(inner, &mut inners);
                out.extend(inners.into_iter().map(|i| {
                    let mut entries = entries.clone();
                    entries.insert(key.clone(), i);
                    Value::Object(entries)
                }));
            }
        }
        Value::Array(items) => {
            for at in 0..items.len() {
                let mut inners = others.to_vec();
                spoil(&items[at], &mut inners);
                out.extend(inners.into_iter().map(|i| {
                    let mut items = items.clone();
                    items[at] = i;
                    Value::Array(items)
                }));
            }
        }
        Value::Bool(b) => out.push((!b).into()),
        Value::Number(n) => out.push((n.as_i64().unwrap_or(0) + 1).into()),
        _ => {}
    }
}

#[test]
fn hostile_json_is_an_error_or_a_valid_program() {
    let mut tried = 0;
    let plain =
        programs().into_iter().step_by(29).filter(|(_, p, _)| p.to_json().len() < 2500).take(25).map(|(_, p, scheme)| (p, scheme, 7));
    let scheme = Scheme::builder().mandatory("t", Type::Float).mandatory("x", Type::Int).build().expect("a scheme");
    let stateful = compile(
        "time = t\nstate n[x]: count within 1s max 9\nstate v: Int keep 1s\nrule r [sid: 1] = x > 1\nrule s = r and n > 2\n\
         on r { n += 1; v = x }\noutput o on s limit 2 within 1s by x = text \"{n}\" { n: v }",
        &scheme,
        &Default::default(),
    );
    let stateful = stateful.expect("rules");
    assert_eq!(Program::from_json(&stateful.to_json(), &scheme).expect("a program").to_string(), stateful.to_string());
    for (program, scheme, step) in plain.chain([(stateful, scheme, 1)]) {
        let value: Value = serde_json::from_str(&program.to_json()).expect("JSON");
        let mut spoilt = Vec::new();
        spoil(&value, &mut spoilt);
        for value in spoilt.into_iter().step_by(step).take(if step == 1 { usize::MAX } else { 120 }) {
            tried += 1;
            if let Ok(program) = Program::from_json(&value.to_string(), &scheme) {
                // It is another program, but one that holds together.
                validate(&program).expect("a valid program");
                drop((dump(&program), program.to_string(), program.fingerprint(), optimise(&program, &Passes::default())));
            }
        }
    }
    println!("{tried} texts");
}

#[test]
fn a_value_expression_comes_back() {
    let scheme = Scheme::builder().mandatory("x", Type::Int).build().unwrap();
    let program = quintet_lang::compile_value("x * 2", &scheme, &Default::default()).unwrap();
    let again = Program::from_json(&program.to_json(), &scheme).unwrap();
    assert_eq!(again.value().map(|e| e.ty.clone()), Some(Type::Int));
    assert_eq!((again.to_string(), again.fingerprint()), (program.to_string(), program.fingerprint()));
}
