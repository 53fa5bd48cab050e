//! What the tests share: the corpus of wirefilter's verdicts, and its schemes and functions.
#![allow(dead_code)]

pub mod eval;

use std::collections::BTreeSet;
use std::path::PathBuf;

use quintet_lang::ast::Const;
use quintet_lang::signature::{NilRule, Param, Pattern, Signature};
use quintet_lang::{Limits, Scheme, Type};
use serde_json::Value;

/// A file of the corpus, which lies beside the workspace; `None` where it is absent.
pub fn corpus(name: &str) -> Option<Vec<Value>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus").join(name);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: there is no {}", path.display());
        return None;
    };
    Some(text.lines().map(|l| serde_json::from_str(l).expect("a line of JSON")).collect())
}

pub fn ty(value: &Value) -> Type {
    match value {
        Value::String(s) => match s.as_str() {
            "Bool" => Type::Bool,
            "Int" => Type::Int,
            "Bytes" => Type::Bytes,
            "Ip" => Type::Ip,
            other => panic!("type {other}"),
        },
        Value::Object(o) => match o.iter().next() {
            Some((k, v)) if k == "Array" => Type::array(ty(v)),
            Some((k, v)) if k == "Map" => Type::map(ty(v)),
            other => panic!("type {other:?}"),
        },
        other => panic!("type {other}"),
    }
}

/// The functions that CASES.md lists, with wirefilter's kinds of arguments.
pub fn functions() -> Vec<Signature> {
    let bytes = |name: &str| Param::new(name, Type::Bytes);
    let text = Pattern::OneOf(vec![Pattern::Exact(Type::Bytes), Pattern::ArrayOf(Box::new(Pattern::Any))]);
    let part = |name: &str| bytes(name).pattern(Pattern::Variable(0));
    let concat = Signature {
        rest: Some((part("more"), usize::MAX)),
        result: Pattern::Variable(0),
        variables: vec![text],
        nil: NilRule::Handled,
        may_be_nil: true,
        ..Signature::new("concat", vec![part("a"), part("b")], Type::Bytes)
    };
    let echo = Signature::new(
        "echo",
        vec![
            bytes("x").dynamic(),
            Param::new("a", Type::Int).literal().default(Const::Int(1)),
            Param::new("b", Type::Int).literal().default(Const::Int(2)),
        ],
        Type::Bytes,
    );
    vec![
        concat,
        echo,
        Signature::new("lower", vec![bytes("x").dynamic()], Type::Bytes),
        Signature::new("upper", vec![bytes("x").dynamic()], Type::Bytes),
        Signature::new("len", vec![bytes("x").dynamic()], Type::Int),
        Signature::new("starts_with", vec![bytes("x").dynamic(), bytes("y")], Type::Bool),
        Signature::new("ends_with", vec![bytes("x").dynamic(), bytes("y").literal()], Type::Bool),
        Signature::new("array", vec![bytes("x").dynamic()], Type::array(Type::Bytes)),
        Signature::new("add", vec![Param::new("x", Type::Int).dynamic(), Param::new("y", Type::Int)], Type::Int),
    ]
}

/// The scheme of a case.
pub fn scheme(case: &Value) -> Scheme {
    let mut builder = Scheme::builder().functions(functions());
    for (name, declared) in case["scheme"].as_object().expect("a scheme") {
        builder = match declared.get("type") {
            Some(t) => builder.optional(name, ty(t)),
            None => builder.mandatory(name, ty(declared)),
        };
    }
    if let Some(lists) = case["lists"].as_object() {
        for name in lists.keys() {
            builder = builder.lists(ty(&Value::String(name.clone())));
        }
    }
    let not_equal = case["settings"]["nil_not_equal"].as_bool().unwrap_or(true);
    builder.nil_not_equal(not_equal).build().expect("a scheme")
}

/// The limits of a case.
pub fn limits(case: &Value) -> Limits {
    let mut limits = Limits::default();
    let setting = |name: &str| case["settings"][name].as_u64().map(|n| n as usize);
    limits.nesting = setting("max_nesting_depth").unwrap_or(limits.nesting);
    limits.wildcard_stars = setting("wildcard_star_limit").unwrap_or(limits.wildcard_stars);
    limits
}

/// All cases: `(id, expression, scheme, limits, wirefilter's verdict)`.
pub fn cases() -> Vec<(String, String, Scheme, Limits, bool)> {
    let mut all = Vec::new();
    let mut last: Option<(String, Scheme)> = None;
    for case in corpus("wirefilter_cases.jsonl").unwrap_or_default() {
        let key = format!("{}{}{}", case["scheme"], case["lists"], case["settings"]);
        let scheme = match &last {
            Some((k, s)) if *k == key => s.clone(),
            _ => scheme(&case),
        };
        last = Some((key, scheme.clone()));
        all.push((text(&case, "id"), text(&case, "expr"), scheme, limits(&case), case["parse_ok"] == true));
    }
    let random = corpus("wirefilter_random.jsonl").unwrap_or_default();
    if let Some((header, lines)) = random.split_first() {
        let scheme = scheme(header);
        for case in lines {
            all.push((text(case, "id"), text(case, "expr"), scheme.clone(), Limits::default(), case["parse_ok"] == true));
        }
    }
    all
}

fn text(case: &Value, key: &str) -> String {
    case[key].as_str().expect("a string").to_owned()
}

/// The cases that are answered otherwise than by wirefilter on purpose.
pub fn exceptions() -> BTreeSet<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../conformance/wirefilter_exceptions.toml");
    let text = std::fs::read_to_string(path).expect("the list of exceptions");
    let table: toml::Table = text.parse().expect("TOML");
    let mut all = BTreeSet::new();
    for entry in table["exception"].as_array().expect("an array of tables") {
        let get = |key: &str| entry[key].as_str().expect("a string").to_owned();
        assert!(!get("reason").is_empty());
        assert!(all.insert(get("id")), "{} is listed twice", get("id"));
    }
    all
}
