// Made from the kinds of quintet-syntax; a test says when it is stale.

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
  /** The whole text: rules, functions and constants, or one expression. */
  | "file"
  /** `rule NAME = EXPRESSION`, or `rule NAME BLOCK`. */
  | "rule"
  /** `fn NAME(PARAMETERS) -> TYPES BLOCK`. */
  | "function"
  /** `const NAME: TYPE = EXPRESSION`. */
  | "constant"
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
