//! Types of the language as types of Rust, so that closures are made for each.

use std::cmp::Ordering;

use quintet_lang::Type;
use quintet_lang::ast::Expr;
use quintet_runtime::{Memory, StoredBytes, Value, ip_from_words, ip_words};

use crate::context::Ctx;
use crate::generator::Generator;

/// A form that values take in closures.
pub(crate) trait Form: Send + Sync + 'static {
    /// The value.
    type Out<'a>: Copy;
}

/// A form that is read straight from a slot.
pub(crate) trait Load: Form {
    /// The value in the slot that begins with word `at`.
    fn load(memory: Memory<'_>, at: usize) -> Self::Out<'_>;
}

/// A form that any expression of its type can be brought into.
pub(crate) trait Kind: Form {
    /// From a value; `None` for nil.
    fn of(value: Value<'_>) -> Option<Self::Out<'_>>;

    /// As a value.
    fn value(out: Self::Out<'_>) -> Value<'_>;

    /// The closure that computes `expr`, which is of this type.
    fn closure(builder: &mut Generator<'_>, expr: &Expr) -> ValFn<Self>;
}

/// A form of a primitive type.
pub(crate) trait Primitive: Kind + Load {
    /// The order of two values; none between address families and with NaN.
    fn order(a: Self::Out<'_>, b: Self::Out<'_>) -> Option<Ordering>;
}

/// Computes a value; `None` for nil, or after a trap.
pub(crate) type ValFn<K> = Box<dyn for<'a> Fn(&Ctx<'a>) -> Option<<K as Form>::Out<'a>> + Send + Sync>;

/// Boxes a closure that computes a value.
pub(crate) fn val<K: Kind>(f: impl for<'a> Fn(&Ctx<'a>) -> Option<K::Out<'a>> + Send + Sync + 'static) -> ValFn<K> {
    Box::new(f)
}

/// [`Type::Bool`].
pub(crate) struct Bool;
/// [`Type::Int`].
pub(crate) struct Int;
/// [`Type::U32`], which no batch holds.
pub(crate) struct U32;
/// [`Type::Float`].
pub(crate) struct Float;
/// [`Type::Bytes`].
pub(crate) struct Bytes;
/// [`Type::Ip`], as the words of its slot.
pub(crate) struct Ip;
/// Any type.
pub(crate) struct Any;
/// [`Type::Bytes`] that are stored in the batch, not yet touched.
pub(crate) struct Stored;

impl Form for Stored {
    type Out<'a> = StoredBytes<'a>;
}

impl Load for Stored {
    #[inline(always)]
    fn load(memory: Memory<'_>, at: usize) -> StoredBytes<'_> {
        StoredBytes::new(memory, memory.words()[at])
    }
}

impl Form for Any {
    type Out<'a> = Value<'a>;
}

impl Kind for Any {
    #[inline(always)]
    fn of(value: Value<'_>) -> Option<Value<'_>> {
        (!value.is_nil()).then_some(value)
    }

    fn value(out: Self::Out<'_>) -> Value<'_> {
        out
    }

    fn closure(builder: &mut Generator<'_>, expr: &Expr) -> ValFn<Any> {
        match expr.ty {
            Type::Bool => builder.widened::<Bool>(expr),
            Type::Int => builder.widened::<Int>(expr),
            Type::U32 => builder.widened::<U32>(expr),
            Type::Float => builder.widened::<Float>(expr),
            Type::Bytes => builder.widened::<Bytes>(expr),
            Type::Ip => builder.widened::<Ip>(expr),
            Type::Array(_) | Type::Map(_) | Type::List(..) => builder.compound(expr),
        }
    }
}

macro_rules! primitive {
    ($kind:ident, $out:ty, $method:ident, $load:expr, $order:expr, $of:pat => $ofe:expr, $value:expr) => {
        impl Form for $kind {
            type Out<'a> = $out;
        }

        impl Load for $kind {
            #[inline(always)]
            fn load(memory: Memory<'_>, at: usize) -> Self::Out<'_> {
                $load(memory, at)
            }
        }

        impl Kind for $kind {
            #[inline(always)]
            fn of(value: Value<'_>) -> Option<Self::Out<'_>> {
                match value {
                    $of => Some($ofe),
                    _ => None,
                }
            }

            #[inline(always)]
            fn value(out: Self::Out<'_>) -> Value<'_> {
                $value(out)
            }

            fn closure(builder: &mut Generator<'_>, expr: &Expr) -> ValFn<$kind> {
                builder.$method(expr)
            }
        }

        impl Primitive for $kind {
            #[inline(always)]
            fn order(a: Self::Out<'_>, b: Self::Out<'_>) -> Option<Ordering> {
                $order(a, b)
            }
        }
    };
}

primitive!(Bool, bool, bools, |m: Memory<'_>, at: usize| m.words()[at] != 0, |a: bool, b: bool| Some(a.cmp(&b)), Value::Bool(b) => b, Value::Bool);
primitive!(Int, i64, ints, |m: Memory<'_>, at: usize| m.words()[at] as i64, |a: i64, b: i64| Some(a.cmp(&b)), Value::Int(i) => i, Value::Int);
primitive!(U32, u32, u32s, |m: Memory<'_>, at: usize| m.words()[at] as u32, |a: u32, b: u32| Some(a.cmp(&b)), Value::U32(u) => u, Value::U32);
primitive!(Float, f64, floats, |m: Memory<'_>, at: usize| f64::from_bits(m.words()[at]), |a: f64, b: f64| a.partial_cmp(&b), Value::Float(f) => f, Value::Float);
primitive!(Bytes, &'a [u8], bytes, load_bytes, |a: &[u8], b: &[u8]| Some(a.cmp(b)), Value::Bytes(b) => b, Value::Bytes);
primitive!(Ip, [u64; 3], ips, load_ip, ip_order, Value::Ip(ip) => ip_words(ip), |words| Value::Ip(ip_from_words(words)));

#[inline(always)]
fn load_bytes(memory: Memory<'_>, at: usize) -> &[u8] {
    Stored::load(memory, at).get()
}

#[inline(always)]
fn load_ip(memory: Memory<'_>, at: usize) -> [u64; 3] {
    let words = memory.words();
    [words[at], words[at + 1], words[at + 2]]
}

#[inline(always)]
fn ip_order(a: [u64; 3], b: [u64; 3]) -> Option<Ordering> {
    (a[0] == b[0]).then(|| (a[1], a[2]).cmp(&(b[1], b[2])))
}
