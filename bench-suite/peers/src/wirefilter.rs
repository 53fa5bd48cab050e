//! wirefilter-engine 0.6.1, the version on the registry: closures, as Cloudflare published them in 2019.
//!
//! It has Bool, 32-bit Int, Ip and Bytes, no arrays, no maps, no functions, no arithmetic, and it panics on a field without a value. So a
//! column that a record may lack has a Bool field beside it that guards each test, and ASCII case folding before a comparison becomes a
//! regular expression. Contexts borrow the records' bytes.

use ::wirefilter::{ExecutionContext, Filter, Scheme, Type as Kind};
use quintet_lang::Type;
use quintet_lang::ast::{ArithOp, CompareOp, Const, Set, Wildcard};
use quintet_runtime::{Batch, RuleSet, Value, WriteRuleSet};

use crate::flat::{Column, Flat, Term};
use crate::print::{Dialect, presence, print, variable};
use crate::seam::{Peer, Prepared, Task};
use crate::source::{escaped, wildcard};

pub(crate) struct Wirefilter;

struct Ready<'t> {
    scheme: &'static Scheme,
    rules: Vec<String>,
    filters: Vec<Filter<'t>>,
    contexts: Vec<ExecutionContext<'t>>,
}

impl Peer for Wirefilter {
    fn id(&self) -> &'static str {
        "wirefilter"
    }

    fn note(&self) -> Option<&'static str> {
        Some(
            "wirefilter-engine 0.6.1 of 2019, the newest on the registry; wirefilter's main branch is several times faster, and the \
             workload wirefilter-bench cites its figures",
        )
    }

    fn prepare<'t>(&self, task: Task<'t>) -> Result<Box<dyn Prepared + 't>, String> {
        let flat = Flat::new(task.program, task.batches)?;
        let rules = print(&Text, &flat)?;
        let scheme = scheme(&flat)?;
        let mut contexts = Vec::new();
        for record in task.batches.iter().flat_map(Batch::iter) {
            let mut context = ExecutionContext::new(scheme);
            for (id, column) in flat.columns.iter().enumerate() {
                fill(&mut context, column, flat.value(id, record))?;
            }
            contexts.push(context);
        }
        let filters = rules.iter().map(|rule| parsed(scheme, rule)).collect::<Result<_, _>>()?;
        Ok(Box::new(Ready { scheme, rules, filters, contexts }))
    }
}

impl Prepared for Ready<'_> {
    fn compile(&self) -> Option<Result<(), String>> {
        Some(self.rules.iter().try_for_each(|rule| parsed(self.scheme, rule).map(drop)))
    }

    fn run(&mut self, record: usize, hits: &mut RuleSet) -> Result<(), String> {
        hits.reset(self.filters.len());
        for (rule, filter) in self.filters.iter().enumerate() {
            if filter.execute(&self.contexts[record]).map_err(|e| e.to_string())? {
                hits.insert(rule);
            }
        }
        Ok(())
    }

    fn run_all(&mut self) -> Result<u64, String> {
        let mut matches = 0;
        for context in &self.contexts {
            for filter in &self.filters {
                matches += u64::from(filter.execute(context).map_err(|e| e.to_string())?);
            }
        }
        Ok(matches)
    }
}

fn parsed<'t>(scheme: &'t Scheme, rule: &str) -> Result<Filter<'t>, String> {
    scheme.parse(rule).map(|ast| ast.compile()).map_err(|e| e.to_string())
}

/// The fields of the columns. Filters and contexts borrow their scheme, so it is given up to the program's whole life: some hundred bytes
/// per workload.
fn scheme(flat: &Flat) -> Result<&'static Scheme, String> {
    let mut scheme = Scheme::new();
    for column in &flat.columns {
        let kind = match column.ty {
            Type::Bool => Kind::Bool,
            Type::Int => Kind::Int,
            Type::Bytes => Kind::Bytes,
            Type::Ip => Kind::Ip,
            ref other => return Err(format!("it has no type {other}")),
        };
        scheme.add_field(variable(column), kind).map_err(|e| e.to_string())?;
        scheme.add_field(presence(column), Kind::Bool).map_err(|e| e.to_string())?;
    }
    Ok(Box::leak(Box::new(scheme)))
}

