//! Both configurations, with batches in place and copied, agree with the interpreter.

use quintet_testing::{differential, regressions};
use quintet_wasm::Wasm;

#[test]
fn cranelift() {
    regressions(&Wasm::new());
    differential(&Wasm::new(), 3000);
}

#[test]
fn winch() {
    regressions(&Wasm::winch());
    differential(&Wasm::winch(), 5000);
}

#[test]
fn copying() {
    regressions(&Wasm::new().copying());
    differential(&Wasm::winch().copying(), 1000);
}
