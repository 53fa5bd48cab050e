//! Programs as JSON: refused, or run alike by every configuration of every backend.

use quintet::Program;
use quintet::lang::compile;
use quintet::lang::dump::dump;

use super::answers::{agree, limits, lineup, link, passes_change_nothing, records, worlds};
use super::{Target, outcome};
use crate::corpus;
use crate::finding::{Fault, same};
use crate::mutate::Form;

pub const TARGET: Target = Target {
    name: "program-json",
    about: "refused, or written and read again the same, passes change nothing, and all configurations = interp",
    form: Form::Json,
    corpus: || {
        let limits = limits();
        let compiled = corpus::rules().into_iter().filter_map(|rules| {
            let text = String::from_utf8(rules).ok()?;
            worlds().iter().find_map(|world| compile(&text, &world.scheme, &limits).ok())
        });
        compiled.map(|program| program.to_json().into_bytes()).filter(|json| json.len() < 20_000).collect()
    },
    run,
};

fn run(input: &[u8]) -> Result<u64, Fault> {
    let text = String::from_utf8_lossy(input);
    let limits = limits();
    let mut seen = String::new();
    for world in worlds() {
        let program = match Program::from_json(&text, &world.scheme) {
            Ok(program) => program,
            Err(e) => {
                seen = e.to_string();
                continue;
            }
        };
        let json = program.to_json();
        let again = Program::from_json(&json, &world.scheme)
            .map_err(|e| Fault::new("what was read can be written and read", format!("{e}\n  {json}")))?;
        same("what was read is written and read the same", &dump(&program), &dump(&again))?;
        // A program that no text has need not print as one; printing ends all the same.
        let _ = program.to_string();
        let linked = match link(program.clone(), world, &limits) {
            Ok(linked) => linked,
            Err(message) => {
                seen = message;
                continue;
            }
        };
        let records = records(&world.scheme);
        seen = agree(&linked, &limits, &records, false, lineup())?;
        passes_change_nothing(&program, world, &limits, &records)?;
        break;
    }
    Ok(outcome::of(&seen))
}
