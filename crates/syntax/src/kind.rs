//! The kinds of nodes and tokens: their one list, from which the names in JSON and the TypeScript types are made.

macro_rules! kinds {
    ($(#[$all:meta])* $name:ident { $(#[doc = $doc:literal] $kind:ident = $text:literal,)* }) => {
        $(#[$all])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $(#[doc = $doc] $kind,)*
        }

        impl $name {
            /// All of them with the sentence that says what each is.
            pub const ALL: &'static [($name, &'static str)] = &[$(($name::$kind, $doc),)*];

            /// Its name in JSON.
            pub fn name(self) -> &'static str {
                match self {
                    $($name::$kind => $text,)*
                }
            }

            /// The kind of this name.
            pub fn named(name: &str) -> Option<$name> {
                match name {
                    $($text => Some($name::$kind),)*
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    /// What a node is. The sentences name its children that are nodes or stand for values, in order; between them stand the tokens of the
    /// text.
    NodeKind {
        #[doc = " The whole text: rules, functions, constants, tables and outputs, or one expression."]
        File = "file",
        #[doc = " `rule NAME = EXPRESSION`, or `rule NAME BLOCK`; entries in brackets may stand behind the name."]
        Rule = "rule",
        #[doc = " `fn NAME(PARAMETERS) -> TYPES BLOCK`."]
        Function = "function",
        #[doc = " `const NAME: TYPE = EXPRESSION`."]
        Constant = "constant",
        #[doc = " `time = EXPRESSION`."]
        Time = "time",
        #[doc = " `state NAME[KEYS]: KIND BOUNDS`: the keys as expressions."]
        State = "state",
        #[doc = " `on RULE BLOCK`."]
        On = "on",
        #[doc = " `output NAME on RULE LIMIT = FORMAT`: perhaps a limit, then the values as entries."]
        Output = "output",
        #[doc = " `limit N within TIME by KEYS`: the keys as expressions."]
        Limit = "limit",
        #[doc = " What is said of a rule in brackets, or the value of an output: `NAME: EXPRESSION`."]
        Entry = "entry",
        #[doc = " What cannot be parsed: tokens alone."]
        Error = "error",
        #[doc = " A parameter: `NAME: TYPE`."]
        Parameter = "parameter",
        #[doc = " A type as it is written; inside of `[T; N]` a type, and the number as an expression."]
        Type = "type",
        #[doc = " Statements in braces."]
        Block = "block",
        #[doc = " `let NAME: TYPE = EXPRESSION`, or `let (NAME, NAME) = EXPRESSION`."]
        Let = "let",
        #[doc = " `TARGET = EXPRESSION`, with one target, or several in parentheses, and perhaps an operator before the `=`."]
        Assign = "assign",
        #[doc = " A call that is a statement."]
        CallStatement = "call_statement",
        #[doc = " `if`: conditions and blocks in turn, and perhaps the block after the last `else`."]
        If = "if",
        #[doc = " `while`: a condition and a block."]
        While = "while",
        #[doc = " `for`: a name, what it goes over (one expression, or the two ends of a range) and a block."]
        For = "for",
        #[doc = " `break`."]
        Break = "break",
        #[doc = " `continue`."]
        Continue = "continue",
        #[doc = " `return` with its values."]
        Return = "return",
        #[doc = " Operands joined by `and` (or `&&`), at least two."]
        And = "and",
        #[doc = " Operands joined by `xor` (or `^^`), at least two."]
        Xor = "xor",
        #[doc = " Operands joined by `or` (or `||`), at least two."]
        Or = "or",
        #[doc = " `not` (or `!`) and its operand."]
        Not = "not",
        #[doc = " `any(...)` or `all(...)`: the word and one expression."]
        Quantifier = "quantifier",
        #[doc = " Two operands and an operator such as `==` or `lt` between them."]
        Compare = "compare",
        #[doc = " `in` or `not in`: a value, and a set or the name of a list."]
        In = "in",
        #[doc = " The members of a set in braces."]
        Set = "set",
        #[doc = " `contains`: what is searched, and what for."]
        Contains = "contains",
        #[doc = " `matches` (or `~`): a value and a regular expression."]
        Matches = "matches",
        #[doc = " `wildcard` or `strict wildcard`: a value and a string."]
        Wildcard = "wildcard",
        #[doc = " An expression in parentheses."]
        Paren = "paren",
        #[doc = " A call: the name and the arguments."]
        Call = "call",
        #[doc = " A value, and what stands in brackets behind it."]
        Subscript = "subscript",
        #[doc = " Brackets behind a value: an index or key, the one or two ends of a slice, or `*`."]
        Brackets = "brackets",
        #[doc = " `[a, b]`: the elements."]
        Array = "array",
        #[doc = " `[value; count]`."]
        Repeat = "repeat",
        #[doc = " `(a, b)`: the values."]
        Tuple = "tuple",
        #[doc = " `value ?? default`."]
        Otherwise = "otherwise",
        #[doc = " `-` and its operand; the sign of a number is part of the number."]
        Negate = "negate",
        #[doc = " `~` and its operand."]
        Flip = "flip",
        #[doc = " Two operands and an operator such as `+` or `&` between them."]
        Arithmetic = "arithmetic",
    }
}

kinds! {
    /// What a token is.
    TokenKind {
        #[doc = " White space, or the byte order mark."]
        Blank = "blank",
        #[doc = " `# ...`, without the end of its line."]
        Comment = "comment",
        #[doc = " A word of the language that is no operator."]
        Keyword = "keyword",
        #[doc = " An operator, a word or a symbol."]
        Operator = "operator",
        #[doc = " Brackets, commas and the like."]
        Punctuation = "punctuation",
        #[doc = " The name of a field, local or constant."]
        Name = "name",
        #[doc = " The name of a function, where it is called or defined."]
        Function = "function",
        #[doc = " The name of a rule where it is defined."]
        RuleName = "rule_name",
        #[doc = " The name of a type."]
        TypeName = "type_name",
        #[doc = " A number, with its sign."]
        Number = "number",
        #[doc = " An address."]
        Address = "address",
        #[doc = " A member of a set that is a range."]
        Range = "range",
        #[doc = " A member of a set that is a network."]
        Network = "network",
        #[doc = " A quoted or raw string, with its quotes."]
        String = "string",
        #[doc = " A regular expression, with its quotes."]
        Regex = "regex",
        #[doc = " Pairs of hex digits: `0a:1b`. Where numbers are wanted, `10-20` is a difference."]
        Bytes = "bytes",
        #[doc = " `true` or `false`."]
        Boolean = "boolean",
        #[doc = " `$name`."]
        List = "list",
        #[doc = " What belongs nowhere: a string that is never closed, a stray character."]
        Wrong = "wrong",
    }
}

impl TokenKind {
    /// Whether a token of this kind says nothing: blanks and comments.
    pub fn is_trivia(self) -> bool {
        matches!(self, TokenKind::Blank | TokenKind::Comment)
    }

    /// Whether a token of this kind is a value by itself, or one member of a set.
    pub fn is_value(self) -> bool {
        match self {
            TokenKind::Name
            | TokenKind::Number
            | TokenKind::Address
            | TokenKind::Range
            | TokenKind::Network
            | TokenKind::String
            | TokenKind::Regex
            | TokenKind::Bytes
            | TokenKind::Boolean
            | TokenKind::List => true,
            TokenKind::Blank
            | TokenKind::Comment
            | TokenKind::Keyword
            | TokenKind::Operator
            | TokenKind::Punctuation
            | TokenKind::Function
            | TokenKind::RuleName
            | TokenKind::TypeName
            | TokenKind::Wrong => false,
        }
    }
}

/// What an element of a tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// It has children.
    Node(NodeKind),
    /// It has text.
    Token(TokenKind),
}

impl Kind {
    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Node(kind) => kind.name(),
            Kind::Token(kind) => kind.name(),
        }
    }
}
