//! Schemes as TOML.
//!
//! ```toml
//! nil_not_equal = true           # optional: whether a missing value is `!=` everything
//! functions = ["lower", "len"]   # optional: all that the host offers where absent
//! lists = ["Int", "Ip"]          # optional: types that `in $name` works on; all of Int, Ip and Bytes where absent
//!
//! [fields]
//! "http.host" = "Bytes"          # every record has it
//! "tcp.port" = { type = "Array<Int>", multi = true, optional = true, doc = "source and destination port" }
//! ```

use std::fmt::Write;

use toml::{Table, Value};

use crate::scheme::{Field, Presence, Scheme, SchemeBuilder, SchemeError};
use crate::signature::Signature;
use crate::types::Type;

impl Scheme {
    /// Reads a scheme. `functions` are what the host offers; the text may choose among them.
    ///
    /// # Errors
    /// [`SchemeError::Text`] with the key and the reason, or what [`SchemeBuilder::build`](crate::SchemeBuilder::build) finds wrong.
    pub fn from_toml(text: &str, functions: impl IntoIterator<Item = Signature>) -> Result<Scheme, SchemeError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let table: Table = text.parse().map_err(|e: toml::de::Error| {
            let line = e.span().map_or(1, |s| text.as_bytes()[..s.start.min(text.len())].iter().filter(|b| **b == b'\n').count() + 1);
            SchemeError::Text(format!("line {line}: {}", e.message()))
        })?;
        let mut builder = Scheme::builder();
        let mut offered: Vec<Signature> = functions.into_iter().collect();
        for (key, value) in &table {
            match key.as_str() {
                "nil_not_equal" => match value.as_bool() {
                    Some(b) => builder = builder.nil_not_equal(b),
                    None => return Err(wrong(key, value, "true or false")),
                },
                "functions" => {
                    let mut chosen = Vec::new();
                    for name in strings(key, value)? {
                        match offered.iter().position(|s| s.name == name) {
                            Some(i) => chosen.push(offered.remove(i)),
                            None if chosen.iter().any(|s: &Signature| s.name == name) => {
                                return Err(SchemeError::Text(format!("`functions`: `{name}` is there twice; remove one")));
                            }
                            None => {
                                let known: Vec<&str> = offered.iter().chain(&chosen).map(|s| s.name.as_str()).collect();
                                return Err(SchemeError::Text(format!(
                                    "`functions`: there is no function `{name}`; there are: {}",
                                    known.join(", ")
                                )));
                            }
                        }
                    }
                    offered = chosen;
                }
                "lists" => {
                    for name in strings(key, value)? {
                        builder = builder.lists(parse_type(key, name)?);
                    }
                }
                "fields" => {
                    let Some(fields) = value.as_table() else { return Err(wrong(key, value, "a table of fields")) };
                    for (name, value) in fields {
                        builder = builder.field(field(name, value)?);
                    }
                }
                _ => return Err(unknown(key, "the scheme", &["fields", "functions", "lists", "nil_not_equal"])),
            }
        }
        if !table.contains_key("lists") {
            builder = [Type::Int, Type::Ip, Type::Bytes].into_iter().fold(builder, SchemeBuilder::lists);
        }
        builder.functions(offered).build()
    }

    /// The scheme as a text that [`from_toml`](Scheme::from_toml) reads, given the same functions.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write_toml(&mut text);
        text
    }

    fn write_toml(&self, out: &mut String) -> std::fmt::Result {
        let string = |s: &str| Value::from(s).to_string();
        writeln!(out, "nil_not_equal = {}", self.nil_not_equal())?;
        let functions: Vec<String> = self.functions().iter().map(|f| string(&f.name)).collect();
        writeln!(out, "functions = [{}]", functions.join(", "))?;
        let lists: Vec<String> = self.list_types().map(|t| string(&t.to_string())).collect();
        writeln!(out, "lists = [{}]\n\n[fields]", lists.join(", "))?;
        for field in self.fields() {
            let ty = string(&field.ty.to_string());
            let optional = field.presence == Presence::Optional;
            if !optional && !field.multi && field.doc.is_empty() {
                writeln!(out, "{} = {ty}", string(&field.name))?;
                continue;
            }
            write!(out, "{} = {{ type = {ty}", string(&field.name))?;
            for (key, set) in [("multi", field.multi), ("optional", optional)] {
                if set {
                    write!(out, ", {key} = true")?;
                }
            }
            if !field.doc.is_empty() {
                write!(out, ", doc = {}", string(&field.doc))?;
            }
            writeln!(out, " }}")?;
        }
        Ok(())
    }
}

