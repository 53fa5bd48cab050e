//! Schemes as TOML, or as JSON with the same keys.
//!
//! ```toml
//! nil_not_equal = true           # optional: whether a missing value is `!=` everything
//! functions = ["lower", "len"]   # optional: all that the host offers where absent
//! lists = ["Int", "Ip"]          # optional: types that `in $name` works on; all of Int, Ip and Bytes where absent
//!
//! [fields]
//! "http.host" = "Bytes"          # every record has it
//! "tcp.port" = { type = "Array<Int>", multi = true, optional = true, doc = "source and destination port" }
//! "http.request.method" = { type = "Bytes", values = ["GET", "POST"] }   # what editors offer
//! "ip.proto" = { type = "Int", values = [{ value = 6, doc = "TCP" }, { value = 17, doc = "UDP" }] }
//! ```

use std::fmt::Write;

use toml::{Table, Value};

use crate::ast::Const;
use crate::scheme::{Field, FieldValue, Presence, Scheme, SchemeBuilder, SchemeError};
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
        Scheme::from_table(&table, functions)
    }

    /// Reads a scheme from JSON with the keys of [`from_toml`](Scheme::from_toml).
    ///
    /// # Errors
    /// As [`from_toml`](Scheme::from_toml).
    ///
    /// ```
    /// use quintet_lang::{Scheme, Type};
    /// let scheme = Scheme::from_json(r#"{"fields": {"tcp.port": "Int"}, "lists": ["Ip"]}"#, []).unwrap();
    /// assert_eq!(scheme.fields()[0].ty, Type::Int);
    /// ```
    pub fn from_json(text: &str, functions: impl IntoIterator<Item = Signature>) -> Result<Scheme, SchemeError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let table: Table = serde_json::from_str(text).map_err(|e| SchemeError::Text(e.to_string()))?;
        Scheme::from_table(&table, functions)
    }

    fn from_table(table: &Table, functions: impl IntoIterator<Item = Signature>) -> Result<Scheme, SchemeError> {
        let mut builder = Scheme::builder();
        let mut offered: Vec<Signature> = functions.into_iter().collect();
        for (key, value) in table {
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
                        let (field, values) = field(name, value)?;
                        builder = builder.field(field);
                        if !values.is_empty() {
                            builder = builder.values(name, values);
                        }
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
            let values = self.values(&field.name);
            if !optional && !field.multi && field.doc.is_empty() && values.is_empty() {
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
            if !values.is_empty() {
                let values: Vec<String> = values.iter().map(value_text).collect();
                write!(out, ", values = [{}]", values.join(", "))?;
            }
            writeln!(out, " }}")?;
        }
        Ok(())
    }
}

fn field(name: &str, value: &Value) -> Result<(Field, Vec<FieldValue>), SchemeError> {
    let key = format!("fields.\"{name}\"");
    let mut field = Field { name: name.into(), ty: Type::Bool, presence: Presence::Mandatory, multi: false, doc: String::new() };
    let table = match value {
        Value::String(ty) => {
            field.ty = parse_type(&key, ty)?;
            return Ok((field, Vec::new()));
        }
        Value::Table(table) => table,
        _ => return Err(wrong(&key, value, "a type such as \"Bytes\", or a table with `type`")),
    };
    let mut typed = false;
    let mut values = Vec::new();
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
            "values" => {
                let all = value.as_array().ok_or_else(|| wrong(&at, value, "a list of values"))?;
                values = all.iter().map(|value| usual(&at, value)).collect::<Result<_, _>>()?;
            }
            _ => return Err(unknown(&at, "a field", &["type", "optional", "multi", "doc", "values"])),
        }
    }
    if !typed {
        return Err(SchemeError::Text(format!("`{key}` has no type; add `type = \"Bytes\"` or another type")));
    }
    Ok((field, values))
}

