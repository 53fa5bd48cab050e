//! Makes what of the npm package is not written by hand, in `js/generated`: the WebAssembly files with their glue, the texts of the ready-made
//! schemes, and the types of trees and answers. `npm run build` runs it.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

use quintet_inputs::schemes;
use quintet_lang::stdlib;
use wasm_bindgen_cli_support::Bindgen;

/// The crates that become WebAssembly, and the names of their files.
const PARTS: [(&str, &str); 4] = [
    ("quintet-rules-lang", "quintet_lang"),
    ("quintet-rules-run", "quintet_run"),
    ("quintet-rules-explain", "quintet_explain"),
    ("quintet-rules-native", "quintet_native"),
];

/// Bytes of stack, of which the deepest texts that are accepted use a part.
const STACK: u32 = 4 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let out = root.join("generated");
    std::fs::create_dir_all(&out)?;
    let target = root.join("target");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(&root).args(["build", "--locked", "--profile", "web", "--target", "wasm32-unknown-unknown", "--lib"]);
    cargo.arg("--target-dir").arg(&target);
    cargo.args(PARTS.iter().flat_map(|(package, _)| ["--package", package]));
    cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", format!("-C link-arg=-zstack-size={STACK}"));
    if !cargo.status()?.success() {
        return Err("the crates cannot be built; `rustup target add wasm32-unknown-unknown` may be missing".into());
    }
    for (package, name) in PARTS {
        let built = target.join("wasm32-unknown-unknown/web").join(format!("{}.wasm", package.replace('-', "_")));
        // Where the file lies is for the package to say, so that bundlers see it in one place.
        Bindgen::new().input_path(&built).out_name(name).web(true)?.omit_default_module_path(true).typescript(true).generate(&out)?;
    }
    write(&out.join("schemes.ts"), &scheme_texts()?)?;
    write(&out.join("syntax.ts"), &quintet_syntax::typescript())?;
    Ok(())
}

fn scheme_texts() -> Result<String, Box<dyn Error>> {
    let mut out = String::from("// The ready-made schemes, as TOML.\n");
    for name in schemes::NAMES {
        let (scheme, _) = schemes::named(name).ok_or("a scheme without a name")?;
        let text = scheme.functions(stdlib::signatures()).build()?.to_toml();
        let quoted = text.replace('\\', "\\\\").replace('`', "\\`").replace("${", "\\${");
        out.push_str(&format!("\nexport const {name} = `{quoted}`;\n"));
    }
    Ok(out)
}

fn write(path: &Path, text: &str) -> Result<(), Box<dyn Error>> {
    std::fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()).into())
}