fn fill<'t>(context: &mut ExecutionContext<'t>, column: &Column, value: Value<'t>) -> Result<(), String> {
    let name = variable(column);
    let set = match value {
        Value::Nil => Ok(()),
        Value::Bool(b) => context.set_field_value(&name, b),
        Value::Int(i) => {
            let i = i32::try_from(i).map_err(|_| format!("a record's {} is {i}, and its integers have 32 bits", column.name))?;
            context.set_field_value(&name, i)
        }
        Value::Bytes(bytes) => context.set_field_value(&name, bytes),
        Value::Ip(ip) => context.set_field_value(&name, ip),
        _ => return Err(format!("it has no type {}", column.ty)),
    };
    set.and_then(|()| context.set_field_value(&presence(column), !value.is_nil())).map_err(|e| e.to_string())
}

/// A pattern without quotation marks, which its literals treat in a way of their own: each is an escape of the same byte.
fn unquoted(pattern: &str) -> String {
    let mut text = String::with_capacity(pattern.len());
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => text.push_str("\\x22"),
            '\\' => match chars.next() {
                Some('"') => text.push_str("\\x22"),
                Some(escaped) => text.extend(['\\', escaped]),
                None => text.push('\\'),
            },
            c => text.push(c),
        }
    }
    text
}

/// Its language.
struct Text;

impl Text {
    /// The field of a column: all that a test may begin with.
    fn field(flat: &Flat, it: &Term) -> Result<String, String> {
        match it {
            Term::Column(column) => Ok(variable(&flat.columns[*column])),
            Term::Len(_) => Err("it has no functions, and a rule asks for the length of a text".to_owned()),
            Term::Arith(op, ..) => Err(format!("it has no arithmetic, and a rule computes with `{}`", op.symbol())),
            _ => Err("it tests fields, and a rule tests a computed value".to_owned()),
        }
    }

    fn literal(constant: &Const) -> Result<String, String> {
        match constant {
            Const::Int(i) => Text::int(*i),
            Const::Ip(ip) => Ok(ip.to_string()),
            Const::Bytes(bytes) => Text::bytes(bytes),
            other => Err(format!("it has no literals of type {}", other.ty())),
        }
    }

    fn int(i: i64) -> Result<String, String> {
        i32::try_from(i).map(|i| i.to_string()).map_err(|_| format!("a literal is {i}, and its integers have 32 bits"))
    }

    fn bytes(bytes: &[u8]) -> Result<String, String> {
        if bytes.iter().all(|b| (b' '..=b'~').contains(b)) {
            let mut literal = String::from("\"");
            for b in bytes {
                if matches!(b, b'"' | b'\\') {
                    literal.push('\\');
                }
                literal.push(char::from(*b));
            }
            return Ok(literal + "\"");
        }
        match bytes.len() {
            1 => Err("it has no literal for a single byte that cannot be printed".to_owned()),
            _ => Ok(bytes.iter().map(|b| format!("{b:02X}")).collect::<Vec<_>>().join(":")),
        }
    }

    /// Where a text is folded before it is searched for `part`: the text as it is, and a regular expression that finds the part in it.
    fn folded(value: &Term, part: &[u8]) -> Result<Option<(Term, String)>, String> {
        let (Term::Lower(inner) | Term::Upper(inner)) = value else { return Ok(None) };
        let upper = matches!(value, Term::Upper(_));
        if part.iter().any(|b| if upper { b.is_ascii_lowercase() } else { b.is_ascii_uppercase() }) {
            return Err("a folded text is compared with one that is not".to_owned());
        }
        let mut inner = &**inner;
        while let Term::Lower(deeper) | Term::Upper(deeper) = inner {
            inner = deeper;
        }
        Ok(Some((inner.clone(), format!("(?i-u:{})", escaped(part)?))))
    }

