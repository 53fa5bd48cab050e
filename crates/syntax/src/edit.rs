//! Changes of one element that leave everything else as it is.

use quintet_lang::Limits;

use crate::kind::NodeKind;
use crate::tree::{Element, Tree};

/// Why an element cannot be replaced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// The path leads nowhere.
    #[error("the path leads to nothing")]
    NoSuchElement,
    /// The new text cannot be parsed where it stands.
    #[error("`{0}` cannot stand here")]
    Wrong(String),
    /// The new text would be read as part of what stands around it.
    #[error("`{0}` would change how the text around it is read; put it in parentheses")]
    Regroups(String),
}

impl Tree {
    /// The tree of the text in which `text` stands in the place of one element: all other bytes are the same, and all other nodes.
    ///
    /// # Errors
    /// See [`EditError`]. Parentheses are not put in: who wants them writes them.
    ///
    /// ```
    /// use quintet_syntax::{Tree, TokenKind};
    /// let tree = Tree::parse("tcp.port==80   # web", &Default::default());
    /// let port = tree.root().find_all(|e| e.token() == Some(TokenKind::Number))[0].path();
    /// assert_eq!(tree.replace(&port, "443", &Default::default()).unwrap().text(), "tcp.port==443   # web");
    /// assert!(tree.replace(&port, "80 or ssl", &Default::default()).is_err());
    /// ```
    pub fn replace(&self, path: &[usize], text: &str, limits: &Limits) -> Result<Tree, EditError> {
        let old = self.at(path).ok_or(EditError::NoSuchElement)?;
        let range = old.range();
        let new = [&self.text[..range.start], text, &self.text[range.end..]].concat();
        let tree = Tree::parse(&new, limits);
        // Within what cannot be parsed, anything may be written.
        let within = (0..=path.len()).any(|len| self.at(&path[..len]).is_some_and(|e| e.node() == Some(NodeKind::Error)));
        if !within && tree.wrong_bytes() != self.wrong_bytes() {
            return Err(EditError::Wrong(text.into()));
        }
        let fits = tree.at(path).is_some_and(|e| e.range() == (range.start..range.start + text.len()));
        if fits && same_around(self.root(), tree.root(), path) { Ok(tree) } else { Err(EditError::Regroups(text.into())) }
    }

    /// How much of the text cannot be parsed.
    fn wrong_bytes(&self) -> usize {
        self.root().children().filter(|e| e.node() == Some(NodeKind::Error)).map(|e| e.range().len()).sum()
    }
}

/// Whether two trees differ in nothing but what a path leads to.
fn same_around(a: Element<'_>, b: Element<'_>, path: &[usize]) -> bool {
    let Some((child, deeper)) = path.split_first() else { return true };
    let (below_a, below_b): (Vec<_>, Vec<_>) = (a.children().collect(), b.children().collect());
    a.kind() == b.kind()
        && below_a.len() == below_b.len()
        && below_a.iter().zip(&below_b).enumerate().all(|(number, (a, b))| match number == *child {
            true => same_around(*a, *b, deeper),
            false => a.is_like(*b),
        })
}
