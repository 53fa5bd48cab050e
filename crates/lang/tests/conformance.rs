//! Our verdict on wirefilter's cases against its own. Every difference is on the list of exceptions, with the reason, and the list
//! holds nothing else.

mod common;

/// Rejected for the size of a regular expression, which the runtime judges when it links the program.
const LINKED: [&str; 2] = ["f0953", "f1156"];
/// Accepted by both, but of another meaning here; `semantics.rs` looks at that.
const MEANING: [&str; 1] = ["v0671"];

#[test]
fn verdicts_agree() {
    let mut exceptions = common::exceptions();
    exceptions.extend(LINKED.map(String::from));
    for id in MEANING {
        exceptions.remove(id);
    }
    let cases = common::cases();
    if cases.is_empty() {
        return;
    }
    let (mut wrong, mut agree, mut excepted) = (Vec::new(), 0, 0);
    for (id, expr, scheme, limits, accepted) in &cases {
        let ours = quintet_lang::compile(expr, scheme, limits);
        let same = ours.is_ok() == *accepted;
        match (same, exceptions.contains(id)) {
            (true, false) => agree += 1,
            (false, true) => excepted += 1,
            (true, true) => wrong.push(format!("{id}: on the list of exceptions, but agrees: {expr:?}")),
            (false, false) => {
                let verdict = ours.map_or_else(|e| e.to_string(), |_| "accepted".into());
                wrong.push(format!("{id}: {expr:?}: wirefilter {accepted}, we: {verdict}"));
            }
        }
    }
    for id in exceptions.iter().filter(|id| !cases.iter().any(|c| c.0 == **id)) {
        wrong.push(format!("{id}: on the list of exceptions, but no case"));
    }
    println!("{agree} cases agree, {excepted} are excepted");
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}
