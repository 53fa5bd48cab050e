//! A process that is to have no signal handlers of wasmtime says so before it compiles.

use std::ptr::null_mut;

use quintet_capi::*;

fn compiles(backend: &str) -> quintet_status {
    let (mut engine, mut scheme, mut rules) = (null_mut(), null_mut(), null_mut());
    let (text, source) = ("[fields]\nport = \"Int\"\n", "port == 80");
    // SAFETY: all that is handed in is there, and is used by this thread alone.
    unsafe {
        assert_eq!(quintet_engine_new(&mut engine, null_mut()), quintet_status::Ok);
        assert_eq!(quintet_scheme_from_toml(engine, text.as_ptr(), text.len(), &mut scheme, null_mut()), quintet_status::Ok);
        let (s, b) = (source, backend);
        let status = quintet_rules_compile(engine, scheme, s.as_ptr(), s.len(), b.as_ptr(), b.len(), &mut rules, null_mut());
        quintet_rules_free(rules);
        quintet_scheme_free(scheme);
        quintet_engine_free(engine);
        status
    }
}

// One test, for the choice is the process'.
#[test]
fn wasm_does_without_signal_handlers_where_it_is_told_to() {
    // SAFETY: there is no place for an error.
    assert_eq!(unsafe { quintet_without_signal_handlers(null_mut()) }, quintet_status::Ok);
    assert_eq!(compiles("wasm"), quintet_status::Ok);
    assert_eq!(compiles("wasm-winch"), quintet_status::Resource);
    assert_eq!(compiles("jit"), quintet_status::Ok);
}
