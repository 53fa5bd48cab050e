//! The Lua of a few programs.

use quintet_lang::Limits;
use quintet_lua::LuaJit;
use quintet_runtime::{Backend, Emit};
use quintet_testing::link;

fn lua(source: &str) -> String {
    let program = link(source, true, &Limits::default()).unwrap_or_else(|e| panic!("{e}"));
    LuaJit::new().emit(&program, Emit::Lua).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn filter() {
    insta::assert_snapshot!(lua("src in {10.0.0.0/8} and n == 443 and host contains \"example\""));
}

#[test]
fn arithmetic_and_nil() {
    insta::assert_snapshot!(lua("rule a = n / m > 1 and f * 2.0 < g\nrule b = on + 1 != 5 or host[2:-1] == \"cd\""));
}

#[test]
fn loops_and_calls() {
    insta::assert_snapshot!(lua("any(lower(names[*])[*] == \"b\") and all(ints[*] in {1 5..9 300})"));
}

#[test]
fn maps_sets_and_lists() {
    insta::assert_snapshot!(lua("hdr[\"a\"] wildcard \"x*\" or n in $small or dst == 2001:db8::1 or onums[\"k\"] & 6"));
}
