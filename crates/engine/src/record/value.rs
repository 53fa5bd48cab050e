//! Which Rust types fields and elements may have.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use bumpalo::Bump;
use quintet_lang::{FieldId, Type};
use quintet_runtime::{ArrayRef, MapRef, RecordBuilder, Value};

use super::{Fill, Kind};

/// What a field of a struct may be: a value, or a struct that is a record. For a type of one's own that wraps one of these, hand both on.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field of a record",
    label = "not a type that fields have",
    note = "fields are bool, integers, floats, text and bytes, addresses, `Option`, `Vec` and maps of them, and structs that derive `Record`",
    note = "`#[record(skip)]` leaves a field out"
)]
pub trait Member {
    /// What it stands for.
    const KIND: Kind;
    /// Whether records may lack it.
    const OPTIONAL: bool = false;

    /// Sets the next field, or as many as [`Member::KIND`] stands for.
    fn fill(&self, fill: &mut Fill<'_, '_>);
}

/// What an array or a map may hold. An `u8` is none: many of them are Bytes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an element of an array or map of a record",
    label = "not a type that elements have"
)]
pub trait Element {
    /// The type of the value.
    fn ty() -> Type;

    /// The value; what is made for it lives in `heap`.
    ///
    /// # Errors
    /// It is a whole number that no Int is.
    fn value<'v>(&'v self, heap: &'v Heap) -> Result<Value<'v>, OutOfRange>;
}

/// Memory for the elements of values while a field is set.
#[derive(Debug, Default)]
pub struct Heap(Bump);

/// A whole number is less than the least Int or more than the most.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is out of the range of Int, which has 64 bits and a sign")]
pub struct OutOfRange(String);

impl OutOfRange {
    /// This one is.
    pub fn new(number: impl fmt::Display) -> OutOfRange {
        OutOfRange(number.to_string())
    }
}

/// Sets a field to a value, if it is one.
fn set(value: Result<Value<'_>, OutOfRange>, record: &mut RecordBuilder<'_>, field: FieldId) {
    match value {
        Ok(value) => record.set(field, value),
        Err(OutOfRange(number)) => record.out_of_range(field, number),
    }
}

macro_rules! integers {
    ($($int:ty),*) => {$(
        impl Member for $int {
            const KIND: Kind = Kind::One(|| Type::Int);

            #[inline]
            fn fill(&self, fill: &mut Fill<'_, '_>) {
                fill.next(|record, field| match i64::try_from(*self) {
                    Ok(value) => record.int(field, value),
                    Err(_) => record.out_of_range(field, self),
                });
            }
        }
    )*};
}

macro_rules! integer_elements {
    ($($int:ty),*) => {$(
        impl Element for $int {
            fn ty() -> Type {
                Type::Int
            }

            fn value<'v>(&'v self, _: &'v Heap) -> Result<Value<'v>, OutOfRange> {
                i64::try_from(*self).map(Value::Int).map_err(|_| OutOfRange::new(self))
            }
        }
    )*};
}

macro_rules! scalars {
    ($($ty:ty, $variant:ident, $set:ident, $make:expr;)*) => {$(
        impl Member for $ty {
            const KIND: Kind = Kind::One(|| Type::$variant);

            #[inline]
            fn fill(&self, fill: &mut Fill<'_, '_>) {
                fill.next(|record, field| record.$set(field, $make(*self)));
            }
        }

        impl Element for $ty {
            fn ty() -> Type {
                Type::$variant
            }

            fn value<'v>(&'v self, _: &'v Heap) -> Result<Value<'v>, OutOfRange> {
                Ok(Value::$variant($make(*self)))
            }
        }
    )*};
}

macro_rules! texts {
    ($($({$($generic:tt)*})? $ty:ty;)*) => {$(
        impl$(<$($generic)*>)? Member for $ty {
            const KIND: Kind = Kind::One(|| Type::Bytes);

            #[inline]
            fn fill(&self, fill: &mut Fill<'_, '_>) {
                fill.next(|record, field| record.bytes(field, bytes(self)));
            }
        }

        impl$(<$($generic)*>)? Element for $ty {
            fn ty() -> Type {
                Type::Bytes
            }

            fn value<'v>(&'v self, _: &'v Heap) -> Result<Value<'v>, OutOfRange> {
                Ok(Value::Bytes(bytes(self)))
            }
        }
    )*};
}

fn bytes<T: Text + ?Sized>(text: &T) -> &[u8] {
    text.text()
}

/// Bytes of text.
trait Text {
    fn text(&self) -> &[u8];
}

