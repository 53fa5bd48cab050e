//! Compiled code is freed with its last user.
#![cfg(target_os = "linux")]

use quintet_jit::Jit;
use quintet_lang::{Limits, Scheme, Type, compile};
use quintet_runtime::{Backend, Library, Linked, Lists};

const ROUNDS: usize = 100_000;

/// Bytes of memory that the process has, in pages of 4 kB (larger pages make the figure smaller, not wrong).
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").expect("statm");
    let pages: usize = text.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number");
    pages * 4096
}

#[test]
fn compiling_and_dropping_leaves_memory_flat() {
    let scheme = Scheme::builder().mandatory("n", Type::Int).build().expect("a scheme");
    let program = compile("n > 5 and n < 9", &scheme, &Limits::default()).expect("a program");
    let program = Linked::new(program, &Library::empty(), &Lists::new(), &Limits::default()).expect("a linked program");
    let jit = Jit::fast();
    let round = || {
        let compiled = jit.compile(&program).expect("code");
        // The instance is the last user.
        let instance = compiled.instantiate(&Limits::default()).expect("an instance");
        drop(compiled);
        drop(instance);
    };
    (0..1000).for_each(|_| round());
    let before = resident();
    (0..ROUNDS).for_each(|_| round());
    let after = resident();
    println!("resident: {before} bytes before, {after} bytes after {ROUNDS} rounds");
    assert!(after < before + (10 << 20), "{before} bytes before, {after} bytes after {ROUNDS} rounds");
}
