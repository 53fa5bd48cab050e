//! The header that is committed is the one that the crate makes. `UPDATE_HEADER=1 cargo test ... --test header` writes it.

use std::path::Path;

#[test]
fn the_header_is_that_of_the_crate() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut made = Vec::new();
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).unwrap();
    cbindgen::Builder::new().with_crate(root).with_config(config).generate().unwrap().write(&mut made);
    let made = String::from_utf8(made).unwrap();
    let path = root.join("include/quintet.h");
    if std::env::var_os("UPDATE_HEADER").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == made, "include/quintet.h is not what the crate makes; UPDATE_HEADER=1 writes it:\n{made}");
    assert!(made.contains("quintet_eval_arrow(") && made.contains("struct ArrowArray *array"), "{made}");
}
