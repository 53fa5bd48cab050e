//! `quintet fields`.

use std::io::Write;
use std::process::ExitCode;

use quintet::{Engine, Field, Presence};
use quintet_inputs::schemes;
use serde_json::json;

use crate::args::{FieldsArgs, FieldsOutput};
use crate::failure::{Failure, output};
use crate::source;
use crate::table;

pub fn run(args: &FieldsArgs) -> Result<ExitCode, Failure> {
    let format = source::format(&args.scheme).ok_or_else(|| {
        Failure::unusable(format!("say whose fields: --scheme NAME (one of {}), or --scheme FILE", schemes::NAMES.join(", ")))
    })?;
    let (engine, _) = args.modules.extend(Engine::new())?;
    let scheme = source::scheme(&engine, &args.scheme, format)?;
    let text = match args.output {
        FieldsOutput::Table => {
            let rows = scheme.fields().iter().map(|f| vec![f.name.clone(), type_of(f), f.doc.clone()]);
            table::render(&["field", "type", "meaning"], rows, &[])
        }
        FieldsOutput::Json => {
            let fields: Vec<_> = scheme
                .fields()
                .iter()
                .map(|f| {
                    json!({
                        "name": f.name,
                        "type": f.ty.to_string(),
                        "optional": f.presence == Presence::Optional,
                        "multi": f.multi,
                        "meaning": f.doc,
                    })
                })
                .collect();
            serde_json::to_string_pretty(&fields).map_err(Failure::unusable)?
        }
    };
    writeln!(std::io::stdout().lock(), "{text}").map_err(output)?;
    Ok(ExitCode::SUCCESS)
}

/// The type with what matters to who writes a rule: several values, or possibly none.
fn type_of(field: &Field) -> String {
    let mut text = field.ty.to_string();
    if field.multi {
        text.push_str(", any of");
    }
    if field.presence == Presence::Optional {
        text.push('?');
    }
    text
}
