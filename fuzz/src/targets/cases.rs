//! Case files, as `quintet conform` reads them.

use quintet::lang::compile;
use quintet_cases::{cases, library};
use quintet_testing::World;

use super::answers::{agree, limits, link, simple};
use super::workloads::work;
use super::{Target, outcome};
use crate::corpus;
use crate::finding::{Fault, ensure};
use crate::mutate::Form;

pub const TARGET: Target = Target {
    name: "case-file",
    about: "every line is a case, the header or an error that names it; closures = interp on the contexts",
    form: Form::Json,
    corpus: || {
        let mut inputs = corpus::lines(&["../shared/corpus/wirefilter_cases.jsonl", "../shared/corpus/wirefilter_random.jsonl"]);
        inputs.extend(CASES.lines().map(|line| line.as_bytes().to_vec()));
        inputs.push(CASES.as_bytes().to_vec());
        inputs
    },
    run,
};

/// A header and cases of the form, where there are no others.
const CASES: &str = r#"{"header": true, "scheme": {"n": "Int", "host": {"type": "Bytes", "optional": true}, "m": {"Map": {"Array": "Int"}}}, "lists": {"Int": {"few": [1, 2, 80]}}, "contexts": {"c": {"n": 80, "host": "a.example", "m": {"a": [1]}}, "d": {"n": 1, "m": {}}}, "settings": {"nil_not_equal": true}}
{"id": "a", "expr": "n == 80 and host contains \"a\"", "parse_ok": true, "runs": [{"ctx": "c", "result": true}, {"ctx": "d", "result": false}]}
{"id": "b", "expr": "any(m[\"a\"][*] in $few)", "parse_ok": true, "note": "a list", "runs": [{"ctx": {"n": 5, "m": {"a": [80]}}, "result": true}]}
{"id": "c", "expr": "n = ", "parse_ok": false, "runs": []}
{"id": "d", "scheme": {"ip": "Ip", "b": "Bool", "f": "Float"}, "settings": {"max_nesting_depth": 10, "wildcard_star_limit": 2, "regex_compiled_size_limit": 10000}, "expr": "ip in {10.0.0.0/8}", "parse_ok": true, "runs": [{"ctx": {"ip": "10.1.2.3", "b": true, "f": 0.5}, "result": true}, {"ctx": {}, "panic": "no value"}]}
"#;

fn run(input: &[u8]) -> Result<u64, Fault> {
    let path = work("cases.jsonl", input)?;
    let library = library();
    let (mut seen, mut last) = (String::new(), 0);
    for case in cases(&path).map_err(|e| Fault::new("the file opens", e.to_string()))? {
        let line = match &case {
            Ok(case) => case.line,
            Err(e) => e.line(),
        };
        ensure(line > last, "lines are in order", || format!("{line} after {last}"))?;
        last = line;
        let case = match case {
            Ok(case) => case,
            Err(e) => {
                seen += &e.to_string();
                continue;
            }
        };
        // The file's limits, and ours on what a run may take.
        let (of_file, ours) = (&case.setting.limits, limits());
        let limits = quintet::Limits {
            nesting: of_file.nesting,
            wildcard_stars: of_file.wildcard_stars,
            regex_bytes: of_file.regex_bytes.min(ours.regex_bytes),
            ..ours
        };
        let world = World { scheme: case.setting.scheme.clone(), library: library.clone(), lists: case.setting.lists.clone() };
        let Ok(program) = compile(&case.expr, &world.scheme, &limits) else { continue };
        let Ok(linked) = link(program, &world, &limits) else { continue };
        for run in &case.runs {
            seen += &agree(&linked, &limits, std::slice::from_ref(&run.record), false, simple())?;
        }
    }
    let lines = input.split(|b| *b == b'\n').count();
    ensure(last <= lines, "lines are of the file", || format!("line {last} of {lines}"))?;
    Ok(outcome::of(&seen))
}
