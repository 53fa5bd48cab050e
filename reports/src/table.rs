//! A table that is shown as HTML and as Markdown.

/// A table. The first column names its rows, the others hold numbers or short texts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// The columns' heads, with their units.
    pub head: Vec<String>,
    /// Its rows.
    pub rows: Vec<TableRow>,
}

/// A table's row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableRow {
    /// The id of the backend or engine that it is about, where it is about one.
    pub about: Option<String>,
    /// Its cells.
    pub cells: Vec<String>,
}

impl Table {
    /// An empty table.
    pub fn new(caption: impl Into<String>, head: &[&str]) -> Table {
        Table { caption: caption.into(), head: head.iter().map(|h| (*h).to_owned()).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn push(&mut self, cells: Vec<String>) {
        self.rows.push(TableRow { about: None, cells });
    }

    /// Adds a row about a backend or engine.
    pub fn push_about(&mut self, id: &str, cells: Vec<String>) {
        self.rows.push(TableRow { about: Some(id.to_owned()), cells });
    }

    /// The table as Markdown.
    pub fn markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.iter().map(|c| escape(c)).collect::<Vec<_>>().join(" | "));
        let rule: String = self.head.iter().enumerate().map(|(i, _)| if i == 0 { " :-- |" } else { " --: |" }).collect();
        let rows: String = self.rows.iter().map(|r| line(&r.cells)).collect();
        format!("{}|{rule}\n{rows}", line(&self.head))
    }
}

/// Text that Markdown shows as it is, also within a table.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '!' | '~' => escaped.extend(['\\', c]),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{Table, escape};

    #[test]
    fn cells_hold_no_markup() {
        let mut table = Table::new("", &["a|b", "c"]);
        table.push(vec!["<script>".into(), "[x](y)\n".into()]);
        assert_eq!(table.markdown(), "| a\\|b | c |\n| :-- | --: |\n| &lt;script&gt; | \\[x\\](y)  |\n");
        assert_eq!(escape("jit_fast `x`"), "jit\\_fast \\`x\\`");
    }
}
