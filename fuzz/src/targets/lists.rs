//! Files of lists.

use std::path::Path;

use quintet::{List, OwnedValue, Type, Value};

use super::{Target, outcome};
use crate::corpus;
use crate::finding::{Fault, ensure, same};
use crate::mutate::Form;

pub const TARGET: Target = Target {
    name: "list-file",
    about: "refused with the line, or the same with CR LF, comments, a byte order mark and without its last line end; plain members are in it",
    form: Form::Text,
    corpus: || {
        let mut inputs: Vec<Vec<u8>> = LISTS.iter().map(|text| text.as_bytes().to_vec()).collect();
        inputs.extend(corpus::texts(&["../shared/inputs", "crates/runtime/tests", "bench-suite/workloads"], &[".txt", ".csv"]));
        inputs
    },
    run,
};

const LISTS: [&str; 6] = [
    "80\n443 # https\n8000..8999\n-1\n0x1f\n\n# comment\n",
    "10.0.0.0/8\n192.168.0.1\n10.0.0.1..10.0.0.9\n::1\nfe80::/10 # local\n::ffff:1.2.3.4\n",
    "example.org\n\"with \\\"quotes\\\" and \\x00\"\n  blanks around  \nr\"raw\"\né\n",
    "10.0.0.0/8,inside\n::/0,\"all, of it\"\n",
    "80,web\n443..444,\"tls\"\n",
    "a,1\n\"b\"\"c\",2\n\"d\ne\",3\n",
];

fn run(input: &[u8]) -> Result<u64, Fault> {
    let mut seen = String::new();
    for (name, ty) in [
        ("l.txt", Type::Int),
        ("l.txt", Type::Ip),
        ("l.txt", Type::Bytes),
        ("l.csv", Type::Int),
        ("l.csv", Type::Ip),
        ("l.csv", Type::Bytes),
    ] {
        let path = Path::new(name);
        let parse = |text: &[u8]| List::parse(path, text, &ty);
        let list = match parse(input) {
            Ok(list) => list,
            Err(e) => {
                let message = e.to_string();
                ensure(message.contains("l.") && message.bytes().any(|b| b.is_ascii_digit()), "errors name the line", || message.clone())?;
                seen += &message;
                continue;
            }
        };
        same("a list has its type", &list.ty(), &ty)?;
        if name == "l.txt" {
            let changed = |class: &str, text: Vec<u8>| -> Result<(), Fault> {
                let other = parse(&text).map_err(|e| Fault::new(class, e.to_string()))?;
                for line in input.split(|b| *b == b'\n') {
                    let line = line.trim_ascii();
                    if let Some(value) = values(&ty, line) {
                        let value = value_of(&value);
                        same(class, &list.contains(&value), &other.contains(&value))?;
                    }
                }
                Ok(())
            };
            let mut lines: Vec<Vec<u8>> = input.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
            changed("the same with CR LF", lines.join(&b"\r\n"[..]))?;
            lines.iter_mut().filter(|l| l.trim_ascii().is_empty()).for_each(|l| *l = b" # comment".to_vec());
            if !input.starts_with(b"\xef\xbb\xbf") {
                changed("the same with comments", lines.join(&b'\n'))?;
                changed("the same with a byte order mark", [b"\xef\xbb\xbf", input].concat())?;
            }
            changed("the same without the last line end", input.strip_suffix(b"\n").unwrap_or(input).to_vec())?;
            if !input.starts_with(b"\xef\xbb\xbf") && ty != Type::Bytes {
                for line in input.split(|b| *b == b'\n') {
                    if let Some(value) = values(&ty, line.trim_ascii()) {
                        ensure(list.contains(&value_of(&value)), "members are in the list", || value.to_string())?;
                    }
                }
            }
        }
        seen += "a list. ";
    }
    Ok(outcome::of(&seen))
}

/// The value that a line says by itself, if it is a plain one.
fn values(ty: &Type, line: &[u8]) -> Option<OwnedValue> {
    let text = std::str::from_utf8(line).ok()?;
    match ty {
        Type::Int => text.parse().ok().filter(|_| !text.starts_with('+')).map(OwnedValue::Int),
        Type::Ip => text.parse().ok().map(OwnedValue::Ip),
        _ => Some(OwnedValue::Bytes(line.into())),
    }
}

fn value_of(value: &OwnedValue) -> Value<'_> {
    match value {
        OwnedValue::Int(i) => Value::Int(*i),
        OwnedValue::Ip(ip) => Value::Ip(*ip),
        OwnedValue::Bytes(bytes) => Value::Bytes(bytes),
        _ => Value::Nil,
    }
}
