//! Tests of columns as the text of another language.

use std::net::IpAddr;

use quintet_lang::ast::{ArithOp, CompareOp, Const, Set, Wildcard};

use crate::flat::{Column, Flat, Term, Test, about};
use crate::source::{address, family, quoted, text};

/// The variable that holds a column.
pub(crate) fn variable(column: &Column) -> String {
    format!("f_{}", column.name)
}

/// The variable that says whether the record has a column.
pub(crate) fn presence(column: &Column) -> String {
    format!("has_{}", column.name)
}

/// How a language spells tests. Errors say in a sentence what it has no form for.
pub(crate) trait Dialect {
    /// Its `not`, `and`, `or` and exclusive or.
    const WORDS: [&'static str; 4];

    fn constant(&self, value: bool) -> Result<String, String>;
    fn compare(&self, flat: &Flat, op: CompareOp, lhs: &Term, rhs: &Term) -> Result<String, String>;
    fn is_in(&self, flat: &Flat, value: &Term, set: &Set) -> Result<String, String>;
    fn contains(&self, flat: &Flat, value: &Term, needle: &[u8]) -> Result<String, String>;
    fn starts_with(&self, flat: &Flat, value: &Term, start: &[u8]) -> Result<String, String>;
    fn ends_with(&self, flat: &Flat, value: &Term, end: &[u8]) -> Result<String, String>;
    fn matches(&self, flat: &Flat, value: &Term, pattern: &str) -> Result<String, String>;
    fn wildcard(&self, flat: &Flat, value: &Term, pattern: &Wildcard) -> Result<String, String>;
}

/// Each rule's expression.
pub(crate) fn print<D: Dialect>(dialect: &D, flat: &Flat) -> Result<Vec<String>, String> {
    flat.rules.iter().map(|(name, rule)| test(dialect, flat, rule).map_err(|reason| about(name, reason))).collect()
}

fn test<D: Dialect>(dialect: &D, flat: &Flat, it: &Test) -> Result<String, String> {
    let [not, and, or, xor] = D::WORDS;
    let joined = |items: &[Test], word: &str| -> Result<String, String> {
        let items = items.iter().map(|i| test(dialect, flat, i)).collect::<Result<Vec<_>, _>>()?;
        Ok(format!("({})", items.join(&format!(" {word} "))))
    };
    match it {
        Test::Constant(value) => dialect.constant(*value),
        Test::Has(column) => Ok(presence(&flat.columns[*column])),
        Test::Flag(column) => Ok(variable(&flat.columns[*column])),
        Test::Not(inner) => Ok(format!("{not}({})", test(dialect, flat, inner)?)),
        Test::All(items) => joined(items, and),
        Test::Any(items) => joined(items, or),
        Test::Odd(items) => joined(items, xor),
        Test::Compare(op, lhs, rhs) => dialect.compare(flat, *op, lhs, rhs),
        Test::In(value, set) => dialect.is_in(flat, value, set),
        Test::Contains(value, needle) => dialect.contains(flat, value, needle),
        Test::StartsWith(value, start) => dialect.starts_with(flat, value, start),
        Test::EndsWith(value, end) => dialect.ends_with(flat, value, end),
        Test::Matches(value, pattern) => dialect.matches(flat, value, pattern),
        Test::Wildcard(value, pattern) => dialect.wildcard(flat, value, pattern),
    }
}

/// What cel and rhai share: strings are Unicode, addresses are texts of a fixed width, and sets are lists and ranges inside the
/// expression.
pub(crate) trait Scripted {
    /// A function of one text: `lower` or `upper`.
    fn call(&self, function: &str, text: &str) -> String;
    /// How many bytes a text has.
    fn len(&self, text: &str) -> String;
    /// Whether `value & mask` is not 0.
    fn any_bit(&self, value: &str, mask: i64) -> Result<String, String>;

