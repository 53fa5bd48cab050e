//! Gives the shared library the name under which programs that were linked with it look for it, and has it stay where it is loaded.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let version = std::env::var("CARGO_PKG_VERSION_MAJOR").unwrap_or_default();
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libquintet.so.{version}");
        // It is never unloaded: what frees its objects may be called when a host shuts down, and wasmtime's signal handlers are in it.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
