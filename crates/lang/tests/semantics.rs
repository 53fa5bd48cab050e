//! The meaning of checked programs on wirefilter's own runs, before and after the passes.

mod common;

use std::collections::BTreeMap;

use common::eval::{answer, decode};
use quintet_lang::{Passes, Program, compile, optimise};
use serde_json::Value as Json;

fn run(program: &Program, ctx: &Json, lists: &Json) -> bool {
    let mut record = BTreeMap::new();
    for field in program.scheme.fields() {
        if let Some(json) = ctx.get(&field.name) {
            record.insert(field.name.clone(), decode(json, &field.ty));
        }
    }
    let found = answer(program, 0, &record, lists);
    let optimised = optimise(program, &Passes::default());
    assert_eq!(answer(&optimised, 0, &record, lists), found, "{program} after the passes is {optimised}");
    found.expect("no trap")
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
