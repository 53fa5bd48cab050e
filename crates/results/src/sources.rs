//! The rules' text, and what backends make of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A workload's rules as they were written, and the forms that they are compiled to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sources {
    /// The rule file.
    pub rules: Source,
    /// What the rules become, in order from the language to the machine. Empty where there are too many rules to be read side by side.
    #[serde(default)]
    pub forms: Vec<Source>,
}

/// A text of bounded size.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// What it is: `rules`, `ast`, `clif`, `asm`, `wat` or `lua`.
    pub form: String,
    /// The backend that makes it; missing where none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend: Option<String>,
    /// The text, or its beginning.
    pub text: String,
    /// Bytes after its beginning that were left out.
    #[serde(default)]
    pub left_out: usize,
}

impl Source {
    /// A text of which no more than `most` bytes are kept, up to the end of a line where there is one.
    pub fn new(form: &str, backend: Option<&str>, text: &str, most: usize) -> Source {
        let kept = beginning(text, most);
        Source { form: form.into(), backend: backend.map(str::to_owned), text: kept.into(), left_out: text.len() - kept.len() }
    }
}

/// The beginning of a text that is no longer than `most` bytes.
fn beginning(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let mut end = most;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let (head, _) = text.split_at(end);
    head.rfind('\n').map_or(head, |line| head.split_at(line + 1).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_lines_and_says_by_how_much() {
        let whole = Source::new("rules", None, "one\ntwo\n", 8);
        assert_eq!((whole.text.as_str(), whole.left_out), ("one\ntwo\n", 0));
        let cut = Source::new("wat", Some("wasm"), "one\ntwo\nthree\n", 10);
        assert_eq!((cut.text.as_str(), cut.left_out), ("one\ntwo\n", 6));
        let line = Source::new("rules", None, "\u{e9}\u{e9}\u{e9}", 3);
        assert_eq!((line.text.as_str(), line.left_out), ("\u{e9}", 4));
    }
}
