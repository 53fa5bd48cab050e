//! Walking over the text of a declaration.

/// A place in a text.
pub(crate) struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    pub(crate) fn new(text: &'t str) -> Cursor<'t> {
        Cursor { text, at: 0 }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// The number of the line, from 1.
    pub(crate) fn line(&self) -> usize {
        1 + self.text[..self.at].matches('\n').count()
    }

    /// Passes over blanks within the line.
    pub(crate) fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
    }

    /// Passes over blanks, line ends and comments, and answers what comments of three slashes say.
    pub(crate) fn between(&mut self) -> String {
        let mut doc = String::new();
        loop {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start().len();
            if let Some(said) = self.rest().strip_prefix("///") {
                let line = said.split('\n').next().unwrap_or_default().trim();
                let blank = if doc.is_empty() || line.is_empty() { "" } else { " " };
                doc = doc + blank + line;
                self.line_rest();
            } else if self.rest().starts_with('#') {
                self.line_rest();
            } else {
                return doc;
            }
        }
    }

    /// Whether this comes next, which is passed over then.
    pub(crate) fn takes(&mut self, what: &str) -> bool {
        let takes = self.rest().starts_with(what);
        if takes {
            self.at += what.len();
        }
        takes
    }

    /// The letters, digits, underscores and dots that come next.
    pub(crate) fn name(&mut self) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// What comes before one of these characters, outside of angle brackets.
    pub(crate) fn until(&mut self, ends: &[char]) -> &'t str {
        let rest = self.rest();
        let mut depth = 0usize;
        let end = rest.find(|c: char| {
            match c {
                '<' => depth += 1,
                '>' => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && ends.contains(&c)
        });
        let end = end.unwrap_or(rest.len());
        self.at += end;
        rest[..end].trim()
    }

    /// What is left of the line.
    pub(crate) fn line_rest(&mut self) -> &'t str {
        let rest = self.rest();
        let end = rest.find('\n').unwrap_or(rest.len());
        self.at += end;
        rest[..end].trim()
    }

    /// Whether nothing is left.
    pub(crate) fn is_done(&self) -> bool {
        self.rest().is_empty()
    }

    /// The word that comes next, to be shown.
    pub(crate) fn shown(&self) -> String {
        let word: String = self.rest().chars().take_while(|c| !c.is_whitespace()).take(20).collect();
        if word.is_empty() { "the end of the line".into() } else { format!("`{}`", word.escape_debug()) }
    }
}
