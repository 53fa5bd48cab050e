//! The signatures of the functions that Quintet brings along. What they do is the runtime's, under the same names.

use crate::ast::Const;
use crate::signature::{NilRule, Param, Pattern, Signature};
use crate::types::Type;

/// The most arguments that `concat` takes.
pub const CONCAT_MOST: usize = 32;

/// All of them.
pub fn signatures() -> Vec<Signature> {
    let bytes = |name: &str| Param::new(name, Type::Bytes);
    let int = |name: &str| Param::new(name, Type::Int);
    let array = || Pattern::ArrayOf(Box::new(Pattern::Any));
    let bytes_or_array = || Pattern::OneOf(vec![Pattern::Exact(Type::Bytes), array()]);
    let part = |name: &str| bytes(name).pattern(Pattern::Variable(0));
    vec![
        Signature::new("lower", vec![bytes("text")], Type::Bytes).doc("The text with ASCII letters in lower case."),
        Signature::new("upper", vec![bytes("text")], Type::Bytes).doc("The text with ASCII letters in upper case."),
        Signature::new("len", vec![bytes("value").pattern(bytes_or_array())], Type::Int)
            .doc("The number of bytes, or of elements of an array."),
        Signature::new("starts_with", vec![bytes("text"), bytes("prefix")], Type::Bool)
            .doc("Whether the text starts with the prefix, byte for byte."),
        Signature::new("ends_with", vec![bytes("text"), bytes("suffix")], Type::Bool)
            .doc("Whether the text ends with the suffix, byte for byte."),
        Signature {
            rest: Some((part("more"), CONCAT_MOST)),
            result: Pattern::Variable(0),
            variables: vec![bytes_or_array()],
            nil: NilRule::Handled,
            may_be_nil: true,
            ..Signature::new("concat", vec![part("first"), part("second")], Type::Bytes)
        }
        .doc("The arguments, all Bytes or all arrays of one type, one after another; missing ones are left out, and only if all are missing so is the result."),
        Signature::new("substring", vec![bytes("text"), int("start"), int("end").default(Const::Int(i64::MAX))], Type::Bytes)
            .doc("The bytes from `start` up to `end`; negative counts from the end, and both are clamped to the text."),
    ]
}