fn field(name: &str, value: &Value) -> Result<Field, SchemeError> {
    let key = format!("fields.\"{name}\"");
    let mut field = Field { name: name.into(), ty: Type::Bool, presence: Presence::Mandatory, multi: false, doc: String::new() };
    let table = match value {
        Value::String(ty) => {
            field.ty = parse_type(&key, ty)?;
            return Ok(field);
        }
        Value::Table(table) => table,
        _ => return Err(wrong(&key, value, "a type such as \"Bytes\", or a table with `type`")),
    };
    let mut typed = false;
    for (part, value) in table {
        let at = format!("{key}.{part}");
        let flag = || value.as_bool().ok_or_else(|| wrong(&at, value, "true or false"));
        match part.as_str() {
            "type" => {
                field.ty = parse_type(&at, value.as_str().ok_or_else(|| wrong(&at, value, "a type in quotes"))?)?;
                typed = true;
            }
            "multi" => field.multi = flag()?,
            "optional" => field.presence = if flag()? { Presence::Optional } else { Presence::Mandatory },
            "doc" => field.doc = value.as_str().ok_or_else(|| wrong(&at, value, "a text in quotes"))?.into(),
            _ => return Err(unknown(&at, "a field", &["type", "optional", "multi", "doc"])),
        }
    }
    if !typed {
        return Err(SchemeError::Text(format!("`{key}` has no type; add `type = \"Bytes\"` or another type")));
    }
    Ok(field)
}

fn parse_type(key: &str, text: &str) -> Result<Type, SchemeError> {
    text.parse().map_err(|e| SchemeError::Text(format!("`{key}`: {e}")))
}

fn strings<'v>(key: &str, value: &'v Value) -> Result<Vec<&'v str>, SchemeError> {
    let all = value.as_array().map(|a| a.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
    all.flatten().ok_or_else(|| wrong(key, value, "a list of texts"))
}

fn wrong(key: &str, value: &Value, wanted: &str) -> SchemeError {
    SchemeError::Text(format!("`{key}` should be {wanted}, not a TOML {}", value.type_str()))
}

fn unknown(key: &str, what: &str, known: &[&str]) -> SchemeError {
    SchemeError::Text(format!("`{key}` is no key of {what}; the keys are: {}", known.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
        nil_not_equal = false
        functions = ["len"]
        lists = ["Int"]
        [fields]
        "z.host" = "Bytes"
        "tcp.port" = { type = "Array<Int>", multi = true, optional = true, doc = "both \"ports\"" }
        "m" = { type = "Map<Array<Bytes>>" }
    "#;

    #[test]
    fn there_and_back() {
        let scheme = Scheme::from_toml(TEXT, crate::stdlib::signatures()).unwrap();
        assert_eq!(scheme.fields()[0].name, "z.host");
        assert!(scheme.fields()[1].multi && !scheme.nil_not_equal() && scheme.has_lists(&Type::Int));
        assert_eq!(scheme.functions().len(), 1);
        let again = Scheme::from_toml(&scheme.to_toml(), crate::stdlib::signatures()).unwrap();
        assert_eq!(again.fields(), scheme.fields());
        assert_eq!(again.to_toml(), scheme.to_toml());
    }

    #[test]
    fn errors_name_the_key() {
        for (text, words) in [
            ("x = 1", "`x` is no key"),
            ("[fields]\na = \"Arry<Int>\"", "fields.\"a\""),
            ("[fields]\na = { optional = true }", "has no type"),
            ("[fields]\na = { type = \"Int\", opt = 1 }", "opt"),
            ("functions = [\"nope\"]", "nope"),
            ("\n\na = = b", "line 3"),
            ("[fields]\na = { type = \"Int\", multi = true }", "multi-valued"),
            ("[fields]\n\"a b\" = \"Int\"", "a b"),
        ] {
            let error = Scheme::from_toml(text, crate::stdlib::signatures()).unwrap_err().to_string();
            assert!(error.contains(words), "{text:?}: {error}");
        }
    }
}
