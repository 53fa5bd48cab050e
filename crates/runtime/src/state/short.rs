//! Bytes that stand where they are kept if they are few.

use std::ops::Deref;

/// As many as the key of a conversation between two addresses of IPv4 takes.
const FEW: usize = 38;

/// Bytes of a key or value.
pub(super) enum Short {
    /// So many of them are here.
    Here(u8, [u8; FEW]),
    /// They are elsewhere.
    There(Box<[u8]>),
}

impl Short {
    /// Bytes that it holds elsewhere.
    pub(super) fn elsewhere(&self) -> usize {
        match self {
            Short::Here(..) => 0,
            Short::There(bytes) => bytes.len(),
        }
    }
}

impl From<&[u8]> for Short {
    fn from(bytes: &[u8]) -> Short {
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

impl Deref for Short {
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
        assert_eq!(size_of::<Short>(), 40);
        let bytes: Vec<u8> = (0..100).collect();
        for len in [0, 1, 5, 37, 38, 39, 100] {
            let short = Short::from(&bytes[..len]);
            assert_eq!((&*short, short.elsewhere()), (&bytes[..len], if len > 38 { len } else { 0 }));
        }
    }
}
