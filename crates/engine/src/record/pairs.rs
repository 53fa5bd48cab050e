//! Pairs that are grouped by their keys.

use std::collections::{BTreeMap, HashMap};

use quintet_lang::Type;

use super::{Fill, Kind, Member};

/// What has pairs of text, in any order, for `#[record(grouped)]`. A key may be repeated.
pub trait Pairs {
    /// The pairs.
    fn pairs(&self) -> impl Iterator<Item = (&[u8], &[u8])>;
}

impl<K: AsRef<[u8]>, V: AsRef<[u8]>> Pairs for [(K, V)] {
    #[inline]
    fn pairs(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.iter().map(|(key, value)| (key.as_ref(), value.as_ref()))
    }
}

impl<K: AsRef<[u8]>, V: AsRef<[u8]>> Pairs for Vec<(K, V)> {
    #[inline]
    fn pairs(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.as_slice().pairs()
    }
}

impl<K: AsRef<[u8]>, V: AsRef<[u8]>> Pairs for BTreeMap<K, Vec<V>> {
    fn pairs(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.iter().flat_map(|(key, values)| values.iter().map(move |value| (key.as_ref(), value.as_ref())))
    }
}

impl<K: AsRef<[u8]>, V: AsRef<[u8]>, S> Pairs for HashMap<K, Vec<V>, S> {
    fn pairs(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.iter().flat_map(|(key, values)| values.iter().map(move |value| (key.as_ref(), value.as_ref())))
    }
}

impl<P: Pairs + ?Sized> Pairs for &P {
    #[inline]
    fn pairs(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        (**self).pairs()
    }
}

/// Pairs as a map of arrays: under each key all its values, in the order that they came in.
#[derive(Clone, Copy, Debug)]
pub struct Grouped<'p, P: ?Sized>(pub &'p P);

impl<P: Pairs + ?Sized> Member for Grouped<'_, P> {
    const KIND: Kind = Kind::One(|| Type::map(Type::array(Type::Bytes)));

    #[inline]
    fn fill(&self, fill: &mut Fill<'_, '_>) {
        fill.next(|record, field| record.grouped(field, self.0.pairs()));
    }
}
