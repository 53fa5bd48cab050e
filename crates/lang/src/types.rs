//! The types of values.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The type of a value. Any value may besides be missing (nil), unless its expression says otherwise
/// ([`Expr::nullable`](crate::ast::Expr::nullable)).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Type {
    /// `true` or `false`.
    Bool,
    /// A signed 64-bit integer; arithmetic wraps.
    Int,
    /// An unsigned 32-bit integer of a script; arithmetic wraps. Records have none.
    U32,
    /// An IEEE 754 binary64.
    Float,
    /// Bytes; text is bytes. Ordered as unsigned bytes.
    Bytes,
    /// An IPv4 or IPv6 address. The two families never equal each other and have no order between them.
    Ip,
    /// A sequence of one element type.
    Array(Box<Type>),
    /// Values of one type under byte-string keys, iterated in key order.
    Map(Box<Type>),
    /// An array of a script, of a primitive type: of as many elements as the number says, or growing. Records have none.
    List(Box<Type>, Option<u32>),
}

impl Type {
    /// `Array<element>`.
    pub fn array(element: Type) -> Type {
        Type::Array(Box::new(element))
    }

    /// `Map<element>`.
    pub fn map(element: Type) -> Type {
        Type::Map(Box::new(element))
    }

    /// `[element]`, or `[element; len]`.
    pub fn list(element: Type, len: Option<u32>) -> Type {
        Type::List(Box::new(element), len)
    }

    /// Whether records may have values of this type: it has neither U32 nor arrays of scripts in it.
    pub fn is_stored(&self) -> bool {
        match self {
            Type::Bool | Type::Int | Type::Float | Type::Bytes | Type::Ip => true,
            Type::Array(element) | Type::Map(element) => element.is_stored(),
            Type::U32 | Type::List(..) => false,
        }
    }

    /// The element type of an array or map of a record.
    pub fn element(&self) -> Option<&Type> {
        match self {
            Type::Array(t) | Type::Map(t) => Some(t),
            _ => None,
        }
    }

    /// True for every type but arrays and maps.
    pub fn is_primitive(&self) -> bool {
        !matches!(self, Type::Array(_) | Type::Map(_) | Type::List(..))
    }

    /// 64-bit words that a stored value of this type takes in a record or as an array element: three for [`Type::Ip`], one for
    /// all others (arrays, maps and bytes store offset and length).
    pub fn words(&self) -> u32 {
        match self {
            Type::Ip => 3,
            Type::Bool | Type::Int | Type::U32 | Type::Float | Type::Bytes | Type::Array(_) | Type::Map(_) | Type::List(..) => 1,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Bool => f.write_str("Bool"),
            Type::Int => f.write_str("Int"),
            Type::U32 => f.write_str("U32"),
            Type::Float => f.write_str("Float"),
            Type::Bytes => f.write_str("Bytes"),
            Type::Ip => f.write_str("Ip"),
            Type::Array(t) => write!(f, "Array<{t}>"),
            Type::Map(t) => write!(f, "Map<{t}>"),
            Type::List(t, None) => write!(f, "[{t}]"),
            Type::List(t, Some(len)) => write!(f, "[{t}; {len}]"),
        }
    }
}

/// Why a text is no type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no type; types are Bool, Int, Float, Bytes, Ip, Array<...> and Map<...>")]
pub struct ParseTypeError(String);

/// Arrays and maps may be nested this deep in a text.
const DEEPEST: usize = 32;

impl FromStr for Type {
    type Err = ParseTypeError;

    fn from_str(text: &str) -> Result<Type, ParseTypeError> {
        let mut rest = text.trim();
        let mut outer = Vec::new();
        let mut inner = loop {
            let (make, after): (fn(Type) -> Type, &str) = match rest {
                "Bool" => break Type::Bool,
                "Int" => break Type::Int,
                "Float" => break Type::Float,
                "Bytes" => break Type::Bytes,
                "Ip" => break Type::Ip,
                _ => match (rest.strip_prefix("Array"), rest.strip_prefix("Map")) {
                    (Some(after), _) => (Type::array, after),
                    (_, Some(after)) => (Type::map, after),
                    _ => return Err(ParseTypeError(text.into())),
                },
            };
            let element = after.trim().strip_prefix('<').and_then(|a| a.strip_suffix('>'));
            let Some(element) = element.filter(|_| outer.len() < DEEPEST) else { return Err(ParseTypeError(text.into())) };
            outer.push(make);
            rest = element.trim();
        };
        while let Some(make) = outer.pop() {
            inner = make(inner);
        }
        Ok(inner)
    }
}
