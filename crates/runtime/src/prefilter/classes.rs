//! Classes of bytes: which places' classes lack a byte of a text.

use super::bits::{Bits, bits};

/// Classes that are looked at together.
const TOGETHER: usize = u8::BITS as usize;

#[derive(Debug, Default)]
pub(super) struct Classes {
    /// Of each eight classes, by byte: the bits of those that lack it.
    lacking: Vec<[u8; 256]>,
    /// By class.
    places: Vec<Vec<Bits>>,
}

impl Classes {
    /// Adds a class, by byte whether it has it, with the places of the index that it is for.
    pub(super) fn add(&mut self, class: &[bool; 256], places: &[u32]) {
        let bit = self.places.len() % TOGETHER;
        if bit == 0 {
            self.lacking.push([0; 256]);
        }
        if let Some(lacking) = self.lacking.last_mut() {
            lacking.iter_mut().zip(class).for_each(|(lacking, has)| *lacking |= u8::from(!has) << bit);
        }
        self.places.push(bits(places).collect());
    }

    /// Calls `hit` with the places of the classes that lack a byte of a text.
    #[inline]
    pub(super) fn search(&self, text: &[u8], hit: &mut impl FnMut(&[Bits])) {
        for (lacking, places) in self.lacking.iter().zip(self.places.chunks(TOGETHER)) {
            let found = text.iter().fold(0, |found, byte| found | lacking[usize::from(*byte)]);
            (0..).zip(places).filter(|(bit, _)| found >> bit & 1 != 0).for_each(|(_, places)| hit(places));
        }
    }

    /// Bytes of memory, about.
    pub(super) fn memory_bytes(&self) -> usize {
        self.lacking.len() * 256 + self.places.iter().map(|places| size_of_val(&**places)).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_has_the_places_whose_class_lacks_one_of_its_bytes() {
        // The n-th class lacks every byte that n + 1 divides.
        let has = |n: usize, byte: u8| usize::from(byte) % (n + 1) != 0;
        let mut classes = Classes::default();
        for n in 0..20 {
            classes.add(&std::array::from_fn(|byte| has(n, byte as u8)), &[n as u32]);
        }
        for text in [&[][..], &[1], &[255], &[7, 6], &[0], &[11, 13, 17, 18], b"text"] {
            let mut found = Vec::new();
            classes.search(text, &mut |places| found.extend(places.iter().map(|it| it.bits.trailing_zeros() as usize)));
            let wanted: Vec<usize> = (0..20).filter(|n| text.iter().any(|byte| !has(*n, *byte))).collect();
            assert_eq!(found, wanted, "{text:?}");
        }
    }
}
