//! In a process whose signals are its own, answers and traps are the same, and no handler is there.
#![cfg(target_os = "linux")]

use quintet_lang::{Limits, Scheme, Type, compile};
use quintet_runtime::{Backend, Library, Linked, Lists};
use quintet_testing::{differential, regressions, scripts};
use quintet_wasm::Wasm;

/// The signals that the process has handlers for, as the system tells: bit 0 is signal 1.
fn caught() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("what the system says of this process");
    let line = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).expect("the signals that are caught");
    u64::from_str_radix(line.trim(), 16).expect("a number")
}

const ILL: u64 = 1 << 3;
const FPE: u64 = 1 << 7;

// One test, for the choice is the process'.
#[test]
fn answers_are_the_same_and_signals_are_left_alone() {
    quintet_region::without_signal_handlers().expect("nothing was compiled before");
    regressions(&Wasm::new());
    differential(&Wasm::new(), 300);
    scripts(&Wasm::new(), 150);
    scripts(&Wasm::new().copying(), 50);
    assert_eq!(caught() & (ILL | FPE), 0, "Rust handles others, of these two it handles none");
    assert_eq!(quintet_region::without_signal_handlers(), Ok(()), "it is as it was asked for");

    let scheme = Scheme::builder().optional("n", Type::Int).build().expect("a scheme");
    let program = compile("n == 1", &scheme, &Limits::default()).expect("a rule");
    let linked = Linked::new(program, &Library::standard(), &Lists::new(), &Limits::default()).expect("a program");
    let refused = Wasm::winch().compile(&linked).err().expect("Winch checks nothing itself");
    assert!(refused.to_string().contains("signal handlers"), "{refused}");
}