    fn term(&self, flat: &Flat, it: &Term) -> Result<String, String> {
        match it {
            Term::Const(Const::Int(i64::MIN)) => Err("the least Int has no literal there".to_owned()),
            Term::Const(Const::Int(i)) => Ok(i.to_string()),
            Term::Const(Const::Bytes(bytes)) => Ok(quoted(text(bytes)?)),
            Term::Const(Const::Ip(ip)) => Ok(quoted(&address(*ip))),
            Term::Const(constant) => Err(format!("a constant of type {} is a value", constant.ty())),
            Term::Column(column) => Ok(variable(&flat.columns[*column])),
            Term::Lower(inner) => Ok(self.call("lower", &self.term(flat, inner)?)),
            Term::Upper(inner) => Ok(self.call("upper", &self.term(flat, inner)?)),
            Term::Len(inner) => Ok(self.len(&self.term(flat, inner)?)),
            Term::Arith(op @ (ArithOp::Add | ArithOp::Sub | ArithOp::Mul), lhs, rhs) => {
                Ok(format!("({} {} {})", self.term(flat, lhs)?, op.symbol(), self.term(flat, rhs)?))
            }
            Term::Arith(op, ..) => Err(format!("`{}` as a value has no exact counterpart", op.symbol())),
            Term::Slice(..) => Err("its strings have no slices by bytes".to_owned()),
        }
    }

    fn compared(&self, flat: &Flat, op: CompareOp, lhs: &Term, rhs: &Term) -> Result<String, String> {
        if let (CompareOp::Ne, Term::Arith(ArithOp::And, value, mask), Term::Const(Const::Int(0))) = (op, lhs, rhs)
            && let Term::Const(Const::Int(mask)) = **mask
        {
            return self.any_bit(&self.term(flat, value)?, mask);
        }
        let (left, right) = (self.term(flat, lhs)?, self.term(flat, rhs)?);
        let plain = format!("({left} {} {right})", op.symbol());
        match (op, rhs) {
            (CompareOp::Lt | CompareOp::Le, Term::Const(Const::Ip(ip))) => Ok(format!("({left} >= {} && {plain})", quoted(&family(*ip).0))),
            (CompareOp::Gt | CompareOp::Ge, Term::Const(Const::Ip(ip))) => Ok(format!("({left} <= {} && {plain})", quoted(&family(*ip).1))),
            (CompareOp::Eq | CompareOp::Ne, _) | (_, Term::Const(_)) => Ok(plain),
            (_, Term::Column(column)) if flat.columns[*column].ty == quintet_lang::Type::Ip => {
                Err("it orders two addresses of the record".to_owned())
            }
            _ => Ok(plain),
        }
    }

    fn member(&self, flat: &Flat, value: &Term, set: &Set) -> Result<String, String> {
        const MOST: usize = 100;
        let value = self.term(flat, value)?;
        let ip = |ip: &IpAddr| quoted(&address(*ip));
        let (singles, ranges): (Vec<String>, Vec<(String, String)>) = match set {
            Set::Int(ranges) => split(ranges, i64::to_string),
            Set::Ip(ranges) => split(ranges, ip),
            Set::Bytes(members) => (members.iter().map(|m| text(m).map(quoted)).collect::<Result<_, _>>()?, Vec::new()),
        };
        if singles.len() + ranges.len() > MOST {
            return Err(format!("a set has {} members; inside an expression {MOST} are sensible", singles.len() + ranges.len()));
        }
        let mut parts = Vec::new();
        if !singles.is_empty() {
            parts.push(format!("({value} in [{}])", singles.join(", ")));
        }
        parts.extend(ranges.iter().map(|(first, last)| format!("({value} >= {first} && {value} <= {last})")));
        match parts.is_empty() {
            true => Ok("false".to_owned()),
            false => Ok(format!("({})", parts.join(" || "))),
        }
    }
}

/// Ranges of one member apart from the others.
fn split<T: PartialEq>(ranges: &[(T, T)], print: impl Fn(&T) -> String) -> (Vec<String>, Vec<(String, String)>) {
    let (single, range): (Vec<_>, Vec<_>) = ranges.iter().partition(|(first, last)| first == last);
    (single.iter().map(|(i, _)| print(i)).collect(), range.iter().map(|(a, b)| (print(a), print(b))).collect())
}
