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
    ("time", "`time = EXPRESSION`: the time of a record in seconds, which tables go by."),
    ("state", "`state NAME[KEY]: KIND within 60s max 1000`: a table that is kept across records."),
    ("on", "`on RULE { ... }`: what changes tables where a rule matches."),
    ("output", "`output NAME on RULE = json { NAME: VALUE }`: what is given out where a rule matches."),
    ("limit", "`limit 1 within 60s by KEY`: no more lines than that for a key."),
    ("by", "What lines are limited by."),
    ("within", "How long an entry, or of distinct values and sliding windows each by itself, is there after it was added."),
    ("sliding", "Each event goes by itself."),
    ("keep", "How long an entry is there after its last change."),
    ("max", "How many entries there are at most; the one that expires first makes room."),
    ("json", "A line is an object."),
    ("csv", "A line is a row, after a header."),
    ("text", "A line is a text with values in the place of their names in braces."),
    ("eve", "A line is an event as in Suricata's `eve.json`."),
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

/// What tables hold.
pub(crate) const KINDS: &[(&str, &str)] = &[
    ("count", "How often something was added."),
    ("sum", "The sum of what was added."),
    ("distinct", "The distinct values that were added; it is read as how many they are."),
    ("seen", "Whether the key was added on an earlier record."),
    ("Int", "The Int that was set last."),
    ("Bytes", "The Bytes that were set last."),
];

/// Statements that change tables, with how they are written.
pub(crate) const CHANGES: &[(&str, &str, &str)] = &[
    ("add", "add(table)", "Counts one more in a table, or marks the key as seen."),
    ("clear", "clear(table)", "Takes the record's entry out of a table."),
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