/// One of the usual values of a field: a text or integer, or a table that says what it stands for too.
fn usual(key: &str, value: &Value) -> Result<FieldValue, SchemeError> {
    let (value, doc) = match value {
        Value::Table(table) => {
            if let Some(part) = table.keys().find(|k| !matches!(k.as_str(), "value" | "doc")) {
                return Err(unknown(&format!("{key}.{part}"), "a value", &["value", "doc"]));
            }
            let doc = table.get("doc").map_or(Some(""), Value::as_str);
            let doc = doc.ok_or_else(|| SchemeError::Text(format!("`{key}`: `doc` should be a text in quotes")))?;
            (table.get("value").ok_or_else(|| SchemeError::Text(format!("`{key}`: a table without `value`")))?, doc)
        }
        _ => (value, ""),
    };
    let constant = match value {
        Value::String(text) => Const::Bytes(text.clone().into_bytes()),
        Value::Integer(i) => Const::Int(*i),
        _ => return Err(wrong(key, value, "a text or an integer")),
    };
    Ok(FieldValue { value: constant, doc: doc.into() })
}

/// The same as text. What is no text at all cannot be written in TOML, so what is wrong with it is replaced.
fn value_text(value: &FieldValue) -> String {
    let constant = match &value.value {
        Const::Int(i) => i.to_string(),
        Const::Bytes(bytes) => Value::from(String::from_utf8_lossy(bytes).as_ref()).to_string(),
        // The builder takes no others.
        Const::Bool(_) | Const::U32(_) | Const::Float(_) | Const::Ip(_) => String::new(),
    };
    match value.doc.as_str() {
        "" => constant,
        doc => format!("{{ value = {constant}, doc = {} }}", Value::from(doc)),
    }
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
        "proto" = { type = "Array<Int>", values = [6, { value = 17, doc = "UDP" }] }
        "method" = { type = "Bytes", values = ["GET", "a \"b\""] }
    "#;

    #[test]
    fn there_and_back() {
        let scheme = Scheme::from_toml(TEXT, crate::stdlib::signatures()).unwrap();
        assert_eq!(scheme.fields()[0].name, "z.host");
        assert!(scheme.fields()[1].multi && !scheme.nil_not_equal() && scheme.has_lists(&Type::Int));
        assert_eq!(scheme.functions().len(), 1);
        assert_eq!(scheme.values("proto")[1], FieldValue { value: Const::Int(17), doc: "UDP".into() });
        assert!(scheme.values("m").is_empty());
        let again = Scheme::from_toml(&scheme.to_toml(), crate::stdlib::signatures()).unwrap();
        assert_eq!(again.fields(), scheme.fields());
        assert!(scheme.fields().iter().all(|f| again.values(&f.name) == scheme.values(&f.name)));
        assert_eq!(again.to_toml(), scheme.to_toml());
    }

    #[test]
    fn json_has_the_same_keys() {
        let table: Table = TEXT.parse().unwrap();
        let functions = crate::stdlib::signatures;
        let scheme = Scheme::from_json(&serde_json::to_string(&table).unwrap(), functions()).unwrap();
        assert_eq!(scheme.to_toml(), Scheme::from_toml(TEXT, functions()).unwrap().to_toml());
        let error = |json: &str| Scheme::from_json(json, functions()).unwrap_err().to_string();
        assert!(error(r#"{"fields": {"a": "Itn"}}"#).contains("fields.\"a\""));
        assert!(error(r#"{"fields": {"a": null}}"#).contains("line 1"));
        assert!(error("[]").contains("line 1") && error("").contains("line 1"));
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
            ("[fields]\na = { type = \"Int\", values = [\"x\"] }", "values of field `a`"),
            ("[fields]\na = { type = \"Ip\", values = [1] }", "values of field `a`"),
            ("[fields]\na = { type = \"Int\", values = [1.5] }", "text or an integer"),
            ("[fields]\na = { type = \"Int\", values = [{ doc = \"x\" }] }", "without `value`"),
            ("[fields]\na = { type = \"Int\", values = [{ value = 1, dok = \"x\" }] }", "dok"),
            ("[fields]\na = { type = \"Int\", values = 1 }", "a list of values"),
        ] {
            let error = Scheme::from_toml(text, crate::stdlib::signatures()).unwrap_err().to_string();
            assert!(error.contains(words), "{text:?}: {error}");
        }
    }
}
