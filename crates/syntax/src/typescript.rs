//! The TypeScript types of what this crate hands over: trees, and the answers of the language service.

use std::fmt::Write;

use crate::json::VERSION;
use crate::kind::{NodeKind, TokenKind};

/// What the language service answers; a test compares the names with those of answers.
const ANSWERS: &str = r#"
/** A place in a text. All count from 0. */
export interface Place {
  /** Bytes of UTF-8 before it. */
  byte: number;
  /** UTF-16 code units before it: what JavaScript counts. */
  utf16: number;
  /** Lines before the one that it is in. */
  line: number;
  /** UTF-16 code units before it in its line. */
  character: number;
}

/** A stretch of a text; the end is the place after it. */
export interface Stretch {
  start: Place;
  end: Place;
}

/** A change of a text: what goes, and what comes instead. */
export interface Edit {
  at: Stretch;
  text: string;
}

/** Something that is wrong with a text, or suspicious. */
export interface Finding {
  severity: "error" | "warning";
  /** A stable short name of the kind of finding. */
  code: string;
  /** One sentence, without a full stop. */
  message: string;
  /** A few words to stand at the place; may be empty. */
  label: string;
  /** How to mend it, in words. */
  help: string | null;
  /** How to mend it, as an edit. */
  mend: Edit | null;
  at: Stretch;
}

/** A token and its place. */
export interface Colour {
  kind: TokenKind;
  at: Stretch;
}

/** What can stand at a place, the likeliest first, and what each of them takes the place of. */
export interface Completions {
  at: Stretch;
  items: Completion[];
}

/** Something that can stand at a place. */
export interface Completion {
  /** What is shown. */
  label: string;
  /** What is written. */
  insert: string;
  kind: "value" | "local" | "table" | "rule" | "field" | "operator" | "constant" | "function" | "keyword" | "type";
  /** Its type or signature; may be empty. */
  detail: string;
  /** What it means; may be empty. */
  doc: string;
}

/** What a word means. */
export interface Hover {
  /** What it is: a name and its type, or a signature. */
  signature: string;
  /** What it means, in sentences; may be empty. */
  doc: string;
  at: Stretch;
}
"#;

/// The text of `quintet-syntax.d.ts`.
pub fn typescript() -> String {
    let mut out = format!(
        "// Made by quintet-syntax; a test says when it is stale.\n\n\
         /** The lossless syntax tree of a rule text. */\n\
         export interface Tree {{\n  version: {VERSION};\n  root: Node;\n}}\n\n\
         /** A node or a token. */\nexport type Element = Node | Token;\n\n\
         /** What belongs together. The texts of all tokens below it are its text. */\n\
         export interface Node {{\n  kind: NodeKind;\n  children: Element[];\n}}\n\n\
         /** A piece of the text, as it is written. */\nexport interface Token {{\n  kind: TokenKind;\n  text: string;\n}}\n"
    );
    union(&mut out, "NodeKind", "What a node is.", NodeKind::ALL.iter().map(|(kind, doc)| (kind.name(), *doc)));
    union(&mut out, "TokenKind", "What a token is.", TokenKind::ALL.iter().map(|(kind, doc)| (kind.name(), *doc)));
    out.push_str(ANSWERS);
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
