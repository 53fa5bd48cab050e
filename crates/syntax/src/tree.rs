//! The tree.

use std::ops::Range;

use quintet_lang::{Diagnostics, Limits};

use crate::kind::{Kind, NodeKind, TokenKind};

/// A node or token in a tree, parents before children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub kind: Kind,
    /// The place of what comes after it and all that is below it.
    pub after: u32,
    /// Where its text starts, and where it ends.
    pub start: u32,
    pub end: u32,
}

/// The lossless syntax tree of a text: its tokens, blanks and comments among them, under nodes that say what belongs together. The texts of
/// all tokens one after the other are the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    pub(crate) text: String,
    /// Never empty; the first is the root.
    pub(crate) entries: Vec<Entry>,
}

/// A node or token of a [`Tree`].
#[derive(Clone, Copy)]
pub struct Element<'t> {
    tree: &'t Tree,
    place: usize,
}

impl Tree {
    /// The tree of a text. What cannot be parsed is in it too, as nodes of kind [`Error`](NodeKind::Error).
    ///
    /// ```
    /// use quintet_syntax::{NodeKind, Tree};
    /// let text = "# Web.\ntcp.port==80 && ( ip.src in {10.0.0.0/8} )";
    /// let tree = Tree::parse(text, &Default::default());
    /// assert_eq!(tree.print(), text);
    /// let and = tree.root().children().find(|e| e.node() == Some(NodeKind::And)).unwrap();
    /// assert_eq!(and.values().map(|e| e.text()).collect::<Vec<_>>(), ["tcp.port==80", "( ip.src in {10.0.0.0/8} )"]);
    /// ```
    pub fn parse(text: &str, limits: &Limits) -> Tree {
        Tree::parse_with(text, limits).0
    }

    /// The same, and what keeps it from being parsed as a whole.
    pub fn parse_with(text: &str, limits: &Limits) -> (Tree, Diagnostics) {
        let (file, diagnostics) = quintet_lang::parse_partly(text, limits);
        (crate::build::build(text, &file), diagnostics)
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text again, token by token.
    pub fn print(&self) -> String {
        self.tokens().map(|(_, text)| text).collect()
    }

    /// All tokens in order.
    pub fn tokens(&self) -> impl Iterator<Item = (TokenKind, &str)> {
        self.leaves().map(|(kind, range)| (kind, &self.text[range]))
    }

    /// All tokens in order, and where they stand.
    pub(crate) fn leaves(&self) -> impl Iterator<Item = (TokenKind, Range<usize>)> {
        self.entries.iter().filter_map(|entry| match entry.kind {
            Kind::Token(kind) => Some((kind, entry.start as usize..entry.end as usize)),
            Kind::Node(_) => None,
        })
    }

    /// The node of all.
    pub fn root(&self) -> Element<'_> {
        Element { tree: self, place: 0 }
    }

    /// What the numbers of a path lead to, each the number of a child (from 0, tokens counted too) of what those before it lead to.
    pub fn at(&self, path: &[usize]) -> Option<Element<'_>> {
        path.iter().try_fold(self.root(), |element, child| element.children().nth(*child))
    }
}

impl<'t> Element<'t> {
    fn entry(self) -> Entry {
        self.tree.entries[self.place]
    }

    /// What it is.
    pub fn kind(self) -> Kind {
        self.entry().kind
    }

    /// The kind of node, if it is one.
    pub fn node(self) -> Option<NodeKind> {
        match self.kind() {
            Kind::Node(kind) => Some(kind),
            Kind::Token(_) => None,
        }
    }

    /// The kind of token, if it is one.
    pub fn token(self) -> Option<TokenKind> {
        match self.kind() {
            Kind::Token(kind) => Some(kind),
            Kind::Node(_) => None,
        }
    }

    /// Where it stands: bytes of the text.
    pub fn range(self) -> Range<usize> {
        self.entry().start as usize..self.entry().end as usize
    }

    /// Its text; of a node, that of all tokens below it.
    pub fn text(self) -> &'t str {
        &self.tree.text[self.range()]
    }

    /// What is right below it, in order; nothing of a token.
    pub fn children(self) -> impl Iterator<Item = Element<'t>> {
        let (tree, after) = (self.tree, self.entry().after as usize);
        let mut place = self.place + 1;
        std::iter::from_fn(move || {
            let element = (place < after).then_some(Element { tree, place })?;
            place = element.entry().after as usize;
            Some(element)
        })
    }

    /// The children that are nodes, or tokens that are values: the operands of an expression, the members of a set.
    pub fn values(self) -> impl Iterator<Item = Element<'t>> {
        self.children().filter(|e| e.token().is_none_or(TokenKind::is_value))
    }

    /// What is below it that satisfies a condition, itself among it, parents first.
    pub fn find_all(self, mut holds: impl FnMut(Element<'t>) -> bool) -> Vec<Element<'t>> {
        let (tree, after) = (self.tree, self.entry().after as usize);
        (self.place..after).map(|place| Element { tree, place }).filter(|e| holds(*e)).collect()
    }

    /// Whether the same stands below both, wherever they stand.
    pub fn is_like(self, other: Element<'_>) -> bool {
        let all = |e: Element<'_>| (e.place, e.entry().after as usize, e.entry().start);
        let ((a, a_end, a_start), (b, b_end, b_start)) = (all(self), all(other));
        let shift =
            |entry: &Entry, place: usize, start: u32| (entry.kind, entry.after as usize - place, entry.start - start, entry.end - start);
        let ours = self.tree.entries[a..a_end].iter().map(|e| shift(e, a, a_start));
        self.text() == other.text() && ours.eq(other.tree.entries[b..b_end].iter().map(|e| shift(e, b, b_start)))
    }

    /// The way to it from the root, for [`Tree::at`].
    pub fn path(self) -> Vec<usize> {
        let mut path = Vec::new();
        let mut at = self.tree.root();
        while at.place != self.place {
            let below = at.children().enumerate().find(|(_, e)| (e.place..e.entry().after as usize).contains(&self.place));
            let Some((number, child)) = below else { break };
            path.push(number);
            at = child;
        }
        path
    }
}

impl std::fmt::Debug for Element<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?}", self.kind().name(), self.text())
    }
}
