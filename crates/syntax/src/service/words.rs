//! What the words and symbols of the language mean.

/// A word or symbol, and what it means in a sentence.
pub(crate) const WORDS: &[(&str, &str)] = &[
    ("rule", "`rule NAME = EXPRESSION` or `rule NAME { ... }`: a test of records."),
    ("fn", "`fn NAME(PARAMETERS) -> TYPE { ... }`: a function that rules and other functions may call."),
    ("const", "`const NAME: TYPE = VALUE`: a value, or an array of values, that never changes."),
    ("let", "`let NAME = VALUE` declares a local."),
    ("if", "Runs a block where a condition holds."),
    ("else", "What runs where no condition before it holds."),
    ("while", "Runs a block as long as a condition holds."),
    ("for", "`for x in VALUE { ... }` goes over bytes or an array, `for i in 0..10 { ... }` counts."),
    ("break", "Leaves the innermost loop."),
    ("continue", "Goes on with the innermost loop's next turn."),
    ("return", "Ends the function or rule, with its result."),
    ("any", "Whether a test holds for at least one element: `any(x[*] == 1)`."),
    ("all", "Whether a test holds for each element: `all(x[*] == 1)`."),
    ("and", "True where both sides are."),
    ("or", "True where one side is, or both are."),
    ("xor", "True where an odd number of sides is."),
    ("not", "True where its operand is not."),
    ("==", "Equal."),
    ("!=", "Not equal."),
    ("<", "Less than."),
    ("<=", "Less than, or equal."),
    (">", "Greater than."),
    (">=", "Greater than, or equal."),
    ("in", "Equal to a member of a set `{...}` or list `$name`; members may be ranges and networks."),
    ("not in", "Equal to no member of a set or list."),
    ("contains", "Holds these bytes somewhere."),
    ("matches", "A regular expression matches somewhere."),
    ("wildcard", "A pattern with `*` matches as a whole, without regard to letter case."),
    ("strict wildcard", "A pattern with `*` matches as a whole, with regard to letter case."),
    ("??", "The right side where the left one is nil."),
    ("+", "The sum; of Bytes both, one after the other."),
    ("-", "The difference."),
    ("*", "The product."),
    ("/", "The quotient; of Ints towards zero. By zero it is a trap."),
    ("%", "The remainder, with the sign of the left side."),
    ("&", "The bits that both sides have."),
    ("|", "The bits that one side has, or both have."),
    ("^", "The bits that one side has alone."),
    ("<<", "The bits moved to the left."),
    (">>", "The bits moved to the right."),
    ("~", "Before a value each bit the other way; between two as `matches`."),
    ("true", "The Bool that is true."),
    ("false", "The Bool that is false."),
];

/// Other spellings of operators.
const SPELLINGS: &[(&str, &str)] = &[
    ("&&", "and"),
    ("||", "or"),
    ("^^", "xor"),
    ("!", "not"),
    ("eq", "=="),
    ("ne", "!="),
    ("lt", "<"),
    ("le", "<="),
    ("gt", ">"),
    ("ge", ">="),
    ("bitwise_and", "&"),
    ("strict", "strict wildcard"),
];

/// Functions that no signature can say, with how they are called.
pub(crate) const CALLS: &[(&str, &str, &str)] = &[
    ("present", "present(value) -> Bool", "Whether there is a value."),
    ("push", "push(array, value)", "Adds an element at the end of a growing array of the script."),
    ("pop", "pop(array) -> T?", "Takes the last element of a growing array of the script; nil where it is empty."),
    ("clear", "clear(array)", "Empties a growing array of the script."),
    ("fill", "fill(array, value)", "Sets each element of an array of the script."),
    ("bytes", "bytes(array) -> Bytes", "The low 8 bits of each element of an array of the script."),
];

/// The usual spelling of an operator, or the word itself.
pub(crate) fn usual(word: &str) -> &str {
    SPELLINGS.iter().find(|(other, _)| *other == word).map_or(word, |(_, usual)| usual)
}

/// What a word or symbol means.
pub(crate) fn meaning(word: &str) -> Option<&'static str> {
    let usual = usual(word);
    WORDS.iter().find(|(word, _)| *word == usual).map(|(_, doc)| *doc)
}
