// Made by quintet-syntax; a test says when it is stale.

/** The lossless syntax tree of a rule text. */
export interface Tree {
  version: 1;
  root: Node;
}

/** A node or a token. */
export type Element = Node | Token;

/** What belongs together. The texts of all tokens below it are its text. */
export interface Node {
  kind: NodeKind;
  children: Element[];
}

/** A piece of the text, as it is written. */
export interface Token {
  kind: TokenKind;
  text: string;
}

/** What a node is. */
export type NodeKind =
  /** The whole text: rules, functions, constants, tables and outputs, or one expression. */
  | "file"
  /** `rule NAME = EXPRESSION`, or `rule NAME BLOCK`; entries in brackets may stand behind the name. */
  | "rule"
  /** `fn NAME(PARAMETERS) -> TYPES BLOCK`. */
  | "function"
  /** `const NAME: TYPE = EXPRESSION`. */
  | "constant"
  /** `time = EXPRESSION`. */
  | "time"
  /** `state NAME[KEYS]: KIND BOUNDS`: the keys as expressions. */
  | "state"
  /** `on RULE BLOCK`. */
  | "on"
  /** `output NAME on RULE LIMIT = FORMAT`: perhaps a limit, then the values as entries. */
  | "output"
  /** `limit N within TIME by KEYS`: the keys as expressions. */
  | "limit"
  /** What is said of a rule in brackets, or the value of an output: `NAME: EXPRESSION`. */
  | "entry"
  /** What cannot be parsed: tokens alone. */
  | "error"
  /** A parameter: `NAME: TYPE`. */
  | "parameter"
  /** A type as it is written; inside of `[T; N]` a type, and the number as an expression. */
  | "type"
  /** Statements in braces. */
  | "block"
  /** `let NAME: TYPE = EXPRESSION`, or `let (NAME, NAME) = EXPRESSION`. */
  | "let"
  /** `TARGET = EXPRESSION`, with one target, or several in parentheses, and perhaps an operator before the `=`. */
  | "assign"
  /** A call that is a statement. */
  | "call_statement"
  /** `if`: conditions and blocks in turn, and perhaps the block after the last `else`. */
  | "if"
  /** `while`: a condition and a block. */
  | "while"
  /** `for`: a name, what it goes over (one expression, or the two ends of a range) and a block. */
  | "for"
  /** `break`. */
  | "break"
  /** `continue`. */
  | "continue"
  /** `return` with its values. */
  | "return"
  /** Operands joined by `and` (or `&&`), at least two. */
  | "and"
  /** Operands joined by `xor` (or `^^`), at least two. */
  | "xor"
  /** Operands joined by `or` (or `||`), at least two. */
  | "or"
  /** `not` (or `!`) and its operand. */
  | "not"
  /** `any(...)` or `all(...)`: the word and one expression. */
  | "quantifier"
  /** Two operands and an operator such as `==` or `lt` between them. */
  | "compare"
  /** `in` or `not in`: a value, and a set or the name of a list. */
  | "in"
  /** The members of a set in braces. */
  | "set"
  /** `contains`: what is searched, and what for. */
  | "contains"
  /** `matches` (or `~`): a value and a regular expression. */
  | "matches"
  /** `wildcard` or `strict wildcard`: a value and a string. */
  | "wildcard"
  /** An expression in parentheses. */
  | "paren"
  /** A call: the name and the arguments. */
  | "call"
  /** A value, and what stands in brackets behind it. */
  | "subscript"
  /** Brackets behind a value: an index or key, the one or two ends of a slice, or `*`. */
  | "brackets"
  /** `[a, b]`: the elements. */
  | "array"
  /** `[value; count]`. */
  | "repeat"
  /** `(a, b)`: the values. */
  | "tuple"
  /** `value ?? default`. */
  | "otherwise"
  /** `-` and its operand; the sign of a number is part of the number. */
  | "negate"
  /** `~` and its operand. */
  | "flip"
  /** Two operands and an operator such as `+` or `&` between them. */
  | "arithmetic";

/** What a token is. */
export type TokenKind =
  /** White space, or the byte order mark. */
  | "blank"
  /** `# ...`, without the end of its line. */
  | "comment"
  /** A word of the language that is no operator. */
  | "keyword"
  /** An operator, a word or a symbol. */
  | "operator"
  /** Brackets, commas and the like. */
  | "punctuation"
  /** The name of a field, local or constant. */
  | "name"
  /** The name of a function, where it is called or defined. */
  | "function"
  /** The name of a rule where it is defined. */
  | "rule_name"
  /** The name of a type. */
  | "type_name"
  /** A number, with its sign. */
  | "number"
  /** An address. */
  | "address"
  /** A member of a set that is a range. */
  | "range"
  /** A member of a set that is a network. */
  | "network"
  /** A quoted or raw string, with its quotes. */
  | "string"
  /** A regular expression, with its quotes. */
  | "regex"
  /** Pairs of hex digits: `0a:1b`. Where numbers are wanted, `10-20` is a difference. */
  | "bytes"
  /** `true` or `false`. */
  | "boolean"
  /** `$name`. */
  | "list"
  /** What belongs nowhere: a string that is never closed, a stray character. */
  | "wrong";

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
