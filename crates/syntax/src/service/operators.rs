//! Which operators a value of a type may stand before.

use quintet_lang::Type;
use quintet_lang::operator::ARITH;

/// The operators that may follow a value, the usual ones first.
pub fn operators(ty: &Type, nullable: bool) -> Vec<&'static str> {
    let order = ["==", "!=", "<", "<=", ">", ">="];
    let mut all: Vec<&'static str> = match ty {
        Type::Bool => ["and", "or", "xor"].into_iter().chain(order).collect(),
        Type::Int | Type::U32 | Type::Float | Type::Ip | Type::Bytes => order.to_vec(),
        Type::Array(_) | Type::Map(_) | Type::List(..) => Vec::new(),
    };
    if matches!(ty, Type::Int | Type::Ip | Type::Bytes) {
        all.extend(["in", "not in"]);
    }
    if *ty == Type::Bytes {
        all.extend(["contains", "matches", "wildcard", "strict wildcard", "+"]);
    }
    all.extend(ARITH.iter().filter(|entry| entry.op.works_on(ty)).map(|entry| entry.symbol));
    if nullable && !matches!(ty, Type::Array(_) | Type::Map(_) | Type::List(..)) {
        all.push("??");
    }
    all
}
