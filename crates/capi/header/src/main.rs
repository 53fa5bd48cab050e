//! Makes `crates/capi/include/quintet.h` from the crate; with `--check`, says whether the one that is there is that.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    match make(std::env::args().skip(1)) {
        Ok(done) => {
            println!("{done}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn make(mut arguments: impl Iterator<Item = String>) -> Result<String, Box<dyn std::error::Error>> {
    let check = match (arguments.next().as_deref(), arguments.next()) {
        (None, None) => false,
        (Some("--check"), None) => true,
        _ => return Err("usage: quintet-header [--check]".into()),
    };
    let capi = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let path = capi.join("include/quintet.h");
    let config = cbindgen::Config::from_file(capi.join("cbindgen.toml"))?;
    let mut made = Vec::new();
    cbindgen::Builder::new().with_crate(&capi).with_config(config).generate()?.write(&mut made);
    if !check {
        std::fs::write(&path, made)?;
        return Ok("include/quintet.h is written".into());
    }
    if std::fs::read(&path)? != made {
        return Err("include/quintet.h is not what the crate makes: run this without --check, and look at the difference".into());
    }
    Ok("include/quintet.h is what the crate makes".into())
}
