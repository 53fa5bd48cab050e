//! Texts of rules: parsed, formatted, checked, printed, written as JSON and run.

use quintet::lang::Type;
use quintet::lang::ast::Function;
use quintet::lang::dump::dump;
use quintet::lang::validate::validate;
use quintet::lang::{compile, compile_value, format, parse};
use quintet::{Limits, Program};
use quintet_testing::World;

use super::answers::{agree, agree_on_values, limits, link, passes_change_nothing, printed_means_the_same, records, simple, worlds};
use super::{Target, outcome};
use crate::corpus;
use crate::finding::{Fault, ensure, same};
use crate::mutate::Form;

pub const TARGET: Target = Target {
    name: "rules",
    about: "fmt(fmt(x)) = fmt(x) and means x; print, then parse = the same program; so with JSON; passes change nothing; closures = interp",
    form: Form::Text,
    corpus: corpus::rules,
    run,
};

fn run(input: &[u8]) -> Result<u64, Fault> {
    let text = String::from_utf8_lossy(input);
    let limits = limits();
    // What is printed or formatted may nest a little deeper than what was written.
    let roomy = Limits { nesting: 400, source_bytes: 64 << 20, ..limits.clone() };
    if let Err(diagnostics) = parse(&text, &limits) {
        return Ok(outcome::of(&codes(&text, &diagnostics)?));
    }
    let formatted = format(&text, &roomy).map_err(|d| Fault::new("what parses can be formatted", d.to_string()))?;
    let twice = format(&formatted, &roomy).map_err(|d| Fault::new("what is formatted parses", format!("{d}\n{formatted}")))?;
    same("fmt(fmt(x)) = fmt(x)", &formatted, &twice)?;
    let mut seen = String::new();
    for world in worlds() {
        let program = match compile(&text, &world.scheme, &limits) {
            Ok(program) => program,
            Err(diagnostics) => {
                seen += &codes(&text, &diagnostics)?;
                seen += &value(&text, world, &limits)?;
                continue;
            }
        };
        validate(&program).map_err(|e| Fault::new("what is checked is valid", e.to_string()))?;
        let again = |class: &str, text: &str| -> Result<Program, Fault> {
            compile(text, &world.scheme, &roomy).map_err(|d| Fault::new(class, format!("{d}\n{text}")))
        };
        same("what is formatted means the same", &program.to_string(), &again("what is formatted checks", &formatted)?.to_string())?;
        let printed = program.to_string();
        if printed.is_empty() {
            // Constants alone, which nothing uses.
            continue;
        }
        let records = records(&world.scheme);
        let reparsed = again("what is printed checks", &printed)?;
        if program.functions.iter().all(|function| !answers_arrays(function)) {
            same("what is printed means the same", &dump(&program), &dump(&reparsed))?;
        }
        printed_means_the_same(&program, &reparsed, world, &limits, &records)?;
        same("printing again changes nothing", &printed, &reparsed.to_string())?;
        let json = program.to_json();
        let read = Program::from_json(&json, &world.scheme)
            .map_err(|e| Fault::new("a program's JSON can be read", format!("{e}\n  {printed}")))?;
        same("a program's JSON is the program", &dump(&program), &dump(&read))?;
        same("a program's JSON is written the same", &json, &read.to_json())?;
        let Ok(linked) = link(program.clone(), world, &limits) else { continue };
        let answers = agree(&linked, &limits, &records, false, simple())?;
        passes_change_nothing(&program, world, &limits, &records)?;
        seen += &format!("{} {} {answers}", kinds(&dump(&program)), "x".repeat(outcome::size(printed.len()) as usize));
    }
    Ok(outcome::of(&seen))
}

/// Whether a function may answer an array: it has one for a parameter.
fn answers_arrays(function: &Function) -> bool {
    function.frame.locals.iter().take(function.params as usize).any(|local| matches!(local.ty, Type::List(..)))
}

/// What a text that is no rules is worth as an expression of any type.
fn value(text: &str, world: &World, limits: &Limits) -> Result<String, Fault> {
    let program = match compile_value(text, &world.scheme, limits) {
        Ok(program) => program,
        Err(diagnostics) => return codes(text, &diagnostics),
    };
    let read = Program::from_json(&program.to_json(), &world.scheme)
        .map_err(|e| Fault::new("an expression's JSON can be read", format!("{e}\n  {program}")))?;
    same("an expression's JSON is the expression", &dump(&program), &dump(&read))?;
    let Ok(linked) = link(program, world, limits) else { return Ok("not linked".into()) };
    agree_on_values(&linked, limits, &records(&world.scheme), simple())
}

/// The codes of what is wrong. Every place is in the text, between characters.
fn codes(text: &str, diagnostics: &quintet::lang::Diagnostics) -> Result<String, Fault> {
    for d in diagnostics.iter() {
        let (start, end) = (d.span.start as usize, d.span.end as usize);
        let inside = start <= end && text.is_char_boundary(start) && text.is_char_boundary(end);
        ensure(inside, "errors stand in the text", || format!("{start}..{end} of {} bytes: {}", text.len(), d.message))?;
        ensure(!d.message.is_empty(), "errors say what is wrong", || d.code.into())?;
    }
    // Drawing them must not fail either.
    let _ = diagnostics.to_string();
    let mut codes: Vec<&str> = diagnostics.iter().map(|d| d.code).collect();
    codes.sort_unstable();
    codes.dedup();
    Ok(codes.join(" "))
}

/// The kinds of expressions in a program's dump, each once.
fn kinds(dump: &str) -> String {
    let words = dump.split(|c: char| !c.is_ascii_alphabetic()).filter(|w| w.len() > 1 && w.len() < 12);
    words.collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(" ")
}
