//! The limits that a command line sets.

use clap::Args;
use quintet::Limits;
use serde_json::Value;

/// What bounds rules and their evaluation.
#[derive(Args)]
pub struct LimitArgs {
    /// Sets the limit NAME, such as `nesting`, `regexes_bytes` or `memory_bytes`; docs/limits.md lists all, with their defaults. Repeat for several.
    #[arg(long = "limit", value_name = "NAME=VALUE", value_parser = flag)]
    limits: Vec<(String, u64)>,
}

/// The limits as JSON: each is a number.
fn all(limits: &Limits) -> serde_json::Map<String, Value> {
    match serde_json::to_value(limits) {
        Ok(Value::Object(all)) => all,
        _ => serde_json::Map::new(),
    }
}

fn flag(text: &str) -> Result<(String, u64), String> {
    let (name, value) = text.split_once('=').ok_or("a limit is given as NAME=VALUE")?;
    let known = all(&Limits::default());
    if !known.contains_key(name) {
        let names: Vec<&str> = known.keys().map(String::as_str).collect();
        return Err(format!("there is no limit `{name}`; limits are {}", names.join(", ")));
    }
    let value = value.replace('_', "").parse().map_err(|_| format!("`{value}` is no whole number from 0 on"))?;
    Ok((name.into(), value))
}

impl LimitArgs {
    /// These limits, but for those that the flags set.
    pub fn over(&self, limits: Limits) -> Limits {
        let mut set = all(&limits);
        set.extend(self.limits.iter().map(|(name, value)| (name.clone(), (*value).into())));
        // The names were looked up when the flags were read, and every number fits where memory is counted in 64 bits.
        serde_json::from_value(Value::Object(set)).unwrap_or(limits)
    }

    /// The default limits, but for those that the flags set.
    pub fn limits(&self) -> Limits {
        self.over(Limits::default())
    }
}
