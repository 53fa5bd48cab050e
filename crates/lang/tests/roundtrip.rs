//! A program prints as text that checks to an equal program.

mod common;

use quintet_lang::dump::dump;
use quintet_lang::{Limits, Scheme, compile};

/// Checks one expression; returns what is wrong.
fn roundtrip(expr: &str, scheme: &Scheme, limits: &Limits) -> Result<String, String> {
    let Ok(first) = compile(expr, scheme, limits) else { return Ok(String::new()) };
    let text = first.to_string();
    let second = compile(&text, scheme, limits).map_err(|e| format!("{expr}\n  prints as {text}  {e}"))?;
    if dump(&first) != dump(&second) {
        return Err(format!("{expr}\n  prints as {text}  {}\n  but that is\n{}", dump(&first), dump(&second)));
    }
    let again = second.to_string();
    if again != text {
        return Err(format!("{expr}\n  prints as {text}  and then as {again}"));
    }
    Ok(text)
}

#[test]
fn corpus() {
    let mut wrong = Vec::new();
    let (mut count, mut longer) = (0, 0);
    for (id, expr, scheme, _, accepted) in common::cases() {
        if id.starts_with("nesting") {
            continue;
        }
        // Printing may add a level of parentheses to what just fits.
        let limits = Limits { nesting: 300, ..Limits::default() };
        match roundtrip(&expr, &scheme, &limits) {
            Ok(text) => {
                count += 1;
                if accepted && text.matches('(').count() > expr.matches('(').count() {
                    longer += 1;
                    println!("{id}: {expr}\n    {text}");
                }
            }
            Err(e) => wrong.push(format!("{id}: {e}")),
        }
    }
    println!("{count} cases, {longer} with more parentheses than before");
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
}
