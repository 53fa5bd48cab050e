//! The TypeScript types of what this crate hands over.

use std::fmt::Write;

use crate::json::VERSION;
use crate::kind::{NodeKind, TokenKind};

/// The text of `quintet-syntax.d.ts`.
pub fn typescript() -> String {
    let mut out = format!(
        "// Made from the kinds of quintet-syntax; a test says when it is stale.\n\n\
         /** The lossless syntax tree of a rule text. */\n\
         export interface Tree {{\n  version: {VERSION};\n  root: Node;\n}}\n\n\
         /** A node or a token. */\nexport type Element = Node | Token;\n\n\
         /** What belongs together. The texts of all tokens below it are its text. */\n\
         export interface Node {{\n  kind: NodeKind;\n  children: Element[];\n}}\n\n\
         /** A piece of the text, as it is written. */\nexport interface Token {{\n  kind: TokenKind;\n  text: string;\n}}\n"
    );
    union(&mut out, "NodeKind", "What a node is.", NodeKind::ALL.iter().map(|(kind, doc)| (kind.name(), *doc)));
    union(&mut out, "TokenKind", "What a token is.", TokenKind::ALL.iter().map(|(kind, doc)| (kind.name(), *doc)));
    out
}

fn union<'k>(out: &mut String, name: &str, doc: &str, kinds: impl Iterator<Item = (&'k str, &'k str)>) {
    // Writing to a String cannot fail.
    let _ = write!(out, "\n/** {doc} */\nexport type {name} =");
    for (kind, doc) in kinds {
        let _ = write!(out, "\n  /**{doc} */\n  | \"{kind}\"");
    }
    out.push_str(";\n");
}
