//! Both configurations, with batches in place and copied, agree with the interpreter.

use quintet_testing::{differential, regressions, scripts};
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
fn scripts_alike() {
    scripts(&Wasm::new(), 1500);
    scripts(&Wasm::winch(), 1500);
    scripts(&Wasm::winch().copying(), 300);
}

#[test]
fn copying() {
    regressions(&Wasm::new().copying());
    differential(&Wasm::winch().copying(), 1000);
}
