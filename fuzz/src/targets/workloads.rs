//! Workloads' TOML files.

use std::cell::RefCell;
use std::path::PathBuf;

use quintet_bench::{Files, Loaded, Workload};

use super::{Target, outcome};
use crate::corpus;
use crate::finding::{Fault, ensure, folder};
use crate::mutate::Form;

pub const TARGET: Target = Target {
    name: "workload-toml",
    about: "loaded, or an error that names the file; a loaded one has records, and reads as many again",
    form: Form::Text,
    corpus: || {
        let mut inputs = vec![WORKLOAD.as_bytes().to_vec()];
        inputs.extend(corpus::texts(&["bench-suite/workloads"], &[".toml"]));
        inputs.retain(|text| !text.starts_with(b"[fields]"));
        inputs
    },
    run,
};

const WORKLOAD: &str = r#"name = "small"
about = "A rule on three lines."
rules = "few.rules"
input = "few.jsonl"
format = "jsonl"
scheme = "few.scheme.toml"

[expected]
few = 2

[lists]
"ports:int" = "ports.txt"
"#;

const BESIDE: [(&str, &str); 4] = [
    ("few.rules", "rule few = n in $ports or len(s) > 1\nrule other = s contains \"a\"\n"),
    ("few.jsonl", "{\"n\": 80, \"s\": \"a\"}\n{\"n\": 1, \"s\": \"\"}\n{\"n\": 1, \"s\": \"bcd\"}\n"),
    ("few.scheme.toml", "[fields]\nn = \"Int\"\ns = \"Bytes\"\n"),
    ("ports.txt", "80\n443\n"),
];

fn run(input: &[u8]) -> Result<u64, Fault> {
    for (name, text) in BESIDE {
        if !place(name)?.exists() {
            work(name, text.as_bytes())?;
        }
    }
    let path = work("workload.toml", input)?;
    let workload = match Workload::load(Files::Disk, &path) {
        Ok(workload) => workload,
        Err(e) => {
            let message = e.to_string();
            ensure(message.contains("fuzz"), "errors name a file", || message.clone())?;
            return Ok(outcome::of(&message.replace(path.parent().and_then(|p| p.to_str()).unwrap_or_default(), "")));
        }
    };
    match Loaded::new(workload) {
        Ok(loaded) => {
            ensure(loaded.records() > 0, "a workload has records", String::new)?;
            let again = loaded.read_again().map_err(|e| Fault::new("what was read can be read again", e.to_string()))?;
            ensure(again == loaded.records(), "reading again gives as many records", || format!("{again}, {}", loaded.records()))?;
            Ok(loaded.records() as u64)
        }
        Err(e) => Ok(outcome::of(&e.to_string())),
    }
}

/// A folder for files, removed in the end.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is left to be looked at.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

thread_local! {
    /// This thread's folder.
    static FOLDER: RefCell<Option<Folder>> = const { RefCell::new(None) };
}

/// Where a file of this name of this thread is.
fn place(name: &str) -> Result<PathBuf, Fault> {
    let made = || Folder(folder().join(format!("work-{}-{:?}", std::process::id(), std::thread::current().id())));
    let folder = FOLDER.with(|kept| kept.borrow_mut().get_or_insert_with(made).0.clone());
    std::fs::create_dir_all(&folder).map_err(|e| Fault::new("target/fuzz can be written", format!("{}: {e}", folder.display())))?;
    Ok(folder.join(name))
}

/// Writes a file that a target reads, and answers its path.
pub fn work(name: &str, content: &[u8]) -> Result<PathBuf, Fault> {
    let path = place(name)?;
    std::fs::write(&path, content).map_err(|e| Fault::new("target/fuzz can be written", format!("{}: {e}", path.display())))?;
    Ok(path)
}
