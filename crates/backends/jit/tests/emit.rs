//! The texts of generated code, as they are kept under `snapshots`. `INSTA_UPDATE=always` writes them anew.

use std::sync::Arc;

use quintet_jit::Jit;
use quintet_lang::{Limits, Scheme, Type, compile};
use quintet_runtime::{Backend, Emit, Library, Linked, Lists};

fn link(source: &str) -> Arc<Linked> {
    let library = Library::standard();
    let scheme = Scheme::builder()
        .mandatory("tcp.port", Type::Int)
        .optional("ip.src", Type::Ip)
        .optional("http.host", Type::Bytes)
        .optional("codes", Type::array(Type::Int))
        .optional("headers", Type::map(Type::Bytes))
        .functions(library.signatures())
        .build()
        .expect("a scheme");
    let program = compile(source, &scheme, &Limits::default()).expect("a program");
    Linked::new(program, &library, &Lists::new(), &Limits::default()).expect("a linked program")
}

fn clif(source: &str) -> String {
    let program = link(source);
    let text = Jit::best().emit(&program, Emit::Clif).expect("a text");
    let fast = Jit::fast().emit(&program, Emit::Clif).expect("a text");
    for (jit, text) in [(Jit::best(), &text), (Jit::fast(), &fast)] {
        assert_eq!(&jit.emit(&link(source), Emit::Clif).expect("a text"), text, "nothing of this process is in the text");
    }
    assert_eq!(quintet_jit::listing(&program, Emit::Clif).expect("a text").text, text, "hosts that cannot run it show the same");
    format!(
        "{text}
; compiled quickly
{fast}"
    )
}

/// The convention of calls differs between hosts, and with it the texts.
#[test]
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn snapshots() {
    insta::assert_snapshot!("filter", clif(r#"ip.src in {10.0.0.0/8} and tcp.port == 443 and http.host contains "example""#));
    insta::assert_snapshot!("loop", clif("any(codes[*] % tcp.port == 3)"));
    insta::assert_snapshot!("call", clif(r#"lower(http.host) == "example.com""#));
    insta::assert_snapshot!("bytes", clif(r#"headers["x"][1:4] in {"abc" "xyz"} or http.host matches "^a+$""#));
}

#[test]
fn assembly_has_names_for_addresses() {
    for jit in [Jit::best(), Jit::fast()] {
        let text = |source| jit.emit(&link(source), Emit::Asm).expect("a text");
        let text = (text(r#"http.host matches "a+""#), text(r#"http.host matches "a+""#));
        assert!(text.0.contains("%regex") && text.0.contains("; parts+0: regex 0"), "{}", text.0);
        assert_eq!(text.0, text.1);
    }
}

#[test]
fn other_forms_are_refused() {
    let program = link("tcp.port == 1");
    let error = Jit::best().emit(&program, Emit::Wat).expect_err("no such form");
    assert_eq!(error.to_string(), "jit: cannot show: it makes no wat of a program");
    assert_eq!(quintet_jit::listing(&program, Emit::Lua), Err("it makes no lua of a program".into()));
}
