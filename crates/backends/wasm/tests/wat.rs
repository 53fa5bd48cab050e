//! The modules of a few programs, as text.

use quintet_lang::{Limits, Scheme, Type, compile};
use quintet_runtime::{Backend, Emit, Library, Linked, Lists};
use quintet_wasm::Wasm;

fn wat(source: &str) -> String {
    let library = Library::standard();
    let scheme = Scheme::builder()
        .mandatory("port", Type::Int)
        .optional("src", Type::Ip)
        .optional("host", Type::Bytes)
        .optional("ports", Type::array(Type::Int))
        .optional("names", Type::array(Type::Bytes))
        .optional("headers", Type::map(Type::Bytes))
        .functions(library.signatures())
        .build()
        .unwrap();
    let limits = Limits::default();
    let program = compile(source, &scheme, &limits).unwrap_or_else(|e| panic!("{source}: {e:?}"));
    let linked = Linked::new(program, &library, &Lists::new(), &limits).unwrap();
    Wasm::new().emit(&linked, Emit::Wat).unwrap()
}

#[test]
fn a_filter() {
    insta::assert_snapshot!(wat(r#"src in {10.0.0.0/8} and port == 443 and host contains "example""#));
}

#[test]
fn two_rules_that_may_trap() {
    insta::assert_snapshot!(wat("rule a = 100 / port > 7\nrule b = not (host == \"a.example\" or port in {1..3 80})\n"));
}

#[test]
fn a_loop_and_a_key() {
    insta::assert_snapshot!(wat(r#"any(ports[*] > 1024) and headers["accept"] matches "^text""#));
}

#[test]
fn a_call_of_a_collected_array() {
    insta::assert_snapshot!(wat(r#"lower(names[*])[0] == "a""#));
}

#[test]
fn machine_code_is_shown_of_both_compilers() {
    let scheme = Scheme::builder().mandatory("port", Type::Int).build().unwrap();
    let limits = Limits::default();
    let link = || {
        let program = compile("rule web = port == 443\nrule odd = port % 2 == 1\n", &scheme, &limits).unwrap();
        Linked::new(program, &Library::standard(), &Lists::new(), &limits).unwrap()
    };
    let (names, called) = (["; rules_0_to_1: ", "; run: "], "; rules_0_to_1\n");
    for wasm in [Wasm::new(), Wasm::winch()] {
        let text = wasm.emit(&link(), Emit::Asm).unwrap();
        let heads: Vec<&str> = text.lines().filter(|l| l.starts_with("; ") && l.ends_with(" bytes")).collect();
        assert!(heads.len() == names.len() && heads.iter().zip(&names).all(|(head, name)| head.starts_with(*name)), "{heads:?}");
        // Each function's instructions stand without a gap, and calls name what they call.
        let of = text.split(names[1]).next().unwrap();
        assert!(of.contains("ret") && !of.contains(".byte"), "{text}");
        assert!(text.contains(called), "run calls the rules: {text}");
        assert_eq!(wasm.emit(&link(), Emit::Asm).unwrap(), text, "nothing of this process is in the text");
    }
}

#[test]
fn other_forms_are_refused() {
    let scheme = Scheme::builder().mandatory("port", Type::Int).build().unwrap();
    let program = compile("port == 1", &scheme, &Limits::default()).unwrap();
    let linked = Linked::new(program, &Library::standard(), &Lists::new(), &Limits::default()).unwrap();
    assert!([Emit::Lua, Emit::Clif].into_iter().all(|form| Wasm::new().emit(&linked, form).is_err()));
}
