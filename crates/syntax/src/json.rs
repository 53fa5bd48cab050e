//! Trees as JSON.
//!
//! `{"version": 1, "root": NODE}`, where a node is `{"kind", "children"}` and a token `{"kind", "text"}`. Trees may be deep, so neither way
//! recurses: a deep text takes no more stack than a flat one.

use crate::kind::{Kind, NodeKind, TokenKind};
use crate::tree::{Entry, Tree};

/// The version of the JSON. Another kind of node or token is a new version, and so is another meaning of one.
pub const VERSION: u32 = 1;

/// The most bytes of a text that is read from JSON.
const TEXT_MOST: usize = u32::MAX as usize - 1;

/// Why JSON is no tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at byte {at}: {what}")]
pub struct JsonError {
    /// Where.
    pub at: usize,
    /// What is wrong there.
    pub what: String,
}

impl Tree {
    /// The tree as JSON.
    pub fn to_json(&self) -> String {
        let mut out = format!("{{\"version\":{VERSION},\"root\":");
        // The places after the nodes that are open.
        let mut open: Vec<usize> = Vec::new();
        let mut first = true;
        for (place, entry) in self.entries.iter().enumerate() {
            while open.last() == Some(&place) {
                open.pop();
                out.push_str("]}");
                first = false;
            }
            if !first {
                out.push(',');
            }
            match entry.kind {
                Kind::Node(kind) => {
                    out.push_str(&format!("{{\"kind\":\"{}\",\"children\":[", kind.name()));
                    open.push(entry.after as usize);
                    first = true;
                }
                Kind::Token(kind) => {
                    let text = serde_json::Value::from(&self.text[entry.start as usize..entry.end as usize]);
                    out.push_str(&format!("{{\"kind\":\"{}\",\"text\":{text}}}", kind.name()));
                    first = false;
                }
            }
        }
        out.push_str(&"]}".repeat(open.len()));
        out.push('}');
        out
    }

    /// Reads a tree, of which texts may have been changed, and nodes put in or taken out. It is what its tokens say: whether its nodes fit them
    /// is not looked at. [`Tree::parse`] of the printed text says how the language reads it.
    ///
    /// # Errors
    /// What is no such JSON: other keys, kinds that there are not, another version.
    pub fn from_json(json: &str) -> Result<Tree, JsonError> {
        let mut reader = Reader { json, at: 0 };
        reader.expect("{")?;
        reader.key("version")?;
        let version = reader.number()?;
        if version != u64::from(VERSION) {
            return reader.fail(format!("this is version {version} of the tree; version {VERSION} was expected"));
        }
        reader.expect(",")?;
        reader.key("root")?;
        let tree = reader.tree()?;
        reader.expect("}")?;
        reader.blanks();
        if reader.at < json.len() { reader.fail("more follows the tree") } else { Ok(tree) }
    }
}

struct Reader<'j> {
    json: &'j str,
    at: usize,
}

impl<'j> Reader<'j> {
    fn fail<T>(&self, what: impl Into<String>) -> Result<T, JsonError> {
        Err(JsonError { at: self.at, what: what.into() })
    }

    fn rest(&self) -> &'j str {
        &self.json[self.at..]
    }

    fn blanks(&mut self) {
        self.at = self.json.len() - self.rest().trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    fn accept(&mut self, symbol: &str) -> bool {
        self.blanks();
        let found = self.rest().starts_with(symbol);
        self.at += if found { symbol.len() } else { 0 };
        found
    }

    fn expect(&mut self, symbol: &str) -> Result<(), JsonError> {
        if self.accept(symbol) { Ok(()) } else { self.fail(format!("`{symbol}` was expected")) }
    }

    /// A key and its colon.
    fn key(&mut self, key: &str) -> Result<(), JsonError> {
        self.expect(&format!("\"{key}\""))?;
        self.expect(":")
    }

    fn number(&mut self) -> Result<u64, JsonError> {
        self.blanks();
        let digits = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        let Ok(number) = self.rest()[..digits].parse() else { return self.fail("a number was expected") };
        self.at += digits;
        Ok(number)
    }

    fn string(&mut self) -> Result<String, JsonError> {
        self.blanks();
        let bytes = self.rest().as_bytes();
        let mut end = 1;
        while bytes.get(end).is_some_and(|b| *b != b'"') {
            end += if bytes[end] == b'\\' { 2 } else { 1 };
        }
        // What starts with no quote, or never ends, is no string for the reader of strings either.
        let Some(text) = self.rest().get(..=end) else { return self.fail("a string was expected") };
        match serde_json::from_str(text) {
            Ok(string) => {
                self.at += text.len();
                Ok(string)
            }
            Err(_) => self.fail("a string was expected"),
        }
    }

    /// A root and all below it.
    fn tree(&mut self) -> Result<Tree, JsonError> {
        let mut tree = Tree { text: String::new(), entries: Vec::new() };
        let mut open: Vec<usize> = Vec::new();
        loop {
            self.element(&mut tree, &mut open)?;
            // Closes what ends here, up to where another element follows.
            loop {
                let Some(place) = open.last().copied() else { return Ok(tree) };
                let empty = place + 1 == tree.entries.len();
                if self.accept("]") {
                    self.expect("}")?;
                    open.pop();
                    tree.entries[place].after = tree.entries.len() as u32;
                    tree.entries[place].end = tree.text.len() as u32;
                    continue;
                }
                if !empty {
                    self.expect(",")?;
                }
                break;
            }
        }
    }

    /// A token, or the beginning of a node.
    fn element(&mut self, tree: &mut Tree, open: &mut Vec<usize>) -> Result<(), JsonError> {
        self.expect("{")?;
        self.key("kind")?;
        let kind = self.string()?;
        self.expect(",")?;
        let start = tree.text.len() as u32;
        let after = tree.entries.len() as u32 + 1;
        let known = |named: Option<Kind>| named.ok_or_else(|| JsonError { at: self.at, what: format!("there is no kind `{kind}` here") });
        if open.is_empty() || self.rest().trim_start().starts_with("\"children\"") {
            let kind = known(NodeKind::named(&kind).map(Kind::Node))?;
            self.key("children")?;
            self.expect("[")?;
            open.push(tree.entries.len());
            tree.entries.push(Entry { kind, after, start, end: start });
            return Ok(());
        }
        let kind = known(TokenKind::named(&kind).map(Kind::Token))?;
        self.key("text")?;
        let text = self.string()?;
        if tree.text.len() + text.len() > TEXT_MOST {
            return self.fail("the text is too long");
        }
        tree.text.push_str(&text);
        self.expect("}")?;
        tree.entries.push(Entry { kind, after, start, end: tree.text.len() as u32 });
        Ok(())
    }
}