    /// A regular expression for a comparison of a computed text with a constant, where there is one.
    fn as_pattern(value: &Term, with: &[u8]) -> Result<Option<(Term, String)>, String> {
        match value {
            Term::Lower(_) | Term::Upper(_) => Ok(Text::folded(value, with)?.map(|(inner, pattern)| (inner, format!("\\A{pattern}\\z")))),
            Term::Slice(inner, first, last) if first + with.len() == *last && !with.is_empty() => {
                Ok(Some(((**inner).clone(), format!("\\A(?s:.{{{first}}}){}", escaped(with)?))))
            }
            _ => Ok(None),
        }
    }
}

impl Dialect for Text {
    const WORDS: [&'static str; 4] = ["not ", "and", "or", "xor"];

    fn constant(&self, _: bool) -> Result<String, String> {
        Err("it has no constant conditions, and a rule is one on these records".to_owned())
    }

    fn compare(&self, flat: &Flat, op: CompareOp, lhs: &Term, rhs: &Term) -> Result<String, String> {
        let Term::Const(constant) = rhs else { return Err("it compares fields with literals only".to_owned()) };
        if let (CompareOp::Ne, Term::Arith(ArithOp::And, value, mask), Const::Int(0)) = (op, lhs, constant)
            && let Term::Const(Const::Int(mask)) = **mask
        {
            return Ok(format!("{} & {}", Text::field(flat, value)?, Text::int(mask)?));
        }
        if let (CompareOp::Eq | CompareOp::Ne, Const::Bytes(with)) = (op, constant)
            && let Some((value, pattern)) = Text::as_pattern(lhs, with)?
        {
            let matches = self.matches(flat, &value, &pattern)?;
            return Ok(if op == CompareOp::Eq { matches } else { format!("not {matches}") });
        }
        Ok(format!("{} {} {}", Text::field(flat, lhs)?, op.symbol(), Text::literal(constant)?))
    }

    fn is_in(&self, flat: &Flat, value: &Term, set: &Set) -> Result<String, String> {
        let members = match set {
            Set::Int(ranges) => {
                let range = |(first, last): &(i64, i64)| Ok::<_, String>(format!("{}..{}", Text::int(*first)?, Text::int(*last)?));
                ranges.iter().map(range).collect::<Result<Vec<_>, _>>()?
            }
            Set::Ip(ranges) => ranges.iter().map(|(first, last)| format!("{first}..{last}")).collect(),
            Set::Bytes(members) => members.iter().map(|m| Text::bytes(m)).collect::<Result<Vec<_>, _>>()?,
        };
        Ok(format!("{} in {{{}}}", Text::field(flat, value)?, members.join(" ")))
    }

    fn starts_with(&self, flat: &Flat, value: &Term, start: &[u8]) -> Result<String, String> {
        self.matches(flat, value, &format!("\\A{}", escaped(start)?))
    }

    fn ends_with(&self, flat: &Flat, value: &Term, end: &[u8]) -> Result<String, String> {
        self.matches(flat, value, &format!("{}\\z", escaped(end)?))
    }

    fn contains(&self, flat: &Flat, value: &Term, needle: &[u8]) -> Result<String, String> {
        if let Some((inner, pattern)) = Text::folded(value, needle)? {
            return self.matches(flat, &inner, &pattern);
        }
        Ok(format!("{} contains {}", Text::field(flat, value)?, Text::bytes(needle)?))
    }

    fn matches(&self, flat: &Flat, value: &Term, pattern: &str) -> Result<String, String> {
        Ok(format!("{} matches \"{}\"", Text::field(flat, value)?, unquoted(pattern)))
    }

    fn wildcard(&self, flat: &Flat, value: &Term, pattern: &Wildcard) -> Result<String, String> {
        self.matches(flat, value, &wildcard(pattern, "(?s:.*)")?)
    }
}
