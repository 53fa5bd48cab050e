//! Cases that are answered otherwise on purpose, each with its reason.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;

/// Exceptions by case id or expression.
#[derive(Clone, Debug, Default)]
pub struct Exceptions {
    by_id: HashMap<String, String>,
    by_expr: HashMap<String, String>,
}

/// Why a list of exceptions cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ExceptionsError(String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    #[serde(default)]
    exception: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: Option<String>,
    expr: Option<String>,
    reason: String,
}

impl Exceptions {
    /// Reads a TOML file of `[[exception]]` entries.
    ///
    /// # Errors
    /// When it cannot be read, is malformed, or has an entry without a reason or without a case.
    pub fn read(path: &Path) -> Result<Exceptions, ExceptionsError> {
        let text = std::fs::read_to_string(path).map_err(|e| ExceptionsError(format!("{}: {e}", path.display())))?;
        Exceptions::parse(&text).map_err(|e| ExceptionsError(format!("{}: {e}", path.display())))
    }

    /// Reads the text of such a file.
    ///
    /// # Errors
    /// As [`Exceptions::read`].
    pub fn parse(text: &str) -> Result<Exceptions, ExceptionsError> {
        let text: Text = toml::from_str(text.strip_prefix('\u{feff}').unwrap_or(text)).map_err(|e| ExceptionsError(e.to_string()))?;
        let mut exceptions = Exceptions::default();
        for entry in text.exception {
            let case = entry.id.as_deref().or(entry.expr.as_deref()).unwrap_or("an exception").to_owned();
            if entry.reason.trim().is_empty() {
                return Err(ExceptionsError(format!("{case}: `reason` is empty; say why the case is answered otherwise")));
            }
            match (entry.id, entry.expr) {
                (Some(id), None) => exceptions.by_id.insert(id, entry.reason),
                (None, Some(expr)) => exceptions.by_expr.insert(expr, entry.reason),
                _ => return Err(ExceptionsError(format!("{case}: give either `id` or `expr`"))),
            };
        }
        Ok(exceptions)
    }

    /// Why a case is an exception, if it is one.
    pub fn reason(&self, id: &str, expr: &str) -> Option<&str> {
        self.by_id.get(id).or_else(|| self.by_expr.get(expr)).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_has_a_case_and_a_reason() {
        let list = Exceptions::parse("[[exception]]\nid = \"f1\"\nreason = \"why\"\n[[exception]]\nexpr = \"a\"\nreason = \"b\"").unwrap();
        assert_eq!((list.reason("f1", ""), list.reason("", "a"), list.reason("f2", "c")), (Some("why"), Some("b"), None));
        assert!(Exceptions::parse("[[exception]]\nid = \"f1\"\nreason = \" \"").is_err());
        assert!(Exceptions::parse("[[exception]]\nreason = \"no case\"").is_err());
        assert!(Exceptions::parse("[[exception]]\nid = \"f1\"").is_err());
    }
}
