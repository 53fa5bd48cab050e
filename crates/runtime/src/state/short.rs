//! Bytes that stand where they are kept if they are few.

use std::ops::Deref;

/// Bytes of a key: here if they are no more than that of a conversation between two addresses of IPv4.
pub(super) type ShortKey = Short<38>;

/// Bytes of a value: here if they are no more than an address has, or a short text.
pub(super) type ShortValue = Short<22>;

/// Bytes that are an entry's value: here if they are as many as fill up the entry's cache lines.
pub(super) type ShortText = Short<54>;

/// Bytes that are here if they are few.
pub(super) enum Short<const FEW: usize> {
    /// So many of them are here.
    Here(u8, [u8; FEW]),
    /// They are elsewhere.
    There(Box<[u8]>),
}

impl<const FEW: usize> Short<FEW> {
    /// Bytes that it holds elsewhere.
    pub(super) fn elsewhere(&self) -> usize {
        match self {
            Short::Here(..) => 0,
            Short::There(bytes) => bytes.len(),
        }
    }
}

impl<const FEW: usize> Default for Short<FEW> {
    fn default() -> Short<FEW> {
        Short::Here(0, [0; FEW])
    }
}

impl<const FEW: usize> From<&[u8]> for Short<FEW> {
    fn from(bytes: &[u8]) -> Short<FEW> {
        let mut here = [0; FEW];
        match here.get_mut(..bytes.len()) {
            Some(place) => {
                place.copy_from_slice(bytes);
                Short::Here(bytes.len() as u8, here)
            }
            None => Short::There(bytes.into()),
        }
    }
}

impl<const FEW: usize> Deref for Short<FEW> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            // It was made of so many.
            Short::Here(len, bytes) => bytes.get(..usize::from(*len)).unwrap_or(&[]),
            Short::There(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_any_number_stay_what_they_are() {
        assert_eq!((size_of::<ShortKey>(), size_of::<ShortValue>(), size_of::<ShortText>()), (40, 24, 56));
        let bytes: Vec<u8> = (0..100).collect();
        for len in [0, 1, 5, 37, 38, 39, 100] {
            let short = ShortKey::from(&bytes[..len]);
            assert_eq!((&*short, short.elsewhere()), (&bytes[..len], if len > 38 { len } else { 0 }));
        }
    }
}
