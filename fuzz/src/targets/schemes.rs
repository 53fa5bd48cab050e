//! Schemes as TOML.

use quintet::Scheme;
use quintet::lang::stdlib;

use super::{Target, outcome};
use crate::corpus;
use crate::finding::{Fault, ensure, same};
use crate::mutate::Form;

pub const TARGET: Target = Target {
    name: "scheme-toml",
    about: "refused with a reason, or written and read again the same",
    form: Form::Text,
    corpus: || {
        let mut inputs = corpus::texts(&["bench-suite/workloads/data", "crates/lang/tests/scheme.toml", "../shared/inputs"], &[".toml"]);
        inputs.push(SCHEME.as_bytes().to_vec());
        inputs
    },
    run,
};

const SCHEME: &str = r#"nil_not_equal = false
functions = ["lower", "len"]
lists = ["Int", "Ip"]

[fields]
"http.host" = "Bytes"
"tcp.port" = { type = "Array<Int>", multi = true, optional = true, doc = "source and destination port" }
"m" = "Map<Map<Array<Float>>>"
"é" = { type = "Bool", optional = true, doc = "\"\n" }
"#;

fn run(input: &[u8]) -> Result<u64, Fault> {
    let text = String::from_utf8_lossy(input);
    let scheme = match Scheme::from_toml(&text, stdlib::signatures()) {
        Ok(scheme) => scheme,
        Err(e) => {
            let message = e.to_string();
            ensure(!message.is_empty(), "errors say what is wrong", String::new)?;
            return Ok(outcome::of(&message));
        }
    };
    let written = scheme.to_toml();
    let again = Scheme::from_toml(&written, stdlib::signatures())
        .map_err(|e| Fault::new("what is written can be read", format!("{e}\n{written}")))?;
    same("a scheme is written and read the same", &written, &again.to_toml())?;
    same("a scheme has the same fields", &format!("{:?}", scheme.fields()), &format!("{:?}", again.fields()))?;
    Ok(scheme.fields().len().min(20) as u64)
}
