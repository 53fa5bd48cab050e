//! What is made of rules says line by line which part of their text it was made for, and is the same text as without.

use std::path::Path;
use std::sync::Arc;

use quintet::backend::{Emit, Linked};
use quintet::lang::Marked;
use quintet::lang::ast::Span;
use quintet::lang::dump::{dump, dump_marked};
use quintet::{Engine, Scheme, Type, backend, configurations};

fn linked(source: &str) -> Arc<Linked> {
    let engine = Engine::new();
    let scheme: Scheme = engine
        .scheme()
        .mandatory("s", Type::Bytes)
        .optional("n", Type::Int)
        .mandatory("f", Type::Float)
        .optional("o", Type::Bytes)
        .mandatory("ints", Type::array(Type::Int))
        .mandatory("map", Type::map(Type::Int))
        .optional("ip", Type::Ip)
        .mandatory("flag", Type::Bool)
        .build()
        .expect("a scheme");
    engine.link(engine.check(source, &scheme).unwrap_or_else(|e| panic!("{source}: {e}"))).expect("prepared")
}

fn check(what: &str, source: &str, plain: &str, marked: &Marked) {
    assert_eq!(marked.text, plain, "{what}");
    assert_eq!(marked.lines.len(), plain.lines().count(), "{what}");
    for span in marked.lines.iter().flatten() {
        assert!(span.start <= span.end && span.end as usize <= source.len(), "{what}: {span:?}");
    }
}

#[test]
fn texts_are_the_same() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let mut texts: Vec<String> = vec![
        "flag".into(),
        "rule a = s contains \"b\" and o contains \"b\" or not flag\nrule b = n in {1 2 3 40..50} and ip in {10.0.0.0/8}".into(),
        format!("rule long = {}", (0..200).map(|i| format!("n == {i} and s contains \"{i}\"")).collect::<Vec<_>>().join(" or ")),
        "rule any = any(ints[*] > 3) and map[\"a\"] == 7 and lower(s) matches \"a+b\" and o wildcard \"*a*\"".into(),
    ];
    for entry in std::fs::read_dir(folder).expect("a folder") {
        texts.push(std::fs::read_to_string(entry.expect("a file").path()).expect("a text"));
    }
    let mut marked_lines = [0; Emit::ALL.len()];
    for source in &texts {
        let linked = linked(source);
        check("ast", source, &dump(linked.program()), &dump_marked(linked.program()));
        check("plan", source, &linked.plan_text(), &linked.plan_marked());
        for backend in configurations() {
            for form in backend.emits() {
                let what = format!("{} of {} of {source}", form.name(), backend.id());
                let marked = backend.emit_marked(&linked, *form).unwrap_or_else(|e| panic!("{what}: {e}"));
                check(&what, source, &backend.emit(&linked, *form).expect("a text"), &marked);
                marked_lines[*form as usize] += marked.lines.iter().filter(|spans| !spans.is_empty()).count();
            }
        }
    }
    assert!(marked_lines.iter().all(|lines| *lines > 500), "{marked_lines:?}");
}

/// The lines that have one of these texts stand for these parts of the source, or for smaller ones in them.
#[test]
fn lines_stand_for_what_they_were_made_for() {
    let source =
        "rule first = o == \"x\" or n == 4711\nrule second {\n  let sum = 0\n  for i in ints { sum += i * 1234 }\n  return sum > 99\n}";
    let linked = linked(source);
    let part = |text: &str| {
        let start = source.find(text).expect("it is there");
        Span::new(start, start + text.len())
    };
    let parts = [("n == 4711", ["4711", "0x1267"]), ("sum += i * 1234", ["1234", "0x4d2"])];
    let made = [
        ("ast", dump_marked(linked.program())),
        ("clif", backend("jit").expect("jit").emit_marked(&linked, Emit::Clif).expect("a text")),
        ("asm", backend("jit").expect("jit").emit_marked(&linked, Emit::Asm).expect("a text")),
        ("asm", backend("jit-fast").expect("jit-fast").emit_marked(&linked, Emit::Asm).expect("a text")),
        ("wat", backend("wasm").expect("wasm").emit_marked(&linked, Emit::Wat).expect("a text")),
        ("lua", backend("lua").expect("lua").emit_marked(&linked, Emit::Lua).expect("a text")),
    ];
    for (form, made) in &made {
        for (text, numbers) in parts {
            let part = part(text);
            let lines: Vec<_> = made.text.lines().zip(&made.lines).filter(|(line, _)| numbers.iter().any(|n| line.contains(n))).collect();
            assert!(!lines.is_empty(), "{form} has no {text}:\n{}", made.text);
            for (line, spans) in lines {
                let inside = |span: &Span| part.start <= span.start && span.end <= part.end;
                assert!(spans.iter().any(inside), "{form}: {line} stands for {spans:?}, not for {part:?}");
            }
        }
    }
    // What stands for a rule's test does not stand for the other rule.
    let second = part("second").start;
    let (_, clif) = &made[1];
    let end = clif.text.lines().position(|line| line.starts_with("; rule 1")).expect("the other rule");
    assert!(clif.lines[..end].iter().flatten().all(|span| span.end < second));
    assert!(clif.lines[end..].iter().flatten().all(|span| span.end >= second));
}
