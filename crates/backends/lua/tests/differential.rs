//! The configurations answer as the interpreter does.

use quintet_lua::LuaJit;
use quintet_testing::{differential, regressions, scripts};

#[test]
fn regressions_of_all() {
    regressions(&LuaJit::new());
    regressions(&LuaJit::eager());
    regressions(&LuaJit::without_jit());
}

#[test]
fn random_programs() {
    differential(&LuaJit::new(), 6_000);
}

#[test]
fn random_programs_compiled_at_once() {
    differential(&LuaJit::eager(), 6_000);
}

#[test]
fn random_programs_without_jit() {
    differential(&LuaJit::without_jit(), 6_000);
}

#[test]
fn random_scripts() {
    scripts(&LuaJit::new(), 1_500);
    scripts(&LuaJit::eager(), 1_500);
    scripts(&LuaJit::without_jit(), 1_500);
}