impl Text for str {
    fn text(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl Text for [u8] {
    fn text(&self) -> &[u8] {
        self
    }
}

impl Text for String {
    fn text(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl Text for Cow<'_, str> {
    fn text(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl Text for Cow<'_, [u8]> {
    fn text(&self) -> &[u8] {
        self
    }
}

integers!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize);
integer_elements!(i8, i16, i32, i64, i128, isize, u16, u32, u64, u128, usize);
scalars! {
    bool, Bool, bool, std::convert::identity;
    f64, Float, float, std::convert::identity;
    f32, Float, float, f64::from;
    IpAddr, Ip, ip, std::convert::identity;
    Ipv4Addr, Ip, ip, IpAddr::V4;
    Ipv6Addr, Ip, ip, IpAddr::V6;
}
texts! {
    str;
    [u8];
    String;
    {'t} Cow<'t, str>;
    {'t} Cow<'t, [u8]>;
}

impl<const N: usize> Member for [u8; N] {
    const KIND: Kind = Kind::One(|| Type::Bytes);

    #[inline]
    fn fill(&self, fill: &mut Fill<'_, '_>) {
        self.as_slice().fill(fill);
    }
}

impl<T: Element> Element for [T] {
    fn ty() -> Type {
        Type::array(T::ty())
    }

    fn value<'v>(&'v self, heap: &'v Heap) -> Result<Value<'v>, OutOfRange> {
        let items = heap.0.alloc_slice_try_fill_iter(self.iter().map(|item| item.value(heap)))?;
        Ok(Value::Array(ArrayRef::Built(items)))
    }
}

impl<T: Element> Member for [T] {
    const KIND: Kind = Kind::One(<[T] as Element>::ty);

    fn fill(&self, fill: &mut Fill<'_, '_>) {
        fill.next(|record, field| set(self.value(&Heap::default()), record, field));
    }
}

impl<T: Element, const N: usize> Member for [T; N] {
    const KIND: Kind = Kind::One(<[T] as Element>::ty);

    fn fill(&self, fill: &mut Fill<'_, '_>) {
        self.as_slice().fill(fill);
    }
}

/// The value of a map. Pairs may come in any order; of several with one key the last is kept.
fn map<'v, K: AsRef<[u8]> + 'v, V: Element + 'v>(
    pairs: impl ExactSizeIterator<Item = (&'v K, &'v V)>,
    heap: &'v Heap,
) -> Result<Value<'v>, OutOfRange> {
    let entries = pairs.map(|(key, item)| Ok((key.as_ref(), item.value(heap)?)));
    Ok(Value::Map(MapRef::Built(heap.0.alloc_slice_try_fill_iter(entries)?)))
}

/// The two halves of each pair.
fn each<K, V>(pairs: &[(K, V)]) -> impl ExactSizeIterator<Item = (&K, &V)> {
    pairs.iter().map(|(key, item)| (key, item))
}

macro_rules! maps {
    ($($({$($generic:tt)*})? $ty:ty, $iter:expr;)*) => {$(
        impl<K: AsRef<[u8]>, V: Element $(, $($generic)*)?> Element for $ty {
            fn ty() -> Type {
                Type::map(V::ty())
            }

            fn value<'v>(&'v self, heap: &'v Heap) -> Result<Value<'v>, OutOfRange> {
                map($iter(self), heap)
            }
        }

        impl<K: AsRef<[u8]>, V: Element $(, $($generic)*)?> Member for $ty {
            const KIND: Kind = Kind::One(<$ty as Element>::ty);

            fn fill(&self, fill: &mut Fill<'_, '_>) {
                fill.next(|record, field| set(self.value(&Heap::default()), record, field));
            }
        }
    )*};
}

maps! {
    BTreeMap<K, V>, BTreeMap::iter;
    {S} HashMap<K, V, S>, HashMap::iter;
    [(K, V)], each;
}

macro_rules! pointers {
    ($($pointer:ty),*) => {$(
        impl<T: Element + ?Sized> Element for $pointer {
            fn ty() -> Type {
                T::ty()
            }

            fn value<'v>(&'v self, heap: &'v Heap) -> Result<Value<'v>, OutOfRange> {
                (**self).value(heap)
            }
        }

        impl<T: Member + ?Sized> Member for $pointer {
            const KIND: Kind = T::KIND;
            const OPTIONAL: bool = T::OPTIONAL;

            #[inline]
            fn fill(&self, fill: &mut Fill<'_, '_>) {
                (**self).fill(fill);
            }
        }
    )*};
}

pointers!(&T, Box<T>, Arc<T>);

impl<T> Element for Vec<T>
where
    [T]: Element,
{
    fn ty() -> Type {
        <[T]>::ty()
    }

    fn value<'v>(&'v self, heap: &'v Heap) -> Result<Value<'v>, OutOfRange> {
        self.as_slice().value(heap)
    }
}

impl<T> Member for Vec<T>
where
    [T]: Member,
{
    const KIND: Kind = <[T]>::KIND;

    #[inline]
    fn fill(&self, fill: &mut Fill<'_, '_>) {
        self.as_slice().fill(fill);
    }
}

impl<T: Member> Member for Option<T> {
    const KIND: Kind = T::KIND;
    const OPTIONAL: bool = true;

    #[inline]
    fn fill(&self, fill: &mut Fill<'_, '_>) {
        match self {
            Some(value) => value.fill(fill),
            None => fill.skip(T::KIND.fields()),
        }
    }
}
