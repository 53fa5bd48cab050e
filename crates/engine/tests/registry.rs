//! Backends by id.

use quintet::{backend, backends, configurations};

#[test]
fn all_are_there_and_found_by_id() {
    let ids: Vec<String> = backends().iter().map(|b| b.id().to_string()).collect();
    assert_eq!(ids, ["interp", "closures", "jit", "wasm", "lua", "adaptive"]);
    for known in configurations() {
        assert_eq!(backend(&known.id().to_string()).map(|b| b.id()), Ok(known.id()));
    }
}

#[test]
fn an_unknown_id_lists_the_known_ones() {
    let message = backend("jitt").err().map(|e| e.to_string()).unwrap_or_default();
    assert!(message.starts_with("no backend `jitt`; there are: interp, closures, jit"), "{message}");
}
